"""A device whose keys are destroyed: what became of it, and the way into its next office."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from typing_extensions import override

from ui.screens.page import Page
from ui.theme import Tone, Type
from ui.widgets.action_bar import ActionBar
from ui.widgets.announce import announce
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.label import Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class EndFacts:
    """What the page shows, in words.

    Attributes:
        title: of the page.
        text: what happens, or happened.
        lines: more sentences.
        running: something is under way.
        ask_code: the enrolment is tried again with what is typed.
        code_title, code, code_hint: the one-time code of the first manager; empty for none.
        primary: word of the button; empty for none.
    """

    title: str
    text: str
    tone: Tone = Tone.INFO
    lines: tuple[str, ...] = ()
    running: bool = False
    ask_code: bool = False
    code_title: str = ""
    code: str = ""
    code_hint: str = ""
    primary: str = ""


class DeviceEndScreen(Page):
    """One card, a code where there is one, and one button.

    Signals:
        went_on(): the button was pressed; ``typed`` holds the enrolment code.
    """

    went_on = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("device-end")
        self._facts = EndFacts("", "")
        self._card = Card(look, " ")
        self._said = Banner(look)
        self._lines = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._lines.setObjectName("end-lines")
        self._ask = Label(look, "", Type.LABEL_STRONG, "ink2")
        self.field = LineEdit(look)
        self.field.setObjectName("end-code")
        self._code_card = Card(look, " ")
        self._code = Label(look, "", Type.FIGURE, "primary")
        self._code.setObjectName("one-time-code")
        self._code_hint = Label(look, "", Type.BODY, wrap=True)
        self.primary = Button(look, "", kind=ButtonKind.PRIMARY, key="Return")
        self.primary.setObjectName("primary")
        self.bar = ActionBar(look, primary=self.primary)
        for widget in (self._said, self._lines, self._ask, self.field):
            self._card.body.addWidget(widget)
        self._code_card.body.addWidget(self._code)
        self._code_card.body.addWidget(self._code_hint)
        self.body.addWidget(self._card)
        self.body.addWidget(self._code_card)
        self.body.addStretch(1)
        self.primary.clicked.connect(self.went_on)
        self.retranslate()

    @property
    def typed(self) -> str:
        """The enrolment code."""
        return self.field.text().strip()

    def show_facts(self, facts: EndFacts) -> None:
        """Show and announce these."""
        self._facts = facts
        self.retranslate()
        self._said.show_message(facts.text, facts.tone, ms=0)
        if facts.code:
            announce(self, " ".join(facts.code), assertive=True)
        if facts.ask_code:
            self.field.setFocus()
        else:
            self.setFocus()

    @override
    def retranslate(self) -> None:
        tr, facts = self.look.language.tr, self._facts
        self.title.setText(facts.title)
        self.hint.setText(tr("device.end.hint"))
        self._card.set_title(tr("device.act.course"))
        self._lines.setText("\n".join(facts.lines))
        self._lines.setVisible(bool(facts.lines))
        ask = tr("device.act.transfer.code")
        self._ask.setText(ask)
        self.field.setAccessibleName(ask)
        for widget in (self._ask, self.field):
            widget.setVisible(facts.ask_code)
        self._code_card.setVisible(bool(facts.code))
        self._code_card.set_title(facts.code_title)
        self._code.setText(facts.code)
        self._code_hint.setText(facts.code_hint)
        self.primary.setVisible(bool(facts.primary))
        self.primary.setText(facts.primary)
        self.primary.updateGeometry()
