"""Deliveries: where each sealed record is on its way, in plain words, and “send now”."""

import re
from dataclasses import dataclass

from PySide6.QtCore import Signal
from typing_extensions import override

from kiosk.ports import OutboxState
from ui.screens.conflicts import ConflictCard, ConflictRow
from ui.screens.page import Page
from ui.screens.stick import StickCard
from ui.theme import Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.empty import EmptyState
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class DeliveryItem:
    """One sealed record.

    Attributes:
        seq: its number in the journal.
        state: where it is.
        age_s: seconds since it was sealed.
        reason: stable code of the last obstacle with its words, or ``""``.
        held: waits for a link that is not metered, or for “send now”.
    """

    seq: int
    state: OutboxState
    age_s: int
    reason: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class DeliveriesFacts:
    """What the page shows.

    Attributes:
        items: records, newest first.
        sending: a delivery is under way.
        last: when the last one ended, in words, or ``""``.
        problem: one sentence about the last obstacle, or ``""``.
        conflicts: records to look at again, the unread ones first.
        pace_kbs: kilobytes per second when last measured.
        minutes_left: that what waits takes at this pace; 0 where it is short or not known.
        course: how far the delivery under way is, in words; ``""`` where there is nothing to tell.
        stopping: it was asked to stop.
        stopped: the last one was stopped.
    """

    items: tuple[DeliveryItem, ...] = ()
    sending: bool = False
    last: str = ""
    problem: str = ""
    conflicts: tuple[ConflictRow, ...] = ()
    pace_kbs: int = 0
    minutes_left: int = 0
    course: str = ""
    stopping: bool = False
    stopped: bool = False


_CODE = re.compile(r"[A-Z]+-\d{3}")

STATE_LOOKS = {
    OutboxState.WAITING: ("cloud-upload", Tone.WARN),
    OutboxState.SENDING: ("send", Tone.INFO),
    OutboxState.UNCONFIRMED: ("clock", Tone.INFO),
    OutboxState.STORED: ("cloud-check", Tone.OK),
    OutboxState.QUARANTINED: ("alert-triangle", Tone.BAD),
    OutboxState.REFUSED: ("alert-triangle", Tone.BAD),
}


