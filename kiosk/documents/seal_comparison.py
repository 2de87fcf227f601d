"""What a 2D-Doc says against what was read on the document that carries it, and the request.

Rules, in order:

1. Only fields that both hold are compared; both are in MRZ spelling without accents, so accents
   never come from here.
2. A value that its issuer cut, or that fills its field, can only be near, never equal or different
   by its missing end.
3. A zone of two digits cannot tell the century: birth dates 100 years apart are near.
4. The kind of document and its number speak of the carrier in seals of types 07 and 08 only;
   attestations (13, 16) have numbers of their own.
5. The answer is one check, whose detail names the worst field.
"""

from collections.abc import Iterator
from typing import Final

from kiosk.documents.check_digits import FILLER
from kiosk.documents.names import Match, compare_given_names, compare_surname
from kiosk.documents.numbers import compare_numbers
from kiosk.documents.partial_dates import compare_dates, from_ddmmyyyy, same_but_century
from kiosk.documents.seal_states import same_state
from kiosk.documents.twoddoc import Seal, SealField
from kiosk.documents.twoddoc_fields import FIELDS
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, PartialDate, Verdict
from kiosk.domain.request import VerificationRequest

CODE: Final = "seal.matches"
REQUEST_CODE: Final = "seal.request"
PRESENCE_CODE: Final = "seal.present"
_OF_THE_CARRIER: Final = frozenset({"07", "08"})
_BEARS_SEAL: Final = frozenset({DocumentKind.FR_ID_CARD_2021})
# Field 65 of a seal, by kind of document read; other kinds are not compared.
_SEAL_KINDS: Final = {
    DocumentKind.FR_ID_CARD_2021: "ID",
    DocumentKind.FR_ID_CARD_1988: "ID",
    DocumentKind.EU_ID_CARD: "ID",
    DocumentKind.FR_RESIDENCE_PERMIT: "IR",
    DocumentKind.FR_PASSPORT: "P",
    DocumentKind.PASSPORT: "P",
}
_Found = tuple[str, Verdict]


def compare(seal: Seal, document: IdentityDocument) -> Check:
    """The check ``seal.matches``.

    FAIL when a field differs, UNSURE when one is only near (a truncated name), NOT_DONE when seal
    and document have nothing in common to compare. The detail is the name of the field.
    """
    return _worst(CODE, dict(_against_document(seal, document)))


def compare_request(seal: Seal, request: VerificationRequest) -> Check:
    """The check ``seal.request``: names, birth date and number announced in the request."""
    return _worst(REQUEST_CODE, dict(_against_request(seal, request)))


def presence(document: IdentityDocument, *, found: bool) -> Check | None:
    """The check ``seal.present``: UNSURE where a card that should bear a seal shows none.

    None for documents that bear none.
    """
    if document.kind not in _BEARS_SEAL:
        return None
    return Check(PRESENCE_CODE, Verdict.PASS if found else Verdict.UNSURE)


def may_be_of(seal: Seal, document: IdentityDocument) -> bool:
    """Whether a seal can be the document's own: a card bears that of a proof of identity or a zone.

    A bill or an attestation beside the card bears a seal too, and says nothing of the card.
    """
    return document.kind not in _BEARS_SEAL or seal.document_type in _OF_THE_CARRIER


def worthless(check: Check) -> Check:
    """A check by a seal whose signature is wrong: its yes is none, its no stays."""
    if check.code == PRESENCE_CODE or check.verdict is not Verdict.PASS:
        return check
    return Check(check.code, Verdict.UNSURE, "signature")


def _worst(code: str, verdicts: dict[str, Verdict]) -> Check:
    for verdict in (Verdict.FAIL, Verdict.UNSURE):
        for name, found in verdicts.items():
            if found is verdict:
                return Check(code, verdict, name)
    return Check(code, Verdict.PASS) if verdicts else Check(code, Verdict.NOT_DONE, "nothing")


# --- against the document -------------------------------------------------------------------------


def _against_document(seal: Seal, document: IdentityDocument) -> Iterator[_Found]:
    if seal.document_type in _OF_THE_CARRIER:
        yield from _carrier(seal, document)
    surname = _field(seal, "62")
    if surname is not None:
        match = compare_surname(
            surname.value, document.surname, truncated=document.surname_truncated
        )
        if match is Match.DIFFERENT and _may_be_cut(surname):
            match = compare_surname(document.surname, surname.value, truncated=True)
            match = Match.DIFFERENT if match is Match.DIFFERENT else Match.PREFIX
        yield "surname", _verdict_of(match, surname)
    yield from _given_names(seal, document.given_names, truncated=document.given_names_truncated)
    birth = _birth_date(seal, document.birth_date, century=not document.mrz)
    if birth is not None:
        yield "birth_date", birth
    sex = seal.get("68")
    if sex in ("M", "F") and document.sex in ("M", "F"):
        yield "sex", _same(sex, document.sex)
    for name, field_id, state in (
        ("nationality", "67", document.nationality),
        ("issuer", "6I", document.issuer),
    ):
        told = seal.get(field_id)
        if told is not None and told.strip() and state:
            yield name, _state(told.strip(), state)


