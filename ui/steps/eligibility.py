"""Eligibility: one question at a time, in the order that fails soonest; answers name nobody."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.advice.answer_codes import NO, YES, coded
from kiosk.advice.eligibility import (
    Answer,
    Answers,
    Question,
    answered,
    given,
    last_answered,
    without,
)
from kiosk.advice.eligibility_rules import Paper, System
from kiosk.advice.phones import MobileVerdict
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import EligibilityAnswered
from ui.steps.advice import AdvicePanel
from ui.steps.entries import Entry
from ui.theme import Space, Tone, Type
from ui.viewmodels.advice import AdviceDesk
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.field import ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look

_NONE: Final = "none"
_PAPER_ICONS: Final = {
    Paper.FR_ID_CARD: "id",
    Paper.FR_PASSPORT: "book",
    Paper.RESIDENCE_PERMIT: "credit-card",
    Paper.OTHER: "help-circle",
    Paper.EXPIRED: "calendar",
    Paper.NONE: "x",
}
_SYSTEM_NAMES: Final = {System.ANDROID: "Android", System.IOS: "iOS"}
_YES_NO: Final = (Question.ADULT, Question.PERMIT_LENGTH, Question.ACCOUNT)


class EligibilityPanel(AdvicePanel):
    """The question on the left, what was answered on the right."""

    name = "eligibility"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue, desk: AdviceDesk) -> None:
        super().__init__(look, catalogue, desk)
        self._answers = Answers()
        self._question = Question.ADULT
        self._confirmed = ""
        self._card, self._side = Card(look, " "), Card(look, " ")
        self._hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self.choices = ChoiceGroup(look, columns=2)
        # Beside a field that takes digits an option has no number of its own.
        self.none = ChoiceGroup(look, keys=False)
        self.number = Entry(look, mono=True)
        self.number.edit.setObjectName("mobile-entry")
        self.number.edit.setMaxLength(40)
        self._rows = ReadList(look)
        self._nothing = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._build()
        self.choices.changed.connect(self._choose)
        self.none.changed.connect(self._choose)
        self.number.changed.connect(self._typed)

    def _build(self) -> None:
        for widget in (self._hint, self.number, self.choices, self.none):
            self._card.body.addWidget(widget)
        self._card.body.addStretch(1)
        self._side.body.addWidget(self._nothing)
        self._side.body.addWidget(self._rows)
        self._side.body.addStretch(1)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._card)
        self.columns(left, self._side, (6, 4))

    # --- what happens -------------------------------------------------------------------------

    @override
    def forget(self) -> None:
        super().forget()
        self._answers = Answers()
        self._confirmed = ""
        self.number.edit.clear()

    @override
    def go_on(self) -> None:
        """Enter: the number typed, or the way on where every question is answered."""
        known = given(self._question, self._answers)
        if self._question is Question.MOBILE and (self.number.edit.text().strip() or known is None):
            self._judge(self.number.edit.text())
        elif known is not None:
            self._tell(self._answers)
        else:
            self.show_problem(self.tr_("no_answer"))

    @override
    def go_back(self) -> None:
        """To the question before; before the first one, to the welcome."""
        last = last_answered(self._answers)
        if last is None:
            super().go_back()
        else:
            self._tell(without(self._answers, last))

    @override
    def take_focus(self) -> None:
        """A number is all there is to give: the field has the focus, on a tablet too."""
        if self._question is Question.MOBILE:
            self.number.edit.setFocus()
        else:
            super().take_focus()

    def _choose(self, values: tuple[str, ...]) -> None:
        if values:
            self._answer(_answer_of(self._question, values[0]))

    def _typed(self) -> None:
        self._confirmed = ""
        self.number.show_problem("")

    def _judge(self, typed: str) -> None:
        """Only the verdict leaves this panel; the number is wiped."""
        found = self.desk.service.phones.judge(typed, self.desk.today)
        tr = self.look.language.tr
        if found.verdict is MobileVerdict.MALFORMED:
            self.number.show_problem(tr("eligibility.answer.malformed"))
        elif not found.sure and self._confirmed != found.e164:
            self._confirmed = found.e164 or ""
            self.show_problem(self.tr_("mobile_unsure", number=found.masked))
        else:
            self._answer(found.verdict)

    def _answer(self, answer: Answer) -> None:
        self.number.edit.clear()
        self._tell(answered(self._answers, self._question, answer))

    def _tell(self, answers: Answers) -> None:
        if self.view is not None:
            self.happened.emit(EligibilityAnswered(self.desk.judged(answers, self.view.state)))

    # --- what is shown ------------------------------------------------------------------------

    @override
    def show_state(self, state: CaseState) -> None:
        before = self._question
        self._answers = self.desk.answers(state)
        finding = self.desk.find(self._answers, state)
        self._question = finding.ask or last_answered(self._answers) or Question.ADULT
        question = self._question.value
        permit = self.desk.service.eligibility.document(Paper.RESIDENCE_PERMIT, self.desk.today)
        years = permit.min_years
        self._card.set_title(self.figure(f"eligibility.question.{question}", years=years))
        mobile = self._question is Question.MOBILE
        born = self.look.language.day(self.desk.service.eligibility.born_by(self.desk.today))
        hint = self.figure(f"eligibility.hint.{question}", born=born)
        self._hint.setText(f"{hint} {self.tr_('mobile_hint')}" if mobile else hint)
        self.number.setVisible(mobile)
        self.number.set_label(self.tr_("typed"), "06 12 34 56 78")
        self.choices.setVisible(not mobile)
        self.none.setVisible(mobile)
        (self.none if mobile else self.choices).show_choices(self._choices(self._question))
        self.none.select()
        held = dict(coded(self._answers)).get(question)
        self.choices.select(*([held] if held else []))
        self._side.set_title(self.tr_("so_far"))
        rows = self._answered_rows()
        self._nothing.setText(self.tr_("none_so_far"))
        self._nothing.setVisible(not rows)
        self._rows.show_rows(rows)
        self._rows.setVisible(bool(rows))
        self.primary.setText(self.tr_("mobile_check" if mobile else "primary"))
        self.primary.setVisible(mobile or held is not None)
        self.back.setEnabled(True)
        if before is not self._question:
            self.take_focus()

    def _choices(self, question: Question) -> tuple[Choice, ...]:
        tr = self.look.language.tr
        match question:
            case Question.DOCUMENT:
                return tuple(
                    Choice(p.value, tr(f"eligibility.document.{p.value}"), "", icon)
                    for p, icon in _PAPER_ICONS.items()
                )
            case Question.SYSTEM:
                icons = {System.ANDROID: "device-tablet", System.IOS: "device-tablet"}
                return tuple(
                    Choice(s.value, tr(f"eligibility.system.{s.value}"), "", icons.get(s, "x"))
                    for s in System
                )
            case Question.VERSION:
                return self._versions()
            case Question.MOBILE:
                return (Choice(_NONE, tr("eligibility.answer.no_mobile"), "", "x", Tone.NEUTRAL),)
            case _:
                return (
                    Choice(YES, tr("eligibility.answer.yes"), "", "circle-check", Tone.OK),
                    Choice(NO, tr("eligibility.answer.no"), "", "circle-x", Tone.NEUTRAL),
                )

    def _versions(self) -> tuple[Choice, ...]:
        """Ranges of versions that end differently, by the figures of the day."""
        tr = self.look.language.tr
        system = self._answers.system or System.ANDROID
        rule = self.desk.service.eligibility.system(system, self.desk.today)
        name = _SYSTEM_NAMES.get(system, "")
        recent = max(rule.minimum, rule.doubtful_below)

        def words(key: str, **values: int) -> str:
            named = {at: f"{name}\u00a0{number}" for at, number in values.items()}
            return tr(f"eligibility.answer.{key}", **named)

        found = [Choice(str(recent), words("version_recent", version=recent))]
        if recent > rule.minimum:
            between = {"from": rule.minimum, "to": recent - 1}
            found.append(Choice(str(rule.minimum), words("version_between", **between)))
        if rule.minimum > 1:
            old = words("version_old", version=rule.minimum)
            found.append(Choice(str(rule.minimum - 1), old))
        found.append(Choice("0", tr("eligibility.answer.version_unknown"), "", "help-circle"))
        return tuple(found)

    def _answered_rows(self) -> tuple[ReadRow, ...]:
        tr = self.look.language.tr
        return tuple(
            ReadRow(question, tr(f"eligibility.short.{question}"), self._said(question, code))
            for question, code in coded(self._answers)
        )

    def _said(self, question: str, code: str) -> str:
        """An answer in words."""
        tr = self.look.language.tr
        match Question(question):
            case Question.DOCUMENT | Question.SYSTEM as asked:
                return tr(f"eligibility.{asked.value}.{code}")
            case Question.VERSION:
                labels = {choice.value: choice.label for choice in self._versions()}
                return labels.get(code, code)
            case _:
                return tr(f"eligibility.answer.{code}")


def _answer_of(question: Question, value: str) -> Answer:
    """The answer that a chosen option stands for."""
    if question in _YES_NO:
        return value == YES
    match question:
        case Question.DOCUMENT:
            return Paper(value)
        case Question.SYSTEM:
            return System(value)
        case Question.VERSION:
            return int(value)
        case _:
            return MobileVerdict.NOT_MOBILE
