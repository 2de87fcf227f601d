"""Breaks a call off in its middle, where somebody asks for it from beside.

Rules, in order: whoever asks waits for nobody, so the question is put again and again in a thread
of its own while a call is under way, and only then; a call ends by closing its connection in both
directions, which wakes whoever sends or waits there; the encryption is left alone, so that nothing
goes out in clear; a call that has ended by itself is not broken off any more.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

ASKED_EVERY_S: Final = 0.2
"""How long it takes at most until a call notices."""

_CONNECTING: Final = "connection.connect_tcp.started"
_CONNECTED: Final = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


class BreakOff:
    """Watches over the calls of one link.

    Attributes:
        happened: the last call was broken off.
    """

    def __init__(self, asked: Callable[[], bool] | None = None) -> None:
        """Asked: whether calls are to end, called from another thread; None: nobody asks."""
        self._asked = asked
        self._socket: socket.socket | None = None
        self.happened = False

    @property
    def asked(self) -> bool:
        """Whether somebody wants calls to end."""
        return self._asked is not None and self._asked()

    def hear(self, event: str, info: Mapping[str, Any]) -> None:
        """What the HTTP library tells of a connection (its ``trace`` extension)."""
        if event == _CONNECTING:
            # The one before is over: to end that would end nothing.
            self._socket = None
        if event in _CONNECTED:
            self._socket = info["return_value"].get_extra_info("socket")

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While a call is under way."""
        self.happened = False
        if self._asked is None:
            yield
            return
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(done,), name="break-off", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(ASKED_EVERY_S):
            if self.asked and self._end():
                return

    def _end(self) -> bool:
        """Whether there was a connection to end; one that is only being made has a deadline."""
        connection = self._socket
        if connection is None:
            return False
        self.happened = True
        with contextlib.suppress(OSError):
            # Not the method of the TLS socket, which forgets its keys first: a sender beside it
            # could then write in clear.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
        return True
