"""Parts that every specimen is laid out from: fields, grounds, marks, portrait, zone, seal."""

from __future__ import annotations

from datetime import date

import numpy as np
from canvas import SUPERSAMPLING, Colour, Sheet, rosette, waves
from faces import FACES, draw_face
from people import Specimen
from PIL import Image, ImageOps
from seals import data_matrix, sealed

ID1 = (1012, 638)  # 85.6 x 54 mm at 300 dpi
ID2 = (1240, 874)  # 105 x 74 mm
ID3 = (1476, 1039)  # 125 x 88 mm
INK: Colour = (32, 36, 48)
LABEL: Colour = (84, 96, 120)
MARK: Colour = (190, 70, 84)


def printed(day: date) -> str:
    """A date as printed on French documents."""
    return day.strftime("%d %m %Y")


def field(  # noqa: PLR0913
    sheet: Sheet,
    x: float,
    y: float,
    label: str,
    value: str,
    *,
    size: float = 30,
    colour: Colour = INK,
    weight: str = "SemiBold",
) -> None:
    """A small label with its value under it."""
    sheet.text(x, y, label, size * 0.5, LABEL)
    sheet.text(x, y + size * 1.02, value, size, colour, weight=weight)


def guilloche(
    sheet: Sheet, tones: tuple[Colour, Colour, Colour], *, centre: tuple[float, float], reach: float
) -> None:
    """The interlaced ground of a card: two wave families, two rosettes, one fine border."""
    w, h = sheet.width, sheet.height
    sheet.curves(waves(w, h, count=64, amplitude=26, period=210, shear=0.06), tones[0], 0.34)
    sheet.curves(
        waves(w, h, count=54, amplitude=34, period=330, turn=1.3, shear=-0.1), tones[1], 0.26
    )
    sheet.curves(rosette(centre, reach, reach * 0.18, lobes=14, count=30), tones[2], 0.40)
    sheet.curves(rosette(centre, reach * 0.72, reach * 0.1, lobes=9, count=22), tones[1], 0.34)
    corner = (w * 0.965, h * 0.16)
    sheet.curves(rosette(corner, reach * 0.42, reach * 0.06, lobes=11, count=18), tones[0], 0.36)


def header(sheet: Sheet, title: str, subtitle: str, code: str, colour: Colour) -> None:
    """Coloured band with the title and a round country code."""
    sheet.box(0, 0, sheet.width, 92, colour)
    sheet.box(30, 20, 76, 52, (255, 255, 255), radius=12)
    sheet.text(68, 57, code, 32, colour, weight="Bold", anchor="ms")
    sheet.text(126, 58, title, 36, (255, 255, 255), weight="Bold")
    sheet.text(sheet.width - 34, 56, subtitle, 22, (226, 232, 244), anchor="rs")


def specimen_mark(
    sheet: Sheet,
    *,
    size: float = 118,
    alpha: float = 0.20,
    centre: tuple[float, float] | None = None,
) -> None:
    """The slanted word across the document, and the sentence that it is worth nothing."""
    middle = centre or (sheet.width * 0.62, sheet.height * 0.5)
    sheet.slanted("SPÉCIMEN", middle, size, 18, MARK, alpha)


def note(sheet: Sheet, x: float, y: float, anchor: str = "ls") -> None:
    """The sentence that it is worth nothing."""
    sheet.text(
        x,
        y,
        "Document factice, sans valeur · Specimen, void",
        14,
        MARK,
        weight="Medium",
        anchor=anchor,
    )


def portrait(specimen: Specimen, *, grey: float = 0.0) -> Image.Image:
    """The drawn face cropped as an identity photograph; ``grey`` mixes towards engraving."""
    face = draw_face(FACES[specimen.face]).crop((46, 66, 514, 668))
    if grey:
        engraved = ImageOps.colorize(ImageOps.grayscale(face), (22, 26, 34), (236, 238, 240))
        face = Image.blend(face, engraved, grey)
    return face


def signature(sheet: Sheet, x: float, y: float, s: Specimen) -> None:
    """A drawn pen stroke that spells nothing, different for each person."""
    seed = sum(ord(c) * (i + 1) for i, c in enumerate(s.surname + s.given_names[0]))
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 200)
    waves_x = t * 190 + 14 * np.sin(2 * np.pi * (3 + rng.integers(0, 4)) * t + rng.random() * 6)
    height = 26 * (1 - 0.6 * t)
    waves_y = -height * np.sin(2 * np.pi * (4 + rng.integers(0, 4)) * t + rng.random() * 6)
    stroke = np.column_stack([x + waves_x, y - 12 + waves_y - 10 * t])
    for shift in (0.0, 0.5, 1.0, 1.5):
        sheet.curves([stroke + shift], (30, 44, 92), 0.85)


def zone(
    sheet: Sheet,
    s: Specimen,
    top: float,
    *,
    pitch: float = 30.0,
    leading: float = 58.0,
    size: float = 43.0,
) -> None:
    """The machine-readable zone, centred on a calm ground that begins at ``top``."""
    width = len(s.mrz[0]) * pitch
    sheet.veil(0, top - 8, sheet.width, sheet.height - top + 8, (248, 248, 246), 0.80)
    for index, line in enumerate(s.mrz):
        sheet.ocrb(
            (sheet.width - width) / 2, top + 50 + index * leading, line, pitch=pitch, size=size
        )


def seal(sheet: Sheet, s: Specimen, x: float, y: float, side: float) -> None:
    """The 2D-Doc of the test authority, with its frame."""
    code = data_matrix(sealed(s))
    module = int(side * SUPERSAMPLING // code.width)
    sharp = code.resize((code.width * module, code.height * module), Image.Resampling.NEAREST)
    width = sharp.width / SUPERSAMPLING
    sheet.box(
        x - 6,
        y - 6,
        width + 12,
        width + 12,
        (255, 255, 255),
        radius=8,
        outline=(150, 160, 180),
        line=1,
    )
    sheet.image.paste(sharp.convert("RGB"), (round(x * SUPERSAMPLING), round(y * SUPERSAMPLING)))
    sheet.text(
        x + width / 2, y + width + 24, "2D-DOC · TEST", 15, LABEL, weight="Medium", anchor="ms"
    )


def chip(sheet: Sheet, x: float, y: float) -> None:
    """Contact plate, drawn."""
    sheet.box(x, y, 116, 92, (210, 190, 124), radius=14, outline=(160, 138, 80), line=2)
    for row in (1, 2):
        sheet.box(x, y + row * 30, 40, 2, (160, 138, 80))
        sheet.box(x + 76, y + row * 30, 40, 2, (160, 138, 80))
    sheet.box(x + 38, y + 16, 40, 60, (218, 200, 138), radius=10, outline=(160, 138, 80), line=2)


def metres(height_cm: int) -> str:
    """Height as printed on French documents."""
    return f"{height_cm / 100:.2f} m".replace(".", ",")
