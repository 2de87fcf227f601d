"""Pictures of every kind that a person may bring, good and bad, made on the spot."""

import io
import struct
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kiosk.devices.picture_files import (
    MAX_PAGES,
    MAX_SIDE,
    decode_picture,
    format_of,
    open_picture,
    pages_in,
    picture_size,
)
from kiosk.domain.errors import (
    CaptureError,
    PictureIncompleteError,
    PictureSupportError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
)

HERE = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 120, 80


def drawn() -> Image.Image:
    """Blue at the top left, red at the top right, green below; smooth, so that JPEG keeps it."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[: HEIGHT // 2, : WIDTH // 2] = (30, 60, 200)
    pixels[: HEIGHT // 2, WIDTH // 2 :] = (200, 40, 30)
    pixels[HEIGHT // 2 :] = (40, 180, 60)
    return Image.fromarray(pixels)


WANTED = np.asarray(drawn())[:, :, ::-1].astype(int)
GREY = np.asarray(drawn().convert("L"))


def saved(image: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def off(data: bytes, wanted=WANTED) -> float:
    """Mean distance in grey levels from what was drawn."""
    picture = decode_picture(data)
    assert picture.shape == wanted.shape
    assert picture.dtype == np.uint8
    return float(np.abs(picture.astype(int) - wanted).mean())


def in_grey() -> np.ndarray:
    return np.repeat(GREY[:, :, None], 3, axis=2).astype(int)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "MPO"])
def test_every_format_gives_blue_green_red(form):
    data = saved(drawn(), form)
    assert off(data) < 8
    assert picture_size(data) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_90),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_the_orientation_is_obeyed_in_every_format(form, orientation, stored):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert off(saved(drawn().transpose(stored), form, exif=exif)) < 8


def test_an_orientation_that_makes_no_sense_is_none():
    exif = Image.Exif()
    exif[0x0112] = 77
    assert off(saved(drawn(), "PNG", exif=exif)) == 0
    assert off(saved(drawn(), "PNG", exif=b"Exif\0\0garbage")) == 0


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_sixteen_bits_become_eight_whatever_part_of_them_is_used(form, bits):
    top = np.full((1, WIDTH), 255, np.uint8)  # something white, as on every scan
    deep = np.concatenate([top, GREY[1:]]).astype(np.uint32) * (2**bits - 1) // 255
    wanted = in_grey()
    wanted[0] = 255
    assert off(saved(Image.fromarray(deep.astype(np.uint16)), form), wanted) < 2


def test_sixteen_bits_in_colour():
    deep = WANTED.astype(np.uint16) * 257
    assert off(cv2.imencode(".png", deep)[1].tobytes()) < 1
    assert off(cv2.imencode(".tiff", deep)[1].tobytes()) < 1


def test_numbers_with_a_point():
    parts = Image.fromarray(GREY.astype(np.float32) / 255)
    assert off(saved(parts, "TIFF"), in_grey()) <= 1
    odd = GREY.astype(np.float32) / 255
    odd[0, 0], odd[0, 1] = np.nan, np.inf
    assert decode_picture(saved(Image.fromarray(odd), "TIFF")).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk(form):
    assert off(saved(drawn().convert("CMYK"), form)) < 12


@pytest.mark.parametrize("form", ["PNG", "TIFF", "GIF"])
def test_palettes(form):
    assert off(saved(drawn().convert("P", palette=Image.Palette.ADAPTIVE), form)) < 2


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_grey(form):
    assert off(saved(drawn().convert("L"), form), in_grey()) < 8


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_what_is_transparent_is_paper(form):
    clear = drawn().convert("RGBA")
    clear.putalpha(0)
    options = {"exact": True, "lossless": True} if form == "WEBP" else {}
    assert (decode_picture(saved(clear, form, **options)) == 255).all()
    whole = drawn().convert("RGBA")
    assert off(saved(whole, form, **({"lossless": True} if form == "WEBP" else {}))) == 0


def test_one_colour_of_a_palette_may_be_transparent():
    image = drawn().convert("P", palette=Image.Palette.ADAPTIVE)
    data = saved(image, "PNG", transparency=image.getpixel((0, 0)))
    assert tuple(decode_picture(data)[0, 0]) == (255, 255, 255)


@pytest.mark.parametrize("compression", ["group3", "group4", "raw"])
def test_one_bit_as_fax_machines_write_it(compression):
    image = drawn().convert("1")
    wanted = np.repeat(np.asarray(image.convert("L"))[:, :, None], 3, 2).astype(int)
    assert off(saved(image, "TIFF", compression=compression), wanted) == 0


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressed_tiff(compression):
    assert off(saved(drawn(), "TIFF", compression=compression)) < 12


def test_the_pages_of_a_tiff_come_in_order_and_not_without_end():
    pages = [Image.new("L", (40, 30), level) for level in range(0, 250, 10)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    levels = [int(page[0, 0, 0]) for page in pages_in(data)]
    assert levels == [level * 10 for level in range(MAX_PAGES)]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF", "MPO"])
def test_an_animation_is_its_first_picture(form):
    data = saved(drawn(), form, save_all=True, append_images=[drawn().rotate(180)] * 3)
    assert len(list(pages_in(data))) == 1
    assert off(data) < 8


# --- HEIC -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["passport", "passport-turned"])
def test_a_photo_of_a_telephone(name):
    picture = open_picture(HERE / f"{name}.heic")
    assert picture.shape == (704, 1000, 3)
    other = open_picture(HERE / "passport.heic")
    assert np.abs(picture.astype(int) - other).mean() < 6


def test_without_its_package_heic_has_an_error_of_its_own(monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(PictureSupportError):
        open_picture(HERE / "passport.heic")


def test_stills_and_clips_in_one_container_are_told_by_their_brands():
    assert format_of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == "HEIF"
    assert format_of(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf") == "AVIF"
    assert format_of(b"\0\0\0\x18ftypmp42\0\0\0\0isommp42") is None


# --- bad pictures ---------------------------------------------------------------------------------


def png_of(width: int, height: int, rest: bytes = b"") -> bytes:
    """A PNG whose header is right; ``rest``: chunks before the end."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    end = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + end


