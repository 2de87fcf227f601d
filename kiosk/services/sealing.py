"""Seals a decided case: after this the device itself cannot read it again.

Rules, in order: signed by agent and device, then encrypted to the policy's recipients; journal
entry, sealed blob, outbox row, used-request mark, and the end of the draft commit together or not
at all; a case is sealed once: asked again (a crash between commit and screen), the answer is the
first one. Source: records-and-sync 2.2 to 2.4; design 4.4.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from kiosk.audit.entries import EntryKind, Fact, open_entry
from kiosk.audit.records import Attachment, RecordContents, SealedBlob, seal_record
from kiosk.crypto.signing import SigningKey
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.errors import DiskFullError, DraftError, PolicyInvalidError
from kiosk.domain.ids import CaseId, RecordId
from kiosk.journeys.model import CaseState, SealedFacts
from kiosk.ports import Clock, OutboxRow, OutboxState, Store, UnitOfWork
from kiosk.services.agents import Session
from kiosk.services.drafts import Drafts, Hop, drop_draft, hands_of
from kiosk.services.journal import Journal
from kiosk.services.record import build_record
from kiosk.services.terms import DeviceFacts, Terms, TermsSource
from kiosk.services.used_requests import USING_UP, mark_used
from kiosk.services.visit_ends import act_facts, mark_visit

SEALED_PREFIX = "sealed/"
SPACE_RESERVE_BYTES = 64 * 1024 * 1024
_RECORD_ID_BYTES = 16


def require_space(store: Store) -> None:
    """Refuse a new case while the disk is nearly full, BEFORE anything is captured.

    Raises:
        DiskFullError: less than 64 MB are free.
    """
    if store.free_bytes() < SPACE_RESERVE_BYTES:
        raise DiskFullError("reserve")


def sealed_before(uow: UnitOfWork, case_id: CaseId) -> SealedFacts | None:
    """What the case was sealed as, or None when it was not."""
    stored = uow.values.get(SEALED_PREFIX + case_id)
    return None if stored is None else msgspec.json.decode(stored, type=SealedFacts)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What goes into a record beside the state of the case."""

    attachments: tuple[Attachment, ...]
    hops: tuple[Hop, ...]


class Sealing:
    """Turns a decided case into one sealed record."""

    def __init__(
        self,
        journal: Journal,
        store: Store,
        terms: TermsSource,
        clock: Clock,
        device: DeviceFacts,
        device_key: SigningKey,
    ) -> None:
        self._journal = journal
        self._store = store
        self._terms = terms
        self._clock = clock
        self._device = device
        self._device_key = device_key

    def seal(
        self, state: CaseState, session: Session, attachments: Sequence[Attachment] = ()
    ) -> SealedFacts:
        """Seal the record of ``state``, durably.

        Args:
            state: a case with a decision.
            session: of the agent who decided.
            attachments: pictures; left out unless the policy asks for them.

        Returns:
            Facts of the record; those of the first sealing when the case was sealed before.

        Raises:
            ValueError: no decision, or one taken by another agent than the session's.
            PolicyInvalidError: the policy names no recipient, nobody could ever open the record.
            DiskFullError, VaultError: nothing was written, the draft is still there.
        """
        if state.agent_id != session.agent.agent_id:
            raise ValueError("the agent who decided signs")
        with self._store.begin() as uow:
            before = sealed_before(uow, state.case_id)
            hops = hands_of(uow, state.case_id).hops
        if before is not None:
            return before
        record_id = RecordId(os.urandom(_RECORD_ID_BYTES).hex())
        # Asked once: the entry must name the very policy whose recipients the record was sealed to.
        terms = self._terms()
        blob, facts = self._close(state, session, _Kept(tuple(attachments), hops), record_id, terms)
        with self._store.begin() as uow:
            facts = self._keep(uow, state, blob, facts, terms)
            uow.commit()
        return facts

    def sealed_as(self, case_id: CaseId) -> Outcome | None:
        """Outcome in the record of a case, None while it has none."""
        with self._store.begin() as uow:
            before = sealed_before(uow, case_id)
            entry = None if before is None else uow.journal.get(before.seq)
        if entry is None:
            return None
        return Outcome(str(open_entry(entry.jws, self._device_key.public).facts["outcome"]))

    def seal_open_drafts(self, session: Session, untouched_since: datetime | None = None) -> int:
        """Every draft of the agent that can still be opened becomes an abandoned record.

        Args:
            session: of the agent whose shift ends, or who comes back.
            untouched_since: only drafts last changed at or before this device time; None for all.

        Returns:
            How many were sealed. A draft that does not open stays for the caller to account for.
        """
        drafts = Drafts(self._clock)
        with self._store.begin() as uow:
            rows = [r for r in uow.drafts.all() if r.agent_id == session.agent.agent_id]
        sealed = 0
        for row in rows:
            if untouched_since is not None and row.updated_at > untouched_since:
                continue
            try:
                state = drafts.load(row, session)
            except DraftError:
                continue
            self.seal(replace(state, decision=Decision(Outcome.ABANDONED)), session)
            sealed += 1
        return sealed

    def _close(
        self,
        state: CaseState,
        session: Session,
        kept: _Kept,
        record_id: RecordId,
        terms: Terms,
    ) -> tuple[SealedBlob, SealedFacts]:
        """The sealed blob, made in memory before any lock is held."""
        if not terms.recipients:
            raise PolicyInvalidError("recipients")
        pictures = kept.attachments if terms.evidence_images else ()
        sealed_at = self._clock.now()
        record = build_record(state, record_id, sealed_at, self._device, terms, pictures, kept.hops)
        blob = seal_record(
            RecordContents(record, pictures),
            terms.recipients,
            session.signing_key,
            self._device_key,
        )
        return blob, SealedFacts(record_id, -1, "", sealed_at)

    def _keep(
        self,
        uow: UnitOfWork,
        state: CaseState,
        blob: SealedBlob,
        facts: SealedFacts,
        terms: Terms,
    ) -> SealedFacts:
        """Everything that a sealed record changes, inside one unit of work."""
        before = sealed_before(uow, state.case_id)
        if before is not None:
            return before
        decision = state.decision
        outcome = Outcome.ABANDONED if decision is None else decision.outcome
        told: dict[str, Fact] = {
            "case": state.case_id,
            "agent": state.agent_id,
            "outcome": outcome.value,
            "sealed": True,
        }
        told |= act_facts(state)
        seq, slip = self._journal.append(
            uow, EntryKind.VERIFY_CLOSE, told, blob, facts.record_id, terms.policy_version
        )
        uow.blobs.put(seq, blob.blob)
        uow.outbox.put(
            OutboxRow(
                seq=seq,
                record_id=facts.record_id,
                state=OutboxState.WAITING,
                queued_at=facts.sealed_at,
                updated_at=facts.sealed_at,
                attempts=0,
                reason="",
                payload_len=len(blob.blob),
            )
        )
        sealed = replace(facts, seq=seq, slip_code=slip)
        uow.values.put(SEALED_PREFIX + state.case_id, msgspec.json.encode(sealed))
        if state.request is not None and outcome in USING_UP:
            mark_used(uow, state.request, facts.record_id)
        mark_visit(uow, state, outcome, seq)
        drop_draft(uow, state.case_id)
        return sealed
