"""Why nobody could be verified at the door: four big buttons, and the new day where one is wanted.

For one hand: they stand at the foot of the page, two beside each other where the screen is narrow.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.domain.decision import Reason
from ui.theme import Size, Space, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.label import Label
from ui.widgets.look import Look

REASONS: Final = {
    "absent": (Reason.ADDRESSEE_ABSENT, "user"),
    "refuses": (Reason.ADDRESSEE_REFUSES, "hand-stop"),
    "postponed": (Reason.VISIT_POSTPONED, "calendar"),
    "moved": (Reason.ADDRESSEE_MOVED, "home"),
}
DAYS_OFFERED: Final = 5
_SUNDAY: Final = 6
_MOST_SHUT: Final = 5
"""No more days than these follow one another on which no carrier goes."""


def is_sunday(day: date) -> bool:
    """The day without a round that everybody knows."""
    return day.weekday() == _SUNDAY


class _Grid(QWidget):
    """Buttons of equal width: in one row, or in two where that is too wide."""

    def __init__(self, buttons: tuple[Button, ...]) -> None:
        super().__init__()
        self._buttons = buttons
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._grid.setSpacing(Space.M)
        self._flow(len(buttons))

    @override
    def minimumSizeHint(self) -> QSize:
        widest = max(button.sizeHint().width() for button in self._buttons)
        least = super().minimumSizeHint()
        return QSize(2 * widest + Space.M, least.height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widest = max(button.sizeHint().width() for button in self._buttons)
        columns = len(self._buttons)
        while columns > 2 and columns * widest + (columns - 1) * Space.M > self.width():
            columns = -(-columns // 2)
        self._flow(columns)

    def _flow(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for index, button in enumerate(self._buttons):
            self._grid.removeWidget(button)
            self._grid.addWidget(button, index // columns, index % columns)
        for column in range(len(self._buttons)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


class MissedVisit(QWidget):
    """The four reasons; after “put off”, the days to choose from.

    Signals:
        missed(str, object): value of a :class:`~kiosk.domain.decision.Reason`, and the new day (a
            ``date``) where the visit is put off, else None.

    Attributes:
        shut_on: days on which no visit is made; from whoever knows the public holidays.
    """

    missed = Signal(str, object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._today = date(2000, 1, 1)
        self.shut_on: Callable[[date], bool] = is_sunday
        self.reasons = {
            name: Button(look, "", icon=icon, key="") for name, (_, icon) in REASONS.items()
        }
        self.days = tuple(Button(look, "") for _ in range(DAYS_OFFERED))
        self.cancel = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left")
        self.cancel.setObjectName("missed-cancel")
        self._question = Label(look, "", Type.STRONG)
        self._reason_page = _Grid(tuple(self.reasons.values()))
        self._day_page = QWidget()
        self._build()
        self._bind()
        self.retranslate()

    def _build(self) -> None:
        for name, button in self.reasons.items():
            button.setObjectName(f"missed-{name}")
            button.set_height(Size.TARGET_TABLET)
        for number, button in enumerate(self.days):
            button.setObjectName(f"missed-day-{number}")
            button.set_height(Size.TARGET_TABLET)
        self.cancel.set_height(Size.TARGET_TABLET)
        column = QVBoxLayout(self._day_page)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.S)
        column.addWidget(self._question)
        column.addWidget(_Grid((*self.days, self.cancel)))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        outer.addWidget(self._reason_page)
        outer.addWidget(self._day_page)
        self._day_page.hide()

    def _bind(self) -> None:
        for name, button in self.reasons.items():
            button.clicked.connect(partial(self._choose, name))
        for number, button in enumerate(self.days):
            button.clicked.connect(partial(self._choose_day, number))
        self.cancel.clicked.connect(self.begin)
        self._look.language.changed.connect(self.retranslate)

    def set_today(self, today: date) -> None:
        """The days offered follow this one, without those on which no visit is made."""
        if today != self._today:
            self._today = today
            self.retranslate()

    def set_usable(self, usable: bool) -> None:
        """Whether anything can be said of the visit."""
        for button in (*self.reasons.values(), *self.days):
            button.setEnabled(usable)

    def begin(self) -> None:
        """The four reasons; nothing is chosen."""
        self._day_page.hide()
        self._reason_page.show()

    @property
    def offered(self) -> tuple[date, ...]:
        """The days to choose from."""
        days = (self._today + timedelta(days=n) for n in range(1, 2 * DAYS_OFFERED + _MOST_SHUT))
        return tuple(day for day in days if not self.shut_on(day))[:DAYS_OFFERED]

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        for name, button in self.reasons.items():
            button.setText(tr(f"journey.visit.reason.{name}"))
        self._question.setText(tr("journey.visit.day.title"))
        self.cancel.setText(tr("journey.visit.day.cancel"))
        tomorrow = self._today + timedelta(days=1)
        for button, day in zip(self.days, self.offered, strict=True):
            whole = self._look.language.weekday(day)
            short = whole.rpartition(" ")[0]
            button.setText(tr("journey.visit.day.tomorrow") if day == tomorrow else short)
            button.setAccessibleName(whole)

    def _choose(self, name: str, _checked: bool = False) -> None:
        reason = REASONS[name][0]
        if reason is not Reason.VISIT_POSTPONED:
            self.missed.emit(reason.value, None)
            return
        self._reason_page.hide()
        self._day_page.show()
        self.days[0].setFocus()

    def _choose_day(self, number: int, _checked: bool = False) -> None:
        self.missed.emit(Reason.VISIT_POSTPONED.value, self.offered[number])
