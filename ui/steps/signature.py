"""The signature of the person who takes the item; the screen is turned to them.

Rules, in order: what is signed for stands above the pad; nothing is handed over before the seal;
who cannot sign is not asked why, and the agent witnesses it.
"""

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.items import shown
from kiosk.journeys.service_steps import SignatureFacts, SignatureGiven
from ui.steps.panel import RETAKE_KEY, StepPanel
from ui.steps.words import full_name, names_of
from ui.theme import Space, Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.label import Badge, Label
from ui.widgets.look import Look
from ui.widgets.signature_pad import PAD_HEIGHT, PAD_WIDTH, SignaturePad

UNABLE_KEY = "F6"


class SignaturePanel(StepPanel):
    """What is signed for, and a large pad; or, instead of it, the agent as witness."""

    name = "signature"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.undo_button = Button(
            look, "", kind=ButtonKind.QUIET, icon="arrow-back-up", key="Ctrl+Z"
        )
        self.undo_button.setObjectName("undo-stroke")
        self.clear_button = Button(
            look, "", kind=ButtonKind.QUIET, icon="backspace", key=RETAKE_KEY
        )
        self.clear_button.setObjectName("clear-signature")
        self.unable_button = Button(look, "", icon="pencil", key=UNABLE_KEY)
        self.unable_button.setObjectName("cannot-sign")
        super().__init__(look, catalogue)
        self._card = Card(look)
        self._statement = Label(look, "", Type.H2, wrap=True)
        self.pad = SignaturePad(look)
        self._witness = Label(look, "", Type.H3, wrap=True)
        self._witness_hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._stack = QStackedWidget()
        self._build()
        self.pad.changed.connect(self._judge)
        self.undo_button.clicked.connect(self.pad.undo)
        self.clear_button.clicked.connect(self.pad.clear)
        self.unable_button.clicked.connect(self._toggle_unable)

    def _build(self) -> None:
        witness = QWidget()
        column = QVBoxLayout(witness)
        column.setContentsMargins(Space.NONE, Space.XXL, Space.NONE, Space.NONE)
        column.setSpacing(Space.L)
        column.addWidget(Badge(self.look, "signature", Tone.INFO))
        column.addWidget(self._witness)
        column.addWidget(self._witness_hint)
        column.addStretch(1)
        signing = QWidget()
        rows = QVBoxLayout(signing)
        rows.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        rows.setSpacing(Space.M)
        hands = QHBoxLayout()
        hands.addStretch(1)
        hands.addWidget(self.undo_button)
        hands.addWidget(self.clear_button)
        hands.addStretch(1)
        rows.addWidget(self.pad, 1)
        rows.addLayout(hands)
        self._stack.addWidget(signing)
        self._stack.addWidget(witness)
        self._card.body.setSpacing(Space.XL)
        self._card.body.addWidget(self._statement)
        self._card.body.addWidget(self._stack, 1)
        self.body.addWidget(self._card, 1)

    @property
    def unable(self) -> bool:
        """Whether the agent witnesses that the person cannot sign."""
        return self._stack.currentIndex() == 1

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.unable_button,)

    @override
    def forget(self) -> None:
        super().forget()
        self._stack.setCurrentIndex(0)
        self.pad.clear()

    @override
    def take_focus(self) -> None:
        self.pad.setFocus()

    @override
    def go_on(self) -> None:
        if self.unable:
            facts = SignatureFacts((), PAD_WIDTH, PAD_HEIGHT, unable=True)
        elif self.pad.signed:
            facts = SignatureFacts(self.pad.strokes, PAD_WIDTH, PAD_HEIGHT)
        else:
            return
        self.happened.emit(SignatureGiven(facts))

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        state = self.view.state
        if state.signature is not None and not self.pad.strokes:
            self.pad.show_strokes(state.signature.strokes)
            self._stack.setCurrentIndex(1 if state.signature.unable else 0)
        name = ""
        if state.document is not None:
            surname, given = names_of(state.document, state.sides)
            name = full_name(surname, tuple(given.split(", ")))
        number = "" if state.item is None else shown(state.item.number)
        self._statement.setText(self.tr_("statement", name=name, number=number))
        self.pad.set_hint(self.tr_("sign_here"), self.tr_("pad"))
        self._witness.setText(self.tr_("witness"))
        self._witness_hint.setText(self.tr_("witness_hint"))
        self.undo_button.setText(self.tr_("undo"))
        self.clear_button.setText(self.tr_("clear"))
        key = "can" if self.unable else "cannot"
        self.unable_button.set_texts(self.tr_(key), self.tr_(f"{key}_short"))
        self.primary.setText(self.tr_("attest" if self.unable else "primary"))
        self._judge()

    def _toggle_unable(self) -> None:
        self._stack.setCurrentIndex(0 if self.unable else 1)
        if self.unable:
            self.pad.clear()
        else:
            self.pad.setFocus()
        if self.view is not None:
            self.refresh()

    def _judge(self) -> None:
        drawn = bool(self.pad.strokes)
        self.undo_button.setEnabled(drawn and not self.unable)
        self.clear_button.setEnabled(drawn and not self.unable)
        self.primary.setEnabled(self.unable or self.pad.signed)
