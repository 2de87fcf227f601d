"""Where a case stands: a column of steps beside the work, or a bar above it on a tablet."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Type
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box


@dataclass(frozen=True, slots=True)
class StepItem:
    """One step as shown: its name and a few words."""

    title: str
    hint: str = ""


class _StepRow(QWidget):
    """Mark, title and hint of one step; a thread joins the marks."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._number = 0
        self._current = 0
        self._count = 0
        row = QVBoxLayout(self)
        self._row = row
        row.setSpacing(Space.HAIR)
        self.title = Label(look, "", Type.STEP)
        self.hint = Label(look, "", Type.STEP_HINT)
        row.addStretch(1)
        row.addWidget(self.title)
        row.addWidget(self.hint)
        row.addStretch(1)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def show_step(self, item: StepItem, number: int, current: int, count: int) -> None:
        """Numbers from 0; ``current`` is the step at work."""
        self._number, self._current, self._count = number, current, count
        here = number == current
        done = number < current
        self.title.setText(item.title)
        self.title.set_style(Type.STEP_HERE if here else Type.STEP)
        self.title.set_ink("onrail" if here or done else "onrail2")
        self.hint.setText(item.hint)
        self._fit()
        self.hint.set_ink("onrail" if here else "onrail2")
        tr = self._look.language.tr
        state = (
            "common.steps.done" if done else "common.steps.here" if here else "common.steps.next"
        )
        self.title.setAccessibleName(tr(state, number=number + 1, count=count, title=item.title))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(Size.STEP_ROW, self._look.theme.scaled(Size.STEP_ROW))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The hint goes where the rows are too low for two lines."""
        needed = self.title.sizeHint().height() + self.hint.sizeHint().height() + Space.M
        self.hint.setVisible(bool(self.hint.text()) and self.height() >= needed)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        here = self._number == self._current
        if here:
            box = QRectF(self.rect())
            draw_box(painter, box, Radius.BUTTON, theme.color("railhi"))
            thread = QRectF(0, Space.L, Size.THREAD, self.height() - 2 * Space.L)
            draw_box(painter, thread, Size.THREAD / 2, theme.color("railaccent"))
        self._paint_joints(painter)
        self._paint_mark(painter)
        painter.end()

    def _paint_joints(self, painter: QPainter) -> None:
        theme = self._look.theme
        center = self._mark_center()
        reach = theme.scaled(Size.STEP_MARK) / 2 + Space.XS
        for above in (True, False):
            if (above and self._number == 0) or (not above and self._number == self._count - 1):
                continue
            passed = self._number <= self._current if above else self._number < self._current
            color = theme.color("railaccent" if passed else "onrail2")
            if not passed:
                color.setAlphaF(0.45)
            painter.setPen(QPen(color, Stroke.JOINT))
            start = 0.0 if above else center.y() + reach
            end = center.y() - reach if above else float(self.height())
            painter.drawLine(QPointF(center.x(), start), QPointF(center.x(), end))

    def _paint_mark(self, painter: QPainter) -> None:
        theme = self._look.theme
        side = theme.scaled(Size.STEP_MARK)
        center = self._mark_center()
        box = QRectF(center.x() - side / 2, center.y() - side / 2, side, side)
        here = self._number == self._current
        if self._number < self._current:
            draw_box(painter, box, side / 2, theme.color("railaccent"))
            icon = round(side * 0.62)
            offset = (side - icon) / 2
            painter.drawPixmap(
                QPointF(box.x() + offset, box.y() + offset),
                theme.pixmap("check", "onaccent", icon, self.devicePixelRatioF()),
            )
            return
        line = theme.color("railaccent" if here else "onrail2")
        draw_box(
            painter,
            box,
            side / 2,
            theme.color("railhi" if here else "rail"),
            line,
            Stroke.HERE if here else Stroke.JOINT,
        )
        painter.setFont(theme.font(Type.LABEL_STRONG))
        painter.setPen(theme.color("onrail"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(self._number + 1))

    def _mark_center(self) -> QPointF:
        half = self._look.theme.scaled(Size.STEP_MARK) / 2
        return QPointF(Space.L + half, self.height() / 2)

    def _restyle(self) -> None:
        mark = self._look.theme.scaled(Size.STEP_MARK)
        self._row.setContentsMargins(Space.L + mark + Space.L, Space.S, Space.M, Space.S)
        self.setMinimumHeight(self._look.theme.scaled(Size.STEP_ROW_MIN))
        self.setMaximumHeight(self._look.theme.scaled(Size.STEP_ROW))
        self._fit()
        self.update()


class StepRail(QWidget):
    """The steps of a case in a column, on the dark rail."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: list[_StepRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._column.setSpacing(Space.NONE)

    def show_steps(self, items: tuple[StepItem, ...], current: int) -> None:
        """Steps before ``current`` are done; ``current`` beyond the last: all done."""
        while len(self._rows) < len(items):
            row = _StepRow(self._look)
            self._rows.append(row)
            self._column.addWidget(row)
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(items))
            if number < len(items):
                row.show_step(items[number], number, current, len(items))


