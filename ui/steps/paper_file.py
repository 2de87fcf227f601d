"""The paper file, ticked as it lies there: what is missing, and about when the letter comes.

Nothing is scanned, and nothing of the papers is kept.
"""

from typing import Final

from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.advice.channels import ChannelId
from kiosk.advice.dated import in_force
from kiosk.advice.paper_file import FileResult, Item, PaperFile
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import PaperFileChecked, PaperFileFacts
from ui.i18n import Language
from ui.steps.advice import AdvicePanel
from ui.theme import Space, Tone, Type
from ui.viewmodels.advice import AdviceDesk
from ui.viewmodels.sheet import AdviceSheet, SheetBlock
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.chip import Chip
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look

_HAND, _SCREEN = "hand", "screen"
_MOTIVE: Final = "motive"


class PaperFilePanel(AdvicePanel):
    """The checklist on the left, the result on the right."""

    name = "paper-file"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue, desk: AdviceDesk) -> None:
        super().__init__(look, catalogue, desk)
        self._by_hand_label = Label(look, "", Type.LABEL_STRONG, wrap=True)
        self.by_hand = ChoiceGroup(look, columns=2, keys=False)
        self.items = ChoiceGroup(look, multiple=True, columns=2)
        self._chip = Chip(look)
        self._card = Card(look, " ", trailing=self._chip)
        self._missing = RowList(look, close=True)
        self._done = Label(look, "", Type.BODY, wrap=True)
        self._build()
        self.by_hand.changed.connect(self._changed)
        self.items.changed.connect(self._changed)

    def _build(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.S)
        column.addWidget(self.items)
        hand = self._hand = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        hand.setSpacing(Space.S)
        hand.addWidget(self._by_hand_label)
        hand.addWidget(self.by_hand, 1)
        column.addLayout(hand)
        column.addStretch(1)
        self._card.body.addWidget(self._missing)
        self._card.body.addWidget(self._done)
        self._card.body.addStretch(1)
        self.columns(left, self._card, (7, 4))
        self.look.theme.changed.connect(self._lay_hand)
        self.look.theme.changed.connect(self.refresh)
        self._lay_hand()

    def _lay_hand(self) -> None:
        """The question stands beside its answers in a low window."""
        ways = QBoxLayout.Direction
        self._hand.setDirection(ways.LeftToRight if self.look.theme.low else ways.TopToBottom)

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.print_button,)

    @override
    def forget(self) -> None:
        super().forget()
        self.items.select()
        self.by_hand.select(_HAND)

    @override
    def go_on(self) -> None:
        result = self._result()
        missing = tuple(item.item_id for item in result.missing)
        facts = PaperFileFacts(self.items.selected, missing, result.letter_about)
        self.happened.emit(PaperFileChecked(facts))

    @override
    def sheet(self) -> AdviceSheet:
        """What is missing, or that nothing is; about when the letter comes; where the form is."""
        language = self.paper_language
        tr = language.tr
        result = self._result()
        if result.complete:
            title, block = "sheet.complete_title", self._then(language)
        else:
            lines = tuple(self._line(item, language) for item in result.missing)
            block = SheetBlock(tr(f"journey.{self.name}.missing"), lines, listed=True)
            title = "sheet.missing_title"
        key = "sheet.estimate" if result.complete else "sheet.estimate_if"
        about = SheetBlock(
            tr("sheet.about"), (self.figure(key, language, day=self._day(language)),)
        )
        way = self.desk.service.channels.get(ChannelId.PAPER, self.desk.today)
        address, short = ("", "") if way is None else (way.qr_payload, way.short_address)
        blocks = [block, about]
        if self._is_reported:
            doubt = tr("sheet.caution.paper-reported")
            blocks.append(SheetBlock(tr("sheet.cautions"), (doubt,)))
        return AdviceSheet("paper-file", tr(title), tuple(blocks), address, short, self.foot())

    @property
    def _is_reported(self) -> bool:
        """Pages say that the procedure is closed to some."""
        return bool(in_force(self._paper.reported, self.desk.today))

    @staticmethod
    def _then(language: Language) -> SheetBlock:
        """What is left to do with a complete file."""
        tr = language.tr
        return SheetBlock(tr("sheet.then"), (tr("sheet.then_post"), tr("sheet.then_document")))

    def _day(self, language: Language) -> str:
        """About when the letter comes for a file sent today. Raises NoFactError, DayRangeError."""
        service, today = self.desk.service, self.desk.today
        return language.weekday_within(service.delays.letter_about(today, service.calendar))

    @override
    def show_state(self, state: CaseState) -> None:
        if not self.by_hand.selected:
            self.by_hand.show_choices(self._hands())
            self.by_hand.select(_HAND)
        self.by_hand.show_choices(self._hands())
        self._by_hand_label.setText(self.tr_("by_hand"))
        self.print_button.setText(self.tr_("print"))
        asked = self._paper.asked(self.desk.today, by_hand=self._is_by_hand)
        self.items.show_choices(tuple(self._choice(item) for item in asked))
        self._write_result()
        if not self.desk.service.paper_open(self.desk.today):
            self.show_problem(self.tr_("closed"))

    # --- what is shown ------------------------------------------------------------------------

    @property
    def _paper(self) -> PaperFile:
        return self.desk.service.paper_file

    @property
    def _is_by_hand(self) -> bool:
        return self.by_hand.selected != (_SCREEN,)

    def _result(self) -> FileResult:
        service = self.desk.service
        return self._paper.check(
            self.items.selected,
            self.desk.today,
            service.delays,
            service.calendar,
            by_hand=self._is_by_hand,
        )

    def _changed(self, _values: tuple[str, ...]) -> None:
        self.refresh()

    def _hands(self) -> tuple[Choice, ...]:
        return (
            Choice(_HAND, self.tr_("hand"), "", "pencil"),
            Choice(_SCREEN, self.tr_("screen"), "", "device-desktop"),
        )

    def _choice(self, item: Item) -> Choice:
        tr = self.look.language.tr
        label = tr(f"paper.item.{item.item_id}")
        return Choice(item.item_id, label, self._hint(item, self.look.language), "", Tone.OK)

    def _hint(self, item: Item, language: Language) -> str:
        tr = language.tr
        if item.any_of:
            pieces = ", ".join(tr(f"paper.piece.{piece}") for piece in item.any_of)
            return tr(f"journey.{self.name}.any_of", pieces=pieces)
        if item.item_id == _MOTIVE:
            words = in_force(self._paper.motives, self.desk.today)
            motives = ", ".join(tr(f"paper.motive.{word.word_id}") for word in words)
            return tr(f"journey.{self.name}.motives", motives=motives)
        return tr(f"journey.{self.name}.blocking") if item.blocking else ""

    def _line(self, item: Item, language: Language) -> str:
        tr = language.tr
        hint = self._hint(item, language)
        label = tr(f"paper.item.{item.item_id}")
        return f"{label}. {hint}" if hint else label

    def _part_of(self, item: Item) -> str:
        """Part of the file; in a low window only where nothing works without it."""
        if self.look.theme.low and not item.blocking:
            return ""
        return self.look.language.tr(f"paper.group.{item.group.value}")

    def _write_result(self) -> None:
        language = self.look.language
        tr = language.tr
        result = self._result()
        self._card.set_title(self.tr_("result"))
        if result.letter_about is not None:
            day = language.weekday_within(result.letter_about)
            self._chip.show_text(self.tr_("complete"), Tone.OK, "circle-check")
            told = [self.tr_("complete_hint", day=day)]
        else:
            count = self.tr_("count", n=len(result.missing))
            self._chip.show_text(count, Tone.WARN, "list-check")
            told = [self.figure(f"journey.{self.name}.missing_hint", day=self._day(language))]
        # A list that is still open says it on paper: it is not sent today.
        if result.complete and self._is_reported:
            told.append(self.tr_("reported"))
        self._done.setText("\n\n".join(told))
        self._missing.show_items(
            tuple(
                RowItem(
                    item.item_id,
                    tr(f"paper.item.{item.item_id}"),
                    self._part_of(item),
                    "alert-triangle" if item.blocking else "minus",
                    Tone.BAD if item.blocking else Tone.WARN,
                )
                for item in result.missing
            )
        )
