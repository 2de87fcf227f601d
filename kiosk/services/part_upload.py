"""Sends a record in parts and goes on where the collector is: a cut costs at most one part.

Rules, in order: the collector's offset counts, never the device's own idea of it; every part has
its own signed digest, and the collector judges the whole against the journal entry; an offset that
does not move forward ends the try.
Source: records-and-sync 2.8; field names of draft-ietf-httpbis-resumable-upload.
"""

from __future__ import annotations

from kiosk.domain.errors import ProtocolError
from kiosk.ports import CollectorLink, LinkAnswer
from kiosk.services.answers import refusal_of

PART_BYTES = 256 * 1024
PART_TYPE = "application/partial-upload"
_MOST_DIGITS = 12
"""Of an offset, as the collector itself reads it."""
_MOST_TURNS = 4
"""How often the collector may send us elsewhere before this try is given up."""


def send_in_parts(link: CollectorLink, record: str, blob: bytes) -> None:
    """Send what the collector does not hold yet of ``blob``.

    Args:
        link: to the collector.
        record: path of the record.
        blob: all of it.

    Raises:
        SyncError: refused, or not answered; what has arrived stays there.
    """
    path = f"{record}/upload"
    begun = link.call("POST", path, fields=(("Upload-Length", str(len(blob))),))
    if begun.status not in (200, 201):
        raise refusal_of(begun)
    turns = 0
    answer = begun
    while not _complete(answer):
        offset = _offset(answer, len(blob))
        answer = _part(link, path, blob, offset)
        if answer.status == 409 and _field(answer, "upload-offset"):
            turns += 1
            if turns > _MOST_TURNS:
                raise ProtocolError("upload offset")
        elif answer.status not in (200, 201, 204):
            raise refusal_of(answer)
        elif not _complete(answer) and _offset(answer, len(blob)) <= offset:
            raise ProtocolError("upload offset")


def _part(link: CollectorLink, path: str, blob: bytes, offset: int) -> LinkAnswer:
    end = min(offset + PART_BYTES, len(blob))
    last = "?1" if end == len(blob) else "?0"
    fields = (("Upload-Offset", str(offset)), ("Upload-Complete", last))
    return link.call("PATCH", path, blob[offset:end], PART_TYPE, fields=fields)


def _field(answer: LinkAnswer, name: str) -> str:
    return next((value for key, value in answer.headers if key.lower() == name), "")


def _complete(answer: LinkAnswer) -> bool:
    return answer.status in (200, 201) and _field(answer, "upload-complete") == "?1"


def _offset(answer: LinkAnswer, length: int) -> int:
    """The collector's offset. Raises ProtocolError where it makes no sense."""
    text = _field(answer, "upload-offset")
    if not text.isascii() or not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise ProtocolError("upload offset")
    offset = int(text)
    if offset > length:
        raise ProtocolError("upload offset")
    return offset
