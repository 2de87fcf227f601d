"""Figures of a day at the desk, from the lines of its journal; they name nobody.

Rules, in order: a case counts where it was opened and decided among the lines given; one that was
abandoned does not, for it ended by itself or by somebody who had left; neither does one that ended
before it began, by a clock that was set. Time is what the device claims, and the lines are not
verified: the figure stands on a page, it proves nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from kiosk.audit.entries import MAX_HEADER_BYTES, EntryKind
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import unb64u
from kiosk.domain.decision import Outcome
from kiosk.ports import JournalRow


def mean_duration(rows: Iterable[JournalRow]) -> timedelta | None:
    """From the opening of a case to its seal, on average; None where no case counts.

    Args:
        rows: lines of a journal, oldest first.
    """
    opened: dict[str, datetime] = {}
    spans = []
    for row in rows:
        if row.kind == EntryKind.VERIFY_OPEN.value:
            opened[_fact(row, "case")] = row.wall_claimed
        elif row.kind == EntryKind.VERIFY_CLOSE.value:
            since = opened.pop(_fact(row, "case"), None)
            if since is None or _fact(row, "outcome") == Outcome.ABANDONED.value:
                continue
            spans.append(row.wall_claimed - since)
    spans = [span for span in spans if span >= timedelta()]
    return sum(spans, timedelta()) / len(spans) if spans else None


def _fact(row: JournalRow, name: str) -> str:
    """A fact of an entry as stored, ``""`` where the entry is not whole."""
    _, _, rest = row.jws.partition(".")
    payload, _, _ = rest.partition(".")
    try:
        header = parse_json(unb64u(payload), MAX_HEADER_BYTES)
    except ValueError:
        return ""
    facts = header.get("facts") if isinstance(header, Mapping) else None
    return str(facts.get(name, "")) if isinstance(facts, Mapping) else ""
