"""Welcome: what for, and where the customer stands. Two keys; nothing personal is noted."""

from typing import Final

from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import Purpose, PurposeChosen, Situation
from ui.steps.advice import AdvicePanel
from ui.viewmodels.advice import SITUATION_PROCEDURES, AdviceDesk
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.look import Look

_PURPOSES: Final = {
    Purpose.TRAINING_ACCOUNT: "book",
    Purpose.ELECTED_ACCOUNT: "users",
    Purpose.OTHER_SERVICE: "key",
    Purpose.REGISTERED_LETTER: "mail",
    Purpose.QUESTION: "help-circle",
}
_SITUATIONS: Final = {
    Situation.NEW: "plus",
    Situation.STARTED_ONLINE: "qrcode",
    Situation.HAS_LETTER: "mail",
    Situation.PAPER_FILE: "file-check",
}
_DECIDED: Final = {
    Purpose.REGISTERED_LETTER: Situation.HAS_LETTER,
    Purpose.QUESTION: Situation.ONLY_A_QUESTION,
}
"""Purposes that say where the customer stands."""
_ON_PAPER: Final = frozenset({Purpose.TRAINING_ACCOUNT, Purpose.ELECTED_ACCOUNT})
"""Purposes that the procedure by post serves."""


class PurposePanel(AdvicePanel):
    """First the purpose, then the situation, each by its number."""

    name = "purpose"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue, desk: AdviceDesk) -> None:
        super().__init__(look, catalogue, desk)
        self._purpose: Purpose | None = None
        self.card = Card(look)
        self.choices = ChoiceGroup(look, columns=2)
        self.card.body.addWidget(self.choices)
        self.card.body.addStretch(1)
        self.centered(self.card)
        self.choices.changed.connect(self._choose)
        self.primary.hide()

    @override
    def forget(self) -> None:
        super().forget()
        self._purpose = None

    @override
    def go_back(self) -> None:
        """From the situation to the purpose; there is nothing before that."""
        self._purpose = None
        self.retranslate()

    @override
    def show_state(self, state: CaseState) -> None:
        tr = self.look.language.tr
        self.back.setEnabled(self._purpose is not None)
        if self._purpose is None:
            self.choices.show_choices(
                tuple(self._choice("purpose", item.value, icon) for item, icon in _PURPOSES.items())
            )
        else:
            purpose = tr(f"purpose.{self._purpose.value}.label")
            self.title.setText(self.tr_("situation"))
            self.hint.setText(self.tr_("situation_hint", purpose=purpose))
            self.choices.show_choices(
                tuple(
                    self._choice("situation", item.value, icon)
                    for item, icon in _SITUATIONS.items()
                    if self._is_open(item, self._purpose)
                )
            )
        self.choices.select()

    def _is_open(self, situation: Situation, purpose: Purpose) -> bool:
        """What is not carried out here is not offered; the way by post serves two accounts."""
        if situation is Situation.NEW:
            return True
        if situation is not Situation.STARTED_ONLINE and purpose not in _ON_PAPER:
            return False
        return SITUATION_PROCEDURES[situation] in self.desk.offered()

    def _choice(self, group: str, value: str, icon: str) -> Choice:
        tr = self.look.language.tr
        return Choice(value, tr(f"{group}.{value}.label"), tr(f"{group}.{value}.hint"), icon)

    def _choose(self, values: tuple[str, ...]) -> None:
        if not values:
            return
        if self._purpose is None:
            purpose = Purpose(values[0])
            if purpose in _DECIDED:
                self.happened.emit(PurposeChosen(purpose, _DECIDED[purpose]))
                return
            self._purpose = purpose
            self.retranslate()
        else:
            self.happened.emit(PurposeChosen(self._purpose, Situation(values[0])))
