"""Pages and clips, good and bad; and the memory that bad files may take."""

import os
import struct
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from kiosk.devices.document_files import (
    MAX_FRAMES,
    MAX_PAGES,
    DocumentFile,
    FileKind,
    kind_of,
    pictures_of,
)
from kiosk.devices.picture_files import MAX_PIXELS, MAX_SIDE
from kiosk.domain.errors import (
    PictureProtectedError,
    PictureTooLargeError,
    PictureUnreadableError,
)


def pdf_of(pages: list[str], extra: str = "") -> bytes:
    """A plain PDF; ``pages``: the entries of each page's dictionary."""
    kids = " ".join(f"{i + 3} 0 R" for i in range(len(pages)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {extra} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        *(f"<< /Type /Page /Parent 2 0 R {page} >>" for page in pages),
    ]
    out = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + end.encode()


def box(width: float, height: float) -> str:
    return f"/MediaBox [0 0 {width} {height}]"


def written(path, data: bytes):
    path.write_bytes(data)
    return path


def clip_of(path, frames: int, code: str = "MJPG", size=(96, 64)):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 30, size)
    rng = np.random.default_rng(2)
    for _ in range(frames):
        writer.write(rng.integers(0, 255, (size[1], size[0], 3), np.uint8))
    writer.release()
    return path


# --- PDF ------------------------------------------------------------------------------------------


def test_thousands_of_pages_are_not_all_looked_at_and_that_is_told(tmp_path):
    file = DocumentFile(written(tmp_path / "a.pdf", pdf_of([box(72, 72)] * 3000)))
    assert len(list(file.pictures())) == MAX_PAGES
    assert (file.shown, file.more) == (MAX_PAGES, True)


@pytest.mark.parametrize(
    "size",
    [(14_400, 14_400), (14_400, 1), (1, 14_400), (1e9, 1e9), (1e12, 0.001), (0, 0), (-100, 50)],
)
def test_a_page_of_any_size_is_a_bounded_picture_or_an_error(tmp_path, size):
    path = written(tmp_path / "a.pdf", pdf_of([box(*size)]))
    try:
        (picture,) = pictures_of(path)
    except PictureUnreadableError:
        return
    height, width = picture.shape[:2]
    assert width * height <= MAX_PIXELS
    assert max(width, height) <= MAX_SIDE


def test_a_pdf_without_a_page_and_a_pdf_that_goes_round_in_circles(tmp_path):
    with pytest.raises(PictureUnreadableError):
        list(pictures_of(written(tmp_path / "a.pdf", pdf_of([]))))
    circle = pdf_of(["/Kids [2 0 R] /Type /Pages /Count 99999999"])
    with pytest.raises(PictureUnreadableError):
        list(pictures_of(written(tmp_path / "b.pdf", circle)))


def test_a_cut_pdf(tmp_path):
    whole = tmp_path / "whole.pdf"
    Image.new("RGB", (400, 300), "white").save(whole)
    for share in (0.1, 0.4):
        data = whole.read_bytes()
        with pytest.raises(PictureUnreadableError):
            list(pictures_of(written(tmp_path / "cut.pdf", data[: int(len(data) * share)])))


def test_a_pdf_with_a_password_says_so(tmp_path):
    key = "/Filter /Standard /V 1 /R 2 /P -4 /O <" + "41" * 32 + "> /U <" + "42" * 32 + ">"
    data = pdf_of([box(72, 72)])
    locked = data.replace(
        b"/Root 1 0 R >>", f"/Root 1 0 R /ID [<00><00>] /Encrypt << {key} >> >>".encode()
    )
    with pytest.raises(PictureProtectedError):
        list(pictures_of(written(tmp_path / "a.pdf", locked)))


# --- clips ----------------------------------------------------------------------------------------


def test_every_second_frame_of_a_clip_is_taken(tmp_path):
    file = DocumentFile(clip_of(tmp_path / "a.avi", 9))
    assert file.kind is FileKind.CLIP
    assert len(list(file.pictures())) == 5
    assert (file.shown, file.skipped, file.more) == (5, 0, False)


