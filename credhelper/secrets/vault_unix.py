"""HTTP over a Unix domain socket, for Vault's agent: `unix:///run/agent.sock`."""

import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from credhelper.errors import ConfigError, CredhelperError, DeniedError, TemporaryError
from credhelper.system import http


class Adapter(BaseAdapter):
    """What `requests` asks to send: all of it goes to one socket."""

    def __init__(self, path: str, key: str) -> None:
        super().__init__()
        self._path, self._key = path, key

    def send(  # noqa: PLR0913, PLR0917 - the signature that requests calls
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002
        timeout: object = None,
        verify: object = True,  # noqa: FBT002
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the answer, its body unread. Raises CredhelperError."""
        del stream, timeout, verify, cert, proxies
        connection = HTTPConnection("localhost")
        try:
            connection.sock = self._open()
            headers = {**request.headers, "Connection": "close"}
            connection.request(request.method or "GET", request.path_url, request.body, headers)
            answer = connection.getresponse()
        except (OSError, HTTPException):
            connection.close()
            msg = f"the connection to the socket {self._path} failed"
            raise TemporaryError(msg, hint="try again later") from None
        raw = HTTPResponse(
            body=answer,
            headers=dict(answer.getheaders()),
            status=answer.status,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
        )
        return HTTPAdapter().build_response(request, raw)

    def _open(self) -> socket.socket:
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(http.TIMEOUT_S[1])
        try:
            stream.connect(self._path)
        except OSError as error:
            stream.close()
            raise self._unopened(error) from None
        return stream

    def _unopened(self, error: OSError) -> CredhelperError:
        if isinstance(error, FileNotFoundError):
            return ConfigError(f"{self._path} is no socket", hint=f"correct {self._key}")
        if isinstance(error, PermissionError):
            hint = "let this user write to it"
            return DeniedError(f"the socket {self._path} may not be used", hint=hint)
        msg = f"nobody answers at the socket {self._path}"
        return TemporaryError(msg, hint="start the agent, or try again later")

    def close(self) -> None:
        """Do nothing: each answer closes its own connection."""
