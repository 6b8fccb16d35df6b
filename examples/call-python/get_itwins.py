"""Print the names of your iTwins with a token from credhelper: get_itwins.py [PROFILE]."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

LIMIT_S = 25  # more than credhelper's own deadline (20 s), so that its reason comes through
PAUSES_S = (2, 4)  # after a temporary failure; then it is the caller's turn
TEMPORARY = 75  # exit status of credhelper: trying again later helps
URL = os.environ.get("ITWIN_API", "https://api.bentley.com") + "/itwins/?$top=5"


class Failure(Exception):
    """One line for the person who must act, and the exit status."""

    def __init__(self, line: str, status: int = 1) -> None:
        super().__init__(line)
        self.status = status


def ask(*arguments: str) -> str:
    """Return the access token of one run of `credhelper get`. Raises Failure."""
    try:
        ran = subprocess.run(  # on the time limit it kills the command
            ["credhelper", "get", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT_S,
            check=False,
        )
    except FileNotFoundError:
        raise Failure("credhelper is not on PATH") from None
    except subprocess.TimeoutExpired:  # it carries the output, so it goes no further
        raise Failure(f"credhelper gave no answer within {LIMIT_S} s") from None
    if ran.returncode != 0:
        raise Failure(ran.stderr.strip(), ran.returncode)
    answer = json.loads(ran.stdout)
    if answer["Version"] != 1:
        raise Failure("credhelper answered in a version that is not known here")
    return str(answer["AccessToken"])


def token(*arguments: str) -> str:
    """Return an access token, with patience for what is temporary. Raises Failure."""
    for pause_s in PAUSES_S:
        try:
            return ask(*arguments)
        except Failure as failure:
            if failure.status != TEMPORARY:
                raise
        time.sleep(pause_s)
    return ask(*arguments)


def itwins(access_token: str) -> list[str]:
    """Return the names of the first iTwins. Raises HTTPError."""
    accept = {"Accept": "application/vnd.bentley.itwin-platform.v1+json"}
    request = urllib.request.Request(URL, headers=accept)
    # A plain header would follow a redirect to any server.
    request.add_unredirected_header("Authorization", f"Bearer {access_token}")
    with urllib.request.urlopen(request, timeout=30) as response:
        return [itwin["displayName"] for itwin in json.load(response)["iTwins"]]


def main(profile: list[str]) -> None:
    """Print the names. Raises Failure."""
    try:
        try:
            names = itwins(token(*profile))
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise
            # The token was revoked, or its key rotated, before its expiry: once, past the cache.
            names = itwins(token("--fresh", *profile))
    except urllib.error.URLError as error:
        raise Failure(f"{URL}: {error}") from None
    print(*names, sep="\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:2])
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(failure.status)
