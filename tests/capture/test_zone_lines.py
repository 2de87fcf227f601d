"""Lines inside a place, on drawn specimens of which the truth is known."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.capture.decode import read_zone
from kiosk.capture.picture import grey_of
from kiosk.capture.zone_lines import LETTERS, TALLER, Line, cut_line, for_general, zones_in
from kiosk.devices.ocrb_reader import OcrbTextReader
from kiosk.devices.specimen_props import Hand
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import load_specimens

SPECIMENS = load_specimens(Path(__file__).resolve().parents[2] / "resources" / "specimens")
PLACES = {
    # Corners of the zone as shares of the side's width and height, measured on the drawing.
    "fr-id-martin": (0.060, 0.735, 0.942, 0.965),
    "fr-passport-berthier": (0.055, 0.800, 0.945, 0.925),
    "fr-id-1988-rousseau": (0.070, 0.800, 0.932, 0.935),
}


@pytest.fixture(scope="module")
def text_reader():
    reader = OcrbTextReader()
    reader.warm_up()
    return reader


def shown(name, conditions, seed=3):
    """Grey frame and the corners (4, 2) of the zone in it."""
    specimen = SPECIMENS[name]
    picture = specimen.picture(specimen.mrz_side)
    height, width = picture.shape[:2]
    stage = Stage(Subject(picture, specimen.mrz), conditions, seed)
    image, truth = stage.frame(0.0, np.random.default_rng(seed))
    x0, y0, x1, y1 = (v * s for v, s in zip(PLACES[name], (width, height) * 2, strict=True))
    box = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], np.float64)
    return grey_of(image), cv2.perspectiveTransform(box, truth.homography)[0]


def read(reader, grey, zone):
    strips = [cut_line(grey, line, LETTERS[len(zone.lines)]) for line in zone.lines]
    reading = read_zone(reader.recognise(strips))
    return None if reading is None else reading.lines


@pytest.mark.parametrize("name", sorted(PLACES))
@pytest.mark.parametrize("off", [0.0, 0.008, 0.015])
def test_lines_are_found_and_read_in_a_place_that_is_a_little_off(text_reader, name, off):
    grey, place = shown(name, Conditions(rotation_deg=4, tilt_deg=10))
    length = np.linalg.norm(place[1] - place[0])
    place = place + np.random.default_rng(5).normal(0, off * length, (4, 2))
    zones = zones_in(grey, place)
    assert SPECIMENS[name].mrz in [read(text_reader, grey, zone) for zone in zones]


@pytest.mark.parametrize("name", sorted(PLACES))
def test_the_likelier_number_of_lines_comes_first(name):
    grey, place = shown(name, Conditions())
    assert len(zones_in(grey, place)[0].lines) == len(SPECIMENS[name].mrz)


def test_a_zone_upside_down_is_read_when_turned_over(text_reader):
    grey, place = shown("fr-id-martin", Conditions())
    zone = zones_in(grey, np.roll(place, 2, axis=0))[0]
    assert read(text_reader, grey, zone) is None
    assert read(text_reader, grey, zone.turned_over()) == SPECIMENS["fr-id-martin"].mrz


@pytest.mark.parametrize("fill", [0, 90, 255])
def test_a_blank_place_has_no_lines(fill):
    blank = np.full((400, 900), fill, np.uint8)
    place = np.array([[50, 100], [850, 100], [850, 200], [50, 200]], np.float64)
    assert zones_in(blank, place) == []


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_degenerate_places_end_without_an_error(seed):
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (300, 500)).astype(np.uint8)
    place = rng.uniform(-200, 700, (4, 2))
    assert isinstance(zones_in(noise, place), list)
    point = np.repeat(rng.uniform(0, 300, (1, 2)), 4, axis=0)
    assert isinstance(zones_in(noise, point), list)


def test_a_cut_line_has_its_margin_of_one_letter():
    picture = np.full((200, 1000), 255, np.uint8)
    picture[90:110, 100:900] = 0
    corners = np.array([[100, 90], [900, 90], [900, 110], [100, 110]], np.float64)
    strip = cut_line(picture, Line(corners), 40)
    assert strip.shape == (48, 960)
    dark = np.nonzero(strip[24] < 128)[0]
    letter = 960 / (40 + 1.8)
    assert dark[0] == pytest.approx(0.9 * letter, abs=2)
    assert 960 - dark[-1] == pytest.approx(0.9 * letter, abs=2)


def test_what_a_hand_hides_of_a_zone_is_told():
    for hand, least, most in ((Hand.NONE, 0.95, 1.0), (Hand.ZONE, 0.0, 0.88)):
        grey, place = shown("fr-id-martin", Conditions(hand=hand))
        assert least <= zones_in(grey, place)[0].seen <= most


def test_lines_of_two_and_of_three_are_shown_to_a_general_reader_at_a_like_pitch():
    strip = np.tile(np.linspace(0, 255, 960).astype(np.uint8), (48, 1))
    for lines, width in ((2, 864), (3, 576)):
        shown = for_general(strip, lines)
        assert (shown.shape, shown.dtype) == ((48, width), np.uint8)
        assert abs(int(shown[24, width // 2]) - int(strip[24, 480])) <= 1
        assert width / LETTERS[lines] == pytest.approx(20, rel=0.1)


def test_letters_are_shown_to_a_general_reader_higher_than_they_were_cut():
    strip = np.full((48, 960), 255, np.uint8)
    strip[14:34, 100:200] = 0
    shown = for_general(strip, 2)
    rows = np.flatnonzero((shown < 128).any(1))
    assert rows[-1] - rows[0] + 1 == pytest.approx(TALLER * 20, abs=2)
    assert rows.mean() == pytest.approx(23.5, abs=1)
    columns = np.flatnonzero((shown < 128).any(0))
    assert (columns[0], columns[-1]) == (90, 179)
