"""Processes that read files side by side; answers come in the order asked.

Rules, in order:

1. Processes, not threads: a decoder that crashes, hangs or eats memory takes one file with it, and
   the interpreter's lock stops nobody.
2. A process that gives no sign for two minutes, or is not done in ten, is ended; the file gets a
   typed error and the next file a new process.
3. Leaving the pool, also by Ctrl+C, ends every process.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Final, Self

from kiosk.commands.console import ExitCode, error_json, error_lines
from kiosk.commands.read_seals import SealList
from kiosk.domain.errors import (
    CaptureError,
    ModelError,
    ReadingStoppedError,
    ReadingTooLongError,
)
from kiosk.texts import Texts

QUIET_S: Final = 120.0
WHOLE_S: Final = 600.0
STOP_S: Final = 5.0
MAX_JOBS: Final = 8
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What one file gave.

    Attributes:
        object: as ``visavis read --json`` prints it.
        lines: the same for a person.
        code: what this file alone would end the command with.
        accepted: documents read for certain.
        not_accepted: documents read, but not for certain.
        nothing: whether neither document nor code was found.
        error: whether the file could not be read.
        unsure_codes: codes that are there and were not read for certain.
    """

    object: dict[str, Any]
    lines: tuple[str, ...]
    code: ExitCode
    accepted: int = 0
    not_accepted: int = 0
    nothing: bool = False
    error: bool = False
    unsure_codes: int = 0


def default_jobs() -> int:
    """One process a core that this program may use, at most eight."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, min(MAX_JOBS, len(os.sched_getaffinity(0))))
    return max(1, min(MAX_JOBS, os.cpu_count() or 1))


class ReadPool:
    """Use as a context; :meth:`answers` may be called once or more inside it."""

    def __init__(
        self,
        jobs: int,
        texts: Texts,
        *,
        quiet_s: float = QUIET_S,
        whole_s: float = WHOLE_S,
        command: Sequence[str] = (),
        seals: SealList | None = None,
    ) -> None:
        """Prepare; the processes start when the first files come.

        Args:
            jobs: how many processes.
            texts: in the language of the answers.
            quiet_s: longest time without a sign of life.
            whole_s: longest time for one file.
            command: what to start instead of :mod:`kiosk.commands.read_worker`.
            seals: what seals are judged by; told to each process first. None: nothing is told.
        """
        self._texts = texts
        self._limits = (quiet_s, whole_s)
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="read")
        words = (texts.language, "together" if jobs > 1 else "alone")
        first = "" if seals is None else json.dumps({"seals": asdict(seals)}) + "\n"
        self._workers = [_Worker(command or _command(*words), first) for _ in range(jobs)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.end(for_good=True)
        self._threads.shutdown(cancel_futures=True)

    def answers(
        self, paths: Sequence[Path], done: Callable[[], None] = lambda: None
    ) -> Iterator[FileAnswer]:
        """Answers in the order of ``paths``; ``done`` is called from any thread as each is ready.

        Raises:
            ModelError: the recognisers cannot be loaded.
        """

        def finished(_: Future[FileAnswer]) -> None:
            done()

        futures = []
        for path in paths:
            future = self._threads.submit(self._answer, path)
            future.add_done_callback(finished)
            futures.append(future)
        for index, future in enumerate(futures):
            yield future.result()
            futures[index] = Future()  # an answer that was given is not kept

    def _answer(self, path: Path) -> FileAnswer:
        worker = self._idle.get()
        try:
            return worker.ask(path, *self._limits)
        except ModelError:
            raise
        except CaptureError as exc:
            return self._refused(path, exc)
        finally:
            self._idle.put(worker)

    def _refused(self, path: Path, error: CaptureError) -> FileAnswer:
        from kiosk.commands.read import shown_name

        lines = (f"— {shown_name(path.name)}", *(f"  {s}" for s in error_lines(error, self._texts)))
        value = {"file": shown_name(str(path)), **error_json(error, self._texts)}
        return FileAnswer(value, lines, ExitCode.FAILED, error=True)


class _Worker:
    """One process, started when it is asked and again after it was ended."""

    def __init__(self, command: Sequence[str], first: str) -> None:
        self._command = command
        self._first = first
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def ask(self, path: Path, quiet_s: float, whole_s: float) -> FileAnswer:
        """Have one file read.

        Raises:
            ModelError: the process says that it cannot load the recognisers.
            ReadingTooLongError, ReadingStoppedError: it was ended, or ended.
        """
        end = time.monotonic() + whole_s
        process = self._running(quiet_s)
        try:
            _input(process).write(json.dumps({"path": str(path)}) + "\n")
            _input(process).flush()
        except (OSError, ValueError) as exc:
            self.end()
            raise ReadingStoppedError("gone") from exc
        while True:
            said = self._hear(process, min(quiet_s, end - time.monotonic()))
            if "taken" in said:
                continue
            said["code"] = ExitCode(said["code"])
            said["lines"] = tuple(said["lines"])
            return FileAnswer(**said)

    def end(self, *, for_good: bool = False) -> None:
        """Kill the process; ``for_good``: and start no other."""
        with self._lock:
            self._closed = self._closed or for_good
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError, ValueError):
                        pipe.close()

    def _running(self, quiet_s: float) -> "subprocess.Popen[str]":
        process = self._process
        if process is not None and process.poll() is None:
            return process
        self.end()
        with self._lock:
            if self._closed:
                raise ReadingStoppedError("closed")
            process = self._process = _start(self._command)
        said = self._hear(process, quiet_s)
        if "failed" in said:
            self.end()
            raise ModelError(str(said.get("detail", "")))
        try:
            _input(process).write(self._first)
            _input(process).flush()
        except (OSError, ValueError) as exc:
            self.end()
            raise ReadingStoppedError("gone") from exc
        return process

    def _hear(self, process: "subprocess.Popen[str]", seconds: float) -> dict[str, Any]:
        """The next line; the process is ended where none comes in time."""
        late = threading.Event()

        def too_late() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(max(0.0, seconds), too_late)
        timer.start()
        try:
            line = _output(process).readline()
        except (OSError, ValueError):
            line = ""  # closed by the other thread
        finally:
            timer.cancel()
        if line.endswith("\n"):
            said: dict[str, Any] = json.loads(line)
            return said
        self.end()
        if late.is_set():
            raise ReadingTooLongError("ended")
        raise ReadingStoppedError("gone")


def _command(*words: str) -> tuple[str, ...]:
    # -P: a module that lies beside the pictures must not be taken for one of this program.
    return (sys.executable, "-P", "-m", "kiosk.commands.read_worker", *words)


def _start(command: Sequence[str]) -> "subprocess.Popen[str]":
    others = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join(part for part in (str(_ROOT), others) if part)
    return subprocess.Popen(  # noqa: S603 - this program itself
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="ascii",
        env={**os.environ, "PYTHONPATH": path},
    )


def _input(process: "subprocess.Popen[str]") -> Any:
    return process.stdin


def _output(process: "subprocess.Popen[str]") -> Any:
    return process.stdout
