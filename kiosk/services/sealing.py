"""Seals a decided case: after this the device itself cannot read it again.

Rules, in order: signed by agent and device, then encrypted to the policy's recipients; journal
entry, sealed blob, outbox row, used-request mark, and the end of the draft commit together or not
at all; a case is sealed once: asked again (a crash between commit and screen), the answer is the
first one. A case in which an item was handed over leaves two records in that one transaction, its
proof of distribution first: the last entry, and its slip code, stand for both. The provider of the
request hears how it ended by an envelope of its own, named in the same entry and kept in the same
transaction. A suspected fraud is told in the journal where the policy says so, without anything
personal.
Source: records-and-sync 2.2 to 2.4; design 4.4; domain 5.8.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from kiosk.audit.entries import AGAINST_FACT, EntryKind, Fact, open_entry
from kiosk.audit.records import Attachment, RecordContents, seal_record
from kiosk.crypto.signing import SigningKey
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.errors import DiskFullError, DraftError, PolicyInvalidError
from kiosk.domain.ids import CaseId, RecordId
from kiosk.journeys.model import CaseState, LinkedRecord, SealedFacts
from kiosk.journeys.reasons import found_against
from kiosk.ports import Clock, Store, UnitOfWork
from kiosk.services.agents import Session
from kiosk.services.announcing import SEALED_PREFIX, Closed, announce
from kiosk.services.answer_facts import sheet_facts
from kiosk.services.distribution import (
    HANDED_OVER,
    Link,
    build_distribution,
    distribution_attachments,
    handed_over,
)
from kiosk.services.drafts import Drafts, Hop, drop_draft, hands_of
from kiosk.services.journal import Journal
from kiosk.services.later_contacts import seal_deferred
from kiosk.services.lying_time import lain_for
from kiosk.services.record import Beside, build_record
from kiosk.services.result import ResultSealer, certificate_of
from kiosk.services.sheets_kept import keep_sheet
from kiosk.services.sightings import Sightings
from kiosk.services.standing_record import StandingRecord, VisitOf
from kiosk.services.terms import DeviceFacts, Terms, TermsSource
from kiosk.services.used_requests import USING_UP, mark_used
from kiosk.services.visit_ends import act_facts, mark_visit

SPACE_RESERVE_BYTES = 64 * 1024 * 1024
_RECORD_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Pair:
    """What a case leaves: its record, and the proof of distribution where there is one."""

    verification: Closed
    distribution: Closed | None
    sealed_at: datetime


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
    certificate: str


class Sealing:
    """Turns a decided case into one sealed record, or into two that name each other."""

    def __init__(
        self,
        journal: Journal,
        store: Store,
        terms: TermsSource,
        clock: Clock,
        device: DeviceFacts,
        device_key: SigningKey,
        sightings: Sightings | None = None,
    ) -> None:
        """Wire the service; ``sightings`` remembers documents seen, by keyed hash."""
        self._journal = journal
        self._store = store
        self._terms = terms
        self._clock = clock
        self._device = device
        self._device_key = device_key
        self._sightings = sightings

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
            certificate = certificate_of(uow)
        if before is not None:
            return before
        # Asked once: the entry must name the very policy whose recipients the record was sealed to.
        terms = self._terms()
        kept = _Kept(tuple(attachments), hops, certificate)
        closed = self._close(state, session, kept, terms)
        with self._store.begin() as uow:
            facts = self._keep(uow, state, closed, terms)
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

    def seal_open_drafts(self, session: Session, after: timedelta | None = None) -> int:
        """Every draft of the agent that can still be opened becomes an abandoned record.

        Args:
            session: of the agent whose shift ends, or who comes back.
            after: only drafts that have lain so long, by :mod:`.lying_time`; None for all.

        Returns:
            How many were sealed. A draft that does not open stays for the caller to account for.
        """
        drafts = Drafts(self._clock)
        with self._store.begin() as uow:
            own = [r for r in uow.drafts.all() if r.agent_id == session.agent.agent_id]
            rows = own if after is None else lain_for(uow, self._clock, own, after)
        sealed = 0
        for row in rows:
            try:
                state = drafts.load(row, session)
            except DraftError:
                continue
            # Nothing is handed over before the seal: what was signed until then counts no more.
            left = replace(state, decision=Decision(Outcome.ABANDONED), signature=None)
            self.seal(left, session)
            sealed += 1
        return sealed

    def standing(
        self, uow: UnitOfWork, state: CaseState, session: Session
    ) -> StandingRecord | None:
        """The record that this case was abandoned, sealed now and announced only if it is.

        None where nobody could ever open it. See :mod:`.standing_record`.
        """
        terms = self._terms()
        if not terms.recipients:
            return None
        left = replace(state, decision=Decision(Outcome.ABANDONED), signature=None)
        kept = _Kept((), hands_of(uow, state.case_id).hops, certificate_of(uow))
        closed = self._close(left, session, kept, terms).verification
        visit = state.visit
        return StandingRecord(
            closed,
            _told(left, Outcome.ABANDONED.value),
            None
            if visit is None
            else VisitOf(visit.planned_on, visit.visit_id, visit.postponed_to),
        )

    def _close(
        self,
        state: CaseState,
        session: Session,
        kept: _Kept,
        terms: Terms,
    ) -> _Pair:
        """The sealed blobs, made in memory before any lock is held."""
        if not terms.recipients:
            raise PolicyInvalidError("recipients")
        link = Link(_fresh_id(), _fresh_id()) if handed_over(state) else None
        own = _fresh_id() if link is None else link.verification
        pictures = kept.attachments if terms.evidence_images else ()
        sealed_at = self._clock.now()
        record = build_record(
            state, own, sealed_at, self._device, terms, Beside(pictures, kept.hops, link)
        )
        contents = RecordContents(record, pictures)
        verification = self._sealed(contents, own, session, terms, sealed_at)
        results = ResultSealer(self._device_key, kept.certificate)
        verification = replace(
            verification,
            result=results.seal(state, record, session, terms),
            later=seal_deferred(state, own, terms),
        )
        if link is None:
            return _Pair(verification, None, sealed_at)
        signed = distribution_attachments(state)
        proof = build_distribution(state, link, sealed_at, self._device, terms, signed)
        contents = RecordContents(proof, signed)
        distribution = self._sealed(contents, link.distribution, session, terms, sealed_at)
        return _Pair(verification, distribution, sealed_at)

    def _sealed(
        self,
        contents: RecordContents,
        record_id: RecordId,
        session: Session,
        terms: Terms,
        sealed_at: datetime,
    ) -> Closed:
        blob = seal_record(contents, terms.recipients, session.signing_key, self._device_key)
        return Closed(record_id, blob, sealed_at, terms.policy_version)

    def _keep(self, uow: UnitOfWork, state: CaseState, pair: _Pair, terms: Terms) -> SealedFacts:
        """Everything that a sealed case changes, inside one unit of work."""
        before = sealed_before(uow, state.case_id)
        if before is not None:
            return before
        decision = state.decision
        outcome = Outcome.ABANDONED if decision is None else decision.outcome
        if terms.fraud_alert and decision is not None and decision.fraud_suspected:
            self._journal.append(uow, EntryKind.FRAUD_ALERT, {"case": state.case_id})
        linked = None
        if pair.distribution is not None:
            told = _told(state, HANDED_OVER)
            kind = EntryKind.ITEM_DISTRIBUTED
            seq, slip = announce(uow, self._journal, kind, told, pair.distribution)
            linked = LinkedRecord(pair.distribution.record_id, seq, slip)
        told, kind = _told(state, outcome.value), EntryKind.VERIFY_CLOSE
        seq, slip = announce(uow, self._journal, kind, told, pair.verification)
        own = pair.verification.record_id
        codes = pair.verification.later is not None
        sealed = SealedFacts(own, seq, slip, pair.sealed_at, linked, codes)
        uow.values.put(SEALED_PREFIX + state.case_id, msgspec.json.encode(sealed))
        keep_sheet(uow, seq, sheet_facts(state))
        if state.request is not None and outcome in USING_UP:
            mark_used(uow, state.request, own)
        if self._sightings is not None:
            self._sightings.remember(uow, state, outcome, terms.sightings_days)
        mark_visit(uow, state, outcome, seq)
        drop_draft(uow, state.case_id)
        return sealed


def _fresh_id() -> RecordId:
    return RecordId(os.urandom(_RECORD_ID_BYTES).hex())


def _told(state: CaseState, outcome: str) -> dict[str, Fact]:
    """What the entry of a record says: the case, who acted, and how it ended."""
    told: dict[str, Fact] = {
        "case": state.case_id,
        "agent": state.agent_id,
        "outcome": outcome,
        "sealed": True,
    }
    if outcome == Outcome.ABANDONED.value:
        # Whoever breaks a visit off does not thereby hide that something was found.
        told[AGAINST_FACT] = found_against(state)
    return told | act_facts(state)
