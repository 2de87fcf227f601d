"""Canonical JSON (RFC 8785), and a strict parser for what comes from outside.

Rules, in order: text is NFC (the same name must give the same bytes); integers stay within 2^53;
no NaN, no half of a surrogate pair (Python reads one, and nothing can encode it afterwards); on
reading, duplicate keys are refused (Python keeps the last silently).
"""

import json
import math
import re
import unicodedata
from typing import Any

import rfc8785

_MAX_INT = 2**53 - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def normalise(value: Any) -> Any:
    """``value`` with every text in Unicode NFC, keys included."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", str(k)): normalise(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [normalise(item) for item in value]
    return value


def _is_plain(value: Any) -> bool:
    """Whether ``value`` holds ASCII text, integers within 2^53, booleans and null only.

    ASCII is its own NFC and sorts alike by code point and by UTF-16 unit, and such an integer is
    written as it is: Python's own encoder then gives the bytes of RFC 8785, many times as fast.
    """
    if isinstance(value, str):
        return value.isascii()
    if value is None or isinstance(value, bool):
        return True
    if type(value) is int:
        return -_MAX_INT <= value <= _MAX_INT
    if type(value) is dict:
        return all(type(k) is str and k.isascii() and _is_plain(v) for k, v in value.items())
    return isinstance(value, (list, tuple)) and all(map(_is_plain, value))


def canonical_json(value: Any) -> bytes:
    """The one byte form of ``value`` (JSON types only).

    Raises:
        ValueError: a number or text that RFC 8785 cannot represent, or too deep.
    """
    try:
        if _is_plain(value):
            return _ENCODER.encode(value).encode("ascii")
        return rfc8785.dumps(normalise(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as exc:
        raise ValueError("no canonical form") from exc


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _bounded_int(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > _MAX_INT:
        raise ValueError("integer beyond 2^53")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def parse_json(data: bytes | str, max_bytes: int = 1 << 20) -> Any:
    """Parse untrusted JSON.

    Raises:
        ValueError: too long, not UTF-8, not JSON, duplicate keys, NaN, lone surrogates, too deep.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > max_bytes:
        raise ValueError("too long")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
        if _MAYBE_SURROGATE.search(raw):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeError, RecursionError) as exc:
        raise ValueError("not JSON") from exc
    return value
