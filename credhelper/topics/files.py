"""Files: what is read, and what is written."""

from credhelper import prose

FILES = {
    "~/.config/credhelper/config.toml": "the profiles; only its owner may be able to write it",
    "~/.cache/credhelper/PROFILE-KEY": "a token of a profile; KEY stands for the config file",
    "~/.cache/credhelper/PROFILE-KEY.refused": "what the server answered instead, for a while",
    "~/.cache/credhelper/PROFILE-KEY.lock": "the lock of a renewal; it is empty and stays",
    "~/.cache/credhelper/@index-KEY": "what it need not read the config for: names, hosts",
    "~/.vault-token": "Vault's token, where neither the profile nor VAULT_TOKEN has one",
}


def text() -> str:
    """Return each file with what it is for."""
    return prose.definitions(FILES.items())
