"""Codes on bent and tilted paper, out of focus and shaken: read, and never guessed."""

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.devices import code_pictures, code_regions
from kiosk.devices.code_agreement import Agreement, Look
from kiosk.devices.code_flattening import flattened, unbent
from kiosk.devices.code_pictures import Blur, Region
from kiosk.devices.code_reader import ZxingCodeReader
from kiosk.ports import CodeSighting, CodesSeen

KINDS = zxingcpp.BarcodeFormat
FRAME = (720, 1280)
STACKED = "@ANSI SPECIMEN SPECIMEN 0123456789"


def sheet(text=STACKED, kind=KINDS.PDF417, scale=4):
    """A code on white paper, (h, w) grey."""
    if kind is KINDS.MicroQRCode:
        code = segno.make(text, micro=True, error="m", boost_error=False)
        small = np.array([[0 if dark else 255 for dark in row] for row in code.matrix], np.uint8)
    else:
        small = np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind)))
    drawn = np.kron(small, np.ones((scale, scale), np.uint8))
    return cv2.copyMakeBorder(drawn, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=250)


def bent(picture, radians):
    """The paper around an upright cylinder, seen from the front and a little from above."""
    height, width = picture.shape
    radius = width / (2 * radians)
    half = radius * np.sin(radians)
    x = np.arange(round(2 * half)) - half
    angle = np.arcsin(np.clip(x / radius, -1, 1))
    drop = 0.25 * radius * (1 - np.cos(angle))
    rows = np.arange(height + round(float(drop.max())))[:, None] - drop[None, :]
    columns = np.broadcast_to((angle / radians + 1) / 2 * (width - 1), rows.shape)
    return cv2.remap(
        picture,
        columns.astype(np.float32),
        rows.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=250,
    )


def tilted(picture, share):
    """The paper with its right edge farther away."""
    height, width = picture.shape
    away = share * height / 2
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    there = np.float32(
        [[0, 0], [width * (1 - share), away], [width * (1 - share), height - away], [0, height]]
    )
    matrix = cv2.getPerspectiveTransform(corners, there)
    return cv2.warpPerspective(picture, matrix, (width, height), borderValue=150)


def laid(picture, degrees=0.0, scale=1.0):
    """The paper on a grey desk."""
    desk = np.full(FRAME, 150, np.uint8)
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    matrix[:, 2] += (FRAME[1] / 2 - width / 2, FRAME[0] / 2 - height / 2)
    flags = cv2.INTER_AREA
    cv2.warpAffine(picture, matrix, FRAME[::-1], desk, flags, cv2.BORDER_TRANSPARENT)
    return desk


def noisy(picture, count=12, sigma=3.0):
    rng = np.random.default_rng(3)
    for _ in range(count):
        grain = rng.normal(0, sigma, picture.shape)
        yield np.clip(picture + grain, 0, 255).astype(np.uint8)


def read_over_time(picture, **noise):
    reader = ZxingCodeReader()
    return {
        (s.symbology, s.payload) for frame in noisy(picture, **noise) for s in reader.read(frame)
    }


# --- PDF417 laid flat -----------------------------------------------------------------------------


def decoded(picture):
    found = zxingcpp.read_barcodes(picture, formats=KINDS.PDF417, try_rotate=False)
    return [bytes(code.bytes) for code in found]


@pytest.mark.parametrize("degrees", [0, 30, 45, 60, 170, 225])
@pytest.mark.parametrize("radians", [0.0, 0.5, 0.8, 1.1])
def test_a_stacked_code_on_bent_paper_is_laid_flat(radians, degrees):
    paper = bent(sheet(), radians) if radians else sheet()
    frame = laid(paper, degrees, 0.8)
    region = code_regions.find_regions(frame).linear[0]
    code = flattened(frame, region)
    assert decoded(code.drawn(4.0)) == [STACKED.encode()]


@pytest.mark.parametrize("share", [0.15, 0.3])
def test_a_tilted_or_inverted_stacked_code_is_laid_flat(share):
    for paper in (tilted(sheet(), share), 255 - tilted(sheet(), share)):
        frame = laid(paper, 8, 0.9)
        code = flattened(frame, code_regions.find_regions(frame).linear[0])
        assert decoded(code.drawn(4.0)) == [STACKED.encode()]


def test_a_bent_stacked_code_is_read_live_and_its_place_is_told():
    reader = ZxingCodeReader()
    frame = laid(bent(sheet(), 1.0), 20, 0.8)
    sightings = [s for noise in noisy(frame) for s in reader.read(noise)]
    assert {(s.symbology, s.payload) for s in sightings} == {("PDF417", STACKED.encode())}
    assert np.mean(sightings[0].corners, 0) == pytest.approx([640, 360], abs=12)


