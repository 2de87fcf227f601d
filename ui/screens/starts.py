"""What one can start from home: each procedure by one key.

Rules, in order: the request that was started online comes first, in blue, since it is what most
customers come for (and a scanned code opens it from anywhere, without a key); then whoever comes
with nothing; then the letter. What is rarer stands below, smaller, with a key of its own. Only what
this device carries out is shown.
"""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.journeys.procedures import (
    COUNTER_CREATION,
    ONLINE_REQUEST,
    PAPER_FILE,
    REGISTERED_LETTER,
    WELCOME,
)
from ui.theme import Size, Space
from ui.widgets.button import Button, ButtonKind
from ui.widgets.look import Look
from ui.widgets.tile import Tile


@dataclass(frozen=True, slots=True)
class Start:
    """One procedure; its words are the texts ``home.<name>.title`` and ``.hint``."""

    procedure: str
    name: str
    icon: str
    key: str


TILES = (
    Start(ONLINE_REQUEST, "scan", "qrcode", "Q"),
    Start(WELCOME, "new", "users", "N"),
    Start(REGISTERED_LETTER, "letter", "mail", "R"),
)
BUTTONS = (
    Start(COUNTER_CREATION, "create", "user-scan", "G"),
    Start(PAPER_FILE, "paper", "file-check", "D"),
)


class Starts(QWidget):
    """Tiles, and a row of buttons.

    Signals:
        chosen(str): name of the procedure to open.
    """

    chosen = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._tiles = {
            start: Tile(look, "", "", icon=start.icon, key=start.key, primary=not index)
            for index, start in enumerate(TILES)
        }
        self._buttons = {
            start: Button(look, "", icon=start.icon, key=start.key) for start in BUTTONS
        }
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._grid, self._row, self._wide = QGridLayout(), QWidget(), True
        self._grid.setSpacing(Space.XXL)
        for start, tile in self._tiles.items():
            tile.setObjectName(f"tile-{start.name}")
            tile.clicked.connect(partial(self._choose, start.procedure))
        self._arrange(wide=True)
        row = QHBoxLayout(self._row)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.L)
        for start, button in self._buttons.items():
            button.setObjectName(f"start-{start.name}")
            button.clicked.connect(partial(self._choose, start.procedure))
            row.addWidget(button)
        row.addStretch(1)
        self.opinion = Button(look, "", kind=ButtonKind.QUIET, icon="users", key="F6")
        self.opinion.setObjectName("opinion")
        self.opinion.hide()
        row.addWidget(self.opinion)
        self._column.addLayout(self._grid)
        self._column.addWidget(self._row)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def offer(self, procedures: tuple[str, ...], *, opinions: bool = False) -> None:
        """Show what is carried out here; ``opinions``: other counters may ask this one."""
        self.opinion.setVisible(opinions)
        for start, widget in (*self._tiles.items(), *self._buttons.items()):
            widget.setVisible(start.procedure in procedures)
        others = any(start.procedure in procedures for start in BUTTONS)
        self._row.setVisible(others or opinions)

    @override
    def minimumSizeHint(self) -> QSize:
        """Only what the narrow form needs, so that it can come."""
        least = [tile.minimumSizeHint().width() for tile in self._tiles.values()]
        two = sum(least[1:]) + Space.XXL
        width = max(least[0], two, self._row.minimumSizeHint().width())
        return QSize(width, super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        least = sum(tile.minimumSizeHint().width() for tile in self._tiles.values())
        wide = least + 2 * Space.XXL <= self.width()
        if wide != self._wide:
            self._wide = wide
            self._arrange(wide=wide)

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        for start, tile in self._tiles.items():
            tile.set_texts(tr(f"home.{start.name}.title"), tr(f"home.{start.name}.hint"))
        for start, button in self._buttons.items():
            button.setText(tr(f"home.{start.name}.title"))
            button.updateGeometry()
        self.opinion.setText(tr("opinion.button"))
        self.opinion.updateGeometry()

    def _arrange(self, *, wide: bool) -> None:
        """All in one row; where the width is short the blue tile stands above the others."""
        first, *others = self._tiles.values()
        for tile in self._tiles.values():
            self._grid.removeWidget(tile)
        self._grid.addWidget(first, 0, 0, 1, 1 if wide else 2)
        for index, tile in enumerate(others):
            self._grid.addWidget(tile, 0 if wide else 1, index + wide)
        for column, share in enumerate((3, 2, 2) if wide else (1, 1, 0)):
            self._grid.setColumnStretch(column, share)

    def _choose(self, procedure: str, _checked: bool = False) -> None:
        self.chosen.emit(procedure)

    def _restyle(self) -> None:
        for button in (*self._buttons.values(), self.opinion):
            button.set_height(Size.TARGET_BAR if self._look.theme.tablet else Size.TARGET_COUNTER)
        self._column.setSpacing(Space.M if self._look.theme.tablet else Space.L)
