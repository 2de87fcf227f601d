"""No colour and no count of pixels is written outside ``ui/theme``."""

import ast
import re
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui"
FILES = sorted(p for p in UI.rglob("*.py") if "theme" not in p.relative_to(UI).parts)
COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}\b|\brgba?\(|\d+ ?px\b")
MEASURES = {
    "setPixelSize", "setPointSize", "setFixedWidth", "setFixedHeight", "setFixedSize",
    "setMinimumWidth", "setMinimumHeight", "setMinimumSize", "setMaximumWidth", "setMaximumHeight",
    "setMaximumSize", "setSpacing", "setHorizontalSpacing", "setVerticalSpacing", "addSpacing",
    "setContentsMargins", "QSize",
}  # fmt: skip


def literals(source: str) -> list[str]:
    """What the file writes by hand: line numbers and why."""
    found = []
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docs and COLOUR.search(node.value):
                found.append(f"{node.lineno}: {node.value!r}")
        elif isinstance(node, ast.Call):
            found.extend(_of_call(node))
    return found


def _of_call(node: ast.Call) -> list[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    numbers = [
        arg.value
        for arg in node.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, (int, float))
    ]
    if name == "QColor" and any(isinstance(arg, ast.Constant) for arg in node.args):
        return [f"{node.lineno}: QColor of a literal"]
    if name in MEASURES and any(number > 1 for number in numbers):
        return [f"{node.lineno}: {name}{tuple(numbers)}"]
    if name == "QPen" and numbers:
        return [f"{node.lineno}: QPen of a literal width"]
    if name == "draw_box" and len(node.args) > 5 and isinstance(node.args[5], ast.Constant):
        return [f"{node.lineno}: draw_box of a literal width"]
    return []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(UI)))
def test_file_uses_tokens_only(path: Path):
    assert literals(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "x.setSpacing(12)",
        "QColor(1, 2, 3)",
        'QColor("red")',
        'STYLE = "color: #123456"',
        'STYLE = "margin: 4px"',
        "QPen(color, 2)",
        "draw_box(p, r, 3, fill, line, 2.4)",
    ],
)
def test_a_literal_is_found(source: str):
    assert literals(source)
