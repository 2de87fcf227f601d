"""Typed reading of the program's data files: every wrong value is an error, never a default."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from kiosk.domain.errors import CatalogueError

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Box:
    """A place on one side, as fractions (0 to 1) of its width and height, from the top left."""

    x: float
    y: float
    width: float
    height: float


def box_of(value: object) -> Box:
    """Four numbers as a box inside a side. Raises CatalogueError."""
    numbers = value if isinstance(value, list) else []
    if len(numbers) != 4 or not all(isinstance(n, (int, float)) and 0 <= n <= 1 for n in numbers):
        raise CatalogueError("box: four numbers from 0 to 1")
    box = Box(*(float(number) for number in numbers))
    if box.x + box.width > 1 or box.y + box.height > 1 or not box.width or not box.height:
        raise CatalogueError("box: inside the side, and not empty")
    return box


def toml_of(data: bytes, name: str) -> dict[str, Any]:
    """The table of a file. Raises CatalogueError."""
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise CatalogueError(f"{name} is no TOML") from exc


def only(table: Mapping[str, Any], keys: Collection[str], name: str) -> None:
    """Refuse keys that are not known. Raises CatalogueError."""
    unknown = set(table) - set(keys)
    if unknown:
        raise CatalogueError(f"{name}: unknown {min(unknown)}")


def table_of(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A table. Raises CatalogueError."""
    value = table.get(key)
    if not isinstance(value, dict):
        raise CatalogueError(f"{key}: a table")
    return value


def tables_of(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A list of tables. Raises CatalogueError."""
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise CatalogueError(f"{key}: tables")
    return value


def text_of(table: Mapping[str, Any], key: str) -> str:
    """A text that is not empty. Raises CatalogueError."""
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise CatalogueError(f"{key}: a text")
    return value


def texts_of(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts that are not empty. Raises CatalogueError."""
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise CatalogueError(f"{key}: a list of texts")
    return tuple(value)


def flag_of(table: Mapping[str, Any], key: str, *, default: bool = False) -> bool:
    """True or false, ``default`` where nothing is said. Raises CatalogueError."""
    value = table.get(key, default)
    if type(value) is not bool:
        raise CatalogueError(f"{key}: true or false")
    return value


def day_of(table: Mapping[str, Any], key: str) -> date:
    """A day. Raises CatalogueError."""
    value = table.get(key)
    if type(value) is not date:
        raise CatalogueError(f"{key}: a day")
    return value


def choice_of(choices: type[_Choice], text: str) -> _Choice:
    """One value of an enumeration. Raises CatalogueError."""
    try:
        return choices(text)
    except ValueError as exc:
        raise CatalogueError(f"{choices.__name__}: unknown value") from exc
