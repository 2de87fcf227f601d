"""Which page is shown, and who may see it: sign-in, sections, a case, a fault, the lock.

Rules, in order:

1. Nothing of a person is on the screen while the desk is locked or nobody is signed in.
2. A lock keeps the work: the same agent comes back to the same page; another agent finds home.
3. A fault page says what happened and leads back to where the work stands.
"""

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from kiosk.domain.agent import Agent
from kiosk.domain.ids import CaseId
from kiosk.services.agents import Session
from ui.router.case import CaseRouter
from ui.router.scanner import Scanner
from ui.router.scans import ScanRouter
from ui.router.sections import SectionRouter
from ui.router.services import Services
from ui.screens.fault import FaultFacts, FaultScreen
from ui.screens.sign_in import AgentCard, SignInFacts, SignInScreen
from ui.shell import ChipItem, HelpEntry, HelpFacts, Section, Shell
from ui.theme import Tone
from ui.viewmodels.capture import CaptureModel
from ui.viewmodels.delivery import DeliveryFacts, DeliveryModel
from ui.viewmodels.home import HomeModel
from ui.viewmodels.journey import JourneyModel
from ui.viewmodels.session import PinRefused, SessionModel
from ui.widgets.look import Look
from ui.workers.camera import CameraThread, Reader
from ui.workers.desk import Desk, Failure
from ui.workers.ticks import IdleWatch

__all__ = ["Router", "Services"]

_KEYS = (
    ("Return", "next"),
    ("Esc", "back"),
    ("F1", "help"),
    ("F2", "offer"),
    ("F4", "type"),
    ("F5", "retake"),
    ("F3", "aside"),
    ("Ctrl+L", "lock"),
    ("Alt+1", "sections"),
    ("N", "new"),
    ("Q", "scan"),
    ("1", "answers"),
)


