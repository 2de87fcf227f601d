"""Settling what the camera leaves open: picture and text one over the other, one key a character.

Rules, in order:

1. Nothing is proposed as certain: an open character stays open until the agent chooses.
2. One key settles: the character itself, or the number on its key; Backspace takes back, arrows
   move. A digit that is itself a candidate means that candidate, never a number.
3. The reading is frozen while the agent works on it; the camera may still accept by itself.
4. The focus is taken only where nobody is typing.
"""

from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.zone_places import DigitState
from ui.steps.zone_words import DIGIT_TONES, digit_words, place_words, question_of
from ui.theme import Radius, Size, Space, Stroke, Tone, Type
from ui.viewmodels.settling import Settling
from ui.widgets.announce import announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.chip import Chip
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus, draw_key_cap
from ui.widgets.pressable import Pressable
from ui.widgets.zone_line import GlyphView, Mark, ZoneLine, even_places

if TYPE_CHECKING:
    from kiosk.capture.doubt import OpenReading

_LINES = 3
_CHIPS_A_ROW = {True: 3, False: 5}
"""Check digits side by side, on a tablet and at the counter."""


def keys_of(candidates: str) -> tuple[str, ...]:
    """What is printed on the key of each candidate: its number, else the character itself."""
    numbers = [str(number + 1) for number in range(len(candidates))]
    if any(number in candidates for number in numbers):
        return tuple(candidates)
    return tuple(numbers)


