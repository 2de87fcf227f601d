"""The ground of a step that takes a code: held under the camera, scanned, or typed."""

from typing import ClassVar

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from ui.steps.entries import Entry
from ui.steps.panel import RETAKE_KEY, TYPE_KEY, StepPanel
from ui.steps.words import error_words
from ui.theme import Space, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.field import ReadList
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.preview import Preview
from ui.workers.camera import Sight
from ui.workers.desk import Failure


class CodePanel(StepPanel):
    """Live picture, or a line to type, on the left; on the right what the code turned out to be.

    Texts of each panel: ``card``, ``again``, ``show_code``, ``or_type`` under ``journey.<name>``.
    """

    entry_name: ClassVar[str]
    """Object name of the line to type."""

    longest: ClassVar[int]
    """Characters that the line takes."""

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.type_button = Button(look, "", icon="keyboard", key=TYPE_KEY)
        self.type_button.setObjectName("type-by-hand")
        self.again_button = Button(look, "", icon="refresh", key=RETAKE_KEY)
        self.again_button.setObjectName("scan-again")
        super().__init__(look, catalogue)
        self.preview = Preview(look)
        self._blind = False
        self.entry = Entry(look, mono=True)
        self.entry.edit.setObjectName(self.entry_name)
        self.entry.edit.setMaxLength(self.longest)
        self._typing = Card(look)
        self._card = Card(look, " ")
        self._verdict = Label(look, "", Type.STRONG, wrap=True)
        self._way_on = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._rows = ReadList(look)
        self._stack = QStackedWidget()
        self._build()
        self.type_button.clicked.connect(self._toggle_typing)
        self.again_button.clicked.connect(self._look_again)

    def _build(self) -> None:
        self._typing.body.addWidget(self.entry)
        self._typing.body.addStretch(1)
        self._stack.addWidget(self.preview)
        self._stack.addWidget(self._typing)
        side = QVBoxLayout()
        side.setSpacing(Space.M)
        for widget in (self._verdict, self._way_on, self._rows):
            side.addWidget(widget)
        side.addStretch(1)
        self._card.body.addLayout(side)
        self.columns(self._stack, self._card, (7, 3))

    @property
    def typing(self) -> bool:
        """Whether the code is being typed."""
        return self._stack.currentIndex() == 1

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.type_button, self.again_button)

    @override
    def forget(self) -> None:
        super().forget()
        self.entry.edit.clear()
        self.preview.clear()
        self._blind = False
        self._stack.setCurrentIndex(0)

    @override
    def go_back(self) -> None:
        if self.typing:
            self._toggle_typing()
            if self.view is not None:
                self.show_case(self.view)
        else:
            super().go_back()

    @override
    def refresh(self) -> None:
        tr = self.look.language.tr
        self._card.set_title(self.tr_("card"))
        self.again_button.setText(self.tr_("again"))
        self.type_button.set_icon("camera" if self.typing else "keyboard")
        if self.typing:
            self.type_button.set_texts(
                tr("journey.request.use_camera"), tr("journey.request.use_camera_short")
            )
            self.back.setEnabled(True)
        else:
            self.type_button.set_texts(tr("journey.type"), tr("journey.type_short"))
        if self._blind:
            self.preview.show_message(self.tr_("or_type"), live=False)
            return
        live = self.preview.picture.has_picture
        # A camera takes seconds to open on some machines: what is waited for is said.
        words = self.tr_("show_code") if live else tr("hardware.starting")
        self.preview.show_message(words, live=live)

    @override
    def show_sight(self, sight: Sight) -> None:
        self._blind = False
        self.preview.show_frame(sight.image, sight.outline)
        self.preview.show_message(self.tr_("show_code"), live=True)

    @override
    def show_camera_fault(self, failure: Failure) -> None:
        self._blind = True
        what, do = error_words(failure.code, self.look.language)
        self.preview.show_note(f"{what} {do}")
        self.preview.show_message(self.tr_("or_type"), live=False)

    def _toggle_typing(self) -> None:
        self._stack.setCurrentIndex(0 if self.typing else 1)
        if self.typing:
            self.entry.edit.clear()
            self.entry.edit.setFocus()
        self.retranslate()

    def _look_again(self) -> None:
        self.again_requested.emit()
