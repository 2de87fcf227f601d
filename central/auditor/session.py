"""Auditors at work: who sits there, what they may do, and the line that says so before it is done.

Rules, in order: under dual control two auditors open their key files here, and a request and an
approval of two auditors say what for; under single control the one who holds the identity gives the
reason; the log of openings is verified, also against what each of those present saw last; an order
that ran out or was carried out is refused; the quota of the hour and of the day is kept; what is
blocked is written down as what is granted; the line is durable before the act.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from central.archive.control import (
    SINGLE_NAME,
    Control,
    Mode,
    log_key_of,
    read_control,
    single_control,
)
from central.archive.layout import Layout
from central.auditor.keys import AuditorKey, join_identities
from central.auditor.opening_lines import BLOCKED, GRANTED, Line
from central.auditor.opening_log import OpeningLog, Seen, held, read_seen, seen_beside, write_seen
from central.auditor.orders import (
    READING,
    Act,
    Authority,
    Subject,
    authorise,
    new_order,
    require_in_time,
    sign_order,
)
from central.auditor.refusal import AuditRefusedError
from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId, RecordId


@dataclass(frozen=True, slots=True)
class Target:
    """A record that is about to be opened, or an act about it; ``detail`` goes into its line."""

    record_id: RecordId
    device_id: DeviceId
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """Who sits there.

    Attributes:
        control: the statement of the folder.
        identity: opens records, as long as this value lives.
        signers: name to signing key of everybody present.
        seen: file of each that holds the last state of the log that they saw.
        retired: open the records of before, newest first.
    """

    control: Control
    identity: Identity
    signers: tuple[tuple[str, SigningKey], ...]
    seen: tuple[tuple[str, Path], ...] = ()
    retired: tuple[Identity, ...] = ()

    @property
    def identities(self) -> tuple[Identity, ...]:
        """All that open something, newest first."""
        return (self.identity, *self.retired)


def present_alone(layout: Layout, identity: Identity, now: datetime) -> Present:
    """The auditor of a folder under single control.

    Raises:
        AuditRefusedError: ``order-needed``: the folder is under dual control; ``keys``.
    """
    layout.require()
    control = read_control(layout) or single_control(identity, now.isoformat())
    if control.mode is Mode.DUAL:
        raise AuditRefusedError("order-needed", "two auditors, a request and an approval")
    if kid_of(identity.recipient) != control.recipient:
        raise AuditRefusedError("keys", "another identity")
    return Present(control, identity, ((SINGLE_NAME, log_key_of(identity)),))


def present_two(
    layout: Layout, keys: tuple[AuditorKey, AuditorKey], files: tuple[Path, Path]
) -> Present:
    """Two auditors with their opened key files. Raises AuditRefusedError."""
    layout.require()
    control = read_control(layout)
    if control is None or control.mode is Mode.SINGLE:
        raise AuditRefusedError("keys", "this central side is under single control")
    # Before anything is joined: a statement that was put back names who may not sit any more.
    with held(layout, control) as log:
        log.require_not_left_out([key.signing.key_id for key in keys])
    identity, *retired = join_identities(layout, control, keys)
    signers = tuple((key.name, key.signing) for key in keys)
    seen = tuple((key.name, seen_beside(path)) for key, path in zip(keys, files, strict=True))
    return Present(control, identity, signers, seen, tuple(retired))


def own_order(
    present: Present,
    act: Act,
    about: Subject,
    why: tuple[str, str],
    now: datetime,
    *,
    unredacted: bool = False,
) -> Authority:
    """The order of an auditor who works alone. Raises AuditRefusedError."""
    if present.control.mode is Mode.DUAL:
        raise AuditRefusedError("order-needed")
    name, key = present.signers[0]
    order = new_order(present.control, act, about, why, name, now)
    order = replace(order, unredacted=unredacted)
    return Authority(order, sign_order(order, key))


def both_agree(present: Present, token: str, approval: str) -> Authority:
    """The order of two auditors. Raises AuditRefusedError."""
    return authorise(token, approval, present.control)


class Session:
    """Acts of those present under one order; make it with :func:`session`."""

    def __init__(self, present: Present, authority: Authority, log: OpeningLog) -> None:
        self.present = present
        self.authority = authority
        self.log = log

    def grant(self, targets: Sequence[Target], now: datetime, detail: str = "") -> tuple[int, ...]:
        """Write down what is about to be done; the numbers of the lines.

        Raises:
            AuditRefusedError: ``quota-hour``, ``quota-day`` (written down too), ``expired``,
                ``used``, ``clock``, ``log``.
        """
        order = self.authority.order
        try:
            require_in_time(order, now)
            self.log.require_time(now)
            self.log.require_unused(order.order_id)
            if order.act in READING:
                # An act that names no record shows something too, and is a line of its own.
                self._require_quota(max(1, len(targets)), now)
        except AuditRefusedError as exc:
            self._write((self._line(None, now, BLOCKED, exc.why, detail),))
            raise
        first = self.log.size
        lines = [self._line(target, now, GRANTED, "", detail) for target in targets]
        self._write(lines or [self._line(None, now, GRANTED, "", detail)])
        return tuple(range(first, self.log.size))

    def block(self, why: str, now: datetime, target: Target | None = None) -> None:
        """Write down that something was not done."""
        self._write((self._line(target, now, BLOCKED, why, ""),))

    def _require_quota(self, wanted: int, now: datetime) -> None:
        acts = frozenset(act.value for act in READING)
        per_hour, per_day = self.log.quotas
        for word, most, hours in (("quota-hour", per_hour, 1), ("quota-day", per_day, 24)):
            before = self.log.granted(acts, now - timedelta(hours=hours))
            if before + wanted > most:
                raise AuditRefusedError(
                    word, f"{before} opened, {wanted} asked for, {most} allowed"
                )

    def _line(
        self, target: Target | None, now: datetime, result: str, why: str, detail: str
    ) -> Line:
        authority = self.authority
        return Line(
            at=now.isoformat(),
            act=authority.order.act.value,
            result=result,
            record_id="" if target is None else target.record_id,
            device_id="" if target is None else target.device_id,
            why=why,
            order_id=authority.order.order_id,
            order=authority.token,
            approval=authority.approval,
            detail=detail if target is None else target.detail or detail,
        )

    def _write(self, lines: Sequence[Line]) -> None:
        signers = {key.key_id: key for _, key in self.present.signers}
        _remember(self.present, self.log.append(lines, signers))


def _remember(present: Present, seen: Seen) -> None:
    for _, path in present.seen:
        write_seen(path, seen)


@contextmanager
def session(layout: Layout, present: Present, authority: Authority) -> Iterator[Session]:
    """Hold the log, verified, for acts under one order. Raises AuditRefusedError."""
    with held(layout, present.control) as log:
        for name, path in present.seen:
            log.require_extends(read_seen(path), name)
        log.require_not_left_out([key.key_id for _, key in present.signers])
        yield Session(present, authority, log)


def require_about(authority: Authority, act: Act, record_id: RecordId | None = None) -> None:
    """Raises AuditRefusedError (``order``) unless the order allows this act about this record."""
    order = authority.order
    if order.act is not act:
        raise AuditRefusedError("order", f"it allows {order.act.value}")
    if record_id is not None and record_id not in order.about.records:
        raise AuditRefusedError("order", "it is about other records")
