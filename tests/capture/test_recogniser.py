"""The shipped net and the decoder on drawn zones of random text: what they read, they read right.

The zones are drawn by the training's own scripts, with a seed of their own and texts that no
training has seen.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kiosk.capture.decode import letters_of, read_zone
from kiosk.capture.settle import settle
from kiosk.devices.ocrb_reader import MODEL, OcrbTextReader
from kiosk.documents.mrz import digits_hold

ROOT = Path(__file__).resolve().parents[2]
COUNT = 60
SEED = 4021


@pytest.fixture(scope="module")
def reader():
    reader = OcrbTextReader()
    reader.warm_up()
    return reader


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Strips by severity: the groups of each zone, their lines, and strips without a line."""
    found = {}
    for severity in ("readable", "hard"):
        out = tmp_path_factory.mktemp("zones") / f"{severity}.npz"
        command = [
            sys.executable,
            str(ROOT / "packaging" / "train" / "zones.py"),
            *("--count", str(COUNT), "--seed", str(SEED), "--severity", severity),
            *("--font", str(ROOT / "resources" / "fonts" / "ocr-b" / "OCRB.otf")),
            *("--out", str(out)),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        with np.load(out) as stored:
            zones = [tuple(zone) for zone in json.loads(str(stored["lines"]))]
            ends = np.cumsum([len(zone) for zone in zones])
            found[severity] = (np.split(stored["pictures"], ends[:-1]), zones, stored["blind"])
    return found


def readings(reader, groups):
    found = [read_zone(reader.recognise(list(strips))) for strips in groups]
    return [None if reading is None else settle(reading) for reading in found]


def is_certain(reading):
    return reading is not None and not reading.doubts and digits_hold(reading.lines)


def test_the_model_is_the_one_of_the_model_card():
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert digest in (MODEL.parent / "README.md").read_text("utf-8")


def test_readable_zones_are_read_and_none_wrongly(reader, drawn):
    groups, zones, _ = drawn["readable"]
    found = readings(reader, groups)
    certain = [(r.lines, z) for r, z in zip(found, zones, strict=True) if is_certain(r)]
    assert [pair for pair in certain if pair[0] != pair[1]] == []
    assert len(certain) >= 0.55 * COUNT


def test_hard_zones_are_left_rather_than_read_wrongly(reader, drawn):
    groups, zones, _ = drawn["hard"]
    found = readings(reader, groups)
    assert all(r.lines == z for r, z in zip(found, zones, strict=True) if is_certain(r))


def test_strips_without_a_line_hold_few_letters_and_no_zone(reader, drawn):
    for _, _, blind in drawn.values():
        counts = [len(letters_of(scores)) for scores in reader.recognise(list(blind))]
        assert np.mean(counts) < 0.5
        for first, second in zip(blind[::2], blind[1::2], strict=True):
            assert read_zone(reader.recognise([first, second])) is None


def test_a_wrong_letter_is_never_certain_where_a_line_is_cut_off(reader, drawn):
    # The last three letters of every line lie outside the strip: a lost end is no reading.
    groups, _, _ = drawn["readable"]
    for strips in groups:
        halves = [np.ascontiguousarray(strip[:, :640]) for strip in strips]
        assert not is_certain(read_zone(reader.recognise(halves)))
