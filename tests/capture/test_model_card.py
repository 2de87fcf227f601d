"""What the model card says is what is shipped; what it was made by can be made again."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from kiosk.bootstrap.hardware import load_readers
from kiosk.capture import decode, vote
from kiosk.capture.decode import ALPHABET
from kiosk.devices import finder, ocrb_reader
from kiosk.devices.ocrb_reader import OcrbTextReader
from kiosk.devices.text_reader import PaddleTextReader

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ROOT / "packaging" / "train"
CARD = (ROOT / "resources" / "models" / "README.md").read_text("utf-8")


def opened(path):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("file", [ocrb_reader.MODEL, finder.MODEL])
def test_each_net_is_the_one_of_its_card(file):
    section = CARD.split("## `")[1:]
    (told,) = [part for part in section if part.startswith(f"{file.name}`")]
    assert hashlib.sha256(file.read_bytes()).hexdigest() in told


def test_shapes_and_alphabet_are_as_told():
    session = opened(ocrb_reader.MODEL)
    (given,), (answer,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape[1:]) == ("strips", [1, 32, 704])
    assert (answer.name, answer.shape[1:]) == ("scores", [176, 38])
    assert session.get_modelmeta().custom_metadata_map["alphabet"] == ALPHABET
    scores = session.run(None, {"strips": np.full((2, 1, 32, 704), 235, np.float32)})[0]
    assert scores.sum(2) == pytest.approx(np.ones((2, 176)), abs=1e-3)
    finding = opened(finder.MODEL)
    assert [i.name for i in finding.get_inputs()] == ["pictures"]
    assert [o.name for o in finding.get_outputs()] == ["masks", "ways"]


def test_the_guards_are_those_that_were_calibrated():
    chosen = [float(number) for number in re.findall(r"\*\*(0\.\d+)\*\* \|", CARD)]
    assert chosen == [decode._CLEAR, decode._TWIN_LIMIT] == [vote._CLEAR, vote._TWIN_LIMIT]


def test_every_script_that_the_card_names_is_there():
    named = set(re.findall(r"([a-z_]+\.py)", CARD)) - {"read.py"}
    assert named
    assert {file.name for file in TRAIN.glob("*.py")} >= named
    assert (ROOT / "packaging" / "bench" / "read.py").is_file()


def test_the_better_order_is_shipped_and_both_are_behind_the_port():
    for thorough in (False, True):
        readers = load_readers(thorough=thorough)
        assert isinstance(readers.text, OcrbTextReader)
        assert isinstance(readers.second, PaddleTextReader)


def drawn(folder, seed):
    out = folder / f"{seed}.npz"
    font = ROOT / "resources" / "fonts" / "ocr-b" / "OCRB.otf"
    words = ["--count", "4", "--seed", str(seed), "--font", str(font), "--out", str(out)]
    command = [sys.executable, str(TRAIN / "zones.py"), *words]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with np.load(out) as stored:
        return {name: stored[name] for name in stored.files}


def test_a_seed_draws_the_same_lines_again_and_another_one_others(tmp_path):
    (tmp_path / "again").mkdir()
    first, again, other = drawn(tmp_path, 5), drawn(tmp_path / "again", 5), drawn(tmp_path, 6)
    assert set(first) == set(again)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["pictures"][:4], other["pictures"][:4])
    assert str(first["lines"]) != str(other["lines"])