def _carrier(seal: Seal, document: IdentityDocument) -> Iterator[_Found]:
    zone, number = _field(seal, "6F"), _field(seal, "66")
    if zone is not None and document.mrz:
        yield "mrz", _text(zone, _compact(zone.value), _compact("".join(document.mrz)))
    if number is not None and document.document_number:
        yield "number", _text(number, number.value.strip(), document.document_number)
    kind, expected = seal.get("65"), _SEAL_KINDS.get(document.kind)
    if kind is not None and kind.strip() and expected is not None:
        yield "type", _same(kind.strip(), expected)


def _given_names(seal: Seal, read: tuple[str, ...], *, truncated: bool = False) -> Iterator[_Found]:
    field = _field(seal, "60") or _field(seal, "61")
    if field is None:
        return
    told = tuple(name for name in field.value.split("/") if name)
    match = compare_given_names(told, read, truncated=truncated)
    if match is Match.DIFFERENT and _may_be_cut(field):
        match = compare_given_names(read, told, truncated=True)
        match = Match.DIFFERENT if match is Match.DIFFERENT else Match.PREFIX
    yield "given_names", _verdict_of(match, field)


def _birth_date(seal: Seal, read: PartialDate, *, century: bool) -> Verdict | None:
    field = _field(seal, "69")
    if field is None:
        return None
    told = from_ddmmyyyy(field.value)
    if told is None:
        return Verdict.FAIL
    match = compare_dates(told, read)
    if match is Match.DIFFERENT and not century and same_but_century(told, read):
        return Verdict.UNSURE
    return _verdict_of(match, field)


def _state(told: str, read: str) -> Verdict:
    same = same_state(told, read)
    if same is None:
        return Verdict.UNSURE
    return Verdict.PASS if same else Verdict.FAIL


# --- against the request --------------------------------------------------------------------------


def _against_request(seal: Seal, request: VerificationRequest) -> Iterator[_Found]:
    surname = _field(seal, "62")
    if surname is not None:
        cut = _may_be_cut(surname)
        match = compare_surname(request.surname, surname.value, truncated=cut)
        yield "surname", _verdict_of(match, surname)
    given = _field(seal, "60") or _field(seal, "61")
    if given is not None and request.given_names:
        told = tuple(name for name in given.value.split("/") if name)
        cut = _may_be_cut(given)
        match = compare_given_names(request.given_names, told, truncated=cut)
        yield "given_names", _verdict_of(match, given)
    birth = _birth_date(seal, request.birth_date, century=True)
    if birth is not None:
        yield "birth_date", birth
    number = _field(seal, "66")
    wanted = request.document_number
    if number is not None and wanted and seal.document_type in _OF_THE_CARRIER:
        kind = request.document_kind or DocumentKind.OTHER
        match = compare_numbers(wanted, number.value, kind)
        if match is Match.DIFFERENT:
            yield "number", _text(number, number.value.strip(), wanted)
        else:
            yield "number", _verdict_of(match, number)


# --- values ---------------------------------------------------------------------------------------


def _field(seal: Seal, field_id: str) -> SealField | None:
    return next((f for f in seal.fields if f.field_id == field_id), None)


def _may_be_cut(field: SealField) -> bool:
    """Whether the value may go on: marked by the issuer, or as long as its field allows."""
    return field.truncated or len(field.value) >= FIELDS[field.field_id].greatest


def _text(field: SealField, told: str, read: str) -> Verdict:
    """Equal, near where a marked value is the beginning of the other, or different."""
    if told == read:
        return Verdict.UNSURE if field.truncated else Verdict.PASS
    return Verdict.UNSURE if field.truncated and read.startswith(told) else Verdict.FAIL


def _compact(zone: str) -> str:
    return zone.replace(" ", FILLER).rstrip(FILLER)


def _same(one: str, other: str) -> Verdict:
    return Verdict.PASS if one == other else Verdict.FAIL


def _verdict_of(match: Match, field: SealField) -> Verdict:
    if match is Match.EQUAL:
        return Verdict.UNSURE if field.truncated else Verdict.PASS
    return Verdict.FAIL if match is Match.DIFFERENT else Verdict.UNSURE
