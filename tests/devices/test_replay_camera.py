import struct
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.devices.picture_files import decode_picture, open_picture, picture_size
from kiosk.devices.replay_camera import ReplayCamera
from kiosk.domain.errors import (
    CameraUnpluggedError,
    CaptureError,
    NoCameraError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
)
from tests.contracts.frame_source import FrameSourceContract


def picture(level: int, size: tuple[int, int] = (96, 64)) -> np.ndarray:
    image = np.full((size[1], size[0], 3), level, np.uint8)
    cv2.circle(image, (size[0] // 2, size[1] // 2), 10, (255 - level,) * 3, -1)
    return image


def encoded(form: str, image: np.ndarray) -> bytes:
    return cv2.imencode(form, image)[1].tobytes()


def save_folder(folder: Path, levels: tuple[int, ...]) -> Path:
    folder.mkdir(exist_ok=True)
    for index, level in enumerate(levels):
        (folder / f"{index:03}.png").write_bytes(encoded(".png", picture(level)))
    return folder


def save_clip(path: Path, frames: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (96, 64))
    for index in range(frames):
        writer.write(picture(40 + index * 10))
    writer.release()
    return path


class TestFolderContract(FrameSourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ReplayCamera(save_folder(tmp_path / "p", (10, 20, 30)), fps=0)


class TestClipContract(FrameSourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ReplayCamera(save_clip(tmp_path / "c.avi", 6), fps=0)


class TestPacedContract(FrameSourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ReplayCamera(save_folder(tmp_path / "p", (10, 20, 30)), fps=200)


def test_pictures_come_in_the_order_of_their_names_and_begin_again(tmp_path):
    source = ReplayCamera(save_folder(tmp_path, (10, 20, 30)), fps=0)
    source.start()
    assert [int(source.read().image[0, 0, 0]) for _ in range(5)] == [10, 20, 30, 10, 20]


def test_without_loop_the_end_is_an_end(tmp_path):
    source = ReplayCamera(save_folder(tmp_path, (10, 20)), fps=0, loop=False)
    source.start()
    source.read()
    source.read()
    with pytest.raises(CameraUnpluggedError):
        source.read()


def test_a_clip_gives_every_picture_once(tmp_path):
    source = ReplayCamera(save_clip(tmp_path / "c.avi", 6), fps=0, loop=False)
    source.start()
    levels = [int(source.read().image[0, 0, 0]) for _ in range(6)]
    assert levels == pytest.approx([40, 50, 60, 70, 80, 90], abs=3)
    with pytest.raises(CameraUnpluggedError):
        source.read()


def test_one_picture_alone_is_a_still_camera(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(".jpg", picture(90)))
    source = ReplayCamera(tmp_path / "a.jpg", fps=0)
    source.start()
    assert np.array_equal(source.read().image, source.read().image)


def test_nothing_there(tmp_path):
    with pytest.raises(NoCameraError):
        ReplayCamera(tmp_path / "none.avi").start()


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(NoCameraError):
        ReplayCamera(tmp_path).start()


def test_a_file_of_another_type(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(PictureTypeError):
        ReplayCamera(tmp_path / "a.pdf").start()


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0AVI LIST", b"garbage" * 99])
def test_a_broken_clip(tmp_path, data):
    (tmp_path / "a.avi").write_bytes(data)
    with pytest.raises(PictureUnreadableError):
        ReplayCamera(tmp_path / "a.avi").start()


def test_a_damaged_picture_among_good_ones_is_an_error_and_not_a_crash(tmp_path):
    folder = save_folder(tmp_path, (10, 20))
    (folder / "001.png").write_bytes((folder / "001.png").read_bytes()[:40])
    source = ReplayCamera(folder, fps=0)
    source.start()
    source.read()
    with pytest.raises(PictureUnreadableError):
        source.read()


@pytest.mark.parametrize("form", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_every_form_announces_its_size_before_it_is_decoded(form):
    data = encoded(form, picture(90, (123, 45)))
    assert picture_size(data) == (123, 45)
    assert decode_picture(data).shape == (45, 123, 3)


def test_a_lossy_webp_announces_its_size():
    data = cv2.imencode(".webp", picture(90, (123, 45)), [cv2.IMWRITE_WEBP_QUALITY, 60])[1]
    assert picture_size(data.tobytes()) == (123, 45)


def test_a_picture_bomb_is_refused_before_it_is_decoded():
    data = bytearray(encoded(".png", picture(0)))
    data[16:24] = struct.pack(">II", 30_000, 30_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(PictureTooLargeError):
        decode_picture(bytes(data))


def test_a_picture_of_no_size_is_refused():
    data = bytearray(encoded(".png", picture(0)))
    data[16:24] = struct.pack(">II", 0, 64)
    with pytest.raises(PictureUnreadableError):
        decode_picture(bytes(data))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(PictureTooLargeError):
        open_picture(path)


def test_a_file_that_is_no_picture_by_its_bytes(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"<svg></svg>")
    with pytest.raises(PictureTypeError):
        open_picture(path)


START = st.sampled_from(
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"RIFF\0\0\0\0WEBPVP8L",
        b"RIFF\0\0\0\0WEBPVP8X",
        b"BM",
        b"II*\0",
        b"MM\0*",
    ]
)


@settings(deadline=None)  # the first call loads decoders; machines differ
@given(START, st.binary(max_size=200))
def test_any_bytes_end_in_a_size_or_in_an_error_of_ours(start, rest):
    try:
        width, height = picture_size(start + rest)
    except CaptureError:
        return
    assert width > 0
    assert height > 0


@settings(deadline=None)  # the first call loads decoders; machines differ
@given(st.integers(0, 400), st.integers(0, 255))
def test_a_jpeg_with_one_wrong_byte_never_crashes(position, value):
    data = bytearray(encoded(".jpg", picture(90)))
    data[position % len(data)] = value
    with suppress(CaptureError):
        assert decode_picture(bytes(data)).ndim == 3
