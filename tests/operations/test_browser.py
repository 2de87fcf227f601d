"""The pages in a real browser without scripts: by keyboard, light and dark, wide and small."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.central_side import founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.operations import NAME, PASSWORD, OperationsSide, add_operator, operations
from ui.theme.tokens import PALETTES, ThemeName

HERE = Path(__file__).parent
STYLE = HERE.parents[1] / "resources" / "operations" / "style.css"
LOOKS = [
    (1280, 800, "light", True),
    (1280, 800, "dark", False),
    (390, 844, "light", False),
    (390, 844, "dark", True),
]
"""Width, height, scheme, and whether every page is looked at or those that have it all."""
SIGN_IN = [
    {"do": "goto", "path": "/sign-in"},
    {"do": "reach", "what": {"name": "name"}},
    {"do": "type", "text": NAME},
    {"do": "press", "key": "Tab"},
    {"do": "type", "text": PASSWORD},
    {"do": "press", "key": "Enter", "lands": "/"},
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory):
    """Pages of a small fleet with one device in trouble: name, entry of its alarm, its record."""
    data = founded(tmp_path_factory.mktemp("browser") / "data")
    assert add_operator(data, NAME, PASSWORD).returncode == 0
    with serving(data) as collector, operations(data) as pages:
        device = EnrolledDevice().enrol(collector.enrol_code("069002"))
        twin = device.clone()
        seq, _ = device.seal()
        device.delivery.run_once()
        twin.seal()
        twin.delivery.run_once()
        device.seal()
        device.delivery.run_once()
        yield pages, str(device.identity.device_id), seq, str(device.row(seq).record_id)


def browse(pages: OperationsSide, steps: list[dict[str, Any]], **how: Any) -> list[Any]:
    """What each step saw. Never skipped: a proof that did not run is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    node = shutil.which("node") or shutil.which("nodejs")
    assert chromium, "Chromium is missing: python3 packaging/dev.py setup says what to type"
    assert node, "Node.js is missing: python3 packaging/dev.py setup says what to type"
    job = {"chromium": chromium, "url": pages.url, "steps": steps, **how}
    done = subprocess.run(
        [node, "browse.mjs"],
        cwd=HERE,
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=840,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert len(told["answers"]) == len(steps), told["answers"][-1]
    assert told["requests"] == [pages.url]
    return told["answers"]


def pages_of(name: str, seq: int, record: str) -> list[str]:
    lists = ["/", "/devices", "/quarantine", "/alarms", "/log"]
    ones = [f"/devices/{name}", f"/records/{record}", f"/alarms/{name}/fork/{seq}"]
    return [*lists, *ones, "/search?q=dev-", "/search?q=nothing-bears-this", "/nowhere"]


@pytest.mark.process
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("width", "height", "scheme", "every"), LOOKS)
def test_every_page_is_accessible_in_every_look(shown, tmp_path, width, height, scheme, every):
    pages, name, seq, record = shown
    kept = Path(os.environ.get("VISAVIS_SHOTS") or tmp_path)
    steps = [{"do": "goto", "path": "/sign-in"}, {"do": "axe"}, *SIGN_IN[1:]]
    paths = pages_of(name, seq, record)
    paths = paths if every or "VISAVIS_SHOTS" in os.environ else [*paths[:2], *paths[5:8]]
    for n, path in enumerate(paths):
        file = str(kept / f"{width}-{scheme}-{n:02}.png")
        steps += [{"do": "goto", "path": path}, {"do": "axe"}, {"do": "overflow"}, {"do": "small"}]
        steps += [{"do": "shot", "file": file, "whole": True}]
    # Scripts are allowed here for the inspector alone; the pages have none.
    how = {"width": width, "height": height, "scheme": scheme, "scripts": True}
    answers = browse(pages, steps, **how, locale="fr-FR" if scheme == "light" else "en-GB")
    assert answers[1] == []
    for n, path in enumerate(paths):
        status, found, overflow, small, shot = answers[7 + 5 * n : 12 + 5 * n]
        assert status == (404 if "nothing" in path or "nowhere" in path else 200), path
        assert found == [], path
        assert overflow == 0, path
        assert small == [], path
        assert Path(shot).stat().st_size > 5000


