"""Answers to old acts: the record itself is sealed to this device.

What the journal tells (procedure, outcome, when, the codes), what the sheet said beside the reasons
(kept at the seal, and names nobody), and what the central side answered. The reasons are in the
sealed record; none is made up here.
"""

from datetime import datetime

from kiosk.audit.entries import EntryKind, Header, open_entry
from kiosk.domain.decision import Outcome
from kiosk.domain.ids import CaseId, OfficeId
from kiosk.ports import OutboxState, Store, UnitOfWork
from kiosk.services.answer_facts import AnswerFacts, codes_of, standing_of, with_sheet
from kiosk.services.sealing import sealed_before
from kiosk.services.sheets_kept import kept_sheet


class PastAnswers:
    """Finds the answer that belongs to a line of the journal."""

    def __init__(self, store: Store, device_public: bytes, office_id: OfficeId) -> None:
        """Device public: raw key that signs the journal; office: of this device."""
        self._store = store
        self._device_public = device_public
        self._office_id = office_id

    def answer(self, seq: int) -> AnswerFacts | None:
        """The answer of a closed act, None where this line closes none.

        Raises:
            SignatureInvalidError, JournalBrokenError: the entry is not this device's.
        """
        with self._store.begin() as uow:
            row = uow.journal.get(seq)
            if row is None or row.kind != EntryKind.VERIFY_CLOSE.value:
                return None
            header = open_entry(row.jws, self._device_public)
            case_id = CaseId(str(header.facts.get("case", "")))
            sealed = sealed_before(uow, case_id)
            if sealed is None:
                return None
            procedure = self._procedure(uow, seq, case_id)
            confirmed_at = _stored_at(uow, sealed.seq)
            sheet = kept_sheet(uow, sealed.seq)
        outcome = Outcome(str(header.facts["outcome"]))
        answer = AnswerFacts(
            procedure=procedure,
            outcome=outcome,
            words=(),
            office_id=self._office_id,
            sealed_at=sealed.sealed_at,
            records=codes_of(sealed),
            standing=standing_of(outcome, confirmed=confirmed_at is not None),
            confirmed_at=confirmed_at,
        )
        return with_sheet(answer, sealed, sheet)

    def _procedure(self, uow: UnitOfWork, seq: int, case_id: CaseId) -> str:
        """Name of the procedure, from the entry that opened the case; ``""`` where it is gone."""
        for number in range(seq - 1, -1, -1):
            row = uow.journal.get(number)
            if row is None or row.kind != EntryKind.VERIFY_OPEN.value:
                continue
            header: Header = open_entry(row.jws, self._device_public)
            if header.facts.get("case") == case_id:
                return str(header.facts.get("procedure", ""))
        return ""


def _stored_at(uow: UnitOfWork, seq: int) -> datetime | None:
    row = uow.outbox.get(seq)
    stored = row is not None and row.state is OutboxState.STORED
    return row.updated_at if row is not None and stored else None
