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


NOTHING = {"card_share": None, "zone_found": False, "letter_px": None}
FAULTS = (
    (Guidance.CLOSER, {"letter_px": 5.0}),
    (Guidance.TOO_DARK, {"exposure": 0.08}),
    (Guidance.GLARE, {"glare": 0.2}),
    (Guidance.HAND_ON_ZONE, {"zone_seen": 0.5}),
    (Guidance.BLURRED, {"sharpness": 0.0}),
    (Guidance.HOLD_STILL, {"stable_frames": 0}),
)
"""What may be wrong with a zone in sight, the most useful to say first."""


def scene_with(*changes):
    """A scene with several faults at once."""
    merged = {name: value for change in changes for name, value in change.items()}
    measured = {n: merged.pop(n) for n in ("sharpness", "glare", "exposure") if n in merged}
    return replace(STILL, quality=replace(GOOD, **measured), **merged)


@pytest.mark.parametrize(
    ("first", "second"), [(a, b) for i, a in enumerate(FAULTS) for b in FAULTS[i + 1 :]]
)
def test_of_two_faults_the_more_useful_one_is_said(first, second):
    assert judge(scene_with(first[1], second[1])) is first[0]


@pytest.mark.parametrize("fault", FAULTS)
def test_where_nothing_lies_nothing_else_is_said_of_it(fault):
    assert judge(scene_with(fault[1], NOTHING)) is Guidance.NO_DOCUMENT


def test_in_the_dark_nobody_is_asked_for_a_document():
    assert judge(scene_with({"exposure": 0.01}, NOTHING)) is Guidance.TOO_DARK


def test_the_wrong_side_is_said_before_what_is_wrong_with_its_picture():
    plain = {"zone_found": False, "letter_px": None, "portrait_found": True}
    for said, fault in FAULTS[2:]:
        assert judge(scene_with(plain, fault)) is Guidance.WRONG_SIDE, said
    assert judge(scene_with(plain, {"card_share": 0.2})) is Guidance.CLOSER
    assert judge(scene_with(plain, {"exposure": 0.08})) is Guidance.TOO_DARK
    other = {"zone_expected": False, "portrait_found": False}
    assert judge(scene_with(other)) is Guidance.WRONG_SIDE


def test_all_faults_at_once_are_told_one_after_the_other_as_they_are_mended():
    left = list(FAULTS)
    said = []
    while left:
        said.append(judge(scene_with(*(fault for _, fault in left))))
        left.pop(0)
    assert said == [guidance for guidance, _ in FAULTS]
    assert judge(scene_with()) is Guidance.READING


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
