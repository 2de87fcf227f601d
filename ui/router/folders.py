"""The choice of a folder on a stick or a disk.

Rules, in order: a folder counts only while whoever asked is still signed in; a lock closes the
choice; a medium that does not answer holds up neither the screen nor the choice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QStorageInfo, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.widgets.look import Look
from ui.workers.desk import Desk

_PLACES = ("/media/", "/run/media/", "/mnt/", "/Volumes/")

_PATIENCE_MS = 1000
"""For the list of volumes: a network drive that is gone may let it wait for minutes."""

Choose = Callable[[QWidget, str, str], str]
"""Window, title and first folder to the folder chosen, ``""`` for none."""


def likely_stick() -> str:
    """The one removable volume there is, ``""`` where there is none or more than one."""
    volumes = [info for info in QStorageInfo.mountedVolumes() if info.isReady()]
    system = QStorageInfo.root().rootPath()
    paths = [info.rootPath() for info in volumes if info.rootPath() != system]
    found = [path for path in paths if path.startswith(_PLACES) or path[1:3] == ":/"]
    return found[0] if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for, until a folder is chosen."""

    title: str
    use: Callable[[Path], None]


class FolderChoice(QObject):
    """Asks for one folder at a time.

    Attributes:
        choose: asks for the folder.
        likely: the folder to begin at; asked away from the screen's thread.
    """

    def __init__(self, look: Look, window: QWidget, parent: QObject | None = None) -> None:
        """Window: any widget of the window that the choice stands over."""
        super().__init__(parent)
        self._look = look
        self._widget = window
        self.choose: Choose = self._ask
        self.likely: Callable[[], str] = likely_stick
        self._volumes = Desk("volumes")
        self._dialog: QFileDialog | None = None
        self._wish: _Wish | None = None
        self._begun = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(lambda: self._begin(self._wish, ""))

    @property
    def asking(self) -> bool:
        """Whether a folder is being chosen."""
        return self._wish is not None

    def ask(self, title: str, use: Callable[[Path], None]) -> None:
        """Ask for a folder and use it; nothing where one is being chosen already."""
        if self._wish is not None:
            return
        wish = self._wish = _Wish(title, use)
        self._begun = False
        self._patience.start()
        task = self._volumes.submit(self.likely)
        task.done.connect(partial(self._begin, wish))
        task.failed.connect(lambda _: self._begin(wish, ""))

    def forget(self) -> None:
        """Nobody is signed in any more: no folder that is still chosen counts."""
        self._wish = None
        self._patience.stop()
        if self._dialog is not None:
            self._dialog.reject()

    def close(self) -> None:
        """Ask nothing more. Safe to call twice."""
        self.forget()
        self._volumes.close()

    def _begin(self, wish: _Wish | None, first: str) -> None:
        """The volumes are known, or take too long: whichever comes first."""
        if wish is None or wish is not self._wish or self._begun:
            return
        self._begun = True
        self._patience.stop()
        folder = self.choose(self._widget.window(), wish.title, first)
        if wish is not self._wish:
            return  # the desk was locked or left over the choice
        self._wish = None
        if folder:
            wish.use(Path(folder))

    def _ask(self, window: QWidget, title: str, first: str) -> str:
        dialog = self._dialog = QFileDialog(window, title, first)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._name(dialog)
        try:
            return dialog.selectedFiles()[0] if dialog.exec() else ""
        finally:
            self._dialog = None
            dialog.deleteLater()
            window.activateWindow()  # where no window manager does, keys would reach nobody

    def _name(self, dialog: QFileDialog) -> None:
        """The two words that the translation of Qt leaves out."""
        tr, label = self._look.language.tr, QFileDialog.DialogLabel
        dialog.setLabelText(label.LookIn, tr("folders.look_in"))
        dialog.setLabelText(label.FileType, tr("folders.kind"))
