"""The command that `init` prints puts the secret where its reference says, unseen."""

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.conftest import Box
from tests.support.canary import leaks
from tests.support.first_config import FLAGS, path_of
from tests.support.servers.authorization import Authorization
from tests.support.servers.aws import REGION, Aws
from tests.support.servers.openbao import OpenBao
from tests.support.terminal import Terminal, in_shell


@pytest.mark.slow
@pytest.mark.xdist_group("openbao")
def test_by_flags_to_a_token(box: Box, authorization: Authorization, openbao: OpenBao) -> None:
    """The command that it prints stores the secret in a real OpenBao; then the chain is whole."""
    box.environ |= {"VAULT_ADDR": openbao.address, "BAO_ADDR": openbao.address}
    box.environ |= {"VAULT_TOKEN": openbao.token, "SSL_CERT_FILE": authorization.ca}
    flags = ["--token-url", authorization.url, "--client-id", authorization.client_id]
    flags += ["--secret-reference", "vault:secret/init/a b#client secret", "--scope", "api"]
    ran = box.run("init", *flags)
    assert (ran.status, ran.stderr) == (78, "")
    assert "failed   secret" in ran.stdout
    assert (
        "When that is repaired: credhelper check default && credhelper get default\n" in ran.stdout
    )
    told = ran.stdout.splitlines()[-2].strip()
    shown = in_shell(box, told, authorization.client_secret)
    assert not leaks(shown, authorization.client_secret)
    assert not leaks(path_of(box).read_bytes(), authorization.client_secret)
    assert box.run("check").status == 0
    assert box.run("get", "default").token() in authorization.issued
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (path_of(box), path_of(box).parent)]
    assert modes == [0o600, 0o700]


@pytest.mark.parametrize("backend", ["file", "env"])
def test_what_it_says_of_storing_works_in_a_shell(box: Box, backend: str) -> None:
    """The secret is read unseen, and is where the reference says, its owner's alone."""
    secret = "s3cr\\et $(x) '\" é"
    place = str(box.home / "a secret") if backend == "file" else "MY_SECRET"
    flags = [*FLAGS[:4], "--secret-reference", f"{backend}:{place}", "--no-check"]
    told = box.run("init", *flags).stdout.splitlines()[2].strip()
    copy = box.home / "copy"
    shown = in_shell(box, f"{told}; printenv MY_SECRET > {copy} || :", secret)
    assert not leaks(shown, secret)
    if backend == "file":
        assert Path(place).read_text() == secret
        assert Path(place).stat().st_mode & 0o777 == 0o600
    else:
        assert copy.read_text() == secret + "\n"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("aws"), reason="aws is not installed")
def test_storing_in_aws(box: Box, aws: Aws) -> None:
    """A JSON document under a name, as its command line wants it; the shape is told."""
    box.environ |= {**aws.environ, "AWS_ENDPOINT_URL": aws.address, "AWS_DEFAULT_REGION": REGION}
    flags = [*FLAGS[:4], "--secret-reference", "aws:init/a b#oauth.secret", "--no-check"]
    _first, form, told, _next = box.run("init", *flags).stdout.splitlines()
    typed = form[form.index("{") : form.index("}}") + 2].replace("…", "canary-secret-value")
    shown = in_shell(box, told.strip(), typed)
    assert not leaks(shown, "canary-secret-value")
    stored = aws.client("secretsmanager").get_secret_value(SecretId="init/a b")["SecretString"]
    assert json.loads(stored) == {"oauth": {"secret": "canary-secret-value"}}


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_leaving_stores_nothing(box: Box, key: str) -> None:
    """Neither Ctrl-C nor the end of input makes an empty secret."""
    place = box.home / "secret"
    flags = [*FLAGS[:4], "--secret-reference", f"file:{place}", "--no-check"]
    told = box.run("init", *flags).stdout.splitlines()[2].strip()
    with Terminal(box, "-c", told, command="/bin/sh") as terminal:
        terminal.wait_unseen()
        terminal.press("", key)
        assert terminal.end()[0] != 0
    assert not place.exists()
