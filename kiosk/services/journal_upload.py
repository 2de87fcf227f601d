"""Sends the journal: the existence of every record is committed before any record travels.

Rules, in order: the collector's own state says where to go on, nothing else is remembered; what it
holds must be what this device wrote, or the two histories are shown to it and the sync stops; each
batch ends with a checkpoint signed by the device. Source: records-and-sync 2.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import EntryKind, entry_leaf
from kiosk.audit.tree import Frontier
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import ForkError, ProtocolError
from kiosk.domain.ids import DeviceId
from kiosk.ports import CollectorLink, JournalRow, Store
from kiosk.services.answers import refusal_of
from kiosk.services.journal import Journal
from kiosk.services.result import SENT_PREFIX
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.messages import (
    MAX_MISSING,
    MAX_PUSH_ENTRIES,
    LogAnswer,
    LogPush,
    LogState,
    Problem,
    decode,
    encode,
)

_BATCH_BYTES = 1024 * 1024
_PAGE_ENTRIES = 2000
"""Read at a time: years of entries do not belong into memory at once."""
RESTORE_NOTED = "journal/restore-noted"
ACKNOWLEDGED = "central/journal-acknowledged"
"""How many entries the collector last said that it holds, in decimal digits."""

_HANDED_OVER = ("central/ratchet-origin-sent",)
"""What this device remembers to have handed over beside entries and records; results too."""


def whole_state(asked: Callable[[str], LogState], path: str) -> LogState:
    """What the collector holds of a device, and all that it lacks.

    It names a page of what it lacks. What was let go here and will never come to it stands there
    for ever, and may fill a page: what can still be sent lies behind that.

    Args:
        asked: its answer to a path.
        path: of the device's log there.
    """
    page = state = asked(path)
    missing = list(state.missing)
    while len(page.missing) >= MAX_MISSING:
        last = missing[-1].seq
        page = asked(f"{path}?after={last}")
        # A collector of before knows no pages, and says the first one again.
        missing += (item for item in page.missing if item.seq > last)
        if missing[-1].seq == last:
            break
    return msgspec.structs.replace(state, missing=tuple(missing))


class JournalUpload:
    """Brings the collector's copy of the journal up to date."""

    def __init__(
        self,
        store: Store,
        link: CollectorLink,
        device_id: DeviceId,
        key: SigningKey,
        collector_origin: str,
        journal: Journal,
    ) -> None:
        self._store = store
        self._journal = journal
        self._link = link
        self._path = f"/v1/devices/{device_id}/log"
        self._origin = device_origin(collector_origin, device_id)
        self._key = key
        self._pushed: Frontier | None = None

    def run(self) -> LogState:
        """Send what is missing; the collector's state before it. May be asked again.

        Raises:
            ForkError: the collector holds another history of this device.
            RefusedByCollectorError: an entry was not accepted.
        """
        state = self._state()
        self._note_going_back(state.size)
        size, held = self._held(state.size)
        if state.size > size or b64u(held.root()) != state.root:
            self._note_restore(size, state.size)
            # Offered from the start, so that the collector keeps the evidence and says so.
            self._push_all(self._rows(0), Frontier())
            raise ForkError("histories differ")
        self._pushed = held
        self._push_all(self._rows(state.size), held)
        if state.size == size:
            # Somebody else may have brought them: a stick, or this device before it was put back.
            self._acknowledge(size)
        return state

    def _note_going_back(self, size: int) -> None:
        """Forget what was handed over to a collector that forgot it."""
        with self._store.begin() as uow:
            if size < int(uow.values.get(ACKNOWLEDGED) or b"0"):
                for name in (*_HANDED_OVER, *uow.values.names(SENT_PREFIX)):
                    uow.values.delete(name)
                uow.values.delete(ACKNOWLEDGED)
                uow.commit()

    def _acknowledge(self, size: int) -> None:
        told = str(size).encode("ascii")
        with self._store.begin() as uow:
            if uow.values.get(ACKNOWLEDGED) != told:
                uow.values.put(ACKNOWLEDGED, told)
                uow.commit()

    def _held(self, at: int) -> tuple[int, Frontier]:
        """Size of the journal here, and the tree over its first ``at`` entries as they are now.

        By the entries and not by the hashes kept of them: an entry that was changed must show.
        """
        # What this very run has sent was read a moment ago.
        known = self._pushed if self._pushed is not None and self._pushed.size <= at else None
        frontier = known or Frontier()
        with self._store.begin() as uow:
            size = uow.journal.size()
        for start in range(frontier.size, min(at, size), _PAGE_ENTRIES):
            # A unit of work a page: whoever seals a record does not wait for all of them.
            with self._store.begin() as uow:
                rows = uow.journal.range(start, min(start + _PAGE_ENTRIES, at))
            for row in rows:
                frontier = frontier.append(entry_leaf(row.jws))
        return size, frontier

    def _note_restore(self, here: int, central: int) -> None:
        """Journal, once, that the central side knows more of this device than the device."""
        with self._store.begin() as uow:
            if uow.values.get(RESTORE_NOTED) is None:
                facts = {"here": here, "central": central}
                self._journal.append(uow, EntryKind.RESTORE_DETECTED, facts)
                uow.values.put(RESTORE_NOTED, str(central).encode("ascii"))
                uow.commit()

    def _state(self) -> LogState:
        return whole_state(self._asked, self._path)

    def _asked(self, path: str) -> LogState:
        answer = self._link.call("GET", path)
        if answer.status != 200:
            raise refusal_of(answer)
        return decode(answer.body, LogState)

    def _rows(self, start: int) -> tuple[JournalRow, ...]:
        with self._store.begin() as uow:
            return uow.journal.range(start, uow.journal.size())

    def _push_all(self, rows: tuple[JournalRow, ...], frontier: Frontier) -> None:
        for batch in _batches(rows):
            for row in batch:
                frontier = frontier.append(entry_leaf(row.jws))
            self._push(batch, frontier)
            self._pushed = frontier

    def _push(self, batch: list[JournalRow], frontier: Frontier) -> None:
        checkpoint = Checkpoint(self._origin, frontier.size, frontier.root())
        push = LogPush(
            start=batch[0].seq,
            entries=tuple(row.jws for row in batch),
            checkpoint=sign(checkpoint, self._key),
        )
        answer = self._link.call("POST", self._path, encode(push))
        if answer.status == 409 and decode(answer.body, Problem).error == "fork":
            raise ForkError("fork")
        if answer.status != 200:
            raise refusal_of(answer)
        size = decode(answer.body, LogAnswer).size
        if size < frontier.size:
            raise ProtocolError("fewer entries than sent")
        self._acknowledge(size)


def _batches(rows: tuple[JournalRow, ...]) -> Iterator[list[JournalRow]]:
    """Rows in order, in batches that fit a message."""
    batch: list[JournalRow] = []
    size = 0
    for row in rows:
        if batch and (len(batch) == MAX_PUSH_ENTRIES or size + len(row.jws) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += len(row.jws)
    if batch:
        yield batch