def test_a_long_clip_is_not_looked_at_to_its_end_and_that_is_told(tmp_path):
    file = DocumentFile(clip_of(tmp_path / "a.avi", 2 * MAX_FRAMES + 40))
    assert len(list(file.pictures())) == MAX_FRAMES
    assert file.more


def test_broken_frames_of_a_clip_are_left_out_and_counted(tmp_path):
    path = clip_of(tmp_path / "a.avi", 30)
    data = bytearray(path.read_bytes())
    at = 0
    for number in range(20):
        at = data.index(b"00dc", at) + 8
        if number >= 10:
            (length,) = struct.unpack_from("<I", data, at - 4)
            data[at : at + length] = bytes(length)
    file = DocumentFile(written(path, bytes(data)))
    assert 8 <= len(list(file.pictures())) <= 12
    assert 8 <= file.skipped <= 12


def test_a_clip_that_is_cut_gives_what_it_has(tmp_path):
    path = clip_of(tmp_path / "a.avi", 30)
    file = DocumentFile(written(path, path.read_bytes()[: path.stat().st_size // 2]))
    shown = len(list(file.pictures()))
    assert 0 < shown < 15
    assert file.skipped > 2


@pytest.mark.parametrize("code", ["mp4v", "MJPG"])
def test_a_clip_that_announces_a_huge_size(tmp_path, code):
    path = clip_of(tmp_path / ("a.mp4" if code == "mp4v" else "a.avi"), 3, code)
    data = bytearray(path.read_bytes())
    if code == "MJPG":
        at = data.index(b"strf") + 8
        data[at + 4 : at + 12] = struct.pack("<ii", 60_000, 60_000)
    else:
        at = data.index(b"mp4v") + 28  # the sample entry: 16-bit width and height
        data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    try:
        sizes = {picture.shape for picture in pictures_of(written(path, bytes(data)))}
    except (PictureTooLargeError, PictureUnreadableError):
        return
    assert sizes == {(64, 96, 3)}  # the frames themselves say better


def test_a_playlist_is_no_clip(tmp_path):
    for text in ("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/a.ts\n", "ffconcat version 1.0\nfile a\n"):
        path = written(tmp_path / "a.mp4", text.encode())
        with pytest.raises(Exception, match="CAPTURE-012"):
            kind_of(path)


# --- what is no file ------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such thing here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(PictureUnreadableError):
        kind_of(tmp_path / "a.jpg")


def test_a_folder_and_a_name_that_cannot_be(tmp_path):
    for path in (tmp_path, tmp_path / "a\0b.jpg", tmp_path / ("n" * 5000)):
        with pytest.raises(PictureUnreadableError):
            kind_of(path)


# --- memory ---------------------------------------------------------------------------------------

_MEASURE = """
import resource, sys
from pathlib import Path
from kiosk.devices.document_files import pictures_of
from kiosk.domain.errors import CaptureError
import cv2
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    for picture in pictures_of(Path(sys.argv[1])):
        pass
except CaptureError:
    pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def megabytes(path) -> int:
    """What opening the file takes at its peak beyond what the libraries take."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
def test_the_largest_picture_allowed_takes_a_bounded_part_of_memory(tmp_path):
    Image.new("RGBA", (7900, 5000), (9, 9, 9, 9)).save(tmp_path / "a.png")
    assert megabytes(tmp_path / "a.png") < 900


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.pdf", lambda: pdf_of([box(14_400, 14_400)] * 3)),
        ("b.pdf", lambda: pdf_of([box(1, 14_400)] * 5000)),
        ("a.webp", lambda: b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\0\xfe\x3f\0"),
    ],
)
def test_a_bomb_takes_a_bounded_part_of_memory(tmp_path, name, make):
    assert megabytes(written(tmp_path / name, make())) < 400
