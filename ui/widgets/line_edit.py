"""A line of text to type."""

from PySide6.QtWidgets import QLineEdit

from ui.theme import Size, Type
from ui.widgets.look import Look


class LineEdit(QLineEdit):
    """A line edit in the look in force; ``name`` is its accessible name."""

    def __init__(self, look: Look, name: str = "", *, style: Type = Type.VALUE) -> None:
        super().__init__()
        self._look = look
        self._style = style
        self.setAccessibleName(name)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        theme = self._look.theme
        self.setFont(theme.font(self._style))
        self.setStyleSheet(theme.line_edit_sheet)
        self.setMinimumHeight(theme.scaled(Size.TARGET_MIN))