class CandidateKey(Pressable):
    """A character that may be the right one, large, with the key that chooses it."""

    def __init__(self, look: Look, character: str, key: str, *, chosen: bool) -> None:
        super().__init__(look)
        self._character = character
        self._key = key
        self._chosen = chosen
        self.setAccessibleName(look.language.tr("settling.choose", character=character, press=key))

    @override
    def sizeHint(self) -> QSize:
        theme = self._look.theme
        return QSize(theme.scaled(Size.TILE_TABLET), theme.scaled(Size.ROW))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        fill = "oksoft" if self._chosen else "psoft" if self.underMouse() else "surface"
        line = theme.color("ok" if self._chosen else "primary")
        width = Stroke.HERE if self._chosen else Stroke.CONTROL
        draw_box(painter, rect, Radius.BUTTON, theme.color(fill), line, width)
        painter.setFont(theme.font(Type.CODE_LARGE))
        painter.setPen(theme.color("ink"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._character)
        if self.hasFocus():
            draw_focus(painter, rect, Radius.BUTTON, theme, "surface")
        if not theme.tablet:
            cap = theme.scaled(Size.KEY_CAP)
            where = QRect(self.width() - Space.S - cap, self.height() - Space.S - cap, cap, cap)
            draw_key_cap(painter, where, self._key, theme, theme.color("ink2"))
        if self._chosen:
            side = theme.scaled(Size.ICON_SMALL)
            check = theme.pixmap("check", "ok", side, self.devicePixelRatioF())
            painter.drawPixmap(int(Space.S), int(Space.S), check)
        painter.end()


class SettlingPanel(Card):
    """Lines with their pictures, the character in hand, its candidates, the check digits.

    Signals:
        changed(): a choice was made or taken back.
    """

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, " ")
        self.setObjectName("settling")
        self._model: Settling | None = None
        self.lines = [ZoneLine(look) for _ in range(_LINES)]
        self.glyph = GlyphView(look)
        self.question = Label(look, "", Type.H3, wrap=True)
        self._count = Label(look, "", Type.LABEL, "ink2")
        self._keys = QHBoxLayout()
        self._candidates: list[CandidateKey] = []
        self.take_back = Button(look, "", kind=ButtonKind.QUIET, icon="backspace")
        self.take_back.setObjectName("settling-back")
        self._chips = QGridLayout()
        self._digits: list[Chip] = []
        self.note = Label(look, "", Type.STRONG, wrap=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._build()
        self.take_back.clicked.connect(self._take_back)
        look.theme.changed.connect(self._show)

    def _build(self) -> None:
        for number, line in enumerate(self.lines):
            line.setObjectName(f"settling-line-{number + 1}")
            line.picked.connect(partial(self._pick, number))
            self.body.addWidget(line)
        self._keys.setSpacing(Space.M)
        self._keys.setAlignment(Qt.AlignmentFlag.AlignLeft)
        words = QVBoxLayout()
        words.setSpacing(Space.S)
        head = QHBoxLayout()
        head.addWidget(self.question, 1)
        head.addWidget(self._count)
        words.addLayout(head)
        row = QHBoxLayout()
        row.addLayout(self._keys)
        row.addStretch(1)
        row.addWidget(self.take_back)
        words.addLayout(row)
        words.addStretch(1)
        hand = QHBoxLayout()
        hand.setSpacing(Space.XXL)
        hand.addWidget(self.glyph)
        hand.addLayout(words, 1)
        self.body.addLayout(hand)
        self._chips.setSpacing(Space.S)
        foot = QHBoxLayout()
        foot.addLayout(self._chips)
        foot.addStretch(1)
        self.body.addLayout(foot)
        self.body.addWidget(self.note)
        self.body.addStretch(1)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a window a little too low for it all, the parts stand closer: nothing scrolls."""
        super().resizeEvent(event)
        theme = self._look.theme
        close = not theme.tablet and self.window().height() < theme.scaled(Size.HOME_HIGH)
        self.body.setSpacing(Space.S if close else Space.M)

    # --- what the step gives ------------------------------------------------------------------

    @property
    def reading(self) -> "OpenReading | None":
        """The reading in hand, None while there is none."""
        return self._model.reading if self._model else None

    @property
    def text(self) -> tuple[str, ...]:
        """The lines to confirm; empty until all is settled and every digit holds."""
        return self._model.lines if self._model and self._model.ready else ()

    def begin(self, reading: "OpenReading") -> None:
        """Freeze a reading and show its first open character."""
        self._model = Settling(reading)
        self._show()
        self._say()
        focus = cast("QWidget | None", self.window().focusWidget())  # the stubs leave None out
        if not (isinstance(focus, QLineEdit) and focus.isVisible()):
            self.setFocus()

    def end(self) -> None:
        """Forget the reading."""
        self._model = None
        for line in self.lines:
            line.show_line(None, "")

    def refuse(self) -> None:
        """The camera does not confirm this text."""
        self.note.show()
        text = self._look.language.tr("settling.refused")
        self.note.setText(text)
        self.note.set_ink("warn")
        announce(self, text, assertive=True)

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        self.take_back.setText(tr("settling.take_back"))
        self.take_back.set_key("Backspace", bind=False)
        self.take_back.updateGeometry()
        self._show()

    # --- hands --------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        model = self._model
        if model is None or not self._use(model, event):
            super().keyPressEvent(event)

    def _use(self, model: Settling, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Backspace:
                self._take_back()
            case Qt.Key.Key_Left:
                self._move(-1)
            case Qt.Key.Key_Right:
                self._move(1)
            case _:
                character = event.text().upper().replace(" ", "<")
                return bool(character) and self._settle(model, character)
        return True

    def _settle(self, model: Settling, character: str) -> bool:
        """One key: the candidate itself, else the number of one."""
        candidates = model.current.candidates
        if character not in candidates:
            keys = keys_of(candidates)
            if character not in keys:
                return False
            character = candidates[keys.index(character)]
        self._choose(character)
        return True

    def _choose(self, character: str, _checked: bool = False) -> None:
        if self._model is not None and self._model.choose(character):
            self._changed()

    def _take_back(self) -> None:
        if self._model is not None:
            self._model.take_back()
            self._changed()

    def _move(self, step: int) -> None:
        if self._model is not None:
            self._model.move(step)
            self._changed()

    def _pick(self, line: int, position: int) -> None:
        if self._model is not None:
            self._model.go_to(line, position)
            self._changed()

    def _changed(self) -> None:
        self._show()
        self._say()
        self.changed.emit()

    # --- what is shown ------------------------------------------------------------------------

    def _show(self) -> None:
        model = self._model
        if model is None:
            return
        tr = self._look.language.tr
        self.set_title(tr("settling.title", n=len(model.reading.open)))
        self._show_lines(model)
        self._show_character(model)
        self._show_digits(model)
        self.note.setVisible(not (self._look.theme.tablet and model.unsettled))
        if model.ready:
            note, ink = "settling.ready", "ok"
        elif not model.unsettled:
            note, ink = "settling.digit_wrong", "bad"
        else:
            note, ink = "settling.going_on", "ink2"
        self.note.setText(tr(note))
        self.note.set_ink(ink)

    def _show_lines(self, model: Settling) -> None:
        reading = model.reading
        text = model.lines
        for number, line in enumerate(self.lines):
            marks = {
                character.position: self._mark(model, index)
                for index, character in enumerate(reading.open)
                if character.line == number
            }
            # On a low screen there is room for the lines in question only.
            wanted = number < len(text) and (bool(marks) or not self._look.theme.tablet)
            if wanted:
                line.show_line(reading.strips[number], text[number], reading.places[number], marks)
            line.setVisible(wanted)

    @staticmethod
    def _mark(model: Settling, number: int) -> Mark:
        if number == model.index:
            return Mark.HERE
        return Mark.SETTLED if model.is_settled(number) else Mark.OPEN

    def _show_character(self, model: Settling) -> None:
        reading, character = model.reading, model.current
        count = len(reading.lines[character.line])
        places = reading.places[character.line]
        if len(places) != count:
            places = even_places(count)
        self.glyph.show_glyph(reading.strips[character.line], places[character.position], 1 / count)
        self.question.setText(self._question(model))
        tr = self._look.language.tr
        self.glyph.setAccessibleName(tr("settling.picture"))
        self._count.setText(tr("settling.count", number=model.index + 1, count=len(reading.open)))
        if any(old.hasFocus() for old in self._candidates):
            self.setFocus()  # the button goes, the work does not
        for old in self._candidates:
            self._keys.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._candidates = []
        for symbol, key in zip(character.candidates, keys_of(character.candidates), strict=True):
            button = CandidateKey(self._look, symbol, key, chosen=symbol == model.chosen)
            button.setObjectName(f"candidate-{symbol}")
            button.clicked.connect(partial(self._choose, symbol))
            self._candidates.append(button)
            self._keys.addWidget(button)

    def _show_digits(self, model: Settling) -> None:
        digits = model.digits
        while len(self._digits) < len(digits):
            self._digits.append(Chip(self._look, "", tone=Tone.NEUTRAL))
        wide = _CHIPS_A_ROW[self._look.theme.tablet]
        for number, chip in enumerate(self._digits):
            self._chips.addWidget(chip, number // wide, number % wide)
            chip.setVisible(number < len(digits))
            if number < len(digits):
                tone, icon = DIGIT_TONES[digits[number].state]
                chip.show_text(digit_words(digits[number], self._look.language), tone, icon)

    def _question(self, model: Settling) -> str:
        language = self._look.language
        words = place_words(model.place, model.current.line, language)
        return question_of(words, model.current.candidates, language)

    def _say(self) -> None:
        """The question, or how it ended, to a screen reader."""
        model = self._model
        if model is None:
            return
        wrong = any(digit.state is DigitState.WRONG for digit in model.digits)
        done = model.ready or (wrong and not model.unsettled)
        text = self.note.text() if done else self._question(model)
        self.setAccessibleName(text)
        announce(self, text)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_focus(painter, QRectF(self.rect()), Radius.CARD, self._look.theme, "surface")
            painter.end()
