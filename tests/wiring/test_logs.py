"""The log says what happened and never to whom."""

import json
import logging

import pytest

from kiosk import logs
from kiosk.domain.errors import DiskFullError


@pytest.fixture
def lines(tmp_path):
    handler = logs.start(tmp_path)
    yield lambda: [
        json.loads(line) for line in (tmp_path / "visavis.log").read_text("utf-8").splitlines()
    ]
    logs.stop(handler)


def test_a_line_holds_the_event_and_the_fields_of_the_list(lines):
    logs.event("case.opened", case_id="c" * 32, elapsed_ms=12)
    (line,) = lines()
    assert line["event"] == "case.opened"
    assert (line["case_id"], line["elapsed_ms"]) == ("c" * 32, 12)
    assert line["level"] == "info"


def test_a_field_outside_the_list_is_dropped_and_counted(lines):
    logs.event("case.opened", surname="ROUSSEL", code="CAPTURE-001")
    (line,) = lines()
    assert "ROUSSEL" not in json.dumps(line)
    assert (line["code"], line["dropped"]) == ("CAPTURE-001", 1)


@pytest.mark.parametrize(
    "value", ["Maëlle", "a\nb", "IDFRA<<<<", "x" * 200, "ROUSSEL", "D2H6862M2", "12AB34567"]
)
def test_a_value_that_could_be_free_text_is_withheld(lines, value):
    logs.event("case.opened", detail=value)
    (line,) = lines()
    assert line["detail"] == "(withheld)"


def test_a_library_keeps_its_level_and_loses_its_words(lines):
    logging.getLogger("some.library").warning("could not read %s", "ROUSSEL MAELLE")
    (line,) = lines()
    assert line == {
        "time": line["time"],
        "level": "warning",
        "event": "library",
        "at": "some.library",
    }


def test_an_error_is_logged_by_code_and_place_without_its_words(lines):
    try:
        logs_error_from_the_program()
    except DiskFullError as exc:
        logs.error("seal.failed", exc)
    try:
        int("ROUSSEL")
    except ValueError as exc:
        logs.error("seal.failed", exc)
    ours, foreign = lines()
    assert (ours["code"], ours["detail"]) == ("VAULT-003", "reserve")
    assert ours["at"].startswith("kiosk.services.sealing:")
    assert (foreign["code"], foreign["detail"]) == ("KIOSK-001", "ValueError")
    assert "ROUSSEL" not in json.dumps(foreign)


def logs_error_from_the_program():
    from kiosk.services.sealing import require_space
    from tests.fakes.store import InMemoryStore

    store = InMemoryStore()
    store.free = 0
    require_space(store)


def test_a_disk_that_takes_no_line_costs_the_line_and_prints_nothing(tmp_path, capsys):
    """The library would print a traceback, with the words of the line in it."""
    folder = tmp_path / "logs"
    folder.mkdir()
    handler = logs.start(folder)
    folder.rmdir()  # nothing can be created there any more
    logs.event("case.opened")
    logs.stop(handler)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")
