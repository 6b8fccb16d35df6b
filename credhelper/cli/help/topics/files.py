"""Files: what is read, and what is written."""

from credhelper.cli.help import prose

FILES = {
    "~/.config/credhelper/config.toml": "the profiles; only its owner may be able to write it, or "
    "a folder on the way to it",
    "~/.cache/credhelper/PROFILE-KEY": "a token of a profile; KEY stands for the config file",
    "~/.cache/credhelper/PROFILE-KEY.refused": "what the server answered instead, for a while",
    "~/.cache/credhelper/PROFILE-KEY.lock": "the lock of a renewal; its holder alone deletes it",
    "~/.cache/credhelper/@index-KEY": "what the config need not be read for: names, hosts",
    "~/.vault-token": "Vault's token, where neither the profile nor VAULT_TOKEN has one",
}


def text() -> str:
    """Return each file with what it is for."""
    return prose.definitions(FILES.items())
