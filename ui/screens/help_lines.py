"""The numbers of the help in large type: open or closed now, and until when."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kiosk.advice.calendar import Opening
from kiosk.advice.helpline import HelpNow
from ui.i18n import NBSP, Language
from ui.theme import Space, Tone, Type
from ui.widgets.card import Card
from ui.widgets.chip import Chip
from ui.widgets.label import Label
from ui.widgets.look import Look


def opening_text(now: HelpNow, language: Language) -> str:
    """Until when a number answers, or why it does not and when it will again."""
    opening = now.opening
    tr = language.tr
    if opening.until is None:
        return tr("help_page.closed_long")
    until = language.wall_time(opening.until)
    if opening.open:
        return tr("help_page.open_until", time=until)
    if opening.until.date() == now.paris.date():
        when = tr("help_page.opens_today", time=until)
    else:
        day = language.weekday_within(opening.until.date())
        when = tr("help_page.opens", day=day, time=until)
    reason = _reason(opening, language)
    return f"{reason} {when}" if reason else when


def _reason(opening: Opening, language: Language) -> str:
    if opening.holiday:
        return language.tr("help_page.holiday", name=language.tr(f"holiday.{opening.holiday}"))
    return ""


def difference_text(now: HelpNow, language: Language) -> str:
    """The time of Paris, and how far the office's clocks are from it; ``""`` where they agree."""
    minutes = now.difference_minutes
    if not minutes:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    apart = f"{hours}{NBSP}h" if not rest else f"{hours}{NBSP}h{NBSP}{rest:02d}"
    key = "ahead" if minutes > 0 else "behind"
    return language.tr(f"help_page.paris_{key}", time=language.wall_time(now.paris), apart=apart)


class HelpLineCard(Card):
    """One number."""

    def __init__(self, look: Look) -> None:
        self._chip = Chip(look)
        super().__init__(look, " ", trailing=self._chip)
        self.number = Label(look, "", Type.DISPLAY, "primary")
        self._until = Label(look, "", Type.STRONG, wrap=True)
        self._hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._paris = Label(look, "", Type.LABEL, "ink2", wrap=True)
        column = QVBoxLayout()
        column.setSpacing(Space.XS)
        for label in (self.number, self._until, self._hint, self._paris):
            column.addWidget(label)
        self.body.addLayout(column)

    def show_line(self, now: HelpNow, look: Look, *, first: bool) -> None:
        """Show a number as it is now; only the first card tells the time of Paris."""
        language = look.language
        tr = language.tr
        audience = now.audience.value
        self.set_title(tr(f"help_page.audience.{audience}.title"))
        self.number.setText(now.number.replace(" ", NBSP))
        self.number.setAccessibleName(now.number)
        tone, icon = (Tone.OK, "circle-check") if now.opening.open else (Tone.WARN, "clock")
        word = tr("help_page.open" if now.opening.open else "help_page.closed")
        self._chip.show_text(word, tone, icon)
        self._until.setText(opening_text(now, language))
        self._hint.setText(tr(f"help_page.audience.{audience}.hint"))
        apart = difference_text(now, language) if first else ""
        self._paris.setText(apart)
        self._paris.setVisible(bool(apart))


class HelpLines(QWidget):
    """Every number, one card each; a word where none is known."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._cards: list[HelpLineCard] = []
        self._none = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._column.addWidget(self._none)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def show_lines(self, lines: tuple[HelpNow, ...]) -> None:
        """Show these, the first one at the top."""
        while len(self._cards) < len(lines):
            card = HelpLineCard(self._look)
            self._cards.append(card)
            self._column.addWidget(card)
        for index, line in enumerate(lines):
            self._cards[index].show_line(line, self._look, first=not index)
        for index, card in enumerate(self._cards):
            card.setVisible(index < len(lines))
        self._none.setText(self._look.language.tr("help_page.no_line"))
        self._none.setVisible(not lines)

    def _restyle(self) -> None:
        self._column.setSpacing(Space.L if self._look.theme.tablet else Space.XXL)
