"""What is mutated: groups of modules, and the tests that must notice, quick ones first."""

from dataclasses import dataclass

GOAL = 0.9  # of a group's mutants are killed


@dataclass(frozen=True)
class Subject:
    """Modules, and stages of tests; a mutant that survives one stage meets the next."""

    modules: tuple[str, ...]
    stages: tuple[str, ...]


SUBJECTS = {
    "token": Subject(("token",), ("unit/test_token.py",)),
    "cache": Subject(
        ("cache", "renewal/store", "system/files"),
        (
            "unit/test_entry.py unit/renewal/test_store.py unit/test_cache.py",
            "unit/test_main.py unit/cli/test_run.py callers/setups/test_files.py",
        ),
    ),
    "oauth": Subject(
        ("oauth/exchange",),
        ("unit/oauth/test_endpoint.py", "unit/oauth/test_exchange.py", "unit/system/test_http.py"),
    ),
    "url": Subject(
        ("hosts", "system/url"),
        (
            "unit/test_hosts.py unit/system/test_url.py",
            "callers/protocols/test_hostile.py",
            "unit/config/test_profile.py",
        ),
    ),
    "conversation": Subject(
        ("cli/answer", "protocols/__init__"),
        (
            "unit/cli/test_answer.py callers/protocols/test_asking.py",
            "callers/protocols/test_hostile.py",
            "callers/protocols/test_git.py unit/cli/test_run.py",
            "callers/protocols/test_transcripts.py",
        ),
    ),
}
