"""Rows of records that arrive together: each is durable and answered as if it were alone."""

import threading
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from central.archive.database import Database
from central.archive.faults import StoreError
from central.archive.rows import DeviceRow, EntryRow, SealedRow
from central.collector.arrivals import MOST_ROWS, Arrivals
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.receipts import ReceiptState

ONE, OTHER = DeviceId("dev-1"), DeviceId("dev-2")
AT = "2026-11-26T09:00:00.000+00:00"


def row(device_id, seq):
    return SealedRow(device_id, seq, b"b" * 32, b"p" * 32, b"header", AT, ReceiptState.LOGGED)


@pytest.fixture
def database(tmp_path):
    with closing(Database(tmp_path / "collector.db")) as database:
        with database.writing() as ledger:
            for device_id in (ONE, OTHER):
                ledger.put_device(DeviceRow(device_id, b"k" * 32, OfficeId("075012"), AT))
                ledger.add_entries(
                    tuple(
                        EntryRow(device_id, seq, "jws", b"l" * 32, RecordId(f"{device_id}-{seq}"))
                        for seq in range(2 * MOST_ROWS)
                    )
                )
        yield database


def committed_together(arrivals, rows):
    """What each of many threads was answered, by row."""
    answers, start = {}, threading.Barrier(len(rows))

    def commit(number):
        start.wait(60)
        try:
            answers[number] = arrivals.commit(rows[number])
        except (StoreError, LookupError) as exc:
            answers[number] = exc

    threads = [threading.Thread(target=commit, args=(n,)) for n in range(len(rows))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return [answers[number] for number in range(len(rows))]


def test_every_row_of_a_crowd_is_there_when_it_is_answered(database):
    rows = [row(device, seq) for seq in range(16) for device in (ONE, OTHER)]
    assert committed_together(Arrivals(database), rows) == [True] * 32
    with database.reading() as ledger:
        assert len(ledger.sealed_from(ONE, 0, 100)) == len(ledger.sealed_from(OTHER, 0, 100)) == 16


def test_of_one_record_sent_many_times_at_once_one_is_new(database):
    answers = committed_together(Arrivals(database), [row(ONE, 3)] * 12)
    assert sorted(answers) == [False] * 11 + [True]
    with database.reading() as ledger:
        assert [held.seq for held in ledger.sealed_from(ONE, 0, 100)] == [3]


def test_a_record_that_is_here_is_not_new(database):
    arrivals = Arrivals(database)
    assert arrivals.commit(row(ONE, 1))
    assert not arrivals.commit(row(ONE, 1))


def test_a_device_with_two_histories_is_set_apart_and_the_others_are_not(database):
    with database.writing() as ledger:
        held = ledger.device(ONE)
        assert held is not None
        ledger.put_device(replace(held, quarantined=True))
    arrivals = Arrivals(database)
    assert committed_together(arrivals, [row(ONE, 1), row(OTHER, 1)]) == [True, True]
    with database.reading() as ledger:
        states = [ledger.sealed(device, 1).state for device in (ONE, OTHER)]
    assert states == [ReceiptState.QUARANTINED, ReceiptState.LOGGED]


def test_an_unknown_device_does_not_hold_up_the_others(database):
    unknown = row(DeviceId("dev-0"), 1)
    answers = committed_together(Arrivals(database), [unknown, row(ONE, 1)])
    assert isinstance(answers[0], LookupError)
    assert answers[1] is True


class AwayDatabase:
    """A database that does not answer, until it does."""

    def __init__(self, database):
        self.database, self.away = database, True

    @contextmanager
    def writing(self, *scopes, local=False):
        if self.away:
            raise StoreError("OperationalError")
        with self.database.writing(*scopes, local=local) as ledger:
            yield ledger


def test_a_database_that_is_away_is_told_to_everybody_and_forgotten_when_it_is_back(database):
    away = AwayDatabase(database)
    arrivals = Arrivals(away)
    answers = committed_together(arrivals, [row(ONE, seq) for seq in range(6)])
    assert all(isinstance(answer, StoreError) for answer in answers)
    away.away = False
    assert committed_together(arrivals, [row(ONE, seq) for seq in range(6)]) == [True] * 6


class StoppedDatabase:
    """A database whose first writer is ended from outside while the others wait for it."""

    def __init__(self, database):
        self.database, self.stops = database, 1

    @contextmanager
    def writing(self, *scopes, local=False):
        with self.database.writing(*scopes, local=local) as ledger:
            yield ledger
            if self.stops:
                self.stops -= 1
                raise KeyboardInterrupt


def test_a_writer_that_is_ended_tells_nobody_that_a_row_is_here(database):
    arrivals = Arrivals(StoppedDatabase(database))
    answers = []

    def commit(seq):
        try:
            answers.append(arrivals.commit(row(ONE, seq)))
        except (StoreError, KeyboardInterrupt) as exc:
            answers.append(type(exc))

    # Both wait for the turn, so that whoever takes it first writes for both.
    with arrivals._turn:
        threads = [threading.Thread(target=commit, args=(seq,)) for seq in range(2)]
        for thread in threads:
            thread.start()
        while len(arrivals._queue) < 2:
            threads[0].join(0.01)
    for thread in threads:
        thread.join(120)
    assert sorted(map(str, answers)) == sorted(map(str, (StoreError, KeyboardInterrupt)))
    with database.reading() as ledger:
        assert ledger.sealed_from(ONE, 0, 100) == ()
    assert committed_together(arrivals, [row(ONE, seq) for seq in range(2)]) == [True] * 2