class DeliveriesScreen(Page):
    """A list, “send now”, and while something is sent how far it is and a way to stop it.

    Signals:
        send_requested(): send now.
        stop_requested(): stop, in the middle of a record too.
        seen_requested(): the agent has read what happened elsewhere.
    """

    send_requested = Signal()
    stop_requested = Signal()
    seen_requested = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("deliveries")
        self._facts = DeliveriesFacts()
        self._send = Button(look, "", kind=ButtonKind.PRIMARY, icon="cloud-upload")
        self._send.setObjectName("send-now")
        self._stop = Button(look, "", kind=ButtonKind.QUIET, icon="x")
        self._stop.setObjectName("stop-sending")
        self.corner.addWidget(self._stop)
        self.corner.addWidget(self._send)
        self._summary = Label(look, "", Type.BODY, "ink2")
        self._card = Card(look, " ", trailing=self._summary)
        self._problem = Label(look, "", Type.STRONG, "warn", wrap=True)
        self._course = Label(look, "", Type.STRONG, wrap=True)
        self._course.setObjectName("course")
        self._slow = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._slow.setObjectName("slow-link")
        self._rows = RowList(look)
        self._empty = EmptyState(look, "cloud-check", "", tone=Tone.OK)
        self._last = Label(look, "", Type.LABEL, "ink2")
        self._card.body.addWidget(self._problem)
        self._card.body.addWidget(self._course)
        self._card.body.addWidget(self._slow)
        self._card.body.addWidget(self._rows)
        self._card.body.addWidget(self._empty, 1)
        self._card.body.addStretch(1)
        self._card.body.addWidget(self._last)
        self.conflicts = ConflictCard(look)
        self.stick = StickCard(look)
        self.body.addWidget(self.conflicts)
        self.body.addWidget(self._card, 1)
        self.body.addWidget(self.stick)
        self.conflicts.seen_requested.connect(self.seen_requested)
        self._send.clicked.connect(self.send_requested)
        self._stop.clicked.connect(self.stop_requested)
        self.retranslate()

    def show_facts(self, facts: DeliveriesFacts) -> None:
        """Show these."""
        cut_off = bool(facts.problem)
        if cut_off != bool(self._facts.problem):
            # The way out comes before the list of what waits, but only where it is needed.
            self.body.removeWidget(self.stick)
            place = self.body.indexOf(self._card)
            self.body.insertWidget(place if cut_off else place + 1, self.stick)
        self._facts = facts
        self._send.set_busy(facts.sending)
        self.retranslate()

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        facts = self._facts
        self.title.setText(tr("deliveries.title"))
        self.hint.setText(tr("deliveries.hint"))
        self._send.setText(tr("deliveries.send"))
        self._stop.setText(tr("deliveries.stopping" if facts.stopping else "deliveries.stop"))
        self._stop.setEnabled(not facts.stopping)
        self._stop.setVisible(bool(facts.course))
        for button in (self._send, self._stop):
            button.updateGeometry()
        self.conflicts.show_rows(facts.conflicts)
        self._card.set_title(tr("deliveries.list"))
        self._empty.show_text(tr("deliveries.none"), tr("deliveries.none_hint"))
        self._empty.setVisible(not facts.items)
        self._rows.setVisible(bool(facts.items))
        self._rows.show_items(tuple(self._row(item) for item in facts.items))
        waiting = sum(item.state is not OutboxState.STORED for item in facts.items)
        self._summary.setText(
            tr("deliveries.summary", n=waiting) if waiting else tr("deliveries.summary_all")
        )
        self._problem.setText(facts.problem)
        self._problem.setVisible(bool(facts.problem))
        stopped = tr("deliveries.stopped") if facts.stopped and waiting else ""
        self._course.setText(facts.course or stopped)
        self._course.setVisible(bool(facts.course or stopped))
        slow = tr("deliveries.slow", n=facts.minutes_left, pace=max(1, facts.pace_kbs))
        self._slow.setText(slow)
        self._slow.setVisible(bool(facts.minutes_left and waiting and not facts.problem))
        last = tr("deliveries.last", moment=facts.last) if facts.last else tr("deliveries.never")
        self._last.setText(last)

    def _row(self, item: DeliveryItem) -> RowItem:
        tr = self.look.language.tr
        icon, tone = STATE_LOOKS[item.state]
        state = item.state.value
        word = "held" if item.held else state
        detail = tr(f"deliveries.detail.{word}", age=self._age(item.age_s))
        # That it is set apart is all that the central side said of such a record.
        told = item.state is OutboxState.QUARANTINED and not _CODE.fullmatch(item.reason)
        if item.reason and item.state is not OutboxState.STORED and not (item.held or told):
            detail = f"{detail}. {self._reason(item.reason)}"
        return RowItem(
            name=str(item.seq),
            title=tr("deliveries.record", number=item.seq),
            detail=detail,
            icon=icon,
            tone=tone,
            chip=tr(f"deliveries.state.{state}"),
        )

    def _reason(self, code: str) -> str:
        """The obstacle in a sentence where it has one, with the code for who is asked for help."""
        tr = self.look.language.tr
        if not _CODE.fullmatch(code):
            return tr("deliveries.reason", code=code)
        return f"{tr(f'errors.{code}.what')} ({code})"

    def _age(self, seconds: int) -> str:
        tr = self.look.language.tr
        if seconds < 60:
            return tr("deliveries.age.now")
        if seconds < 3600:
            return tr("deliveries.age.minutes", n=seconds // 60)
        if seconds < 86400:
            return tr("deliveries.age.hours", n=seconds // 3600)
        return tr("deliveries.age.days", n=seconds // 86400)
