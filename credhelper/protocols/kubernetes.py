"""The exec plugin of client-go: kubectl, Helm, k9s, Argo CD and most other clients.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
The client says its version in KUBERNETES_EXEC_INFO, and its server where the kubeconfig has
`provideClusterInfo`. The official client for Java says neither, and takes no other version than
that of the kubeconfig: so a word of ours can name it, too.
"""

from credhelper import caller
from credhelper.caller import Asked
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.errors import ProtocolError

CALLERS = ("kubectl", "helm", "k9s", "argocd", "client-go")
GROUP = "client.authentication.k8s.io"
VERSIONS = ("v1", "v1beta1")
_SERVER = '{"cluster":{"server":"'
# The client uses a token up to the stated instant, without a margin of its own.
MARGIN_S = 30


def ask(words: "Sequence[str]", environ: "Mapping[str, str]") -> Asked:
    """Return what `[PROFILE] [VERSION]` and the client's variable ask for.

    Without a profile the version is written with its group. Raises UsageError, ProtocolError.
    """
    version, number = "v1", 0
    if len(words) > 1 or "".join(words).startswith(f"{GROUP}/"):
        version, number = words[-1].removeprefix(f"{GROUP}/"), 1
    profile, _version = caller.profile_and(words, number)
    if version not in VERSIONS:
        from credhelper.errors import UsageError

        msg = "that version of ExecCredential is unknown"
        raise UsageError(msg, hint=f"known: {', '.join(VERSIONS)}")
    server = None
    if info := environ.get("KUBERNETES_EXEC_INFO"):
        version, server = _heard(info)
    profile = profile or environ.get("CREDHELPER_PROFILE", "")
    return Asked(profile, words=[version], environ=environ, server=server)


def reply(token: Token, asked: Asked) -> str:
    """Return an ExecCredential of the version that the client asked for."""
    return (
        f'{{"apiVersion":"{GROUP}/{asked.words[0]}","kind":"ExecCredential","status":'
        f'{{"token":"{token.access_token}",'
        f'"expirationTimestamp":"{token.expiration(early_s=MARGIN_S)}"}}}}\n'
    )


def _heard(info: str) -> "tuple[str, str | None]":
    """Return the version that the client speaks, and its server if it names one.

    Raises ProtocolError.
    """
    # Go writes no spaces, Python one after each colon. Only what stands before `spec` counts: a
    # cluster's own settings come after it.
    head, _spec, spec = info.replace('": ', '":').partition('"spec":')
    told = [each for each in VERSIONS if f'"apiVersion":"{GROUP}/{each}"' in head]
    if not told or "\\" in info:
        return _parsed(info)
    if '"cluster"' not in info:
        return told[0], None
    # As Go writes it: without an escape, a quote ends a string and nothing else.
    server, _quote, rest = spec.removeprefix(_SERVER).partition('"')
    is_plain = spec.startswith(_SERVER) and '"server"' not in rest and '"cluster"' not in rest
    return (told[0], server) if is_plain else _parsed(info)


def _parsed(info: str) -> "tuple[str, str | None]":
    document: object = None
    try:
        document = caller.parse(info)
    except (ValueError, RecursionError):
        pass
    if not isinstance(document, dict):
        raise _wrong("is no ExecCredential")
    group, _slash, version = str(document.get("apiVersion")).rpartition("/")
    if group != GROUP or version not in VERSIONS:
        raise _wrong("names no known version of ExecCredential")
    spec = document.get("spec")
    cluster = spec.get("cluster") if isinstance(spec, dict) else None
    if cluster is None:
        return version, None
    return version, str(cluster.get("server") or "") if isinstance(cluster, dict) else ""


def _wrong(what: str) -> "ProtocolError":
    from credhelper.errors import ProtocolError

    hint = f"set apiVersion in the kubeconfig to {GROUP}/v1"
    return ProtocolError(f"KUBERNETES_EXEC_INFO {what}", hint=hint)
