"""The demonstration: a central side, an enrolled counter and a specimen camera on one machine.

:func:`run_visible` opens the counter and a small panel beside it; :func:`run_headless` lets the
automatic agent play the real screens and writes pictures and a summary. Nothing is loaded before
one of them is called.
"""

from pathlib import Path


def run_headless(data: Path, procedure: str, out: Path | None, *, as_json: bool) -> int:
    """Play without a screen; the exit code. ``procedure`` is a play's name or ``all``."""
    from ui.demonstration.headless import run

    return run(data, procedure, out, as_json=as_json)


def run_visible(data: Path) -> int:
    """Open the demonstration; the exit code."""
    from ui.demonstration.visible import run

    return run(data)
