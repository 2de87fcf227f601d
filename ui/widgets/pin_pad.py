"""Entry of a PIN: masked, by keypad, touch or keyboard."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Type
from ui.widgets.announce import announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus

_DIGITS = "0123456789"
MAX_LENGTH = 64
"""Longest passphrase that can be typed."""


def _leads_elsewhere(event: QKeyEvent) -> bool:
    """Whether a digit comes with ``Alt``: by the keypad too, or by Shift, as on a French keyboard.

    With ``Ctrl`` beside it, it is AltGr, which writes.
    """
    besides = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    return (event.modifiers() & ~besides) == Qt.KeyboardModifier.AltModifier


class PinField(QLineEdit):
    """A password field that shows one dot for each sign, and empty places up to ``length``."""

    def __init__(self, look: Look, length: int) -> None:
        super().__init__()
        self._look = look
        self._length = length
        self._wrong = False
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setMaxLength(MAX_LENGTH)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self.setDragEnabled(False)
        self.textChanged.connect(self._changed)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def set_length(self, length: int) -> None:
        """Another number of empty places."""
        self._length = length
        self.update()

    def set_wrong(self, wrong: bool) -> None:
        """Show the border of an error."""
        self._wrong = wrong
        self.update()

    @override
    def sizeHint(self) -> QSize:
        theme = self._look.theme
        width = 3 * theme.scaled(Size.PIN_KEY_WIDTH) + 2 * Space.M
        return QSize(width, theme.scaled(Size.TARGET_BAR if theme.low else Size.TARGET_COUNTER))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """``Alt+2`` leads to a page, where there are pages: its digit is no part of a code."""
        if _leads_elsewhere(event) and event.text() in _DIGITS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.color("surface"))
        rect = QRectF(self.rect())
        inset = Size.FOCUS_WIDTH + Size.FOCUS_GAP if self.hasFocus() else 0
        box = rect.adjusted(inset, inset, -inset, -inset)
        line = theme.color("bad" if self._wrong else "line2")
        fill = theme.color("surface" if self.isEnabled() else "sunken")
        draw_box(painter, box, Radius.BUTTON - inset / 2, fill, line, Stroke.CONTROL)
        if self.hasFocus():
            draw_focus(painter, rect, Radius.BUTTON, theme, "surface")
        self._paint_dots(painter)
        painter.end()

    def _paint_dots(self, painter: QPainter) -> None:
        theme = self._look.theme
        typed = len(self.text())
        places = max(self._length, typed)
        pitch = min(2.0 * Size.PIN_DOT, (self.width() - 2.0 * Space.GUTTER) / places)
        radius = min(float(Size.PIN_DOT), pitch * 0.7) / 2
        x = self.width() / 2 - pitch * (places - 1) / 2
        for place in range(places):
            filled = place < typed
            size = radius if filled else radius * 0.55
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("ink" if filled else "line2"))
            painter.drawEllipse(QPointF(x + place * pitch, self.height() / 2), size, size)

    def _changed(self) -> None:
        self._wrong = False
        self.update()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.font(Type.VALUE))
        self.setFixedHeight(self.sizeHint().height())
        self.setMinimumWidth(self.sizeHint().width())
        self.update()


class PinPad(QWidget):
    """Dots, keypad and the sentence that says what was wrong.

    Signals:
        entered(str): the PIN was confirmed with Enter or with the button.
    """

    entered = Signal(str)

    def __init__(
        self,
        look: Look,
        *,
        length: int = 6,
        submit: str = "sign_in.submit",
        close: bool = False,
    ) -> None:
        """A pad in which nothing is typed.

        Args:
            look: theme and language.
            length: places shown while nothing is typed.
            submit: text of the button, by key.
            close: on a tablet the keys stand closer, for a page that has words above the pad.
        """
        super().__init__()
        self._look = look
        self._close = close
        self._submit_key = submit
        self.field = PinField(look, length)
        self.field.setObjectName("pin-field")
        self._error = Label(look, "", Type.STRONG, "bad", wrap=True)
        self._error.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._error.setObjectName("pin-error")
        self._reserved: tuple[str, ...] = ()
        self._digits: list[Button] = []
        self._erase = Button(look, "", kind=ButtonKind.QUIET, icon="backspace")
        self._submit = Button(look, "", kind=ButtonKind.PRIMARY, key="Return")
        self._submit.setObjectName("pin-submit")
        self._build()
        self._erase.clicked.connect(self.field.backspace)
        self._submit.clicked.connect(self._enter)
        self.setFocusProxy(self.field)
        look.language.changed.connect(self.retranslate)
        look.theme.changed.connect(self._restyle)
        self.retranslate()
        self._restyle()

    def _build(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.addWidget(self.field)
        column.addWidget(self._error)
        grid = self._grid = QGridLayout()
        for digit in range(1, 10):
            grid.addWidget(self._digit(str(digit)), (digit - 1) // 3, (digit - 1) % 3)
        grid.addWidget(self._erase, 3, 2)
        grid.addWidget(self._digit("0"), 3, 1)
        column.addLayout(grid)
        column.addWidget(self._submit)
        for index in range(3):
            grid.setColumnStretch(index, 1)

    @property
    def erase_button(self) -> Button:
        """Takes the last sign away."""
        return self._erase

    @property
    def error(self) -> str:
        """The sentence that says what was wrong, or ``""``."""
        return self._error.text()

    def reserve_for(self, *sentences: str) -> None:
        """Keep room for the longest of these, so that no key moves when one appears."""
        self._reserved = sentences
        self._keep_room()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_room()

    def _keep_room(self) -> None:
        width = max(self.width(), self.field.minimumWidth())
        metrics = QFontMetrics(self._look.theme.font(Type.STRONG))
        box = QRect(0, 0, width, Size.WINDOW_MIN_HEIGHT)
        wrapped = [
            metrics.boundingRect(box, Qt.TextFlag.TextWordWrap.value, text).height()
            for text in self._reserved
        ]
        self._error.setMinimumHeight(max(wrapped, default=0))

    def clear(self) -> None:
        """Forget what was typed."""
        self.field.clear()
        self.field.setFocus()

    def show_error(self, text: str) -> None:
        """Say what was wrong, forget what was typed; ``""`` takes the sentence away."""
        self.field.clear()
        self.field.set_wrong(bool(text))
        self._error.setText(text)
        self.set_busy(False)
        if text:
            announce(self, text, assertive=True)
        if self.field.isEnabled():
            self.field.setFocus()

    def ask_first(self, text: str) -> None:
        """Say what is chosen before the code counts; what was typed is right, and stays."""
        self._error.setText(text)
        self.set_busy(False)
        announce(self, text, assertive=True)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key of the pad has the focus: what is typed belongs into the field all the same."""
        if not self.take_key(event):
            super().keyPressEvent(event)

    def take_key(self, event: QKeyEvent) -> bool:
        """Whether this key, pressed outside the field, belongs to the entry, and is used now.

        Those are the digits, Backspace and Enter. The field has the focus from then on.
        """
        if not self.field.isEnabled() or self.field.isReadOnly():
            return False
        if event.key() == Qt.Key.Key_Backspace:
            self.field.backspace()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter()
        elif _leads_elsewhere(event):
            return False
        elif len(event.text()) == 1 and event.text() in _DIGITS:
            self.field.insert(event.text())
        else:
            return False
        self.field.setFocus()
        return True

    def set_busy(self, busy: bool) -> None:
        """While the PIN is being checked."""
        self._submit.set_busy(busy)
        self.field.setReadOnly(busy)

    def set_locked(self, locked: bool) -> None:
        """No entry possible (wait after wrong PINs)."""
        for widget in (self.field, self._erase, self._submit, *self._digits):
            widget.setEnabled(not locked)
        self.field.clear()

    def retranslate(self) -> None:
        """Write the fixed words again."""
        tr = self._look.language.tr
        self.field.setAccessibleName(tr("sign_in.pin"))
        self._erase.setAccessibleName(tr("common.erase_digit"))
        self._erase.setToolTip(tr("common.erase_digit"))
        self._submit.setText(tr(self._submit_key))
        self._submit.updateGeometry()

    def _digit(self, digit: str) -> Button:
        button = Button(self._look, digit)
        button.setObjectName(f"pin-{digit}")
        button.set_type(Type.DIGIT)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(partial(self._type, digit))
        self._digits.append(button)
        return button

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.window().installEventFilter(self)
        self._restyle()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self.window().removeEventFilter(self)
        super().hideEvent(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window is another one: the pad may be too high for it now."""
        if event.type() == QEvent.Type.Resize and watched is self.window():
            self._restyle()
        return super().eventFilter(watched, event)

    def _restyle(self) -> None:
        """All must fit on a low screen: the button that confirms is never below its edge."""
        tablet = self._look.theme.tablet
        low = tablet and self.isVisible() and self.window().height() < Size.PIN_HIGH
        height = Size.PIN_KEY_TABLET if tablet else Size.PIN_KEY
        height = Size.PIN_SUBMIT_LOW if self._look.theme.low else height
        for button in (self._erase, *self._digits):
            button.set_height(Size.PIN_KEY_LOW if low else height, scaled=not tablet)
        target = Size.TARGET_TABLET if tablet else Size.TARGET_COUNTER
        target = Size.TARGET_COUNTER if self._look.theme.low else target
        self._submit.set_height(Size.PIN_SUBMIT_LOW if low else target, scaled=not low)
        close = tablet and self._close
        self._column.setSpacing((Space.S if low else Space.M) if close else Space.L)
        self._grid.setSpacing(Space.S if close else Space.M)
        self._keep_room()

    def _type(self, digit: str, _checked: bool = False) -> None:
        self.field.insert(digit)
        self.field.setFocus()

    def _enter(self) -> None:
        if self.field.text() and not self.field.isReadOnly():
            self.set_busy(True)
            self.entered.emit(self.field.text())
