"""Erasure by order of two auditors: the key of a record is destroyed, the proof of it stays.

Rules, in order:

1. The order is written down in the log of openings before anything is destroyed.
2. A legal hold blocks an erasure; what was blocked is written down. A hold that comes while an
   erasure waits for its record goes first, until it is released.
3. What is here loses its age header at once, in quarantine too; parts of an upload are dropped; a
   record that is still on a tablet loses it when it arrives, and the tablet gets its receipt all
   the same, so that it deletes its own copy.
4. An order that was written down and did not reach the database (a crash, a backup put back) is
   carried out again from the log: :func:`reapply`.
5. A record without its header and without such an order is no erasure but a deletion:
   :mod:`central.auditor.erasure_check`.

Copies of the database made before hold headers until they are thrown away: thirty days at most.
Source: records-and-sync 2.5, 2.9 and section 8, case 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from central.archive.database import EVERYTHING, Forgotten
from central.archive.erasure_rows import ErasureRow, HoldRow
from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.locks import ERASURES
from central.archive.storage import open_database
from central.auditor.opening_lines import GRANTED
from central.auditor.opening_log import OpeningLog
from central.auditor.order_rows import foreign_holds, foreign_orders
from central.auditor.ordered import AWAY, GONE, HERE, Ordered
from central.auditor.orders import Act, Authority, standing
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import Session, Target
from kiosk.domain.ids import DeviceId, RecordId

_SCOPES = (EVERYTHING, ERASURES)
"""With these no record is on its way in: it was asked about before, or will be after."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of one record.

    Attributes:
        record_id: which.
        erased: its key was destroyed here, now or before.
        waiting: not here yet; the order holds when it arrives.
        held: a legal hold keeps it.
    """

    record_id: RecordId
    erased: bool
    waiting: bool
    held: bool = False


@dataclass(frozen=True, slots=True)
class Erasures:
    """What became of all.

    Attributes:
        records: one each.
        forgotten: nothing is left in the database's files, its write-ahead log included.
        rewritten: nothing is left in the files of its tables.
    """

    records: tuple[Erasure, ...]
    forgotten: bool
    rewritten: bool


def _with(done: Sequence[Erasure], left: Forgotten) -> Erasures:
    return Erasures(tuple(done), left.tables and left.log, left.tables)


def erase(layout: Layout, session: Session, now: datetime) -> Erasures:
    """Erase the records of the session's order.

    Raises:
        AuditRefusedError: ``hold``: one of them is held; none is erased, and that is written down.
    """
    authority = session.authority
    records = [RecordId(one) for one in authority.order.about.records]
    if not records:
        raise AuditRefusedError("order", "it names no record")
    # A hold whose row somebody took out of the database is in force all the same.
    ordered = Ordered(session.log.lines)
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            held = [one for one in records if ordered.held(one) or ledger.erasures.holds(one)]
            targets = [_target(ledger, one) for one in records]
        if held:
            for one in held:
                session.block("hold", now, Target(one, DeviceId("")))
            raise AuditRefusedError("hold", f"{len(held)} of {len(records)} records are held")
        session.grant(targets, now)
        with database.writing(*_SCOPES) as ledger:
            done = tuple(_order(layout, ledger, one, authority, now) for one in records)
        return _with(done, database.forget())
    finally:
        database.close()


def _target(ledger: Ledger, record_id: RecordId) -> Target:
    found = ledger.entries_of_record(record_id)
    return Target(record_id, found[0].device_id if len(found) == 1 else DeviceId(""))


def _order(
    layout: Layout, ledger: Ledger, record_id: RecordId, authority: Authority, now: datetime
) -> Erasure:
    at = now.isoformat(timespec="milliseconds")
    ledger.erasures.add_order(ErasureRow(record_id, authority.token, authority.approval, at))
    return _apply(layout, ledger, record_id, at)


def _apply(layout: Layout, ledger: Ledger, record_id: RecordId, at: str) -> Erasure:
    held = bool(ledger.erasures.holds(record_id))
    ledger.erasures.apply(record_id, at)
    here = []
    for entry in ledger.entries_of_record(record_id):
        sealed = ledger.sealed(entry.device_id, entry.seq)
        here.append(sealed is not None and sealed.header is None)
        if not held:
            # Its first bytes are the header; one that was damaged here is on its way once more.
            part = layout.uploads / f"{entry.device_id}-{entry.seq:012d}.part"
            part.unlink(missing_ok=True)
    erased = bool(here) and all(here)
    return Erasure(record_id, erased, waiting=not erased and not held, held=held)


def hold(layout: Layout, session: Session, now: datetime) -> Erasures:
    """Place a legal hold on the records of the session's order. Raises AuditRefusedError."""
    authority, at = session.authority, now.isoformat(timespec="milliseconds")
    records = [RecordId(one) for one in authority.order.about.records]
    if not records:
        raise AuditRefusedError("order", "it names no record")
    database = open_database(layout)
    try:
        # No key goes between what the line says about it and the row that keeps it from going.
        with database.writing(*_SCOPES) as ledger:
            where = [Target(one, DeviceId(""), _key_of(ledger, one)) for one in records]
            session.grant(where, now)
            for one in records:
                tokens = (authority.token, authority.approval)
                ledger.erasures.add_hold(HoldRow(authority.order.order_id, one, *tokens, at))
    finally:
        database.close()
    return Erasures(
        tuple(Erasure(one, erased=False, waiting=False, held=True) for one in records),
        forgotten=True,
        rewritten=True,
    )


