"""An order of the authority to lift the lock-out of one agent on one device.

For a device whose only manager is locked out. Rules, in order: signed by an enrolment key of the
policy in force; for this device and one agent; good for hours; used once (the device remembers the
nonce). It gives back tries, never a PIN. Source: records-and-sync 2.6 (online unlock).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError, UnlockOrderError
from kiosk.domain.ids import AgentId, DeviceId, KeyId

TYP = "vv-unlock+jws"
MAX_CHARS = 2048
_NONCE = re.compile(r"[0-9a-f]{32}")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class UnlockOrder:
    """What the authority orders.

    Attributes:
        device_id / agent_id: where, and whose lock-out.
        expires_at: aware UTC.
        nonce: 32 hexadecimal digits; makes the order one that is used once.
    """

    device_id: DeviceId
    agent_id: AgentId
    expires_at: datetime
    nonce: str


def sign_order(order: UnlockOrder, key: SigningKey) -> str:
    """The order as it is carried, compact JWS."""
    return sign_compact(canonical_json(msgspec.to_builtins(order)), key, TYP)


def open_order(token: str, keys: Mapping[KeyId, bytes]) -> UnlockOrder:
    """An order in its form, its signature verified; white space is ignored.

    Raises:
        UnlockOrderError: no order, or not by the authority.
    """
    try:
        payload, _ = verify_compact(_SPACE.sub("", token), keys, TYP, MAX_CHARS)
        order = msgspec.convert(parse_json(payload, MAX_CHARS), UnlockOrder)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise UnlockOrderError("not by the authority") from exc
    if order.expires_at.tzinfo is None or not _NONCE.fullmatch(order.nonce):
        raise UnlockOrderError("form")
    return order
