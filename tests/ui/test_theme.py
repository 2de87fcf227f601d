"""Tokens: every pair of colours can be read, fonts and icons are the vendored ones."""

import hashlib
import json
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontInfo, QPainter, QPixmap

from ui.theme import PALETTES, Density, Palette, SystemLook, TextSize, Theme, ThemeName, Type

RESOURCES = Path(__file__).parents[2] / "resources"

TEXT_PAIRS = [
    ("ink", "bg"), ("ink", "surface"), ("ink", "sunken"), ("ink", "psoft"),
    ("ink2", "bg"), ("ink2", "surface"), ("ink2", "sunken"), ("ink2", "psoft"),
    ("onprimary", "primary"), ("onprimary", "hover"), ("onprimary", "pressed"),
    ("primary", "surface"), ("primary", "bg"), ("primary", "psoft"),
    ("onaccent", "accent"), ("ink", "asoft"),
    ("ok", "surface"), ("ok", "oksoft"), ("warn", "surface"), ("warn", "warnsoft"),
    ("bad", "surface"), ("bad", "badsoft"), ("ink", "warnsoft"), ("ink", "oksoft"),
    ("ink", "badsoft"), ("ink2", "oksoft"), ("ink2", "warnsoft"), ("ink2", "badsoft"),
    ("onrail", "rail"), ("onrail", "railhi"), ("onrail2", "rail"), ("onrail2", "railhi"),
    ("railaccent", "railhi"), ("onstrip", "strip"), ("onstrip2", "strip"), ("onstrip", "stage"),
    ("surface", "primary"),
]  # fmt: skip
CONTROL_PAIRS = [
    ("line2", "surface"), ("line2", "bg"), ("focus", "surface"), ("focus", "bg"),
    ("railaccent", "rail"), ("thread", "strip"), ("live", "strip"), ("ink3", "sunken"),
    ("ok", "oksoft"), ("warn", "warnsoft"), ("bad", "badsoft"), ("primary", "psoft"),
]  # fmt: skip
MEASURED = {
    ("ink", "bg"): (15.5, 16.5, 21.0),
    ("ink2", "surface"): (7.4, 9.2, 21.0),
    ("ink2", "sunken"): (6.3, 8.1, 21.0),
    ("ink3", "sunken"): (3.9, 5.6, 15.9),
    ("onprimary", "primary"): (8.8, 8.7, 16.1),
    ("primary", "psoft"): (7.5, 6.9, 16.1),
    ("onaccent", "accent"): (11.0, 11.6, 16.1),
    ("ok", "oksoft"): (5.1, 7.2, 16.8),
    ("warn", "warnsoft"): (6.0, 8.3, 14.8),
    ("bad", "badsoft"): (5.6, 7.1, 11.0),
    ("line2", "surface"): (4.2, 5.2, 21.0),
    ("focus", "surface"): (5.3, 11.3, 13.7),
    ("onrail2", "rail"): (9.3, 11.1, 21.0),
    ("accent", "rail"): (10.4, 13.1, 16.1),
}
"""Ratios of the design system, light / dark / contrast, as they were first computed."""


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(palette: Palette, front: str, back: str) -> float:
    a, b = luminance(getattr(palette, front)), luminance(getattr(palette, back))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


@pytest.mark.parametrize("name", list(ThemeName))
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="-on-".join)
def test_text_can_be_read_on_its_ground(name: ThemeName, pair: tuple[str, str]):
    assert ratio(PALETTES[name], *pair) >= 4.5


@pytest.mark.parametrize("name", list(ThemeName))
@pytest.mark.parametrize("pair", CONTROL_PAIRS, ids="-on-".join)
def test_controls_stand_out_from_their_ground(name: ThemeName, pair: tuple[str, str]):
    assert ratio(PALETTES[name], *pair) >= 3.0


@pytest.mark.parametrize("pair", list(MEASURED), ids="-on-".join)
def test_ratios_are_those_of_the_design_system(pair: tuple[str, str]):
    computed = [ratio(PALETTES[name], *pair) for name in ThemeName]
    assert computed == pytest.approx(MEASURED[pair], abs=0.1)


