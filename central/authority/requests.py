"""Verification requests, as an identity provider would issue them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.archive.layout import Layout, read_key
from kiosk.documents.requests import encode
from kiosk.domain.evidence import DocumentKind, PartialDate
from kiosk.domain.ids import OfficeId, RequestId
from kiosk.domain.request import VerificationRequest
from kiosk.sync.policy import Policy

_ID_BYTES = 9
ANY_OFFICE = OfficeId("")


@dataclass(frozen=True, slots=True)
class Announced:
    """What the applicant announced online; the minimum that the counter needs.

    Attributes:
        surname: birth surname, with accents.
        given_names: in order.
        birth_date: possibly partial.
        service: what it is for (``cpf``, ``dife``, ``fc-plus``).
        document_kind: or None for any accepted one.
        document_number: or ``""``.
        office_id: or ``""`` for any office.
    """

    surname: str
    given_names: tuple[str, ...]
    birth_date: PartialDate
    service: str
    document_kind: DocumentKind | None = None
    document_number: str = ""
    office_id: OfficeId = ANY_OFFICE


def new_request(
    layout: Layout, policy: Policy, announced: Announced, not_before: datetime, validity: timedelta
) -> tuple[VerificationRequest, str]:
    """A request and its signed token.

    Raises:
        FolderError: the issuer's key is missing, or is not one of the policy.
        ValueError: the announced values do not fit a token.
    """
    key = read_key(layout.issuer_key)
    issuer = next((i.iss for i in policy.request_issuers if i.kid == key.key_id), None)
    if issuer is None:
        raise ValueError("the policy does not know this issuer's key")
    request = VerificationRequest(
        request_id=RequestId(os.urandom(_ID_BYTES).hex()),
        issuer=issuer,
        service=announced.service,
        not_before=not_before.replace(microsecond=0),
        expires_at=(not_before + validity).replace(microsecond=0),
        surname=announced.surname,
        given_names=announced.given_names,
        birth_date=announced.birth_date,
        document_kind=announced.document_kind,
        document_number=announced.document_number,
        office_id=announced.office_id,
        key_id=key.key_id,
    )
    return request, encode(request, key)


def parse_birth_date(text: str) -> PartialDate:
    """A date typed as ``1990-07-13``, unknown parts as ``XX``. Raises ValueError."""
    parts = text.split("-")
    if len(parts) != 3:
        raise ValueError("a date is written 1990-07-13")
    year, month, day = (None if set(p) == {"X"} else int(p) for p in parts)
    date = PartialDate(year, month, day)
    if year is None or len(parts[0]) != 4 or (None not in (month, day) and not date.complete):
        raise ValueError("no such date")
    return date
