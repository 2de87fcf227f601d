"""Security features, one at a time: where to look, what should be seen, and three answers."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue, FeatureKind
from kiosk.domain.evidence import DocumentKind, Verdict
from kiosk.journeys.model import FeatureExamined, FeatureResult, FeaturesFinished
from ui.steps.panel import StepPanel
from ui.theme import Space, Tone, Type
from ui.widgets.card import Card
from ui.widgets.check_row import VERDICT_ICONS, VERDICT_TONES
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.feature_card import FeatureCard, FeatureView, Gesture
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look

_GESTURES = {
    FeatureKind.TOUCH: Gesture.TOUCH,
    FeatureKind.TILT: Gesture.TILT,
}
_PASSPORTS = (DocumentKind.FR_PASSPORT, DocumentKind.PASSPORT)
_ANSWERS = (
    (Verdict.PASS, "circle-check", Tone.OK),
    (Verdict.FAIL, "circle-x", Tone.BAD),
    (Verdict.UNSURE, "help-circle", Tone.WARN),
)


class FeaturesPanel(StepPanel):
    """The drawing on the left, the answers and the other features on the right."""

    name = "features"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look, catalogue)
        self._shown = ""
        self.card = FeatureCard(look)
        self.answers = ChoiceGroup(look)
        self.answers.setObjectName("feature-answers")
        self._question = Label(look, "", Type.H3, wrap=True)
        self._side = Card(look, " ")
        self._list = RowList(look, clickable=True)
        self._build()
        self.answers.changed.connect(self._answer)
        self._list.chosen.connect(self._choose)

    def _build(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.L)
        answer = Card(self.look)
        answer.body.addWidget(self._question)
        answer.body.addWidget(self.answers)
        column.addWidget(answer)
        self._side.body.addWidget(self._list)
        self._side.body.addStretch(1)
        column.addWidget(self._side, 1)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        left = Card(self.look)
        left.body.addWidget(self.card)
        self.columns(left, right, (6, 4))

    @property
    def shown_feature(self) -> str:
        """Id of the feature on the screen, ``""`` where none was drawn."""
        return self._shown

    @override
    def go_on(self) -> None:
        self.happened.emit(FeaturesFinished())

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        features = self.view.state.features
        known = {item.feature_id: item for item in features}
        open_ = next((item.feature_id for item in features if item.verdict is None), "")
        if self._shown not in known or (open_ and known[self._shown].verdict is not None):
            self._shown = open_ or (features[-1].feature_id if features else "")
        self._write(known.get(self._shown), features)
        self.primary.setEnabled(bool(features) and not open_)

    def _write(self, item: FeatureResult | None, features: tuple[FeatureResult, ...]) -> None:
        tr = self.look.language.tr
        number = next((n for n, f in enumerate(features, 1) if f is item), 0)
        self._question.setText(self.tr_("question", number=number, count=len(features)))
        self._side.set_title(self.tr_("drawn"))
        self.answers.show_choices(
            tuple(
                Choice(verdict.value, self.tr_(f"answer.{verdict.value}"), "", icon, tone)
                for verdict, icon, tone in _ANSWERS
            )
        )
        self.answers.setVisible(item is not None)
        if item is None:
            self.show_problem(self.tr_("none_left"))
            return
        self.answers.select(*([item.verdict.value] if item.verdict else []))
        self.card.show_feature(self._picture(item))
        self._list.show_items(
            tuple(
                RowItem(
                    feature.feature_id,
                    tr(f"features.{feature.feature_id}.name"),
                    self.tr_("here") if feature is item else self.tr_(f"kind.{feature.kind}"),
                    VERDICT_ICONS[feature.verdict or Verdict.NOT_DONE],
                    VERDICT_TONES[feature.verdict or Verdict.NOT_DONE],
                    tr(f"common.verdict.{feature.verdict.value}") if feature.verdict else "",
                )
                for feature in features
            )
        )

    def _picture(self, item: FeatureResult) -> FeatureView:
        tr = self.look.language.tr
        feature = self.catalogue.feature(item.feature_id)
        box = feature.box
        return FeatureView(
            title=tr(f"features.{item.feature_id}.name"),
            instruction=tr(f"features.{item.feature_id}.how"),
            gesture=_GESTURES.get(feature.kind, Gesture.LOOK),
            box=None if box is None else (box.x, box.y, box.width, box.height),
            side=feature.side.value,
            shape="passport" if feature.document in _PASSPORTS else "card",
        )

    def _choose(self, feature_id: str) -> None:
        self._shown = feature_id
        if self.view is not None:
            features = self.view.state.features
            self._write({f.feature_id: f for f in features}.get(feature_id), features)

    def _answer(self, values: tuple[str, ...]) -> None:
        if values and self._shown:
            self.happened.emit(FeatureExamined(self._shown, Verdict(values[0])))
