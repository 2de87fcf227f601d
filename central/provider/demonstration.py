"""A provider for demonstrations: a real HTTPS server that does what a real provider has to do.

Rules, in order, for what is posted to it: the request is signed by the key that the operator gave
it, over the idempotency key too, and over the code of the customer's sheet where one is there; the
body is the signed one; the envelope opens with its own key, and its signatures and certificate
hold; the record inside is the one of the idempotency key. The same record again changes nothing; an
accepted or refused result is not undone by a suspended one. A code that the customer shows is held
against the posted one: without one it says nothing, and never yes. What it shows of a request is
its number, where it stands, the names of the claims, and the code.
"""

from __future__ import annotations

import html
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from central.archive.layout import write_secret
from central.provider.posting import IDEMPOTENCY, SLIP
from kiosk.crypto.age import Identity
from kiosk.crypto.certificates import make_ca, make_server_certificate
from kiosk.crypto.digests import sha256
from kiosk.crypto.http_signatures import verify_request
from kiosk.crypto.signing import key_id_of
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import SealedRecordError, SignatureInvalidError
from kiosk.domain.ids import KeyId
from kiosk.sync.results import MAX_RESULT_BYTES, Result, open_result

PATH: Final = "/results"
_FINAL = (Outcome.ACCEPTED, Outcome.REFUSED)
_SOCKET_TIMEOUT_S = 30.0
_HOSTS = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class ProviderKeys:
    """What the provider keeps, and its server's certificate.

    Attributes:
        identity: opens results.
        ca_pem: authority of its server, to be given to the operator.
        certificate, key: files of its server, PEM.
    """

    identity: Identity
    ca_pem: str
    certificate: Path
    key: Path


def provider_keys(folder: Path, now: datetime) -> ProviderKeys:
    """The keys in a folder, made where there are none."""
    identity, ca = folder / "identity.txt", folder / "ca.pem"
    certificate, key = folder / "server.pem", folder / "server.key"
    if not identity.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = make_ca("Demonstration provider", now)
        made, server_key = make_server_certificate(authority, list(_HOSTS), now)
        ca.write_bytes(authority[0])
        certificate.write_bytes(made)
        write_secret(key, server_key)
        write_secret(identity, f"{Identity.generate().text}\n".encode())
    text = identity.read_text("ascii").strip()
    return ProviderKeys(Identity.parse(text), ca.read_text("ascii"), certificate, key)


@dataclass(frozen=True, slots=True)
class Trusts:
    """Whom the provider believes.

    Attributes:
        issuer: its own name.
        webhook: raw key that signs what is posted.
        enrolment: keys that sign certificates of devices.
    """

    issuer: str
    webhook: bytes
    enrolment: Mapping[KeyId, bytes]


@dataclass
class Requests:
    """Where the requests of the provider's customers stand.

    Attributes:
        results: by request, the result that counts.
        seen: records that were taken, with how often each was posted.
        slips: by record, the code of the customer's sheet, where it was posted.
    """

    results: dict[str, Result] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    slips: dict[str, str] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, result: Result, slip: str = "") -> None:
        """Move a request on, once a record; ``slip`` of the customer's sheet, or ""."""
        with self.changed:
            first = result.record_id not in self.seen
            if slip:
                self.slips.setdefault(result.record_id, slip)
            self.seen[result.record_id] = self.seen.get(result.record_id, 0) + 1
            held = self.results.get(result.request_id)
            if first and (held is None or held.outcome not in _FINAL):
                self.results[result.request_id] = result
            self.changed.notify_all()

    def bears(self, request_id: str, code: str) -> bool | None:
        """Whether the customer's sheet of a request bears ``code``; None: nothing to compare."""
        with self.changed:
            result = self.results.get(request_id)
            slip = None if result is None else self.slips.get(result.record_id)
            return None if slip is None else slip == code.strip().upper()

    def told(self) -> list[dict[str, object]]:
        """Every request, without a value of any claim."""
        with self.changed:
            return [
                {
                    "request": result.request_id,
                    "outcome": result.outcome.value,
                    "at": result.at.isoformat(),
                    "claims": sorted((result.verified_claims or {}).get("claims", {})),
                    "slip": self.slips.get(result.record_id, ""),
                }
                for result in self.results.values()
            ]


Trouble = Callable[[], int]
"""Asked before each post is answered: a status to answer instead, or 0."""


class DemonstrationProvider:
    """The server; a context manager.

    Attributes:
        requests: what it knows.
        trouble: what goes wrong; nothing at first.
    """

    def __init__(self, keys: ProviderKeys, now: Callable[[], datetime], port: int = 0) -> None:
        self._keys = keys
        self._now = now
        self._trusts: Trusts | None = None
        self.requests = Requests()
        self.trouble: Trouble = lambda: 0
        provider = self

        class Handler(_Handler):
            answers = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(keys.certificate, keys.key)
        # The handshake happens in the thread of the connection: a silent client stops nobody.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where results are posted to."""
        return f"https://localhost:{self._server.server_address[1]}{PATH}"

    def trust(self, trusts: Trusts) -> None:
        """Believe the operator from now on; before, everything is refused."""
        self._trusts = trusts

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def judge(self, headers: Mapping[str, str], path: str, body: bytes) -> int:
        """Take a post in; the status to answer with."""
        trusts = self._trusts
        if trusts is None:
            return 503
        lowered = {name.lower(): value for name, value in headers.items()}
        key_id = key_id_of(trusts.webhook)
        # A code that nobody signed is refused with its post; one taken off breaks the signature.
        also = [name.lower() for name in (IDEMPOTENCY, SLIP)]
        try:
            verified = verify_request(
                "POST",
                f"https://{lowered.get('host', '')}{path}",
                lowered,
                lambda asked: trusts.webhook if asked == key_id else None,
                self._now(),
                also=[name for name in also if name != SLIP.lower() or name in lowered],
            )
        except SignatureInvalidError:
            return 401
        if sha256(body) != verified.body_sha256:
            return 400
        try:
            result = open_result(body, self._keys.identity, trusts.issuer, trusts.enrolment)
        except (SealedRecordError, SignatureInvalidError):
            return 422
        if result.record_id != lowered.get(IDEMPOTENCY.lower()):
            return 422
        self.requests.take(result, lowered.get(SLIP.lower(), ""))
        return 204


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    answers: DemonstrationProvider
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_TIMEOUT_S

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0") or 0)
        if self.path != PATH or not 0 < length <= MAX_RESULT_BYTES:
            self.close_connection = True
            self._answer(404)
            return
        body = self.rfile.read(length)
        # A trouble may strike before or after the result was taken: both happen in a real network.
        status = self.answers.trouble() or self.answers.judge(dict(self.headers), self.path, body)
        self._answer(status)

    def do_GET(self) -> None:
        told = self.answers.requests.told()
        if self.path == "/requests":
            self._answer(200, json.dumps(told).encode(), "application/json")
            return
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(str(value))}</td>" for value in one.values())
            + "</tr>"
            for one in told
        )
        page = f"<!doctype html><title>Requests</title><table>{rows}</table>"
        self._answer(200, page.encode(), "text/html; charset=utf-8")

    def _answer(self, status: int, body: bytes = b"", kind: str = "") -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing: a request line is nobody's business."""
