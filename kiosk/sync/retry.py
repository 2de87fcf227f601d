"""When to try again: exponential back-off with full jitter, as pure functions.

Full jitter (a uniform draw between zero and the bound) spreads a fleet that lost its central side
at the same second. Between two deliveries that nobody asked for, the pause grows while there is
nothing to bring on: a whole fleet that calls once a minute is a crowd at any hour. Where the
central side itself says when to come again, its word counts: it has given others the seconds
beside. Sources: records-and-sync 2.8 (peak); RFC 9110, 10.2.3.
"""

from collections.abc import Iterable

BASE_S = 1.0
CAP_S = 300.0
SPREAD = 0.2
"""Share of a regular pause by which it is made longer or shorter."""
LONGEST_TOLD_S = 3600
"""No longer does a device wait on anybody's word: what it holds is to arrive today."""
QUIET_S = (60, 120, 300, 900)
"""Pauses between regular deliveries that found nothing to do, one after the other."""
_RETRY_AFTER = "retry-after"


def pause_ms(idle_turns: int, *, left: bool) -> int:
    """The pause after a regular delivery, on average; see :func:`spread_ms`.

    Args:
        idle_turns: deliveries in a row that brought nothing on; 0 after one that did.
        left: something is left to be sent or heard of, or nobody was reached: never more than
            :data:`CAP_S` then.
    """
    if idle_turns < 0:
        raise ValueError("turns that are none")
    pause_s = QUIET_S[min(max(idle_turns, 1), len(QUIET_S)) - 1]
    return round(1000 * (min(pause_s, CAP_S) if left else pause_s))


def spread_ms(pause_ms: int, draw: float) -> int:
    """A regular pause that no two devices keep together: up to a fifth longer or shorter.

    Args:
        pause_ms: on average.
        draw: uniform random number, 0 <= draw < 1.
    """
    if not 0 <= draw < 1:
        raise ValueError("a draw between 0 and 1")
    return round(pause_ms * (1 - SPREAD + 2 * SPREAD * draw))


def delay_s(failures: int, draw: float) -> float:
    """Seconds to wait before the next try.

    Args:
        failures: tries that failed in a row, at least 1.
        draw: uniform random number, 0 <= draw < 1.
    """
    if failures < 1 or not 0 <= draw < 1:
        raise ValueError("at least one failure; a draw between 0 and 1")
    # The exponent is bounded first: 2.0 ** 2000 would overflow.
    return float(min(CAP_S, BASE_S * 2.0 ** min(failures - 1, 16)) * draw)


def told_wait_s(fields: Iterable[tuple[str, str]]) -> int:
    """Seconds that the central side asks for (``Retry-After``); 0 where it says nothing of them.

    Args:
        fields: header fields of an answer, names in lower case. A date is read as nothing: this
            central side never sends one, and the clock of a device may be wrong.
    """
    value = next((value for name, value in fields if name == _RETRY_AFTER), "")
    if not value.isascii() or not value.isdecimal():
        return 0
    return min(int(value[:9]), LONGEST_TOLD_S)


def after_told_s(told_s: float, draw: float) -> float:
    """Seconds to wait where so many were asked for: never less, up to a second more.

    Whoever was told the same whole second then still comes at a moment of its own.

    Args:
        told_s: see :func:`told_wait_s`.
        draw: uniform random number, 0 <= draw < 1.
    """
    if told_s < 0 or not 0 <= draw < 1:
        raise ValueError("seconds that are none; a draw between 0 and 1")
    return told_s + draw if told_s else 0.0
