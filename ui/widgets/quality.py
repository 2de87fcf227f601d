"""A row of small measures under the live picture: sharpness, framing, glare, kind of document."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Tone, Type
from ui.widgets.label import Badge, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure in words: its name and its state."""

    icon: str
    label: str
    value: str
    tone: Tone = Tone.NEUTRAL


class _MeasureBox(QWidget):
    """One measure."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.L, Space.M, Space.M, Space.M)
        row.setSpacing(Space.M)
        self._badge = Badge(look, "target", Tone.NEUTRAL, Size.BADGE_SMALL)
        self._label = Label(look, "", Type.LABEL_STRONG, wrap=True)
        self._value = Label(look, "", Type.LABEL, wrap=True)
        words = QVBoxLayout()
        words.setSpacing(Space.NONE)
        words.addWidget(self._label)
        words.addWidget(self._value)
        row.addWidget(self._badge)
        row.addLayout(words, 1)
        look.theme.changed.connect(self.update)

    def show_measure(self, measure: Measure) -> None:
        """Other words."""
        self._badge.show_icon(measure.icon, measure.tone)
        self._label.setText(measure.label)
        self._value.setText(measure.value)
        self._value.set_ink("ink2" if measure.tone is Tone.NEUTRAL else measure.tone.ink)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        draw_box(
            painter, rect, Radius.TILE, theme.color("surface"), theme.color("line"), Stroke.CARD
        )
        painter.end()


_ON_TABLET = 3
"""What fits beside each other there; the sentence under the picture tells of the rest."""


class QualityRow(QWidget):
    """Measures side by side, the most telling first."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._boxes: list[_MeasureBox] = []
        self._shown: tuple[Measure, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._grid.setHorizontalSpacing(Space.L)
        look.theme.changed.connect(self._arrange)

    def show_measures(self, measures: tuple[Measure, ...]) -> None:
        """Show these; cheap when nothing changed."""
        if measures == self._shown:
            return
        self._shown = measures
        self._arrange()

    def _arrange(self) -> None:
        measures = self._shown[:_ON_TABLET] if self._look.theme.tablet else self._shown
        while len(self._boxes) < len(measures):
            box = _MeasureBox(self._look)
            self._grid.addWidget(box, 0, len(self._boxes))
            self._boxes.append(box)
        for index, box in enumerate(self._boxes):
            used = index < len(measures)
            box.setVisible(used)
            self._grid.setColumnStretch(index, 1 if used else 0)
            if used:
                box.show_measure(measures[index])
