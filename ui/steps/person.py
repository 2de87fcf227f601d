"""The person beside the portrait: the agent compares, the screen only helps.

No automated comparison of faces is made here, by decision (design.md 5).
"""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.evidence import Verdict
from kiosk.journeys.model import PersonCompared, PersonFacts
from ui.steps.panel import RETAKE_KEY, StepPanel
from ui.theme import Space, Tone, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.portrait import PortraitCompare
from ui.widgets.scroll import ScrollArea

if TYPE_CHECKING:
    from kiosk.ports import Picture

_QUESTIONS = ("0", "1", "2")
_ANSWERS = (
    (Verdict.PASS, "user-check", Tone.OK),
    (Verdict.FAIL, "circle-x", Tone.BAD),
    (Verdict.UNSURE, "help-circle", Tone.WARN),
)


class PersonPanel(StepPanel):
    """Portrait, parts of the face, questions, and three answers (keys 1 to 3).

    Signals are those of :class:`StepPanel`; ``again_requested`` asks to present the document again.
    """

    name = "person"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.again_button = Button(look, "", icon="refresh", key=RETAKE_KEY)
        self.again_button.setObjectName("present-again")
        super().__init__(look, catalogue)
        self.compare = PortraitCompare(look)
        self.zones = ChoiceGroup(look, multiple=True, columns=2, keys=False)
        self.zones.setObjectName("zones")
        self.questions = ChoiceGroup(look, columns=3, keys=False)
        self.questions.setObjectName("questions")
        self.consistent = ChoiceGroup(look, columns=2, keys=False)
        self.consistent.setObjectName("questions-consistent")
        self.answers = ChoiceGroup(look)
        self.answers.setObjectName("person-answers")
        self._zones_title = Label(look, "", Type.H3, wrap=True)
        self._questions_title = Label(look, "", Type.H3, wrap=True)
        self._topics = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._answers_title = Label(look, "", Type.H3, wrap=True)
        self._has_portrait = False
        self._build()
        self.again_button.clicked.connect(self.again_requested)
        self.answers.changed.connect(self._judge)
        self.questions.changed.connect(self._judge)
        self.consistent.changed.connect(self._judge)

    def _build(self) -> None:
        left = Card(self.look)
        left.body.addWidget(self.compare, 1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.M, Space.NONE)
        column.setSpacing(Space.M)
        for widget in (self._answers_title, self.answers):
            column.addWidget(widget)
        column.addSpacing(Space.M)
        for widget in (self._zones_title, self.zones):
            column.addWidget(widget)
        column.addSpacing(Space.M)
        for widget in (self._questions_title, self._topics, self.questions, self.consistent):
            column.addWidget(widget)
        column.addStretch(1)
        scroll = ScrollArea(self.look)
        scroll.setWidget(inner)
        right = Card(self.look)
        right.body.addWidget(scroll, 1)
        self.columns(left, right, (5, 5))

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.again_button,)

    def show_portrait(self, portrait: "Picture | None") -> None:
        """Portrait cut from the document, (h, w, 3) uint8 BGR; None: not kept."""
        self._has_portrait = portrait is not None
        self.compare.show_portrait(portrait)
        if self.view is not None:
            self.refresh()

    @property
    def facts(self) -> PersonFacts | None:
        """What the agent answered, None while something is missing."""
        chosen = self.answers.selected
        asked = int(self.questions.selected[0]) if self.questions.selected else 0
        consistent = self.consistent.selected
        if not chosen or (asked and not consistent):
            return None
        return PersonFacts(
            Verdict(chosen[0]),
            zones=self.zones.selected,
            questions_asked=asked,
            questions_consistent=(consistent[0] == "yes") if asked else None,
        )

    @override
    def go_on(self) -> None:
        facts = self.facts
        if facts is not None:
            self.happened.emit(PersonCompared(facts))

    @override
    def refresh(self) -> None:
        tr = self.look.language.tr
        self.again_button.setText(self.tr_("again"))
        self.again_button.setVisible(not self._has_portrait)
        self.compare.set_captions(self.tr_("portrait"), self.tr_("live"))
        self.compare.set_missing(self.tr_("no_portrait"), self.tr_("look_up"))
        self._zones_title.setText(self.tr_("zones"))
        self._questions_title.setText(self.tr_("questions"))
        topics = [tr(f"questions.{topic}") for topic in self.catalogue.questions]
        self._topics.setText(self.tr_("topics", topics=" · ".join(topics)))
        self._answers_title.setText(self.tr_("question"))
        self.zones.show_choices(
            tuple(Choice(zone, tr(f"face.{zone}")) for zone in self.catalogue.face_zones)
        )
        self.questions.show_choices(
            tuple(Choice(count, self.tr_(f"asked.{count}")) for count in _QUESTIONS)
        )
        self.consistent.show_choices(
            (
                Choice("yes", self.tr_("consistent"), tone=Tone.OK),
                Choice("no", self.tr_("inconsistent"), tone=Tone.BAD),
            )
        )
        self.answers.show_choices(
            tuple(
                Choice(v.value, self.tr_(f"answer.{v.value}"), "", icon, tone)
                for v, icon, tone in _ANSWERS
            )
        )
        self._restore()
        self._judge()

    def _restore(self) -> None:
        """Show what was answered before, after a way back or a restart."""
        facts = self.view.state.person if self.view else None
        if facts is None or self.answers.selected:
            return
        self.answers.select(facts.verdict.value)
        self.zones.select(*facts.zones)
        self.questions.select(str(facts.questions_asked))
        if facts.questions_consistent is not None:
            self.consistent.select("yes" if facts.questions_consistent else "no")

    @override
    def forget(self) -> None:
        """Another case: no answer is carried over."""
        self.view = None
        for group in (self.answers, self.zones, self.questions, self.consistent):
            group.select()
        self.show_portrait(None)

    def _judge(self, _values: tuple[str, ...] = ()) -> None:
        asked = bool(self.questions.selected) and self.questions.selected[0] != "0"
        self.consistent.setVisible(asked)
        self.primary.setEnabled(self.facts is not None)
