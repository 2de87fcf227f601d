"""Reads documents and codes from stored pictures: photos, scans, pages, clips. Keeps nothing.

Rules, in order:

1. A picture is looked at every way up; each zone found is read by itself.
2. A still picture has no second frame, so every zone is read three times from different cuts. It is
   accepted only when all agree on every character, none is doubtful, every check digit is right,
   the text makes sense, and a second reader sees the same. Where the first reader finds no letters
   at all (another typeface), the second one reads by the same rules. Nothing is guessed.
3. In a clip the frames vote as before the camera (:mod:`kiosk.capture.vote`).
4. What is read but not accepted is reported as such; what fits no layout is not reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from kiosk.capture.opinion import confirms
from kiosk.capture.outline import card_around, find_outline
from kiosk.capture.picture import grey_of, turned
from kiosk.capture.quality import Quality, measure
from kiosk.capture.still import fitted, overlap, views
from kiosk.capture.vote import Ballot, Vote
from kiosk.capture.zone import Zone, find_lines, find_zones
from kiosk.documents import mrz, seal_comparison, twoddoc
from kiosk.documents.codes import Payload, PayloadKind, classify
from kiosk.documents.twoddoc import Seal, SealVerdict, TrustList
from kiosk.domain.errors import DocumentError
from kiosk.domain.evidence import Check, IdentityDocument, Verdict
from kiosk.ports import Clock, CodeReader, CodeSighting, TextReader
from kiosk.services.zone_reading import makes_sense, read_strips, strips_of

if TYPE_CHECKING:
    from kiosk.capture.decode import ZoneReading
    from kiosk.capture.picture import Picture, Points

_LOOKS = (0.0, 0.05, -0.04)
"""How much looser each cut is than the first: three looks at the same letters."""
_MAX_ZONES_A_VIEW = 5
_MAX_ZONES = 16
_SAME_PLACE = 0.3
_STATES = frozenset({"mrz.issuer", "mrz.nationality"})
_NOWHERE: Points = np.empty((0, 2))
_SEAL_VERDICTS = {
    SealVerdict.VALID: Verdict.PASS,
    SealVerdict.INVALID: Verdict.FAIL,
    SealVerdict.UNKNOWN_CERTIFICATE: Verdict.UNSURE,
    SealVerdict.LIST_TOO_OLD: Verdict.UNSURE,
    SealVerdict.TEST_CERTIFICATE: Verdict.UNSURE,
}


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
class CodeReading:
    """A code in a picture, named but never opened.

    Attributes:
        sighting: symbology, payload and place.
        payload: what it is.
        checks: on the payload and, for a 2D-Doc, its signature (``seal.signature``).
        page: which picture of the file, from 0.
    """

    sighting: CodeSighting
    payload: Payload
    checks: tuple[Check, ...]
    page: int = 0


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file shows.

    Attributes:
        documents: in the order they were found.
        codes: each payload once.
        quality: of the first picture that shows a document, else of the first.
        elapsed_ms: opening included.
    """

    documents: tuple[DocumentReading, ...]
    codes: tuple[CodeReading, ...]
    quality: Quality | None
    elapsed_ms: int

    @property
    def certain(self) -> bool:
        """Whether something was read and every document of it is accepted."""
        return bool(self.documents or self.codes) and all(d.accepted for d in self.documents)


def _agreement(readings: int, *, agreed: bool) -> Check:
    return Check("reading.agreement", Verdict.PASS if agreed else Verdict.UNSURE, str(readings))


def _seal_of(payload: Payload) -> Seal | None:
    if payload.kind is not PayloadKind.SEAL or not payload.text:
        return None
    try:
        return twoddoc.parse(payload.text)
    except DocumentError:
        return None


