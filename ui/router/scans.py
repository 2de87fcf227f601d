"""What becomes of a scanned code: it opens a case, joins one, or is named and left closed.

Rules, in order:

1. While nobody is signed in, or the desk is locked, no code is used: that is all that is told.
2. A request opens a case from a section, and is presented where a case waits for it; elsewhere it
   is offered, never put in the place of the case at work.
3. A zone that a document reader typed goes where a zone is typed by hand; elsewhere it is told
   where that is.
4. The number of a letter goes to the page that waits for one; from a section it opens the case of
   that letter.
5. A code that belongs to the page shown, such as the enrolment code of a transfer, goes there.
6. Every other code is named and told what it is for. It is never opened, called or shown.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from kiosk.documents.check_digits import FILLER
from kiosk.documents.codes import Payload, PayloadKind, classify
from kiosk.documents.identification import identify_lines
from kiosk.documents.series import Family
from kiosk.documents.wedge import WedgeAnswer, is_zone
from kiosk.journeys.model import StepKind
from kiosk.texts import MissingTextError
from ui.router.case import CaseRouter
from ui.shell import Shell
from ui.theme import Tone
from ui.viewmodels.journey import JourneyModel
from ui.viewmodels.session import SessionModel
from ui.widgets.look import Look


def _nobody(_scan: str) -> bool:
    return False


class ScanRouter(QObject):
    """Scans to pages.

    Signals:
        open_requested(str): open a case with this code.
        item_scanned(str): open the case of the letter that bears this number.

    Attributes:
        takes: a page outside a case that takes a scan for itself; True where it did.
    """

    open_requested = Signal(str)
    item_scanned = Signal(str)

    def __init__(
        self,
        look: Look,
        shell: Shell,
        session: SessionModel,
        journey: JourneyModel,
        case: CaseRouter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._session = session
        self._journey = journey
        self._case = case
        self._offered = ""
        self.takes: Callable[[str], bool] = _nobody
        shell.notice.taken.connect(self._take_offer)
        shell.notice.closed.connect(self._forget_offer)

    def take(self, answer: WedgeAnswer) -> None:
        """A scanner typed something."""
        tr = self._look.language.tr
        if self._session.session is None or self._session.is_locked:
            self._tell(tr("scan.locked"), Tone.WARN)
        elif answer.problem is not None:
            self._tell(tr(f"scan.problem.{answer.problem.value}"), Tone.WARN)
        elif not self.takes(answer.scan):
            self._take(classify(answer.scan.encode("utf-8", "replace")), answer.scan)

    def _take(self, payload: Payload, text: str) -> None:
        tr = self._look.language.tr
        at_request = self._case.shown is self._case.request
        other = identify_lines((text,), self._case.document.catalogue.series).family
        if other is not Family.UNKNOWN:
            # Never a code's text: a licence, a vehicle paper, as a document reader types its line.
            kind = tr(f"document_families.{other.value}")
            self._tell(tr("scan.other_paper", kind=kind), Tone.WARN)
            return
        at_item = self._case.shown is self._case.item
        match payload.kind:
            case PayloadKind.REQUEST:
                self._take_request(payload.text)
            case PayloadKind.ITEM_NUMBER | PayloadKind.FOREIGN | PayloadKind.SEAL if at_item:
                # The page of the item has its own sentences, for what is no number too.
                self._case.item.take_scan(text)
            case PayloadKind.ITEM_NUMBER if self._journey.view is None and not self._journey.busy:
                self.item_scanned.emit(text)
            case PayloadKind.FOREIGN if is_zone(text) and self._zone_is_typed:
                self._case.document.typed.zone.take(text)
            case PayloadKind.FOREIGN if is_zone(text) and FILLER in text:
                self._tell(tr("scan.zone"), Tone.INFO)
            case PayloadKind.FOREIGN if at_request:
                # The page of the request has its own sentence for it; it is judged, not opened.
                self._case.present_code(text)
            case PayloadKind.FOREIGN:
                self._tell(tr("scan.foreign", name=self._name_of(payload)), Tone.INFO)
            case PayloadKind.SEAL:
                at_document = self._case.open_step is StepKind.DOCUMENT
                self._tell(tr("scan.seal_here" if at_document else "scan.seal"), Tone.INFO)
            case _:
                self._tell(tr("scan.item"), Tone.INFO)

    @property
    def _zone_is_typed(self) -> bool:
        document = self._case.document
        return self._case.shown is document and document.typing and not document.typed.plainly

    def _take_request(self, text: str) -> None:
        tr = self._look.language.tr
        view = self._journey.view
        if self._journey.busy:
            self._tell(tr("scan.busy"), Tone.WARN)
        elif view is None:
            self.open_requested.emit(text)
        elif view.state.step is StepKind.REQUEST and not view.state.closed:
            self._case.show_again()
            self._case.present_code(text)
        else:
            self._offered = text
            closed = view.state.closed
            self._shell.notice.show_offer(
                tr("scan.request_waits"), tr("scan.open_next" if closed else "scan.open_aside")
            )

    def _take_offer(self) -> None:
        """Put the case at work aside, or leave the receipt, and open the request."""
        text, self._offered = self._offered, ""
        if not text or self._journey.busy:
            return
        view = self._journey.view
        if view is not None and view.state.closed:
            self._case.leave_receipt()
        elif view is not None:
            self._case.put_aside()
        if self._journey.view is None:
            self.open_requested.emit(text)

    def _forget_offer(self) -> None:
        self._offered = ""

    def _name_of(self, payload: Payload) -> str:
        try:
            return self._look.language.tr(f"scan.name.{payload.detail}")
        except MissingTextError:
            return self._look.language.tr("scan.name.other")

    def _tell(self, text: str, tone: Tone) -> None:
        self._shell.notice.show_text(text, tone)
