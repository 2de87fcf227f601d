"""The procedures of the service, as data.

Source: ``domain.md`` 1.7: A welcome, B creation at the counter, C request started online, D home
visit, H registered letter, I paper file; E, F and G are the blocks that they share.
"""

from typing import Final

from kiosk.domain.decision import Outcome
from kiosk.journeys.blocks import (
    ACCEPT_WHEN,
    STOP,
    Terms,
    answer_steps,
    closing_steps,
    document_step,
    examination_steps,
    notice_step,
    request_step,
)
from kiosk.journeys.model import StepKind
from kiosk.journeys.procedure import Form, Journey, Step, Way
from kiosk.journeys.service_steps import (
    AddresseeMet,
    AdviceGiven,
    ContactChallenged,
    ContactConfirmed,
    ContactDeferred,
    ContactsFinished,
    ContactTyped,
    EligibilityAnswered,
    IdentityConfirmed,
    ItemScanned,
    PaperFileChecked,
    PurposeChosen,
    SignatureGiven,
    VisitBegun,
)

WELCOME: Final = "welcome"
COUNTER_CREATION: Final = "counter-creation"
ONLINE_REQUEST: Final = "online-request"
HOME_VISIT: Final = "home-visit"
REGISTERED_LETTER: Final = "registered-letter"
PAPER_FILE: Final = "paper-file"


def procedures(terms: Terms) -> tuple[Journey, ...]:
    """Every procedure that is carried out where ``terms`` say.

    A carrier has no counter to create an identity at, and a counter has no round.
    """
    made = [welcome(terms), online_request(terms), registered_letter(terms)]
    if terms.form is Form.CARRIER:
        made.append(home_visit(terms))
    else:
        made += [counter_creation(terms), paper_file(terms)]
    return tuple(made)


def welcome(terms: Terms) -> Journey:
    """Welcome and routing (1.7 A): leaves a record that names nobody."""
    return _journey(
        WELCOME,
        terms,
        (
            Step(
                kind=StepKind.PURPOSE,
                instruction="journey.purpose.instruction",
                done_when="purpose_new",
                ways=(
                    Way(PurposeChosen, StepKind.CONFIRM, "routed"),
                    Way(PurposeChosen, StepKind.ELIGIBILITY, "purpose_new"),
                ),
                back=False,
                abandon_to=StepKind.CONFIRM,
                keeps=("purpose",),
            ),
            Step(
                kind=StepKind.ELIGIBILITY,
                instruction="journey.eligibility.instruction",
                done_when="eligibility_known",
                ways=(
                    Way(EligibilityAnswered, StepKind.CHANNEL, "eligibility_known"),
                    Way(EligibilityAnswered, StepKind.ELIGIBILITY),
                ),
                abandon_to=StepKind.CONFIRM,
                keeps=("eligibility",),
            ),
            Step(
                kind=StepKind.CHANNEL,
                instruction="journey.channel.instruction",
                done_when="advised",
                ways=(Way(AdviceGiven, StepKind.CONFIRM),),
                abandon_to=StepKind.CONFIRM,
                keeps=("advice",),
            ),
            *closing_steps(),
        ),
        accept_when=(),
    )


def paper_file(terms: Terms) -> Journey:
    """Check of a paper file (1.7 I): nothing is scanned, nothing of the file is kept."""
    return _journey(
        PAPER_FILE,
        terms,
        (
            Step(
                kind=StepKind.PAPER_FILE,
                instruction="journey.paper-file.instruction",
                done_when="advised",
                ways=(Way(PaperFileChecked, StepKind.CONFIRM),),
                back=False,
                abandon_to=StepKind.CONFIRM,
                keeps=("paper_file",),
            ),
            *closing_steps(),
        ),
        accept_when=(),
    )


def online_request(terms: Terms) -> Journey:
    """Face-to-face verification of a request that was started online (1.7 C)."""
    return _journey(
        ONLINE_REQUEST,
        terms,
        (
            request_step(StepKind.REQUEST),
            notice_step(),
            document_step(),
            *examination_steps(terms.feature_count),
            *answer_steps(),
        ),
        accept_when=("request_accepted", *ACCEPT_WHEN),
    )


