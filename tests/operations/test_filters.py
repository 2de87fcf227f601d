"""Filters combine: through HTTP and in a real browser, over a fleet of three thousand devices."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from central.archive.fleet_order import Sort, all_devices
from central.archive.fleet_pages import DeviceLine
from central.archive.layout import Layout
from central.archive.reader import open_reader
from central.archive.storage import open_database
from central.operations.listing import beginning_of
from tests.fakes.central_side import founded
from tests.fakes.fleet import seed
from tests.fakes.operations import NAME, PASSWORD, OperationsSide, Reader, add_operator, operations
from tests.operations.test_browser import SIGN_IN, browse

pytestmark = pytest.mark.process
COUNT = 3000
_DEVICE = re.compile(r'<a class="code" href="/devices/(dev-[0-9a-f]{16})">')


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperationsSide]:
    data = founded(tmp_path_factory.mktemp("filters") / "data")
    assert add_operator(data, NAME, PASSWORD).returncode == 0
    database = open_database(Layout(data))
    seed(database, COUNT, datetime.now(UTC))
    database.close()
    with operations(data) as pages:
        yield pages


@pytest.fixture(scope="module")
def everyone(fleet: OperationsSide) -> list[DeviceLine]:
    reader = open_reader(Layout(fleet.data))
    with reader.reading() as state:
        page = state.fleet.page(all_devices(Sort.DEVICE, descending=False), None, COUNT)
    reader.close()
    assert len(page.lines) == COUNT
    return list(page.lines)


@pytest.fixture
def reader(fleet: OperationsSide) -> Iterator[Reader]:
    with fleet.operator() as reader:
        yield reader


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="(/devices\?[^"]*)"', page)]


def turned(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return html.unescape(found.group(1)) if found else ""


def walked(reader: Reader, path: str) -> list[str]:
    """Devices of a list, page by page; and back again, which shows the same."""
    pages: list[list[str]] = []
    while path:
        page = reader.get(path)
        assert page.status_code == 200
        pages.append(_DEVICE.findall(page.text))
        last, path = path, turned(page.text, "next")
    back = [pages[-1]]
    path = turned(reader.get(last).text, "prev")
    while path:
        page = reader.get(path)
        back.insert(0, _DEVICE.findall(page.text))
        path = turned(page.text, "prev")
    assert [name for one in back for name in one] == [name for one in pages for name in one]
    return [name for one in pages for name in one]


def silent(line: DeviceLine) -> bool:
    before = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    return line.contact_at < before and not line.ended


CASES = [
    (
        "view=owing&build=0.2.0",
        lambda one: one.missing > 0 and one.app_build == "0.2.0",
        lambda one: (-one.missing, one.device_id),
    ),
    (
        "view=all&build=0.1.0&begins=dev-3",
        lambda one: one.app_build == "0.1.0" and one.device_id.startswith("dev-3"),
        lambda one: one.device_id,
    ),
    (
        "view=silent&begins=a",
        lambda one: silent(one) and one.device_id.startswith("dev-a"),
        lambda one: (one.contact_at, one.device_id),
    ),
    (
        "view=owing&build=0.2.0&begins=&office=&sort=office",
        lambda one: one.missing > 0 and one.app_build == "0.2.0",
        lambda one: (one.office_id, one.device_id),
    ),
    (
        "office=010010&build=0.2.0&begins=dev",
        lambda one: one.office_id == "010010" and one.app_build == "0.2.0",
        lambda one: one.device_id,
    ),
    (
        "view=device_closed&office=010002",
        lambda one: one.office_id == "010002" and one.ended == "device_closed",
        lambda one: one.device_id,
    ),
]


@pytest.mark.parametrize(("question", "fits", "key"), CASES, ids=[case[0] for case in CASES])
def test_filters_combine_page_by_page(reader, everyone, question, fits, key):
    found = walked(reader, f"/devices?{question}")
    wanted = sorted((one for one in everyone if fits(one)), key=key)
    if "owing" in question:
        # Equal numbers go on by device, downwards where the list goes down.
        assert sorted(found) == sorted(one.device_id for one in wanted)
    else:
        assert found == [one.device_id for one in wanted]
    assert found


def test_every_link_of_a_list_keeps_what_was_asked(reader):
    asked = {"view": "owing", "build": "0.2.0", "begins": "dev-"}
    page = reader.get("/devices?view=owing&build=0.2.0&office=&begins=dev-").text
    sorts = [link for link in links(page) if "sort=" in link]
    assert len(sorts) == 6
    for link in sorts:
        told = {name: value[0] for name, value in parse_qs(urlsplit(link).query).items()}
        assert (told["view"], told["build"]) == ("owing", "0.2.0")
        assert "begins" not in told, "every number begins so"
    assert asked["view"] in turned(page, "next") or not turned(page, "next")
    page = reader.get("/devices?view=owing&build=0.2.0&begins=4&sort=contact&down=1").text
    assert 'name="sort" value="contact"' in page
    assert 'name="down" value="1"' in page
    assert 'aria-sort="descending"' in page
    assert 'value="dev-4"' in page
    assert '<option value="owing" selected>' in page
    assert '<option value="0.2.0" selected>' in page
    # Each filter is taken away by its own link, and the others stay.
    gone = [link for link in links(page) if "sort=contact" in link and "after" not in link]
    told = [set(parse_qs(urlsplit(link).query)) - {"sort", "down"} for link in gone]
    for left in ({"build", "begins"}, {"view", "begins"}, {"view", "build"}):
        assert left in told


def test_a_version_that_nobody_runs_stays_in_the_form_and_says_so(reader):
    page = reader.get("/devices?view=late&build=9.9.9").text
    assert '<option value="9.9.9" selected>' in page
    assert "No device fits all of these filters at once." in page
    assert "Version 9.9.9" in page


def test_what_is_typed_is_shown_as_text_and_never_more(reader):
    page = reader.get("/devices?begins=%3Cscript%3E&office=%22%3E&view=late&sort=x").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert reader.get(f"/devices?view=late&begins={'f' * 300}&after=x~y").status_code == 200


def test_a_search_that_finds_many_leads_to_the_whole_list(reader, everyone):
    page = reader.get("/search?q=dev-7").text
    assert len(set(_DEVICE.findall(page))) == 50
    (link,) = [one for one in links(page) if "begins" in one]
    wanted = [one.device_id for one in everyone if one.device_id.startswith("dev-7")]
    assert len(wanted) > 50
    assert walked(reader, link) == wanted


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("", ""),
        ("dev", ""),
        ("dev-", ""),
        ("d", "dev-d"),
        ("DE4F", "dev-de4f"),
        ("dev-de4f", "dev-de4f"),
        ("xyz", "dev-xyz"),
    ],
)
def test_a_number_begins_with_or_without_its_prefix(typed, begins):
    assert beginning_of(typed) == begins


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(1280, 800, "light"), (1280, 720, "dark"), (800, 1280, "light"), (390, 844, "dark")],
)
def test_filters_are_set_and_taken_away_by_the_keyboard(fleet, tmp_path, width, height, scheme):
    kept = Path(os.environ.get("VISAVIS_SHOTS") or tmp_path)
    file = str(kept / f"filters-{width}-{scheme}.png")
    steps = [
        *SIGN_IN,
        {"do": "goto", "path": "/devices"},
        {"do": "reach", "what": {"name": "view"}},
        {"do": "type", "text": "Appareils qui doivent"},
        {"do": "reach", "what": {"name": "build"}},
        {"do": "type", "text": "0.2"},
        {"do": "press", "key": "Tab"},
        {"do": "type", "text": "3"},
        {"do": "press", "key": "Enter", "lands": "/devices"},
        {"do": "where"},
        {"do": "axe"},
        {"do": "overflow"},
        {"do": "small"},
        {"do": "shot", "file": file, "whole": True},
        {"do": "reach", "what": {"href": "/devices?view=owing&build=0.2.0"}},
        {"do": "press", "key": "Enter", "lands": "/devices"},
        {"do": "where"},
    ]
    answers = browse(fleet, steps, width=width, height=height, scheme=scheme, scripts=True)
    told = parse_qs(urlsplit(answers[14]).query)
    assert (told["view"], told["build"], told["begins"]) == (["owing"], ["0.2.0"], ["3"])
    assert answers[15] == []
    assert answers[16] == 0
    assert answers[17] == []
    left = parse_qs(urlsplit(answers[21]).query)
    assert left == {"view": ["owing"], "build": ["0.2.0"]}
