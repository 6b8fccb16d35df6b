"""One file per place where a client secret can live; the contract is `contracts.Backend`."""
