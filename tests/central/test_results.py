"""Results from the device to the provider: what arrives, what is lost, who can read it."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import httpx
import pytest

from central.archive.erasure_rows import ErasureRow
from central.archive.layout import Layout
from central.archive.result_rows import ResultState
from central.archive.storage import open_database
from central.provider.demonstration import DemonstrationProvider, provider_keys
from central.provider.posting import SLIP
from central.provider.slip import slip_of
from kiosk.audit.entries import EntryKind, entry_leaf, lost_entry
from kiosk.crypto.age import Identity
from kiosk.crypto.digests import b64u
from kiosk.crypto.http_signatures import sign_request
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SealedRecordError, UnreachableError
from kiosk.domain.ids import DeviceId, RecordId
from kiosk.ports import LinkAnswer, OutboxState
from kiosk.services.answer_facts import code_of
from kiosk.services.result import RESULT_PREFIX, result_name
from kiosk.sync.messages import ResultPage, decode
from kiosk.sync.results import open_result
from tests.central.test_auditor import change
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.provider import (
    ABANDONED,
    ACCEPTED,
    CANARIES,
    FRAUD,
    ISSUER,
    REFUSED,
    SUSPENDED,
    Provider,
    answered,
    join,
    now,
    provider_of,
    seal_case,
)

pytestmark = pytest.mark.process


NUMBERS = count(1000, 100)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    folder = tmp_path_factory.mktemp("provider")
    with (
        serving(founded(folder / "central")) as side,
        provider_of(side, folder) as joined,
    ):
        yield joined


@pytest.fixture
def provider(shared: Provider) -> Iterator[Provider]:
    """The same one for every test, well again after each."""
    judge = shared.server.judge
    yield shared
    shared.server.trouble = lambda: 0
    shared.server.judge = judge  # type: ignore[method-assign] # as it was


@pytest.fixture
def base() -> int:
    """Numbers of requests that no other test uses."""
    return next(NUMBERS)


@pytest.fixture
def desk(provider: Provider) -> EnrolledDevice:
    return EnrolledDevice().enrol(provider.side.enrol_code())


def kept(device: EnrolledDevice, seq: int) -> bytes | None:
    with device.store.begin() as uow:
        return uow.values.get(result_name(seq))


def eventually(provider: Provider, record_id: str, state: ResultState) -> None:
    """Wait until a result stands so."""
    pause = threading.Event()
    for _ in range(1200):
        if provider.row(record_id).state == state:
            return
        pause.wait(0.1)
    raise AssertionError(provider.row(record_id))


def test_a_request_moves_on_within_seconds_of_the_sync(
    provider: Provider, base: int, desk: EnrolledDevice, record_property
) -> None:
    # The promise is the product's: the best of three is told, so that a machine that does
    # everything else at that moment is not taken for a slow product.
    waited = []
    for number in range(base + 1, base + 4):
        sealed = seal_case(desk, answered(number))
        began = time.monotonic()
        assert desk.delivery.run_once().stored == 1
        assert provider.wait_for(f"req-{number}") == "accepted"
        waited.append(time.monotonic() - began)
        if waited[-1] < 10:
            break
    record_property("seconds_from_sync_to_provider", f"{min(waited):.2f}")
    assert min(waited) < 10
    result = provider.server.requests.results[f"req-{number}"]
    assert (result.record_id, result.device_id) == (sealed.record_id, desk.identity.device_id)
    assert result.verified_claims is not None
    assert result.verified_claims["claims"]["family_name"] == "ROUSSEL"
    details = result.verified_claims["verification"]["evidence"][0]["document_details"]
    assert set(details) == {"type", "issuer"}
    eventually(provider, sealed.record_id, ResultState.DELIVERED)
    assert kept(desk, sealed.seq) is None, "let go with its record"


def test_the_result_travels_before_the_records(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    sealed = seal_case(desk, answered(base + 1))
    desk.delivery.run_once()
    device = f"/v1/devices/{desk.identity.device_id}"
    calls = desk.links.calls
    log = calls.index(f"POST {device}/log")
    result = calls.index(f"PUT {device}/results/{sealed.seq}")
    record = calls.index(f"PUT {device}/records/{sealed.seq}")
    assert log < result < record


@pytest.mark.parametrize("decision", [REFUSED, FRAUD, SUSPENDED])
def test_whoever_was_not_accepted_has_no_claims(
    provider: Provider, base: int, desk: EnrolledDevice, decision
) -> None:
    seal_case(desk, answered(base + 1, decision))
    desk.delivery.run_once()
    assert provider.wait_for(f"req-{base + 1}") == decision.outcome.value
    assert provider.server.requests.results[f"req-{base + 1}"].verified_claims is None


def test_a_suspicion_is_not_told(provider: Provider, base: int, desk: EnrolledDevice) -> None:
    for number, decision in ((1, REFUSED), (2, FRAUD)):
        seal_case(desk, answered(base + number, decision))
    desk.delivery.run_once()
    for number in (1, 2):
        provider.wait_for(f"req-{base + number}")
    plain, suspected = (provider.server.requests.results[f"req-{base + n}"] for n in (1, 2))
    same = replace(suspected, request_id=plain.request_id, record_id=plain.record_id, at=plain.at)
    assert same == plain


def test_an_abandoned_case_tells_nobody(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    sealed = seal_case(desk, answered(base + 1, ABANDONED))
    assert desk.delivery.run_once().stored == 1
    assert kept(desk, sealed.seq) is None
    with provider.side.ledger() as ledger:
        assert ledger.results.of_record(sealed.record_id) == ()


def test_the_collector_never_holds_a_claim_in_clear(tmp_path: Path, base: int) -> None:
    with serving(founded(tmp_path / "central")) as side, provider_of(side, tmp_path) as provider:
        desk = EnrolledDevice().enrol(side.enrol_code())
        for number in range(5):
            seal_case(desk, answered(base + number))
        desk.delivery.run_once()
        for number in range(5):
            provider.wait_for(f"req-{base + number}")
        provider.side.stop()
        looked = 0
        for file in [*provider.side.data.rglob("*"), provider.side.log]:
            if file.is_file():
                looked += 1
                found = [word for word in CANARIES if word in file.read_bytes()]
                assert not found, (file, found)
        assert looked > 10


def test_another_key_opens_nothing(provider: Provider, base: int, desk: EnrolledDevice) -> None:
    sealed = seal_case(desk, answered(base + 1))
    blob = kept(desk, sealed.seq)
    assert blob is not None
    enrolment = {key.kid: key.public for key in provider.joined.enrolment_keys}
    assert (
        open_result(blob, provider.keys.identity, ISSUER, enrolment).request_id == f"req-{base + 1}"
    )
    with pytest.raises(SealedRecordError):
        open_result(blob, Identity.generate(), ISSUER, enrolment)
    with pytest.raises(SealedRecordError):
        open_result(blob, provider.keys.identity, "another", enrolment)


def test_every_result_has_the_same_size(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    decisions = (ACCEPTED, REFUSED, FRAUD, SUSPENDED)
    sizes = {
        len(kept(desk, seal_case(desk, answered(base + number, decision)).seq) or b"")
        for number, decision in enumerate(decisions)
    }
    assert len(sizes) == 1


@pytest.mark.parametrize("status", [500, 503, 302, 400])
def test_a_provider_that_fails_gets_it_when_it_is_well_again(
    provider: Provider, base: int, desk: EnrolledDevice, status: int
) -> None:
    asked: list[int] = []

    def failing() -> int:
        asked.append(status)
        return status if len(asked) < 3 else 0

    provider.server.trouble = failing
    sealed = seal_case(desk, answered(base + 1))
    desk.delivery.run_once()
    assert provider.wait_for(f"req-{base + 1}") == "accepted"
    eventually(provider, sealed.record_id, ResultState.DELIVERED)
    assert provider.row(sealed.record_id).attempts == 3
    assert provider.server.requests.seen[sealed.record_id] == 1


def test_a_reply_that_is_lost_doubles_nothing(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    taken = []
    judge = provider.server.judge

    def losing(headers, path, body) -> int:
        status = judge(headers, path, body)
        taken.append(status)
        return status if len(taken) > 2 else 502

    provider.server.judge = losing  # type: ignore[method-assign] # the reply, not the judgement
    sealed = seal_case(desk, answered(base + 1))
    desk.delivery.run_once()
    eventually(provider, sealed.record_id, ResultState.DELIVERED)
    assert provider.server.requests.seen[sealed.record_id] == 3


def test_a_provider_that_is_down_costs_nothing(tmp_path: Path) -> None:
    keys = provider_keys(tmp_path / "provider", now())
    with serving(founded(tmp_path / "central")) as side:
        with DemonstrationProvider(keys, now) as server:
            joined = join(side, server, keys)
            port = int(server.url.rsplit(":", 1)[1].partition("/")[0])
        device = EnrolledDevice().enrol(side.enrol_code())
        sealed = seal_case(device, answered(1))
        assert device.delivery.run_once().stored == 1
        pause = threading.Event()
        while not joined.row(sealed.record_id).reason:
            pause.wait(0.1)
        assert joined.row(sealed.record_id).state == ResultState.QUEUED
        with DemonstrationProvider(keys, now, port) as again:
            back = join(side, again, keys)
            assert back.wait_for("req-1", 60) == "accepted"


def test_a_collector_that_dies_while_it_posts_posts_again(tmp_path: Path) -> None:
    """The kill comes while the provider has the result in hand and has not answered yet."""
    data = founded(tmp_path / "central")
    reached, go_on = threading.Event(), threading.Event()
    with serving(data) as side:
        port = int(side.url.rpartition(":")[2])
        keys = provider_keys(tmp_path / "provider", now())
        with DemonstrationProvider(keys, now) as server:
            joined = join(side, server, keys)

            def holding() -> int:
                reached.set()
                go_on.wait(60)
                return 0

            server.trouble = holding
            device = EnrolledDevice().enrol(side.enrol_code())
            sealed = seal_case(device, answered(1))
            device.delivery.run_once()
            assert reached.wait(60)
            side.process.kill()
            side.process.wait(60)
            go_on.set()
            server.trouble = lambda: 0
            # The lease of the dead process is over at once: nobody waits a minute in a test.
            _due_now(data, sealed.record_id)
            with serving(data, port) as after:
                joined.side = after
                eventually(joined, sealed.record_id, ResultState.DELIVERED)
            assert joined.server.requests.seen[sealed.record_id] >= 1
            assert len(joined.server.requests.results) == 1


def _due_now(data: Path, record_id: str) -> None:
    from central.archive.storage import open_database

    database = open_database(Layout(data))
    try:
        with database.writing() as ledger:
            (row,) = ledger.results.of_record(record_id)
            ledger.results.change(row, next_at="")
    finally:
        database.close()


def test_a_reply_to_the_device_that_is_lost_doubles_nothing(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    sealed = seal_case(desk, answered(base + 1))

    def losing(call: Call) -> LinkAnswer:
        answer = call.go()
        if "/results/" in call.path:
            raise UnreachableError("reply lost")
        return answer

    desk.links.trouble = losing
    for _ in range(3):
        assert desk.delivery.run_once().reason == "SYNC-001"
    desk.links.trouble = Call.go
    assert desk.delivery.run_once().stored == 1
    provider.wait_for(f"req-{base + 1}")
    assert provider.server.requests.seen[sealed.record_id] == 1


def test_a_result_that_is_swapped_is_not_taken(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    first, second = (seal_case(desk, answered(base + number)) for number in (1, 2))
    other = kept(desk, second.seq)
    assert other is not None

    def swapping(call: Call) -> LinkAnswer:
        return replace(call, body=other).go() if "/results/" in call.path else call.go()

    desk.links.trouble = swapping
    desk.delivery.run_once()
    assert provider.row(first.record_id).state == ResultState.AWAITED
    assert desk.row(first.seq).state is OutboxState.UNCONFIRMED, "no receipt without its result"
    assert desk.row(second.seq).state is OutboxState.STORED
    desk.links.trouble = Call.go
    assert desk.delivery.run_once().stored == 1
    assert provider.wait_for(f"req-{base + 1}") == "accepted"


def test_a_result_that_the_device_lost_is_told_and_holds_nothing_up(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    sealed = seal_case(desk, answered(base + 1))
    with desk.store.begin() as uow:
        uow.values.delete(result_name(sealed.seq))
        uow.commit()
    desk.delivery.run_once()
    desk.delivery.run_once()
    assert desk.row(sealed.seq).state is OutboxState.STORED
    row = provider.row(sealed.record_id)
    assert (row.state, row.sealed) == (ResultState.LOST, None)
    with desk.store.begin() as uow:
        assert "damage" in [entry.kind for entry in uow.journal.range(0, 100)]
    told = central("provider", "queue", "--data", provider.side.data, check=False)
    assert told.returncode == 1
    assert sealed.record_id in told.stdout


def test_a_device_with_two_histories_is_withheld_until_somebody_looked(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    desk.delivery.run_once()
    clone = desk.clone()
    desk.seal()
    clone.seal()
    desk.delivery.run_once()
    assert clone.delivery.run_once().reason == "SYNC-004"
    sealed = seal_case(desk, answered(base + 1))
    desk.delivery.run_once()
    eventually(provider, sealed.record_id, ResultState.WITHHELD)
    assert provider.row(sealed.record_id).reason == "quarantined"
    assert f"req-{base + 1}" not in provider.server.requests.results
    data = provider.side.data
    assert ask("provider", "retry", "--data", data)["queued"] == 0
    assert ask("provider", "retry", sealed.record_id, "--release", "--data", data)["queued"] == 1
    assert provider.wait_for(f"req-{base + 1}") == "accepted"


def order_erasure(data: Path, record: RecordId) -> None:
    """As the auditors' program leaves it."""
    at = now().isoformat(timespec="milliseconds")
    with closing(open_database(Layout(data))) as database, database.writing() as ledger:
        ledger.erasures.add_order(ErasureRow(record, "o", "a", at))
        ledger.erasures.apply(record, at)


