"""The queue of results: order, waiting, giving up, erasing; by the clock, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from central.archive.database import Database
from central.archive.erasure_rows import ErasureRow, HoldRow
from central.archive.result_rows import ProviderRow, ResultRow, ResultState
from central.archive.round_rows import ActRow
from central.archive.rows import DeviceRow, EntryRow
from central.collector.refusal import CallRefusedError
from central.collector.results import Results
from central.provider.posting import Posting, _asked_wait, concerns_all, require_url
from central.provider.queue import LEASE, LONGEST_WAIT, UNSENT, Failure, ResultQueue
from central.provider.sender import Sender
from central.provider.withholding import withheld_because
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.policy import sign_policy
from tests.fakes.membership import POLICY_IN_FORCE, ROOT

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
DEVICE = DeviceId("dev-0011223344556677")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "collector.db")
    yield opened
    opened.close()


class Line:
    """A queue with results that nothing withholds."""

    def __init__(self, database: Database, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
        # What withholds a result is tested with real entries in test_results.
        monkeypatch.setattr("central.provider.queue.withheld_because", lambda *_: "")
        self.database = database
        self.queue = ResultQueue(database, ROOT.public)
        with database.writing() as ledger:
            ledger.put_device(DeviceRow(DEVICE, bytes(32), OfficeId("075012"), ""))
            ledger.add_entries(
                tuple(EntryRow(DEVICE, n, "", bytes(32), None) for n in range(count))
            )
            ledger.results.put_provider(
                ProviderRow("idp", "https://idp.test/", "", None, 30, 7, "")
            )
            ledger.results.add([self.result(n) for n in range(count)])
        self.queue.release(NOW)

    def result(self, number: int) -> ResultRow:
        at = NOW.isoformat(timespec="milliseconds")
        return ResultRow(
            DEVICE,
            number,
            RecordId(f"{number:032x}"),
            "idp",
            bytes(32),
            ResultState.ARRIVED,
            at,
            arrived_at=at,
            sealed=b"sealed",
        )

    def call_lost(self, *devices: DeviceId) -> None:
        with self.database.writing() as ledger:
            held = ledger.policy()
            version = 1 if held is None else held[0] + 1
            policy = replace(POLICY_IN_FORCE, version=version, lost=devices)
            ledger.add_policy(version, sign_policy(policy, ROOT))

    def erase(self, number: int = 0) -> None:
        record, at = self.row(number).record_id, NOW.isoformat(timespec="milliseconds")
        with self.database.writing() as ledger:
            ledger.erasures.add_order(ErasureRow(record, "o", "a", at))
            ledger.erasures.apply(record, at)

    def results(self) -> tuple[Results, ProviderRow]:
        with self.database.reading() as ledger:
            provider = ledger.results.provider("idp")
        assert provider is not None
        return Results(self.database, ROOT.public), provider

    def believe_no_more(self, why: str) -> None:
        if why == "lost":
            self.call_lost(DEVICE)
            return
        with self.database.writing() as ledger:
            device = ledger.device(DEVICE)
            assert device is not None
            ledger.put_device(replace(device, quarantined=True))

    def row(self, number: int = 0) -> ResultRow:
        with self.database.reading() as ledger:
            row = ledger.results.get(DEVICE, number)
        assert row is not None
        return row


@pytest.fixture
def line(database: Database, monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(database, 3, monkeypatch)


def test_results_get_their_places_in_order_and_are_taken_in_it(line: Line) -> None:
    taken = line.queue.take("idp", 10, NOW)
    assert [(row.seq, row.position, row.attempts) for row in taken] == [
        (0, 1, 1),
        (1, 2, 1),
        (2, 3, 1),
    ]


def test_what_one_sender_took_no_other_takes_before_its_lease_is_over(line: Line) -> None:
    assert len(line.queue.take("idp", 2, NOW)) == 2
    assert [row.seq for row in line.queue.take("idp", 10, NOW)] == [2]
    assert line.queue.take("idp", 10, NOW + LEASE - timedelta(milliseconds=1)) == ()
    assert len(line.queue.take("idp", 10, NOW + LEASE)) == 3


def test_a_failure_waits_longer_each_time_and_not_less_than_asked(line: Line) -> None:
    at, waits = NOW, []
    for _ in range(12):
        (row,) = line.queue.take("idp", 1, at)
        line.queue.failed(row, Failure("status 500"), WEEK, 0.5, at)
        due = datetime.fromisoformat(line.row().next_at)
        waits.append((due - at).total_seconds())
        at = due
        _only_first(line)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (0.5, 150.0)
    (row,) = line.queue.take("idp", 1, at)
    line.queue.failed(row, Failure("status 503", timedelta(hours=1)), WEEK, 0.5, at)
    assert line.row().next_at == (at + timedelta(hours=1)).isoformat(timespec="milliseconds")


def _only_first(line: Line) -> None:
    with line.database.writing() as ledger:
        for number in (1, 2):
            ledger.results.change(line.result(number), next_at="9999")


def test_patience_has_an_end(line: Line) -> None:
    (row,) = line.queue.take("idp", 1, NOW)
    line.queue.failed(row, Failure("status 503", timedelta(days=400)), WEEK, 0.5, NOW)
    assert datetime.fromisoformat(line.row().next_at) == NOW + LONGEST_WAIT


def test_after_a_week_it_is_given_up_with_its_reason_and_can_be_queued_again(line: Line) -> None:
    _only_first(line)
    later = NOW + WEEK
    (row,) = line.queue.take("idp", 1, later)
    line.queue.failed(row, Failure("status 404"), WEEK, 0.5, later)
    assert (line.row().state, line.row().reason) == (ResultState.DEAD, "status 404")
    assert line.queue.take("idp", 1, later + WEEK) == ()
    assert line.queue.again((), later, release=False) == 1
    (again,) = line.queue.take("idp", 1, later)
    assert (again.seq, again.position, again.attempts) == (0, 1, 1)


def test_what_was_delivered_is_not_undone_by_a_late_failure(line: Line) -> None:
    (row,) = line.queue.take("idp", 1, NOW)
    line.queue.delivered(row, NOW)
    line.queue.failed(row, Failure("deadline"), WEEK, 0.5, NOW)
    assert line.row().state == ResultState.DELIVERED
    line.queue.acknowledged(row, NOW + WEEK)
    assert line.row().done_at == NOW.isoformat(timespec="milliseconds")


def test_an_envelope_is_erased_when_its_provider_had_it_long_enough(line: Line) -> None:
    (row,) = line.queue.take("idp", 1, NOW)
    line.queue.delivered(row, NOW)
    assert line.queue.erase_old(NOW + timedelta(days=30)) == 0
    assert line.queue.erase_old(NOW + timedelta(days=30, seconds=1)) == 1
    assert line.row().sealed is None
    assert line.row(1).sealed is not None


def test_a_device_that_is_quarantined_after_it_had_its_place_is_withheld(line: Line) -> None:
    line.believe_no_more("quarantined")
    assert line.queue.take("idp", 10, NOW) == ()
    assert {line.row(n).state for n in range(3)} == {ResultState.WITHHELD}
    assert line.queue.again((line.row().record_id,), NOW, release=True) == 1
    assert [row.seq for row in line.queue.take("idp", 10, NOW)] == [0]


def test_a_device_that_is_called_lost_after_it_had_its_place_is_withheld(line: Line) -> None:
    line.call_lost()
    assert [row.seq for row in line.queue.take("idp", 1, NOW)] == [0]
    line.call_lost(DEVICE)
    assert line.queue.take("idp", 10, NOW + LEASE) == ()
    assert {line.row(n).state for n in range(3)} == {ResultState.WITHHELD}
    assert line.row().reason == "lost"
    line.queue.again((line.row(1).record_id,), NOW, release=True)
    assert [row.seq for row in line.queue.take("idp", 10, NOW)] == [1]


def test_what_nobody_lets_go_is_erased_in_the_end(line: Line) -> None:
    line.believe_no_more("lost")
    assert line.queue.take("idp", 2, NOW) == ()
    end = NOW + WEEK + UNSENT
    assert line.queue.erase_old(end) == 0
    assert line.queue.erase_old(end + timedelta(seconds=1)) == 2
    row = line.row()
    assert (row.state, row.reason, row.sealed) == (ResultState.ERASED, "lost", None)
    assert line.queue.again((row.record_id,), end, release=True) == 0
    assert line.row(2).sealed is not None, "it is queued"


def test_a_record_that_is_erased_takes_its_result_with_it(line: Line) -> None:
    results, provider = line.results()
    (row,) = line.queue.take("idp", 1, NOW)
    line.queue.delivered(row, NOW)
    (taken,) = line.queue.take("idp", 1, NOW)
    for number in range(3):
        line.erase(number)
    assert [line.row(n).sealed for n in range(3)] == [None] * 3
    assert [line.row(n).state for n in range(3)] == [
        ResultState.DELIVERED,
        ResultState.ERASED,
        ResultState.ERASED,
    ]
    assert line.queue.take("idp", 10, NOW + LEASE) == ()
    assert results.page(provider, 0).results == ()
    with pytest.raises(CallRefusedError) as caught:
        results.fetch(provider, 3)
    assert caught.value.status == 410
    # Posts that were on their way.
    line.queue.failed(taken, Failure("status 500"), WEEK, 0.5, NOW)
    assert line.row(1).state == ResultState.ERASED
    line.queue.delivered(taken, NOW)
    assert (line.row(1).state, bool(line.row(1).done_at)) == (ResultState.ERASED, True)


def test_a_hold_keeps_the_result_too(line: Line) -> None:
    with line.database.writing() as ledger:
        ledger.erasures.add_hold(HoldRow("h", line.row().record_id, "o", "a", ""))
    line.erase()
    assert line.row().sealed is not None
    assert [row.seq for row in line.queue.take("idp", 1, NOW)] == [0]


@pytest.mark.parametrize("why", ["quarantined", "lost"])
def test_no_provider_fetches_what_is_withheld_after_it_had_its_place(line: Line, why: str) -> None:
    results, provider = line.results()
    assert [item.position for item in results.page(provider, 0).results] == [1, 2, 3]
    results.acknowledge(provider, 1, NOW)
    line.believe_no_more(why)
    assert results.fetch(provider, 1) == b"sealed", "it has that one already"
    for call in (
        partial(results.fetch, provider, 2),
        partial(results.acknowledge, provider, 2, NOW),
    ):
        with pytest.raises(CallRefusedError) as caught:
            call()
        assert caught.value.status == 404
    assert (line.row(1).state, line.row(1).reason) == (ResultState.WITHHELD, why)
    assert line.row(2).state == ResultState.QUEUED
    assert results.page(provider, 0).results == ()
    assert (line.row(2).state, line.row(2).reason) == (ResultState.WITHHELD, why)
    line.queue.again((line.row(2).record_id,), NOW, release=True)
    assert [item.position for item in results.page(provider, 0).results] == [3]
    assert results.fetch(provider, 3) == b"sealed"


@pytest.mark.parametrize("act", [None, ActRow(DEVICE, 0, None, "visit", "accepted", "")])
def test_a_result_whose_entry_names_no_request_waits_for_a_person(
    line: Line, act: ActRow | None
) -> None:
    line.call_lost()
    with line.database.writing() as ledger:
        if act is not None:
            ledger.rounds.add_act(act)
        assert withheld_because(ledger, line.row(), ROOT.public) == "no-request"


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("", 0),
        ("-3", 0),
        ("soon", 0),
        ("Thu, 26 Nov 2026 09:02:00 GMT", 120),
        ("Thu, 26 Nov 2026 08:00:00 GMT", 0),
        ("9" * 40, 999_999_999),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", 0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 +2300", 0),
    ],
)
def test_how_long_a_provider_asks_to_wait(field: str, seconds: int) -> None:
    assert _asked_wait(field, NOW) == timedelta(seconds=seconds)


def test_a_post_that_fails_in_no_known_way_waits_and_is_tried_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.call_lost()
    _only_first(line)

    def broken(_request: httpx.Request) -> httpx.Response:
        raise OverflowError

    def posting(provider: ProviderRow, key: SigningKey) -> Posting:
        return Posting(provider, httpx.AsyncClient(transport=httpx.MockTransport(broken)), key)

    monkeypatch.setattr("central.provider.sender.posting_to", posting)
    sender = Sender(line.queue, SigningKey.generate, lambda: NOW, lambda: 0.5)

    async def twice() -> None:
        for _ in range(2):
            await sender.turn()
            await sender.settled()

    asyncio.run(twice())
    row = line.row()
    assert (row.state, row.reason, row.attempts) == (ResultState.QUEUED, "OverflowError", 1)
    assert row.next_at < (NOW + LEASE).isoformat(timespec="milliseconds")


@pytest.mark.parametrize(
    ("reason", "everybody"),
    [
        ("ConnectError", True),
        ("deadline", True),
        ("status 500", True),
        ("status 429", True),
        ("status 302", False),
        ("status 400", False),
        ("erased", False),
    ],
)
def test_which_failure_is_about_the_whole_server(reason: str, everybody: bool) -> None:
    assert concerns_all(Failure(reason)) is everybody


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.test/",
        "http://127.0.0.1/",
        "https://",
        "https://a@idp.test/",
        "https://idp.test/#x",
        "https://idp.test:0/",
        "https://idp.test:99999/",
        "file:///etc/passwd",
        "https://idp.test/" + "a" * 500,
    ],
)
def test_results_are_posted_to_https_addresses_only(url: str) -> None:
    with pytest.raises(ValueError):
        require_url(url)
    require_url("https://127.0.0.1:8445/results")
