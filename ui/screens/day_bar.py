"""The line above the history: a day back, a day on, or a day that is typed."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.theme import Size, Space, Type
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.look import Look

EARLIER_KEY, LATER_KEY = "Ctrl+Left", "Ctrl+Right"


class DayBar(QWidget):
    """Chooses the day whose acts are shown.

    Signals:
        earlier_requested(): the nearest earlier day that has acts.
        later_requested(): the nearest later one, or today.
        day_typed(str): what was typed, of which it is not said that it is a date.
    """

    earlier_requested = Signal()
    later_requested = Signal()
    day_typed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.earlier = Button(look, "", icon="arrow-left", key=EARLIER_KEY)
        self.earlier.setObjectName("earlier-day")
        self.later = Button(look, "", trailing="arrow-right", key=LATER_KEY)
        self.later.setObjectName("later-day")
        self._label = Label(look, "", Type.LABEL_STRONG)
        self.edit = LineEdit(look)
        self.edit.setObjectName("day-typed")
        self.edit.setMaxLength(10)
        self._label.setBuddy(self.edit)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.M)
        row.addWidget(self.earlier)
        row.addWidget(self.later)
        row.addStretch(1)
        row.addWidget(self._label)
        row.addWidget(self.edit)
        self.earlier.clicked.connect(self.earlier_requested)
        self.later.clicked.connect(self.later_requested)
        self.edit.returnPressed.connect(self._typed)
        look.theme.changed.connect(self._restyle)
        self._restyle()
        self.retranslate()

    def set_open(self, *, earlier: bool, later: bool) -> None:
        """Whether there may be an earlier day, and is a later one."""
        self.earlier.setEnabled(earlier)
        self.later.setEnabled(later)

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        self.earlier.setText(tr("history.day.earlier"))
        self.later.setText(tr("history.day.later"))
        self._label.setText(tr("history.day.other"))
        self.edit.setAccessibleName(tr("history.day.other"))
        self.edit.setPlaceholderText(tr("journey.entry.day_form"))
        for button in (self.earlier, self.later):
            button.updateGeometry()

    def _typed(self) -> None:
        self.day_typed.emit(self.edit.text())

    def _restyle(self) -> None:
        self.edit.setFixedWidth(self._look.theme.scaled(Size.PICTURE_MIN))
