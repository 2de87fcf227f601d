"""What a power cut may leave of a store: file operations below SQLite, and images made of them.

Rules, in order:

1. The store is the shipped one: SQLCipher, the shipped schema, the shipped settings. A SQLite VFS
   is put below it that passes every call on to the system's own VFS and writes down those that
   change a file: create, write, truncate, sync, unlink. Nothing reaches the files by another way:
   the replay of the whole list must give the very bytes on the disk, and that is checked.
2. A sync makes every earlier change of that file durable; nothing else does. The first sync of a
   new log or journal makes names durable too (``os_unix.c`` syncs the folder then).
3. At the cut, each change that was not yet durable may be there, be missing, be there in part by
   sectors of 512 bytes, or have left junk in its sectors, whatever order it was issued in. Changes
   of names keep their order, as on every journalling file system.

Not simulated: a drive that lies about a flush; a write that damages bytes beside its own range
(SQLite's ``SQLITE_IOCAP_POWERSAFE_OVERWRITE``, its default, excludes it); the shared index
``-shm``, which the first process to open a store after a start always builds anew from the log;
files that the program writes without SQLite (the key check), which are there from the start of the
recording.

Sources: sqlite.org/vfs.html, sqlite.org/c3ref/io_methods.html, sqlite.org/atomiccommit.html.
"""

from __future__ import annotations

import ctypes
import os
import random
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlcipher3 import _sqlite3

