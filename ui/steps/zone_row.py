"""One line of a zone to type: its picture where there is one, the line, and its fields below.

Rules: what stands below a character is about that character; the field in hand and the position
are told as the caret moves; a wrong check digit is told at its field, in words.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionFrame,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from kiosk.documents.layouts import Layout
from kiosk.documents.zone_places import Digit, DigitState, place_of
from ui.steps.zone_words import DIGIT_TONES, digit_words, place_words
from ui.theme import Size, Space, Stroke, Type
from ui.theme.sheet import line_edit_sheet
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.zone_line import StripView

if TYPE_CHECKING:
    from kiosk.ports import Picture

_QT_TEXT_MARGIN = 2
"""Qt's own distance between the frame of a line edit and its text, px."""


class ZoneEdit(QLineEdit):
    """A line of fixed-width characters; tells where each stands.

    Signals:
        pasted(str): text that was pasted, possibly of several lines; nothing was inserted yet.
        focus_moved(): it has got or lost the focus.
    """

    pasted = Signal(str)
    focus_moved = Signal()

    @property
    def pitch(self) -> float:
        """Width of a character, px."""
        return QFontMetricsF(self.font()).horizontalAdvance("0")

    @property
    def first(self) -> float:
        """Centre of the first character, px from the left edge of the widget."""
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        inside = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        return inside.left() + _QT_TEXT_MARGIN + self.pitch / 2

    @override
    def focusInEvent(self, arg__1: QFocusEvent) -> None:
        super().focusInEvent(arg__1)
        self.focus_moved.emit()

    @override
    def focusOutEvent(self, arg__1: QFocusEvent) -> None:
        super().focusOutEvent(arg__1)
        self.focus_moved.emit()

    @override
    def keyPressEvent(self, arg__1: QKeyEvent) -> None:
        if arg__1.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit(QGuiApplication.clipboard().text())
            return
        super().keyPressEvent(arg__1)


