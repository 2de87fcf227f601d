"""Design tokens: every colour, size and weight of the product, and nothing that knows a widget.

Rules: a colour or a pixel count is written here once and used by name everywhere else; the three
palettes hold the same names; text pairs reach 4.5:1 and controls 3:1 (``tests/ui/test_theme.py``
computes it again from this file).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class ThemeName(StrEnum):
    """The three looks."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class TextSize(StrEnum):
    """Text sizes that a person may choose, on top of the system's own scaling."""

    NORMAL = "normal"
    LARGE = "large"
    LARGEST = "largest"

    @property
    def factor(self) -> float:
        """Multiplier of type sizes and targets."""
        return {"normal": 1.0, "large": 1.15, "largest": 1.3}[self.value]


class Density(StrEnum):
    """Layouts: ``COUNTER`` for a wide screen and keyboard, ``TABLET`` for touch."""

    COUNTER = "counter"
    TABLET = "tablet"


@dataclass(frozen=True, slots=True)
class Palette:
    """One look: every colour by its use, as ``#RRGGBB``.

    ``on...`` is the ink for a fill, ``...soft`` the quiet fill of a tone, ``line`` decorates,
    ``line2`` borders a control. ``stage`` colours are the surroundings of the live picture and the
    same in every look, because a picture is judged against a constant ground.
    """

    bg: str
    surface: str
    sunken: str
    line: str
    line2: str
    ink: str
    ink2: str
    ink3: str
    primary: str
    hover: str
    pressed: str
    onprimary: str
    psoft: str
    accent: str
    onaccent: str
    asoft: str
    ok: str
    oksoft: str
    warn: str
    warnsoft: str
    bad: str
    badsoft: str
    focus: str
    rail: str
    railhi: str
    onrail: str
    onrail2: str
    railaccent: str
    shadow: str
    stage: str = "#3A4450"
    strip: str = "#10162E"
    onstrip: str = "#FFFFFF"
    onstrip2: str = "#B9C5E8"
    live: str = "#5FD69B"
    thread: str = "#FFC92E"


PALETTES: dict[ThemeName, Palette] = {
    ThemeName.LIGHT: Palette(
        bg="#F3F5F9", surface="#FFFFFF", sunken="#EAEEF5", line="#D9E0EB", line2="#6F7C93",
        ink="#141C33", ink2="#4A5670", ink3="#6B768C",
        primary="#1F3FAE", hover="#19338F", pressed="#132870", onprimary="#FFFFFF", psoft="#E7EDFC",
        accent="#FFC92E", onaccent="#141C33", asoft="#FFF3CC",
        ok="#0B7446", oksoft="#DFF4E8", warn="#8A4B00", warnsoft="#FFEFD3",
        bad="#B3221B", badsoft="#FDE7E5", focus="#0A5BFF",
        rail="#141F45", railhi="#22305F", onrail="#FFFFFF", onrail2="#B9C5E8", railaccent="#FFC92E",
        shadow="#141C33",
    ),
    ThemeName.DARK: Palette(
        bg="#0D1322", surface="#161E33", sunken="#1E2842", line="#2B3754", line2="#8390AD",
        ink="#EEF2FC", ink2="#B7C1DA", ink3="#93A0BD",
        primary="#9DB7FF", hover="#B7CAFF", pressed="#83A3FA", onprimary="#0C1842", psoft="#1E2C57",
        accent="#FFD04D", onaccent="#141C33", asoft="#3D3413",
        ok="#5FD69B", oksoft="#12372A", warn="#FFC06B", warnsoft="#3E2C10",
        bad="#FF9A92", badsoft="#451D1D", focus="#FFD04D",
        rail="#0A0F1D", railhi="#1E2842", onrail="#FFFFFF", onrail2="#B9C5E8", railaccent="#FFD04D",
        shadow="#000000",
    ),
    ThemeName.CONTRAST: Palette(
        bg="#000000", surface="#000000", sunken="#000000", line="#FFFFFF", line2="#FFFFFF",
        ink="#FFFFFF", ink2="#FFFFFF", ink3="#E0E0E0",
        primary="#FFE14D", hover="#FFE14D", pressed="#FFE14D", onprimary="#000000", psoft="#000000",
        accent="#FFE14D", onaccent="#000000", asoft="#000000",
        ok="#7CFFB2", oksoft="#000000", warn="#FFD27A", warnsoft="#000000",
        bad="#FFA39B", badsoft="#000000", focus="#00E5FF",
        rail="#000000", railhi="#333333", onrail="#FFFFFF", onrail2="#FFFFFF", railaccent="#FFE14D",
        shadow="#000000",
    ),
}  # fmt: skip


class Tone(StrEnum):
    """What a chip, a row or a banner says by colour; never by colour alone."""

    NEUTRAL = "neutral"
    INFO = "info"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"

    @property
    def ink(self) -> str:
        """Palette name of the text and icon colour."""
        return {"neutral": "ink", "info": "primary", "ok": "ok", "warn": "warn", "bad": "bad"}[self]

    @property
    def fill(self) -> str:
        """Palette name of the quiet fill."""
        return {
            "neutral": "sunken",
            "info": "psoft",
            "ok": "oksoft",
            "warn": "warnsoft",
            "bad": "badsoft",
        }[self]


