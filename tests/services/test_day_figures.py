"""The figures of a day: which cases count, and that a damaged line stops nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u
from kiosk.ports import JournalRow
from kiosk.services.day_figures import mean_duration

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def line(kind: str, case: str, seconds: int, outcome: str = "accepted") -> JournalRow:
    facts = {"case": case} | ({"outcome": outcome} if kind == "verify_close" else {})
    payload = b64u(canonical_json({"facts": facts}))
    return JournalRow(seconds, kind, None, NINE + timedelta(seconds=seconds), f"e30.{payload}.c2ln")


def opened(case: str, seconds: int) -> JournalRow:
    return line("verify_open", case, seconds)


def closed(case: str, seconds: int, outcome: str = "accepted") -> JournalRow:
    return line("verify_close", case, seconds, outcome)


def test_the_mean_is_of_cases_opened_and_decided_among_these_lines():
    rows = (
        opened("a", 0),
        opened("b", 20),
        closed("a", 100),
        closed("b", 220, "refused"),
        closed("of-yesterday", 230),
        opened("still-open", 240),
    )
    assert mean_duration(rows) == timedelta(seconds=150)


def test_without_such_a_case_there_is_no_mean():
    assert mean_duration(()) is None
    assert mean_duration((opened("a", 0),)) is None
    assert mean_duration((opened("a", 0), closed("a", 9000, "abandoned"))) is None


def test_a_clock_that_was_set_back_makes_no_mean():
    assert mean_duration((opened("a", 100), closed("a", 10))) is None


def test_a_line_that_is_not_whole_stops_nothing():
    broken = [replace(opened("a", 0), jws=jws) for jws in ("", "lost:x", "e30.!.x", "e30.W10.x")]
    rows = (*broken, opened("b", 10), closed("b", 70))
    assert mean_duration(rows) == timedelta(seconds=60)
