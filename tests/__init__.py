"""`unit` follows the package; `support/servers` starts the servers that the tests run against."""
