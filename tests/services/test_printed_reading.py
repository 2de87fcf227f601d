"""Printed fields and headings, with the real recogniser on drawn specimens."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.bootstrap.hardware import load_printed_reader
from kiosk.capture.guidance import Guidance
from kiosk.capture.print_decode import PRINT_ALPHABET
from kiosk.devices.code_reader import ZxingCodeReader
from kiosk.devices.finder import NetDocumentFinder
from kiosk.devices.ocrb_reader import OcrbTextReader
from kiosk.devices.print_reader import PaddlePrintReader
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import load_specimens
from kiosk.devices.text_reader import PaddleModel, PaddleTextReader
from kiosk.documents.mrz import parse
from kiosk.documents.series import Family
from kiosk.domain.evidence import DocumentKind, Side, Verdict
from kiosk.ports import Frame
from kiosk.services.readers import Readers
from kiosk.services.reading import LiveReader
from tests.documents.vectors import TODAY
from tests.fakes.clock import FakeClock

SPECIMENS = load_specimens(Path(__file__).resolve().parents[2] / "resources" / "specimens")


@pytest.fixture(scope="module")
def model():
    return PaddleModel()


@pytest.fixture(scope="module")
def reader(model):
    found = load_printed_reader(PaddlePrintReader(model))
    found.warm_up()
    return found


def straight(name, side):
    picture = SPECIMENS[name].picture(side)
    height = round(picture.shape[0] * 1012 / picture.shape[1])
    return cv2.resize(picture, (1012, height), interpolation=cv2.INTER_AREA)


def zone_of(name):
    return parse(SPECIMENS[name].mrz, TODAY).document


def read(reader, name, side, zone="own"):
    zone = zone_of(name) if zone == "own" else zone
    fields = reader.read(straight(name, side), SPECIMENS[name].kind, side, zone)
    return {field.name: field for field in fields}


def test_the_dates_of_the_old_card_are_sure(reader):
    fields = read(reader, "fr-id-1988-rousseau", Side.BACK)
    assert {name for name, field in fields.items() if field.sure} >= {"expiry_date", "issue_date"}
    assert fields["expiry_date"].text == "2031-04-10"
    assert fields["issue_date"].text == "2016-04-11"
    assert fields["expiry_date"].strip.ndim == 3


def test_a_name_keeps_its_accent(reader):
    name = read(reader, "fr-permit-kone-expired", Side.FRONT)["surname"]
    assert (name.text, name.sure) == ("KONÉ", True)


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_what_is_offered_is_what_is_printed(reader, name):
    specimen = SPECIMENS[name]
    truth = {
        "surname": specimen.holder.surname.upper(),
        "given_names": ", ".join(specimen.holder.given_names),
        "birth_date": specimen.holder.birth_date,
        "birth_place": specimen.holder.birth_place,
        "document_number": specimen.number,
        "issue_date": specimen.issued,
        "expiry_date": specimen.expires,
    }
    for side in specimen.files:
        for field in read(reader, name, side).values():
            assert not field.sure or field.text == truth[field.name]


def test_a_zone_of_somebody_else_makes_nothing_sure(reader):
    fields = read(reader, "fr-id-martin", Side.FRONT, zone_of("fr-id-garnier"))
    assert fields
    assert not any(field.sure for field in fields.values())
    assert fields["surname"].agrees_with_zone is Verdict.FAIL


def test_without_a_zone_values_are_read_but_not_sure(reader):
    fields = read(reader, "fr-id-lefevre", Side.FRONT, None)
    assert fields["document_number"].text == "F7K2MD9T3"
    assert not any(field.sure for field in fields.values())


def test_a_side_that_is_cut_wrongly_or_unknown_is_not_read(reader):
    card = straight("fr-id-lefevre", Side.FRONT)
    kind = DocumentKind.FR_ID_CARD_2021
    assert reader.read(card[60:], kind, Side.FRONT, None) == ()
    assert reader.read(card, DocumentKind.OTHER, Side.FRONT, None) == ()
    assert reader.read(np.full_like(card, 200), kind, Side.FRONT, None) == ()


@pytest.mark.parametrize(
    ("name", "family", "kind"),
    [
        ("fr-id-lefevre", Family.ID_CARD, DocumentKind.FR_ID_CARD_2021),
        ("fr-permit-kone-expired", Family.RESIDENCE_PERMIT, DocumentKind.FR_RESIDENCE_PERMIT),
        ("be-id-peeters", Family.ID_CARD, DocumentKind.EU_ID_CARD),
        ("de-id-tran", Family.ID_CARD, DocumentKind.EU_ID_CARD),
    ],
)
def test_a_front_is_named_by_its_heading(reader, name, family, kind):
    found = reader.identify(straight(name, Side.FRONT), Side.FRONT).whole()
    assert (found.family, found.kind, found.forbidden) == (family, kind, False)


class Blurred:
    """A recogniser that is sure of nothing, or of other letters at each look."""

    def __init__(self, texts):
        self._texts = list(texts)

    def warm_up(self):
        pass

    def recognise_print(self, strips):
        return [self._scores(self._texts.pop(0)) for _ in strips]

    @staticmethod
    def _scores(text):
        scores = np.zeros((2 * len(text) + 1, len(PRINT_ALPHABET) + 2), np.float32)
        scores[::2, 0] = 1
        for index, symbol in enumerate(text):
            scores[2 * index + 1, PRINT_ALPHABET.index(symbol) + 1] = 1
        return scores


@pytest.mark.parametrize(
    ("looks", "text"),
    [
        (["14 06 2022"] * 3, "2022-06-14"),
        (["14 06 2022", "14 06 2022", "14 08 2022"], ""),
        (["31 02 2022"] * 3, ""),
        ([""] * 3, ""),
    ],
)
def test_three_looks_must_agree_on_a_value_in_the_right_form(looks, text):
    back = load_printed_reader(Blurred([*looks, *[""] * 20]))
    card = straight("fr-id-1988-specimen", Side.BACK)
    fields = back.read(card, DocumentKind.FR_ID_CARD_1988, Side.BACK, None)
    found = {field.name: field.text for field in fields}
    assert found["expiry_date"] == text


def test_a_space_that_the_recogniser_drops_is_taken_from_the_zone():
    reader = load_printed_reader(Blurred(["", *["LEGOFF"] * 3, *[""] * 9]))
    name = "fr-passport-le-goff"
    fields = read(reader, name, Side.FRONT)
    assert (fields["surname"].text, fields["surname"].sure) == ("LE GOFF", True)


# --- in the live reader ---------------------------------------------------------------------------


def show(live, picture, frames=120, until=lambda seen: seen.reading is not None):
    stage = Stage(Subject(picture), Conditions(rotation_deg=0.5), 5)
    rng = np.random.default_rng(5)
    seen = []
    for index in range(frames):
        seen.append(live.observe(Frame(stage.frame(index / 30, rng)[0], index, index * 33)))
        if until(seen[-1]):
            break
    return seen


@pytest.fixture
def live(model, reader):
    second = PaddleTextReader(model)
    parts = Readers(NetDocumentFinder(), OcrbTextReader(), ZxingCodeReader(), second, reader)
    return LiveReader(parts, FakeClock())


def test_an_old_card_before_the_camera_gives_its_printed_dates(live):
    live.reset(Side.FRONT)
    specimen = SPECIMENS["fr-id-1988-rousseau"]
    assert show(live, specimen.picture(Side.FRONT))[-1].reading.document is not None
    live.reset(Side.BACK)
    seen = show(live, specimen.picture(Side.BACK), until=lambda seen: len(seen.printed) == 2)[-1]
    assert seen.reading.print_follows
    assert [side.side for side in seen.printed] == [Side.FRONT, Side.BACK]
    printed = {field.name: field for field in seen.printed[1].fields}
    assert printed["expiry_date"].text == "2031-04-10"
    assert printed["expiry_date"].sure


def test_a_front_without_a_zone_says_what_it_is(live):
    live.reset(Side.FRONT)
    reading = show(live, SPECIMENS["fr-id-lefevre"].picture(Side.FRONT))[-1].reading
    assert reading.document is None
    assert reading.seen_as == "id-card"


def test_a_social_security_card_is_never_taken(live):
    card = SPECIMENS["fr-id-lefevre"].picture(Side.FRONT).copy()
    cv2.rectangle(card, (0, 0), (1012, 92), (40, 140, 40), -1)
    cv2.putText(card, "CARTE VITALE", (130, 66), cv2.FONT_HERSHEY_SIMPLEX, 1.9, (255,) * 3, 5)
    live.reset(Side.FRONT)
    seen = show(live, card)
    assert all(o.reading is None and o.best_image is None and o.portrait is None for o in seen)
    assert Guidance.FORBIDDEN in {o.guidance for o in seen}
