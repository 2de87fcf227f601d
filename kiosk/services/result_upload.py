"""Sends the results for providers: right after the journal, before any large record.

Rules, in order: what is kept here must be what the entry announced, else the loss is journalled,
once, and the others go on; a result goes out again until the central side took it, and again where
it says that it lost the record; an answer is no proof of storage: the central side gives a receipt
for a record only once it holds the result that its entry announces, and only then both are let go.
What lies on a medium was taken by nobody: it goes out again until that receipt is here.
"""

from __future__ import annotations

from kiosk.audit.entries import lost_leaf
from kiosk.domain.errors import (
    AuditError,
    CertificateError,
    CourierError,
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

    def carry(self) -> int:
        """Write every result that is not proven stored on a medium; how many lie there.

        Raises:
            CourierError: the medium is full or gone; the rest keeps waiting.
        """
        with self._store.begin() as uow:
            due = _unproven(uow)
        return sum(self._hand_over(seq) for seq in due)

    def settle(self) -> None:
        """Note as taken what a medium brought: a receipt for its record came back."""
        with self._store.begin() as uow:
            kept, sent = set(uow.values.names(RESULT_PREFIX)), set(uow.values.names(SENT_PREFIX))
            due = [
                row.seq
                for row in uow.outbox.all()
                if row.state is OutboxState.STORED
                and result_name(row.seq) in kept
                and sent_name(row.seq) not in sent
            ]
        for seq in due:
            if self._whole(seq) is not None:
                self._note_taken(seq)

    def _send(self, seq: int) -> bool:
        """Send one result; False where there is none, or it was not taken."""
        if not self._hand_over(seq):
            return False
        self._note_taken(seq)
        return True

    def _hand_over(self, seq: int) -> bool:
        blob = self._whole(seq)
        if blob is None:
            return False
        path = f"/v1/devices/{self._device_id}/results/{seq}"
        try:
            answer = self._link.call("PUT", path, blob, RESULT_TYPE)
            if answer.status not in (200, 201):
                raise refusal_of(answer)
        except (UnreachableError, CertificateError, CourierError):
            raise
        except SyncError:
            # Its record gets no receipt, and stays here with it: a person sees both.
            return False
        return True

    def _note_taken(self, seq: int) -> None:
        with self._store.begin() as uow:
            uow.values.put(sent_name(seq), b"")
            row = uow.outbox.get(seq)
            if row is not None and row.purged:
                let_go_result(uow, seq)
            uow.commit()

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


def _unproven(uow: UnitOfWork) -> list[int]:
    """Entries whose result no receipt stands for, also where an answer said that it was taken."""
    kept, sent = set(uow.values.names(RESULT_PREFIX)), set(uow.values.names(SENT_PREFIX))

    def due(row: OutboxRow) -> bool:
        here, stored = result_name(row.seq) in kept, row.state is OutboxState.STORED
        if sent_name(row.seq) in sent:
            return here and not stored
        return here or not stored

    return [row.seq for row in uow.outbox.all() if due(row)]
