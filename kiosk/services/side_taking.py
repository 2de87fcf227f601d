"""Takes a side that was read: straightens it, cuts the portrait, judges the seal, reads the print.

Rules, in order:

1. The zone says which side it is and which way up; a side without a zone is named by its heading.
2. A card that must not be scanned (a social-security card) is not taken: nothing of it is kept.
3. A seal is judged and compared with the zone. On a card only a seal of an identity document counts
   as the card's own; a card that should bear one and shows none is a question for the agent. What
   an invalid seal says confirms nothing.
4. Printed fields are read once, on the straightened side, after it was taken: nobody waits for
   them. What they are worth is said beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kiosk.capture.outline import upright_by
from kiosk.capture.portrait import portrait_of
from kiosk.capture.rectify import rectified
from kiosk.documents import seal_comparison, twoddoc
from kiosk.documents.identification import Identification
from kiosk.documents.series import Family
from kiosk.documents.twoddoc import SealVerdict, TrustList
from kiosk.domain.errors import DocumentError
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, Side, Verdict
from kiosk.domain.request import VerificationRequest
from kiosk.ports import Clock
from kiosk.services.gradual import Gradual, Steps
from kiosk.services.observation import AcceptedReading
from kiosk.services.printed_reading import PrintedField, PrintedReader

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture, Points

_BACK_LAYOUTS = frozenset({"TD1"})


@dataclass(frozen=True, slots=True)
class TakenSide:
    """A side that was accepted.

    Attributes:
        reading: what was read.
        portrait: (h, w, 3) BGR, of a front; else None.
        card: (H, 1012, 3) BGR, the side straightened, or None where its outline is not known.
        print: its printed fields, not read yet; None where none are looked for.
    """

    reading: AcceptedReading
    portrait: Picture | None
    card: Picture | None
    print: Gradual[tuple[PrintedField, ...]] | None = None


@dataclass(frozen=True, slots=True)
class SeenZone:
    """A zone that was accepted.

    Attributes:
        document: what it says.
        checks: on it.
        corners: (4, 2) of the zone in px of the frame, from its first letter.
        frames: how many frames gave it.
        sharpness: best of them, 0 to 1.
        seal_text: text of the 2D-Doc seen beside it, or ``""``.
        request: what was announced, or None.
        settled: a person settled characters of it: the frames did not agree.
    """

    document: IdentityDocument
    checks: tuple[Check, ...]
    corners: Points
    frames: int
    sharpness: float
    seal_text: str = ""
    request: VerificationRequest | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class PlainSide:
    """A side without a zone that was seen long enough.

    Attributes:
        card: (H, 1012, 3) BGR, straightened and upright.
        portrait: (h, w, 3) BGR, of a front; else None.
        side: which side it is.
        known: what its heading says.
        frames: how many frames showed it.
    """

    card: Picture
    portrait: Picture | None
    side: Side
    known: Identification
    frames: int


class SideTaker:
    """Takes sides of one document, front first; forgets the front with :meth:`reset`."""

    def __init__(
        self, printed: PrintedReader | None, clock: Clock, trust: Callable[[], TrustList]
    ) -> None:
        """``printed`` reads headings and fields; ``trust`` judges seals on the day of the clock."""
        self._printed = printed
        self._clock = clock
        self._trust = trust
        self._front: IdentityDocument | None = None

    @property
    def front_had_zone(self) -> bool:
        """Whether the front of this document carried its zone."""
        return self._front is not None

    def reset(self) -> None:
        """Another document."""
        self._front = None

    def with_zone(self, image: Picture, outline: Points | None, zone: SeenZone) -> TakenSide:
        """A side accepted by its zone. ``image``: (H, W, 3) BGR; ``outline``: (4, 2) in px."""
        document = zone.document
        side = Side.BACK if document.layout in _BACK_LAYOUTS else Side.FRONT
        seal, seal_checks = self._judged_seal(zone)
        agreed = Verdict.NOT_DONE if zone.settled else Verdict.PASS
        agreement = Check("reading.agreement", agreed, str(zone.frames))
        card = portrait = fields = None
        if outline is not None:
            card = rectified(image, upright_by(outline, zone.corners))
        if side is Side.FRONT:
            self._front = document
            portrait = None if card is None else self._portrait_of(card, document.kind)
        if card is not None and self._printed is not None:
            fields = self._printed.reading(card, document.kind, side, document)
        reading = AcceptedReading(
            document,
            (*zone.checks, agreement, *seal_checks),
            zone.frames,
            zone.sharpness,
            side,
            seal,
            print_follows=fields is not None,
        )
        return TakenSide(reading, portrait, card, fields)

    def identify(self, card: Picture, side: Side) -> Gradual[Identification]:
        """What the heading of a side without a zone says; ``card``: (H, 1012, 3) BGR, upright."""
        if self._printed is None:
            return Gradual(_unknown(side))
        return self._printed.identify(card, side)

    def plain(self, seen: PlainSide, sharpness: float) -> TakenSide:
        """A side without a zone; ``sharpness``: of its picture, 0 to 1."""
        zone = self._front if seen.side is Side.BACK else None
        kind = seen.known.kind if zone is None else zone.kind
        portrait, fields = seen.portrait, None
        if kind is not None and self._printed is not None:
            if seen.side is Side.FRONT:
                portrait = self._portrait_of(seen.card, kind)
            fields = self._printed.reading(seen.card, kind, seen.side, zone)
        family = seen.known.family
        reading = AcceptedReading(
            None,
            (),
            seen.frames,
            sharpness,
            seen.side,
            print_follows=fields is not None,
            seen_as="" if family is Family.UNKNOWN else family.value,
        )
        return TakenSide(reading, portrait, seen.card, fields)

    def _portrait_of(self, card: Picture, kind: DocumentKind) -> Picture | None:
        return portrait_of(
            card, None if self._printed is None else self._printed.portrait_place(kind)
        )

    def _judged_seal(self, zone: SeenZone) -> tuple[str, tuple[Check, ...]]:
        document, text = zone.document, zone.seal_text
        try:
            seal = twoddoc.parse(text) if text else None
        except DocumentError:
            # A seal that cannot be parsed is no missing seal: the agent must look.
            return "", (Check(seal_comparison.CODE, Verdict.UNSURE),)
        own = seal is not None and seal_comparison.may_be_of(seal, document)
        present = seal_comparison.presence(document, found=own)
        checks: tuple[Check, ...] = () if present is None else (present,)
        if seal is None or not own:
            return "", checks
        today = self._clock.now().astimezone().date()
        verdict = twoddoc.verify(seal, self._trust(), today)
        checks = (*checks, seal_comparison.compare(seal, document))
        if zone.request is not None:
            checks = (*checks, seal_comparison.compare_request(seal, zone.request))
        if verdict is SealVerdict.INVALID:
            checks = tuple(seal_comparison.worthless(check) for check in checks)
        return verdict.value, checks


def _unknown(side: Side) -> Steps[Identification]:
    yield
    return Identification(side=side)


def lies_on(corners: Sequence[tuple[float, float]], outline: Points | None) -> bool:
    """Whether a code lies on a document, by its middle; False where either is not known."""
    if outline is None or not corners:
        return False
    middle = np.asarray(corners, np.float64).mean(0)
    sides = np.roll(outline, -1, axis=0) - outline
    ways = middle - outline
    turns = sides[:, 0] * ways[:, 1] - sides[:, 1] * ways[:, 0]
    return bool((turns >= 0).all() or (turns <= 0).all())
