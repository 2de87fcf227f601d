from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.capture.outline import OutlineTracker, begun_like, card_around, refined, upright_by
from kiosk.capture.picture import turned
from kiosk.capture.portrait import find_portrait
from kiosk.capture.quality import measure, sharpness_of
from kiosk.capture.rectify import CARD_WIDTH, rectified
from kiosk.capture.still import fitted, overlap
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


def test_a_rough_outline_is_moved_to_the_edges_of_the_document():
    before, after = [], []
    for seed in range(6):
        image, truth = seen(Side.BACK, Conditions(tilt_deg=12, rotation_deg=5), seed=seed)
        rough = truth.corners + np.random.default_rng(seed).normal(0, 9, (4, 2))
        exact = refined(grey(image), rough)
        before.append(np.abs(rough - truth.corners).mean())
        after.append(np.abs(exact - truth.corners).mean())
        assert overlap(exact, truth.corners) > 0.96
    assert np.mean(after) < 0.65 * np.mean(before)


def test_the_outline_of_the_frame_before_is_followed():
    image, truth = seen(Side.BACK, Conditions())
    exact = refined(grey(image), truth.corners + 6.0)
    shift = np.float32([[1, 0, 5], [0, 1, -4]])
    moved = cv2.warpAffine(grey(image), shift, (1280, 720), borderMode=cv2.BORDER_REPLICATE)
    followed = refined(moved, truth.corners + 14.0, before=np.roll(exact, 1, axis=0))
    assert np.abs(followed - exact - (5, -4)).max() < 3


def test_without_an_edge_an_outline_stays_where_it_was():
    blank = np.full((720, 1280), 128, np.uint8)
    rough = np.array([[300, 200], [900, 210], [890, 600], [310, 590]], np.float64)
    assert refined(blank, rough) == pytest.approx(rough)


def test_corners_begin_where_the_print_begins():
    square = np.array([[100, 100], [900, 110], [890, 600], [110, 590]], np.float64)
    zone = np.array([[880, 150], [120, 145], [120, 105], [880, 110]], np.float64)
    assert upright_by(square, zone)[0].tolist() == [890, 600]
    assert begun_like(np.roll(square, 3, axis=0), square) == pytest.approx(square)


def test_the_zone_tells_where_its_card_lies():
    zone = np.array([[150, 480], [850, 480], [850, 590], [150, 590]], np.float64)
    card = card_around(zone, 3)
    assert (card[:, 0].min(), card[:, 0].max()) == pytest.approx((111, 889), abs=15)
    assert card[:, 1].max() == pytest.approx(629, abs=15)


@pytest.mark.parametrize("fill", [0, 128, 255])
def test_a_blank_picture_is_not_sharp(fill):
    blank = np.full((720, 1280, 3), fill, np.uint8)
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


def test_a_moving_document_is_followed_without_lag_and_a_shake_is_smoothed():
    tracker = OutlineTracker()
    square = np.array([[100, 100], [900, 100], [900, 600], [100, 600]], np.float64)
    tracker.update(square, 1280)
    assert tracker.update(square + 14, 1280) == pytest.approx(square + 14)
    shaken = tracker.update(square + 18, 1280)
    assert (shaken > square + 14).all()
    assert (shaken < square + 18).all()


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
def test_a_picture_turns_clockwise(quarter):
    image = np.zeros((40, 70), np.uint8)
    image[0, 0] = 255
    y, x = np.argwhere(turned(image, quarter) == 255)[0]
    assert (x, y) == [(0, 0), (39, 0), (69, 39), (0, 69)][quarter]


def test_long_lines_are_shrunk_with_their_picture():
    image = np.zeros((1000, 4000), np.uint8)
    zone = np.array([[200, 470], [3800, 470], [3800, 630], [200, 630]], np.float64)
    small, corners, scale = fitted(image, zone)
    assert scale == pytest.approx(1 / 3)
    assert corners[1, 0] - corners[0, 0] == pytest.approx(1200)
    assert small.shape == (333, 1333)
    assert fitted(small, corners)[2] == 1.0
