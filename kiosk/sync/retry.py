"""When to try again: exponential back-off with full jitter, as a pure function.

Full jitter (a uniform draw between zero and the bound) spreads a fleet that lost its central side
at the same second. Source: records-and-sync 2.8 (peak).
"""

BASE_S = 1.0
CAP_S = 300.0


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
