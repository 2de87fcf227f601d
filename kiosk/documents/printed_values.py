"""What a printed field must look like, and whether it agrees with the machine-readable zone.

Rules, in order:

1. A text in the wrong form is no value: a date that does not exist, a name with a digit.
2. A printed name agrees where its MRZ spelling is that of the zone, or goes on where the zone had
   no more room; a printed name that says less than the zone does not agree.
3. A date agrees where it is the same; the month of issue hidden in the number of an old French card
   is compared with the printed dates (:func:`kiosk.documents.validity.issue_days_from_expiry`).
4. A printed issue date agrees where the expiry is its anniversary, or the eve of it.
5. Only what agrees is sure. A field that no zone holds (a place) is sure where another field of the
   same side agrees and none contradicts: then the places are the right ones. Two dates of an old
   card must fit each other to the day.
6. What differs only by letters that look alike, or by the century, is no contradiction.

Source: domain 2.3, 2.6; ICAO Doc 9303-3, section 6.A.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from kiosk.documents.names import Match, compare_given_names, compare_surname, mrz_name
from kiosk.documents.numbers import compare_numbers
from kiosk.documents.partial_dates import compare_dates, same_but_century
from kiosk.documents.validity import issue_days_from_expiry
from kiosk.domain.evidence import IdentityDocument, PartialDate, PrintedValue, Verdict

_DATE: Final = re.compile(r"(\d{2})[ ./-]?(\d{2})[ ./-]?(\d{4})")
_NUMBER_MARK: Final = re.compile(r"N ?[°ºo]\.? ?")
_NUMBER: Final = re.compile(r"[0-9A-Z]{6,15}")
_WORD: Final = r"[^\W\d_]+(?:['’\-. ]{1,2}[^\W\d_]+)*"
_NAME: Final = re.compile(_WORD)
_PLACE: Final = re.compile(rf"{_WORD}(?: ?\({_WORD}\))?")
_MAX_NAME: Final = 60
_DATES: Final = ("issue_date", "expiry_date")
_UNGUARDED: Final = ("birth_place", "usage_name")


def form_of(name: str, text: str) -> str | None:
    """The value of a field as it is kept, or None where the text is none.

    Args:
        name: one of ``PRINTED_FIELDS``.
        text: as recognised.
    """
    return _FORMS[name](" ".join(text.split()))


def _date(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _number(text: str) -> str | None:
    bare = _NUMBER_MARK.sub("", text, count=1).replace(" ", "")
    return bare if _NUMBER.fullmatch(bare) else None


def _name(text: str) -> str | None:
    fits = _NAME.fullmatch(text) and len(text) <= _MAX_NAME and mrz_name(text)
    return text.replace("'", "’") if fits else None


def _given_names(text: str) -> str | None:
    names = [_name(part.strip()) for part in text.split(",")]
    if None in names:
        return None
    return ", ".join(name for name in names if name)


def _place(text: str) -> str | None:
    fits = _PLACE.fullmatch(text) and len(text) <= _MAX_NAME
    return text.replace("'", "’") if fits else None


_FORMS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "surname": _name,
    "usage_name": _name,
    "given_names": _given_names,
    "birth_date": _date,
    "birth_place": _place,
    "document_number": _number,
    "issue_date": _date,
    "expiry_date": _date,
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """A printed value against the zone: the verdict, and a technical word for the record."""

    verdict: Verdict
    detail: str = ""


_SAME: Final = Agreement(Verdict.PASS, "equal")
_OTHER: Final = Agreement(Verdict.FAIL, "different")
_NOTHING: Final = Agreement(Verdict.NOT_DONE)


def compare_with_zone(name: str, value: str, document: IdentityDocument | None) -> Agreement:
    """Whether a value in the form of :func:`form_of` agrees with what the zone says.

    NOT_DONE where the zone says nothing of it, UNSURE where it cannot tell.
    """
    if document is None or name not in _AGREEMENTS:
        return _NOTHING
    return _AGREEMENTS[name](value, document)


def _surname(value: str, document: IdentityDocument) -> Agreement:
    match = compare_surname(value, document.surname, truncated=document.surname_truncated)
    if match is Match.EQUAL:
        return _SAME
    if match is Match.PREFIX:
        return Agreement(Verdict.PASS, "prefix")
    if match is Match.PARTICLES:
        return Agreement(Verdict.UNSURE, "particles")
    return _OTHER


def _given(value: str, document: IdentityDocument) -> Agreement:
    names = value.split(", ")
    match = compare_given_names(
        names, document.given_names, truncated=document.given_names_truncated
    )
    printed = len(mrz_name(" ".join(names)).split("<"))
    read = sum(len(name.split()) for name in document.given_names)
    if match is Match.EQUAL:
        return _SAME
    if match is Match.PREFIX:
        # The zone may have had no room for all; it never holds more than is printed.
        whole = printed > read or document.given_names_truncated
        return Agreement(Verdict.PASS if whole else Verdict.UNSURE, "prefix")
    if match is Match.PARTICLES:
        return Agreement(Verdict.UNSURE, "particles")
    return _OTHER


def _number_agrees(value: str, document: IdentityDocument) -> Agreement:
    if value == document.document_number:
        return _SAME
    match = compare_numbers(value, document.document_number, document.kind)
    return _OTHER if match is Match.DIFFERENT else Agreement(Verdict.UNSURE, "look-alike")


def _birth(value: str, document: IdentityDocument) -> Agreement:
    day = date.fromisoformat(value)
    printed = PartialDate(day.year, day.month, day.day)
    if document.birth_date == printed:
        return _SAME
    if same_but_century(printed, document.birth_date):
        return Agreement(Verdict.UNSURE, "century")
    if compare_dates(printed, document.birth_date) is Match.DIFFERENT:
        return _OTHER
    return Agreement(Verdict.UNSURE, "partial")


def _expiry(value: str, document: IdentityDocument) -> Agreement:
    day = date.fromisoformat(value)
    if document.layout != "FR-ID" and document.expiry_date is not None:
        return _SAME if day == document.expiry_date else _OTHER
    month = document.issue_month
    if month is None:
        return _NOTHING
    fits = any(
        (issued.year, issued.month) == (month.year, month.month)
        for issued in issue_days_from_expiry(day)
    )
    return Agreement(Verdict.PASS, "issue-month") if fits else _OTHER


def _issue(value: str, document: IdentityDocument) -> Agreement:
    day = date.fromisoformat(value)
    month = document.issue_month
    if month is not None:
        same = (day.year, day.month) == (month.year, month.month)
        return Agreement(Verdict.PASS, "issue-month") if same else _OTHER
    expiry = document.expiry_date
    if expiry is None or expiry == date.max:
        return _NOTHING
    if day >= expiry:
        return _OTHER
    ends = {(end.month, end.day) for end in (expiry, expiry + timedelta(days=1))}
    if (day.month, day.day) in ends:
        return Agreement(Verdict.PASS, "anniversary")
    return Agreement(Verdict.UNSURE, "no-anniversary")


_AGREEMENTS: Final[Mapping[str, Callable[[str, IdentityDocument], Agreement]]] = {
    "surname": _surname,
    "given_names": _given,
    "birth_date": _birth,
    "document_number": _number_agrees,
    "issue_date": _issue,
    "expiry_date": _expiry,
}


def settle(
    values: Sequence[PrintedValue], document: IdentityDocument | None
) -> tuple[PrintedValue, ...]:
    """The values of one side, with ``sure`` as rule 5 says; nothing is sure without a zone."""
    verdicts = [compare_with_zone(v.name, v.text, document).verdict for v in values]
    anchored = Verdict.PASS in verdicts and Verdict.FAIL not in verdicts
    fit = _dates_fit(values, document)
    return tuple(
        replace(
            value,
            sure=(verdict is Verdict.PASS and (fit or value.name not in _DATES))
            or (verdict is Verdict.NOT_DONE and value.name in _UNGUARDED and anchored),
        )
        for value, verdict in zip(values, verdicts, strict=True)
    )


def _dates_fit(values: Sequence[PrintedValue], document: IdentityDocument | None) -> bool:
    days = {v.name: date.fromisoformat(v.text) for v in values if v.name in _DATES}
    if document is None or document.layout != "FR-ID" or len(days) < len(_DATES):
        return True
    return days["issue_date"] in issue_days_from_expiry(days["expiry_date"])
