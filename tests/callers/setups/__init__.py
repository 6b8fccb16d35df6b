"""Tests of the setups, with the real tools of their callers."""
