"""The recogniser's file and the code reader."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from kiosk.capture.decode import letters_of
from kiosk.devices import text_reader
from kiosk.devices.code_reader import MAX_PAYLOAD_BYTES, ZxingCodeReader
from kiosk.devices.ocrb_reader import MODEL, OcrbTextReader
from kiosk.devices.text_reader import PaddleTextReader, find_model
from kiosk.domain.errors import ModelError

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
