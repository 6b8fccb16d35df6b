"""Decisions under a clock that jumps: `python -m tests.long.clock --steps 1000000`.

Only files, connections and time are made up; what is decided, and the text of an entry, is real.
The bounded form, and proofs that each property can fail, are in `tests/long/test_clock.py`.
"""
