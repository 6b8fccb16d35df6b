"""Presets: what `provider = "NAME"` sets, where the profile does not say otherwise."""

PRESETS = {
    "itwin": {
        "token_url": "https://ims.bentley.com/connect/token",
        "scope": "itwin-platform",
        "client_auth": "client_secret_post",
    },
}
