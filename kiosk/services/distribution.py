"""The proof of distribution of a registered item: a record of its own, linked to the verification.

Rules, in order:

1. It exists where the item was handed over, and nowhere else: to the addressee whose identity was
   verified, or to a proxy where the policy allows one.
2. It says who accepted the item, by which document, when, and which item; the signature is an
   attachment that is always kept, or the agent is named as the witness that none could be given.
3. It names the record of the verification, which names it: neither exists without the other.

Source: order of 7 February 2007 (art. R. 2-1 of the postal code), art. 4; domain 5.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kiosk.audit.entries import PROFILE
from kiosk.audit.records import Attachment
from kiosk.crypto.digests import sha256
from kiosk.documents.printed_checks import spelling
from kiosk.domain.decision import Outcome
from kiosk.domain.ids import RecordId
from kiosk.journeys.guards import HANDED_TO_PROXY
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import Presence, SignatureFacts
from kiosk.services.terms import DeviceFacts, Terms
from kiosk.services.verified_claims import utc_text

KIND: Final = "proof-of-distribution"
HANDED_OVER: Final = "handed-over"
_LINE_TENTHS_MM: Final = 6


@dataclass(frozen=True, slots=True)
class Link:
    """Two records that name each other.

    Attributes:
        verification: the record of the verification.
        distribution: the proof of distribution.
    """

    verification: RecordId
    distribution: RecordId


def handed_over(state: CaseState) -> bool:
    """Whether this case leaves a proof of distribution: item, signature, and a decision for it.

    An acceptance hands over to the addressee in person, the one refusal to a proxy.
    """
    if state.item is None or state.presence is None or state.signature is None:
        return False
    decision, there = state.decision, state.presence.presence
    accepted = decision is not None and decision.outcome is Outcome.ACCEPTED
    if there is Presence.PROXY:
        return decision == HANDED_TO_PROXY
    return accepted and there is Presence.IN_PERSON


def signature_svg(signature: SignatureFacts) -> bytes:
    """The strokes as SVG, in millimetres; one form for one signature.

    Raises:
        ValueError: there are no strokes.
    """
    if not signature.strokes:
        raise ValueError("nothing was signed")
    width, height = signature.width, signature.height
    paths = "".join(f'<path d="{_path(stroke)}"/>' for stroke in signature.strokes if stroke)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_mm(width)}" height="{_mm(height)}" '
        f'viewBox="0 0 {width} {height}"><g fill="none" stroke="#000" '
        f'stroke-width="{_LINE_TENTHS_MM}" stroke-linecap="round" stroke-linejoin="round">'
        f"{paths}</g></svg>\n"
    ).encode("ascii")


def distribution_attachments(state: CaseState) -> tuple[Attachment, ...]:
    """The signature, kept whatever the policy says of pictures; empty where none could be given."""
    signature = state.signature
    if signature is None or signature.unable:
        return ()
    return (Attachment("svg", signature_svg(signature)),)


def build_distribution(
    state: CaseState,
    link: Link,
    sealed_at: datetime,
    device: DeviceFacts,
    terms: Terms,
    attachments: Sequence[Attachment] = (),
) -> dict[str, Any]:
    """The proof of distribution, JSON types only.

    Raises:
        ValueError: nothing was handed over.
    """
    if not handed_over(state) or state.item is None or state.presence is None:
        raise ValueError("nothing was handed over")
    return {
        "profile": PROFILE,
        "record_id": link.distribution,
        "visavis": {
            "kind": KIND,
            "case_id": state.case_id,
            "procedure": state.procedure,
            "channel": device.channel,
            "linked": {"kind": "verification", "record_id": link.verification},
            "item": {"number": state.item.number, "scheme": state.item.scheme},
            "accepted_by": _accepted_by(state, state.presence.presence),
            "document": _document(state),
            "signature": _signature(state, attachments),
            # The day at the counter, not the day in universal time.
            "distributed_on": sealed_at.astimezone().date().isoformat(),
            "times": {"opened_at": utc_text(state.opened_at), "sealed_at": utc_text(sealed_at)},
            "office_id": state.office_id,
            "agent_id": state.agent_id,
            "device_id": device.device_id,
            "app_build": device.app_build,
            "policy_version": terms.policy_version,
            "attachments": [
                {"sha256": sha256(item.data).hex(), "extension": item.extension}
                for item in attachments
            ],
        },
    }


def _accepted_by(state: CaseState, presence: Presence) -> dict[str, str]:
    """Name and first name of the person who took the item, as on the document."""
    document = state.document
    if document is None:
        raise ValueError("nobody without a document takes an item")
    printed = spelling([(side.seen_as, side.printed) for side in state.sides], document)
    given = printed.get("given_names", " ".join(document.given_names)).replace(", ", " ")
    return {
        "family_name": printed.get("surname", document.surname),
        "given_name": given,
        "capacity": "proxy" if presence is Presence.PROXY else "addressee",
    }


def _document(state: CaseState) -> dict[str, str]:
    document = state.document
    if document is None:
        raise ValueError("nobody without a document takes an item")
    return {
        "kind": document.kind.value,
        "issuer": document.issuer,
        "number": document.document_number,
    }


def _signature(state: CaseState, attachments: Sequence[Attachment]) -> dict[str, Any]:
    if not attachments:
        return {"unable": True, "witness": state.agent_id}
    return {"unable": False, "sha256": sha256(attachments[0].data).hex()}


def _path(stroke: Sequence[tuple[int, int]]) -> str:
    (x, y), *rest = stroke
    # A point alone is drawn as a line of no length: its round ends make it a dot.
    return f"M{x} {y}" + "".join(f"L{x} {y}" for x, y in (rest or [(x, y)]))


def _mm(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}mm"
