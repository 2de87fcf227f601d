"""Which page is shown, and who may see it: sign-in, sections, a case, a fault, the lock.

Rules, in order:

1. Nothing of a person is on the screen while the desk is locked or nobody is signed in.
2. A lock keeps the work: the same agent comes back to the same page; another agent finds home.
   Stepping aside (F9) puts the case aside and lets the next agent in; the shift stays open.
3. A fault page says what happened and leads back to where the work stands.
"""

from collections.abc import Callable, Collection

from PySide6.QtCore import QCoreApplication, QObject, Signal

from kiosk.domain.ids import CaseId
from kiosk.journeys.procedures import REGISTERED_LETTER
from kiosk.services.agents import Session
from kiosk.services.proofing import Case
from ui.router.case import CaseRouter
from ui.router.chips import chips_of, help_entries
from ui.router.customer import CustomerRouter
from ui.router.customer_language import CustomerLanguage
from ui.router.device import DeviceRouter
from ui.router.entry import EntryRouter
from ui.router.late_cases import LateCases
from ui.router.opinions import OpinionRouter
from ui.router.people import PeopleRouter
from ui.router.rounds import RoundRouter
from ui.router.scanner import Scanner
from ui.router.scans import ScanRouter
from ui.router.sections import SectionRouter
from ui.router.services import Services
from ui.router.stick import StickRouter
from ui.screens.fault import FaultFacts, FaultScreen
from ui.shell import HelpFacts, Section, Shell
from ui.shell.privacy import PrivacyCover
from ui.theme import Tone
from ui.viewmodels.capture import CaptureModel, Watch
from ui.viewmodels.contact import ContactModel
from ui.viewmodels.delivery import DeliveryFacts, DeliveryModel, Summary
from ui.viewmodels.device import DeviceModel
from ui.viewmodels.home import HomeModel
from ui.viewmodels.journey import JourneyModel
from ui.viewmodels.session import SessionModel
from ui.widgets.look import Look
from ui.workers.camera import CameraThread, Reader
from ui.workers.desk import Desk, Failure
from ui.workers.network import NetworkWatch
from ui.workers.ticks import IdleWatch

__all__ = ["Router", "Services"]


