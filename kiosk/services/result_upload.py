"""Sends the results for providers: right after the journal, before any large record.

Rules, in order: what is kept here must be what the entry announced, else the loss is journalled,
once, and the others go on; a result goes out again until the central side took it, and again where
it says that it lost the record; an answer is no proof of storage: the central side gives a receipt
for a record only once it holds the result that its entry announces, and only then both are let go.
"""

from __future__ import annotations

from kiosk.audit.entries import lost_leaf
from kiosk.domain.errors import (
    AuditError,
    CertificateError,
    SyncError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import CollectorLink, OutboxRow, OutboxState, Store, UnitOfWork
from kiosk.services.answers import refusal_of
from kiosk.services.journal import Journal
from kiosk.services.losses import Loss, note_loss
from kiosk.services.result import (
    RESULT_PREFIX,
    SENT_PREFIX,
    announced_by,
    let_go_result,
    result_name,
    sent_name,
)
from kiosk.sync.messages import LogState

RESULT_TYPE = "application/vnd.age"
_ACCEPTED_THERE = (OutboxState.UNCONFIRMED, OutboxState.STORED)


class ResultUpload:
    """Sends what providers wait for."""

    def __init__(
        self,
        store: Store,
        link: CollectorLink,
        device_id: DeviceId,
        device_public: bytes,
        journal: Journal,
    ) -> None:
        self._store = store
        self._link = link
        self._device_id = device_id
        self._device_public = device_public
        self._journal = journal

    def run(self, state: LogState) -> int:
        """Send every result that is not there yet; how many were taken.

        Args:
            state: what the central side holds.

        Raises:
            UnreachableError, CertificateError: the link is down; the rest keeps waiting.
        """
        missing = {item.seq for item in state.missing}
        with self._store.begin() as uow:
            due = _due(uow, missing)
        return sum(self._send(seq) for seq in due)

    def _send(self, seq: int) -> bool:
        """Send one result; False where there is none, or it was not taken."""
        blob = self._whole(seq)
        if blob is None:
            return False
        path = f"/v1/devices/{self._device_id}/results/{seq}"
        try:
            answer = self._link.call("PUT", path, blob, RESULT_TYPE)
            if answer.status not in (200, 201):
                raise refusal_of(answer)
        except (UnreachableError, CertificateError):
            raise
        except SyncError:
            # Its record gets no receipt, and stays here with it: a person sees both.
            return False
        with self._store.begin() as uow:
            uow.values.put(sent_name(seq), b"")
            row = uow.outbox.get(seq)
            if row is not None and row.purged:
                let_go_result(uow, seq)
            uow.commit()
        return True

    def _whole(self, seq: int) -> bytes | None:
        """The announced bytes; None where nothing was announced, or they are lost."""
        with self._store.begin() as uow:
            entry, blob = uow.journal.get(seq), uow.values.get(result_name(seq))
            if entry is None:
                return None
            if lost_leaf(entry.jws) is not None:
                # Nothing here to compare with: the collector, where the entry may be, judges it.
                return blob
            try:
                announced = announced_by(entry, self._device_public)
            except (AuditError, ValueError):
                return None
            if announced is None:
                return None
            if announced.fits(blob):
                return blob
            if note_loss(uow, self._journal, seq, Loss.RESULT):
                uow.commit()
        return None


def _due(uow: UnitOfWork, missing: set[int]) -> list[int]:
    """Entries whose result may have to be sent; whether they announce one is seen later."""
    kept, sent = set(uow.values.names(RESULT_PREFIX)), set(uow.values.names(SENT_PREFIX))

    def due(row: OutboxRow) -> bool:
        here = result_name(row.seq) in kept
        if sent_name(row.seq) not in sent:
            return here or row.state is not OutboxState.STORED
        return here and row.seq in missing and row.state in _ACCEPTED_THERE

    return [row.seq for row in uow.outbox.all() if due(row)]
