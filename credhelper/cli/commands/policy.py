"""Print the smallest policy under which the profile's secret can be read."""

import json
import os
import re
from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper.config import load
from credhelper.config.profile import Profile
from credhelper.errors import ConfigError
from credhelper.secrets import aws_partition, field
from credhelper.system import output

# Nothing that is a pattern or a variable to IAM.
_PATH = re.compile(r"[A-Za-z0-9/_+=.@:-]+")
_OWN_END = re.compile("-([A-Za-z0-9]{6})$")


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")


def run(options: SimpleNamespace) -> int:
    """Write the policy to stdout and the command that applies it to stderr; return 0.

    Raises ConfigError for a secret that no such policy guards.
    """
    profiles = load.profiles(os.environ, options.config)
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
    path = field.wanted(chosen.client_secret.path, chosen.client_secret.field).path
    if not _PATH.fullmatch(path):
        hint = "correct it: AWS's names have A-Z a-z 0-9 / _ + = . @ -"
        raise ConfigError(f"{chosen.client_secret} is no name or ARN of one secret", hint=hint)
    statement = {
        "Sid": "ReadClientSecret",
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": _resource(path, chosen),
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    command = (
        f"aws iam put-role-policy --role-name ROLE --policy-name credhelper-{chosen.name} "
        "--policy-document file:///dev/stdin  # a key of one's own needs kms:Decrypt, too"
    )
    return json.dumps(document, indent=2) + "\n", command


def _resource(path: str, chosen: Profile) -> str | list[str]:
    """Return the secret's ARN; two patterns where its last six letters may be of its name.

    Secrets Manager ends each ARN with a dash and six characters of its own.
    """
    if not path.startswith("arn:"):
        return ":".join([*_place(chosen), f"{path}-??????"])
    own = _OWN_END.search(path)
    if own is None:
        return f"{path}-??????"
    return [path, f"{path}-??????"] if own[1].islower() and own[1].isalpha() else path


def _place(chosen: Profile) -> list[str]:
    """Return the first parts of the secret's ARN: its account is the role's, where there is one."""
    role = str(chosen.settings.get("role_arn", "")).split(":")
    variables = map(os.environ.get, ("AWS_REGION", "AWS_DEFAULT_REGION"))
    region = str(chosen.settings.get("region") or next(filter(None, variables), ""))
    if not region:
        hint = f"set region in [profiles.{chosen.name}.aws], or AWS_REGION"
        raise ConfigError(f"the region of {chosen.client_secret} is not known", hint=hint)
    account = role[4] if len(role) > 4 else "*"
    return ["arn", aws_partition.of_region(region), "secretsmanager", region, account, "secret"]


def _vault(chosen: Profile) -> tuple[str, str]:
    """Return a Vault policy for this one path, and the command that writes it."""
    from credhelper.secrets import vault_policy, vault_settings  # the network stack

    command = f"{vault_settings.tool()} policy write credhelper-{chosen.name} -"
    return vault_policy.text(chosen), command


POLICIES = {"aws": _aws, "vault": _vault}
