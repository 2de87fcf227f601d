"""The window of one device: opened before anything heavy is loaded, then given its services.

Rules, in order: the frame is painted first; whatever escapes from the program ends on the fault
page with a support code, never in a closed window; of a device that was closed no page stays;
closing joins every thread.
"""

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType, TracebackType

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from kiosk.domain.errors import KioskError
from kiosk.paths import RESOURCES
from kiosk.texts import LANGUAGES, Texts
from ui.i18n import Language, QtWords
from ui.router import Router, Services
from ui.router.device import Farewell
from ui.router.ending import EndingRouter
from ui.router.locked import CopyLocked, LockedCopy
from ui.screens.fault import FaultFacts, FaultScreen
from ui.shell import Shell
from ui.theme import Size, Theme, ThemeName
from ui.widgets.look import Look
from ui.workers.desk import failure_of

COUNTER = QSize(Size.WINDOW_WIDTH, Size.WINDOW_HEIGHT)
"""Size of the window where the screen does not say one."""
_SIGNAL_TICK_MS = 250


def application() -> QApplication:
    """The one QApplication of this process."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    made = QApplication(["visavis"])
    made.setApplicationName("Vis-à-vis")
    made.setDesktopFileName("visavis")
    made.setQuitOnLastWindowClosed(True)
    return made


class Signals(QObject):
    """Ends the program in order on Ctrl+C and SIGTERM.

    Python sees a signal only when it runs: a slow tick gives it the occasion.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self._app = app
        self._tick = QTimer(self)
        self._tick.setInterval(_SIGNAL_TICK_MS)
        self._tick.timeout.connect(self._breathe)
        self._tick.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._quit)

    def _breathe(self) -> None:
        """Nothing to do: running is enough."""

    def _quit(self, _number: int, _frame: FrameType | None) -> None:
        # Not quit(): that asks every window first, and in kiosk mode the window refuses.
        self._app.exit(0)


class FaultHooks(QObject):
    """Catches what nobody caught, in any thread, while installed.

    Signals:
        raised(object): the exception, in the thread of the screen.
    """

    raised = Signal(object)

    def install(self) -> None:
        """Take over the hooks of the interpreter."""
        sys.excepthook = self._caught
        threading.excepthook = self._caught_in_thread

    @staticmethod
    def remove() -> None:
        """Give the hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _caught(
        self, kind: type[BaseException], value: BaseException, _trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.exit(0)
            return
        self.raised.emit(value)

    def _caught_in_thread(self, what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None:
            self.raised.emit(what.exc_value)


class Window(QObject):
    """Frame, theme and language of this device, and the router once the services are there.

    Signals:
        opened(object): the :class:`Router`.
        refused(object): the exception that kept the services from starting.

    Attributes:
        copy_locked: copies the files of a device whose keys are gone; None where it is not offered.
    """

    opened = Signal(object)
    refused = Signal(object)

    def __init__(self, language: str = "fr", theme: str = "system", *, kiosk: bool = False) -> None:
        """Language and theme to start with; ``kiosk`` covers the screen and refuses to close."""
        super().__init__()
        self._app = application()
        self._kiosk = kiosk
        texts: Mapping[str, Texts] = {code: Texts.load(code) for code in LANGUAGES}
        self.theme = Theme(RESOURCES)
        if theme != "system":
            self.theme.choose(ThemeName(theme))
        self.theme.apply(self._app)
        self.language = Language(texts, language)
        self._qt_words = QtWords(self.language, self)
        self.look = Look(self.theme, self.language)
        self.shell = Shell(self.look, kiosk=kiosk)
        self.router: Router | None = None
        self._ending: EndingRouter | None = None
        self._startup_fault: FaultScreen | None = None
        self._locked: LockedCopy | None = None
        self.copy_locked: CopyLocked | None = None
        self._make: Callable[[], Services] | None = None
        self._hooks = FaultHooks()
        self._hooks.raised.connect(self._show_fault, Qt.ConnectionType.QueuedConnection)

    def show(self, size: QSize | None = None) -> None:
        """Show the empty frame at once."""
        self._hooks.install()
        if self._kiosk:
            self.shell.enter_kiosk()
            return
        screen = self.shell.screen().availableGeometry()
        self.shell.resize(size or COUNTER.boundedTo(screen.size()))
        self.shell.show()
        self.shell.activateWindow()

    def open_soon(self, make_services: Callable[[], Services]) -> None:
        """Make the services once the frame is painted, then show the sign-in."""
        self._make = make_services
        QTimer.singleShot(0, self, self.open_now)

    def open_now(self) -> None:
        """Make the services and show the sign-in."""
        if self._make is None or self.router is not None:
            return
        try:
            services = self._make()
        except KioskError as exc:
            self._show_refusal(exc)
            self.refused.emit(exc)
            return
        self.router = Router(self.look, self.shell, services, self)
        # Queued: whoever tells it is a part of the router that goes.
        self.router.ended.connect(partial(self._end, services), Qt.ConnectionType.QueuedConnection)
        self.router.start()
        self.opened.emit(self.router)

    def close(self) -> None:
        """Join the threads and close the window. Safe to call twice."""
        self._hooks.remove()
        self._qt_words.end()
        router, self.router = self.router, None
        if router is not None:
            router.close()
        for part in (self._ending, self._locked):
            if part is not None:
                part.close()
        self.shell.unlock_close()
        self.shell.close()

    def _end(self, services: Services, farewell: Farewell) -> None:
        """The journal of the device is closed: its pages go, then its keys."""
        router, self.router = self.router, None
        if router is None or services.ending is None:
            return
        router.close()
        self._ending = EndingRouter(self.look, self.shell, services.ending, farewell, self)
        self._ending.reopened.connect(self._reopen)
        self._ending.left.connect(self._leave)
        self._ending.start()
        self._forget_pages()
        router.deleteLater()

    def _reopen(self) -> None:
        """The machine is a device of another office now."""
        ending, self._ending = self._ending, None
        if ending is not None:
            ending.close()
            self.open_now()
            self._forget_pages()
            ending.deleteLater()

    def _forget_pages(self) -> None:
        """Only the page shown stays."""
        if self.shell.page is not self._startup_fault:
            self._startup_fault = None
            if self._locked is not None:
                self._locked.close()
                self._locked = None
        self.shell.forget_other_pages()

    def _leave(self) -> None:
        self._app.exit(0)

    def _show_refusal(self, exc: KioskError) -> None:
        """The services did not start: say why, offer to try again."""
        failure = failure_of(exc, "ui.start")
        tr = self.language.tr
        if self._startup_fault is None:
            self._startup_fault = FaultScreen(self.look)
            self._startup_fault.retry_requested.connect(self.open_now)
            self._startup_fault.home_requested.connect(self._app.quit)
            if self.copy_locked is not None:
                self._locked = LockedCopy(self.look, self._startup_fault, self.copy_locked, self)
        facts = FaultFacts(
            failure.shown_code,
            tr(f"errors.{failure.code}.what"),
            tr(f"errors.{failure.code}.do"),
        )
        if self._locked is not None:
            facts = self._locked.facts(facts)
        self._startup_fault.show_facts(facts)
        self.shell.set_page(self._startup_fault, self._startup_fault.bar)

    def _show_fault(self, exc: BaseException) -> None:
        failure = failure_of(exc, "ui.uncaught")
        if self.router is not None:
            self.router.show_fault(failure)
