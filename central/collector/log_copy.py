"""Publishes the log as files that anybody can verify without this side (C2SP ``tlog-tiles``).

Rules, in order: what is published is a state that devices are shown, so where the policy demands
witnesses, one that enough of them cosigned; a copy only grows: before a byte is written, the state
that it ends with must be the beginning of the log as it lies here; tiles are written once and made
durable, the checkpoint last, so that whatever it speaks of is there; a copy that was stopped before
its first checkpoint is begun again. The files name devices, entry
numbers, digests and times of arrival, no person, and nothing opens a record by them: they may lie
on a host that is not trusted. Source: records-and-sync 2.9.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from central.archive.layout import FolderError
from central.archive.ledger import Ledger
from central.archive.payloads import sync_folder
from central.collector.keys import PolicyShelf
from central.collector.proofs import StoredTree
from central.collector.witnessing import quorums_of, witnessed
from kiosk.audit.checkpoint import Checkpoint
from kiosk.audit.tiles import CHECKPOINT, LEVELS, TILES, WIDTH, Tile, bundle_of, tiles_of
from kiosk.audit.tree import leaf_hash
from kiosk.domain.errors import SignatureInvalidError
from kiosk.sync.logs import log_key_of
from kiosk.sync.receipts import LogKey, open_seen

_ALTERED = "log: the leaves are not the ones that were signed"


@dataclass(frozen=True, slots=True)
class Published:
    """What a copy holds now.

    Attributes:
        size: leaves.
        before: leaves that it held before.
        files: written this time, the checkpoint left out.
    """

    size: int
    before: int
    files: int


def publish(ledger: Ledger, shelf: PolicyShelf, folder: Path, now: datetime) -> Published:
    """Bring the copy in ``folder`` up to the newest state that devices are shown.

    Args:
        ledger: to read, in one state.
        shelf: the policies.
        folder: made where it is not there.
        now: aware UTC.

    Raises:
        FolderError: no state has its witnesses yet; the copy is of another log or another history.
        OSError: it cannot be written.
    """
    log = log_key_of(shelf.newest(ledger)[0])
    note = _shown(ledger, shelf, now)
    shown = _opened(note, log, "log: its newest state is not of the log that the policy names")
    tree = StoredTree(ledger.node)
    held = _held(folder, log)
    try:
        if shown.size and tree.root(shown.size) != shown.root:
            raise FolderError(_ALTERED)
        return _continued(ledger, (folder, held), (note, shown), tree)
    except LookupError as exc:
        raise FolderError(_ALTERED) from exc


def _continued(
    ledger: Ledger, copy: tuple[Path, Checkpoint], state: tuple[str, Checkpoint], tree: StoredTree
) -> Published:
    """Write what a copy lacks. Raises LookupError where a hash of the log is not here."""
    (folder, held), (note, shown) = copy, state
    if held.size > shown.size:
        raise FolderError(f"the copy holds {held.size} leaves, and the log shows {shown.size}")
    if held.size and tree.root(held.size) != held.root:
        raise FolderError("the copy holds another history of this log: find out which one is true")
    files = 0
    for tile in tiles_of(shown.size, held.size):
        _write(folder / tile.path, _bytes_of(ledger, tile))
        files += 1
    _write(folder / CHECKPOINT, note.encode("utf-8"))
    return Published(shown.size, held.size, files)


def _shown(ledger: Ledger, shelf: PolicyShelf, now: datetime) -> str:
    quorums = quorums_of(shelf, ledger, now)
    found = witnessed(ledger, quorums)
    if quorums[0].needed:
        if found is None:
            raise FolderError("log: no state of it has enough witnesses yet")
        return found.note
    state = ledger.log()
    if state is None:
        raise FolderError("log: nothing was received yet")
    cosigned = ledger.witnesses.cosigned(state.size)
    same = cosigned is not None and cosigned.note.startswith(state.checkpoint)
    return cosigned.note if cosigned is not None and same else state.checkpoint


def _opened(note: str, log: LogKey, otherwise: str) -> Checkpoint:
    try:
        return open_seen(note, log)
    except SignatureInvalidError as exc:
        raise FolderError(otherwise) from exc


def _held(folder: Path, log: LogKey) -> Checkpoint:
    """The state that a copy ends with; that of an empty log where there is none yet."""
    path = folder / CHECKPOINT
    if not path.exists():
        if folder.exists() and any(not _is_begun(path) for path in folder.iterdir()):
            raise FolderError("the folder of the copy holds something else")
        return Checkpoint(log.origin, 0, b"")
    text = path.read_text("utf-8", "replace")
    return _opened(text, log, "the folder holds a copy of another log: take a new one")


def _is_begun(path: Path) -> bool:
    """Whether it is what a copy leaves that was stopped before its first checkpoint."""
    return path.name in {TILES, f".{CHECKPOINT}.new"}


def _bytes_of(ledger: Ledger, tile: Tile) -> bytes:
    start, end = tile.index * WIDTH, tile.index * WIDTH + tile.width
    hashes = ledger.nodes_between(LEVELS * (tile.level or 0), start, end)
    if len(hashes) != tile.width:
        raise FolderError(_ALTERED)
    if tile.level is not None:
        return b"".join(hashes)
    entries = ledger.leaves_between(start, end)
    if tuple(map(leaf_hash, entries)) != hashes:
        raise FolderError(_ALTERED)
    return bundle_of(entries)


def _write(path: Path, data: bytes) -> None:
    _make(path.parent)
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def _make(folder: Path) -> None:
    """Make a folder, and its name durable, like those above it."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
