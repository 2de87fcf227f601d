"""A case on the screen: which panel shows which step, from the first page to the receipt.

Rules, in order: what the vault answered is what is shown; nothing of one case reaches another; a
step that needs no key is passed by (:mod:`ui.router.passage`).
"""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.documents.codes import PayloadKind, classify
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId
from kiosk.journeys.model import CaseState, StepKind
from ui.router.advice_sheets import AdviceSheets, Page
from ui.router.frame import CaseFrame
from ui.router.interruptions import Interruptions, was_pictured
from ui.router.lens import CaseLens
from ui.router.orders import CaseOrders
from ui.router.panels import CasePanels
from ui.router.passage import Passage
from ui.router.sealed import Sealed
from ui.router.services import Services
from ui.shell import Shell
from ui.steps.panel import StepPanel
from ui.theme import Tone
from ui.viewmodels.advice import AdviceDesk
from ui.viewmodels.capture import CaptureModel
from ui.viewmodels.journey import CaseView, JourneyModel
from ui.widgets.look import Look
from ui.workers.desk import Failure


class CaseRouter(QObject):
    """Step to panel, panel to case.

    Signals:
        finished(): the case is closed or put aside; go home.
        failed(object): a :class:`Failure` that the panel cannot answer to.
        sealed(): a record was sealed.
        new_requested(): the case is closed, and the next one is to be opened at once.
        next_requested(str): a welcome is sealed, and leads to this procedure.
        help_requested(): a welcome is sealed, and leads to the help.
        leading_on(): a welcome is sealed and about to lead on: the customer stays the same.
    """

    finished = Signal()
    failed = Signal(object)
    sealed = Signal()
    new_requested = Signal()
    next_requested = Signal(str)
    help_requested = Signal()
    leading_on = Signal()

    def __init__(
        self,
        look: Look,
        shell: Shell,
        services: Services,
        journey: JourneyModel,
        capture: CaptureModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._journey = journey
        self._case_id = ""
        self._seen: CaseState | None = None
        self._scanned_item = ""
        advice = AdviceDesk(services.service, services.now, services.offered, services.office_id)
        made = CasePanels(look, services, advice)
        self._made = made
        self.panels = made.by_step
        self.request, self.document, self.person = made.request, made.document, made.person
        self.item, self.visit, self.decision = made.item, made.visit, made.decision
        self.notice, self.contact, self.identity = made.notice, made.contact, made.identity
        self.second, self.stop, self.channel = made.second, made.stop, made.channel
        self.orders = CaseOrders(journey, self)
        self._frame = CaseFrame(look, shell, services, journey, self)
        self._lens = CaseLens(capture, journey, self.orders, made, self._frame, self)
        self._lens.keep_images = services.keep_images
        self._passage = Passage(brisk=services.brisk)
        self._interruptions = Interruptions(
            look, shell, self.orders, journey, made, self._frame, self._lens, self._end, self
        )
        self._sealed = Sealed(
            look, shell, services, advice, self._frame, self._lens, self._end, self
        )
        self.receipt, self.sheets = self._sealed.receipt, self._sealed.sheets
        self.sheet_mail = self._sealed.mail
        self.advice_sheets = AdviceSheets(
            look, self.sheets, services.slips, lambda: self._page, self
        )
        self._bind(capture)

    def _bind(self, capture: CaptureModel) -> None:
        for panel in self._made.all:
            panel.happened.connect(self.orders.send)
        for advisor in self._made.advising:
            advisor.sheet_requested.connect(self.advice_sheets.send)
        self.request.code_presented.connect(self.present_code)
        capture.code_seen.connect(self._see_code)
        self.stop.returned.connect(self.show_again)
        self.second.answered.connect(self._second_answered)
        self._interruptions.finished.connect(self.finished)
        self._sealed.sealed.connect(self.sealed)
        self._sealed.next_requested.connect(self.next_requested)
        self._sealed.leading_on.connect(self.leading_on)
        self._sealed.help_requested.connect(self.help_requested)
        self.receipt.next_requested.connect(self.leave_receipt)
        self.receipt.new_requested.connect(self._next_at_once)
        self._journey.seconds_known.connect(self.second.show_colleagues)
        self._journey.second_refused.connect(self.second.show_refusal)
        self._journey.changed.connect(self._follow)
        self._journey.busy_changed.connect(self._set_busy)
        self._journey.refused.connect(self._refuse)
        self._journey.failed.connect(self._fail)

    @property
    def open_step(self) -> StepKind | None:
        """The step on the screen, None while no case is open."""
        view = self._journey.view
        return view.state.step if view else None

    @property
    def shown(self) -> StepPanel | None:
        """The panel on the screen, None while the receipt or nothing is."""
        return self._frame.shown

    # --- orders -------------------------------------------------------------------------------

    def present_code(self, text: str) -> None:
        """A code was seen, scanned or typed."""
        if self.open_step is StepKind.REQUEST:
            self.orders.act(partial(self._journey.present_code, text))
        elif self.open_step is not None:
            self._shell.toast(self._look.language.tr("journey.scanned_elsewhere"))

    def await_item(self, text: str) -> None:
        """The number of a letter was scanned: the case that opens next begins with it."""
        self._scanned_item = text

    def put_aside(self) -> None:
        """Keep the draft, go home; what is not kept is said."""
        self._interruptions.put_aside()

    def close_quietly(self) -> bool:
        """Put the case aside without a word: the desk is somebody else's. False while busy."""
        if self._journey.busy:
            return False
        self._end()
        return True

    def show_again(self) -> None:
        """Show the case where it stands."""
        view = self._journey.view
        if view is not None:
            self._show(view)

    def hide(self) -> None:
        """Another page covers the case: no camera, no picture."""
        self._lens.off()

    def leave_receipt(self) -> None:
        """The case is closed: go home for the next customer."""
        self._end()
        self.finished.emit()

    def _next_at_once(self) -> None:
        """The case is closed: open the next one without passing by home."""
        view = self._journey.view
        if view is not None and view.state.closed and not self._journey.busy:
            self._end()
            self.new_requested.emit()

    def _see_code(self, text: str) -> None:
        """The camera sees a code; on a card that still lies there it is no news of the request."""
        view = self._journey.view
        known = view is not None and view.state.request is not None
        if not known or classify(text.encode()).kind is PayloadKind.REQUEST:
            self.present_code(text)

    def _second_answered(self, agent_id: str, pin: str, verdict: Verdict) -> None:
        say = self._journey.second_agent_says
        self.orders.act(partial(say, AgentId(agent_id), pin, verdict))

    @property
    def _page(self) -> Page | None:
        panel = self._frame.shown
        return None if panel is None else Page(panel, self._case_id)

    def _end(self) -> None:
        self._lens.off()
        self.sheet_mail.forget()
        self._forget_case()
        self._frame.clear()
        self._case_id, self._seen = "", None
        self._journey.leave()

    def _forget_case(self) -> None:
        """No picture, answer or date of one person may reach the case of another."""
        self._lens.forget()
        self._passage.forget()
        self.orders.forget()
        self._made.forget()

    # --- showing ------------------------------------------------------------------------------

    def _follow(self, view: CaseView) -> None:
        """The case moved; where only the customer's language did, the page stays as it is."""
        seen, state = self._seen, view.state
        if seen is not None and state != seen and replace(state, language=seen.language) == seen:
            self._seen = state
            if self.shown is not None:
                self.shown.keep_case(view)
            self.orders.take_turn()
            self.orders.send_held()
        else:
            self._show(view)

    def _show(self, view: CaseView) -> None:
        state = self._seen = view.state
        if state.case_id != self._case_id:
            self._case_id = state.case_id
            self._forget_case()
            self._tell_resumed(view)
        self._lens.follow_document(state)
        if state.record is not None and state.decision is not None:
            self._sealed.show(state)
            return
        event = self._passage.pass_by(
            view, answering=self.orders.answering, reading=self._lens.reading
        )
        if event is not None:
            self._journey.dispatch(event)
            return
        self._show_panel(view)

    def _show_panel(self, view: CaseView) -> None:
        panel = self.panels[view.state.step]
        panel.catalogue = self._services.documents_now()
        panel.set_today(self._services.today())
        self._lens.show_pictures(panel)
        panel.show_case(view)
        if self._passage.arrive(view.state):
            panel.show_problem(self._look.language.tr("answer_sheet.rules_changed"))
        self._lens.use(view, again=not self.orders.take_turn())
        self._frame.put(panel)
        if panel is self.second:
            self._journey.ask_seconds()
        scanned, self._scanned_item = self._scanned_item, ""
        if scanned and panel is self.item:
            self.item.take_scan(scanned)
        self.orders.send_held()

    def _tell_resumed(self, view: CaseView) -> None:
        """What brought an open case back, and what of it is lost: pictures are memory only."""
        tr = self._look.language.tr
        words = [tr("aside.rejoined")] if view.rejoined else []
        if was_pictured(view.state) and not view.state.closed:
            words.append(tr("aside.lost"))
        if words:
            self._shell.toast(" ".join(words), Tone.INFO)

    def _set_busy(self, busy: bool) -> None:
        shown = self._frame.shown
        if shown is not None and not (busy and self.orders.quiet):
            shown.set_busy(busy)

    def _fail(self, failure: Failure) -> None:
        self.orders.forget()
        self.failed.emit(failure)

    def _refuse(self, _failure: Failure) -> None:
        self.orders.forget()
        if self._frame.shown is not None:
            self._frame.shown.show_problem(self._look.language.tr("journey.refused"))
        self._lens.again()
