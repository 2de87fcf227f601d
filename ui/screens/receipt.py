"""The receipt: outcome, why, what next, the control code, and on to the next customer."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout
from typing_extensions import override

from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.ids import OfficeId
from kiosk.journeys.model import SealedFacts
from ui.i18n import NBSP
from ui.screens.page import Page
from ui.screens.slip import SlipFacts, draw_qr
from ui.theme import Radius, Size, Space, Tone, Type
from ui.widgets.action_bar import ActionBar
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.label import Badge, Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

_LOOKS = {
    Outcome.ACCEPTED: ("circle-check", Tone.OK),
    Outcome.REFUSED: ("circle-x", Tone.BAD),
    Outcome.SUSPENDED: ("clock", Tone.WARN),
    Outcome.ABANDONED: ("hand-stop", Tone.NEUTRAL),
    Outcome.ADVISED: ("info-circle", Tone.INFO),
    Outcome.NO_SHOW: ("clock", Tone.NEUTRAL),
}


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What the page shows; nothing of it is the restricted flag.

    Attributes:
        decision: as sealed.
        sealed: answer of the vault.
        office_id: of the device.
    """

    decision: Decision
    sealed: SealedFacts
    office_id: OfficeId

    @property
    def sealed_at(self) -> datetime:
        """Device time, aware."""
        return self.sealed.sealed_at


