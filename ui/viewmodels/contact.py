"""Addresses of the open case being confirmed: what is asked of the central side, and its answers.

Rules, in order:

1. What is asked goes out in a thread of its own: a mail server that is slow holds up no screen.
2. What the customer types is handed on and forgotten: no signal, field or log of this room holds a
   code once it is on its way.
3. The case moves by events only, one after the other; an answer for an address that was corrected
   meanwhile, or for another case, is dropped.
4. While a code is out, its state is asked for from time to time: the customer may type it on the
   own telephone. While the desk is locked nothing is asked and nothing moves the case.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from kiosk.domain.errors import (
    CaptivePortalError,
    CertificateError,
    ContactAddressError,
    ContactCodeFormError,
    ContactTooOftenError,
    ContactUnavailableError,
    ProtocolError,
    UnreachableError,
)
from kiosk.domain.ids import CaseId
from kiosk.journeys.model import Event, StepKind
from kiosk.journeys.service_steps import (
    ContactChallenged,
    ContactChannel,
    ContactConfirmed,
    ContactDeferred,
    ContactFacts,
    ContactStatus,
    ContactTyped,
)
from kiosk.services.contact import Contacts, Standing
from kiosk.sync.contact import ChallengeStatus
from ui.viewmodels.journey import CaseView, JourneyModel
from ui.workers.desk import Desk, Failure

_POLL_MS = 2500
OFFLINE = frozenset(
    kind.code for kind in (UnreachableError, CertificateError, ProtocolError, CaptivePortalError)
)
"""Failures that mean: the central side cannot be reached from here now."""


@dataclass(frozen=True, slots=True)
class Line:
    """One way to the customer, as the screens show it.

    Attributes:
        facts: as the case holds them, None while nothing was typed.
        standing: last word of the central side about the code sent last, None while there is none.
        problem: code of an error, ``""`` where all is well.
        wait_s: seconds after which another code may be asked for, 0 where that is now.
        busy: an answer is on its way.
    """

    facts: ContactFacts | None = None
    standing: Standing | None = None
    problem: str = ""
    wait_s: int = 0
    busy: bool = False

    @property
    def status(self) -> ContactStatus | None:
        """How far the case is with it."""
        return None if self.facts is None else self.facts.status

    @property
    def settled(self) -> bool:
        """Confirmed, or to be confirmed later."""
        return self.status in (ContactStatus.CONFIRMED, ContactStatus.DEFERRED)

    @property
    def offline(self) -> bool:
        """The central side could not be reached."""
        return self.problem in OFFLINE

    @property
    def code_counts(self) -> bool:
        """Whether the customer can type a code now."""
        if self.status is not ContactStatus.SENT:
            return False
        return self.standing is None or self.standing.status is ChallengeStatus.SENT


class ContactModel(QObject):
    """Sends codes for the open case, and has them judged.

    Signals:
        changed(): a line changed.
        judged(object, str): channel, and ``confirmed``, ``wrong``, ``form``, ``offline`` or
            ``ended``: how what the customer typed was judged, or that nobody could be asked.
    """

    changed = Signal()
    judged = Signal(object, str)

    def __init__(
        self, contacts: Contacts | None, journey: JourneyModel, parent: QObject | None = None
    ) -> None:
        """Contacts: None where this device belongs to no fleet."""
        super().__init__(parent)
        self._contacts = contacts
        self._journey = journey
        self._desk = Desk("contact")
        self._case = CaseId("")
        self._lines: dict[ContactChannel, Line] = {}
        self._wanted: dict[ContactChannel, str] = {}
        self._events: list[Event] = []
        self._give: Callable[[Event], object] = journey.dispatch
        self._paused = False
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._ask_states)
        journey.changed.connect(self._follow)
        # Queued: first everybody sees what an order answered, then the next one goes out.
        journey.busy_changed.connect(self._flush, Qt.ConnectionType.QueuedConnection)
        journey.left.connect(self.forget)

    def give_by(self, give: Callable[[Event], object]) -> None:
        """Move the case by another call than the model's own."""
        self._give = give

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return self._desk.idle and not self._events

    def line(self, channel: ContactChannel) -> Line:
        """A way to the customer."""
        return self._lines.get(channel, Line())

    def send(self, channel: ContactChannel, typed: str, language: str) -> bool:
        """Send a code to what was typed; False, and nothing is sent, where that is no address."""
        held = self.line(channel)
        if held.busy:
            return False
        address = self._address(channel, typed)
        if address is None:
            return False
        if held.facts is None or held.facts.address != address:
            self._wanted[channel] = language
            self._put(channel, Line(busy=True))
            self._dispatch(ContactTyped(channel, address))
        else:
            self._send(channel, held.facts, language)
        return True

    def defer(self, channel: ContactChannel, typed: str) -> bool:
        """Have the address confirmed later; False where what was typed is no address."""
        held = self.line(channel)
        address = self._address(channel, typed)
        if address is None or held.busy:
            return False
        if held.facts is None or held.facts.address != address:
            self._dispatch(ContactTyped(channel, address))
        self._put(channel, replace(self.line(channel), problem="", wait_s=0))
        self._dispatch(ContactDeferred(channel))
        return True

    def check(self, channel: ContactChannel, typed: str) -> bool:
        """Have a code judged that the customer typed; False where none is out."""
        held = self.line(channel)
        contacts, facts = self._contacts, held.facts
        if contacts is None or facts is None or held.busy or not held.code_counts:
            return False
        self._ask(channel, facts, partial(contacts.check, self._case, facts, typed), typed=True)
        return True

    def forget(self) -> None:
        """No case is open: nothing of it stays here."""
        self._poll.stop()
        self._case = CaseId("")
        self._lines.clear()
        self._wanted.clear()
        self._events.clear()
        self.changed.emit()

    def pause(self) -> None:
        """Locked, or a fault page: nothing moves the case under the agent's back."""
        self._paused = True
        self._poll.stop()

    def resume(self) -> None:
        """The agent is back."""
        self._paused = False
        self._flush()
        if self._journey.view is not None:
            self._follow(self._journey.view)

    def close(self) -> None:
        """Join the thread."""
        self._poll.stop()
        self._desk.close()

    # --- the case -----------------------------------------------------------------------------

    def _follow(self, view: CaseView) -> None:
        state = view.state
        if state.case_id != self._case:
            self.forget()
            self._case = state.case_id
        for facts in state.contacts:
            held = self.line(facts.channel)
            standing = held.standing if self._stands(held, facts) else None
            self._lines[facts.channel] = replace(held, facts=facts, standing=standing)
            language = self._wanted.pop(facts.channel, "")
            if language:
                self._send(facts.channel, facts, language)
        here = state.step is StepKind.CONTACT and not state.closed and not self._paused
        out = any(line.status is ContactStatus.SENT for line in self._lines.values())
        if here and out and not self._poll.isActive():
            self._poll.start()
        elif not (here and out):
            self._poll.stop()
        self.changed.emit()

    @staticmethod
    def _stands(line: Line, facts: ContactFacts) -> bool:
        """Whether the last word of the central side is about the challenge in the case."""
        return line.standing is not None and line.standing.challenge_id == facts.challenge_id

    def _dispatch(self, event: Event) -> None:
        self._events.append(event)
        self._flush()

    def _flush(self, _busy: bool = False) -> None:
        if self._events and not self._paused and not self._journey.busy:
            self._give(self._events.pop(0))

    # --- the central side ---------------------------------------------------------------------

    def _address(self, channel: ContactChannel, typed: str) -> str | None:
        """The address in its form, None where it has none; the line says so."""
        contacts = self._contacts
        try:
            if contacts is None:
                self._put(
                    channel, replace(self.line(channel), problem=ContactUnavailableError.code)
                )
                return None
            return contacts.address_of(channel, typed)
        except ContactAddressError:
            self._put(channel, replace(self.line(channel), problem=ContactAddressError.code))
            return None

    def _send(self, channel: ContactChannel, facts: ContactFacts, language: str) -> None:
        contacts = self._contacts
        if contacts is not None:
            self._ask(channel, facts, partial(contacts.send, self._case, facts, language))

    def _ask_states(self) -> None:
        contacts = self._contacts
        for channel, line in self._lines.items():
            facts = line.facts
            if contacts is None or facts is None or line.busy or not line.code_counts:
                continue
            task = self._desk.submit(partial(contacts.state, self._case, facts))
            task.done.connect(partial(self._take, channel, facts))
            task.failed.connect(partial(self._not_asked, channel, facts))

    def _ask(
        self,
        channel: ContactChannel,
        facts: ContactFacts,
        call: Callable[[], Standing],
        *,
        typed: bool = False,
    ) -> None:
        self._put(channel, replace(self.line(channel), busy=True, problem="", wait_s=0))
        task = self._desk.submit(call)
        task.done.connect(partial(self._answered, channel, facts, typed))
        task.failed.connect(partial(self._failed, channel, facts, typed))

    def _answered(
        self, channel: ContactChannel, facts: ContactFacts, typed: bool, standing: Standing
    ) -> None:
        if not self._is_about(channel, facts):
            return
        self._put(channel, replace(self.line(channel), busy=False))
        self._take(channel, facts, standing)
        if typed:
            word = {ChallengeStatus.CONFIRMED: "confirmed", ChallengeStatus.SENT: "wrong"}
            self.judged.emit(channel, word.get(standing.status, "ended"))

    def _take(self, channel: ContactChannel, facts: ContactFacts, standing: Standing) -> None:
        if not self._is_about(channel, facts):
            return
        line = self.line(channel)
        if line.facts is None:
            return
        fresh = line.facts.challenge_id != standing.challenge_id
        if fresh and line.facts.challenge_id != facts.challenge_id:
            return  # a newer code went out meanwhile
        self._put(channel, replace(line, standing=standing, problem=""))
        if fresh:
            self._dispatch(ContactChallenged(channel, standing.challenge_id, standing.expires_at))
        elif standing.statement and line.status is ContactStatus.SENT:
            self._dispatch(ContactConfirmed(channel, standing.statement))

    def _failed(
        self, channel: ContactChannel, facts: ContactFacts, typed: bool, failure: Failure
    ) -> None:
        if not self._is_about(channel, facts):
            return
        hurry = failure.code == ContactTooOftenError.code and failure.detail.isdecimal()
        wait_s = int(failure.detail) if hurry else 0
        line = replace(self.line(channel), busy=False, problem=failure.code, wait_s=wait_s)
        self._put(channel, line)
        if typed:
            self.judged.emit(channel, _word(failure))

    def _not_asked(self, channel: ContactChannel, facts: ContactFacts, failure: Failure) -> None:
        """The state of a code could not be learned: no network is told, anything else waits."""
        if self._is_about(channel, facts) and failure.code in OFFLINE:
            self._put(channel, replace(self.line(channel), problem=failure.code))

    def _is_about(self, channel: ContactChannel, facts: ContactFacts) -> bool:
        held = self.line(channel).facts
        return held is not None and held.address == facts.address

    def _put(self, channel: ContactChannel, line: Line) -> None:
        self._lines[channel] = line
        self.changed.emit()


def _word(failure: Failure) -> str:
    """Why a code that was typed was not judged, for the customer."""
    if failure.code in OFFLINE:
        return "offline"
    return "form" if failure.code == ContactCodeFormError.code else "ended"