class FileReader:
    """Reads pictures one after the other; may be used from several threads if its parts may."""

    def __init__(
        self,
        text_reader: TextReader,
        code_reader: CodeReader,
        clock: Clock,
        trust: TrustList | None = None,
        second_reader: TextReader | None = None,
    ) -> None:
        """Wire the readers.

        ``trust`` judges 2D-Doc seals; ``second_reader`` must confirm what is accepted.
        """
        self._second = second_reader
        self._text_reader = text_reader
        self._code_reader = code_reader
        self._clock = clock
        self._trust = trust or TrustList()

    def read(self, pictures: Iterable[Picture], *, moving: bool = False) -> FileReading:
        """Read the pictures of one file, (H, W, 3) BGR each.

        Args:
            pictures: pages or frames; may raise CaptureError while they are taken.
            moving: they are frames of one scene, and vote.
        """
        start = self._clock.monotonic_ms()
        documents, codes, quality = self._clip(pictures) if moving else self._stills(pictures)
        documents = [self._with_seal(document, codes) for document in documents]
        elapsed = self._clock.monotonic_ms() - start
        return FileReading(tuple(documents), tuple(codes), quality, elapsed)

    # --- stills -------------------------------------------------------------------------------

    def _stills(
        self, pictures: Iterable[Picture]
    ) -> tuple[list[DocumentReading], list[CodeReading], Quality | None]:
        documents: list[DocumentReading] = []
        codes: list[CodeReading] = []
        quality: Quality | None = None
        for page, picture in enumerate(pictures):
            codes += self._new_codes(picture, codes, page, thorough=True)
            found = self._documents(picture, page)
            if quality is None or (found and not documents):
                place = found[0].outline if found else find_outline(picture)
                quality = measure(picture, place)
            documents += found
        return documents, codes, quality

    def _documents(self, picture: Picture, page: int) -> list[DocumentReading]:
        found: list[DocumentReading] = []
        tried = 0
        for view in views(grey_of(picture)):
            taken: list[Points] = []
            for zone in find_zones(find_lines(view.grey))[: _MAX_ZONES_A_VIEW * 3]:
                if any(overlap(zone.corners, other) > _SAME_PLACE for other in taken):
                    continue
                if tried >= _MAX_ZONES:
                    return found
                tried += 1
                reading, turned_over = self._looks(view.grey, zone)
                if reading is None:
                    continue
                taken.append(zone.corners)
                corners = view.back(zone.corners)
                if turned_over:
                    corners = corners[[2, 3, 0, 1]]
                outline = card_around(corners, len(zone.lines))
                found.append(replace(reading, outline=outline, page=page))
            if found:
                break
        return found

    def _looks(self, grey: Picture, zone: Zone) -> tuple[DocumentReading | None, bool]:
        """The reading of one zone and whether it lies upside down."""
        grey, zone = fitted(grey, zone)
        reading, flipped = self._three_looks(self._text_reader, grey, zone)
        if reading is not None:
            return self._confirmed(reading, grey, zone, flipped=flipped), flipped
        if self._second is not None:
            # Another typeface than the first reader knows: the general one by itself.
            return self._three_looks(self._second, grey, zone)
        return None, False

    def _three_looks(
        self, reader: TextReader, grey: Picture, zone: Zone
    ) -> tuple[DocumentReading | None, bool]:
        for flipped in (False, True):
            first = read_strips(reader, grey, zone, flipped=flipped)
            if first is None:
                continue
            others = [
                read_strips(reader, grey, zone, flipped=flipped, looser=looser)
                for looser in _LOOKS[1:]
            ]
            reading = self._judged(first, others)
            if reading is not None:
                return reading, flipped
        return None, False

    def _confirmed(
        self, reading: DocumentReading, grey: Picture, zone: Zone, *, flipped: bool
    ) -> DocumentReading:
        """The reading, no longer accepted where the second reader sees something else."""
        if self._second is None or not reading.accepted:
            return reading
        scores = self._second.recognise(strips_of(grey, zone, flipped=flipped))
        if confirms(reading.document.mrz, scores, digits_hold=True):
            return reading
        checks = (*reading.checks, Check("reading.second_reader", Verdict.UNSURE))
        return replace(reading, accepted=False, checks=checks)

    def _judged(
        self, first: ZoneReading, others: Sequence[ZoneReading | None]
    ) -> DocumentReading | None:
        try:
            parsed = mrz.parse(first.lines, self._today())
        except DocumentError:
            return None
        looks = [first, *(other for other in others if other is not None)]
        agreeing = [look for look in looks if look.lines == first.lines]
        doubts = sorted({doubt for look in agreeing for doubt in look.doubts})
        agreed = len(agreeing) == len(_LOOKS)
        whole = parsed.digits_agree and makes_sense(parsed)
        # No check digit covers the State: only a known one speaks for itself.
        known = not any(c.code in _STATES and c.verdict is not Verdict.PASS for c in parsed.checks)
        if not whole and (doubts or not agreed):
            return None  # lines of print that happen to be long: no zone
        checks = (*parsed.checks, _agreement(len(agreeing), agreed=agreed and not doubts))
        accepted = agreed and whole and known and not doubts
        return DocumentReading(parsed.document, checks, accepted, tuple(doubts), _NOWHERE)

    # --- clips --------------------------------------------------------------------------------

    def _clip(
        self, pictures: Iterable[Picture]
    ) -> tuple[list[DocumentReading], list[CodeReading], Quality | None]:
        documents: list[DocumentReading] = []
        codes: list[CodeReading] = []
        quality: Quality | None = None
        vote = Vote()
        for page, picture in enumerate(pictures):
            if page % 2 == 0:
                codes += self._new_codes(picture, codes, page, thorough=False)
            outcome = self._frame(picture, vote, page)
            if quality is None:
                quality = measure(picture)
            if outcome is None:
                continue
            document, quality = outcome
            if document.document.mrz not in {d.document.mrz for d in documents}:
                documents.append(document)
            vote.clear()
        return documents, codes, quality

    def _frame(
        self, picture: Picture, vote: Vote, page: int
    ) -> tuple[DocumentReading, Quality] | None:
        grey = grey_of(picture)
        zones = find_zones(find_lines(grey))
        if not zones:
            return None
        reading = read_strips(self._text_reader, grey, zones[0], flipped=False)
        if reading is None:
            return None
        try:
            parsed = mrz.parse(reading.lines, self._today())
        except DocumentError:
            return None
        outline = card_around(zones[0].corners, len(zones[0].lines))
        quality = measure(picture, outline, zones[0].corners)
        holds = parsed.digits_agree and makes_sense(parsed)
        verdict = vote.add(Ballot(reading, holds, quality.sharpness))
        if verdict is None:
            return None
        checks = (*parsed.checks, _agreement(verdict.frames, agreed=True))
        document = DocumentReading(parsed.document, checks, holds, (), outline, page)
        return self._confirmed(document, grey, zones[0], flipped=False), quality

    # --- codes --------------------------------------------------------------------------------

    def _new_codes(
        self, picture: Picture, known: Sequence[CodeReading], page: int, *, thorough: bool
    ) -> list[CodeReading]:
        sightings = self._code_reader.read(picture)
        if thorough and not sightings:
            # Codes made of bars are not found at every turn.
            sightings = self._code_reader.read(turned(picture, 1))
            sightings = tuple(replace(sighting, corners=()) for sighting in sightings)
        seen = {code.sighting.payload for code in known}
        new = []
        for sighting in sightings:
            if sighting.payload not in seen:
                seen.add(sighting.payload)
                payload = classify(sighting.payload)
                checks = (*payload.checks, *self._seal_checks(payload))
                new.append(CodeReading(sighting, payload, checks, page))
        return new

    def _seal_checks(self, payload: Payload) -> tuple[Check, ...]:
        seal = _seal_of(payload)
        if seal is None:
            return ()
        verdict = twoddoc.verify(seal, self._trust, self._today())
        return (Check("seal.signature", _SEAL_VERDICTS[verdict], verdict.value),)

    def _with_seal(self, reading: DocumentReading, codes: Sequence[CodeReading]) -> DocumentReading:
        """The document compared with the first 2D-Doc on the same picture."""
        for code in codes:
            seal = _seal_of(code.payload) if code.page == reading.page else None
            if seal is not None:
                check = seal_comparison.compare(seal, reading.document)
                return replace(reading, checks=(*reading.checks, check))
        return reading

    def _today(self) -> date:
        return self._clock.now().astimezone().date()
