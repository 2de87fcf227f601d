"""What stands where a list has nothing: an icon, a sentence, what to do."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme import Size, Space, Tone, Type
from ui.widgets.label import Badge, Label
from ui.widgets.look import Look


class EmptyState(QWidget):
    """Calm words in the middle of an empty place."""

    def __init__(
        self, look: Look, icon: str, title: str, hint: str = "", tone: Tone = Tone.INFO
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(Space.S)
        column.addStretch(1)
        column.addWidget(
            Badge(look, icon, tone, Size.BADGE_LARGE), 0, Qt.AlignmentFlag.AlignHCenter
        )
        self._title = Label(look, title, Type.H3)
        self._hint = Label(look, hint, Type.BODY, "ink2", wrap=True)
        for label in (self._title, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        self.show_text(title, hint)

    def show_text(self, title: str, hint: str = "") -> None:
        """Other words."""
        self._title.setText(title)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
