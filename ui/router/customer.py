"""Which page the customer sees: follows the case, and blanks whenever it is not their turn."""

from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QScreen

from kiosk.domain.contact import spaced
from kiosk.journeys.model import StepKind
from kiosk.journeys.procedures import COUNTER_CREATION, HOME_VISIT, ONLINE_REQUEST
from kiosk.journeys.service_steps import ContactChannel, ContactStatus
from ui.customer import CustomerWindow
from ui.customer.entry import Entry
from ui.customer.window import NOTICE, Words
from ui.i18n import Language
from ui.shell import Shell
from ui.viewmodels.contact import ContactModel
from ui.viewmodels.journey import CaseView, JourneyModel
from ui.widgets.look import Look
from ui.widgets.outcome import customer_look

_PAGES = {
    StepKind.DOCUMENT: Words("document", icon="id", stage=2),
    StepKind.CHECKS: Words("examination", icon="eye", stage=3),
    StepKind.FEATURES: Words("examination", icon="eye", stage=3),
    StepKind.PERSON: Words("person", icon="user", stage=3),
    StepKind.DECISION: Words("soon", icon="clock", stage=3),
    StepKind.SECOND_AGENT: Words("soon", icon="clock", stage=3),
    StepKind.CONFIRM: Words("soon", icon="clock", stage=3),
}
_BUSY = Words("busy", icon="user-check")
_LAST_STAGE = 3
Rows = tuple[tuple[str, str], ...]


def _stage(procedure: str, stage: int) -> int:
    """Which of the three steps of the service a page belongs to, 0 where they say nothing.

    Who began online has the first two steps behind them; a letter has none.
    """
    if procedure == COUNTER_CREATION:
        return stage
    return _LAST_STAGE if stage and procedure in (ONLINE_REQUEST, HOME_VISIT) else 0


