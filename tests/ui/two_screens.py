"""A program of its own: a counter on one drawn display, the customer's window on another."""

import json
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from kiosk.texts import Texts
from ui.i18n import Language
from ui.router.customer import CustomerRouter
from ui.shell import Shell
from ui.theme import Theme
from ui.viewmodels.contact import ContactModel
from ui.viewmodels.journey import JourneyModel
from ui.widgets.look import Look
from ui.workers.desk import Desk


def main() -> None:
    application = QApplication([])
    theme = Theme(Path(__file__).parents[2] / "resources")
    theme.apply(application)
    look = Look(theme, Language({code: Texts.load(code) for code in ("fr", "en")}, "fr"))
    shell = Shell(look)
    own = next(s for s in application.screens() if s.name() == "guichet")
    shell.setGeometry(own.geometry())
    shell.show()
    application.processEvents()
    desk = Desk("vault")
    journey = JourneyModel(None, desk)  # type: ignore[arg-type]  # no case is opened here
    contacts = ContactModel(None, journey)
    router = CustomerRouter(look, shell, journey, contacts)
    router.start()
    application.processEvents()
    window = router.window
    geometry = window.geometry()
    told = {
        "visible": window.isVisible(),
        "turnable": router.turnable,
        "place": [geometry.x(), geometry.y(), geometry.width(), geometry.height()],
        "words": window.words.key,
        "shell_active": shell.isActiveWindow(),
    }
    router.close()
    contacts.close()
    desk.close()
    shell.close()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
