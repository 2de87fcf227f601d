"""Mobile numbers: as typed, to the number that receives a text message, and whether it is eligible.

Rules, in order:

1. Spaces, points, hyphens, slashes and brackets count for nothing; ``00`` is ``+``, and the
   ``(0)`` after a country code is dropped.
2. A national number of ten digits belongs to the metropole or, by its prefix, to an overseas
   country code. The prefix is mapped *first*: read as a number of +33, an overseas mobile does
   not exist. So is an overseas number that was written with +33.
3. A number is a mobile where the library says so, or the prefixes of the French plan do. One of a
   range that the library does not know is taken, but said to be unsure: the plan grows before the
   library does, and the code by text message will tell.
4. A number of a country code that the service does not take is not eligible, mobile or not.
5. A number is never shown in full where it need not be: :attr:`MobileAnswer.masked`.

Source: libphonenumber metadata; Arcep decisions 2018-0881 and 2022-1583.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from kiosk.advice.dated import SPAN_KEYS, Span, in_force, never_twice, span_of, the_one
from kiosk.documents.data import only, tables_of, text_of, texts_of, toml_of
from kiosk.domain.errors import CatalogueError

FRANCE: Final = 33
MAX_TYPED: Final = 40
_NOISE: Final = re.compile(r"[\s.\-/()\u00a0\u202f\u2010\u2011]+")
_TRUNK: Final = re.compile(r"\(\s*0\s*\)")
_NATIONAL_DIGITS: Final = 9  # without the leading 0
_MASK: Final = "•"
_MOBILE_TYPES: Final = (1, 2)  # PhoneNumberType.MOBILE, FIXED_LINE_OR_MOBILE


class MobileVerdict(StrEnum):
    """What a typed number is; key of the text ``eligibility.answer.<value>``."""

    ELIGIBLE = "eligible"
    NOT_MOBILE = "not-mobile"
    NOT_ELIGIBLE = "not-eligible"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class MobileAnswer:
    """A typed number, judged.

    Attributes:
        verdict: see :class:`MobileVerdict`.
        e164: ``+590690123456``; None where it is malformed. Personal: never in a log.
        masked: the same with all but country code and last two digits hidden; ``""`` where it is
            malformed.
        country_code: 0 where it is malformed.
        sure: the library knows numbers of that range; else the number should be read again.
    """

    verdict: MobileVerdict
    e164: str | None = None
    masked: str = ""
    country_code: int = 0
    sure: bool = True


@dataclass(frozen=True, slots=True)
class PrefixRule:
    """National prefixes (without the 0) of mobiles, and the country code that they belong to."""

    prefixes: tuple[str, ...]
    country_code: int
    span: Span


@dataclass(frozen=True, slots=True)
class AllowedCodes:
    """Country codes that the service takes."""

    country_codes: frozenset[int]
    span: Span


@dataclass(frozen=True, slots=True)
class PhoneRules:
    """All rules on telephone numbers.

    Attributes:
        version: of the data.
        overseas, metropolitan: rules of the French plan.
        allowed: country codes.
    """

    version: str
    overseas: tuple[PrefixRule, ...]
    metropolitan: tuple[PrefixRule, ...]
    allowed: tuple[AllowedCodes, ...]

    def judge(self, typed: str, day: date) -> MobileAnswer:
        """What a typed number is on a day.

        Args:
            typed: as the customer says or types it.
            day: of the act.

        Raises:
            NoFactError: no list of country codes holds on that day.
        """
        allowed = the_one(self.allowed, day).country_codes
        written = self._international(typed, day)
        if written is None:
            return MobileAnswer(MobileVerdict.MALFORMED)
        return self._judged(written, allowed, day)

    def _judged(self, written: str, allowed: frozenset[int], day: date) -> MobileAnswer:
        import phonenumbers

        try:
            number = phonenumbers.parse(written, None)
        except phonenumbers.NumberParseException:
            return MobileAnswer(MobileVerdict.MALFORMED)
        if not phonenumbers.is_possible_number(number):
            return MobileAnswer(MobileVerdict.MALFORMED)
        code = number.country_code or 0
        if code not in allowed:
            verdict = MobileVerdict.NOT_ELIGIBLE
        elif self._is_mobile(
            code, str(number.national_number), phonenumbers.number_type(number), day
        ):
            verdict = MobileVerdict.ELIGIBLE
        else:
            verdict = MobileVerdict.NOT_MOBILE
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        sure = phonenumbers.is_valid_number(number)
        return MobileAnswer(verdict, e164, _masked(shown), code, sure)

    def _international(self, typed: str, day: date) -> str | None:
        """The number with ``+`` and its country code, None where it cannot be one."""
        if len(typed) > MAX_TYPED:
            return None
        text = _NOISE.sub("", _TRUNK.sub("", typed))
        text = f"+{text[2:]}" if text.startswith("00") else text
        digits = text.removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()):
            return None
        if text.startswith("+"):
            national = digits.removeprefix(str(FRANCE))
            if national == digits or len(national.lstrip("0")) != _NATIONAL_DIGITS:
                return text
            return f"+{self._country_code(national.lstrip('0'), day)}{national.lstrip('0')}"
        if len(digits) != _NATIONAL_DIGITS + 1 or digits[0] != "0":
            return None
        return f"+{self._country_code(digits[1:], day)}{digits[1:]}"

    def _country_code(self, national: str, day: date) -> int:
        """Rule 2: the country code of a national number of nine digits."""
        for rule in in_force(self.overseas, day):
            if national.startswith(rule.prefixes):
                return rule.country_code
        return FRANCE

    def _is_mobile(self, code: int, national: str, kind: int, day: date) -> bool:
        """Rule 3. ``kind`` is what the library says."""
        rules = in_force((*self.overseas, *self.metropolitan), day)
        plan = (rule for rule in rules if rule.country_code == code)
        return kind in _MOBILE_TYPES or any(national.startswith(rule.prefixes) for rule in plan)


def _masked(international: str) -> str:
    """``+33 6 12 34 56 78`` as ``+33 • •• •• •• 78``."""
    code, _, rest = international.partition(" ")
    hidden = re.sub(r"\d(?=(?:\D*\d){2})", _MASK, rest)
    return f"{code} {hidden}"


def load_phones(data: bytes) -> PhoneRules:
    """Type the data of ``phones.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown or wrong value, or two rules on one day.
    """
    table = toml_of(data, "phones")
    only(table, {"version", "overseas", "metropolitan", "allowed"}, "phones")
    overseas = (_prefixes_of(item) for item in tables_of(table, "overseas"))
    metropolitan = (_prefixes_of(item) for item in tables_of(table, "metropolitan"))
    allowed = (_allowed_of(item) for item in tables_of(table, "allowed"))
    return PhoneRules(
        text_of(table, "version"),
        never_twice(overseas, lambda rule: str(rule.country_code)),
        never_twice(metropolitan, lambda rule: str(rule.country_code)),
        never_twice(allowed, lambda _: "allowed"),
    )


def _prefixes_of(table: Mapping[str, Any]) -> PrefixRule:
    only(table, SPAN_KEYS | {"prefixes", "country_code"}, "prefixes")
    prefixes = texts_of(table, "prefixes")
    if not prefixes or not all(prefix.isdecimal() for prefix in prefixes):
        raise CatalogueError("prefixes: digits")
    return PrefixRule(prefixes, _code_of(table.get("country_code")), span_of(table))


def _allowed_of(table: Mapping[str, Any]) -> AllowedCodes:
    only(table, SPAN_KEYS | {"country_codes"}, "allowed")
    codes = table.get("country_codes")
    if not isinstance(codes, list):
        raise CatalogueError("country_codes: a list")
    return AllowedCodes(frozenset(_code_of(code) for code in codes), span_of(table))


def _code_of(value: object) -> int:
    if type(value) is not int or not 1 <= value <= 999:
        raise CatalogueError("country code: 1 to 999")
    return value
