"""The document presented again for its portrait: only the same document gives one.

Rules, in order:

1. A zone tells by kind and number whether it is the document of the case.
2. A side without a zone tells by its printed number, name and birth date, which come some pictures
   later. One that differs is another document's.
3. The portrait of another document is dropped and never shown beside the person; the agent is told.
   Where nothing could be compared it is shown, and the agent is told to compare.
"""

from collections.abc import Sequence

from PySide6.QtCore import QObject

from kiosk.documents.printed_values import compare_with_zone
from kiosk.domain.evidence import IdentityDocument, PrintedValue, Side, Verdict
from kiosk.journeys.model import PrintRead, SideCaptured
from ui.steps.person import PersonPanel
from ui.steps.words import identity_of
from ui.theme import Tone
from ui.viewmodels.capture import CaptureModel, Watch

_TELLING = ("document_number", "surname", "birth_date")


class PortraitAgain(QObject):
    """Asks the camera for the portrait, and judges what lies there."""

    def __init__(
        self, capture: CaptureModel, person: PersonPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._capture = capture
        self._person = person

    def begin(self) -> None:
        """The agent wants the portrait."""
        self._person.banner.dismiss()
        self._capture.look_for(Watch.DOCUMENT, Side.FRONT)

    def take_side(self, event: SideCaptured, document: IdentityDocument | None) -> None:
        """A side was read. ``document``: of the case."""
        if event.document is not None:
            same = identity_of(event.document) == identity_of(document)
            self._judge(Verdict.PASS if same else Verdict.FAIL)
        elif not self._capture.awaits_print:
            self._judge(_compared(event.facts.printed, document))

    def take_print(self, event: PrintRead, document: IdentityDocument | None) -> None:
        """The print of that side was read. ``document``: of the case."""
        self._capture.end_print(event.side)
        self._judge(_compared(event.printed, document))

    def _judge(self, same: Verdict) -> None:
        if same is Verdict.FAIL:
            self._capture.forget()
            self._person.show_problem(self._person.tr_("other_document"), Tone.BAD)
            self._capture.again()
            return
        if self._capture.portrait is None:
            self._capture.again()  # a side without a portrait
            return
        self._person.show_portrait(self._capture.portrait)
        self._person.end_live()
        self._capture.look_for(Watch.NOTHING)
        if same is not Verdict.PASS:
            self._person.show_problem(self._person.tr_("not_compared"))
        else:
            self._person.banner.dismiss()


def _compared(printed: Sequence[PrintedValue], document: IdentityDocument | None) -> Verdict:
    """FAIL where anything telling differs, PASS where anything agrees, else UNSURE."""
    verdicts = {
        compare_with_zone(value.name, value.text, document).verdict
        for value in printed
        if value.name in _TELLING
    }
    return next((v for v in (Verdict.FAIL, Verdict.PASS) if v in verdicts), Verdict.UNSURE)
