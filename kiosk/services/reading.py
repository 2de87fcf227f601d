"""Reads documents and codes from camera frames: guidance, one accepted reading, one best picture.

Rules, in order:

1. A side that is expected to carry a zone is accepted only by its zone; a side without one only
   when no line of a zone is in sight and it shows a portrait (front) or none (back) again and
   again.
2. The agent may present the other side first: the layout tells which side was read.
3. A reading is accepted when several frames agree (:mod:`kiosk.capture.vote`), never from one, and
   a second reader that was made differently confirms it (:mod:`kiosk.capture.opinion`).
4. A card that should carry a seal is given a moment more, so that the seal is read with the zone.
5. Nothing is kept: a reset forgets everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture import guidance as speech
from kiosk.capture.doubt import OpenReading
from kiosk.capture.guidance import Guidance
from kiosk.capture.outline import OutlineTracker, find_outline
from kiosk.capture.picture import grey_of
from kiosk.capture.portrait import find_portrait, portrait_of
from kiosk.capture.quality import Quality, measure
from kiosk.capture.rectify import rectified
from kiosk.capture.vote import Ballot, Verdict, Vote
from kiosk.documents import mrz, seal_comparison, twoddoc
from kiosk.documents.codes import PayloadKind, classify
from kiosk.documents.series import Family
from kiosk.documents.twoddoc import TrustList
from kiosk.domain.errors import DocumentError
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, Side
from kiosk.domain.evidence import Verdict as CheckVerdict
from kiosk.ports import Clock, CodeReader, CodeSighting, Frame, TextReader
from kiosk.services.printed_reading import PrintedField, PrintedReader
from kiosk.services.zone_reading import ZoneFinding, ZoneReader, makes_sense

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture, Points

_FRONT_PORTRAITS = 3
_PLAIN_BACK_FRAMES = 10
_SEAL_FRAMES = 12
_SECOND_EVERY, _SECOND_FRAMES = 4, 3
_SHARP_ENOUGH = 0.08
_FORBIDDEN_FRAMES = 45  # how long the agent is told to take a forbidden card away
_PLAIN_SHARP_ENOUGH = 0.05  # a zone that blur hides must not pass for a side without one
_BACK_LAYOUTS = frozenset({"TD1"})
_SEALED_KINDS = frozenset({DocumentKind.FR_ID_CARD_2021})


@dataclass(frozen=True, slots=True)
class AcceptedReading:
    """A side that was read.

    Attributes:
        document: what the zone says; None for a side without a zone.
        checks: check digits, agreement, and the seal compared with the zone.
        frames_agreeing: how many frames gave this reading.
        sharpness: 0 to 1, best of those frames.
        side: front or back, as the layout tells.
        seal: verdict of a 2D-Doc seen on this side (``SealVerdict`` value), or ``""``.
        printed: fields of the printed zone that were found, with their strips; never stored.
        seen_as: what the heading of a side without a zone names (``Family`` value), or ``""``.
    """

    document: IdentityDocument | None
    checks: tuple[Check, ...]
    frames_agreeing: int
    sharpness: float
    side: Side
    seal: str = ""
    printed: tuple[PrintedField, ...] = ()
    seen_as: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What is seen in one frame.

    Attributes:
        guidance: one sentence for the agent.
        outline: (4, 2) corners of the document in px of the frame, clockwise, or None.
        quality: of the document and the zone.
        codes: in this frame.
        reading: set once accepted, and then on every frame until the next reset.
        portrait: (h, w, 3) BGR of the accepted front, or None.
        best_image: (H, 1012, 3) BGR, the accepted side rectified, or None.
        open_reading: a zone that frames leave open at some characters, for the agent to settle
            (:meth:`LiveReader.settle`); None while there is hope, and once a reading is accepted.
    """

    guidance: Guidance
    outline: Points | None
    quality: Quality
    codes: tuple[CodeSighting, ...] = ()
    reading: AcceptedReading | None = None
    portrait: Picture | None = None
    best_image: Picture | None = None
    open_reading: OpenReading | None = None


