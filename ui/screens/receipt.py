"""The receipt: outcome, why, what next, the customer's sheet, and on to the next customer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout
from typing_extensions import override

from kiosk.domain.decision import Reason
from kiosk.services.answer_facts import AnswerFacts, Standing, confirmed
from ui.i18n import spaced_code
from ui.screens.after_rows import rows_after
from ui.screens.page import Page
from ui.screens.sheet_mail import MailLine
from ui.screens.sheet_paint import image_of
from ui.screens.sheet_words import Sheet, Variant, compose
from ui.theme import Radius, Size, Space, Tone, Type
from ui.widgets.action_bar import ActionBar
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Badge, Label
from ui.widgets.list_row import RowList
from ui.widgets.look import Look
from ui.widgets.outcome import OUTCOME_LOOKS
from ui.widgets.qr import QrCode
from ui.widgets.sheet_view import SheetView

_PREVIEW_WIDTH: Final = 900
"""Dots across the page that the preview is scaled down from."""


class ReceiptScreen(Page):
    """Outcome large on the left, the customer's sheet on the right.

    Signals:
        next_requested(): next customer; back to the list for an old act.
        new_requested(): next customer, whose request is to be verified at once (N).
        print_requested(): print the sheet, or keep it where no printer is.
        keep_requested(): keep the sheet as a PDF.
        mail_requested(): send the sheet by e-mail; the address comes next.
    """

    next_requested = Signal()
    new_requested = Signal()
    print_requested = Signal()
    keep_requested = Signal()
    mail_requested = Signal()

    def __init__(self, look: Look, *, past: bool = False) -> None:
        """With ``past`` the act is an old one: its sheet is given again, then back to the list."""
        super().__init__(look)
        self.setObjectName("receipt-past" if past else "receipt")
        self._past = past
        self._facts: AnswerFacts | None = None
        self._reasons: tuple[Reason, ...] = ()
        self._proposed = Variant.NORMAL
        self.figures: Callable[[str], Mapping[str, str]] = no_figures
        self._badge = Badge(look, "circle-check", Tone.OK, Size.BADGE_LARGE)
        self._outcome = Label(look, "", Type.H1, wrap=True)
        self._standing = Label(look, "", Type.STRONG, "warn", wrap=True)
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
        self._qr = QrCode(look, fixed_px=Size.PICTURE_MIN, radius=Radius.KEY)
        self.variants = ChoiceGroup(look, columns=2)
        self.variants.setObjectName("sheet-variants")
        self.preview = SheetView(look)
        self.preview.setObjectName("sheet-preview")
        self.keep_button = Button(look, "", icon="file-check", key="Ctrl+S")
        self.keep_button.setObjectName("keep")
        self.print_button = Button(look, "", icon="printer", key="Ctrl+P")
        self.print_button.setObjectName("print")
        self.mail = MailLine(look)
        self.mail_button = Button(look, "", icon="send", key="Ctrl+E")
        self.mail_button.setObjectName("mail")
        self.next_button = Button(
            look, "", kind=ButtonKind.PRIMARY, key="Return", trailing="arrow-right"
        )
        self.next_button.setObjectName("primary")
        others = (self.mail_button, self.keep_button, self.print_button)
        self.bar = ActionBar(look, others=others, primary=self.next_button)
        self._build()
        self._bind()
        self.offer_mail(offered=False)

    def _bind(self) -> None:
        self._new_key = QShortcut(QKeySequence("N"), self)
        self._new_key.setEnabled(not self._past)
        self._new_key.activated.connect(self.new_requested)
        self.variants.changed.connect(self._show_variant)
        self.keep_button.clicked.connect(self.keep_requested)
        self.print_button.clicked.connect(self.print_requested)
        self.mail_button.clicked.connect(self.mail_requested)
        self.next_button.clicked.connect(self.next_requested)

    def _build(self) -> None:
        left = Card(self.look)
        head = QHBoxLayout()
        head.setSpacing(Space.XL)
        head.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(Space.XS)
        words.addWidget(self._outcome)
        words.addWidget(self._standing)
        head.addLayout(words, 1)
        left.body.addLayout(head)
        left.body.addSpacing(Space.M)
        left.body.addWidget(self._why_title)
        left.body.addWidget(self._why)
        # First, so that an answer is seen without scrolling on a low screen too.
        self._after.body.addWidget(self.mail)
        self._after.body.addWidget(self._note)
        self._after.body.addWidget(self._next)
        self._after.body.addStretch(1)
        self._build_sheet()
        column = QVBoxLayout()
        column.setSpacing(Space.XXL)
        column.addWidget(left)
        column.addWidget(self._after, 1)
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._halves.setSpacing(Space.XXL)
        self._halves.addLayout(column, 5)
        self._halves.addWidget(self._slip, 6)
        self.body.addLayout(self._halves, 1)

    def _build_sheet(self) -> None:
        """Code and ways of writing beside the sheet itself."""
        code = QVBoxLayout()
        code.setSpacing(Space.XS)
        for widget in (self._code_title, self.code, self._code_hint):
            code.addWidget(widget)
        self._words, self._beside, self._below = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        self._words.setSpacing(Space.M)
        self._words.addWidget(self._qr, 0, Qt.AlignmentFlag.AlignLeft)
        self._words.addLayout(code)
        self._words.addStretch(1)
        self._beside.addWidget(self.preview)
        row = QHBoxLayout()
        row.setSpacing(Space.XL)
        row.addLayout(self._words, 5)
        row.addLayout(self._beside, 5)
        self._slip.body.addLayout(row, 1)
        self._slip.body.addLayout(self._below)
        self.look.theme.changed.connect(self._rearrange)
        self._rearrange()

    def _rearrange(self) -> None:
        """On a low screen the ways of writing take the place of the preview: no scrolling."""
        tablet = self.look.theme.tablet
        self.preview.setVisible(not tablet)
        self.hint.setVisible(not tablet and not self._past)
        for layout in (self._below, self._beside):
            layout.removeWidget(self.variants)
        if tablet:
            self._beside.addWidget(self.variants, 0, Qt.AlignmentFlag.AlignTop)
        else:
            self._below.addWidget(self.variants)
        self.variants.show()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Held upright, the sheet stands under the answer; in a low window the code is smaller."""
        super().resizeEvent(event)
        window = self.window()
        upright = window.width() < window.height()
        low = window.height() < Size.WINDOW_LOW
        self._qr.set_side(Size.PICTURE_LOW if low else Size.PICTURE_MIN)
        ways = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._halves.setDirection(ways[0] if upright else ways[1])

    # --- what is shown ------------------------------------------------------------------------

    def show_facts(
        self, facts: AnswerFacts, reasons: tuple[Reason, ...] = (), spoken: str = ""
    ) -> None:
        """Show the receipt of a case that was just sealed.

        Args:
            facts: what the customer is told.
            reasons: as the agent chose them; shown to the agent, in the agent's words.
            spoken: code of the language that the customer chose, or ``""``; the sheet is proposed
                in it, and the agent may choose another way of writing.
        """
        self._facts, self._reasons = facts, reasons
        english = spoken == Variant.ENGLISH.language
        self._proposed = Variant.ENGLISH if english else Variant.NORMAL
        self.variants.select(self._proposed.value)
        self.show_note("")
        self.retranslate()

    def show_confirmed(self, at: datetime) -> None:
        """The central side has the record now: the sheet says so from here on."""
        if self._facts is not None and self._facts.confirmed_at is None:
            self._facts = confirmed(self._facts, at)
            self.retranslate()

    def offer_mail(self, *, offered: bool) -> None:
        """Whether the sheet can be asked for by e-mail on this device."""
        self.mail_button.setVisible(offered)
        self.mail_button.setEnabled(offered)

    @property
    def facts(self) -> AnswerFacts | None:
        """What is shown, None before a receipt is."""
        return self._facts

    @property
    def variant(self) -> Variant:
        """How the sheet is written."""
        chosen = self.variants.selected
        return Variant(chosen[0]) if chosen else Variant.NORMAL

    def show_note(self, text: str, ink: str = "ok") -> None:
        """A line under the text: printed, or kept where, or why not."""
        self._note.set_ink(ink)
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def sheet(self) -> Sheet:
        """The customer's sheet as chosen. Raises ValueError before a receipt is shown."""
        if self._facts is None:
            raise ValueError("no receipt")
        variant = self.variant
        figures = self.figures(variant.language)
        return compose(self._facts, self.look.language, variant, figures)

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        self.title.setText(tr("answer_sheet.again" if self._past else "receipt.title"))
        self.hint.setText(tr("answer_sheet.new_hint"))
        self._slip.set_title(tr("answer_sheet.sheet"))
        self._why_title.setText(tr("receipt.why"))
        self._after.set_title(tr("receipt.next"))
        self._code_title.setText(tr("receipt.code"))
        self._code_hint.setText(tr("receipt.code_hint"))
        self.variants.show_choices(
            tuple(Choice(item.value, tr(f"answer_sheet.variant.{item.value}")) for item in Variant)
        )
        self.keep_button.setText(tr("answer_sheet.keep"))
        self.print_button.setText(tr("receipt.print"))
        self.mail_button.setText(tr("sheet_mail.key"))
        self.next_button.setText(
            tr("answer_sheet.to_list" if self._past else "receipt.next_customer")
        )
        for button in (self.keep_button, self.print_button, self.next_button):
            button.updateGeometry()
        if self._facts is not None:
            self._write(self._facts)

    def _write(self, facts: AnswerFacts) -> None:
        tr = self.look.language.tr
        outcome = facts.outcome
        icon, tone = OUTCOME_LOOKS[outcome]
        self._badge.show_icon(icon, tone)
        self._outcome.setText(tr(f"receipt.outcome.{outcome.value}.title"))
        self._outcome.set_ink("ink" if tone is Tone.NEUTRAL else tone.ink)
        firm = facts.standing is not Standing.FINAL
        self._standing.setText(tr(f"answer_sheet.state.{facts.standing.value}"))
        self._standing.set_ink("ok" if facts.standing is Standing.CONFIRMED else "warn")
        self._standing.setVisible(firm)
        reasons = "\n".join(tr(f"reasons.{reason.value}") for reason in self._reasons)
        self._why.setText(reasons)
        for label in (self._why_title, self._why):
            label.setVisible(bool(reasons))
        self._next.show_items(rows_after(facts, self.look.language, past=self._past))
        self.code.setText(spaced_code(facts.records[0].slip_code))
        self._qr.show_code(facts.records[0].qr_text, tr("receipt.qr"))
        if not self.variants.selected:
            self.variants.select(self._proposed.value)
        self._show_variant()

    def _show_variant(self, _values: tuple[str, ...] = ()) -> None:
        sheet = self.sheet()
        words = self.look.language.tr("answer_sheet.preview", text=sheet.text)
        self.preview.show_page(image_of(sheet, _PREVIEW_WIDTH), words)


def no_figures(_language: str) -> Mapping[str, str]:
    """No help number is known on this device."""
    return {}
