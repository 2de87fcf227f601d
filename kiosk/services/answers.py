"""Reads answers of the collector that are not the hoped-for one."""

from kiosk.domain.errors import (
    DeviceSetApartError,
    ProtocolError,
    RefusedByCollectorError,
    SyncError,
    UnreachableError,
)
from kiosk.ports import LinkAnswer
from kiosk.sync.messages import Problem, decode
from kiosk.sync.retry import told_wait_s


def is_busy(exc: UnreachableError) -> bool:
    """Whether the central side answered, and only could not do this now: others may go on."""
    return exc.detail.startswith("busy")


def refusal_of(answer: LinkAnswer) -> SyncError:
    """The error that an unsuccessful answer stands for; its detail is the collector's word.

    A busy or failing server is as good as none: everything is kept and tried again later.
    """
    if answer.status in (429, 502, 503, 504):
        return UnreachableError(f"busy {answer.status}", told_wait_s(answer.headers))
    try:
        word = decode(answer.body, Problem).error
    except ProtocolError:
        return ProtocolError(f"status {answer.status}")
    if (answer.status, word) == (403, "quarantined"):
        return DeviceSetApartError(word)
    return RefusedByCollectorError(word)
