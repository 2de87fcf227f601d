"""Typing by hand: a line, a date, and what a keyboard types for the signs of a zone."""

import re
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.check_digits import FILLER
from kiosk.documents.printed_checks import FieldSource
from ui.theme import Size, Space, Type
from ui.theme.sheet import line_edit_sheet
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.picture import PictureView

if TYPE_CHECKING:
    from kiosk.ports import Picture


class Entry(QWidget):
    """A label, a line to type in, and what is wrong with it.

    Signals:
        changed(): the text changed.
    """

    changed = Signal()

    def __init__(self, look: Look, *, mono: bool = False) -> None:
        super().__init__()
        self._look = look
        self._style = Type.CODE if mono else Type.VALUE
        self._label = Label(look, "", Type.LABEL_STRONG)
        self.edit = QLineEdit()
        self._problem = Label(look, "", Type.LABEL_STRONG, "bad", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.XS)
        for widget in (self._label, self.edit, self._problem):
            column.addWidget(widget)
        self._label.setBuddy(self.edit)
        self._problem.hide()
        self.setFocusProxy(self.edit)
        self.edit.textChanged.connect(self.changed)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def set_label(self, label: str, placeholder: str = "") -> None:
        """Words above and inside the line."""
        self._label.setText(label)
        self.edit.setAccessibleName(label)
        self.edit.setPlaceholderText(placeholder)

    def show_problem(self, text: str) -> None:
        """What is wrong, or ``""``."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def _restyle(self) -> None:
        self.edit.setStyleSheet(line_edit_sheet(self._look.theme.palette))
        self.edit.setFont(self._look.theme.font(self._style))
        self.edit.setMinimumHeight(self._look.theme.scaled(Size.TARGET_MIN))


_DAY_FIRST = re.compile(r"(\d{1,2})[\s./-]*(\d{2})[\s./-]*(\d{4})")


def typed_day(text: str) -> date | None:
    """``14/06/2022``, ``14 06 2022`` or ``14062022``; None while it is no date."""
    match = _DAY_FIRST.fullmatch(text.strip())
    if match is None:
        return None
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


class _Strip(PictureView):
    """A printed line: the left edges of two of them stand in one line."""

    @override
    def _offset(self, width: float, height: float) -> tuple[float, float]:
        return 0.0, (self.height() - height) / 2


class DateEntry(Entry):
    """A printed date, with the line of the document that it stands on.

    A date that was read for sure is written in for the agent to confirm or to correct.
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._offered: date | None = None
        self._kept: date | None = None
        self._asked = True
        self.strip = _Strip(look, contain=True, ground="surface")
        self.strip.setObjectName("printed-strip")
        self.strip.setFixedSize(Size.PICTURE_MIN, Size.TARGET_MIN * 3 // 4)
        self._done = IconLabel(look, "circle-check", "ok")
        self._hint = Label(look, "", Type.LABEL, "ink2", wrap=True)
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(1, self.strip)  # under its label: beside it, a row is too wide
            state = QHBoxLayout()
            state.setSpacing(Space.XS)
            state.addWidget(self._done)
            state.addWidget(self._hint, 1)
            column.addLayout(state)
        self.strip.hide()
        self._hint.hide()
        self._done.hide()
        self.changed.connect(self._show_hint)

    def show_strip(self, picture: "Picture | None") -> None:
        """The line as cut from the document, (h, w, 3) uint8 BGR, or None; never stored."""
        self.strip.show_picture(picture)
        self.strip.setVisible(picture is not None)

    def set_asked(self, asked: bool) -> None:
        """Whether Enter confirms the date now: only then the line says so."""
        self._asked = asked
        self._show_hint()

    def offer(self, day: date | None, kept: date | None = None) -> None:
        """Write in a date that was read for sure; what the agent typed already stays.

        An offer that the agent left as it was is no typing: another offer takes its place.
        ``kept``: the date that the agent confirmed before, which goes before any offer.
        """
        before, self._offered, self._kept = self._offered, day, kept
        if before is not None and before not in (day, kept) and self.day == before:
            self.edit.clear()
        fill = kept or (day if day != before else None)
        if fill is not None and not self.edit.text():
            self.edit.setText(f"{fill:%d/%m/%Y}")
        self._show_hint()

    def forget(self) -> None:
        """Another document: nothing is carried over."""
        self._offered = None
        self._kept = None
        self.show_strip(None)
        self.show_problem("")
        self.edit.clear()
        self._show_hint()

    @property
    def source(self) -> FieldSource:
        """Where the date in the line came from."""
        if self._offered is None:
            return FieldSource.TYPED
        return FieldSource.READ if self.day == self._offered else FieldSource.CORRECTED

    @property
    def confirmed(self) -> bool:
        """Whether the date in the line is the one that the agent confirmed."""
        return self._kept is not None and self.day == self._kept

    def _show_hint(self) -> None:
        offered = self._offered is not None and self.day == self._offered
        key = "confirmed" if self.confirmed else "read_verify"
        self._hint.setText(self._look.language.tr(f"journey.document.{key}"))
        self._hint.set_ink("ok" if self.confirmed else "ink2")
        self._hint.setVisible((offered and self._asked) or self.confirmed)
        self._done.setVisible(self.confirmed)

    @property
    def day(self) -> date | None:
        """The date typed, None while it is none."""
        return typed_day(self.edit.text())

    def retranslate(self, label: str) -> None:
        """Write the words again."""
        self.set_label(label, self._look.language.tr("journey.entry.day_form"))
        self._show_hint()
        self.strip.setAccessibleName(self._look.language.tr("journey.document.strip"))

    def judge(self) -> date | None:
        """The date typed; says what is wrong where there is none."""
        day = self.day
        wrong = day is None and bool(self.edit.text().strip())
        self.show_problem(self._look.language.tr("journey.entry.day_wrong") if wrong else "")
        return day


def zone_text(text: str, width: int) -> str:
    """What a keyboard types as a zone writes it: capitals, spaces and dots as fillers."""
    upper = re.sub(r"[ .«_-]", FILLER, text.upper())
    return re.sub(r"[^A-Z0-9<]", "", upper)[:width]
