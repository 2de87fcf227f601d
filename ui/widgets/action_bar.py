"""The band at the foot of a page: the way back on the left, the way on at the right."""

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Space
from ui.widgets.button import Button, ButtonKind
from ui.widgets.look import Look


class ActionBar(QWidget):
    """Buttons of a page. On a tablet the way on takes all the room that is left."""

    def __init__(
        self,
        look: Look,
        *,
        back: Button | None = None,
        others: tuple[Button, ...] = (),
        primary: Button | None = None,
    ) -> None:
        super().__init__()
        self._look = look
        self._back = back
        self._primary = primary
        self._row = QHBoxLayout(self)
        self._gap = QWidget()
        if back is not None:
            self._row.addWidget(back)
        self._row.addWidget(self._gap, 1)
        for button in others:
            self._row.addWidget(button)
        if primary is not None:
            self._row.addWidget(primary)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("surface"))
        painter.end()

    def _restyle(self) -> None:
        theme = self._look.theme
        side = theme.gutter
        self._row.setContentsMargins(side, Space.L, side, Space.XL if not theme.tablet else Space.L)
        self._row.setSpacing(Space.L)
        wide = theme.tablet and self._primary is not None
        self._gap.setVisible(not wide)
        if self._primary is not None:
            self._row.setStretchFactor(self._primary, 1 if wide else 0)
        if self._back is not None and self._back.kind in (ButtonKind.QUIET, ButtonKind.SECONDARY):
            self._back.set_kind(ButtonKind.SECONDARY if theme.tablet else ButtonKind.QUIET)
        self.update()
