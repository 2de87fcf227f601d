"""The process that opens and reads files for ``visavis read``, one after the other.

Rules, in order:

1. Told first what seals are judged by, then asked on the standard input by one JSON object a line,
   it answers on the standard output by JSON
   objects of one line: one a picture taken, so that the other side knows it lives, then the answer.
2. Whatever a file does to a decoder happens here: the other side survives it and names the file.
3. It may use so much memory and no more, where the system can say so.
4. It ends when its standard input ends; the keyboard is the other side's business.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kiosk.commands.read import Opened, as_json, as_text, exit_code_of
from kiosk.commands.read_seals import SealList
from kiosk.domain.errors import InternalError, KioskError, PictureTooLargeError
from kiosk.texts import Texts

if TYPE_CHECKING:
    from kiosk.ports import Picture
    from kiosk.services.file_reading import FileReader, FileReading

MEMORY_BYTES = 6 * 1024**3
"""Address space: libraries and models take 2 GiB of it, the largest picture less than 2 more."""


def main() -> None:
    """Serve until the input ends. Words: the language, and ``alone`` or ``together``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _own_output()
    texts = Texts.load(sys.argv[1])
    _limit_memory()
    try:
        reader = load_reader(together=sys.argv[2] == "together")
    except KioskError as exc:
        _tell(answers, {"failed": exc.code, "detail": exc.detail})
        return
    _tell(answers, {"ready": True})
    seals = SealList()
    for line in sys.stdin:
        asked = json.loads(line)
        if "seals" in asked:
            seals = SealList(**asked["seals"])
            reader = reader.with_trust(seals.opened())
            continue
        _tell(answers, _answer(reader, Path(asked["path"]), Told(texts, seals, answers)))


def load_reader(*, together: bool) -> "FileReader":
    """The reader as every command that reads files uses it. Raises ModelError.

    ``together``: other processes read at the same time, so this one keeps to one core.
    """
    import cv2

    from kiosk.bootstrap.hardware import load_readers
    from kiosk.devices.clock import SystemClock
    from kiosk.services.file_reading import FileReader

    if together:
        cv2.setNumThreads(1)
    readers = load_readers(thorough=True)
    readers.warm_up()
    return FileReader(readers, SystemClock())


@dataclass(frozen=True, slots=True)
class Told:
    """Words and way of the answers."""

    texts: Texts
    seals: SealList
    answers: IO[str]


def _answer(reader: "FileReader", path: Path, told: Told) -> dict[str, Any]:
    opened = Opened()
    outcome: FileReading | KioskError
    try:
        outcome = _read(reader, path, opened, told.answers)
    except KioskError as exc:
        outcome = exc
    except MemoryError:
        outcome = PictureTooLargeError("memory")
    except Exception as exc:  # noqa: BLE001 - the edge of a process: the file is named, not the fault
        outcome = InternalError(type(exc).__name__)
    answer = {
        "object": as_json(path, outcome, told.texts, opened, told.seals),
        "lines": list(as_text(path, outcome, told.texts, opened, told.seals)),
        "code": int(exit_code_of(outcome)),
    }
    if isinstance(outcome, KioskError):
        return {**answer, "error": True}
    unsure = len(outcome.unsure_codes)
    return {
        **answer,
        "accepted": sum(document.accepted for document in outcome.documents),
        "not_accepted": sum(not document.accepted for document in outcome.documents),
        "nothing": not (outcome.documents or outcome.codes or unsure),
        "unsure_codes": unsure,
    }


def _read(reader: "FileReader", path: Path, opened: Opened, answers: IO[str]) -> "FileReading":
    from kiosk.devices.document_files import DocumentFile, FileKind

    file = DocumentFile(path)

    def taken() -> Iterator["Picture"]:
        for picture in file.pictures():
            _tell(answers, {"taken": file.shown})
            yield picture

    try:
        return reader.read(taken(), moving=file.kind is FileKind.CLIP)
    finally:
        opened.kind = file.kind.value
        opened.pictures, opened.skipped, opened.more = file.shown, file.skipped, file.more


def _own_output() -> IO[str]:
    """The standard output, out of reach of libraries that print: theirs goes nowhere."""
    own = os.fdopen(os.dup(1), "w", encoding="ascii", newline="\n")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    return own


def _tell(answers: IO[str], value: dict[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def _limit_memory() -> None:
    """An address space with an end, so that a bomb that slips through ends here."""
    if sys.platform != "linux":
        return  # macOS ignores the limit, Windows has none of this kind
    import resource

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
