"""Fields as read: quiet when sure, filled and with a reason when someone must look again."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Type
from ui.widgets.icon_button import IconButton
from ui.widgets.label import IconLabel, Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

_NOTHING = "\u2013"
"""Shown where there is no value: a short dash."""


class FieldState(StrEnum):
    """How sure a value is; ``PLAIN`` is told, not judged."""

    EMPTY = "empty"
    PLAIN = "plain"
    OK = "ok"
    WARN = "warn"
    ERROR = "error"


_ICONS = {
    FieldState.EMPTY: ("circle-dashed", "ink3"),
    FieldState.PLAIN: ("", "ink3"),
    FieldState.OK: ("circle-check", "ok"),
    FieldState.WARN: ("alert-triangle", "warn"),
    FieldState.ERROR: ("alert-triangle", "bad"),
}


class Field(QWidget):
    """A label, a value, a state, and where needed the reason and a pencil.

    Signals:
        edited(str): a value was typed and confirmed with Enter.
        edit_cancelled(): Esc while typing.
    """

    edited = Signal(str)
    edit_cancelled = Signal()

    def __init__(
        self,
        look: Look,
        label: str,
        value: str = "",
        *,
        state: FieldState = FieldState.EMPTY,
        reason: str = "",
        editable: bool = False,
    ) -> None:
        super().__init__()
        self._look = look
        self._state = state
        self._editable = editable
        self._label = Label(look, label, Type.LABEL, "ink2", wrap=True)
        self._value = Label(look, value, Type.VALUE, wrap=True)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._reason = Label(look, reason, Type.LABEL_STRONG, wrap=True)
        self._icon = IconLabel(look, "", "ok", Size.ICON)
        self._pencil = IconButton(look, "pencil", "")
        self._edit = LineEdit(look)
        self._build()
        self._pencil.clicked.connect(self.begin_edit)
        self._edit.returnPressed.connect(self._finish_edit)
        self._edit.installEventFilter(self)
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self.retranslate)
        self.show_value(value, state, reason)
        self.retranslate()
        self._restyle()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        self._row = row
        row.setSpacing(Space.M)
        words = QVBoxLayout()
        words.setSpacing(Space.HAIR)
        words.addWidget(self._label)
        words.addWidget(self._value)
        words.addWidget(self._edit)
        words.addWidget(self._reason)
        row.addLayout(words, 1)
        row.addWidget(self._icon)
        row.addWidget(self._pencil)
        self._edit.hide()

    @property
    def value(self) -> str:
        """The value shown."""
        return self._value.text()

    @property
    def state(self) -> FieldState:
        """How sure it is."""
        return self._state

    def set_label(self, label: str) -> None:
        """Other words above the value."""
        self._label.setText(label)
        self.retranslate()

    def show_value(self, value: str, state: FieldState, reason: str = "") -> None:
        """Show a value with its state; a reason is needed for WARN and ERROR."""
        self._state = state
        self._value.setText(value or _NOTHING)
        self._value.set_ink("ink" if value else "ink3")
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        self._restyle()

    def begin_edit(self) -> None:
        """Let the agent type the value."""
        self._edit.setText("" if self._value.text() == _NOTHING else self._value.text())
        self._value.hide()
        self._edit.show()
        self._edit.selectAll()
        self._edit.setFocus()

    def end_edit(self) -> None:
        """Back to reading."""
        self._edit.hide()
        self._value.show()
        if self._editable:
            self._pencil.setFocus()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self._edit
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
        ):
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self.end_edit()
                self.edit_cancelled.emit()
            return True
        return super().eventFilter(watched, event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self._state in (FieldState.WARN, FieldState.ERROR):
            name = "warn" if self._state is FieldState.WARN else "bad"
            line = theme.color(name)
            draw_box(painter, rect, Radius.BUTTON, theme.color(f"{name}soft"), line, Stroke.CONTROL)
        else:
            painter.setPen(QPen(theme.color("line"), Stroke.CARD))
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.end()

    def retranslate(self) -> None:
        """Write the fixed words again."""
        tr = self._look.language.tr
        self._pencil.setAccessibleName(tr("common.edit_field", field=self._label.text()))
        self._pencil.setToolTip(tr("common.edit_field", field=self._label.text()))
        self._edit.setAccessibleName(self._label.text())

    def _finish_edit(self) -> None:
        text = self._edit.text().strip()
        self.end_edit()
        self.edited.emit(text)

    def _restyle(self) -> None:
        loud = self._state in (FieldState.WARN, FieldState.ERROR)
        side = Space.L if loud else Space.XS
        down = Space.XS if self._look.theme.tablet else Space.S
        right = Space.S if self._editable else side
        self._row.setContentsMargins(side, down + (Space.XS if loud else 0), right, down)
        icon, ink = _ICONS[self._state]
        self._icon.show_icon(icon, ink)
        self._icon.setVisible(bool(icon) and not (loud and self._editable))
        self._pencil.setVisible(self._editable)
        tone = "bad" if self._state is FieldState.ERROR else "warn" if loud else "ink2"
        self._pencil.set_ink(tone if loud else "ink2")
        self._reason.set_ink(tone)
        self.update()


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One field of a document, as shown."""

    name: str
    label: str
    value: str
    state: FieldState = FieldState.OK
    reason: str = ""
    editable: bool = False


class ReadList(QWidget):
    """What was read on the document, field under field.

    Signals:
        edited(str, str): name of the field and the text typed.
    """

    edited = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._columns = 1
        self._rows: tuple[ReadRow, ...] = ()
        self._fields: dict[str, Field] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._grid.setHorizontalSpacing(Space.M)
        self._grid.setVerticalSpacing(Space.S)

    def show_rows(self, rows: tuple[ReadRow, ...]) -> None:
        """Show these fields; those of the same names keep their widget, and what is typed."""
        if rows == self._rows:
            return
        if [row.name for row in rows] != [row.name for row in self._rows] or any(
            new.editable != old.editable for new, old in zip(rows, self._rows, strict=False)
        ):
            self._rebuild(rows)
        self._rows = rows
        for row in rows:
            field = self._fields[row.name]
            field.set_label(row.label)
            field.show_value(row.value, row.state, row.reason)

    def stand(self, beside: int) -> None:
        """Lay so many fields beside each other."""
        if beside != self._columns:
            self._columns = beside
            self._place()

    def field(self, name: str) -> Field:
        """The widget of a field. Raises KeyError."""
        return self._fields[name]

    def _rebuild(self, rows: tuple[ReadRow, ...]) -> None:
        for field in self._fields.values():
            self._grid.removeWidget(field)
            field.hide()
            field.deleteLater()
        self._fields = {}
        for row in rows:
            field = Field(self._look, row.label, editable=row.editable)
            field.setObjectName(f"field-{row.name}")
            field.edited.connect(partial(self._tell, row.name))
            self._fields[row.name] = field
        self._place()

    def _place(self) -> None:
        for number, field in enumerate(self._fields.values()):
            self._grid.removeWidget(field)
            self._grid.addWidget(field, number // self._columns, number % self._columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, int(column < self._columns))

    def _tell(self, name: str, text: str) -> None:
        self.edited.emit(name, text)
