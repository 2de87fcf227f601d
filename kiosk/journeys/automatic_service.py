"""What the automatic agent does at the steps around a verification, where its script says nothing.

The customer is an ordinary one: wants the training account, has a document and a telephone, is
there in person. A step that needs somebody else's word (a colleague, the central side) is left to
the script.
"""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from kiosk.domain.errors import EventRefusedError
from kiosk.journeys.guards import contacts_settled
from kiosk.journeys.model import CaseState, Event, StepKind
from kiosk.journeys.procedure import Journey
from kiosk.journeys.service_steps import (
    AddresseeMet,
    AdviceFacts,
    AdviceGiven,
    Answer,
    ContactChannel,
    ContactDeferred,
    ContactsFinished,
    ContactStatus,
    ContactTyped,
    EligibilityAnswered,
    EligibilityFacts,
    IdentityConfirmed,
    IdentityFacts,
    ItemFacts,
    ItemScanned,
    PaperFileChecked,
    PaperFileFacts,
    Presence,
    PresenceFacts,
    Purpose,
    PurposeChosen,
    SignatureFacts,
    SignatureGiven,
    Situation,
    VisitBegun,
    VisitFacts,
)

ServiceAct = Callable[[Journey, CaseState], Event]
# Numbers and addresses that belong to nobody: a range kept for fiction (Arcep decision 2018-0881),
# a domain kept for documentation (RFC 2606), the worked example of the UPU's S10 format.
_ADDRESSES = {ContactChannel.EMAIL: "client@example.org", ContactChannel.MOBILE: "+33639980000"}
_ITEM = "RR123456785FR"
_STROKE = ((100, 150), (180, 90), (260, 160), (340, 80))


def _contact(journey: Journey, state: CaseState) -> Event:
    held = {item.channel: item for item in state.contacts}
    for channel, address in _ADDRESSES.items():
        if channel not in held:
            return ContactTyped(channel, address)
    if contacts_settled(journey, state):
        return ContactsFinished()
    return next(
        ContactDeferred(c)
        for c in held
        if held[c].status in {ContactStatus.TYPED, ContactStatus.SENT}
    )


def _identity(_journey: Journey, state: CaseState) -> Event:
    document = state.document
    if document is None:
        raise EventRefusedError("no document was read")
    return IdentityConfirmed(
        IdentityFacts(
            document.surname,
            document.given_names,
            birth_place="75112",
            birth_country="99100",
            birth_place_name="Paris 12e",
        )
    )


def _eligibility(_journey: Journey, _state: CaseState) -> Event:
    answers = (Answer("adult", "yes"), Answer("document", "yes"))
    return EligibilityAnswered(EligibilityFacts(answers, eligible=True))


USUAL: Final[Mapping[StepKind, ServiceAct]] = MappingProxyType(
    {
        StepKind.PURPOSE: lambda _j, _s: PurposeChosen(Purpose.TRAINING_ACCOUNT, Situation.NEW),
        StepKind.ELIGIBILITY: _eligibility,
        StepKind.CHANNEL: lambda _j, _s: AdviceGiven(AdviceFacts("counter")),
        StepKind.PAPER_FILE: lambda _j, _s: PaperFileChecked(PaperFileFacts((), ("account",))),
        StepKind.VISIT: lambda _j, _s: VisitBegun(VisitFacts("v-1", date(2026, 11, 26), 1)),
        StepKind.CONTACT: _contact,
        StepKind.IDENTITY: _identity,
        StepKind.ITEM: lambda _j, _s: ItemScanned(ItemFacts(_ITEM, "s10")),
        StepKind.PRESENCE: lambda _j, _s: AddresseeMet(PresenceFacts(Presence.IN_PERSON)),
        StepKind.SIGNATURE: lambda _j, _s: SignatureGiven(SignatureFacts((_STROKE,), 900, 300)),
    }
)
