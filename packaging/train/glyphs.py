"""Letter shapes for training: OCR-B, what presses and lasers make of it, and other monospaced faces.

Rules, in order:

1. A shape is a signed distance field of one letter, so that ink spread and wear are one number.
2. OCR-B exists in two free drawings only. Each is warped elastically, narrowed, slanted; and 0, O, 1
   and I, which differ most between the editions of the standard, are also drawn here by strokes.
3. Other faces keep the net from knowing two drawings by heart. Their zero is drawn here, plain:
   a dot or a slash in it is no shape of a machine-readable zone.
4. One face and one range of stroke weights are never trained on: they measure what is new to the net.

The font files are read at training only; the trained net holds none of them. Source: ISO 1073-2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
CELL_W, CELL_H = 28, 56
CAPITAL = 28.0
"""Height of a capital of OCR-B in px of a cell: as high as the pitch is wide."""
_SCALE = 4
TRAINED_GROWTH = tuple(np.linspace(-0.75, 1.1, 9))
HELD_OUT_GROWTH = (1.3, 1.5)
"""Ink spread in px of a cell; a stroke of OCR-B is about 3.4 px wide."""
OCR_B = {"OCRB.otf": 0.60, "OCRBS.otf": 0.32, "OCRBL.otf": 0.08}
"""Files of the Debian package fonts-ocr-b, and how often each is used."""
OTHER_FACES = (
    "dejavu/DejaVuSansMono.ttf",
    "dejavu/DejaVuSansMono-Bold.ttf",
    "liberation/LiberationMono-Regular.ttf",
    "liberation/LiberationMono-Bold.ttf",
    "freefont/FreeMono.ttf",
    "freefont/FreeMonoBold.ttf",
    "jetbrains-mono/JetBrainsMono-Regular.ttf",
)
HELD_OUT_FACE = "noto/NotoMono-Regular.ttf"
_OTHER_SHARE = 0.09
_WARPS = 7
_THINNEST = 0.8


@dataclass(frozen=True)
class Bank:
    """Ink masks (styles, weights, 37, 56, 28) uint8, and how often each style is used."""

    masks: np.ndarray
    shares: np.ndarray


def _field(inside: np.ndarray) -> np.ndarray:
    """Signed distance (H, W) float32 in px of a cell, positive in the ink."""
    ink = (inside > 127).astype(np.uint8)
    distance = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    return (distance - cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5)) / _SCALE


def font_fields(path: Path) -> np.ndarray:
    """Fields (37, 224, 112) of a font whose advance fills a cell, capitals in the middle."""
    width, height = CELL_W * _SCALE, CELL_H * _SCALE
    font = ImageFont.truetype(str(path), 1000)
    box = font.getbbox("H")
    # A narrow pitch (other faces) would make letters too tall: no capital above the pitch.
    size = 1000 * width / max(font.getlength("M"), 1.02 * (box[3] - box[1]))
    font = ImageFont.truetype(str(path), round(size))
    top, bottom = font.getbbox("H")[1::2]
    fields = []
    for symbol in ALPHABET:
        image = Image.new("L", (width, height))
        place = ((width - font.getlength(symbol)) / 2, height / 2 - (top + bottom) / 2)
        ImageDraw.Draw(image).text(place, symbol, font=font, fill=255)
        fields.append(_field(np.asarray(image)))
    return np.stack(fields)


def _stroked(lines: list[np.ndarray], half_stroke: float) -> np.ndarray:
    """Field of a letter drawn by strokes: points in px of a cell from its centre."""
    image = np.zeros((CELL_H * _SCALE, CELL_W * _SCALE), np.uint8)
    middle = np.array([CELL_W, CELL_H]) * _SCALE / 2
    for line in lines:
        points = np.round((line * _SCALE + middle) * 16).astype(np.int32)
        thick = max(1, round(2 * half_stroke * _SCALE))
        cv2.polylines(image, [points], False, 255, thick, cv2.LINE_AA, 4)
    return _field(image)


def _oval(rng: np.random.Generator, half_width: float, half_height: float) -> np.ndarray:
    """A closed curve between an ellipse and a rounded box."""
    t = np.linspace(0, 2 * np.pi, 49)
    power = 2 / rng.uniform(2.0, 3.6)
    c, s = np.cos(t), np.sin(t)
    return np.stack(
        [
            half_width * np.sign(c) * np.abs(c) ** power,
            half_height * np.sign(s) * np.abs(s) ** power,
        ],
        1,
    )


def editions(rng: np.random.Generator, half_stroke: float) -> dict[str, np.ndarray]:
    """0, O, 1 and I as other editions of the standard draw them."""
    high = CAPITAL / 2 - half_stroke
    zero, letter = rng.uniform(6.4, 8.0), rng.uniform(9.0, 10.6)
    x, flag = rng.uniform(-0.5, 1.5), rng.uniform(4.5, 7.5)
    foot, serif = rng.uniform(4.5, 8.5), rng.uniform(4.5, 8.0)
    one = [np.array([[x - flag, -high + flag * rng.uniform(0.5, 1)], [x, -high], [x, high]])]
    if rng.random() < 0.4:
        one.append(np.array([[x - foot, high], [x + foot, high]]))
    bars = [np.array([[-serif, y], [serif, y]]) for y in (-high, high)]
    return {
        "0": _stroked([_oval(rng, zero, high)], half_stroke),
        "O": _stroked([_oval(rng, letter, high * rng.uniform(0.94, 1))], half_stroke),
        "1": _stroked(one, half_stroke),
        "I": _stroked([np.array([[0, -high], [0, high]]), *bars], half_stroke),
    }


def _warped(fields: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every letter bent a little of its own; width, height and slant of all together."""
    height, width = fields.shape[1:]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wide, high = rng.uniform(0.86, 1.06), rng.uniform(0.9, 1.07)
    slant = np.tan(np.deg2rad(rng.normal(0, 3.0)))
    amplitude = rng.uniform(0.3, 0.9) * _SCALE
    u = ((x - width / 2 + slant * (y - height / 2)) / wide + width / 2).astype(np.float32)
    v = ((y - height / 2) / high + height / 2).astype(np.float32)
    out = []
    for field in fields:
        bend = rng.standard_normal((2, 6, 4)).astype(np.float32) * amplitude
        dx, dy = (cv2.resize(b, (width, height), interpolation=cv2.INTER_CUBIC) for b in bend)
        out.append(
            cv2.remap(
                field.astype(np.float32),
                u + dx,
                v + dy,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )
    return np.stack(out)


def _half_stroke(fields: np.ndarray) -> float:
    """Half the stroke's width; where strokes meet, the field is higher by about two fifths."""
    return float(np.median(fields.max((1, 2)))) / 1.4


def _masks(fields: np.ndarray, growths: tuple[float, ...]) -> np.ndarray:
    """Masks (weights, 37, 56, 28) uint8 of one style."""
    slack = max(0.0, _THINNEST - _half_stroke(fields))  # thin faces must survive the wear too
    weights = []
    for growth in growths:
        ink = np.clip(fields + growth + slack + 0.5, 0, 1) * 255
        small = [cv2.resize(g, (CELL_W, CELL_H), interpolation=cv2.INTER_AREA) for g in ink]
        weights.append(np.stack(small).round().astype(np.uint8))
    return np.stack(weights)


def training_bank(ocr_b: Path, faces: Path, seed: int = 11) -> Bank:
    """Every shape that is trained on.

    Args:
        ocr_b: folder of the OCR-B files.
        faces: folder of the other faces (``/usr/share/fonts/truetype`` on Debian).
        seed: of warps and strokes.
    """
    rng = np.random.default_rng(seed)
    styles, shares = [], []
    for name, share in OCR_B.items():
        fields = font_fields(ocr_b / name)
        outlined = name == "OCRBL.otf"
        variants = [fields]
        for number in range(2 if outlined else _WARPS):
            bent = _warped(fields, rng)
            if not outlined and number % 2:
                for symbol, drawn in editions(rng, _half_stroke(fields)).items():
                    bent[ALPHABET.index(symbol)] = drawn
            variants.append(bent)
        styles += [_masks(variant, TRAINED_GROWTH) for variant in variants]
        own = (1 - _OTHER_SHARE) * share
        shares += [0.4 * own] + [0.6 * own / (len(variants) - 1)] * (len(variants) - 1)
    for name in OTHER_FACES:
        styles.append(_masks(_plain_zero(font_fields(faces / name), rng), TRAINED_GROWTH))
        shares.append(_OTHER_SHARE / len(OTHER_FACES))
    return Bank(np.stack(styles), np.array(shares) / sum(shares))


def plain_bank(file: Path) -> Bank:
    """One font as it is, in the weights of the training."""
    return Bank(_masks(font_fields(file), TRAINED_GROWTH)[None], np.ones(1))


def _plain_zero(fields: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    fields[ALPHABET.index("0")] = editions(rng, _half_stroke(fields))["0"]
    return fields


def held_out_bank(ocr_b: Path, faces: Path, seed: int = 12) -> Bank:
    """Shapes never trained on: heavier OCR-B, freshly warped; and one other face."""
    rng = np.random.default_rng(seed)
    heavy = [_warped(font_fields(ocr_b / name), rng) for name in ("OCRB.otf", "OCRBS.otf")]
    styles = [_masks(fields, HELD_OUT_GROWTH) for fields in heavy]
    other = _plain_zero(font_fields(faces / HELD_OUT_FACE), rng)
    styles.append(_masks(other, (0.0, 0.4)))
    return Bank(np.stack(styles), np.array([0.35, 0.35, 0.3]))
