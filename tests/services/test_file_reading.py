"""Reading from stored pictures, end to end on drawn specimens, with the real recogniser."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from kiosk.__main__ import build_app
from kiosk.bootstrap.hardware import load_readers
from kiosk.devices.document_files import FileKind, kind_of, pictures_of
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import load_specimens
from kiosk.documents.series import Family
from kiosk.domain.errors import PictureTooLargeError, PictureTypeError, PictureUnreadableError
from kiosk.domain.evidence import Side, Verdict
from kiosk.services.file_reading import FileReader
from tests.fakes.clock import FakeClock

SPECIMENS = load_specimens(Path(__file__).resolve().parents[2] / "resources" / "specimens")
PASSPORT = SPECIMENS["fr-passport-berthier"]
CARD = SPECIMENS["fr-id-martin"]


@pytest.fixture(scope="module")
def reader():
    """With the pair of readers that the program uses."""
    readers = load_readers(thorough=True)
    readers.warm_up()
    return FileReader(readers, FakeClock())


def certain(reading):
    return [d.document.mrz for d in reading.documents if d.accepted]


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_a_scan_is_read_whichever_way_it_lies(reader, quarter_turns):
    image = np.rot90(PASSPORT.picture(Side.FRONT), quarter_turns)
    assert certain(reader.read([np.ascontiguousarray(image)])) == [PASSPORT.mrz]


@pytest.mark.parametrize("quarter_turns", [0, 2])
def test_a_side_without_a_zone_is_named_by_its_heading(reader, quarter_turns):
    desk = np.full((900, 1400, 3), 70, np.uint8)
    side = CARD.picture(Side.FRONT)
    desk[120 : 120 + side.shape[0], 180 : 180 + side.shape[1]] = side
    reading = reader.read([np.ascontiguousarray(np.rot90(desk, quarter_turns))])
    assert (reading.documents, reading.named) == ((), (Family.ID_CARD,))
    assert not reading.certain


def test_a_crooked_photo_is_read(reader):
    stage = Stage(Subject(PASSPORT.picture(Side.FRONT)), Conditions(rotation_deg=24), 3)
    image, truth = stage.frame(0.0, np.random.default_rng(1))
    reading = reader.read([image])
    assert certain(reading) == [PASSPORT.mrz]
    assert np.abs(reading.documents[0].outline - truth.corners).max() < 0.05 * image.shape[1]


def test_two_sides_on_one_page_are_two_readings(reader):
    page = np.full((2600, 2000, 3), 250, np.uint8)
    for top, name in ((200, "fr-id-martin"), (1400, "de-id-tran")):
        card = SPECIMENS[name].picture(Side.BACK)
        page[top : top + card.shape[0], 400 : 400 + card.shape[1]] = card
    reading = reader.read([page])
    assert {d.document.mrz for d in reading.documents} == {CARD.mrz, SPECIMENS["de-id-tran"].mrz}


def test_a_page_without_a_document_gives_nothing(reader):
    for blank in (
        np.full((1754, 1240, 3), 255, np.uint8),
        np.random.default_rng(4).integers(0, 255, (600, 900, 3), np.uint8),
        CARD.picture(Side.FRONT),
    ):
        reading = reader.read([blank])
        assert (reading.documents, reading.codes) == ((), ())
        assert not reading.certain


def test_a_wrong_check_digit_is_read_but_never_accepted(reader):
    altered = SPECIMENS["fr-id-martin-tampered"]
    reading = reader.read([altered.picture(Side.BACK)])
    assert [d.document.mrz for d in reading.documents] == [altered.mrz]
    assert certain(reading) == []
    failed = {c.code for c in reading.documents[0].checks if c.verdict.value == "fail"}
    assert {"mrz.birth_date", "seal.matches"} <= failed


def test_frames_of_a_clip_vote(reader):
    stage = Stage(Subject(PASSPORT.picture(Side.FRONT)), Conditions.fair(), 7)
    rng = np.random.default_rng(7)
    frames = [stage.frame(i / 15, rng)[0] for i in range(5)]
    assert certain(reader.read(frames[:1], moving=True)) == []
    assert certain(reader.read(frames, moving=True)) == [PASSPORT.mrz]


class Late:
    """A second reader that sees nothing in the first lines it is given."""

    def __init__(self, reader, lines):
        self._reader, self._left = reader, lines

    def warm_up(self):
        pass

    def recognise(self, strips):
        if self._left:
            self._left -= 1
            blank = np.zeros((60, 38), np.float32)
            blank[:, 0] = 1
            return [blank for _ in strips]
        return self._reader.recognise(strips)


def test_a_clip_that_is_confirmed_later_is_accepted_and_told_once(reader):
    stage = Stage(Subject(PASSPORT.picture(Side.FRONT)), Conditions.fair(), 7)
    rng = np.random.default_rng(7)
    frames = [stage.frame(i / 15, rng)[0] for i in range(8)]
    readers = load_readers(thorough=True)
    second = Late(readers.second, 2)
    late = FileReader(replace(readers, second=second), FakeClock())
    assert certain(late.read(frames[:3], moving=True)) == []
    second = Late(readers.second, 2)
    late = FileReader(replace(readers, second=second), FakeClock())
    reading = late.read(frames, moving=True)
    assert [d.document.mrz for d in reading.documents] == certain(reading) == [PASSPORT.mrz]


# --- files ----------------------------------------------------------------------------------------


def test_files_are_told_by_their_bytes_not_their_names(tmp_path):
    file = tmp_path / "card.pdf"
    file.write_bytes(CARD.files[Side.BACK].read_bytes())
    assert kind_of(file) is FileKind.PICTURE


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("empty.jpg", b"", PictureUnreadableError),
        ("text.jpg", b"Nothing but words in here.", PictureTypeError),
        ("half.jpg", CARD.files[Side.BACK].read_bytes()[:60_000], PictureUnreadableError),
        ("half.pdf", b"%PDF-1.7\n1 0 obj\n<<", PictureUnreadableError),
        ("half.mp4", b"\0\0\0\x18ftypmp42" + bytes(400), PictureUnreadableError),
        (
            "bomb.bmp",
            struct.pack("<2sIIIIiiHH", b"BM", 0, 0, 54, 40, 65535, 65535, 1, 24) + bytes(60),
            PictureTooLargeError,
        ),
    ],
)
def test_bad_files_have_their_own_error(tmp_path, name, data, error):
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(error):
        list(pictures_of(file))


def test_a_pdf_page_is_read(tmp_path, reader):
    from PIL import Image

    file = tmp_path / "scan.pdf"
    Image.open(PASSPORT.files[Side.FRONT]).save(file, resolution=300)
    assert certain(reader.read(pictures_of(file))) == [PASSPORT.mrz]


def test_a_clip_is_opened(tmp_path):
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for grey in range(0, 120, 20):
        writer.write(np.full((240, 320, 3), grey, np.uint8))
    writer.release()
    assert kind_of(file) is FileKind.CLIP
    assert len(list(pictures_of(file))) == 3


# --- the command ----------------------------------------------------------------------------------


def command(*arguments):
    return CliRunner().invoke(build_app(), ["read", *map(str, arguments)])


def test_the_command_prints_one_object_a_file(tmp_path):
    bad = tmp_path / "words.txt"
    bad.write_text("words", "utf-8")
    good = PASSPORT.files[Side.FRONT]
    answer = command(good, bad, "--json", "--jobs", "2", "--data", tmp_path / "data")
    first, second = map(json.loads, answer.stdout.splitlines())
    assert answer.exit_code == 3
    assert first["file"] == str(good)
    (document,) = first["documents"]
    assert document["accepted"] is True
    assert document["layout"] == "TD3"
    assert tuple(document["mrz"]) == PASSPORT.mrz
    assert document["fields"]["surname"] == "BERTHIER"
    assert document["fields"]["birth_date"] == "1965-12-06"
    assert len(document["outline"]) == 4
    assert {"code": "mrz.composite", "ok": True, "verdict": "pass", "detail": ""} in document[
        "checks"
    ]
    assert set(first["quality"]) == {"sharpness", "glare", "exposure"}
    assert second["error"]["code"] == "CAPTURE-012"
    assert not (tmp_path / "data").exists()


def test_the_command_answers_no_where_nothing_is_certain(tmp_path):
    altered = SPECIMENS["fr-id-martin-tampered"].files[Side.BACK]
    assert command(altered, "--data", tmp_path).exit_code == 1


def test_the_command_is_used_wrongly(tmp_path):
    assert command().exit_code == 2
    assert command(tmp_path / "none.jpg", "--data", tmp_path).exit_code == 2
    assert command(tmp_path, "--data", tmp_path).exit_code == 2


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    for name in ("b.jpg", "a.jpg"):
        (tmp_path / name).write_bytes(PASSPORT.files[Side.FRONT].read_bytes())
    answer = command(tmp_path, "--data", tmp_path / "data", "--json")
    assert [Path(json.loads(line)["file"]).name for line in answer.stdout.splitlines()] == [
        "a.jpg",
        "b.jpg",
    ]
    assert answer.exit_code == 0


ILLEGIBLE = ("damaged", "tampered")
LEGIBLE = sorted(n for n, s in SPECIMENS.items() if s.mrz and s.variant not in ILLEGIBLE)


@pytest.mark.parametrize("name", LEGIBLE)
def test_a_scan_cut_at_the_edge_of_the_document_is_read(reader, name):
    specimen = SPECIMENS[name]
    assert certain(reader.read([specimen.picture(specimen.mrz_side)])) == [specimen.mrz]


def test_a_seal_of_another_paper_is_not_the_card_s(reader):
    back = CARD.picture(Side.BACK)
    reading = reader.read([back])
    (document,) = reading.documents
    checks = {check.code: check.verdict for check in document.checks}
    assert checks["seal.present"] is Verdict.PASS
    assert checks["seal.matches"] is Verdict.PASS
    assert reading.certain
    hidden = back.copy()
    hidden[: round(0.7 * len(back)), round(0.55 * back.shape[1]) :] = 230  # the seal is covered
    (document,) = reader.read([hidden]).documents
    assert {c.code: c.verdict for c in document.checks}["seal.present"] is Verdict.UNSURE
