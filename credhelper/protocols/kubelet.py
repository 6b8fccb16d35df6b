"""An image credential provider of the kubelet.

https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/ and
https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/. The kubelet decodes
strictly: a field that it does not know voids the whole answer.
"""

import time

from credhelper import caller
from credhelper.caller import Asked
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.errors import ProtocolError

GROUP = "credentialprovider.kubelet.k8s.io"
# Their responses are alike; the kubelet wants the one that it spoke.
VERSIONS = [f"{GROUP}/{version}" for version in ("v1", "v1beta1", "v1alpha1")]
# A pull that starts with a cached password must end before the token does.
MARGIN_S = 30
HUB = "docker.io"


def ask(words: "Sequence[str]", _environ: "Mapping[str, str]") -> Asked:
    """Return what `[PROFILE]` and the CredentialProviderRequest on stdin ask for.

    Raises ProtocolError for what is no such request.
    """
    profile, _none = caller.profile_and(words, 0)
    version, image = _request(caller.text_of(caller.read_input()))
    registry = _registry(image)
    return Asked(profile, words=[version, registry], environ={}, url=caller.address(registry))


def reply(token: Token, asked: Asked) -> str:
    """Return a CredentialProviderResponse with the token as the password for the registry.

    Cached in whole minutes, rounded down; 0, so not at all, for a token that is about to end. A
    service account token in the request changes nothing: how the kubelet caches then is told by
    `tokenAttributes.cacheType` of its configuration.
    """
    version, registry = map(caller.quote, asked.words)
    minutes = max(0, int(token.expires_at - MARGIN_S - time.time()) // 60)
    name = caller.quote(asked.username or caller.USERNAME)
    return (
        f'{{"kind":"CredentialProviderResponse","apiVersion":{version},"cacheKeyType":"Registry",'
        f'"cacheDuration":"{minutes}m0s","auth":{{{registry}:'
        f'{{"username":{name},"password":"{token.access_token}"}}}}}}\n'
    )


def _request(text: str) -> "tuple[str, str]":
    """Return the API version and the image of a request. Raises ProtocolError."""
    try:
        found = caller.parse(text)
    except (ValueError, RecursionError):
        found = None
    request = found if isinstance(found, dict) else {}
    image, version = request.get("image"), request.get("apiVersion")
    is_request = request.get("kind") == "CredentialProviderRequest"
    # Without a name it would be Docker Hub's.
    if not is_request or not isinstance(image, str) or not image:
        raise _wrong("is no CredentialProviderRequest with an image")
    if version not in VERSIONS:
        raise _wrong("is of an unknown apiVersion")
    return version, image


def _registry(image: str) -> str:
    """Return the image's registry as the kubelet writes it when it looks for the password.

    Source: `splitDockerDomain` of https://github.com/distribution/reference.
    """
    first, slash, _rest = image.partition("/")
    is_host = "." in first or ":" in first or first == "localhost" or first != first.lower()
    return first if slash and is_host and first != f"index.{HUB}" else HUB


def _wrong(what: str) -> "ProtocolError":
    from credhelper.errors import ProtocolError

    hint = f"set apiVersion in the kubelet's CredentialProviderConfig to {VERSIONS[0]}"
    return ProtocolError(f"the kubelet's question {what}", hint=hint)
