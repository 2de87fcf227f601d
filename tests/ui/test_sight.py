"""What the camera sees, in words."""

import pytest

from kiosk.domain.evidence import Side
from kiosk.journeys.model import StepKind
from kiosk.texts import Texts
from tests.fakes.capture import ScriptedQuality, ScriptedReading, ScriptedSight
from tests.fakes.cases import CARD_SIDES, DOCUMENT
from tests.ui.case_pages import case_at, panel_at
from tests.ui.compositions import frame
from ui.i18n import Language
from ui.steps.sight import guidance_sentence
from ui.workers.camera import Sight
from ui.workers.desk import Failure

FRENCH = Language({"fr": Texts.load("fr")}, "fr")


class Said:
    value = "glare"


@pytest.mark.parametrize(
    ("at", "where"),
    [
        ((0.1, 0.5), "à gauche"),
        ((0.9, 0.4), "à droite"),
        ((0.5, 0.1), "en haut"),
        ((0.45, 0.95), "en bas"),
        ((0.5, 0.55), "au milieu"),
    ],
)
def test_a_reflection_is_told_with_its_place(at, where):
    seen = ScriptedSight(guidance=Said(), quality=ScriptedQuality(glare=0.1, glare_at=at))
    assert where in guidance_sentence(seen, FRENCH)


def test_a_reflection_without_a_place_is_told_all_the_same():
    seen = ScriptedSight(guidance=Said(), quality=ScriptedQuality(glare=0.1))
    assert guidance_sentence(seen, FRENCH).startswith("Un reflet")


def test_a_side_that_was_taken_and_still_lies_there_is_to_be_turned(look, qtbot):
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(CARD_SIDES[1])  # the back first, as it happens to lie
    panel = panel_at(look, StepKind.DOCUMENT, case.state)
    qtbot.addWidget(panel)
    seen = ScriptedSight(reading=ScriptedReading(DOCUMENT, Side.BACK))
    panel.show_sight(Sight(frame(), None, seen, 2, 0))
    assert panel.expected is Side.FRONT
    assert panel.preview.message == look.language.tr("guidance.wrong-side")


def test_a_camera_that_fails_is_not_waited_for(look, qtbot):
    panel = panel_at(look, StepKind.DOCUMENT)
    qtbot.addWidget(panel)
    panel.show_camera_fault(Failure("CAPTURE-001"))
    said = panel.preview.message
    panel.retranslate()
    assert panel.preview.message == said == look.language.tr("journey.document.or_type")
