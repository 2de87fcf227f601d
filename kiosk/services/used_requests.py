"""Which verification requests were already used up on this device.

A request is used up by an accepted or a refused verification. A suspended or abandoned one may be
continued with the same code. Only a digest of issuer and identifier is stored.
"""

from __future__ import annotations

import msgspec

from kiosk.crypto.digests import sha256
from kiosk.domain.decision import Outcome
from kiosk.domain.ids import RecordId
from kiosk.domain.request import VerificationRequest
from kiosk.ports import UnitOfWork

PREFIX = "used-request/"
USING_UP = frozenset({Outcome.ACCEPTED, Outcome.REFUSED})


def _name(request: VerificationRequest) -> str:
    return PREFIX + sha256(f"{request.issuer}\0{request.request_id}".encode()).hex()


def is_used(uow: UnitOfWork, request: VerificationRequest) -> bool:
    """Whether this request was used up before."""
    return uow.values.get(_name(request)) is not None


def mark_used(uow: UnitOfWork, request: VerificationRequest, record_id: RecordId) -> None:
    """Remember it, with the record it ended in and the moment it may be forgotten."""
    mark = {"record_id": record_id, "expires_at": request.expires_at}
    uow.values.put(_name(request), msgspec.json.encode(mark))
