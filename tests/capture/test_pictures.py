from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.capture.outline import OutlineTracker, card_around, find_outline
from kiosk.capture.picture import turned, turned_back
from kiosk.capture.portrait import find_portrait
from kiosk.capture.quality import measure, sharpness_of
from kiosk.capture.rectify import CARD_WIDTH, rectified
from kiosk.capture.still import ANGLES, fitted, overlap, views
from kiosk.capture.zone import TextLine, Zone, find_lines, find_zones
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import load_specimens
from kiosk.domain.evidence import Side

SPECIMENS = load_specimens(Path(__file__).resolve().parents[2] / "resources" / "specimens")
CARD = SPECIMENS["fr-id-martin"]


def seen(side, conditions=None, seed=3):
    subject = Subject(CARD.picture(side), CARD.mrz_on(side))
    stage = Stage(subject, conditions or Conditions.fair(), seed)
    return stage.frame(0.0, np.random.default_rng(seed))


def grey(image):
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def test_the_outline_lies_on_the_document():
    image, truth = seen(Side.BACK)
    corners = find_outline(image)
    assert corners is not None
    assert overlap(corners, truth.corners) > 0.9
    assert np.abs(corners - truth.corners).max() < 0.03 * image.shape[1]


def test_an_empty_desk_has_no_outline():
    image, _ = Stage(None, Conditions.fair(), 3).frame(0.0, np.random.default_rng(1))
    assert find_outline(image) is None


def test_a_zone_of_three_lines_is_found_where_it_is():
    image, truth = seen(Side.BACK)
    zone = find_zones(find_lines(grey(image)))[0]
    assert len(zone.lines) == 3
    assert overlap(zone.corners, truth.corners) > 0.9
    assert overlap(card_around(zone.corners, 3), truth.corners) > 0.85


@pytest.mark.parametrize("fill", [0, 128, 255])
def test_a_blank_picture_has_nothing(fill):
    blank = np.full((720, 1280, 3), fill, np.uint8)
    assert find_outline(blank) is None
    assert find_zones(find_lines(grey(blank))) == []
    assert sharpness_of(grey(blank)) == 0


def test_blur_costs_sharpness_and_darkness_does_not():
    image, truth = seen(Side.BACK, Conditions(noise_sigma=0))
    blurred = cv2.GaussianBlur(image, (0, 0), 3)
    dark = (image * 0.5).astype(np.uint8)
    sharp = measure(image, truth.corners).sharpness
    assert measure(blurred, truth.corners).sharpness < 0.5 * sharp
    assert measure(dark, truth.corners).sharpness > 0.6 * sharp


def test_glare_is_measured_and_placed():
    image = np.full((400, 600, 3), 120, np.uint8)
    cv2.circle(image, (450, 100), 60, (255, 255, 255), -1)
    quality = measure(image)
    assert quality.glare == pytest.approx(np.pi * 60**2 / (400 * 600), rel=0.1)
    assert quality.glare_at == pytest.approx((0.75, 0.25), abs=0.02)


def test_the_rectified_card_is_upright_and_of_its_shape():
    image, truth = seen(Side.BACK, Conditions(tilt_deg=20, rotation_deg=7))
    card = rectified(image, truth.corners)
    drawn = cv2.resize(CARD.picture(Side.BACK), card.shape[1::-1])
    assert card.shape[1] == CARD_WIDTH
    likeness = np.corrcoef(grey(card).ravel(), grey(drawn).ravel())[0, 1]
    flipped = rectified(image, truth.corners, flipped=True)
    unlikeness = np.corrcoef(grey(flipped).ravel(), grey(drawn).ravel())[0, 1]
    assert likeness > 0.7
    assert likeness > unlikeness + 0.3


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_every_front_has_a_portrait_and_no_back_has(name):
    for side in SPECIMENS[name].files:
        portrait = find_portrait(SPECIMENS[name].picture(side))
        if side is Side.BACK:
            assert portrait is None
        else:
            assert portrait is not None
            assert portrait.shape[0] > portrait.shape[1] > 150


def test_a_still_document_becomes_stable_and_a_moved_one_does_not():
    tracker = OutlineTracker()
    square = np.array([[100, 100], [900, 100], [900, 600], [100, 600]], np.float64)
    for _ in range(5):
        tracker.update(square, 1280)
    assert tracker.stable_frames >= 3
    tracker.update(square + 200, 1280)
    assert tracker.stable_frames == 0


def test_an_outline_lost_for_a_moment_is_still_shown():
    tracker = OutlineTracker()
    square = np.array([[100, 100], [900, 100], [900, 600], [100, 600]], np.float64)
    tracker.update(square, 1280)
    assert tracker.update(None, 1280) is not None
    assert not tracker.seen
    for _ in range(20):
        last = tracker.update(None, 1280)
    assert last is None


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_points_find_their_way_back_from_a_turned_picture(quarter):
    image = np.zeros((40, 70), np.uint8)
    image[11, 23] = 255
    y, x = np.argwhere(turned(image, quarter) == 255)[0]
    assert turned_back(np.array([[x, y]], float), quarter, 70, 40).tolist() == [[23, 11]]


def test_every_view_of_a_still_leads_back_to_it():
    image = np.zeros((300, 500), np.uint8)
    cv2.circle(image, (420, 80), 6, 255, -1)
    found = list(views(image))
    assert len(found) == len(ANGLES)
    for view in found:
        y, x = np.argwhere(view.grey > 128).mean(0)
        back = view.back(np.array([[x, y]]))[0]
        assert back == pytest.approx((420, 80), abs=1.5)


def test_long_lines_are_shrunk_with_their_picture():
    image = np.zeros((1000, 4000), np.uint8)
    zone = Zone((TextLine(2000, 500, 3600, 60, 0.0), TextLine(2000, 600, 3600, 60, 0.0)))
    small, fitting = fitted(image, zone)
    assert fitting.length == pytest.approx(1200)
    assert small.shape == (333, 1333)
    assert fitting.lines[0].x == pytest.approx(666.7, abs=1)
