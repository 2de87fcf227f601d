"""What the pages show: real devices, a real collector, SQLite and PostgreSQL behind it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from central.archive.faults import StoreError
from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.reader import open_reader
from central.archive.result_rows import ResultRow
from central.archive.rows import AlarmRow
from central.archive.schema import sealed
from central.archive.storage import open_database
from central.operations.attention import points_of
from central.operations.census import KEPT, CensusTaker, Stores
from central.operations.lost import Lost, LostDevices
from kiosk.audit.entries import EntryKind
from kiosk.domain.ids import RecordId
from kiosk.sync.messages import RecipientPut, encode
from kiosk.sync.rounds import announce_recipient
from tests.fakes.central_side import CentralSide, ask, central, founded
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.operations import NAME, OperationsSide, Reader, operations

pytestmark = pytest.mark.process
_LINK = re.compile(r'(?:href|action)="(/[^"]*)"')


@pytest.fixture
def reader(pages: OperationsSide):
    with pages.operator() as reader:
        yield reader


def enrolled(collector: CentralSide, office: str = "075012") -> EnrolledDevice:
    return EnrolledDevice().enrol(collector.enrol_code(office))


def forked(collector: CentralSide) -> EnrolledDevice:
    """A device of which two histories are known, with one record in quarantine."""
    device = enrolled(collector, "013005")
    twin = device.clone()
    device.seal()
    device.delivery.run_once()
    twin.seal()
    twin.delivery.run_once()
    device.seal()
    device.delivery.run_once()
    return device


def write(collector: CentralSide, work: Callable[[Ledger], None]) -> None:
    database = open_database(Layout(collector.data))
    try:
        with database.writing() as ledger:
            work(ledger)
    finally:
        database.close()


def forget(ledger: Ledger, record: RecordId) -> None:
    """As an order of erasure does."""
    (entry,) = ledger.entries_of_record(record)
    mine = (sealed.c.device_id == entry.device_id) & (sealed.c.seq == entry.seq)
    ledger._connection.execute(update(sealed).where(mine).values(header=None))


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def record_of(device: EnrolledDevice, seq: int) -> RecordId:
    return device.row(seq).record_id


def test_a_device_is_shown_as_it_is(collector, reader):
    device = enrolled(collector)
    name = device.identity.device_id
    device.seal()
    device.delivery.run_once()
    answer = reader.get(f"/devices/{name}")
    shown = text_of(answer.text)
    assert answer.status_code == 200
    for word in (name, "075012", "0.1.0", "1 of 1 announced", "Nothing to tell", "No alarm"):
        assert word in shown
    assert f"Entries held here {device.size()}" in shown
    assert reader.get("/devices/dev-0000000000000000").status_code == 404


def test_a_record_is_followed_from_its_announcement_to_its_receipt(collector, reader):
    device = enrolled(collector)
    name = device.identity.device_id
    seq, _ = device.seal()
    record = record_of(device, seq)

    def lose_uploads(call):
        if call.method == "PUT" and "/records/" in call.path:
            raise KeyboardInterrupt
        return call.go()

    device.links.trouble = lose_uploads
    with pytest.raises(KeyboardInterrupt):
        device.delivery.run_once()
    awaited = text_of(reader.get(f"/records/{record}").text)
    assert "Awaited" in awaited
    assert "no receipt" in awaited
    assert "Records awaited" in text_of(reader.get(f"/devices/{name}").text)
    device.links.trouble = Call.go
    device.delivery.run_once()
    answer = reader.get(f"/devices/{name}/{seq}")
    assert answer.headers["location"] == f"/records/{record}"
    shown = text_of(reader.get(f"/records/{record}").text)
    with collector.ledger() as ledger:
        leaf = ledger.leaf(name, seq)
    assert leaf is not None
    assert f"leaf {leaf.index:,} of a log of" in shown
    for word in ("Kept, receipt given", name, "end of a verification", "Sealed to"):
        assert word in shown
    assert reader.get("/search").status_code == 200
    assert reader.get(f"/search?q={record}").headers["location"] == f"/records/{record}"
    write(collector, lambda ledger: forget(ledger, record))
    assert "Erased by order" in text_of(reader.get(f"/records/{record}").text)


def test_a_search_finds_a_device_by_the_beginning_of_its_number(collector, reader):
    device = enrolled(collector)
    name = device.identity.device_id
    for wanted in (name, name[4:], name[:16], f"  {name} "):
        answer = reader.client.get("/search", params={"q": wanted})
        assert answer.headers["location"] == f"/devices/{name}"
    assert "Devices of office 075012" in text_of(reader.get("/search?q=075012").text)
    answer = reader.get("/search?q=dev-zzz")
    assert answer.status_code == 404
    assert "Nothing bears this number" in text_of(answer.text)


def test_two_histories_stay_on_top_seen_or_not(collector, reader):
    device = forked(collector)
    name = device.identity.device_id
    listed = text_of(reader.get("/quarantine").text)
    assert name in listed
    assert "1 record held back" in listed
    shown = reader.get(f"/devices/{name}").text
    assert "Two histories of this device are known" in text_of(shown)
    assert "arrived after a second history came to light" in text_of(shown)
    (link,) = set(re.findall(rf'href="(/alarms/{name}/fork/\d+)"', shown))
    page = reader.get(link).text
    assert "Not seen yet" in text_of(page)
    assert "two histories remain two histories" in text_of(page)
    word = reader.word(link)
    answer = reader.post(link, {"word": word, "finding": "out-of-service"})
    assert (answer.status_code, answer.headers["location"]) == (303, link)
    seen = text_of(reader.get(link).text)
    assert "Device taken out of service" in seen
    assert NAME in seen
    assert f"has seen: Second history, {name}" in text_of(reader.get("/log").text)
    for page in ("/quarantine", "/alarms", "/alarms?kind=fork"):
        assert name in text_of(reader.get(page).text)
    assert "two histories" in text_of(overview(collector)).lower()


def overview(collector: CentralSide) -> str:
    """The overview as it is now, not as it was counted within the last minute."""
    with operations(collector.data) as fresh, fresh.operator() as reader:
        return reader.get("/").text


def test_another_alarm_leaves_the_overview_and_stays_in_the_list(collector, reader):
    device = enrolled(collector)
    name = device.identity.device_id
    device.journal.record(EntryKind.CENTRAL_LOSS, {"missing": 1})
    device.delivery.run_once()
    link = f"/alarms/{name}/central_loss/{device.size() - 1}"
    assert "tells of a record lost here" in text_of(overview(collector))
    assert reader.post(link, {"word": reader.word(link), "finding": "mine"}).status_code == 400
    reader.post(link, {"word": reader.word(link), "finding": "explained"})
    assert "tells of a record lost here" not in text_of(overview(collector))
    assert name in text_of(reader.get("/alarms?kind=central_loss").text)


def test_a_lost_device_is_called_lost_and_not_silent(collector):
    device = enrolled(collector, "033001")
    name = device.identity.device_id
    assert central("device", "lost", name, "--data", collector.data).returncode == 0
    with operations(collector.data) as fresh, fresh.operator() as reader:
        assert "calls this device lost" in text_of(reader.get(f"/devices/{name}").text)
        listed = text_of(reader.get("/devices?view=lost").text)
        assert name in listed
        assert "Lost or withdrawn" in listed
        assert name in text_of(reader.get("/devices?office=033001").text)


def test_a_policy_that_the_root_did_not_sign_is_told(tmp_path):
    data = founded(tmp_path / "data")
    layout = Layout(data)
    database = open_database(layout)
    with database.writing() as ledger:
        lost = LostDevices(layout)
        assert lost.now(ledger) == Lost(version=1)
        ledger.add_policy(2, "e30.e30.AA")
        assert lost.now(ledger) == Lost(version=2, holds=False)
    database.close()


def test_what_is_not_there_cannot_be_acknowledged(collector, reader):
    word = reader.word()
    for link in ("/alarms/dev-x/fork/1", "/alarms/dev-x/fork/x", "/alarms/dev-x/nonsense/1"):
        assert reader.get(link).status_code == 404
        answer = reader.post(link, {"word": word, "finding": "looking"})
        assert answer.status_code == 404


def test_alarms_of_many_pages_are_each_shown_once(collector, reader):
    device = enrolled(collector)
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def raise_many(ledger: Ledger) -> None:
        for n in range(120):
            # Pairs of the same time: the cut between two pages falls between equals too.
            raised = (at + timedelta(minutes=n // 2)).isoformat()
            name = device.identity.device_id
            ledger.add_alarm(AlarmRow(name, "lost-entry", 1000 + n, "x", raised))

    write(collector, raise_many)
    found: list[str] = []
    path = "/alarms?kind=lost-entry"
    while path:
        page = reader.get(path).text
        found += re.findall(r'href="/alarms/[^"]+/lost-entry/(\d+)"', page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(after.group(1)) if after else ""
    assert sorted(map(int, found)) == list(range(1000, 1120))
    assert len(found) == len(set(found))


def test_the_database_of_the_pages_refuses_to_be_written_to(collector):
    reader = open_reader(Layout(collector.data))
    try:
        with pytest.raises(StoreError), reader.reading() as state:
            state.ledger.add_policy(10_000, "x")
        with reader._engine.connect() as connection, pytest.raises(SQLAlchemyError):
            connection.exec_driver_sql("CREATE TABLE x (y INTEGER)")
    finally:
        reader.close()


def test_a_result_that_ended_with_its_provider_is_told(collector, reader):
    device = enrolled(collector)
    seq, _ = device.seal()
    device.delivery.run_once()
    record, name = record_of(device, seq), device.identity.device_id
    row = ResultRow(name, seq, record, "idp.test", bytes(32), "queued", "", reason="status 500")
    write(collector, lambda ledger: ledger.results.add([row]))
    assert "Result for idp.test on its way (status 500)" in text_of(
        reader.get(f"/records/{record}").text
    )
    today = datetime.now(UTC)
    write(
        collector,
        lambda ledger: ledger.provider_changes.withdraw(
            "idp.test", "", 3, today.date().isoformat()
        ),
    )
    shown = text_of(reader.get(f"/records/{record}").text)
    assert "ended: its provider was withdrawn (queued: status 500)" in shown
    layout = Layout(collector.data)
    rows = open_reader(layout)
    try:
        stores = Stores(layout.collector, False, False)
        for days, told in ((0, [1]), (40, [])):
            later = today + timedelta(days=days)
            count = CensusTaker(rows, stores).now(later)
            points = points_of(count, (), deeds_unbroken=True, now=later)
            assert [one.n for one in points if one.word == "withdrawn"] == told
    finally:
        rows.close()


def test_sums_are_counted_once_a_minute(collector):
    layout = Layout(collector.data)
    reader = open_reader(layout)
    now = datetime.now(UTC)
    try:
        taker = CensusTaker(reader, Stores(layout.collector, False, False))
        first = taker.now(now)
        enrolled(collector)
        assert taker.now(now + KEPT / 2) is first
        assert taker.now(now + KEPT).census.devices == first.census.devices + 1
        assert len(first.hours) == 24
        assert sum(hour.receipts for hour in first.hours) <= first.census.log_size
    finally:
        reader.close()


def test_numbers_that_no_database_takes_are_not_here(reader):
    for path in (
        "/devices/%00",
        "/records/%00",
        "/devices/dev-%F0%9F%92%A9",
        "/devices/" + "x" * 900,
    ):
        assert reader.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/devices?view=nonsense&sort=nonsense&down=9",
        "/devices?after=~~~&before=x~y",
        "/devices?sort=missing&after=not-a-number~dev-1",
        "/devices?sort=drift&down=1&after=-99999999999999999999999~dev-1",
        "/devices?office=%00%FF&build=%3Cscript%3E",
        "/devices?sort=contact&after=%00~%00",
        "/alarms?before=a~b~c~d&kind=x",
        "/alarms?before=a~b~c~99999999999999999999",
        "/devices/dev-1/99999999999999999999",
        "/quarantine?after=x~y",
        "/devices?" + "&".join(f"a{n}=1" for n in range(50)),
        "/search?q=" + "a" * 3000,
    ],
)
def test_odd_questions_get_a_page_not_a_failure(reader, path):
    assert reader.get(path).status_code in (200, 404)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    wanted=st.one_of(st.text(max_size=250), st.text(alphabet="<>\"'&/\\%_*dev-0a\x00", max_size=30))
)
@example(wanted='"><script>alert(1)</script>')
@example(wanted="<img src=x onerror=alert(1)>")
@example(wanted="%' OR 1=1 --")
@example(wanted="dev-%")
@example(wanted="\x00")
def test_whatever_is_searched_for_is_text_and_never_a_failure(reader, wanted):
    try:
        answer = reader.client.get("/search", params={"q": wanted})
    except UnicodeEncodeError:
        return  # halves of characters cannot be sent by any browser
    assert answer.status_code in (200, 303, 404)
    if answer.status_code == 303:
        assert answer.headers["location"].startswith(("/devices/", "/records/"))
        return
    shown = answer.text
    for sign in ("<script", "<img", "onerror=alert(1)>"):
        assert sign not in shown
    field = re.search(r'<input id="q"[^>]*? value="([^"]*)"', shown)
    assert field is not None
    kept = wanted[:200].encode("utf-8", "ignore").decode().replace("\x00", "").strip()
    assert html.unescape(field.group(1)).replace("\r\n", "\n") == kept.replace("\r\n", "\n")


CANARIES = {
    "surname": "ZAKARNYBIRD",
    "given": "Ondrusia",
    "birth": "1931-02-27",
    "number": "X9CANARY77",
    "mail": "zakarny@canary.test",
    "agent": "badge-canary-5",
    "case": "case-canary-6",
}


def test_nothing_of_a_person_appears_on_any_page_or_in_any_log(collector, pages, reader):
    device = enrolled(collector)
    assert device.delivery.run_once().reason == ""
    told = {"person": {k: CANARIES[k] for k in ("surname", "given", "birth", "number", "mail")}}
    facts = {"agent": CANARIES["agent"], "case": CANARIES["case"]}
    device.seal(visavis=told, agent=CANARIES["agent"])
    for kind in (EntryKind.FRAUD_ALERT, EntryKind.DAMAGE, EntryKind.LOGIN_FAIL, EntryKind.LOCKOUT):
        device.journal.record(kind, facts)
    request = ask(
        *("request", "new", "--surname", CANARIES["surname"], "--given-names", CANARIES["given"]),
        *("--birth-date", CANARIES["birth"], "--document-number", CANARIES["number"]),
        *("--data", str(collector.data)),
    )
    name = device.identity.device_id
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    put = encode(RecipientPut(announcement=announce_recipient(device.key)))
    with closing(device.link()) as link:
        assert link.call("PUT", f"/v1/devices/{name}/recipient", put).status == 204
    planned = central(
        *(
            "round",
            "add",
            request["token"],
            "--device",
            name,
            "--day",
            day,
            "--data",
            str(collector.data),
        ),
        *("--line", CANARIES["mail"], "--json"),
    )
    assert planned.returncode == 0
    assert device.delivery.run_once().reason == ""
    walked = walk(reader)
    assert f"/devices/{device.identity.device_id}" in walked
    assert any(path.startswith("/records/") for path in walked)
    assert any("/fraud_alert/" in path for path in walked)
    logs = {"log": pages.log.read_text(), "deeds": Layout(pages.data).operations_log.read_text()}
    for where, page in (walked | logs).items():
        for canary in (*CANARIES.values(), request["request_id"]):
            assert canary.lower() not in page.lower(), where


def walk(reader: Reader) -> dict[str, str]:
    """Every page that a link of another page leads to, from the first one on."""
    waiting, pages = ["/"], {}
    while waiting:
        path = waiting.pop()
        if path in pages or path.startswith(("/files/", "/language/", "/sign-out")):
            continue
        answer = reader.get(path)
        assert answer.status_code in (200, 303), path
        pages[path] = answer.text
        waiting += [html.unescape(link).partition("#")[0] for link in _LINK.findall(answer.text)]
        waiting += [answer.headers["location"]] if answer.status_code == 303 else []
        assert len(pages) < 600
    return pages
