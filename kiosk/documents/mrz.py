"""Machine-readable zones: lines of text become an identity document and the checks on it.

Rules, in order:

1. The layout comes from the number and width of the lines and their first characters; the old
   French card is recognised before the TD2 that it resembles.
2. Lines of the wrong shape or with foreign characters raise. Anything that a check can say is said
   by a check: a wrong digit, an impossible date, an unknown State are values, not exceptions.
3. Nothing is repaired here. What is returned is what stands in the lines.
4. A date's century is chosen by the date of the act, which is a parameter.

Sources: ICAO Doc 9303-3, -4, -5, -6, -7; old French card as in :mod:`kiosk.documents.layouts`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kiosk.documents import issuers
from kiosk.documents.check_digits import ALPHABET, FILLER, check_digit
from kiosk.documents.layouts import FR_ID, TD1, TD2, TD3, Layout, layout_of
from kiosk.documents.zone_dates import (
    CalendarProblem,
    birth_date_of,
    expiry_date_of,
    issue_month_of,
)
from kiosk.domain.errors import MrzFormatError
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, Verdict

_CHARACTERS: Final = frozenset(ALPHABET + FILLER)
_MAX_WIDTH: Final = 64  # beyond the widest layout: no need to look at more
# Passports by their second letter (Doc 9303-4); the others are travel documents of another nature.
_NO_PASSPORT: Final = frozenset({"PR", "PT", "PS", "PL"})
_NUMBER_FORMATS: Final = {
    # Two digits, two letters, five digits; ordinary passports only.
    DocumentKind.FR_PASSPORT: re.compile(r"\d{2}[A-Z]{2}\d{5}"),
    DocumentKind.FR_ID_CARD_2021: re.compile(r"[0-9A-Z]{9}"),
    # Year and month of issue, department (may hold a letter), serial.
    DocumentKind.FR_ID_CARD_1988: re.compile(r"\d{2}(0[1-9]|1[0-2])[0-9A-Z]{8}"),
}


@dataclass(frozen=True, slots=True)
class MrzReading:
    """A zone as read.

    Attributes:
        document: what the lines say, even where a check failed.
        checks: in this order, where the layout has them: ``mrz.document_number``,
            ``mrz.birth_date``, ``mrz.expiry_date``, ``mrz.optional_data``, ``mrz.composite``,
            ``mrz.calendar``, ``mrz.names``, ``mrz.sex``, ``mrz.issuer``, ``mrz.nationality``,
            ``mrz.specimen``, ``mrz.number_format``.
    """

    document: IdentityDocument
    checks: tuple[Check, ...]

    @property
    def digits_agree(self) -> bool:
        """Whether every check digit of the zone is right."""
        return all(c.verdict is Verdict.PASS for c in self.checks if c.code in CHECK_DIGITS)


CHECK_DIGITS: Final = frozenset(
    f"mrz.{name}"
    for name in ("document_number", "birth_date", "expiry_date", "optional_data", "composite")
)
"""Codes of the checks that compare a check digit."""


def parse(lines: Sequence[str], today: date) -> MrzReading:
    """Read a machine-readable zone.

    Args:
        lines: top to bottom; white space around a line and lower case are accepted.
        today: date of the act, for the centuries.

    Raises:
        MrzFormatError: no layout that this program knows.
    """
    rows = _clean(lines)
    layout = layout_of(rows)
    if layout is None:
        raise MrzFormatError("layout")
    number = _number_of(layout, rows)
    names = _names_of(layout, rows)
    issue_month = issue_month_of(layout.get("number", rows)[:4]) if layout is FR_ID else None
    birth = birth_date_of(layout.get("birth", rows), _birth_limit(issue_month, today))
    expiry = (
        expiry_date_of(layout.get("expiry", rows), today) if "expiry" in layout.fields else None
    )
    code = layout.get("code", rows).rstrip(FILLER)
    issuer = layout.get("issuer", rows).replace(FILLER, "")
    nationality = layout.get("nationality", rows).replace(FILLER, "")
    document = IdentityDocument(
        kind=_kind_of(layout, code, issuer, nationality),
        layout=layout.name,
        mrz=rows,
        document_code=code,
        issuer=issuer,
        nationality=nationality,
        surname=names.surname,
        given_names=names.given_names,
        document_number=number.value,
        birth_date=birth.value,
        sex=_sex_of(layout.get("sex", rows)),
        expiry_date=expiry.value if expiry else None,
        issue_month=issue_month,
        surname_truncated=names.surname_truncated,
        given_names_truncated=names.given_names_truncated,
        optional_data=_optional_data(layout, rows, number),
    )
    problems = (*birth.problems, *(expiry.problems if expiry else ()))
    checks = (
        *_digit_checks(layout, rows, number),
        _calendar_check(document, problems),
        *_content_checks(layout, rows, document, today),
    )
    return MrzReading(document, checks)


def digits_hold(lines: Sequence[str]) -> bool:
    """Whether every check digit of the lines is right; False where they fit no layout."""
    try:
        rows = _clean(lines)
    except MrzFormatError:
        return False
    layout = layout_of(rows)
    if layout is None:
        return False
    return all(check.verdict is Verdict.PASS for check in digit_checks(layout, rows))


def digit_checks(layout: Layout, rows: Sequence[str]) -> tuple[Check, ...]:
    """The checks of the check digits alone, in the order of :class:`MrzReading`.

    Args:
        layout: which digits there are.
        rows: as many lines as it has, each of its full width, characters of a zone only.

    Raises:
        ValueError: a character that a zone cannot hold.
    """
    return _digit_checks(layout, rows, _number_of(layout, rows))


def _clean(lines: Sequence[str]) -> tuple[str, ...]:
    if not 2 <= len(lines) <= 3 or any(len(line) > _MAX_WIDTH for line in lines):
        raise MrzFormatError("number or width of lines")
    rows = tuple(line.strip().upper() if line.isascii() else "" for line in lines)
    if not all(row and _CHARACTERS.issuperset(row) for row in rows):
        raise MrzFormatError("characters")
    return rows


def _birth_limit(issue_month: date | None, today: date) -> date:
    """Nobody is born after the act, nor after the month in which the card was issued."""
    if issue_month is None:
        return today
    next_month = (issue_month + timedelta(days=31)).replace(day=1)
    return min(today, next_month - timedelta(days=1))


# --- fields ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Number:
    """The document number, its check character, and what it took from the optional field."""

    value: str
    covered: str
    check: str
    taken: int = 0


def _number_of(layout: Layout, rows: Sequence[str]) -> _Number:
    """The document number; in TD1 and TD2 it may run on into the optional field (9303-5, 9303-6).

    The check digit is computed over the whole number without the filler that stands in its place.
    """
    field, check = layout.get("number", rows), layout.get("number_check", rows)
    if layout in (TD1, TD2) and check == FILLER and FILLER not in field:
        rest = layout.get("optional", rows).split(FILLER, 1)[0]
        if len(rest) >= 2:
            number = field + rest[:-1]
            return _Number(number, number, rest[-1], len(rest))
    return _Number(field.rstrip(FILLER).replace(FILLER, ""), field, check)


def _optional_data(layout: Layout, rows: Sequence[str], number: _Number) -> str:
    first = layout.get("optional", rows)[number.taken :] or layout.get("office", rows)
    parts = (first, layout.get("optional_2", rows))
    return " ".join(p for part in parts for p in part.split(FILLER) if p)


@dataclass(frozen=True, slots=True)
class _Names:
    surname: str
    given_names: tuple[str, ...]
    surname_truncated: bool
    given_names_truncated: bool


def _names_of(layout: Layout, rows: Sequence[str]) -> _Names:
    field = layout.get("names", rows)
    full = field[-1] != FILLER
    if layout is FR_ID:
        given = layout.get("given_names", rows)
        # Two fillers stand between given names, one inside a compound name.
        names = tuple(_spaced(part) for part in given.split(FILLER * 2))
        return _Names(_spaced(field), tuple(n for n in names if n), full, given[-1] != FILLER)
    surname, _, rest = field.partition(FILLER * 2)
    given_names = tuple(part for part in rest.split(FILLER) if part)
    # A full field tells that something was cut, not what. A surname is cut only where it is long.
    surname_cut = full and (not given_names or len(surname) > layout.fields["names"].width // 2)
    return _Names(_spaced(surname), given_names, surname_cut, full and bool(given_names))


def _spaced(text: str) -> str:
    return " ".join(part for part in text.split(FILLER) if part)


def _sex_of(character: str) -> str:
    return character if character in ("M", "F") else "X"


def _kind_of(layout: Layout, code: str, issuer: str, nationality: str) -> DocumentKind:
    if layout is FR_ID:
        return DocumentKind.FR_ID_CARD_1988
    if layout is TD3:
        if not code.startswith("P") or code in _NO_PASSPORT:
            return DocumentKind.OTHER
        return DocumentKind.FR_PASSPORT if issuer == "FRA" else DocumentKind.PASSPORT
    if layout not in (TD1, TD2):
        return DocumentKind.OTHER
    if issuer == "FRA":
        if code == "ID" and layout is TD1:
            return DocumentKind.FR_ID_CARD_2021
        # IR now; TS and TR on permits of earlier series.
        residence = code in ("IR", "TS", "TR")
        return DocumentKind.FR_RESIDENCE_PERMIT if residence else DocumentKind.OTHER
    is_card = code[:1] in ("I", "A", "C") and code[1:] != "R" and nationality == issuer
    if is_card and issuer in issuers.EUROPEAN:
        return DocumentKind.EU_ID_CARD
    return DocumentKind.OTHER


# --- checks ---------------------------------------------------------------------------------------


def _digit_checks(layout: Layout, rows: Sequence[str], number: _Number) -> tuple[Check, ...]:
    checks = [_digit_check("document_number", number.covered, number.check)]
    checks.extend(
        _digit_check(f"{field}_date", layout.get(field, rows), layout.get(f"{field}_check", rows))
        for field in ("birth", "expiry")
        if field in layout.fields
    )
    if layout is TD3:
        data, given = layout.get("optional", rows), layout.get("optional_check", rows)
        # Position 43 may be a filler where there is no personal number (9303-4, 4.2.2.2).
        empty = not data.strip(FILLER) and given == FILLER
        checks.append(_digit_check("optional_data", data, "0" if empty else given))
    if layout.composite:
        checks.append(
            _digit_check("composite", layout.composite_text(rows), layout.get("composite", rows))
        )
    return tuple(checks)


def _digit_check(name: str, text: str, digit: str) -> Check:
    right = check_digit(text) == digit
    return Check(f"mrz.{name}", Verdict.PASS if right else Verdict.FAIL, "" if right else "digit")


def _calendar_check(document: IdentityDocument, problems: Sequence[CalendarProblem]) -> Check:
    birth, expiry = document.birth_date.complete, document.expiry_date
    if birth and expiry and expiry <= birth:
        problems = (*problems, CalendarProblem("expiry-before-birth", certain=True))
    if not problems:
        return Check("mrz.calendar", Verdict.PASS)
    worst = next((p for p in problems if p.certain), problems[0])
    return Check("mrz.calendar", Verdict.FAIL if worst.certain else Verdict.UNSURE, worst.detail)


def _content_checks(
    layout: Layout, rows: Sequence[str], document: IdentityDocument, today: date
) -> tuple[Check, ...]:
    names = layout.get("names", rows) + layout.get("given_names", rows)
    named = bool(document.surname) and not any(character.isdigit() for character in names)
    sexed = layout.get("sex", rows) in "MFX<"
    specimen = issuers.SPECIMEN in (document.issuer, document.nationality)
    checks = [
        Check("mrz.names", Verdict.PASS if named else Verdict.FAIL),
        Check("mrz.sex", Verdict.PASS if sexed else Verdict.FAIL),
        _state_check("mrz.issuer", document.issuer),
    ]
    if "nationality" in layout.fields:
        checks.append(_state_check("mrz.nationality", document.nationality))
    checks.append(Check("mrz.specimen", Verdict.FAIL if specimen else Verdict.PASS))
    pattern = _NUMBER_FORMATS.get(document.kind)
    if pattern is not None and document.document_code in ("P", "PP", "ID"):
        # The number of an old card begins with its month of issue.
        month = document.issue_month or today
        usual = pattern.fullmatch(document.document_number) is not None and month <= today
        verdict, detail = (Verdict.PASS, "") if usual else (Verdict.UNSURE, "unusual")
        checks.append(Check("mrz.number_format", verdict, detail))
    elif not document.document_number:
        # Every document has a number; fillers have a right check digit too.
        checks.append(Check("mrz.number_format", Verdict.UNSURE, "unusual"))
    return tuple(checks)


def _state_check(code: str, state: str) -> Check:
    if issuers.is_known(state):
        return Check(code, Verdict.PASS)
    return Check(code, Verdict.UNSURE, "unknown")
