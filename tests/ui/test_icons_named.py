"""Every icon that the code names is vendored: a missing one would only show when it is painted."""

import ast
from pathlib import Path

UI = Path(__file__).parents[2] / "ui"
ICONS = {path.stem for path in (UI.parent / "resources" / "icons").glob("*.svg")}
POSITIONS = {
    "IconLabel": 1,
    "IconButton": 1,
    "Badge": 1,
    "EmptyState": 1,
    "show_icon": 0,
    "set_icon": 0,
    "Measure": 0,
    "ChipItem": 2,
    "RowItem": 3,
    "Choice": 3,
    "pixmap": 0,
}


def named_in(source: str) -> set[str]:
    """Icon names written in calls: keywords ``icon`` and ``trailing``, and known positions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        values = [word.value for word in node.keywords if word.arg in ("icon", "trailing")]
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        place = POSITIONS.get(name)
        if place is not None and len(node.args) > place:
            values.append(node.args[place])
        for value in values:
            names |= {
                part.value
                for part in ast.walk(value)
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value
            }
    return names


def test_every_icon_named_in_the_code_is_there():
    named = {path: named_in(path.read_text()) for path in UI.rglob("*.py")}
    missing = {str(path): names - ICONS for path, names in named.items() if names - ICONS}
    assert missing == {}
    assert len(set().union(*named.values())) > 20
