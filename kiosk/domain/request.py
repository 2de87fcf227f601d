"""The verification request that a person starts online and brings to the counter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kiosk.domain.evidence import DocumentKind, PartialDate
from kiosk.domain.ids import KeyId, OfficeId, RequestId


class RequestVerdict(StrEnum):
    """What a scanned code turned out to be, seen as a verification request."""

    VALID = "valid"
    FORGED = "forged"
    UNKNOWN_ISSUER = "unknown-issuer"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    USED_BEFORE = "used-before"
    WRONG_OFFICE = "wrong-office"
    FOREIGN = "foreign"
    MALFORMED = "malformed"
    MISTYPED_CODE = "mistyped-code"
    UNKNOWN_CODE = "unknown-code"


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """The minimum announced by the issuer of a request.

    Attributes:
        request_id: unique with its issuer.
        issuer: the identity provider (``iss``).
        service: what the person wants to reach, a key of the texts (``cpf``, ``dife``, ...).
        not_before: start of validity, aware UTC.
        expires_at: end of validity, aware UTC.
        surname: birth surname as announced, with accents.
        given_names: all given names announced, in order.
        birth_date: possibly partial.
        document_kind: announced kind of document, or None when any accepted one will do.
        document_number: announced number, or ``""``.
        office_id: office chosen in the request, or ``""`` for any office.
        key_id: key that signed the request.
    """

    request_id: RequestId
    issuer: str
    service: str
    not_before: datetime
    expires_at: datetime
    surname: str
    given_names: tuple[str, ...]
    birth_date: PartialDate
    document_kind: DocumentKind | None
    document_number: str
    office_id: OfficeId
    key_id: KeyId
