"""Ticks of the clock, and the pause after which a desk locks itself."""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer, Signal
from typing_extensions import override

_ACTS = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletPress,
    }
)


class IdleWatch(QObject):
    """Watches the whole application for keys, mouse and touch; camera pictures do not count.

    Signals:
        warned(int): nothing happened; the desk locks in so many seconds.
        expired(): nothing happened for the whole time.
        revived(): something happened after a warning.
    """

    warned = Signal(int)
    expired = Signal()
    revived = Signal()

    def __init__(self, idle_s: int, warning_s: int = 20, parent: QObject | None = None) -> None:
        """Idle time before the lock, seconds; 0 never locks. The warning comes that much before."""
        super().__init__(parent)
        self._idle_ms = idle_s * 1000
        self._warning_ms = min(warning_s * 1000, self._idle_ms // 2)
        self._warned = False
        self._since = QElapsedTimer()
        self._since.start()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._pass)

    @property
    def active(self) -> bool:
        """Whether the time runs."""
        return self._timer.isActive()

    @property
    def quiet_s(self) -> int:
        """Seconds since somebody last touched anything, locked or not."""
        return self._since.elapsed() // 1000

    def start(self) -> None:
        """Begin to count; somebody is signed in."""
        self._warned = False
        if self._idle_ms > 0:
            self._timer.start(self._idle_ms - self._warning_ms)

    def stop(self) -> None:
        """Nobody is signed in: nothing to lock."""
        self._timer.stop()
        self._warned = False

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _ACTS:
            return False
        self._since.restart()
        if self._timer.isActive():
            warned = self._warned
            self.start()
            if warned:
                self.revived.emit()
        return False

    def _pass(self) -> None:
        if self._warned:
            self._warned = False
            self.expired.emit()
        else:
            self._warned = True
            self.warned.emit(self._warning_ms // 1000)
            self._timer.start(self._warning_ms)
