"""The person beside the portrait: the agent compares, the screen only helps.

Rules, in order: no automated comparison of faces is made here, by decision (design.md 5); the
portrait is enlarged by key, never improved; a live picture of the person is shown only while the
agent wants it, beside the portrait, and is not kept.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.evidence import Verdict
from kiosk.journeys.model import PersonCompared, PersonFacts
from ui.steps.panel import RETAKE_KEY, Pictures, StepPanel
from ui.steps.words import error_words
from ui.theme import Size, Space, Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.halves import Halves
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.portrait import PortraitCompare
from ui.widgets.scroll import ScrollArea
from ui.widgets.zoom import STEPS
from ui.workers.camera import Sight
from ui.workers.desk import Failure

if TYPE_CHECKING:
    from kiosk.ports import Picture

_QUESTIONS = ("0", "1", "2")
_ANSWERS = (
    (Verdict.PASS, "user-check", Tone.OK),
    (Verdict.FAIL, "circle-x", Tone.BAD),
    (Verdict.UNSURE, "help-circle", Tone.WARN),
)


_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
LIVE_KEY = "C"


class PersonPanel(StepPanel):
    """Portrait, parts of the face, questions, and three answers (keys 1 to 3).

    Signals are those of :class:`StepPanel`; ``again_requested`` asks to present the document again.
        live_requested(bool): show the live picture beside the portrait, or no more.
    """

    live_requested = Signal(bool)
    name = "person"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.again_button = Button(look, "", icon="refresh", key=RETAKE_KEY)
        self.again_button.setObjectName("present-again")
        super().__init__(look, catalogue)
        self.compare = PortraitCompare(look)
        self.nearer = self._tool("zoom-in", "+", "zoom-in")
        self.farther = self._tool("minus", "-", "zoom-out")
        self.live_button = self._tool("camera", LIVE_KEY, "show-live")
        self._live = False
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
        self.nearer.clicked.connect(self._look_nearer)
        self.farther.clicked.connect(self._look_farther)
        self.live_button.clicked.connect(self._toggle_live)
        self.compare.portrait.zoomed.connect(self._show_zoom)
        self.answers.changed.connect(self._judge)
        self.questions.changed.connect(self._judge)
        self.consistent.changed.connect(self._judge)

    def _build(self) -> None:
        left = Card(self.look)
        left.body.addWidget(self.compare, 1)
        tools = QHBoxLayout()
        tools.setSpacing(Space.S)
        tools.addWidget(self.nearer)
        tools.addWidget(self.farther)
        tools.addStretch(1)
        tools.addWidget(self.live_button)
        left.body.addLayout(tools)
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
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._answers_inner, self._answers_scroll = inner, scroll
        right = Card(self.look)
        right.body.addWidget(scroll, 1)
        self.body.addWidget(Halves(left, right), 1)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_width()

    def _keep_width(self) -> None:
        """The answers are never cut, and never scroll sideways."""
        bar = self._answers_scroll.verticalScrollBar().sizeHint().width()
        self._answers_scroll.setMinimumWidth(self._answers_inner.minimumSizeHint().width() + bar)

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.again_button,)

    def _tool(self, icon: str, key: str, name: str) -> Button:
        """A quiet button under the pictures."""
        button = Button(self.look, "", kind=ButtonKind.QUIET, icon=icon, key=key)
        button.setObjectName(name)
        button.set_height(Size.TARGET_BAR)
        return button

    @property
    def live(self) -> bool:
        """Whether the agent wants the live picture."""
        return self._live

    @override
    def show_sight(self, sight: Sight) -> None:
        """The person, or the document while it is presented again."""
        self.compare.show_live(sight.image)

    @override
    def show_camera_fault(self, failure: Failure) -> None:
        self.compare.show_live(None)
        what, do = error_words(failure.code, self.look.language)
        self.compare.set_missing(self.tr_("no_portrait"), f"{what} {do}")

    def end_live(self) -> None:
        """No live picture any more."""
        self._live = False
        self.compare.show_live(None)
        self.compare.show_side_by_side(live=False)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move an enlarged portrait."""
        way = _ARROWS.get(event.key())
        if way is None or self.compare.portrait.factor == STEPS[0]:
            super().keyPressEvent(event)
            return
        self.compare.portrait.shift(*way)

    def _look_nearer(self) -> None:
        self.compare.portrait.zoom(1)

    def _look_farther(self) -> None:
        self.compare.portrait.zoom(-1)

    def _toggle_live(self) -> None:
        self._live = not self._live
        self.compare.show_side_by_side(live=self._live)
        if not self._live:
            self.compare.show_live(None)
        if self.view is not None:
            self.refresh()
        self.live_requested.emit(self._live)

    def _show_zoom(self, factor: float) -> None:
        self.nearer.setEnabled(self._has_portrait and factor < STEPS[-1])
        self.farther.setEnabled(self._has_portrait and factor > STEPS[0])
        percent = self.look.language.number(factor * 100)
        caption = self.tr_("portrait") if factor == STEPS[0] else self.tr_("zoomed", n=percent)
        self.compare.set_captions(caption, self.tr_("live"))

    @override
    def show_pictures(self, pictures: Pictures) -> None:
        self.end_live()
        self.show_portrait(pictures.portrait)

    def show_portrait(self, portrait: "Picture | None") -> None:
        """Portrait cut from the document, (h, w, 3) uint8 BGR; None: not kept."""
        self._has_portrait = portrait is not None
        self.compare.portrait.reset()
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
        self._show_zoom(self.compare.portrait.factor)
        self.compare.set_missing(
            self.tr_("no_portrait"), self.tr_("camera_starts" if self._live else "look_up")
        )
        self.nearer.set_texts(self.tr_("nearer"), self.tr_("nearer"))
        self.farther.set_texts(self.tr_("farther"), self.tr_("farther"))
        self.live_button.setText(self.tr_("live_off" if self._live else "live_on"))
        self.live_button.updateGeometry()
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
        self._keep_width()

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
        self.end_live()
        self.show_portrait(None)

    def _judge(self, _values: tuple[str, ...] = ()) -> None:
        asked = bool(self.questions.selected) and self.questions.selected[0] != "0"
        self.consistent.setVisible(asked)
        self.primary.setEnabled(self.facts is not None)
