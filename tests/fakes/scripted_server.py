"""An HTTPS server on loopback that answers as a test says: the trouble a network can be."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from kiosk.crypto.certificates import make_ca, make_server_certificate


@dataclass
class Answer:
    """What the server says to one request."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Asked], Answer]


@dataclass
class ScriptedServer:
    """A server that runs.

    Attributes:
        url: base address.
        ca_pem: the authority that signed its certificate.
        asked: every request so far.
    """

    url: str
    ca_pem: str
    asked: list[Asked]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.asked: list[Asked] = []
        if context is not None:
            # The handshake happens in the thread of the request, so that a refused one
            # does not end the accepting loop.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body)
        self.server.asked.append(asked)
        answer = self.server.script(asked)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - names that the library calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def scripted(
    folder: Path,
    script: Script,
    *,
    issued_at: datetime | None = None,
    days: int = 825,
    hosts: Sequence[str] = ("127.0.0.1",),
    tls: ssl.TLSVersion | None = ssl.TLSVersion.TLSv1_3,
) -> Iterator[ScriptedServer]:
    """Serve ``script``.

    Args:
        folder: where the certificate is written.
        script: answers each request.
        issued_at: date of the certificates; now by default.
        days: validity of the server's certificate.
        hosts: names in it.
        tls: the one version it speaks; None for plain HTTP.
    """
    at = issued_at or datetime.now(UTC)
    ca = make_ca("Test authority", at, days=max(days, 30))
    certificate, key = make_server_certificate(ca, hosts, at, days)
    context = None
    if tls is not None:
        chain = folder / "server.pem"
        chain.write_bytes(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        context.minimum_version = context.maximum_version = tls
    server = _Server(context, script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_address[1]}"
        yield ScriptedServer(url, ca[0].decode(), server.asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
