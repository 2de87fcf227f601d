"""Asks the central side what time it is, and says how the answer is kept."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.errors import ProtocolError, SignatureInvalidError
from kiosk.ports import CollectorLink
from kiosk.services.answers import refusal_of
from kiosk.sync.policy import Policy
from kiosk.sync.signed_time import open_time

TIME = "central/time"
"""Named value: the newest :class:`SignedTime`."""


@dataclass(frozen=True, slots=True)
class SignedTime:
    """Signed server time beside what this device believed then.

    Attributes:
        at: server time, aware UTC.
        wall: device time.
        mono_ms / boot_id: monotonic clock.
    """

    at: datetime
    wall: datetime
    mono_ms: int
    boot_id: str


def fetch_time(link: CollectorLink, trusted: Iterable[Policy]) -> datetime:
    """Server time, aware UTC.

    Args:
        link: to the central side.
        trusted: policies signed by the pinned root. The key of one that comes counts too: its day
            may be today already.

    Raises:
        ProtocolError: nobody signed it whom these policies name.
        SyncError: there is no answer.
    """
    nonce = secrets.token_hex(16)
    answer = link.call("GET", f"/v1/time?nonce={nonce}")
    if answer.status != 200:
        raise refusal_of(answer)
    note = answer.body.decode("utf-8", "replace")
    for policy in trusted:
        terms = policy.collector
        try:
            return open_time(note, nonce, terms.origin, terms.log_public)
        except SignatureInvalidError:
            continue
    raise ProtocolError("signed time")
