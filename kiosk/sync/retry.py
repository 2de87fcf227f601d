"""When to try again: exponential back-off with full jitter, as a pure function.

Full jitter (a uniform draw between zero and the bound) spreads a fleet that lost its central side
at the same second. Source: records-and-sync 2.8 (peak).
"""

BASE_S = 1.0
CAP_S = 300.0
SPREAD = 0.2
"""Share of a regular pause by which it is made longer or shorter."""


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
