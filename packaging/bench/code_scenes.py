"""Draws machine-readable codes as a camera at a counter sees them: seeded, with the ground truth.

A scene is a sheet (or a phone) with one or several codes in the specimen scene of the program;
its frames differ by the drift of a hand and by noise. Every payload is invented.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import cv2
import numpy as np
import segno
import zxingcpp

from kiosk.capture.picture import Picture
from kiosk.crypto.signing import EcKey
from kiosk.devices.specimen_conditions import Conditions
from kiosk.devices.specimen_props import Background
from kiosk.devices.specimen_scene import FRAME_SIZE, Stage, Subject
from kiosk.documents.codes import s10_check_digit
from kiosk.documents.twoddoc import Signer, issue

SYMBOLOGIES: Final = (
    "QRCode",
    "MicroQRCode",
    "DataMatrix",
    "Aztec",
    "PDF417",
    "Code128",
    "Code39",
    "EAN13",
)
SHEET_PX_A_MODULE: Final = 6
_LINEAR: Final = ("Code128", "Code39", "EAN13")
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Scene:
    """Codes under a camera.

    Attributes:
        symbology: what is measured; ``several`` or ``none`` for the scenes of that name.
        condition: its name.
        expected: (symbology, payload) of every code that lies there.
        frames: pictures (720, 1280, 3) BGR, in the order of time.
    """

    symbology: str
    condition: str
    expected: frozenset[tuple[str, bytes]]
    frames: tuple[Picture, ...]


# --- payloads -------------------------------------------------------------------------------------


def payload_of(symbology: str, rng: np.random.Generator) -> str:
    """A plausible text for a symbology."""

    def digits(count: int) -> str:
        return "".join(str(d) for d in rng.integers(0, 10, count))

    def letters(count: int) -> str:
        return "".join(rng.choice(list(_LETTERS), count))

    def web_or_request() -> str:
        kind = int(rng.integers(0, 3))
        if kind == 0:
            return "https://exemple.fr/" + letters(18)
        return "eyJ0eXAiOiJ2diJ9." + letters(330 if kind == 1 else 120)

    def article() -> str:
        body = str(rng.integers(1, 10)) + digits(11)
        total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(body))
        return body + str(-total % 10)

    makers: dict[str, Callable[[], str]] = {
        "QRCode": web_or_request,
        "MicroQRCode": lambda: digits(10),
        "DataMatrix": lambda: _seal(letters(9)),
        "Aztec": lambda: "TRAIN" + letters(40) + digits(20),
        "PDF417": lambda: "@ANSI " + letters(30) + digits(24),
        "Code128": lambda: _item(rng) if rng.random() < 0.6 else letters(3) + digits(12),
        "Code39": lambda: letters(2) + digits(6),
        "EAN13": article,
    }
    return makers[symbology]()


def _item(rng: np.random.Generator) -> str:
    serial = f"{int(rng.integers(0, 10**8)):08d}"
    return f"RR{serial}{s10_check_digit(serial)}FR"


def _seal(number: str) -> str:
    signer = Signer("FR00", "0001", EcKey.from_private(bytes(31) + b"\x09"))
    fields = (("60", "MARIE/LOUISE"), ("62", "SPECIMEN"), ("65", "ID"), ("66", number))
    fields += (("67", "FR"), ("68", "F"), ("69", "13071990"), ("6C", "FR"))
    day = date(2021, 4, 29)
    return issue(fields, signer, document_type="07", issued=day, signed=day)


# --- sheets ---------------------------------------------------------------------------------------


def draw_code(symbology: str, text: str) -> Picture:
    """The code alone with its quiet zone, (h, w) grey, ``SHEET_PX_A_MODULE`` px a module."""
    if symbology in ("QRCode", "MicroQRCode"):
        code = segno.make(text, micro=symbology == "MicroQRCode", error="m", boost_error=False)
        coded = io.BytesIO()
        code.save(coded, kind="png", scale=SHEET_PX_A_MODULE, border=4)
        return _pixels(
            cv2.imdecode(np.frombuffer(coded.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
        )
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.__members__[symbology])
    small = np.array(zxingcpp.write_barcode_to_image(barcode, scale=1))
    if symbology in _LINEAR:
        small = np.repeat(small[small.shape[0] // 2 :][:1], 46, axis=0)
        small = cv2.copyMakeBorder(small, 4, 4, 8, 8, cv2.BORDER_CONSTANT, value=255)
    else:
        small = cv2.copyMakeBorder(small, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=255)
    scale = SHEET_PX_A_MODULE
    return _pixels(np.kron(small, np.ones((scale, scale), np.uint8)))


def sheet_of(code: Picture) -> Picture:
    """A white sheet around the code, with some print, (h, w, 3) BGR."""
    edge = max(60, min(code.shape) // 6)
    sheet = cv2.copyMakeBorder(code, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=250)
    size = edge / 70
    cv2.putText(sheet, "SPECIMEN", (edge, edge - 12), cv2.FONT_HERSHEY_SIMPLEX, size, 60, 2)
    return _pixels(cv2.cvtColor(sheet, cv2.COLOR_GRAY2BGR))


def bent(sheet: Picture, share: float) -> Picture:
    """The sheet on a cylinder: its columns draw together towards the sides and rise."""
    width = sheet.shape[1]
    lift = int(0.10 * share * width)
    tall = cv2.copyMakeBorder(sheet, lift, lift, 0, 0, cv2.BORDER_REPLICATE)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    angle = np.arcsin(across * np.float32(np.sin(share * 1.2)))
    x = (angle / angle[-1] * 0.5 + 0.5) * (width - 1)
    y = np.arange(tall.shape[0], dtype=np.float32)[:, None] + lift * (np.cos(angle * 1.6)[None, :])
    x = np.broadcast_to(x[None, :], y.shape).astype(np.float32)
    return _pixels(
        cv2.remap(tall, x, y.astype(np.float32), cv2.INTER_LINEAR, borderValue=(250,) * 3)
    )


def on_phone(sheet: Picture, rng: np.random.Generator) -> Picture:
    """The sheet as a lit screen: black frame, grey blacks, the beat of two grids, a reflection."""
    height, width = sheet.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lit = 45 + sheet.astype(np.float32) * 0.76
    for channel in range(3):
        period = SHEET_PX_A_MODULE * float(rng.uniform(2.2, 5.0))
        slope = float(rng.uniform(-0.4, 0.4))
        beat = np.sin(2 * np.pi * (x + slope * y) / period + channel * 2.1)
        beat *= np.sin(2 * np.pi * (y - slope * x) / (period * 1.3))
        lit[:, :, channel] *= 1 + 0.13 * beat
    spot = np.exp(-(((x / width - 0.3) / 0.22) ** 2 + ((y / height - 0.35) / 0.3) ** 2))
    lit += 70 * spot[:, :, None]
    screen = np.clip(lit, 0, 255).astype(np.uint8)
    edge = max(30, width // 12)
    return _pixels(
        cv2.copyMakeBorder(screen, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(18, 16, 15))
    )


def _pixels(image: Any) -> Picture:
    return np.ascontiguousarray(image, np.uint8)


# --- conditions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Setting:
    conditions: Conditions
    module_px: float = 3.2
    treat: Callable[[Picture, np.random.Generator], Picture] | None = None


def _setting(name: str, rng: np.random.Generator) -> _Setting:
    plain = replace(
        Conditions.fair(),
        rotation_deg=float(rng.uniform(-8, 8)),
        tilt_deg=float(rng.uniform(0, 10)),
        background=Background(rng.choice([b.value for b in Background])),
        noise_sigma=float(rng.uniform(2, 6)),
    )
    changes: dict[str, dict[str, Any]] = {
        "small": {"blur_sigma_px": 0.5},
        "blur": {"blur_sigma_px": float(rng.uniform(1.2, 2.0))},
        "motion": {"motion_px": float(rng.uniform(4, 8))},
        "tilt": {"tilt_deg": float(rng.uniform(35, 50))},
        "turned": {"rotation_deg": float(rng.uniform(0, 180))},
        "turned-45": {"rotation_deg": float(rng.choice((45, 135)))},
        "turned-30": {"rotation_deg": 30.0},
        "turned-60": {"rotation_deg": -60.0},
        "blur-1.4": {"blur_sigma_px": 1.4},
        "blur-2.0": {"blur_sigma_px": 2.0},
        "dim": {"light": float(rng.uniform(0.10, 0.2)), "noise_sigma": 5.0, "unevenness": 0.4},
        "glare": {"glare": float(rng.uniform(0.6, 1.0)), "drift_px": 12.0},
        "hard": {
            "light": float(rng.uniform(0.2, 0.4)),
            "noise_sigma": 8.0,
            "blur_sigma_px": 1.0,
            "tilt_deg": 25.0,
            "motion_px": 3.0,
        },
    }
    module_px = float(rng.uniform(1.7, 2.4)) if name == "small" else 3.2
    return _Setting(replace(plain, **changes.get(name, {})), module_px, _TREATMENTS.get(name))


_TREATMENTS: Final[dict[str, Callable[[Picture, np.random.Generator], Picture]]] = {
    "inverted": lambda sheet, _: _pixels(255 - sheet),
    "bent": lambda sheet, rng: bent(sheet, float(rng.uniform(0.5, 1.0))),
    "bent-0.4": lambda sheet, _: bent(sheet, 0.4),
    "bent-0.8": lambda sheet, _: bent(sheet, 0.8),
    "bent-1.0": lambda sheet, _: bent(sheet, 1.0),
    "phone": on_phone,
}
CONDITIONS: Final = (
    "plain",
    "small",
    "blur",
    "motion",
    "tilt",
    "turned",
    "turned-45",
    "dim",
    "glare",
    "inverted",
    "bent",
    "phone",
    "hard",
    "turned-30",
    "turned-60",
    "bent-0.4",
    "bent-0.8",
    "bent-1.0",
    "blur-1.4",
    "blur-2.0",
)


def _frames(
    sheet: Picture, setting: _Setting, rng: np.random.Generator, count: int
) -> tuple[Picture, ...]:
    share = sheet.shape[1] / SHEET_PX_A_MODULE * setting.module_px / FRAME_SIZE[0]
    subject = Subject(sheet, corner_share=0.01, width_share=share, may_overflow=True)
    seeds = rng.integers(0, 2**31, 2)
    stage = Stage(subject, setting.conditions, int(seeds[0]), FRAME_SIZE, int(seeds[1]))
    return tuple(stage.frame(0.12 * i, rng)[0] for i in range(count))


def scenes(
    symbology: str, seeds: range, frames: int, conditions: tuple[str, ...] = CONDITIONS
) -> Iterator[Scene]:
    """Scenes of one symbology: every condition, once for each seed."""
    for condition in conditions:
        for seed in seeds:
            numbers = (SYMBOLOGIES.index(symbology), CONDITIONS.index(condition), seed)
            rng = np.random.default_rng(numbers)
            setting = _setting(condition, rng)
            text = payload_of(symbology, rng)
            sheet = sheet_of(draw_code(symbology, text))
            if setting.treat is not None:
                sheet = setting.treat(sheet, rng)
            expected = frozenset({(symbology, text.encode("ascii"))})
            yield Scene(symbology, condition, expected, _frames(sheet, setting, rng, frames))


def several(seeds: range, frames: int) -> Iterator[Scene]:
    """A form with four codes side by side."""
    for seed in seeds:
        rng = np.random.default_rng((77, seed))
        sheet = np.full((900, 1500, 3), 250, np.uint8)
        expected = set()
        places = (
            ("QRCode", 0, 0),
            ("DataMatrix", 900, 0),
            ("Code128", 0, 520),
            ("EAN13", 880, 520),
        )
        for symbology, x, y in places:
            text = payload_of(symbology, rng)
            while symbology == "QRCode" and len(text) > 60:
                text = payload_of(symbology, rng)
            code = draw_code(symbology, text)
            code = cv2.resize(code, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
            code = code[: 900 - y, : 1500 - x]
            sheet[y : y + code.shape[0], x : x + code.shape[1]] = code[:, :, None]
            expected.add((symbology, text.encode("ascii")))
        setting = _setting("plain", rng)
        share = replace(setting, module_px=2.6 * SHEET_PX_A_MODULE / 4.5 * 0.86)
        yield Scene("several", "several", frozenset(expected), _frames(sheet, share, rng, frames))


def nothing(seeds: range, frames: int, pictures: tuple[Picture, ...]) -> Iterator[Scene]:
    """No code: documents, empty desks, print, stripes and noise."""
    for seed in seeds:
        rng = np.random.default_rng((99, seed))
        kind = seed % 4
        if kind == 0 and pictures:
            sheet = pictures[int(rng.integers(0, len(pictures)))]
            stage = Stage(Subject(sheet), Conditions.fair(rng), seed, FRAME_SIZE, seed)
            yield Scene(
                "none",
                "document",
                frozenset(),
                tuple(stage.frame(0.12 * i, rng)[0] for i in range(frames)),
            )
            continue
        if kind == 1:
            sheet = np.full((600, 900, 3), 245, np.uint8)
            for line in range(12):
                words = "".join(rng.choice([*_LETTERS, " "], 46))
                cv2.putText(
                    sheet, words, (20, 50 + 46 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (30,) * 3, 2
                )
        elif kind == 2:
            edges = np.cumsum(rng.integers(4, 26, 70))
            row = (np.searchsorted(edges, np.arange(900)) % 2 * 215 + 20).astype(np.uint8)
            sheet = _pixels(np.broadcast_to(row[None, :, None], (420, 900, 3)))
        else:
            cells = rng.integers(0, 2, (46, 46), np.uint8) * 225 + 15
            sheet = _pixels(np.kron(cells, np.ones((12, 12), np.uint8))[:, :, None].repeat(3, 2))
        name = ("", "print", "stripes", "checkers")[kind]
        yield Scene("none", name, frozenset(), _frames(sheet, _setting("plain", rng), rng, frames))
