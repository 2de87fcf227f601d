"""Series of documents, marks that name them, and names of issuing States, as data.

Rules, in order: the data is given as bytes; every value is checked and typed; an unknown key is an
error; the id of a series begins with its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from kiosk.documents.data import (
    choice_of,
    day_of,
    flag_of,
    only,
    table_of,
    tables_of,
    text_of,
    texts_of,
    toml_of,
)
from kiosk.documents.issuers import is_known
from kiosk.documents.layouts import LAYOUTS
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import DocumentKind

_MAX_YEARS: Final = 20


class Family(StrEnum):
    """What a paper is, also where it is no identity document."""

    ID_CARD = "id-card"
    PASSPORT = "passport"
    RESIDENCE_PERMIT = "residence-permit"
    VISA = "visa"
    DRIVING_LICENCE = "driving-licence"
    VEHICLE_PAPER = "vehicle-paper"
    SOCIAL_SECURITY = "social-security"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a kind.

    Attributes:
        series_id: ``<kind>.<name>``.
        kind: which kind of document.
        layouts, codes: of its zone; empty: any.
        issuers: States that issued it; empty: any.
        has_zone: whether it has a machine-readable zone at all.
        first_day, last_day: of issue, where known.
        years: longest validity.
        source: where this is written.
    """

    series_id: str
    kind: DocumentKind
    layouts: tuple[str, ...]
    codes: tuple[str, ...]
    issuers: tuple[str, ...]
    has_zone: bool
    first_day: date | None
    last_day: date | None
    years: int
    source: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Words of a heading.

    Attributes:
        words: capitals without accents, spaces and signs; one of them is enough.
        family: what bears them.
        kinds: kinds that bear them; empty where it is no identity document.
        forbidden: it must never be scanned or stored.
    """

    words: tuple[str, ...]
    family: Family
    kinds: tuple[DocumentKind, ...]
    forbidden: bool


@dataclass(frozen=True, slots=True)
class LineMark:
    """First characters of a line of a zone; ``width`` 0 means any."""

    begins: str
    width: int
    family: Family
    source: str


@dataclass(frozen=True, slots=True)
class SeriesCatalogue:
    """All series.

    Attributes:
        version: of the data.
        series, marks, lines: in the order of the data.
        issuers: names by code, then by language (``fr``, ``en``).
    """

    version: str
    series: tuple[Series, ...]
    marks: tuple[Mark, ...]
    lines: tuple[LineMark, ...]
    issuers: Mapping[str, Mapping[str, str]]

    def issuer_name(self, code: str, language: str) -> str:
        """Name of a State or organisation, its code where it has none here."""
        return self.issuers.get(code, {}).get(language, code)

    def get(self, series_id: str) -> Series | None:
        """One series, None where there is none."""
        return next((item for item in self.series if item.series_id == series_id), None)


def load_series(data: bytes) -> SeriesCatalogue:
    """Type the data of ``series.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown, double or wrong value.
    """
    table = toml_of(data, "series")
    only(table, {"version", "valid_from", "as_of", "series", "mark", "line", "issuers"}, "series")
    day_of(table, "as_of")
    series = tuple(_series_of(item) for item in tables_of(table, "series"))
    if len({item.series_id for item in series}) != len(series):
        raise CatalogueError("series: each id once")
    return SeriesCatalogue(
        version=text_of(table, "version"),
        series=series,
        marks=tuple(_mark_of(item) for item in tables_of(table, "mark")),
        lines=tuple(_line_of(item) for item in tables_of(table, "line")),
        issuers=_issuers_of(table_of(table, "issuers")),
    )


def _series_of(table: Mapping[str, Any]) -> Series:
    keys = {"id", "kind", "layouts", "codes", "issuers", "zone", "from", "until", "years", "source"}
    only(table, keys, "series")
    series_id, kind = text_of(table, "id"), choice_of(DocumentKind, text_of(table, "kind"))
    if not series_id.startswith(f"{kind.value}."):
        raise CatalogueError("series: an id begins with its kind")
    layouts = texts_of(table, "layouts")
    issuers = texts_of(table, "issuers") if "issuers" in table else ()
    if not set(layouts) <= set(LAYOUTS) or not all(is_known(code) for code in issuers):
        raise CatalogueError("series: layouts or issuers")
    first = day_of(table, "from") if "from" in table else None
    last = day_of(table, "until") if "until" in table else None
    if first is not None and last is not None and first > last:
        raise CatalogueError("series: from after until")
    return Series(
        series_id=series_id,
        kind=kind,
        layouts=layouts,
        codes=texts_of(table, "codes"),
        issuers=issuers,
        has_zone=flag_of(table, "zone", default=True),
        first_day=first,
        last_day=last,
        years=_number_of(table, "years", _MAX_YEARS),
        source=text_of(table, "source"),
    )


def _mark_of(table: Mapping[str, Any]) -> Mark:
    only(table, {"words", "family", "kinds", "forbidden"}, "mark")
    words = texts_of(table, "words")
    if not words or not all(word.isascii() and word.isalpha() and word.isupper() for word in words):
        raise CatalogueError("mark: words in capitals")
    return Mark(
        words,
        choice_of(Family, text_of(table, "family")),
        tuple(choice_of(DocumentKind, kind) for kind in texts_of(table, "kinds")),
        flag_of(table, "forbidden", default=False),
    )


def _line_of(table: Mapping[str, Any]) -> LineMark:
    only(table, {"begins", "width", "family", "source"}, "line")
    return LineMark(
        text_of(table, "begins"),
        _number_of(table, "width", 64) if "width" in table else 0,
        choice_of(Family, text_of(table, "family")),
        text_of(table, "source"),
    )


def _issuers_of(table: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    names = {}
    for code in table:
        if not is_known(code):
            raise CatalogueError("issuers: unknown code")
        entry = table_of(table, code)
        only(entry, {"fr", "en"}, "issuers")
        names[code] = {language: text_of(entry, language) for language in ("fr", "en")}
    return names


def _number_of(table: Mapping[str, Any], key: str, most: int) -> int:
    value = table.get(key)
    if type(value) is not int or not 1 <= value <= most:
        raise CatalogueError(f"{key}: a number from 1 to {most}")
    return value
