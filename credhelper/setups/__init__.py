"""One file per caller that can be configured; the contract is `contracts.Setup`."""