def tiff_of(width: int, height: int) -> bytes:
    """A little-endian TIFF that announces one strip of this size and has four bytes of it."""
    tags = ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1))
    tags = (*tags, (278, height), (279, 4))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 12) + bytes(4) + struct.pack("<H", 9) + entries + bytes(4)


BMP_HEADER = struct.pack("<2sIIIIiiHH", b"BM", 0, 0, 54, 40, 65535, 65535, 1, 24) + bytes(60)
WEBP_HEADER = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\0\xfe\x3f\0"


@pytest.mark.parametrize(
    "data",
    [
        png_of(30_000, 30_000),
        png_of(MAX_SIDE + 1, 1),
        png_of(1, 2**31 - 1),
        tiff_of(30_000, 30_000),
        BMP_HEADER,
        WEBP_HEADER,
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08",
    ],
    ids=["png", "wide", "high", "tiff", "bmp", "webp", "gif"],
)
def test_a_bomb_is_refused_by_its_size(data):
    with pytest.raises(PictureTooLargeError):
        decode_picture(data)


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000), (16, 20_000), (20_000, 640)])
def test_a_ribbon_is_no_picture_of_a_document(size):
    with pytest.raises(PictureUnreadableError):
        decode_picture(saved(Image.new("L", size), "PNG"))


def test_a_strip_cut_out_of_a_document_is_one():
    assert decode_picture(saved(Image.new("L", (1200, 80)), "PNG")).shape == (80, 1200, 3)


def test_what_a_picture_says_beside_its_pixels_is_bounded_too():
    text = zlib.compress(bytes(200_000_000))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 13 * 4))
    data = png_of(4, 4, chunk(b"zTXt", b"Comment\0\0" + text) + pixels)
    with suppress(PictureUnreadableError):
        assert decode_picture(data).shape == (4, 4, 3)


@pytest.mark.parametrize("size", [(0, 0), (0, 64), (64, 0)])
def test_a_picture_of_no_size(size):
    for data in (png_of(*size), tiff_of(*size)):
        with pytest.raises(PictureUnreadableError):
            decode_picture(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_is_never_half_a_picture(form, share):
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    data = saved(Image.fromarray(noise), form)
    with pytest.raises(PictureUnreadableError):
        decode_picture(data[: int(len(data) * share)])


def test_a_cut_jpeg_is_incomplete_even_when_some_program_closed_it_again():
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    data = saved(Image.fromarray(noise), "JPEG")
    for cut in (data[: len(data) // 2], data[:-2], data[: len(data) // 2] + b"\xff\xd9"):
        with pytest.raises(PictureIncompleteError):
            decode_picture(cut)


def test_grey_paper_is_no_missing_half():
    assert decode_picture(saved(Image.new("RGB", (64, 64), (128,) * 3), "JPEG")).shape == (
        64,
        64,
        3,
    )


def test_what_telephones_add_behind_a_jpeg_does_no_harm():
    assert off(saved(drawn(), "JPEG") + b"MotionPhoto" * 9000) < 8


def test_a_wrong_checksum_inside_is_damage():
    data = bytearray(saved(drawn(), "PNG"))
    data[data.index(b"IDAT") + 20] ^= 0xFF
    with pytest.raises(PictureUnreadableError):
        decode_picture(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"<svg/>", b"\xff\xd8", b"%!PS-Adobe-3.0 EPSF"])
def test_what_is_no_picture(data):
    with pytest.raises((PictureTypeError, PictureUnreadableError)):
        decode_picture(data)


SEEDS = [
    saved(drawn(), "JPEG"),
    saved(drawn(), "PNG"),
    saved(drawn(), "WEBP"),
    saved(drawn(), "GIF"),
    saved(drawn(), "TIFF", compression="tiff_lzw"),
    saved(drawn().convert("1"), "TIFF", compression="group4"),
    saved(drawn(), "BMP"),
    saved(drawn(), "AVIF"),
    (HERE / "passport.heic").read_bytes(),
]


@settings(deadline=None)  # the first call loads decoders; machines differ
@given(
    st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0), st.binary(max_size=6)), max_size=4)
)
def test_a_damaged_picture_is_a_picture_or_an_error_of_ours(seed, damages):
    data = bytearray(seed)
    for place, put in damages:
        at = place % len(data)
        data[at : at + len(put)] = put
    try:
        for page in pages_in(bytes(data)):
            assert page.ndim == 3
            assert page.shape[2] == 3
    except CaptureError:
        return
