"""Every parser fed with what nobody should send: by `tests/long/test_fuzz.py`, and by `python -m`.

A target is a function `fuzz_NAME(data: bytes) -> None` in `targets/` that asserts what must hold
for any data. Several inputs of one example stand in the data one after the other, with a byte 1e
between them, so that a corpus file can be read and edited.
"""
