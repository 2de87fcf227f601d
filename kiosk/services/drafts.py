"""Drafts: the state of an open case, encrypted for the shift that opened it.

Rules, in order: the key is derived from the shift key and the case; the ciphertext is bound to
(case, revision), so that an old revision cannot be put back under a new number; no picture is ever
in a draft. Source: records-and-sync 2.4.
"""

from __future__ import annotations

from kiosk.crypto import aead
from kiosk.crypto.canonical import canonical_json
from kiosk.domain.ids import CaseId
from kiosk.journeys.codec import decode, encode
from kiosk.journeys.model import CaseState
from kiosk.ports import Clock, DraftRow, UnitOfWork
from kiosk.services.agents import Session


def _draft_key(session: Session, case_id: CaseId) -> bytes:
    return aead.derive_key(session.shift_key, "visavis/draft-key/1", case_id.encode())


def _context(case_id: CaseId, revision: int) -> bytes:
    return canonical_json([case_id, revision])


class Drafts:
    """Saves and loads the state of open cases."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def save(self, uow: UnitOfWork, state: CaseState, session: Session) -> DraftRow:
        """Write the next revision inside ``uow``; the caller commits."""
        before = uow.drafts.get(state.case_id)
        revision = 1 if before is None else before.revision + 1
        row = DraftRow(
            case_id=state.case_id,
            agent_id=state.agent_id,
            revision=revision,
            step=state.step.value,
            updated_at=self._clock.now(),
            sealed=aead.seal(
                _draft_key(session, state.case_id),
                encode(state),
                _context(state.case_id, revision),
            ),
        )
        uow.drafts.put(row)
        return row

    def load(self, row: DraftRow, session: Session) -> CaseState:
        """The state of a stored draft.

        Raises:
            DraftError: another shift or agent, altered bytes, or a form this program does not know.
        """
        key = _draft_key(session, row.case_id)
        plain = aead.open_sealed(key, row.sealed, _context(row.case_id, row.revision))
        return decode(plain)
