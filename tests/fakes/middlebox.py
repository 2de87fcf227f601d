"""A box between device and collector that ends the TLS, as a balancer does, and meddles.

It holds the collector's own certificate: what it changes is what only the rules of the calls can
notice.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from central.archive.layout import Layout
from tests.fakes.central_side import CentralSide

_NOT_PASSED = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass
class Passing:
    """One call on its way through the box; whatever meddles changes it.

    Attributes:
        fields: of the request.
        body: of the request.
        status / answer_fields / answer: what the collector said.
    """

    method: str
    path: str
    fields: dict[str, str]
    body: bytes
    status: int = 0
    answer_fields: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""


Meddle = Callable[[Passing], None]


def nothing(_passing: Passing) -> None:
    """Pass on what comes."""


class Middlebox(ThreadingHTTPServer):
    """The box.

    Attributes:
        request / response: change a call on its way there, and its answer on its way back.
        hang_up: close the connection after each answer without having said so.
        passed: every call that came.
    """

    daemon_threads = True

    def __init__(self, side: CentralSide) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        layout = Layout(side.data)
        self.upstream = int(side.url.rpartition(":")[2])
        self.trust = ssl.create_default_context(cafile=str(layout.ca_certificate))
        self.request: Meddle = nothing
        self.response: Meddle = nothing
        self.hang_up = False
        self.passed: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(layout.server_certificate, layout.server_key)
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    @property
    def url(self) -> str:
        """Base address for clients."""
        return f"https://localhost:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Middlebox

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        passing = Passing(self.command, self.path, dict(self.headers.items()), body)
        self.server.passed.append(f"{self.command} {self.path.partition('?')[0]}")
        self.server.request(passing)
        if not passing.status:
            self._ask(passing)
        self.server.response(passing)
        self.send_response_only(passing.status)
        for name, value in passing.answer_fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(passing.answer)))
        self.end_headers()
        self.wfile.write(passing.answer)
        self.close_connection = self.server.hang_up

    def _ask(self, passing: Passing) -> None:
        connection = http.client.HTTPSConnection(
            "localhost", self.server.upstream, context=self.server.trust, timeout=60
        )
        sent = {k: v for k, v in passing.fields.items() if k.lower() not in _NOT_PASSED}
        connection.request(passing.method, passing.path, passing.body, sent)
        answer = connection.getresponse()
        passing.status, passing.answer = answer.status, answer.read()
        passing.answer_fields = {
            k: v for k, v in answer.getheaders() if k.lower() not in _NOT_PASSED
        }
        connection.close()

    do_GET = do_POST = do_PUT = do_PATCH = _pass  # noqa: N815 - names that the library calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def middlebox(side: CentralSide) -> Iterator[Middlebox]:
    """A box before ``side``, until the block ends."""
    box = Middlebox(side)
    thread = threading.Thread(target=box.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield box
    finally:
        box.shutdown()
        thread.join()
        box.server_close()
