"""``visavis read FILE...``: documents and codes in photos, scans, PDF pages and clips.

Nothing is stored and nothing is sent. One object a file with ``--json``, in the order given. Exit
codes: 0 everything found is certain, 1 a file shows nothing or nothing certain, 2 wrong use,
3 a file could not be read.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiosk.commands.console import (
    DataOption,
    ExitCode,
    JsonOption,
    error_json,
    error_lines,
    leave,
    say,
    say_json,
    texts_of,
)
from kiosk.domain.errors import KioskError
from kiosk.domain.evidence import Check, IdentityDocument, Verdict
from kiosk.texts import Texts

if TYPE_CHECKING:
    from kiosk.services.file_reading import CodeReading, DocumentReading, FileReader, FileReading

    Outcome = FileReading | KioskError

_OK = {Verdict.PASS: True, Verdict.FAIL: False}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("read")(read)


def read(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Photo, scan, PDF, clip, or a folder of them."),
    ],
    data: DataOption = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="Files at once.")] = 1,
    json: JsonOption = False,
) -> None:
    """Read documents and codes in files; nothing is stored."""
    texts = texts_of(data)
    missing = [path for path in files if not path.exists()]
    for path in missing:
        typer.echo(texts("read.missing", file=path.name), err=True)
    paths = list(_expanded(files))
    if missing or not paths:
        if not missing:
            typer.echo(texts("read.no_files"), err=True)
        leave(ExitCode.WRONG_USE)
    code = ExitCode.DONE
    with _progress(len(paths), texts) as advance:
        for path, outcome in _outcomes(paths, jobs):
            advance()
            if json:
                say_json(as_json(path, outcome, texts))
            else:
                for line in as_text(path, outcome, texts):
                    say(line)
            code = max(code, _code_of(outcome))
    leave(code)


def _expanded(files: Iterable[Path]) -> Iterator[Path]:
    """Files as given; of folders, what is readable by its name, in order."""
    from kiosk.devices.document_files import SUFFIXES

    for path in files:
        if path.is_dir():
            yield from sorted(
                file
                for file in path.rglob("*")
                if file.is_file() and file.suffix.lower() in SUFFIXES
            )
        else:
            yield path


def _outcomes(paths: Sequence[Path], jobs: int) -> Iterator[tuple[Path, "Outcome"]]:
    """Read the files, ``jobs`` at once, in their order. Raises ModelError at the first."""
    from kiosk.bootstrap.hardware import load_readers
    from kiosk.devices.clock import SystemClock
    from kiosk.services.file_reading import FileReader

    readers = load_readers(thorough=True)
    readers.warm_up()
    reader = FileReader(readers, SystemClock())
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(paths, pool.map(lambda path: _outcome(reader, path), paths), strict=True)


def _outcome(reader: "FileReader", path: Path) -> "Outcome":
    from kiosk.devices.document_files import FileKind, kind_of, pictures_of

    try:
        moving = kind_of(path) is FileKind.CLIP
        return reader.read(pictures_of(path), moving=moving)
    except KioskError as exc:
        return exc


def _code_of(outcome: "Outcome") -> ExitCode:
    if isinstance(outcome, KioskError):
        return ExitCode.FAILED
    return ExitCode.DONE if outcome.certain else ExitCode.NO


@contextmanager
def _progress(total: int, texts: Texts) -> Iterator[Callable[[], None]]:
    """A bar on the error stream, where a person looks and there is something to wait for."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(texts("read.working"), total=total)
        yield lambda: bar.advance(task)


# --- JSON -----------------------------------------------------------------------------------------


def as_json(path: Path, outcome: "Outcome", texts: Texts) -> dict[str, object]:
    """One file as the contract of the command line writes it."""
    if isinstance(outcome, KioskError):
        return {"file": str(path), **error_json(outcome, texts)}
    quality = outcome.quality
    return {
        "file": str(path),
        "documents": [_document_json(document) for document in outcome.documents],
        "codes": [_code_json(code) for code in outcome.codes],
        "quality": None
        if quality is None
        else {
            "sharpness": round(quality.sharpness, 3),
            "glare": round(quality.glare, 4),
            "exposure": round(quality.exposure, 3),
        },
        "elapsed_ms": outcome.elapsed_ms,
    }


def _document_json(reading: "DocumentReading") -> dict[str, object]:
    return {
        "layout": reading.document.layout,
        "mrz": list(reading.document.mrz),
        "fields": fields_of(reading.document),
        "checks": [_check_json(check) for check in reading.checks],
        "accepted": reading.accepted,
        "doubts": [list(doubt) for doubt in reading.doubts],
        "outline": [[round(float(x), 1), round(float(y), 1)] for x, y in reading.outline],
        "page": reading.page,
    }


def _code_json(code: "CodeReading") -> dict[str, object]:
    text = code.payload.text or code.payload.preview
    return {
        "symbology": code.sighting.symbology,
        "text": text,
        "payload": code.payload.kind.value,
        "detail": code.payload.detail,
        "checks": [_check_json(check) for check in code.checks],
        "page": code.page,
    }


def _check_json(check: Check) -> dict[str, object]:
    """``ok`` is null where the check gives no answer: not sure is neither yes nor no."""
    return {
        "code": check.code,
        "ok": _OK.get(check.verdict),
        "verdict": check.verdict.value,
        "detail": check.detail,
    }


def fields_of(document: IdentityDocument) -> dict[str, str]:
    """The fields of a document by name; what the layout does not have is left out."""
    fields: dict[str, Any] = {
        "surname": document.surname,
        "given_names": " ".join(document.given_names),
        "document_number": document.document_number,
        "issuer": document.issuer,
        "nationality": document.nationality,
        "birth_date": document.birth_date,
        "sex": document.sex,
        "expiry_date": document.expiry_date,
        "issue_month": document.issue_month and f"{document.issue_month:%Y-%m}",
    }
    return {name: str(value) for name, value in fields.items() if value}


# --- text -----------------------------------------------------------------------------------------


def as_text(path: Path, outcome: "Outcome", texts: Texts) -> Iterator[str]:
    """One file for a person."""
    yield f"— {path.name}"
    if isinstance(outcome, KioskError):
        yield from (f"  {line}" for line in error_lines(outcome, texts))
        return
    if not outcome.documents and not outcome.codes:
        yield "  " + texts("read.nothing")
    for document in outcome.documents:
        yield from _document_text(document, texts)
    for code in outcome.codes:
        shown = code.payload.text or code.payload.preview
        short = shown if len(shown) <= 60 else shown[:59] + "…"
        printable = "".join(c if c.isprintable() else "·" for c in short)
        name = texts(f"read.code.{code.payload.kind.value}")
        what = f"{name} ({code.sighting.symbology})"
        yield "  " + texts("read.pair", label=what, value=printable)


def _document_text(reading: "DocumentReading", texts: Texts) -> Iterator[str]:
    state = texts("read.accepted" if reading.accepted else "read.not_accepted")
    page = f", {texts('read.page', n=reading.page + 1)}" if reading.page else ""
    yield "  " + texts("read.pair", label=f"{reading.document.layout}{page}", value=state)
    yield from (f"    {line}" for line in reading.document.mrz)
    for name, value in fields_of(reading.document).items():
        label = texts(f"read.field.{name}")
        yield "    " + texts("read.pair", label=label, value=value)
    for check in reading.checks:
        if check.verdict in (Verdict.FAIL, Verdict.UNSURE):
            yield "    ! " + texts(f"checks.{check.code}.{check.verdict.value}")
