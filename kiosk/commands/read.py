"""``visavis read FILE...``: documents and codes in photos, scans, PDF pages and clips.

Nothing is stored and nothing is sent; seals are judged offline (:mod:`.read_seals`). One object a
file with ``--json``, in the order given. Exit codes: 0 everything found is certain, 1 a file shows
nothing or nothing certain, 2 wrong use, 3 a file could not be read. Files are read by processes of
their own (:mod:`.read_pool`).

``visavis read --camera N`` judges a camera instead (:mod:`.read_camera`).
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiosk.commands.console import (
    DataOption,
    ExitCode,
    decimal,
    error_json,
    error_lines,
    leave,
    say,
    say_json,
    texts_of,
)
from kiosk.commands.read_seals import SealList, list_of_device, list_of_files
from kiosk.documents.codes import PayloadKind
from kiosk.documents.series import Family
from kiosk.domain.errors import KioskError
from kiosk.domain.evidence import Check, IdentityDocument, Verdict
from kiosk.texts import Texts

if TYPE_CHECKING:
    from kiosk.commands.read_pool import FileAnswer
    from kiosk.services.file_codes import CodeReading
    from kiosk.services.file_reading import DocumentReading, FileReading

    Outcome = FileReading | KioskError

_OK = {Verdict.PASS: True, Verdict.FAIL: False}
_DETAILS = {"2d-doc": "seal", "item-number": "item", "foreign": "foreign", "request": "request"}
"""Where the texts say what a code is, by the kind of its payload."""
DEFAULT_SECONDS = 10.0


@dataclass(slots=True)
class Opened:
    """How far a file was opened.

    Attributes:
        kind: ``picture``, ``pages`` or ``clip``; empty where that was not found out.
        pictures: how many were looked at.
        skipped: frames of a clip that could not be decoded.
        more: whether the file holds more than was looked at.
    """

    kind: str = ""
    pictures: int = 0
    skipped: int = 0
    more: bool = False


@dataclass(slots=True)
class Tally:
    """Counts of several files, for the last line."""

    files: int = 0
    accepted: int = 0
    not_accepted: int = 0
    nothing: int = 0
    unsure_codes: int = 0
    errors: int = 0

    def add(self, answer: "FileAnswer") -> None:
        """Count one file."""
        self.files += 1
        self.accepted += answer.accepted
        self.not_accepted += answer.not_accepted
        self.nothing += answer.nothing
        self.unsure_codes += answer.unsure_codes
        self.errors += answer.error

    def text(self, texts: Texts) -> str:
        """One line."""
        parts = [texts("read.total.files", n=self.files)]
        for name in ("accepted", "not_accepted", "nothing", "unsure_codes", "errors"):
            count = getattr(self, name)
            if count or name == "accepted":
                parts.append(texts(f"read.total.{name}", n=count))
        return ", ".join(parts) + "."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("read")(read)


def read(  # noqa: PLR0913, PLR0917 - one for each option of the command
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="Photo, scan, PDF, clip, or a folder of them."),
    ] = None,
    data: DataOption = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", min=0, max=64, help="Files at once; 0: as many as there are cores."),
    ] = 0,
    camera: Annotated[
        str,
        typer.Option(
            "--camera",
            metavar="CAMERA",
            help="Judge a camera instead: number, device, specimen[:NAME] or replay:PATH.",
        ),
    ] = "",
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, max=600, help="How long to judge the camera.")
    ] = DEFAULT_SECONDS,
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust",
            metavar="FILE",
            help="Judge 2D-Doc seals by this list: signed list, certificates, revocation lists.",
        ),
    ] = None,
    signer_sha256: Annotated[
        str, typer.Option(help="With --trust: SHA-256 of the list's signer.")
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, one line a file.")
    ] = False,
) -> None:
    """Read documents and codes in files, or judge a camera; nothing is stored."""
    texts = texts_of(data)
    if camera:
        if files:
            typer.echo(texts("read.camera_or_files"), err=True)
            leave(ExitCode.WRONG_USE)
        from kiosk.commands.read_camera import judge_camera

        judge_camera(camera, seconds, texts, json=json)
        return
    from kiosk.devices.clock import SystemClock

    paths = _paths_of(files or [], texts)
    today = SystemClock().now().astimezone().date()
    if trust:
        seals = list_of_files(trust, signer_sha256, texts, today)
    else:
        seals = list_of_device(data, texts, today)
    _read_files(paths, jobs, texts, seals, json=json)


def _paths_of(files: list[Path], texts: Texts) -> list[Path]:
    """What to read; ends the command where a file is missing or there is nothing."""
    missing = [path for path in files if not path.exists()]
    for path in missing:
        typer.echo(texts("read.missing", file=shown_name(path.name)), err=True)
    paths = list(_expanded(files))
    if missing or not paths:
        if not missing:
            typer.echo(texts("read.no_files"), err=True)
        leave(ExitCode.WRONG_USE)
    return paths


def _read_files(paths: list[Path], jobs: int, texts: Texts, seals: SealList, *, json: bool) -> None:
    code = ExitCode.DONE
    tally = Tally()
    try:
        for answer in _answers(paths, jobs, texts, seals):
            if json:
                say_json(answer.object)
            else:
                for line in answer.lines:
                    say(line)
            code = max(code, answer.code)
            tally.add(answer)
    except KeyboardInterrupt:
        typer.echo(texts("read.interrupted"), err=True)
        code = ExitCode.FAILED
    if len(paths) > 1:
        # Where every line of the answer is an object, the sum is for the person who waits.
        typer.echo(tally.text(texts), err=json)
    leave(code)


def _expanded(files: Iterable[Path]) -> Iterator[Path]:
    """Files as given; of folders, what is readable by its name, in order."""
    from kiosk.devices.document_files import SUFFIXES

    for path in files:
        if path.is_dir():
            yield from sorted(
                file
                for file in path.rglob("*")
                if file.suffix.lower() in SUFFIXES and file.is_file()
            )
        else:
            yield path


def _answers(paths: list[Path], jobs: int, texts: Texts, seals: SealList) -> Iterator["FileAnswer"]:
    """Read the files side by side, answers in their order. Raises ModelError at the first."""
    from kiosk.commands.read_pool import ReadPool, default_jobs

    with (
        ReadPool(min(jobs or default_jobs(), len(paths)), texts, seals=seals) as pool,
        _progress(len(paths), texts) as advance,
    ):
        yield from pool.answers(paths, advance)


def exit_code_of(outcome: "Outcome") -> ExitCode:
    """What one file alone ends the command with."""
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
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Files a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(texts("read.rate", n=decimal(speed, texts)) if speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    # The answer may go to a file: it must not be drawn into while the bar is on the screen.
    shared = sys.stdout.isatty()
    with Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=shared
    ) as bar:
        task = bar.add_task(texts("read.working"), total=total)
        yield lambda: bar.advance(task)


def shown_name(name: str) -> str:
    """A file name that can be printed: no control characters, no half characters."""
    whole = name.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "·" for c in whole)


# --- JSON -----------------------------------------------------------------------------------------


def as_json(
    path: Path,
    outcome: "Outcome",
    texts: Texts,
    opened: Opened | None = None,
    seals: SealList | None = None,
) -> dict[str, object]:
    """One file as the contract of the command line writes it."""
    file = str(path).encode("utf-8", "replace").decode("utf-8")
    if isinstance(outcome, KioskError):
        return {"file": file, **error_json(outcome, texts)}
    quality = outcome.quality
    return {
        "file": file,
        "documents": [_document_json(document) for document in outcome.documents],
        "codes": [_code_json(code) for code in outcome.codes],
        "unsure_codes": [asdict(code) for code in outcome.unsure_codes],
        "named": [family.value for family in outcome.named],
        "quality": None
        if quality is None
        else {
            "sharpness": round(quality.sharpness, 3),
            "glare": round(quality.glare, 4),
            "exposure": round(quality.exposure, 3),
        },
        "elapsed_ms": outcome.elapsed_ms,
        **({} if opened is None else {"opened": asdict(opened)}),
        **({} if seals is None else {"seal_list": seals.object}),
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


def as_text(
    path: Path,
    outcome: "Outcome",
    texts: Texts,
    opened: Opened | None = None,
    seals: SealList | None = None,
) -> Iterator[str]:
    """One file for a person."""
    yield f"— {shown_name(path.name)}"
    if isinstance(outcome, KioskError):
        yield from (f"  {line}" for line in error_lines(outcome, texts))
        return
    if not (outcome.documents or outcome.codes or outcome.unsure_codes or outcome.named):
        yield "  " + texts("read.nothing")
    for family in outcome.named:
        words = "read.forbidden" if family is Family.SOCIAL_SECURITY else "read.seen_as"
        yield "  " + texts(words, kind=texts(f"document_families.{family.value}"))
    for document in outcome.documents:
        yield from _document_text(document, texts)
    for code in outcome.codes:
        shown = code.payload.text or code.payload.preview
        short = shown if len(shown) <= 60 else shown[:59] + "…"
        printable = "".join(c if c.isprintable() else "·" for c in short)
        name = texts(f"read.code.{code.payload.kind.value}")
        what = f"{name} ({code.sighting.symbology})"
        yield "  " + texts("read.pair", label=what, value=printable)
        words = f"read.{_DETAILS[code.payload.kind.value]}.{code.payload.detail}"
        if code.payload.detail and words in texts:
            yield "    " + texts(words)
        yield from _checks_text(code.checks, texts)
        if code.payload.kind is PayloadKind.SEAL and seals is not None:
            yield from (f"    {line}" for line in seals.lines)
    for unsure in outcome.unsure_codes:
        what = f"{unsure.symbology}{_page_text(unsure.page, texts)}"
        yield "  " + texts("read.unsure_code", symbology=what)
    yield from (f"  ! {line}" for line in _left_out(opened or Opened(), texts))


def _left_out(opened: Opened, texts: Texts) -> Iterator[str]:
    """What of the file was not looked at."""
    if opened.skipped:
        yield texts("read.skipped", n=opened.skipped)
    if opened.more:
        yield texts(f"read.more.{opened.kind}", n=opened.pictures)


def _document_text(reading: "DocumentReading", texts: Texts) -> Iterator[str]:
    state = texts("read.accepted" if reading.accepted else "read.not_accepted")
    page = _page_text(reading.page, texts)
    yield "  " + texts("read.pair", label=f"{reading.document.layout}{page}", value=state)
    yield from (f"    {line}" for line in reading.document.mrz)
    for name, value in fields_of(reading.document).items():
        label = texts(f"read.field.{name}")
        yield "    " + texts("read.pair", label=label, value=value)
    yield from _checks_text(reading.checks, texts)


def _page_text(page: int, texts: Texts) -> str:
    """Which page, from 0; nothing for the first."""
    return f", {texts('read.page', n=page + 1)}" if page else ""


def _checks_text(checks: Iterable[Check], texts: Texts) -> Iterator[str]:
    """What did not pass, each with what was checked: five check digits share one sentence."""
    for check in checks:
        if check.verdict in (Verdict.FAIL, Verdict.UNSURE):
            said = texts(f"checks.{check.code}.{check.verdict.value}")
            label = f"checks.{check.code}.label"
            yield "    ! " + (f"{texts(label)} – {said}" if label in texts else said)
