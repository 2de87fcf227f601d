"""Who is there to take the item: one key each, and until when it is kept where nobody may."""

from datetime import date

from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.advice.service import ServiceFacts
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.items import shown
from kiosk.domain.errors import DayRangeError, NoFactError
from kiosk.journeys.service_steps import AddresseeMet, Presence, PresenceFacts
from ui.steps.entries import DateEntry
from ui.steps.panel import StepPanel
from ui.theme import Space, Tone, Type
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look

_CHOICES = {
    Presence.IN_PERSON: ("user-check", Tone.OK),
    Presence.PROXY: ("users", Tone.WARN),
    Presence.ABSENT: ("clock", Tone.NEUTRAL),
    Presence.REFUSES: ("hand-stop", Tone.NEUTRAL),
}
_KEPT = (Presence.IN_PERSON, Presence.PROXY, Presence.ABSENT)
"""A letter that is refused goes back at once: it is not kept."""


class PresencePanel(StepPanel):
    """Four answers on the left (keys 1 to 4); the letter, its day and its last day on the right."""

    name = "presence"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue, service: ServiceFacts) -> None:
        """Service: how long a letter is kept, and on which days this office is shut."""
        self._service = service
        super().__init__(look, catalogue)
        self._today = date.min
        self.primary.hide()  # an answer is the way on
        self._question = Card(look, " ")
        self.choices = ChoiceGroup(look)
        self.choices.setObjectName("presence-choices")
        self._letter = Card(look, " ")
        self._rows = ReadList(look)
        self.presented = DateEntry(look)
        self.presented.edit.setObjectName("presented-on")
        self._kept = Label(look, "", Type.STRONG, wrap=True)
        self._sooner = Label(look, "", Type.LABEL_STRONG, "warn", wrap=True)
        self._sooner.setObjectName("fetch-by")
        self._kept_hint = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._build()
        self.choices.changed.connect(self._answer)
        self.presented.changed.connect(self._write_kept)

    def _build(self) -> None:
        self._question.body.addWidget(self.choices)
        self._question.body.addStretch(1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.L)
        for widget in (self._rows, self.presented, self._kept, self._sooner, self._kept_hint):
            column.addWidget(widget)
        column.addStretch(1)
        self._letter.body.addWidget(inner)
        self.columns(self._question, self._letter, (6, 4))

    @override
    def set_today(self, today: date) -> None:
        self._today = today

    @property
    def kept_until(self) -> date | None:
        """Last day on which the letter can be fetched.

        None while the day on which it was presented is none, to come, or one of no known rule.
        """
        day = self.presented.day
        if day is None or day > self._today:
            return None
        try:
            return self._service.delays.kept_until(day)
        except (NoFactError, DayRangeError):
            return None

    @property
    def fetch_by(self) -> date | None:
        """The last day on which the office is open, None where that is the last day of keeping."""
        last = self.kept_until
        if last is None:
            return None
        day = self._service.fetch_by(last)
        return None if day == last else day

    @override
    def forget(self) -> None:
        super().forget()
        self.choices.select()
        self.presented.forget()

    @override
    def go_on(self) -> None:
        self._answer(self.choices.selected)

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        state = self.view.state
        proxies = self.view.journey.proxy_allowed
        self._question.set_title(self.tr_("card"))
        self._letter.set_title(self.tr_("letter"))
        self.choices.show_choices(
            tuple(
                Choice(
                    presence.value,
                    self.tr_(f"choice.{presence.value}"),
                    self.tr_(f"hint.{_hint(presence, proxies=proxies)}"),
                    icon,
                    tone,
                )
                for presence, (icon, tone) in _CHOICES.items()
            )
        )
        self.choices.select(*([state.presence.presence.value] if state.presence else []))
        number = "" if state.item is None else shown(state.item.number)
        self._rows.show_rows((ReadRow("number", self.tr_("number"), number, FieldState.PLAIN),))
        self.presented.retranslate(self.tr_("presented"))
        if not self.presented.edit.text():
            self.presented.edit.setText(f"{self._today:%d/%m/%Y}")
        self._kept_hint.setText(self.tr_("kept_hint"))
        self._write_kept()

    def _write_kept(self) -> None:
        last = self.kept_until
        if last is None:
            self._kept.setText(self.tr_("presented_wrong"))
            self._kept.set_ink("bad")
            self._sooner.hide()
            return
        language, sooner = self.look.language, self.fetch_by
        self._kept.setText(self.tr_("kept", day=language.full_day(last)))
        self._kept.set_ink("ink")
        over = last < self._today
        self._sooner.setVisible(over or sooner is not None)
        if over:
            self._sooner.setText(self.tr_("kept_over"))
        elif sooner is not None:
            self._sooner.setText(self.tr_("sooner", day=language.full_day(sooner)))

    def _answer(self, values: tuple[str, ...]) -> None:
        if not values:
            return
        presence, last = Presence(values[0]), self.kept_until
        if last is None:
            self.choices.select()
            self.show_problem(self.tr_("presented_wrong"))
            self.presented.edit.setFocus()
            return
        kept = presence in _KEPT
        facts = PresenceFacts(presence, last if kept else None, self.fetch_by if kept else None)
        self.happened.emit(AddresseeMet(facts))


def _hint(presence: Presence, *, proxies: bool) -> str:
    if presence is not Presence.PROXY:
        return presence.value
    return "proxy-allowed" if proxies else "proxy-refused"
