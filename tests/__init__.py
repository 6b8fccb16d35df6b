"""The tests mirror the package; `servers` starts the real things that they run against."""