class CustomerRouter(QObject):
    """Owns the customer's window.

    Signals:
        address_given(object, str): channel and address that the customer typed.
        screens_changed(bool): whether there is only one screen, to be turned to the customer.
        uncovered(): the agent is back at the case.
    """

    address_given = Signal(object, str)
    screens_changed = Signal(bool)
    uncovered = Signal()

    def __init__(
        self,
        look: Look,
        shell: Shell,
        journey: JourneyModel,
        contacts: ContactModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._shell = shell
        self._journey = journey
        self._contacts = contacts
        self._first_language = look.language.code
        self._language = look.language.beside()
        self._rows: Rows = ()
        self._link: tuple[str, str] | None = None
        self._asked: ContactChannel | None = None
        self._step: StepKind | None = None
        self._covered = True
        self._same_customer = False
        self._closed = True
        self.window = CustomerWindow(Look(look.theme, self._language))
        # The counter's window decides when the program ends.
        self.window.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, on=False)
        self.window.entered.connect(self._take)
        self.window.returned.connect(self._turn_back)
        journey.changed.connect(self._follow)
        journey.left.connect(self._left)
        contacts.changed.connect(self._show)
        contacts.judged.connect(self._judged)

    @property
    def language(self) -> Language:
        """What the customer reads in; the customer switches it."""
        return self._language

    @property
    def covered(self) -> bool:
        """Whether the desk is locked, or a fault is shown."""
        return self._covered

    def keep_language(self) -> None:
        """The next case is of the same customer."""
        self._same_customer = True

    def language_code(self) -> str:
        """Code of the language that the customer reads."""
        return self._language.code

    @property
    def turnable(self) -> bool:
        """Whether there is only one screen."""
        return self._second_screen() is None

    def start(self) -> None:
        """Stand on the second screen, now and when one is plugged in."""
        self._closed = False
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenAdded.connect(self._place)
            application.screenRemoved.connect(self._place)
        self._place()

    def close(self) -> None:
        """Close the window for good. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenAdded.disconnect(self._place)
            application.screenRemoved.disconnect(self._place)
        self.window.end()

    def cover(self) -> None:
        """Locked, nobody signed in, or a fault: nothing of anybody; the screen is the agent's."""
        self._covered = True
        self._asked = None
        self._contacts.pause()
        self.window.blank()
        self._give_back()

    def uncover(self) -> None:
        """The agent is back at the case."""
        self._covered = False
        self._contacts.resume()
        self._show()
        self.uncovered.emit()

    def turn(self) -> None:
        """Turn the one screen to the customer."""
        if self.turnable and self._journey.view is not None:
            self._show()
            self.window.turn(self._shell)

    def ask_address(self, channel: ContactChannel) -> None:
        """Let the customer type an address."""
        self._asked = channel
        self._show()
        self.turn()

    def show_identity(self, rows: Rows) -> None:
        """The identity as it stands on the agent's page, for the customer to confirm."""
        self._rows = rows
        self._show()

    def show_link(self, payload: str, address: str) -> None:
        """The way that is proposed, for the customer to scan; ``""`` for none."""
        self._link = (payload, address) if payload else None
        self._show()

    # --- following ----------------------------------------------------------------------------

    def _follow(self, view: CaseView) -> None:
        if view.state.step is not self._step:
            self._step = view.state.step
            self._asked = None
            self._give_back()
        if view.state.step is not StepKind.IDENTITY:
            self._rows = ()
        if view.state.step is not StepKind.CHANNEL:
            self._link = None
        self._show()

    def _left(self) -> None:
        """The case is closed or put aside: the next customer finds nothing of this one."""
        self._step = None
        self._rows = ()
        self._link = None
        self._asked = None
        self.window.blank()
        self._give_back()
        if not self._same_customer:
            self._language.choose(self._first_language)
        self._same_customer = False

    def _show(self) -> None:
        view = self._journey.view
        if view is None or self._covered:
            self.window.blank()
            return
        state = view.state
        if state.record is not None and state.decision is not None:
            self._answer(view)
        elif state.step is StepKind.NOTICE:
            self.window.show_words(NOTICE)
        elif state.step is StepKind.CONTACT:
            self._contact()
        elif state.step is StepKind.IDENTITY and self._rows:
            words = Words("identity", icon="user-check", rows=self._rows, stage=2)
            self.window.show_words(words)
        elif state.step is StepKind.CHANNEL and self._link is not None:
            self.window.show_words(Words("channel", link=self._link))
        else:
            words = _PAGES.get(state.step, _BUSY)
            self.window.show_words(replace(words, stage=_stage(state.procedure, words.stage)))

    def _contact(self) -> None:
        if self._asked is not None:
            facts = self._contacts.line(self._asked).facts
            address = "" if facts is None else facts.address
            self.window.ask(Entry.ADDRESS, self._asked, address)
            return
        for channel in ContactChannel:
            line = self._contacts.line(channel)
            if line.code_counts and line.facts is not None:
                self.window.ask(Entry.CODE, channel, line.facts.address)
                return
        # Nothing is asked any more: what was typed was right.
        self._give_back()
        self.window.show_words(Words("contact", icon="mail", stage=1))

    def _answer(self, view: CaseView) -> None:
        state = view.state
        if state.record is None or state.decision is None:
            return
        outcome = state.decision.outcome
        icon, tone = customer_look(outcome)
        rows: Rows = (("slip", state.record.slip_code),)
        later = [spaced(c.address) for c in state.contacts if c.status is ContactStatus.DEFERRED]
        if later:
            rows = (*rows, ("later", ", ".join(later)))
        self.window.show_words(Words(f"answer.{outcome.value}", icon=icon, tone=tone, rows=rows))

    # --- what the customer types --------------------------------------------------------------

    def _take(self, text: str) -> None:
        asking = self.window.asking
        if asking is None:
            return
        entry, channel = asking
        if entry is Entry.ADDRESS:
            self._asked = None
            self.address_given.emit(channel, text.strip())
            self._show()
            self._give_back()
        elif not self._contacts.check(channel, text):
            self.window.show_problem("customer.ended")

    def _judged(self, channel: ContactChannel, word: str) -> None:
        if self.window.asking != (Entry.CODE, channel):
            return
        match word:
            case "wrong":
                standing = self._contacts.line(channel).standing
                left = 0 if standing is None else standing.tries_left
                self.window.show_problem("customer.wrong", n=left)
            case "form":
                self.window.show_problem(f"customer.form.{channel.value}")
            case "ended" | "offline":
                self.window.show_problem(f"customer.{word}")
            case _:
                self.window.entry.set_busy(False)

    def _give_back(self) -> None:
        """The agent has the one screen again."""
        if self.window.turned:
            self.window.turn_back()
            self._shell.activateWindow()

    def _turn_back(self) -> None:
        self._asked = None
        self._give_back()
        self._show()

    # --- screens ------------------------------------------------------------------------------

    def _second_screen(self) -> QScreen | None:
        own = self._shell.screen()
        return next((s for s in QGuiApplication.screens() if s is not own), None)

    def _place(self, _screen: QScreen | None = None) -> None:
        second = self._second_screen()
        if second is None:
            self.window.hide()
        else:
            self.window.show_on(second)
        self.screens_changed.emit(second is None)
