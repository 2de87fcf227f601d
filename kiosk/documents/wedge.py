"""Tells the burst of a hand-held scanner, which types like a keyboard, from somebody's typing.

Rules, in order:

1. Every key is held back until it is known what it belongs to: at most ``GAP_MS`` for typing, which
   nobody feels. ``settle`` is called by a timer where no key follows.
2. Keys at most ``GAP_MS`` apart make a burst. Six of them ended by Enter, Tab or silence may be a
   scan; fewer are typing and are released in their order. A key held down is no matter of this
   module: its caller knows it by the repeats of the keyboard.
3. A burst is a scan when the text is of a known form (a request, a seal, an item number, an
   address ...) or has at least ``SURE_LENGTH`` characters, which no hand types so fast. Where no
   field takes text, six characters ended by Enter or Tab are one too: released, they would press
   shortcuts, and nobody types words there. In a field they are one where each key came within
   ``SURE_GAP_MS`` of the key before and not at its very moment: no hand types six keys so evenly
   fast; keys of one moment were put in by a program.
4. What a scanner surely typed and nobody can use is swallowed and named, never released: a text of
   bad length, one typed for another keyboard layout, one with the capitals locked.
5. An AIM identifier (``]d1``) is taken off and names the symbology; the separators of a 2D-Doc are
   recognised in the forms in which scanners type them.
6. What follows a scan without a pause (line feed, further lines) belongs to it and is swallowed,
   but for the further lines of a machine-readable zone, as document readers type them: each is a
   scan of its own.

Times must be those of the key events, not of their handling: a program that stood still for a
second sees all that was typed meanwhile at one moment.
Source: ISO/IEC 15424 (AIM identifiers).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from kiosk.documents import twoddoc
from kiosk.documents.codes import MAX_BYTES, PayloadKind, classify
from kiosk.documents.layouts import LAYOUTS

GAP_MS: Final = 50
SILENCE_MS: Final = 150
SURE_GAP_MS: Final = 15
LEAST_LENGTH: Final = 6
SURE_LENGTH: Final = 12
MAX_CHARACTERS: Final = MAX_BYTES

_ENDS: Final = "\r\n\t"
_ZONE: Final = re.compile(r"[0-9A-Z<]+")
_ZONE_LENGTHS: Final = frozenset(
    length for layout in LAYOUTS.values() for length in (layout.width, layout.width * layout.lines)
)
_AIM: Final = re.compile(r"\]([A-Za-z])[0-9A-Za-z]")
_SYMBOLOGIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A": "Code39",
        "C": "Code128",
        "E": "EAN13",
        "L": "PDF417",
        "Q": "QRCode",
        "d": "DataMatrix",
        "z": "Aztec",
    }
)
_SEPARATORS: Final = str.maketrans(
    {
        # Pictures of the control characters, and what Alt+29, Alt+30, Alt+31 type (code page 437).
        "\u241d": twoddoc.GS,
        "\u241e": twoddoc.RS,
        "\u241f": twoddoc.US,
        "\u2194": twoddoc.GS,
        "\u25b2": twoddoc.RS,
        "\u25bc": twoddoc.US,
    }
)
_WRITTEN_SEPARATORS: Final[Mapping[str, str]] = MappingProxyType(
    {"GS": twoddoc.GS, "RS": twoddoc.RS, "US": twoddoc.US}
)
# The same keys, left to right and top to bottom, on both layouts; plain, then with Shift.
_QWERTY: Final = (
    "1234567890-=qwertyuiopasdfghjkl;'zxcvbnm,./" + '!@#$%^&*()_+QWERTYUIOPASDFGHJKL:"ZXCVBNM<>?'
)
_AZERTY: Final = (
    "&é\"'(-è_çà)=azertyuiopqsdfghjklmùwxcvbn,;:!" + "1234567890°+AZERTYUIOPQSDFGHJKLM%WXCVBN?./§"
)
_TYPED_FOR_QWERTY: Final = str.maketrans(_AZERTY, _QWERTY)
_TYPED_FOR_AZERTY: Final = str.maketrans(_QWERTY, _AZERTY)
_OURS: Final = (PayloadKind.REQUEST, PayloadKind.SEAL, PayloadKind.ITEM_NUMBER)


class WedgeProblem(StrEnum):
    """Why what a scanner typed cannot be used."""

    TOO_LONG = "too-long"
    OTHER_LAYOUT = "other-layout"
    CAPITALS_LOCKED = "capitals-locked"


@dataclass(frozen=True, slots=True)
class WedgeAnswer:
    """What to do after a key or a silence.

    Attributes:
        deliver: give this key to the focused field now, after ``release``.
        release: characters held back that turned out to be typing, to be delivered in this order.
        scan: text of a completed scan, separators of a 2D-Doc as control characters; else ``""``.
        symbology: what the AIM identifier says (``DataMatrix``); ``""`` without one.
        problem: set instead of ``scan`` where a scanner typed something unusable.
    """

    deliver: bool = False
    release: str = ""
    scan: str = ""
    symbology: str = ""
    problem: WedgeProblem | None = None


HELD: Final = WedgeAnswer()
"""Nothing to do: the key is held back or belongs to a scan."""


class WedgeBurst:
    """Collects keys one by one. Used from one thread; keeps no text after its answer."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self._last_ms: int | None = None
        self._overlong = False
        self._after_scan = False
        self._after_line = False
        self._in_field = True
        self._even = True

    @property
    def pending(self) -> bool:
        """Whether keys are held back: the caller's timer must call :meth:`settle`."""
        return bool(self._held) or self._overlong

    def key(self, character: str, at_ms: int, *, in_field: bool = True) -> WedgeAnswer:
        """One key event; presses of Shift, Ctrl and Alt alone are no events here.

        Args:
            character: what the key typed (Ctrl+] types U+001D); ``""`` for a key that types
                nothing (an arrow), which ends a burst and is delivered.
            at_ms: time of the event on a clock that does not go back.
            in_field: whether the focused control takes text; the first key of a burst decides.
        """
        fast = self._last_ms is not None and 0 <= at_ms - self._last_ms <= GAP_MS
        before = HELD if fast else self._end(ended=False)
        if not fast:
            self._after_scan = self._after_line = False
        gap = 0 if self._last_ms is None else at_ms - self._last_ms
        self._last_ms = at_ms
        if self._after_scan:
            return HELD
        if not character:
            return self._with_key(before if not fast else self._end(ended=False))
        if character in _ENDS:
            if not self._held and not self._overlong:
                return HELD if self._after_line else self._with_key(before)
            ended = self._end(ended=True)
            return ended if ended.scan or ended.problem else self._with_key(ended)
        if self.pending:
            self._even = self._even and 0 < gap <= SURE_GAP_MS
        else:
            self._in_field, self._even = in_field, True
        self._hold(character)
        return before

    def settle(self, at_ms: int) -> WedgeAnswer:
        """No key came until ``at_ms``: release typing, or end a scan that had no Enter."""
        if self._last_ms is None:
            return HELD
        quiet = at_ms - self._last_ms
        needed = SILENCE_MS if len(self._held) >= LEAST_LENGTH or self._overlong else GAP_MS
        return self._end(ended=False) if quiet > needed or quiet < 0 else HELD

    def reset(self) -> None:
        """Forget everything (the window lost the focus)."""
        self._held, self._last_ms = [], None
        self._overlong = self._after_scan = self._after_line = False

    def _hold(self, character: str) -> None:
        if self._overlong or len(self._held) + len(character) > MAX_CHARACTERS:
            self._held, self._overlong = [], True
        else:
            self._held.extend(character)

    @staticmethod
    def _with_key(answer: WedgeAnswer) -> WedgeAnswer:
        return WedgeAnswer(True, answer.release, answer.scan, answer.symbology, answer.problem)

    def _end(self, *, ended: bool) -> WedgeAnswer:
        """The burst is over; ``ended`` by Enter or Tab: what follows at once belongs to it."""
        text, overlong = "".join(self._held), self._overlong
        self._held, self._overlong = [], False
        if not text and not overlong:
            return HELD
        sure = ended and (self._even or not self._in_field)
        answer = WedgeAnswer(problem=WedgeProblem.TOO_LONG) if overlong else judge(text, sure=sure)
        self._after_line = ended and is_zone(answer.scan)
        self._after_scan = ended and not answer.release and not self._after_line
        return answer


