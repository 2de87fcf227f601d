"""A call is broken off by ending the connection that it uses, and no other one."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

from kiosk.transport.breaking_off import BreakOff

LONGEST_S = 60
"""A very busy machine."""


def connected(break_off: BreakOff, ours: socket.socket) -> None:
    """What the HTTP library tells of a new connection."""
    stream = SimpleNamespace(get_extra_info=lambda _: ours)
    break_off.hear("connection.connect_tcp.started", {})
    break_off.hear("connection.connect_tcp.complete", {"return_value": stream})


def test_a_connection_that_is_made_anew_is_the_one_that_ends():
    """A kept one was closed by the other side; while the next is made, the wish waits for it."""
    wish = threading.Event()
    looked = threading.Semaphore(0)

    def asked() -> bool:
        looked.release()
        return wish.is_set()

    break_off = BreakOff(asked)
    old, other = socket.socketpair()
    connected(break_off, old)
    other.close()
    old.close()
    ours, theirs = socket.socketpair()
    theirs.settimeout(LONGEST_S)
    with ours, theirs, break_off.watching():
        break_off.hear("connection.connect_tcp.started", {})
        wish.set()
        for _ in range(3):
            assert looked.acquire(timeout=LONGEST_S)
        assert not break_off.happened
        connected(break_off, ours)
        assert theirs.recv(1) == b""
    assert break_off.happened
