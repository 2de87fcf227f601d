"""Codes in stored pictures: named, never opened; those that cannot be read surely are told, too.

Rules, in order:

1. What counts, the code reader says. A still gets a second look turned by a quarter where the first
   one saw nothing. Frames of a clip follow one another: what one restoration gave, another frame
   may confirm, unless it is the very same picture: a clip of one picture is looked at once.
2. A 2D-Doc that was read in one way only counts where its signature verifies: no misreading does.
3. Of a code that is there and cannot be read surely, kind and page are told and nothing else; in a
   clip, where two frames show it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from kiosk.capture.picture import turned
from kiosk.documents import twoddoc
from kiosk.documents.codes import Payload, PayloadKind, classify
from kiosk.documents.twoddoc import Seal, SealVerdict, TrustList
from kiosk.domain.errors import DocumentError
from kiosk.domain.evidence import Check, Verdict
from kiosk.ports import CodeReader, CodeSighting, CodesSeen

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture

_FRAMES_OF_UNSURE = 2
_PROVEN = frozenset({SealVerdict.VALID, SealVerdict.TEST_CERTIFICATE})
_SEAL_VERDICTS = {
    SealVerdict.VALID: Verdict.PASS,
    SealVerdict.INVALID: Verdict.FAIL,
    SealVerdict.UNKNOWN_CERTIFICATE: Verdict.UNSURE,
    SealVerdict.LIST_TOO_OLD: Verdict.UNSURE,
    SealVerdict.TEST_CERTIFICATE: Verdict.UNSURE,
}


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
class UnsureCode:
    """A code that is there and cannot be read surely.

    Attributes:
        symbology: as for codes that are read.
        page: which picture of the file, from 0.
    """

    symbology: str
    page: int = 0


def seal_of(payload: Payload) -> Seal | None:
    """The 2D-Doc that a payload is, or None."""
    if payload.kind is not PayloadKind.SEAL or not payload.text:
        return None
    try:
        return twoddoc.parse(payload.text)
    except DocumentError:
        return None


class FileCodes:
    """Collects the codes of one file, each payload once."""

    def __init__(self, reader: CodeReader, trust: TrustList, today: date) -> None:
        """``trust`` judges seals, ``today`` too."""
        self._reader = reader
        self._trust = trust
        self._today = today
        self.read: list[CodeReading] = []
        self._unsure: list[UnsureCode] = []
        self._glimpses: Counter[CodeSighting] = Counter()
        self._frame: Picture | None = None
        self._glimpsed: set[CodeSighting] = set()

    def still(self, picture: Picture, page: int) -> None:
        """A picture (H, W, 3) BGR that stands alone."""
        seen = self._reader.seen(picture)
        if not seen.certain:
            # Codes made of bars are not found at every turn.
            other = self._reader.seen(turned(picture, 1))
            certain, unsure = (
                tuple(replace(sighting, corners=()) for sighting in sightings)
                for sightings in (other.certain, other.unsure)
            )
            seen = CodesSeen(certain, seen.unsure or unsure)
        for sighting in self._counting(seen, page):
            self._unsure.append(UnsureCode(sighting.symbology, page))

    def frame(self, picture: Picture, page: int) -> None:
        """A frame of a clip (H, W, 3) BGR."""
        if self._frame is None or not np.array_equal(picture, self._frame):
            self._frame = picture
            unsure = self._counting(self._reader.seen(picture, follows=page > 0), page)
            self._glimpsed = {replace(s, payload=b"", corners=()) for s in unsure}
        self._glimpses.update(self._glimpsed)

    @property
    def unsure(self) -> tuple[UnsureCode, ...]:
        """Codes that are there and were not read surely, those of stills first."""
        read = {code.sighting.symbology for code in self.read}
        clip = (
            UnsureCode(glimpse.symbology)
            for glimpse, frames in self._glimpses.items()
            if frames >= _FRAMES_OF_UNSURE and glimpse.symbology not in read
        )
        return (*self._unsure, *clip)

    def _counting(self, seen: CodesSeen, page: int) -> list[CodeSighting]:
        """Take what counts; what is left of the unsure ones."""
        left = []
        for sighting in seen.certain:
            self._take(sighting, page)
        for sighting in seen.unsure:
            seal = seal_of(classify(sighting.payload))
            if seal is not None and twoddoc.verify(seal, self._trust, self._today) in _PROVEN:
                self._take(sighting, page)
            elif not self._known(sighting):
                left.append(sighting)
        return left

    def _known(self, sighting: CodeSighting) -> bool:
        return any(code.sighting.payload == sighting.payload for code in self.read)

    def _take(self, sighting: CodeSighting, page: int) -> None:
        if self._known(sighting):
            return
        payload = classify(sighting.payload)
        checks = (*payload.checks, *self._seal_checks(payload))
        self.read.append(CodeReading(sighting, payload, checks, page))

    def _seal_checks(self, payload: Payload) -> tuple[Check, ...]:
        seal = seal_of(payload)
        if seal is None:
            return ()
        verdict = twoddoc.verify(seal, self._trust, self._today)
        return (Check("seal.signature", _SEAL_VERDICTS[verdict], verdict.value),)
