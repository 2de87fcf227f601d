"""The code of the request: held under the camera, scanned, or pasted."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.request import RequestVerdict, VerificationRequest
from kiosk.journeys.model import RequestPresented
from ui.steps.entries import Entry
from ui.steps.panel import RETAKE_KEY, TYPE_KEY, StepPanel
from ui.steps.words import error_words, full_name, partial_day
from ui.theme import Space, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.field import ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.preview import Preview
from ui.workers.camera import Sight
from ui.workers.desk import Failure

_NO_REQUEST = frozenset(
    {RequestVerdict.FOREIGN, RequestVerdict.MISTYPED_CODE, RequestVerdict.UNKNOWN_CODE}
)
"""What says nothing about a request that was accepted before."""
_BAD = frozenset({RequestVerdict.FORGED, RequestVerdict.USED_BEFORE})


class RequestPanel(StepPanel):
    """Live picture on the left, what the code turned out to be on the right.

    Signals:
        code_presented(str): a code was typed or pasted.
    """

    code_presented = Signal(str)
    name = "request"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.type_button = Button(look, "", icon="keyboard", key=TYPE_KEY)
        self.type_button.setObjectName("type-by-hand")
        self.again_button = Button(look, "", icon="refresh", key=RETAKE_KEY)
        self.again_button.setObjectName("scan-again")
        super().__init__(look, catalogue)
        self.preview = Preview(look)
        self.entry = Entry(look, mono=True)
        self.entry.edit.setObjectName("code-entry")
        self.entry.edit.setMaxLength(2048)
        self._card = Card(look, " ")
        self._verdict = Label(look, "", Type.STRONG, wrap=True)
        self._way_on = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._rows = ReadList(look)
        self._stack = QStackedWidget()
        self._build()
        self.type_button.clicked.connect(self._toggle_typing)
        self.again_button.clicked.connect(self._look_again)
        self.entry.changed.connect(self._refresh_primary)

    def _build(self) -> None:
        typing = Card(self.look)
        typing.body.addWidget(self.entry)
        typing.body.addStretch(1)
        self._stack.addWidget(self.preview)
        self._stack.addWidget(typing)
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
        self._stack.setCurrentIndex(0)

    @override
    def go_on(self) -> None:
        text = self.entry.edit.text().strip()
        if self.typing:
            if text:
                self.code_presented.emit(text)
        elif self._known is not None:
            self.happened.emit(RequestPresented(RequestVerdict.VALID, self._known))

    @property
    def _known(self) -> VerificationRequest | None:
        """The request that the case goes on with; a code that is no request changes nothing.

        A later code that is a request, but no good one, has to be answered first.
        """
        state = self.view.state if self.view else None
        if state is None or state.request_problem not in (None, *_NO_REQUEST):
            return None
        return state.request

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
        if self.view is None:
            return
        state = self.view.state
        problem = state.request_problem
        tr = self.look.language.tr
        self._card.set_title(self.tr_("card"))
        self.entry.set_label(self.tr_("entry"), self.tr_("entry_hint"))
        self.type_button.set_texts(tr("journey.type"), tr("journey.type_short"))
        self.again_button.setText(self.tr_("again"))
        if self.typing:
            self.type_button.set_texts(self.tr_("use_camera"), self.tr_("use_camera_short"))
            self.back.setEnabled(True)
        if problem is not None:
            self._say(f"verdict.{problem.value}", "bad" if problem in _BAD else "warn")
        elif state.request is not None:
            self._say("verdict.valid", "ok")
        else:
            self._say("waiting", "ink")
        request = self._known
        rows: tuple[ReadRow, ...] = ()
        if request is not None:
            rows = (
                ReadRow("name", self.tr_("name"), full_name(request.surname, request.given_names)),
                ReadRow(
                    "birth", self.tr_("birth"), partial_day(request.birth_date, self.look.language)
                ),
            )
        self._rows.show_rows(rows)
        self.preview.show_message(self.tr_("show_code"), live=self.preview.picture.has_picture)
        self._refresh_primary()

    @override
    def show_sight(self, sight: Sight) -> None:
        self.preview.show_frame(sight.image, sight.outline)
        self.preview.show_message(self.tr_("show_code"), live=True)

    @override
    def show_camera_fault(self, failure: Failure) -> None:
        what, do = error_words(failure.code, self.look.language)
        self.preview.show_note(f"{what} {do}")
        self.preview.show_message(self.tr_("or_type"), live=False)

    def _say(self, key: str, ink: str) -> None:
        self._verdict.setText(self.tr_(f"{key}.what"))
        self._verdict.set_ink(ink)
        self._way_on.setText(self.tr_(f"{key}.do"))

    def _toggle_typing(self) -> None:
        self._stack.setCurrentIndex(0 if self.typing else 1)
        if self.typing:
            self.entry.edit.clear()
            self.entry.edit.setFocus()
        self.retranslate()

    def _look_again(self) -> None:
        self.again_requested.emit()

    def _refresh_primary(self) -> None:
        if self.typing:
            self.primary.setText(self.tr_("primary"))
            self.primary.setEnabled(bool(self.entry.edit.text().strip()))
        else:
            self.primary.setText(self.tr_("go_on" if self._known else "primary"))
            self.primary.setEnabled(self._known is not None)
        self.primary.updateGeometry()
