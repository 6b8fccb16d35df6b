"""Print an OAuth access token, bought with a client secret from a secret manager."""

__version__ = "0.2.0"
