"""Writes the rows of records that arrived, many in one transaction.

Rules, in order: a row is committed durably before its record is acknowledged, as if it were alone;
whoever comes first writes for everybody who waits by then, so that one wait for the disk serves all
of them and no writer of the database waits for more than one other; what befalls the transaction
befalls every row in it, and their devices come again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from central.archive.database import Database
from central.archive.faults import StoreError
from central.archive.rows import SealedRow
from kiosk.domain.ids import RecordId
from kiosk.sync.receipts import ReceiptState

MOST_ROWS = 128


@dataclass(slots=True)
class _Waiting:
    """A row on its way, and what became of it."""

    row: SealedRow
    record_id: RecordId | None = None
    new: bool = False
    settled: bool = False
    fault: Exception | None = None


class Arrivals:
    """Commits rows for many threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: list[_Waiting] = []
        self._gate = threading.Lock()
        self._turn = threading.Lock()

    def commit(self, row: SealedRow, record_id: RecordId | None = None) -> bool:
        """Make ``row`` durable; False where one of its entry is here already.

        Its state becomes ``quarantined`` where its device is by now; a record that was ordered to
        be erased before it came is kept without the header that opens it.

        Raises:
            StoreError: the database does not answer, or refuses.
            LookupError: its device is not known.
        """
        waiting = _Waiting(row, record_id)
        with self._gate:
            self._queue.append(waiting)
        while not waiting.settled:
            with self._turn:
                if not waiting.settled:
                    self._lead()
        if waiting.fault is not None:
            raise waiting.fault
        return waiting.new

    def _lead(self) -> None:
        with self._gate:
            batch, self._queue = self._queue[:MOST_ROWS], self._queue[MOST_ROWS:]
        # Whatever ends this thread here, nobody is told that a row is there which is not.
        fault: Exception | None = StoreError("interrupted")
        try:
            self._write(batch)
            fault = None
        except Exception as exc:  # noqa: BLE001 - each thread that waits raises it as its own
            fault = exc
        finally:
            for waiting in batch:
                waiting.fault = fault or waiting.fault
                waiting.settled = True

    def _write(self, batch: list[_Waiting]) -> None:
        keys = [(waiting.row.device_id, waiting.row.seq) for waiting in batch]
        rows: dict[tuple[str, int], SealedRow] = {}
        erased: list[_Waiting] = []
        devices = (device for device, _ in keys)
        with self._database.writing(*devices, local=True) as ledger:
            quarantined = ledger.quarantined(device for device, _ in keys)
            held = ledger.sealed_among(keys)
            erasures = ledger.erasures
            due = erasures.due_among(waiting.record_id for waiting in batch)
            for waiting, key in zip(batch, keys, strict=True):
                if key[0] not in quarantined:
                    waiting.fault = LookupError(key[0])
                elif key not in held and key not in rows:
                    waiting.new = True
                    state = ReceiptState.QUARANTINED if quarantined[key[0]] else waiting.row.state
                    row = replace(waiting.row, state=state)
                    if waiting.record_id in due:
                        row = replace(row, header=None)
                        erased.append(waiting)
                    rows[key] = row
            ledger.add_all_sealed(rows.values())
            for waiting in erased:
                if waiting.record_id is not None:
                    erasures.note_done(waiting.record_id, waiting.row.received_at)
