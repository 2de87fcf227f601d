"""The panels of a case as the product shows them, filled with a made-up person's fixed facts."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from kiosk.bootstrap import read_documents
from kiosk.capture.doubt import OpenCharacter, OpenReading
from kiosk.documents.checks import automatic_checks
from kiosk.documents.mrz import parse
from kiosk.domain.agent import Agent, Role
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import DocumentKind, PrintedValue, Side, Verdict
from kiosk.domain.ids import AgentId
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.model import (
    CaseState,
    ChecksReviewed,
    ConsentAnswered,
    DecisionTaken,
    DocumentConfirmed,
    FeatureExamined,
    FeatureResult,
    FeaturesFinished,
    PersonCompared,
    PersonFacts,
    SideCaptured,
    SideFacts,
    StepKind,
)
from kiosk.paths import RESOURCES
from kiosk.services.answer_facts import answer_of
from tests.fakes.capture import ScriptedSight
from tests.fakes.cases import CARD_SIDES, DOCUMENT, JOURNEY, REQUEST, SEALED, PaperCase
from tests.ui.compositions import OUTLINE, frame
from ui.router.frame import rail
from ui.screens.receipt import ReceiptScreen
from ui.steps.checks import ChecksPanel
from ui.steps.confirm import ConfirmPanel
from ui.steps.decision import DecisionPanel
from ui.steps.document import DocumentPanel
from ui.steps.features import FeaturesPanel
from ui.steps.notice import NoticePanel
from ui.steps.panel import Pictures, StepPanel
from ui.steps.person import PersonPanel
from ui.steps.request import RequestPanel
from ui.steps.second_agent import SecondAgentPanel
from ui.steps.stop import HAND, StopPanel
from ui.viewmodels.journey import CaseView
from ui.widgets.look import Look
from ui.widgets.steps import StepItem
from ui.workers.camera import Sight
from ui.workers.desk import Failure

RAIL = rail(JOURNEY)

DOCUMENTS = read_documents(RESOURCES / "documents")
TODAY = date(2026, 11, 25)
FEATURES = tuple(
    FeatureResult(feature.feature_id, feature.kind.value)
    for feature in DOCUMENTS.features
    if feature.document is DocumentKind.FR_ID_CARD_2021
)
CHECKS = automatic_checks(
    REQUEST,
    DOCUMENT,
    today=TODAY,
    accepted_kinds=tuple(DocumentKind),
    accept_extended=False,
    seals=("list-too-old",),
)
PANELS: dict[StepKind, type[StepPanel]] = {
    StepKind.REQUEST: RequestPanel,
    StepKind.NOTICE: NoticePanel,
    StepKind.DOCUMENT: DocumentPanel,
    StepKind.CHECKS: ChecksPanel,
    StepKind.FEATURES: FeaturesPanel,
    StepKind.PERSON: PersonPanel,
    StepKind.DECISION: DecisionPanel,
    StepKind.CONFIRM: ConfirmPanel,
}


def case_at(step: StepKind) -> PaperCase:
    """A case that has just come to this step, every answer before it in order."""
    case = PaperCase(checks=CHECKS, features=FEATURES)
    doubts = tuple(check.code for check in CHECKS if check.verdict is Verdict.UNSURE)
    moves = {
        StepKind.REQUEST: lambda: case.present_code(RequestVerdict.VALID),
        StepKind.NOTICE: lambda: case.dispatch(ConsentAnswered("2026-11", given=True)),
        StepKind.DOCUMENT: lambda: _read(case),
        StepKind.CHECKS: lambda: case.dispatch(ChecksReviewed(doubts)),
        StepKind.FEATURES: lambda: _examine(case),
        StepKind.PERSON: lambda: case.dispatch(PersonCompared(PersonFacts(Verdict.PASS))),
        StepKind.DECISION: lambda: case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED))),
    }
    while case.state.step is not step:
        moves[case.state.step]()
    return case


def _read(case: PaperCase) -> None:
    for captured in CARD_SIDES:
        case.dispatch(captured)
    case.dispatch(DocumentConfirmed())


def _examine(case: PaperCase) -> None:
    for feature in case.state.features:
        case.dispatch(FeatureExamined(feature.feature_id, Verdict.PASS))
    case.dispatch(FeaturesFinished())


def sight() -> Sight:
    """A card in view, still being read."""
    image = frame()
    return Sight(image, OUTLINE, ScriptedSight(outline=OUTLINE), 1, 0)


def portrait() -> np.ndarray:
    """A drawn head, (450, 350, 3) uint8 BGR."""
    image = np.full((450, 350, 3), (190, 186, 180), np.uint8)
    cv2.ellipse(image, (175, 470), (150, 130), 0, 0, 360, (96, 62, 44), -1)
    cv2.ellipse(image, (175, 215), (95, 125), 0, 0, 360, (150, 180, 214), -1)
    for x in (140, 210):
        cv2.circle(image, (x, 200), 9, (40, 30, 24), -1)
    return image


def panel_at(look: Look, step: StepKind, state: CaseState | None = None) -> StepPanel:
    """The panel of a step, as it appears; another state where one is given."""
    case = case_at(step)
    panel = PANELS[step](look, DOCUMENTS)
    panel.set_today(TODAY)
    panel.show_case(CaseView(state or case.state, case.journey))
    if isinstance(panel, (DocumentPanel, RequestPanel)):
        panel.show_sight(sight())
    if isinstance(panel, PersonPanel):
        panel.show_portrait(portrait())
    return panel


COLLEAGUES = (
    Agent(AgentId("dominique"), "Dominique L.", Role.MANAGER),
    Agent(AgentId("sacha"), "Sacha T."),
)


def second_agent(look: Look) -> StepPanel:
    """A colleague is asked whether the decision is right."""
    case = case_at(StepKind.CONFIRM)
    panel = SecondAgentPanel(look, DOCUMENTS)
    panel.show_case(CaseView(replace(case.state, step=StepKind.SECOND_AGENT), case.journey))
    panel.show_colleagues(COLLEAGUES)
    return panel


def second_agent_elsewhere(look: Look) -> StepPanel:
    """The question lies with the other counters of the office; nobody else works at this one."""
    panel = second_agent(look)
    panel.set_office(reachable=True)
    panel.show_colleagues(())
    panel.show_question("M1T8ZW5C")
    return panel


def second_agent_for_person(look: Look) -> StepPanel:
    """A colleague is asked whether it is the same person; the code was wrong."""
    case = case_at(StepKind.DECISION)
    panel = SecondAgentPanel(look, DOCUMENTS)
    state = replace(case.state, step=StepKind.SECOND_AGENT, person=PersonFacts(Verdict.UNSURE))
    panel.show_case(CaseView(state, case.journey))
    panel.show_colleagues(COLLEAGUES[:1])
    panel.show_refusal(Failure("SIGNIN-001"))
    return panel


def decision_in_doubt(look: Look) -> StepPanel:
    """The agent cannot say whether it is the same person: a colleague can be asked."""
    state = replace(case_at(StepKind.DECISION).state, person=PersonFacts(Verdict.UNSURE))
    return panel_at(look, StepKind.DECISION, state)


def stop_hand_over(look: Look) -> StepPanel:
    """The case is to go to a colleague."""
    case = case_at(StepKind.PERSON)
    panel = StopPanel(look, DOCUMENTS)
    panel.show_case(CaseView(case.state, case.journey))
    panel.begin()
    panel.show_colleagues(COLLEAGUES)
    panel.choices.select(HAND)
    panel.colleagues.select("sacha")
    panel.choices.changed.emit((HAND,))
    return panel


def document_read(look: Look) -> StepPanel:
    """Both sides are read: the agent compares line by line."""
    case = case_at(StepKind.DOCUMENT)
    for captured in CARD_SIDES:
        case.dispatch(captured)
    panel = DocumentPanel(look, DOCUMENTS)
    panel.set_today(TODAY)
    panel.show_pictures(Pictures({Side.FRONT: np.ascontiguousarray(frame()[150:590, 330:960])}))
    panel.show_sight(sight())
    panel.show_case(CaseView(case.state, case.journey))
    return panel


CARD_LINES = (
    "IDFRAX4RTBPFW46<<<<<<<<<<<<<<<",
    "9007138F3002119FRA<<<<<<<<<<<6",
    "MARTIN<<MAELYS<GAELLE<MARIE<<<",
)
"""Zone of an invented card; every check digit is right."""


def strip_of(line: str) -> np.ndarray:
    """A line as a camera saw it, (48, 960) grey uint8."""
    strip = np.full((48, 960), 222, np.uint8)
    pitch = 960 / len(line)
    for index, character in enumerate(line):
        (wide, _high), _ = cv2.getTextSize(character, cv2.FONT_HERSHEY_SIMPLEX, 0.9, 2)
        left = round((index + 0.5) * pitch - wide / 2)
        cv2.putText(strip, character, (left, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 40, 2, 16)
    return cv2.GaussianBlur(strip, (0, 0), 1.6)


def open_reading(lines: tuple[str, ...] = CARD_LINES) -> OpenReading:
    """The zone of a card, read but for two characters of its number."""
    return OpenReading(
        "TD1",
        lines,
        (OpenCharacter(0, 9, "BR8"), OpenCharacter(0, 14, "6G")),
        tuple(strip_of(line) for line in lines),
        tuple(tuple((i + 0.5) / len(line) for i in range(len(line))) for line in lines),
    )


def document_settling(look: Look) -> StepPanel:
    """The camera leaves two characters open; the first one is settled."""
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(CARD_SIDES[0])
    panel = DocumentPanel(look, DOCUMENTS)
    panel.set_today(TODAY)
    panel.show_case(CaseView(case.state, case.journey))
    seen = ScriptedSight(outline=OUTLINE, open_reading=open_reading())
    panel.show_sight(Sight(frame(), OUTLINE, seen, 1, 0))
    QTest.keyClick(panel.settling, "b")
    return panel


def document_typing(look: Look) -> StepPanel:
    """The zone is typed under its pictures: a wrong digit, and a letter for a digit."""
    panel = panel_at(look, StepKind.DOCUMENT)
    seen = ScriptedSight(outline=OUTLINE, open_reading=open_reading())
    panel.show_sight(Sight(frame(), OUTLINE, seen, 2, 0))
    panel.type_button.click()
    typed = ("IDFRAX4RTBPFW47<<<<<<<<<<<<<<<", "90O7138F3002119FRA", "")
    for row, text in zip(panel.typed.zone._lines, typed, strict=True):
        row.edit.setText(text)
    return panel


def document_plain(look: Look) -> StepPanel:
    """An old card without a zone: confirmed while something is missing and something is wrong."""
    panel = panel_at(look, StepKind.DOCUMENT)
    panel.type_button.click()
    panel.typed.other.click()
    form = panel.typed.plain
    form.kind.select("eu-id-card")
    for entry, text in (
        (form.surname, "Bianchi"),
        (form.given_names, "Chiara, Maria"),
        (form.birth, "31/02/1961"),
        (form.number, "AR 1234567"),
        (form.issuer, "ITL"),
        (form.issue, "04/03/2017"),
    ):
        entry.edit.setText(text)
    panel.go_on()
    return panel


def person_live(look: Look) -> StepPanel:
    """The portrait from nearer, the camera's picture beside it."""
    panel = panel_at(look, StepKind.PERSON)
    panel.nearer.click()
    panel.nearer.click()
    panel.live_button.click()
    person = np.ascontiguousarray(cv2.resize(portrait(), (700, 900))[100:800])
    panel.show_sight(Sight(person, None, ScriptedSight(), 1, 0))
    return panel


