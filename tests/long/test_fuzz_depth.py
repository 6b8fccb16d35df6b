"""JSON that is nested too deep is a protocol error, however deep and whoever sends it."""

import json

import pytest

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ProtocolError
from credhelper.oauth import exchange
from credhelper.secrets.backends import aws, vault
from credhelper.secrets.secret import Secret
from credhelper.system.http import DEPTH_LIMIT
from tests.long.fuzz import isolated
from tests.long.fuzz.targets import amazon

# Python's own decoder gives up somewhere around its recursion limit of 1000.
DEPTHS = [DEPTH_LIMIT, 900, 100_000]
PROFILE = Profile("p", "app", SecretRef("env", "X"), token_url=f"{isolated.ADDRESS}/token")
MOUNT = {"path": "secret/", "type": "kv", "options": {"version": "1"}}


def nested(members: dict[str, object], depth: int) -> bytes:
    """Return a good answer with one member more, which is that deep."""
    text = json.dumps({**members, "further": None})
    return isolated.http(b"200 OK\n\n" + text.replace("null", "[" * depth + "]" * depth).encode())


def exchanged(depth: int) -> str:
    """Return the token of an answer."""
    good: dict[str, object] = {"access_token": "tok", "token_type": "bearer"}
    with isolated.around({}, answers=[nested(good, depth)]):
        return exchange.exchange(PROFILE, Secret("s"), attempts=1).token.access_token


def read_vault(depth: int) -> str:
    """Return the field of an answer."""
    answers = [nested({"data": MOUNT}, 1), nested({"data": {"f": "tok"}}, depth)]
    with isolated.around({"VAULT_TOKEN": "t"}, answers=answers):
        return vault.read("secret/app", "f", vault.Settings(address=isolated.ADDRESS))


def test_a_reply_may_be_as_deep_as_the_limit() -> None:
    """The outermost object counts, too."""
    assert exchanged(DEPTH_LIMIT - 1) == read_vault(DEPTH_LIMIT - 1) == "tok"


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_deeper_reply_is_a_protocol_error(depth: int) -> None:
    """From one level more to more than the decoder itself can take."""
    for read in (exchanged, read_vault):
        with pytest.raises(ProtocolError):
            read(depth)


def test_an_answer_that_botocore_cannot_decode_is_a_protocol_error() -> None:
    """Of an answer it takes what it knows, so only its decoder's limit counts."""
    answer = nested({"SecretString": "s"}, DEPTHS[-1] // 4)
    with (
        amazon.made_once(),
        isolated.around({"HOME": "/nowhere"}, answers=[answer]),
        pytest.raises(ProtocolError),
    ):
        aws.read("name", "", aws.Settings())