class QrLabel(QLabel):
    """A QR code, black on white in every look: cameras of telephones expect that."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._code = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(self.sizeHint())

    def show_code(self, text: str, name: str) -> None:
        """Draw this text; ``name`` is read by screen readers."""
        self._code = text
        self.setAccessibleName(name)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(Size.PICTURE_MIN, Size.PICTURE_MIN)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._code:
            return
        painter = QPainter(self)
        rect = QRectF(self.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_box(painter, rect, Radius.KEY, QColor(Qt.GlobalColor.white))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        inset = float(Space.S)
        draw_qr(painter, rect.adjusted(inset, inset, -inset, -inset), self._code)
        painter.end()


class ReceiptScreen(Page):
    """Outcome large on the left, the customer's slip on the right.

    Signals:
        next_requested(): next customer.
        print_requested(): print, or keep as a PDF where no printer is.
    """

    next_requested = Signal()
    print_requested = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("receipt")
        self._facts: ReceiptFacts | None = None
        self._badge = Badge(look, "circle-check", Tone.OK, Size.BADGE_LARGE)
        self._outcome = Label(look, "", Type.H1, wrap=True)
        self._why_title = Label(look, "", Type.H3)
        self._why = Label(look, "", Type.BODY, wrap=True)
        self._after = Card(look, " ")
        self._next = RowList(look)
        self._note = Label(look, "", Type.STRONG, "ok", wrap=True)
        self._slip = Card(look, " ")
        self._code_title = Label(look, "", Type.LABEL, "ink2")
        self.code = Label(look, "", Type.CODE_LARGE)
        self.code.setObjectName("slip-code")
        self._code_hint = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._facts_list = ReadList(look)
        self._help_title = Label(look, "", Type.LABEL_STRONG)
        self._help = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._rights = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._qr = QrLabel(look)
        self.print_button = Button(look, "", icon="printer", key="Ctrl+P")
        self.print_button.setObjectName("print")
        self.next_button = Button(
            look, "", kind=ButtonKind.PRIMARY, key="Return", trailing="arrow-right"
        )
        self.next_button.setObjectName("primary")
        self.bar = ActionBar(look, others=(self.print_button,), primary=self.next_button)
        self._build()
        self.print_button.clicked.connect(self.print_requested)
        self.next_button.clicked.connect(self.next_requested)

    def _build(self) -> None:
        left = Card(self.look)
        head = QHBoxLayout()
        head.setSpacing(Space.XL)
        head.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._outcome, 1)
        left.body.addLayout(head)
        left.body.addSpacing(Space.L)
        left.body.addWidget(self._why_title)
        left.body.addWidget(self._why)
        self._after.body.addWidget(self._next)
        self._after.body.addStretch(1)
        self._after.body.addWidget(self._note)
        words = QVBoxLayout()
        words.setSpacing(Space.S)
        for widget in (self._code_title, self.code, self._code_hint):
            words.addWidget(widget)
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(Space.XL)
        head.addWidget(self._qr, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        self._slip.body.addLayout(head)
        self._slip.body.addWidget(self._facts_list)
        self._slip.body.addStretch(1)
        for label in (self._help_title, self._help, self._rights):
            self._slip.body.addWidget(label)
        column = QVBoxLayout()
        column.setSpacing(Space.XXL)
        column.addWidget(left)
        column.addWidget(self._after, 1)
        row = QHBoxLayout()
        row.setSpacing(Space.XXL)
        row.addLayout(column, 5)
        row.addWidget(self._slip, 5)
        self.body.addLayout(row, 1)

    def show_facts(self, facts: ReceiptFacts) -> None:
        """Show the receipt of a case that was just sealed."""
        self._facts = facts
        self.show_note("")
        self.retranslate()

    def show_note(self, text: str) -> None:
        """A line under the text: printed, or kept where."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def slip(self) -> SlipFacts:
        """The words of the customer's slip. Raises ValueError before a receipt is shown."""
        if self._facts is None:
            raise ValueError("no receipt")
        tr = self.look.language.tr
        facts = self._facts
        outcome = facts.decision.outcome.value
        reasons = tuple(("body", f"– {line}") for line in self._reasons())
        return SlipFacts(
            (
                ("title", "Vis-à-vis"),
                ("body", tr("receipt.office", office=facts.office_id)),
                ("body", self._sealed_line(facts)),
                ("strong", tr(f"receipt.outcome.{outcome}.slip")),
                *reasons,
                ("body", tr("receipt.number", number=facts.sealed.seq)),
                ("body", tr("receipt.code")),
                ("code", spaced(facts.sealed.slip_code)),
                ("body", tr("receipt.help_line")),
                ("body", tr("receipt.rights")),
            ),
            self._qr_text(facts),
        )

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        self.title.setText(tr("receipt.title"))
        self._slip.set_title(tr("receipt.slip"))
        self._why_title.setText(tr("receipt.why"))
        self._after.set_title(tr("receipt.next"))
        self._code_title.setText(tr("receipt.code"))
        self._code_hint.setText(tr("receipt.code_hint"))
        self._help_title.setText(tr("receipt.help"))
        self._help.setText(tr("receipt.help_line"))
        self._rights.setText(tr("receipt.rights"))
        self.print_button.setText(tr("receipt.print"))
        self.next_button.setText(tr("receipt.next_customer"))
        for button in (self.print_button, self.next_button):
            button.updateGeometry()
        if self._facts is not None:
            self._write(self._facts)

    def _write(self, facts: ReceiptFacts) -> None:
        language = self.look.language
        tr = language.tr
        outcome = facts.decision.outcome
        icon, tone = _LOOKS[outcome]
        self._badge.show_icon(icon, tone)
        self._outcome.setText(tr(f"receipt.outcome.{outcome.value}.title"))
        self._outcome.set_ink("ink" if tone is Tone.NEUTRAL else tone.ink)
        reasons = "\n".join(self._reasons())
        self._why.setText(reasons)
        for label in (self._why_title, self._why):
            label.setVisible(bool(reasons))
        self._next.show_items(self._steps_after(outcome))
        self.code.setText(spaced(facts.sealed.slip_code))
        values = (
            ("sealed", language.moment(facts.sealed_at)),
            ("office", facts.office_id),
            ("number", language.number(facts.sealed.seq)),
        )
        self._facts_list.show_rows(
            tuple(
                ReadRow(name, tr(f"receipt.{name}_label"), value, FieldState.PLAIN)
                for name, value in values
            )
        )
        self._qr.show_code(self._qr_text(facts), tr("receipt.qr"))

    def _steps_after(self, outcome: Outcome) -> tuple[RowItem, ...]:
        """What the agent does now, and what happens to the case."""
        tr = self.look.language.tr
        rows = [
            RowItem(
                "outcome",
                tr(f"receipt.outcome.{outcome.value}.next_title"),
                tr(f"receipt.outcome.{outcome.value}.next"),
                "send" if outcome is Outcome.ACCEPTED else "user",
            )
        ]
        names = {"give_back": "id", "hand_over": "receipt-2"}
        rows += [
            RowItem(name, tr(f"receipt.{name}"), tr(f"receipt.{name}_hint"), icon)
            for name, icon in names.items()
        ]
        return tuple(rows)

    def _sealed_line(self, facts: ReceiptFacts) -> str:
        moment = self.look.language.moment(facts.sealed_at)
        return self.look.language.tr("receipt.sealed_at", moment=moment)

    def _reasons(self) -> tuple[str, ...]:
        if self._facts is None:
            return ()
        tr = self.look.language.tr
        return tuple(tr(f"reasons.{reason.value}") for reason in self._facts.decision.reasons)

    @staticmethod
    def _qr_text(facts: ReceiptFacts) -> str:
        """Nothing personal: the record's number and the code of the journal."""
        return f"VV1:{facts.sealed.record_id}:{facts.sealed.seq}:{facts.sealed.slip_code}"


def spaced(code: str) -> str:
    """A slip code in two groups of four, kept on one line."""
    return NBSP.join(code[start : start + 4] for start in range(0, len(code), 4))
