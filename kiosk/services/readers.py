"""The parts that look at a picture, wired once and handed to whoever reads."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ports import CodeReader, DocumentFinder, TextReader
from kiosk.services.printed_reading import PrintedReader


@dataclass(frozen=True, slots=True)
class Readers:
    """The parts that look at a picture.

    Attributes:
        finder: places of documents and zones, every frame.
        text: lines of the zone, every frame.
        codes: QR codes and seals.
        second: made differently than ``text``; must confirm a reading before it is accepted.
        printed: headings and printed fields of a side once it is accepted.
    """

    finder: DocumentFinder
    text: TextReader
    codes: CodeReader
    second: TextReader | None = None
    printed: PrintedReader | None = None

    def warm_up(self) -> None:
        """Load every model. Raises ModelError."""
        self.finder.warm_up()
        self.text.warm_up()
        if self.second is not None:
            self.second.warm_up()
        if self.printed is not None:
            self.printed.warm_up()
