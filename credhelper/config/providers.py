"""Presets: what `provider = "NAME"` sets, where the profile does not say otherwise.

`PAGES` say where each shows a client and its secret.
"""

PRESETS = {
    "itwin": {
        "token_url": "https://ims.bentley.com/connect/token",
        "scope": "itwin-platform",
        "client_auth": "client_secret_post",
    },
}
PAGES = {"itwin": " at https://developer.bentley.com (My Apps)"}
