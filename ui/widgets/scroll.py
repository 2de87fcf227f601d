"""A scroll area without frame, with quiet bars that are easy to hit, and kinetic on touch.

It scrolls up and down only: nothing of this program is to be looked for at the side.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QScroller, QWidget
from typing_extensions import override

from ui.widgets.look import Look


class ScrollArea(QScrollArea):
    """Shows its widget at least as large as itself."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.setAutoFillBackground(False)
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @override
    def setWidget(self, widget: QWidget) -> None:
        super().setWidget(widget)
        widget.setAutoFillBackground(False)  # Qt just switched it on; the ground shows through

    def _restyle(self) -> None:
        sheet = self._look.theme.scroll_bar_sheet
        self.verticalScrollBar().setStyleSheet(sheet)