@pytest.mark.process
@pytest.mark.timeout(900)
def test_the_keyboard_alone_leads_from_the_sign_in_to_an_acknowledged_alarm(shown):
    pages, name, seq, _ = shown
    alarm = f"/alarms/{name}/fork/{seq}"
    steps = [
        *SIGN_IN,
        {"do": "press", "key": "Tab"},  # 6: the way past the menu
        {"do": "reach", "what": {"href": "/quarantine", "text": "1 appareil"}},
        {"do": "press", "key": "Enter", "lands": "/quarantine"},
        {"do": "reach", "what": {"href": alarm}},
        {"do": "press", "key": "Enter", "lands": alarm},
        {"do": "reach", "what": {"name": "finding"}},
        {"do": "press", "key": "Space"},
        {"do": "press", "key": "ArrowDown"},
        {"do": "reach", "what": {"tag": "button", "text": "L’écrire"}},
        {"do": "press", "key": "Enter", "lands": alarm},
        {"do": "text"},
        {"do": "reach", "what": {"name": "q"}},
        {"do": "type", "text": name[4:12]},
        {"do": "press", "key": "Enter", "lands": f"/devices/{name}"},
        {"do": "title"},
        {"do": "reach", "what": {"tag": "button", "text": "Se déconnecter"}},
        {"do": "press", "key": "Enter", "lands": "/sign-in"},
    ]
    answers = browse(pages, steps)
    assert answers[6]["href"] == "#content"
    for seen in answers:
        if isinstance(seen, list):
            for here in seen:
                assert here["inside"], here
                style, _, size = here["outline"].partition(" ")
                assert (style, size) == ("solid", "3px"), here
    assert "Appareil retiré du service" in answers[16]
    assert NAME in answers[16]
    assert answers[20].startswith(name)


@pytest.mark.process
def test_a_printed_page_leaves_the_menu_out(shown):
    pages, name, *_ = shown
    steps = [*SIGN_IN, {"do": "goto", "path": f"/devices/{name}"}, {"do": "print"}]
    assert browse(pages, steps)[-1] is False


def tokens_in(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9]+): (#[0-9A-F]{6})", block))


def test_the_style_sheet_has_the_colours_of_the_program():
    style = STYLE.read_text("utf-8")
    roots = re.findall(r":root \{(.*?)\n\s*\}", style, re.DOTALL)
    looks = dict(zip(("light", "dark", "contrast", "print"), roots, strict=True))
    for name in (ThemeName.LIGHT, ThemeName.DARK, ThemeName.CONTRAST):
        palette, written = PALETTES[name], tokens_in(looks[name.value])
        assert len(written) > 20
        assert written == {token: getattr(palette, token) for token in written}


def test_the_style_sheet_asks_nothing_of_anybody_else():
    style = STYLE.read_text("utf-8")
    assert "@import" not in style
    assert set(re.findall(r"url\(([^)]*)\)", style)) == {
        f'"AtkinsonHyperlegible{cut}.ttf"'
        for cut in ("Next-Regular", "Next-SemiBold", "Next-Bold", "Mono-Medium")
    }


def test_every_icon_that_a_template_names_is_there():
    source = "".join(path.read_text("utf-8") for path in STYLE.parent.glob("*.html"))
    named = set(re.findall(r'icon\("([a-z0-9-]+)"', source))
    named |= set(re.findall(r'chip\("[a-z]+", "([a-z0-9-]+)"', source))
    named |= set(re.findall(r'\("/[a-z]*", "[a-z]+", "([a-z0-9-]+)"\)', source))
    named |= set(re.findall(r'"[a-z]+": \("[a-z]+", "([a-z0-9-]+)"\)', source))
    there = {path.stem for path in (STYLE.parents[1] / "icons").glob("*.svg")}
    assert len(named) > 15
    assert named - there == set()
