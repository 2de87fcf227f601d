"""What the customer's sheet says, as this device keeps it: by the entry of its record.

Rules, in order: written in the transaction of the seal, because the record itself cannot be read
here any more; it goes with the receipt of the record (:mod:`.receipt_retention`); a case sealed by
an older version, or one that was never taken after its hand-over, has none.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import msgspec

from kiosk.journeys.service_steps import ContactChannel
from kiosk.ports import UnitOfWork

SHEET_PREFIX: Final = "sheet/"


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What the customer's sheet says beside outcome and reasons; names nobody and gives no reason.

    Attributes:
        contacts_open: ways to reach the customer that are still to be confirmed.
        has_request: a request that was started online stands behind the act.
        request_until: last moment at which the same request can be presented again, or None.
        kept_until: last day on which a letter is kept, or None.
        fetch_by: the day on which the office is open last, where it is shut on that one, or None.
        visit_on: the day agreed on for a visit that was put off, or None.
        channel: way that was proposed, or ``""``.
        ready_by: when that way will have an answer, aware, or None.
        obstacle: condition that is not met, or ``""``.
        alternative: nearest other way of who does not meet it, or ``""``.
        elected: the customer comes for the account of an elected member.
        missing: what lacks in a paper file.
        letter_about: estimated day of a registered letter, or None.
    """

    contacts_open: tuple[ContactChannel, ...] = ()
    has_request: bool = False
    request_until: datetime | None = None
    kept_until: date | None = None
    fetch_by: date | None = None
    visit_on: date | None = None
    channel: str = ""
    ready_by: datetime | None = None
    obstacle: str = ""
    alternative: str = ""
    elected: bool = False
    missing: tuple[str, ...] = ()
    letter_about: date | None = None


def keep_sheet(uow: UnitOfWork, seq: int, sheet: SheetFacts) -> None:
    """Keep what the sheet of an entry's record says, inside ``uow``."""
    uow.values.put(_name(seq), msgspec.json.encode(sheet))


def kept_sheet(uow: UnitOfWork, seq: int) -> SheetFacts | None:
    """What was kept; None where nothing was."""
    stored = uow.values.get(_name(seq))
    return None if stored is None else msgspec.json.decode(stored, type=SheetFacts)


def drop_sheet(uow: UnitOfWork, seq: int) -> None:
    """Keep it no longer, inside ``uow``."""
    uow.values.delete(_name(seq))


def _name(seq: int) -> str:
    return f"{SHEET_PREFIX}{seq:012d}"
