"""What people use otherwise: shell pipelines, and the caches of other tools."""

import json
import shutil
import subprocess
import time
from pathlib import Path

from tests.bench import gopher, home
from tests.bench.case import Case, bare_name, shell
from tests.bench.servers import KEYS, ROOT_TOKEN, SECRET, Servers
from tests.bench.venvs import Venv, Venvs

BAO = "bao | curl"
AWS = "aws | curl"
CURL = "curl in sh"
_FORM = (
    "curl -fsS -d grant_type=client_credentials -d client_id=service-bench "
    "-d scope=itwin-platform --data-urlencode client_secret@- "
)
_GOOGLE = """
import sys
from google.auth import pluggable
print(pluggable.Credentials.from_file(sys.argv[1]).retrieve_subject_token(None))
"""
_MSAL = """
import sys
from msal import TokenCache
from msal_extensions import FilePersistence, PersistedTokenCache
cache = PersistedTokenCache(FilePersistence(sys.argv[1]))
if len(sys.argv) > 2:
    response = {"access_token": "planted", "expires_in": 36000, "token_type": "Bearer"}
    endpoint = "https://localhost/bench/oauth2/v2.0/token"
    event = {"client_id": "bench", "scope": ["bench"], "token_endpoint": endpoint}
    cache.add({**event, "response": response})
found = cache.search(TokenCache.CredentialType.ACCESS_TOKEN, target=["bench"])
print(next(iter(found))["secret"])
"""
_KEYRING = "import keyring; keyring.set_password('bench', 'bench', 'planted')"


def find(venvs: Venvs, servers: Servers, root: Path, go_s: float) -> list[Case]:
    """Return the peers that are there; the others go to `venvs.skipped` with the reason."""
    yardstick = bare_name(venvs.users[0])
    cases = _pipelines(venvs, servers, root, yardstick)
    if venvs.peers:
        cases += _cached(venvs.peers, root, yardstick)
    plain = home.make(root, "go").environ
    for name, path in gopher.find(root, go_s, venvs.skipped).items():
        cases.append(Case(f"{name} (start)", "peer", [path, "version"], plain, yardstick))
    return cases


def _pipelines(venvs: Venvs, servers: Servers, root: Path, yardstick: str) -> list[Case]:
    if not shutil.which("curl"):
        venvs.skipped["curl and its pipelines"] = "not on PATH"
        return []
    form = _FORM + servers.token_url
    env = home.make(root, "curl", BENCH_SECRET=SECRET).environ
    cases = [shell(CURL, f'printf %s "$BENCH_SECRET" | {form}', env, yardstick)]
    vault = {"BAO_ADDR": f"http://{servers.vault}", "BAO_TOKEN": ROOT_TOKEN}
    line = f"{venvs.tools.bao} kv get -mount=secret -field=client_secret bench | {form}"
    cases.append(shell(BAO, line, home.make(root, "bao", **vault).environ, yardstick))
    if venvs.peers:
        aws = home.make(root, "aws", AWS_ENDPOINT_URL=f"http://{servers.aws}", **KEYS).environ
        command = f"{venvs.peers.python} {venvs.peers.folder}/bin/aws"
        get = "secretsmanager get-secret-value --secret-id bench --query SecretString"
        line = f'printf %s "$({command} {get} --output text)" | {form}'
        cases.append(shell(AWS, line, aws, yardstick))
    return cases


def _cached(venv: Venv, root: Path, yardstick: str) -> list[Case]:
    """Return reads of a token that another library's cache already has."""
    google = home.make(root, "google", GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES="1")
    settings = _plant_google(google.folder)
    msal = home.make(root, "msal")
    store = [venv.python, "-I", "-c", _MSAL, str(msal.folder / "tokens")]
    ring = home.make(root, "keyring", PYTHON_KEYRING_BACKEND="keyrings.alt.file.PlaintextKeyring")
    for argv, where in (
        ([*store, "plant"], msal),
        ([venv.python, "-I", "-c", _KEYRING], ring),
    ):
        subprocess.run(argv, env=where.environ, capture_output=True, check=False, timeout=60)
    read = [venv.python, "-I", "-c", _GOOGLE, settings]
    get = [str(venv.folder / "bin" / "keyring"), "get", "bench", "bench"]
    return [
        Case("google-auth, cached", "peer", read, google.environ, yardstick),
        Case("msal-extensions, cached", "peer", store, msal.environ, yardstick),
        Case("keyring get, file", "peer", get, ring.environ, yardstick),
    ]


def _plant_google(folder: Path) -> str:
    kind = "urn:ietf:params:oauth:token-type:jwt"
    answer = {"version": 1, "success": True, "token_type": kind, "id_token": "planted"}
    cached = folder / "cached.json"
    cached.write_text(json.dumps({**answer, "expiration_time": int(time.time()) + 36000}))
    executable = {"command": "/bin/false", "timeout_millis": 5000, "output_file": str(cached)}
    pool = "projects/1/locations/global/workloadIdentityPools/bench/providers/bench"
    settings = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{pool}",
        "subject_token_type": kind,
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"executable": executable},
    }
    path = folder / "settings.json"
    path.write_text(json.dumps(settings))
    return str(path)
