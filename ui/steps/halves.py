"""The left half of the document step: the live picture, the zone typed, or its doubts settled."""

from enum import IntEnum
from typing import cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kiosk.documents.catalogue import DocumentCatalogue
from ui.steps.settling import SettlingPanel
from ui.steps.typed import TypedHalf
from ui.theme import Space
from ui.widgets.look import Look
from ui.widgets.preview import Preview
from ui.widgets.quality import QualityRow


class Half(IntEnum):
    """What fills the left half."""

    LIVE = 0
    TYPING = 1
    SETTLING = 2


class Halves(QWidget):
    """Shows one of them."""

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__()
        self.preview = Preview(look)
        self.quality = QualityRow(look)
        self.typed = TypedHalf(look, catalogue)
        self.settling = SettlingPanel(look)
        self.shown = Half.LIVE
        live = QWidget()
        column = QVBoxLayout(live)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.XL)
        column.addWidget(self.preview, 1)
        column.addWidget(self.quality)
        self._halves: tuple[QWidget, ...] = (live, self.typed, self.settling)
        stack = QVBoxLayout(self)  # not a QStackedWidget: it asks for the room of the tallest
        stack.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        for half in self._halves:
            half.hide()
            stack.addWidget(half)
        live.show()

    def turn_to(self, half: Half) -> bool:
        """Show one half; whether the one that goes held the focus: it must come to no button."""
        old = self._halves[self.shown]
        focus = cast("QWidget | None", self.window().focusWidget())  # the stubs leave None out
        inside = focus is not None and (focus is old or old.isAncestorOf(focus))
        self.shown = half
        for number, widget in enumerate(self._halves):
            widget.setVisible(number == half)
        return inside
