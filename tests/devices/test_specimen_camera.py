import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno
import zxingcpp

from kiosk.devices.pacing import Pacer
from kiosk.devices.specimen_camera import SpecimenCamera, on_telephone
from kiosk.devices.specimen_props import Background, Hand
from kiosk.devices.specimen_scene import Conditions, Subject, render
from kiosk.devices.specimens import load_specimens
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import Side
from tests.contracts.frame_source import FrameSourceContract
from tests.fakes.clock import FakeClock

FOLDER = Path(__file__).parents[2] / "resources" / "specimens"
CLEAN = Conditions(
    blur_sigma_px=0,
    noise_sigma=0,
    unevenness=0,
    tilt_deg=0,
    rotation_deg=0,
    drift_px=0,
    jpeg_quality=0,
)


@pytest.fixture(scope="module")
def specimens():
    return load_specimens(FOLDER)


def camera(specimens, conditions=None, **options):
    source = SpecimenCamera(specimens, conditions, **{"fps": 0, "moving_s": 0, **options})
    source.start()
    return source


def chessboard() -> np.ndarray:
    """A subject whose four corners carry each its own colour."""
    image = np.full((600, 960, 3), 230, np.uint8)
    for (y, x), colour in zip(
        [(0, 0), (0, 860), (500, 860), (500, 0)],
        [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255)],
        strict=True,
    ):
        image[y : y + 100, x : x + 100] = colour
    return image


class TestContract(FrameSourceContract):
    @pytest.fixture
    def source(self, specimens):
        return SpecimenCamera(specimens, fps=0)


class TestPacedContract(FrameSourceContract):
    @pytest.fixture
    def source(self, specimens):
        return SpecimenCamera(specimens, fps=120)


class TestDeterminism:
    def film(self, specimens, seed: int) -> list[np.ndarray]:
        source = camera(specimens, Conditions.hard(), seed=seed, moving_s=0.1)
        images = [source.read().image]
        source.show("fr-id-martin", Side.BACK)
        images += [source.read().image for _ in range(6)]
        source.show(None)
        return [*images, *(source.read().image for _ in range(4))]

    def test_same_seed_same_pictures(self, specimens):
        first, second = self.film(specimens, 5), self.film(specimens, 5)
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))

    def test_other_seed_other_pictures(self, specimens):
        first, second = self.film(specimens, 5), self.film(specimens, 6)
        assert not np.array_equal(first[3], second[3])

    def test_rendering_depends_on_the_generator_alone(self):
        subject = Subject(chessboard())
        one = render(subject, Conditions.hard(), np.random.default_rng(3), 0.4)
        two = render(subject, Conditions.hard(), np.random.default_rng(3), 0.4)
        assert np.array_equal(one[0], two[0])
        assert np.array_equal(one[1].corners, two[1].corners)

    def test_two_pictures_of_one_film_differ_as_on_a_living_camera(self, specimens):
        source = camera(specimens)
        assert not np.array_equal(source.read().image, source.read().image)


