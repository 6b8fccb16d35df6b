"""One test file per backend, and the contract that they all run."""
