"""A person's access to their own data: found, opened, copied, nothing of others handed over.

Rules, in order:

1. Records are named by the order: by identifier, by the request that they answer, or by one office
   and at most 31 days (UTC, as the devices claim). Nothing can be searched by name before it is
   opened: there is no index of persons, and none is made.
2. Each record is written down before it is opened, and counts against the quota, the ones that turn
   out to be another's too; too many are refused as a whole.
3. A search by days needs the file about the person whose digest the order names; only records that
   are that person's leave this process. Of the others nothing is kept but their number.
4. What is the person's is copied whole, but for the identity of agents (rights of others) and
   remarks restricted to the fight against fraud; what was left out is said.

Source: GDPR articles 15 and 23; domain 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.rows import EntryRow
from central.archive.storage import open_database
from central.auditor.evidence import write_signed
from central.auditor.opening import Found, Opened, Opening, RecordUnknownError
from central.auditor.orders import Subject
from central.auditor.person import Match, Person
from central.auditor.redaction import MASK
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import Session, Target
from kiosk import __version__
from kiosk.audit.entries import lost_leaf, open_entry
from kiosk.crypto.canonical import canonical_json
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import RecordId

FORMAT: Final = "visavis-access/1"
MAX_DAYS: Final = 31
_PAGE: Final = 2000
_WITHHELD: Final = (
    ("agent_id",),
    ("hands",),
    ("service", "second_agent"),
    ("service", "second_opinion"),
    ("decision", "fraud_suspected"),
)


@dataclass(frozen=True, slots=True)
class Copied:
    """One record of the person's."""

    opened: Opened

    @property
    def record(self) -> dict[str, Any]:
        """The record without what is not handed over."""
        return withheld(self.opened.contents.record)


@dataclass(frozen=True, slots=True)
class Access:
    """What was found.

    Attributes:
        copied: records of the person's.
        looked: how many were opened.
        untold: records that hold nothing to tell whose they are, by identifier.
        unreadable: records that did not verify, by identifier: never handed over.
        closed: named records that are not here or were erased, by identifier.
    """

    copied: tuple[Copied, ...]
    looked: int
    untold: tuple[str, ...]
    unreadable: tuple[str, ...]
    closed: tuple[str, ...]


def find_access(
    layout: Layout, opening: Opening, session: Session, person: Person | None, now: datetime
) -> Access:
    """Open what the session's order names, and keep what is the person's.

    Raises:
        AuditRefusedError: ``order``, ``too-many``, or what a grant raises; nothing was opened.
    """
    about = session.authority.order.about
    if (person.digest if person else "") != about.criteria:
        raise AuditRefusedError("order", "it is about another person")
    if about.office and person is None:
        raise AuditRefusedError("order", "a search by days needs whom to look for")
    found, closed = candidates(layout, opening, about)
    control = session.present.control
    if len(found) > control.per_hour:
        session.block("too-many", now)
        raise AuditRefusedError(
            "too-many", f"{len(found)} records; {control.per_hour} may be opened in an hour"
        )
    if not found:
        session.grant([], now, "nothing found")
        return Access((), 0, (), (), closed)
    targets = [Target(RecordId(str(one.entry.record_id)), one.entry.device_id) for one in found]
    session.grant(targets, now)
    copied, untold, unreadable = [], [], []
    for one in found:
        record_id = str(one.entry.record_id)
        try:
            opened = opening.read(one)
        except AuditError:
            unreadable.append(record_id)
            continue
        match = Match.SAME if person is None else person.matches(opened.contents.record)
        if match is Match.SAME:
            copied.append(Copied(opened))
        elif match is Match.UNKNOWN:
            untold.append(record_id)
    return Access(tuple(copied), len(found), tuple(untold), tuple(unreadable), closed)