class Router(QObject):
    """Owns the models, the threads and the pages; made once for a window."""

    def __init__(
        self, look: Look, shell: Shell, services: Services, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._reader: Reader | None = None
        self._agents: tuple[Agent, ...] = ()
        self._fault: FaultFacts | None = None
        self.desk = Desk("vault")
        self.courier = Desk("courier")
        self.session = SessionModel(services.sign_in, self.desk, self)
        self.journey = JourneyModel(services.proofing, self.desk, self)
        self.capture = CaptureModel(self._make_camera, self)
        self.delivery = DeliveryModel(services.delivery, self.courier, services.clock, self)
        self.sign_in = SignInScreen(look)
        self.fault = FaultScreen(look)
        home = HomeModel(services.proofing, self.desk, self)
        self.sections = SectionRouter(
            look, shell, services, self.desk, home, self.delivery, self.capture, self
        )
        self.case = CaseRouter(look, shell, services, self.journey, self.capture, self)
        self.scanner = Scanner(self)
        self.scans = ScanRouter(look, shell, self.session, self.journey, self.case, self)
        self.idle = IdleWatch(services.idle_s, parent=self)
        self._bind()

    def _bind(self) -> None:
        self.session.listed.connect(self._list_agents)
        self.session.opened.connect(self._signed_in)
        self.session.refused.connect(self._pin_refused)
        self.session.locked.connect(self._show_lock)
        self.session.closed.connect(self._show_left)
        self.session.failed.connect(self.show_fault)
        self.sign_in.pin_entered.connect(self.session.enter)
        self._shell.lock_requested.connect(self.session.lock)
        self.scanner.scanned.connect(self.scans.take)
        self.scans.open_requested.connect(self._open_with)
        self.sections.new_requested.connect(self._new_case)
        self.sections.home.end_confirmed.connect(self.session.leave)
        self.sections.draft_chosen.connect(self._resume)
        self.sections.failed.connect(self.show_fault)
        self.case.finished.connect(self.go_home)
        self.case.new_requested.connect(self._new_case)
        self.case.failed.connect(self.show_fault)
        self.case.sealed.connect(self.delivery.send)
        self.journey.refused.connect(self._not_opened)
        self.fault.retry_requested.connect(self._retry)
        self.fault.home_requested.connect(self._leave_fault)
        self.delivery.changed.connect(self._write_chips)
        self.delivery.changed.connect(self.case.sheets.show_delivery)
        self.idle.expired.connect(self.session.lock)
        self.idle.warned.connect(self._warn_idle)
        self._look.language.changed.connect(self.retranslate)

    def start(self) -> None:
        """Show the sign-in and begin to deliver."""
        application = QCoreApplication.instance()
        if application is not None:
            self.scanner.start(application)
            # The last one installed is the first to see: a key held back is a sign of life too.
            application.installEventFilter(self.idle)
        self._show_sign_in()
        self.session.list_agents()
        self.delivery.start()

    def close(self) -> None:
        """Stop camera and threads; what is stored stays. Safe to call twice."""
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self.idle)
            self.scanner.stop(application)
        self.idle.stop()
        self.delivery.stop()
        self.capture.close()
        self.case.sheets.close()
        self.sections.sheets.close()
        self.desk.close()
        self.courier.close()

    # --- pages --------------------------------------------------------------------------------

    def go_home(self) -> None:
        """Show home."""
        session = self.session.session
        if session is not None and not self.session.is_locked:
            self.sections.show(Section.HOME, session)

    def show_fault(self, failure: Failure) -> None:
        """Show the calm page; the work behind it stays."""
        tr = self._look.language.tr
        self.case.hide()
        self._fault = FaultFacts(
            failure.shown_code,
            tr(f"errors.{failure.code}.what"),
            tr(f"errors.{failure.code}.do"),
            can_retry=self.journey.view is not None,
        )
        self.fault.show_facts(self._fault)
        self._shell.set_page(self.fault, self.fault.bar)
        self._shell.set_title(tr("fault.top"))

    def retranslate(self) -> None:
        """Write what the frame shows again."""
        self._write_chips()
        self._write_help()

    def _show_sign_in(self) -> None:
        locked = self.session.is_locked
        agent = self.session.agent
        cards = tuple(AgentCard(a.agent_id, a.display_name, a.role.value) for a in self._agents)
        self.sign_in.reset()
        self.sign_in.show_facts(
            SignInFacts(cards, agent.agent_id if agent and locked else "", locked)
        )
        self._shell.show_bare()
        self._shell.set_page(self.sign_in)
        tr = self._look.language.tr
        self._shell.set_title(tr("sign_in.top"))
        office = tr("receipt.office", office=self._services.office_id)
        self._shell.set_office(office, self._services.device_id)
        self.retranslate()
        self.sign_in.pad.setFocus()

    def _show_lock(self) -> None:
        self.idle.stop()
        self.case.hide()
        self.sections.hide()
        self._show_sign_in()

    def _show_left(self) -> None:
        """The shift is over: nothing of the agent stays, and the next one may sign in."""
        self.idle.stop()
        self.sections.hide()
        self.sections.forget()
        self._show_sign_in()

    def _signed_in(self, session: Session) -> None:
        self.sign_in.reset()
        self.idle.start()
        view = self.journey.view
        if view is not None and view.state.agent_id != session.agent.agent_id:
            self.case.put_aside()
            view = None
        self.retranslate()
        if view is not None:
            self.case.show_again()
        else:
            self.sections.show(Section.HOME, session)

    def _retry(self) -> None:
        if self.journey.view is not None:
            self.case.show_again()
        else:
            self._leave_fault()

    def _leave_fault(self) -> None:
        if self.session.session is None or self.session.is_locked:
            self._show_sign_in()
        elif self.journey.view is not None:
            self.case.put_aside()
        else:
            self.go_home()

    # --- orders -------------------------------------------------------------------------------

    def _new_case(self) -> None:
        session = self.session.session
        if session is not None:
            self.sections.hide()
            self.journey.open(self._services.procedure, session)

    def _open_with(self, code: str) -> None:
        """A request was scanned where no case is open."""
        session = self.session.session
        if session is not None:
            self.sections.hide()
            self.journey.open(self._services.procedure, session, code)

    def _resume(self, case_id: str) -> None:
        session = self.session.session
        if session is not None:
            self.journey.resume(CaseId(case_id), session)

    def _not_opened(self, failure: Failure) -> None:
        if self.journey.view is None:
            self.show_fault(failure)

    def _list_agents(self, agents: tuple[Agent, ...]) -> None:
        self._agents = agents
        if self.session.session is None:
            self._show_sign_in()

    def _pin_refused(self, refused: PinRefused) -> None:
        tr = self._look.language.tr
        if refused.wait_s:
            self.sign_in.show_wait(refused.wait_s)
            self._count_down(refused.wait_s)
        elif refused.failure.code == "SIGNIN-001":
            self.sign_in.show_wrong_pin(refused.tries_left)
        else:
            self.sign_in.show_error(tr(f"errors.{refused.failure.code}.do"))

    def _count_down(self, seconds: int) -> None:
        """Open the entry again when the wait is over."""
        QTimer.singleShot(seconds * 1000, self, self.sign_in.reset)

    def _warn_idle(self, seconds: int) -> None:
        self._shell.toast(self._look.language.tr("journey.locking", n=seconds), Tone.WARN)

    def _make_camera(self) -> CameraThread:
        return CameraThread(self._services.open_camera, self._make_reader)

    def _make_reader(self) -> Reader:
        """In the camera's thread; the model is loaded once."""
        if self._reader is None:
            self._reader = self._services.make_reader()
        return self._reader

    # --- the frame ----------------------------------------------------------------------------

    def _write_chips(self, _facts: DeliveryFacts | None = None) -> None:
        tr = self._look.language.tr
        facts = self.delivery.facts
        chips: list[ChipItem] = []
        if self._services.demonstration:
            chips.append(
                ChipItem("demonstration", tr("common.chip.demonstration"), "sparkles", Tone.WARN)
            )
        if facts.waiting:
            text = tr("common.chip.waiting", n=facts.waiting)
            chips.append(ChipItem("waiting", text, "cloud-upload", Tone.WARN))
        if facts.online is not None:
            word, icon, tone = (
                ("online", "wifi", Tone.OK) if facts.online else ("offline", "wifi-off", Tone.WARN)
            )
            chips.append(ChipItem("network", tr(f"common.chip.{word}"), icon, tone))
        agent = self.session.agent
        if agent is not None and not self.session.is_locked:
            chips.append(ChipItem("agent", agent.display_name, "user-check", Tone.NEUTRAL))
        self._shell.show_chips(tuple(chips))

    def _write_help(self) -> None:
        tr = self._look.language.tr
        entries = tuple(HelpEntry(key, tr(f"help.key.{name}")) for key, name in _KEYS)
        self._shell.set_help(HelpFacts(entries, tr("help.agent")))
