"""Checks of the printed zone: against the machine-readable one, and of the sides with each other.

Rules, in order: nothing is said where no reader looked at the print; what was not read clearly is
NOT_DONE, what contradicts the zone is UNSURE, because print is harder to read than a zone and the
agent has the document in hand; a detail holds no value.

Source: domain 2.6 and 4.3 (differences between zone and print).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from kiosk.documents.identification import sides_agree
from kiosk.documents.printed_values import compare_with_zone
from kiosk.domain.evidence import Check, IdentityDocument, PrintedValue, Verdict

CODES: Final = (
    "document.sides_agree",
    "document.sides_match",
    "printed.names",
    "printed.number",
    "printed.birth_date",
    "printed.expiry_date",
    "printed.issue_date",
)
"""Codes of these checks, in their order; each has its words in the texts."""

_COMPARED: Final = {
    "printed.names": ("surname", "given_names"),
    "printed.number": ("document_number",),
    "printed.birth_date": ("birth_date",),
}
_MATCHING: Final = ("document_number", "surname", "given_names", "birth_date")


class FieldSource(StrEnum):
    """Where the value of a field that the zone does not hold came from."""

    READ = "read"
    TYPED = "typed"
    CORRECTED = "corrected"


def printed_checks(
    sides: Sequence[tuple[str, Sequence[PrintedValue]]],
    document: IdentityDocument,
    sources: Mapping[str, FieldSource],
) -> tuple[Check, ...]:
    """All checks of the printed zone.

    Args:
        sides: of each side the family that its heading names, and the values read on it.
        document: what the zone says, typed dates included.
        sources: where each typed date came from, by its name.
    """
    values = [value for _, side in sides for value in side]
    dates = tuple(_source_check(name, source) for name, source in sorted(sources.items()))
    if not values and not any(seen for seen, _ in sides):
        return dates
    return (
        sides_agree([seen for seen, _ in sides], document),
        *_sides_match(sides, document),
        *(_compared(code, names, values, document) for code, names in _COMPARED.items()),
        *dates,
    )


def spelling(
    sides: Sequence[tuple[str, Sequence[PrintedValue]]], document: IdentityDocument
) -> dict[str, str]:
    """Names as printed, with accents, where they agree with the zone.

    Returns:
        ``surname`` and ``given_names`` (separated by ``, ``), each only where it is sure. A name
        that was read in two ways is not.
    """
    found: dict[str, set[str]] = {}
    for _, values in sides:
        for value in values:
            if value.name not in ("surname", "given_names"):
                continue
            if compare_with_zone(value.name, value.text, document).verdict is Verdict.PASS:
                found.setdefault(value.name, set()).add(value.text)
    return {name: texts.pop() for name, texts in found.items() if len(texts) == 1}


def _source_check(name: str, source: FieldSource) -> Check:
    # What was read as certain and then corrected deserves a second look.
    doubtful = source is FieldSource.CORRECTED
    return Check(f"printed.{name}", Verdict.UNSURE if doubtful else Verdict.PASS, source.value)


def _sides_match(
    sides: Sequence[tuple[str, Sequence[PrintedValue]]], document: IdentityDocument
) -> tuple[Check, ...]:
    """Whether every side is of the document that the zone describes; only where there are two."""
    if len(sides) < 2:
        return ()
    code = "document.sides_match"
    answers = [
        {
            compare_with_zone(value.name, value.text, document).verdict
            for value in values
            if value.name in _MATCHING
        }
        for _, values in sides
    ]
    if any(Verdict.FAIL in answer for answer in answers):
        return (Check(code, Verdict.UNSURE, "different"),)
    matching = sum(Verdict.PASS in answer for answer in answers)
    return (Check(code, Verdict.PASS if matching == len(sides) else Verdict.NOT_DONE),)


def _compared(
    code: str, names: Sequence[str], values: Sequence[PrintedValue], document: IdentityDocument
) -> Check:
    found = [
        compare_with_zone(value.name, value.text, document)
        for value in values
        if value.name in names
    ]
    for agreement in found:
        if agreement.verdict is Verdict.FAIL:
            return Check(code, Verdict.UNSURE, agreement.detail)
    if found and all(agreement.verdict is Verdict.PASS for agreement in found):
        detail = "prefix" if any(a.detail == "prefix" for a in found) else ""
        return Check(code, Verdict.PASS, detail)
    return Check(code, Verdict.NOT_DONE)
