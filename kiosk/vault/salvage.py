"""Carries what can be proven whole from a damaged store into a fresh one.

Rules, in order: an entry is carried over when its signature and its place hold; of a lost entry the
hash that was kept apart holds its place, so that everything after it stays proven; without that
hash the journal cannot go on, and nothing pretends that it can. A sealed record is carried over
when its bytes are the ones that its entry announced. A row of the outbox that is gone is written
anew from entry, bytes and receipt. What was lost is told by number. The damaged file itself is
only read and, at the end, renamed. Source: records-and-sync section 8, case 15.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from kiosk.audit.checkpoint import slip_code
from kiosk.audit.entries import (
    HASH_BYTES,
    LOST_KIND,
    Header,
    entry_leaf,
    lost_entry,
    lost_leaf,
    open_entry,
)
from kiosk.audit.records import blob_fits
from kiosk.audit.tree import Frontier
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import AuditError, SalvageError, SealedRecordError
from kiosk.domain.ids import RecordId
from kiosk.ports import AgentRow, DraftRow, JournalRow, OutboxRow, OutboxState
from kiosk.vault.store import SqlStore, SqlUnitOfWork
from kiosk.vault.wreck import Wreck

_COMMIT_ENTRIES = 2000
_WITH_LEAVES = 2
RATCHET = "journal/ratchet"
RECEIPT_PREFIX = "central/receipt/"
LET_GO_PREFIX = "central/receipt-let-go/"

R = TypeVar("R", AgentRow, DraftRow, OutboxRow)


@dataclass
class Salvaged:
    """What was carried over, and what was not.

    Attributes:
        entries: entries carried over whole.
        entries_lost: numbers of entries of which only the hash is left.
        records: sealed records carried over whole.
        records_lost: numbers of records whose sealed bytes are gone and were not safe elsewhere.
        rows_renewed: numbers of records whose row of the outbox was written anew.
        damaged_tables: tables of which some page could not be read.
    """

    entries: int = 0
    entries_lost: list[int] = field(default_factory=list)
    records: int = 0
    records_lost: list[int] = field(default_factory=list)
    rows_renewed: list[int] = field(default_factory=list)
    damaged_tables: list[str] = field(default_factory=list)


class Salvage:
    """One damaged store and the fresh one."""

    def __init__(self, wreck: Wreck, target: SqlStore, device_public: bytes) -> None:
        self._wreck = wreck
        self._target = target
        self._device_public = device_public
        self.found = Salvaged()

    def run(self) -> Salvaged:
        """Carry everything over.

        Raises:
            SalvageError: the journal cannot go on with what is left; ``detail`` says why.
        """
        headers = self._carry_journal()
        names = self._carry_values()
        self._carry_people()
        self._carry_records(headers, names)
        return self.found

    def _table(self, name: str, upto: int = 0) -> Iterator[Mapping[str, Any]]:
        yield from self._wreck.table(name, upto)
        if self._wreck.stumbled and name not in self.found.damaged_tables:
            self.found.damaged_tables.append(name)

    # --- the journal ----------------------------------------------------------------------------

    def _carry_journal(self) -> dict[int, Header]:
        """Entries and holes, in order; the headers of the entries that announce a record."""
        leaves = self._leaves()
        entries = {
            int(row["seq"]): str(row["jws"])
            for row in self._table("journal", max(leaves, default=0))
        }
        size = max((*entries, *leaves), default=-1) + 1
        frontier, announced = Frontier(), {}
        moment = datetime.min.replace(tzinfo=UTC)
        for start in range(0, size, _COMMIT_ENTRIES):
            with self._target.begin() as uow:
                for seq in range(start, min(start + _COMMIT_ENTRIES, size)):
                    header = self._entry(entries.get(seq), seq, frontier)
                    moment = moment if header is None else header.wall_time
                    row = _journal_row(seq, header, entries, leaves, moment)
                    frontier = frontier.append(entry_leaf(row.jws))
                    uow.journal.append(row, slip_code(frontier.root()))
                    if header is None:
                        self.found.entries_lost.append(seq)
                        continue
                    self.found.entries += 1
                    if header.record_id is not None:
                        announced[seq] = header
                uow.journal.put_frontier(frontier.hashes)
                uow.commit()
        self._check_frontier(frontier)
        return announced

    def _leaves(self) -> dict[int, bytes]:
        if self._wreck.version < _WITH_LEAVES:
            return {}
        rows = self._table("journal_leaves")
        return {int(r["seq"]): bytes(r["leaf"]) for r in rows if len(r["leaf"]) == HASH_BYTES}

    def _entry(self, jws: str | None, seq: int, frontier: Frontier) -> Header | None:
        """The header of an entry in its place; None where it is lost, or was lost before."""
        if jws is None or lost_leaf(jws) is not None:
            return None
        try:
            header = open_entry(jws, self._device_public)
        except AuditError:
            return None
        if header.seq != seq or header.prev_root != b64u(frontier.root()):
            # A hash of an entry before is not the one that was signed for: nothing here is proven.
            raise SalvageError(f"entry {seq}")
        return header

    def _check_frontier(self, frontier: Frontier) -> None:
        """The last entries cannot be missed in silence: the tree was kept with the last one."""
        rows = list(self._table("journal_frontier"))
        kept = tuple(bytes(row["hash"]) for row in sorted(rows, key=lambda r: r["position"]))
        if "journal_frontier" not in self.found.damaged_tables and kept != frontier.hashes:
            raise SalvageError("the last entries")

    # --- everything else ------------------------------------------------------------------------

    def _carry_values(self) -> frozenset[str]:
        names = set()
        with self._target.begin() as uow:
            for row in self._table("named_values"):
                uow.values.put(str(row["name"]), bytes(row["value"]))
                names.add(str(row["name"]))
            uow.commit()
        if RATCHET not in names and self.found.entries:
            raise SalvageError("ratchet key")
        return frozenset(names)

    def _carry_people(self) -> None:
        with self._target.begin() as uow:
            for row in self._table("agents"):
                uow.agents.put(_value(AgentRow, row, "last_try_at"))
            for row in self._table("drafts"):
                uow.drafts.put(_value(DraftRow, row, "updated_at"))
            uow.commit()

    def _carry_records(self, headers: dict[int, Header], names: frozenset[str]) -> None:
        rows = {
            int(row["seq"]): _value(
                OutboxRow,
                row | {"state": OutboxState(row["state"]), "purged": bool(row["purged"])},
                "queued_at",
                "updated_at",
            )
            for row in map(dict, self._table("outbox", max(headers, default=0)))
        }
        for seq in sorted({*headers, *rows}):
            with self._target.begin() as uow:
                self._carry_record(uow, seq, headers.get(seq), rows.get(seq), names)
                uow.commit()

    def _carry_record(
        self,
        uow: SqlUnitOfWork,
        seq: int,
        header: Header | None,
        row: OutboxRow | None,
        names: frozenset[str],
    ) -> None:
        proofs = {f"{prefix}{seq:012d}" for prefix in (RECEIPT_PREFIX, LET_GO_PREFIX)}
        safe_elsewhere = bool(proofs & names)
        if row is not None and row.purged:
            uow.outbox.put(row)
            return
        blob = self._wreck.blob(seq)
        # The bytes of a lost entry cannot be judged here; where the entry may be, they are.
        whole = blob is not None and (header is None or blob_fits(blob, header))
        if row is None and header is not None:
            row = _new_row(header, len(blob or b""), purged=safe_elsewhere and not whole)
            self.found.rows_renewed.append(seq)
        if row is None:
            return
        if whole and blob is not None:
            uow.blobs.put(seq, blob)
            self.found.records += 1
        elif not row.purged:
            row = _refused(row)
            self.found.records_lost.append(seq)
        uow.outbox.put(row)


def _journal_row(
    seq: int,
    header: Header | None,
    entries: Mapping[int, str],
    leaves: Mapping[int, bytes],
    moment: datetime,
) -> JournalRow:
    """The row of an entry, or of the hole that its hash keeps open. Raises SalvageError."""
    if header is not None:
        return JournalRow(seq, header.kind.value, header.record_id, header.wall_time, entries[seq])
    leaf = lost_leaf(entries.get(seq, "")) or leaves.get(seq)
    if leaf is None:
        raise SalvageError(f"entry {seq} and its hash")
    return JournalRow(seq, LOST_KIND, None, moment, lost_entry(leaf))


def _value(kind: type[R], row: Mapping[str, Any], *moments: str) -> R:
    """A row of a port from the columns that it knows."""
    known = {name.name for name in fields(kind)}
    values = {name: value for name, value in row.items() if name in known}
    for name in moments:
        if values[name] is not None:
            values[name] = datetime.fromisoformat(values[name])
    return kind(**values)


def _new_row(header: Header, length: int, *, purged: bool) -> OutboxRow:
    state = OutboxState.STORED if purged else OutboxState.WAITING
    record_id = RecordId(str(header.record_id))
    at = header.wall_time
    return OutboxRow(header.seq, record_id, state, at, at, 0, "", length, purged)


def _refused(row: OutboxRow) -> OutboxRow:
    return replace(row, state=OutboxState.REFUSED, reason=SealedRecordError.code)
