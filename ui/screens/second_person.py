"""A second person proves who they are: to lift a lock-out, or to sign an act with the device."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from typing_extensions import override

from ui.screens.page import Page
from ui.screens.sign_in import AgentCard
from ui.widgets.button import Button, ButtonKind
from ui.widgets.choices import Choice, initials_of
from ui.widgets.look import Look
from ui.widgets.person_pin import PersonPin


@dataclass(frozen=True, slots=True)
class SecondPersonFacts:
    """What the page shows.

    Attributes:
        name: whom it is about.
        people: who may do it.
    """

    name: str
    people: tuple[AgentCard, ...]


class SecondPersonScreen(Page):
    """Who, and their code.

    Signals:
        given(str, str): agent id and PIN of the second person.
        returned(): not now.
    """

    given = Signal(str, str)
    returned = Signal()

    def __init__(self, look: Look, words: str = "people.unlock") -> None:
        """Words: table of the texts, by key."""
        super().__init__(look)
        self.setObjectName("second-person")
        self._words = words
        self._facts = SecondPersonFacts("", ())
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
        self.back.setObjectName("back")
        self.person = PersonPin(look, f"{words}.primary")
        self.corner.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.person)
        self.body.addStretch(1)
        self.back.clicked.connect(self.returned)
        self.person.given.connect(self.given)
        self.retranslate()

    @property
    def name(self) -> str:
        """Whom it is about."""
        return self._facts.name

    def show_facts(self, facts: SecondPersonFacts) -> None:
        """Show these people."""
        self._facts = facts
        self.person.reset()
        self.retranslate()
        self.person.pad.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Whatever has the focus on this page, digits, Backspace and Enter belong to the code."""
        if not self.person.pad.take_key(event):
            super().keyPressEvent(event)

    @override
    def retranslate(self) -> None:
        facts, tr = self._facts, self.look.language.tr
        key = self._words
        self.title.setText(tr(f"{key}.title", name=facts.name))
        self.hint.setText(tr(f"{key}.hint", name=facts.name))
        self.back.setText(tr("common.back"))
        self.back.updateGeometry()
        self.person.show_people(
            tuple(
                Choice(
                    agent.agent_id,
                    agent.name,
                    tr(f"common.role.{agent.role}"),
                    initials=initials_of(agent.name),
                )
                for agent in facts.people
            ),
            tr(f"{key}.who"),
            (tr(f"{key}.nobody"), tr(f"{key}.nobody_hint")),
        )
