"""Every kind of zone, from a picture of its page to what the program says of it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from kiosk.bootstrap.hardware import load_readers
from kiosk.domain.evidence import DocumentKind, PartialDate, Verdict
from kiosk.paths import RESOURCES
from kiosk.services.file_reading import FileReader
from tests.documents import vectors
from tests.fakes.clock import FakeClock

FONT = RESOURCES / "fonts" / "ocr-b" / "OCRB.otf"
PITCH, FEED = 30, 50
"""Px from letter to letter and from line to line at 300 dpi: ten a tenth of a foot, six an inch."""
SIZES = {44: (1476, 1039), 36: (1240, 874), 30: (1012, 638)}
"""Of a page of a passport, of a visa or a card of the former size, and of a card, by the width."""


@pytest.fixture(scope="module")
def reader():
    readers = load_readers(thorough=True)
    readers.warm_up()
    return FileReader(readers, FakeClock())


def page(lines):
    """The page that bears a zone: its frame, some print, and the zone at its foot."""
    width, height = SIZES[len(lines[0])]
    picture = Image.new("RGB", (width, height), (226, 232, 236))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 140, 60 + height // 3, 140 + height // 2), fill=(150, 140, 130))
    font = ImageFont.truetype(str(FONT), 30)
    pen.text((60, 40), "SPECIMEN", font=font, fill=(60, 70, 90))
    for row in range(4):
        pen.text((width // 2, 150 + 60 * row), "SPECIMEN 0000", font=font, fill=(70, 70, 90))
    size = 10
    while font.getlength("0") < PITCH:
        size += 1
        font = ImageFont.truetype(str(FONT), size)
    left = (width - PITCH * len(lines[0])) // 2
    top = height - 40 - FEED * len(lines)
    for row, line in enumerate(lines):
        for place, letter in enumerate(line):
            pen.text((left + PITCH * place, top + FEED * row), letter, font=font, fill=(25, 25, 30))
    desk = np.full((height + 160, width + 200, 3), 90, np.uint8)
    desk[80 : 80 + height, 100 : 100 + width] = np.asarray(picture)[..., ::-1]
    return desk


CASES = {
    "TD3_ICAO": ("TD3", DocumentKind.PASSPORT),
    "TD3_FILLER": ("TD3", DocumentKind.PASSPORT),
    "TD2_ICAO": ("TD2", DocumentKind.OTHER),
    "TD2_LONG": ("TD2", DocumentKind.OTHER),
    "TD1_ICAO": ("TD1", DocumentKind.OTHER),
    "TD1_LONG": ("TD1", DocumentKind.OTHER),
    "TD1_THAILAND": ("TD1", DocumentKind.OTHER),
    "CARD_2021": ("TD1", DocumentKind.FR_ID_CARD_2021),
    "CARD_1988": ("FR-ID", DocumentKind.FR_ID_CARD_1988),
    "CARD_1988_OFFICE": ("FR-ID", DocumentKind.FR_ID_CARD_1988),
    "CARD_1988_COMPOUND": ("FR-ID", DocumentKind.FR_ID_CARD_1988),
    "CARD_1988_CUT": ("FR-ID", DocumentKind.FR_ID_CARD_1988),
    "PERMIT_KOSOVO": ("TD1", DocumentKind.FR_RESIDENCE_PERMIT),
    "CARD_PARTIAL_BIRTH": ("TD1", DocumentKind.FR_ID_CARD_2021),
    "CARD_BELGIUM_LONG": ("TD1", DocumentKind.EU_ID_CARD),
    "PASSPORT_2026": ("TD3", DocumentKind.FR_PASSPORT),
    "PASSPORT_GERMANY": ("TD3", DocumentKind.PASSPORT),
    "PASSPORT_GBR": ("TD3", DocumentKind.PASSPORT),
    "REFUGEE": ("TD3", DocumentKind.OTHER),
    "VISA_A": ("MRV-A", DocumentKind.OTHER),
    "VISA_B": ("MRV-B", DocumentKind.OTHER),
}


# XXB and XXX are codes of ICAO 9303-3, section 5: a refugee, and a nationality not told.
SAID = {
    "TD2_LONG": {"document_number": "D23145890734"},
    "CARD_BELGIUM_LONG": {"document_number": "600001795015"},
    "TD1_THAILAND": {"surname": "NILAVADHANANANDA", "given_names": ("CHAYAPA", "DE", "K")},
    "CARD_1988_COMPOUND": {"given_names": ("MARIE CLAIRE",)},
    "CARD_PARTIAL_BIRTH": {"birth_date": PartialDate(1975, None, None)},
    "PERMIT_KOSOVO": {"issuer": "FRA", "nationality": "RKS"},
    "PASSPORT_GERMANY": {"issuer": "D", "nationality": "D"},
    "REFUGEE": {"nationality": "XXB"},
    "VISA_A": {"nationality": "XXX"},
}


@pytest.mark.parametrize(("turns", "name"), list(enumerate(CASES)))
def test_a_zone_of_every_kind_is_read_and_named_whichever_way_it_lies(reader, turns, name):
    lines = vectors.ALL[name]
    turned = np.ascontiguousarray(np.rot90(page(lines), turns))
    reading = reader.read([turned if turns % 8 < 4 else turned[..., 1]])
    assert [found.document.mrz for found in reading.documents] == [lines]
    (found,) = reading.documents
    assert (found.document.layout, found.document.kind) == CASES[name]
    for field, value in SAID.get(name, {}).items():
        assert getattr(found.document, field) == value
    specimen = [c.verdict for c in found.checks if c.code == "mrz.specimen"]
    assert specimen == [Verdict.FAIL if "UTO" in lines[0] else Verdict.PASS]
