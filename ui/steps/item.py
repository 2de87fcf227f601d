"""The number of the registered item: under the camera, by a hand-held scanner, or typed."""

from collections.abc import Iterable

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.items import ItemNumber, number_in_view, shown, typed_number
from kiosk.domain.errors import ItemError, ItemFormError
from kiosk.journeys.model import Event
from kiosk.journeys.service_steps import ItemFacts, ItemScanned
from ui.steps.entries import Entry
from ui.steps.panel import RETAKE_KEY, TYPE_KEY, StepPanel
from ui.steps.words import error_words
from ui.theme import Space, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.preview import Preview
from ui.workers.camera import Sight
from ui.workers.desk import Failure

_LONGEST = 40


class ItemPanel(StepPanel):
    """Live picture on the left, the number and what is wrong with it on the right.

    A number that is read for sure goes on by itself; one that the case has already stays until
    another one comes or the agent goes on.
    """

    name = "item"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.type_button = Button(look, "", icon="keyboard", key=TYPE_KEY)
        self.type_button.setObjectName("type-by-hand")
        self.again_button = Button(look, "", icon="refresh", key=RETAKE_KEY)
        self.again_button.setObjectName("scan-again")
        super().__init__(look, catalogue)
        self.preview = Preview(look)
        self.entry = Entry(look, mono=True)
        self.entry.edit.setObjectName("item-entry")
        self.entry.edit.setMaxLength(_LONGEST)
        self._entry_hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._card = Card(look, " ")
        self._verdict = Label(look, "", Type.STRONG, wrap=True)
        self._way_on = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._rows = ReadList(look)
        self._stack = QStackedWidget()
        self._problem = ""
        self._unknown = ""
        self._build()
        self.type_button.clicked.connect(self._toggle_typing)
        self.again_button.clicked.connect(self._look_again)
        self.entry.changed.connect(self._retype)

    def _build(self) -> None:
        typing = Card(self.look)
        typing.body.addWidget(self.entry)
        typing.body.addWidget(self._entry_hint)
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
        """Whether the number is being typed."""
        return self._stack.currentIndex() == 1

    @property
    def problem(self) -> str:
        """Code of what was wrong with the last code or number, ``""`` if nothing."""
        return self._problem

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.type_button, self.again_button)

    @override
    def forget(self) -> None:
        super().forget()
        self._problem = self._unknown = ""
        self.entry.edit.clear()
        self.preview.clear()
        self._stack.setCurrentIndex(0)

    def take_codes(self, payloads: Iterable[bytes]) -> None:
        """Codes in view of the camera, or one that a scanner typed."""
        if self.typing:
            return
        try:
            item = number_in_view(payloads)
        except ItemError as exc:
            self._tell(exc.code)
            return
        if item is not None:
            self._take(item, by_hand=False)

    def take_scan(self, text: str) -> None:
        """A hand-held scanner typed a code: it counts while the number is typed as well."""
        if self.typing:
            self._toggle_typing()
        self.take_codes((text.encode("utf-8", "replace"),))

    @override
    def go_on(self) -> None:
        if not self.typing:
            known = self.view.state.item if self.view else None
            if known is not None:
                self.happened.emit(ItemScanned(known))
            return
        text = self.entry.edit.text().strip()
        if not text:
            return
        try:
            item = typed_number(text, looked_again=text == self._unknown)
        except ItemError as exc:
            self._unknown = text if isinstance(exc, ItemFormError) else ""
            self._tell(exc.code)
            return
        self._take(item, by_hand=True)

    def _take(self, item: ItemNumber, *, by_hand: bool) -> None:
        known = self.view.state.item if self.view else None
        self._tell("")
        if not by_hand and known is not None and known.number == item.number:
            return  # it still lies there: no news
        event: Event = ItemScanned(ItemFacts(item.number, item.scheme, by_hand=by_hand))
        self.happened.emit(event)

    @override
    def go_back(self) -> None:
        if self.typing:
            self._toggle_typing()
        else:
            super().go_back()

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        tr = self.look.language.tr
        self._card.set_title(self.tr_("card"))
        self.entry.set_label(self.tr_("entry"), self.tr_("entry_form"))
        self._entry_hint.setText(self.tr_("entry_hint"))
        self.type_button.set_texts(tr("journey.type"), tr("journey.type_short"))
        self.again_button.setText(self.tr_("again"))
        if self.typing:
            self.type_button.set_texts(
                tr("journey.request.use_camera"), tr("journey.request.use_camera_short")
            )
            self.back.setEnabled(True)
        else:
            self.back.setEnabled(False)  # the first step
        item = self.view.state.item
        rows: tuple[ReadRow, ...] = ()
        if item is not None:
            scheme = self.tr_(f"scheme.{item.scheme}")
            rows = (
                ReadRow("number", self.tr_("number"), shown(item.number)),
                ReadRow("scheme", self.tr_("format"), scheme, FieldState.PLAIN),
            )
        self._rows.show_rows(rows)
        self.preview.show_message(self.tr_("show_code"), live=self.preview.picture.has_picture)
        self._write_verdict()
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

    def _tell(self, code: str) -> None:
        """What is wrong, beside the number and under the line that is typed in."""
        self._problem = code
        if code:
            what, do = error_words(code, self.look.language)
            self.entry.show_problem(f"{what} {do}" if self.typing else "")
        else:
            self.entry.show_problem("")
        self._write_verdict()

    def _write_verdict(self) -> None:
        if self._problem and not self.typing:
            what, do = error_words(self._problem, self.look.language)
            self._verdict.setText(what)
            self._verdict.set_ink("warn")
            self._way_on.setText(do)
            return
        known = self.view is not None and self.view.state.item is not None
        key = "known" if known else "waiting"
        self._verdict.setText(self.tr_(f"{key}.what"))
        self._verdict.set_ink("ok" if known else "ink")
        self._way_on.setText(self.tr_(f"{key}.do"))

    def _toggle_typing(self) -> None:
        self._stack.setCurrentIndex(0 if self.typing else 1)
        self._unknown = ""
        self._tell("")
        if self.typing:
            self.entry.edit.clear()
            self.entry.edit.setFocus()
        self.retranslate()

    def _retype(self) -> None:
        """Another text: what was said of the one before counts no more."""
        if self.entry.edit.text().strip() != self._unknown:
            self._unknown = ""
        self._tell("")
        self._refresh_primary()

    def _look_again(self) -> None:
        self._tell("")
        self.again_requested.emit()

    def _refresh_primary(self) -> None:
        known = self.view is not None and self.view.state.item is not None
        if self.typing:
            self.primary.setText(self.tr_("use"))
            self.primary.setEnabled(bool(self.entry.edit.text().strip()))
        else:
            self.primary.setText(self.tr_("primary"))
            self.primary.setEnabled(known)
        self.primary.updateGeometry()
