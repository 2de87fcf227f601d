"""Security features, one at a time: where to look, what should be seen, and three answers."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.evidence import DocumentKind, Verdict
from kiosk.journeys.model import FeatureExamined, FeatureResult, FeaturesFinished
from kiosk.journeys.service_steps import SignsNoted
from ui.steps.panel import StepPanel
from ui.theme import Size, Space, Tone, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.check_row import VERDICT_ICONS, VERDICT_TONES
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.feature_card import FeatureCard, FeatureView, Gesture
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look
from ui.widgets.scroll import ScrollArea

SIGNS_KEY = "F6"
_SHAPES = {
    DocumentKind.FR_ID_CARD_2021: "card-2021",
    DocumentKind.FR_ID_CARD_1988: "card-1988",
    DocumentKind.FR_PASSPORT: "passport",
    DocumentKind.PASSPORT: "passport",
    DocumentKind.FR_RESIDENCE_PERMIT: "permit",
    DocumentKind.EU_ID_CARD: "eu-card",
}
_PAPER = frozenset({"eu-id-card.it-paper", "eu-id-card.gr-laminated"})
"""Series of cards that are larger than the usual one, without a zone."""
_ANSWERS = (
    (Verdict.PASS, "circle-check", Tone.OK),
    (Verdict.FAIL, "circle-x", Tone.BAD),
    (Verdict.UNSURE, "help-circle", Tone.WARN),
)


class FeaturesPanel(StepPanel):
    """The drawing on the left, the answers and the other features on the right."""

    name = "features"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.signs_button = Button(look, "", icon="alert-triangle", key=SIGNS_KEY)
        self.signs_button.setObjectName("signs-button")
        super().__init__(look, catalogue)
        self._shown = ""
        self.card = FeatureCard(look)
        self.answers = ChoiceGroup(look)
        self.answers.setObjectName("feature-answers")
        self._question = Label(look, "", Type.H3, wrap=True)
        self._side = Card(look, " ")
        self._list = RowList(look, clickable=True, close=True)
        self._rows = ScrollArea(look)
        self.signs = ChoiceGroup(look, multiple=True, columns=2, keys=False)
        self.signs.setObjectName("signs")
        self._signs_title = Label(look, "", Type.H2, wrap=True)
        self._signs_hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._left = QStackedWidget()
        self._build()
        self.answers.changed.connect(self._answer)
        self._list.chosen.connect(self._choose)

    def _build(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._right_column = column
        answer = Card(self.look)
        answer.body.addWidget(self._question)
        answer.body.addWidget(self.answers)
        column.addWidget(answer)
        # In a low window the list gives way, not the drawing: that is what is looked at.
        rows = QWidget()
        inside = QVBoxLayout(rows)
        inside.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        inside.addWidget(self._list)
        inside.addStretch(1)
        rows.setMinimumHeight(1)  # what the rows need at their width, not what Qt guesses of words
        self._rows.setWidget(rows)
        self._rows.setMinimumHeight(Size.ROW - Space.M)  # one row, and that there are more
        self._side.body.addWidget(self._rows, 1)
        column.addWidget(self._side, 1)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        left = Card(self.look)
        left.body.addWidget(self.card)
        self._left.addWidget(left)
        self._left.addWidget(self._signs_card())
        self.columns(self._left, right, (6, 4))
        self.look.theme.changed.connect(self._restyle_right)
        self._restyle_right()
        self.signs_button.clicked.connect(self._toggle_signs)
        self.signs.changed.connect(self._note_signs)

    def _restyle_right(self) -> None:
        """In a low window a little less air is one row more."""
        self._right_column.setSpacing(Space.M if self.look.theme.low else Space.L)

    def _signs_card(self) -> Card:
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(Space.NONE, Space.NONE, Space.M, Space.NONE)
        rows.addWidget(self.signs)
        rows.addStretch(1)
        scroll = ScrollArea(self.look)
        scroll.setWidget(inner)
        card = Card(self.look)
        card.body.addWidget(self._signs_title)
        card.body.addWidget(self._signs_hint)
        card.body.addWidget(scroll, 1)
        return card

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.signs_button,)

    @property
    def noting_signs(self) -> bool:
        """Whether the signs of alteration are shown in place of the drawing."""
        return self._left.currentIndex() == 1

    @override
    def forget(self) -> None:
        super().forget()
        self._left.setCurrentIndex(0)
        self.signs.select()

    def _toggle_signs(self) -> None:
        self._left.setCurrentIndex(0 if self.noting_signs else 1)
        self._write_signs()

    def _note_signs(self, signs: tuple[str, ...]) -> None:
        self.happened.emit(SignsNoted(signs))

    def _write_signs(self) -> None:
        tr = self.look.language.tr
        noted = self.view.state.signs if self.view else ()
        self._signs_title.setText(self.tr_("signs.title"))
        self._signs_hint.setText(self.tr_("signs.hint"))
        self.signs.show_choices(
            tuple(
                Choice(sign.sign_id, tr(f"signs.{sign.sign_id}"), tone=Tone.BAD)
                for sign in self.catalogue.signs
            )
        )
        self.signs.select(*noted)
        if self.noting_signs:
            self.signs_button.set_texts(self.tr_("signs.done"), self.tr_("signs.done_short"))
        else:
            counted = self.tr_("signs.count", n=len(noted)) if noted else self.tr_("signs.button")
            self.signs_button.set_texts(counted, counted)
        self.signs_button.updateGeometry()

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
        self._write_signs()
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
        for feature, row in zip(features, self._list.rows, strict=True):
            if feature is item:
                self._rows.ensureWidgetVisible(row, Space.NONE, Space.NONE)

    def _picture(self, item: FeatureResult) -> FeatureView:
        tr = self.look.language.tr
        feature = self.catalogue.feature(item.feature_id)
        box = feature.box
        return FeatureView(
            title=tr(f"features.{item.feature_id}.name"),
            instruction=tr(f"features.{item.feature_id}.how"),
            gesture=Gesture(feature.kind.value),
            box=None if box is None else (box.x, box.y, box.width, box.height),
            side=feature.side.value,
            shape="paper" if _PAPER & {*feature.series} else _SHAPES.get(feature.document, "card"),
        )

    def _choose(self, feature_id: str) -> None:
        self._shown = feature_id
        if self.noting_signs:
            self._toggle_signs()
        if self.view is not None:
            features = self.view.state.features
            self._write({f.feature_id: f for f in features}.get(feature_id), features)

    def _answer(self, values: tuple[str, ...]) -> None:
        if values and self._shown:
            self.happened.emit(FeatureExamined(self._shown, Verdict(values[0])))
