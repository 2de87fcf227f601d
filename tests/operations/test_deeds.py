"""Sessions, tries and the register, without a server: time moves by hand."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from central.archive.layout import Layout
from central.operations.attempts import OF_AN_ADDRESS, WINDOW, Attempts
from central.operations.deeds import Deed, Deeds, Finding
from central.operations.operators import Operators, new_operator
from central.operations.sessions import IDLE, LONGEST, Sessions
from kiosk.crypto.passwords import Argon2Cost

NOW = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)
CHEAP = Argon2Cost(64, 1, 1)
ALARM = ("dev-a", "damage", 7)


@pytest.fixture
def layout(tmp_path) -> Layout:
    (tmp_path / "data").mkdir()
    return Layout(tmp_path / "data")


def operator(name: str = "claire", password: str = "quatre chevaux bleus"):  # noqa: S107
    return new_operator(name, password, NOW, CHEAP)


def test_a_session_ends_after_a_quarter_of_an_hour_without_a_call():
    sessions = Sessions()
    cookie = sessions.begin(operator(), NOW)
    assert sessions.open(cookie, NOW + IDLE) is not None
    assert sessions.open(cookie, NOW + IDLE + timedelta(seconds=1)) is None


def test_no_use_carries_a_session_beyond_its_day():
    sessions, at = Sessions(), NOW
    cookie = sessions.begin(operator(), at)
    while at - NOW <= LONGEST - IDLE:
        at += IDLE / 2
        session = sessions.open(cookie, at)
        assert session is not None
        cookie = sessions.renewed(session, at)
    assert sessions.open(cookie, NOW + LONGEST + timedelta(seconds=1)) is None


def test_the_cookie_of_another_process_is_none():
    assert Sessions().open(Sessions().begin(operator(), NOW), NOW) is None


def test_an_ended_session_stays_ended_with_every_cookie_it_had():
    sessions = Sessions()
    first = sessions.begin(operator(), NOW)
    session = sessions.open(first, NOW)
    assert session is not None
    second = sessions.renewed(session, NOW + timedelta(minutes=1))
    sessions.end(session, NOW)
    assert sessions.open(first, NOW) is sessions.open(second, NOW) is None


def test_tries_count_by_name_and_by_address_and_are_forgotten_in_time():
    attempts = Attempts()
    for n in range(OF_AN_ADDRESS):
        assert attempts.wait_s(f"name-{n}", "192.0.2.1", NOW) == 0
        attempts.failed(f"name-{n}", "192.0.2.1", NOW)
    assert attempts.wait_s("somebody", "192.0.2.1", NOW) == WINDOW.total_seconds()
    assert attempts.wait_s("somebody", "192.0.2.2", NOW) == 0
    assert attempts.wait_s("somebody", "192.0.2.1", NOW + WINDOW) == 0


def test_a_name_that_succeeds_is_free_again_and_costs_its_address_nothing():
    attempts = Attempts()
    for n in range(100):
        at = NOW + timedelta(seconds=n)
        assert attempts.wait_s("claire", "192.0.2.1", at) == 0
        attempts.failed("claire", "192.0.2.1", at)
        attempts.succeeded("claire", "192.0.2.1", at)


def test_names_that_nobody_has_do_not_fill_the_memory():
    attempts = Attempts()
    for n in range(30_000):
        attempts.failed(f"name-{n}", f"address-{n}", NOW)
    assert len(attempts._failures) <= 10_002


def test_an_operator_is_verified_by_the_password_alone(layout):
    operators = Operators(layout)
    assert operators.put(operator())
    assert not operators.put(operator())
    assert operators.verified("claire", "quatre chevaux bleus") is not None
    assert operators.verified("claire", "quatre chevaux bleu") is None
    assert operators.verified("nobody", "quatre chevaux bleus") is None
    # The same letters, composed otherwise, are the same password.
    operators.put(operator("denis", "cafe\u0301 noir et sucre"))
    assert operators.verified("denis", "caf\u00e9 noir et sucre") is not None


def test_an_acknowledgement_is_read_by_every_process_and_the_newest_counts(layout):
    one, other = Deeds(layout), Deeds(layout)
    one.acknowledge(NOW, "claire", ALARM, Finding.LOOKING)
    other.acknowledge(NOW + timedelta(hours=1), "denis", ALARM, Finding.EXPLAINED)
    for deeds in (one, other, Deeds(layout)):
        said = deeds.acknowledged()[ALARM]
        assert (said.who, said.finding) == ("denis", Finding.EXPLAINED)
        assert deeds.unbroken
        assert [line.who for line in deeds.recent()] == ["denis", "claire"]


@pytest.mark.parametrize("harm", ["changed", "taken out", "cut", "scribbled"])
def test_a_register_that_was_altered_says_so(layout, harm):
    deeds = Deeds(layout)
    for n in range(4):
        deeds.write(NOW + timedelta(minutes=n), Deed.SIGNED_IN, "claire")
    path = layout.operations_log
    lines = path.read_bytes().splitlines(keepends=True)
    if harm == "changed":
        lines[1] = lines[1].replace(b"claire", b"denis")
    elif harm == "taken out":
        del lines[1]
    elif harm == "cut":
        del lines[-1]
    else:
        lines.insert(2, b"\xff not a line\n")
    path.write_bytes(b"".join(lines))
    # Whoever was reading sees the cut; whoever begins to read sees the rest.
    assert not (deeds if harm == "cut" else Deeds(layout)).unbroken


def test_a_line_that_is_half_written_is_read_when_it_is_whole(layout):
    deeds = Deeds(layout)
    deeds.write(NOW, Deed.SIGNED_IN, "claire")
    whole = layout.operations_log.read_bytes()
    layout.operations_log.write_bytes(b"")
    half = Deeds(layout)
    layout.operations_log.write_bytes(whole[:20])
    assert half.recent() == ()
    layout.operations_log.write_bytes(whole)
    assert [line.deed for line in half.recent()] == [Deed.SIGNED_IN]
    assert half.unbroken


@pytest.mark.parametrize("torn", [b'{"at":"2026', b"\xff"])
def test_a_torn_last_line_is_set_aside_and_swallows_no_deed(layout, torn):
    reader = Deeds(layout)
    for n in range(2):
        Deeds(layout).write(NOW, Deed.SIGNED_IN, "claire")
        with layout.operations_log.open("ab") as file:
            file.write(torn)
        assert len(reader.recent()) == 2 * n + 1
        Deeds(layout).acknowledge(NOW, "claire", (f"dev-{n}", "damage", 7), Finding.LOOKING)
    for deeds in (reader, Deeds(layout)):
        assert set(deeds.acknowledged()) == {(f"dev-{n}", "damage", 7) for n in range(2)}
        assert len(deeds.recent()) == 4
        assert deeds.unbroken
    beside = sorted(layout.operations.glob("log.jsonl.torn-*"))
    assert [path.read_bytes() for path in beside] == [torn + b"\n"] * 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in beside)


def test_a_deed_that_does_not_read_back_was_not_done(layout, monkeypatch):
    deeds = Deeds(layout)
    deeds.write(NOW, Deed.STARTED)
    size = layout.operations_log.stat().st_size
    # A disk that says yes and keeps nothing.
    monkeypatch.setattr(os, "fsync", lambda handle: os.ftruncate(handle, size))
    with pytest.raises(OSError, match="read back"):
        deeds.acknowledge(NOW, "claire", ALARM, Finding.LOOKING)
    assert deeds.acknowledged() == {}
