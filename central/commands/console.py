"""What every command of ``visavis-central`` has in common: its folder, its answer, its clock."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

NO: Final = 1
FAILED: Final = 3

DataOption = Annotated[
    Path,
    typer.Option("--data", envvar="VISAVIS_CENTRAL_DATA", help="Folder of the central side."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
DEFAULT_DATA: Final = Path("visavis-central")


def system_time() -> datetime:
    """The server's time, aware UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def tell(answer: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Answer on standard output, as JSON or as text."""
    sys.stdout.write(f"{json.dumps(answer, ensure_ascii=False)}\n" if as_json else f"{text}\n")


def require_new(path: Path | None) -> None:
    """Refuse a file that is there already, before anything is done. Raises BadParameter."""
    if path is not None and path.exists():
        raise typer.BadParameter(f"{path.name} is there already")
