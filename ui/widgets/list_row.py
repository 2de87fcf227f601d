"""Rows of a list: what it is, a line more, and a chip that says how it stands."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Tone, Type
from ui.widgets.chip import Chip
from ui.widgets.label import Badge, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus
from ui.widgets.pressable import Pressable


@dataclass(frozen=True, slots=True)
class RowItem:
    """One row as shown; ``name`` is told back when it is chosen, where it ``opens`` anything."""

    name: str
    title: str
    detail: str
    icon: str
    tone: Tone = Tone.INFO
    chip: str = ""
    opens: bool = True


class _RowContent(QWidget):
    """Badge, words and chip."""

    def __init__(self, look: Look, item: RowItem, *, close: bool = False) -> None:
        super().__init__()
        self._look = look
        self._close = close
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.L)
        self._badge = Badge(look, item.icon, item.tone)
        row.addWidget(self._badge)
        words = QVBoxLayout()
        words.setSpacing(Space.HAIR)
        words.addWidget(Label(look, item.title, Type.ROW, wrap=True))
        if item.detail:
            words.addWidget(Label(look, item.detail, Type.LABEL, "ink2", wrap=True))
        row.addLayout(words, 1)
        if item.chip:
            row.addWidget(Chip(look, item.chip, tone=item.tone))
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self._badge.set_size(_badge_size(self._look, close=self._close))


class ListRow(QWidget):
    """A row that only tells."""

    def __init__(
        self, look: Look, item: RowItem, *, last: bool = False, close: bool = False
    ) -> None:
        super().__init__()
        self._look = look
        self._last = last
        self._close = close
        self._column = QVBoxLayout(self)
        self._column.addWidget(_RowContent(look, item, close=close))
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._last:
            _draw_divider(painter, self, self._look, close=self._close)
        painter.end()

    def _restyle(self) -> None:
        self._column.setContentsMargins(*_margins(self._look, close=self._close))
        self.update()


class ListButton(Pressable):
    """A row that opens what it tells of."""

    def __init__(
        self, look: Look, item: RowItem, *, last: bool = False, close: bool = False
    ) -> None:
        super().__init__(look)
        self._last = last
        self._close = close
        self._column = QVBoxLayout(self)
        content = _RowContent(look, item, close=close)
        self._column.addWidget(content)
        self._let_through(content)
        look.theme.changed.connect(self._restyle)
        self._restyle()
        told = (item.title, item.detail, item.chip)
        self.setAccessibleName(". ".join(words for words in told if words))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self.underMouse() or self.isDown():
            draw_box(painter, rect, Radius.BUTTON, theme.color("psoft"))
        if not self._last:
            _draw_divider(painter, self, self._look, close=self._close)
        if self.hasFocus():
            draw_focus(painter, rect, Radius.BUTTON, theme, "surface")
        painter.end()

    def _restyle(self) -> None:
        self._column.setContentsMargins(*_margins(self._look, close=self._close))
        self.updateGeometry()


def _margins(look: Look, *, close: bool) -> tuple[int, int, int, int]:
    """Rows are roomy at the counter, tighter where the screen is low; ``close`` ones most there."""
    down = int(Space.M if look.theme.tablet else Space.XL)
    down = int(Space.XS if close else Space.S) if look.theme.low else down
    return int(Space.HAIR), down, int(Space.HAIR), down


def _badge_size(look: Look, *, close: bool) -> int:
    """The words alone say how high a ``close`` row of a low screen is."""
    return Size.ICON_LARGE if close and look.theme.low else Size.BADGE


def _draw_divider(painter: QPainter, row: QWidget, look: Look, *, close: bool) -> None:
    painter.setPen(QPen(look.theme.color("line"), Stroke.CARD))
    left = look.theme.scaled(_badge_size(look, close=close)) + Space.L
    y = row.height() - Stroke.CARD / 2
    painter.drawLine(QPointF(left, y), QPointF(row.width(), y))


def _told_of(items: tuple[RowItem, ...]) -> tuple[tuple[RowItem, bool], ...]:
    """Each row, and whether it is the last one, which has no line under it."""
    return tuple((item, index == len(items) - 1) for index, item in enumerate(items))


class RowList(QWidget):
    """Rows under each other.

    Signals:
        chosen(str): name of the row that was pressed (clickable lists only).
    """

    chosen = Signal(str)

    def __init__(self, look: Look, *, clickable: bool = False, close: bool = False) -> None:
        """Rows under each other.

        Args:
            look: theme and language.
            clickable: rows are pressed.
            close: on a low screen the rows stand closer, for a list that shall fit whole.
        """
        super().__init__()
        self._look = look
        self._close = close
        self._clickable = clickable
        self._items: tuple[RowItem, ...] | None = None
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._column.setSpacing(Space.NONE)
        # Not aligned to the top: Qt then gives rows that wrap no more than one line each.
        self._column.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Minimum))
        self._column.setStretch(0, 1)

    @property
    def rows(self) -> tuple[QWidget, ...]:
        """The row widgets, in order."""
        return tuple(self._rows)

    def show_items(self, items: tuple[RowItem, ...]) -> None:
        """Show these rows; nothing moves when they are the same as before.

        A row that says the same as before stays, under a finger too. The focus stays with its row,
        though the words of that row are others now; Tab goes down the list, in its order.
        """
        if items == self._items:
            return
        focused = self._row_in_focus()
        kept = self._told()
        self._items = items
        rows = [kept.pop(told) if told in kept else self._made(*told) for told in _told_of(items)]
        for old in self._rows:
            self._column.removeWidget(old)
            if old not in rows:
                old.hide()
                old.deleteLater()
        self._rows = rows
        for index, row in enumerate(rows):
            self._column.insertWidget(index, row)
        for above, below in pairwise(rows):
            self.setTabOrder(above, below)
        if focused:
            same = next((row for row in rows if row.objectName() == focused), None)
            if same is not None:
                same.show()  # else the layout shows it later, and the focus is elsewhere by then
            (same or self).setFocus()

    def _told(self) -> "dict[tuple[RowItem, bool], QWidget]":
        """The rows by what they say."""
        return dict(zip(_told_of(self._items or ()), self._rows, strict=True))

    def _row_in_focus(self) -> str:
        """Name of the row that has the focus, ``""`` for none."""
        return next((row.objectName() for row in self._rows if row.hasFocus()), "")

    def _made(self, item: RowItem, last: bool) -> QWidget:
        row: QWidget
        if self._clickable and item.opens:
            button = ListButton(self._look, item, last=last, close=self._close)
            button.clicked.connect(partial(self._choose, item.name))
            row = button
        else:
            row = ListRow(self._look, item, last=last, close=self._close)
        row.setObjectName(f"row-{item.name}")
        return row

    def _choose(self, name: str, _checked: bool = False) -> None:
        self.chosen.emit(name)
