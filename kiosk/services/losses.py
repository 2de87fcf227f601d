"""Losses of sealed records on this device: their names, and the one way to journal them."""

from __future__ import annotations

from enum import StrEnum

from kiosk.audit.entries import EntryKind
from kiosk.ports import UnitOfWork
from kiosk.services.journal import Journal

NOTED_PREFIX = "custody/noted/"


class Loss(StrEnum):
    """What is wrong with a record that the journal announced."""

    ROW = "row"
    """No row of the outbox: it would never be sent."""

    BLOB = "blob"
    """The sealed bytes are gone, and no receipt let them go."""

    ALTERED = "altered"
    """The sealed bytes are not the ones that the entry describes (a chunk is gone or changed)."""

    RECEIPT = "receipt"
    """The sealed bytes were let go and the receipt is gone."""

    RESULT = "result"
    """The envelope for the provider is gone or altered, and was not safe elsewhere."""

    HISTORY = "history"
    """A receipt speaks of another entry than the one that stands here."""


def note_loss(uow: UnitOfWork, journal: Journal, seq: int, loss: Loss) -> bool:
    """Journal a loss inside ``uow``, once; whether it was new. The caller commits."""
    name = f"{NOTED_PREFIX}{seq:012d}/{loss}"
    if uow.values.get(name) is not None:
        return False
    journal.append(uow, EntryKind.DAMAGE, {"seq": seq, "what": loss.value})
    uow.values.put(name, b"")
    return True
