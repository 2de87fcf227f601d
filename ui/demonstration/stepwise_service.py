"""What the stepwise agent does at the steps around a verification, each until the case has changed.

The customer is an ordinary one, as in :mod:`kiosk.journeys.automatic_service`: wants the training
account, has what is asked for, is there in person.
"""

from collections.abc import Callable, Mapping
from functools import partial

from kiosk.journeys.model import CaseState, StepKind
from kiosk.journeys.service_steps import (
    ContactChannel,
    ContactStatus,
    Purpose,
    Situation,
)
from ui.demonstration.automatic import ITEM, StuckError
from ui.demonstration.creation import ADDRESSES, BIRTH_CODES
from ui.demonstration.hands import HandyAgent, Visit
from ui.demonstration.office import drawn
from ui.steps.channel import ChannelPanel
from ui.steps.eligibility import EligibilityPanel
from ui.steps.paper_file import PaperFilePanel
from ui.steps.presence import PresencePanel
from ui.steps.purpose import PurposePanel
from ui.widgets.signature_pad import SignaturePad

Act = Callable[[Visit, CaseState], None]
_MOBILE = "0639980000"
_PARIS = "75112"


class ServiceActs(HandyAgent):
    """Counsel, contact, identity, letter."""

    def service_acts(self) -> Mapping[StepKind, Act]:
        """One act for each of these steps."""
        return {
            StepKind.PURPOSE: self._say_purpose,
            StepKind.ELIGIBILITY: self._answer_eligibility,
            StepKind.CHANNEL: self._advise,
            StepKind.PAPER_FILE: self._tick_file,
            StepKind.CONTACT: self._settle_contacts,
            StepKind.IDENTITY: self._confirm_identity,
            StepKind.ITEM: self._show_item,
            StepKind.PRESENCE: self._say_who,
            StepKind.SIGNATURE: self._have_signed,
        }

    def _say_purpose(self, visit: Visit, _state: CaseState) -> None:
        panel = self._router.case.panels[StepKind.PURPOSE]
        if not isinstance(panel, PurposePanel):
            raise StuckError("purpose")
        self.choose(panel.choices, visit.cause.purpose.value)
        if visit.cause.purpose is Purpose.TRAINING_ACCOUNT:
            self.until(lambda: Situation.NEW.value in panel.choices.values, "situation")
            self.choose(panel.choices, Situation.NEW.value)

    def _answer_eligibility(self, visit: Visit, _state: CaseState) -> None:
        """Yes, and the first of several; who is not eligible says no at once."""
        panel = self._router.case.panels[StepKind.ELIGIBILITY]
        if not isinstance(panel, EligibilityPanel):
            raise StuckError("eligibility")
        if panel.number.isVisible():
            self.type_in(panel.number.edit, _MOBILE)
            self.way_on(panel)
            if panel.banner.text and not self._router.journey.busy:
                self.way_on(panel)  # nobody has a number kept for fiction: read again, confirmed
        else:
            self.choose(panel.choices, panel.choices.values[0 if visit.cause.eligible else -1])

    def _advise(self, _visit: Visit, _state: CaseState) -> None:
        """The way that a customer takes home; the first one opens a procedure here and now."""
        panel = self._router.case.panels[StepKind.CHANNEL]
        if not isinstance(panel, ChannelPanel):
            raise StuckError("channel")
        here = [value for value in panel.choices.values if not panel.leads_on(value)]
        if here and panel.choices.selected != (here[0],):
            self.choose(panel.choices, here[0])
        self.way_on(panel)

    def _tick_file(self, visit: Visit, _state: CaseState) -> None:
        """Everything is there, or all but the last paper."""
        panel = self._router.case.panels[StepKind.PAPER_FILE]
        if not isinstance(panel, PaperFilePanel):
            raise StuckError("paper file")
        papers = panel.items.values
        for value in papers if visit.cause.complete else papers[:-1]:
            self.choose(panel.items, value)
            self.until(lambda value=value: value in panel.items.selected, "a tick")  # type: ignore[misc]  # a default
        self.way_on(panel)

    # --- creation -----------------------------------------------------------------------------

    def _settle_contacts(self, visit: Visit, _state: CaseState) -> None:
        if not visit.offline:
            self._confirm()
        elif self._cable is None:
            raise StuckError("no cable")
        else:
            self._cable.plugged = False
            for channel in ContactChannel:
                self._put_off(channel)
            self._cable.plugged = True
        self.way_on(self._router.case.contact)

    def _put_off(self, channel: ContactChannel) -> None:
        card = self._card(channel)
        self.type_in(card.address.edit, ADDRESSES[channel])
        self.push(card.send)
        self._until(partial(self._is_offline, channel), channel)
        self.push(card.later)
        self._until(partial(self._is, channel, ContactStatus.DEFERRED), channel)

    def _confirm_identity(self, visit: Visit, _state: CaseState) -> None:
        panel = self._router.case.identity
        born = self._stage.specimens[visit.cause.specimen].holder.birth_place
        if visit.cause.surname:
            self.type_in(panel.entries["surname"].edit, visit.cause.surname)
        place = panel.entries["birth_place"].edit
        if not place.text().strip():
            self.type_in(place, born.title() or "Paris")
        self.type_in(panel.code.edit, BIRTH_CODES.get(born, _PARIS))
        self.way_on(panel)

    # --- letter -------------------------------------------------------------------------------

    def _show_item(self, _visit: Visit, _state: CaseState) -> None:
        self._stage.hold_code(drawn(ITEM).png)

    def _say_who(self, visit: Visit, _state: CaseState) -> None:
        self._stage.clear()
        panel = self._router.case.panels[StepKind.PRESENCE]
        if not isinstance(panel, PresencePanel):
            raise StuckError("presence")
        self.choose(panel.choices, visit.cause.presence.value)

    def _have_signed(self, _visit: Visit, _state: CaseState) -> None:
        panel = self._router.case.panels[StepKind.SIGNATURE]
        pad = panel.findChild(SignaturePad)
        if pad is None:
            raise StuckError("no pad")
        self.draw_signature(pad)
        self.way_on(panel)
