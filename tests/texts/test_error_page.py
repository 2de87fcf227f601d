"""The page that explains every error code is what the texts say."""

import os
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"
_HEAD = """# Error codes

Written from `resources/texts/*/errors.toml`; do not edit by hand (`VISAVIS_DRAW=1` writes it anew).
A message on a screen, on the command line and in a log carries one of these codes. It never carries
the name of a person.

"""


def errors(language: str) -> dict[str, dict[str, str]]:
    """What happened and what to do, by code."""
    file = ROOT / "resources" / "texts" / language / "errors.toml"
    table: dict[str, dict[str, str]] = tomllib.loads(file.read_text("utf-8"))["errors"]
    return table


def drawn() -> str:
    """The page as it must be."""
    french, english = errors("fr"), errors("en")
    families: dict[str, list[str]] = {}
    for code in french:
        families.setdefault(code.partition("-")[0], []).append(code)
    parts = [_HEAD]
    for family, codes in families.items():
        parts.append(f"## {family}\n\n| code | français | English |\n|---|---|---|\n")
        parts += [
            f"| `{code}` | {cell(french[code])} | {cell(english[code])} |\n"
            for code in sorted(codes)
        ]
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def cell(entry: dict[str, str]) -> str:
    """What happened in bold, then what to do."""
    return f"**{entry['what']}**<br>{entry['do']}".replace("|", "\\|")


def test_the_page_of_error_codes_is_not_stale():
    page = drawn()
    if os.environ.get("VISAVIS_DRAW") == "1":
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "write it again: VISAVIS_DRAW=1"


def test_every_code_stands_on_the_page_once():
    page = PAGE.read_text(encoding="utf-8")
    for code in errors("fr").keys() | errors("en").keys():
        assert page.count(f"| `{code}` |") == 1, code
