"""Which changes of the code do the tests notice? `python -m tests.long.mutation`."""