class TestGroundTruth:
    @pytest.mark.parametrize("seed", range(12))
    def test_the_document_is_where_the_truth_says(self, seed):
        rng = np.random.default_rng(seed)
        drawn = Conditions.fair(rng)
        conditions = replace(
            drawn, light=1.0, unevenness=0, noise_sigma=2, hand=Hand.NONE, jpeg_quality=0
        )
        board = chessboard()
        image, truth = render(Subject(board, corner_share=0.0), conditions, rng, t=seed * 0.7)
        corners = np.array([[0, 0], [960, 0], [960, 600], [0, 600]], np.float32)
        back = cv2.getPerspectiveTransform(truth.corners.astype(np.float32), corners)
        flat = cv2.warpPerspective(image, back, (960, 600)).astype(int)
        for y, x in [(50, 50), (50, 910), (550, 910), (550, 50), (300, 480)]:
            patch = flat[y - 8 : y + 8, x - 8 : x + 8].mean(axis=(0, 1))
            expected = board[y, x].astype(float)
            assert np.abs(patch - expected).max() < 60, (seed, y, x)

    def test_edges_agree_to_a_pixel(self):
        white = np.full((600, 960, 3), 255, np.uint8)
        image, truth = render(Subject(white, corner_share=0.0), CLEAN, np.random.default_rng(0))
        ys, xs = np.nonzero(image[:, :, 0] > 160)
        low, high = truth.corners.min(axis=0), truth.corners.max(axis=0)
        assert abs(xs.min() - low[0]) <= 1.5
        assert abs(xs.max() - high[0]) <= 1.5
        assert abs(ys.min() - low[1]) <= 1.5
        assert abs(ys.max() - high[1]) <= 1.5

    def test_the_homography_leads_to_the_corners(self):
        image, truth = render(Subject(chessboard()), Conditions.hard(), np.random.default_rng(1))
        outline = np.array([[[0, 0], [960, 0], [960, 600], [0, 600]]], np.float64)
        mapped = cv2.perspectiveTransform(outline, truth.homography)[0]
        assert np.allclose(mapped, truth.corners)
        assert image.shape == (720, 1280, 3)

    def test_the_width_is_the_one_asked_for(self):
        for share in (0.35, 0.5, 0.7):
            conditions = replace(CLEAN, card_width=share)
            _, truth = render(Subject(chessboard()), conditions, np.random.default_rng(0))
            width = np.linalg.norm(truth.corners[1] - truth.corners[0])
            assert width == pytest.approx(share * 1280, rel=0.01)

    def test_a_high_document_stays_inside_the_frame(self):
        tall = np.full((1000, 700, 3), 200, np.uint8)
        _, truth = render(Subject(tall), replace(CLEAN, card_width=0.9), np.random.default_rng(0))
        assert truth.corners[:, 1].min() >= 0
        assert truth.corners[:, 1].max() <= 720

    def test_an_empty_desk_has_no_corners(self):
        _, truth = render(None, Conditions.fair(), np.random.default_rng(0))
        assert truth.corners.shape == (0, 2)
        assert truth.mrz == ()


class TestConditions:
    def test_fair_conditions_stay_fair(self):
        rng = np.random.default_rng(0)
        drawn = [Conditions.fair(rng) for _ in range(300)]
        assert all(c.card_width >= 0.45 for c in drawn)
        assert all(c.blur_sigma_px <= 1.5 for c in drawn)
        assert all(c.motion_px <= 5 for c in drawn)
        assert all(c.light >= 0.3 for c in drawn)
        assert {c.background for c in drawn} == set(Background)

    def test_hard_conditions_leave_the_fair_range_in_every_way_that_there_is(self):
        rng = np.random.default_rng(0)
        drawn = [Conditions.hard(rng) for _ in range(300)]
        ways = {
            "distance": [c.card_width < 0.45 for c in drawn],
            "blur": [c.blur_sigma_px > 1.5 for c in drawn],
            "motion": [c.motion_px > 5 for c in drawn],
            "light": [c.light < 0.3 for c in drawn],
            "noise": [c.noise_sigma > 8 for c in drawn],
            "glare": [c.glare > 0 for c in drawn],
            "tilt": [abs(c.tilt_deg) > 20 for c in drawn],
            "rotation": [abs(c.rotation_deg) > 8 for c in drawn],
            "compression": [c.jpeg_quality < 70 for c in drawn],
        }
        assert all(0.12 < sum(way) / 300 < 0.35 for way in ways.values())
        assert all(sum(case) == 2 for case in zip(*ways.values(), strict=True))

    def test_less_light_is_darker(self):
        bright, _ = render(Subject(chessboard()), CLEAN, np.random.default_rng(0))
        dim, _ = render(Subject(chessboard()), replace(CLEAN, light=0.3), np.random.default_rng(0))
        assert dim.mean() == pytest.approx(bright.mean() * 0.3, rel=0.1)

    def test_noise_has_the_deviation_asked_for(self):
        conditions = replace(CLEAN, noise_sigma=10)
        first, _ = render(None, conditions, np.random.default_rng(0))
        clean, _ = render(None, CLEAN, np.random.default_rng(0))
        assert np.std(first.astype(int) - clean.astype(int)) == pytest.approx(10, rel=0.1)

    def test_blur_takes_sharpness(self):
        def sharpness(sigma):
            conditions = replace(CLEAN, blur_sigma_px=sigma)
            image, _ = render(Subject(chessboard()), conditions, np.random.default_rng(0))
            return cv2.Laplacian(image, cv2.CV_64F).var()

        assert sharpness(0) > 2 * sharpness(1.0) > 4 * sharpness(2.5)

    def test_glare_saturates_a_part_of_the_document(self):
        conditions = replace(CLEAN, glare=1.0)
        grey = np.full((600, 960, 3), 120, np.uint8)
        image, _ = render(Subject(grey), conditions, np.random.default_rng(0))
        assert 0.002 < (image.min(axis=2) > 250).mean() < 0.2

    @pytest.mark.parametrize("hand", [Hand.EDGE, Hand.ZONE])
    def test_a_hand_covers_something(self, hand):
        without, _ = render(Subject(chessboard()), CLEAN, np.random.default_rng(0))
        held, _ = render(Subject(chessboard()), replace(CLEAN, hand=hand), np.random.default_rng(0))
        changed = np.abs(held.astype(int) - without.astype(int)).max(axis=2) > 30
        assert changed.mean() > 0.02


