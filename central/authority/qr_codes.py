"""QR codes on the terminal and as pictures."""

from __future__ import annotations

import io
from pathlib import Path

import segno

_QUIET_ZONE = 4


def write_png(text: str, path: Path, scale: int = 8) -> None:
    """Write ``text`` as a QR code, error correction M, quiet zone of four modules.

    Args:
        text: contents.
        path: a picture; ``.svg`` gives one that is printed at any size, else a PNG.
        scale: pixels (SVG: user units) a module.
    """
    segno.make_qr(text, error="m").save(str(path), scale=scale, border=_QUIET_ZONE)


def terminal_code(text: str) -> str:
    """``text`` as a QR code for a terminal with dark background or light."""
    out = io.StringIO()
    segno.make_qr(text, error="l").terminal(out=out, compact=True, border=2)
    return out.getvalue()
