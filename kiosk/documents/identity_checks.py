"""The identity that the customer confirmed, against the document that was read.

Rules, in order: names compare by their spelling in a machine-readable zone, as those of a request
do (:mod:`kiosk.documents.names`); where the print was read, another accent or another letter in it
is UNSURE, because the zone holds no accents and the agent has both in view; a detail holds no name.
"""

from collections.abc import Sequence
from typing import Final

from kiosk.documents.names import Match, compare_given_names, compare_surname
from kiosk.documents.printed_checks import spelling
from kiosk.domain.evidence import Check, IdentityDocument, PrintedValue, Verdict

CODES: Final = ("identity.surname", "identity.given_names", "identity.spelling")
"""Codes of these checks, in their order; each has its words in the texts."""

_VERDICTS: Final = {
    Match.EQUAL: Verdict.PASS,
    Match.PREFIX: Verdict.UNSURE,
    Match.PARTICLES: Verdict.UNSURE,
    Match.DIFFERENT: Verdict.FAIL,
}


def identity_checks(
    surname: str,
    given_names: Sequence[str],
    document: IdentityDocument,
    sides: Sequence[tuple[str, Sequence[PrintedValue]]] = (),
) -> tuple[Check, ...]:
    """All checks of a confirmed identity.

    Args:
        surname: birth name, with accents.
        given_names: all, in order.
        document: what was read.
        sides: of each side the family that its heading names, and the values read on it.
    """
    surnames = compare_surname(surname, document.surname, truncated=document.surname_truncated)
    given = compare_given_names(
        given_names, document.given_names, truncated=document.given_names_truncated
    )
    checks = [
        Check("identity.surname", _VERDICTS[surnames], surnames.value),
        Check("identity.given_names", _VERDICTS[given], given.value),
    ]
    printed = spelling(sides, document)
    if printed and Verdict.FAIL not in {check.verdict for check in checks}:
        confirmed = {"surname": surname, "given_names": ", ".join(given_names)}
        same = all(_plain(confirmed[name]) == _plain(text) for name, text in printed.items())
        checks.append(
            Check(
                "identity.spelling",
                Verdict.PASS if same else Verdict.UNSURE,
                "" if same else "accents",
            )
        )
    return tuple(checks)


def _plain(name: str) -> str:
    """A name for comparison of its letters: case, commas and double spaces count for nothing."""
    return " ".join(name.replace(",", " ").casefold().split())
