"""Print the smallest policy under which the profile's secret can be read."""

import json
import os
from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper import output, profile
from credhelper.errors import ConfigError
from credhelper.profile import Profile


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")


def run(options: SimpleNamespace) -> int:
    """Write the policy to stdout and the command that applies it to stderr; return 0.

    Raises ConfigError for a secret that no such policy guards.
    """
    profiles = profile.load(os.environ, options.config)
    chosen = profiles.get(options.profile or os.environ.get("CREDHELPER_PROFILE", ""))
    backend = chosen.client_secret.backend
    if backend not in POLICIES:
        msg = f"{chosen.client_secret} is in no manager that has policies"
        raise ConfigError(msg, hint="keep the file or variable to its owner")
    text, command = POLICIES[backend](chosen)
    output.write(text)
    output.complain(f"# apply it: credhelper policy {chosen.name} | {command}")
    return 0


def _aws(chosen: Profile) -> tuple[str, str]:
    """Return an IAM policy for this one secret.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    """
    path = chosen.client_secret.path
    region = chosen.settings.get("region") or os.environ.get("AWS_REGION") or "*"
    # Secrets Manager ends each ARN with a dash and six characters of its own.
    resource = (
        path
        if path.startswith("arn:")
        else f"arn:aws:secretsmanager:{region}:*:secret:{path}-??????"
    )
    statement = {
        "Sid": "ReadClientSecret",
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": resource,
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    command = (
        f"aws iam put-role-policy --role-name ROLE --policy-name credhelper-{chosen.name} "
        "--policy-document file:///dev/stdin  # a key of one's own needs kms:Decrypt, too"
    )
    return json.dumps(document, indent=2) + "\n", command


def _vault(chosen: Profile) -> tuple[str, str]:
    """Return a Vault policy for this one path, the mount taken to be its first part, of KV 2.

    https://developer.hashicorp.com/vault/docs/secrets/kv/kv-v2#acl-rules
    """
    mount, _slash, path = chosen.client_secret.path.partition("?")[0].partition("/")
    text = (
        f'# For a KV 1 engine: path "{mount}/{path}"\n'
        f'path "{mount}/data/{path}" {{\n  capabilities = ["read"]\n}}\n'
    )
    return text, f"vault policy write credhelper-{chosen.name} -"


POLICIES = {"aws": _aws, "vault": _vault}
