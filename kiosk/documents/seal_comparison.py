"""What a 2D-Doc says against what was read on the document that carries it.

Rules: only fields that both hold are compared; both are in MRZ spelling without accents, so accents
never come from here. The answer is one check, ``seal.matches``, whose detail names the worst field.
"""

from collections.abc import Iterator
from typing import Final

from kiosk.documents.check_digits import FILLER
from kiosk.documents.names import Match, compare_given_names, compare_surname
from kiosk.documents.partial_dates import compare_dates, from_ddmmyyyy
from kiosk.documents.twoddoc import Seal
from kiosk.domain.evidence import Check, IdentityDocument, Verdict

CODE: Final = "seal.matches"


def compare(seal: Seal, document: IdentityDocument) -> Check:
    """The check ``seal.matches``.

    FAIL when a field differs, UNSURE when one is only near (a truncated name), NOT_DONE when seal
    and document have nothing in common to compare. The detail is the name of the field.
    """
    verdicts = dict(_verdicts(seal, document))
    for verdict in (Verdict.FAIL, Verdict.UNSURE):
        for name, found in verdicts.items():
            if found is verdict:
                return Check(CODE, verdict, name)
    return Check(CODE, Verdict.PASS) if verdicts else Check(CODE, Verdict.NOT_DONE, "nothing")


def _verdicts(seal: Seal, document: IdentityDocument) -> Iterator[tuple[str, Verdict]]:
    zone, number = seal.get("6F"), seal.get("66")
    if zone is not None and document.mrz:
        yield "mrz", _same(_compact(zone), _compact("".join(document.mrz)))
    if number is not None and document.document_number:
        yield "number", _same(number.strip(), document.document_number)
    surname = seal.get("62")
    if surname is not None:
        match = compare_surname(surname, document.surname, truncated=document.surname_truncated)
        yield "surname", _verdict_of(match)
    yield from _given_names(seal, document)
    birth = seal.get("69")
    if birth is not None:
        announced = from_ddmmyyyy(birth)
        match = compare_dates(announced, document.birth_date) if announced else Match.DIFFERENT
        yield "birth_date", _verdict_of(match)
    sex = seal.get("68")
    if sex in ("M", "F") and document.sex in ("M", "F"):
        yield "sex", _same(sex, document.sex)


def _given_names(seal: Seal, document: IdentityDocument) -> Iterator[tuple[str, Verdict]]:
    names, first = seal.get("60"), seal.get("61")
    if names is None and first is None:
        return
    announced = tuple(name for name in (names or first or "").split("/") if name)
    match = compare_given_names(
        announced, document.given_names, truncated=document.given_names_truncated
    )
    yield "given_names", _verdict_of(match)


def _compact(zone: str) -> str:
    return zone.replace(" ", FILLER).rstrip(FILLER)


def _same(one: str, other: str) -> Verdict:
    return Verdict.PASS if one == other else Verdict.FAIL


def _verdict_of(match: Match) -> Verdict:
    if match is Match.EQUAL:
        return Verdict.PASS
    return Verdict.FAIL if match is Match.DIFFERENT else Verdict.UNSURE
