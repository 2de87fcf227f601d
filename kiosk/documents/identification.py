"""Which document it is: family, kind, issuing State, side and series.

Rules, in order:

1. A machine-readable zone says more than the words of a heading; both may speak, and where they
   contradict each other the agent looks (``document.sides_agree``).
2. A series is named only where it is the only one that fits the layout, the code, and the days on
   which the document may have been issued. “Cannot tell” is an answer: an empty text, or None.
3. A paper of another nature is named, not failed; one that must not be scanned or stored is
   forbidden, whatever else it says.

Sources: ICAO Doc 9303-3 to -7; domain 2.3, 2.4, 5.4; the data of ``series.toml``.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kiosk.documents.series import Family, Series, SeriesCatalogue
from kiosk.documents.validity import possible_issue_days
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, Side, Verdict

_FAMILIES: Final = {
    DocumentKind.FR_ID_CARD_2021: Family.ID_CARD,
    DocumentKind.FR_ID_CARD_1988: Family.ID_CARD,
    DocumentKind.EU_ID_CARD: Family.ID_CARD,
    DocumentKind.FR_PASSPORT: Family.PASSPORT,
    DocumentKind.PASSPORT: Family.PASSPORT,
    DocumentKind.FR_RESIDENCE_PERMIT: Family.RESIDENCE_PERMIT,
}
_ZONE_SIDES: Final = {
    kind: Side.FRONT
    if kind in (DocumentKind.FR_ID_CARD_1988, DocumentKind.FR_PASSPORT, DocumentKind.PASSPORT)
    else Side.BACK
    for kind in DocumentKind
}


@dataclass(frozen=True, slots=True)
class Identification:
    """What is known of a paper.

    Attributes:
        family: what it is; UNKNOWN where nothing says so.
        kind: of the catalogue, None where it cannot be told.
        issuer: code of the State, ``""`` where it cannot be told.
        side: front or back, None where it cannot be told.
        series: id of ``series.toml``, ``""`` where it cannot be told.
        forbidden: it must not be scanned or stored.
    """

    family: Family = Family.UNKNOWN
    kind: DocumentKind | None = None
    issuer: str = ""
    side: Side | None = None
    series: str = ""
    forbidden: bool = False


UNKNOWN: Final = Identification()


def identify(document: IdentityDocument, catalogue: SeriesCatalogue, today: date) -> Identification:
    """What a zone says of its document."""
    family = _FAMILIES.get(document.kind, Family.UNKNOWN)
    if document.layout.startswith("MRV"):
        family = Family.VISA
    elif family is Family.UNKNOWN and document.layout == "TD3":
        family = Family.PASSPORT  # a travel document of another nature: refugee, laissez-passer
    side = zone_side(document)
    fitting = [series for series in catalogue.series if _fits(series, document, today)]
    series = fitting[0].series_id if len(fitting) == 1 else ""
    return Identification(family, document.kind, document.issuer, side, series)


def zone_side(document: IdentityDocument) -> Side:
    """The side that bears the zone: the back of a card (TD1), else the front."""
    return Side.BACK if document.layout == "TD1" else Side.FRONT


def _fits(series: Series, document: IdentityDocument, today: date) -> bool:
    if series.kind is not document.kind or not series.has_zone:
        return False
    if series.layouts and document.layout not in series.layouts:
        return False
    if series.codes and document.document_code not in series.codes:
        return False
    if series.issuers and document.issuer not in series.issuers:
        return False
    first, last = _issue_range(document, series.years, today)
    if first > last:
        return False  # valid for longer than this series ever is
    return (series.first_day is None or last >= series.first_day) and (
        series.last_day is None or first <= series.last_day
    )


def _issue_range(document: IdentityDocument, years: int, today: date) -> tuple[date, date]:
    """First and last day on which the document may have been issued."""
    days = possible_issue_days(document)
    if days:
        return min(days), max(days)
    expiry = document.expiry_date
    if expiry is None:
        return date.min, today
    # One day of grace: a document is valid to the eve of its anniversary, or to the day itself.
    earliest = date(max(1, expiry.year - years), expiry.month, 1)
    earliest += timedelta(days=min(expiry.day, 28) - 1)
    return earliest, min(expiry, today)


def identify_lines(lines: Sequence[str], catalogue: SeriesCatalogue) -> Identification:
    """What lines say that are no zone of a travel document: a driving licence, a vehicle paper."""
    for line in lines:
        for mark in catalogue.lines:
            if line.startswith(mark.begins) and mark.width in (0, len(line)):
                return Identification(mark.family, issuer=mark.begins[2:5])
    return UNKNOWN


def heading_letters(text: str) -> str:
    """Capitals of a heading without accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", text.upper())
    return re.sub(r"[^A-Z]", "", plain)


def identify_marks(
    headings: Sequence[str], catalogue: SeriesCatalogue, side: Side
) -> Identification:
    """What the words of a heading say of a side that carries no zone.

    Args:
        headings: lines of print, as read.
        catalogue: with the marks.
        side: which side it is: kinds that carry their zone there are not meant.
    """
    letters = [heading_letters(heading) for heading in headings]
    found = [
        mark for mark in catalogue.marks if any(w in text for w in mark.words for text in letters)
    ]
    if any(mark.forbidden for mark in found):
        family = next(mark.family for mark in found if mark.forbidden)
        return Identification(family, side=side, forbidden=True)
    families = {mark.family for mark in found}
    if len(families) != 1:
        return Identification(side=side)
    kinds = set(found[0].kinds).intersection(*(mark.kinds for mark in found))
    fitting = [kind for kind in DocumentKind if kind in kinds and _ZONE_SIDES[kind] is not side]
    kind = fitting[0] if len(fitting) == 1 else None
    issuer = "FRA" if kind is not None and kind.value.startswith("fr-") else ""
    return Identification(families.pop(), kind, issuer, side)


def family_of(kind: DocumentKind) -> Family:
    """The family of a kind."""
    return _FAMILIES.get(kind, Family.UNKNOWN)


def sides_agree(seen: Sequence[str], document: IdentityDocument) -> Check:
    """Whether the headings seen on the sides name the family that the zone tells.

    Args:
        seen: values of :class:`Family` by side; empty ones are skipped.
        document: what the zone says.
    """
    code = "document.sides_agree"
    named = {text for text in seen if text and text != Family.UNKNOWN}
    told = family_of(document.kind)
    if not named or told is Family.UNKNOWN:
        return Check(code, Verdict.NOT_DONE)
    if named == {told.value}:
        return Check(code, Verdict.PASS)
    return Check(code, Verdict.UNSURE, "other-family")
