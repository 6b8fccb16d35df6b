"""Many callers for a long time, at an endpoint that fails at times: `python -m tests.soak`.

What must hold is counted by `tally`, and printed. The short form is `tests/test_soak.py`.
"""
