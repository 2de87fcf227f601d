"""The specimens are what their list says: pictures, lines, dates, seals."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from kiosk.devices.specimens import load_authority, load_specimens
from kiosk.documents import mrz, twoddoc
from kiosk.documents.twoddoc import SealVerdict, TrustList
from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import DocumentKind, Side, Verdict

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "resources" / "specimens"
SPECIMENS = load_specimens(FOLDER)
TODAY = date(2026, 11, 25)
EVERY = pytest.mark.parametrize("specimen", SPECIMENS.values(), ids=SPECIMENS)
SEALS = [specimen for specimen in SPECIMENS.values() if specimen.seal]
SEALED = pytest.mark.parametrize("specimen", SEALS, ids=lambda s: s.specimen_id)
READABLE = pytest.mark.parametrize(  # the damaged one may be scratched beyond reading
    "specimen", [s for s in SEALS if s.variant != "damaged"], ids=lambda s: s.specimen_id
)


def test_every_kind_that_the_program_accepts_has_a_specimen():
    kinds = {specimen.kind for specimen in SPECIMENS.values()}
    assert kinds == set(DocumentKind) - {DocumentKind.OTHER}


@EVERY
def test_pictures_are_whole_and_small(specimen):
    for side, path in specimen.files.items():
        image = specimen.picture(side)
        assert image.dtype == np.uint8
        assert image.shape[1] in (1012, 1240, 1476)
        assert path.stat().st_size <= 250 * 1024


@EVERY
def test_expected_outcomes_are_words_of_the_program(specimen):
    outcome = Outcome(specimen.expected)
    if outcome is Outcome.REFUSED:
        assert Reason(specimen.reason)
    else:
        assert specimen.reason == ""


@EVERY
def test_the_reader_finds_in_the_zone_what_is_printed(specimen):
    reading = mrz.parse(specimen.mrz, TODAY)
    document = reading.document
    assert document.kind is specimen.kind
    assert document.document_number == specimen.number
    assert str(document.birth_date) == specimen.holder.birth_date
    assert document.sex == specimen.holder.sex
    if specimen.kind is not DocumentKind.FR_ID_CARD_1988:
        assert document.expiry_date == date.fromisoformat(specimen.expires)
        assert document.nationality == specimen.holder.nationality


@EVERY
def test_check_digits_agree_but_on_the_forged_one(specimen):
    reading = mrz.parse(specimen.mrz, TODAY)
    assert reading.digits_agree == (specimen.variant != "tampered")
    if specimen.variant == "tampered":
        failed = {c.code for c in reading.checks if c.verdict is Verdict.FAIL}
        assert {"mrz.birth_date", "mrz.composite"} <= failed


@SEALED
def test_seals_hold_and_count_as_made_for_tests(specimen):
    seal = twoddoc.parse(specimen.seal)
    trust = TrustList((load_authority(FOLDER),))
    assert twoddoc.verify(seal, trust, TODAY) is SealVerdict.TEST_CERTIFICATE
    assert twoddoc.verify(seal, TrustList(), TODAY) is SealVerdict.UNKNOWN_CERTIFICATE
    assert seal.get("66") == specimen.number


def test_the_forger_left_the_seal_as_it_was():
    forged = twoddoc.parse(SPECIMENS["fr-id-martin-tampered"].seal)
    assert SPECIMENS["fr-id-martin-tampered"].seal == SPECIMENS["fr-id-martin"].seal
    assert forged.get("69") == "13071990"
    assert SPECIMENS["fr-id-martin-tampered"].holder.birth_date == "1988-07-13"


@READABLE
def test_the_seal_in_the_picture_is_the_seal_in_the_list(specimen):
    codes = zxingcpp.read_barcodes(specimen.picture(Side.BACK))
    assert specimen.seal.encode("ascii") in [code.bytes for code in codes]


def test_the_stain_hides_a_part_of_the_zone():
    whole = SPECIMENS["fr-id-lefevre"].picture(Side.BACK)
    damaged = SPECIMENS["fr-id-lefevre-damaged"].picture(Side.BACK)
    zone = np.s_[450:, :]
    lost = np.abs(whole[zone].astype(int) - damaged[zone].astype(int)).max(axis=2) > 80
    assert 0.02 < lost.mean() < 0.3


def test_the_pictures_are_what_the_script_draws():
    ids = ["fr-id-martin", "fr-id-lefevre-damaged", "fr-passport-le-goff", "be-id-peeters"]
    run = subprocess.run(
        [
            sys.executable,
            str(ROOT / "packaging" / "specimens" / "draw.py"),
            "--check",
            "--only",
            *ids,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_changed_picture_is_found_out(tmp_path):
    for path in FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "fr-passport-le-goff-front.jpg"
    image = cv2.imread(str(path))
    image[400:460, 600:760] = 255
    cv2.imwrite(str(path), image)
    run = subprocess.run(
        [
            sys.executable,
            str(ROOT / "packaging" / "specimens" / "draw.py"),
            "--check",
            "--only",
            "fr-passport-le-goff",
            "--out",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 1
    assert "fr-passport-le-goff-front.jpg" in run.stdout


class TestList:
    def test_a_missing_list(self, tmp_path):
        with pytest.raises(CatalogueError):
            load_specimens(tmp_path)

    @pytest.mark.parametrize("text", ["[[specimen]]\nid = 3\n", "not toml", "specimen = 1", ""])
    def test_a_broken_list(self, tmp_path, text):
        (tmp_path / "specimens.toml").write_text(text, encoding="utf-8")
        with pytest.raises(CatalogueError):
            load_specimens(tmp_path)
        with pytest.raises(CatalogueError):
            load_authority(tmp_path)

    def test_a_side_that_is_not_drawn(self):
        with pytest.raises(CatalogueError):
            SPECIMENS["fr-passport-le-goff"].picture(Side.BACK)

    def test_a_missing_and_a_broken_picture(self, tmp_path):
        (tmp_path / "specimens.toml").write_bytes((FOLDER / "specimens.toml").read_bytes())
        specimen = load_specimens(tmp_path)["fr-passport-le-goff"]
        with pytest.raises(CatalogueError):
            specimen.picture(Side.FRONT)
        specimen.files[Side.FRONT].write_bytes(b"\xff\xd8 not a picture")
        with pytest.raises(CatalogueError):
            specimen.picture(Side.FRONT)
