"""The pages about the device itself: its state, and the acts with it.

Rules, in order: only who tends the device comes here; what destroys something is signed by a PIN
that is typed for it, whoever is signed in; an act under way goes on when the desk locks, and its
end is told wherever somebody is; a device that was closed is handed on to be ended, and nothing of
this window stays.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from kiosk.domain.agent import Agent, Duty, Role, may
from kiosk.domain.errors import SignInError
from kiosk.domain.ids import AgentId
from kiosk.services.agents import Session, Signatory, require_badge
from kiosk.sync.enrolment import CODE_PREFIX
from ui.router.device_words import StateWords, act_rows, course_words, failure_words
from ui.router.equipment import Equipment
from ui.router.folders import FolderChoice
from ui.router.services import Services
from ui.screens.device import DeviceFacts, DeviceScreen
from ui.screens.device_act import ActFacts, DeviceActScreen
from ui.screens.second_person import SecondPersonFacts, SecondPersonScreen
from ui.screens.sign_in import AgentCard
from ui.shell import Section, Shell
from ui.theme import Tone
from ui.viewmodels.delivery import DeliveryModel, Summary
from ui.viewmodels.device import CLOSING, Act, ActRun, DeviceModel, Looked
from ui.viewmodels.ordered import OrderedDelivery
from ui.widgets.list_row import RowItem
from ui.widgets.look import Look
from ui.workers.desk import Failure

_STAMP = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, slots=True)
class Farewell:
    """A device whose journal is closed: its keys are destroyed next.

    Attributes:
        code: enrolment code of the next office, ``""`` where there is none.
        badge / name: its first manager.
    """

    act: Act
    code: str = ""
    badge: str = ""
    name: str = ""


class DeviceRouter(QObject):
    """The device to pages.

    Signals:
        settings_requested(): back to the settings.
        closed(object): the journal of the device is closed: a :class:`Farewell`.
        failed(object): a :class:`Failure` that no page here answers to.
    """

    settings_requested = Signal()
    closed = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        look: Look,
        shell: Shell,
        services: Services,
        model: DeviceModel,
        delivery: DeliveryModel,
        equipment: Equipment,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._delivery = delivery
        self._equipment = equipment
        self._session: Session | None = None
        self._agents: tuple[Agent, ...] = ()
        self._looked: Looked | None = None
        self._message = ("", Tone.INFO)
        self._out = Path()
        self._farewell = Farewell(Act.DECOMMISSION)
        self.model = model
        self.ordered = OrderedDelivery(delivery, self)
        self.page = DeviceScreen(look)
        self.act = DeviceActScreen(look)
        self.signs = {
            Duty.CLOSE_DEVICE: SecondPersonScreen(look, "device.sign.close"),
            Duty.RESCUE: SecondPersonScreen(look, "device.sign.rescue"),
        }
        self.folders = FolderChoice(look, self.page, self)
        self._bind()

    def _bind(self) -> None:
        self.page.act_chosen.connect(self._choose)
        self.page.returned.connect(self.settings_requested)
        self.act.ordered.connect(self._order)
        self.act.stopped.connect(self.model.stop)
        self.act.returned.connect(self._back)
        for duty, page in self.signs.items():
            page.given.connect(partial(self._vouch, duty))
            page.returned.connect(self._reconsider)
        self.model.looked.connect(self._was_looked_at)
        self.model.checked.connect(partial(self._show_signing, Duty.CLOSE_DEVICE))
        self.model.vouched.connect(self._vouched)
        self.model.refused.connect(self._refused)
        self.model.changed.connect(self._moved)
        self.model.failed.connect(self.failed)
        self.ordered.ended.connect(self._tell_sent)
        self._delivery.finished.connect(self._delivered)
        self._equipment.changed.connect(self._write)
        self._look.language.changed.connect(self._retranslate)

    # --- pages --------------------------------------------------------------------------------

    def show(self, session: Session, agents: tuple[Agent, ...]) -> None:
        """The device, for a manager or a technician."""
        if not may(session.agent.role, Duty.TEND):
            return
        self._session, self._agents = session, agents
        if self.model.busy and self.model.run is not None:
            self._show_act()
            self._show_course(self.model.run)
            return
        self._equipment.refresh()
        self._show_page()

    def take_scan(self, scan: str) -> bool:
        """A scanner read something: the enrolment code, where the page asks for one."""
        wanted = self._shell.page is self.act and self.act.asks_code
        if not wanted or not scan.strip().startswith(CODE_PREFIX):
            return False
        self.act.take_code(scan)
        return True

    def forget(self) -> None:
        """Nobody is signed in: nothing typed stays; an act under way goes on."""
        self._session = None
        self._message = ("", Tone.INFO)
        self.ordered.forget()
        self.model.forget()
        self.folders.forget()
        self.act.clear()
        for page in self.signs.values():
            page.person.pad.field.clear()  # no more than that: the focus is another page's now

    def close(self) -> None:
        """Stop what can be stopped. Safe to call twice."""
        self.model.stop()
        self.folders.close()

    def _show_page(self) -> None:
        self._write()
        self._put(self.page, self._look.language.tr("device.title"))
        self.page.setFocus()
        self._look_again()

    def _show_act(self) -> None:
        tr = self._look.language.tr
        self._put(self.act, tr(f"device.act.{self.act.act.value}.title"), bar=True)
        self.act.show_error("")
        self.act.take_focus()

    def _show_signing(self, duty: Duty) -> None:
        """Who signs: for a closing any manager, for a rescue the second of the two."""
        session = self._session
        if session is None or self._shell.page is not self.act:
            return
        name = self._look.language.tr(f"device.act.{self.act.act.value}.title")
        people = tuple(agent for agent in self._agents if may(agent.role, duty))
        if duty is Duty.RESCUE:
            me = session.agent
            alone = me.role is not Role.MANAGER
            people = tuple(
                agent
                for agent in people
                if agent.agent_id != me.agent_id and (not alone or agent.role is Role.MANAGER)
            )
        cards = tuple(AgentCard(a.agent_id, a.display_name, a.role.value) for a in people)
        page = self.signs[duty]
        page.show_facts(SecondPersonFacts(name, cards))
        self._put(page, name)
        page.person.pad.setFocus()

    def _put(
        self,
        page: DeviceScreen | DeviceActScreen | SecondPersonScreen,
        title: str,
        *,
        bar: bool = False,
    ) -> None:
        self._shell.set_page(page, self.act.bar if bar else None)
        self._shell.show_navigation(Section.SETTINGS)
        self._shell.set_title(title)

    def _reconsider(self) -> None:
        """Nobody signs now, whatever a PIN that is still being looked at turns out to be."""
        self.model.forget()
        self._show_act()

    def _back(self) -> None:
        self.model.forget()
        self.act.clear()
        self._show_page()

    # --- orders -------------------------------------------------------------------------------

    def _look_again(self) -> None:
        if self._session is not None:
            self.model.look(self._session)

    def _choose(self, name: str) -> None:
        act = Act(name)
        if self._session is None or self.model.busy:
            return
        self.model.forget()  # an answer that is still out was asked for another act
        self._message = ("", Tone.INFO)
        if act is Act.SEND:
            self.ordered.order()
            self._write()
            return
        self.act.begin(self._act_facts(act))
        self._show_act()

    def _order(self) -> None:
        session = self._session
        if session is None:
            return
        match self.act.act:
            case Act.KEYS:
                self.model.change_keys(session)
            case Act.SECRET | Act.SECRET_END as act:
                self.model.change_secret(session, end=act is Act.SECRET_END)
            case Act.RESCUE:
                self.act.show_error("")
                title = self._look.language.tr("device.act.rescue.choose")
                self.folders.ask(title, self._take_folder)
            case Act.TRANSFER if not _is_badge(self.act.badge):
                self.act.show_wrong_badge()
            case Act.TRANSFER:
                self.model.check(self.act.code)
            case _:
                self._show_signing(Duty.CLOSE_DEVICE)

    def _take_folder(self, medium: Path) -> None:
        """A new folder on what was chosen: there may be other things on a stick."""
        device = self._services.device_id.removeprefix("dev-")
        stamp = self._services.clock.now().astimezone().strftime(_STAMP)
        self._out = medium / f"visavis-rescue-{device}-{stamp}"
        self._show_signing(Duty.RESCUE)

    def _vouch(self, duty: Duty, agent_id: str, pin: str) -> None:
        self.model.vouch(agent_id, pin, duty)

    def _vouched(self, by: Signatory) -> None:
        session, act = self._session, self.act.act
        if session is None or self._shell.page not in self.signs.values():
            return  # whoever went to another page meanwhile begins again
        for page in self.signs.values():
            page.person.reset()
        self._show_act()
        if act is Act.RESCUE:
            self.model.rescue(session, by, self._out)
        elif act in CLOSING:
            self._farewell = Farewell(act, self.act.code, self.act.badge, self.act.name)
            self.model.close_device(act, by)

    # --- answers ------------------------------------------------------------------------------

    def _refused(self, failure: Failure) -> None:
        tr = self._look.language.tr
        for page in self.signs.values():
            if self._shell.page is page:
                page.person.show_error(tr(f"errors.{failure.code}.what"))
                return
        self.act.show_error(" ".join(failure_words(self._look.language, failure)))

    def _was_looked_at(self, looked: Looked) -> None:
        self._looked = looked
        self._write()
        if self._shell.page is self.act:
            self.act.update_facts(self._act_facts(self.act.act))

    def _moved(self, run: ActRun) -> None:
        if self._shell.page is self.act:
            self._show_course(run)
        if run.running:
            return
        if run.act in CLOSING and run.failure is None:
            self.closed.emit(self._farewell)
            return
        if self._shell.page is not self.act:
            self._tell_away(run)
        self._look_again()

    def _tell_away(self, run: ActRun) -> None:
        """The act ended while somebody was elsewhere."""
        tr = self._look.language.tr
        course = course_words(self._look.language, run, self._out.name)
        self._message = (f"{course.text} {course.detail}".strip(), course.tone)
        act = tr(f"device.act.{run.act.value}.title")
        self._shell.toast(tr("device.act.result_away", act=act, text=course.text), course.tone)

    def _delivered(self, _summary: Summary) -> None:
        if self._shell.page in (self.page, self.act):
            self._look_again()

    def _tell_sent(self, stored: int, reason: str) -> None:
        tr, waiting = self._look.language.tr, self._delivery.facts.waiting
        told = []
        if stored:
            told.append(tr("device.act.send.stored", n=stored))
        if waiting:
            told.append(tr("device.act.send.waiting", n=waiting))
        if reason:
            told.extend(failure_words(self._look.language, Failure(reason)))
        tone = Tone.WARN if waiting or reason else Tone.OK
        self._message = (" ".join(told) or tr("device.act.send.nothing"), tone)
        self._write()

    # --- words --------------------------------------------------------------------------------

    def _retranslate(self) -> None:
        self._write()
        run = self.model.run
        if run is not None and self.act.tells_course:
            self._show_course(run)

    def _write(self, _changed: object = None) -> None:
        language = self._look.language
        rows: tuple[RowItem, ...] = ()
        machine: tuple[RowItem, ...] = ()
        if self._looked is not None:
            words = StateWords(language, self._services, self._looked)
            rows, machine = words.rows(), words.machine(self._equipment.rows[0])
        message, tone = self._message
        if self.ordered.under_way:
            message, tone = language.tr("device.act.send.sending"), Tone.INFO
        self.page.show_facts(
            DeviceFacts(
                self._services.device_id,
                rows,
                machine,
                act_rows(language, self._offered()),
                message,
                tone,
            )
        )

    def _offered(self) -> tuple[Act, ...]:
        """A window that cannot end its device does not close it; a secret is renewed once."""
        unfit = set() if self._services.ending is not None else set(CLOSING)
        changes = self._looked is not None and self._looked.secret_changes
        unfit.add(Act.SECRET if changes else Act.SECRET_END)
        return tuple(act for act in Act if act not in unfit)

    def _act_facts(self, act: Act) -> ActFacts:
        device = self._services.device_id
        if self._looked is None:
            return ActFacts(act, device)
        state = self._looked.state
        queue, secret = state.queue, self._looked.secret
        awaited = () if secret is None else secret.awaited
        return ActFacts(act, device, queue.waiting, queue.stuck, state.open_cases, awaited)

    def _show_course(self, run: ActRun) -> None:
        self.act.show_course(course_words(self._look.language, run, self._out.name))


def _is_badge(text: str) -> bool:
    """Whether this may be a badge; the keys are gone when the new office would say it is none."""
    try:
        require_badge(AgentId(text))
    except SignInError:
        return False
    return True
