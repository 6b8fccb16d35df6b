"""AWS's command line and SDKs: the process that a profile takes its keys from.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

import shlex

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "put it into ~/.aws/config"
KEY = "credential_process"


def text(target: Target) -> str:
    """Return an AWS profile of the same name; a shell and botocore split the line alike."""
    return f"[profile {_name(target)}]\n{KEY} = {_line(target)}\n"


def changes(target: Target) -> list[Change]:
    """Return the setting of the process. Raises ConfigError where there is another one."""
    of_profile = ("--profile", _name(target))
    present = change.answer(
        target, "aws", "configure", "get", KEY, *of_profile, absent=range(1, 256)
    )
    if present == _line(target):
        return []
    if present:
        hint = f"remove {KEY} of [profile {_name(target)}] in ~/.aws/config"
        raise ConfigError("that AWS profile has another process", hint=hint)
    words = ["aws", "configure", "set", KEY, _line(target), *of_profile]
    file = target.environ.get("AWS_CONFIG_FILE") or target.path(".aws", "config")
    return [change.tool(target, words, file)]


def _line(target: Target) -> str:
    return shlex.join(target.chosen("aws"))


def _name(target: Target) -> str:
    return target.profile or "credhelper"
