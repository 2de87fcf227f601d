"""Codes in stored pictures: each judged, none guessed, and what is there but unsure is told."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from kiosk.capture.location import Location
from kiosk.commands.read import as_json, as_text
from kiosk.devices.code_reader import ZxingCodeReader
from kiosk.documents.codes import PayloadKind
from kiosk.documents.twoddoc import SealVerdict, TrustList
from kiosk.domain.evidence import Verdict
from kiosk.ports import CodeSighting, CodesSeen
from kiosk.services.file_reading import FileReader
from kiosk.services.readers import Readers
from kiosk.texts import Texts
from tests.documents.seals import (
    BILL,
    CERTIFICATE,
    FOREIGN,
    TEST_CERTIFICATE,
    TITLE,
    ZONE,
    seal_of,
)
from tests.fakes.clock import FakeClock

KINDS = zxingcpp.BarcodeFormat
TODAY = FakeClock().now().astimezone().date()
VECTORS = {"title": TITLE, "zone": ZONE, "foreign": FOREIGN, "bill": BILL}
TRUST = TrustList((TEST_CERTIFICATE, CERTIFICATE), next_update=TODAY)
BLANK = np.full((300, 400, 3), 200, np.uint8)
FRAMES = [np.full((300, 400, 3), shade, np.uint8) for shade in range(200, 206)]
PLACE = ((100.0, 100.0), (190.0, 100.0), (190.0, 190.0), (100.0, 190.0))


class NoDocuments:
    """A finder that sees none."""

    def find(self, _grey, **_how):
        return Location()

    def warm_up(self):
        pass


class Glimpses:
    """A code reader that sees what a test says, picture by picture."""

    def __init__(self, *seen):
        self._seen = list(seen)
        self.followed = []

    def seen(self, _image, *, follows=False):
        self.followed.append(follows)
        return self._seen.pop(0) if self._seen else CodesSeen()


def reader_of(codes=None, trust=TRUST):
    parts = Readers(NoDocuments(), None, codes or ZxingCodeReader(thorough=True))
    return FileReader(parts, FakeClock(), trust)


def drawn(text, kind=KINDS.DataMatrix, scale=4):
    """A code on white paper, (h, w, 3) BGR."""
    small = np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind)))
    large = np.kron(small, np.ones((scale, scale), np.uint8))
    edges = cv2.copyMakeBorder(large, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255)
    return cv2.cvtColor(edges, cv2.COLOR_GRAY2BGR)


def signature_of(reading):
    (code,) = reading.codes
    (check,) = [check for check in code.checks if check.code == "seal.signature"]
    return check.verdict, check.detail


# --- the vectors of the specification, from the printed code to the verdict -----------------------


@pytest.mark.parametrize("name", VECTORS)
def test_each_vector_is_read_from_its_picture_as_printed_and_judged(name):
    text = VECTORS[name]
    reading = reader_of().read([drawn(text)])
    (code,) = reading.codes
    assert (code.sighting.symbology, code.sighting.payload) == ("DataMatrix", text.encode("ascii"))
    assert (code.payload.kind, code.payload.detail) == (PayloadKind.SEAL, "text")
    assert signature_of(reading) == (Verdict.UNSURE, SealVerdict.TEST_CERTIFICATE.value)


@pytest.mark.parametrize("name", VECTORS)
def test_each_vector_with_one_letter_changed_is_denied(name):
    reading = reader_of().read([drawn(VECTORS[name].replace("SPECIMEN", "SPECIMAN", 1))])
    assert signature_of(reading) == (Verdict.FAIL, SealVerdict.INVALID.value)
    assert not reading.certain


@pytest.mark.parametrize("name", VECTORS)
def test_each_vector_without_its_certificate_is_not_known(name):
    for trust in (TrustList(), TrustList((CERTIFICATE,))):
        reading = reader_of(trust=trust).read([drawn(VECTORS[name])])
        verdict = SealVerdict.UNKNOWN_CERTIFICATE.value
        assert signature_of(reading) == (Verdict.UNSURE, verdict)


def test_all_verdicts_are_told_of_a_picture():
    old = replace(TRUST, next_update=TODAY - timedelta(days=1))
    later = date(2023, 6, 1)
    for text, trust, verdict, said in (
        (seal_of(), TRUST, Verdict.PASS, SealVerdict.VALID),
        (seal_of(), old, Verdict.UNSURE, SealVerdict.LIST_TOO_OLD),
        (seal_of(signed=later), TRUST, Verdict.FAIL, SealVerdict.INVALID),
    ):
        assert signature_of(reader_of(trust=trust).read([drawn(text)])) == (verdict, said.value)


# --- there, but not surely read -------------------------------------------------------------------


def unsure(payload=b"https://exemple.fr/geheim", symbology="QRCode"):
    return CodesSeen((), (CodeSighting(symbology, payload, PLACE),))


def test_a_code_that_cannot_be_read_surely_is_told_without_its_text():
    reading = reader_of(Glimpses(unsure())).read([BLANK])
    assert reading.codes == ()
    assert [(code.symbology, code.page) for code in reading.unsure_codes] == [("QRCode", 0)]
    assert not reading.certain
    for language, words in (("fr", "ne peut pas être lu"), ("en", "cannot be read surely")):
        texts = Texts.load(language)
        answer = as_json(Path("a.jpg"), reading, texts)
        assert answer["codes"] == []
        assert answer["unsure_codes"] == [{"symbology": "QRCode", "page": 0}]
        lines = list(as_text(Path("a.jpg"), reading, texts))
        assert any(words in line and "QRCode" in line for line in lines)
        assert "geheim" not in f"{answer}{lines}"


def test_which_page_shows_it_is_told():
    reading = reader_of(Glimpses(CodesSeen(), CodesSeen(), unsure())).read([BLANK, BLANK])
    for language in ("fr", "en"):
        (line,) = list(as_text(Path("a.pdf"), reading, Texts.load(language)))[1:]
        assert "(QRCode, page 2)" in line


def test_a_seal_that_one_look_gave_counts_where_its_signature_verifies():
    good = seal_of()
    reading = reader_of(Glimpses(unsure(good.encode(), "DataMatrix"))).read([BLANK])
    assert signature_of(reading) == (Verdict.PASS, SealVerdict.VALID.value)
    assert reading.unsure_codes == ()
    for bad in (good.replace("62MARTIN", "62MARTEN"), good[:-4] + "AAAA", good[:40]):
        reading = reader_of(Glimpses(unsure(bad.encode(), "DataMatrix"))).read([BLANK])
        # A misreading is no forgery: nothing is denied, nothing is believed.
        assert (reading.codes, len(reading.unsure_codes)) == ((), 1)
    without = reader_of(Glimpses(unsure(good.encode(), "DataMatrix")), TrustList()).read([BLANK])
    assert (without.codes, len(without.unsure_codes)) == ((), 1)


def test_what_another_page_shows_surely_is_not_told_as_unsure():
    sure = CodesSeen((CodeSighting("QRCode", b"A", PLACE),))
    reading = reader_of(Glimpses(sure, unsure(b"A"), CodesSeen())).read([BLANK, BLANK])
    assert ([c.payload.preview for c in reading.codes], reading.unsure_codes) == (["A"], ())


def test_a_quarter_turn_may_show_what_the_first_look_did_not():
    sure = CodesSeen((CodeSighting("Code128", b"A12", PLACE),))
    reading = reader_of(Glimpses(unsure(b"A12"), sure)).read([BLANK])
    assert ([c.sighting.payload for c in reading.codes], reading.unsure_codes) == ([b"A12"], ())


def test_frames_of_a_clip_follow_one_another_and_pages_do_not():
    codes = Glimpses()
    reader_of(codes).read([BLANK] * 3)
    assert not any(codes.followed)
    codes = Glimpses()
    reader_of(codes).read(FRAMES[:5], moving=True)
    assert codes.followed == [False, True, True]


def test_one_frame_of_a_clip_alone_tells_of_no_code():
    one = reader_of(Glimpses(unsure(b"A"))).read(FRAMES, moving=True)
    two = reader_of(Glimpses(unsure(b"A"), unsure(b"B"))).read(FRAMES, moving=True)
    assert (one.unsure_codes, [c.symbology for c in two.unsure_codes]) == ((), ["QRCode"])


def test_a_clip_of_one_picture_confirms_nothing_and_tells_what_is_there():
    seen = unsure(b"A"), CodesSeen((CodeSighting("QRCode", b"A", PLACE),))
    codes = Glimpses(*seen)
    reading = reader_of(codes).read([BLANK.copy() for _ in range(6)], moving=True)
    assert (reading.codes, [c.symbology for c in reading.unsure_codes]) == ((), ["QRCode"])
    assert codes.followed == [False]
    assert len(reader_of(Glimpses(*seen)).read(FRAMES, moving=True).codes) == 1


# --- codes that mean harm -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "\x1b[2J\x1b]0;x\x07", "a\u202eb", "\x1d\x1e\x1f", "x" * 1400, "{" * 900],
)
def test_a_harmful_code_is_named_and_harmless_on_the_screen(text):
    kind = KINDS.QRCode
    reading = reader_of().read([drawn(text, kind, scale=3)])
    (code,) = reading.codes
    assert code.payload.kind is PayloadKind.FOREIGN
    for line in as_text(Path("a.jpg"), reading, Texts.load("fr")):
        assert line.replace("\xa0", " ").isprintable()
        assert len(line) < 200


def test_thousands_of_codes_are_some_codes_and_no_long_time():
    small = drawn("X1", KINDS.QRCode, scale=3)[30:-30, 30:-30]
    wall = np.tile(small, (3600 // small.shape[0], 3600 // small.shape[1], 1))
    reading = reader_of().read([wall, wall])
    assert len(reading.codes) == 1  # one text, however often


def test_a_page_of_different_codes_and_a_light_one_on_dark_are_all_read():
    texts = [f"NR-{number:04}" for number in range(9)]
    codes = [cv2.resize(drawn(text, KINDS.QRCode), (300, 300)) for text in texts]
    codes[4] = 255 - codes[4]
    page = np.vstack([np.hstack(codes[row : row + 3]) for row in (0, 3, 6)])
    assert sorted(c.payload.preview for c in reader_of().read([page]).codes) == texts
