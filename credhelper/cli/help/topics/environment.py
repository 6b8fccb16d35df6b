"""Environment: the variables that are read."""

from credhelper.cli.help import prose

OURS = {
    "CREDHELPER_CONFIG": "path of the config file",
    "CREDHELPER_PROFILE": "the profile, where the command line names none",
    "CREDHELPER_CACHE_DIR": "directory of the cache",
    "CREDHELPER_ERROR_FORMAT": "`json`: the line on stderr is JSON",
    "CREDHELPER_KEY": "where there is no config file: the key of a profile named `env`, as "
    "CREDHELPER_TOKEN_URL and CREDHELPER_CLIENT_SECRET (a reference); the name of a table stands "
    "before its keys, as CREDHELPER_VAULT_ADDRESS, CREDHELPER_VAULT_AUTH_METHOD or "
    "CREDHELPER_AWS_REGION; an empty one is as good as none; the variables never change a profile "
    "of the file",
    "ITWIN_CLIENT_ID, ITWIN_CLIENT_SECRET": "where there is no config file, enough for iTwin; here "
    "the second is the secret itself",
    "XDG_CONFIG_HOME, XDG_CACHE_HOME": "where config file and cache are, if not in HOME",
}
OTHERS = {
    "HTTPS_PROXY, NO_PROXY": "proxy for the token endpoint",
    "REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR": "roots that replace the "
    "system's, where the profile has no `ca`",
    "VAULT_AGENT_ADDR, VAULT_ADDR, VAULT_NAMESPACE, VAULT_TOKEN": "Vault, where the profile does "
    "not say; the same with BAO_, also of the next",
    "VAULT_CACERT, VAULT_CACERT_BYTES, VAULT_CAPATH, VAULT_TLS_SERVER_NAME": "roots and name there",
    "VAULT_CLIENT_CERT, VAULT_CLIENT_KEY": "our certificate there",
    "VAULT_SKIP_VERIFY, VAULT_TOKEN_FILE": "not followed, and an error says so",
    "AWS_PROFILE, AWS_REGION, …": "the AWS chain, as its own tools read it",
    "PYTHONPATH": "searched for credhelper itself, where it is installed nowhere else; no other "
    "module is run that Python's variables name",
    "NO_COLOR": "`check` uses no colours",
}


def text() -> str:
    """Return what each variable that is read means."""
    return prose.definitions([*OURS.items(), *OTHERS.items()])
