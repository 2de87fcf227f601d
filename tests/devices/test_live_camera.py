import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.devices.cameras import CameraDevice
from kiosk.devices.live_camera import LiveCamera, may_open
from kiosk.devices.picture_watch import PictureWatch
from kiosk.domain.errors import (
    CameraBlackError,
    CameraBusyError,
    CameraFrozenError,
    CameraPermissionError,
    CameraTimeoutError,
    CameraUnpluggedError,
    CaptureError,
    NoCameraError,
)
from tests.contracts.frame_source import FrameSourceContract
from tests.fakes.clock import FakeClock
from tests.fakes.video_capture import FakeOpener, FakeVideoCapture, black, frozen, living

DEVICE = CameraDevice("/dev/video0", "Integrated Webcam")


def camera(opener, **options):
    return LiveCamera(DEVICE, opener=opener, precheck=lambda _: None, **options)


def read_until_it_fails(source, tries=400):
    for _ in range(tries):
        try:
            source.read(2000)
        except CaptureError as failure:
            return failure
    return None


class TestContract(FrameSourceContract):
    @pytest.fixture
    def source(self):
        cadence = threading.Event()  # never set: a driver hands out pictures at its own rate
        live = camera(
            FakeOpener(lambda: FakeVideoCapture(living, on_read=lambda: cadence.wait(0.02)))
        )
        yield live
        live.stop()


def test_the_device_is_released_when_stopped():
    opener = FakeOpener(lambda: FakeVideoCapture(living))
    live = camera(opener)
    live.start()
    live.stop()
    assert opener.captures[0].released.wait(60)


def test_a_camera_that_another_program_holds_is_busy():
    opener = FakeOpener(lambda: FakeVideoCapture(living, opened=False))
    with pytest.raises(CameraBusyError):
        camera(opener).start()
    assert opener.captures[0].released.wait(60)


def test_a_numbered_place_without_a_camera_is_missing():
    opener = FakeOpener(lambda: FakeVideoCapture(living, opened=False))
    source = LiveCamera(CameraDevice("0", "Caméra 1", confirmed=False), opener=opener)
    with pytest.raises(NoCameraError):
        source.start()


def test_a_camera_that_never_opens_meets_the_deadline_and_is_released_when_it_comes_back():
    let_go = threading.Event()
    opener = FakeOpener(lambda: FakeVideoCapture(living), wait_for=let_go)
    live = camera(opener, opening_ms=30)
    with pytest.raises(CameraTimeoutError):
        live.start()
    let_go.set()
    live.stop()
    assert opener.captures[0].released.wait(60)


def test_a_camera_without_a_first_picture_meets_the_deadline():
    hold = threading.Event()
    live = camera(FakeOpener(lambda: FakeVideoCapture(living, hold=hold)), opening_ms=30)
    with pytest.raises(CameraTimeoutError):
        live.start()
    hold.set()
    live.stop()


def test_a_stalled_driver_is_a_timeout_and_not_a_hang():
    hold = threading.Event()
    capture = FakeVideoCapture(living)

    def stall_after_three() -> None:
        if capture.count == 3:
            capture.hold = hold

    capture.on_read = stall_after_three
    live = camera(FakeOpener(lambda: capture))
    live.start()
    failure = None
    for _ in range(50):
        try:
            live.read(30)
        except CaptureError as exc:
            failure = exc
            break
    assert isinstance(failure, CameraTimeoutError)
    hold.set()
    live.stop()


def test_pulled_out_in_use_is_unplugged():
    live = camera(FakeOpener(lambda: FakeVideoCapture(lambda n: living(n) if n < 3 else None)))
    live.start()
    assert isinstance(read_until_it_fails(live), CameraUnpluggedError)
    live.stop()


def test_one_failed_read_is_forgiven():
    capture = FakeVideoCapture(lambda n: None if n % 5 == 4 else living(n))
    live = camera(FakeOpener(lambda: capture))
    live.start()
    for _ in range(30):
        live.read(2000)
    live.stop()


