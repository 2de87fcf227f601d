"""A document reported lost or stolen: the answer of whom the agent asked, and who that was.

The program asks no register itself; what is kept is one of three answers, and who gave it.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from kiosk.journeys.service_steps import Consulted, LookupFacts, LookupStatus
from ui.theme import Space, Tone, Type
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.scroll import ScrollArea

_STATUSES = {
    LookupStatus.NOT_AVAILABLE: ("circle-dashed", Tone.NEUTRAL),
    LookupStatus.CLEAR: ("circle-check", Tone.OK),
    LookupStatus.HIT: ("circle-x", Tone.BAD),
}


class LookupCard(Card):
    """Three answers, and who gave them.

    Signals:
        answered(object): :class:`LookupFacts`, once they are complete.
    """

    answered = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look, " ")
        self._tr = look.language.tr
        self._hint = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self.status = ChoiceGroup(look, keys=False)
        self.status.setObjectName("lookup-status")
        self._asked = Label(look, "", Type.STRONG, wrap=True)
        self.consulted = ChoiceGroup(look, keys=False)
        self.consulted.setObjectName("lookup-consulted")
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(Space.NONE, Space.NONE, Space.M, Space.NONE)
        rows.setSpacing(Space.M)
        for widget in (self._hint, self.status, self._asked, self.consulted):
            rows.addWidget(widget)
        rows.addStretch(1)
        scroll = ScrollArea(look)
        scroll.setWidget(inner)
        self.body.addWidget(scroll, 1)
        self.status.changed.connect(self._judge)
        self.consulted.changed.connect(self._judge)

    @property
    def facts(self) -> LookupFacts | None:
        """What was answered, None while something is missing."""
        if not self.status.selected:
            return None
        status = LookupStatus(self.status.selected[0])
        if status is LookupStatus.NOT_AVAILABLE:
            return LookupFacts(status)
        asked = self.consulted.selected
        return LookupFacts(status, Consulted(asked[0])) if asked else None

    def show_facts(self, facts: LookupFacts | None) -> None:
        """Show what was answered before."""
        words = "journey.checks.lookup"
        self.set_title(self._tr(f"{words}.title"))
        self._hint.setText(self._tr(f"{words}.hint"))
        self._asked.setText(self._tr(f"{words}.asked"))
        self.status.show_choices(
            tuple(
                Choice(status.value, self._tr(f"{words}.status.{status.value}"), "", icon, tone)
                for status, (icon, tone) in _STATUSES.items()
            )
        )
        self.consulted.show_choices(
            tuple(
                Choice(who.value, self._tr(f"{words}.consulted.{who.value}")) for who in Consulted
            )
        )
        if facts is not None:
            self.status.select(facts.status.value)
            self.consulted.select(*([facts.consulted.value] if facts.consulted else []))
        self._show_asked()

    def forget(self) -> None:
        """Another case."""
        self.status.select()
        self.consulted.select()
        self._show_asked()

    def _show_asked(self) -> None:
        chosen = self.status.selected
        wanted = bool(chosen) and chosen[0] != LookupStatus.NOT_AVAILABLE.value
        self._asked.setVisible(wanted)
        self.consulted.setVisible(wanted)
        if not wanted:
            self.consulted.select()

    def _judge(self, _values: tuple[str, ...]) -> None:
        self._show_asked()
        facts = self.facts
        if facts is not None:
            self.answered.emit(facts)
