"""What a PIN may be: six digits or more, or a passphrase, and never what a thief tries first.

Rules, in order: one form (NFC); digits only: at least six, no sequence, no repetition, no path
over the keypad, no date of six or eight digits, not the badge itself; anything else: ten
characters, five of them different. Sources: records-and-sync 2.6; NIST SP 800-63B-4 3.1.1.2
(compare with a list of values that are commonly used or expected).
"""

from __future__ import annotations

import itertools
import unicodedata
from datetime import date

from kiosk.domain.errors import PinPolicyError

PIN_DIGITS = 6
PASSPHRASE_CHARACTERS = 10
_MIN_DISTINCT_DIGITS = 3
_MIN_DISTINCT_CHARACTERS = 5
_KEYPAD_PATHS = frozenset(
    path[start:] + path[:start]
    for path in ("147258", "258369", "159357", "159753", "147369", "123654", "456987", "112233")
    for start in (0, 3)
) | {"102030", "100200", "123789", "987321", "741852", "852963", "142536", "332211", "445566"}
_OLDEST_YEAR, _NEWEST_YEAR = 1900, 2050


def check_pin(pin: str, badge: str = "") -> str:
    """The PIN in the one form that is hashed.

    Args:
        pin: as typed.
        badge: of the agent, which is written where everybody can read it.

    Raises:
        PinPolicyError: ``detail`` says why: ``short``, ``simple`` (sequence, repetition, path),
            ``date``, ``badge`` or ``phrase`` (a passphrase too short or of too few characters).
    """
    form = unicodedata.normalize("NFC", pin)
    if form.isascii() and form.isdecimal():
        _check_digits(form, badge)
    elif len(form) < PASSPHRASE_CHARACTERS or len(set(form)) < _MIN_DISTINCT_CHARACTERS:
        raise PinPolicyError("phrase" if form else "short")
    return form


def _check_digits(form: str, badge: str) -> None:
    if len(form) < PIN_DIGITS:
        raise PinPolicyError("short")
    if _trivial(form):
        raise PinPolicyError("simple")
    if _date_like(form):
        raise PinPolicyError("date")
    if form in badge:
        raise PinPolicyError("badge")


def _trivial(digits: str) -> bool:
    """Whether a thief would try these digits first."""
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    repeated = any(digits == (digits[:n] * len(digits))[: len(digits)] for n in (1, 2, 3))
    few = len(set(digits)) < _MIN_DISTINCT_DIGITS
    return len(steps) == 1 or repeated or few or digits in _KEYPAD_PATHS


def _date_like(digits: str) -> bool:
    """Whether six or eight digits are a day in one of the usual orders (a birthday, say)."""
    if len(digits) == PIN_DIGITS:
        a, b, c = (int(digits[at : at + 2]) for at in (0, 2, 4))
        # Day and month in both orders; the year at either end; two digits are any century.
        return any(_day(2000 + y, m, d) for d, m, y in ((a, b, c), (b, a, c), (c, b, a)))
    if len(digits) == 8:
        tail, head = int(digits[4:]), int(digits[:4])
        a, b, c, d = (int(digits[at : at + 2]) for at in (0, 2, 4, 6))
        orders = ((a, b, tail), (b, a, tail), (d, c, head))
        return any(
            _OLDEST_YEAR <= year <= _NEWEST_YEAR and _day(year, month, day)
            for day, month, year in orders
        )
    return False


def _day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        # 29 February of a year that is none here was one in another century.
        return (month, day) == (2, 29)
    return True
