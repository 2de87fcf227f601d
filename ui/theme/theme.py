"""The theme in force: follows the system's colour scheme and contrast unless a person chose."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from ui.theme.sheet import line_edit_sheet, scroll_bar_sheet
from ui.theme.system import SystemLook
from ui.theme.tokens import (
    PALETTES,
    TYPES,
    Density,
    Palette,
    Size,
    Space,
    TextSize,
    ThemeName,
    Type,
)

UI_FAMILY = "Atkinson Hyperlegible Next"
MONO_FAMILY = "Atkinson Hyperlegible Mono"


class Theme(QObject):
    """Colours, fonts, measures and icons of the look in force.

    Signals:
        changed: colours, text size or density changed; widgets measure and paint again.
    """

    changed = Signal()

    def __init__(
        self,
        resources: Path,
        system: SystemLook | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Resources: folder that holds ``fonts`` and ``icons``. Needs a QGuiApplication."""
        super().__init__(parent)
        self._icons_dir = resources / "icons"
        self._svg: dict[str, bytes] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._fonts: dict[tuple[Type, Density, TextSize], QFont] = {}
        self._app: QApplication | None = None
        self._override: ThemeName | None = None
        self._text_size = TextSize.NORMAL
        self._density = Density.COUNTER
        self._low = False
        for font in sorted((resources / "fonts").glob("*.ttf")):
            QFontDatabase.addApplicationFont(str(font))
        self._system = system or SystemLook(self)
        self._name = self._system.name
        self._system.changed.connect(self._follow_system)

    # --- what is in force ---------------------------------------------------------------------

    @property
    def name(self) -> ThemeName:
        """The look in force."""
        return self._name

    @property
    def override(self) -> ThemeName | None:
        """The look a person chose, None when the system is followed."""
        return self._override

    @property
    def text_size(self) -> TextSize:
        """The text size in force."""
        return self._text_size

    @property
    def density(self) -> Density:
        """The layout in force."""
        return self._density

    @property
    def tablet(self) -> bool:
        """Whether the tablet layout is in force."""
        return self._density is Density.TABLET

    @property
    def low(self) -> bool:
        """Whether the window is so low that frame and air give way to the work."""
        return self._low

    @property
    def palette(self) -> Palette:
        """The colours in force."""
        return PALETTES[self._name]

    def choose(self, name: ThemeName | None) -> None:
        """Put a look in force, or follow the system again (None)."""
        self._override = name
        self._use(name or self._system.name)

    def set_text_size(self, size: TextSize) -> None:
        """Put a text size in force."""
        if size is not self._text_size:
            self._text_size = size
            self._tell()

    def set_density(self, density: Density, *, low: bool = False) -> None:
        """Put a layout in force; ``low``: in a window that is wide and low."""
        if (density, low) != (self._density, self._low):
            self._density, self._low = density, low
            self._tell()

    def apply(self, app: QApplication) -> None:
        """Give the application this theme's palette and font, now and at each change."""
        app.setStyle("Fusion")
        self._app = app
        self.changed.connect(self._dress)
        self._dress()

    # --- values -------------------------------------------------------------------------------

    def color(self, role: str) -> QColor:
        """Colour of a palette name such as ``ink2``. Raises AttributeError for an unknown name."""
        return QColor(getattr(self.palette, role))

    def font(self, style: Type) -> QFont:
        """Font of a style at the density and text size in force: a copy, the caller's own."""
        key = (style, self._density, self._text_size)
        font = self._fonts.get(key)
        if font is None:
            font = self._fonts[key] = self._new_font(style)
        # Copies share what they are made of; a font made anew looks all of it up again.
        return QFont(font)

    def _new_font(self, style: Type) -> QFont:
        spec = TYPES[style]
        font = QFont()
        font.setFamilies([MONO_FAMILY if spec.mono else UI_FAMILY, UI_FAMILY])
        px = spec.tablet_px if self.tablet else spec.counter_px
        font.setPixelSize(round(px * self._text_size.factor))
        font.setWeight(QFont.Weight(spec.weight))
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
        return font

    def scaled(self, measure: int) -> int:
        """A measure multiplied by the text-size factor: for whatever must hold text."""
        return round(measure * self._text_size.factor)

    @property
    def target(self) -> int:
        """Height of an action in the bottom bar, px."""
        roomy = self.tablet and not self.low
        return self.scaled(Size.TARGET_TABLET if roomy else Size.TARGET_COUNTER)

    @property
    def gutter(self) -> int:
        """Distance of the work area to its borders, px."""
        return 24 if self.tablet else 32

    @property
    def air(self) -> int:
        """Distance between the parts of a page on a tablet, px."""
        return Space.M if self.low else Space.L

    def pixmap(self, icon: str, role: str, size: int, ratio: float) -> QPixmap:
        """An icon drawn at ``size`` x ``ratio`` device pixels in a palette colour."""
        key = (icon, self.color(role).name(), size, ratio)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._render(icon, key[1], size, ratio)
            self._pixmaps[key] = found
        return found

    def icon(self, icon: str, role: str, size: int = Size.ICON) -> QIcon:
        """The same as a QIcon."""
        ratio = QGuiApplication.primaryScreen().devicePixelRatio()
        return QIcon(self.pixmap(icon, role, size, ratio))

    @property
    def scroll_bar_sheet(self) -> str:
        """Style sheet of a scroll bar."""
        return scroll_bar_sheet(self.palette)

    @property
    def line_edit_sheet(self) -> str:
        """Style sheet of a line of text."""
        return line_edit_sheet(self.palette)

    # --- inside -------------------------------------------------------------------------------

    def _render(self, icon: str, color: str, size: int, ratio: float) -> QPixmap:
        if icon not in self._svg:
            self._svg[icon] = (self._icons_dir / f"{icon}.svg").read_bytes()
        data = self._svg[icon].replace(b"currentColor", color.encode())
        renderer = QSvgRenderer(QByteArray(data))
        side = round(size * ratio)
        pixmap = QPixmap(QSize(side, side))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, side, side))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _follow_system(self) -> None:
        if self._override is None:
            self._use(self._system.name)

    def _use(self, name: ThemeName) -> None:
        if name is not self._name:
            self._name = name
            self._tell()

    def _tell(self) -> None:
        self.changed.emit()

    def _dress(self) -> None:
        if self._app is None:
            return
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "bg",
            QPalette.ColorRole.Base: "surface",
            QPalette.ColorRole.AlternateBase: "sunken",
            QPalette.ColorRole.Button: "surface",
            QPalette.ColorRole.WindowText: "ink",
            QPalette.ColorRole.Text: "ink",
            QPalette.ColorRole.ButtonText: "ink",
            QPalette.ColorRole.PlaceholderText: "ink3",
            QPalette.ColorRole.Highlight: "primary",
            QPalette.ColorRole.HighlightedText: "onprimary",
            QPalette.ColorRole.ToolTipBase: "surface",
            QPalette.ColorRole.ToolTipText: "ink",
            QPalette.ColorRole.Link: "primary",
        }
        for role, name in roles.items():
            palette.setColor(role, self.color(name))
        self._app.setPalette(palette)
        self._app.setFont(self.font(Type.BODY))
        # A new font begins as the application's, which is another one from here on.
        self._fonts.clear()
