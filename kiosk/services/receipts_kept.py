"""Receipts as this device keeps them: by the entry of their record."""

from __future__ import annotations

from typing import Final

import msgspec

from kiosk.sync.messages import ReceiptItem

RECEIPT_PREFIX: Final = "central/receipt/"
VOID_PREFIX: Final = "central/receipt-void/"
"""Receipts of a log that was put back behind them: evidence, and proof of nothing else."""


class KeptReceipt(msgspec.Struct, frozen=True):
    """A verified receipt as this device keeps it: enough to prove storage to anybody."""

    item: ReceiptItem
    checkpoint: str


def kept_name(seq: int) -> str:
    """Where the receipt of an entry's record is kept."""
    return f"{RECEIPT_PREFIX}{seq:012d}"
