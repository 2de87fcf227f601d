"""When a result must wait for a person, although it is here.

Rules, in order:

1. A device of which two histories are known is believed by nobody: ``quarantined``.
2. Nor is one that the newest policy calls lost, whatever it sealed and when: ``lost``.
3. An entry that names no request leaves nothing to look for a second answer by: ``no-request``.
4. A request that was used up or cancelled before has two answers: ``conflict``.
5. A decision that the policy of its entry gives to two agents, and for which the journal holds no
   word of a second one: ``second-agent``.

Each is lifted by the operator alone (``visavis-central provider retry --release``), who has looked.
"""

from __future__ import annotations

from collections.abc import Collection

from central.archive.ledger import Ledger
from central.archive.policy_chain import Policies
from central.archive.result_rows import ResultRow
from central.archive.rows import DeviceRow
from kiosk.audit.entries import EntryKind, Header, lost_leaf, open_entry
from kiosk.domain.decision import Outcome
from kiosk.sync.policy import FourEyes

QUARANTINED, LOST = "quarantined", "lost"
NO_REQUEST, CONFLICT, SECOND = "no-request", "conflict", "second-agent"
_PAGE = 256
_DECISION, _AGREES = "decision", "pass"


def withheld_because(ledger: Ledger, row: ResultRow, policies: Policies) -> str:
    """Why a result has to wait, or ``""``."""
    device = ledger.device(row.device_id)
    why = device_because(device, lost_devices(policies))
    if device is None or why:
        return why
    act = ledger.rounds.act(row.device_id, row.seq)
    if act is None or act.request_key is None:
        return NO_REQUEST
    if act.conflict is not None:
        return CONFLICT
    return SECOND if _lacks_second(ledger, device, row, policies) else ""


def device_because(device: DeviceRow | None, lost: Collection[str]) -> str:
    """Why nothing of a device is handed on by itself, or ``""``."""
    if device is None or device.quarantined:
        return QUARANTINED
    return LOST if device.device_id in lost else ""


def lost_devices(policies: Policies) -> tuple[str, ...]:
    """Devices that the newest policy calls lost, whatever its day: what was lost is lost now."""
    return policies.held[-1].policy.lost if policies.held else ()


def _lacks_second(ledger: Ledger, device: DeviceRow, row: ResultRow, policies: Policies) -> bool:
    entry = ledger.entry(row.device_id, row.seq)
    if entry is None:
        return True
    closing = open_entry(entry.jws, device.public_key)
    held = policies.of(closing.policy_v)
    if held is None:
        return True
    rule = held.policy.four_eyes
    if rule == FourEyes():
        return False
    procedure, signed = _of_case(ledger, device, closing)
    wanted = {outcome.value for outcome in rule.outcomes_of(procedure)}
    outcome = str(closing.facts.get("outcome", Outcome.ABANDONED))
    return outcome in wanted and not signed


def _of_case(ledger: Ledger, device: DeviceRow, closing: Header) -> tuple[str, bool]:
    """Procedure of a case, and whether a second agent stands by its decision.

    Read backwards from its last entry to its first: the entries of a case lie close together.
    """
    case, signed = closing.facts.get("case"), False
    end = closing.seq
    while end > 0:
        start = max(0, end - _PAGE)
        for row in reversed(ledger.entries(device.device_id, start, end)):
            if lost_leaf(row.jws) is not None:
                continue
            header = open_entry(row.jws, device.public_key)
            if header.facts.get("case") != case:
                continue
            if header.kind is EntryKind.SECOND_SIGNED:
                said = (header.facts.get("about"), header.facts.get("verdict"))
                signed = signed or said == (_DECISION, _AGREES)
            if header.kind is EntryKind.VERIFY_OPEN:
                return str(header.facts.get("procedure", "")), signed
        end = start
    return "", signed
