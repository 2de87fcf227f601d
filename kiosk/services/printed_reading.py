"""Reads printed fields on a straightened side: what is certain is offered, nothing else.

Rules, in order:

1. A field is looked for where the layout of the kind says; what is not listed is not looked for. A
   side that is not straight, or shows too few of its lines, is not read at all.
2. A value counts only where three different cuts of the line give the same clear letters, in the
   form that the field must have.
3. What is sure is said by :func:`kiosk.documents.printed_values.settle`: only what agrees with the
   machine-readable zone. Without a zone values are read, and settled once it is there. Names take
   their accents from print and their letters from both.
4. Everything is an offer. The agent sees the strip beside the value and confirms or corrects it.
5. Reading print is slow: it is done line by line, a step for each strip that is recognised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kiosk.capture.print_decode import PrintedText, decode_print
from kiosk.capture.print_lines import Line, cut, find_lines_of, headings
from kiosk.documents.check_digits import FILLER
from kiosk.documents.data import Box
from kiosk.documents.identification import Identification, identify_marks
from kiosk.documents.names import mrz_name
from kiosk.documents.printed_layouts import PrintedLayout, PrintedLayouts
from kiosk.documents.printed_values import compare_with_zone, form_of, settle
from kiosk.documents.series import SeriesCatalogue
from kiosk.domain.evidence import (
    DocumentKind,
    IdentityDocument,
    PrintedValue,
    Side,
    Verdict,
)
from kiosk.ports import PrintedTextReader
from kiosk.services.gradual import Gradual, Steps

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture

_LOOKS = ((0.34, 0.0), (0.46, 0.15), (0.40, 0.30))
"""Margin and shift of each cut, as shares of the capitals' height."""
_STRIP_MARGIN = 0.6
_HEADING_MARGIN = 0.3
_FORBIDDEN_LINES = 5
_MAX_RATIO_OFF = 0.08
_MAX_RATIO_OFF_WITH_ZONE = 0.25
_MIN_FOUND = 0.6  # of the places of a side: fewer, and the side is not what it is taken for


@dataclass(frozen=True, slots=True)
class PrintedField:
    """One printed field.

    Attributes:
        name: one of ``PRINTED_FIELDS``.
        text: the value, ``""`` where it was not read clearly.
        sure: it may be offered to the agent.
        strip: (h, w, 3) BGR, the line as cut from the document; never stored.
        agrees_with_zone: PASS, FAIL, UNSURE, or NOT_DONE where the zone says nothing of it or the
            text is not clear.
    """

    name: str
    text: str
    sure: bool
    strip: Picture
    agrees_with_zone: Verdict

    @property
    def value(self) -> PrintedValue:
        """What a case may keep of it."""
        return PrintedValue(self.name, self.text, self.sure)


