"""AWS's command line and SDKs: the process that a profile takes its keys from.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from credhelper import step
from credhelper.errors import ConfigError
from credhelper.place import Place
from credhelper.step import Step

WHERE = "put it into ~/.aws/config"
KEY = "credential_process"


def text(place: Place) -> str:
    """Return an AWS profile of the same name; a shell and botocore split the line alike."""
    return f"[profile {_name(place)}]\n{KEY} = {place.shell('aws')}\n"


def steps(place: Place) -> list[Step]:
    """Return the setting of the process. Raises ConfigError where there is another one."""
    of_profile = ("--profile", _name(place))
    present = step.answer(place, "aws", "configure", "get", KEY, *of_profile)
    if present == place.shell("aws"):
        return []
    if present:
        hint = f"remove {KEY} of [profile {_name(place)}] in ~/.aws/config"
        raise ConfigError("that AWS profile has another process", hint=hint)
    words = ["aws", "configure", "set", KEY, place.shell("aws"), *of_profile]
    file = place.environ.get("AWS_CONFIG_FILE") or place.path(".aws", "config")
    return [step.tool(place, words, file)]


def _name(place: Place) -> str:
    return place.profile or "credhelper"
