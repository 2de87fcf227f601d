"""Pages put together from widgets as a journey does it, with made-up facts and pictures."""

import cv2
import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from kiosk.domain.evidence import Verdict
from ui.theme import Space, Tone, Type
from ui.widgets.action_bar import ActionBar
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.check_row import CheckRow
from ui.widgets.chip import Chip
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.feature_card import FeatureCard, FeatureView, Gesture
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.portrait import PortraitCompare
from ui.widgets.preview import Preview
from ui.widgets.quality import Measure, QualityRow
from ui.widgets.steps import StepItem

STEPS = (
    StepItem("Demande", "Code QR"),
    StepItem("Information", "Accord de la personne"),
    StepItem("Pièce d’identité", "Recto, puis verso"),
    StepItem("Contrôles", "Faits par le poste"),
    StepItem("Points à examiner", "Par l’agent"),
    StepItem("Personne", "Comparaison par l’agent"),
    StepItem("Décision", "Et confirmation"),
    StepItem("Reçu", "Scellement"),
)
OUTLINE = np.array([[330, 190], [930, 150], [960, 520], [350, 590]], float)


def frame() -> np.ndarray:
    """A plain card under a camera, (720, 1280, 3) uint8 BGR."""
    image = np.full((720, 1280, 3), (70, 62, 54), np.uint8)
    cv2.fillConvexPoly(image, OUTLINE.astype(np.int32), (236, 228, 225))
    band = np.array([[330, 190], [930, 150], [934, 202], [333, 246]], np.int32)
    cv2.fillConvexPoly(image, band, (130, 78, 44))
    return image


class Composition(QWidget):
    """Title, body, and buttons in ``bar``."""

    def __init__(self, look: Look, title: str) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.GUTTER, Space.XXL, Space.GUTTER, Space.XL)
        outer.setSpacing(Space.XL)
        outer.addWidget(Label(look, title, Type.H1, wrap=True))
        self.row = QHBoxLayout()
        self.row.setSpacing(Space.XXL)
        outer.addLayout(self.row, 1)
        self.bar = ActionBar(
            look,
            back=Button(look, "Retour", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc"),
            others=(
                Button(look, "Saisir à la main", icon="keyboard", key="F4", short="Saisir"),
                Button(look, "Reprendre la photo", icon="refresh", key="F5", short="Reprendre"),
            ),
            primary=Button(
                look,
                "Continuer vers le verso",
                kind=ButtonKind.PRIMARY,
                trailing="arrow-right",
                key="Return",
            ),
        )


def scan(look: Look) -> Composition:
    page = Composition(look, "Posez la pièce d’identité sous la caméra")
    left = QVBoxLayout()
    left.setSpacing(Space.XL)
    preview = Preview(look)
    preview.show_frame(frame(), OUTLINE)
    preview.show_message("Pièce détectée, ne bougez plus", 0.72)
    measures = QualityRow(look)
    measures.show_measures(
        (
            Measure("target", "Netteté", "Bonne", Tone.OK),
            Measure("line-scan", "Cadrage", "Complet", Tone.OK),
            Measure("sun", "Reflets", "Léger, à droite", Tone.WARN),
        )
    )
    left.addWidget(preview, 1)
    left.addWidget(measures)
    card = Card(look, "Lu sur la pièce", trailing=Chip(look, "Recto", icon="id"))
    fields = ReadList(look)
    fields.show_rows(
        (
            ReadRow("surname", "Nom", "MARTIN"),
            ReadRow("given", "Prénoms", "Maëlys, Anne, Marie-Antoinette, Jeanne"),
            ReadRow("number", "Numéro de pièce", "X4RTBPFW4"),
            ReadRow(
                "expiry",
                "Date d’expiration",
                "11 février 2030",
                FieldState.WARN,
                "Reflet\u00a0: comparez avec la pièce.",
                editable=True,
            ),
            ReadRow("issue", "Délivrée le", "", FieldState.EMPTY),
        )
    )
    card.body.addWidget(fields)
    card.body.addStretch(1)
    page.row.addLayout(left, 5)
    page.row.addWidget(card, 3)
    return page


def features(look: Look) -> Composition:
    page = Composition(look, "Examinez trois points de la pièce")
    card = Card(look)
    feature = FeatureCard(look)
    feature.show_feature(
        FeatureView(
            "Image laser variable",
            "Inclinez la pièce\u00a0: la date et le portrait alternent.",
            Gesture.TILT,
            (0.74, 0.55, 0.18, 0.3),
        )
    )
    card.body.addWidget(feature)
    answers = Card(look, "Votre réponse")
    group = ChoiceGroup(look)
    group.show_choices(
        (
            Choice("pass", "Conforme", "Je vois ce qui est décrit", "circle-check", Tone.OK),
            Choice("unsure", "Je ne suis pas sûr", "Usure, doute", "alert-triangle", Tone.WARN),
            Choice("fail", "Non conforme", "Le point manque", "circle-x", Tone.BAD),
        )
    )
    group.select("pass")
    answers.body.addWidget(group)
    answers.body.addStretch(1)
    page.row.addWidget(card, 3)
    page.row.addWidget(answers, 2)
    return page


def checks(look: Look) -> Composition:
    page = Composition(look, "Contrôles faits par le poste")
    card = Card(look, "Résultats")
    banner = Banner(look)
    banner.show_message("Réponse enregistrée.", Tone.OK, undo="Annuler", ms=0)
    card.body.addWidget(banner)
    for verdict, sentence, tick in (
        (Verdict.PASS, "Bande de lecture contrôlée, sans erreur.", ""),
        (Verdict.UNSURE, "Le prénom annoncé est abrégé sur la pièce.", "J’ai comparé les noms"),
        (Verdict.FAIL, "La pièce est expirée depuis le 2 mars 2026.", ""),
        (Verdict.NOT_DONE, "Cachet électronique absent de cette pièce.", ""),
    ):
        card.body.addWidget(CheckRow(look, sentence, verdict, detail="Détail.", tick=tick))
    card.body.addStretch(1)
    page.row.addWidget(card)
    return page


def person(look: Look) -> Composition:
    page = Composition(look, "Est-ce la même personne\u00a0?")
    card = Card(look)
    compare = PortraitCompare(look)
    compare.set_captions("Sur la pièce", "En face de vous")
    compare.set_missing("L’image n’a pas été gardée.", "Regardez la personne.")
    compare.show_portrait(np.ascontiguousarray(frame()[200:400, 400:550]))
    card.body.addWidget(compare)
    page.row.addWidget(card)
    return page
