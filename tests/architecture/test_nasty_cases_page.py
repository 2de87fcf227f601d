"""Every test that the page of the nastiest cases names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "nasty-cases.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_is_named_is_there():
    named = NAMED.findall(PAGE.read_text("utf-8"))
    missing = [f"{file}::{test}" for file, test in named if test not in functions_of(ROOT / file)]
    assert missing == []
    assert len(named) > 50


def test_every_case_has_its_test():
    table = PAGE.read_text("utf-8").partition("| case | tried by |")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines()[2:] if line.startswith("|")]
    assert [row for row in rows if not NAMED.search(row)] == []


def test_every_test_of_the_file_of_nasty_cases_is_named():
    file = ROOT / "tests" / "central" / "test_nasty_cases.py"
    named = {test for path, test in NAMED.findall(PAGE.read_text("utf-8")) if path in str(file)}
    assert functions_of(file) == named
