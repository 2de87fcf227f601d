"""The link to the collector over HTTPS.

Rules, in order: TLS 1.3 with the pinned authority and nothing else; every call signed by the device
key; every wait has a deadline, every answer a bound, and whoever asks for an end gets it
(:mod:`.breaking_off`); no redirect, no proxy of the environment, no compressed body. A wrong device
clock must not matter: signed server time replaces it, both for the age of signatures and for the
validity of the certificate, whose chain and name are always checked.
Whatever is refused stays refused; where a page of the network stands in the collector's place, the
refusal has a name of its own (:mod:`.doorstep`).
Source: records-and-sync 2.8.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.http_signatures import sign_request
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    CaptivePortalError,
    CertificateError,
    ProtocolError,
    SendingStoppedError,
    SignatureInvalidError,
    SyncError,
    UnreachableError,
)
from kiosk.ports import CentralSide, Clock, CollectorLink, LinkAnswer
from kiosk.sync.messages import MAX_MESSAGE_BYTES, Problem, decode
from kiosk.sync.retry import told_wait_s
from kiosk.sync.signed_time import open_time
from kiosk.transport.breaking_off import BreakOff
from kiosk.transport.doorstep import Doorstep, look

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL; Python's ssl has no name for it."""

_NOT_YET_VALID, _HAS_EXPIRED = 9, 10
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""

_UNKNOWN_AUTHORITIES = frozenset({18, 19, 20, 21})
"""X509_V_ERR of a chain that does not lead to the pinned authority: self-signed (18, 19), issuer
unknown (20), a leaf alone (21)."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long anything may take.

    Attributes:
        connect_s: to reach the server.
        pause_s: longest silence while sending or receiving.
        call_s: a whole answer, from its first byte.
    """

    connect_s: float = 10.0
    pause_s: float = 30.0
    call_s: float = 120.0


class _WrongTimeError(Exception):
    """The certificate is fine but for the device's idea of today."""


@dataclass(frozen=True, slots=True)
class _TimeAnchor:
    """Signed server time, pinned to the monotonic clock."""

    at: datetime
    mono_ms: int


def _context(ca_pem: str, *, check_time: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError) as exc:
        raise CertificateError("authority") from exc
    if not check_time:
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return context


def _client(context: ssl.SSLContext, deadlines: Deadlines) -> httpx.Client:
    timeout = httpx.Timeout(deadlines.pause_s, connect=deadlines.connect_s)
    return httpx.Client(
        verify=context,
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
        headers={"Accept-Encoding": "identity"},
    )


def _tls_cause(exc: httpx.HTTPError) -> ssl.SSLError | None:
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _may_be_portal(exc: httpx.HTTPError) -> bool:
    """Whether the handshake met no TLS 1.3, or a certificate of nobody known here."""
    cause = _tls_cause(exc)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_code in _UNKNOWN_AUTHORITIES
    gone = isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return cause is not None and not gone and isinstance(exc, httpx.ConnectError)


def _translated(exc: httpx.HTTPError) -> SyncError | _WrongTimeError:
    """The foreign exception as one of ours, by its deepest TLS cause."""
    cause = _tls_cause(exc)
    if isinstance(cause, ssl.SSLCertVerificationError):
        if cause.verify_code in (_NOT_YET_VALID, _HAS_EXPIRED):
            return _WrongTimeError()
        return CertificateError(f"verification {cause.verify_code}")
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return UnreachableError("closed in the handshake")
    if isinstance(exc, httpx.TimeoutException):
        return UnreachableError("deadline")
    if isinstance(cause, ssl.SSLError) and isinstance(exc, httpx.ConnectError):
        return ProtocolError("no TLS 1.3 there")
    if isinstance(exc, httpx.NetworkError | httpx.RemoteProtocolError):
        return UnreachableError(type(exc).__name__)
    return ProtocolError(type(exc).__name__)


