"""PostgreSQL and an object store behind the same collector: the same promises on real servers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import psycopg
import pytest

from central.archive.control import read_control
from central.archive.database import Database
from central.archive.layout import FolderError, Layout
from central.archive.ledger import Ledger
from central.archive.payloads import PayloadState, payload_name
from central.archive.round_rows import ActRow, VisitRow
from central.archive.rows import DeviceRow, EntryRow, SealedRow
from central.archive.storage import (
    Storage,
    open_database,
    open_payloads,
    read_storage,
    write_storage,
)
from central.auditor.erasure import erase, hold, reapply, release
from central.auditor.histories import Histories
from central.auditor.opening import read_identity
from central.auditor.opening_log import held
from central.auditor.orders import Act, Subject
from central.auditor.session import own_order, present_alone, session
from central.authority.founding import LOCAL_HOSTS, found
from central.authority.logs import Logs
from central.authority.policies import Policies
from central.authority.requests import Announced, new_request, parse_birth_date
from central.authority.rounds import Planner
from central.collector.arrivals import Arrivals
from central.collector.rounds import note_acts
from central.collector.scrub import Scrub
from kiosk.audit.entries import EntryKind
from kiosk.crypto.digests import sha256
from kiosk.documents.requests import request_key
from kiosk.domain.errors import UnreachableError
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.domain.request import VerificationRequest
from kiosk.ports import OutboxState
from kiosk.services.delivery import DeliverySummary
from kiosk.sync.conflicts import ConflictKind
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import ReceiptState
from tests.fakes.central_side import CentralSide, ask, central, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.ports import take_port
from tests.fakes.provider import answered, provider_of, seal_case
from tests.fakes.stores import BUCKET, PostgresServer, object_store, postgres

pytestmark = pytest.mark.process
SERVERS = {"AWS_ACCESS_KEY_ID": "specimen", "AWS_SECRET_ACCESS_KEY": "specimen"}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PostgresServer, str]]:
    with ExitStack() as running:
        for name, value in SERVERS.items():
            os.environ[name] = value
            running.callback(os.environ.pop, name)
        database = running.enter_context(postgres())
        yield database, running.enter_context(object_store())


@pytest.fixture(scope="module")
def data(servers: tuple[PostgresServer, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    database, objects = servers
    folder = tmp_path_factory.mktemp("central") / "data"
    storage = Storage(database.url, f"s3://{BUCKET}/sealed", objects, "eu-west-3")
    found(
        Layout(folder),
        LOCAL_HOSTS,
        "idp.test",
        datetime.now(UTC),
        demonstration=False,
        storage=storage,
    )
    return folder


@pytest.fixture
def sides(data: Path) -> Iterator[tuple[CentralSide, CentralSide]]:
    """Two processes over the same stores."""
    with serving(data) as one, serving(data) as other:
        yield one, other


def enrolled(side: CentralSide) -> EnrolledDevice:
    return EnrolledDevice().enrol(side.enrol_code("075012"))


def test_a_record_arrives_and_is_purged_here_only_then(sides, data):
    device = enrolled(sides[0])
    seq, sealed = device.seal()
    assert device.delivery.run_once() == DeliverySummary(sent=1, stored=1, purged=1)
    assert device.row(seq).state is OutboxState.STORED
    with sides[0].ledger() as ledger:
        row = ledger.sealed(device.identity.device_id, seq)
        leaf = ledger.leaf(device.identity.device_id, seq)
    assert row is not None
    assert leaf is not None
    assert b'"storage":"object-store"' in leaf.data
    assert not any((Layout(data).payloads).iterdir())
    report = Histories(Layout(data)).verify()
    assert report.problems == ()
    mine = next(d for d in report.devices if d.device_id == device.identity.device_id)
    assert (mine.problems, mine.stored, mine.missing) == ((), 1, ())
    assert len(sealed.blob) > 0


def test_many_devices_at_two_processes_get_one_leaf_a_record(sides, data):
    devices = [enrolled(side) for side in sides for _ in range(3)]
    sealed = {id(device): [device.seal()[0] for _ in range(4)] for device in devices}
    summaries: list[DeliverySummary] = []

    def deliver(device: EnrolledDevice) -> None:
        summaries.append(device.delivery.run_once())

    threads = [threading.Thread(target=deliver, args=(device,)) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [s.reason for s in summaries] == [""] * len(devices)
    for device in devices:
        device.delivery.run_once()
        assert all(device.row(s).state is OutboxState.STORED for s in sealed[id(device)])
    with sides[0].ledger() as ledger:
        log, hashes = ledger.log(), ledger.leaf_hashes()
    assert log is not None
    assert log.size == len(hashes)
    assert Histories(Layout(data)).verify().verified


def test_the_log_goes_on_when_the_process_that_wrote_it_dies(data):
    with serving(data) as one, serving(data) as other:
        device = enrolled(one)
        device.seal()
        device.delivery.run_once()
        one.process.kill()
        one.process.wait(timeout=60)
        survivor = enrolled(other)
        seq, _ = survivor.seal()
        survivor.delivery.run_once()
        assert survivor.row(seq).state is OutboxState.STORED
    assert Histories(Layout(data)).verify().verified


def test_a_database_that_was_killed_loses_nothing_it_acknowledged(sides, data, servers):
    database, _ = servers
    device = enrolled(sides[0])
    first, _ = device.seal()
    device.delivery.run_once()
    second, _ = device.seal()
    database.kill()
    assert device.delivery.run_once().reason == UnreachableError.code
    assert device.has_blob(second)
    database.start()
    device.delivery.run_once()
    assert device.row(second).state is OutboxState.STORED
    with sides[0].ledger() as ledger:
        assert ledger.leaf(device.identity.device_id, first) is not None
    assert Histories(Layout(data)).verify().verified


def test_an_object_that_is_there_and_whole_is_never_overwritten(data):
    payloads = open_payloads(Layout(data))
    name = payload_name(DeviceId("dev-x"), 0, sha256(b"first"))
    for content in (b"first", b"second"):
        with payloads.incoming() as incoming:
            incoming.write(content)
            incoming.keep(name)
    assert payloads.read(name) == b"first"
    with pytest.raises(OSError, match="object store"):
        payloads.read("dev-x/000000000001-00")


def test_a_store_that_does_not_answer_is_told_without_its_address(tmp_path):
    with pytest.raises(FolderError) as caught:
        Database("postgresql://visavis@127.0.0.1:1/nothing")
    assert "127.0.0.1" not in str(caught.value)
    done = central(
        *("init", tmp_path / "new", "--single-auditor"),
        *("--database", "postgresql://visavis@127.0.0.1:1/x"),
        check=False,
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        'database = "mysql://x"',
        'objects = "http://x"',
        'endpoint = "http://x"',
        "database = 1",
        "colour = 'red'",
        "not toml",
    ],
)
def test_a_storage_file_with_a_fault_is_refused_and_says_why(tmp_path, text):
    layout = Layout(tmp_path / "data")
    layout.create()
    (layout.collector / "storage.toml").write_text(text, "utf-8")
    with pytest.raises(FolderError, match="storage"):
        read_storage(layout)


def test_stores_are_written_down_and_found_again(tmp_path):
    layout = Layout(tmp_path / "data")
    layout.create()
    storage = Storage("postgresql://u@h/d", "s3://b/p", "https://s3.test", "eu")
    write_storage(layout, storage)
    assert read_storage(layout) == storage


def test_every_command_asks_the_store_that_is_configured(sides, data):
    device = enrolled(sides[0])
    name, where = device.identity.device_id, ("--data", str(data))
    device.journal.record(EntryKind.FRAUD_ALERT, {"case": "c-17"})
    assert device.delivery.run_once().reason == ""
    assert [one["device_id"] for one in ask("alerts", *where)["alerts"]] == [name]
    assert ask("unlock", "--device", name, "--agent", "m-1", *where)["device_id"] == name
    visit = VisitRow(
        "v-stores", "2026-11-26", 1, "home", OfficeId("075012"), DeviceId(name), "r-stores", "now"
    )
    database = open_database(Layout(data))
    with database.writing() as ledger:
        ledger.rounds.add_visit(visit)
    database.close()
    day = ("--day", "2026-11-26", *where)
    assert [one["visit_id"] for one in ask("round", "show", *day)["visits"]] == ["v-stores"]
    silent = central("audit", "reconcile", *day, "--json", check=False)
    assert (silent.returncode, "v-stores" in silent.stdout) == (1, True)
    assert not Layout(data).database.exists()


def arriving(device: EnrolledDevice, request: VerificationRequest) -> ActRow:
    """An act that has reached a process and is not committed yet."""
    key = request_key(request.issuer, request.request_id)
    return ActRow(device.identity.device_id, 99, key, None, "accepted", "2026-11-26T09:00:00+00:00")


def issued(data: Path, policy: Policy) -> VerificationRequest:
    announced = Announced("Berthier", ("Corinne",), parse_birth_date("1965-12-06"), "cpf")
    now = datetime.now(UTC)
    return new_request(Layout(data), policy, announced, now, timedelta(hours=1))[0]


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """``work`` in another thread, begun before the block ends and given a second to finish."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=1)
    yield
    thread.join(timeout=120)