class _StepSegment(QWidget):
    """A piece of the thread above one step's name."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._reached = False
        self._here = False
        self._number = 0
        self._item = StepItem("")
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.L, Space.NONE, Space.XS)
        column.setSpacing(Space.NONE)
        line = QHBoxLayout()
        line.setSpacing(Space.XS)
        self.tick = IconLabel(look, "check", "ok", Size.ICON)
        self.title = Label(look, "", Type.LABEL, "ink2")
        line.addWidget(self.tick)
        line.addWidget(self.title)
        line.addStretch(1)
        column.addLayout(line)
        look.theme.changed.connect(self.update)

    def show_step(self, item: StepItem, number: int, current: int, count: int) -> None:
        """As in :meth:`_StepRow.show_step`."""
        self._reached, self._here = number <= current, number == current
        self._number, self._item = number, item
        done = number < current
        self.tick.setVisible(done)
        self.title.set_style(Type.LABEL_STRONG if self._here else Type.LABEL)
        self.title.set_ink("ink" if self._here else "ink2")
        state = "done" if done else "here" if self._here else "next"
        self.title.setAccessibleName(
            self._look.language.tr(
                f"common.steps.{state}", number=number + 1, count=count, title=item.title
            )
        )
        self.set_compact(False)
        self.update()

    @property
    def here(self) -> bool:
        """Whether this is the step at work."""
        return self._here

    def full_width(self) -> int:
        """Room that the whole title needs."""
        words = QFontMetrics(self._look.theme.font(Type.LABEL_STRONG))
        tick = self._look.theme.scaled(Size.ICON) + Space.XS
        return words.horizontalAdvance(f"{self._number + 1}. {self._item.title}") + tick

    def set_compact(self, compact: bool) -> None:
        """Show only the number (or the tick) where there is no room for all titles."""
        number = f"{self._number + 1}. "
        if not self.tick.isHidden():
            self.title.setText("" if compact else self._item.title)
        else:
            self.title.setText(number.strip(" .") if compact else number + self._item.title)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = Size.STEP_LINE + (Space.HAIR if self._here else 0)
        color = theme.color("accent" if self._reached else "line")
        draw_box(painter, QRectF(QRect(0, Space.M, self.width(), height)), height / 2, color)
        painter.end()


class StepBar(QWidget):
    """The steps of a case side by side, above the work on a tablet."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._segments: list[_StepSegment] = []
        self._count = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(Space.XXL, Space.NONE, Space.XXL, Space.S)
        self._grid.setHorizontalSpacing(Space.M)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def show_steps(self, items: tuple[StepItem, ...], current: int) -> None:
        """As in :meth:`StepRail.show_steps`."""
        while len(self._segments) < len(items):
            segment = _StepSegment(self._look)
            self._grid.addWidget(segment, 0, len(self._segments))
            self._grid.setColumnStretch(len(self._segments), 1)
            self._segments.append(segment)
        for number, segment in enumerate(self._segments):
            segment.setVisible(number < len(items))
            if number < len(items):
                segment.show_step(items[number], number, current, len(items))
            else:
                self._grid.setColumnStretch(number, 0)  # a hidden one takes no room
        self._count = min(len(items), len(self._segments))
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where the titles have no room side by side, only the current one keeps its words."""
        shown = self._segments[: self._count]
        if not shown:
            return
        room = (self.width() - 2 * Space.XXL) // len(shown) - Space.M
        compact = any(segment.full_width() > room for segment in shown)
        for index, segment in enumerate(shown):
            segment.set_compact(compact and not segment.here)
            self._grid.setColumnStretch(index, 5 if compact and segment.here else 1)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("surface"))
        painter.end()

    def _restyle(self) -> None:
        theme = self._look.theme
        self.setFixedHeight(theme.scaled(Size.STEP_BAR_LOW if theme.low else Size.STEP_BAR))
        foot = Space.NONE if theme.low else Space.S
        self._grid.setContentsMargins(Space.XXL, Space.NONE, Space.XXL, foot)
        self._fit()
        self.update()
