"""The band at the foot of a page: the way back on the left, the way on at the right."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Space
from ui.widgets.button import Button, ButtonKind
from ui.widgets.look import Look

_TIGHTEST = 2


class ActionBar(QWidget):
    """Buttons of a page. On a tablet the way on takes all the room that is left.

    No word is ever cut: where all do not fit, the buttons take short words, less air, and at last
    give up their icons.
    """

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
        self._buttons = tuple(b for b in (back, *others, primary) if b is not None)
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

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """The roomiest form in which every button fits."""
        shown = [button for button in self._buttons if not button.isHidden()]
        margins = self._row.contentsMargins()
        gaps = len(shown) * self._row.spacing()
        room = self.width() - margins.left() - margins.right() - gaps
        tightness = 0
        while tightness < _TIGHTEST and sum(b.width_at(tightness) for b in shown) > room:
            tightness += 1
        for button in self._buttons:
            button.set_tightness(tightness)

    def _restyle(self) -> None:
        theme = self._look.theme
        side = theme.gutter
        foot = theme.air if theme.tablet else Space.XL
        self._row.setContentsMargins(side, theme.air, side, foot)
        self._row.setSpacing(Space.L)
        wide = theme.tablet and self._primary is not None
        self._gap.setVisible(not wide)
        if self._primary is not None:
            self._row.setStretchFactor(self._primary, 1 if wide else 0)
        if self._back is not None and self._back.kind in (ButtonKind.QUIET, ButtonKind.SECONDARY):
            self._back.set_kind(ButtonKind.SECONDARY if theme.tablet else ButtonKind.QUIET)
        self._fit()  # words, air and margins are others now, and the bar may keep its width
        self.update()
