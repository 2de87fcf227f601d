"""The code of the request: held under the camera, scanned, or pasted."""

from PySide6.QtCore import Signal
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.request import RequestVerdict, VerificationRequest
from kiosk.journeys.model import RequestPresented
from ui.steps.code_panel import CodePanel
from ui.steps.words import announced_document, full_name, partial_day
from ui.widgets.field import FieldState, ReadRow
from ui.widgets.look import Look

_NO_REQUEST = frozenset(
    {RequestVerdict.FOREIGN, RequestVerdict.MISTYPED_CODE, RequestVerdict.UNKNOWN_CODE}
)
"""What says nothing about a request that was accepted before."""
_BAD = frozenset({RequestVerdict.FORGED, RequestVerdict.USED_BEFORE})


class RequestPanel(CodePanel):
    """Live picture on the left, what the code turned out to be on the right.

    Signals:
        code_presented(str): a code was typed or pasted.
    """

    code_presented = Signal(str)
    name = "request"

    entry_name = "code-entry"
    longest = 2048

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look, catalogue)
        self.entry.changed.connect(self._refresh_primary)

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
    def refresh(self) -> None:
        if self.view is None:
            return
        super().refresh()
        state = self.view.state
        problem = state.request_problem
        self.entry.set_label(self.tr_("entry"), self.tr_("entry_hint"))
        if problem is not None:
            self._say(f"verdict.{problem.value}", "bad" if problem in _BAD else "warn")
            if state.request_office:
                self._way_on.setText(
                    f"{self._way_on.text()} {self.tr_('meant_for', office=state.request_office)}"
                )
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
            announced = announced_document(request, self.look.language)
            if announced:
                rows += (ReadRow("document", self.tr_("announced"), announced, FieldState.PLAIN),)
        self._rows.show_rows(rows)
        self._refresh_primary()

    def _say(self, key: str, ink: str) -> None:
        self._verdict.setText(self.tr_(f"{key}.what"))
        self._verdict.set_ink(ink)
        self._way_on.setText(self.tr_(f"{key}.do"))

    def _refresh_primary(self) -> None:
        if self.typing:
            self.primary.setText(self.tr_("primary"))
            self.primary.setEnabled(bool(self.entry.edit.text().strip()))
        else:
            self.primary.setText(self.tr_("go_on" if self._known else "primary"))
            self.primary.setEnabled(self._known is not None)
        self.primary.updateGeometry()
