"""Drawn faces in flat design. They depict nobody: every part is a shape with a chosen colour."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
WIDTH, HEIGHT = 560, 720  # 35 x 45 mm, the size of an identity photograph
K = 2


@dataclass(frozen=True, slots=True)
class Face:
    """The choices that make one face.

    Attributes:
        hair: ``short``, ``side``, ``long``, ``bob``, ``bun``, ``curls``, ``bald`` or ``child``.
        face_width: half width of the head in drawing units (of 560).
        jaw: 0 round to 1 square.
        beard: ``""``, ``short`` or ``full``.
    """

    skin: Colour
    hair_colour: Colour
    hair: str
    shirt: Colour
    collar: str = "round"
    face_width: int = 128
    jaw: float = 0.4
    beard: str = ""
    glasses: bool = False
    brow: int = 9
    eye: Colour = (74, 52, 38)
    ground: Colour = (214, 221, 226)


def darker(colour: Colour, share: float) -> Colour:
    """The colour moved towards black by ``share``."""
    r, g, b = colour
    return (round(r * (1 - share)), round(g * (1 - share)), round(b * (1 - share)))


def lighter(colour: Colour, share: float) -> Colour:
    """The colour moved towards white by ``share``."""
    r, g, b = colour
    return (
        round(r + (255 - r) * share),
        round(g + (255 - g) * share),
        round(b + (255 - b) * share),
    )


class _Brush:
    """Shapes in drawing units on a supersampled image."""

    def __init__(self, ground: Colour) -> None:
        self.image = Image.new("RGB", (WIDTH * K, HEIGHT * K), ground)
        self.draw = ImageDraw.Draw(self.image)

    def oval(self, cx: float, cy: float, rx: float, ry: float, fill: Colour) -> None:
        self.draw.ellipse(((cx - rx) * K, (cy - ry) * K, (cx + rx) * K, (cy + ry) * K), fill)

    def block(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        radius: float,
        fill: Colour,
        corners: tuple[bool, bool, bool, bool] = (True, True, True, True),
    ) -> None:
        self.draw.rounded_rectangle(
            (x0 * K, y0 * K, x1 * K, y1 * K), radius * K, fill, corners=corners
        )

    def shape(self, points: list[tuple[float, float]], fill: Colour) -> None:
        self.draw.polygon([(x * K, y * K) for x, y in points], fill)

    def arc(  # noqa: PLR0913, PLR0917
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        start: float,
        end: float,
        fill: Colour,
        width: float,
    ) -> None:
        self.draw.arc(
            ((cx - rx) * K, (cy - ry) * K, (cx + rx) * K, (cy + ry) * K),
            start,
            end,
            fill,
            round(width * K),
        )

    def line(self, points: list[tuple[float, float]], fill: Colour, width: float) -> None:
        self.draw.line([(x * K, y * K) for x, y in points], fill, round(width * K), "curve")


CX, EYES_Y, TOP_Y, CHIN_Y = 280, 330, 170, 500


def _hair_behind(b: _Brush, f: Face) -> None:
    w, c = f.face_width, f.hair_colour
    if f.hair == "long":
        b.block(CX - w - 34, 200, CX + w + 34, 640, 110, darker(c, 0.12))
    elif f.hair == "bob":
        b.block(CX - w - 36, 190, CX + w + 36, 520, 90, darker(c, 0.12))
    elif f.hair == "bun":
        b.oval(CX, 118, 62, 56, darker(c, 0.1))
    elif f.hair == "curls":
        for x, y, r in (
            (-150, 260, 62),
            (150, 260, 62),
            (-158, 350, 58),
            (158, 350, 58),
            (-140, 430, 48),
            (140, 430, 48),
            (-96, 180, 66),
            (96, 180, 66),
        ):
            b.oval(CX + x * w / 128, y, r, r, darker(c, 0.1))


def _body(b: _Brush, f: Face) -> None:
    b.block(CX - 236, 566, CX + 236, 900, 120, f.shirt)
    shade = darker(f.skin, 0.14)
    b.block(CX - 58, 440, CX + 58, 610, 40, shade)
    b.oval(CX, 592, 74, 52, shade)
    if f.collar == "shirt":
        b.shape([(CX - 92, 562), (CX, 640), (CX - 60, 690), (CX - 128, 596)], lighter(f.shirt, 0.4))
        b.shape([(CX + 92, 562), (CX, 640), (CX + 60, 690), (CX + 128, 596)], lighter(f.shirt, 0.4))
    elif f.collar == "vee":
        b.shape([(CX - 74, 580), (CX + 74, 580), (CX, 690)], shade)
    elif f.collar == "scarf":
        b.block(CX - 112, 556, CX + 112, 632, 38, lighter(f.shirt, 0.45))


def _skull(f: Face, *, grow: float = 0.0, drop: float = 0.0) -> list[tuple[float, float]]:
    """Outline of the head: an ellipse above the cheekbones, a jaw of its own squareness below."""
    w, split = f.face_width + grow, 352.0
    top, chin = TOP_Y - 14 - grow, CHIN_Y + 8 + drop
    right: list[tuple[float, float]] = []
    for step in range(61):
        u = 1 - step / 60
        right.append((CX + w * (1 - u**2.2) ** (1 / 2.2), split - (split - top) * u))
    for step in range(1, 61):
        u = step / 60
        power = 2.05 + 1.5 * f.jaw
        right.append((CX + w * (1 - u**power) ** (1 / 1.75), split + (chin - split) * u))
    return right + [(2 * CX - x, y) for x, y in reversed(right)]


def _head(b: _Brush, f: Face) -> None:
    w = f.face_width
    for side in (-1, 1):
        b.oval(CX + side * (w + 4), EYES_Y + 22, 22, 36, darker(f.skin, 0.08))
        b.oval(CX + side * (w + 4), EYES_Y + 24, 11, 22, darker(f.skin, 0.2))
    b.shape(_skull(f), f.skin)
    for side in (-1, 1):  # cheeks
        b.oval(CX + side * w * 0.56, 404, 27, 19, _mix(f.skin, (222, 110, 96), 0.16))


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def _beard(b: _Brush, f: Face) -> None:
    """Beard and moustache: the jaw grown a little, below a line from ear to mouth."""
    if not f.beard:
        return
    full = f.beard == "full"
    w, c = f.face_width, _mix(f.hair_colour, f.skin, 0.10 if full else 0.42)
    mask = Image.new("L", b.image.size, 0)
    d = ImageDraw.Draw(mask)
    d.polygon(
        [(x * K, y * K) for x, y in _skull(f, grow=5 if full else 1, drop=26 if full else 3)], 255
    )
    edge = [
        (CX - 400, 346),
        (CX - w + 12, 346),
        (CX - w + 30, 398),
        (CX - 74, 420),
        (CX - 34, 407),
        (CX, 413),
        (CX + 34, 407),
        (CX + 74, 420),
        (CX + w - 30, 398),
        (CX + w - 12, 346),
        (CX + 400, 346),
        (CX + 400, 0),
        (CX - 400, 0),
    ]
    d.polygon([(x * K, y * K) for x, y in edge], 0)
    mask = mask.filter(ImageFilter.GaussianBlur(2.5))
    b.image.paste(Image.new("RGB", b.image.size, c), mask=mask)
    b.oval(CX, 446, 40, 15, _mix(f.skin, c, 0.25))


def _features(b: _Brush, f: Face) -> None:
    for side in (-1, 1):
        x = CX + side * 56
        b.oval(x, EYES_Y, 25, 15, (250, 249, 246))
        b.oval(x, EYES_Y, 13.5, 14, f.eye)
        b.oval(x, EYES_Y, 7, 7, (22, 18, 18))
        b.oval(x + 4, EYES_Y - 5, 3.2, 3.2, (255, 255, 255))
        b.arc(x, EYES_Y + 3, 27, 19, 198, 342, darker(f.hair_colour, 0.35), 5)
        b.arc(x, EYES_Y - 26, 38, 24, 205, 335, darker(f.hair_colour, 0.2), f.brow)
    b.line([(CX + 4, EYES_Y + 12), (CX + 15, 394), (CX - 2, 402)], darker(f.skin, 0.2), 6)
    b.arc(CX, 402, 17, 9, 20, 160, darker(f.skin, 0.26), 6)
    b.arc(CX, 426, 42, 26, 28, 152, _mix(darker(f.skin, 0.35), (176, 62, 62), 0.55), 9)
    if f.glasses:
        for side in (-1, 1):
            x = CX + side * 57
            b.draw.rounded_rectangle(
                ((x - 44) * K, (EYES_Y - 30) * K, (x + 44) * K, (EYES_Y + 32) * K),
                24 * K,
                None,
                (48, 50, 58),
                6 * K,
            )
            b.line(
                [(x + side * 44, EYES_Y - 6), (CX + side * f.face_width, EYES_Y - 2)],
                (48, 50, 58),
                6,
            )
        b.arc(CX, EYES_Y - 2, 14, 10, 190, 350, (48, 50, 58), 6)


def _hair_front(b: _Brush, f: Face) -> None:
    w, c = f.face_width, f.hair_colour
    if f.hair == "bald":
        for side in (-1, 1):
            b.block(CX + side * (w - 8) - 14, 270, CX + side * (w - 8) + 14, 348, 12, c)
        return
    cap = Image.new("L", b.image.size, 0)
    d = ImageDraw.Draw(cap)
    lift = {"short": 26, "side": 30, "long": 24, "bob": 26, "bun": 20, "curls": 40, "child": 22}
    up = lift[f.hair]
    spread = 6 if f.hair in {"short", "side", "child"} else 14
    d.ellipse(((CX - w - spread) * K, (TOP_Y - up) * K, (CX + w + spread) * K, 470 * K), 255)
    cut = {
        "short": [
            (CX - 400, 330),
            (CX - w + 10, 330),
            (CX - w + 20, 268),
            (CX - 40, 246),
            (CX + 58, 242),
            (CX + w - 22, 266),
            (CX + w - 10, 330),
            (CX + 400, 330),
        ],
        "side": [
            (CX - 400, 326),
            (CX - w + 10, 326),
            (CX - w + 22, 250),
            (CX - 66, 226),
            (CX + 20, 258),
            (CX + w - 24, 274),
            (CX + w - 10, 326),
            (CX + 400, 326),
        ],
        "long": [
            (CX - 400, 360),
            (CX - w - 2, 360),
            (CX - 86, 262),
            (CX + 4, 206),
            (CX + 86, 262),
            (CX + w + 2, 360),
            (CX + 400, 360),
        ],
        "bob": [
            (CX - 400, 380),
            (CX - w + 6, 380),
            (CX - 104, 266),
            (CX + 104, 266),
            (CX + w - 6, 380),
            (CX + 400, 380),
        ],
        "bun": [
            (CX - 400, 320),
            (CX - w + 2, 320),
            (CX - 78, 238),
            (CX, 214),
            (CX + 78, 238),
            (CX + w - 2, 320),
            (CX + 400, 320),
        ],
        "curls": [
            (CX - 400, 290),
            (CX - w + 8, 290),
            (CX - 70, 236),
            (CX + 70, 236),
            (CX + w - 8, 290),
            (CX + 400, 290),
        ],
        "child": [
            (CX - 400, 330),
            (CX - w + 8, 330),
            (CX - w + 16, 268),
            (CX - 52, 278),
            (CX, 250),
            (CX + 54, 278),
            (CX + w - 16, 268),
            (CX + w - 8, 330),
            (CX + 400, 330),
        ],
    }[f.hair]
    d.polygon([(x * K, y * K) for x, y in [*cut, (CX + 400, 900), (CX - 400, 900)]], 0)
    b.image.paste(Image.new("RGB", b.image.size, c), mask=cap.filter(ImageFilter.GaussianBlur(1.5)))
    if f.hair == "curls":
        for i in range(-4, 5):
            b.oval(CX + i * 34, 196 + abs(i) * 9, 34, 32, lighter(c, 0.04 + 0.02 * (i % 2)))
    b.arc(CX - 26, 262, w - 28, 96, 214, 262, lighter(c, 0.16), 7)


def draw_face(f: Face) -> Image.Image:
    """The portrait, (560, 720) RGB."""
    brush = _Brush(f.ground)
    _hair_behind(brush, f)
    _body(brush, f)
    _head(brush, f)
    _beard(brush, f)
    _features(brush, f)
    _hair_front(brush, f)
    return brush.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


FACES: dict[str, Face] = {
    "maelys": Face(
        (238, 199, 170), (92, 58, 38), "long", (52, 78, 122), "vee", 122, 0.2, eye=(86, 112, 80)
    ),
    "antoine": Face(
        (226, 178, 142),
        (48, 36, 30),
        "short",
        (40, 62, 96),
        "shirt",
        130,
        0.6,
        beard="short",
        brow=12,
    ),
    "corinne": Face(
        (240, 206, 182),
        (176, 176, 178),
        "bob",
        (122, 52, 74),
        "scarf",
        124,
        0.3,
        glasses=True,
        eye=(84, 110, 134),
    ),
    "marie": Face(
        (232, 188, 152), (134, 66, 34), "bun", (58, 104, 92), "round", 120, 0.3, eye=(70, 96, 64)
    ),
    "salma": Face((204, 152, 112), (34, 28, 30), "curls", (150, 74, 52), "round", 122, 0.25),
    "arben": Face((224, 180, 146), (70, 54, 42), "side", (62, 66, 72), "shirt", 132, 0.7, brow=11),
    "an": Face(
        (244, 212, 188),
        (206, 164, 96),
        "long",
        (64, 96, 140),
        "round",
        122,
        0.25,
        eye=(78, 120, 150),
    ),
    "amadou": Face(
        (122, 82, 58), (28, 24, 24), "short", (196, 166, 92), "shirt", 130, 0.55, beard="full"
    ),
    "lina": Face(
        (240, 202, 172), (158, 104, 60), "bob", (208, 126, 74), "round", 124, 0.05, brow=6
    ),
    "natacha": Face(
        (228, 182, 150), (96, 40, 30), "curls", (36, 92, 96), "vee", 122, 0.3, glasses=True
    ),
    "anne": Face(
        (242, 208, 186), (188, 140, 84), "bun", (74, 84, 128), "scarf", 122, 0.3, eye=(80, 112, 96)
    ),
    "luc": Face((238, 196, 164), (132, 92, 54), "child", (64, 104, 74), "round", 126, 0.15, brow=8),
    "anna": Face(
        (246, 214, 192), (214, 178, 116), "bob", (128, 84, 60), "vee", 124, 0.3, eye=(82, 120, 152)
    ),
    "paul": Face(
        (232, 190, 164),
        (120, 120, 122),
        "bald",
        (70, 88, 74),
        "shirt",
        130,
        0.6,
        beard="full",
        glasses=True,
    ),
    "anne-sophie": Face((236, 198, 172), (58, 40, 34), "bob", (96, 72, 120), "vee", 120, 0.35),
    "minh": Face((234, 196, 158), (26, 24, 28), "side", (54, 96, 110), "round", 128, 0.35, brow=9),
}
