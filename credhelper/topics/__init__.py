"""One file per topic of `credhelper help`; the contract is `contracts.Topic`."""
