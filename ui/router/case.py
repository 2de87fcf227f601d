"""A case on the screen: which panel shows which step, and what the camera does meanwhile."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut

from kiosk.documents.codes import PayloadKind, classify
from kiosk.domain.agent import Agent
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.evidence import IdentityDocument, Side, Verdict
from kiosk.domain.ids import AgentId
from kiosk.journeys.engine import accepts
from kiosk.journeys.guards import all_checks
from kiosk.journeys.model import (
    CaptureRestarted,
    CaseState,
    ChecksReviewed,
    DecisionTaken,
    Event,
    FeatureExamined,
    FeaturesFinished,
    PrintRead,
    RulesUsed,
    SideCaptured,
    StepKind,
)
from kiosk.journeys.procedure import Journey
from kiosk.services.answer_facts import answer_of
from ui.router.portrait import PortraitAgain
from ui.router.services import Services
from ui.router.sheet_mail import SheetMailRouter
from ui.router.sheets import SheetRouter
from ui.screens.absence import letter_sealed
from ui.screens.receipt import ReceiptScreen
from ui.screens.sheets import keep_sheet
from ui.shell import Shell
from ui.steps.advice import AdvicePanel
from ui.steps.channel import ChannelPanel
from ui.steps.checks import ChecksPanel
from ui.steps.confirm import ConfirmPanel
from ui.steps.contact import ContactPanel
from ui.steps.decision import DecisionPanel
from ui.steps.document import DocumentPanel
from ui.steps.eligibility import EligibilityPanel
from ui.steps.features import FeaturesPanel
from ui.steps.identity import IdentityPanel
from ui.steps.item import ItemPanel
from ui.steps.notice import NoticePanel
from ui.steps.panel import StepPanel
from ui.steps.paper_file import PaperFilePanel
from ui.steps.person import PersonPanel
from ui.steps.presence import PresencePanel
from ui.steps.purpose import PurposePanel
from ui.steps.request import RequestPanel
from ui.steps.second_agent import SecondAgentPanel
from ui.steps.signature import SignaturePanel
from ui.steps.stop import StopPanel
from ui.steps.visit import VisitPanel
from ui.steps.words import customer_of, identity_of
from ui.theme import Tone
from ui.viewmodels.advice import AdviceDesk
from ui.viewmodels.capture import CaptureModel, Watch
from ui.viewmodels.journey import CaseView, JourneyModel
from ui.viewmodels.sheet import Sheet
from ui.widgets.look import Look
from ui.widgets.steps import StepItem
from ui.workers.camera import Sight
from ui.workers.desk import Failure

_CLEAR = (Verdict.PASS, Verdict.NOT_DONE)
"""Verdicts that ask nothing of the agent."""
ASIDE_KEY = "F3"
"""Puts a case aside, from every step."""
_NOT_ON_THE_RAIL = (StepKind.SECOND_AGENT, StepKind.RECEIPT)
"""A colleague is asked between two steps; the receipt is all of them done."""
_PRINT_STEPS = (StepKind.DOCUMENT, StepKind.CHECKS)
"""Steps that take printed fields in, should the agent be faster than the reader."""


class CaseRouter(QObject):
    """Step to panel, panel to case.

    Signals:
        finished(): the case is closed or put aside; go home.
        failed(object): a :class:`Failure` that the panel cannot answer to.
        sealed(): a record was sealed.
        new_requested(): the case is closed, and the next one is to be opened at once.
        next_requested(str): a welcome is sealed, and leads to this procedure.
        help_requested(): a welcome is sealed, and leads to the help.
    """

    finished = Signal()
    failed = Signal(object)
    sealed = Signal()
    new_requested = Signal()
    next_requested = Signal(str)
    help_requested = Signal()

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
        self._capture = capture
        catalogue = services.documents
        self.request = RequestPanel(look, catalogue)
        self.document = DocumentPanel(look, catalogue)
        self.person = PersonPanel(look, catalogue)
        self.item = ItemPanel(look, catalogue)
        self.stop = StopPanel(look, catalogue)
        self.decision = DecisionPanel(look, catalogue)
        self.second = SecondAgentPanel(look, catalogue)
        self.notice = NoticePanel(look, catalogue, keep_images=services.keep_images)
        self.contact = ContactPanel(look, catalogue)
        self.identity = IdentityPanel(look, catalogue)
        self.visit = VisitPanel(look, catalogue)
        self.receipt = ReceiptScreen(look)
        self.receipt.figures = services.sheet_figures
        self.sheets = SheetRouter(look, services, self.receipt, self)
        self.sheet_mail = SheetMailRouter(look, services.sheet_mail, self.receipt, self)
        self.advice = AdviceDesk(
            services.service, services.clock.now, services.offered, services.office_id
        )
        advising: dict[StepKind, AdvicePanel] = {
            StepKind.PURPOSE: PurposePanel(look, catalogue, self.advice),
            StepKind.ELIGIBILITY: EligibilityPanel(look, catalogue, self.advice),
            StepKind.CHANNEL: ChannelPanel(look, catalogue, self.advice),
            StepKind.PAPER_FILE: PaperFilePanel(look, catalogue, self.advice),
        }
        for advisor in advising.values():
            advisor.sheet_requested.connect(self._keep_sheet)
        self.panels: dict[StepKind, StepPanel] = {
            **advising,
            StepKind.REQUEST: self.request,
            StepKind.VISIT: self.visit,
            StepKind.ITEM: self.item,
            StepKind.PRESENCE: PresencePanel(look, catalogue, services.service.delays),
            StepKind.SIGNATURE: SignaturePanel(look, catalogue),
            StepKind.NOTICE: self.notice,
            StepKind.CONTACT: self.contact,
            StepKind.DOCUMENT: self.document,
            StepKind.IDENTITY: self.identity,
            StepKind.CHECKS: ChecksPanel(look, catalogue),
            StepKind.FEATURES: FeaturesPanel(look, catalogue),
            StepKind.PERSON: self.person,
            StepKind.DECISION: self.decision,
            StepKind.SECOND_AGENT: self.second,
            StepKind.CONFIRM: ConfirmPanel(look, catalogue),
        }
        self._shown: StepPanel | None = None
        self._case_id = ""
        self._identity: tuple[str, str] | None = None
        self._aside_waits = False
        self._answering = False
        self._aside_key = QShortcut(QKeySequence(ASIDE_KEY), shell)
        self._aside_key.activated.connect(self._aside_by_key)
        self._before: tuple[StepKind | None, RulesUsed | None] = (None, None)
        self._only_print = False
        self._held: Event | None = None
        self._portrait_again = PortraitAgain(capture, self.person, self)
        self._scanned_item = ""
        self._bind()

    def _bind(self) -> None:
        for panel in (*self.panels.values(), self.stop):
            panel.happened.connect(self._dispatch)
            panel.stop_requested.connect(self._interrupt)
        self.request.code_presented.connect(self.present_code)
        for again in (self.request, self.document, self.item):
            again.again_requested.connect(self._capture.again)
        self.person.again_requested.connect(self._portrait_again.begin)
        self.person.live_requested.connect(self._show_person)
        self.document.typing_changed.connect(self._type_zone)
        self.document.settled.connect(self._capture.settle)
        self._capture.settled.connect(self.document.show_settled)
        self._capture.codes_seen.connect(self.item.take_codes)
        for preview in (self.request.preview, self.document.preview, self.item.preview):
            preview.picture_resized.connect(self._capture.set_size)
        self.person.compare.live.resized.connect(self._resize_person)
        self.stop.returned.connect(self.show_again)
        self.stop.aside_requested.connect(self.put_aside)
        self.stop.decide_requested.connect(self._decide_now)
        self.stop.hand_requested.connect(self._hand_over)
        self._journey.handed.connect(self._handed)
        self.second.answered.connect(self._second_answered)
        self._journey.seconds_known.connect(self.second.show_colleagues)
        self._journey.second_refused.connect(self.second.show_refusal)
        self._journey.colleagues_known.connect(self.stop.show_colleagues)
        self.receipt.next_requested.connect(self.leave_receipt)
        self.receipt.new_requested.connect(self._next_at_once)
        self._journey.changed.connect(self._show)
        self._journey.busy_changed.connect(self._set_busy)
        self._journey.refused.connect(self._refuse)
        self._journey.failed.connect(self.failed)
        self._capture.sighted.connect(self._see)
        self._capture.faulted.connect(self._camera_fault)
        self._capture.code_seen.connect(self._see_code)
        self._capture.side_read.connect(self._take_side)
        self._capture.print_read.connect(self._take_print)
        self._look.language.changed.connect(self._write_frame)

    @property
    def open_step(self) -> StepKind | None:
        """The step on the screen, None while no case is open."""
        view = self._journey.view
        return view.state.step if view else None

    @property
    def shown(self) -> StepPanel | None:
        """The panel on the screen, None while the receipt or nothing is."""
        return self._shown

    # --- orders -------------------------------------------------------------------------------

    def present_code(self, text: str) -> None:
        """A code was seen, scanned or typed."""
        if self.open_step is StepKind.REQUEST:
            self._journey.present_code(text)
        elif self.open_step is not None:
            self._shell.toast(self._look.language.tr("journey.scanned_elsewhere"))

    def await_item(self, text: str) -> None:
        """The number of a letter was scanned: the case that opens next begins with it."""
        self._scanned_item = text

    def _see_code(self, text: str) -> None:
        """The camera sees a code; on a card that still lies there it is no news of the request."""
        view = self._journey.view
        known = view is not None and view.state.request is not None
        if not known or classify(text.encode()).kind is PayloadKind.REQUEST:
            self.present_code(text)

    def put_aside(self) -> None:
        """Keep the draft, go home; what is not kept is said."""
        if self._journey.busy:
            return
        view = self._journey.view
        pictured = view is not None and _was_pictured(view.state)
        self._end()
        self._shell.toast(self._look.language.tr("aside.pictures" if pictured else "journey.aside"))
        self.finished.emit()

    def _aside_by_key(self) -> None:
        """One key from every step; pressed while an order is on its way, it waits its turn."""
        view = self._journey.view
        here = self._shown is not None and self._shell.page is self._shown
        if view is None or view.state.closed or not here:
            return
        self._aside_waits = self._journey.busy
        self.put_aside()

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
        self._capture.look_for(Watch.NOTHING)

    def _dispatch(self, event: Event) -> None:
        if self._only_print and self._journey.busy:
            self._held = event  # nobody asked for the print: what the agent asks for comes next
            return
        restarted = isinstance(event, CaptureRestarted)
        self._answering = isinstance(event, FeatureExamined)
        if self._journey.dispatch(event) and restarted:
            self._capture.forget()
            self.document.forget()

    def _take_side(self, event: SideCaptured) -> None:
        """A side was read; at the person's step only its portrait is wanted."""
        if self.open_step is StepKind.PERSON:
            self._portrait_again.take_side(event, self._document)
            return
        if not self._journey.dispatch(event):
            self._capture.again()
            return
        card = self._capture.card(event.facts.side)
        if card is not None and self._services.keep_images:
            self._journey.attach_picture(event.facts.side, card)

    def _take_print(self, event: PrintRead) -> None:
        """Printed fields come later than their side; they are told until they are taken."""
        view = self._journey.view
        if view is None or self._journey.busy or self.document.settles:
            return
        if view.state.step is StepKind.PERSON:
            self._portrait_again.take_print(event, self._document)
            return
        self._capture.end_print(event.side)
        read = {facts.side for facts in view.state.sides if not facts.by_hand}
        if event.side in read and accepts(view.journey, view.state, PrintRead):
            self._only_print = True
            self._only_print = self._journey.dispatch(event)

    def _interrupt(self) -> None:
        view = self._journey.view
        if view is None or self._journey.busy:
            return
        self._capture.look_for(Watch.NOTHING)
        self.stop.show_case(view)
        self.stop.begin()
        self._journey.ask_colleagues()
        self._put(self.stop)

    def _hand_over(self, agent_id: str) -> None:
        self._journey.hand_over(AgentId(agent_id))

    def _handed(self, agent: Agent) -> None:
        """The case is a colleague's now: nothing of it stays here."""
        self._end()
        tr = self._look.language.tr
        self._shell.toast(tr("people.handed", name=agent.display_name))
        self.finished.emit()

    def _second_answered(self, agent_id: str, pin: str, verdict: Verdict) -> None:
        self._journey.second_agent_says(AgentId(agent_id), pin, verdict)

    def _decide_now(self) -> None:
        """The page of the decision, at an earlier step: refusal and suspension only."""
        view = self._journey.view
        if view is not None:
            self.decision.show_case(view)
            self.decision.back.setEnabled(True)
            self._put(self.decision)

    def _show_person(self, live: bool) -> None:
        """The camera shows the person beside the portrait; it reads nothing, nothing is kept."""
        self._capture.set_size(*self.person.compare.live.device_size)
        self._capture.look_for(Watch.PERSON if live else Watch.NOTHING)

    def _resize_person(self, width: int, height: int) -> None:
        if self._capture.watch is Watch.PERSON:
            self._capture.set_size(width, height)

    @property
    def _document(self) -> IdentityDocument | None:
        view = self._journey.view
        return None if view is None else view.state.document

    def _type_zone(self, typing: bool) -> None:
        if typing:
            self._capture.look_for(Watch.NOTHING)
        elif self._journey.view is not None:
            self._use_camera(self._journey.view)

    def leave_receipt(self) -> None:
        """The case is closed: go home for the next customer."""
        self.sheet_mail.forget()
        self._end()
        self.finished.emit()

    def _next_at_once(self) -> None:
        """The case is closed: open the next one without passing by home."""
        view = self._journey.view
        if view is not None and view.state.closed and not self._journey.busy:
            self.sheet_mail.forget()
            self._end()
            self.new_requested.emit()

    def _keep_sheet(self, sheet: Sheet) -> None:
        """Print a sheet of advice, or keep it as a PDF; the panel says which."""
        tr = self._look.language.tr
        kept = keep_sheet(sheet, self._services.slips)
        if self._shown is not None:
            said = "printed" if kept is None else "saved"
            name = "" if kept is None else kept.name
            self._shown.show_problem(tr(f"journey.channel.{said}", file=name), Tone.OK)

    def _follow(self, state: CaseState) -> bool:
        """Where a sealed welcome leads on, there is no receipt to look at: go there."""
        following, helped = self.advice.next_of(state), self.advice.wants_help(state)
        if not following and not helped:
            return False
        self._end()
        self.sealed.emit()
        if following:
            self.next_requested.emit(following)
        else:
            self.help_requested.emit()
        return True

    def _end(self) -> None:
        self._capture.look_for(Watch.NOTHING)
        self._forget_case()
        self._shown = None
        self._case_id = ""
        self._journey.leave()

    def _forget_case(self) -> None:
        """No picture, answer or date of one person may reach the case of another."""
        self._capture.forget()
        self._identity = None
        self._before = (None, None)
        self._only_print, self._held = False, None
        for panel in (*self.panels.values(), self.stop):
            panel.forget()

    def _forget_other_document(self, state: CaseState) -> None:
        """No picture of one document may stand beside another: the rule of the core's facts."""
        before, self._identity = self._identity, identity_of(state.document)
        if not state.sides:
            self._capture.forget()
        elif before not in (None, self._identity):
            self._capture.keep_only([facts.side for facts in state.sides if not facts.by_hand])

    # --- showing ------------------------------------------------------------------------------

    def _show(self, view: CaseView) -> None:
        state = view.state
        if state.case_id != self._case_id:
            self._case_id = state.case_id
            self._forget_case()
            self._tell_resumed(view)
        self._forget_other_document(state)
        if state.record is not None and state.decision is not None:
            if not self._follow(state):
                self._show_receipt(view)
            return
        event = self._goes_on(view)
        if event is not None:
            self._before = (state.step, state.rules)
            self._journey.dispatch(event)
            return
        self._show_panel(view)

    def _show_panel(self, view: CaseView) -> None:
        state = view.state
        panel = self.panels[state.step]
        if self._services.documents_today is not None:
            panel.catalogue = self._services.documents_today()
        if isinstance(panel, DocumentPanel):
            panel.set_today(self._services.clock.now().astimezone().date())
            cards = {side: self._capture.card(side) for side in Side}
            panel.show_cards({side: card for side, card in cards.items() if card is not None})
            panel.show_strips(self._capture.strips)
        if isinstance(panel, PresencePanel):
            panel.set_today(self._services.clock.now().astimezone().date())
        if isinstance(panel, PersonPanel):
            panel.end_live()
            panel.show_portrait(self._capture.portrait)
        self.visit.set_today(self._services.clock.now().astimezone().date())
        panel.show_case(view)
        self._tell_new_rules(panel, state)
        only_print, self._only_print = self._only_print, False
        self._use_camera(view, again=not only_print)
        self._put(panel)
        if panel is self.second:
            self._journey.ask_seconds()
        scanned, self._scanned_item = self._scanned_item, ""
        if scanned and panel is self.item:
            self.item.take_scan(scanned)
        held, self._held = self._held, None
        if held is not None:
            self._dispatch(held)

    def _goes_on(self, view: CaseView) -> Event | None:
        """What needs no key of its own: an answer that leaves nothing open goes on by itself.

        Only forwards, and never past anything that asks the agent: checks are passed where every
        one of them is clear, features after the last one that conforms, the decision where the
        person is the same and nothing stands against an acceptance. The seal still asks, and Esc
        leads back to each of these pages.
        """
        state, came_from = view.state, self._before[0]
        if not self._services.brisk or came_from is None:
            return None
        match state.step:
            case StepKind.CHECKS if came_from in (StepKind.DOCUMENT, StepKind.IDENTITY):
                clear = all(check.verdict in _CLEAR for check in all_checks(state))
                clear = clear and not self._capture.awaits_print
                return ChecksReviewed() if clear and all_checks(state) else None
            case StepKind.FEATURES if came_from is StepKind.FEATURES and self._answering:
                conform = [item.verdict is Verdict.PASS for item in state.features]
                return FeaturesFinished() if conform and all(conform) else None
            case StepKind.DECISION if came_from is StepKind.PERSON:
                same = state.person is not None and state.person.verdict is Verdict.PASS
                accept = Outcome.ACCEPTED.value in view.outcomes
                return DecisionTaken(Decision(Outcome.ACCEPTED)) if same and accept else None
            case _:
                return None

    def _tell_resumed(self, view: CaseView) -> None:
        """What brought an open case back, and what of it is lost: pictures are memory only."""
        tr = self._look.language.tr
        words = [tr("aside.rejoined")] if view.rejoined else []
        if _was_pictured(view.state) and not view.state.closed:
            words.append(tr("aside.lost"))
        if words:
            self._shell.toast(" ".join(words), Tone.INFO)

    def _tell_new_rules(self, panel: StepPanel, state: CaseState) -> None:
        """The rules changed under an open case and a check says otherwise now: why it is back."""
        before, self._before = self._before, (state.step, state.rules)
        step, rules = before
        back = state.step is StepKind.CHECKS and step in (StepKind.DECISION, StepKind.CONFIRM)
        if back and rules is not None and rules != state.rules:
            panel.show_problem(self._look.language.tr("answer_sheet.rules_changed"))

    def _put(self, panel: StepPanel) -> None:
        other = self._shell.page is not panel
        self._shown = panel
        self._shell.set_page(panel, panel.bar)
        self._write_frame()
        if other:
            panel.take_focus()

    def _show_receipt(self, view: CaseView) -> None:
        state = view.state
        if state.record is None or state.decision is None:
            return
        self._capture.look_for(Watch.NOTHING)
        self._capture.forget()
        self._shown = None
        self.receipt.show_facts(answer_of(state), state.decision.reasons)
        self.sheet_mail.propose(state)
        self._shell.set_page(self.receipt, self.receipt.bar)
        notice = letter_sealed(
            state, self._services.office_id, self._services.slips, self._look.language
        )
        if notice:
            self._shell.toast(notice)
        self.receipt.setFocus()  # no button may hold it: Enter is the next customer
        self._write_frame()
        self.sealed.emit()

    def _write_frame(self) -> None:
        """Rail, title and case number."""
        view = self._journey.view
        if view is None:
            return
        tr = self._look.language.tr
        steps = rail_of(view)
        items = tuple(
            StepItem(
                tr(f"journey.steps.{step.value}.title"), tr(f"journey.steps.{step.value}.hint")
            )
            for step in steps
        )
        step = view.state.step
        self._shell.show_steps(items, steps.index(step) if step in steps else len(steps))
        title = tr(f"journey.procedure.{view.state.procedure}")
        self._shell.set_title(
            title, customer_of(view.state.request, view.state.document, view.state.sides)
        )
        elapsed = self._services.clock.now() - view.state.opened_at
        minutes = max(0, int(elapsed.total_seconds() // 60))
        number = view.state.case_id[:8].upper()
        since = tr("journey.started", n=minutes) if minutes else tr("journey.started_now")
        self._shell.set_office(tr("journey.case", number=number), since)

    def _use_camera(self, view: CaseView, *, again: bool = True) -> None:
        if view.state.step is StepKind.REQUEST:
            self._capture.set_size(*self.request.preview.picture_size)
            self._capture.look_for(Watch.CODE)
        elif view.state.step is StepKind.ITEM:
            self._capture.set_size(*self.item.preview.picture_size)
            self._capture.look_for(Watch.ITEM)
        elif view.state.step is StepKind.DOCUMENT and view.state.sides_expected:
            if self.document.typing:
                return
            self._capture.set_size(*self.document.preview.picture_size)
            side = view.state.sides_expected[0]
            same = self._capture.watch is Watch.DOCUMENT
            self._capture.look_for(Watch.DOCUMENT, side, view.state.request)
            if same and again:
                self._capture.again()
        elif view.state.step in _PRINT_STEPS and self._capture.awaits_print:
            self._capture.end_sides()  # the print of the last one is still read, frame by frame
        else:
            self._capture.look_for(Watch.NOTHING)

    def _see(self, sight: Sight) -> None:
        if self._shown is not None:
            self._shown.show_sight(sight)

    def _camera_fault(self, failure: Failure) -> None:
        view = self._journey.view
        if view is not None and view.state.step in _PRINT_STEPS and not view.state.sides_expected:
            self._capture.look_for(Watch.NOTHING)  # nothing but print was still wanted of it
            return
        if self._shown is not None:
            self._shown.show_camera_fault(failure)

    def _set_busy(self, busy: bool) -> None:
        if self._shown is not None and not (busy and self._only_print):
            self._shown.set_busy(busy)
        if not busy and self._aside_waits:
            # After the answer was shown: the case is put aside as it is stored now.
            QTimer.singleShot(0, self, self._aside_by_key)

    def _refuse(self, _failure: Failure) -> None:
        self._only_print, self._held = False, None
        if self._shown is not None:
            self._shown.show_problem(self._look.language.tr("journey.refused"))
        if self._capture.watch is not Watch.NOTHING:
            self._capture.again()


def _was_pictured(state: CaseState) -> bool:
    """Whether a side was read by the camera: its picture is in memory only."""
    return any(not side.by_hand for side in state.sides)


def rail_of(view: CaseView) -> tuple[StepKind, ...]:
    """Steps to show: a step behind the case that was never walked through is left out."""
    state, steps = view.state, rail(view.journey)
    if state.step not in steps:
        return tuple(step for step in steps if step in state.trail)
    here = steps.index(state.step)
    return tuple(step for number, step in enumerate(steps) if number >= here or step in state.trail)


def rail(journey: Journey) -> tuple[StepKind, ...]:
    """Steps of a procedure that the rail shows, in order."""
    return tuple(step.kind for step in journey.steps if step.kind not in _NOT_ON_THE_RAIL)
