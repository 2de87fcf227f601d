"""Sessions of operators: a signed cookie, short-lived, that proves nothing once it is ended.

Rules, in order: the key lives in the memory of this process, so that a restart signs everybody out;
a quarter of an hour without a call ends a session, eight hours end it anyway; signing out ends it
on this side too, whatever a browser keeps; another password, or an operator taken out of the file,
ends every session of that operator. A form is believed only with the word of its session.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from central.operations.operators import Operator
from kiosk.crypto.digests import b64u, unb64u

COOKIE: Final = "__Host-visavis-operations"
"""Browsers take a cookie of such a name only over TLS, for this host and the whole of it."""
IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=8)
_KEY_BYTES: Final = 32
_MAX_TOKEN: Final = 1024


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sid: str
    name: str
    stamp: str
    began: float
    seen: float


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in.

    Attributes:
        name: operator.
        sid: of the session.
        stamp: of the operator's password.
        began: when.
        form_word: what every form of this session must bring back.
    """

    name: str
    sid: str
    stamp: str
    began: datetime
    form_word: str


class Sessions:
    """Makes and judges cookies."""

    def __init__(self, key: bytes | None = None) -> None:
        """Key: 32 bytes; fresh ones by default."""
        self._key = key or secrets.token_bytes(_KEY_BYTES)
        self._lock = threading.Lock()
        self._ended: dict[str, datetime] = {}

    def begin(self, operator: Operator, now: datetime) -> str:
        """The cookie of a new session."""
        sid, at = secrets.token_urlsafe(16), now.timestamp()
        return self._signed(_Claims(sid, operator.name, operator.stamp, at, at))

    def renewed(self, session: Session, now: datetime) -> str:
        """The cookie of a session that was used just now."""
        began = session.began.timestamp()
        claims = _Claims(session.sid, session.name, session.stamp, began, now.timestamp())
        return self._signed(claims)

    def open(self, cookie: str, now: datetime) -> Session | None:
        """The session of a cookie; None where it is none, or over."""
        claims = self._verified(cookie)
        if claims is None:
            return None
        began, seen = (datetime.fromtimestamp(t, now.tzinfo) for t in (claims.began, claims.seen))
        with self._lock:
            ended = claims.sid in self._ended
        if ended or not began <= seen <= now + timedelta(seconds=1):
            return None
        if now - seen > IDLE or now - began > LONGEST:
            return None
        word = self._mac(b"form", claims.sid.encode())
        return Session(claims.name, claims.sid, claims.stamp, began, word)

    def end(self, session: Session, now: datetime) -> None:
        """End a session for good."""
        with self._lock:
            self._ended = {s: at for s, at in self._ended.items() if now - at <= LONGEST}
            self._ended[session.sid] = now

    def _signed(self, claims: _Claims) -> str:
        body = b64u(msgspec.json.encode(claims))
        return f"{body}.{self._mac(b'cookie', body.encode())}"

    def _verified(self, cookie: str) -> _Claims | None:
        body, _, mac = cookie[:_MAX_TOKEN].partition(".")
        right = self._mac(b"cookie", body.encode())
        if not hmac.compare_digest(right.encode(), mac.encode()):
            return None
        return msgspec.json.decode(unb64u(body), type=_Claims)

    def _mac(self, purpose: bytes, data: bytes) -> str:
        return b64u(hmac.digest(self._key, purpose + b"\x00" + data, "sha256"))
