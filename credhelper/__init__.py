"""An external command that turns a client secret in its manager into an OAuth access token."""

__version__ = "0.2.0"