def test_a_stacked_code_on_a_desk_whose_grain_runs_otherwise_is_found():
    rng = np.random.default_rng(1)
    desk = np.full(FRAME, 120, np.uint8)
    desk[:] = cv2.blur(rng.integers(0, 255, FRAME, np.uint8), (61, 1))
    paper = laid(sheet(), 40, 0.8)
    frame = np.where(paper == 150, desk, paper)
    region = code_regions.find_regions(frame).linear[0]
    assert region.centre == pytest.approx((640, 360), abs=16)
    assert read_over_time(frame) == {("PDF417", STACKED.encode())}


def test_where_no_stacked_code_is_nothing_is_read():
    rng = np.random.default_rng(2)
    stripes = np.repeat(rng.integers(0, 2, 160) * 200 + 30, 6)[:900].astype(np.uint8)
    for picture in (
        np.broadcast_to(stripes, (300, 900)).copy(),
        rng.integers(0, 255, (300, 900), np.uint8),
        np.full((300, 900), 200, np.uint8),
    ):
        code = flattened(laid(picture), Region((640.0, 360.0), (900.0, 300.0), 0.0))
        assert code is None or decoded(code.drawn(4.0)) == []


@settings(deadline=None)
@given(
    st.integers(0, 2**31),
    st.tuples(st.integers(16, 240), st.integers(16, 320)),
    st.tuples(st.floats(-50, 300), st.floats(-50, 300)),
    st.tuples(st.floats(1, 900), st.floats(1, 900)),
    st.floats(-180, 180),
)
def test_laying_flat_and_restoring_take_any_picture(seed, shape, centre, size, degrees):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 255, shape, np.uint8)
    if seed % 2:
        picture = np.broadcast_to(picture[:1], shape).copy()
    region = Region(centre, size, degrees)
    code = flattened(picture, region)
    if code is not None:
        assert code.drawn(3.0).dtype == np.uint8
        assert np.isfinite(code.corners).all()
    part = code_pictures.cut(picture, region, 1.0, limit=20_000)
    blur = Blur(1.0, 0.01, 5.0, code_pictures.shake_of(part.picture) or 0.0)
    assert code_pictures.restored(part.picture, blur).shape == part.picture.shape
    code_regions.find_regions(picture)
    off = unbent(picture, region, 0.8)
    if off is not None:
        assert np.isfinite(off.on_frame(10_000.0, -3.0)).all()


@pytest.mark.parametrize("degrees", [4, 94, 40])
@pytest.mark.parametrize("kind", [KINDS.Aztec, KINDS.DataMatrix])
def test_a_matrix_code_on_bent_paper_is_read_live(kind, degrees):
    frame = laid(bent(sheet("SPECIMEN SPECIMEN 0123456789", kind, 6), 1.05), degrees, 0.7)
    reader = ZxingCodeReader()
    sightings = [s for noise in noisy(frame, 24) for s in reader.read(noise)]
    assert {(s.symbology, s.payload) for s in sightings} == {
        (kind.name, b"SPECIMEN SPECIMEN 0123456789")
    }
    assert np.mean(sightings[0].corners, 0) == pytest.approx([640, 360], abs=20)


def test_a_bent_code_gets_its_second_frame_at_once():
    frame = laid(bent(sheet("SPECIMEN SPECIMEN 0123456789", KINDS.Aztec, 6), 1.05), 4, 0.7)
    assert read_over_time(frame) == {("Aztec", b"SPECIMEN SPECIMEN 0123456789")}


# --- blur taken back ------------------------------------------------------------------------------


def shaken(picture, length, degrees):
    kernel = np.zeros((21, 21), np.float32)
    dx, dy = np.cos(np.radians(degrees)) * length / 2, np.sin(np.radians(degrees)) * length / 2
    for share in np.linspace(-1, 1, 200):
        kernel[round(10 + dy * share), round(10 + dx * share)] += 1
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


@pytest.mark.parametrize("sigma", [1.4, 1.7, 2.0])
def test_a_micro_qr_out_of_focus_is_read_live(sigma):
    frame = laid(sheet("0123456789", KINDS.MicroQRCode, 6), 3, 3.2 / 6)
    frame = cv2.GaussianBlur(frame, (0, 0), sigma)
    assert read_over_time(frame) == {("MicroQRCode", b"0123456789")}


@pytest.mark.parametrize("degrees", [10, 70, 135])
@pytest.mark.parametrize("length", [4, 6])
def test_a_shaken_qr_is_read_live(length, degrees):
    frame = laid(sheet("https://exemple.fr/SPECIMEN", KINDS.QRCode, 6), 4, 3.2 / 6)
    frame = shaken(frame, length, degrees)
    assert read_over_time(frame) == {("QRCode", b"https://exemple.fr/SPECIMEN")}


@pytest.mark.parametrize("degrees", [10, 70])
def test_a_shaken_aztec_is_read_live(degrees):
    text = "TRAIN SPECIMEN SPECIMEN 0123456789"
    frame = shaken(laid(sheet(text, KINDS.Aztec, 6), 4, 3.2 / 6), 6, degrees)
    frame = cv2.GaussianBlur(frame, (0, 0), 0.6)
    assert read_over_time(frame) == {("Aztec", text.encode())}


