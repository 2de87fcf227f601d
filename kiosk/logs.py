"""The log: one JSON object a line, only fields of a short list, never a person.

Rules, in order:

1. A line says what happened (an event name of the program) and with which ids and codes; free text
   from outside never enters it. A field that is not on the list is dropped and counted.
2. An error is logged by its code and by where in the program it came from, not by its words.
3. The files rotate: eight of one megabyte at most.
"""

import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from typing_extensions import override

from kiosk.domain.errors import KioskError

FIELDS: Final = frozenset(
    {
        "code",
        "detail",
        "case_id",
        "record_id",
        "seq",
        "device_id",
        "step",
        "outcome",
        "command",
        "version",
        "policy_version",
        "elapsed_ms",
        "count",
        "status",
        "at",
    }
)
"""Everything that a line may say besides time, level and event."""

_NAME: Final = "visavis"
_EVENT: Final = re.compile(r"[a-z][a-z0-9_.]{0,60}")
_VALUE: Final = re.compile(r"[A-Za-z0-9_.,:+/ -]{0,120}")
# A detail is a word of this program: lower case, or the name of a class of errors. A name or a
# number of a document, read by mistake into an error, is neither.
_DETAIL: Final = re.compile(r"[a-z][a-z0-9_.,:+/ -]{0,119}|[A-Za-z]{1,60}(Error|Exception)|")
_MAX_BYTES: Final = 1_000_000
_FILES: Final = 7
_PROGRAM: Final = ("kiosk", "ui", "central")


def event(name: str, level: int = logging.INFO, **fields: object) -> None:
    """Log one event.

    Args:
        name: of the event, dotted lower case (``case.opened``).
        level: of :mod:`logging`.
        fields: those of :data:`FIELDS`; others are dropped.
    """
    logging.getLogger(_NAME).log(level, name, extra={"visavis": fields})


def error(name: str, exc: BaseException, **fields: object) -> None:
    """Log a failure by its code and its place, without its words."""
    code = exc.code if isinstance(exc, KioskError) else "KIOSK-001"
    detail = exc.detail if isinstance(exc, KioskError) else type(exc).__name__
    event(name, logging.ERROR, code=code, detail=detail, at=_place(exc), **fields)


def start(folder: Path) -> logging.Handler:
    """Write the log into ``folder``; other libraries' lines are kept by level and name only."""
    handler = _Lines(
        folder / "visavis.log",
        maxBytes=_MAX_BYTES,
        backupCount=_FILES,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger(_NAME).setLevel(logging.INFO)
    return handler


def stop(handler: logging.Handler) -> None:
    """Close the log again."""
    logging.getLogger().removeHandler(handler)
    handler.close()


class _Lines(RotatingFileHandler):
    """A disk that is full or takes no writes costs lines of the log, and nothing else."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Not as the library does: it would print a traceback, with the words of the line."""


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One JSON object; whatever came from a library loses its words."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        if record.name == _NAME and _EVENT.fullmatch(str(record.msg)):
            line["event"] = record.msg
            line |= _allowed(getattr(record, "visavis", {}))
        else:
            line |= {"event": "library", "at": _safe(record.name)}
        return json.dumps(line, ensure_ascii=True)


def readable(line: str) -> str | None:
    """A line of a log file cut to the list of fields again; None for what is no line of ours."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or not _EVENT.fullmatch(str(found.get("event", ""))):
        return None
    head = {name: _safe(str(found.get(name, ""))) for name in ("time", "level", "event")}
    rest = {name: value for name, value in found.items() if name in FIELDS}
    return json.dumps(head | _allowed(rest), ensure_ascii=True)


def _allowed(fields: Mapping[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    dropped = 0
    for name, value in fields.items():
        if name not in FIELDS:
            dropped += 1
        elif isinstance(value, (bool, int, float)) or value is None:
            kept[name] = value
        else:
            kept[name] = _safe(str(value), _DETAIL if name == "detail" else _VALUE)
    if dropped:
        kept["dropped"] = dropped
    return kept


def _safe(value: str, form: re.Pattern[str] = _VALUE) -> str:
    return value if form.fullmatch(value) else "(withheld)"


def _place(exc: BaseException) -> str:
    """Module and line of the program where the failure arose."""
    frames = traceback.extract_tb(exc.__traceback__)
    for frame in reversed(frames):
        parts = Path(frame.filename).with_suffix("").parts
        for room in _PROGRAM:
            if room in parts:
                dotted = ".".join(parts[len(parts) - 1 - parts[::-1].index(room) :])
                return f"{dotted}:{frame.lineno}"
    return ""
