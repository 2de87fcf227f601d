"""The number of the registered item: under the camera, by a hand-held scanner, or typed."""

from collections.abc import Iterable

from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.items import ItemNumber, number_in_view, shown, typed_number
from kiosk.domain.errors import ItemError, ItemFormError
from kiosk.journeys.model import Event
from kiosk.journeys.service_steps import ItemFacts, ItemScanned
from ui.steps.code_panel import CodePanel
from ui.steps.words import error_words
from ui.theme import Type
from ui.widgets.field import FieldState, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look


class ItemPanel(CodePanel):
    """Live picture on the left, the number and what is wrong with it on the right.

    A number that is read for sure goes on by itself; one that the case has already stays until
    another one comes or the agent goes on.
    """

    name = "item"

    entry_name = "item-entry"
    longest = 40

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self._problem = ""
        self._unknown = ""
        super().__init__(look, catalogue)
        self._entry_hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._typing.body.insertWidget(1, self._entry_hint)
        self.entry.changed.connect(self._retype)

    @property
    def problem(self) -> str:
        """Code of what was wrong with the last code or number, ``""`` if nothing."""
        return self._problem

    @override
    def forget(self) -> None:
        super().forget()
        self._problem = self._unknown = ""

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
    def refresh(self) -> None:
        if self.view is None:
            return
        super().refresh()
        self.entry.set_label(self.tr_("entry"), self.tr_("entry_form"))
        self._entry_hint.setText(self.tr_("entry_hint"))
        item = self.view.state.item
        rows: tuple[ReadRow, ...] = ()
        if item is not None:
            scheme = self.tr_(f"scheme.{item.scheme}")
            rows = (
                ReadRow("number", self.tr_("number"), shown(item.number)),
                ReadRow("scheme", self.tr_("format"), scheme, FieldState.PLAIN),
            )
        self._rows.show_rows(rows)
        self._write_verdict()
        self._refresh_primary()

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

    @override
    def _toggle_typing(self) -> None:
        self._unknown = ""
        super()._toggle_typing()
        self._tell("")

    def _retype(self) -> None:
        """Another text: what was said of the one before counts no more."""
        if self.entry.edit.text().strip() != self._unknown:
            self._unknown = ""
        self._tell("")
        self._refresh_primary()

    @override
    def _look_again(self) -> None:
        self._tell("")
        super()._look_again()

    def _refresh_primary(self) -> None:
        known = self.view is not None and self.view.state.item is not None
        if self.typing:
            self.primary.setText(self.tr_("use"))
            self.primary.setEnabled(bool(self.entry.edit.text().strip()))
        else:
            self.primary.setText(self.tr_("primary"))
            self.primary.setEnabled(known)
        self.primary.updateGeometry()
