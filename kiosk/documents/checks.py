"""The automatic checks of a case: dates, age, document against request, seal.

Rules, in order:

1. Each check has a stable code and answers PASS, FAIL, UNSURE or NOT_DONE.
2. A near match is UNSURE with its class in the detail; only a person turns it into a yes.
3. What cannot be known is UNSURE, never PASS.
4. Nothing personal stands in a detail.

Sources: domain rules of validity in :mod:`kiosk.documents.validity`; comparison classes in
:mod:`kiosk.documents.names`.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Final

from kiosk.documents.items import ADDRESSEE
from kiosk.documents.mrz import CHECK_DIGITS
from kiosk.documents.names import Match, compare_given_names, compare_surname, mrz_name
from kiosk.documents.numbers import compare_numbers
from kiosk.documents.partial_dates import compare_dates, same_but_century
from kiosk.documents.twoddoc import SealVerdict
from kiosk.documents.validity import (
    EffectiveExpiry,
    Extension,
    age_on,
    birth_range,
    effective_expiry,
    is_adult,
    issue_days_from_expiry,
)
from kiosk.domain.decision import Reason
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, PartialDate, Verdict
from kiosk.domain.request import VerificationRequest

CODES: Final = (
    "document.kind_accepted",
    "validity.expiry",
    "validity.extension",
    "validity.printed_dates",
    "validity.issue_date",
    "person.adult",
    "document.announced_kind",
    "request.surname",
    "request.given_names",
    "request.birth_date",
    "request.number",
    "mrz.summary",
    "seal.signature",
    "document.specimen_name",
)
"""Codes of the automatic checks, in the order of the screen; each has its words in the texts."""

OLDEST_PLAUSIBLE_AGE: Final = 110
# Names of official specimens: real people may bear them, so they are a question, not an answer.
_SPECIMEN_SURNAMES: Final = frozenset({"SPECIMEN", "MUSTERMANN"})
_SPECIMEN_PEOPLE: Final = frozenset({("BERTHIER", "CORINNE"), ("MARTIN", "MAELYS")})
_MATCH_VERDICTS: Final = {
    Match.EQUAL: Verdict.PASS,
    Match.PREFIX: Verdict.UNSURE,
    Match.PARTICLES: Verdict.UNSURE,
    Match.DIFFERENT: Verdict.FAIL,
}
_SEAL_VERDICTS: Final = {
    SealVerdict.VALID: Verdict.PASS,
    SealVerdict.INVALID: Verdict.FAIL,
    SealVerdict.UNKNOWN_CERTIFICATE: Verdict.UNSURE,
    SealVerdict.LIST_TOO_OLD: Verdict.UNSURE,
    SealVerdict.TEST_CERTIFICATE: Verdict.FAIL,
}


def automatic_checks(  # noqa: PLR0913 - the facts of a case and the two switches of the policy
    request: VerificationRequest | None,
    document: IdentityDocument,
    *,
    today: date,
    accepted_kinds: Collection[DocumentKind],
    accept_extended: bool,
    seals: Sequence[str] = (),
    reading_checks: Sequence[Check] = (),
    specimens_allowed: bool = False,
) -> tuple[Check, ...]:
    """All automatic checks, in the order of the screen.

    Args:
        request: what was announced; None for an act without a request.
        document: what was read, dates typed by hand included.
        today: date of the act.
        accepted_kinds: kinds of document that the policy accepts for this procedure.
        accept_extended: whether the policy accepts old cards valid by the legal extension.
        seals: verdict of each 2D-Doc found (values of ``SealVerdict``); empty texts are skipped.
        reading_checks: checks of the reading, summed up here in ``mrz.summary``.
        specimens_allowed: in the demonstration only: specimen names pass, and a seal by a test
            certificate is UNSURE instead of FAIL. It is never PASS.
    """
    birth = _birth_date(request, document)
    return (
        _kind_check(document, accepted_kinds),
        *_validity_checks(document, accept_extended=accept_extended, today=today),
        _adult_check(birth, document, today),
        *_request_checks(request, document),
        *_reading_summary(reading_checks),
        *_seal_checks(seals, specimens_allowed=specimens_allowed),
        *(() if specimens_allowed else _specimen_check(document)),
    )


# --- the document by itself -----------------------------------------------------------------------


def _kind_check(document: IdentityDocument, accepted: Collection[DocumentKind]) -> Check:
    passed = document.kind in accepted and document.kind is not DocumentKind.OTHER
    return Check("document.kind_accepted", Verdict.PASS if passed else Verdict.FAIL)


def _validity_checks(
    document: IdentityDocument, *, accept_extended: bool, today: date
) -> Iterator[Check]:
    expiry = effective_expiry(document)
    yield _expiry_check(expiry, today)
    if expiry.printed is not None and expiry.printed < today <= (expiry.longest or today):
        yield _extension_check(expiry, accepted=accept_extended)
    if document.kind is DocumentKind.FR_ID_CARD_1988 and document.issue_month and expiry.printed:
        yield _printed_dates_check(document, expiry.printed)
    if document.issue_date is not None:
        yield _issue_check(document, document.issue_date, today)


def _expiry_check(expiry: EffectiveExpiry, today: date) -> Check:
    code = "validity.expiry"
    if expiry.printed is None or expiry.effective is None or expiry.longest is None:
        return Check(code, Verdict.UNSURE, "unknown")
    if today <= expiry.printed:
        return Check(code, Verdict.PASS)
    if today <= expiry.effective:
        return Check(code, Verdict.PASS, "extended")
    if today <= expiry.longest and expiry.extension is Extension.UNKNOWN:
        return Check(code, Verdict.UNSURE, "extension-unknown")
    return Check(code, Verdict.FAIL, "expired")


def _extension_check(expiry: EffectiveExpiry, *, accepted: bool) -> Check:
    """Whether a card that is past its printed date may be used here by the legal extension."""
    code = "validity.extension"
    if not accepted:
        return Check(code, Verdict.FAIL, "not-accepted")
    if expiry.extension is Extension.UNKNOWN:
        return Check(code, Verdict.UNSURE, "unknown")
    return Check(code, Verdict.PASS, "extended")


def _printed_dates_check(document: IdentityDocument, printed: date) -> Check:
    """The printed expiry against the month of issue that the number of an old card holds."""
    month = document.issue_month
    days = issue_days_from_expiry(printed)
    fits = month is not None and any(
        (day.year, day.month) == (month.year, month.month) for day in days
    )
    verdict = Verdict.PASS if fits else Verdict.UNSURE
    return Check("validity.printed_dates", verdict, "" if fits else "inconsistent")


def _issue_check(document: IdentityDocument, issued: date, today: date) -> Check:
    code = "validity.issue_date"
    born = birth_range(document.birth_date)
    if issued > today:
        return Check(code, Verdict.FAIL, "future")
    if document.expiry_date is not None and issued >= document.expiry_date:
        return Check(code, Verdict.FAIL, "after-expiry")
    if born is not None and issued < born[0]:
        return Check(code, Verdict.FAIL, "before-birth")
    month = document.issue_month
    if month is not None and (issued.year, issued.month) != (month.year, month.month):
        return Check(code, Verdict.UNSURE, "other-month")
    return Check(code, Verdict.PASS)


def _birth_date(request: VerificationRequest | None, document: IdentityDocument) -> PartialDate:
    """The birth date for the age: a zone holds two digits of the year, a request holds four."""
    if request is not None and same_but_century(request.birth_date, document.birth_date):
        return request.birth_date
    return document.birth_date


def _adult_check(birth: PartialDate, document: IdentityDocument, today: date) -> Check:
    code = "person.adult"
    possible = birth_range(birth)
    if possible is None:
        return Check(code, Verdict.UNSURE, "unknown")
    if birth != document.birth_date:
        return Check(code, Verdict.UNSURE, "century")
    if age_on(possible[0], today) > OLDEST_PLAUSIBLE_AGE:
        return Check(code, Verdict.UNSURE, "implausible")
    adult = is_adult(birth, today)
    if adult is None:
        return Check(code, Verdict.UNSURE, "partial")
    return Check(code, Verdict.PASS if adult else Verdict.FAIL)


def _specimen_check(document: IdentityDocument) -> tuple[Check, ...]:
    surname = mrz_name(document.surname)
    first = mrz_name(document.given_names[0]) if document.given_names else ""
    suspect = (
        bool(_SPECIMEN_SURNAMES.intersection(surname.split("<")))
        or (surname, first) in _SPECIMEN_PEOPLE
    )
    verdict = Verdict.UNSURE if suspect else Verdict.PASS
    return (Check("document.specimen_name", verdict, "specimen-name" if suspect else ""),)


# --- the document against the request -------------------------------------------------------------


def _request_checks(
    request: VerificationRequest | None, document: IdentityDocument
) -> Iterator[Check]:
    if request is None:
        return
    announced = request.document_kind
    if announced is not None:
        same = announced is document.kind
        yield Check("document.announced_kind", Verdict.PASS if same else Verdict.FAIL)
    yield _match_check(
        "request.surname",
        compare_surname(request.surname, document.surname, truncated=document.surname_truncated),
    )
    yield _match_check(
        "request.given_names",
        compare_given_names(
            request.given_names, document.given_names, truncated=document.given_names_truncated
        ),
    )
    if same_but_century(request.birth_date, document.birth_date):
        yield Check("request.birth_date", Verdict.UNSURE, "century")
    else:
        yield _match_check(
            "request.birth_date", compare_dates(request.birth_date, document.birth_date)
        )
    if request.document_number:
        yield _match_check(
            "request.number",
            compare_numbers(request.document_number, document.document_number, document.kind),
        )
    else:
        yield Check("request.number", Verdict.NOT_DONE, "not-announced")


def _match_check(code: str, match: Match) -> Check:
    return Check(code, _MATCH_VERDICTS[match], match.value)


# --- reading and seal -----------------------------------------------------------------------------


def _reading_summary(reading_checks: Sequence[Check]) -> Iterator[Check]:
    zone = [check for check in reading_checks if check.code.startswith("mrz.")]
    if not zone:
        yield Check("mrz.summary", Verdict.NOT_DONE)
        return
    # Doubts stand on their own lines and are ticked there; here only failures count.
    failed = any(check.verdict is Verdict.FAIL for check in zone)
    yield Check("mrz.summary", Verdict.FAIL if failed else Verdict.PASS)


def _seal_checks(seals: Sequence[str], *, specimens_allowed: bool) -> Iterator[Check]:
    verdicts = [SealVerdict(seal) for seal in seals if seal]
    if not verdicts:
        return
    order = (Verdict.FAIL, Verdict.UNSURE, Verdict.PASS)
    answers = [(_seal_answer(seal, specimens_allowed=specimens_allowed), seal) for seal in verdicts]
    answer, seal = min(answers, key=lambda pair: order.index(pair[0]))
    yield Check("seal.signature", answer, seal.value)


def _seal_answer(seal: SealVerdict, *, specimens_allowed: bool) -> Verdict:
    if seal is SealVerdict.TEST_CERTIFICATE and specimens_allowed:
        return Verdict.UNSURE
    return _SEAL_VERDICTS[seal]


# --- reasons --------------------------------------------------------------------------------------

_REASONS: Final = {
    "person.adult": Reason.NOT_ADULT,
    "document.kind_accepted": Reason.TYPE_NOT_ACCEPTED,
    "document.specimen_name": Reason.TYPE_NOT_ACCEPTED,
    "mrz.specimen": Reason.TYPE_NOT_ACCEPTED,
    "validity.expiry": Reason.EXPIRED,
    "validity.extension": Reason.EXPIRED,
    "validity.printed_dates": Reason.MRZ_PRINT_DIFFER,
    "validity.issue_date": Reason.MRZ_PRINT_DIFFER,
    "request.surname": Reason.NAME_DIFFERS,
    "request.given_names": Reason.NAME_DIFFERS,
    "request.birth_date": Reason.BIRTH_DATE_DIFFERS,
    "request.number": Reason.NUMBER_DIFFERS,
    "identity.surname": Reason.NAME_DIFFERS,
    "identity.given_names": Reason.NAME_DIFFERS,
    "document.announced_kind": Reason.NUMBER_DIFFERS,
    "seal.signature": Reason.SEAL_INVALID,
    "seal.matches": Reason.SEAL_DIFFERS,
    "printed.names": Reason.MRZ_PRINT_DIFFER,
    "printed.number": Reason.MRZ_PRINT_DIFFER,
    "printed.birth_date": Reason.MRZ_PRINT_DIFFER,
    # Who bears another name than the one on the item is not its addressee.
    ADDRESSEE: Reason.PROXY_PRESENTED,
}
# Contents of a zone that no genuine document can have, whatever its check digits say.
_CONTENTS: Final = frozenset({"mrz.calendar", "mrz.names", "mrz.sex"})


def suggested_reasons(checks: Sequence[Check]) -> tuple[Reason, ...]:
    """The reasons that the failed checks suggest, in the order of the closed list, each once."""
    found = set()
    for check in checks:
        if check.verdict is not Verdict.FAIL:
            continue
        if check.code in CHECK_DIGITS or check.code in _CONTENTS:
            found.add(Reason.MRZ_CHECK_DIGIT)
        elif check.code in _REASONS:
            found.add(_REASONS[check.code])
    return tuple(reason for reason in Reason if reason in found)
