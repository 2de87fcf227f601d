"""Visits in a journal: each opening must find its end, each record its visit.

Rules, in order: ``verify_open`` opens a case, ``verify_close`` ends it with one of the known
outcomes; a case that is opened twice, ended twice, ended without having been opened, or ended in an
unknown way is a problem; a case that is still open is none by itself, and silence once it has been
open for longer than a case may lie. Where a chip counts the openings, a count that was left out or
came again lower is a problem, and a chip that fell silent is asked about. Time is what the device
claims: the view says where to ask a person, it proves nothing by itself. Source: records-and-sync
2.3 and section 3, row 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.audit.entries import CHIP_FACT, CLOSE_OUTCOMES, EntryKind, Header
from kiosk.crypto.digests import sha256


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A visit without an end.

    Attributes:
        case: its identifier.
        seq: the entry that opened it.
        since: device time of that entry as claimed, aware UTC.
        silent: it has been open for longer than a case may lie.
    """

    case: str
    seq: int
    since: datetime
    silent: bool


@dataclass(frozen=True, slots=True)
class VisitView:
    """What the entries of one journal say of its visits.

    Attributes:
        closed: how many came to an end.
        open: those that did not, in the order of their entries.
        problems: (entry number, word): ``opened twice``, ``closed twice``, ``never opened``,
            ``outcome``, ``n counts of the chip before it that no entry tells``, ``chip counted
            back``.
        asked: (entry number, word): ``no count of the chip any more``.
    """

    closed: int
    open: tuple[OpenVisit, ...]
    problems: tuple[tuple[int, str], ...]
    asked: tuple[tuple[int, str], ...] = ()

    @property
    def silent(self) -> tuple[OpenVisit, ...]:
        """Visits that somebody must be asked about."""
        return tuple(visit for visit in self.open if visit.silent)


class VisitTally:
    """Follows the visits of a journal, one entry after the other."""

    def __init__(self) -> None:
        self._opened: dict[str, Header] = {}
        self._ended: set[bytes] = set()
        self._problems: list[tuple[int, str]] = []
        self._asked: list[tuple[int, str]] = []
        self._chip: int | None = None
        self._silent = False
        self.latest: datetime | None = None

    def feed(self, header: Header) -> None:
        """Take the next entry, verified."""
        wall = header.wall_time
        self.latest = wall if self.latest is None else max(self.latest, wall)
        case = header.facts.get("case")
        # Entries that name no case (of a version that did not yet) say nothing about visits.
        if not isinstance(case, str):
            return
        # Half a digest keeps a long history small.
        short = sha256(case.encode())[:16]
        if header.kind is EntryKind.VERIFY_OPEN:
            self._count(header)
            if case in self._opened or short in self._ended:
                self._problems.append((header.seq, "opened twice"))
            self._opened.setdefault(case, header)
        elif header.kind is EntryKind.VERIFY_CLOSE:
            if header.facts.get("outcome") not in CLOSE_OUTCOMES:
                self._problems.append((header.seq, "outcome"))
            if short in self._ended:
                self._problems.append((header.seq, "closed twice"))
            elif self._opened.pop(case, None) is None:
                self._problems.append((header.seq, "never opened"))
            self._ended.add(short)

    def _count(self, header: Header) -> None:
        """Hold the count of the chip against the one before; a power cut may repeat it."""
        before, now = self._chip, header.facts.get(CHIP_FACT)
        if not isinstance(now, int):
            # Nothing is counted meanwhile: the next count follows the last one.
            if before is not None and not self._silent:
                self._asked.append((header.seq, "no count of the chip any more"))
            self._silent = True
            return
        if before is not None and now < before:
            self._problems.append((header.seq, "chip counted back"))
        elif before is not None and now > before + 1:
            missing = now - before - 1
            self._problems.append(
                (header.seq, f"{missing} counts of the chip before it that no entry tells")
            )
        self._chip, self._silent = now, False

    def view(self, now: datetime, may_lie: timedelta) -> VisitView:
        """What was found, seen from ``now`` (see :func:`view_visits`)."""
        latest = now if self.latest is None else max(now, self.latest)
        still = tuple(
            OpenVisit(case, h.seq, h.wall_time, latest - h.wall_time > may_lie)
            for case, h in self._opened.items()
        )
        problems, asked = tuple(self._problems), tuple(self._asked)
        return VisitView(len(self._ended), still, problems, asked)


def view_visits(headers: Iterable[Header], now: datetime, may_lie: timedelta) -> VisitView:
    """The visits of a journal.

    Args:
        headers: of every entry, verified, in order.
        now: of whoever looks, aware; entries later than that count too, for a clock may be wrong.
        may_lie: how long an open case may lie before it is silence.
    """
    tally = VisitTally()
    for header in headers:
        tally.feed(header)
    return tally.view(now, may_lie)
