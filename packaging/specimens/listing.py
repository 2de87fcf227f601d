"""The list of specimens, ``specimens.toml``: the truth about every picture."""

from __future__ import annotations

from people import SPECIMENS, Specimen
from seals import AUTHORITY, CERTIFICATE, TEST_KEY, sealed


def file_name(specimen: Specimen, side: str) -> str:
    """Name of the picture of one side."""
    return f"{specimen.specimen_id}-{side}.jpg"


def quoted(text: str) -> str:
    """A TOML string; the separators of 2D-Doc are written as escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in escaped) + '"'


def listed(texts: tuple[str, ...]) -> str:
    """A TOML array of strings."""
    return "[" + ", ".join(quoted(text) for text in texts) + "]"


def entry(s: Specimen) -> list[str]:
    """One table of the list."""
    sides = ", ".join(f"{side} = {quoted(file_name(s, side))}" for side in s.sides)
    return [
        "[[specimen]]",
        f"id = {quoted(s.specimen_id)}",
        f"kind = {quoted(s.kind)}",
        f"variant = {quoted(s.variant)}",
        f"expected = {quoted(s.expected)}",
        f"reason = {quoted(s.reason)}",
        f"sides = {{ {sides} }}",
        f"mrz = {listed(s.mrz)}",
        f"mrz_side = {quoted(s.mrz_side)}",
        f"seal = {quoted(sealed(s) if s.seal else '')}",
        "[specimen.holder]",
        f"surname = {quoted(s.surname)}",
        f"given_names = {listed(s.given_names)}",
        f"sex = {quoted(s.sex)}",
        f"nationality = {quoted(s.nationality)}",
        f"birth_date = {quoted(s.birth.isoformat())}",
        f"birth_place = {quoted(s.birth_place)}",
        "[specimen.document]",
        f"number = {quoted(s.number)}",
        f"issuer = {quoted(s.issuer)}",
        f"issued = {quoted(s.issued.isoformat())}",
        f"expires = {quoted(s.expires.isoformat())}",
        "# What a request announces differently from the document:",
        "[specimen.request]",
        *[f"{key} = {quoted(value)}" for key, value in s.request],
        "",
    ]


def catalogue() -> str:
    """Text of ``specimens.toml``."""
    x, y = TEST_KEY.public_xy
    lines = [
        "# Written by packaging/specimens/draw.py; do not edit.",
        "",
        "# The authority that sealed the specimens. Nothing but specimens may trust it.",
        "[authority]",
        f"ca = {quoted(AUTHORITY)}",
        f"certificate = {quoted(CERTIFICATE)}",
        f"x = {quoted(x.hex())}",
        f"y = {quoted(y.hex())}",
        "",
    ]
    for specimen in SPECIMENS:
        lines += entry(specimen)
    return "\n".join(lines)
