"""The pages of welcome and paper file as the product shows them, with made-up answers."""

from datetime import UTC, datetime

from kiosk.bootstrap.service import read_service
from kiosk.config import ServiceConfig
from kiosk.domain.ids import AgentId, CaseId, OfficeId
from kiosk.journeys.blocks import Terms
from kiosk.journeys.engine import advance, opened
from kiosk.journeys.model import Event, StepKind
from kiosk.journeys.procedures import paper_file, procedures, welcome
from kiosk.journeys.service_steps import (
    Answer,
    EligibilityAnswered,
    EligibilityFacts,
    Purpose,
    PurposeChosen,
    Situation,
)
from kiosk.paths import RESOURCES
from tests.fakes.cases import SIDES
from tests.ui.case_pages import DOCUMENTS
from ui.router.frame import rail
from ui.steps.advice import AdvicePanel
from ui.steps.channel import ChannelPanel
from ui.steps.eligibility import EligibilityPanel
from ui.steps.paper_file import PaperFilePanel
from ui.steps.purpose import PurposePanel
from ui.viewmodels.advice import AdviceDesk
from ui.viewmodels.journey import CaseView
from ui.widgets.look import Look
from ui.widgets.steps import StepItem

TERMS = Terms(SIDES)
WELCOME, PAPER_FILE = welcome(TERMS), paper_file(TERMS)
NAMES = tuple(journey.name for journey in procedures(TERMS))
MOMENT = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
SERVICE = read_service(RESOURCES / "service", ServiceConfig())
NEW = PurposeChosen(Purpose.TRAINING_ACCOUNT, Situation.NEW)
YES = (
    ("adult", "yes"),
    ("document", "fr-id-card"),
    ("system", "android"),
    ("version", "6"),
    ("mobile", "eligible"),
    ("account", "no"),
)
PANELS = {
    StepKind.PURPOSE: PurposePanel,
    StepKind.ELIGIBILITY: EligibilityPanel,
    StepKind.CHANNEL: ChannelPanel,
    StepKind.PAPER_FILE: PaperFilePanel,
}


def desk(offered: tuple[str, ...] = NAMES, *, now: datetime = MOMENT) -> AdviceDesk:
    return AdviceDesk(SERVICE, lambda: now, lambda: offered, OfficeId("075012"))


def said(*pairs: tuple[str, str], eligible: bool | None = None, obstacle: str = "") -> Event:
    answers = tuple(Answer(question, answer) for question, answer in pairs)
    return EligibilityAnswered(EligibilityFacts(answers, eligible, obstacle))


def panel(look: Look, *events: Event, journey=WELCOME, at: AdviceDesk | None = None) -> AdvicePanel:
    """The panel that a case stands at after these events."""
    case = CaseId("03c9b0c1-0000-4000-8000-000000000001")
    state = opened(journey, case, AgentId("camille"), OfficeId("075012"), MOMENT)
    for event in events:
        state = advance(journey, state, event).state
    made = PANELS[state.step](look, DOCUMENTS, at or desk())
    made.show_case(CaseView(state, journey))
    return made


def purpose(look: Look) -> AdvicePanel:
    return panel(look)


def situation(look: Look) -> AdvicePanel:
    made = panel(look)
    made.choices.button("cpf").click()
    return made


def document(look: Look) -> AdvicePanel:
    return panel(look, NEW, said(*YES[:1]))


def version(look: Look) -> AdvicePanel:
    return panel(look, NEW, said(*YES[:3]))


def mobile(look: Look) -> AdvicePanel:
    """A number of a range that the library does not know: it is to be read again."""
    made = panel(look, NEW, said(*YES[:4]))
    made.number.edit.setText("06 91 12 34 56")
    made.go_on()
    return made


def channel(look: Look) -> AdvicePanel:
    made = panel(look, NEW, said(*YES, eligible=True))
    made.choices.button("online-remote").click()
    return made


def not_eligible(look: Look) -> AdvicePanel:
    answers = (*YES[:2], ("system", "none"))
    return panel(look, NEW, said(*answers, eligible=False, obstacle="no-smartphone"))


def minor(look: Look) -> AdvicePanel:
    return panel(look, NEW, said(("adult", "no"), eligible=False, obstacle="not-adult"))


def paper(look: Look) -> AdvicePanel:
    made = panel(look, journey=PAPER_FILE)
    for item in ("identity-proof", "separate-pages", "asterisk-fields"):
        made.items.button(item).click()
    return made


def paper_complete(look: Look) -> AdvicePanel:
    made = panel(look, journey=PAPER_FILE)
    made.by_hand.button("screen").click()
    for item in SERVICE.paper_file.asked(MOMENT.date(), by_hand=False):
        made.items.button(item.item_id).click()
    return made


PAGES = {
    "step-purpose": (purpose, WELCOME, StepKind.PURPOSE),
    "step-purpose-situation": (situation, WELCOME, StepKind.PURPOSE),
    "step-eligibility-document": (document, WELCOME, StepKind.ELIGIBILITY),
    "step-eligibility-version": (version, WELCOME, StepKind.ELIGIBILITY),
    "step-eligibility-mobile": (mobile, WELCOME, StepKind.ELIGIBILITY),
    "step-channel": (channel, WELCOME, StepKind.CHANNEL),
    "step-channel-no": (not_eligible, WELCOME, StepKind.CHANNEL),
    "step-channel-minor": (minor, WELCOME, StepKind.CHANNEL),
    "step-paper-file": (paper, PAPER_FILE, StepKind.PAPER_FILE),
    "step-paper-file-complete": (paper_complete, PAPER_FILE, StepKind.PAPER_FILE),
}


def step_items(look: Look, name: str) -> tuple[tuple[StepItem, ...], int]:
    """The rail beside one of the pages, and where it stands."""
    _, journey, here = PAGES[name]
    tr = look.language.tr
    steps = rail(journey)
    items = tuple(
        StepItem(tr(f"journey.steps.{step.value}.title"), tr(f"journey.steps.{step.value}.hint"))
        for step in steps
    )
    return items, steps.index(here)