def test_of_two_devices_that_use_one_request_at_once_one_hears_of_it(sides, data):
    first, second = enrolled(sides[0]), enrolled(sides[1])
    request = issued(data, second.policy)
    act = arriving(first, request)
    facts = {"request": act.request_key, "outcome": "accepted"}
    second.journal.record(EntryKind.VERIFY_CLOSE, facts)
    database = open_database(Layout(data))
    with ExitStack() as after, database.writing(first.identity.device_id) as ledger:
        note_acts(ledger, [act])
        after.enter_context(meanwhile(second.delivery.run_once))
    with database.reading() as ledger:
        told = {a.device_id: a.conflict for a in ledger.rounds.acts_about(act.request_key)}
    database.close()
    assert told == {
        first.identity.device_id: None,
        second.identity.device_id: ConflictKind.VERIFIED_ELSEWHERE,
    }


def test_a_request_that_is_cancelled_while_an_act_arrives_tells_of_the_act(sides, data):
    device = enrolled(sides[0])
    request = issued(data, device.policy)
    planner = Planner(Layout(data), device.policy)
    before: list[tuple[str, ...]] = []

    def cancel() -> None:
        before.append(planner.cancel_request(request, datetime.now(UTC)))

    database = open_database(Layout(data))
    with ExitStack() as after, database.writing(device.identity.device_id) as ledger:
        note_acts(ledger, [arriving(device, request)])
        after.enter_context(meanwhile(cancel))
    database.close()
    assert before == [("accepted",)]


