"""The calm page after a failure: nothing is lost, what happened, what one can do, a code."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import Size, Space, Tone, Type
from ui.widgets.action_bar import ActionBar
from ui.widgets.announce import announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.label import Badge, Label
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class FaultFacts:
    """What the page shows; the words come from ``errors.toml``.

    Attributes:
        code: stable code such as ``VAULT-003``.
        what: what happened.
        do: what the agent can do.
        can_retry: whether the same step can be resumed.
        title: other words in place of “nothing is lost”.
        extra: word of one more button, ``""`` for none.
    """

    code: str
    what: str
    do: str
    can_retry: bool = True
    title: str = ""
    extra: str = ""


class FaultScreen(QWidget):
    """One card in the middle.

    Signals:
        retry_requested(): resume where it stopped.
        home_requested(): go home.
        extra_requested(): the one more button was pressed.
    """

    extra_requested = Signal()
    retry_requested = Signal()
    home_requested = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName("fault")
        self._facts = FaultFacts("", "", "")
        self._title = Label(look, "", Type.H1, wrap=True)
        self._hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._what_title = Label(look, "", Type.LABEL_STRONG, "ink2")
        self._what = Label(look, "", Type.BODY, wrap=True)
        self._do_title = Label(look, "", Type.LABEL_STRONG, "ink2")
        self._do = Label(look, "", Type.BODY, wrap=True)
        self._code_title = Label(look, "", Type.LABEL_STRONG, "ink2")
        self._code = Label(look, "", Type.CODE_LARGE)
        self._code.setObjectName("fault-code")
        self._retry = Button(look, "", kind=ButtonKind.PRIMARY, icon="refresh", key="Return")
        self._retry.setObjectName("fault-retry")
        self._home = Button(look, "", icon="home", key="Esc")
        self._home.setObjectName("fault-home")
        self._extra = Button(look, "", icon="file-check")
        self._extra.setObjectName("fault-extra")
        self.bar = ActionBar(look, others=(self._extra, self._home), primary=self._retry)
        self._build()
        self._retry.clicked.connect(self.retry_requested)
        self._home.clicked.connect(self.home_requested)
        self._extra.clicked.connect(self.extra_requested)
        self._extra.hide()
        look.language.changed.connect(self.retranslate)
        self.retranslate()

    def _build(self) -> None:
        card = Card(self._look)
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        card.setMaximumWidth(Size.TEXT_WIDTH)
        card.body.setContentsMargins(Space.XL, Space.M, Space.XL, Space.M)
        badge = Badge(self._look, "shield-check", Tone.OK, Size.BADGE_LARGE)
        head = QHBoxLayout()
        head.setSpacing(Space.XL)
        head.addWidget(badge, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(Space.XS)
        words.addWidget(self._title)
        words.addWidget(self._hint)
        head.addLayout(words, 1)
        card.body.addLayout(head)
        card.body.addSpacing(Space.L)
        for title, text in (
            (self._what_title, self._what),
            (self._do_title, self._do),
            (self._code_title, self._code),
        ):
            block = QVBoxLayout()
            block.setSpacing(Space.XS)
            block.addWidget(title)
            block.addWidget(text)
            card.body.addLayout(block)
            card.body.addSpacing(Space.S)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.GUTTER, Space.GUTTER, Space.GUTTER, Space.GUTTER)
        column.addStretch(2)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card, 8)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)

    def show_facts(self, facts: FaultFacts) -> None:
        """Show and announce the failure."""
        self._facts = facts
        self.retranslate()
        self._retry.setVisible(facts.can_retry)
        self._extra.setVisible(bool(facts.extra))
        announce(self, f"{self._title.text()}. {facts.what} {facts.do}", assertive=True)

    def set_extra_busy(self, *, busy: bool) -> None:
        """While what the one more button ordered is under way."""
        self._extra.set_busy(busy)

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        facts = self._facts
        self._title.setText(facts.title or tr("fault.title"))
        self._hint.setText(tr("fault.hint"))
        self._what_title.setText(tr("fault.what"))
        self._what.setText(facts.what)
        self._do_title.setText(tr("fault.do"))
        self._do.setText(facts.do)
        self._code_title.setText(tr("fault.code"))
        self._code.setText(facts.code)
        self._extra.setText(facts.extra)
        self._extra.updateGeometry()
        for button, key in ((self._retry, "fault.retry"), (self._home, "fault.home")):
            button.setText(tr(key))
            button.updateGeometry()
