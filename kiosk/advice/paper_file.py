"""The paper file, checked at the counter before it is posted: what is there, and what is missing.

Rules, in order:

1. Nothing is scanned or kept: the agent looks at the papers and ticks.
2. An item that was not seen counts as missing; so does one that the agent is not sure of.
3. Block capitals and black ink are asked of a form filled in by hand only.
4. A missing account is said first: without it the request cannot be processed at all.
5. The day on which the registered letter may come is an estimate from the day of sending, and is
   given only for a file from which nothing is missing.
6. The procedure can be closed by a day: in the data, or by the site, whichever comes first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from kiosk.advice.calendar import Calendar
from kiosk.advice.dated import SPAN_KEYS, Span, in_force, never_twice, span_of
from kiosk.advice.delays import Delays
from kiosk.documents.data import choice_of, flag_of, only, tables_of, text_of, texts_of, toml_of
from kiosk.domain.errors import AnswerRefusedError, CatalogueError


class Group(StrEnum):
    """Part of the file; key of the text ``paper.group.<value>``."""

    BEFORE = "before"
    PIECES = "pieces"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that must be in the file.

    Attributes:
        item_id: key of the text ``paper.item.<item_id>``.
        group: where it belongs.
        any_of: one of these is enough; keys of the texts ``paper.piece.<id>``.
        blocking: without it nothing can be processed.
        hand_only: asked only of a form filled in by hand.
        span: source and days.
    """

    item_id: str
    group: Group
    any_of: tuple[str, ...]
    blocking: bool
    hand_only: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a list: a motive, or who is reported to be shut out."""

    word_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which the procedure is open or closed."""

    open: bool
    span: Span


@dataclass(frozen=True, slots=True)
class FileResult:
    """What the check found.

    Attributes:
        missing: items to complete, in order, those that block first.
        letter_about: estimated day of the registered letter; None while something is missing.
    """

    missing: tuple[Item, ...]
    letter_about: date | None

    @property
    def complete(self) -> bool:
        """Nothing is missing."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class PaperFile:
    """The checklist, with its past and coming versions.

    Attributes:
        version: of the data.
        periods: when the procedure is open.
        items: in the order in which they are asked.
        motives: boxes of page 2.
        reported: cautions.
    """

    version: str
    periods: tuple[Period, ...]
    items: tuple[Item, ...]
    motives: tuple[Word, ...]
    reported: tuple[Word, ...]

    def is_open(self, day: date, site_last_day: date = date.max) -> bool:
        """Whether a file may be sent on a day (rule 6); closed where nothing is known of it.

        Args:
            day: of sending.
            site_last_day: last day on which this site offers it.
        """
        published = any(period.open for period in in_force(self.periods, day))
        return published and day <= site_last_day

    def asked(self, day: date, *, by_hand: bool = True) -> tuple[Item, ...]:
        """Items to look at on a day."""
        items = in_force(self.items, day)
        return tuple(item for item in items if by_hand or not item.hand_only)

    def check(
        self,
        seen: Collection[str],
        sent: date,
        delays: Delays,
        calendar: Calendar,
        *,
        by_hand: bool = True,
    ) -> FileResult:
        """What is missing, and about when the letter comes.

        Args:
            seen: ids of the items that are there.
            sent: day of sending.
            delays: of the service.
            calendar: of the service.
            by_hand: the form was filled in by hand.

        Raises:
            AnswerRefusedError: an item that is not asked.
            NoFactError, DayRangeError: no delay is known for that day.
        """
        asked = self.asked(sent, by_hand=by_hand)
        if not set(seen) <= {item.item_id for item in in_force(self.items, sent)}:
            raise AnswerRefusedError("item")
        missing = [item for item in asked if item.item_id not in seen]
        missing.sort(key=lambda item: not item.blocking)
        about = None if missing else delays.letter_about(sent, calendar)
        return FileResult(tuple(missing), about)


def load_paper_file(data: bytes) -> PaperFile:
    """Type the data of ``paper_file.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown or wrong value, or two values on one day.
    """
    table = toml_of(data, "paper_file")
    only(table, {"version", "period", "item", "motive", "reported"}, "paper_file")
    periods = (_period_of(item) for item in tables_of(table, "period"))
    items = (_item_of(item) for item in tables_of(table, "item"))
    motives = (_word_of(item) for item in tables_of(table, "motive"))
    reported = (_word_of(item) for item in tables_of(table, "reported"))
    return PaperFile(
        text_of(table, "version"),
        never_twice(periods, lambda _: "period"),
        never_twice(items, lambda item: item.item_id),
        never_twice(motives, lambda word: word.word_id),
        never_twice(reported, lambda word: word.word_id),
    )


def _period_of(table: Mapping[str, Any]) -> Period:
    only(table, SPAN_KEYS | {"open"}, "period")
    return Period(flag_of(table, "open"), span_of(table))


def _item_of(table: Mapping[str, Any]) -> Item:
    only(table, SPAN_KEYS | {"id", "group", "any_of", "blocking", "hand_only"}, "item")
    pieces = texts_of(table, "any_of") if "any_of" in table else ()
    if len(set(pieces)) != len(pieces):
        raise CatalogueError("any_of: each once")
    return Item(
        text_of(table, "id"),
        choice_of(Group, text_of(table, "group")),
        pieces,
        flag_of(table, "blocking"),
        flag_of(table, "hand_only"),
        span_of(table),
    )


def _word_of(table: Mapping[str, Any]) -> Word:
    only(table, SPAN_KEYS | {"id"}, "word")
    return Word(text_of(table, "id"), span_of(table))
