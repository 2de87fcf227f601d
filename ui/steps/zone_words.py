"""Places of a zone in words, for the eye and for screen readers."""

from kiosk.documents.zone_places import Digit, DigitState, Place
from ui.i18n import NBSP, Language
from ui.theme import Tone

DIGIT_TONES = {
    DigitState.OPEN: (Tone.NEUTRAL, "circle-dashed"),
    DigitState.RIGHT: (Tone.OK, "circle-check"),
    DigitState.WRONG: (Tone.BAD, "alert-triangle"),
}


def place_words(place: Place, line: int, language: Language) -> str:
    """``Caractère 4 du numéro``, ``Chiffre de contrôle du numéro``, ``Caractère 3 de la ligne 1``.

    Args:
        place: where.
        line: of the zone, from 0.
        language: in force.
    """
    tr = language.tr
    if place.digit_of:
        return tr(f"zone.digit.{place.digit_of}")
    if place.field:
        return tr("zone.character", number=place.index + 1, of=tr(f"zone.of.{place.field}"))
    return tr("zone.character_of_line", number=place.index + 1, line=line + 1)


def either(candidates: str, language: Language) -> str:
    """``6 ou G``; ``1, I ou T``."""
    first, last = candidates[:-1], candidates[-1:]
    word = language.tr("zone.or")
    return f"{', '.join(first)} {word} {last}" if first else last


def question_of(words: str, candidates: str, language: Language) -> str:
    """``Caractère 4 du numéro : 6 ou G ?``."""
    choice = either(candidates, language)
    if language.code == "fr":
        return f"{words}{NBSP}: {choice}{NBSP}?"
    return f"{words}: {choice}?"


def digit_words(digit: Digit, language: Language) -> str:
    """``Numéro : juste``."""
    name = language.tr(f"zone.digit_short.{digit.name}")
    state = language.tr(f"zone.state.{digit.state.value}")
    gap = NBSP if language.code == "fr" else ""
    return f"{name}{gap}: {state}"
