"""AWS's chain, asked for credentials as `aws:` asks it."""

import pytest

from credhelper.errors import CredhelperError
from credhelper.secrets import aws_session
from tests.support.servers.aws import REGION


def failed() -> CredhelperError:
    """Return the error of opening a session."""
    with pytest.raises(CredhelperError) as caught:
        aws_session.open_session(profile="", region=REGION)
    assert "canary" not in caught.value.line()
    return caught.value
