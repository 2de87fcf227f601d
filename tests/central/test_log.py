"""The collector's log on stored subtrees: the same proofs as over all leaves, whatever its size."""

import sqlite3
import ssl
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from central.archive.database import Database
from central.archive.faults import StoreError
from central.archive.fleet_pages import FleetPages
from central.archive.layout import FolderError, Layout
from central.archive.migrations import VERSION
from central.archive.payloads import FolderPayloads
from central.archive.rows import DeviceRow, EntryRow, LeafRow, SealedRow
from central.archive.schema import schema_version
from central.collector.log import CollectorLog
from central.collector.proofs import StoredTree
from central.collector.records import Records
from kiosk.audit.tree import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.receipts import ReceiptState
from tests.fakes.central_side import founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.ports import take_port

LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


def tree_of(leaves):
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = range(0, len(below) - 1, 2)
        levels.append([node_hash(below[i], below[i + 1]) for i in pairs])
    return StoredTree(lambda level, index: levels[level][index])


@given(size=st.integers(1, 70), data=st.data())
def test_proofs_are_those_of_the_whole_tree(size, data):
    leaves, tree = LEAVES[:size], tree_of(LEAVES[:size])
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    assert tree.hash_of(0, size) == root_of(leaves)
    assert tree.inclusion(index, size) == inclusion_proof(leaves, index)
    assert tree.consistency(old, size) == consistency_proof(leaves, old)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_proof(index, size):
    with pytest.raises(ValueError, match="leaf"):
        tree_of(LEAVES[:3]).inclusion(index, size)
    with pytest.raises(ValueError, match="tree"):
        tree_of(LEAVES[:3]).consistency(4, 3)


def fill(database, count):
    with database.writing() as ledger:
        for number in range(count):
            row = LeafRow(number, DeviceId("dev-x"), number, b"{}", LEAVES[number])
            ledger.add_leaf(row)


def test_nodes_are_stored_as_leaves_come(tmp_path):
    database = Database(tmp_path / "log.db")
    fill(database, 37)
    with database.reading() as ledger:
        tree = StoredTree(ledger.node)
        assert tree.hash_of(0, 37) == root_of(LEAVES[:37])
        assert tree.inclusion(20, 37) == inclusion_proof(LEAVES[:37], 20)
        with pytest.raises(LookupError):
            ledger.node(5, 1)
    database.close()


def test_a_log_of_the_first_schema_gets_its_nodes_once(tmp_path):
    path = tmp_path / "log.db"
    database = Database(path)
    fill(database, 45)
    database.close()
    with sqlite3.connect(path) as old:
        old.execute("DROP TABLE log_nodes")
        old.execute("DROP TABLE schema_version")
    for _ in range(2):
        database = Database(path)
        with database.reading() as ledger:
            assert StoredTree(ledger.node).hash_of(0, 45) == root_of(LEAVES[:45])
            held = ledger._connection.execute(select(schema_version.c.version)).scalar_one()
        assert held == VERSION
        database.close()


def test_a_schema_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "log.db"
    Database(path).close()
    with sqlite3.connect(path) as newer:
        newer.execute("UPDATE schema_version SET version = 999")
    with pytest.raises(FolderError, match="newer"):
        Database(path)
    with sqlite3.connect(path) as newer:
        assert newer.execute("SELECT version FROM schema_version").fetchone() == (999,)


@pytest.mark.process
def test_figures_and_readiness_say_how_the_collector_is(tmp_path):
    data, port = founded(tmp_path / "data"), take_port()
    with serving(data, metrics=port) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        device.delivery.run_once()
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
        payloads = Layout(data).payloads
        trusted = ssl.create_default_context(cafile=Layout(data).ca_certificate)
        with httpx.Client(verify=trusted, timeout=60) as client:
            assert client.get(f"{side.url}/readyz").status_code == 200
            payloads.rename(payloads.with_name("gone"))
            assert client.get(f"{side.url}/readyz").status_code == 503
            assert client.get(f"{side.url}/healthz").status_code == 200
    assert "visavis_devices 1.0" in text
    assert "visavis_records 1.0" in text
    assert "visavis_missing 0.0" in text
    assert "visavis_unsequenced 0.0" in text
    assert 'visavis_calls_total{method="PUT",route="/v1/devices/{device}/records/{seq:int}"' in text
    assert device.identity.device_id not in text
    assert "075012" not in text


@pytest.mark.process
def test_a_record_of_a_device_with_two_histories_gets_no_leaf(tmp_path):
    data = founded(tmp_path / "data")
    with serving(data) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.delivery.run_once()
    database = Database(Layout(data).database)
    log = CollectorLog("origin", SigningKey.generate())
    seq, sealed = device.seal()
    row = SealedRow(
        device.identity.device_id,
        seq,
        sealed.payload_sha256,
        sealed.payload_sha256,
        b"header",
        "2026-11-26T10:00:00+00:00",
        ReceiptState.LOGGED,
    )
    with database.writing() as ledger:
        ledger.add_entries((EntryRow(row.device_id, seq, "jws", bytes(32), "r" * 32),))
        ledger.add_sealed(row)
        known = ledger.device(row.device_id)
        ledger.put_device(replace(known, quarantined=True))
        log.sequence(ledger, "filesystem")
        assert ledger.sealed(row.device_id, seq).state == ReceiptState.QUARANTINED
        assert ledger.leaf(row.device_id, seq) is None
        assert ledger.unsequenced(1) == ()
    database.close()


def test_only_records_that_are_stored_count_as_receipts(tmp_path):
    sound, apart = DeviceId("dev-1"), DeviceId("dev-2")
    at = datetime(2026, 11, 26, 21, 5, tzinfo=UTC)
    with closing(Database(tmp_path / "log.db")) as database:
        with database.writing() as ledger:
            for device in (sound, apart):
                known = DeviceRow(device, b"k" * 32, OfficeId("075012"), at.isoformat())
                ledger.put_device(replace(known, quarantined=device == apart))
                for seq in range(3):
                    record = RecordId(f"{device}-{seq}")
                    ledger.add_entries((EntryRow(device, seq, "jws", bytes(32), record),))
                    ledger.add_sealed(
                        SealedRow(
                            device,
                            seq,
                            b"b" * 32,
                            b"p" * 32,
                            b"header",
                            at.isoformat(),
                            ReceiptState.LOGGED,
                        )
                    )
        log = CollectorLog("origin", SigningKey.generate())
        records = Records(database, FolderPayloads(tmp_path), log)
        assert records.sequence(at) == 3
        assert records.sequence(at) == 0
        with database.reading() as ledger:
            pages = FleetPages(ledger._connection)
            assert pages.receipts_since("2026-11-26T21") == {"2026-11-26T21": 3}
            assert log.state(ledger).size == 3
            assert ledger.unsequenced(1) == ()


def test_a_database_that_fails_says_so_in_one_word(tmp_path):
    path = tmp_path / "log.db"
    database = Database(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TABLE devices")
    for opened in (database.reading, database.writing):
        with pytest.raises(StoreError) as caught, opened() as ledger:
            ledger.devices()
        assert str(caught.value) == "OperationalError"
    with pytest.raises(ZeroDivisionError), database.writing():
        _ = 1 / 0
    database.close()
