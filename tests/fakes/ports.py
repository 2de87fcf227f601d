"""Ports of loopback that stay free for whoever took them.

Rules, in order: a port that the system chooses and that is closed again may be gone a moment later,
to another test process or to any connection that goes out; so a port is taken below the range from
which the systems choose (Linux: from 32768, others: from 49152), where only a program that names it
comes; two test processes never take the same one, because whoever takes it holds the UDP port of
the same number, which nobody else can bind; it is held until it is given back, or the process ends,
however it ends. Programs that are told ``--port 0`` and say where they listen need none of this.
"""

from __future__ import annotations

import atexit
import random
import socket

_HOST = "127.0.0.1"
_FIRST, _LAST = 20_000, 32_767
_held: dict[int, socket.socket] = {}
# Apart from the numbers that a test may have seeded: two workers would else ask in one order.
_draw = random.SystemRandom()


def take_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, for this process alone."""
    for _ in range(_LAST - _FIRST):
        port = _draw.randint(_FIRST, _LAST)
        hold = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            hold.bind((_HOST, port))
            with socket.socket() as probe:
                probe.bind((_HOST, port))
        except OSError:
            hold.close()
        else:
            _held[port] = hold
            return port
    raise AssertionError("no port is free")


def give_back(port: int) -> None:
    """What listened there has ended."""
    hold = _held.pop(port, None)
    if hold is not None:
        hold.close()


@atexit.register
def _give_all_back() -> None:
    for port in tuple(_held):
        give_back(port)
