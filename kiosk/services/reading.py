"""Reads documents and codes from camera frames: guidance, one accepted reading, one best picture.

Rules, in order:

1. A side that is expected to carry a zone is accepted only by its zone; a side without one only
   when no zone is in sight and it shows a portrait (front) or none (back) again and again.
2. The agent may present the other side first: the layout tells which side was read.
3. A reading is accepted when several frames agree (:mod:`kiosk.capture.vote`), never from one, and
   a second reader that was made differently confirms it (:mod:`kiosk.services.confirmation`).
4. What frames or readers leave open is offered to the agent; what the agent settles is accepted
   only with every check digit right, and stays marked as settled by a person.
5. A card that should carry a seal is given a moment more, so that the seal is read with the zone.
6. Nothing is kept: a reset forgets everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kiosk.capture import guidance as speech
from kiosk.capture.doubt import OpenReading
from kiosk.capture.guidance import Guidance
from kiosk.capture.outline import OutlineTracker, refined, upright_by, with_head
from kiosk.capture.picture import grey_of
from kiosk.capture.portrait import find_portrait
from kiosk.capture.quality import Quality, measure
from kiosk.capture.rectify import rectified
from kiosk.capture.still import overlap
from kiosk.capture.vote import Ballot, Verdict, Vote
from kiosk.documents import mrz
from kiosk.documents.codes import PayloadKind, classify
from kiosk.documents.twoddoc import TrustList
from kiosk.domain.errors import DocumentError
from kiosk.domain.evidence import Check, DocumentKind, Side
from kiosk.domain.evidence import Verdict as CheckVerdict
from kiosk.domain.request import VerificationRequest
from kiosk.ports import Clock, CodeSighting, Frame
from kiosk.services.confirmation import Confirmation
from kiosk.services.observation import Observation
from kiosk.services.readers import Readers
from kiosk.services.side_taking import SeenZone, SideTaker, TakenSide, lies_on
from kiosk.services.zone_reading import (
    ReadZone,
    ZoneFinding,
    ZoneReader,
    differing,
    makes_sense,
)

if TYPE_CHECKING:
    from kiosk.capture.location import Location, Place
    from kiosk.capture.picture import Picture, Points

_FRONT_PORTRAITS = 3
_PLAIN_BACK_FRAMES = 10
_SEAL_FRAMES = 12
_STILL_FRAMES = 2
_MOST_TEXTS = 64
_OUTLINE_ANEW = 15  # frames after which the outline is looked for from the beginning
_SECOND_EVERY, _SECOND_FRAMES = 4, 3
_OPEN_AFTER_MS = 1500
_OTHER_DOCUMENT, _STRANGE_FRAMES = 12, 4
"""Characters that differ between two documents, and for how many frames, to be another one."""
_FORBIDDEN_FRAMES = 45  # how long the agent is told to take a forbidden card away
_SAME_DOCUMENT = 0.7
_PLAIN_SHARP_ENOUGH = 0.05  # a zone that blur hides must not pass for a side without one
_SEALED_KINDS = frozenset({DocumentKind.FR_ID_CARD_2021})


@dataclass(frozen=True, slots=True)
class _Look:
    """What one frame shows, as far as it was measured.

    Attributes:
        frame: the frame.
        zone: its zone, perhaps none.
        corners: (4, 2) of the document in px, or None.
        quality: of document and zone.
    """

    frame: Frame
    zone: ZoneFinding
    corners: Points | None
    quality: Quality


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
        self._clock = clock
        self.trust = trust
        self._taker = SideTaker(readers.printed, clock, trust)
        self._zones = ZoneReader(readers.text)
        self._confirmation = Confirmation(readers.second)
        self._open_confirmation = Confirmation(readers.second)
        self._warm = False
        self.reset(None)

    def reset(self, side: Side | None = None, request: VerificationRequest | None = None) -> None:
        """Forget what was seen.

        Args:
            side: the one expected next; None: only codes are read.
            request: what was announced, for the comparison with a seal on the document.
        """
        self._request = request
        self._side = side
        if side is not Side.BACK:
            self._taker.reset()
        self._forbidden = 0
        self._vote = Vote()
        self._second_vote = Vote()
        self._unread = 0
        self._tracker = OutlineTracker()
        self._exact: Points | None = None
        self._measured: Points | None = None
        self._voice = speech.Voice()
        self._count = 0
        self._calm = 0
        self._portraits = 0
        self._waited = 0
        self._portrait_seen: bool | None = None
        self._seal_text = ""
        self._seal_frame = 0
        self._since: dict[tuple[str, ...], int] = {}
        self._done: TakenSide | None = None
        self._open: OpenReading | None = None
        self._strange = 0
        self._open_look: tuple[_Look, ReadZone] | None = None
        self._first_read_ms: int | None = None
        self._zones.reset()
        self._confirmation.reset()
        self._open_confirmation.reset()

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
        if self._open is None or self._open_look is None or self._done is not None:
            return False
        places = {(c.line, c.position): c.candidates for c in self._open.open}
        if [len(line) for line in lines] != [len(line) for line in self._open.lines]:
            return False
        for number, (line, shown) in enumerate(zip(lines, self._open.lines, strict=True)):
            for position, (symbol, before) in enumerate(zip(line, shown, strict=True)):
                if symbol not in places.get((number, position), before):
                    return False
        parsed = self._parsed(lines)
        if parsed is None or not (parsed.digits_agree and makes_sense(parsed)):
            return False
        settled = Check("reading.settled", CheckVerdict.UNSURE, str(len(places)))
        look, read = self._open_look
        verdict = Verdict(lines, 1, digits_hold=True, sharpness=look.quality.sharpness)
        parsed = replace(parsed, checks=(*parsed.checks, settled))
        # The settled text may never have been read as such: its seal counts since its like was.
        alike = [
            since
            for text, since in self._since.items()
            if (apart := differing(text, lines)) is not None and apart <= len(places)
        ]
        self._since[lines] = min(alike, default=self._count)
        self._finish_zone(look, read, parsed, verdict, settled=True)
        return True

    # --- codes --------------------------------------------------------------------------------

    def _observe_codes(self, frame: Frame) -> Observation:
        codes = self._readers.codes.read(frame.image)
        quality = measure(frame.image)
        said = Guidance.DONE if codes else Guidance.NO_DOCUMENT
        return Observation(self._voice.say(said), None, quality, codes)

    def _codes_beside_zone(self, frame: Frame, corners: Points | None) -> tuple[CodeSighting, ...]:
        if self._count % 3:
            return ()
        codes = self._readers.codes.read(frame.image)
        for code in codes:
            payload = classify(code.payload)
            is_seal = payload.kind is PayloadKind.SEAL and payload.detail == "text"
            # A seal beside the document (a bill on the desk) is not the document's.
            if is_seal and lies_on(code.corners, corners):
                self._seal_text, self._seal_frame = payload.text, self._count
        return codes

    # --- documents ----------------------------------------------------------------------------

    def _observe_document(self, frame: Frame, side: Side) -> Observation:
        grey = grey_of(frame.image)
        location = self._readers.finder.find(grey)
        zone = self._zones.find(grey, location.zone)
        outline = self._outline(location, zone, frame)
        if self._done is not None:
            return self._observation(Guidance.DONE, outline, measure(frame.image, outline), ())
        # What is cut out is cut along the outline of this very frame: a remembered one may be that
        # of the card before, a smoothed one lies where the card was.
        corners = self._measured if self._measured is not None else zone.card
        quality = measure(frame.image, corners, zone.corners)
        codes = self._codes_beside_zone(frame, corners)
        look = _Look(frame, zone, corners, quality)
        self._try_to_finish(look, side)
        wanted = self._guidance(side, look)
        shown = outline if outline is not None else corners
        return self._observation(wanted, shown, quality, codes)

    def _outline(self, location: Location, zone: ZoneFinding, frame: Frame) -> Points | None:
        """The document's outline for this frame, begun at the top left of its print."""
        width = frame.image.shape[1]
        place = _bearer(location, zone)
        if place is None:
            self._exact = self._measured = None
            return self._tracker.update(None, width)
        corners = place.corners
        if zone.corners is not None:
            corners = upright_by(corners, zone.corners)
        if zone.card is not None:
            corners = with_head(corners, zone.card)
        # An outline found in a moving, blurred picture is no ground to go on from.
        before = self._exact if self._tracker.stable_frames > _STILL_FRAMES else None
        corners = refined(zone.grey, corners, before)
        self._measured = corners
        self._exact = corners if self._count % _OUTLINE_ANEW else None
        return self._tracker.update(corners, width)

    def _observation(
        self,
        wanted: Guidance,
        outline: Points | None,
        quality: Quality,
        codes: tuple[CodeSighting, ...],
    ) -> Observation:
        if self._done is not None:
            taken = self._done
            said = self._voice.say(Guidance.DONE)
            return Observation(
                said, outline, quality, codes, taken.reading, taken.portrait, taken.card
            )
        said = self._voice.say(wanted)
        return Observation(said, outline, quality, codes, open_reading=self._open)

    def _guidance(self, side: Side, look: _Look) -> Guidance:
        if self._forbidden:
            self._forbidden -= 1
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
                portrait_found=self._portrait_seen,
                stable_frames=self._tracker.stable_frames,
            )
        )

    def _zone_expected(self, side: Side) -> bool:
        """The back of a card whose front had no zone; a front may have one or not."""
        return side is Side.BACK and not self._taker.front_had_zone

    def _try_to_finish(self, look: _Look, side: Side) -> None:
        if look.zone.found:
            self._calm = 0
            if look.zone.zones:
                self._read_zone(look)
            return
        # A card that still moves into its place would be cut askew.
        if look.corners is None or self._tracker.stable_frames < _STILL_FRAMES:
            return
        if look.quality.glare > speech.MAX_GLARE or look.quality.sharpness < _PLAIN_SHARP_ENOUGH:
            return
        self._calm += 1
        if self._calm % 2:
            return
        if self._look_for_portrait(look) is not None:
            self._portraits += 1
        elif self._portraits:
            self._portraits -= 1
        if self._zone_expected(side):
            return
        # A plain front shows a portrait again and again, a plain back never does.
        front = side is Side.FRONT and self._portraits >= _FRONT_PORTRAITS
        back = side is Side.BACK and not self._portraits and self._calm >= _PLAIN_BACK_FRAMES
        if front or back:
            self._finish_plain(look, side)

    def _look_for_portrait(self, look: _Look) -> tuple[Picture, Picture] | None:
        """The portrait and the side that bears it, both upright."""
        if look.corners is None:
            return None
        for flipped in (False, True):
            card = rectified(look.frame.image, look.corners, flipped=flipped)
            portrait = find_portrait(card)
            if portrait is not None:
                self._portrait_seen = True
                return portrait, card
        self._portrait_seen = False
        return None

    def _finish_plain(self, look: _Look, side: Side) -> None:
        if look.corners is None:
            return
        portrait, card = None, rectified(look.frame.image, look.corners)
        if side is Side.FRONT:
            found = self._look_for_portrait(look)
            if found is None:
                return
            portrait, card = found
        self._done = self._taker.plain(
            card, portrait, side, frames=self._calm, sharpness=look.quality.sharpness
        )
        if self._done is None:
            # A card that must not be scanned: nothing of it is kept, and the agent is told.
            self._forbidden = _FORBIDDEN_FRAMES
            self._calm = self._portraits = 0
            self._portrait_seen = None

    # --- the zone -----------------------------------------------------------------------------

    def _read_zone(self, look: _Look) -> None:
        read = self._zones.read(look.zone)
        if read is None:
            self._read_by_second(look)
            return
        parsed = self._parsed(read.reading.lines)
        if parsed is None:
            return
        if self._first_read_ms is None:
            self._first_read_ms = look.frame.timestamp_ms
        self._note_text(read.reading.lines)
        holds = parsed.digits_agree and makes_sense(parsed)
        self._withdraw(read.reading.lines)
        ballot = Ballot(read.reading, holds, look.quality.sharpness, read.strips)
        verdict = self._vote.add(ballot)
        if verdict is None:
            self._offer(look, read)
            return
        opinion = self._confirmation.step(verdict.lines, read.strips, digits_hold=holds)
        seal_is_in = self._seal_is_in(parsed)
        if opinion is None:
            return
        if not opinion.agrees:
            self._offer(look, read)
        elif seal_is_in and self._lies_still(look):
            self._finish_zone(look, read, parsed, verdict)

    def _lies_still(self, look: _Look) -> bool:
        """Whether the picture of the side may be kept; always so where the zone alone tells."""
        measured = self._measured is not None and look.corners is self._measured
        return not measured or self._tracker.stable_frames >= 1

    def _withdraw(self, lines: tuple[str, ...]) -> None:
        """Take an offer back when another document lies there, told by its text."""
        if self._open is None:
            return
        apart = differing(self._open.lines, lines)
        self._strange = self._strange + 1 if apart is None or apart > _OTHER_DOCUMENT else 0
        if self._strange >= _STRANGE_FRAMES:
            self._open = self._open_look = None
            self._strange = 0
            self._vote.clear()
            self._open_confirmation.reset()

    def _offer(self, look: _Look, read: ReadZone) -> None:
        """Rule 4: after a while, what only a few characters stand in the way of."""
        waited = look.frame.timestamp_ms - (self._first_read_ms or 0)
        if self._open is not None or waited < _OPEN_AFTER_MS:
            return
        candidate = self._vote.open_reading()
        lines = read.reading.lines if candidate is None else candidate.lines
        strips = read.strips if candidate is None else candidate.strips
        # What is not open must be seen by the second reader too.
        opinion = self._open_confirmation.step(lines, strips, digits_hold=mrz.digits_hold(lines))
        if opinion is None or opinion.disputes is None:
            return
        offered = self._vote.open_reading(opinion.disputes)
        # Frames came meanwhile: an offer must be of the very text that the second reader looked at.
        if offered is not None and offered.lines == lines:
            self._open = offered
            self._open_look = (look, read)

    def _read_by_second(self, look: _Look) -> None:
        """Another typeface than the first reader knows: the general one by itself, more strictly.

        Only where the first reader has read nothing of this document, and every few frames, because
        it is slow; only readings without a doubt and with every check digit right count, and three
        frames must agree.
        """
        self._unread += 1
        if self._readers.second is None or self._unread % _SECOND_EVERY:
            return
        if self._first_read_ms is not None:
            return  # the first reader knows this typeface: the two must agree
        read = self._zones.read(look.zone, self._readers.second)
        if read is None or read.reading.doubts:
            return
        parsed = self._parsed(read.reading.lines)
        if parsed is None or not (parsed.digits_agree and makes_sense(parsed)):
            return
        self._note_text(read.reading.lines)
        verdict = self._second_vote.add(Ballot(read.reading, True, look.quality.sharpness))
        if verdict is None or verdict.frames < _SECOND_FRAMES:
            return
        if self._seal_is_in(parsed):
            self._finish_zone(look, read, parsed, verdict)

    def _parsed(self, lines: tuple[str, ...]) -> mrz.MrzReading | None:
        try:
            return mrz.parse(lines, self._clock.now().astimezone().date())
        except DocumentError:
            return None

    def _note_text(self, lines: tuple[str, ...]) -> None:
        """Remember since which frame a text is read; of many texts only the newest."""
        if lines not in self._since and len(self._since) >= _MOST_TEXTS:
            del self._since[next(iter(self._since))]
        self._since.setdefault(lines, self._count)

    def _seal_of(self, lines: tuple[str, ...]) -> str:
        """Text of the seal seen since this text is read: an older one is of the card before."""
        return self._seal_text if self._seal_frame >= self._since.get(lines, self._count) else ""

    def _seal_is_in(self, parsed: mrz.MrzReading) -> bool:
        """Rule 5: a card that should carry a seal waits a little for it."""
        if parsed.document.kind not in _SEALED_KINDS or self._seal_of(parsed.document.mrz):
            return True
        self._waited += 1
        return self._waited > _SEAL_FRAMES

    def _finish_zone(
        self,
        look: _Look,
        read: ReadZone,
        parsed: mrz.MrzReading,
        verdict: Verdict,
        *,
        settled: bool = False,
    ) -> None:
        outline = look.corners if look.corners is not None else look.zone.card
        zone = SeenZone(
            parsed.document,
            parsed.checks,
            read.corners,
            verdict.frames,
            verdict.sharpness,
            self._seal_of(parsed.document.mrz),
            self._request,
            settled=settled,
        )
        self._done = self._taker.with_zone(look.frame.image, outline, zone)


def _bearer(location: Location, zone: ZoneFinding) -> Place | None:
    """The document that bears the zone; the largest one where no zone is in sight.

    None where a zone lies on none of them: a portrait must never be cut from another document than
    the one that was read.
    """
    if zone.corners is None:
        return location.document
    told = zone.card if zone.card is not None else zone.corners
    bearing = [p for p in location.documents if overlap(p.corners, told) > _SAME_DOCUMENT]
    return bearing[0] if bearing else None
