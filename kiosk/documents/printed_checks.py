"""Checks of the printed zone: against the machine-readable one, and of the sides with each other.

Rules, in order:

1. Nothing is said of the print where no reader looked at it; what was not read clearly is NOT_DONE,
   what contradicts the zone is UNSURE, because print is harder to read than a zone and the agent
   has the document in hand.
2. A side that bears no zone may be another card's: no picture can tell that a card was turned over
   and not exchanged. It belongs to the zone where it bears the zone's number: relatives share names
   and days, and one person's cards share all but the number. Where the number was not read the
   agent compares (UNSURE). Where it is quite another one of the same length, something else differs
   too and nothing agrees, the sides are of two cards (FAIL), and nobody can tick that away.
3. What the agent typed is the agent's word: nothing is asked about a side examined by hand.
4. A detail holds no value.

Source: domain 2.6 and 4.3 (differences between zone and print).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.documents.identification import sides_agree, zone_side
from kiosk.documents.printed_values import compare_with_zone
from kiosk.domain.evidence import Check, IdentityDocument, PrintedValue, Side, Verdict

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
_NUMBER: Final = "document_number"
_MATCHING: Final = (_NUMBER, "surname", "given_names", "birth_date")
_MISREAD: Final = 2
"""So many characters of a number may be misread, though it was read alike from three cuts."""
_SIDES: Final = "document.sides_match"


class FieldSource(StrEnum):
    """Where the value of a field that the zone does not hold came from."""

    READ = "read"
    TYPED = "typed"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class SeenSide:
    """A side as it was seen.

    Attributes:
        side: which one.
        seen_as: the family that its heading names, or ``""``.
        printed: values read on it.
        by_hand: an agent examined it; no camera did.
    """

    side: Side
    seen_as: str = ""
    printed: tuple[PrintedValue, ...] = ()
    by_hand: bool = False


def printed_checks(
    sides: Sequence[SeenSide],
    document: IdentityDocument,
    sources: Mapping[str, FieldSource],
) -> tuple[Check, ...]:
    """All checks of the printed zone.

    Args:
        sides: those presented.
        document: what the zone says, typed dates included.
        sources: where each typed date came from, by its name.
    """
    values = [value for side in sides for value in side.printed]
    dates = tuple(_source_check(name, source) for name, source in sorted(sources.items()))
    match = _sides_match(sides, document)
    if not values and not any(side.seen_as for side in sides):
        return (*match, *dates)
    return (
        sides_agree([side.seen_as for side in sides], document),
        *match,
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


def _sides_match(sides: Sequence[SeenSide], document: IdentityDocument) -> tuple[Check, ...]:
    """Whether every side is of the document that the zone describes; only where there are two."""
    if len(sides) < 2 or not document.layout:
        return ()
    beside = [side for side in sides if side.side is not zone_side(document)]
    if any(_of_another(side, document) for side in beside):
        return (Check(_SIDES, Verdict.FAIL, "other-document"),)
    if any(Verdict.FAIL in found for side in sides for found in _verdicts(side, document).values()):
        return (Check(_SIDES, Verdict.UNSURE, "different"),)
    if all(_verdicts(side, document).get(_NUMBER) == {Verdict.PASS} for side in beside):
        return (Check(_SIDES, Verdict.PASS),)
    if any(side.by_hand for side in sides):
        return (Check(_SIDES, Verdict.NOT_DONE),)
    return (Check(_SIDES, Verdict.UNSURE, "not-compared"),)


def _of_another(side: SeenSide, document: IdentityDocument) -> bool:
    """Whether a side is surely another document's, not one whose print was cut or read wrongly."""
    verdicts = _verdicts(side, document)
    differing = [name for name, found in verdicts.items() if Verdict.FAIL in found]
    if _NUMBER not in differing or len(differing) < 2:
        return False
    if any(Verdict.PASS in found for found in verdicts.values()):
        return False
    ours = document.document_number
    return all(
        len(value.text) == len(ours)
        and sum(one != other for one, other in zip(value.text, ours, strict=True)) > _MISREAD
        for value in side.printed
        if value.name == _NUMBER
    )


def _verdicts(side: SeenSide, document: IdentityDocument) -> dict[str, set[Verdict]]:
    """Of each name by which documents are told apart, whether its values agree.

    A side may show a name twice: what one of them contradicts, the other does not mend.
    """
    verdicts: dict[str, set[Verdict]] = {}
    for value in side.printed:
        if value.name in _MATCHING:
            agreement = compare_with_zone(value.name, value.text, document)
            verdicts.setdefault(value.name, set()).add(agreement.verdict)
    return verdicts


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
