"""The example programs, run against a stub of the iTwin API and a real credhelper."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box, Ran
from tests.support.paths import ROOT
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Asked, Reply
from tests.support.servers.resource import ResourceServer

pytestmark = pytest.mark.toolchain

EXAMPLES = ROOT / "examples"
PAGE = json.dumps({"iTwins": [{"displayName": "Bridge"}, {"displayName": 'Tunnel "7" \u00e9'}]})
# Language: the tool that must be there, and how the program is run; FOLDER is its copy.
PROGRAMS = {
    "sh": ("jq", ["sh", "FOLDER/get-itwins.sh"]),
    "python": ("python3", ["python3", "FOLDER/get_itwins.py"]),
    "node": ("npm", ["FOLDER/node_modules/.bin/node", "FOLDER/get-itwins.mjs"]),
    "java": ("javac", ["java", "-cp", "FOLDER", "GetITwins"]),
    "go": ("go", ["FOLDER/call-go"]),
    "rust": ("cargo", ["FOLDER/target/debug/call-rust"]),
}
# With the oldest versions that the pages name.
BUILDS = {
    "node": ["npm", "install", "--silent", "--prefix", ".", "node@18"],
    "java": ["javac", "--release", "15", "GetITwins.java"],
    "go": ["go", "build", "-o", "call-go", "."],
    "rust": ["cargo", "build", "--quiet"],
}
Program = Callable[..., Ran]


# One worker for each, so that each is built once.
LANGUAGES = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in PROGRAMS]


@pytest.fixture(scope="session", params=LANGUAGES)
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the command line of one program, built where it must be."""
    tool, words = PROGRAMS[request.param]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    folder = tmp_path_factory.mktemp("example") / "program"
    shutil.copytree(EXAMPLES / f"call-{request.param}", folder)
    if build := BUILDS.get(request.param):
        subprocess.run(build, cwd=folder, check=True, timeout=300)
    if request.param == "java":
        subprocess.run(["javac", "--release", "11", "Short.java"], cwd=folder, check=True)
    return [word.replace("FOLDER", str(folder)) for word in words]


@pytest.fixture
def environ(box: Box, resource: ResourceServer, tokens: TokenServer) -> dict[str, str]:
    """Return an environment with a credhelper that asks `tokens`, and the API's address."""
    box.itwin(tokens.url)
    box.environ["LC_ALL"] = "C.UTF-8"  # Java writes stdout in the locale's encoding
    box.environ["ITWIN_API"] = f"http://{resource.host}"
    box.environ["PATH"] = f"{Path(COMMAND).parent}:{box.environ['PATH']}"
    return box.environ


@pytest.fixture
def program(environ: dict[str, str], command: list[str], resource: ResourceServer) -> Program:
    """Return the way to run the program."""
    resource.answer = answer

    def run(*arguments: str) -> Ran:
        done = subprocess.run(
            [*command, *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def answer(request: Asked) -> Reply:
    """Answer as the iTwin API does for a list of iTwins."""
    assert request.path == "/itwins/?$top=5"
    kind = "application/vnd.bentley.itwin-platform.v1+json"
    assert request.headers["Accept"] == kind
    return Reply(body=PAGE, headers={"Content-Type": kind})


def test_a_program_prints_the_names(program: Program, tokens: TokenServer) -> None:
    """Cold and warm, with and without a profile: one token request, no token in the output."""
    for arguments in ([], ["env"]):
        ran = program(*arguments)
        assert (ran.status, ran.stderr) == (0, "")
        assert ran.stdout.splitlines() == ["Bridge", 'Tunnel "7" \u00e9']
    assert tokens.count == 1


def test_a_rejected_token_is_replaced_once(
    program: Program, tokens: TokenServer, resource: ResourceServer
) -> None:
    """After a 401 the program asks past the cache, and goes on."""
    resource.accepted = {"Bearer canary-token-2"}
    ran = program()
    assert (ran.status, ran.stderr) == (0, "")
    assert resource.seen == ["Bearer canary-token-1", "Bearer canary-token-2"]
    assert tokens.count == 2


def test_a_refusal_reaches_the_person(program: Program, tokens: TokenServer) -> None:
    """The one line of credhelper and its status are the program's; nothing else is said."""
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    ran = program()
    assert (ran.status, ran.stdout) == (77, "")
    assert ran.stderr.startswith("credhelper: denied: ")
    assert "canary" not in ran.stderr


def test_the_page_names_these_versions() -> None:
    """Those that `BUILDS` has."""
    page = (ROOT / "docs" / "pages" / "callers" / "programs.md").read_text()
    assert "Node (18 or newer)" in page
    assert "Java (11 or newer)" in page
    assert "Node must be 18 or newer, Java 15 or newer" in page


@pytest.mark.parametrize(
    ("command", "name"),
    [
        pytest.param("node", "short.mjs", marks=pytest.mark.xdist_group("node")),
        pytest.param("java", "Short", marks=pytest.mark.xdist_group("java")),
    ],
    indirect=["command"],
)
def test_a_short_program_prints_the_status(
    command: list[str], name: str, environ: dict[str, str]
) -> None:
    """Node's and Java's shortest programs."""
    short = [*command[:-1], str(Path(command[-1]).parent / name)]
    done = subprocess.run(short, env=environ, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "200\n", "")
