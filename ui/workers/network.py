"""Tells when the machine has a network again, as the system says it; no packet is sent for it."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QNetworkInformation

_Reachability = QNetworkInformation.Reachability


class NetworkWatch(QObject):
    """Watches what the system says about the network; where it says nothing, nothing is told.

    Signals:
        came_back(): there is a way out again after there was none.
    """

    came_back = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._there: bool | None = None
        self._information: QNetworkInformation | None = None

    def start(self) -> None:
        """Ask the system to tell of changes."""
        if self._information is not None:
            return
        if not QNetworkInformation.loadDefaultBackend():
            return
        self._information = QNetworkInformation.instance()
        self.see(self._information.reachability())
        self._information.reachabilityChanged.connect(self.see)

    def stop(self) -> None:
        """Hear no more."""
        if self._information is not None:
            self._information.reachabilityChanged.disconnect(self.see)
            self._information = None

    def see(self, now: QNetworkInformation.Reachability) -> None:
        """Take what the system says; one that does not know says nothing.

        A site or a local network counts: the central side may lie in it.
        """
        if now is _Reachability.Unknown:
            return
        before, self._there = self._there, now is not _Reachability.Disconnected
        if before is False and self._there:
            self.came_back.emit()
