"""The demonstration with a screen: the counter, and the small panel beside it."""

import faulthandler
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QStyle

from kiosk import logs
from kiosk.domain.errors import KioskError
from kiosk.texts import Texts
from ui.demonstration.network import Cable
from ui.demonstration.office import DemonstrationOffice
from ui.demonstration.panel import StagePanel
from ui.demonstration.stage import Stage
from ui.router.services import Services, services_of
from ui.router.window import COUNTER, Signals, Window, application
from ui.theme import Size

_SHARE = 0.79
"""Share of the screen's width for the counter; the panel stands in the rest."""


def run(data: Path) -> int:
    """Open both windows and run until the counter is closed; the exit code."""
    app = application()
    data.mkdir(parents=True, exist_ok=True)
    handler = logs.start(data)
    faulthandler.enable()
    texts = Texts.load("fr")
    sys.stdout.write(f"{texts('demonstration.start')}\n")
    sys.stdout.flush()
    office = DemonstrationOffice(data)
    stage, cable = Stage(), Cable()
    window = Window()
    screen = window.shell.screen().availableGeometry()
    wide = min(round(screen.width() * _SHARE), screen.width() - Size.RAIL_WIDTH)
    high = screen.height() - app.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    window.show(QSize(min(COUNTER.width(), wide), min(COUNTER.height(), high)))
    window.shell.move(screen.topLeft())
    panel = StagePanel(window.look, stage, office.central, cable, office.post)
    panel.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, on=False)  # the counter's window counts
    panel.setGeometry(screen.x() + wide, screen.y(), screen.width() - wide, high)
    window.open_soon(_opener(office, stage, cable))
    window.opened.connect(panel.show)
    signals = Signals(app)
    try:
        return app.exec()
    finally:
        signals.deleteLater()
        panel.close()
        panel.end()
        window.close()
        office.close()
        logs.stop(handler)


def _opener(office: DemonstrationOffice, stage: Stage, cable: Cable) -> Callable[[], Services]:
    def services() -> Services:
        try:
            kiosk = office.kiosk or office.open()
        except KioskError as exc:
            logs.error("demonstration.start", exc)
            raise
        return cable.through(services_of(kiosk, stage.open_camera))

    return services
