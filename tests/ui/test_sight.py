"""What the camera sees, in words."""

import pytest

from kiosk.texts import Texts
from tests.fakes.capture import ScriptedQuality, ScriptedSight
from ui.i18n import Language
from ui.steps.sight import guidance_sentence

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