class Type(StrEnum):
    """Styles of type."""

    DISPLAY = "display"
    H1 = "h1"
    H2 = "h2"
    H3 = "h3"
    WORDMARK = "wordmark"
    TITLE = "title"
    TILE = "tile"
    ROW = "row"
    FIGURE = "figure"
    VALUE = "value"
    BODY = "body"
    STRONG = "strong"
    BUTTON = "button"
    LABEL = "label"
    LABEL_STRONG = "label-strong"
    STEP = "step"
    STEP_HERE = "step-here"
    STEP_HINT = "step-hint"
    DIGIT = "digit"
    KEY = "key"
    CODE = "code"
    CODE_LARGE = "code-large"
    CUSTOMER = "customer"
    CUSTOMER_STRONG = "customer-strong"


@dataclass(frozen=True, slots=True)
class TypeSpec:
    """Pixels at the counter, pixels on the tablet, weight (400 to 700), fixed-width or not."""

    counter_px: int
    tablet_px: int
    weight: int
    mono: bool = False


TYPES: dict[Type, TypeSpec] = {
    Type.DISPLAY: TypeSpec(62, 48, 700),
    Type.H1: TypeSpec(36, 28, 700),
    Type.H2: TypeSpec(22, 21, 700),
    Type.H3: TypeSpec(20, 19, 700),
    Type.WORDMARK: TypeSpec(27, 22, 600),
    Type.ROW: TypeSpec(19, 18, 600),
    Type.TILE: TypeSpec(25, 22, 700),
    Type.TITLE: TypeSpec(21, 20, 600),
    Type.FIGURE: TypeSpec(36, 30, 700),
    Type.VALUE: TypeSpec(21, 20, 600),
    Type.BODY: TypeSpec(19, 18, 400),
    Type.STRONG: TypeSpec(18, 18, 600),
    Type.BUTTON: TypeSpec(18, 18, 600),
    Type.LABEL: TypeSpec(16, 16, 400),
    Type.LABEL_STRONG: TypeSpec(16, 16, 600),
    Type.STEP: TypeSpec(19, 18, 500),
    Type.STEP_HERE: TypeSpec(19, 18, 700),
    Type.STEP_HINT: TypeSpec(16, 16, 400),
    Type.DIGIT: TypeSpec(26, 24, 600),
    Type.KEY: TypeSpec(15, 15, 500),
    Type.CODE: TypeSpec(18, 17, 500, mono=True),
    Type.CODE_LARGE: TypeSpec(26, 24, 600, mono=True),
    Type.CUSTOMER: TypeSpec(26, 24, 400),
    Type.CUSTOMER_STRONG: TypeSpec(26, 24, 700),
}


class Space(IntEnum):
    """Distances, px."""

    NONE = 0
    HAIR = 2
    XS = 4
    S = 8
    M = 12
    L = 16
    XL = 20
    XXL = 24
    XXXL = 28
    GUTTER = 32
    WIDE = 48
    HUGE = 64


class Radius(IntEnum):
    """Corner radii, px."""

    KEY = 7
    BUTTON = 14
    TILE = 16
    CARD = 20


class Size(IntEnum):
    """Fixed measures of parts, px, before the text-size factor."""

    FOCUS_WIDTH = 3
    FOCUS_GAP = 2
    ICON_SMALL = 18
    ICON = 22
    ICON_LARGE = 28
    BADGE_SMALL = 40
    BADGE = 44
    BADGE_LARGE = 60
    TARGET_MIN = 48
    TARGET_BAR = 52
    TARGET_COUNTER = 64
    TARGET_TABLET = 72
    CHIP = 40
    KEY_CAP = 28
    WINDOW_WIDTH = 1920
    WINDOW_HEIGHT = 1080
    COUNTER_MIN_WIDTH = 1280
    COUNTER_MIN_HEIGHT = 800
    WINDOW_MIN_WIDTH = 800
    WINDOW_MIN_HEIGHT = 600
    HOME_HIGH = 1064
    WINDOW_LOW = 768
    RAIL_WIDTH = 320
    TOP_BAR = 76
    TOP_BAR_TABLET = 68
    TOP_BAR_LOW = 60
    BOTTOM_BAR = 100
    STEP_MARK = 36
    STEP_ROW = 76
    STEP_ROW_MIN = 48
    NAV = 56
    STEP_BAR = 72
    STEP_BAR_LOW = 52
    STEP_LINE = 5
    MARK = 40
    STRIP = 64
    RING = 34
    DOT = 11
    THREAD = 5
    CORNER = 62
    CORNER_WIDTH = 6
    TILE = 186
    TILE_TABLET = 112
    TILE_LOW = 96
    ROW = 86
    PIN_KEY_WIDTH = 96
    PIN_KEY = 76
    PIN_KEY_TABLET = 62
    PIN_KEY_LOW = 48
    PIN_SUBMIT_LOW = 56
    PIN_HIGH = 790
    PIN_DOT = 18
    PICTURE_MIN = 220
    PICTURE_LOW = 184
    QR = 200
    QR_CUSTOMER = 320
    SIDE_PANEL = 440
    READING_WIDTH = 760
    TEXT_WIDTH = 860


class Stroke:
    """Widths of lines, px."""

    CARD: Final = 1.2
    BAND: Final = 1.4
    CONTROL: Final = 1.6
    JOINT: Final = 2.0
    CHOSEN: Final = 2.4
    HERE: Final = 3.0


COUNTER_MIN_WIDTH = 1500
"""Below this width, px, the tablet layout is used."""

COUNTER_MIN_HEIGHT = 960
"""Below this height, px, the tablet layout is used."""

LOW_MAX_HEIGHT = 840
"""A window that is wider than high and up to this height, px, gives its air to the work."""

STATE_MS = 120
"""Duration of a change of state."""

PAGE_MS = 200
"""Duration of a change of page."""

UNDO_MS = 8000
"""How long an offer to undo stays."""