def test_an_exception_of_opencv_is_unplugged():
    def breaks(number: int):
        if number > 2:
            raise cv2.error("driver")
        return living(number)

    live = camera(FakeOpener(lambda: FakeVideoCapture(breaks)))
    live.start()
    assert isinstance(read_until_it_fails(live), CameraUnpluggedError)
    live.stop()


@pytest.mark.parametrize(
    ("picture", "error"), [(black, CameraBlackError), (frozen, CameraFrozenError)]
)
def test_useless_pictures_are_named_while_the_camera_delivers(picture, error):
    clock = FakeClock()
    capture = FakeVideoCapture(picture, on_read=lambda: clock.advance(seconds=0.033))
    live = camera(FakeOpener(lambda: capture), clock_ms=clock.monotonic_ms)
    live.start()
    assert isinstance(read_until_it_fails(live, 4000), error)
    live.stop()


def test_a_camera_recovers_when_its_cover_is_opened():
    clock = FakeClock()
    covered = threading.Event()
    covered.set()
    capture = FakeVideoCapture(
        lambda n: black(n) if covered.is_set() else living(n),
        on_read=lambda: clock.advance(seconds=0.033),
    )
    live = camera(FakeOpener(lambda: capture), clock_ms=clock.monotonic_ms)
    live.start()
    assert isinstance(read_until_it_fails(live, 4000), CameraBlackError)
    covered.clear()
    frame = None
    for _ in range(2000):
        try:
            frame = live.read(2000)
        except CameraBlackError:
            continue
        # A frame on its way while the cover was opened may still be black.
        if frame.image.max() > 100:
            break
    assert frame is not None
    assert frame.image.max() > 100
    live.stop()


def test_it_may_be_opened_again_after_it_was_pulled_out():
    captures = iter(
        [FakeVideoCapture(lambda n: living(n) if n < 3 else None), FakeVideoCapture(living)]
    )
    live = camera(FakeOpener(lambda: next(captures)))
    live.start()
    assert isinstance(read_until_it_fails(live), CameraUnpluggedError)
    live.start()
    assert live.read().image.shape == (72, 128, 3)
    live.stop()


class TestPictureWatch:
    def test_a_dark_room_is_not_black(self):
        watch = PictureWatch()
        for n in range(200):
            dim = np.random.default_rng(n).integers(0, 30, (72, 128, 3), np.uint8)
            watch.judge(dim, n * 33)

    def test_black_is_judged_by_time_and_not_by_count(self):
        watch = PictureWatch()
        for n in range(40):
            watch.judge(black(n), n)
        with pytest.raises(CameraBlackError):
            watch.judge(black(41), 1600)

    def test_one_changed_pixel_is_life(self):
        watch = PictureWatch()
        for n in range(200):
            image = frozen(0)
            image[3, 5] = n % 250
            watch.judge(image, n * 33)

    def test_another_size_is_another_picture(self):
        watch = PictureWatch()
        for n in range(200):
            size = (72, 128, 3) if n % 2 else (36, 64, 3)
            watch.judge(np.full(size, 90, np.uint8), n * 33)


class TestDeviceFile:
    def test_missing(self, tmp_path: Path):
        with pytest.raises(NoCameraError):
            may_open(CameraDevice(str(tmp_path / "video0"), "x"))

    def test_forbidden(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        node = tmp_path / "video0"
        node.touch()
        monkeypatch.setattr("os.access", lambda _path, _mode: False)  # root may open anything
        with pytest.raises(CameraPermissionError):
            may_open(CameraDevice(str(node), "x"))

    def test_allowed(self, tmp_path: Path):
        node = tmp_path / "video0"
        node.touch()
        may_open(CameraDevice(str(node), "x"))


def test_a_missing_camera_is_reported_by_the_real_opening_too(tmp_path: Path):
    with pytest.raises(NoCameraError):
        LiveCamera(CameraDevice(str(tmp_path / "none"), "x")).start()


def test_a_file_that_is_no_camera_does_not_open(tmp_path: Path):
    node = tmp_path / "video0"
    node.write_bytes(b"not a device")
    with pytest.raises(CameraBusyError):
        LiveCamera(CameraDevice(str(node), "x")).start()
