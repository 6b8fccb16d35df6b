"""Every request that botocore makes: over TLS, to a plainly written host, its answer bounded.

The chain's own requests are held to it as well. botocore's events would not do: the metadata of an
instance or a container, and the region that `defaults_mode` looks up, are asked past them. All of
them end in `URLLib3Session.send`, which is replaced here.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import urllib3.exceptions
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import ProxyConfiguration, URLLib3Session

from credhelper.errors import ProtocolError
from credhelper.system import url

BODY_LIMIT = 256 * 1024
# Of an instance, of ECS and of EKS: addresses of the machine's own link, which speak no TLS.
_METADATA = re.compile(
    r"http://(169\.254\.(169\.254|170\.2|170\.23)|\[fd00:ec2::(254|23)\])(:[0-9]+)?/.*"
)
_send = URLLib3Session.send


@dataclass(frozen=True)
class _Body:
    """A body that has been read, in the one form in which botocore takes it."""

    text: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.text


def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
    """Return the answer, read. Raises ConfigError, ProtocolError, botocore's HTTPClientError."""
    if not _METADATA.fullmatch(request.url):
        url.endpoint(request.url, key=_source(url.host_of(request.url)))
    if request.url.startswith("http:"):
        session._proxy_config = ProxyConfiguration()  # noqa: SLF001 - plain text stays on the machine
    request.stream_output = True  # botocore would read a body of any size
    answer = _send(session, request)
    try:
        body = _read(answer.raw, request.url)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise ReadTimeoutError(endpoint_url=request.url, error=error) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ConnectionClosedError(
            error=error, request=request, endpoint_url=request.url
        ) from None
    return AWSResponse(request.url, answer.status_code, answer.headers, _Body(body))


def _read(raw: urllib3.HTTPResponse, address: str) -> bytes:
    body = b""
    try:
        while len(body) <= BODY_LIMIT and (piece := raw.read(BODY_LIMIT + 1 - len(body))):
            body += piece
    except BaseException:
        raw.close()
        raise
    if len(body) > BODY_LIMIT:
        raw.close()  # what is left unread would spoil the connection for the next request
        msg = f"{url.host_of(address)} sent more than {BODY_LIMIT} bytes"
        raise ProtocolError(msg, hint="check that the endpoint is AWS's")
    return body


def _source(host: str) -> str:
    """Return where a host comes from: an AWS variable that names it, else AWS's files."""
    names = [
        name
        for name, value in sorted(os.environ.items())
        if name.startswith("AWS_") and host and host in value.lower()
    ]
    return names[0] if names else "the endpoint_url or rule set in AWS's files"


URLLib3Session.send = send
