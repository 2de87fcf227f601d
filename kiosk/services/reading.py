"""Reads documents and codes from camera frames: guidance, one accepted reading, one best picture.

Rules, in order:

1. A side that is expected to carry a zone is accepted only by its zone
   (:mod:`kiosk.services.zone_agreement`); a side without one only when no zone is in sight
   (:mod:`kiosk.services.plain_side`).
2. The agent may present the other side first: the layout tells which side was read.
3. No frame waits for slow work: the second reader sees a line a frame, and the printed fields are
   read a strip a frame once the side is accepted (:mod:`kiosk.services.print_queue`).
4. Nothing is kept: a reset forgets everything but the print of the sides before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.capture import guidance as speech
from kiosk.capture.guidance import Guidance
from kiosk.capture.picture import grey_of
from kiosk.capture.quality import Quality, measure
from kiosk.documents.codes import PayloadKind, classify
from kiosk.documents.twoddoc import TrustList
from kiosk.domain.evidence import Side
from kiosk.domain.request import VerificationRequest
from kiosk.ports import Clock, CodeSighting, Frame
from kiosk.services.look import Look
from kiosk.services.observation import Observation
from kiosk.services.outline_following import OutlineFollower
from kiosk.services.plain_side import PlainSides
from kiosk.services.print_queue import PrintQueue
from kiosk.services.readers import Readers
from kiosk.services.seal_watch import SealWatch
from kiosk.services.side_taking import SideTaker, TakenSide, lies_on
from kiosk.services.zone_agreement import AgreedZone, ZoneAgreement
from kiosk.services.zone_reading import ZoneReader

if TYPE_CHECKING:
    from kiosk.capture.picture import Points

_CODES_EVERY = 3  # frames of a document


class LiveReader:
    """Observes frame after frame. Used from one thread."""

    def __init__(
        self, readers: Readers, clock: Clock, trust: Callable[[], TrustList] = TrustList
    ) -> None:
        """Wire the parts.

        Args:
            readers: what looks at a frame.
            clock: for the date of the act.
            trust: the list that judges 2D-Doc seals; asked for each document, so that a list
                imported meanwhile counts.
        """
        self._readers = readers
        self.clock = clock
        self.trust = trust
        self._taker = SideTaker(readers.printed, clock, trust)
        self._zones = ZoneReader(readers.text)
        self._outline = OutlineFollower()
        self._plain = PlainSides(self._taker)
        self._seals = SealWatch()
        self._agreement = ZoneAgreement(readers, self._zones, clock, self._seals)
        self._print = PrintQueue()
        self._warm = False
        self.reset(None)

    def reset(self, side: Side | None = None, request: VerificationRequest | None = None) -> None:
        """Forget what was seen.

        Args:
            side: the one expected next; None: only codes are read.
            request: what was announced, for the comparison with a seal on the document.
        """
        self._side = side
        if side is not Side.BACK:
            self._taker.reset()
        self._print.forget(side)
        self._voice = speech.Voice()
        self._count = 0
        self._done: TakenSide | None = None
        self._outline.reset()
        self._plain.reset()
        self._seals.reset()
        self._zones.reset()
        self._agreement.reset(request)

    def observe(self, frame: Frame) -> Observation:
        """What this frame shows; an immutable value. Raises ModelError at the first frame only."""
        if not self._warm:
            self._readers.warm_up()
            self._warm = True
        self._count += 1
        if self._side is None:
            return self._observe_codes(frame)
        return self._observe_document(frame, self._side)

    def settle(self, lines: tuple[str, ...]) -> bool:
        """Take what the agent settled in the open reading; the next frame tells the reading.

        Returns:
            Whether it was taken: only candidates were chosen, every check digit is right and the
            text makes sense. Otherwise nothing changes.
        """
        agreed = None if self._done is not None else self._agreement.settle(lines)
        if agreed is not None:
            self._take_zone(agreed)
        return agreed is not None

    # --- codes --------------------------------------------------------------------------------

    def _observe_codes(self, frame: Frame) -> Observation:
        codes = self._readers.codes.read(frame.image)
        quality = measure(frame.image)
        said = Guidance.DONE if codes else Guidance.NO_DOCUMENT
        return Observation(self._voice.say(said), None, quality, codes)

    def _codes_beside_zone(self, frame: Frame, corners: Points | None) -> tuple[CodeSighting, ...]:
        if self._count % _CODES_EVERY:
            return ()
        codes = self._readers.codes.read(frame.image)
        for code in codes:
            payload = classify(code.payload)
            is_seal = payload.kind is PayloadKind.SEAL and payload.detail == "text"
            # A seal beside the document (a bill on the desk) is not the document's.
            if is_seal and lies_on(code.corners, corners):
                self._seals.note_seal(payload.text)
        return codes

    # --- documents ----------------------------------------------------------------------------

    def _observe_document(self, frame: Frame, side: Side) -> Observation:
        self._seals.next_frame()
        grey = grey_of(frame.image)
        location = self._readers.finder.find(grey)
        zone = self._zones.find(grey, location.zone)
        outline = self._outline.follow(location, zone, frame.image.shape[1])
        if self._done is not None:
            self._print.step()
            return self._observation(Guidance.DONE, outline, measure(frame.image, outline), ())
        # What is cut out is cut along the outline of this very frame: a remembered one may be that
        # of the card before, a smoothed one lies where the card was.
        measured = self._outline.measured
        corners = measured if measured is not None else zone.card
        quality = measure(frame.image, corners, zone.corners)
        codes = self._codes_beside_zone(frame, corners)
        look = Look(frame, zone, corners, quality, self._outline.may_cut(corners))
        self._try_to_finish(look, side)
        if not zone.found:
            self._print.step()  # the side before; a frame with a zone has enough to do
        wanted = self._guidance(side, look)
        shown = outline if outline is not None else corners
        return self._observation(wanted, shown, quality, codes)

    def _observation(
        self,
        wanted: Guidance,
        outline: Points | None,
        quality: Quality,
        codes: tuple[CodeSighting, ...],
    ) -> Observation:
        printed = self._print.read
        if self._done is not None:
            taken = self._done
            said = self._voice.say(Guidance.DONE)
            return Observation(
                said,
                outline,
                quality,
                codes,
                taken.reading,
                taken.portrait,
                taken.card,
                printed=printed,
            )
        said = self._voice.say(wanted)
        return Observation(
            said, outline, quality, codes, open_reading=self._agreement.open, printed=printed
        )

    def _guidance(self, side: Side, look: Look) -> Guidance:
        if self._plain.warned:
            return Guidance.FORBIDDEN
        share = None
        if look.corners is not None:
            spread = look.corners.max(0) - look.corners.min(0)
            share = float(spread.max()) / look.frame.image.shape[1]
        return speech.judge(
            speech.Scene(
                card_share=share,
                letter_px=look.zone.letter_px,
                quality=look.quality,
                zone_expected=self._zone_expected(side),
                zone_found=look.zone.found,
                zone_seen=look.zone.seen,
                portrait_found=self._plain.portrait_seen,
                stable_frames=self._outline.stable_frames,
            )
        )

    def _zone_expected(self, side: Side) -> bool:
        """The back of a card whose front had no zone; a front may have one or not."""
        return side is Side.BACK and not self._taker.front_had_zone

    def _try_to_finish(self, look: Look, side: Side) -> None:
        if look.zone.found:
            self._plain.interrupt()
            agreed = self._agreement.add(look) if look.zone.zones else None
            if agreed is not None:
                self._take_zone(agreed)
            return
        if look.corners is None:
            self._plain.lose()
            self._agreement.lose()
        # A card that still moves into its place would be cut askew.
        elif self._outline.lies_still:
            taken = self._plain.add(look, side, zone_expected=self._zone_expected(side))
            if taken is not None:
                self._take(taken)

    def _take_zone(self, agreed: AgreedZone) -> None:
        self._take(self._taker.with_zone(agreed.look.frame.image, agreed.look.outline, agreed.zone))

    def _take(self, taken: TakenSide) -> None:
        self._done = taken
        self._print.add(taken.reading.side, taken.print)
