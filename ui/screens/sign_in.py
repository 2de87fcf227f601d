"""Sign-in: who are you, and your code. Also the lock, where the same person comes back."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.screens.page import Page
from ui.theme import Size, Space, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup, initials_of
from ui.widgets.empty import EmptyState
from ui.widgets.label import IconLabel, Label
from ui.widgets.language_switch import LanguageSwitch
from ui.widgets.look import Look
from ui.widgets.pin_pad import PinPad
from ui.widgets.scroll import ScrollArea


@dataclass(frozen=True, slots=True)
class AgentCard:
    """An agent as offered: role is a value of :class:`kiosk.domain.agent.Role`."""

    agent_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """What the page shows.

    Attributes:
        agents: who may sign in.
        selected: preselected agent, or ``""``.
        locked: the desk is locked, work is waiting.
        listed: the vault has told who works here; before that nobody is said to be missing.
    """

    agents: tuple[AgentCard, ...]
    selected: str = ""
    locked: bool = False
    listed: bool = True


class SignInScreen(Page):
    """Names on the left, code on the right.

    Signals:
        pin_entered(str, str): agent id and what was typed.
        language_chosen(str): code of a language; already in force.
        join_requested(): somebody has a one-time code.
        unlock_requested(str): a second person is to unlock this agent.
    """

    pin_entered = Signal(str, str)
    language_chosen = Signal(str)
    join_requested = Signal()
    unlock_requested = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("sign-in")
        self._facts = SignInFacts(())
        self._typed_for = ""
        self._agents = ChoiceGroup(look, keys=False, columns=2)
        self._agents.setObjectName("agents")
        self._empty = EmptyState(look, "users", "")
        self.pad = PinPad(look)
        self._who = Card(look, " ")
        self._code = Card(look, " ")
        self._help = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self.join = Button(look, "", kind=ButtonKind.QUIET, icon="key")
        self.join.setObjectName("join")
        self.unlock = Button(look, "", icon="lock-open")
        self.unlock.setObjectName("unlock")
        self.unlock.hide()
        self._languages = LanguageSwitch(look)
        self._build()
        self._bind()
        self.retranslate()

    def _build(self) -> None:
        self.corner.addWidget(self._languages, 0, Qt.AlignmentFlag.AlignTop)
        scroll = ScrollArea(self.look)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.addWidget(self._agents)
        column.addStretch(1)
        scroll.setWidget(inner)
        self._scroll = scroll
        self._who.body.addWidget(scroll, 1)
        self._who.body.addWidget(self._empty, 1)
        self._code.body.addWidget(self.pad)
        self._code.body.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(Space.S)
        foot.addWidget(IconLabel(self.look, "info-circle", "ink2", Size.ICON))
        foot.addWidget(self._help, 1)
        self._who.body.addLayout(foot)
        for way in (self.unlock, self.join):  # one below the other: they fit on a narrow screen
            self._who.body.addWidget(way, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.setSpacing(Space.XXL)
        row.addWidget(self._who, 3)
        row.addWidget(self._code, 2)
        self.body.addLayout(row)
        self.body.addStretch(1)

    def _bind(self) -> None:
        self._agents.changed.connect(self._agent_changed)
        self.pad.entered.connect(self._entered)
        self._languages.chosen.connect(self.language_chosen)
        self.join.clicked.connect(self.join_requested)
        self.unlock.clicked.connect(self._ask_unlock)

    @property
    def selected(self) -> str:
        """Agent chosen, or ``""``."""
        chosen = self._agents.selected
        return chosen[0] if chosen else ""

    def show_facts(self, facts: SignInFacts) -> None:
        """Show these agents; the only one, or the one preselected, is chosen already."""
        self._facts = facts
        self._write_agents()
        only = facts.agents[0].agent_id if len(facts.agents) == 1 else ""
        chosen = facts.selected or only
        if chosen:
            self._agents.select(chosen)
        self._scroll.setVisible(bool(facts.agents))
        self._empty.setVisible(facts.listed and not facts.agents)
        self.retranslate()
        self._agent_changed()

    def show_wrong_pin(self, tries_left: int) -> None:
        """The code was refused; at 0 tries left the next refusal costs a wait."""
        tr = self.look.language.tr
        if tries_left <= 0:
            self.pad.show_error(tr("sign_in.wrong_last"))
        else:
            self.pad.show_error(tr("sign_in.wrong", n=tries_left))

    def show_wait(self, seconds: int) -> None:
        """Too many refusals: entry is closed for so long; 0 opens it again."""
        tr = self.look.language.tr
        self.pad.set_locked(seconds > 0)
        if seconds <= 0:
            self.pad.show_error("")
        elif seconds < 120:
            self.pad.show_error(tr("sign_in.wait_seconds", n=seconds))
        else:
            self.pad.show_error(tr("sign_in.wait_minutes", n=-(-seconds // 60)))

    def show_error(self, text: str) -> None:
        """Any other sentence; the code can be typed again."""
        self.pad.show_error(text)

    def show_blocked(self) -> None:
        """Only a second person helps this agent; the way to one appears."""
        self.pad.show_error(self.look.language.tr("sign_in.blocked"))
        self.unlock.show()

    def reset(self) -> None:
        """Forget code and sentence."""
        self.unlock.hide()
        self.pad.set_locked(False)
        self.pad.show_error("")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Whatever has the focus on this page, digits, Backspace and Enter belong to the code."""
        if not self.pad.take_key(event):
            super().keyPressEvent(event)

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        locked = self._facts.locked
        self.title.setText(tr("sign_in.locked_title" if locked else "sign_in.title"))
        self.hint.setText(tr("sign_in.locked_hint" if locked else "sign_in.hint"))
        self._who.set_title(tr("sign_in.who"))
        self._empty.show_text(tr("sign_in.no_agent"), tr("sign_in.no_agent_hint"))
        self._help.setText(tr("sign_in.forgotten"))
        self.join.setText(tr("sign_in.join"))
        self.unlock.setText(tr("sign_in.unlock"))
        for button in (self.join, self.unlock):
            button.updateGeometry()
        self.pad.reserve_for(
            tr("sign_in.wrong", n=9),
            tr("sign_in.wrong_last"),
            tr("sign_in.wait_seconds", n=119),
            tr("sign_in.wait_minutes", n=60),
            tr("sign_in.choose_first"),
            tr("sign_in.blocked"),
        )
        self._write_agents()
        self._write_code_title()

    def _write_agents(self) -> None:
        tr = self.look.language.tr
        self._agents.show_choices(
            tuple(
                Choice(
                    agent.agent_id,
                    agent.name,
                    tr(f"common.role.{agent.role}"),
                    initials=initials_of(agent.name),
                )
                for agent in self._facts.agents
            )
        )

    def _write_code_title(self) -> None:
        tr = self.look.language.tr
        names = {agent.agent_id: agent.name for agent in self._facts.agents}
        name = names.get(self.selected)
        self._code.set_title(tr("sign_in.code_for", name=name) if name else tr("sign_in.pin"))

    def _agent_changed(self, _values: tuple[str, ...] = ()) -> None:
        """The code of one agent is none of another's; what was typed before a name is kept."""
        before, self._typed_for = self._typed_for, self.selected
        self._write_code_title()
        self.unlock.hide()
        # The wait of one agent is not the wait of another.
        if self.selected and not before:
            self.pad.ask_first("")
        else:
            self.pad.set_locked(False)
            self.pad.show_error("")
        if self.selected:
            self.pad.setFocus()

    def _ask_unlock(self) -> None:
        if self.selected:
            self.unlock_requested.emit(self.selected)

    def _entered(self, pin: str) -> None:
        if not self.selected:
            self.pad.ask_first(self.look.language.tr("sign_in.choose_first"))
            return
        self.pin_entered.emit(self.selected, pin)
