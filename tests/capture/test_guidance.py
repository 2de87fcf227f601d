from dataclasses import replace

import pytest

from kiosk.capture.guidance import Guidance, Scene, Voice, judge
from kiosk.capture.quality import Quality
from kiosk.texts import Texts

GOOD = Quality(sharpness=0.6, glare=0.0, glare_at=None, exposure=0.6)
STILL = Scene(
    card_share=0.6,
    letter_px=14.0,
    quality=GOOD,
    zone_expected=True,
    zone_found=True,
    zone_seen=1.0,
    portrait_found=None,
    stable_frames=5,
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, Guidance.READING),
        ({"stable_frames": 0}, Guidance.HOLD_STILL),
        ({"card_share": None, "zone_found": False, "letter_px": None}, Guidance.NO_DOCUMENT),
        ({"letter_px": 5.0}, Guidance.CLOSER),
        ({"quality": replace(GOOD, exposure=0.02)}, Guidance.TOO_DARK),
        ({"quality": replace(GOOD, glare=0.2)}, Guidance.GLARE),
        ({"quality": replace(GOOD, sharpness=0.0)}, Guidance.BLURRED),
        ({"zone_seen": 0.5}, Guidance.HAND_ON_ZONE),
        ({"zone_found": False, "letter_px": None, "portrait_found": True}, Guidance.WRONG_SIDE),
    ],
)
def test_one_sentence_for_one_scene(change, said):
    assert judge(replace(STILL, **change)) is said


def test_the_most_useful_sentence_comes_first():
    scene = replace(STILL, letter_px=5.0, quality=Quality(0.0, 0.3, None, 0.02), stable_frames=0)
    assert judge(scene) is Guidance.CLOSER


def test_a_sentence_does_not_flicker():
    voice = Voice()
    for _ in range(8):
        voice.say(Guidance.READING)
    said = [voice.say(g) for g in (Guidance.BLURRED, Guidance.READING) * 6]
    assert set(said) == {Guidance.READING}


def test_a_sentence_that_stays_right_is_said():
    voice = Voice()
    said = [voice.say(Guidance.GLARE) for _ in range(10)]
    assert said[0] is Guidance.NO_DOCUMENT
    assert said[-1] is Guidance.GLARE


def test_done_is_said_at_once():
    assert Voice().say(Guidance.DONE) is Guidance.DONE


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_sentence_has_its_words(language):
    texts = Texts.load(language)
    assert len({texts(f"guidance.{said.value}") for said in Guidance}) == len(Guidance)
