"""Which 2D-Doc belongs to which text: a seal seen before a text was read is of the card before.

Rules, in order: a text counts from the frame in which it was read first; a seal counts for a text
where it was seen in that frame or later; a card that should carry a seal is given a moment more, so
that the seal is read with the zone.
"""

from __future__ import annotations

from kiosk.domain.evidence import DocumentKind, IdentityDocument
from kiosk.services.zone_reading import differing

_SEAL_FRAMES = 12
_MOST_TEXTS = 64
_SEALED_KINDS = frozenset({DocumentKind.FR_ID_CARD_2021})


class SealWatch:
    """Remembers texts and seals of one side."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._frame = 0
        self._seal = ""
        self._seal_frame = 0
        self._waited = 0
        self._since: dict[tuple[str, ...], int] = {}

    def next_frame(self) -> None:
        """Another frame begins."""
        self._frame += 1

    def note_seal(self, text: str) -> None:
        """This frame shows a seal that lies on the document."""
        self._seal, self._seal_frame = text, self._frame

    def note_text(self, lines: tuple[str, ...]) -> None:
        """This frame was read as these lines; of many texts only the newest are remembered."""
        if lines not in self._since and len(self._since) >= _MOST_TEXTS:
            del self._since[next(iter(self._since))]
        self._since.setdefault(lines, self._frame)

    def note_settled(self, lines: tuple[str, ...], open_characters: int) -> None:
        """A person settled this text: it may never have been read as such.

        Its seal counts since its like was read.
        """
        alike = [
            since
            for text, since in self._since.items()
            if (apart := differing(text, lines)) is not None and apart <= open_characters
        ]
        self._since[lines] = min(alike, default=self._frame)

    def seal_of(self, lines: tuple[str, ...]) -> str:
        """Text of the seal seen since this text is read, or ``""``."""
        return self._seal if self._seal_frame >= self._since.get(lines, self._frame) else ""

    def is_in(self, document: IdentityDocument) -> bool:
        """Whether nothing is to be waited for; each call is a frame of waiting."""
        if document.kind not in _SEALED_KINDS or self.seal_of(document.mrz):
            return True
        self._waited += 1
        return self._waited > _SEAL_FRAMES
