"""Identity evidence and what was checked on it.

*Validation*: the document is genuine and in force. *Verification*: it belongs to the person present
(NIST SP 800-63A, ETSI TS 119 461).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """The answer of one check. ``UNSURE`` is an answer too: wrong is worse than not sure."""

    PASS = "pass"  # noqa: S105 - a verdict, not a secret
    FAIL = "fail"
    UNSURE = "unsure"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its verdict.

    Attributes:
        code: stable dotted name, for example ``mrz.number`` or ``validity.expiry``; a key
            of the texts.
        verdict: the answer.
        detail: class of match or a technical word (``equal``, ``prefix``, ``extended``); no name,
            number or date of a person.
    """

    code: str
    verdict: Verdict
    detail: str = ""


class DocumentKind(StrEnum):
    """Kinds of identity document, as the catalogue lists them."""

    FR_ID_CARD_2021 = "fr-id-card-2021"
    FR_ID_CARD_1988 = "fr-id-card-1988"
    FR_PASSPORT = "fr-passport"
    FR_RESIDENCE_PERMIT = "fr-residence-permit"
    EU_ID_CARD = "eu-id-card"
    PASSPORT = "passport"
    OTHER = "other"


class Side(StrEnum):
    """Side of a document: the front carries the portrait (data page of a passport)."""

    FRONT = "front"
    BACK = "back"


PRINTED_FIELDS = (
    "surname",
    "usage_name",
    "given_names",
    "birth_date",
    "birth_place",
    "document_number",
    "issue_date",
    "expiry_date",
)
"""Names of the printed fields that may be read by optical recognition."""


@dataclass(frozen=True, slots=True)
class PrintedValue:
    """A field of the printed zone, as read by optical recognition.

    Attributes:
        name: one of ``PRINTED_FIELDS``.
        text: as printed, with accents; given names separated by ``, ``; a date as ``YYYY-MM-DD``.
        sure: read clearly and alike several times, in the right form, and not against the
            machine-readable zone where both were at hand.
    """

    name: str
    text: str
    sure: bool


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which month and day may be unknown (ICAO Doc 9303-3, 4.8)."""

    year: int | None
    month: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        """ISO 8601 of the known part, unknown parts as ``XX``."""
        year = "XXXX" if self.year is None else f"{self.year:04d}"
        month = "XX" if self.month is None else f"{self.month:02d}"
        day = "XX" if self.day is None else f"{self.day:02d}"
        return f"{year}-{month}-{day}"

    @property
    def complete(self) -> date | None:
        """The full date, or None when a part is unknown or the date does not exist."""
        if self.year is None or self.month is None or self.day is None:
            return None
        try:
            return date(self.year, self.month, self.day)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """What was read on an identity document, whatever its layout.

    Names are in MRZ spelling (upper case, no accents) unless ``printed`` ones were typed or read.

    Attributes:
        kind: kind by the catalogue.
        layout: MRZ layout (``TD1``, ``TD2``, ``TD3``, ``FR-ID``, ``MRV-A``, ``MRV-B``) or ``""``.
        mrz: the lines exactly as accepted.
        document_code: first characters of the MRZ (``P``, ``ID``, ``IR`` ...).
        issuer: issuing State or organisation, as in the MRZ without fillers (``FRA``, ``D``).
        nationality: as in the MRZ, or ``""`` where the layout has none (old French card).
        surname: primary identifier, components separated by one space.
        given_names: each given name; a compound name keeps its hyphen as a space where the MRZ
            cannot tell.
        surname_truncated: the field was full: compare by prefix.
        given_names_truncated: same for the given names.
        document_number: without fillers.
        birth_date: possibly partial.
        sex: ``M``, ``F`` or ``X``; ``""`` where it was not typed.
        expiry_date: from the MRZ, or typed for layouts without one; None when not known.
        issue_date: typed or from a 2D-Doc; None when not known.
        issue_month: year and month hidden in old French card numbers, as the first of the month.
        optional_data: the optional field(s), fillers stripped.
    """

    kind: DocumentKind
    layout: str
    mrz: tuple[str, ...]
    document_code: str
    issuer: str
    nationality: str
    surname: str
    given_names: tuple[str, ...]
    document_number: str
    birth_date: PartialDate
    sex: str
    expiry_date: date | None = None
    issue_date: date | None = None
    issue_month: date | None = None
    surname_truncated: bool = False
    given_names_truncated: bool = False
    optional_data: str = ""
