"""Every text that a person reads, by key and language. The words live in ``resources/texts``.

Rules, in order:

1. One folder a language (``fr``, ``en``), one TOML file a room; nested tables make dotted keys.
2. A text may hold placeholders, ``{name}``; each must be given when the text is asked for.
3. A text that counts is a pair ``key.one`` and ``key.other``; asked for by ``key`` with ``n``.
4. A missing key is a fault of the program and raises; nothing is shown half-translated.
5. Text is shown as text: a value put into a placeholder is never interpreted.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from kiosk.domain.errors import CatalogueError

LANGUAGES: Final = ("fr", "en")
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FOLDER: Final = Path(__file__).resolve().parent.parent / "resources" / "texts"


class MissingTextError(KeyError):
    """No text of this key, or a placeholder of it was not given: a fault of the program."""


class Texts:
    """The texts of one language."""

    def __init__(self, language: str, entries: Mapping[str, str]) -> None:
        """Language: ``fr`` or ``en``; entries: text by dotted key."""
        self.language = language
        self._entries = dict(entries)

    @classmethod
    def load(cls, language: str, folder: Path | None = None) -> Self:
        """Read all files of a language.

        Args:
            language: name of the folder, ``fr`` or ``en``.
            folder: folder of the languages; the program's own by default.

        Raises:
            CatalogueError: no such language, a file that is no TOML, a value that is no text, or
                two files that give the same key.
        """
        where = (folder or _FOLDER) / language
        files = sorted(where.glob("*.toml"))
        if not files:
            raise CatalogueError(f"no texts for {language}")
        entries: dict[str, str] = {}
        for file in files:
            for key, text in _entries_of(file):
                if key in entries:
                    raise CatalogueError(f"{language}/{file.name}: {key} is given twice")
                entries[key] = text
        return cls(language, entries)

    def __call__(self, key: str, **values: object) -> str:
        """Text of a key, its placeholders filled in. ``n`` chooses between ``.one`` and ``.other``.

        Raises:
            MissingTextError: no such key, or a placeholder without a value.
        """
        text = self._entries.get(key)
        if text is None:
            text = self._counted(key, values.get("n"))

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in values:
                raise MissingTextError(f"{self.language}: {key} needs {name}")
            return str(values[name])

        return _PLACEHOLDER.sub(fill, text)

    def __contains__(self, key: object) -> bool:
        """Whether a text, or a counted pair, of this key exists."""
        return key in self._entries or f"{key}.other" in self._entries

    def keys(self) -> tuple[str, ...]:
        """All keys, sorted; a counted pair gives two."""
        return tuple(sorted(self._entries))

    def placeholders(self, key: str) -> frozenset[str]:
        """Names of the placeholders in the text of an exact key."""
        return frozenset(_PLACEHOLDER.findall(self._entries[key]))

    def raw(self, key: str) -> str:
        """The text of an exact key as written, its placeholders not filled in."""
        return self._entries[key]

    def _counted(self, key: str, n: object) -> str:
        if not isinstance(n, (int, float)):
            raise MissingTextError(f"{self.language}: {key}")
        form = "one" if _is_one(self.language, n) else "other"
        try:
            return self._entries[f"{key}.{form}"]
        except KeyError as exc:
            raise MissingTextError(f"{self.language}: {key}.{form}") from exc


def _is_one(language: str, n: float) -> bool:
    """Plural rule of the language (Unicode CLDR): French counts 0, 1 and 1.5 as one."""
    if language == "fr":
        return 0 <= abs(n) < 2
    return n == 1


def _entries_of(file: Path) -> Iterator[tuple[str, str]]:
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise CatalogueError(f"{file.parent.name}/{file.name}: {exc}") from exc
    return _flat(tree, "", file.name)


def _flat(tree: Mapping[str, object], prefix: str, name: str) -> Iterator[tuple[str, str]]:
    for part, value in tree.items():
        key = f"{prefix}{part}"
        if isinstance(value, dict):
            yield from _flat(value, f"{key}.", name)
        elif isinstance(value, str):
            yield key, value
        else:
            raise CatalogueError(f"{name}: {key} is no text")
