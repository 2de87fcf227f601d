"""How surprising a count is, beside what colleagues do.

Rules, in order: the usual rate is the median of the colleagues' rates, so that one or two of them
cannot move it; honest agents differ from one another, so that each is given a rate of the own,
drawn from a Beta distribution around the usual one, and chance is the exact tail of the
beta-binomial distribution, not of the binomial; many are compared, so that each must be more
surprising (Bonferroni); and a ratio is asked for beside the tail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median


def usual(rates: Sequence[float], least: float) -> float:
    """Median of rates, never below ``least``, never above its complement."""
    return min(max(median(rates), least), 1 - least)


def at_least(count: int, trials: int, rate: float, spread: float) -> float:
    """Probability that an honest agent shows ``count`` or more in ``trials``.

    Args:
        count: what was seen.
        trials: out of how many.
        rate: the usual rate, between 0 and 1.
        spread: how alike agents are: the sum of the two parameters of the Beta distribution.
    """
    if count <= 0:
        return 1.0
    return _sum(range(count, trials + 1), trials, rate, spread)


def at_most(count: int, trials: int, rate: float, spread: float) -> float:
    """Probability of ``count`` or fewer; see :func:`at_least`."""
    return _sum(range(count + 1), trials, rate, spread)


def _sum(counts: range, trials: int, rate: float, spread: float) -> float:
    a, b = rate * spread, (1 - rate) * spread
    ways = math.lgamma(trials + 1) - _beta(a, b)
    return min(
        1.0,
        math.fsum(
            math.exp(
                ways
                - math.lgamma(k + 1)
                - math.lgamma(trials - k + 1)
                + _beta(k + a, trials - k + b)
            )
            for k in counts
        ),
    )


def _beta(a: float, b: float) -> float:
    """Logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