def home_visit(terms: Terms) -> Journey:
    """Verification at the customer's door (1.7 D): the request comes with the round."""
    return _journey(
        HOME_VISIT,
        terms,
        (
            request_step(StepKind.VISIT, Way(VisitBegun, StepKind.VISIT), keeps=("visit",)),
            notice_step(),
            document_step(),
            *examination_steps(terms.feature_count),
            *answer_steps(),
        ),
        accept_when=("request_accepted", *ACCEPT_WHEN),
    )


def counter_creation(terms: Terms) -> Journey:
    """Creation of the identity at the counter (1.7 B): the customer types the codes."""
    return _journey(
        COUNTER_CREATION,
        terms,
        (
            notice_step(to=StepKind.CONTACT),
            Step(
                kind=StepKind.CONTACT,
                instruction="journey.contact.instruction",
                done_when="contacts_settled",
                ways=(
                    *(
                        Way(event, StepKind.CONTACT)
                        for event in (
                            ContactTyped,
                            ContactChallenged,
                            ContactConfirmed,
                            ContactDeferred,
                        )
                    ),
                    Way(ContactsFinished, StepKind.DOCUMENT, "contacts_settled"),
                    *STOP,
                ),
                abandon_to=StepKind.CONFIRM,
                keeps=("contacts",),
            ),
            document_step(to=StepKind.IDENTITY),
            Step(
                kind=StepKind.IDENTITY,
                instruction="journey.identity.instruction",
                done_when="identity_confirmed",
                ways=(Way(IdentityConfirmed, StepKind.CHECKS), *STOP),
                abandon_to=StepKind.CONFIRM,
                keeps=("identity",),
            ),
            *examination_steps(terms.feature_count),
            *answer_steps(),
        ),
        accept_when=(*ACCEPT_WHEN, "contacts_settled", "identity_confirmed"),
    )


def registered_letter(terms: Terms) -> Journey:
    """Hand-over of the registered letter of the paper procedure (1.7 H, 5.8)."""
    signature = Step(
        kind=StepKind.SIGNATURE,
        instruction="journey.signature.instruction",
        done_when="signature_given",
        ways=(Way(SignatureGiven, StepKind.CONFIRM, "signature_due"), *STOP),
        abandon_to=StepKind.CONFIRM,
        keeps=("signature",),
    )
    return _journey(
        REGISTERED_LETTER,
        terms,
        (
            Step(
                kind=StepKind.ITEM,
                instruction="journey.item.instruction",
                done_when="item_known",
                ways=(Way(ItemScanned, StepKind.PRESENCE), *STOP),
                back=False,
                abandon_to=StepKind.CONFIRM,
                keeps=("item",),
            ),
            Step(
                kind=StepKind.PRESENCE,
                instruction="journey.presence.instruction",
                done_when="may_receive",
                ways=(
                    Way(AddresseeMet, StepKind.NOTICE, "may_receive"),
                    Way(AddresseeMet, StepKind.SECOND_AGENT, "second_agent_needed"),
                    Way(AddresseeMet, StepKind.CONFIRM, "not_handed_over"),
                    *STOP,
                ),
                abandon_to=StepKind.CONFIRM,
                keeps=("presence",),
            ),
            notice_step(),
            document_step(),
            *examination_steps(terms.feature_count),
            *answer_steps(signature=signature),
        ),
        accept_when=("item_known", "addressee_present", *ACCEPT_WHEN),
    )


def _journey(
    name: str, terms: Terms, steps: tuple[Step, ...], accept_when: tuple[str, ...]
) -> Journey:
    return Journey(
        name=name,
        start=steps[0].kind,
        steps=steps,
        accept_when=accept_when,
        feature_count=terms.feature_count,
        sides=tuple(terms.sides.items()),
        form=terms.form,
        second_agent_for=tuple(o for o in Outcome if o in terms.second_agent_for),
        proxy_allowed=terms.proxy_allowed,
    )