def test_a_result_of_an_erased_record_is_not_waited_for_nor_kept(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    awaited, other = (seal_case(desk, answered(base + number)) for number in (1, 2))
    swapped = kept(desk, other.seq)
    assert swapped is not None

    def swapping(call: Call) -> LinkAnswer:
        return replace(call, body=swapped).go() if "/results/" in call.path else call.go()

    desk.links.trouble = swapping
    desk.delivery.run_once()
    assert desk.row(awaited.seq).state is OutboxState.UNCONFIRMED
    order_erasure(provider.side.data, awaited.record_id)
    assert desk.delivery.run_once().stored == 1, "its receipt waits for no result"
    desk.links.trouble = Call.go
    before = seal_case(desk, answered(base + 3))
    order_erasure(provider.side.data, before.record_id)
    assert desk.delivery.run_once().stored == 1
    provider.wait_for(f"req-{base + 2}")
    for one in (awaited, before):
        row = provider.row(one.record_id)
        assert (row.state, row.sealed) == (ResultState.ERASED, None)
        assert kept(desk, one.seq) is None
    assert f"req-{base + 3}" not in provider.server.requests.results


def test_what_a_lost_device_seals_is_withheld_until_somebody_looked(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    data, name = provider.side.data, desk.identity.device_id
    ask("device", "lost", name, "--data", data)
    sealed = seal_case(desk, answered(base + 1))
    assert desk.delivery.run_once().stored == 1
    eventually(provider, sealed.record_id, ResultState.WITHHELD)
    assert provider.row(sealed.record_id).reason == "lost"
    assert f"req-{base + 1}" not in provider.server.requests.results
    assert ask("provider", "retry", sealed.record_id, "--release", "--data", data)["queued"] == 1
    assert provider.wait_for(f"req-{base + 1}") == "accepted"


def test_a_request_that_was_answered_before_is_withheld(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    other = EnrolledDevice().enrol(provider.side.enrol_code())
    first = seal_case(desk, answered(base + 1))
    second = seal_case(other, answered(base + 1, REFUSED))
    desk.delivery.run_once()
    other.delivery.run_once()
    provider.wait_for(f"req-{base + 1}")
    eventually(provider, second.record_id, ResultState.WITHHELD)
    assert provider.row(second.record_id).reason == "conflict"
    assert first.record_id in provider.server.requests.seen
    assert second.record_id not in provider.server.requests.seen


def test_a_decision_of_two_agents_waits_for_the_second(tmp_path: Path) -> None:
    with serving(founded(tmp_path / "central")) as side:
        central("policy", "set", "four_eyes.outcomes=accepted", "--data", side.data)
        with provider_of(side, tmp_path) as provider:
            device = EnrolledDevice().enrol(side.enrol_code())
            alone = seal_case(device, answered(1))
            seal_case(device, answered(2, REFUSED))
            stood_by = {"about": "decision", "verdict": "pass", "case": f"{3:032x}"}
            seal_case(device, answered(3), {EntryKind.SECOND_SIGNED: stood_by})
            opposed = {**stood_by, "verdict": "fail", "case": f"{4:032x}"}
            unlike = seal_case(device, answered(4), {EntryKind.SECOND_SIGNED: opposed})
            device.delivery.run_once()
            assert provider.wait_for("req-2") == "refused"
            assert provider.wait_for("req-3") == "accepted"
            for one in (alone, unlike):
                eventually(provider, one.record_id, ResultState.WITHHELD)
                assert provider.row(one.record_id).reason == "second-agent"
            assert set(provider.server.requests.results) == {"req-2", "req-3"}


def test_a_provider_fetches_what_it_is_not_sent(tmp_path: Path) -> None:
    key = SigningKey.generate()
    with (
        serving(founded(tmp_path / "central")) as side,
        provider_of(side, tmp_path, url="", pull_key=key.public) as provider,
    ):
        device = EnrolledDevice().enrol(side.enrol_code())
        sealed = [seal_case(device, answered(number)) for number in range(3)]
        sheets = {one.record_id: one.slip_code for one in sealed}
        records = list(sheets)
        device.delivery.run_once()
        pause = threading.Event()
        while {provider.row(r).state for r in records} != {ResultState.QUEUED}:
            pause.wait(0.1)
        context = ssl.create_default_context(cafile=Layout(side.data).ca_certificate)
        with httpx.Client(verify=context, base_url=side.url, trust_env=False, timeout=60) as client:

            def call(method: str, path: str, by: SigningKey = key) -> httpx.Response:
                headers = sign_request(method, f"{side.url}{path}", b"", by, now())
                return client.request(method, path, headers=headers)

            page = decode(call("GET", "/v1/results?after=0").content, ResultPage)
            assert sorted(item.record for item in page.results) == sorted(records)
            enrolment = {k.kid: k.public for k in provider.joined.enrolment_keys}
            for item in page.results:
                blob = call("GET", f"/v1/results/{item.position}").content
                opened = open_result(blob, provider.keys.identity, ISSUER, enrolment)
                assert opened.record_id == item.record
                assert item.sha256 == b64u(provider.row(item.record).digest)
                assert item.slip == sheets[RecordId(item.record)]
            first = page.results[0].position
            for _ in range(2):
                assert call("POST", f"/v1/results/{first}/acknowledge").status_code == 204
            left = decode(call("GET", "/v1/results").content, ResultPage)
            assert [item.position for item in left.results] == [
                item.position for item in page.results[1:]
            ]
            behind = decode(call("GET", f"/v1/results?after={page.next}").content, ResultPage)
            assert (behind.results, behind.next) == ((), page.next)
            stranger = SigningKey.generate()
            assert call("GET", "/v1/results", stranger).status_code == 401
            assert call("GET", f"/v1/results/{first}", stranger).status_code == 401
            assert client.get("/v1/results").status_code == 401
            assert call("GET", "/v1/results/999").status_code == 404
            assert call("GET", "/v1/results?after=-1").status_code == 400


def posted_by(provider: Provider) -> list[tuple[dict[str, str], str, bytes]]:
    """Every post as it reaches the provider from now on."""
    posts: list[tuple[dict[str, str], str, bytes]] = []
    judge = provider.server.judge

    def watching(headers, path, body) -> int:
        posts.append(({name.lower(): value for name, value in headers.items()}, path, body))
        return judge(headers, path, body)

    provider.server.judge = watching  # type: ignore[method-assign] # looks on, judges the same
    return posts


def test_the_code_of_the_sheet_goes_with_the_result(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    sheets = [code_of(seal_case(desk, answered(base + n))).slip_code for n in (1, 2)]
    desk.delivery.run_once()
    for n, sheet in zip((1, 2), sheets, strict=True):
        provider.wait_for(f"req-{base + n}")
        requests = provider.server.requests
        assert requests.slips[requests.results[f"req-{base + n}"].record_id] == sheet
        assert requests.bears(f"req-{base + n}", f" {sheet.lower()}") is True
    # The first is told by the entry behind it, the second by the newest state, until one follows.
    assert sheets[0] != sheets[1]
    record = provider.server.requests.results[f"req-{base + 2}"].record_id
    desk.seal()
    desk.delivery.run_once()
    with provider.side.ledger() as ledger:
        assert slip_of(ledger, provider.row(record)) == sheets[1]


def test_a_sheet_of_an_act_that_the_journal_dropped_is_noticed(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    desk.delivery.run_once()
    restored = desk.clone()
    dropped = [code_of(seal_case(desk, answered(base + n))).slip_code for n in (1, 2)]
    # The disk is put back to before both acts, and one of the requests is answered anew.
    seal_case(restored, answered(base + 1))
    restored.delivery.run_once()
    provider.wait_for(f"req-{base + 1}")
    assert provider.server.requests.bears(f"req-{base + 1}", dropped[0]) is False
    assert provider.server.requests.bears(f"req-{base + 2}", dropped[1]) is None


def test_a_code_that_was_changed_or_taken_off_on_the_way_is_refused(
    provider: Provider, base: int, desk: EnrolledDevice
) -> None:
    posts = posted_by(provider)
    sealed = seal_case(desk, answered(base + 1))
    desk.delivery.run_once()
    provider.wait_for(f"req-{base + 1}")
    headers, path, body = posts[0]
    name = SLIP.lower()
    assert headers[name] == sealed.slip_code
    judge = provider.server.judge
    assert judge(headers, path, body) == 204
    assert judge(headers | {name: "00000000"}, path, body) == 401
    assert judge({key: headers[key] for key in headers if key != name}, path, body) == 401


def test_without_the_entry_there_is_no_code(tmp_path: Path) -> None:
    with serving(founded(tmp_path / "central")) as side, provider_of(side, tmp_path) as provider:
        device = EnrolledDevice().enrol(side.enrol_code())
        sealed = seal_case(device, answered(1))
        row = partial(provider.row, sealed.record_id)
        device.seal()
        device.delivery.run_once()
        provider.wait_for("req-1")
        with side.ledger() as ledger:
            assert slip_of(ledger, row()) == sealed.slip_code
            for other in (
                replace(row(), seq=row().seq + 1),
                replace(row(), record_id=RecordId("0" * 32)),
                replace(row(), digest=bytes(32)),
                replace(row(), device_id=DeviceId("dev-nobody")),
            ):
                assert slip_of(ledger, other) == ""
        me, behind = device.identity.device_id, sealed.seq + 1
        lost = lost_entry(entry_leaf(device.entries()[sealed.seq + 1]))
        taken = "DELETE FROM entries WHERE device_id = ? AND seq = ?"
        for statement, values, code in (
            (
                "UPDATE entries SET jws = ? WHERE device_id = ? AND seq = ?",
                (lost, me, behind),
                sealed.slip_code,
            ),
            (taken, (me, behind), ""),
            (taken, (me, sealed.seq), ""),
        ):
            change(side, statement, *values)
            with side.ledger() as ledger:
                assert slip_of(ledger, row()) == code


def test_what_two_people_carry_off_reaches_the_provider(
    provider: Provider, base: int, desk: EnrolledDevice, tmp_path: Path
) -> None:
    from tests.central.test_rescue import carried

    seal_case(desk, answered(base + 1))
    answer = ask("rescue", carried(desk, tmp_path / "stick"), "--data", provider.side.data)
    assert (answer["taken"], answer["refused"]) == (1, [])
    assert provider.wait_for(f"req-{base + 1}") == "accepted"


def test_nothing_is_kept_for_a_provider_that_the_policy_does_not_name(
    side: CentralSide, device: EnrolledDevice
) -> None:
    seal_case(device, answered(1))
    with device.store.begin() as uow:
        assert uow.values.names(RESULT_PREFIX) == ()
    assert device.delivery.run_once().stored == 1


def test_commands_say_who_hears_and_what_waits(tmp_path: Path) -> None:
    with serving(founded(tmp_path / "central")) as side, provider_of(side, tmp_path) as provider:
        _try_commands(provider, EnrolledDevice().enrol(side.enrol_code()), tmp_path)


def _try_commands(provider: Provider, desk: EnrolledDevice, tmp_path: Path) -> None:
    data, base = provider.side.data, 0
    seal_case(desk, answered(base + 1))
    desk.delivery.run_once()
    provider.wait_for(f"req-{base + 1}")
    (listed,) = ask("provider", "list", "--data", data)["providers"]
    assert (listed["issuer"], listed["fetches"]) == (ISSUER, False)
    assert ask("provider", "queue", "--data", data)["results"] == []
    recipient = tmp_path / "recipient.txt"
    recipient.write_text(provider.keys.identity.recipient)
    arguments = ("provider", "add", ISSUER, "--recipient", recipient, "--data", data)
    for wrong in ("http://localhost/x", "https://user@localhost/", "ftp://x", "https://"):
        assert central(*arguments, "--url", wrong, check=False).returncode == 2
    again = ask(*arguments, "--url", "https://idp.example/results")
    assert again["policy_version"] == provider.joined.policy_version
    unknown = central(
        "provider",
        "add",
        "nobody",
        "--recipient",
        recipient,
        "--url",
        "https://x.example/",
        "--data",
        data,
        check=False,
    )
    assert unknown.returncode == 2
