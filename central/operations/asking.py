"""What a handler is given: who asks, in which language, and what was asked, cut to a bound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from central.archive.fleet_order import Cursor
from central.operations.sessions import Session

MAX_WORD: Final = 200
_PLACE: Final = re.compile(r"/[A-Za-z0-9/_\-?=&.%~:+]{0,300}")


class NotFoundError(Exception):
    """There is nothing of that name; the page says so."""


class RefusedError(Exception):
    """The call is not one that a page of ours makes."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A call.

    Attributes:
        method: ``GET`` or ``POST``.
        path: of the address.
        place: path and question, to come back to.
        parts: parts of the path by name.
        question: fields of the question; of a field given twice, the last.
        form: fields of a form.
        session: who is signed in, or None.
        language: ``fr`` or ``en``.
        address: of the caller, for the limit of tries alone.
        now: server time.
    """

    method: str
    path: str
    place: str
    parts: Mapping[str, str]
    question: Mapping[str, str]
    form: Mapping[str, str]
    session: Session | None
    language: str
    address: str
    now: datetime

    @property
    def operator(self) -> Session:
        """Who is signed in. Raises RefusedError where nobody is."""
        if self.session is None:
            raise RefusedError("nobody is signed in")
        return self.session

    def asked(self, name: str) -> str:
        """A field of the question, cut; ``""`` where there is none."""
        return plain(self.question.get(name, ""))

    def said(self, name: str) -> str:
        """A field of the form, cut; ``""`` where there is none."""
        return plain(self.form.get(name, ""))

    def cursor(self) -> Cursor | None:
        """Where a list begins (``after``, ``before``); None for its first page."""
        for name, backwards in (("after", False), ("before", True)):
            value, mark, device = self.asked(name).rpartition("~")
            if mark:
                return Cursor(value, device, backwards)
        return None

    def number(self, name: str) -> int:
        """A number of the question; -1 where there is none."""
        return number_of(self.asked(name))


def number_of(text: str) -> int:
    """A number as we write it in addresses; -1 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 13 else -1


def plain(text: str) -> str:
    """Without what no database takes: zero bytes, and halves of characters."""
    return text[:MAX_WORD].encode("utf-8", "ignore").decode().replace("\x00", "").strip()


def place_of(text: str) -> str:
    """A place on these pages to go to; the first page for anything that may be elsewhere."""
    return text if _PLACE.fullmatch(text) and not text.startswith("//") else "/"
