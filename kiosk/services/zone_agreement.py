"""Whether a zone is read: frames agree, a second reader confirms, or the agent settles the rest.

Rules, in order:

1. A reading is accepted when several frames agree (:mod:`kiosk.capture.vote`), never from one, and
   a second reader that was made differently confirms it (:mod:`kiosk.services.confirmation`).
2. What frames or readers leave open is offered to the agent; what the agent settles is accepted
   only with every check digit right, and stays marked as settled by a person.
3. A card that should carry a seal is given a moment more (:mod:`kiosk.services.seal_watch`).
4. Frames that cannot be read without a doubt are read with their blur taken back too, after a while
   (:mod:`kiosk.services.restoration`): more frames and more looks of the second reader are needed
   then. What check digits say against a document, a restoration never answers, and nothing that was
   restored is offered to the agent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.capture.doubt import OpenReading
from kiosk.capture.vote import Ballot, Verdict, Vote
from kiosk.documents import mrz
from kiosk.domain.errors import DocumentError
from kiosk.domain.evidence import Check
from kiosk.domain.evidence import Verdict as CheckVerdict
from kiosk.domain.request import VerificationRequest
from kiosk.ports import Clock
from kiosk.services.confirmation import Confirmation
from kiosk.services.gradual import Gradual
from kiosk.services.look import Look
from kiosk.services.readers import Readers
from kiosk.services.restoration import Attempt, Restoration
from kiosk.services.seal_watch import SealWatch
from kiosk.services.side_taking import SeenZone
from kiosk.services.zone_reading import ReadZone, ZoneReader, differing, makes_sense
from kiosk.services.zone_track import ZoneTrack

_SECOND_AFTER, _SECOND_FRAMES = 4, 3
_OPEN_AFTER_MS = 1500
_OTHER_DOCUMENT, _STRANGE_FRAMES = 12, 4
"""Characters that differ between two documents, and for how many frames, to be another one."""


@dataclass(frozen=True, slots=True)
class AgreedZone:
    """A zone to take, and the frame to cut it from."""

    look: Look
    zone: SeenZone


class ZoneAgreement:
    """Collects what frames say of one zone."""

    def __init__(self, readers: Readers, zones: ZoneReader, clock: Clock, seals: SealWatch) -> None:
        """``zones`` reads; ``clock`` gives the date of the act; ``seals`` knows what was seen."""
        self._zones = zones
        self._second = readers.second
        self._clock = clock
        self._seals = seals
        self._track = ZoneTrack()
        self._confirmation = Confirmation(readers.second)
        self._open_confirmation = Confirmation(readers.second)
        self._restoration = Restoration(readers.text, self._holds)
        self.reset(None)

    def reset(self, request: VerificationRequest | None) -> None:
        """Forget what was seen. ``request``: what was announced, or None."""
        self._request = request
        self._vote = Vote()
        self._second_vote = Vote()
        self._unread = 0
        self._slow: tuple[Look, Gradual[ReadZone | None]] | None = None
        self._strange = 0
        self._open_look: tuple[Look, ReadZone] | None = None
        self._first_read_ms: int | None = None
        self.open: OpenReading | None = None
        """What the agent may settle, or None."""
        self._track.reset()
        self._confirmation.reset()
        self._open_confirmation.reset()
        self._restoration.reset()

    def settle(self, lines: tuple[str, ...]) -> AgreedZone | None:
        """What the agent settled in the open reading.

        Returns:
            The zone, where only candidates were chosen, every check digit is right and the text
            makes sense; else None, and nothing changes.
        """
        if self.open is None or self._open_look is None:
            return None
        if not _chosen(self.open, lines):
            return None
        parsed = self._parsed(lines)
        if parsed is None or not self._holds(lines):
            return None
        open_characters = len(self.open.open)
        settled = Check("reading.settled", CheckVerdict.UNSURE, str(open_characters))
        look, read = self._open_look
        verdict = Verdict(lines, 1, digits_hold=True, sharpness=look.quality.sharpness)
        parsed = replace(parsed, checks=(*parsed.checks, settled))
        self._seals.note_settled(lines, open_characters)
        return self._agreed(look, read, parsed, verdict, settled=True)

    def lose(self) -> None:
        """A frame shows neither a document nor a zone: the next one may be another one."""
        self._confirmation.note(None)
        self._restoration.lose()

    def add(self, look: Look) -> AgreedZone | None:
        """Read the zone of this frame; what all frames so far agree on, or None."""
        if self._track.broken(look.zone.corners, look.frame.timestamp_ms):
            self._confirmation.note(None)
            self._restoration.interrupt()
        plain = self._zones.read(look.zone)
        verdict = None if plain is None else self._as_it_is(look, plain)
        restored = self._restored(look, plain)
        said = self._restoration.said
        read = said if verdict is None and said is not None else plain
        verdict = verdict or restored
        if read is None:
            return self._read_by_second(look)
        if verdict is None:
            if self._holds(read.reading.lines):
                self._restoration.interrupt()  # the frames are not at one
            if plain is not None and self._parsed(plain.reading.lines) is not None:
                self._offer(look, plain)
            return None
        return self._confirmed(look, plain, read, verdict)

    def _as_it_is(self, look: Look, read: ReadZone) -> Verdict | None:
        """What frames that were read as they are agree on with this one."""
        lines = read.reading.lines
        if self._parsed(lines) is None:
            return None
        self._note(look, lines)
        holds = self._holds(lines)
        self._withdraw(lines)
        if holds or not read.reading.doubts:
            self._confirmation.note(lines)
        return self._vote.add(Ballot(read.reading, holds, look.quality.sharpness, read.strips))

    def _restored(self, look: Look, plain: ReadZone | None) -> Verdict | None:
        """Rule 4: what frames agree on with this one, once their blur is taken back."""
        if self._second is None:
            return None
        # A text that is confirmed waits for the card to lie still, or for its seal.
        waits = plain is not None and self._confirmation.confirmed(plain.reading.lines)
        attempt = Attempt(look.zone.grey, self._zones.tried, plain, look.quality.sharpness)
        verdict = self._restoration.add(attempt, wanted=not waits)
        said = self._restoration.said
        if said is not None:
            self._note(look, said.reading.lines)
            self._confirmation.note(said.reading.lines)
        return verdict

    def _note(self, look: Look, lines: tuple[str, ...]) -> None:
        """The first reader read this text."""
        if self._first_read_ms is None:
            self._first_read_ms = look.frame.timestamp_ms
        self._seals.note_text(lines)

    def _confirmed(
        self, look: Look, plain: ReadZone | None, read: ReadZone, verdict: Verdict
    ) -> AgreedZone | None:
        """What frames agree on, if the second reader confirms it."""
        lines = verdict.lines
        parsed = self._parsed(lines)
        if parsed is None:
            return None
        shown = self._restoration.shown(lines, plain, self._confirmation)
        opinion = None
        if shown is not None:
            opinion = self._confirmation.step(
                lines,
                shown.strips,
                digits_hold=verdict.digits_hold,
                places=shown.places,
                blur=shown.blur,
            )
        seal_is_in = self._seals.is_in(parsed.document)
        if opinion is None:
            return None
        if not opinion.agrees:
            if plain is not None:
                self._offer(look, plain)
        elif seal_is_in and look.still:
            return self._agreed(look, read, parsed, verdict)
        return None

    def _holds(self, lines: tuple[str, ...]) -> bool:
        """Whether every check digit of a text is right and the text makes sense."""
        parsed = self._parsed(lines)
        return parsed is not None and parsed.digits_agree and makes_sense(parsed)

    def _withdraw(self, lines: tuple[str, ...]) -> None:
        """Take an offer back when another document lies there, told by its text."""
        if self.open is None:
            return
        apart = differing(self.open.lines, lines)
        self._strange = self._strange + 1 if apart is None or apart > _OTHER_DOCUMENT else 0
        if self._strange >= _STRANGE_FRAMES:
            self.open = self._open_look = None
            self._strange = 0
            self._vote.clear()
            self._open_confirmation.reset()
            self._restoration.reset()

    def _offer(self, look: Look, read: ReadZone) -> None:
        """Rule 2: after a while, what only a few characters stand in the way of."""
        waited = look.frame.timestamp_ms - (self._first_read_ms or 0)
        if self.open is not None or waited < _OPEN_AFTER_MS:
            return
        candidate = self._vote.open_reading()
        lines = read.reading.lines if candidate is None else candidate.lines
        strips = read.strips if candidate is None else candidate.strips
        # What is not open must be seen by the second reader too.
        places = read.reading.places if candidate is None else candidate.places
        opinion = self._open_confirmation.step(
            lines, strips, digits_hold=mrz.digits_hold(lines), places=places
        )
        if opinion is None or opinion.disputes is None:
            return
        offered = self._vote.open_reading(opinion.disputes)
        # Frames came meanwhile: an offer must be of the very text that the second reader looked at.
        # And the frame from which the side will be cut must show that text, not the next card's.
        if offered is not None and offered.lines == lines and _shows(read.reading.lines, offered):
            self.open = offered
            self._open_look = (look, read)

    def _read_by_second(self, look: Look) -> AgreedZone | None:
        """Another typeface than the first reader knows: the general one by itself, more strictly.

        Only where the first reader has read nothing of this document in several frames, and a line
        a frame, because it is slow; only readings without a doubt and with every check digit right
        count, and three frames must agree.
        """
        self._unread += 1
        if self._second is None or self._unread < _SECOND_AFTER:
            return None
        if self._first_read_ms is not None:
            self._slow = None
            return None  # the first reader knows this typeface: the two must agree
        look, work = self._slow or (look, self._zones.slowly(look.zone, self._second))
        self._slow = None if work.step() else (look, work)
        read = work.outcome if work.done else None
        if work.done and read is None:
            self._unread = 0  # blur, most often: not every frame is worth the time
        if read is None or read.reading.doubts:
            return None
        parsed = self._parsed(read.reading.lines)
        if parsed is None or not (parsed.digits_agree and makes_sense(parsed)):
            return None
        self._seals.note_text(read.reading.lines)
        verdict = self._second_vote.add(Ballot(read.reading, True, look.quality.sharpness))
        if verdict is None or verdict.frames < _SECOND_FRAMES:
            return None
        if self._seals.is_in(parsed.document):
            return self._agreed(look, read, parsed, verdict)
        return None

    def _parsed(self, lines: tuple[str, ...]) -> mrz.MrzReading | None:
        try:
            return mrz.parse(lines, self._clock.now().astimezone().date())
        except DocumentError:
            return None

    def _agreed(
        self,
        look: Look,
        read: ReadZone,
        parsed: mrz.MrzReading,
        verdict: Verdict,
        *,
        settled: bool = False,
    ) -> AgreedZone:
        zone = SeenZone(
            parsed.document,
            parsed.checks,
            read.corners,
            verdict.frames,
            verdict.sharpness,
            self._seals.seal_of(parsed.document.mrz),
            self._request,
            settled=settled,
        )
        return AgreedZone(look, zone)


def _shows(lines: tuple[str, ...], offer: OpenReading) -> bool:
    """Whether a frame read as these lines shows the text offered, but for what is open anyway."""
    apart = differing(offer.lines, lines)
    return apart is not None and apart <= len(offer.open)


def _chosen(offer: OpenReading, lines: tuple[str, ...]) -> bool:
    """Whether a text differs from the one offered at open characters alone, by candidates."""
    if [len(line) for line in lines] != [len(line) for line in offer.lines]:
        return False
    places = {(c.line, c.position): c.candidates for c in offer.open}
    return all(
        symbol in places.get((number, position), before)
        for number, (line, shown) in enumerate(zip(lines, offer.lines, strict=True))
        for position, (symbol, before) in enumerate(zip(line, shown, strict=True))
    )