SECTOR = 512
_IOERR = 10
_P, _I, _L = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_WORDS = ("dropped", "all", "prefix", "subset", "sectors", "junk")


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs``, version 3; functions as plain addresses."""

    _fields_ = [
        ("iVersion", _I),
        ("szOsFile", _I),
        ("mxPathname", _I),
        ("pNext", _P),
        ("zName", ctypes.c_char_p),
        ("pAppData", _P),
        ("xOpen", _P),
        ("xDelete", _P),
        *[(f"more{n}", _P) for n in range(14)],
    ]


class _Methods(ctypes.Structure):
    """``sqlite3_io_methods``, version 3."""

    _fields_ = [
        ("iVersion", _I),
        ("xClose", _P),
        ("xRead", _P),
        ("xWrite", _P),
        ("xTruncate", _P),
        ("xSync", _P),
        *[(f"more{n}", _P) for n in range(13)],
    ]


_OPEN = ctypes.CFUNCTYPE(_I, _P, _P, _P, _I, _P)
_DELETE = ctypes.CFUNCTYPE(_I, _P, _P, _I)
_CLOSE = ctypes.CFUNCTYPE(_I, _P)
_WRITE = ctypes.CFUNCTYPE(_I, _P, _P, _I, _L)
_TRUNCATE = ctypes.CFUNCTYPE(_I, _P, _L)
_SYNC = ctypes.CFUNCTYPE(_I, _P, _I)


@dataclass(frozen=True, slots=True)
class Op:
    """One recorded change.

    Attributes:
        what: ``create``, ``write``, ``truncate``, ``sync``, ``unlink`` or ``mark``.
        file: number of the file (a name that is unlinked and made again is another file).
        name: of the file, below the folder.
        offset: of a write; the new length for a truncate.
        data: of a write.
        names: a sync or unlink that makes names durable.
        mark: what the workload was told is kept, for a ``mark``.
    """

    what: str
    file: int = -1
    name: str = ""
    offset: int = 0
    data: bytes = b""
    names: bool = False
    mark: Any = None


@dataclass
class Recorder:
    """Everything that changed below ``folder`` while recording.

    Attributes:
        folder: of the store.
        base: content of the files that were there when first opened; durable.
        ops: in the order they were issued.
        unnamed: temporary files that SQLite opened; the shipped settings allow none.
    """

    folder: Path
    base: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    unnamed: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)
    _open: dict[int, tuple[int, str]] = field(default_factory=dict)
    _fresh: set[int] = field(default_factory=set)
    _tables: dict[int, _Methods] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)
    _faults: list[BaseException] = field(default_factory=list)
    _count: int = 0

    def mark(self, mark: Any) -> None:
        """The workload was told, just now, that ``mark`` is kept."""
        self.ops.append(Op("mark", mark=mark))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """While inside, every store that is opened in this process is recorded.

        Raises:
            RuntimeError: this build of SQLCipher does not export its VFS calls, or a recording
                function failed.
        """
        library = ctypes.CDLL(_sqlite3.__file__)
        try:
            find, register = library.sqlite3_vfs_find, library.sqlite3_vfs_register
            unregister = library.sqlite3_vfs_unregister
        except AttributeError as exc:
            raise RuntimeError("this build of SQLCipher keeps its VFS calls to itself") from exc
        find.restype = ctypes.POINTER(_Vfs)
        find.argtypes = [ctypes.c_char_p]
        system = find(None).contents
        vfs = _Vfs.from_buffer_copy(system)
        vfs.pNext, vfs.zName = None, b"visavis-recorder"
        self._replace(vfs, "xOpen", _OPEN, self._opened)
        self._replace(vfs, "xDelete", _DELETE, self._deleted)
        register(ctypes.byref(vfs), 1)
        try:
            yield
        finally:
            unregister(ctypes.byref(vfs))
        self._kept.append(vfs)
        if self._faults:
            raise RuntimeError("recording failed") from self._faults[0]

    def _replace(
        self,
        table: ctypes.Structure,
        name: str,
        form: Any,
        note: Callable[..., None],
    ) -> None:
        """Put a function into ``table`` that calls the one before and then notes what it did."""
        before = form(getattr(table, name))

        def call(*words: int) -> int:
            try:
                existed = self._existed(words[1]) if name == "xOpen" else False
                code = int(before(*words))
                if code == 0:
                    note(*words, **({"existed": existed} if name == "xOpen" else {}))
            except BaseException as exc:  # noqa: BLE001 - nothing may fly through C
                self._faults.append(exc)
                return _IOERR
            return code

        function = form(call)
        self._kept += [before, function]
        setattr(table, name, ctypes.cast(function, _P).value)

    def _existed(self, name: int | None) -> bool:
        return name is not None and Path(os.fsdecode(ctypes.string_at(name))).exists()

    def _opened(
        self, _vfs: int, name: int | None, file: int, _flags: int, _out: int, *, existed: bool
    ) -> None:
        if name is None:
            self.unnamed += 1
            return
        path = Path(os.fsdecode(ctypes.string_at(name)))
        if path.parent != self.folder:
            return
        if path.name not in self._numbers:
            number = self._numbers[path.name] = self._count
            self._count += 1
            if existed:
                self.base[path.name] = (number, path.read_bytes())
            else:
                self._fresh.add(number)
                self.ops.append(Op("create", number, path.name))
        self._open[file] = (self._numbers[path.name], path.name)
        methods = ctypes.cast(file, ctypes.POINTER(_P))
        address = methods.contents.value
        if address is not None:
            methods[0] = ctypes.addressof(self._table(address))

    def _table(self, address: int) -> _Methods:
        """The recording copy of a table of methods."""
        if address not in self._tables:
            table = _Methods.from_buffer_copy(ctypes.cast(address, ctypes.POINTER(_Methods))[0])
            self._replace(table, "xClose", _CLOSE, self._closed)
            self._replace(table, "xWrite", _WRITE, self._written)
            self._replace(table, "xTruncate", _TRUNCATE, self._truncated)
            self._replace(table, "xSync", _SYNC, self._synced)
            self._tables[address] = table
        return self._tables[address]

    def _closed(self, file: int) -> None:
        self._open.pop(file, None)

    def _written(self, file: int, data: int, length: int, offset: int) -> None:
        number, name = self._open[file]
        self.ops.append(Op("write", number, name, offset, ctypes.string_at(data, length)))

    def _truncated(self, file: int, length: int) -> None:
        number, name = self._open[file]
        self.ops.append(Op("truncate", number, name, length))

    def _synced(self, file: int, _flags: int) -> None:
        number, name = self._open[file]
        self.ops.append(Op("sync", number, name, names=number in self._fresh))
        self._fresh.discard(number)

    def _deleted(self, _vfs: int, name: int, sync_folder: int) -> None:
        path = Path(os.fsdecode(ctypes.string_at(name)))
        number = self._numbers.pop(path.name, None)
        if path.parent == self.folder and number is not None:
            self.ops.append(Op("unlink", number, path.name, names=bool(sync_folder)))


def _apply(content: bytearray, op: Op) -> None:
    if op.what == "truncate":
        del content[op.offset :]
        content.extend(bytes(op.offset - len(content)))
        return
    content.extend(bytes(max(0, op.offset - len(content))))
    content[op.offset : op.offset + len(op.data)] = op.data


def _apply_in_part(content: bytearray, op: Op, lot: random.Random, junk: bool) -> None:
    """Some sectors of a write, the others left as they were, or full of junk."""
    if op.what != "write":
        _apply(content, op)
        return
    end = op.offset + len(op.data)
    start = op.offset
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        if lot.random() < 0.5:
            part = op.data[start - op.offset : stop - op.offset]
            _apply(content, Op("write", offset=start, data=part))
        elif junk:
            _apply(content, Op("write", offset=start, data=lot.randbytes(stop - start)))
        start = stop


@dataclass
class Disk:
    """The disk as the recording goes on: what is durable, and what is only on its way.

    Attributes:
        files: durable content by number.
        names: durable names.
        pending: changes of content that no sync has followed, as issued.
        pending_names: changes of names likewise: name, and number or None.
    """

    files: dict[int, bytearray]
    names: dict[str, int]
    pending: list[Op] = field(default_factory=list)
    pending_names: list[tuple[str, int | None]] = field(default_factory=list)

    @classmethod
    def of(cls, base: dict[str, tuple[int, bytes]]) -> Disk:
        """Before the first change."""
        files = {number: bytearray(data) for number, data in base.values()}
        return cls(files, {name: number for name, (number, _) in base.items()})

    def step(self, op: Op) -> None:
        """One recorded operation later."""
        if op.what in ("write", "truncate"):
            self.pending.append(op)
        elif op.what == "create":
            self.files[op.file] = bytearray()
            self.pending_names.append((op.name, op.file))
        elif op.what == "unlink":
            self.pending_names.append((op.name, None))
        elif op.what == "sync":
            for change in self.pending:
                if change.file == op.file:
                    _apply(self.files[op.file], change)
            self.pending = [change for change in self.pending if change.file != op.file]
        if op.names:
            self.names = self._named(len(self.pending_names))
            self.pending_names = []

    def _named(self, count: int) -> dict[str, int]:
        names = dict(self.names)
        for name, number in self.pending_names[:count]:
            if number is None:
                names.pop(name, None)
            else:
                names[name] = number
        return names

    def image(self, word: str, lot: random.Random) -> dict[str, bytes]:
        """Files by name after a cut at this moment; ``word`` says how unkind it was."""
        names = self._named(
            {"dropped": 0, "all": len(self.pending_names)}.get(
                word, lot.randint(0, len(self.pending_names))
            )
        )
        files = {number: bytearray(self.files[number]) for number in set(names.values())}
        cut = lot.randint(0, len(self.pending))
        share = lot.choice((0.2, 0.5, 0.8))
        for index, op in enumerate(self.pending):
            content = files.get(op.file)
            if content is None or word == "dropped" or (word == "prefix" and index > cut):
                continue
            if word in ("sectors", "junk") or (word == "prefix" and index == cut):
                _apply_in_part(content, op, lot, word == "junk")
            elif word != "subset" or lot.random() < share:
                _apply(content, op)
        return {name: bytes(files[number]) for name, number in names.items()}

    @property
    def settled(self) -> bool:
        """Whether a cut now can leave one image only."""
        return not self.pending and not self.pending_names


def images(
    base: dict[str, tuple[int, bytes]], ops: Sequence[Op], span: Container[int], lot: random.Random
) -> Iterator[tuple[int, str, dict[str, bytes]]]:
    """One image of every kind for each moment in ``span``: moment, kind, files by name.

    Moment n is after the first n operations.
    """
    disk = Disk.of(base)
    for moment in range(len(ops) + 1):
        if moment in span:
            for word in _WORDS[:1] if disk.settled else _WORDS:
                yield moment, word, disk.image(word, lot)
        if moment < len(ops):
            disk.step(ops[moment])


def replayed(recorder: Recorder) -> dict[str, bytes]:
    """Every file after the whole recording, nothing lost."""
    disk = Disk.of(recorder.base)
    for op in recorder.ops:
        disk.step(op)
    return disk.image("all", random.Random(0))  # noqa: S311 - lots, not secrets