class PrintedReader:
    """Reads the fields of one accepted side. Used from one thread."""

    def __init__(
        self, reader: PrintedTextReader, layouts: PrintedLayouts, series: SeriesCatalogue
    ) -> None:
        """Wire the reader with the places of fields, and the words of headings."""
        self._reader = reader
        self._layouts = layouts
        self._series = series

    def warm_up(self) -> None:
        """Load the recogniser. Raises ModelError."""
        self._reader.warm_up()

    def portrait_place(self, kind: DocumentKind) -> Box | None:
        """Where the front of a kind has its portrait, None where that is not known."""
        layout = self._layouts.of(kind, Side.FRONT)
        return None if layout is None else layout.portrait

    def read(
        self, card: Picture, kind: DocumentKind, side: Side, zone: IdentityDocument | None
    ) -> tuple[PrintedField, ...]:
        """Printed fields of a side at once; see :meth:`reading`."""
        return self.reading(card, kind, side, zone).whole()

    def reading(
        self, card: Picture, kind: DocumentKind, side: Side, zone: IdentityDocument | None
    ) -> Gradual[tuple[PrintedField, ...]]:
        """Printed fields of a side, those that were found, in the order of the layout.

        Args:
            card: (H, 1012, 3) BGR, straightened and upright.
            kind: which document.
            side: which side of it.
            zone: what its machine-readable zone says, where it was read.
        """
        return Gradual(self._fields(card, kind, side, zone))

    def _fields(
        self, card: Picture, kind: DocumentKind, side: Side, zone: IdentityDocument | None
    ) -> Steps[tuple[PrintedField, ...]]:
        layout = self._layouts.of(kind, side)
        if layout is None or not _well_cut(card, layout, zone):
            return ()
        places = layout.fields
        lines = find_lines_of(card, [place.box for place in places])
        if sum(line is not None for line in lines) < _MIN_FOUND * len(places):
            return ()
        yield
        fields = []
        for place, line in zip(places, lines, strict=True):
            if line is not None:
                fields.append((yield from self._field(card, place.name, line, zone)))
        return _settled(fields, zone)

    def identify(self, card: Picture, side: Side) -> Gradual[Identification]:
        """What the words of the heading of a side without a zone say.

        Args:
            card: (H, 1012, 3) BGR, straightened and upright.
            side: which side it is.
        """
        return Gradual(self._identification(card, side))

    def _identification(self, card: Picture, side: Side) -> Steps[Identification]:
        words = yield from self._words(card, headings(card))
        known = identify_marks(words, self._series, side)
        if known.forbidden:
            return known
        # A card that must not be scanned is looked for on the whole side, and upside down.
        over = np.ascontiguousarray(card[::-1, ::-1])
        for picture in (card, over):
            words = yield from self._words(picture, headings(picture, 1.0, _FORBIDDEN_LINES))
            found = identify_marks(words, self._series, side)
            if found.forbidden:
                return found
        return known

    def _words(self, card: Picture, lines: Sequence[Line]) -> Steps[list[str]]:
        words = []
        for line in lines:
            words.append(self._look(card, line, _HEADING_MARGIN, 0.0).text)
            yield
        return words

    def _look(self, card: Picture, line: Line, margin: float, shift: float) -> PrintedText:
        strip = cut(card, line, margin, shift)
        return decode_print(self._reader.recognise_print([strip])[0])

    def _field(
        self, card: Picture, name: str, line: Line, zone: IdentityDocument | None
    ) -> Steps[PrintedField]:
        strip = cut(card, line, _STRIP_MARGIN, shift=0.2)
        value = yield from self._value(card, name, line, zone)
        if value is None:
            return PrintedField(name, "", False, strip, Verdict.NOT_DONE)
        agreement = compare_with_zone(name, value, zone).verdict
        return PrintedField(name, value, False, strip, agreement)

    def _value(
        self, card: Picture, name: str, line: Line, zone: IdentityDocument | None
    ) -> Steps[str | None]:
        """The value that every look gives, or None."""
        found: str | None = None
        for margin, shift in _LOOKS:
            text = self._look(card, line, margin, shift)
            yield
            if not text.clear:
                return None
            value = form_of(name, _spaced(text, zone) if name == "surname" else text.text)
            if value is None or found not in (None, value):
                return None
            found = value
        return found


def _well_cut(card: Picture, layout: PrintedLayout, zone: IdentityDocument | None) -> bool:
    """Whether the straightened side has the proportions of the document: else its outline is off.

    Perspective changes them by a few percent. With a zone the values themselves are compared, so
    more is let through.
    """
    ratio = card.shape[0] / card.shape[1]
    limit = _MAX_RATIO_OFF if zone is None else _MAX_RATIO_OFF_WITH_ZONE
    return bool(abs(ratio / layout.ratio - 1) <= limit)


def _spaced(text: PrintedText, zone: IdentityDocument | None) -> str:
    """The text with a space where the zone has one and the reader saw no sign.

    The recogniser drops narrow spaces. Only a place where it saw nothing at all is filled in, and
    only where the letters are exactly those of the zone.
    """
    plain = text.text
    if zone is None:
        return plain
    wanted = mrz_name(zone.surname)
    if mrz_name(plain).replace(FILLER, "") != wanted.replace(FILLER, ""):
        return plain
    out, spelled = "", ""
    for index, glyph in enumerate(text.glyphs):
        letters = mrz_name(glyph.symbol)
        if letters and wanted[len(spelled) :].startswith(FILLER):
            if out and out[-1].isalpha() and text.gaps[index - 1]:
                out += " "
            spelled += FILLER
        spelled += letters
        out += glyph.symbol
    return out


def _settled(
    fields: Sequence[PrintedField], zone: IdentityDocument | None
) -> tuple[PrintedField, ...]:
    """The fields, with what :func:`settle` says of those that were read."""
    sure = {value.name: value.sure for value in settle([f.value for f in fields if f.text], zone)}
    return tuple(replace(field, sure=sure.get(field.name, False)) for field in fields)
