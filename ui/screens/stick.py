"""The stick: records that go by hand where there is no network, and their receipts."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout

from ui.theme import Space, Tone, Type
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.label import Label
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class StickFacts:
    """What the card shows.

    Attributes:
        running: the stick is being read or written.
        give: it is, or was, written and not only read.
        done / total: records so far.
        ended: a visit ended.
        stored / written / left: records proven stored, on the stick, without room.
        failed: records that cannot be sent as they are, or whose receipt proved nothing.
        reason: stable code of what stopped it, or ``""``.
    """

    running: bool = False
    give: bool = False
    done: int = 0
    total: int = 0
    ended: bool = False
    stored: int = 0
    written: int = 0
    left: int = 0
    failed: int = 0
    reason: str = ""


class StickCard(Card):
    """Two buttons, and in words what became of the last visit.

    Signals:
        write_requested(): write what waits on a stick.
        read_requested(): read what came back on a stick.
        stop_requested(): stop after the record under way.
    """

    write_requested = Signal()
    read_requested = Signal()
    stop_requested = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, " ")
        self._look = look
        self._facts = StickFacts()
        self.setObjectName("stick")
        self._hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._said = Banner(look)
        self.write = Button(look, "", icon="file-check")
        self.read = Button(look, "", icon="cloud-check")
        self.halt = Button(look, "", kind=ButtonKind.QUIET, icon="x")
        for button, name in ((self.write, "write"), (self.read, "read"), (self.halt, "stop")):
            button.setObjectName(f"stick-{name}")
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        for button in (self.write, self.read, self.halt):
            row.addWidget(button)
        row.addStretch(1)
        self.body.addWidget(self._hint)
        self.body.addWidget(self._said)
        self.body.addLayout(row)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.write.clicked.connect(self.write_requested)
        self.read.clicked.connect(self.read_requested)
        self.halt.clicked.connect(self.stop_requested)
        self.hide()

    def show_facts(self, facts: StickFacts) -> None:
        """Show these; the words are written again each time."""
        self._facts = facts
        tr = self._look.language.tr
        self.set_title(tr("deliveries.stick.title"))
        self._hint.setText(tr("deliveries.stick.hint"))
        for button, key in ((self.write, "write"), (self.read, "read"), (self.halt, "stop")):
            button.setText(tr(f"deliveries.stick.{key}"))
            button.updateGeometry()
        self.write.set_busy(facts.running and facts.give)
        self.read.set_busy(facts.running and not facts.give)
        self.write.setEnabled(not facts.running or facts.give)
        self.read.setEnabled(not facts.running or not facts.give)
        self.halt.setVisible(facts.running and facts.total > 0)
        words, tone = self._words()
        if words:
            self._said.show_message(words, tone, ms=0)
        else:
            self._said.hide()
        self.show()

    def _words(self) -> tuple[str, Tone]:
        tr, facts = self._look.language.tr, self._facts
        if facts.running:
            if facts.total:
                key = "deliveries.stick.writing"
                return tr(key, done=facts.done + 1, total=facts.total), Tone.INFO
            return tr("deliveries.stick.reading"), Tone.INFO
        told = [
            tr(f"deliveries.stick.{name}", n=number)
            for name, number in (
                ("stored", facts.stored),
                ("written", facts.written),
                ("left", facts.left),
                ("failed", facts.failed),
            )
            if number
        ]
        if facts.reason:
            told.append(tr(f"errors.{facts.reason}.what"))
            told.append(tr(f"errors.{facts.reason}.do"))
            return " ".join(told), Tone.WARN
        if not facts.ended:
            return "", Tone.INFO
        tone = Tone.WARN if facts.left or facts.failed else Tone.OK
        if not told:
            # A stick that was only read tells nothing of what waits here.
            told.append(tr(f"deliveries.stick.{'nothing' if facts.give else 'no_receipts'}"))
            tone = Tone.OK if facts.give else Tone.INFO
        told.append(tr("deliveries.stick.eject"))
        return " ".join(told), tone
