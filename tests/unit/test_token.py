"""The access token is checked where it enters and shows itself to nobody by accident."""

import pytest

from credhelper.token import Token


def token(access_token: str = "abc", token_type: str = "Bearer", scope: str = "") -> Token:
    """Return a token that expires at a moment one can read."""
    return Token(access_token, token_type=token_type, expires_at=1_700_000_000, scope=scope)


def test_every_character_of_a_token_is_taken() -> None:
    """RFC 6749 appendix A.12, but for blank, quote and backslash: Salesforce sends `!`, X `%`."""
    text = "".join(c for c in map(chr, range(0x21, 0x7F)) if c not in '"\\')
    assert text[0] + text[-1] == "!~"
    assert token(text).access_token == text


@pytest.mark.parametrize(
    "text",
    ["", 'a"b', "x y", "a\nb", "a\r\nX-E: 1", "a\tb", "a\x1b[31m", "a\\b", "a\u00e9", "\x7f", "\0"],
)
def test_anything_else_is_refused_without_quoting_it(text: str) -> None:
    """No protocol has to escape a token for JSON, because what needed it never becomes one."""
    with pytest.raises(ValueError, match="the access token is empty, or has a blank") as caught:
        token(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("kind", ["bearer", "BEARER", "Bearer"])
def test_the_type_is_bearer_in_any_case(kind: str) -> None:
    """RFC 6749 section 7.1: the type is case-insensitive; we write it one way."""
    assert token(token_type=kind).token_type == "Bearer"


@pytest.mark.parametrize("kind", ["DPoP", "mac", "", "Bearer "])
def test_another_type_is_refused(kind: str) -> None:
    """RFC 6749 section 7.1: a client must not use a token whose type it does not understand."""
    with pytest.raises(ValueError, match="the token type is not Bearer"):
        token(token_type=kind)


@pytest.mark.parametrize("scope", ["", " ", "!", "~", "a b", "api:read"])
def test_every_printable_scope_is_taken(scope: str) -> None:
    """RFC 6749 section 3.3, from its first character to its last."""
    assert token(scope=scope).scope == scope


@pytest.mark.parametrize("scope", ['a"b', "a\\b", "a\nb", "a\x1f", "a\x7f", "\u00e9"])
def test_an_unfit_scope_is_refused(scope: str) -> None:
    """RFC 6749 section 3.3 names the characters of a scope."""
    with pytest.raises(ValueError, match="the scope has characters outside") as caught:
        token(scope=scope)
    assert scope not in str(caught.value)


def test_the_token_is_not_shown() -> None:
    """Neither repr nor str nor format shows the value."""
    made = token("very-secret-token", scope="api")
    shown = f"{made!r} {made} {made!s} {[made]}"
    assert "very-secret-token" not in shown
    assert repr(made) == "Token(<redacted>, expires_at=1700000000, scope='api')"


def test_the_expiration_is_rfc_3339_in_utc_and_whole_seconds() -> None:
    """Bazel's parser knows no fraction."""
    assert token().expiration() == "2023-11-14T22:13:20Z"
    assert token().expiration(early_s=20) == "2023-11-14T22:13:00Z"


def test_the_json_is_one_line_of_fixed_order() -> None:
    """What `get` prints, byte for byte."""
    assert token("a.b", scope="c d").json() == (
        '{"Version":1,"AccessToken":"a.b","TokenType":"Bearer",'
        '"Expiration":"2023-11-14T22:13:20Z","Scope":"c d"}\n'
    )


def test_a_token_takes_no_further_attribute() -> None:
    """Slots: there is no `__dict__` for a dump of variables to show."""
    assert not hasattr(token(), "__dict__")
