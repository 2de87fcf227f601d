"""The command line of the kiosk, without a screen. The window adds itself in ``ui.__main__``.

Every command answers with its exit code; what goes wrong is told in the words of the texts with its
code, never as a trace of the program.
"""

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from kiosk import logs
from kiosk.commands import (
    agent,
    device,
    diagnose,
    enrol,
    journal,
    keys,
    read,
    salvage,
    support,
    sync,
    trust,
)
from kiosk.commands.console import ExitCode, error_json, error_lines, say_json, texts_of
from kiosk.domain.errors import InternalError, KioskError


def build_app() -> typer.Typer:
    """The commands that need no window."""
    app = typer.Typer(
        name="visavis",
        help="Vis-à-vis: face-to-face identity verification.",
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for command in (
        read,
        diagnose,
        journal,
        sync,
        enrol,
        agent,
        device,
        read,
        trust,
        support,
        salvage,
        keys,
    ):
        command.register(app)
    return app


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code.

    Args:
        app: the commands.
        arguments: without the program's name; those of the process by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        typer.main.get_command(app).main(given, "visavis")
    except SystemExit as exc:  # how typer ends, with 2 for wrong use
        return exc.code if isinstance(exc.code, int) else ExitCode.DONE
    except KioskError as exc:
        return _failed(exc, given)
    except Exception as exc:  # noqa: BLE001 - the edge: nothing may leave as a trace
        logs.error("command.crashed", exc)
        return _failed(InternalError(type(exc).__name__), given)
    return ExitCode.DONE


def _failed(error: KioskError, arguments: Sequence[str]) -> int:
    texts = texts_of(_data_folder(arguments))
    if "--json" in arguments:
        say_json(error_json(error, texts))
    else:
        for line in error_lines(error, texts):
            typer.echo(line, err=True)
    return ExitCode.FAILED


def _data_folder(arguments: Sequence[str]) -> Path | None:
    """The folder after ``--data``, for the language of its settings."""
    for name, value in itertools.pairwise(arguments):
        if name == "--data":
            return Path(value)
    return None


def main() -> None:
    """Entry point."""
    sys.exit(run(build_app()))


if __name__ == "__main__":
    main()
