"""One file per link of the chain; each has `check`, as `walk.go` wants it."""
