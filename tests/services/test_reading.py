"""Reading before the camera, end to end on drawn specimens, with the real recogniser."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.capture.decode import ALPHABET
from kiosk.capture.guidance import Guidance
from kiosk.capture.still import overlap
from kiosk.devices.code_reader import ZxingCodeReader
from kiosk.devices.finder import NetDocumentFinder
from kiosk.devices.ocrb_reader import OcrbTextReader
from kiosk.devices.specimen_props import Hand
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import load_specimens
from kiosk.devices.text_reader import PaddleTextReader
from kiosk.domain.errors import ModelError
from kiosk.domain.evidence import DocumentKind, Side, Verdict
from kiosk.ports import CodeSighting, Frame
from kiosk.services.readers import Readers
from kiosk.services.reading import LiveReader
from tests.fakes.clock import FakeClock

SPECIMENS = load_specimens(Path(__file__).resolve().parents[2] / "resources" / "specimens")


@pytest.fixture(scope="module")
def text_reader():
    reader = PaddleTextReader()
    reader.warm_up()
    return reader


FINDER = NetDocumentFinder()


def wired(text=None, codes=None, second=None):
    """A live reader; real parts where none are given, but no second reader."""
    parts = Readers(FINDER, text or OcrbTextReader(), codes or ZxingCodeReader(), second)
    return LiveReader(parts, FakeClock())


@pytest.fixture
def live(text_reader):
    """The pair of readers that the program uses."""
    return wired(second=text_reader)


class OtherText:
    """A second reader that always sees something else."""

    def warm_up(self):
        pass

    def recognise(self, strips):
        scores = np.zeros((3, 38), np.float32)
        scores[:, 0], scores[1] = 1, 0
        scores[1, 1] = 1
        return [scores for _ in strips]


def show(live, name, side, *, conditions=None, frames=24, seed=5, upside_down=False):
    """Observations of one side, up to the one that is accepted."""
    specimen = SPECIMENS[name]
    image = specimen.picture(side)
    if upside_down:
        image = np.ascontiguousarray(image[::-1, ::-1])
    rng = np.random.default_rng(seed)
    stage = Stage(Subject(image), conditions or Conditions.fair(), seed)
    seen = []
    for index in range(frames):
        seen.append(live.observe(Frame(stage.frame(index / 30, rng)[0], index, index * 33)))
        if seen[-1].reading is not None:
            break
    return seen


@pytest.mark.parametrize("name", ["fr-passport-berthier", "fr-id-1988-rousseau"])
def test_a_side_with_its_zone_is_read_by_several_frames(live, name):
    live.reset(Side.FRONT)
    seen = show(live, name, Side.FRONT)
    reading = seen[-1].reading
    assert reading.document.mrz == SPECIMENS[name].mrz
    assert reading.document.kind is SPECIMENS[name].kind
    assert reading.side is Side.FRONT
    assert reading.frames_agreeing >= 2
    assert len(seen) >= 2
    assert seen[-1].guidance is Guidance.DONE
    assert seen[-1].portrait is not None
    assert seen[-1].best_image.shape[1] == 1012


def test_a_card_is_read_front_then_back_with_its_seal(live):
    live.reset(Side.FRONT)
    front = show(live, "fr-id-martin", Side.FRONT, frames=60)[-1]
    assert front.reading.document is None
    assert front.portrait is not None
    live.reset(Side.BACK)
    back = show(live, "fr-id-martin", Side.BACK, frames=40)[-1].reading
    assert back.document.mrz == SPECIMENS["fr-id-martin"].mrz
    assert back.document.kind is DocumentKind.FR_ID_CARD_2021
    checks = {check.code: check.verdict for check in back.checks}
    assert checks["seal.matches"] is Verdict.PASS
    assert checks["reading.agreement"] is Verdict.PASS


def test_an_altered_card_is_handed_over_as_altered(live):
    live.reset(Side.FRONT)
    live.reset(Side.BACK)
    reading = show(live, "fr-id-martin-tampered", Side.BACK, frames=40)[-1].reading
    failed = {check.code for check in reading.checks if check.verdict is Verdict.FAIL}
    assert "mrz.birth_date" in failed
    assert reading.document.mrz == SPECIMENS["fr-id-martin-tampered"].mrz


def test_a_document_that_lies_upside_down_is_read(live):
    live.reset(Side.FRONT)
    seen = show(live, "fr-passport-berthier", Side.FRONT, upside_down=True, frames=40)
    assert seen[-1].reading.document.mrz == SPECIMENS["fr-passport-berthier"].mrz


def test_a_zone_that_cannot_be_read_is_never_accepted(live):
    live.reset(Side.FRONT)
    live.reset(Side.BACK)
    seen = show(live, "fr-id-lefevre-damaged", Side.BACK, frames=30)
    assert seen[-1].reading is None


def test_a_blurred_picture_is_not_accepted(live):
    live.reset(Side.FRONT)
    conditions = replace(Conditions.fair(), blur_sigma_px=7)
    assert show(live, "fr-passport-berthier", Side.FRONT, conditions=conditions)[-1].reading is None


def test_a_card_in_an_unsteady_hand_is_read_once_its_blur_is_taken_back(live):
    live.reset(Side.FRONT)
    shaken = replace(Conditions.fair(), card_width=0.55, blur_sigma_px=0.8, motion_px=8.5)
    seen = show(live, "fr-id-1988-rousseau", Side.FRONT, conditions=shaken, frames=60, seed=1)
    assert seen[-1].reading.document.mrz == SPECIMENS["fr-id-1988-rousseau"].mrz
    # Not before: as they are, frames show our net too little, and restored ones must say it often.
    assert len(seen) > 10
    assert seen[-1].reading.frames_agreeing >= 3


def test_no_restoration_reads_a_zone_that_was_worn_away_or_tampered_with_otherwise(live):
    """What is not printed there, or printed wrongly, a filter does not put right."""
    shaken = replace(Conditions.fair(), card_width=0.5, blur_sigma_px=1.0, motion_px=7.0)
    for name in ("fr-id-lefevre-damaged", "fr-id-martin-tampered"):
        live.reset(Side.FRONT)
        live.reset(Side.BACK)
        reading = show(live, name, Side.BACK, conditions=shaken, frames=40, seed=3)[-1].reading
        assert reading is None or reading.document.mrz == SPECIMENS[name].mrz


def test_the_front_does_not_stand_in_for_the_back(live):
    live.reset(Side.FRONT)
    assert show(live, "fr-id-martin", Side.FRONT, frames=60)[-1].reading is not None
    live.reset(Side.BACK)
    seen = show(live, "fr-id-martin", Side.FRONT, frames=30)
    assert seen[-1].reading is None
    assert Guidance.WRONG_SIDE in {each.guidance for each in seen}


def test_an_empty_desk_asks_for_a_document(live):
    live.reset(Side.FRONT)
    rng = np.random.default_rng(2)
    stage = Stage(None, Conditions.fair(), 2)
    for index in range(12):
        seen = live.observe(Frame(stage.frame(index / 30, rng)[0], index, index * 33))
    assert (seen.guidance, seen.reading, seen.outline) == (Guidance.NO_DOCUMENT, None, None)


def test_nothing_is_left_of_the_last_document_after_a_reset(live):
    live.reset(Side.FRONT)
    show(live, "fr-passport-berthier", Side.FRONT)
    live.reset(Side.FRONT)
    first = show(live, "fr-passport-le-goff", Side.FRONT, frames=1)[0]
    assert first.reading is None
    seen = show(live, "fr-passport-le-goff", Side.FRONT)
    assert seen[-1].reading.document.mrz == SPECIMENS["fr-passport-le-goff"].mrz


class BrokenReader:
    """A recogniser whose file was altered."""

    def warm_up(self):
        raise ModelError("other file than expected")

    def recognise(self, _strips):
        raise AssertionError


def test_a_missing_model_is_an_error_of_its_own():
    live = wired(BrokenReader())
    live.reset(Side.FRONT)
    with pytest.raises(ModelError):
        live.observe(Frame(np.zeros((720, 1280, 3), np.uint8), 0, 0))


def test_what_the_second_reader_contradicts_is_never_accepted():
    live = wired(second=OtherText())
    live.reset(Side.FRONT)
    seen = show(live, "fr-passport-berthier", Side.FRONT)
    assert all(observation.reading is None for observation in seen)


class MalformedSeal:
    """A code reader that always finds a 2D-Doc that breaks off."""

    def read(self, image):
        del image
        middle = ((630.0, 350.0), (650.0, 350.0), (650.0, 370.0), (630.0, 370.0))
        return (CodeSighting("DataMatrix", b"DC04FR99TST11CB3", middle),)


def test_a_malformed_seal_is_a_question_and_not_a_missing_seal(text_reader):
    live = wired(codes=MalformedSeal(), second=text_reader)
    live.reset(Side.FRONT)
    live.reset(Side.BACK)
    seen = show(live, "fr-id-lefevre", Side.BACK)
    reading = seen[-1].reading
    assert reading.document.mrz == SPECIMENS["fr-id-lefevre"].mrz
    assert reading.seal == ""
    (check,) = [c for c in reading.checks if c.code == "seal.matches"]
    assert check.verdict is Verdict.UNSURE


class Blind:
    """A first reader that knows no letter of this typeface."""

    def warm_up(self):
        pass

    def recognise(self, strips):
        scores = np.zeros((3, 38), np.float32)
        scores[:, 0] = 1
        return [scores for _ in strips]


def test_where_the_first_reader_sees_no_letters_the_general_one_reads_more_strictly(text_reader):
    live = wired(Blind(), second=text_reader)
    live.reset(Side.FRONT)
    seen = show(live, "fr-id-1988-rousseau", Side.FRONT, frames=60)
    reading = seen[-1].reading
    assert reading.document.mrz == SPECIMENS["fr-id-1988-rousseau"].mrz
    assert reading.frames_agreeing >= 3


class Hesitant:
    """Reads as the real one does, but never sure whether the last letter of a name is N or M."""

    def __init__(self):
        self._reader = OcrbTextReader()

    def warm_up(self):
        self._reader.warm_up()

    def recognise(self, strips):
        lines = self._reader.recognise(strips)
        n, m = (ALPHABET.index(c) + 1 for c in "NM")
        for scores in lines:
            at = scores[:, n] > 0.5
            scores[at, m] = 0.4 * scores[at, n]
            scores[at, n] *= 0.6
        return lines


def offered(live, name, side):
    """The open reading that a hesitant reader ends with."""
    live.reset(Side.FRONT)
    live.reset(side)
    seen = show(live, name, side, frames=70)
    assert seen[-1].reading is None
    return seen[-1].open_reading


def test_what_stays_open_is_offered_and_settled_by_the_agent(text_reader):
    live = wired(Hesitant(), second=text_reader)
    reading = offered(live, "fr-id-martin", Side.BACK)
    assert reading.lines == SPECIMENS["fr-id-martin"].mrz
    assert [(c.line, c.position) for c in reading.open] == [(2, 5)]
    assert set(reading.open[0].candidates) == {"N", "M"}
    assert [strip.shape for strip in reading.strips] == [(48, 960)] * 3
    assert not live.settle(("X" * 30, *reading.lines[1:]))
    assert live.settle(reading.lines)
    after = show(live, "fr-id-martin", Side.BACK, frames=1)[-1]
    assert after.reading.document.mrz == SPECIMENS["fr-id-martin"].mrz
    assert after.open_reading is None
    present = {c.code: c.verdict for c in after.reading.checks}["seal.present"]
    assert present is Verdict.PASS  # seen while the text was still open
    (check,) = [c for c in after.reading.checks if c.code == "reading.settled"]
    assert (check.verdict, check.detail) == (Verdict.UNSURE, "1")


def test_the_agent_can_settle_only_what_is_open(text_reader):
    live = wired(Hesitant(), second=text_reader)
    reading = offered(live, "fr-id-martin", Side.BACK)
    changed = reading.lines[2].replace("MARTIN", "MARTIM").replace("GAELLE", "GAELLA")
    assert not live.settle((*reading.lines[:2], changed))
    assert not live.settle(reading.lines[:2])


def test_nothing_can_be_settled_where_nothing_is_open(live):
    live.reset(Side.FRONT)
    assert not live.settle(SPECIMENS["fr-id-martin"].mrz)


def test_a_dispute_of_the_readers_is_offered_with_both_opinions(text_reader):
    class Disputes:
        """A second reader that sees another letter in one place."""

        def warm_up(self):
            pass

        def recognise(self, strips):
            lines = text_reader.recognise(strips)
            n, m = (ALPHABET.index(c) + 1 for c in "NM")
            for scores in lines:
                scores[:, [n, m]] = scores[:, [m, n]]
            return lines

    live = wired(second=Disputes())
    reading = offered(live, "fr-id-martin", Side.BACK)
    letters = {reading.lines[c.line][c.position] for c in reading.open}
    assert letters <= {"N", "M"}
    assert all(set(c.candidates) == {"N", "M"} for c in reading.open)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_document_is_read_whichever_way_it_lies(live, degrees):
    live.reset(Side.FRONT)
    conditions = replace(Conditions.fair(), rotation_deg=degrees + 4, card_width=0.5)
    seen = show(live, "fr-passport-berthier", Side.FRONT, conditions=conditions, frames=40)
    assert seen[-1].reading.document.mrz == SPECIMENS["fr-passport-berthier"].mrz
    assert seen[-1].portrait is not None


def test_a_hand_on_the_zone_is_named(live):
    live.reset(Side.FRONT)
    live.reset(Side.BACK)
    conditions = replace(Conditions.fair(), hand=Hand.ZONE)
    seen = show(live, "fr-id-lefevre", Side.BACK, conditions=conditions, frames=20)
    assert Guidance.HAND_ON_ZONE in {each.guidance for each in seen}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, Guidance.READING),
        ({"light": 0.04}, Guidance.TOO_DARK),
        ({"card_width": 0.2}, Guidance.CLOSER),
        ({"glare": 1.0}, Guidance.GLARE),
        ({"blur_sigma_px": 4.5}, Guidance.BLURRED),
        ({"drift_px": 400.0}, Guidance.HOLD_STILL),
    ],
)
def test_what_stands_in_the_way_of_a_reading_is_said(change, said):
    live = wired(codes=NoCodes(), second=OtherText())  # the reading must not be done before
    live.reset(Side.FRONT)
    conditions = replace(Conditions.fair(), **change)
    seen = show(live, "fr-passport-berthier", Side.FRONT, conditions=conditions, frames=16)
    assert said in {each.guidance for each in seen}
    assert all(each.reading is None for each in seen)
    if not change or said is Guidance.HOLD_STILL:
        return
    assert seen[-1].guidance is said


def two_on_a_desk(zone, other, frames=30):
    """A frame with the side that bears a zone, and a larger side of another document beside it."""
    desk = np.full((720, 1280, 3), 60, np.uint8)
    small, large = (
        cv2.resize(picture, None, fx=width / picture.shape[1], fy=width / picture.shape[1])
        for picture, width in ((zone, 560), (other, 660))
    )
    desk[20 : 20 + large.shape[0], 10 : 10 + large.shape[1]] = large
    desk[300 : 300 + small.shape[0], 700 : 700 + small.shape[1]] = small
    rng = np.random.default_rng(4)
    for index in range(frames):
        noise = rng.normal(0, 2, desk.shape)
        yield Frame(np.clip(desk + noise, 0, 255).astype(np.uint8), index, index * 33)


def test_the_portrait_is_never_cut_from_another_document_than_the_one_read(live):
    passport = SPECIMENS["fr-passport-berthier"].picture(Side.FRONT)
    card = SPECIMENS["fr-id-martin"].picture(Side.FRONT)
    live.reset(Side.FRONT)
    seen = None
    for frame in two_on_a_desk(passport, card):
        seen = live.observe(frame)
        if seen.reading is not None:
            break
    assert seen.reading.document.mrz == SPECIMENS["fr-passport-berthier"].mrz
    height = 560 * passport.shape[0] / passport.shape[1]
    true = np.array([[700, 300], [1260, 300], [1260, 300 + height], [700, 300 + height]])
    assert overlap(seen.outline, true) > 0.9
    assert abs(seen.outline - true).max() < 60


def test_an_offer_does_not_outlive_its_document(text_reader):
    live = wired(Hesitant(), second=text_reader)
    before = offered(live, "fr-id-martin", Side.BACK)
    specimen = SPECIMENS["de-id-tran"]
    stage = Stage(Subject(specimen.picture(Side.BACK)), Conditions.fair(), 5)
    rng = np.random.default_rng(5)
    for index in range(12):
        seen = live.observe(Frame(stage.frame(index / 30, rng)[0], index, 9000 + index * 33))
    assert seen.open_reading is None or seen.open_reading.lines != before.lines
    assert not live.settle(before.lines)


def test_a_settled_reading_does_not_claim_that_the_frames_agreed(text_reader):
    live = wired(Hesitant(), second=text_reader)
    reading = offered(live, "fr-id-martin", Side.BACK)
    assert live.settle(reading.lines)
    after = show(live, "fr-id-martin", Side.BACK, frames=1)[-1].reading
    verdicts = {check.code: check.verdict for check in after.checks}
    assert verdicts["reading.agreement"] is Verdict.NOT_DONE


def test_a_front_that_slides_into_its_place_is_cut_where_it_comes_to_rest(live):
    specimen = SPECIMENS["fr-id-martin"]
    rng = np.random.default_rng(8)
    stage = Stage(Subject(specimen.picture(Side.FRONT)), Conditions.fair(), 8)
    live.reset(Side.FRONT)
    truth = None
    for index in range(60):
        image, truth = stage.frame(index / 30, rng, presence=min(1.0, 0.4 + index / 24))
        seen = live.observe(Frame(image, index, index * 33))
        if seen.reading is not None:
            break
    assert seen.reading.document is None
    drawn = cv2.resize(specimen.picture(Side.FRONT), seen.best_image.shape[1::-1])
    one, other = (cv2.cvtColor(p, cv2.COLOR_BGR2GRAY).ravel() for p in (drawn, seen.best_image))
    assert np.corrcoef(one, other)[0, 1] > 0.5
    assert overlap(seen.outline, truth.corners) > 0.85


class Counting:
    """A second reader that counts the strips it is given."""

    def __init__(self, reader):
        self.reader = reader
        self.lines = 0

    def warm_up(self):
        pass

    def recognise(self, strips):
        self.lines += len(strips)
        return self.reader.recognise(strips)


class NoCodes:
    """A reader that sees no code."""

    def read(self, _image):
        return ()


def test_what_was_confirmed_does_not_outlive_its_card(text_reader):
    second = Counting(text_reader)
    live = wired(codes=NoCodes(), second=second)
    live.reset(Side.FRONT)
    live.reset(Side.BACK)
    stage = Stage(Subject(SPECIMENS["fr-id-martin"].picture(Side.BACK)), Conditions.fair(), 5)
    rng = np.random.default_rng(5)
    card, empty = stage.frame(0.5, rng)[0], np.full((720, 1280, 3), 120, np.uint8)
    looks = []
    # Its seal is waited for, twelve frames long.
    for index, image in enumerate([card] * 9 + [empty] * 3 + [card] * 3):
        assert live.observe(Frame(image, index, index * 33)).reading is None
        looks.append(second.lines)
    assert looks[8] == looks[6] >= 3  # confirmed, and not looked at again
    assert looks[-1] > looks[11] == looks[8]


def test_no_frame_waits_for_more_than_one_line_of_the_second_reader(text_reader):
    second = Counting(text_reader)
    live = wired(Blind(), second=second)
    live.reset(Side.FRONT)
    specimen = SPECIMENS["fr-id-1988-rousseau"]
    stage = Stage(Subject(specimen.picture(Side.FRONT)), Conditions.fair(), 5)
    rng = np.random.default_rng(5)
    for index in range(30):
        before = second.lines
        live.observe(Frame(stage.frame(index / 30, rng)[0], index, index * 33))
        assert second.lines - before <= 1
    assert second.lines > 2
