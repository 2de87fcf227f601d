"""The automatic agent and customer at a creation: codes read on the telephone, typed, confirmed.

The customer reads the own telephone (the post of the demonstration), never the screen of the agent,
and types on the keys of the customer's screen.
"""

from collections.abc import Callable
from datetime import date
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from kiosk.documents.wedge import GAP_MS
from kiosk.domain.contact import mobile_number
from kiosk.journeys.model import CaseState, StepKind
from kiosk.journeys.service_steps import ContactChannel, ContactStatus
from ui.customer.entry import Entry
from ui.demonstration.automatic import AutomaticAgent, StuckError, wait_until
from ui.demonstration.network import Cable
from ui.demonstration.plays import Play
from ui.demonstration.post import Post
from ui.steps.contact_card import ContactCard
from ui.steps.panel import TURN_KEY

ADDRESSES = {ContactChannel.EMAIL: "client@example.org", ContactChannel.MOBILE: "06 39 98 00 00"}
"""Of nobody: a domain kept for documentation, a number kept for fiction."""
BIRTH_CODES = {"NANTES": "44109", "QUIMPER": "29232"}
"""INSEE codes of the communes in which the holders of the specimens were born."""


class CreatingAgent(AutomaticAgent):
    """Creates identities too."""

    _post: Post | None = None
    _cable: Cable | None = None

    def use(self, post: Post, cable: Cable) -> None:
        """The customer's telephone, and the network that may be cut."""
        self._post = post
        self._cable = cable

    def create(self, play: Play) -> CaseState:
        """One creation, from home to home. Raises StuckError."""
        self._play = play.name
        specimen = self._stage.specimens[play.specimen]
        self._empty_stage()
        self._open()
        self._at(StepKind.NOTICE)
        self._take("notice")
        self._show_customer("customer-notice")
        self._press(Qt.Key.Key_Return)
        self._at(StepKind.CONTACT)
        self._take("contact")
        if play.offline:
            self._defer()
        else:
            self._confirm()
        self._press(Qt.Key.Key_Return)
        self._at(StepKind.DOCUMENT)
        self._present_for_creation(play.specimen, date.fromisoformat(specimen.expires))
        self._read_aloud(specimen.holder.birth_place)
        self._examine(play)
        return self._seal()

    # --- steps --------------------------------------------------------------------------------

    def _open(self) -> None:
        """The key of the tile at home."""
        self._press(Qt.Key.Key_G)

    def _confirm(self) -> None:
        post = self._post
        if post is None:
            raise StuckError("no telephone")
        post.clear()
        for channel, typed in ADDRESSES.items():
            address = typed if channel is ContactChannel.EMAIL else mobile_number(typed)
            self._type_address(channel, typed)
            self._until(partial(self._is_out, channel), channel)
            self._take(f"contact-{channel.value}-sent")
            message = post.newest(channel.value, address)
            if message is None or not message.code:
                raise StuckError(f"{self._play}: no message by {channel.value}")
            self._type_code(channel, message.code)
            self._until(partial(self._is, channel, ContactStatus.CONFIRMED), channel)
        self._take("contact-confirmed")

    def _defer(self) -> None:
        """No network: both are confirmed later; it is back before the document."""
        if self._cable is None:
            raise StuckError("no cable")
        self._cable.plugged = False
        for channel, typed in ADDRESSES.items():
            self._type_address(channel, typed)
            self._until(partial(self._is_offline, channel), channel)
            self._take(f"contact-{channel.value}-offline")
            self._click(self._card(channel).later)
            self._until(partial(self._is, channel, ContactStatus.DEFERRED), channel)
        self._take("contact-deferred")
        self._cable.plugged = True

    def _present_for_creation(self, specimen_id: str, expires: date) -> None:
        """As a verification, but the identity comes before the checks."""
        self._lay_sides(specimen_id)
        self._confirm_print(expires)
        self._press(Qt.Key.Key_Return)
        self._at(StepKind.IDENTITY)

    def _read_aloud(self, birth_place: str) -> None:
        panel = self._router.case.identity
        place = panel.entries["birth_place"].edit
        if not place.text().strip():
            self._type(place, birth_place.title())
        self._type(panel.code.edit, BIRTH_CODES[birth_place])
        self._take("identity")
        self._show_customer("customer-identity")
        self._press(Qt.Key.Key_Return)
        self._wait_checks()

    # --- eyes and fingers ---------------------------------------------------------------------

    def _card(self, channel: ContactChannel) -> ContactCard:
        return self._router.case.contact.cards[channel]

    def _is(self, channel: ContactChannel, status: ContactStatus) -> bool:
        return self._router.contacts.line(channel).status is status

    def _is_out(self, channel: ContactChannel) -> bool:
        return self._router.contacts.line(channel).code_counts

    def _is_offline(self, channel: ContactChannel) -> bool:
        return self._router.contacts.line(channel).offline

    def _until(self, holds: Callable[[], bool], channel: ContactChannel) -> None:
        wait_until(
            lambda: holds() and self._router.contacts.idle and not self._router.journey.busy,
            f"{self._play}: {channel.value}",
        )

    def _type_address(self, channel: ContactChannel, typed: str) -> None:
        edit = self._card(channel).address.edit
        self._type(edit, typed)
        self._press(Qt.Key.Key_Return)

    def _type(self, edit: QLineEdit, text: str) -> None:
        """Type as a person does: what comes faster is taken for a scanner."""
        edit.setFocus()
        QTest.keyClicks(edit, text, Qt.KeyboardModifier.NoModifier, 2 * GAP_MS)
        wait_until(lambda: not self._router.scanner.pending, f"{self._play}: typing")

    def _type_code(self, channel: ContactChannel, code: str) -> None:
        """The customer, on the keys of the own screen."""
        window = self._router.customer.window
        wait_until(lambda: window.asking == (Entry.CODE, channel), f"{self._play}: code asked for")
        if self._router.case.contact.turn.isVisible():
            self._press(Qt.Key(getattr(Qt.Key, f"Key_{TURN_KEY}")))  # there is one screen only
        for sign in code:
            self._click(window.entry.keys.key(sign))
        self._show_customer(f"customer-{channel.value}")
        self._click(window.entry.submit)

    def _show_customer(self, name: str) -> None:
        """A picture of the customer's screen."""
        QApplication.processEvents()
        window = self._router.customer.window
        if not window.isVisible():
            window.resize(self._shell.size())
        self._pictures.take(f"{self._play}-{name}", window)
