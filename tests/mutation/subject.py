"""What is mutated: groups of modules, and the tests that must notice, quick ones first."""

from dataclasses import dataclass

GOAL = 0.9  # of a group's mutants are killed


@dataclass(frozen=True)
class Subject:
    """Modules, and stages of tests; a mutant that survives one stage meets the next."""

    modules: tuple[str, ...]
    stages: tuple[str, ...]


SUBJECTS = {
    "token": Subject(("token",), ("test_token.py",)),
    "cache": Subject(
        ("cache", "store", "replacement"),
        (
            "test_entry.py test_store.py test_cache.py",
            "test_main.py test_cli.py setups/test_files.py",
        ),
    ),
    "oauth": Subject(("oauth",), ("test_exchange.py", "test_oauth.py", "test_transport.py")),
    "url": Subject(
        ("hosts", "url"),
        (
            "test_hosts.py test_url.py",
            "protocols/test_hostile.py",
            "test_profile.py",
        ),
    ),
    "conversation": Subject(
        ("conversation", "protocols/__init__"),
        (
            "test_conversation.py protocols/test_asking.py",
            "protocols/test_hostile.py",
            "protocols/test_git.py test_cli.py",
            "protocols/test_transcripts.py",
        ),
    ),
}