class Router(QObject):
    """Owns the models, the threads and the pages; made once for a window.

    Signals:
        ended(object): the journal of this device is closed: a
            :class:`~ui.router.device.Farewell`. Nothing of this router is used any more.
    """

    ended = Signal(object)

    def __init__(
        self, look: Look, shell: Shell, services: Services, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._reader: Reader | None = None
        self._fault: FaultFacts | None = None
        self.desk = Desk("vault")
        self.courier = Desk("courier")
        self.session = SessionModel(services.sign_in, self.desk, self)
        self.journey = JourneyModel(services.proofing, self.desk, self)
        self.capture = CaptureModel(self._make_camera, self)
        self.delivery = DeliveryModel(services.delivery, self.courier, services.clock, self)
        self.network = NetworkWatch(self)
        self.entry = EntryRouter(look, shell, services, self.session, self)
        self.sign_in = self.entry.page
        self.fault = FaultScreen(look)
        home = HomeModel(services.proofing, self.desk, self)
        self.rounds = self._make_rounds()
        self.sections = SectionRouter(
            look,
            shell,
            services,
            self.desk,
            home,
            self.delivery,
            self.capture,
            self.rounds,
            self,
        )
        self.case = CaseRouter(look, shell, services, self.journey, self.capture, self)
        self.people = PeopleRouter(look, shell, services, self.desk, self)
        self.opinions = self._make_opinions()
        self.device = self._make_device()
        self.contacts = ContactModel(services.contacts, self.journey, self)
        self.customer = CustomerRouter(look, shell, self.journey, self.contacts, self)
        self.scanner = Scanner(self)
        self.scans = ScanRouter(look, shell, self.session, self.journey, self.case, self)
        self.idle = IdleWatch(services.idle_s, parent=self)
        self.privacy = IdleWatch(services.privacy_s, warning_s=0, parent=self)
        self.cover = PrivacyCover(shell, look)
        self.late = LateCases(services, self.session, self.journey, self.idle, self.desk, self)
        self._bind()
        self._bind_device()
        self._bind_customer()

    def _bind(self) -> None:
        self.session.opened.connect(self._signed_in)
        self.session.locked.connect(self._show_lock)
        self.session.closed.connect(self._show_left)
        self.session.stepped_aside.connect(self._show_left)
        self.session.failed.connect(self.show_fault)
        self.entry.shown.connect(self.retranslate)
        self._shell.lock_requested.connect(self.session.lock)
        self._shell.help_opening.connect(self._write_help)
        self._shell.help_page_requested.connect(self._open_help)
        self.sections.help.left.connect(self.case.show_again)
        self.scanner.scanned.connect(self.scans.take)
        self.scans.open_requested.connect(self._open_with)
        self.scans.item_scanned.connect(self._open_letter)
        self.sections.procedure_requested.connect(self._new_case)
        self.sections.home.end_confirmed.connect(self.session.leave)
        self.sections.draft_chosen.connect(self._resume)
        self.sections.failed.connect(self.show_fault)
        self.case.finished.connect(self.go_home)
        self.case.new_requested.connect(self._new_request)
        self.case.failed.connect(self.show_fault)
        self.case.next_requested.connect(self._new_case)
        self.case.help_requested.connect(self._open_help)
        self.journey.refused.connect(self._not_opened)
        self.fault.retry_requested.connect(self._retry)
        self.fault.home_requested.connect(self._leave_fault)
        self.delivery.changed.connect(self._write_chips)
        self.delivery.changed.connect(self.case.sheets.show_delivery)
        self.sections.conflicts_changed.connect(self._write_chips)
        self._bind_sending()
        self._bind_people()
        self._bind_rounds()
        self._bind_opinions()
        self._bind_stick()
        self.privacy.expired.connect(self._hide_screen)
        self.idle.expired.connect(self.session.lock)
        self.idle.warned.connect(self._warn_idle)
        self.idle.revived.connect(self._shell.quiet)
        self._look.language.changed.connect(self.retranslate)

    def _bind_sending(self) -> None:
        """What makes records leave before the next regular delivery."""
        self.case.sealed.connect(self.delivery.send)
        self.session.closed.connect(self.delivery.send)
        self.network.came_back.connect(self.delivery.send)
        self.late.ended.connect(self._were_late)

    def _bind_people(self) -> None:
        self.sign_in.join_requested.connect(self.people.show_join)
        self._shell.switch_requested.connect(self.switch_agent)
        self.people.sign_in_requested.connect(self._back_to_sign_in)
        self.people.settings_requested.connect(self._show_settings)
        self.people.failed.connect(self.show_fault)
        self.sections.person_requested.connect(self._show_person_page)
        self.sign_in.unlock_requested.connect(self._show_unlock)

    def _bind_rounds(self) -> None:
        if self.rounds is None:
            return
        self.rounds.ordered.connect(self._run)
        self.rounds.failed.connect(self.show_fault)
        self.case.visit.place_of = self.rounds.place_of
        self.case.visit.missed.connect(self.rounds.miss)
        self.case.visit.begin_requested.connect(self.rounds.open)
        self.journey.busy_changed.connect(self._hold_round)
        self.delivery.finished.connect(self._delivered)

    def _bind_opinions(self) -> None:
        if self.opinions is not None:
            self.sections.home.opinion_requested.connect(self._show_opinions)
            self.opinions.returned.connect(self.go_home)
            self.opinions.failed.connect(self.show_fault)

    def _bind_stick(self) -> None:
        self.stick: StickRouter | None = None
        if self._services.carried is None:
            return
        card = self.sections.deliveries.stick
        self.stick = StickRouter(self._look, card, self._services.carried, self.courier, self)
        self.stick.model.finished.connect(self.delivery.refresh)
        self.stick.model.finished.connect(self.sections.refresh)
        self.session.locked.connect(self.stick.forget)
        self.session.closed.connect(self.stick.forget)
        self.session.stepped_aside.connect(self.stick.forget)

    def _bind_device(self) -> None:
        device = self.device
        if device is None:
            return
        device.settings_requested.connect(self._show_settings)
        device.failed.connect(self.show_fault)
        device.closed.connect(self.ended)
        self.scans.takes = device.take_scan
        for over in (self.session.locked, self.session.closed, self.session.stepped_aside):
            over.connect(device.forget)

    def _bind_customer(self) -> None:
        notice, contact, identity = self.case.notice, self.case.contact, self.case.identity
        contact.use(self.contacts, self.customer.language_code)
        self.contacts.give_by(self.case.orders.send_quietly)
        notice.turn_requested.connect(self.customer.turn)
        contact.turn_requested.connect(self.customer.turn)
        contact.address_asked.connect(self.customer.ask_address)
        identity.rows_changed.connect(self.customer.show_identity)
        identity.turn_requested.connect(self.customer.turn)
        self.customer.screens_changed.connect(identity.set_turnable)
        self.customer.address_given.connect(contact.write)
        self.customer.screens_changed.connect(notice.set_turnable)
        self.customer.screens_changed.connect(contact.set_turnable)
        channel = self.case.channel
        channel.link_shown.connect(self.customer.show_link)
        channel.turn_requested.connect(self.customer.turn)
        self.customer.screens_changed.connect(channel.set_turnable)
        self.case.leading_on.connect(self.customer.keep_language)
        self.speech = CustomerLanguage(self.customer, self.journey, self.case.orders, self)

    def start(self) -> None:
        """Show the sign-in and begin to deliver."""
        application = QCoreApplication.instance()
        if application is not None:
            self.scanner.start(application)
            # The last one installed is the first to see: a key held back is a sign of life too.
            application.installEventFilter(self.idle)
            application.installEventFilter(self.privacy)
        self._show_sign_in()
        self.customer.start()
        self.session.list_agents()
        self.delivery.start()
        self.network.start()
        self.late.start()

    def close(self) -> None:
        """Stop camera and threads; what is stored stays. Safe to call twice."""
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self.idle)
            application.removeEventFilter(self.privacy)
            self.scanner.stop(application)
        self.idle.stop()
        self.late.stop()
        self.entry.close()
        self.privacy.stop()
        if self.rounds is not None:
            self.rounds.forget()
        if self.opinions is not None:
            self.opinions.close()
        self.network.stop()
        self.delivery.stop()
        if self.stick is not None:
            self.stick.close()
        if self.device is not None:
            self.device.close()
        self.capture.close()
        self.case.sheets.close()
        self.case.sheet_mail.close()
        self.sections.sheets.close()
        self.sections.sheet_mail.close()
        self.customer.close()
        self.contacts.close()
        self.desk.close()
        self.courier.close()

    # --- pages --------------------------------------------------------------------------------

    def go_home(self) -> None:
        """Show where work begins: home, or the round of a carrier."""
        session = self.session.session
        if session is not None and not self.session.is_locked:
            self.sections.show(self._first_section, session)

    def show_fault(self, failure: Failure) -> None:
        """Show the calm page; the work behind it stays."""
        tr = self._look.language.tr
        self.case.hide()
        self.customer.cover()
        self._fault = FaultFacts(
            failure.shown_code,
            tr(f"errors.{failure.code}.what"),
            tr(f"errors.{failure.code}.do"),
            can_retry=self.journey.view is not None,
        )
        self.fault.show_facts(self._fault)
        self._shell.set_page(self.fault, self.fault.bar)
        self._shell.set_title(tr("fault.top"))

    def switch_agent(self) -> None:
        """Free the desk for a colleague: the case is put aside, the next one signs in."""
        if self.session.session is None or self.session.is_locked:
            return
        if self.journey.view is not None and not self.case.close_quietly():
            return
        self.session.step_aside()

    def retranslate(self) -> None:
        """Write what the frame shows again."""
        self._write_chips()
        self._write_help()

    def _show_sign_in(self) -> None:
        self.entry.show()

    @property
    def _first_section(self) -> Section:
        rounds = self.rounds
        carrier = rounds is not None and rounds.section is Section.ROUND
        return Section.ROUND if carrier else Section.HOME

    def _show_lock(self) -> None:
        self._shell.quiet()
        self.customer.cover()
        self.idle.stop()
        self._stop_privacy()
        self.case.hide()
        self.sections.hide()
        self.people.forget()
        self._forget_opinions()
        self._show_sign_in()

    def _show_left(self) -> None:
        """The shift is over: nothing of the agent stays, and the next one may sign in."""
        self.customer.cover()
        self.idle.stop()
        self._stop_privacy()
        self.sections.hide()
        self.sections.forget()
        self.people.forget()
        self._forget_opinions()
        self._show_sign_in()

    def _signed_in(self, session: Session) -> None:
        self.sign_in.reset()
        self.idle.start()
        self.privacy.start()
        if self.rounds is not None:
            self.rounds.begin(session)
        view = self.journey.view
        if view is not None and view.state.agent_id != session.agent.agent_id:
            self.case.close_quietly()
            self.sections.forget()
            self.people.forget()
            view = None
        self.retranslate()
        self.customer.uncover()
        if view is not None:
            self.case.show_again()
            self.late.look()  # it may have ended behind the lock
        else:
            self.go_home()

    def _retry(self) -> None:
        if self.journey.view is not None:
            self.case.show_again()
            self.customer.uncover()
        else:
            self._leave_fault()

    def _leave_fault(self) -> None:
        if self.session.session is None or self.session.is_locked:
            self._show_sign_in()
            return
        self.customer.uncover()
        if self.journey.view is not None:
            self.case.put_aside()
        else:
            self.go_home()

    # --- orders -------------------------------------------------------------------------------

    def _new_request(self) -> None:
        """From the receipt: the next request that was started online."""
        self._new_case(self._services.procedure)

    def _new_case(self, procedure: str) -> None:
        session = self.session.session
        if session is not None:
            self._make_room()
            self.journey.open(procedure, session)

    def _make_room(self) -> None:
        """A case begins: no section is shown, and nothing of the customer before."""
        self.sections.hide()
        self._shell.quiet()

    def _run(self, make: Callable[[], Case]) -> None:
        """A visit is opened, or ends without anybody."""
        if self.session.session is not None and self.journey.run(make):
            self._make_room()

    def _hold_round(self, busy: bool) -> None:
        if self.rounds is not None:
            self.rounds.screen.set_orders_open(not busy)

    def _delivered(self, summary: Summary) -> None:
        if self.rounds is not None and not summary.reason:
            self.rounds.model.network_is_back()

    def _were_late(self, cases: Collection[CaseId]) -> None:
        """Cases ended by themselves: their records go, and a page of one of them is put away."""
        view = self.journey.view
        if view is not None and view.state.case_id in cases and self.case.close_quietly():
            self.go_home()
        self.sections.refresh()
        self.delivery.send()

    def _make_rounds(self) -> RoundRouter | None:
        services = self._services
        if services.rounds is None or services.visits is None:
            return None
        desks = (self.desk, self.courier)
        return RoundRouter(self._look, services, services.rounds, services.visits, desks, self)

    def _make_opinions(self) -> OpinionRouter | None:
        opinions = self._services.opinions
        if opinions is None:
            return None
        panel = self.case.second
        return OpinionRouter(
            self._look, self._shell, self._services, opinions, self.journey, panel, self
        )

    def _make_device(self) -> DeviceRouter | None:
        services = self._services
        if services.workshop is None:
            return None
        return DeviceRouter(
            self._look,
            self._shell,
            services,
            DeviceModel(services.workshop, self.desk, self.courier, self),
            self.delivery,
            self.sections.equipment,
            self,
        )

    def _show_opinions(self) -> None:
        if self.opinions is not None and self.session.session is not None:
            self.sections.hide()
            self.opinions.show()

    def _forget_opinions(self) -> None:
        if self.opinions is not None:
            self.opinions.leave()

    def _hide_screen(self) -> None:
        """Nobody touched the tablet for a while; while the camera works, somebody holds it."""
        if self.capture.watch is Watch.NOTHING:
            self.cover.cover()
        self.privacy.start()

    def _stop_privacy(self) -> None:
        self.privacy.stop()
        self.cover.uncover()

    def _open_with(self, code: str) -> None:
        """A request was scanned where no case is open."""
        session = self.session.session
        if session is not None:
            self._make_room()
            self.journey.open(self._services.procedure, session, code)

    def _open_letter(self, code: str) -> None:
        """The number of a letter was scanned where no case is open."""
        session = self.session.session
        if session is not None:
            self._make_room()
            self.case.await_item(code)
            self.journey.open(REGISTERED_LETTER, session)

    def _resume(self, case_id: str) -> None:
        session = self.session.session
        if session is not None:
            self.journey.resume(CaseId(case_id), session)

    def _not_opened(self, failure: Failure) -> None:
        if self.journey.view is None:
            self.show_fault(failure)

    def _show_unlock(self, agent_id: str) -> None:
        self.people.show_unlock(agent_id, self.entry.agents)

    def _back_to_sign_in(self) -> None:
        """The agents may be others now."""
        self._show_sign_in()
        self.session.list_agents()

    def _show_settings(self) -> None:
        session = self.session.session
        if session is not None:
            self.sections.show(Section.SETTINGS, session)

    def _show_person_page(self, name: str) -> None:
        """Something of the settings that is a page of its own."""
        session = self.session.session
        if session is None:
            return
        if name == "activity":
            self.people.export_activity(session)
            return
        self.sections.hide()
        if name == "team":
            self.people.show_team(session)
        elif name == "device" and self.device is not None:
            self.device.show(session, self.entry.agents)
        else:
            self.people.show_change(session)

    def _warn_idle(self, seconds: int) -> None:
        """Until the lock, or until somebody is there after all."""
        words = self._look.language.tr("journey.locking", n=seconds)
        self._shell.toast(words, Tone.WARN, seconds * 1000)

    def _make_camera(self) -> CameraThread:
        return CameraThread(self._services.open_camera, self._make_reader)

    def _make_reader(self) -> Reader:
        """In the camera's thread; the model is loaded once."""
        if self._reader is None:
            self._reader = self._services.make_reader()
        return self._reader

    # --- the frame ----------------------------------------------------------------------------

    def _write_chips(self, _facts: DeliveryFacts | None = None) -> None:
        agent = None if self.session.is_locked else self.session.agent
        unseen = sum(not conflict.seen for conflict in self.sections.conflicts)
        self._shell.show_chips(
            chips_of(
                self._look.language,
                self.delivery.facts,
                unseen,
                agent,
                demonstration=self._services.demonstration,
            )
        )

    def _write_help(self) -> None:
        language = self._look.language
        numbers = self.sections.help.sentences()
        inside = self.session.session is not None and not self.session.is_locked
        self._shell.set_help(
            HelpFacts(help_entries(language), language.tr("help.agent"), numbers, inside)
        )

    def _open_help(self) -> None:
        """The page of the help; over a case that is open it leads back to the case."""
        session = self.session.session
        if session is None or self.session.is_locked:
            return
        if self.journey.view is None:
            self.sections.show(Section.HELP, session)
        else:
            self.case.hide()
            self.sections.help.show_over_case()
