"""Records to look at again: what happened elsewhere, in plain words, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, Signal

from ui.i18n import Language
from ui.theme import Tone, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look

_KNOWN = frozenset({"request-cancelled", "verified-elsewhere", "visit-cancelled"})


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """One record to look at again.

    Attributes:
        seq: journal entry of the record.
        kind: value of ``kiosk.sync.conflicts.ConflictKind``; an unknown one is told as such.
        told_at: when this device learned of it, aware.
        seen: an agent has read it.
    """

    seq: int
    kind: str
    told_at: datetime
    seen: bool = False


def conflict_words(kind: str, language: Language) -> tuple[str, str]:
    """What happened, and what to do."""
    key = f"conflict.kind.{kind if kind in _KNOWN else 'other'}"
    return language.tr(f"{key}.what"), language.tr(f"{key}.do")


class ConflictCard(Card):
    """Hidden while there is nothing; stays until the agent says that it was read.

    Signals:
        seen_requested(): what is shown was read.
    """

    seen_requested = Signal()

    def __init__(self, look: Look) -> None:
        self.seen = Button(look, "", icon="check")
        super().__init__(look, " ", trailing=self.seen)
        self._look = look
        self.setObjectName("conflicts")
        self.seen.setObjectName("conflicts-seen")
        self._hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self.rows = RowList(look)
        self.body.addWidget(self._hint)
        self.body.addWidget(self.rows)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.seen.clicked.connect(self.seen_requested)
        self.hide()

    def show_rows(self, conflicts: tuple[ConflictRow, ...]) -> None:
        """Show these; the words are written again each time."""
        tr = self._look.language.tr
        self.set_title(tr("conflict.title"))
        self._hint.setText(tr("conflict.hint"))
        self.seen.setText(tr("conflict.seen"))
        self.seen.updateGeometry()
        self.seen.setVisible(any(not item.seen for item in conflicts))
        self.rows.show_items(tuple(self._row(item) for item in conflicts))
        self.setVisible(bool(conflicts))

    def _row(self, item: ConflictRow) -> RowItem:
        language = self._look.language
        what, do = conflict_words(item.kind, language)
        record = language.tr("conflict.record", number=item.seq)
        chip = language.tr("conflict.seen_mark" if item.seen else "conflict.new")
        tone = Tone.NEUTRAL if item.seen else Tone.WARN
        return RowItem(
            f"conflict-{item.seq}", f"{what} ({record})", do, "alert-triangle", tone, chip
        )
