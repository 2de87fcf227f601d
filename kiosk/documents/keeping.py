"""How long a registered item that could not be handed over is kept.

Rule: fifteen days, counted from the day after it was presented; the day found is the last one on
which it can be fetched. Source: domain 5.8 and 7.3 (general knowledge, to be confirmed by the
operator).
"""

from datetime import date, timedelta
from typing import Final

KEPT_DAYS: Final = 15


def kept_until(presented_on: date) -> date:
    """Last day on which an item presented on a day can be fetched."""
    return presented_on + timedelta(days=KEPT_DAYS)