def test_the_direction_of_a_shake_is_told_and_its_absence_too():
    paper = sheet("https://exemple.fr/SPECIMEN", KINDS.QRCode, 4)
    assert code_pictures.shake_of(paper) is None
    assert code_pictures.shake_of(cv2.GaussianBlur(paper, (0, 0), 2.0)) is None
    angle = np.degrees(code_pictures.shake_of(shaken(paper, 9, 30)))
    assert angle % 180 == pytest.approx(30, abs=8)


# --- what a restored look is worth ----------------------------------------------------------------

PLACE = ((100.0, 100.0), (190.0, 100.0), (190.0, 190.0), (100.0, 190.0))


def test_what_was_read_from_a_restored_picture_must_be_seen_twice():
    agreement = Agreement()
    look = Look(CodeSighting("QRCode", b"A", PLACE), restored=True)
    assert agreement.judged([look], lambda _: []) == CodesSeen((), (look.sighting,))
    assert agreement.judged([], lambda _: []) == CodesSeen()
    assert agreement.judged([look], lambda _: []) == CodesSeen((look.sighting,))


def test_all_that_was_restored_of_one_frame_is_one_look():
    agreement = Agreement()
    sighting = CodeSighting("Aztec", b"A", PLACE)
    looks = [Look(sighting, restored=True)] * 2
    assert agreement.judged(looks, lambda _: []).certain == ()
    assert agreement.judged([*looks, Look(sighting)], lambda _: []).certain == (sighting,)
    assert agreement.judged(looks, lambda _: []).certain == (sighting,)


def test_what_was_restored_of_a_picture_that_stands_alone_needs_a_plain_look():
    agreement = Agreement()
    sighting = CodeSighting("DataMatrix", b"A", PLACE)
    looks = [Look(sighting, restored=True)] * 3
    for _ in range(2):
        agreement.forget()
        assert agreement.judged(looks, lambda _: []) == CodesSeen((), (sighting,))
    agreement.forget()
    assert agreement.judged(looks, lambda _: [sighting]) == CodesSeen((sighting,))


def test_two_restored_looks_that_differ_count_for_nothing():
    agreement = Agreement()
    looks = [
        Look(CodeSighting("QRCode", payload, PLACE), restored=True) for payload in (b"A", b"B")
    ]
    seen = agreement.judged(looks, lambda _: [])
    assert (seen.certain, len(seen.unsure)) == ((), 1)  # one place, whatever was read there
    assert agreement.judged(looks[:1], lambda _: []).certain == ()


def test_a_plain_look_counts_at_once_beside_a_restored_one():
    agreement = Agreement()
    sighting = CodeSighting("QRCode", b"A", PLACE)
    looks = [Look(sighting, restored=True), Look(sighting)]
    assert agreement.judged(looks, lambda _: []) == CodesSeen((sighting,))
    assert agreement.judged([Look(sighting)], lambda _: []) == CodesSeen((sighting,))


def test_bars_that_were_seen_in_one_way_are_not_told_as_a_code():
    agreement = Agreement()
    looks = [Look(CodeSighting("Code39", b"AB", PLACE))]
    assert agreement.judged(looks, lambda _: []) == CodesSeen()


# --- stills ---------------------------------------------------------------------------------------


def hard_still(kind, length, degrees):
    frame = laid(sheet("https://exemple.fr/SPECIMEN", kind, 6), 4, 3.2 / 6)
    return next(noisy(shaken(frame, length, degrees), 1))


@pytest.mark.parametrize("kind", [KINDS.QRCode, KINDS.DataMatrix, KINDS.Aztec])
def test_a_still_that_only_a_restoration_reads_is_read_surely_or_told_as_such(kind):
    told = 0
    for length in (4, 5, 6):
        for degrees in (10, 70, 135):
            seen = ZxingCodeReader(thorough=True).seen(hard_still(kind, length, degrees))
            assert {s.payload for s in seen.certain} <= {b"https://exemple.fr/SPECIMEN"}
            assert not (seen.certain and seen.unsure)
            told += bool(seen.certain or seen.unsure)
    assert told >= 5


@pytest.mark.parametrize(
    ("kind", "text", "sigma"),
    [
        (KINDS.MicroQRCode, "0123456789", 2.0),
        (KINDS.DataMatrix, "SPECIMEN SPECIMEN 0123456789", 2.2),
    ],
)
def test_frames_that_follow_confirm_what_a_restoration_gave(kind, text, sigma):
    frame = cv2.GaussianBlur(laid(sheet(text, kind, 6), 3, 3.2 / 6), (0, 0), sigma)
    one, other = noisy(frame, 2)
    reader = ZxingCodeReader(thorough=True)
    for alone in (one, other):
        seen = reader.seen(alone)
        assert (seen.certain, [s.symbology for s in seen.unsure]) == ((), [kind.name])
    assert [s.payload for s in reader.seen(one, follows=True).certain] == [text.encode()]
