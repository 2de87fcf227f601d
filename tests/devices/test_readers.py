"""The recogniser's file and the code reader."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from kiosk.capture.decode import letters_of
from kiosk.devices import text_reader
from kiosk.devices.code_agreement import Look
from kiosk.devices.code_reader import MAX_CODES, MAX_PAYLOAD_BYTES, ZxingCodeReader
from kiosk.devices.ocrb_reader import MODEL, OcrbTextReader
from kiosk.devices.text_reader import PaddleTextReader, find_model
from kiosk.domain.errors import ModelError
from kiosk.ports import CodeSighting

FONT = Path(__file__).resolve().parents[2] / "resources" / "fonts" / "ocr-b" / "OCRB.otf"


@pytest.fixture(scope="module", params=[PaddleTextReader, OcrbTextReader])
def reader(request):
    found = request.param()
    found.warm_up()
    return found


def test_a_line_drawn_in_ocr_b_is_read(reader):
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (960, 48), 235)
    line = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
    font = ImageFont.truetype(str(FONT), 28)
    assert font.getlength(line) < 920
    ImageDraw.Draw(picture).text((22, 10), line, font=font, fill=20)
    (scores,) = reader.recognise([np.asarray(picture)])
    assert scores.shape[1] == 38
    assert scores.sum(1) == pytest.approx(np.ones(len(scores)), abs=1e-3)
    text = "".join(letter.best for letter in letters_of(scores))
    assert text.replace("O", "0").replace("I", "1") == line.replace("O", "0")


def test_the_general_reader_takes_less_time_for_a_narrower_strip(monkeypatch):
    reader = PaddleTextReader()
    sizes = []
    net = reader._net
    scores = net.scores
    monkeypatch.setattr(net, "scores", lambda strip: (sizes.append(strip.shape), scores(strip))[1])
    shapes = [(48, 960), (48, 672), (48, 300), (48, 700), (40, 672)]
    answers = reader.recognise([np.full(shape, 240, np.uint8) for shape in shapes])
    assert sizes == [(48, 960), (48, 672), (48, 960), (48, 960), (48, 960)]
    assert len(answers[1]) < 0.75 * len(answers[0])


@pytest.mark.parametrize(
    ("kind", "model"), [(PaddleTextReader, find_model), (OcrbTextReader, lambda: MODEL)]
)
def test_an_altered_model_is_refused(tmp_path, kind, model):
    altered = bytearray(model().read_bytes())
    altered[1_000_000] ^= 1
    file = tmp_path / "model.onnx"
    file.write_bytes(altered)
    with pytest.raises(ModelError) as caught:
        kind(file).warm_up()
    assert caught.value.code == "CAPTURE-020"


def test_a_missing_model_is_told(tmp_path, monkeypatch):
    for kind in (PaddleTextReader, OcrbTextReader):
        with pytest.raises(ModelError):
            kind(tmp_path / "none.onnx").warm_up()
    monkeypatch.setattr(text_reader, "_PACKAGE", "no-such-package")
    with pytest.raises(ModelError):
        find_model()


def code(text, kind):
    barcode = zxingcpp.create_barcode(text, kind)
    picture = np.array(zxingcpp.write_barcode_to_image(barcode, scale=4))
    return cv2.copyMakeBorder(picture, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255)


@pytest.mark.parametrize(
    "kind",
    [
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.PDF417,
        zxingcpp.BarcodeFormat.Code128,
    ],
)
def test_codes_are_read_as_they_are_printed(kind):
    payload = "AB123\x1d456" if kind is zxingcpp.BarcodeFormat.DataMatrix else "AB123456"
    (sighting,) = ZxingCodeReader().read(code(payload, kind))
    assert sighting.payload == payload.encode()
    assert len(sighting.corners) == 4


def test_a_code_on_a_dark_screen_is_read():
    inverted = 255 - code("VISAVIS", zxingcpp.BarcodeFormat.QRCode)
    assert ZxingCodeReader().read(inverted)[0].payload == b"VISAVIS"


def test_nothing_is_read_where_there_is_nothing():
    noise = np.random.default_rng(1).integers(0, 255, (480, 640), np.uint8)
    assert ZxingCodeReader(thorough=True).read(noise) == ()
    assert MAX_PAYLOAD_BYTES == 8192


# --- codes that are hard to read ------------------------------------------------------------------

SCENE_SIZE = (720, 1280)


def laid(picture, degrees=0.0, noise=3.0, light=1.0):
    """A code on a grey desk, turned, dim and noisy: twelve frames."""
    desk = np.full(SCENE_SIZE, 150, np.uint8)
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += (SCENE_SIZE[1] / 2 - width / 2, SCENE_SIZE[0] / 2 - height / 2)
    cv2.warpAffine(picture, matrix, SCENE_SIZE[::-1], dst=desk, borderMode=cv2.BORDER_TRANSPARENT)
    rng = np.random.default_rng(5)
    for _ in range(12):
        grain = rng.normal(0, noise, SCENE_SIZE)
        yield np.clip(desk * light + grain, 0, 255).astype(np.uint8)


def read_over_time(frames):
    reader = ZxingCodeReader()
    return {(s.symbology, s.payload) for frame in frames for s in reader.read(frame)}


KINDS = zxingcpp.BarcodeFormat


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (KINDS.QRCode, "VISAVIS"),
        (KINDS.DataMatrix, "AB123456"),
        (KINDS.Aztec, "VISAVIS1"),
        (KINDS.PDF417, "AB123456"),
        (KINDS.Code128, "RR123456785FR"),
        (KINDS.Code39, "AB123456"),
        (KINDS.EAN13, "3017620422003"),
    ],
)
@pytest.mark.parametrize("degrees", [0, 45])
def test_every_symbology_is_read_live_also_when_turned(kind, text, degrees):
    picture = code(text, kind)
    assert read_over_time(laid(picture, degrees)) == {(kind.name, text.encode())}


@pytest.mark.parametrize("kind", [KINDS.Code128, KINDS.EAN13, KINDS.QRCode])
def test_dim_and_inverted_codes_are_read(kind):
    text = "3017620422003"
    assert read_over_time(laid(code(text, kind), light=0.15)) == {(kind.name, text.encode())}
    assert read_over_time(laid(255 - code(text, kind), 3)) == {(kind.name, text.encode())}


def test_several_codes_in_one_picture_are_all_read():
    one, two = code("EINS-123", KINDS.QRCode), code("3017620422003", KINDS.EAN13)
    width = max(one.shape[1], two.shape[1])
    both = np.vstack(
        [np.pad(p, ((0, 0), (0, width - p.shape[1])), constant_values=255) for p in (one, two)]
    )
    found = {s.payload for s in ZxingCodeReader(thorough=True).read(both)}
    assert found == {b"EINS-123", b"3017620422003"}


def test_the_place_of_a_code_is_given_in_the_frame():
    picture = code("VISAVIS", KINDS.QRCode)
    reader = ZxingCodeReader()
    for frame in laid(picture):
        for sighting in reader.read(frame):
            assert np.mean(sighting.corners, 0) == pytest.approx([640, 360], abs=8)


class Scripted(ZxingCodeReader):
    """A reader whose passes are given: one list of sightings a frame."""

    def __init__(self, *frames):
        super().__init__()
        self._frames = iter(frames)

    def _in_turn(self, grey, clear):  # noqa: ARG002 - the pictures play no part
        yield from (Look(s) for s in next(self._frames))


def sighting(payload, symbology="Code39", x=100.0):
    corners = ((x, 100.0), (x + 90, 100.0), (x + 90, 120.0), (x, 120.0))
    return CodeSighting(symbology, payload, corners)


BLANK = np.full((300, 400), 128, np.uint8)


def test_a_weak_code_counts_when_seen_the_same_way_twice():
    reader = Scripted([sighting(b"A1")], [], [sighting(b"A1", x=110.0)])
    assert [len(reader.read(BLANK)) for _ in range(3)] == [0, 0, 1]


def test_a_weak_code_that_changes_counts_for_nothing():
    frames = [[sighting(b"A1")], [sighting(b"A7")], [sighting(b"A1")], [sighting(b"A7")]]
    reader = Scripted(*frames)
    assert [reader.read(BLANK) for _ in frames] == [(), (), (), ()]


def test_a_weak_code_must_outweigh_what_else_was_read_there():
    frames = [[sighting(b"A7", "PDF417")], *([sighting(b"A1", "PDF417")] for _ in range(3))]
    reader = Scripted(*frames)
    assert [len(reader.read(BLANK)) for _ in frames] == [0, 0, 0, 1]


def test_two_strong_readings_of_one_place_are_both_refused():
    reader = Scripted(
        [sighting(b"A", "QRCode"), sighting(b"B", "Aztec"), sighting(b"C", "QRCode", 300.0)]
    )
    assert [s.payload for s in reader.read(BLANK)] == [b"C"]


def test_an_item_number_whose_digit_is_right_proves_itself():
    right, wrong = (
        sighting(b"RR123456785FR", "Code128"),
        sighting(b"RR123456784FR", "Code128", 250.0),
    )
    assert Scripted([right, wrong]).read(BLANK) == (right,)


def test_a_wall_of_codes_is_bounded():
    small = code("X1", KINDS.QRCode)[30:-30, 30:-30]
    wall = np.tile(small, (2000 // small.shape[0], 3000 // small.shape[1]))
    for reader in (ZxingCodeReader(), ZxingCodeReader(thorough=True)):
        assert len(reader.read(wall)) <= MAX_CODES


def test_a_picture_larger_than_a_frame_is_read_in_its_own_pixels():
    large = cv2.resize(code("VISAVIS", KINDS.QRCode), (2600, 2600), interpolation=cv2.INTER_NEAREST)
    (found,) = ZxingCodeReader().read(large)
    assert np.mean(found.corners, 0) == pytest.approx([1300, 1300], abs=12)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (40, 1), (7, 900)])
def test_tiny_pictures_hold_nothing(shape):
    for thorough in (False, True):
        reader = ZxingCodeReader(thorough=thorough)
        for _ in range(12):
            assert reader.read(np.zeros(shape, np.uint8)) == ()
