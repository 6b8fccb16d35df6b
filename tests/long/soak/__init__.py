"""Many callers for a long time, at an endpoint that fails at times: `python -m tests.long.soak`.

What must hold is counted by `record`, and printed. The short form is `tests/long/test_soak.py`.
"""