def document_printed(look: Look) -> StepPanel:
    """The old French card: its printed dates were read, the agent confirms them."""
    return _printed(look, *old_card_sides())


def document_printed_early(look: Look) -> StepPanel:
    """As :func:`document_printed`, while the back is still expected."""
    front, back = old_card_sides()
    return _printed(look, replace(front, facts=replace(front.facts, printed=back.facts.printed)))


def _printed(look: Look, *sides: SideCaptured) -> StepPanel:
    case = case_at(StepKind.DOCUMENT)
    for captured in sides:
        case.dispatch(captured)
    side = cv2.imread(str(RESOURCES / "specimens" / "fr-id-1988-rousseau-back.jpg"))
    panel = DocumentPanel(look, DOCUMENTS)
    panel.set_today(TODAY)
    strips = {
        "expiry_date": np.ascontiguousarray(side[330:392, 70:420]),
        "issue_date": np.ascontiguousarray(side[330:392, 630:980]),
    }
    panel.show_pictures(Pictures(strips=strips))
    panel.show_case(CaseView(case.state, case.journey))
    panel.show_sight(sight())
    return panel


def old_card_sides() -> tuple[SideCaptured, SideCaptured]:
    """Front with the zone, back with two printed dates that were read."""
    lines = ("IDFRAROUSSEAU<<<<<<<<<<<<<<<<<059002", "1604592018477PAUL<<EMILE<<<5710096M1")
    reading = parse(lines, TODAY)
    front = SideFacts(Side.FRONT, 4, False, 0.9)
    printed = (
        PrintedValue("expiry_date", "2031-04-10", True),
        PrintedValue("issue_date", "2016-04-11", True),
    )
    back = SideFacts(Side.BACK, 9, False, 0.9, printed=printed)
    return SideCaptured(front, reading.document, reading.checks), SideCaptured(back, None)


