"""Hand-held scanners that type like a keyboard, heard on every page.

Rules, in order:

1. A key that types a character is held back until :class:`kiosk.documents.wedge.WedgeBurst` says
   what it belongs to. Typing is then given back key by key, in its order, by the ordinary way: to
   the focused field, or to the shortcut that it means.
2. What a scanner typed reaches no field, no button and no shortcut, and neither does its Enter.
3. Keys that type nothing are left alone, unless keys are held back before them.
4. A key held down is known by the repeats of the keyboard, which no scanner makes: they pass.
5. Where no control that takes text has the focus, less is enough for a scan: see the recogniser.
6. Times are those of the key events, so that a program that stood still takes no typing for a scan.

Source of the rules: public reports on point-of-sale software, where a scanner's Enter pressed
buttons and its text fell into search fields and PIN entries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import shiboken6
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from typing_extensions import override

from kiosk.documents.wedge import GAP_MS, HELD, SILENCE_MS, WedgeAnswer, WedgeBurst

TimeOf = Callable[[QKeyEvent], int]
"""Milliseconds of a key event, on a clock that does not go back."""

_KEYS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})
_INTERRUPTS = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.ApplicationDeactivate})
_HEARD = _KEYS | _INTERRUPTS
_ENDINGS: dict[int, str] = {Qt.Key.Key_Return: "\r", Qt.Key.Key_Enter: "\r", Qt.Key.Key_Tab: "\t"}
_LONE: frozenset[int] = frozenset(
    {
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
        Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock,
    }
)
_COMMAND = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_ALT_GR = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
_SEPARATORS = frozenset("\x1c\x1d\x1e\x1f")
_TICK_MS = 10
_STOOD_STILL_MS = 2 * SILENCE_MS


@dataclass(slots=True)
class _Key:
    """A press held back, all that is needed to give it back."""

    target: QObject
    key: int
    modifiers: Qt.KeyboardModifier
    text: str
    repeat: bool
    released: bool = False


class Scanner(QObject):
    """Filters the key events of the whole application.

    Signals:
        scanned(object): a :class:`WedgeAnswer` with a scan or with a problem.
    """

    scanned = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.time_of: TimeOf | None = None
        """Replaces the time stamps of the events, for tests."""
        self._burst = WedgeBurst()
        self._held: list[_Key] = []
        self._giving_back = False
        self._swallowing = False
        self._last_ms: int | None = None
        self._clock = QElapsedTimer()
        self._clock.start()
        self._handled_ms = 0
        self._looked_again = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)

    @property
    def pending(self) -> bool:
        """Whether keys are held back."""
        return self._burst.pending

    def start(self, application: QObject) -> None:
        """Listen."""
        application.installEventFilter(self)

    def stop(self, application: QObject) -> None:
        """Listen no more; what is held back is forgotten."""
        application.removeEventFilter(self)
        self._timer.stop()
        self._burst.reset()
        self._held = []

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        # Every event of the program comes by here, and nearly none is heard: that is asked first.
        if kind not in _HEARD or self._giving_back:
            return False
        if kind in _INTERRUPTS:
            self._end_now()
            return False
        key = cast("QKeyEvent", event)
        if key.isAutoRepeat() and kind is not QEvent.Type.KeyRelease and not self._swallowing:
            self._end_now()  # the press itself comes before its repeats
            return False
        if kind is QEvent.Type.ShortcutOverride:
            # Accepted: the key comes as a press, and no shortcut is looked up before it is judged.
            taken = self._is_mine(key, self._time(key))
        elif not key.spontaneous():
            return False  # made by a program
        elif kind is QEvent.Type.KeyPress:
            taken = self._press(watched, key)
        else:
            taken = self._release(key)
        if taken:
            event.accept()
        return taken

    # --- one key ------------------------------------------------------------------------------

    def _is_mine(self, key: QKeyEvent, at_ms: int) -> bool:
        """Whether this key is held, or comes behind keys that are."""
        if key.key() in _LONE:
            return False
        if self._swallowing and not self._is_fast(at_ms):
            self._swallowing = False
        return bool(_character(key)) or self._burst.pending or self._swallowing

    @property
    def giving_back(self) -> bool:
        """Whether the keys that arrive now are some that were held before."""
        return self._giving_back

    def _press(self, watched: QObject, key: QKeyEvent) -> bool:
        at_ms = self._time(key)
        if not self._is_mine(key, at_ms):
            return False
        character = _character(key) or _ENDINGS.get(key.key(), "")
        self._last_ms, self._handled_ms = at_ms, self._clock.elapsed()
        self._looked_again = False
        pressed = _Key(watched, key.key(), key.modifiers(), key.text(), repeat=key.isAutoRepeat())
        answer = self._burst.key(character, at_ms, in_field=_takes_text(watched))
        ended = character in _ENDINGS.values()
        if answer is not HELD:
            self._obey(answer, swallow=ended)
        if answer.deliver:
            self._give_back([pressed])
        elif not ended and character and not self._swallowing:
            self._held.append(pressed)
        self._wait()
        return True

    def _release(self, key: QKeyEvent) -> bool:
        """A release belongs to its press: held with it."""
        for held in self._held:
            if held.key == key.key() and not held.released:
                held.released = not key.isAutoRepeat()
                return True
        return False

    def _obey(self, answer: WedgeAnswer, *, swallow: bool) -> None:
        held, self._held = self._held, []
        if answer.release:
            self._give_back(held)
        if answer.scan or answer.problem is not None:
            self._swallowing = swallow
            self.scanned.emit(answer)

    def _give_back(self, keys: list[_Key]) -> None:
        """Press again, by the way that finds shortcuts as well; Qt has it in its test library."""
        from PySide6.QtTest import QTest

        self._giving_back = True
        try:
            for key in keys:
                target = key.target
                if not shiboken6.isValid(target) or not isinstance(target, (QWidget, QWindow)):
                    continue
                QTest.simulateEvent(target, True, key.key, key.modifiers, key.text, key.repeat)
                if key.released and shiboken6.isValid(target):
                    QTest.simulateEvent(target, False, key.key, key.modifiers, key.text, False)
        finally:
            self._giving_back = False

    # --- time ---------------------------------------------------------------------------------

    def _time(self, key: QKeyEvent) -> int:
        if self.time_of is not None:
            return self.time_of(key)
        return key.timestamp() or self._clock.elapsed()

    def _is_fast(self, at_ms: int) -> bool:
        return self._last_ms is not None and 0 <= at_ms - self._last_ms <= GAP_MS

    def _wait(self) -> None:
        if self._burst.pending:
            self._timer.start(_TICK_MS)
        else:
            self._timer.stop()

    def _tick(self) -> None:
        if self._last_ms is None:
            return
        quiet = self._clock.elapsed() - self._handled_ms
        if quiet > _STOOD_STILL_MS and not self._looked_again:
            # The program stood still: keys typed meanwhile may be waiting, they come first.
            self._looked_again = True
            self._timer.start(0)
            return
        answer = self._burst.settle(self._last_ms + quiet)
        if answer is not HELD:
            self._obey(answer, swallow=False)
        self._wait()

    def _end_now(self) -> None:
        """A press elsewhere, another window: what was typed comes before it."""
        if self._burst.pending and self._last_ms is not None:
            self._obey(self._burst.settle(self._last_ms + SILENCE_MS + 1), swallow=False)
            self._wait()


def _takes_text(target: QObject) -> bool:
    """Whether what is typed at this widget, or at this window's focus, would be text."""
    widget = target if isinstance(target, QWidget) else QApplication.focusWidget()
    if not isinstance(widget, (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)):
        return False
    return widget.isEnabled() and not widget.isReadOnly()


def _character(key: QKeyEvent) -> str:
    """What the key types, or ``""``: letters, digits, signs, and the separators of a 2D-Doc."""
    text = key.text()
    command = key.modifiers() & _COMMAND
    if text in _SEPARATORS and text:
        return text
    if not text or not text.isprintable():
        return ""
    return text if not command or command == _ALT_GR else ""
