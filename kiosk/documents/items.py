"""Numbers of registered items: which format one has, and what is wrong with one that has none.

Rules, in order:

1. Spaces, hyphens and dots do not count, nor does case.
2. Only UPU S10 has a public check digit; a wrong one is refused, whoever typed or scanned it.
3. French formats without a public check digit are known by their form.
4. A number of no known form is taken only where a person typed it and looked at it again.
5. A code that is something else (a request, a seal, an address) is never taken for a number.

Source: UPU S10 (item identifiers); French formats: see :mod:`kiosk.documents.codes`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kiosk.documents.codes import Payload, PayloadKind, classify
from kiosk.domain.errors import (
    ItemCheckDigitError,
    ItemForeignCodeError,
    ItemFormError,
    ItemIncompleteError,
    ItemSeveralError,
)
from kiosk.domain.evidence import Verdict

OTHER: Final = "other"
"""Scheme of a number that a person typed and that has no known form."""
S10: Final = "s10"
ADDRESSEE: Final = "item.addressee"
"""Code of the check that the document names whom the item is addressed to."""
_IGNORED: Final = re.compile(r"[\s.\-]")
_FREE: Final = re.compile(r"(?=(?:[A-Z]*\d){6})[A-Z0-9]{8,20}", re.ASCII)
_BEGUN: Final = re.compile(r"[A-Z]{2}\d{0,9}[A-Z]?|\d[A-Z]\d{0,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ItemNumber:
    """The number of a registered item.

    Attributes:
        number: without spaces, in capitals.
        scheme: ``s10``, ``french`` or ``other``.
    """

    number: str
    scheme: str


def scheme_of(number: str) -> str | None:
    """Scheme of a number as it is kept, None where it has no known form or a wrong check digit."""
    payload = classify(number.encode("utf-8", "replace"))
    if payload.kind is not PayloadKind.ITEM_NUMBER or payload.text != number or _wrong(payload):
        return None
    return payload.detail


def is_number(number: str) -> bool:
    """Whether a text could be the number of an item of a form that is not known here."""
    return _FREE.fullmatch(number) is not None and not _is_s10_form(number)


def scanned_number(payload: bytes) -> ItemNumber:
    """The number in one code.

    Raises:
        ItemCheckDigitError: a number of the S10 format with a wrong check digit.
        ItemForeignCodeError: no number of an item.
    """
    found = classify(payload)
    if found.kind is not PayloadKind.ITEM_NUMBER:
        raise ItemForeignCodeError(found.detail or found.kind.value)
    if _wrong(found):
        raise ItemCheckDigitError(found.detail)
    return ItemNumber(found.text, found.detail)


def number_in_view(payloads: Iterable[bytes]) -> ItemNumber | None:
    """The one number in all the codes in view; None where there is no code.

    An envelope bears other codes too (franking, sorting): they do not count beside a number.

    Raises:
        ItemSeveralError: two different numbers: nobody can tell which item is meant.
        ItemCheckDigitError, ItemForeignCodeError: see :func:`scanned_number`.
    """
    found: dict[str, ItemNumber] = {}
    fault: ItemCheckDigitError | ItemForeignCodeError | None = None
    for payload in payloads:
        try:
            item = scanned_number(payload)
        except ItemCheckDigitError as exc:
            fault = exc
        except ItemForeignCodeError as exc:
            fault = fault or exc
        else:
            found[item.number] = item
    if len(found) > 1 or (found and isinstance(fault, ItemCheckDigitError)):
        raise ItemSeveralError(str(len(found)))
    if found:
        return next(iter(found.values()))
    if fault is not None:
        raise fault
    return None


def typed_number(text: str, *, looked_again: bool = False) -> ItemNumber:
    """The number that a person typed.

    Args:
        text: as typed.
        looked_again: the person was told that the form is not known, and confirmed the number.

    Raises:
        ItemCheckDigitError: the S10 format with a wrong check digit.
        ItemIncompleteError: the beginning of a number.
        ItemFormError: no known form; ask the person to look again.
        ItemForeignCodeError: no number at all.
    """
    number = _IGNORED.sub("", text).upper()
    found = classify(number.encode("utf-8", "replace"))
    if found.kind is PayloadKind.ITEM_NUMBER:
        if _wrong(found):
            raise ItemCheckDigitError(found.detail)
        return ItemNumber(found.text, found.detail)
    if _BEGUN.fullmatch(number):
        raise ItemIncompleteError(str(len(number)))
    if not is_number(number):
        raise ItemForeignCodeError(found.detail)
    if not looked_again:
        raise ItemFormError(OTHER)
    return ItemNumber(number, OTHER)


def shown(number: str) -> str:
    """A number in groups, as it is printed on the item: ``RR 123 456 785 FR``."""
    groups = (2, 3, 3, 3, 2) if _is_s10_form(number) else (2, 3, 3, 4, 1)
    parts, start = [], 0
    for size in groups:
        parts.append(number[start : start + size])
        start += size
    parts.append(number[start:])
    return " ".join(part for part in parts if part)


def _wrong(payload: Payload) -> bool:
    return any(check.verdict is Verdict.FAIL for check in payload.checks)


def _is_s10_form(number: str) -> bool:
    return re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", number, re.ASCII) is not None