class LiveReader:
    """Observes frame after frame. Used from one thread."""

    def __init__(
        self,
        text_reader: TextReader,
        code_reader: CodeReader,
        clock: Clock,
        trust: TrustList | None = None,
        second_reader: TextReader | None = None,
        printed_reader: PrintedReader | None = None,
    ) -> None:
        """Wire the readers.

        Args:
            text_reader: reads every frame.
            code_reader: QR codes and seals.
            clock: for the date of the act.
            trust: judges 2D-Doc seals.
            second_reader: made differently; must confirm a reading before it is accepted.
            printed_reader: reads headings and printed fields of a side once it is accepted.
        """
        self._printed_reader = printed_reader
        self._front_document: IdentityDocument | None = None
        self._second = second_reader
        self._text_reader = text_reader
        self._code_reader = code_reader
        self._clock = clock
        self._trust = trust or TrustList()
        self._zones = ZoneReader(text_reader)
        self._front_had_zone = False
        self._warm = False
        self.reset(None)

    def reset(self, side: Side | None = None) -> None:
        """Forget what was seen. ``side``: the one expected next; None: only codes are read."""
        self._side = side
        if side is not Side.BACK:
            self._front_had_zone = False
            self._front_document = None
        self._forbidden = 0
        self._vote = Vote()
        self._second_vote = Vote()
        self._unread = 0
        self._tracker = OutlineTracker()
        self._voice = speech.Voice()
        self._count = 0
        self._calm = 0
        self._portraits = 0
        self._waited = 0
        self._portrait_seen: bool | None = None
        self._upside_down = False
        self._seal_text = ""
        self._done: tuple[AcceptedReading, Picture | None, Picture | None] | None = None
        self._zones.reset()

    def observe(self, frame: Frame) -> Observation:
        """What this frame shows; an immutable value. Raises ModelError at the first frame only."""
        if not self._warm:
            self._text_reader.warm_up()
            if self._second is not None:
                self._second.warm_up()
            self._warm = True
        self._count += 1
        if self._side is None:
            return self._observe_codes(frame)
        return self._observe_document(frame, self._side)

    # --- codes --------------------------------------------------------------------------------

    def _observe_codes(self, frame: Frame) -> Observation:
        codes = self._code_reader.read(frame.image)
        quality = measure(frame.image)
        said = Guidance.DONE if codes else Guidance.NO_DOCUMENT
        return Observation(self._voice.say(said), None, quality, codes)

    def _codes_beside_zone(self, frame: Frame) -> tuple[CodeSighting, ...]:
        if self._seal_text or self._count % 3:
            return ()
        codes = self._code_reader.read(frame.image)
        for code in codes:
            payload = classify(code.payload)
            if payload.kind is PayloadKind.SEAL and payload.detail == "text":
                self._seal_text = payload.text
        return codes

    # --- documents ----------------------------------------------------------------------------

    def _observe_document(self, frame: Frame, side: Side) -> Observation:
        grey = grey_of(frame.image)
        width = frame.image.shape[1]
        found = find_outline(frame.image, near=self._tracker.corners)
        outline = self._tracker.update(found, width)
        if self._done is not None:
            return self._observation(Guidance.DONE, outline, measure(frame.image, outline), ())
        zone = self._zones.find(grey, outline, thorough=self._count % 3 == 0)
        corners = outline if outline is not None and zone.on_outline else zone.card
        quality = measure(frame.image, corners, zone.corners)
        codes = self._codes_beside_zone(frame)
        self._try_to_finish(frame, side, zone, corners, quality)
        wanted = self._guidance(side, zone, corners, quality, width)
        return self._observation(wanted, corners, quality, codes)

    def _observation(
        self,
        wanted: Guidance,
        outline: Points | None,
        quality: Quality,
        codes: tuple[CodeSighting, ...],
    ) -> Observation:
        said = self._voice.say(wanted)
        if self._done is None:
            return Observation(said, outline, quality, codes)
        reading, portrait, best = self._done
        return Observation(said, outline, quality, codes, reading, portrait, best)

    def _guidance(
        self, side: Side, zone: ZoneFinding, corners: Points | None, quality: Quality, width: int
    ) -> Guidance:
        if self._done is not None:
            return Guidance.DONE
        if self._forbidden:
            self._forbidden -= 1
            return Guidance.FORBIDDEN
        share = None
        if corners is not None:
            share = float(corners[:, 0].max() - corners[:, 0].min()) / width
        return speech.judge(
            speech.Scene(
                card_share=share,
                letter_px=zone.letter_px,
                quality=quality,
                zone_expected=self._zone_expected(side),
                zone_found=zone.found,
                part_of_zone=zone.partial,
                portrait_found=self._portrait_seen,
                stable_frames=self._tracker.stable_frames,
            )
        )

    def _zone_expected(self, side: Side) -> bool:
        """The back of a card whose front had no zone; a front may have one or not."""
        return side is Side.BACK and not self._front_had_zone

    def _try_to_finish(
        self,
        frame: Frame,
        side: Side,
        zone: ZoneFinding,
        corners: Points | None,
        quality: Quality,
    ) -> None:
        if zone.found:
            self._calm = 0
            if quality.sharpness >= _SHARP_ENOUGH:
                self._read_zone(frame, zone, corners, quality)
            return
        if corners is None or zone.partial or not self._tracker.seen:
            return
        if quality.glare > speech.MAX_GLARE or quality.sharpness < _PLAIN_SHARP_ENOUGH:
            return
        self._calm += 1
        if self._calm % 2:
            return
        if self._look_for_portrait(frame, corners) is not None:
            self._portraits += 1
        elif self._portraits:
            self._portraits -= 1
        if self._zone_expected(side):
            return
        # A plain front shows a portrait again and again, a plain back never does.
        front = side is Side.FRONT and self._portraits >= _FRONT_PORTRAITS
        back = side is Side.BACK and not self._portraits and self._calm >= _PLAIN_BACK_FRAMES
        if front or back:
            self._finish_plain(frame, corners, quality, side)

    def _look_for_portrait(self, frame: Frame, corners: Points) -> Picture | None:
        for flipped in (False, True):
            portrait = find_portrait(rectified(frame.image, corners, flipped=flipped))
            if portrait is not None:
                self._portrait_seen = True
                self._upside_down = flipped
                return portrait
        self._portrait_seen = False
        return None

    def _finish_plain(self, frame: Frame, corners: Points, quality: Quality, side: Side) -> None:
        portrait = None
        if side is Side.FRONT:
            portrait = self._look_for_portrait(frame, corners)
            if portrait is None:
                return
        flipped = side is Side.FRONT and self._upside_down
        best = rectified(frame.image, corners, flipped=flipped)
        printed: tuple[PrintedField, ...] = ()
        seen_as = ""
        if self._printed_reader is not None:
            known = self._printed_reader.identify(best, side)
            if known.forbidden:
                self._discard()
                return
            seen_as = "" if known.family is Family.UNKNOWN else known.family.value
            zone = self._front_document if side is Side.BACK else None
            kind = zone.kind if zone is not None else known.kind
            if kind is not None:
                if side is Side.FRONT:
                    portrait = self._portrait_of(best, kind)
                printed = self._printed_reader.read(best, kind, side, zone)
        reading = AcceptedReading(
            None, (), self._calm, quality.sharpness, side, printed=printed, seen_as=seen_as
        )
        self._done = (reading, portrait, best)

    def _portrait_of(self, card: Picture, kind: DocumentKind) -> Picture | None:
        reader = self._printed_reader
        return portrait_of(card, None if reader is None else reader.portrait_place(kind))

    def _discard(self) -> None:
        """A card that must not be scanned: nothing of it is kept, and the agent is told."""
        self._forbidden = _FORBIDDEN_FRAMES
        self._calm = self._portraits = 0
        self._portrait_seen = None

    def _read_zone(
        self, frame: Frame, zone: ZoneFinding, corners: Points | None, quality: Quality
    ) -> None:
        reading = zone.read()
        if reading is None:
            self._read_by_second(frame, zone, corners, quality)
            return
        today = self._clock.now().astimezone().date()
        try:
            parsed = mrz.parse(reading.lines, today)
        except DocumentError:
            return
        holds = parsed.digits_agree and makes_sense(parsed)
        verdict = self._vote.add(Ballot(reading, holds, quality.sharpness))
        if verdict is None or not self._seal_is_in(parsed.document):
            return
        if self._second is not None and not self._zones.confirmed(
            reading.lines, self._second, digits_hold=holds
        ):
            return
        self._finish_zone(frame, zone, corners, parsed, verdict)

    def _read_by_second(
        self, frame: Frame, zone: ZoneFinding, corners: Points | None, quality: Quality
    ) -> None:
        """Another typeface than the first reader knows: the general one by itself, more strictly.

        Only every few frames, because it is slow; only readings without a doubt and with every
        check digit right count, and one more frame must agree.
        """
        self._unread += 1
        if self._second is None or self._unread % _SECOND_EVERY:
            return
        reading = zone.read(self._second)
        if reading is None or reading.doubts:
            return
        try:
            parsed = mrz.parse(reading.lines, self._clock.now().astimezone().date())
        except DocumentError:
            return
        if not (parsed.digits_agree and makes_sense(parsed)):
            return
        verdict = self._second_vote.add(Ballot(reading, True, quality.sharpness))
        if verdict is not None and verdict.frames >= _SECOND_FRAMES:
            self._finish_zone(frame, zone, corners, parsed, verdict)

    def _seal_is_in(self, document: IdentityDocument) -> bool:
        """Rule 4: a card that should carry a seal waits a little for it."""
        if self._seal_text or document.kind not in _SEALED_KINDS:
            return True
        self._waited += 1
        return self._waited > _SEAL_FRAMES

    def _finish_zone(
        self,
        frame: Frame,
        zone: ZoneFinding,
        corners: Points | None,
        parsed: mrz.MrzReading,
        verdict: Verdict,
    ) -> None:
        document = parsed.document
        side = Side.BACK if document.layout in _BACK_LAYOUTS else Side.FRONT
        seal, seal_checks = self._judge_seal(document)
        agreement = Check("reading.agreement", CheckVerdict.PASS, str(verdict.frames))
        checks = (*parsed.checks, agreement, *seal_checks)
        around = corners if corners is not None else zone.card
        best = portrait = None
        if around is not None:
            best = rectified(frame.image, around, flipped=zone.flipped)
            if side is Side.FRONT:
                portrait = self._portrait_of(best, document.kind)
                self._front_had_zone = True
                self._front_document = document
        printed: tuple[PrintedField, ...] = ()
        if self._printed_reader is not None and best is not None:
            printed = self._printed_reader.read(best, document.kind, side, document)
        reading = AcceptedReading(
            document, checks, verdict.frames, verdict.sharpness, side, seal, printed
        )
        self._done = (reading, portrait, best)

    def _judge_seal(self, document: IdentityDocument) -> tuple[str, tuple[Check, ...]]:
        if not self._seal_text:
            return "", ()
        try:
            seal = twoddoc.parse(self._seal_text)
        except DocumentError:
            # A seal that cannot be parsed is no missing seal: the agent must look.
            return "", (Check("seal.matches", CheckVerdict.UNSURE),)
        today = self._clock.now().astimezone().date()
        verdict = twoddoc.verify(seal, self._trust, today)
        return verdict.value, (seal_comparison.compare(seal, document),)
