"""Interrupting a case: put it aside, abandon it, or decide now. A page, not a dialog.

Leaving is possible at every step and always says what will stay: a draft, or a sealed record.
"""

from PySide6.QtCore import Signal
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.decision import Reason
from kiosk.journeys.engine import accepts
from kiosk.journeys.model import CaseAbandoned, DecisionTaken
from ui.steps.panel import StepPanel
from ui.theme import Tone
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.look import Look

ASIDE = "aside"
DECIDE = "decide"
_ABANDON = {
    "withdraws": (Reason.CUSTOMER_WITHDRAWS, "user"),
    "proxy": (Reason.PROXY_PRESENTED, "users"),
    "technical": (Reason.TECHNICAL_FAILURE, "device-desktop"),
}


class StopPanel(StepPanel):
    """Why the case is interrupted.

    Signals:
        aside_requested(): keep the draft, go home.
        decide_requested(): refuse or suspend now.
        returned(): go on with the case.
    """

    aside_requested = Signal()
    decide_requested = Signal()
    returned = Signal()
    name = "stop"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look, catalogue)
        self.stop.hide()
        self._card = Card(look, " ")
        self.choices = ChoiceGroup(look)
        self.choices.setObjectName("stop-choices")
        self._card.body.addWidget(self.choices)
        self._card.body.addStretch(1)
        self.centered(self._card)
        self.choices.changed.connect(self._judge)

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
        else:
            self.happened.emit(CaseAbandoned(_ABANDON[chosen[0]][0]))

    def begin(self) -> None:
        """Nothing is chosen beforehand."""
        self.choices.select()
        self.back.setEnabled(True)
        self._judge()

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        self.back.setEnabled(True)
        self._card.set_title(self.tr_("card"))
        options = [Choice(ASIDE, self.tr_("aside"), self.tr_("aside_hint"), "clock", Tone.INFO)]
        if accepts(self.view.journey, self.view.state, CaseAbandoned):
            options += [
                Choice(key, self.tr_(key), self.tr_(f"{key}_hint"), icon, Tone.WARN)
                for key, (_, icon) in _ABANDON.items()
            ]
        if accepts(self.view.journey, self.view.state, DecisionTaken):
            options.append(
                Choice(DECIDE, self.tr_("decide"), self.tr_("decide_hint"), "scale", Tone.BAD)
            )
        self.choices.show_choices(tuple(options))
        self._judge()

    def _judge(self, _values: tuple[str, ...] = ()) -> None:
        chosen = self.choices.selected
        self.primary.setEnabled(bool(chosen))
        self.primary.setText(self.tr_(f"do.{chosen[0]}" if chosen else "primary"))
        self.primary.updateGeometry()