def is_zone(text: str) -> bool:
    """Whether a scan may be one line of a machine-readable zone, or all of its lines in a row."""
    return len(text) in _ZONE_LENGTHS and bool(_ZONE.fullmatch(text))


def judge(text: str, *, sure: bool = False) -> WedgeAnswer:
    """What a burst is: a scan, a problem, or typing (``release`` is the whole text).

    Args:
        text: the characters of the burst.
        sure: no hand typed it so: it was ended by Enter or Tab, and no field takes text, or its
            keys were too even and too fast.
    """
    if len(text) < LEAST_LENGTH:
        return WedgeAnswer(release=text)
    symbology, plain = _without_aim(text)
    plain = _with_separators(plain)
    if _is_known(plain):
        return WedgeAnswer(scan=plain, symbology=symbology)
    problem = _mix_up(plain)
    if problem is not None:
        return WedgeAnswer(problem=problem)
    if (len(text) >= SURE_LENGTH or sure) and plain:
        return WedgeAnswer(scan=plain, symbology=symbology)
    return WedgeAnswer(release=text)


def _without_aim(text: str) -> tuple[str, str]:
    match = _AIM.match(text)
    name = _SYMBOLOGIES.get(match[1]) if match else None
    return (name, text[3:]) if name else ("", text)


def _with_separators(text: str) -> str:
    text = text.translate(_SEPARATORS)
    if twoddoc.looks_like(text) and twoddoc.US not in text:
        # Some scanners write the names of control characters; no seal contains a bracket.
        return re.sub(r"<(GS|RS|US)>|\{(GS|RS|US)\}", _separator, text)
    return text


def _separator(match: re.Match[str]) -> str:
    return _WRITTEN_SEPARATORS[match[1] or match[2]]


def _is_known(text: str) -> bool:
    payload = classify(text.encode("utf-8", "replace"))
    return payload.kind in _OURS or payload.detail not in ("other", "empty", "control-characters")


def _is_ours(text: str) -> bool:
    return classify(text.encode("utf-8", "replace")).kind in _OURS


def _mix_up(text: str) -> WedgeProblem | None:
    """Whether the text would be one of ours on another layout. It is never repaired: only told."""
    for table in (_TYPED_FOR_QWERTY, _TYPED_FOR_AZERTY):
        if _is_ours(text.translate(table)):
            return WedgeProblem.OTHER_LAYOUT
    return WedgeProblem.CAPITALS_LOCKED if _is_ours(text.swapcase()) else None
