"""Orders: what two auditors agree to do, why, and on which legal ground, before it is done.

Rules, in order: one auditor signs a request; another one, with another key, signs an approval of
those very bytes; both are auditors by the statement of the policy root; the order is for this
central side, has not run out, and names the act and what it is about; an order is carried out once.
The reason is a reason, not a file: whatever looks like a number of a document, a telephone or an
address is refused, because orders stand in the log for ever.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from central.archive.control import Control, Mode
from central.auditor.refusal import AuditRefusedError
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import KeyId

PROFILE: Final = "visavis-order/1"
ORDER_TYP, APPROVAL_TYP = "vv-order+jws", "vv-approval+jws"
VALID: Final = timedelta(hours=72)
CLOCKS: Final = timedelta(minutes=5)
"""By how much the clocks of two auditors may differ."""
_PERSONAL = re.compile(r"[0-9](?:[\s./-]?[0-9]){5,}|@")
_Text = Annotated[str, Meta(min_length=3, max_length=400)]
_RecordId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]


class Act(StrEnum):
    """What an order may allow."""

    OPEN = "open"
    EVIDENCE = "evidence"
    ACCESS = "access"
    COMPARE = "compare"
    ERASE = "erase"
    HOLD = "hold"
    RELEASE = "release"
    RATCHETS = "ratchets"
    VAULT_KEY = "vault-key"
    AUDITORS = "auditors"


READING: Final = frozenset({Act.OPEN, Act.EVIDENCE, Act.ACCESS, Act.COMPARE, Act.VAULT_KEY})
"""Acts that show what is sealed: these count against the quota."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an order is about; names nobody.

    Attributes:
        records: identifiers of records.
        request_keys: digests of requests.
        office / first / last: one office, days like 2026-11-27, both included; all or none.
        criteria: digest of whom is looked for in those days, or ``""``.
        device: whose vault is opened, or ``""``.
        change: what becomes of auditors and quotas, a sentence each
            (:attr:`central.auditor.changes.Change.words`).
    """

    records: Annotated[tuple[_RecordId, ...], Meta(max_length=200)] = ()
    request_keys: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=50)
    ] = ()
    office: Annotated[str, Meta(max_length=32)] = ""
    first: Annotated[str, Meta(max_length=10)] = ""
    last: Annotated[str, Meta(max_length=10)] = ""
    criteria: Annotated[str, Meta(max_length=64)] = ""
    device: Annotated[str, Meta(max_length=64)] = ""
    change: Annotated[tuple[Annotated[str, Meta(max_length=120)], ...], Meta(max_length=32)] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A request.

    Attributes:
        order_id: random, hexadecimal.
        act: see :class:`Act`.
        about: see :class:`Subject`.
        reason / ground: why, and on which legal ground; no personal data.
        by: the auditor who asks.
        at / expires_at: ISO 8601 UTC.
        recipient: fingerprint of the identity of the central side that it is for.
        unredacted: names, numbers and pictures are to be shown.
    """

    order_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
    act: Act
    about: Subject
    reason: _Text
    ground: _Text
    by: str
    at: datetime
    expires_at: datetime
    recipient: KeyId
    unredacted: bool = False
    v: str = PROFILE


@dataclass(frozen=True, slots=True)
class Approval:
    """A second auditor's word about one request."""

    order_sha256: str
    by: str
    at: datetime
    v: str = PROFILE


@dataclass(frozen=True, slots=True)
class Authority:
    """An order that holds, with both tokens; ``approved_by`` is ``""`` under single control."""

    order: Order
    token: str
    approval: str = ""
    approved_by: str = ""


def new_order(
    control: Control, act: Act, about: Subject, why: tuple[str, str], by: str, now: datetime
) -> Order:
    """A request that is not signed yet.

    Args:
        control: of the central side that it is for.
        act: what is asked for.
        about: what it is about.
        why: reason and legal ground.
        by: the auditor.
        now: aware UTC.

    Raises:
        AuditRefusedError: ``order``: too short, too long, or with something personal in the reason.
    """
    reason, ground = (text.strip() for text in why)
    if _PERSONAL.search(reason) or "@" in ground:
        raise AuditRefusedError("order", "the reason holds a number or an address")
    order = Order(
        order_id=os.urandom(16).hex(),
        act=act,
        about=about,
        reason=reason,
        ground=ground,
        by=by,
        at=now,
        expires_at=now + VALID,
        recipient=control.recipient,
    )
    try:
        return msgspec.convert(msgspec.to_builtins(order), Order)
    except msgspec.ValidationError as exc:
        raise AuditRefusedError("order", str(exc)) from exc


def sign_order(order: Order, key: SigningKey) -> str:
    """The request as a token."""
    return sign_compact(canonical_json(msgspec.to_builtins(order)), key, ORDER_TYP)


def approve(token: str, by: str, key: SigningKey, now: datetime) -> str:
    """A second auditor's approval of a request, as a token."""
    approval = Approval(b64u(sha256(token.encode("ascii"))), by, now)
    return sign_compact(canonical_json(msgspec.to_builtins(approval)), key, APPROVAL_TYP)


def open_order(token: str, control: Control) -> Order:
    """A request, signed by the auditor whom it names. Raises AuditRefusedError (``order``)."""
    try:
        payload, kid = verify_compact(token.strip(), control.keys, ORDER_TYP)
        order = msgspec.convert(parse_json(payload), Order)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise AuditRefusedError("order", "not signed by an auditor, or not an order") from exc
    auditor = control.of(order.by)
    if auditor is None or auditor.kid != kid or order.v != PROFILE:
        raise AuditRefusedError("order", "signed by somebody else")
    if order.at.tzinfo is None or order.expires_at.tzinfo is None:
        raise AuditRefusedError("order", "time without zone")
    if order.recipient != control.recipient:
        raise AuditRefusedError("order", "for another central side")
    return order


def authorise(token: str, approval: str, control: Control) -> Authority:
    """What two auditors agreed on; whether it is still in time is not asked here.

    Raises:
        AuditRefusedError: ``order``, ``same-person``.
    """
    token, approval = token.strip(), approval.strip()
    order = open_order(token, control)
    try:
        payload, kid = verify_compact(approval, control.keys, APPROVAL_TYP)
        word = msgspec.convert(parse_json(payload), Approval)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise AuditRefusedError("order", "not approved by an auditor") from exc
    auditor = control.of(word.by)
    if auditor is None or auditor.kid != kid or word.at.tzinfo is None:
        raise AuditRefusedError("order", "approved by somebody else")
    if word.order_sha256 != b64u(sha256(token.encode("ascii"))):
        raise AuditRefusedError("order", "the approval is of another request")
    if word.by == order.by:
        raise AuditRefusedError("same-person")
    if word.at < order.at - CLOCKS:
        raise AuditRefusedError("order", "approved before it was asked for")
    return Authority(order, token, approval, word.by)


def standing(token: str, approval: str, control: Control) -> Authority:
    """An order that stands for ever, like one of erasure, as this central side wants it signed.

    Raises:
        AuditRefusedError: ``order``, ``same-person``.
    """
    if control.mode is Mode.DUAL:
        return authorise(token, approval, control)
    return Authority(open_order(token, control), token)


def require_in_time(order: Order, now: datetime) -> None:
    """Raises AuditRefusedError (``expired``, ``clock``)."""
    if now > order.expires_at or order.expires_at > order.at + VALID:
        raise AuditRefusedError("expired")
    if now < order.at - CLOCKS:
        raise AuditRefusedError("clock", "the order is from the future")
