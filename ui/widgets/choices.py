"""Big options, each with its number on the keyboard: one answer, or several."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Tone, Type
from ui.widgets.label import IconLabel, Initials, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus, draw_key_cap
from ui.widgets.pressable import Pressable


@dataclass(frozen=True, slots=True)
class Choice:
    """One option; ``value`` is what is told back, ``initials`` stand beside a person's name."""

    value: str
    label: str
    hint: str = ""
    icon: str = ""
    tone: Tone = Tone.INFO
    initials: str = ""


def initials_of(name: str) -> str:
    """First letters of the first and the last word: ``Camille R.`` gives ``CR``."""
    words = [word for word in name.split() if word[0].isalnum()]
    chosen = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0].upper() for word in chosen)


class ChoiceButton(Pressable):
    """One option."""

    def __init__(self, look: Look, choice: Choice, number: int, *, multiple: bool) -> None:
        super().__init__(look)
        self._choice = choice
        self._multiple = multiple
        self._key = str(number) if 1 <= number <= 9 else ""
        self.setCheckable(True)
        row = self._row = QHBoxLayout(self)
        row.setSpacing(Space.M)
        self._icon = IconLabel(look, choice.icon, choice.tone.ink, Size.ICON_LARGE)
        words = QVBoxLayout()
        words.setSpacing(Space.HAIR)
        self._label = Label(look, choice.label, Type.STRONG, wrap=True)
        self._hint = Label(look, choice.hint, Type.LABEL, "ink2", wrap=True)
        # In a cell made high by a neighbour of more lines, the words of this one stay together.
        if choice.hint:
            self._label.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        words.addWidget(self._label)
        words.addWidget(self._hint)
        row.addWidget(self._icon)
        if choice.initials:
            initials = Initials(look, choice.initials)
            self._let_through(initials)
            row.addWidget(initials)
        row.addLayout(words, 1)
        # Only now: a widget without a parent would be shown as a window of its own.
        self._icon.setVisible(bool(choice.icon))
        self._hint.setVisible(bool(choice.hint))
        self._let_through(self._icon, self._label, self._hint)
        self.setMinimumHeight(look.theme.scaled(Size.TARGET_COUNTER))
        self.setAccessibleName(choice.label)
        self.setAccessibleDescription(choice.hint)
        self._shortcut = QShortcut(self)
        self._shortcut.setAutoRepeat(False)
        if self._key:
            self._shortcut.setKeys([QKeySequence(self._key)])
        self._shortcut.activated.connect(self.click)
        look.theme.changed.connect(self._restyle_row)
        self._restyle_row()

    def _restyle_row(self) -> None:
        """Room for the mark on the left and the key on the right; less air in a low window."""
        theme = self._look.theme
        edge = Space.S if theme.low else Space.M
        left = Space.L + theme.scaled(Size.ICON) + Space.M
        self._row.setContentsMargins(left, edge, Space.HUGE if self._key else Space.L, edge)

    @property
    def key(self) -> str:
        """The digit that chooses it, ``""`` where there is none."""
        return self._key

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        chosen = self.isChecked()
        inset = Size.FOCUS_WIDTH + Size.FOCUS_GAP if self.hasFocus() else 0
        box = rect.adjusted(inset, inset, -inset, -inset)
        tone = self._choice.tone
        fill = tone.fill if chosen else "psoft" if self.underMouse() else "surface"
        line = theme.color(tone.ink if chosen else "line2")
        draw_box(
            painter,
            box,
            Radius.BUTTON,
            theme.color(fill),
            line,
            Stroke.CHOSEN if chosen else Stroke.BAND,
        )
        if self.hasFocus():
            draw_focus(painter, rect, Radius.BUTTON, theme, "surface")
        self._paint_mark(painter, chosen)
        if self._key and not theme.tablet:
            cap = theme.scaled(Size.KEY_CAP)
            where = QRect(self.width() - Space.L - cap, (self.height() - cap) // 2, cap, cap)
            draw_key_cap(painter, where, self._key, theme, theme.color("ink2"))
        painter.end()

    def _paint_mark(self, painter: QPainter, chosen: bool) -> None:
        theme = self._look.theme
        side = theme.scaled(Size.ICON)
        box = QRectF(Space.L, (self.height() - side) / 2, side, side)
        line = theme.color(self._choice.tone.ink if chosen else "line2")
        radius = float(Space.XS) if self._multiple else side / 2
        draw_box(painter, box, radius, line if chosen else None, line, Stroke.JOINT)
        if chosen:
            icon = round(side * 0.8)
            offset = (side - icon) / 2
            painter.drawPixmap(
                round(box.x() + offset),
                round(box.y() + offset),
                theme.pixmap("check", "surface", icon, self.devicePixelRatioF()),
            )


class ChoiceGroup(QWidget):
    """Options of which one, or several, hold; in fewer columns where the width is short.

    Signals:
        changed(tuple): values chosen, in the order of the options.
    """

    changed = Signal(tuple)

    def __init__(
        self,
        look: Look,
        *,
        multiple: bool = False,
        columns: int = 1,
        low_columns: int = 0,
        keys: bool = True,
    ) -> None:
        """No option is chosen.

        Args:
            look: theme and language.
            multiple: more than one may be chosen.
            columns: at most so many beside each other.
            low_columns: the same in a window that is wide and low; 0 for ``columns``.
            keys: the digits choose.
        """
        super().__init__()
        self._look = look
        self._multiple = multiple
        self._columns = columns
        self._low_columns = low_columns or columns
        self._flowing = 0
        self._keys = keys
        self._choices: tuple[Choice, ...] = ()
        self._buttons: dict[str, ChoiceButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def selected(self) -> tuple[str, ...]:
        """Values chosen, in the order of the options."""
        return tuple(value for value, button in self._buttons.items() if button.isChecked())

    @property
    def count(self) -> int:
        """How many options are shown."""
        return len(self._choices)

    def show_choices(self, choices: tuple[Choice, ...]) -> None:
        """Show these options; what was chosen stays chosen where it is still offered.

        The focus stays with its option, or in the group: Qt would give it to the next button,
        which is the way back.
        """
        if choices == self._choices:
            return
        kept = self.selected
        focused = next((value for value, one in self._buttons.items() if one.hasFocus()), "")
        if focused:
            self.setFocus()
        self._choices = choices
        for old in self._buttons.values():
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = {}
        self._flowing = 0
        for index, choice in enumerate(choices):
            number = index + 1 if self._keys else 0
            button = ChoiceButton(self._look, choice, number, multiple=self._multiple)
            button.setObjectName(f"choice-{choice.value}")
            button.clicked.connect(partial(self._choose, choice.value))
            self._buttons[choice.value] = button
        self._flow()
        self.select(*kept)
        if focused in self._buttons:
            self._buttons[focused].show()  # else the layout shows it later, and cannot focus it yet
            self._buttons[focused].setFocus()

    @property
    def values(self) -> tuple[str, ...]:
        """Values that are offered, in order."""
        return tuple(self._buttons)

    def button(self, value: str) -> ChoiceButton:
        """The widget of an option. Raises KeyError."""
        return self._buttons[value]

    def select(self, *values: str) -> None:
        """Choose these and no others, without a signal."""
        for value, button in self._buttons.items():
            button.setChecked(value in values)
            button.update()

    @override
    def minimumSizeHint(self) -> QSize:
        least = max((b.minimumSizeHint().width() for b in self._buttons.values()), default=0)
        return QSize(least, super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._flow()

    def _flow(self) -> None:
        """Lay the options out in as many columns as fit; all of them before a width is known."""
        least = [button.minimumSizeHint().width() for button in self._buttons.values()]
        columns = self._columns
        if self._look.theme.low:  # no empty place where there are fewer options
            columns = max(columns, min(self._low_columns, len(least)))
        while columns > 1 and self.testAttribute(Qt.WidgetAttribute.WA_Resized):
            wanted = sum(max(least[at::columns], default=0) for at in range(columns))
            if wanted + (columns - 1) * self._grid.spacing() <= self.width():
                break
            columns -= 1
        if columns == self._flowing:
            return
        self._flowing = columns
        for index, button in enumerate(self._buttons.values()):
            self._grid.removeWidget(button)
            self._grid.addWidget(button, index // columns, index % columns)
        for column in range(max(self._columns, self._low_columns)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def _restyle(self) -> None:
        self._grid.setSpacing(Space.S if self._look.theme.low else Space.M)
        self._flow()

    def _choose(self, value: str, _checked: bool = False) -> None:
        if not self._multiple:
            self.select(value)
        self.changed.emit(self.selected)
