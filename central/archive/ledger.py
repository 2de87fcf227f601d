"""Reads and writes rows inside one transaction. No rule of the protocol lives here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)

from central.archive.challenges import ChallengeRows
from central.archive.damage_rows import DamageRows
from central.archive.erasure_rows import ErasureRows
from central.archive.fleet_rows import Arrived, FleetRows
from central.archive.later_rows import LaterRows
from central.archive.locks import lock
from central.archive.provider_rows import ProviderChangeRows
from central.archive.question_rows import QuestionRows
from central.archive.restore_rows import RestoreRows
from central.archive.result_rows import ResultRows, result_awaited
from central.archive.round_rows import RoundRows
from central.archive.rows import (
    AlarmRow,
    CodeRow,
    DeviceRow,
    EntryRow,
    KeptRow,
    LeafRow,
    LogRow,
    OriginRow,
    SealedRow,
)
from central.archive.schema import (
    alarms,
    codes,
    devices,
    entries,
    forks,
    log_leaves,
    log_nodes,
    log_state,
    origins,
    policies,
    sealed,
)
from central.archive.sheet_rows import SheetRows
from central.archive.witness_rows import WitnessRows
from kiosk.audit.tree import node_hash
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.receipts import ReceiptState

_HASH_BYTES = 32


def _values(row: SealedRow | LeafRow | EntryRow | DeviceRow) -> dict[str, Any]:
    """Columns of a row; ``asdict`` would copy the bytes of each, one by one."""
    return {name: getattr(row, name) for name in row.__slots__}


def _join(hashes: tuple[bytes, ...]) -> bytes:
    return b"".join(hashes)


def _cut(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[i : i + _HASH_BYTES] for i in range(0, len(data), _HASH_BYTES))


def _kept() -> Select[Any]:
    columns = (sealed.c.device_id, sealed.c.seq, sealed.c.payload_sha256, sealed.c.received_at)
    return select(*columns).where(sealed.c.header.is_not(None))


def _device(row: Row[Any]) -> DeviceRow:
    return DeviceRow(
        device_id=DeviceId(row.device_id),
        public_key=row.public_key,
        office_id=OfficeId(row.office_id),
        enrolled_at=row.enrolled_at,
        size=row.size,
        frontier=_cut(row.frontier),
        checkpoint=row.checkpoint,
        quarantined=bool(row.quarantined),
    )


@cache
def _by_key(table: Table, names: tuple[str, ...]) -> Select[Any]:
    """The row with given values in these columns."""
    return select(table).where(*(table.c[name] == bindparam(name) for name in names))


# Said once, those of every delivery: to put one together costs more than to carry it out.
_PUT_DEVICE = (
    update(devices)
    .where(devices.c.device_id == bindparam("who"))
    .values({column.name: bindparam(column.name) for column in devices.c if not column.primary_key})
)
_POLICIES_AFTER = (
    select(policies.c.version, policies.c.token)
    .where(policies.c.version > bindparam("after"))
    .order_by(policies.c.version)
)
_ENTRIES_BETWEEN = (
    select(entries)
    .where(
        entries.c.device_id == bindparam("who"),
        entries.c.seq >= bindparam("start"),
        entries.c.seq < bindparam("end"),
    )
    .order_by(entries.c.seq)
)
_MISSING = (
    select(entries.c.seq)
    .outerjoin(
        sealed,
        (sealed.c.device_id == entries.c.device_id) & (sealed.c.seq == entries.c.seq),
    )
    .where(
        entries.c.device_id == bindparam("who"),
        entries.c.seq > bindparam("behind"),
        entries.c.record_id.is_not(None),
        sealed.c.seq.is_(None),
    )
    .order_by(entries.c.seq)
    .limit(bindparam("most"))
)
_SEALED_FROM = (
    select(sealed)
    .where(sealed.c.device_id == bindparam("who"), sealed.c.seq >= bindparam("start"))
    .order_by(sealed.c.seq)
    .limit(bindparam("most"))
)
_UNSEQUENCED = (
    select(sealed, entries.c.leaf)
    .join(
        entries,
        (entries.c.device_id == sealed.c.device_id) & (entries.c.seq == sealed.c.seq),
    )
    .where(sealed.c.state == ReceiptState.LOGGED, ~result_awaited())
    .order_by(sealed.c.received_at, sealed.c.device_id, sealed.c.seq)
    .limit(bindparam("most"))
)
_SET_STATES = (
    update(sealed)
    .where(tuple_(sealed.c.device_id, sealed.c.seq).in_(bindparam("keys", expanding=True)))
    .values(state=bindparam("to"))
)
_SEALED_AMONG = select(sealed.c.device_id, sealed.c.seq).where(
    tuple_(sealed.c.device_id, sealed.c.seq).in_(bindparam("keys", expanding=True))
)
_LEAVES_AMONG = select(log_leaves.c.device_id, log_leaves.c.seq).where(
    tuple_(log_leaves.c.device_id, log_leaves.c.seq).in_(bindparam("keys", expanding=True))
)
_QUARANTINED = select(devices.c.device_id, devices.c.quarantined).where(
    devices.c.device_id.in_(bindparam("who", expanding=True))
)
_PUT_LOG = update(log_state).values(
    size=bindparam("to_size"), frontier=bindparam("to_frontier"), checkpoint=bindparam("to_note")
)
_NODE = select(log_nodes.c.hash).where(
    log_nodes.c.level == bindparam("level"), log_nodes.c.index == bindparam("index")
)
_LEAF_HASH = select(log_leaves.c.hash).where(log_leaves.c.index == bindparam("index"))
_NEWEST_LEAF = select(func.max(log_leaves.c.seq)).where(log_leaves.c.device_id == bindparam("who"))


class Ledger:
    """The rows of one transaction.

    Attributes:
        rounds: the rows about visits and requests.
        fleet: what is counted for those who run the fleet.
        questions: the rows about questions to colleagues.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rounds = RoundRows(connection)
        self.fleet = FleetRows(connection)
        self.questions = QuestionRows(connection)

    @property
    def challenges(self) -> ChallengeRows:
        """Codes that were sent to customers."""
        return ChallengeRows(self._connection)

    @property
    def later(self) -> LaterRows:
        """Addresses that are to be confirmed later."""
        return LaterRows(self._connection)

    @property
    def sheets(self) -> SheetRows:
        """Sheets that were mailed."""
        return SheetRows(self._connection)

    @property
    def results(self) -> ResultRows:
        """Results for providers."""
        return ResultRows(self._connection)

    @property
    def provider_changes(self) -> ProviderChangeRows:
        """Providers that come and go."""
        return ProviderChangeRows(self._connection)

    @property
    def witnesses(self) -> WitnessRows:
        """What witnesses said of the collector's log."""
        return WitnessRows(self._connection)

    @property
    def restores(self) -> RestoreRows:
        """Logs of the collector that ended."""
        return RestoreRows(self._connection)

    @property
    def damages(self) -> DamageRows:
        """Payloads that are not what their row says."""
        return DamageRows(self._connection)

    @property
    def erasures(self) -> ErasureRows:
        """Orders of erasure and legal holds."""
        return ErasureRows(self._connection)

    def lock(self, scopes: Iterable[str]) -> None:
        """Keep other writers of these scopes out until the transaction ends.

        To be called once in a transaction, with every scope that it will need beside its own: the
        order in which they are taken is what keeps two writers from waiting for each other.
        """
        for scope in sorted(set(scopes)):
            lock(self._connection, scope)

    def _one(self, table: Table, **key: Any) -> Row[Any] | None:
        return self._connection.execute(_by_key(table, tuple(key)), key).one_or_none()

    # --- policies -----------------------------------------------------------------------------

    def policy(self, version: int | None = None) -> tuple[int, str] | None:
        """Version and token of a policy, the newest by default."""
        query = select(policies.c.version, policies.c.token).order_by(policies.c.version.desc())
        if version is not None:
            query = query.where(policies.c.version == version)
        row = self._connection.execute(query.limit(1)).one_or_none()
        return None if row is None else (row.version, row.token)

    def policies(self, after: int = 0) -> tuple[tuple[int, str], ...]:
        """Versions and tokens of every policy after version ``after``, oldest first."""
        rows = self._connection.execute(_POLICIES_AFTER, {"after": after})
        return tuple((row.version, row.token) for row in rows)

    def add_policy(self, version: int, token: str) -> None:
        """Keep a new version."""
        self._connection.execute(insert(policies).values(version=version, token=token))

    # --- enrolment ----------------------------------------------------------------------------

    def code(self, secret_sha256: bytes) -> CodeRow | None:
        """An enrolment code by the hash of its secret."""
        row = self._one(codes, secret_sha256=secret_sha256)
        return None if row is None else CodeRow(**row._asdict())

    def put_code(self, row: CodeRow) -> None:
        """Add a code, or note who used it."""
        if self.code(row.secret_sha256) is None:
            self._connection.execute(insert(codes).values(**asdict(row)))
        else:
            query = update(codes).where(codes.c.secret_sha256 == row.secret_sha256)
            self._connection.execute(query.values(**asdict(row)))

    # --- devices and their journals -----------------------------------------------------------

    def device(self, device_id: DeviceId) -> DeviceRow | None:
        """A device by its id."""
        row = self._one(devices, device_id=device_id)
        return None if row is None else _device(row)

    def devices(self) -> tuple[DeviceRow, ...]:
        """Every device, by id."""
        rows = self._connection.execute(select(devices).order_by(devices.c.device_id))
        return tuple(_device(row) for row in rows)

    def put_device(self, row: DeviceRow) -> None:
        """Add a device, or replace its state."""
        values = _values(row) | {"frontier": _join(row.frontier)}
        known = self.device(row.device_id)
        if known is None:
            self._connection.execute(insert(devices).values(**values))
            self.fleet.add_device(row.device_id, row.office_id, row.enrolled_at)
        else:
            del values["device_id"]
            self._connection.execute(_PUT_DEVICE, values | {"who": row.device_id})
        before = (row.office_id, False) if known is None else (known.office_id, known.quarantined)
        if before != (row.office_id, row.quarantined):
            self.fleet.set_device(row.device_id, row.office_id, quarantined=row.quarantined)

    def add_entries(self, rows: tuple[EntryRow, ...]) -> None:
        """Append journal entries, of one device."""
        if rows:
            self._connection.execute(insert(entries), [_values(row) for row in rows])
            records = sum(row.record_id is not None for row in rows)
            self.fleet.announced(rows[0].device_id, records)

    def entries(self, device_id: DeviceId, start: int, end: int) -> tuple[EntryRow, ...]:
        """Entries with ``start <= seq < end``, in order."""
        asked = {"who": device_id, "start": start, "end": end}
        rows = self._connection.execute(_ENTRIES_BETWEEN, asked)
        return tuple(EntryRow(**row._asdict()) for row in rows)

    def next_entry(self, device_id: DeviceId, start: int) -> int | None:
        """Number of the first entry from ``start`` on."""
        query = select(func.min(entries.c.seq)).where(
            entries.c.device_id == device_id, entries.c.seq >= start
        )
        found: int | None = self._connection.execute(query).scalar_one()
        return found

    def entry(self, device_id: DeviceId, seq: int) -> EntryRow | None:
        """One entry."""
        row = self._one(entries, device_id=device_id, seq=seq)
        return None if row is None else EntryRow(**row._asdict())

    def entries_of_record(self, record_id: RecordId) -> tuple[EntryRow, ...]:
        """The entries that announce a record: one, unless a device announces another's id."""
        query = select(entries).where(entries.c.record_id == record_id)
        rows = self._connection.execute(query.order_by(entries.c.device_id, entries.c.seq))
        return tuple(EntryRow(**row._asdict()) for row in rows)

    def add_fork(
        self, device_id: DeviceId, seq: int, jws: str, checkpoint: str, received_at: str
    ) -> None:
        """Keep the evidence of a second history; the same evidence once."""
        known = self._one(forks, device_id=device_id, seq=seq, jws=jws)
        if known is None:
            self._connection.execute(
                insert(forks).values(
                    device_id=device_id,
                    seq=seq,
                    jws=jws,
                    checkpoint=checkpoint,
                    received_at=received_at,
                )
            )

    def forks(self, device_id: DeviceId) -> int:
        """How many entries of another history are known."""
        query = select(func.count()).select_from(forks).where(forks.c.device_id == device_id)
        return int(self._connection.execute(query).scalar_one())

    def add_alarm(self, row: AlarmRow) -> None:
        """Raise an alarm; the same one is raised once."""
        known = self._one(alarms, device_id=row.device_id, kind=row.kind, seq=row.seq)
        if known is None:
            self._connection.execute(insert(alarms).values(**asdict(row)))
            self.fleet.add_alarm(row.device_id, row.kind, row.seq, row.raised_at)

    def alarms(self, device_id: DeviceId) -> tuple[AlarmRow, ...]:
        """Alarms about a device, in the order in which they were raised."""
        query = select(alarms).where(alarms.c.device_id == device_id)
        rows = self._connection.execute(query.order_by(alarms.c.raised_at, alarms.c.seq))
        return tuple(AlarmRow(**row._asdict()) for row in rows)

    def add_origin(self, row: OriginRow) -> None:
        """Keep the sealed beginning of a device's ratchet; it is never replaced."""
        self._connection.execute(insert(origins).values(**asdict(row)))

    def origin(self, device_id: DeviceId) -> OriginRow | None:
        """The sealed beginning of a device's ratchet."""
        row = self._one(origins, device_id=device_id)
        return None if row is None else OriginRow(**row._asdict())

    # --- sealed records -----------------------------------------------------------------------

    def missing(self, device_id: DeviceId, limit: int, after: int = -1) -> tuple[int, ...]:
        """Entries behind ``after`` that announce a record which has not arrived, in order."""
        asked = {"who": device_id, "behind": after, "most": limit}
        return tuple(self._connection.execute(_MISSING, asked).scalars())

    def kept_page(self, since: str, after: KeptRow | None, limit: int) -> tuple[KeptRow, ...]:
        """Records that were not erased, newest first.

        Args:
            since: those that arrived from then on, ISO 8601 UTC; ``""`` for all.
            after: the last one of the page before.
            limit: rows of a page.
        """
        order = (sealed.c.received_at, sealed.c.device_id, sealed.c.seq)
        query = _kept().where(sealed.c.received_at >= since)
        if after is not None:
            query = query.where(
                tuple_(*order) < tuple_(after.received_at, after.device_id, after.seq)
            )
        rows = self._connection.execute(query.order_by(*(c.desc() for c in order)).limit(limit))
        return tuple(KeptRow(**row._asdict()) for row in rows)

    def kept_drawn(self, before: str, count: int) -> tuple[KeptRow, ...]:
        """So many of the records that arrived before and were not erased, drawn by chance."""
        query = _kept().where(sealed.c.received_at < before)
        rows = self._connection.execute(query.order_by(func.random()).limit(count))
        return tuple(KeptRow(**row._asdict()) for row in rows)

    def sealed(self, device_id: DeviceId, seq: int) -> SealedRow | None:
        """A record that arrived."""
        row = self._one(sealed, device_id=device_id, seq=seq)
        return None if row is None else SealedRow(**row._asdict())

    def sealed_from(self, device_id: DeviceId, start: int, limit: int) -> tuple[SealedRow, ...]:
        """Records that arrived, from entry ``start`` on."""
        asked = {"who": device_id, "start": start, "most": limit}
        rows = self._connection.execute(_SEALED_FROM, asked)
        return tuple(SealedRow(**row._asdict()) for row in rows)

    def sealed_between(self, device_id: DeviceId, start: int, end: int) -> dict[int, SealedRow]:
        """Records that arrived, of entries ``start <= seq < end``, by entry."""
        query = select(sealed).where(
            sealed.c.device_id == device_id, sealed.c.seq >= start, sealed.c.seq < end
        )
        return {row.seq: SealedRow(**row._asdict()) for row in self._connection.execute(query)}

    def unsequenced(self, limit: int) -> tuple[tuple[SealedRow, bytes], ...]:
        """Records that have no leaf in the log yet, oldest first, with the leaf of their entry.

        A record whose entry announces a result waits for that too: a receipt stands for both.
        """
        found = []
        for row in self._connection.execute(_UNSEQUENCED, {"most": limit}):
            values = row._asdict()
            leaf = values.pop("leaf")
            found.append((SealedRow(**values), leaf))
        return tuple(found)

    def set_state(self, device_id: DeviceId, seq: int, state: str) -> None:
        """Change the state of a record."""
        self.set_states(((device_id, seq),), state)

    def set_states(self, keys: Sequence[tuple[DeviceId, int]], state: str) -> None:
        """Change the state of records."""
        if keys:
            self._connection.execute(_SET_STATES, {"keys": keys, "to": state})
        if state == ReceiptState.QUARANTINED:
            self.fleet.held_back(device_id for device_id, _ in keys)

    def add_sealed(self, row: SealedRow) -> None:
        """Note that a record arrived."""
        self.add_all_sealed((row,))

    def add_all_sealed(self, rows: Iterable[SealedRow]) -> None:
        """Note that records arrived."""
        arrived = tuple(rows)
        if not arrived:
            return
        values = [_values(row) for row in arrived]
        for value in values:
            del value["size"]
        self._connection.execute(insert(sealed), values)
        self.fleet.received(
            Arrived(row.device_id, row.size, row.state == ReceiptState.QUARANTINED)
            for row in arrived
        )

    def sealed_among(self, keys: Sequence[tuple[DeviceId, int]]) -> frozenset[tuple[str, int]]:
        """Those of ``keys`` (device and entry number) whose record arrived."""
        rows = self._connection.execute(_SEALED_AMONG, {"keys": keys})
        return frozenset((row.device_id, row.seq) for row in rows)

    def quarantined(self, device_ids: Iterable[DeviceId]) -> dict[DeviceId, bool]:
        """For each of these devices that is known, whether it has two histories."""
        rows = self._connection.execute(_QUARANTINED, {"who": sorted(set(device_ids))})
        return {DeviceId(row.device_id): bool(row.quarantined) for row in rows}

    # --- the collector's own log --------------------------------------------------------------

    def log(self) -> LogRow | None:
        """State of the log, None before its first checkpoint."""
        row = self._one(log_state, id=1)
        return None if row is None else LogRow(row.size, _cut(row.frontier), row.checkpoint)

    def put_log(self, row: LogRow) -> None:
        """Replace the state of the log."""
        values = {"size": row.size, "frontier": _join(row.frontier), "checkpoint": row.checkpoint}
        if self.log() is None:
            self._connection.execute(insert(log_state).values(id=1, **values))
        else:
            to = {"to_size": row.size, "to_frontier": values["frontier"], "to_note": row.checkpoint}
            self._connection.execute(_PUT_LOG, to)

    def add_leaf(self, row: LeafRow) -> None:
        """Append to the log, with the inner nodes that this leaf completes."""
        self.add_leaves((row,))

    def add_leaves(self, rows: Sequence[LeafRow]) -> None:
        """Append leaves to the log, in order, with the inner nodes that they complete."""
        if not rows:
            return
        self._connection.execute(insert(log_leaves), [_values(row) for row in rows])
        made: dict[tuple[int, int], bytes] = {(0, row.index): row.hash for row in rows}
        nodes = []
        for row in rows:
            level, index, hashed = 0, row.index, row.hash
            while index & 1:
                left = made.get((level, index - 1)) or self.node(level, index - 1)
                hashed = node_hash(left, hashed)
                level, index = level + 1, index >> 1
                made[level, index] = hashed
                nodes.append({"level": level, "index": index, "hash": hashed})
        if nodes:
            self._connection.execute(insert(log_nodes), nodes)

    def leaves_among(self, keys: Sequence[tuple[DeviceId, int]]) -> frozenset[tuple[str, int]]:
        """Those of ``keys`` (device and entry number) that have a leaf."""
        rows = self._connection.execute(_LEAVES_AMONG, {"keys": keys})
        return frozenset((row.device_id, row.seq) for row in rows)

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree over leaves ``index << level`` to ``index + 1 << level``.

        Raises:
            LookupError: it is not complete.
        """
        query = _NODE if level else _LEAF_HASH
        asked = {"level": level, "index": index} if level else {"index": index}
        found: bytes | None = self._connection.execute(query, asked).scalar_one_or_none()
        if found is None:
            raise LookupError(f"node {level} {index}")
        return found

    def leaf(self, device_id: DeviceId, seq: int) -> LeafRow | None:
        """The leaf of a record."""
        row = self._one(log_leaves, device_id=device_id, seq=seq)
        return None if row is None else LeafRow(**row._asdict())

    def newest_leaf_seq(self, device_id: DeviceId) -> int | None:
        """Highest entry number of a device with a leaf in the log."""
        asked = {"who": device_id}
        newest: int | None = self._connection.execute(_NEWEST_LEAF, asked).scalar_one()
        return newest

    def unexplained_leaves(self) -> int:
        """Leaves whose device or journal entry is not here any more."""
        query = (
            select(func.count())
            .select_from(log_leaves)
            .outerjoin(devices, devices.c.device_id == log_leaves.c.device_id)
            .outerjoin(
                entries,
                (entries.c.device_id == log_leaves.c.device_id)
                & (entries.c.seq == log_leaves.c.seq),
            )
            .where(entries.c.seq.is_(None) | devices.c.device_id.is_(None))
        )
        return int(self._connection.execute(query).scalar_one())

    def count(self, table: Table, *where: ColumnElement[bool]) -> int:
        """Rows of a table that fit."""
        query = select(func.count()).select_from(table).where(*where)
        return int(self._connection.execute(query).scalar_one())

    def journal_entries(self) -> int:
        """Journal entries held, of every device."""
        query = select(func.coalesce(func.sum(devices.c.size), 0))
        return int(self._connection.execute(query).scalar_one())

    def each_leaf_hash(self, page: int = 10_000) -> Iterator[bytes]:
        """Every leaf hash, in order, a page at a time."""
        at = 0
        while True:
            query = (
                select(log_leaves.c.index, log_leaves.c.hash)
                .where(log_leaves.c.index >= at)
                .order_by(log_leaves.c.index)
                .limit(page)
            )
            pairs = [(index, hashed) for index, hashed in self._connection.execute(query)]
            if not pairs:
                return
            yield from (hashed for _, hashed in pairs)
            at = pairs[-1][0] + 1

    def leaf_hashes(self) -> list[bytes]:
        """Every leaf hash, in order."""
        query = select(log_leaves.c.hash).order_by(log_leaves.c.index)
        return list(self._connection.execute(query).scalars())
