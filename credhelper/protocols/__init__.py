"""One file per caller's dialect; the contract is `contracts.Protocol`."""
