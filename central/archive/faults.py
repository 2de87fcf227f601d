"""How a store says that it cannot work now, without a word of its driver."""

from __future__ import annotations


class StoreError(Exception):
    """The database failed in the middle of its work; nothing of that transaction remains.

    Its text is the name of the kind of error alone: the driver's own text may hold rows.
    """
