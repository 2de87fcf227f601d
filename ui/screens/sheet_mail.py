"""The line on the receipt in which the address is typed that the customer says."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Space, Type
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.look import Look

_MAX_ADDRESS = 254
_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class MailLine(QWidget):
    """An address, one button, and what the customer has to know; hidden until it is asked for.

    Signals:
        sent(str): send the sheet to what stands in the line; the customer agrees.
        closed(): Esc: nothing is sent.
    """

    sent = Signal(str)
    closed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._title = Label(look, "", Type.LABEL, "ink2")
        self.edit = LineEdit(look)
        self.edit.setObjectName("mail-address")
        self.edit.setMaxLength(_MAX_ADDRESS)
        self.button = Button(look, "", icon="send")
        self.button.setObjectName("mail-send")
        self._hint = Label(look, "", Type.LABEL, "ink2", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.XS)
        column.addWidget(self._title)
        column.addLayout(row)
        column.addWidget(self._hint)
        self.edit.installEventFilter(self)
        self.button.clicked.connect(self._send)
        look.language.changed.connect(self.retranslate)
        self.retranslate()
        self.hide()

    def ask(self, proposed: str) -> None:
        """Open the line; ``proposed`` is an address that the customer has confirmed, or ``""``."""
        if not self.isVisible():
            self.edit.setText(proposed)
        self.show()
        self.edit.setFocus()
        self.edit.selectAll()

    def forget(self) -> None:
        """Close the line; nothing of the address stays."""
        self.edit.clear()
        self.hide()

    def retranslate(self) -> None:
        """Write the words anew."""
        tr = self._look.language.tr
        self._title.setText(tr("sheet_mail.address"))
        self.edit.setAccessibleName(tr("sheet_mail.address"))
        self.button.setText(tr("sheet_mail.send"))
        self._hint.setText(tr("sheet_mail.hint"))

    def _send(self) -> None:
        if self.edit.text().strip():
            self.sent.emit(self.edit.text())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While an address is typed, Enter sends and Esc closes: no key of the page takes them."""
        if (
            watched is self.edit
            and isinstance(event, QKeyEvent)
            and event.key() in _KEYS
            and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
        ):
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self._pressed(event.key())
            return True
        return super().eventFilter(watched, event)

    def _pressed(self, key: int) -> None:
        if key == Qt.Key.Key_Escape:
            self.forget()
            self.closed.emit()
        else:
            self._send()
