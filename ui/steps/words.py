"""Values in words: names, dates, kinds, checks. Pure functions over a language."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from kiosk.documents.identification import Identification
from kiosk.documents.printed_checks import spelling
from kiosk.documents.series import SeriesCatalogue
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, PartialDate, Verdict
from kiosk.domain.request import VerificationRequest
from kiosk.journeys.model import SideFacts
from kiosk.texts import MissingTextError
from ui.i18n import NBSP, Language
from ui.workers.desk import Failure

_SHOWN_OF_NUMBER: Final = 4
"""Signs at the end of an announced number: enough to find the document among several."""


def given_names(names: tuple[str, ...]) -> str:
    """``Maelys, Gaelle``: each name with its capital; the zone holds no accents."""
    return ", ".join(name.title() if name.isupper() else name for name in names)


def full_name(surname: str, names: tuple[str, ...]) -> str:
    """``MARTIN Maelys``."""
    first = given_names(names[:1])
    return f"{surname.upper()} {first}".strip()


def names_of(document: IdentityDocument, sides: Iterable[SideFacts]) -> tuple[str, str]:
    """Surname and given names (``Maëlys-Gaëlle, Marie``): as printed where sure, else as read."""
    printed = spelling([(side.seen_as, side.printed) for side in sides], document)
    return (
        printed.get("surname", document.surname),
        printed.get("given_names", given_names(document.given_names)),
    )


def customer_of(
    request: VerificationRequest | None,
    document: IdentityDocument | None,
    sides: Iterable[SideFacts] = (),
) -> str:
    """Whom the case is about, as announced, else as read; ``""`` while unknown."""
    if request is not None:
        return full_name(request.surname, request.given_names)
    if document is not None:
        surname, given = names_of(document, sides)
        return full_name(surname, (given.split(", ")[0],))
    return ""


def announced_document(request: VerificationRequest | None, language: Language) -> str:
    """The document that a request announces, with the end of its number; ``""`` for any one."""
    if request is None or (request.document_kind is None and not request.document_number):
        return ""
    tr, kind = language.tr, request.document_kind
    name = tr("journey.request.any_kind" if kind is None else f"document_kinds.{kind.value}")
    if not request.document_number:
        return name
    end = request.document_number.replace(" ", "")[-_SHOWN_OF_NUMBER:]
    return tr("journey.request.announced_number", kind=name, end=end)


def identity_of(document: IdentityDocument | None) -> tuple[str, str] | None:
    """What tells one document from another: kind and number; None while none was read."""
    return None if document is None else (document.kind.value, document.document_number)


def partial_day(value: PartialDate, language: Language) -> str:
    """``13 juillet 1990``; what is known of an incomplete date, unknown parts as XX."""
    complete = value.complete
    return language.day(complete) if complete is not None else str(value)


def day_or_dash(value: date | None, language: Language) -> str:
    """A day in words, ``""`` when not known."""
    return "" if value is None else language.day(value)


def kind_in_words(known: Identification, series: SeriesCatalogue, language: Language) -> str:
    """``Carte d’identité française, modèle 2021``; with the State where it is not French."""
    if known.series:
        kind = language.tr(f"document_series.{known.series}")
    elif known.kind is not None and known.kind is not DocumentKind.OTHER:
        kind = language.tr(f"document_kinds.{known.kind.value}")
    else:
        kind = language.tr(f"document_families.{known.family.value}")
    if known.issuer in ("", "FRA"):
        return kind
    country = series.issuer_name(known.issuer, language.code)
    return language.tr("journey.document.kind_of", kind=kind, country=country)


def check_sentence(check: Check, language: Language) -> str:
    """What a check found, in one plain sentence."""
    try:
        return language.tr(f"checks.{check.code}.{check.verdict.value}")
    except MissingTextError:
        return language.tr(f"journey.checks.unnamed.{check.verdict.value}", check=check.code)


def check_label(check: Check, language: Language) -> str:
    """What the check is about, and the class of match where it is not plain."""
    try:
        label = language.tr(f"checks.{check.code}.label")
    except MissingTextError:
        label = check.code
    if check.verdict not in (Verdict.FAIL, Verdict.UNSURE) or not check.detail:
        return label
    try:
        detail = language.tr(f"check_details.{check.detail}")
    except MissingTextError:
        return label
    return f"{label}{NBSP}: {detail}" if language.code == "fr" else f"{label}: {detail}"


def zone_line(checks: tuple[Check, ...], language: Language) -> tuple[str, Verdict]:
    """One sentence on the machine-readable zone, and how it stands."""
    zone = [check for check in checks if check.code.startswith("mrz.")]
    if not zone:
        return "", Verdict.NOT_DONE
    if any(check.verdict is Verdict.FAIL for check in zone):
        return language.tr("journey.document.zone_bad"), Verdict.FAIL
    if any(check.verdict is Verdict.UNSURE for check in zone):
        return language.tr("journey.document.zone_unsure"), Verdict.UNSURE
    return language.tr("journey.document.zone_good"), Verdict.PASS


def error_words(code: str, language: Language) -> tuple[str, str]:
    """What happened and what to do, for an error code."""
    return language.tr(f"errors.{code}.what"), language.tr(f"errors.{code}.do")


def failure_words(failure: Failure, language: Language) -> str:
    """What happened, what to do, and the code that is read out to the help line, in one line."""
    what, do = error_words(failure.code, language)
    return f"{what} {do} ({failure.shown_code})"
