"""``visavis support-bundle OUT.zip``: what support needs to know, and nothing about any person.

Rules, in order: only files that this module writes itself go in; of the settings only values of
closed lists and numbers; of the journal only counts; of the log only lines of the list of fields,
read again and cut again; no path of the machine.
"""

import json
import platform
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.console import DataOption, ExitCode, JsonOption, leave, say, say_json, texts_of
from kiosk.commands.diagnose import as_json, findings_of, installed
from kiosk.config import load_config
from kiosk.domain.errors import ConfigError, KioskError
from kiosk.logs import readable
from kiosk.paths import Paths
from kiosk.texts import Texts

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk

_MAX_LOG_BYTES = 8_000_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("support-bundle")(bundle)


def bundle(
    out: Annotated[Path, typer.Argument(metavar="OUT.zip", help="File to write.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Write a file for support; it holds no personal data."""
    texts = texts_of(data)
    if out.exists():
        typer.echo(texts("cli.bundle.exists", file=out.name), err=True)
        leave(ExitCode.WRONG_USE)
    paths = Paths.of_device(data)
    contents = dict(members(paths))
    try:
        with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
            for name, text in contents.items():
                archive.writestr(name, text)
    except OSError as exc:
        raise ConfigError("bundle file") from exc
    if json:
        say_json({"file": str(out), "members": sorted(contents)})
    else:
        say(texts("cli.bundle.written", file=out.name))


def members(paths: Paths) -> Iterator[tuple[str, str]]:
    """Name and text of each file of the bundle."""
    english = Texts.load("en")
    findings = [_public(as_json(item, english)) for item in findings_of(paths.data)]
    yield "doctor.json", _text(findings)
    yield "versions.json", _text(_machine())
    yield "settings.json", _text(_settings(paths))
    yield "journal.json", _text(_journal(paths))
    yield "log.jsonl", "\n".join(_log_lines(paths))


def _public(finding: dict[str, object]) -> dict[str, object]:
    """A finding without the name of the camera, which may be that of a telephone's owner."""
    if finding["subject"] != "camera":
        return finding
    return {key: finding[key] for key in ("subject", "grade")}


def _machine() -> dict[str, object]:
    return {
        **installed(),
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
    }


def _settings(paths: Paths) -> dict[str, object]:
    try:
        config = load_config(paths.config)
    except ConfigError as exc:
        return {"error": exc.code}
    return {
        "profile": config.profile,
        "camera": config.camera.kind,
        "language": config.screen.language,
        "theme": config.screen.theme,
        "collector_moved": bool(config.collector.url),
        "timeout_s": config.collector.timeout_s,
    }


def _journal(paths: Paths) -> dict[str, object]:
    from kiosk.bootstrap import build

    try:
        kiosk = build(paths)
    except KioskError as exc:
        return {"error": exc.code}
    try:
        return _journal_counts(kiosk)
    finally:
        kiosk.close()


def _journal_counts(kiosk: "Kiosk") -> dict[str, object]:
    report = kiosk.verify_journal()
    with kiosk.store.begin() as uow:
        kinds = Counter(row.kind for row in uow.journal.range(0, uow.journal.size()))
        outbox = Counter(row.state.value for row in uow.outbox.all())
        drafts = len(uow.drafts.all())
    return {
        "entries": report.entries,
        "verified": report.verified,
        "problems": [problem.what for problem in report.problems],
        "kinds": dict(sorted(kinds.items())),
        "outbox": dict(sorted(outbox.items())),
        "drafts": drafts,
        "device_id": kiosk.device_id,
        "policy_version": kiosk.policy.version if kiosk.policy else None,
    }


def _log_lines(paths: Paths) -> Iterator[str]:
    left = _MAX_LOG_BYTES
    for file in sorted(paths.logs.glob("visavis.log*"), reverse=True):
        for line in file.read_text("utf-8", errors="replace").splitlines():
            kept = readable(line)
            if kept is not None and (left := left - len(kept)) > 0:
                yield kept


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