def candidates(
    layout: Layout, opening: Opening, about: Subject
) -> tuple[list[Found], tuple[str, ...]]:
    """What can be opened, each once, and named records that cannot."""
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            places = _places(ledger, about)
    finally:
        database.close()
    found: dict[tuple[str, int], Found] = {}
    closed = []
    for entry in places:
        try:
            one = opening.find(RecordId(str(entry.record_id)), entry.device_id)
        except RecordUnknownError:
            closed.append(str(entry.record_id))
            continue
        found[entry.device_id, entry.seq] = one
    missing = set(about.records) - {str(entry.record_id) for entry in places}
    return list(found.values()), tuple(sorted({*closed, *missing}))


def _places(ledger: Ledger, about: Subject) -> list[EntryRow]:
    """Entries that announce what the order names."""
    places: list[EntryRow] = []
    for record_id in about.records:
        places += ledger.entries_of_record(RecordId(record_id))
    for key in about.request_keys:
        for act in ledger.rounds.acts_about(key):
            entry = ledger.entry(act.device_id, act.seq)
            if entry is not None and entry.record_id is not None:
                places.append(entry)
    if about.office:
        places += _of_days(ledger, about)
    return places


def _of_days(ledger: Ledger, about: Subject) -> list[EntryRow]:
    """Records of one office and a few days. Raises AuditRefusedError (``order``)."""
    try:
        first, last = date.fromisoformat(about.first), date.fromisoformat(about.last)
    except ValueError as exc:
        raise AuditRefusedError("order", "days are written 2026-11-27") from exc
    if not first <= last or last - first >= timedelta(days=MAX_DAYS):
        raise AuditRefusedError("order", f"at most {MAX_DAYS} days, first and last in order")
    places = []
    for device in ledger.devices():
        if device.office_id != about.office:
            continue
        for start in range(0, device.size, _PAGE):
            for row in ledger.entries(device.device_id, start, start + _PAGE):
                if row.record_id is None or lost_leaf(row.jws) is not None:
                    continue
                header = open_entry(row.jws, device.public_key)
                if first <= header.wall_time.astimezone(UTC).date() <= last:
                    places.append(row)
    return places


def withheld(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without what is not handed over; the place of it stays visible."""
    copy: dict[str, Any] = _copied(record)
    facts = copy.get("visavis")
    for path in _WITHHELD:
        holder = facts
        for name in path[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and holder.get(path[-1]) not in (None, [], ""):
            holder[path[-1]] = {MASK: True}
    return copy


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def access_json(access: Access, session: Session, now: datetime) -> dict[str, Any]:
    """The copy as JSON types."""
    order = session.authority.order
    return {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "software": {"name": "visavis-central", "version": __version__},
        "order_id": order.order_id,
        "looked": access.looked,
        "untold": len(access.untold),
        "unreadable": len(access.unreadable),
        "not_here": len(access.closed),
        "withheld": [".".join(path) for path in _WITHHELD],
        "records": [
            {
                "record": one.record,
                "received_at": one.opened.received_at,
                "device_id": one.opened.entry.device_id,
                "seq": one.opened.entry.seq,
                "attachments": [
                    {"name": f"{number}-{a.name.rpartition('/')[2]}", "bytes": len(a.data)}
                    for a in one.opened.contents.attachments
                ],
            }
            for number, one in enumerate(access.copied, 1)
        ],
    }


def write_access(
    folder: Path, access: Access, session: Session, now: datetime
) -> Mapping[str, str]:
    """Write the copy into a new folder, signed; digests by name of file.

    Raises:
        FileExistsError: the folder is there already.
        OSError: it cannot be written.
    """
    from central.auditor.access_pdf import access_pdf

    told = access_json(access, session, now)
    folder.mkdir(mode=0o700, parents=True)
    files = {"donnees.json": canonical_json(told), "donnees.pdf": access_pdf(told)}
    for number, one in enumerate(access.copied, 1):
        for item in one.opened.contents.attachments:
            files[f"fichiers/{number}-{item.name.rpartition('/')[2]}"] = item.data
    keys: Sequence[Any] = [key for _, key in session.present.signers]
    return write_signed(folder, files, keys)
