"""Whole cases of a device of a real central side: opened, verified, sealed, as an agent would."""

from __future__ import annotations

from kiosk.audit.entries import EntryKind
from kiosk.audit.records import Attachment, RecordContents, seal_record
from kiosk.documents.requests import request_key
from kiosk.domain.ids import RecordId
from kiosk.journeys.model import CaseState
from kiosk.ports import OutboxRow, OutboxState
from kiosk.services.record import build_record
from kiosk.services.terms import DeviceFacts, terms_of
from tests.fakes.enrolled import AGENT, EnrolledDevice


def seal_case(
    device: EnrolledDevice, state: CaseState, attachments: tuple[Attachment, ...] = ()
) -> tuple[int, RecordId]:
    """Entry and identifier of the record of a decided case."""
    decision = state.decision
    assert decision is not None
    case = {"case": state.case_id, "agent": AGENT}
    device.journal.record(EntryKind.VERIFY_OPEN, {**case, "procedure": state.procedure})
    device.clock.advance(seconds=20)
    record_id = RecordId(f"{device.identity.device_id[4:]}{device.size():016x}")
    facts = DeviceFacts(device.identity.device_id, "0.1.0", catalogues={"documents": "2026.11"})
    terms = terms_of(device.policy)
    record = build_record(state, record_id, device.clock.now(), facts, terms)
    record["visavis"] |= {"agent_id": AGENT}
    contents = RecordContents(record, attachments)
    sealed = seal_record(contents, terms.recipients, device.agent_key, device.key)
    told = {**case, "outcome": decision.outcome.value, "sealed": True}
    if state.request is not None:
        told["request"] = request_key(state.request.issuer, state.request.request_id)
    now = device.clock.now()
    with device.store.begin() as uow:
        seq, _ = device.journal.append(uow, EntryKind.VERIFY_CLOSE, told, sealed, record_id)
        uow.blobs.put(seq, sealed.blob)
        waiting = (OutboxState.WAITING, now, now, 0, "", len(sealed.blob))
        uow.outbox.put(OutboxRow(seq, record_id, *waiting))
        uow.commit()
    return seq, record_id
