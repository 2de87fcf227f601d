"""Interrupting a case: put it aside, abandon it, or decide now. A page, not a dialog.

Leaving is possible at every step and always says what will stay: a draft, or a sealed record.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.agent import Agent
from kiosk.journeys.engine import accepts
from kiosk.journeys.model import CaseAbandoned, DecisionTaken
from kiosk.journeys.reasons import WALKED_AWAY
from ui.steps.panel import StepPanel
from ui.theme import Space, Tone
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup, initials_of
from ui.widgets.look import Look

ASIDE = "aside"
HAND = "hand"
DECIDE = "decide"
_ICONS = {"withdraws": "user", "proxy": "users", "technical": "device-desktop"}


class StopPanel(StepPanel):
    """Why the case is interrupted.

    Signals:
        aside_requested(): keep the draft, go home.
        decide_requested(): refuse or suspend now.
        returned(): go on with the case.
        hand_requested(str): hand the case to this colleague.
    """

    aside_requested = Signal()
    decide_requested = Signal()
    returned = Signal()
    hand_requested = Signal(str)
    name = "stop"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look, catalogue)
        self.stop.hide()
        self._card = Card(look, " ")
        self.choices = ChoiceGroup(look, low_columns=2)
        self.choices.setObjectName("stop-choices")
        self._card.body.addWidget(self.choices)
        self._card.body.addStretch(1)
        self._people: tuple[Agent, ...] = ()
        self._to_card = Card(look, " ")
        self.colleagues = ChoiceGroup(look, keys=False)
        self.colleagues.setObjectName("stop-colleagues")
        self._to_card.body.addWidget(self.colleagues)
        self._to_card.body.addStretch(1)
        self._to_card.hide()
        both = QWidget()
        row = self._cards = QHBoxLayout(both)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.XXL)
        row.addWidget(self._card)
        row.addWidget(self._to_card)
        middle = self._middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(both, 14)  # room for both cards on a narrow screen too
        middle.addStretch(1)
        self.body.addLayout(middle, 1)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)
        look.theme.changed.connect(self._spread)
        self._spread()
        self.choices.changed.connect(self._judge)
        self.colleagues.changed.connect(self._judge)

    def _spread(self) -> None:
        """In a low window the cards take the whole width: their sentences need fewer lines."""
        low = self.look.theme.low
        for place, share in enumerate((7, 3) if low else (5, 3)):
            self._cards.setStretch(place, share)
        edge = 0 if low else 1
        self._middle.setStretch(0, edge)
        self._middle.setStretch(2, edge)

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return ()

    @override
    def go_back(self) -> None:
        self.returned.emit()

    @override
    def go_on(self) -> None:
        chosen = self.choices.selected
        if not chosen:
            return
        if chosen[0] == ASIDE:
            self.aside_requested.emit()
        elif chosen[0] == DECIDE:
            self.decide_requested.emit()
        elif chosen[0] == HAND:
            if self.colleagues.selected:
                self.hand_requested.emit(self.colleagues.selected[0])
        else:
            self.happened.emit(CaseAbandoned(WALKED_AWAY[chosen[0]]))

    def begin(self) -> None:
        """Nothing is chosen beforehand, and no colleague is known yet."""
        self._people = ()
        self.choices.select()
        self.colleagues.select()
        self.back.setEnabled(True)
        self._judge()

    def show_colleagues(self, people: tuple[Agent, ...]) -> None:
        """To whom the case can be handed."""
        self._people = people
        self.refresh()

    @override
    def forget(self) -> None:
        super().forget()
        self._people = ()

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        self.back.setEnabled(True)
        self._card.set_title(self.tr_("card"))
        options = [Choice(ASIDE, self.tr_("aside"), self.tr_("aside_hint"), "clock", Tone.INFO)]
        if self._people:
            options.append(
                Choice(HAND, self.tr_("hand"), self.tr_("hand_hint"), "users", Tone.INFO)
            )
        if accepts(self.view.journey, self.view.state, CaseAbandoned):
            options += [
                Choice(key, self.tr_(key), self.tr_(f"{key}_hint"), icon, Tone.WARN)
                for key, icon in _ICONS.items()
            ]
        if accepts(self.view.journey, self.view.state, DecisionTaken):
            options.append(
                Choice(DECIDE, self.tr_("decide"), self.tr_("decide_hint"), "scale", Tone.BAD)
            )
        kept, to = self.choices.selected, self.colleagues.selected
        self.choices.show_choices(tuple(options))
        self.choices.select(*kept)
        self._to_card.set_title(self.tr_("to_whom"))
        role = self.look.language.tr
        self.colleagues.show_choices(
            tuple(
                Choice(
                    agent.agent_id,
                    agent.display_name,
                    role(f"common.role.{agent.role.value}"),
                    initials=initials_of(agent.display_name),
                )
                for agent in self._people
            )
        )
        self.colleagues.select(*to)
        self._judge()

    def _judge(self, _values: tuple[str, ...] = ()) -> None:
        chosen = self.choices.selected
        handing = bool(chosen) and chosen[0] == HAND
        self._to_card.setVisible(handing)
        ready = bool(self.colleagues.selected) if handing else bool(chosen)
        self.primary.setEnabled(ready)
        self.primary.setText(self.tr_(f"do.{chosen[0]}" if chosen else "primary"))
        self.primary.updateGeometry()