def test_offices_of_devices_survive_the_other_database(sides):
    device = enrolled(sides[1])
    with sides[0].ledger() as ledger:
        row = ledger.device(device.identity.device_id)
    assert row is not None
    assert row.office_id == OfficeId("075012")


def test_two_processes_over_one_database_post_each_result_once(
    sides: tuple[CentralSide, CentralSide], tmp_path: Path
) -> None:
    with provider_of(sides[0], tmp_path) as provider:
        devices = [enrolled(side) for side in sides]
        records = [
            seal_case(devices[number % 2], answered(number)).record_id for number in range(8)
        ]
        for device in devices:
            assert device.delivery.run_once().stored == 4
        for number in range(8):
            assert provider.wait_for(f"req-{number}", 60) == "accepted"
        assert provider.server.requests.seen == dict.fromkeys(records, 1)
        rows = [provider.row(record) for record in records]
        assert len({row.position for row in rows}) == len(rows)


def test_a_record_is_erased_by_order_on_other_stores_too(sides, data):
    device = enrolled(sides[0])
    seq, _ = device.seal()
    assert device.delivery.run_once().stored == 1
    layout, now = Layout(data), datetime.now(UTC)
    present = present_alone(layout, read_identity(layout.identity), now)
    record = device.row(seq).record_id
    why = ("demande de la personne", "art. 17 RGPD")
    order = own_order(present, Act.ERASE, Subject(records=(record,)), why, now)
    with session(layout, present, order) as at_work:
        done = erase(layout, at_work, now)
    assert done.records[0].erased
    assert not done.forgotten  # its write-ahead log is the operator's business, and it is said
    (found,) = [
        one
        for one in Histories(layout).verify(now).devices
        if one.device_id == device.identity.device_id
    ]
    assert (found.problems, found.stored) == ((), 1)


# --- orders while a record arrives ---

TABLET, RECORD = DeviceId("dev-1"), RecordId("0" * 32)
AT = "2026-11-26T09:00:00.000+00:00"
ARRIVING = SealedRow(TABLET, 0, b"b" * 32, b"p" * 32, b"header", AT, ReceiptState.LOGGED)


@pytest.fixture
def apart(servers: tuple[PostgresServer, str], tmp_path: Path) -> Iterator[tuple[Layout, Database]]:
    """A central side over a PostgreSQL database of its own; one record is still on a tablet."""
    server, _ = servers
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS apart WITH (FORCE)")
        connection.execute("CREATE DATABASE apart")
    layout = Layout(tmp_path / "data")
    storage = Storage(f"{server.url.rpartition('/')[0]}/apart", "", "", "")
    now = datetime.now(UTC)
    found(layout, LOCAL_HOSTS, "idp.test", now, demonstration=False, storage=storage)
    with closing(open_database(layout)) as database:
        with database.writing() as ledger:
            ledger.put_device(DeviceRow(TABLET, b"k" * 32, OfficeId("075012"), AT))
            ledger.add_entries((EntryRow(TABLET, 0, "jws", b"l" * 32, RECORD),))
        yield layout, database


