"""Countries of birth: from a name in French, or a code, to the INSEE code of 5 digits.

Rules, in order: a code of the list, or a name of it; accents, case, hyphens and a leading article
count for nothing; a beginning that only one name has is enough; anything else is nothing. A code
that has the form of a country's and is not in the list is taken as it is, without a name: countries
of the past are born in, too.

Source: INSEE, code officiel géographique, countries and territories abroad (2025).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from kiosk.documents.birth_places import country_code
from kiosk.documents.names import mrz_name
from kiosk.domain.errors import CatalogueError

_ARTICLES: Final = ("LE<", "LA<", "LES<", "L<")
_LEAST: Final = 3


@dataclass(frozen=True, slots=True)
class Countries:
    """Names in French by INSEE code."""

    names: Mapping[str, str]

    def find(self, typed: str) -> tuple[str, str] | None:
        """Code and name of a country as typed, None where it is not known or not one alone."""
        code = country_code(typed)
        if code is not None:
            return code, self.names.get(code, code)
        wanted = _plain(typed)
        if len(wanted) < _LEAST:
            return None
        exact = [c for c, name in self.names.items() if _plain(name) == wanted]
        begun = [c for c, name in self.names.items() if _plain(name).startswith(wanted)]
        found = exact or begun
        return (found[0], self.names[found[0]]) if len(found) == 1 else None


def parse_countries(data: bytes) -> Countries:
    """Type the data of ``countries.toml``. Raises CatalogueError."""
    try:
        table = tomllib.loads(data.decode("utf-8"))["countries"]
        names = {str(code): str(name) for code, name in table.items()}
    except (ValueError, KeyError, AttributeError) as exc:
        raise CatalogueError("countries") from exc
    if not names or any(country_code(code) != code for code in names):
        raise CatalogueError("countries: code")
    return Countries(names)


@cache
def _plain(name: str) -> str:
    spelt = mrz_name(name)
    for article in _ARTICLES:
        spelt = spelt.removeprefix(article)
    return spelt
