"""The documentation, run as its reader would run it."""