class _Ruler(QLabel):
    """Under the line: a bracket for each field with a check digit, its name, and how it stands."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._digits: tuple[tuple[Digit, int], ...] = ()
        self._first = 0.0
        self._pitch = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self._restyle)

    def show_digits(self, digits: tuple[tuple[Digit, int], ...]) -> None:
        """Each digit of this line, and where its bracket begins."""
        self._digits = digits
        language = self._look.language
        self.setAccessibleName(". ".join(digit_words(digit, language) for digit, _ in digits))
        self.setVisible(bool(digits))
        self.update()

    def align(self, first: float, pitch: float) -> None:
        """Centre of the first character above, and the distance to the next, px."""
        self._first, self._pitch = first, pitch
        self.update()

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._look.theme.font(Type.LABEL_STRONG))
        return QSize(Size.SIDE_PANEL, metrics.height() + Space.S + Space.XS)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for digit, start in self._digits:
            self._paint_digit(painter, digit, start)
        painter.end()

    def _paint_digit(self, painter: QPainter, digit: Digit, start: int) -> None:
        theme = self._look.theme
        tone, icon = DIGIT_TONES[digit.state]
        ink = theme.color("ink2" if digit.state is DigitState.OPEN else tone.ink)
        left = self._first + (start - 0.5) * self._pitch + Space.HAIR
        right = self._first + (digit.place.start + 0.5) * self._pitch - Space.HAIR
        painter.setPen(QPen(ink, Stroke.JOINT))
        top = float(Space.XS)
        painter.drawPolyline(
            [QPointF(left, 0), QPointF(left, top), QPointF(right, top), QPointF(right, 0)]
        )
        side = theme.scaled(Size.ICON_SMALL)
        painter.setFont(theme.font(Type.LABEL_STRONG))
        words = self._look.language.tr(f"zone.digit_short.{digit.name}")
        wide = QFontMetrics(painter.font()).horizontalAdvance(words)
        middle = (left + right) / 2
        room = right - left
        foot = QRectF(left, Space.S, room, self.height() - float(Space.S))
        whole = side + Space.XS + wide
        named = whole <= room + self._pitch
        x = middle - (whole if named else side) / 2
        pixmap = theme.pixmap(
            icon,
            "ink2" if digit.state is DigitState.OPEN else tone.ink,
            side,
            self.devicePixelRatioF(),
        )
        painter.drawPixmap(QPointF(x, foot.center().y() - side / 2), pixmap)
        if named:
            where = QRectF(x + side + Space.XS, foot.top(), wide + Space.XS, foot.height())
            painter.drawText(
                where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words
            )

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


class ZoneRow(QWidget):
    """Label and position, picture, line, fields, and what is wrong.

    Signals:
        changed(): the text changed.
    """

    changed = Signal()

    def __init__(self, look: Look, number: int) -> None:
        """Number: of the line, from 0."""
        super().__init__()
        self._look = look
        self._number = number
        self._layout: Layout | None = None
        self._label = Label(look, "", Type.LABEL_STRONG)
        self.caret = Label(look, "", Type.LABEL, "ink2")
        self.strip = StripView(look)
        self.edit = ZoneEdit()
        self.edit.setObjectName(f"zone-line-{number + 1}")
        self.ruler = _Ruler(look)
        self._problem = Label(look, "", Type.LABEL_STRONG, "bad", wrap=True)
        self._build()
        self._label.setBuddy(self.edit)
        self.setFocusProxy(self.edit)
        self.edit.textChanged.connect(self.changed)
        self.edit.cursorPositionChanged.connect(self._tell_place)
        self.edit.focus_moved.connect(self._tell_place)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(Space.L)
        head.addWidget(self._label)
        head.addStretch(1)
        head.addWidget(self.caret)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.XS)
        column.addLayout(head)
        for widget in (self.strip, self.edit, self.ruler, self._problem):
            column.addWidget(widget)
        self._problem.hide()

    def use_layout(self, layout: Layout) -> None:
        """The layout whose line this is."""
        self._layout = layout
        self.edit.setMaxLength(layout.width)
        self._restyle()

    def show_strip(self, strip: "Picture | None", places: Sequence[float] = ()) -> None:
        """What the camera saw of this line, (48, 960) grey uint8."""
        self.strip.show_strip(strip, places)
        self._align()

    def show_digits(self, digits: tuple[Digit, ...]) -> None:
        """The check digits whose digit stands in this line."""
        shown = []
        for digit in digits:
            if digit.place.line == self._number:
                near = digit.covered is not None and digit.covered.line == self._number
                start = digit.covered.start if digit.covered and near else digit.place.start
                shown.append((digit, start))
        self.ruler.show_digits(tuple(shown))

    def show_problem(self, text: str) -> None:
        """What is wrong, or ``""``."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    @property
    def problem(self) -> str:
        """The sentence shown, or ``""``."""
        return self._problem.text()

    def retranslate(self) -> None:
        """Write the words again."""
        label = self._look.language.tr("journey.entry.zone_line", number=self._number + 1)
        self._label.setText(label)
        self.edit.setAccessibleName(label)
        self._tell_place()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._restyle()

    def _tell_place(self, _old: int = 0, _new: int = 0) -> None:
        """Position and field at the caret, for the eye and for screen readers."""
        layout = self._layout
        position = self.edit.cursorPosition()
        if layout is None or position >= layout.width:
            self.caret.setText("")
            return
        language = self._look.language
        words = place_words(place_of(layout, self._number, position), self._number, language)
        told = language.tr("zone.caret", position=position + 1, place=words[:1].lower() + words[1:])
        self.caret.setText(told if self.edit.hasFocus() else "")
        self.edit.setAccessibleDescription(told)

    def _align(self) -> None:
        self.ruler.align(self.edit.first, self.edit.pitch)
        self.strip.align(self.edit.first, self.edit.pitch)

    def _restyle(self) -> None:
        theme = self._look.theme
        self.edit.setStyleSheet(line_edit_sheet(theme.palette))
        self.edit.setMinimumHeight(theme.scaled(Size.TARGET_MIN))
        width = self._layout.width if self._layout else 0
        large = theme.font(Type.CODE_LARGE)
        room = self.edit.width() - 2 * (Size.FOCUS_WIDTH + Space.M + _QT_TEXT_MARGIN)
        fits = QFontMetricsF(large).horizontalAdvance("0") * (width + 1) <= room
        self.edit.setFont(large if fits else theme.font(Type.CODE))
        self._align()
