"""Reads documents and codes from stored pictures: photos, scans, pages, clips. Keeps nothing.

Rules, in order:

1. The finder looks at the picture whole and closer; each zone found is read by itself, either way
   up.
2. A still picture has no second frame, so every zone is read three times from different cuts. It is
   accepted only when all agree on every character, none is doubtful, every check digit is right,
   the text makes sense, and a second reader sees the same (:mod:`kiosk.services.still_opinion`).
   Where the first reader finds no letters at all (another typeface), the second one reads by the
   same rules. Nothing is guessed.
3. In a clip the frames vote as before the camera (:mod:`kiosk.capture.vote`), and the second reader
   looks at those that agree until it sees the same (:mod:`kiosk.services.confirmation`).
4. What is read but not accepted is reported as such; what fits no layout is not reported. A side
   without a readable zone is named by its heading, where that says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from kiosk.capture.outline import card_around, refined, upright_by, with_head
from kiosk.capture.picture import grey_of
from kiosk.capture.quality import Quality, measure
from kiosk.capture.rectify import rectified
from kiosk.capture.still import fitted, overlap
from kiosk.capture.vote import Ballot, Vote
from kiosk.capture.zone_lines import Zone, zones_in
from kiosk.documents import mrz, seal_comparison, twoddoc
from kiosk.documents.series import Family
from kiosk.documents.twoddoc import SealVerdict, TrustList
from kiosk.domain.errors import DocumentError
from kiosk.domain.evidence import Check, IdentityDocument, Side, Verdict
from kiosk.ports import Clock, TextReader
from kiosk.services.confirmation import Confirmation
from kiosk.services.file_codes import CodeReading, FileCodes, UnsureCode, seal_of
from kiosk.services.readers import Readers
from kiosk.services.side_taking import lies_on
from kiosk.services.still_opinion import sees_the_same
from kiosk.services.zone_reading import ReadZone, ZoneReader, makes_sense, read_lines

if TYPE_CHECKING:
    from kiosk.capture.decode import ZoneReading
    from kiosk.capture.location import Location
    from kiosk.capture.picture import Picture, Points

_LOOKS = (0.0, 0.05, -0.04)
"""How much looser each cut is than the first: three looks at the same letters."""
_MAX_ZONES = 8
_SAME_PLACE = 0.3
_SAME_DOCUMENT = 0.7
_STATES = frozenset({"mrz.issuer", "mrz.nationality"})
_NOWHERE: Points = np.empty((0, 2))


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """A zone in a picture.

    Attributes:
        document: what the lines say.
        checks: on the zone, on the agreement of the readings, and against a 2D-Doc beside it.
        accepted: certain: see the rules of this module.
        doubts: (line, position) of characters that are not certain.
        outline: (4, 2) corners of the document in px, clockwise from its own top left.
        page: which picture of the file, from 0.
    """

    document: IdentityDocument
    checks: tuple[Check, ...]
    accepted: bool
    doubts: tuple[tuple[int, int], ...]
    outline: Points
    page: int = 0


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file shows.

    Attributes:
        documents: in the order they were found.
        codes: each payload once.
        quality: of the first picture that shows a document, else of the first.
        elapsed_ms: opening included.
        named: what the headings of sides without a readable zone say, each once.
        unsure_codes: codes that are there and cannot be read surely.
    """

    documents: tuple[DocumentReading, ...]
    codes: tuple[CodeReading, ...]
    quality: Quality | None
    elapsed_ms: int
    named: tuple[Family, ...] = ()
    unsure_codes: tuple[UnsureCode, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether something was read, all of it is certain, and no seal is against it."""
        if not (self.documents or self.codes) or not all(d.accepted for d in self.documents):
            return False
        if self.unsure_codes:
            return False
        checks = [check for document in self.documents for check in document.checks]
        checks += [check for code in self.codes for check in code.checks]
        return not any(
            check.verdict is Verdict.FAIL and check.code.startswith("seal.") for check in checks
        )


def _known_states(parsed: mrz.MrzReading) -> bool:
    """No check digit covers the State: only a known one speaks for itself."""
    return not any(c.code in _STATES and c.verdict is not Verdict.PASS for c in parsed.checks)


def _agreement(readings: int, *, agreed: bool) -> Check:
    return Check("reading.agreement", Verdict.PASS if agreed else Verdict.UNSURE, str(readings))


def _outline(grey: Picture, location: Location, zone: Zone, scale: float) -> Points:
    """The document that bears the zone, begun at the top left of its print.

    ``zone``: in a picture of ``scale`` px for one px of ``grey``.
    """
    corners = zone.corners / scale
    told = card_around(corners, len(zone.lines))
    for place in location.documents:
        if overlap(place.corners, told) > _SAME_DOCUMENT:
            return refined(grey, with_head(upright_by(place.corners, corners), told))
    return told


@dataclass(frozen=True, slots=True)
class _Showing:
    """What the frames of a clip said so far."""

    zones: ZoneReader
    vote: Vote
    confirmation: Confirmation

    def confirmed(self, read: ReadZone) -> bool:
        """Whether the second reader sees the same, in this frame and those before together."""
        lines, places = read.reading.lines, read.reading.places
        while True:  # no picture waits: all that a frame can tell is asked at once
            opinion = self.confirmation.step(lines, read.strips, digits_hold=True, places=places)
            if opinion is not None:
                return opinion.agrees


def _keep_better(documents: list[DocumentReading], found: DocumentReading) -> None:
    """Each text once: the reading that was accepted, where one was."""
    known = [index for index, d in enumerate(documents) if d.document.mrz == found.document.mrz]
    if not known:
        documents.append(found)
    elif found.accepted and not documents[known[0]].accepted:
        documents[known[0]] = found


class FileReader:
    """Reads pictures one after the other; may be used from several threads if its parts may."""

    def __init__(self, readers: Readers, clock: Clock, trust: TrustList | None = None) -> None:
        """Wire the parts. ``trust`` judges 2D-Doc seals."""
        self._readers = readers
        self._clock = clock
        self._trust = trust or TrustList()

    def with_trust(self, trust: TrustList) -> FileReader:
        """The same parts with another list of those who seal."""
        return FileReader(self._readers, self._clock, trust)

    def read(self, pictures: Iterable[Picture], *, moving: bool = False) -> FileReading:
        """Read the pictures of one file, (H, W, 3) BGR each.

        Args:
            pictures: pages or frames; may raise CaptureError while they are taken.
            moving: they are frames of one scene, and vote.
        """
        start = self._clock.monotonic_ms()
        named: list[Family] = []
        codes = FileCodes(self._readers.codes, self._trust, self._today())
        documents, quality = (
            self._clip(pictures, codes) if moving else self._stills(pictures, codes, named)
        )
        alone = len(documents) == 1
        documents = [self._with_seal(document, codes.read, alone=alone) for document in documents]
        elapsed = self._clock.monotonic_ms() - start
        return FileReading(
            tuple(documents), tuple(codes.read), quality, elapsed, tuple(named), codes.unsure
        )

    # --- stills -------------------------------------------------------------------------------

    def _stills(
        self, pictures: Iterable[Picture], codes: FileCodes, named: list[Family]
    ) -> tuple[list[DocumentReading], Quality | None]:
        documents: list[DocumentReading] = []
        quality: Quality | None = None
        for page, picture in enumerate(pictures):
            codes.still(picture, page)
            found, place = self._documents(picture, page)
            if quality is None or (found and not documents):
                quality = measure(picture, place)
            documents += found
            if not found and place is not None:
                family = self._named(picture, place)
                named += [] if family in (*named, Family.UNKNOWN) else [family]
        return documents, quality

    def _named(self, picture: Picture, corners: Points) -> Family:
        """What the heading of a side says that shows no zone, whichever way up it lies."""
        if self._readers.printed is None:
            return Family.UNKNOWN
        exact = refined(grey_of(picture), corners)
        for flipped in (False, True):
            card = rectified(picture, exact, flipped=flipped)
            known = self._readers.printed.identify(card, Side.FRONT).whole()
            if known.family is not Family.UNKNOWN:
                return known.family
        return Family.UNKNOWN

    def _documents(
        self, picture: Picture, page: int
    ) -> tuple[list[DocumentReading], Points | None]:
        """The zones of one picture, and where the first document lies."""
        grey = grey_of(picture)
        location = self._readers.finder.find(grey, thorough=True)
        found: list[DocumentReading] = []
        for place in location.zones[:_MAX_ZONES]:
            if any(overlap(place.corners, other.outline) > _SAME_PLACE for other in found):
                continue
            near, corners, scale = fitted(grey, place.corners)
            for zone in zones_in(near, corners):
                reading, upright = self._looks(near, zone)
                if reading is not None:
                    outline = _outline(grey, location, upright, scale)
                    found.append(replace(reading, outline=outline, page=page))
                    break
        if found:
            return found, found[0].outline
        return found, None if location.document is None else location.document.corners

    def _looks(self, grey: Picture, zone: Zone) -> tuple[DocumentReading | None, Zone]:
        """The reading of one zone, and the zone the way up that it was read."""
        found = self._three_looks(self._readers.text, grey, zone)
        if found is not None:
            reading, cuts, upright = found
            return self._confirmed(reading, cuts), upright
        if self._readers.second is not None:
            # Another typeface than the first reader knows: the general one by itself.
            found = self._three_looks(self._readers.second, grey, zone)
        return (None, zone) if found is None else (found[0], found[2])

    def _three_looks(
        self, reader: TextReader, grey: Picture, zone: Zone
    ) -> tuple[DocumentReading, list[ReadZone], Zone] | None:
        """What three cuts of a zone say, the cuts that were read, and the zone the way up."""
        for upright in (zone, zone.turned_over()):
            first = read_lines(reader, grey, upright)
            if first is None:
                continue
            looser = (read_lines(reader, grey, upright, looser=share) for share in _LOOKS[1:])
            cuts = [first, *(cut for cut in looser if cut is not None)]
            reading = self._judged([cut.reading for cut in cuts])
            if reading is not None:
                return reading, cuts, upright
        return None

    def _confirmed(self, reading: DocumentReading, cuts: Sequence[ReadZone]) -> DocumentReading:
        """The reading, no longer accepted where the second reader sees something else."""
        if self._readers.second is None or not reading.accepted:
            return reading
        if sees_the_same(self._readers.second, cuts):
            return reading
        checks = (*reading.checks, Check("reading.second_reader", Verdict.UNSURE))
        return replace(reading, accepted=False, checks=checks)

    def _judged(self, looks: Sequence[ZoneReading]) -> DocumentReading | None:
        first = looks[0]
        try:
            parsed = mrz.parse(first.lines, self._today())
        except DocumentError:
            return None
        agreeing = [look for look in looks if look.lines == first.lines]
        doubts = sorted({doubt for look in agreeing for doubt in look.doubts})
        agreed = len(agreeing) == len(_LOOKS)
        whole = parsed.digits_agree and makes_sense(parsed)
        known = _known_states(parsed)
        if not whole and (doubts or not agreed):
            return None  # lines of print that happen to be long: no zone
        checks = (*parsed.checks, _agreement(len(agreeing), agreed=agreed and not doubts))
        accepted = agreed and whole and known and not doubts
        return DocumentReading(parsed.document, checks, accepted, tuple(doubts), _NOWHERE)

    # --- clips --------------------------------------------------------------------------------

    def _clip(
        self, pictures: Iterable[Picture], codes: FileCodes
    ) -> tuple[list[DocumentReading], Quality | None]:
        documents: list[DocumentReading] = []
        quality: Quality | None = None
        showing = _Showing(
            ZoneReader(self._readers.text), Vote(), Confirmation(self._readers.second)
        )
        for page, picture in enumerate(pictures):
            if page % 2 == 0:
                codes.frame(picture, page)
            outcome = self._frame(picture, showing, page)
            if quality is None:
                quality = measure(picture)
            if outcome is None:
                continue
            document, quality = outcome
            _keep_better(documents, document)
            showing.vote.clear()
        return documents, quality

    def _frame(
        self, picture: Picture, showing: _Showing, page: int
    ) -> tuple[DocumentReading, Quality] | None:
        grey = grey_of(picture)
        finding = showing.zones.find(grey, self._readers.finder.find(grey).zone)
        read = showing.zones.read(finding)
        if read is None:
            return None
        try:
            parsed = mrz.parse(read.reading.lines, self._today())
        except DocumentError:
            return None
        outline = card_around(read.corners, len(read.strips))
        quality = measure(picture, outline, read.corners)
        holds = parsed.digits_agree and makes_sense(parsed)
        verdict = showing.vote.add(Ballot(read.reading, holds, quality.sharpness))
        if verdict is None:
            return None
        checks = (*parsed.checks, _agreement(verdict.frames, agreed=True))
        certain = holds and _known_states(parsed)
        document = DocumentReading(parsed.document, checks, certain, (), outline, page)
        if holds and not showing.confirmed(read):
            unsure = Check("reading.second_reader", Verdict.UNSURE)
            document = replace(document, accepted=False, checks=(*checks, unsure))
        return document, quality

    # --- seals --------------------------------------------------------------------------------

    def _with_seal(
        self, reading: DocumentReading, codes: Sequence[CodeReading], *, alone: bool
    ) -> DocumentReading:
        """The document compared with the 2D-Doc that lies on it.

        ``alone``: no other document is there, so that a seal of which the place is not known, or
        that was seen in another frame of a clip, is taken for its own.
        """
        document = reading.document
        own = None
        for code in codes:
            seal = seal_of(code.payload)
            if seal is None or not seal_comparison.may_be_of(seal, document):
                continue
            here = code.page == reading.page
            if here and lies_on(code.sighting.corners, reading.outline):
                own = seal
                break
            if own is None and alone and not (here and code.sighting.corners):
                own = seal
        present = seal_comparison.presence(document, found=own is not None)
        checks = () if present is None else (present,)
        if own is not None:
            check = seal_comparison.compare(own, document)
            if twoddoc.verify(own, self._trust, self._today()) is SealVerdict.INVALID:
                check = seal_comparison.worthless(check)
            checks = (*checks, check)
        return replace(reading, checks=(*reading.checks, *checks))

    def _today(self) -> date:
        return self._clock.now().astimezone().date()
