"""The panels of a registered letter, filled with a made-up person's fixed facts."""

from dataclasses import replace
from datetime import date

from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.blocks import Terms
from kiosk.journeys.model import CaseState, StepKind
from kiosk.journeys.procedure import Journey
from kiosk.journeys.procedures import registered_letter
from kiosk.journeys.service_steps import (
    AddresseeMet,
    Consulted,
    DocumentLookedUp,
    LookupFacts,
    LookupStatus,
    Presence,
    PresenceFacts,
    SignsNoted,
)
from tests.fakes.cases import CARD_SIDES, SIDES, PaperCase
from tests.ui.advice_pages import SERVICE
from tests.ui.case_pages import CHECKS, DOCUMENTS, FEATURES, TODAY, sight
from ui.router.frame import rail
from ui.steps.checks import ChecksPanel
from ui.steps.confirm import ConfirmPanel
from ui.steps.decision import DecisionPanel
from ui.steps.features import FeaturesPanel
from ui.steps.item import ItemPanel
from ui.steps.panel import StepPanel
from ui.steps.presence import PresencePanel
from ui.steps.signature import SignaturePanel
from ui.viewmodels.journey import CaseView
from ui.widgets.look import Look
from ui.widgets.steps import StepItem

LETTER = registered_letter(Terms(SIDES))
WITH_PROXY = replace(LETTER, proxy_allowed=True)
RAIL = rail(LETTER)
KEPT_UNTIL = date(2026, 12, 10)
PANELS: dict[StepKind, type[StepPanel]] = {
    StepKind.ITEM: ItemPanel,
    StepKind.SIGNATURE: SignaturePanel,
    StepKind.DECISION: DecisionPanel,
    StepKind.CONFIRM: ConfirmPanel,
}
# A hand that writes: invented, nobody's.
STROKES = (
    ((120, 200), (150, 110), (172, 96), (180, 130), (168, 190), (190, 205), (226, 160)),
    ((226, 160), (240, 190), (262, 196), (284, 160), (300, 196), (330, 170), (352, 198)),
    ((352, 198), (420, 120), (440, 88), (430, 180), (470, 190), (540, 150), (640, 172)),
)


def case_at(
    step: StepKind, journey: Journey = LETTER, presence: Presence = Presence.IN_PERSON
) -> PaperCase:
    """A case that has just come to this step."""
    met = AddresseeMet(PresenceFacts(presence, KEPT_UNTIL))
    script = Script(sides=CARD_SIDES, service={StepKind.PRESENCE: lambda _j, _s: met})
    case = PaperCase(journey, features=FEATURES)
    play(case, script, until=step)
    return case


def panel_at(
    look: Look,
    step: StepKind,
    journey: Journey = LETTER,
    presence: Presence = Presence.IN_PERSON,
) -> StepPanel:
    """The panel of a step, as it appears."""
    case = case_at(step, journey, presence)
    return panel_of(look, case.state, journey)


def panel_of(look: Look, state: CaseState, journey: Journey = LETTER) -> StepPanel:
    """The panel of a state."""
    if state.step is StepKind.PRESENCE:
        panel: StepPanel = PresencePanel(look, DOCUMENTS, SERVICE)
        panel.set_today(TODAY)
    else:
        panel = PANELS[state.step](look, DOCUMENTS)
    panel.show_case(CaseView(state, journey))
    if isinstance(panel, ItemPanel):
        panel.show_sight(sight())
    return panel


def item(look: Look) -> StepPanel:
    """Nothing was read yet."""
    return panel_at(look, StepKind.ITEM)


def item_wrong(look: Look) -> StepPanel:
    """Two letters lie under the camera."""
    panel = panel_at(look, StepKind.ITEM)
    panel.take_codes((b"RR123456785FR", b"1A12345678901"))
    return panel


def item_typing(look: Look) -> StepPanel:
    """A number was typed with one wrong digit."""
    panel = panel_at(look, StepKind.ITEM)
    panel.type_button.click()
    panel.entry.edit.setText("RR 123 456 784 FR")
    panel.go_on()
    return panel


def presence(look: Look) -> StepPanel:
    """Who is there."""
    return panel_at(look, StepKind.PRESENCE)


def signature(look: Look) -> StepPanel:
    """A person has signed."""
    panel = panel_at(look, StepKind.SIGNATURE)
    panel.pad.show_strokes(STROKES)
    panel.refresh()
    return panel


def signature_open(look: Look) -> StepPanel:
    """The pad waits."""
    return panel_at(look, StepKind.SIGNATURE)


def signature_unable(look: Look) -> StepPanel:
    """The agent is the witness."""
    panel = panel_at(look, StepKind.SIGNATURE)
    panel.unable_button.click()
    return panel


def confirm(look: Look) -> StepPanel:
    """Two records are about to be sealed."""
    return panel_at(look, StepKind.CONFIRM)


def confirm_absent(look: Look) -> StepPanel:
    """Nobody was there."""
    return panel_at(look, StepKind.CONFIRM, presence=Presence.ABSENT)


def decision_proxy(look: Look) -> StepPanel:
    """A proxy may take the letter."""
    return panel_at(look, StepKind.DECISION, WITH_PROXY, Presence.PROXY)


def signs(look: Look) -> StepPanel:
    """One sign of alteration was ticked."""
    case = case_at(StepKind.FEATURES)
    case.dispatch(SignsNoted(("feature-not-conform.photo-replaced",)))
    panel = FeaturesPanel(look, DOCUMENTS)
    panel.show_case(CaseView(case.state, LETTER))
    panel.signs_button.click()
    return panel


def lookup(look: Look) -> StepPanel:
    """The document was seen lately, and is reported."""
    case = case_at(StepKind.CHECKS)
    case.dispatch(DocumentLookedUp(LookupFacts(LookupStatus.HIT, Consulted.AUTHORITY)))
    seen = (
        Check("history.document", Verdict.UNSURE, "seen-refused"),
        Check("history.person_today", Verdict.UNSURE),
    )
    state = replace(case.state, checks=(*CHECKS, *seen))
    panel = ChecksPanel(look, DOCUMENTS)
    panel.show_case(CaseView(state, LETTER))
    panel.lookup_button.click()
    return panel


PAGES = {
    "letter-item": (item, StepKind.ITEM),
    "letter-item-wrong": (item_wrong, StepKind.ITEM),
    "letter-item-typing": (item_typing, StepKind.ITEM),
    "letter-presence": (presence, StepKind.PRESENCE),
    "letter-signature": (signature, StepKind.SIGNATURE),
    "letter-signature-open": (signature_open, StepKind.SIGNATURE),
    "letter-signature-unable": (signature_unable, StepKind.SIGNATURE),
    "letter-confirm": (confirm, StepKind.CONFIRM),
    "letter-confirm-absent": (confirm_absent, StepKind.CONFIRM),
    "letter-signs": (signs, StepKind.FEATURES),
    "letter-lookup": (lookup, StepKind.CHECKS),
    "letter-decision-proxy": (decision_proxy, StepKind.DECISION),
}
"""Page by name, with the step that the rail marks."""


def step_items(look: Look) -> tuple[StepItem, ...]:
    """The rail of the case."""
    tr = look.language.tr
    return tuple(
        StepItem(tr(f"journey.steps.{step.value}.title"), tr(f"journey.steps.{step.value}.hint"))
        for step in RAIL
    )
