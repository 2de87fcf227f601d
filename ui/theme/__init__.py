"""The look of the product: tokens, and the theme in force that turns them into Qt values.

Nothing outside this room writes a colour or a count of pixels.
"""

from ui.theme.system import SystemLook
from ui.theme.theme import Theme
from ui.theme.tokens import (
    COUNTER_MIN_HEIGHT,
    COUNTER_MIN_WIDTH,
    LOW_MAX_HEIGHT,
    PAGE_MS,
    PALETTES,
    STATE_MS,
    TYPES,
    UNDO_MS,
    Density,
    Palette,
    Radius,
    Size,
    Space,
    Stroke,
    TextSize,
    ThemeName,
    Tone,
    Type,
)

__all__ = [
    "COUNTER_MIN_HEIGHT",
    "COUNTER_MIN_WIDTH",
    "LOW_MAX_HEIGHT",
    "PAGE_MS",
    "PALETTES",
    "STATE_MS",
    "TYPES",
    "UNDO_MS",
    "Density",
    "Palette",
    "Radius",
    "Size",
    "Space",
    "Stroke",
    "SystemLook",
    "TextSize",
    "Theme",
    "ThemeName",
    "Tone",
    "Type",
]
