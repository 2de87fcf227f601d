"""The end of a device at its window: keys destroyed, then out of service, or into another office.

Rules, in order: everything runs in a thread of its own, since the services of the device are gone;
whatever fails is said with its code and can be tried again, for what was done stays done; a
transfer that is not joined yet takes another code.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from ui.router.device import Farewell
from ui.router.device_words import failure_words
from ui.screens.device_end import DeviceEndScreen, EndFacts
from ui.shell import Shell
from ui.theme import Tone
from ui.viewmodels.device import Act
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure

if TYPE_CHECKING:
    from kiosk.bootstrap.joining import Joined


class Ends(Protocol):
    """Ends the device of a window whose journal is closed, and lets the machine join again."""

    def retire(self) -> str:
        """Destroy keys and vault; name of the file of the journal. Safe to call again.

        Raises:
            KioskError: not done; nothing that was not sent is lost.
        """

    def join(self, code: str, manager: str, name: str) -> "Joined":
        """Enrol the machine anew, with its first manager. Safe to call again. Raises KioskError."""


class EndingRouter(QObject):
    """One page, from the closed journal on.

    Signals:
        reopened(): the device is at its new place: make its services.
        left(): close the program.
    """

    reopened = Signal()
    left = Signal()

    def __init__(
        self,
        look: Look,
        shell: Shell,
        ends: Ends,
        farewell: Farewell,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._ends = ends
        self._farewell = farewell
        self._file = ""
        self._next: Callable[[], None] = self._retire
        self._write: Callable[[], EndFacts] = self._destroying
        self._desk = Desk("ending")
        self.page = DeviceEndScreen(look)
        self.page.went_on.connect(self._go_on)
        look.language.changed.connect(self._tell)

    def start(self) -> None:
        """Show the page and destroy the keys."""
        self.page.field.setText(self._farewell.code)
        self._shell.show_bare()
        self._shell.show_chips(())
        self._shell.set_office("", "")
        self._shell.set_page(self.page, self.page.bar)
        self._retire()

    def close(self) -> None:
        """Finish what is under way. Safe to call twice."""
        self._desk.close()

    def _go_on(self) -> None:
        self._next()

    def _retire(self) -> None:
        self._show(self._destroying)
        task = self._desk.submit(self._ends.retire)
        task.done.connect(self._retired)
        task.failed.connect(partial(self._broke, self._retire))

    def _retired(self, file: str) -> None:
        self._file = file
        if self._farewell.act is Act.TRANSFER:
            self._join()
        else:
            self._next = self.left.emit
            self._show(self._destroyed)

    def _join(self) -> None:
        self._show(self._joining)
        told = self._farewell
        code = self.page.typed
        task = self._desk.submit(lambda: self._ends.join(code, told.badge, told.name))
        task.done.connect(self._joined)
        task.failed.connect(partial(self._broke, self._join))

    def _joined(self, joined: "Joined") -> None:
        self._next = self.reopened.emit
        self.page.field.clear()
        self._show(partial(self._at_its_place, joined))

    def _broke(self, again: Callable[[], None], failure: Failure) -> None:
        self._next = again
        self._show(partial(self._failed, failure))

    def _show(self, write: Callable[[], EndFacts]) -> None:
        self._write = write
        self._tell()

    def _tell(self) -> None:
        facts = self._write()
        self._shell.set_title(facts.title)
        self.page.show_facts(facts)

    # --- words --------------------------------------------------------------------------------

    @property
    def _title(self) -> str:
        return self._look.language.tr(f"device.end.title_{self._farewell.act.value}")

    def _destroying(self) -> EndFacts:
        return EndFacts(self._title, self._look.language.tr("device.end.destroying"), running=True)

    def _joining(self) -> EndFacts:
        text = self._look.language.tr("device.end.joining")
        return EndFacts(self._title, text, running=True)

    def _destroyed(self) -> EndFacts:
        tr = self._look.language.tr
        lines = (tr("device.end.journal", file=self._file),)
        text = tr("device.end.destroyed")
        return EndFacts(self._title, text, Tone.OK, lines, primary=tr("device.end.quit"))

    def _at_its_place(self, joined: "Joined") -> EndFacts:
        tr = self._look.language.tr
        return EndFacts(
            self._title,
            tr("device.end.joined", device=joined.device_id, office=joined.office_id),
            Tone.OK,
            (tr("device.end.journal", file=self._file),),
            code_title=tr("device.end.manager_code", name=self._farewell.name),
            code=joined.manager_code,
            code_hint=tr("device.end.manager_hint"),
            primary=tr("device.end.go_on"),
        )

    def _failed(self, failure: Failure) -> EndFacts:
        tr = self._look.language.tr
        what, do = failure_words(self._look.language, failure)
        joining = self._next == self._join
        lines = (do, tr("device.end.again")) if joining else (do,)
        if joining:
            lines = (tr("device.end.not_joined"), *lines)
        word = "join" if joining else "retry"
        return EndFacts(
            self._title,
            what,
            Tone.BAD,
            lines,
            ask_code=joining,
            primary=tr(f"device.end.{word}"),
        )
