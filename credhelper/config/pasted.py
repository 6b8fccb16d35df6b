"""References pasted in another tool's form: recognized by their shape, never quoted."""

import re

_SHAPES = {
    r"arn:[a-z-]+:secretsmanager:": "put `aws:` before it",
    r"arn:[a-z-]+:ssm:": "no backend reads SSM parameters; store it in Secrets Manager: aws:NAME",
    r"ref\+[a-z]+://": "write it without ref+ and //, as in vault:secret/itwin#client_secret",
    r"https?://[^/]+/v1/": "write vault:MOUNT/PATH#FIELD, and the address as vault.address",
    r"https://[^/]+\.vault\.[a-z.]+/": "no backend reads Azure Key Vault; a package may add one",
    r"op://": "no backend reads 1Password; a package may add one",
    r"projects/[^/]+/secrets/": "no backend reads Google Secret Manager; a package may add one",
    r"\$\{?[A-Za-z_][A-Za-z0-9_]*\}?$": "write env:NAME for the variable NAME",
    r"/[^:]*$": "write file:/absolute/path for a file",
}


def hint(text: str) -> str:
    """Return the next step for a reference in another tool's form, "" for what is none."""
    return next((step for shape, step in _SHAPES.items() if re.match(shape, text)), "")