def decision_refused(look: Look) -> StepPanel:
    """A check failed: acceptance is not offered, and the page says why."""
    expired = automatic_checks(
        REQUEST,
        DOCUMENT,
        today=date(2033, 1, 5),
        accepted_kinds=tuple(DocumentKind),
        accept_extended=False,
    )
    state = replace(case_at(StepKind.CHECKS).state, step=StepKind.DECISION, checks=expired)
    return panel_at(look, StepKind.DECISION, state)


def receipt(look: Look, decision: Decision) -> QWidget:
    """The receipt of a sealed case."""
    page = ReceiptScreen(look)
    state = replace(case_at(StepKind.CONFIRM).state, decision=decision, record=SEALED)
    page.show_facts(answer_of(state), decision.reasons)
    return page


def accepted(look: Look) -> QWidget:
    return receipt(look, Decision(Outcome.ACCEPTED))


def refused(look: Look) -> QWidget:
    return receipt(look, Decision(Outcome.REFUSED, (Reason.EXPIRED, Reason.NAME_DIFFERS)))


def step_items(look: Look) -> tuple[StepItem, ...]:
    """The rail of a case."""
    tr = look.language.tr
    return tuple(
        StepItem(tr(f"journey.steps.{step.value}.title"), tr(f"journey.steps.{step.value}.hint"))
        for step in RAIL
    )
