"""A token endpoint that counts, and relays that count what they pass on: a process of its own.

`python endpoint.py ADDRESS…` prints one JSON line: the port of the token endpoint, then one port
for each address. `GET /count` of the token endpoint returns how many token requests and secret
reads there were so far. It ends when its stdin does.
"""
# ruff: noqa: T201 - printing the ports is how the caller learns them

import http.client
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COUNTS = {"token_requests": 0, "secret_reads": 0}
LOCK = threading.Lock()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


class _Handler(BaseHTTPRequestHandler):
    address = ""

    def do_GET(self) -> None:
        """Pass on, or tell the counts."""
        if self.address:
            self._relay()
        else:
            self._answer(200, json.dumps(COUNTS).encode())

    def do_POST(self) -> None:
        """Pass on, or issue a token."""
        if self.address:
            self._relay()
            return
        self.rfile.read(int(self.headers["Content-Length"]))
        number = _count("token_requests")
        token = {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 3600}
        self._answer(200, json.dumps(token).encode())

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "")
        if "/data/" in self.path or target.endswith("GetSecretValue"):
            _count("secret_reads")
        upstream = http.client.HTTPConnection(self.address, timeout=30)
        upstream.request(self.command, self.path, body, dict(self.headers))
        response = upstream.getresponse()
        self._answer(response.status, response.read())
        upstream.close()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


def _count(name: str) -> int:
    with LOCK:
        COUNTS[name] += 1
        return COUNTS[name]


def _serve(address: str) -> int:
    """Serve for ever in a thread; return the port."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"address": address}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def main() -> None:
    """Serve until stdin ends."""
    print(json.dumps([_serve(address) for address in ["", *sys.argv[1:]]]), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
