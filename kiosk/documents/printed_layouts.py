"""Where printed fields stand on the sides of documents, as data.

Rules, in order: the data is given as bytes; every value is checked and typed; an unknown key is an
error; a side is described once. Nothing is said of documents that are not listed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kiosk.documents.data import (
    Box,
    box_of,
    choice_of,
    only,
    tables_of,
    text_of,
    toml_of,
)
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import PRINTED_FIELDS, DocumentKind, Side

_TOP_KEYS: Final = frozenset({"version", "as_of", "source", "layout"})


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """A field and the line of its value: the height of the box is that of the capitals."""

    name: str
    box: Box


@dataclass(frozen=True, slots=True)
class PrintedLayout:
    """One side.

    Attributes:
        kind, side: of which document.
        ratio: height of the side as a share of its width.
        fields: places, in the order of the data.
        portrait: where it stands; None where there is none, or where that differs.
    """

    kind: DocumentKind
    side: Side
    ratio: float
    fields: tuple[FieldPlace, ...]
    portrait: Box | None = None


@dataclass(frozen=True, slots=True)
class PrintedLayouts:
    """All sides.

    Attributes:
        version: of the data.
        layouts: by kind and side; a side that is not listed has no known place.
    """

    version: str
    layouts: Mapping[tuple[DocumentKind, Side], PrintedLayout]

    def of(self, kind: DocumentKind, side: Side) -> PrintedLayout | None:
        """Places of one side, None where they are not known."""
        return self.layouts.get((kind, side))


def load_printed(data: bytes) -> PrintedLayouts:
    """Type the data of ``printed.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown, double or wrong value.
    """
    table = toml_of(data, "printed")
    only(table, _TOP_KEYS, "printed")
    layouts: dict[tuple[DocumentKind, Side], PrintedLayout] = {}
    for layout in tables_of(table, "layout"):
        only(layout, {"kind", "side", "ratio", "fields", "portrait"}, "layout")
        kind = choice_of(DocumentKind, text_of(layout, "kind"))
        side = choice_of(Side, text_of(layout, "side"))
        if (kind, side) in layouts:
            raise CatalogueError("layout: each side once")
        fields = tuple(_place_of(item) for item in tables_of(layout, "fields"))
        if len({field.name for field in fields}) != len(fields):
            raise CatalogueError("layout: each field once")
        portrait = box_of(layout["portrait"]) if "portrait" in layout else None
        ratio = _ratio_of(layout.get("ratio"))
        layouts[kind, side] = PrintedLayout(kind, side, ratio, fields, portrait)
    return PrintedLayouts(text_of(table, "version"), layouts)


def _ratio_of(value: object) -> float:
    if not isinstance(value, float) or not 0.3 <= value <= 2.0:
        raise CatalogueError("layout: ratio")
    return value


def _place_of(table: Mapping[str, Any]) -> FieldPlace:
    only(table, {"name", "box"}, "field")
    name = text_of(table, "name")
    if name not in PRINTED_FIELDS:
        raise CatalogueError("field: unknown name")
    return FieldPlace(name, box_of(table.get("box")))