def order_of(layout: Layout, which: Act) -> None:
    """Carry out an order of a single auditor about the record."""
    now = datetime.now(UTC)
    present = present_alone(layout, read_identity(layout.identity), now)
    why = ("demande de la personne", "art. 17 RGPD")
    order = own_order(present, which, Subject(records=(RECORD,)), why, now)
    with session(layout, present, order) as at_work:
        {Act.ERASE: erase, Act.HOLD: hold, Act.RELEASE: release}[which](layout, at_work, now)


def replay(layout: Layout) -> None:
    control = read_control(layout)
    assert control is not None
    with held(layout, control) as log:
        reapply(layout, log, datetime.now(UTC))


class LateDatabase:
    """A database; something else begins before what is written in it is committed."""

    def __init__(self, database: Database, work: Callable[[], object]) -> None:
        self._database, self._work = database, work

    @contextmanager
    def writing(self, *scopes: str, local: bool = False) -> Iterator[Ledger]:
        with ExitStack() as after, self._database.writing(*scopes, local=local) as ledger:
            yield ledger
            after.enter_context(meanwhile(self._work))


def test_an_order_that_is_given_while_a_record_arrives_finds_it(apart):
    layout, database = apart
    late = LateDatabase(database, lambda: order_of(layout, Act.ERASE))
    assert Arrivals(late).commit(ARRIVING, RECORD)
    with database.reading() as ledger:
        order, sealed = ledger.erasures.order(RECORD), ledger.sealed(TABLET, 0)
    assert order is not None
    assert order.done_at is not None
    assert sealed is not None
    assert sealed.header is None


@pytest.mark.parametrize("which", ["hold", "release", "reapply"])
def test_holds_wait_for_records_that_arrive(apart, which):
    layout, database = apart
    done: list[str] = []

    def work() -> None:
        if which == "reapply":
            replay(layout)
        else:
            order_of(layout, Act(which))
        done.append(which)

    with ExitStack() as after, database.writing(TABLET) as ledger:
        ledger.erasures.steady()
        after.enter_context(meanwhile(work))
        assert done == []
    assert done == [which]


def test_records_of_two_devices_still_arrive_at_once(apart):
    _, database = apart
    with database.writing(TABLET) as ledger, database.writing("dev-2") as other:
        ledger.erasures.steady()
        other.erasures.steady()


def test_an_object_that_was_cut_short_is_asked_of_its_device_again(sides, data):
    layout = Layout(data)
    Policies(layout).change({"retention.blob_grace_hours": "24"}, datetime.now(UTC))
    device = enrolled(sides[0])
    seq, _ = device.seal()
    device.delivery.run_once()
    with sides[0].ledger() as ledger:
        row = ledger.sealed(device.identity.device_id, seq)
    payloads = open_payloads(layout)
    name = payload_name(row.device_id, seq, row.payload_sha256)
    whole = payloads.read(name)
    obstore.put(payloads._store, name, whole[:-1])
    database = open_database(layout)
    try:
        scrub, now = Scrub(database, payloads), datetime.now(UTC)
        found = scrub.run(now, timedelta(hours=1), 5).found
        assert [(one.seq, one.what) for one in found] == [(seq, PayloadState.ALTERED)]
        assert device.delivery.run_once().sent == 1
        assert payloads.read(name) == whole
        assert scrub.run(now, timedelta(hours=1), 5).open == ()
        obstore.delete(payloads._store, name)
        assert payloads.state(name) is PayloadState.MISSING
    finally:
        database.close()


def test_a_restore_is_announced_on_other_stores_too(data):
    layout, port = Layout(data), take_port()
    with serving(data, port) as side:
        device = enrolled(side)
        seqs = [device.seal()[0] for _ in range(2)]
        assert device.delivery.run_once().stored == 2
        side.stop()
    logs, now = Logs(layout), datetime.now(UTC)
    logs.publish(logs.restored("tried", now, logs.state().size - 1), now)
    with serving(data, port):
        for _ in range(2):
            assert device.delivery.run_once().reason == ""
    assert {device.row(seq).state for seq in seqs} == {OutboxState.STORED}
    with device.store.begin() as uow:
        kinds = [row.kind for row in uow.journal.range(0, uow.journal.size())]
    assert kinds.count("log_restored") == 1
    assert Histories(layout).verify().problems == ()
