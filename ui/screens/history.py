"""History: the journal of today, and the closed acts of earlier days; no personal data.

Of an earlier day only what can still be of use to a customer is shown: acts whose sheet is kept.
"""

from dataclasses import dataclass
from datetime import date, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from ui.screens.conflicts import conflict_words
from ui.screens.day_bar import DayBar
from ui.screens.page import Page
from ui.theme import Space, Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.empty import EmptyState
from ui.widgets.label import IconLabel, Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One entry of the journal.

    Attributes:
        seq: its number.
        kind: value of ``kiosk.audit.entries.EntryKind``; an unknown one is shown as an entry.
        at: device time, aware.
        conflict: what happened elsewhere to the record of this entry (value of
            ``kiosk.sync.conflicts.ConflictKind``), or ``""``.
    """

    seq: int
    kind: str
    at: datetime
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class HistoryFacts:
    """What the page shows; ``verified`` is None while the journal was not checked.

    Attributes:
        day: an earlier day whose acts are shown; None for today.
        oldest: no earlier day has acts that are kept.
        days: earlier days can be looked for.
    """

    items: tuple[HistoryItem, ...] = ()
    verified: bool | None = None
    verifying: bool = False
    day: date | None = None
    oldest: bool = False
    days: bool = False


KIND_LOOKS = {
    "verify_close": ("shield-check", Tone.OK),
    "item_distributed": ("mail", Tone.OK),
    "fraud_alert": ("alert-triangle", Tone.WARN),
    "verify_open": ("id", Tone.INFO),
    "shift_open": ("user-check", Tone.INFO),
    "shift_close": ("logout", Tone.NEUTRAL),
    "login_fail": ("key", Tone.WARN),
    "lockout": ("lock", Tone.WARN),
    "blob_purged": ("cloud-check", Tone.OK),
    "receipts_purged": ("cloud-check", Tone.NEUTRAL),
    "clock_jump": ("clock", Tone.WARN),
    "restore_detected": ("alert-triangle", Tone.BAD),
    "damage": ("alert-triangle", Tone.BAD),
    "salvaged": ("alert-triangle", Tone.WARN),
    "split_view": ("alert-triangle", Tone.BAD),
    "central_loss": ("alert-triangle", Tone.BAD),
    "log_restored": ("alert-triangle", Tone.WARN),
    "receipt_void": ("file-check", Tone.NEUTRAL),
    "announcement_refused": ("alert-triangle", Tone.BAD),
    "keys_changed": ("key", Tone.INFO),
    "policy_applied": ("clipboard-check", Tone.INFO),
    "agent_added": ("users", Tone.INFO),
    "agent_invited": ("plus", Tone.INFO),
    "pin_changed": ("pencil", Tone.INFO),
    "case_handed": ("send", Tone.INFO),
    "case_taken": ("hand-finger", Tone.INFO),
    "second_signed": ("signature", Tone.OK),
    "lease_expired": ("wifi-off", Tone.WARN),
    "outbox_rescued": ("cloud-upload", Tone.WARN),
    "device_closed": ("device-desktop", Tone.NEUTRAL),
    "enrolled": ("key", Tone.INFO),
    "boot": ("player-play", Tone.NEUTRAL),
}

_CLOSED = "verify_close"
"""Kind of the entries that a sheet can be given for again."""


class HistoryScreen(Page):
    """A list, and the check of the whole journal.

    At the end of a day a customer leaves three lines or more: one press leaves those of which the
    sheet can be given again, so that the one looked for is not among a hundred others.

    Signals:
        verify_requested(): check the journal.
        answer_chosen(int): the line of a closed act, to give the customer's sheet again.
    """

    verify_requested = Signal()
    answer_chosen = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("history")
        self._facts = HistoryFacts()
        self._verify = Button(look, "", icon="shield-check")
        self._verify.setObjectName("verify-journal")
        self._only_closed = False
        self.only = Button(look, "", kind=ButtonKind.QUIET, icon="list-check")
        self.only.setObjectName("only-closed")
        self.corner.addWidget(self.only)
        self.corner.addWidget(self._verify)
        self.days = DayBar(look)
        self._count = Label(look, "", Type.BODY, "ink2")
        self._card = Card(look, " ", trailing=self._count)
        self._rows = RowList(look, clickable=True)
        self._empty = EmptyState(look, "book", "")
        self._state_icon = IconLabel(look, "circle-dashed", "ink2")
        self._state = Label(look, "", Type.LABEL_STRONG, "ink2", wrap=True)
        self._build()
        self._verify.clicked.connect(self.verify_requested)
        self.only.clicked.connect(self._toggle_only)
        self._rows.chosen.connect(self._choose)
        self.retranslate()

    def _build(self) -> None:
        self._card.body.addWidget(self._rows)
        self._card.body.addWidget(self._empty, 1)
        self._card.body.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(Space.S)
        foot.addWidget(self._state_icon)
        foot.addWidget(self._state, 1)
        self._card.body.addLayout(foot)
        self.body.addWidget(self.days)
        self.body.addWidget(self._card, 1)

    def show_facts(self, facts: HistoryFacts) -> None:
        """Show these."""
        self._facts = facts
        self._verify.set_busy(facts.verifying)
        self.retranslate()

    @property
    def _items(self) -> tuple[HistoryItem, ...]:
        """The lines that are shown."""
        items = self._facts.items
        if self._facts.day is not None or not self._only_closed:
            return items
        return tuple(item for item in items if item.kind == _CLOSED)

    def _toggle_only(self) -> None:
        self._only_closed = not self._only_closed
        self.retranslate()

    def _choose(self, name: str) -> None:
        self.answer_chosen.emit(int(name))

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        facts = self._facts
        self.title.setText(tr("history.title"))
        day = "" if facts.day is None else self.look.language.day(facts.day)
        self.hint.setText(tr("history.hint_past", day=day) if day else tr("history.hint"))
        self.days.retranslate()
        self.days.setVisible(facts.days)
        self.days.set_open(earlier=not facts.oldest, later=facts.day is not None)
        self._verify.setText(tr("history.verify"))
        self._verify.updateGeometry()
        self.only.setText(tr("history.all_lines" if self._only_closed else "history.only_closed"))
        self.only.updateGeometry()
        self.only.setVisible(not day)
        items = self._items
        self._card.set_title(day or tr("history.list"))
        self._count.setText(tr("history.count", n=len(items)) if items else "")
        # Of a day with other lines alone nobody may read that nothing was written down.
        none = "none_past" if day else "none_closed" if self._only_closed else "none"
        none = f"history.{none}"
        self._empty.show_text(tr(none), tr(f"{none}_hint"))
        self._empty.setVisible(not items)
        self._rows.setVisible(bool(items))
        self._rows.show_items(tuple(self._row(item) for item in items))
        key, icon, ink = {
            None: ("history.unchecked", "circle-dashed", "ink2"),
            True: ("history.verified", "shield-check", "ok"),
            False: ("history.broken", "alert-triangle", "bad"),
        }[facts.verified]
        self._state.setText(tr(key))
        self._state.set_ink(ink)
        self._state_icon.show_icon(icon, ink)

    def _row(self, item: HistoryItem) -> RowItem:
        language = self.look.language
        known = item.kind in KIND_LOOKS
        icon, tone = KIND_LOOKS.get(item.kind, ("book", Tone.NEUTRAL))
        detail = language.tr("history.entry", number=item.seq)
        if item.conflict:
            icon, tone = "alert-triangle", Tone.WARN
            detail = f"{detail}. {conflict_words(item.conflict, language)[0]}"
        return RowItem(
            name=str(item.seq),
            title=language.tr(f"history.kind.{item.kind if known else 'other'}"),
            detail=detail,
            icon=icon,
            tone=tone,
            chip=language.time(item.at),
            opens=item.kind == _CLOSED,
        )