class _Caller:
    """Sends one request and reads its bounded answer."""

    def __init__(
        self,
        client: httpx.Client,
        clock: Clock,
        deadlines: Deadlines,
        break_off: BreakOff,
        *,
        proven: bool = True,
    ) -> None:
        """Proven: the client believes the pinned authority only, not whoever answers."""
        self._proven = proven
        self._break_off = break_off
        self._client = client
        self._clock = clock
        self._deadlines = deadlines

    def send(
        self, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> tuple[LinkAnswer, dict[str, Any]]:
        """The answer, and the server's certificate as ``ssl`` describes it."""
        heard = {"trace": self._break_off.hear}
        if self._break_off.asked:
            raise SendingStoppedError
        try:
            with (
                self._break_off.watching(),
                self._client.stream(
                    method, url, content=body, headers=headers, extensions=heard
                ) as response,
            ):
                content = self._read(response)
                certificate = _certificate(response)
        except httpx.HTTPError as exc:
            if self._break_off.happened:
                raise SendingStoppedError from exc
            if _may_be_portal(exc) and look(url, self._deadlines.connect_s) is Doorstep.PORTAL:
                raise CaptivePortalError("another answers") from exc
            raise _translated(exc) from exc
        html = response.headers.get("content-type", "").startswith("text/html")
        if not self._proven and (html or response.is_redirect):
            raise CaptivePortalError("a page answers")
        if html:
            raise ProtocolError("HTML where none is spoken")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise ProtocolError("a compressed body nobody asked for")
        fields = tuple((k.lower(), v) for k, v in response.headers.items())
        return LinkAnswer(response.status_code, content, fields), certificate

    def _read(self, response: httpx.Response) -> bytes:
        until_ms = self._clock.monotonic_ms() + round(self._deadlines.call_s * 1000)
        content = bytearray()
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > MAX_MESSAGE_BYTES:
                raise ProtocolError("answer too long")
            if self._clock.monotonic_ms() > until_ms:
                raise UnreachableError("deadline")
        return bytes(content)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _certificate(response: httpx.Response) -> dict[str, Any]:
    stream = response.extensions.get("network_stream")
    tls = None if stream is None else stream.get_extra_info("ssl_object")
    return {} if tls is None else dict(tls.getpeercert() or {})


class HttpsLink:
    """A link to one collector for one device. Used from one thread."""

    def __init__(
        self,
        side: CentralSide,
        device_key: SigningKey,
        clock: Clock,
        deadlines: Deadlines,
        break_off: BreakOff | None = None,
    ) -> None:
        self._break_off = break_off or BreakOff()
        self._side = side
        self._key = device_key
        self._clock = clock
        self._deadlines = deadlines
        self._anchor: _TimeAnchor | None = None
        self._trust_clock = True
        self._caller = self._new_caller()

    def _new_caller(self) -> _Caller:
        context = _context(self._side.ca_pem, check_time=self._trust_clock)
        client = _client(context, self._deadlines)
        return _Caller(client, self._clock, self._deadlines, self._break_off)

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        etag: str = "",
        fields: Sequence[tuple[str, str]] = (),
    ) -> LinkAnswer:
        """See :class:`kiosk.ports.CollectorLink`."""
        headers = dict(fields)
        if body:
            headers["Content-Type"] = content_type
        if etag:
            headers["If-None-Match"] = etag
        try:
            answer, signature = self._signed(method, path, body, headers)
        except _WrongTimeError:
            self._distrust_clock()
            answer, signature = self._signed(method, path, body, headers)
        if answer.status == 401 and self._learn_time(answer, signature):
            answer, _ = self._signed(method, path, body, headers)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()

    def _signed(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[LinkAnswer, str]:
        url = self._side.url + path
        added = sign_request(method, url, body, self._key, self._now())
        answer, certificate = self._caller.send(method, url, body, headers | added)
        if not self._trust_clock:
            self._check_validity(certificate)
        return answer, added["Signature"]

    # --- time -------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        """Signed server time where it is known, else what the device believes."""
        if self._anchor is None:
            return self._clock.now()
        passed_ms = self._clock.monotonic_ms() - self._anchor.mono_ms
        return self._anchor.at + timedelta(milliseconds=passed_ms)

    def _learn_time(self, answer: LinkAnswer, signature: str) -> bool:
        """Whether a 401 brought signed time in answer to this very signature."""
        problem = decode(answer.body, Problem)
        if not problem.time:
            return False
        self._set_anchor(problem.time, b64u(sha256(signature.encode())))
        return True

    def _set_anchor(self, note: str, nonce: str) -> None:
        """Believe a time that a log signed which a verified policy names, now or from its day on.

        Raises:
            ProtocolError: nobody such signed it.
        """
        for origin, public in ((self._side.origin, self._side.log_public), *self._side.coming):
            try:
                at = open_time(note, nonce, origin, public)
            except SignatureInvalidError:
                continue
            self._anchor = _TimeAnchor(at, self._clock.monotonic_ms())
            return
        raise ProtocolError("signed time")

    def _distrust_clock(self) -> None:
        """Fetch signed time without looking at the certificate's dates, then judge those by it.

        Raises:
            CertificateError: the dates do not hold in true time either.
        """
        if not self._trust_clock:
            raise CertificateError("dates")
        self._caller.close()
        self._trust_clock = False
        self._caller = self._new_caller()
        nonce = secrets.token_hex(16)
        url = f"{self._side.url}/v1/time?nonce={nonce}"
        answer, certificate = self._caller.send("GET", url, b"", {})
        if answer.status == 503:
            raise UnreachableError("busy 503", told_wait_s(answer.headers))
        if answer.status != 200:
            raise ProtocolError("time")
        self._set_anchor(answer.body.decode("utf-8", "replace"), nonce)
        self._check_validity(certificate)

    def _check_validity(self, certificate: dict[str, Any]) -> None:
        now = self._now().timestamp()
        try:
            begins = ssl.cert_time_to_seconds(certificate["notBefore"])
            ends = ssl.cert_time_to_seconds(certificate["notAfter"])
        except (KeyError, ValueError) as exc:
            raise CertificateError("dates") from exc
        if not begins <= now <= ends:
            raise CertificateError("dates")


class HttpsLinks:
    """Opens HTTPS links (``kiosk.ports.LinkFactory``)."""

    def __init__(self, clock: Clock, deadlines: Deadlines | None = None) -> None:
        self._clock = clock
        self._deadlines = deadlines or Deadlines()

    def first_contact(self, url: str) -> LinkAnswer:
        """See :class:`kiosk.ports.LinkFactory`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # Nothing is known of the server yet and nothing secret is sent: the caller compares what
        # comes back with the fingerprints of the enrolment code.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client = _client(context, self._deadlines)
        caller = _Caller(client, self._clock, self._deadlines, BreakOff(), proven=False)
        try:
            return caller.send("GET", f"{url}/v1/authority", b"", {})[0]
        finally:
            caller.close()

    def open(
        self,
        side: CentralSide,
        device_key: SigningKey,
        stopped: Callable[[], bool] | None = None,
    ) -> CollectorLink:
        """See :class:`kiosk.ports.LinkFactory`."""
        break_off = None if stopped is None else BreakOff(stopped)
        return HttpsLink(side, device_key, self._clock, self._deadlines, break_off)
