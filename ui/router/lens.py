"""What the camera does for an open case, step by step, and what becomes of what it sees.

Rules, in order:

1. The camera runs only while the page on the screen needs it.
2. No picture of one document stands beside another, none outlives its case.
3. A side that the case does not take is read anew; printed fields come later than their side.
4. At the person's step only the portrait of the case's own document is taken.
"""

from PySide6.QtCore import QObject

from kiosk.domain.evidence import IdentityDocument, Side
from kiosk.journeys.engine import accepts
from kiosk.journeys.model import CaseState, PrintRead, SideCaptured, StepKind
from ui.router.frame import CaseFrame
from ui.router.orders import CaseOrders
from ui.router.panels import CasePanels
from ui.router.portrait import PortraitAgain
from ui.steps.panel import Pictures, StepPanel
from ui.steps.words import identity_of
from ui.viewmodels.capture import CaptureModel, Watch
from ui.viewmodels.journey import CaseView, JourneyModel
from ui.workers.camera import Sight
from ui.workers.desk import Failure

_PRINT_STEPS = (StepKind.DOCUMENT, StepKind.CHECKS)
"""Steps that take printed fields in, should the agent be faster than the reader."""


class CaseLens(QObject):
    """Points the camera, and gives what it sees to panels and case.

    Attributes:
        keep_images: whether pictures of the document go into the record.
    """

    def __init__(
        self,
        capture: CaptureModel,
        journey: JourneyModel,
        orders: CaseOrders,
        panels: CasePanels,
        frame: CaseFrame,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._capture = capture
        self._journey = journey
        self._orders = orders
        self._frame = frame
        self._request, self._item = panels.request, panels.item
        self._document, self._person = panels.document, panels.person
        self._identity: tuple[str, str] | None = None
        self._portrait_again = PortraitAgain(capture, panels.person, self)
        self.keep_images = False
        self._bind()

    def _bind(self) -> None:
        for again in (self._request, self._document, self._item):
            again.again_requested.connect(self._capture.again)
        self._person.again_requested.connect(self._portrait_again.begin)
        self._person.live_requested.connect(self._show_person)
        self._document.typing_changed.connect(self._type_zone)
        self._document.settled.connect(self._capture.settle)
        self._capture.settled.connect(self._document.show_settled)
        self._capture.codes_seen.connect(self._item.take_codes)
        for preview in (self._request.preview, self._document.preview, self._item.preview):
            preview.picture_resized.connect(self._capture.set_size)
        self._person.compare.live.resized.connect(self._resize_person)
        self._orders.restarted.connect(self._restart)
        self._capture.sighted.connect(self._see)
        self._capture.faulted.connect(self._fault)
        self._capture.side_read.connect(self._take_side)
        self._capture.print_read.connect(self._take_print)

    # --- orders -------------------------------------------------------------------------------

    @property
    def reading(self) -> bool:
        """Whether printed fields are still being read."""
        return self._capture.awaits_print

    def off(self) -> None:
        """Nothing of the case needs the camera now."""
        self._capture.look_for(Watch.NOTHING)

    def again(self) -> None:
        """An order was refused: what the camera sees is told anew."""
        if self._capture.watch is not Watch.NOTHING:
            self._capture.again()

    def forget(self) -> None:
        """No picture of one person may reach the case of another."""
        self._capture.forget()
        self._identity = None

    def follow_document(self, state: CaseState) -> None:
        """No picture of one document may stand beside another: the rule of the core's facts."""
        before, self._identity = self._identity, identity_of(state.document)
        if not state.sides:
            self._capture.forget()
        elif before not in (None, self._identity):
            self._capture.keep_only([facts.side for facts in state.sides if not facts.by_hand])

    def show_pictures(self, panel: StepPanel) -> None:
        """Give a panel what was cut from the document of this case."""
        cards = {side: self._capture.card(side) for side in Side}
        kept = {side: card for side, card in cards.items() if card is not None}
        panel.show_pictures(Pictures(kept, self._capture.strips, self._capture.portrait))

    def use(self, view: CaseView, *, again: bool = True) -> None:
        """Look for what the step needs; ``again``: what lies there is read anew."""
        step = view.state.step
        if step is StepKind.REQUEST:
            self._capture.set_size(*self._request.preview.picture_size)
            self._capture.look_for(Watch.CODE)
        elif step is StepKind.ITEM:
            self._capture.set_size(*self._item.preview.picture_size)
            self._capture.look_for(Watch.ITEM)
        elif step is StepKind.DOCUMENT and view.state.sides_expected:
            self._read_side(view, again=again)
        elif step in _PRINT_STEPS and self._capture.awaits_print:
            self._capture.end_sides()  # the print of the last one is still read, frame by frame
        else:
            self.off()

    def _read_side(self, view: CaseView, *, again: bool) -> None:
        if self._document.typing:
            return
        self._capture.set_size(*self._document.preview.picture_size)
        side = view.state.sides_expected[0]
        same = self._capture.watch is Watch.DOCUMENT
        self._capture.look_for(Watch.DOCUMENT, side, view.state.request)
        if same and again:
            self._capture.again()

    # --- what panels ask for ------------------------------------------------------------------

    def _restart(self) -> None:
        self._capture.forget()
        self._document.forget()

    def _type_zone(self, typing: bool) -> None:
        if typing:
            self.off()
        elif self._journey.view is not None:
            self.use(self._journey.view)

    def _show_person(self, live: bool) -> None:
        """The camera shows the person beside the portrait; it reads nothing, nothing is kept."""
        self._capture.set_size(*self._person.compare.live.device_size)
        self._capture.look_for(Watch.PERSON if live else Watch.NOTHING)

    def _resize_person(self, width: int, height: int) -> None:
        if self._capture.watch is Watch.PERSON:
            self._capture.set_size(width, height)

    # --- what the camera tells ----------------------------------------------------------------

    @property
    def _own(self) -> IdentityDocument | None:
        view = self._journey.view
        return None if view is None else view.state.document

    def _take_side(self, event: SideCaptured) -> None:
        """A side was read; at the person's step only its portrait is wanted."""
        view = self._journey.view
        if view is not None and view.state.step is StepKind.PERSON:
            self._portrait_again.take_side(event, self._own)
            return
        if not self._journey.dispatch(event):
            self._capture.again()
            return
        card = self._capture.card(event.facts.side)
        if card is not None and self.keep_images:
            self._journey.attach_picture(event.facts.side, card)

    def _take_print(self, event: PrintRead) -> None:
        """Printed fields come later than their side; they are told until they are taken."""
        view = self._journey.view
        if view is None or self._journey.busy or self._document.settles:
            return
        if view.state.step is StepKind.PERSON:
            self._portrait_again.take_print(event, self._own)
            return
        self._capture.end_print(event.side)
        read = {facts.side for facts in view.state.sides if not facts.by_hand}
        if event.side in read and accepts(view.journey, view.state, PrintRead):
            self._orders.send_quietly(event)

    def _see(self, sight: Sight) -> None:
        if self._frame.shown is not None:
            self._frame.shown.show_sight(sight)

    def _fault(self, failure: Failure) -> None:
        view = self._journey.view
        if view is not None and view.state.step in _PRINT_STEPS and not view.state.sides_expected:
            self.off()  # nothing but print was still wanted of it
            return
        if self._frame.shown is not None:
            self._frame.shown.show_camera_fault(failure)
