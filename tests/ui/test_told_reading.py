"""The told reading: what a specimen says is told, what it is worth is found out by the program."""

from datetime import date
from functools import partial

import pytest

from kiosk.bootstrap.hardware import SPECIMENS, known_signers
from kiosk.documents import mrz
from kiosk.domain.evidence import Side, Verdict
from tests.fakes.clock import FakeClock
from ui.demonstration.causes import CARD, PASSPORT, Twist
from ui.demonstration.office import drawn
from ui.demonstration.told import ToldStage

TOKEN = "any text"


@pytest.fixture
def stage():
    return ToldStage()


@pytest.fixture
def see(stage):
    """Reads a side of what lies on the stage."""
    reader = stage.reader(FakeClock(), partial(known_signers, None, specimens=True))
    camera = stage.open_camera()
    camera.start()

    def look(specimen: str, side: Side):
        stage.lay(specimen, side)
        reader.reset(side)
        return reader.observe(camera.read())

    yield look
    camera.stop()


def verdicts(sight) -> dict[str, Verdict]:
    return {check.code: check.verdict for check in sight.reading.checks}


def test_a_card_is_read_from_both_sides_and_its_portrait_is_there(see):
    front, back = see(CARD, Side.FRONT), see(CARD, Side.BACK)
    assert (front.reading.document, front.reading.side) == (None, Side.FRONT)
    assert front.portrait is not None
    assert back.reading.document.surname == "LEFEVRE"
    assert back.reading.seal == "test-certificate"
    assert Verdict.FAIL not in verdicts(back).values()


def test_only_the_side_that_is_expected_is_taken(stage, see):
    see(PASSPORT, Side.FRONT)
    stage.clear()
    reader = stage.reader(FakeClock(), partial(known_signers, None, specimens=True))
    reader.reset(Side.FRONT)
    camera = stage.open_camera()
    camera.start()
    assert reader.observe(camera.read()).reading is None
    stage.lay(CARD, Side.BACK)
    assert reader.observe(camera.read()).reading is None
    camera.stop()


def test_a_forged_seal_is_found_out(stage, see):
    stage.twist = Twist.SEAL_FORGED
    assert see(CARD, Side.BACK).reading.seal == "invalid"


def test_a_rewritten_zone_has_right_check_digits_and_another_date_than_the_seal(stage, see):
    stage.twist = Twist.ZONE_REWRITTEN
    read = see(CARD, Side.BACK).reading
    assert mrz.digits_hold(read.document.mrz)
    assert (read.document.birth_date.month, read.document.birth_date.day) == (4, 22)
    found = verdicts(see(CARD, Side.BACK))
    assert found["seal.matches"] is Verdict.FAIL


def test_a_changed_print_is_told_beside_the_zone(stage, see):
    stage.twist = Twist.PRINT_CHANGED
    (printed,) = see(PASSPORT, Side.FRONT).printed
    (field,) = printed.fields
    assert field.name == "document_number"
    assert field.text != stage.specimens[PASSPORT].number


def test_a_tampered_specimen_fails_by_its_own_digits(see):
    assert Verdict.FAIL in verdicts(see("fr-id-martin-tampered", Side.BACK)).values()


def test_a_code_is_really_read(stage):
    stage.hold_code(drawn(TOKEN).png)
    reader = stage.reader(FakeClock(), partial(known_signers, None, specimens=True))
    reader.reset()
    camera = stage.open_camera()
    camera.start()
    (code,) = reader.observe(camera.read()).codes
    camera.stop()
    assert code.payload == TOKEN.encode()
    assert not reader.settle(("anything",))


def test_every_specimen_can_be_told(stage, see):
    assert SPECIMENS.is_dir()
    for specimen in stage.specimens.values():
        read = see(specimen.specimen_id, specimen.mrz_side).reading
        expected = mrz.parse(specimen.mrz, date(2026, 11, 26)).document
        assert read.document.document_number == expected.document_number
