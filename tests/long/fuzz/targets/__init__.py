"""One file per family of targets, found by listing this folder: a new one needs no table."""