def _key_of(ledger: Ledger, record_id: RecordId) -> str:
    """Where the key of a record is, in the word that its line says."""
    entries = ledger.entries_of_record(record_id)
    rows = [ledger.sealed(entry.device_id, entry.seq) for entry in entries]
    if not rows or None in rows:
        return AWAY
    return GONE if all(row is not None and row.header is None for row in rows) else HERE


def release(layout: Layout, session: Session, now: datetime) -> Erasures:
    """Release the holds on the records of the order; an erasure that waited behind one follows."""
    at = now.isoformat(timespec="milliseconds")
    records = [RecordId(one) for one in session.authority.order.about.records]
    if not records:
        raise AuditRefusedError("order", "it names no record")
    session.grant([Target(one, DeviceId("")) for one in records], now)
    database = open_database(layout)
    try:
        done = []
        # A row alone is no order: somebody may have put it there to wait for this moment.
        ordered = Ordered(session.log.lines)
        with database.writing(*_SCOPES) as ledger:
            for one in records:
                ledger.erasures.release(one, at)
                if one in ordered.erasures and ledger.erasures.order(one) is not None:
                    done.append(_apply(layout, ledger, one, at))
        return _with(done, database.forget())
    finally:
        database.close()


def reapply(layout: Layout, log: OpeningLog, now: datetime) -> Erasures:
    """Carry out again what the log says was ordered: after a crash, or a backup put back.

    Rows that nobody ordered are taken out, holds put back as the whole log leaves them, and then
    keys destroyed. Nothing new is ordered, so that nobody has to sign. Raises AuditRefusedError
    where an order in the log does not hold.
    """
    at = now.isoformat(timespec="milliseconds")
    for line in log.lines:
        if line.result == GRANTED and line.act in {Act.ERASE, Act.HOLD, Act.RELEASE}:
            standing(line.order, line.approval, log.control_of(line))
    ordered = Ordered(log.lines)
    database = open_database(layout)
    try:
        with database.writing(*_SCOPES) as ledger:
            for foreign in foreign_holds(ordered, ledger):
                ledger.erasures.drop_hold(foreign)
            for record_id in foreign_orders(ordered, ledger):
                ledger.erasures.drop_order(record_id)
            for hold_row in ordered.holds:
                ledger.erasures.put_hold(hold_row)
            for order_row in ordered.erasures.values():
                ledger.erasures.put_order(order_row)
            done = tuple(_apply(layout, ledger, one, at) for one in ordered.erasures)
        return _with(done, database.forget())
    finally:
        database.close()
