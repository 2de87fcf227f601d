"""The customer types: the code that came, or an address. Masked where it is a code."""

from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from kiosk.domain.contact import spaced
from kiosk.journeys.service_steps import ContactChannel
from ui.theme import Space, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.halves import Halves
from ui.widgets.keypad import ADDRESS, DIGITS, SIGNS, Keypad
from ui.widgets.label import Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.look import Look
from ui.widgets.pin_pad import PinField

_LENGTHS = {ContactChannel.EMAIL: 6, ContactChannel.MOBILE: 4}
_MAX_ADDRESS = 254


class Entry(StrEnum):
    """What is typed."""

    CODE = "code"
    ADDRESS = "address"


class EntryPage(QWidget):
    """A line, keys on the screen, one blue button.

    Signals:
        entered(str): what was typed; the line is empty again.
    """

    entered = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._entry = Entry.CODE
        self._channel = ContactChannel.EMAIL
        self._where = Label(look, "", Type.CUSTOMER_STRONG, wrap=True)
        self.code = PinField(look, _LENGTHS[ContactChannel.EMAIL])
        self.code.setObjectName("customer-code")
        self.address = LineEdit(look, style=Type.CODE_LARGE)
        self.address.setObjectName("customer-address")
        self.address.setMaxLength(_MAX_ADDRESS)
        self.problem = Label(look, "", Type.CUSTOMER_STRONG, "bad", wrap=True)
        self.problem.setObjectName("customer-problem")
        self.keys = Keypad(look)
        self.submit = Button(look, "", kind=ButtonKind.PRIMARY, key="Return")
        self.submit.setObjectName("customer-submit")
        self.care = Label(look, "", Type.CUSTOMER, "ink2", wrap=True)
        self._build()
        self.keys.typed.connect(self._type)
        self.keys.erased.connect(self._erase)
        self.submit.clicked.connect(self._enter)
        look.language.changed.connect(self.retranslate)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.L)
        line = QWidget()
        inner = QVBoxLayout(line)
        inner.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        inner.setSpacing(Space.L)
        words = (self._where, self.code, self.address, self.problem, self.submit, self.care)
        for widget in words:
            inner.addWidget(widget)
        inner.addStretch(1)
        pad = QWidget()
        around = QVBoxLayout(pad)
        around.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        around.addWidget(self.keys)
        around.addStretch(1)
        column.addWidget(Halves(line, pad))
        self.problem.hide()

    def begin(self, entry: Entry, channel: ContactChannel, address: str) -> None:
        """Ask for a code sent to ``address``, or for an address; what was typed before is gone."""
        self._entry, self._channel = entry, channel
        by_code = entry is Entry.CODE
        self.code.set_length(_LENGTHS[channel])
        shown = spaced(address) if channel is ContactChannel.MOBILE else address
        self._where.setText(shown if by_code else "")
        self._where.setVisible(by_code)
        self.code.setVisible(by_code)
        self.address.setVisible(not by_code)
        self.care.setVisible(by_code)
        self.address.setText("" if by_code else address)
        self.code.clear()
        self.show_problem("")
        self.set_busy(False)
        self.retranslate()
        (self.code if by_code else self.address).setFocus()

    def clear(self) -> None:
        """Nothing typed stays."""
        self.code.clear()
        self.address.clear()
        self._where.setText("")
        self.show_problem("")
        self.set_busy(False)

    def show_problem(self, text: str) -> None:
        """What was wrong, or ``""``; what was typed as a code is gone."""
        self.code.clear()
        self.code.set_wrong(bool(text))
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def set_busy(self, busy: bool) -> None:
        """While it is being judged."""
        self.submit.set_busy(busy)
        self.code.setReadOnly(busy)
        self.address.setReadOnly(busy)

    def retranslate(self) -> None:
        """Write the fixed words again."""
        tr = self._look.language.tr
        by_code = self._entry is Entry.CODE
        by_mail = self._channel is ContactChannel.EMAIL
        if by_code:
            self.keys.show_rows(DIGITS if by_mail else SIGNS)
        else:
            self.keys.show_rows(ADDRESS[self._look.language.code] if by_mail else DIGITS)
        self.submit.setText(tr("customer.confirm" if by_code else "customer.done"))
        self.care.setText(tr("customer.care"))
        self.code.setAccessibleName(tr(f"customer.code.{self._channel.value}.title"))
        self.address.setAccessibleName(tr(f"customer.address.{self._channel.value}.title"))

    def _line(self) -> PinField | LineEdit:
        return self.code if self._entry is Entry.CODE else self.address

    def _type(self, sign: str) -> None:
        line = self._line()
        if not line.isReadOnly():
            line.insert(sign)

    def _erase(self) -> None:
        self._line().backspace()

    def _enter(self) -> None:
        line = self._line()
        text = line.text()
        if not text.strip() or line.isReadOnly():
            return
        if self._entry is Entry.CODE:
            self.code.clear()
        self.set_busy(True)
        self.entered.emit(text)