def test_fonts_are_the_bundled_ones(theme: Theme):
    for style in Type:
        font = theme.font(style)
        family = QFontInfo(font).family()
        mono = style in (Type.CODE, Type.CODE_LARGE)
        assert family == f"Atkinson Hyperlegible {'Mono' if mono else 'Next'}"
        assert font.hintingPreference() == QFont.HintingPreference.PreferNoHinting


def test_no_text_is_smaller_than_15_px(theme: Theme):
    for density in Density:
        theme.set_density(density)
        assert min(theme.font(style).pixelSize() for style in Type) >= 15


def test_text_size_changes_type_and_targets_and_tells(theme: Theme, qtbot):
    px, target = theme.font(Type.BODY).pixelSize(), theme.target
    with qtbot.waitSignal(theme.changed):
        theme.set_text_size(TextSize.LARGEST)
    assert theme.font(Type.BODY).pixelSize() == round(px * 1.3)
    assert theme.target == round(target * 1.3)


def test_tablet_targets_are_larger_than_counter_targets(theme: Theme):
    counter = theme.target
    theme.set_density(Density.TABLET)
    assert theme.target > counter >= 48


class ScriptedSystem(SystemLook):
    """A system whose wishes the test sets."""

    def __init__(self):
        super().__init__()
        self.wish = ThemeName.LIGHT

    @property
    def name(self):
        return self.wish

    def ask_for(self, name: ThemeName):
        self.wish = name
        self.changed.emit()


def test_theme_follows_the_system_until_a_person_chooses(qapp):
    system = ScriptedSystem()
    theme = Theme(RESOURCES, system)
    system.ask_for(ThemeName.DARK)
    assert theme.name is ThemeName.DARK
    theme.choose(ThemeName.CONTRAST)
    system.ask_for(ThemeName.LIGHT)
    assert (theme.name, theme.override) == (ThemeName.CONTRAST, ThemeName.CONTRAST)
    theme.choose(None)
    assert (theme.name, theme.override) == (ThemeName.LIGHT, None)


def test_icon_is_drawn_in_the_colour_asked_for_at_device_pixels(theme: Theme):
    pixmap = theme.pixmap("check", "ok", 24, 1.5)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (36, 1.5)
    image = pixmap.toImage()
    inks = {
        image.pixelColor(x, y).name()
        for x in range(36)
        for y in range(36)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert inks == {PALETTES[ThemeName.LIGHT].ok.lower()}


def test_icons_are_those_of_the_manifest():
    folder = RESOURCES / "icons"
    manifest = json.loads((folder / "manifest.json").read_text())
    found = {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.svg")
    }
    assert found == manifest["sha256"]
    assert "MIT" in (folder / "LICENSE.txt").read_text()


def test_a_font_belongs_to_whoever_asked(theme: Theme):
    """One that is changed changes no other, and each setting has its own."""
    first, plain = theme.font(Type.BODY), theme.font(Type.BODY).pixelSize()
    first.setPixelSize(1)
    first.setItalic(True)
    again = theme.font(Type.BODY)
    assert (again.pixelSize(), again.italic()) == (plain, False)
    theme.set_text_size(TextSize.LARGEST)
    largest = theme.font(Type.BODY).pixelSize()
    theme.set_density(Density.TABLET)
    on_a_tablet = theme.font(Type.BODY).pixelSize()
    theme.set_text_size(TextSize.NORMAL)
    theme.set_density(Density.COUNTER)
    assert plain < largest
    assert on_a_tablet != plain
    assert theme.font(Type.BODY).pixelSize() == plain


def test_fonts_keep_their_licence():
    for slug in ("atkinson-hyperlegible-next", "atkinson-hyperlegible-mono"):
        assert "SIL OPEN FONT LICENSE" in (RESOURCES / "fonts" / f"{slug}.OFL.txt").read_text()


def test_qt_does_not_lose_references_to_none(qapp):
    """PySide6 6.12.0 on Python 3.11 loses one per call, and the program aborts after thousands."""
    pixmap = QPixmap(8, 8)
    painter = QPainter(pixmap)
    font = QFont()
    before = sys.getrefcount(None)
    for _ in range(200):
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        font.setPixelSize(16)
    lost = before - sys.getrefcount(None)
    painter.end()
    assert abs(lost) < 100
