"""The second reader's opinion on a zone of a picture that stands alone.

Rules, in order:

1. Its lines are looked at once, in the first cut; what is seen the same needs nothing more.
2. Where a few characters of a line are seen otherwise and all others the same, each of them is
   shown by itself (:mod:`kiosk.capture.alone`). No second frame says it again: it must be seen
   the same in every cut.
3. Anything else is a contradiction: the reading is not accepted.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.capture.alone import alone, seen_alone
from kiosk.capture.opinion import Dispute, look_at_line
from kiosk.capture.zone_lines import for_general
from kiosk.ports import TextReader
from kiosk.services.zone_reading import ReadZone

_MOST_SHOWN = 4
"""Characters of one line that are shown by themselves; more is another line, or a bad picture."""


def sees_the_same(second: TextReader, cuts: Sequence[ReadZone]) -> bool:
    """Whether the second reader sees what the first one read; every check digit of it is right.

    Args:
        second: made differently than the first.
        cuts: the zone as it was read from different cuts of one picture, always the same text.
    """
    first = cuts[0]
    lines = first.reading.lines
    strips = [for_general(strip, len(lines)) for strip in first.strips]
    disputed: list[Dispute] = []
    for number, (_, scores) in enumerate(zip(strips, second.recognise(strips), strict=True)):
        look = look_at_line(lines, number, scores, digits_hold=True)
        if look is None or not look.alike or len(look.disputes) > _MOST_SHOWN:
            return False
        disputed += look.disputes
    shown = [(cut, dispute) for cut in cuts for dispute in disputed]
    if not shown:
        return True
    pictures = [
        alone(cut.strips[d.line], cut.reading.places[d.line], d.position) for cut, d in shown
    ]
    return all(
        seen_alone(lines, d.line, d.position, scores, digits_hold=True)
        for (_, d), scores in zip(shown, second.recognise(pictures), strict=True)
    )
