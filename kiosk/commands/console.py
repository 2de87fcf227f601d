"""What all commands share: options, texts, output, exit codes, and the kiosk they work on.

Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 it failed (design.md 4.2).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk import logs
from kiosk.config import load_config
from kiosk.domain.errors import ConfigError, KioskError
from kiosk.paths import Paths
from kiosk.texts import Texts

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk

DEFAULT_LANGUAGE = "fr"


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    NO = 1
    WRONG_USE = 2
    FAILED = 3


DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of the device / Dossier des données"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object / Un objet JSON")]


def texts_of(data: Path | None) -> Texts:
    """Texts in the language of the device's settings; French where they cannot be read."""
    try:
        return Texts.load(load_config(Paths.of_device(data).config).screen.language)
    except ConfigError:
        return Texts.load(DEFAULT_LANGUAGE)


def say(text: str) -> None:
    """One line of the answer."""
    typer.echo(text)


def say_json(value: object) -> None:
    """The answer as one JSON object."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def leave(code: ExitCode) -> None:
    """End the command with an exit code."""
    raise typer.Exit(int(code))


def decimal(value: float, texts: Texts) -> str:
    """A number with one decimal, as the language writes it."""
    return f"{value:.1f}".replace(".", "," if texts.language == "fr" else ".")


def error_lines(error: KioskError, texts: Texts) -> tuple[str, ...]:
    """What happened, what to do, and the code with its technical word."""
    key = f"errors.{error.code}"
    word = f" ({error.detail})" if error.detail else ""
    return texts(f"{key}.what"), texts(f"{key}.do"), f"{error.code}{word}"


def error_json(error: KioskError, texts: Texts) -> dict[str, object]:
    """The same as one JSON object."""
    what, do, _ = error_lines(error, texts)
    return {"error": {"code": error.code, "detail": error.detail, "what": what, "do": do}}


@contextmanager
def kiosk_of(data: Path | None) -> Iterator["Kiosk"]:
    """The wired kiosk of a data folder, closed at the end. Raises any error of the start."""
    from kiosk.bootstrap import build

    paths = Paths.of_device(data)
    paths.prepare()
    handler = logs.start(paths.logs)
    try:
        kiosk = build(paths)
        try:
            yield kiosk
        except KioskError as exc:
            logs.error("command.failed", exc)
            raise
        finally:
            kiosk.close()
    finally:
        logs.stop(handler)
