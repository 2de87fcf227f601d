"""The bar above the work area: where one is, what the machine is doing, who is signed in, lock."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Size, Space, Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.chip import Chip
from ui.widgets.label import Label
from ui.widgets.logo import Wordmark
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class ChipItem:
    """One chip of the top bar; one with a ``hint`` can be pressed, and the hint says what then."""

    name: str
    text: str
    icon: str
    tone: Tone = Tone.INFO
    hint: str = ""


class TopBar(QWidget):
    """Title and chips on white at the counter; the mark and chips on dark blue on a tablet.

    Signals:
        lock_requested(): the lock button or Ctrl+L.
        help_requested(): the help button of the tablet, or F1.
        chip_pressed(str): name of a chip that can be pressed.
    """

    lock_requested = Signal()
    help_requested = Signal()
    chip_pressed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._items: tuple[ChipItem, ...] = ()
        self._chips: list[Chip] = []
        self._mark = Wordmark(look)
        self._title = Label(look, "", Type.TITLE)
        self._subtitle = Label(look, "", Type.LABEL, "ink2")
        self._lock = Button(look, "", icon="lock", key="Ctrl+L")
        self._lock.setObjectName("lock")
        self._lock.set_height(Size.TARGET_BAR)
        self._lock.clicked.connect(self.lock_requested)
        self._help = Button(look, "", kind=ButtonKind.RAIL, icon="help-circle", key="F1")
        self._help.setObjectName("top-help")
        self._help.set_height(Size.TARGET_BAR)
        self._help.clicked.connect(self.help_requested)
        self._row = QHBoxLayout(self)
        self._row.setSpacing(Space.L)
        words = QVBoxLayout()
        words.setSpacing(Space.NONE)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._subtitle)
        words.addStretch(1)
        self._row.addWidget(self._mark)
        self._row.addLayout(words)
        self._row.addStretch(1)
        self._row.addWidget(self._lock)
        self._row.addWidget(self._help)
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self.retranslate)
        self.retranslate()
        self._restyle()

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The chips shown."""
        return tuple(self._chips)

    def set_title(self, title: str, subtitle: str) -> None:
        """Where one is."""
        self._title.setText(title)
        self._subtitle.setText(subtitle)
        self._subtitle.setVisible(bool(subtitle) and not self._look.theme.tablet)
        self._fit()

    def show_chips(self, items: tuple[ChipItem, ...]) -> None:
        """What the machine is doing and who is signed in."""
        if items == self._items:
            return
        self._items = items
        for old in self._chips:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._chips = []
        for item in items:
            chip = Chip(
                self._look,
                item.text,
                icon=item.icon,
                tone=item.tone,
                on_rail=self._look.theme.tablet,
            )
            chip.setObjectName(f"chip-{item.name}")
            if item.hint:
                chip.make_pressable(item.hint)
                chip.pressed.connect(partial(self.chip_pressed.emit, item.name))
            self._row.insertWidget(self._row.count() - 2, chip)
            self._chips.append(chip)
        self._fit()

    def set_lock_visible(self, visible: bool) -> None:
        """Whether there is somebody to lock out."""
        self._lock.setVisible(visible)
        self._fit()

    def retranslate(self) -> None:
        """Write the fixed words again."""
        self._lock.setText(self._look.language.tr("common.lock"))
        self._lock.updateGeometry()
        self._help.setAccessibleName(self._look.language.tr("common.help"))
        self._help.setToolTip(self._look.language.tr("common.help"))
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The roomiest form in which nothing is cut: all words, chips as icons, the mark alone."""
        for chips, mark in ((False, False), (True, False), (True, True)):
            self._mark.set_brief(mark)
            for chip in self._chips:
                chip.set_brief(chips)
            if self._wanted() <= self.width():
                break

    def _wanted(self) -> int:
        """Width that everything shown asks for, in pixels."""
        margins = self._row.contentsMargins()
        heads = (self._mark,) if self._look.theme.tablet else (self._title, self._subtitle)
        # A chip that was just put in counts as hidden until the layout has shown it.
        buttons = [button for button in (self._lock, self._help) if not button.isHidden()]
        ends = [*self._chips, *buttons]
        width = max(head.sizeHint().width() for head in heads)
        width += sum(w.sizeHint().width() + self._row.spacing() for w in ends)
        # The title keeps its place in the row, and the stretch its gap.
        return width + 2 * self._row.spacing() + margins.left() + margins.right()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        role = "rail" if self._look.theme.tablet else "surface"
        painter.fillRect(self.rect(), self._look.theme.color(role))
        painter.end()

    def _restyle(self) -> None:
        theme = self._look.theme
        tablet = theme.tablet
        self._mark.setVisible(tablet)
        self._help.setVisible(tablet)
        self._title.setVisible(not tablet)
        self._subtitle.setVisible(not tablet and bool(self._subtitle.text()))
        self._lock.set_kind(ButtonKind.RAIL if tablet else ButtonKind.SECONDARY)
        for chip in self._chips:
            chip.set_on_rail(tablet)
        side, edge = theme.gutter, Space.XS if theme.low else Space.S
        self._row.setContentsMargins(side, edge, Space.XXL if tablet else Space.XXXL, edge)
        self._row.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        height = Size.TOP_BAR_TABLET if tablet else Size.TOP_BAR
        height = Size.TOP_BAR_LOW if theme.low else height
        self.setFixedHeight(theme.scaled(height))
        self._fit()
        self.update()
