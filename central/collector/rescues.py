"""Takes in what two people carried off a device that could not send any more.

Rules, in order: nothing is believed that a device's own call would not have to prove; the journal
comes first, whole, under its own checkpoint, by the very door that devices use; then each sealed
record that it announces; what is here already is left as it is; a file that is not what the journal
says is named and left out. The folder is read, never changed.
Source: records-and-sync 2.7, 2.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from central.archive.database import Database
from central.archive.layout import FolderError
from central.archive.payloads import Payloads
from central.collector.journals import Journals
from central.collector.keys import CollectorKeys, PolicyShelf, origin_of
from central.collector.log import log_of
from central.collector.records import BlobStream, Records
from central.collector.refusal import CallRefusedError
from central.collector.results import Results
from kiosk.crypto.canonical import parse_json
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import LogPush
from kiosk.sync.results import MAX_RESULT_BYTES

JOURNAL_FORMAT = "visavis-journal/1"
RESCUE_FORMAT = "visavis-rescue/1"
_MAX_JOURNAL_BYTES = 1 << 30
_MAX_LIST_BYTES = 1 << 26
_CHUNK = 1 << 20
_CREATED, _HERE_ALREADY = 201, 200


@dataclass(frozen=True, slots=True)
class RescueReport:
    """What became of a rescue.

    Attributes:
        device_id: whose it was.
        entries: journal entries held now.
        taken: records that are new here.
        already: records that were here.
        refused: file names, each with why.
    """

    device_id: DeviceId
    entries: int
    taken: int
    already: int
    refused: tuple[str, ...]


class Rescues:
    """Takes rescues into one central side."""

    def __init__(self, database: Database, payloads: Payloads, keys: CollectorKeys) -> None:
        shelf = PolicyShelf(keys.root_public)
        origin = origin_of(database, shelf)
        self._journals = Journals(database, shelf, origin)
        log = log_of(database, shelf, keys.log)
        self._records = Records(database, payloads, log)
        self._results = Results(database, keys.root_public)

    def take_in(self, folder: Path, now: datetime) -> RescueReport:
        """Take in a folder that ``visavis device rescue`` wrote.

        Args:
            folder: as it was carried here; its journal has no checkpoint where the device lost
                its key.
            now: aware UTC.

        Raises:
            FolderError: no rescue, or its journal is not accepted (``fork`` and others in words).
        """
        about = _listed(folder / "rescue.json")
        device_id, checkpoint, entries = _journal(folder / "journal.txt")
        if about.get("device_id") != device_id:
            raise FolderError("the journal is of another device")
        push = LogPush(start=0, entries=entries, checkpoint=checkpoint)
        try:
            if checkpoint:
                size = self._journals.push(device_id, push, now).size
            else:
                size = self._journals.take_unsigned(device_id, entries, now)
        except CallRefusedError as exc:
            raise FolderError(f"journal refused: {exc.problem.error}") from exc
        taken, already, refused = 0, 0, []
        for seq, name in _files(about, "records"):
            try:
                status = self._take(device_id, seq, folder / "records" / name, now)
            except CallRefusedError as exc:
                refused.append(f"{name}: {exc.problem.error}")
                continue
            except OSError as exc:
                refused.append(f"{name}: {type(exc).__name__}")
                continue
            taken += status == _CREATED
            already += status == _HERE_ALREADY
        for seq, name in _files(about, "results"):
            try:
                self._take_result(device_id, seq, folder / "results" / name, now)
            except CallRefusedError as exc:
                refused.append(f"{name}: {exc.problem.error}")
            except OSError as exc:
                refused.append(f"{name}: {type(exc).__name__}")
        return RescueReport(device_id, size, taken, already, tuple(refused))

    def _take(self, device_id: DeviceId, seq: int, file: Path, now: datetime) -> int:
        announced, here = self._records.announced(device_id, seq)
        if here is not None:
            return _HERE_ALREADY
        with self._records.incoming() as incoming:
            stream = BlobStream(incoming)
            with file.open("rb") as source:
                while chunk := source.read(_CHUNK):
                    stream.feed(chunk)
            return self._records.keep(announced, stream, incoming, stream.blob_sha256, now)

    def _take_result(self, device_id: DeviceId, seq: int, file: Path, now: datetime) -> None:
        with file.open("rb") as source:
            sealed = source.read(MAX_RESULT_BYTES + 1)
        self._results.keep(device_id, seq, sealed, now)


def _bounded(file: Path, limit: int) -> bytes:
    try:
        if file.stat().st_size > limit:
            raise FolderError(f"{file.name}: too large")
        return file.read_bytes()
    except OSError as exc:
        raise FolderError(f"{file.name}: cannot be read") from exc


def _listed(file: Path) -> dict[str, Any]:
    data = _bounded(file, _MAX_LIST_BYTES)
    try:
        about = parse_json(data.rstrip(b"\n"), _MAX_LIST_BYTES)
    except ValueError as exc:
        raise FolderError("rescue.json: not a rescue") from exc
    if not isinstance(about, dict) or about.get("format") != RESCUE_FORMAT:
        raise FolderError("rescue.json: not a rescue")
    return about


def _journal(file: Path) -> tuple[DeviceId, str, tuple[str, ...]]:
    """Device, checkpoint and entries of an exported journal; nothing of it is verified here."""
    try:
        text = _bounded(file, _MAX_JOURNAL_BYTES).decode("utf-8")
        first, *entries = text.split("\n")
        about = parse_json(first.encode(), 1 << 16)
    except ValueError as exc:
        raise FolderError("journal.txt: not a journal") from exc
    if not isinstance(about, dict) or about.get("format") != JOURNAL_FORMAT:
        raise FolderError("journal.txt: not a journal")
    if entries and not entries[-1]:
        entries.pop()
    return DeviceId(str(about.get("device_id"))), str(about.get("checkpoint")), tuple(entries)


def _files(about: dict[str, Any], kind: str) -> Iterator[tuple[int, str]]:
    """Number and bare file name of each listed record or result; what is no such is nothing.

    The name is rebuilt from its last part: no path of the list leads out of the folder.
    """
    listed = about.get(kind)
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict):
            continue
        seq, name = item.get("seq"), Path(str(item.get("file", ""))).name
        if isinstance(seq, int) and not isinstance(seq, bool) and seq >= 0 and name:
            yield seq, name