class TestShow:
    def test_a_document_slides_in_and_out(self, specimens):
        source = camera(specimens, CLEAN, moving_s=0.5)
        source.read()
        source.show("fr-id-martin", Side.BACK)
        heights = []
        for _ in range(20):
            source.read()
            truth = source.truth
            heights.append(truth.corners[:, 1].mean() if len(truth.corners) else 9999)
        assert heights[0] > heights[5] > heights[-1]
        assert heights[-1] == pytest.approx(360, abs=12)
        source.show(None)
        for _ in range(20):
            source.read()
        assert len(source.truth.corners) == 0

    def test_another_document_comes_after_the_first_has_left(self, specimens):
        source = camera(specimens, CLEAN, moving_s=0.4)
        source.show("fr-id-martin", Side.BACK)
        for _ in range(20):
            source.read()
        source.show("be-id-peeters", Side.BACK)
        source.read()
        assert source.truth.mrz == specimens["fr-id-martin"].mrz
        for _ in range(30):
            source.read()
        assert source.truth.mrz == specimens["be-id-peeters"].mrz

    def test_it_is_empty_once_what_lay_there_has_left_the_picture(self, specimens):
        source = camera(specimens, CLEAN, moving_s=0.5)
        assert source.empty
        source.show("fr-id-martin", Side.BACK)
        source.read()
        assert not source.empty
        source.show(None)
        read = 0
        while not source.empty:
            source.read()
            read += 1
        assert len(source.truth.corners) == 0
        assert read > 5

    def test_what_was_leaving_when_it_was_closed_is_gone_when_it_opens(self, specimens):
        source = camera(specimens, CLEAN, moving_s=0.5)
        source.show("fr-id-martin", Side.BACK)
        for _ in range(60):  # the next opening counts from 0 again
            source.read()
        source.show(None)
        source.read()
        assert len(source.truth.corners)
        source.stop()
        assert source.empty
        source.start()
        for _ in range(60):
            source.read()
            assert len(source.truth.corners) == 0

    def test_what_was_taken_away_while_it_was_closed_is_gone_when_it_opens(self, specimens):
        source = camera(specimens, CLEAN, moving_s=0.5)
        source.show("fr-id-martin", Side.BACK)
        source.read()
        source.stop()
        assert not source.empty
        source.show(None)
        assert source.empty
        source.start()
        source.read()
        assert len(source.truth.corners) == 0

    def test_what_lay_there_when_it_was_closed_lies_there_when_it_opens(self, specimens):
        source = camera(specimens, CLEAN, moving_s=0.5)
        source.show("fr-id-martin", Side.BACK)
        for _ in range(60):
            source.read()
        source.stop()
        source.start()
        source.read()
        assert source.truth.corners[:, 1].mean() == pytest.approx(360, abs=12)

    def test_the_truth_carries_the_lines_only_on_their_side(self, specimens):
        source = camera(specimens)
        source.show("fr-id-martin", Side.FRONT)
        source.read()
        assert source.truth.mrz == ()
        source.show("fr-id-martin", Side.BACK)
        source.read()
        assert source.truth.mrz == specimens["fr-id-martin"].mrz

    def test_other_light_leaves_the_document_where_it_is(self, specimens):
        source = camera(specimens, moving_s=0.5)
        source.show("fr-id-martin")
        for _ in range(30):
            source.read()
        source.set_conditions(Conditions(light=0.5))
        source.read()
        assert source.truth.corners[:, 1].mean() == pytest.approx(360, abs=40)

    @pytest.mark.parametrize(
        ("specimen_id", "side"), [("nobody", None), ("fr-passport-berthier", Side.BACK)]
    )
    def test_what_is_not_there_cannot_be_shown(self, specimens, specimen_id, side):
        with pytest.raises(CatalogueError):
            camera(specimens).show(specimen_id, side)

    def test_bytes_that_are_no_picture_cannot_be_shown(self, specimens):
        with pytest.raises(CatalogueError):
            camera(specimens).show(None, code=b"GIF")

    def test_a_code_on_a_telephone_can_be_read(self, specimens):
        text = "eyJhbGciOiJFZERTQSJ9." + "Aa1_" * 160
        matrix = np.array([list(row) for row in segno.make(text, error="l").matrix], np.uint8)
        code = np.pad(np.where(matrix, 0, 255).astype(np.uint8), 4, constant_values=255)
        source = camera(specimens)
        source.show(None, code=code)
        read = [
            found.text for _ in range(5) for found in zxingcpp.read_barcodes(source.read().image)
        ]
        assert text in read

    def test_it_may_be_called_from_another_thread_while_pictures_are_read(self, specimens):
        source = camera(specimens, moving_s=0.05)
        ids = [*specimens, None]
        failures = []

        def choose() -> None:
            try:
                for number in range(40):
                    source.show(ids[number % len(ids)])
            except Exception as exc:  # noqa: BLE001 - whatever it is, the test must see it
                failures.append(exc)

        chooser = threading.Thread(target=choose)
        chooser.start()
        while chooser.is_alive():
            assert source.read().image.shape == (720, 1280, 3)
        chooser.join()
        assert failures == []


def test_a_telephone_keeps_the_form_of_its_code():
    assert on_telephone(np.full((100, 100), 255, np.uint8)).image.shape == (1500, 900, 3)


class TestPacer:
    def test_a_slow_reader_loses_pictures_and_not_time(self):
        clock = FakeClock()
        pacer = Pacer(10, clock.monotonic_ms)
        pacer.start()
        stopped = threading.Event()
        assert pacer.wait(stopped) == 0
        clock.advance(seconds=1.05)
        assert pacer.wait(stopped) == 10

    def test_a_fast_reader_waits_no_longer_than_a_period(self):
        pacer = Pacer(10, FakeClock().monotonic_ms)
        pacer.start()
        waits = []

        class Watch(threading.Event):
            def wait(self, timeout=None):
                waits.append(timeout)
                return False

        watch = Watch()
        assert [pacer.wait(watch) for _ in range(3)] == [0, 1, 2]
        assert waits == pytest.approx([0.1, 0.2])
