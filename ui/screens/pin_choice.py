"""Choosing a PIN: at the first sign-in with a one-time code, or in place of the old one."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.screens.page import Page
from ui.theme import Size, Space, Type
from ui.widgets.action_bar import ActionBar
from ui.widgets.announce import announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.label import IconLabel, Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.look import Look
from ui.widgets.pin_pad import PinField

_DIGITS = 6
_CODE_SIGNS = 9
_RULES = ("digits", "not", "phrase", "secret")


class PinChoiceScreen(Page):
    """What lets one in, the new PIN, and the new PIN once more.

    Signals:
        chosen(str, str): the one-time code (or the old PIN), and the new PIN.
        returned(): not now.
    """

    chosen = Signal(str, str)
    returned = Signal()

    def __init__(self, look: Look, purpose: str) -> None:
        """Purpose: ``join`` (with a one-time code) or ``change`` (with the old PIN)."""
        super().__init__(look)
        self.setObjectName(f"pin-{purpose}")
        self._purpose = purpose
        self._labels = [Label(look, "", Type.LABEL_STRONG, "ink2") for _ in range(3)]
        self.proof: LineEdit | PinField
        if purpose == "join":
            self.proof = LineEdit(look)
            self.proof.setMaxLength(2 * _CODE_SIGNS)
        else:
            self.proof = PinField(look, _DIGITS)
        self.proof.setObjectName("proof")
        self.pin = PinField(look, _DIGITS)
        self.pin.setObjectName("new-pin")
        self.again = PinField(look, _DIGITS)
        self.again.setObjectName("new-pin-again")
        self._error = Label(look, "", Type.STRONG, "bad", wrap=True)
        self._error.setObjectName("pin-error")
        self._entry = Card(look, " ")
        self._advice = Card(look, " ")
        self._rules = [Label(look, "", Type.BODY, wrap=True) for _ in _RULES]
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
        self.back.setObjectName("back")
        self.primary = Button(
            look, "", kind=ButtonKind.PRIMARY, key="Return", trailing="arrow-right"
        )
        self.primary.setObjectName("primary")
        self.bar = ActionBar(look, back=self.back, primary=self.primary)
        self._build()
        self.back.clicked.connect(self.returned)
        self.primary.clicked.connect(self._send)
        self.retranslate()

    def _build(self) -> None:
        for label, field in zip(self._labels, (self.proof, self.pin, self.again), strict=True):
            box = QVBoxLayout()
            box.setSpacing(Space.XS)
            box.addWidget(label)
            box.addWidget(field)
            self._entry.body.addLayout(box)
        self._entry.body.addWidget(self._error)
        self._entry.body.addStretch(1)
        for rule in self._rules:
            line = QHBoxLayout()
            line.setSpacing(Space.S)
            icon = IconLabel(self.look, "check", "ok", Size.ICON)
            line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(rule, 1)
            self._advice.body.addLayout(line)
        self._advice.body.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(Space.XXL)
        row.addWidget(self._entry, 3)
        row.addWidget(self._advice, 2)
        self.body.addLayout(row)
        self.body.addStretch(1)

    def begin(self) -> None:
        """Nothing typed, nothing said."""
        for field in (self.proof, self.pin, self.again):
            field.clear()
        self._say("")
        self.proof.setFocus()

    def show_refusal(self, key: str) -> None:
        """Say why it was not taken: key of a text. The new PIN is typed again."""
        self.primary.set_busy(False)
        self._say(self.look.language.tr(key))
        self.pin.clear()
        self.again.clear()
        field: QWidget = self.pin if key.startswith("people.weak") else self.proof
        field.setFocus()

    def _send(self) -> None:
        proof, pin = self.proof.text().strip(), self.pin.text()
        if not proof:
            self._say(self.look.language.tr(f"people.{self._purpose}.first"))
            self.proof.setFocus()
        elif not pin:
            self.pin.setFocus()
        elif not self.again.text():
            self.again.setFocus()
        elif pin != self.again.text():
            self._say(self.look.language.tr("people.differ"))
            self.again.clear()
            self.again.setFocus()
        else:
            self._say("")
            self.primary.set_busy(True)
            self.chosen.emit(proof, pin)

    def _say(self, text: str) -> None:
        self.primary.set_busy(False)
        self._error.setText(text)
        if text:
            announce(self, text, assertive=True)

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        key = f"people.{self._purpose}"
        self.title.setText(tr(f"{key}.title"))
        self.hint.setText(tr(f"{key}.hint"))
        self._entry.set_title(tr(f"{key}.card"))
        self._advice.set_title(tr("people.advice"))
        words = (tr(f"{key}.proof"), tr("people.new_pin"), tr("people.new_pin_again"))
        for label, field, text in zip(
            self._labels, (self.proof, self.pin, self.again), words, strict=True
        ):
            label.setText(text)
            field.setAccessibleName(text)
        for label, rule in zip(self._rules, _RULES, strict=True):
            label.setText(tr(f"people.rule.{rule}"))
        self.back.setText(tr("common.back"))
        self.primary.setText(tr(f"{key}.primary"))
        for button in (self.back, self.primary):
            button.updateGeometry()
