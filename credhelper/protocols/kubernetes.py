"""The exec plugin of client-go: kubectl, Helm, k9s, Argo CD and most other clients.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from credhelper.protocols import Asked
from credhelper.token import Token

GROUP = "client.authentication.k8s.io"
# The client uses a token up to the stated instant, without a margin of its own.
MARGIN_S = 30


def reply(token: Token, asked: Asked) -> str:
    """Return an ExecCredential of the version that the client asked for. Raises ProtocolError."""
    return (
        f'{{"apiVersion":"{GROUP}/{_version(asked)}","kind":"ExecCredential","status":'
        f'{{"token":"{token.access_token}",'
        f'"expirationTimestamp":"{token.expiration(early_s=MARGIN_S)}"}}}}\n'
    )


def _version(asked: Asked) -> str:
    """Return the version named by KUBERNETES_EXEC_INFO, v1 without one.

    Only what stands before `spec` counts: a cluster's own settings come after it. Go writes it
    without spaces, so no JSON parser (5 ms) is needed.
    """
    info = asked.environ.get("KUBERNETES_EXEC_INFO", "")
    head = info.partition('"spec"')[0]
    for version in ("v1", "v1beta1"):
        if f'"apiVersion":"{GROUP}/{version}"' in head or not info:
            return version
    from credhelper.errors import ProtocolError  # not on the way of a hit

    msg = "KUBERNETES_EXEC_INFO names no known version of ExecCredential"
    raise ProtocolError(msg, hint=f"set apiVersion in the kubeconfig to {GROUP}/v1")
