"""Records on a stick: what arrives, what comes back, and that the stick is believed nothing."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.archive.layout import FolderError, Layout
from central.archive.result_rows import ResultState
from central.authority.policies import Policies
from central.collector.couriers import Carried, open_couriers
from kiosk.audit.entries import EntryKind
from kiosk.domain.errors import (
    CourierDamagedError,
    CourierStaleError,
    FolderFullError,
    FolderMissingError,
    FolderReadOnlyError,
    FolderUnsuitableError,
    NothingCarriedError,
)
from kiosk.journeys.service_steps import ContactChannel, ContactFacts, ContactStatus
from kiosk.ports import OutboxState
from kiosk.services.courier import Courier, CourierSummary
from kiosk.services.later_contacts import LATER_PREFIX
from kiosk.services.result import RESULT_PREFIX, SENT_PREFIX
from kiosk.sync.contact import EMAIL
from kiosk.sync.courier import IN, OUT, TOP
from kiosk.transport import carried_folder
from kiosk.transport.folder_link import FolderLinks
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.provider import Provider, answered, provider_of, seal_case
from tests.fakes.witnessed_side import WitnessedSide
from ui.demonstration.post import Post

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CentralSide]:
    """One of its own: its policies change here."""
    data = founded(tmp_path_factory.mktemp("courier") / "data")
    with serving(data) as running:
        yield running


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def courier(device: EnrolledDevice) -> Courier:
    links = FolderLinks(device.clock)
    return Courier(device.store, device.journal, links, device.keys, device.clock)


def at_central(side: CentralSide, stick: Path, *, give: bool = True) -> list[Carried]:
    with open_couriers(Layout(side.data), lambda: datetime.now(UTC)) as couriers:
        return asyncio.run(couriers.run(stick, give=give))


def folder_of(stick: Path) -> Path:
    (folder,) = (stick / TOP).iterdir()
    return folder


def kinds(device: EnrolledDevice) -> list[str]:
    with device.store.begin() as uow:
        return [row.kind for row in uow.journal.range(0, uow.journal.size())]


def leaves(side: CentralSide, device: EnrolledDevice) -> list[int]:
    with side.ledger() as ledger:
        rows = ledger.sealed_from(device.identity.device_id, 0, 1000)
        return [r.seq for r in rows if ledger.leaf(r.device_id, r.seq) is not None]


def test_a_record_goes_by_stick_and_its_receipt_comes_back_the_same_way(side, device, stick):
    first, second = device.seal()[0], device.seal(extra_bytes=300_000)[0]
    assert courier(device).give(stick) == CourierSummary(written=2)
    assert device.row(first).state is OutboxState.UNCONFIRMED
    assert device.has_blob(first)
    (carried,) = at_central(side, stick)
    assert (carried.taken, carried.already, carried.refused) == (2, 0, [])
    assert carried.entries == device.size()
    assert courier(device).take(stick) == CourierSummary(stored=2, purged=2)
    assert device.row(second).state is OutboxState.STORED
    assert not device.has_blob(second)
    assert leaves(side, device) == [first, second]


def test_a_stick_may_travel_for_weeks(side, device, stick):
    seq, _ = device.seal()
    device.clock.wall -= timedelta(days=40)
    courier(device).give(stick)
    device.clock.wall += timedelta(days=40)
    at_central(side, stick)
    assert courier(device).take(stick).stored == 1
    assert leaves(side, device) == [seq]


def test_taken_in_twice_and_sent_over_the_network_too_nothing_is_doubled(side, device, stick):
    seq, _ = device.seal()
    courier(device).give(stick)
    at_central(side, stick, give=False)
    assert device.delivery.run_once().stored == 1
    (again,) = at_central(side, stick)
    assert (again.taken, again.already, again.refused) == (0, 1, [])
    assert leaves(side, device) == [seq]
    # What comes back tells nothing new, and accuses nobody.
    summary = courier(device).take(stick)
    assert (summary.stored, summary.reason) == (0, CourierStaleError.code)
    assert "split_view" not in kinds(device)
    assert "central_loss" not in kinds(device)


def test_a_lost_stick_costs_nothing(side, device, stick, tmp_path):
    seq, _ = device.seal()
    courier(device).give(stick)
    other = tmp_path / "other"
    other.mkdir()
    assert courier(device).give(other).written == 1
    at_central(side, other)
    assert courier(device).take(other).stored == 1
    assert leaves(side, device) == [seq]


def test_the_network_that_comes_back_sends_what_the_lost_stick_held(side, device, stick):
    seq, _ = device.seal()
    courier(device).give(stick)
    assert device.delivery.run_once().stored == 1
    assert device.row(seq).state is OutboxState.STORED


def test_many_devices_share_a_stick(side, device, stick):
    others = [EnrolledDevice().enrol(side.enrol_code()) for _ in range(3)]
    everybody = [device, *others]
    for one in everybody:
        one.seal()
        courier(one).give(stick)
    assert sum(one.taken for one in at_central(side, stick)) == 4
    assert [courier(one).take(stick).stored for one in everybody] == [1] * 4


def test_a_second_journey_carries_what_came_since(side, device, stick):
    device.seal()
    courier(device).give(stick)
    at_central(side, stick)
    seq, _ = device.seal()
    summary = courier(device).give(stick)
    assert (summary.stored, summary.written) == (1, 1)
    (carried,) = at_central(side, stick)
    assert (carried.taken, carried.already) == (1, 0)
    assert courier(device).take(stick).stored == 1
    assert device.row(seq).state is OutboxState.STORED
    # Nothing of the first journey is left on the stick.
    files = {path.name for path in folder_of(stick).iterdir()}
    assert len(files) <= 5


def test_a_new_policy_comes_back_and_an_old_one_does_not(side, device, stick, tmp_path):
    courier(device).give(stick)
    Policies(Layout(side.data)).change({"retention.draft_hours": "10"}, datetime.now(UTC))
    at_central(side, stick)
    old = (folder_of(stick) / IN).read_bytes()
    courier(device).take(stick)
    version = device.policy.version
    assert device.policy.retention.draft_hours == 10
    Policies(Layout(side.data)).change({"retention.draft_hours": "11"}, datetime.now(UTC))
    device.delivery.run_once()
    (folder_of(stick) / IN).write_bytes(old)
    courier(device).take(stick)
    assert device.policy.version == version + 1
    assert device.policy.retention.draft_hours == 11


def test_several_policies_come_back_in_one_journey(side, device, stick):
    courier(device).give(stick)
    for hours in ("7", "8", "9"):
        Policies(Layout(side.data)).change({"retention.draft_hours": hours}, datetime.now(UTC))
    at_central(side, stick)
    courier(device).take(stick)
    assert device.policy.retention.draft_hours == 9


def test_the_answers_to_another_device_count_for_nothing(side, device, stick, tmp_path):
    other = EnrolledDevice().enrol(side.enrol_code())
    seq, _ = device.seal()
    courier(device).give(stick)
    mine = folder_of(stick)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other.seal()
    courier(other).give(elsewhere)
    at_central(side, elsewhere)
    (mine / IN).write_bytes((folder_of(elsewhere) / IN).read_bytes())
    assert courier(device).take(stick).reason == CourierDamagedError.code
    assert device.row(seq).state is OutboxState.UNCONFIRMED
    assert device.has_blob(seq)


@pytest.mark.parametrize("part", ["note", "answers"])
def test_a_forged_answer_lets_nothing_go(side, device, stick, part):
    seq, _ = device.seal()
    courier(device).give(stick)
    at_central(side, stick)
    path = folder_of(stick) / IN
    signed = json.loads(path.read_bytes())
    signed[part] = signed[part].replace("1", "2")
    path.write_text(json.dumps(signed, sort_keys=True, separators=(",", ":")), "utf-8")
    assert courier(device).take(stick).reason == CourierDamagedError.code
    assert device.has_blob(seq)


@pytest.mark.parametrize("name", [OUT, IN, "body"])
@pytest.mark.parametrize("how", ["torn", "empty", "spoilt"])
def test_whatever_is_damaged_is_named_and_nothing_is_lost(side, device, stick, name, how):
    seq, _ = device.seal(extra_bytes=50_000)
    courier(device).give(stick)
    at_central(side, stick, give=name == IN)
    folder = folder_of(stick)
    if name == "body":
        path = max(folder.iterdir(), key=lambda one: one.stat().st_size)
    else:
        path = folder / name
    data = path.read_bytes()
    spoilt = data[:100] + bytes([data[100] ^ 1]) + data[101:]
    path.write_bytes({"torn": data[: len(data) // 2], "empty": b"", "spoilt": spoilt}[how])
    if name == IN:
        assert courier(device).take(stick).reason == CourierDamagedError.code
        assert device.has_blob(seq)
    else:
        (carried,) = at_central(side, stick, give=False)
        assert len(carried.refused) == 1
    # The next visit of the device mends it.
    assert courier(device).give(stick).written == 1
    (carried,) = at_central(side, stick)
    assert carried.refused == []
    assert courier(device).take(stick).stored == 1


def test_one_bad_file_holds_up_nobody(side, device, stick):
    for extra in (10_000, 200_000, 400_000):
        device.seal(extra_bytes=extra)
    courier(device).give(stick)
    max(folder_of(stick).iterdir(), key=lambda one: one.stat().st_size).unlink()
    (carried,) = at_central(side, stick)
    assert (carried.taken, len(carried.refused)) == (2, 1)
    assert courier(device).take(stick).stored == 2


def test_the_central_side_quarantines_a_copied_device_and_says_so(side, device, stick):
    device.seal()
    twin = device.clone()
    device.delivery.run_once()
    twin.journal.record(EntryKind.BOOT)
    seq, _ = twin.seal()
    courier(twin).give(stick)
    (carried,) = at_central(side, stick)
    assert carried.quarantined
    assert twin.row(seq).state is not OutboxState.STORED


def test_a_pulled_stick_holds_the_list_before_or_the_new_one(device, stick, monkeypatch, side):
    """Every write and rename is the last one that reaches the stick, in turn."""
    device.seal(extra_bytes=1000)
    courier(device).give(stick)
    whole = {path.name: path.read_bytes() for path in folder_of(stick).iterdir()}
    device.seal(extra_bytes=2000)
    real, left = Path.replace, 0

    def counted(self, target):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(5, "pulled")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", counted)
    for allowed in range(12):
        left = allowed
        for path in folder_of(stick).iterdir():
            path.unlink()
        for name, data in whole.items():
            (folder_of(stick) / name).write_bytes(data)
        summary = courier(device).give(stick)
        (carried,) = at_central(side, stick, give=False)
        assert carried.refused == []
        assert summary.reason in {"", FolderMissingError.code}
        if not summary.reason:
            break
    assert summary == CourierSummary(written=2)
    assert allowed > 2


def test_what_finds_room_goes_and_the_rest_waits(side, device, stick, monkeypatch):
    small, _ = device.seal()
    big, _ = device.seal(extra_bytes=3_000_000)
    usage = carried_folder.shutil.disk_usage

    def nearly_full(path):
        return usage(path)._replace(free=1_500_000)

    monkeypatch.setattr(carried_folder.shutil, "disk_usage", nearly_full)
    summary = courier(device).give(stick)
    assert summary == CourierSummary(written=1, left=1, reason=FolderFullError.code)
    assert device.row(big).state is OutboxState.WAITING
    (carried,) = at_central(side, stick)
    assert (carried.taken, carried.refused) == (1, [])
    assert courier(device).take(stick).stored == 1
    assert device.row(small).state is OutboxState.STORED


def test_each_fault_of_a_medium_has_its_own_reason(device, stick, monkeypatch):
    device.seal()
    assert courier(device).give(stick / "gone").reason == FolderMissingError.code
    assert courier(device).take(stick).reason == NothingCarriedError.code
    real = os.open
    for number, error in ((30, FolderReadOnlyError), (22, FolderUnsuitableError)):

        def failing(path, flags, *rest, number=number, **more):
            if flags & os.O_CREAT and TOP in str(path):
                raise OSError(number, "medium")
            return real(path, flags, *rest, **more)

        monkeypatch.setattr(carried_folder.os, "open", failing)
        assert courier(device).give(stick).reason == error.code


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_on_the_stick_leads_nowhere(device, stick, tmp_path):
    device.seal()
    precious = tmp_path / "precious"
    precious.write_text("mine", "utf-8")
    courier(device).give(stick)
    folder = folder_of(stick)
    (folder / "OUT.TMP").symlink_to(precious)
    (folder / IN).symlink_to(precious)
    courier(device).give(stick)
    assert precious.read_text("utf-8") == "mine"
    (stick / TOP).rename(tmp_path / "moved")
    (stick / TOP).symlink_to(tmp_path / "moved")
    for path in (tmp_path / "moved").iterdir():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    assert courier(device).give(stick).reason == FolderUnsuitableError.code


def test_the_stick_names_nobody(device, stick):
    device.seal()
    courier(device).give(stick)
    names = [str(path.relative_to(stick)) for path in stick.rglob("*")]
    assert all(set(name) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ./") for name in names)
    assert all(len(Path(name).stem) <= 8 for name in names)


def test_the_commands_say_what_lay_there(side, device, stick):
    device.seal()
    assert central("courier", "take", stick, "--data", side.data, check=False).returncode == 3
    courier(device).give(stick)
    taken = central("courier", "take", stick, "--data", side.data, "--json")
    assert json.loads(taken.stdout)["folders"][0]["taken"] == 1
    given = central("courier", "give", stick / TOP, "--data", side.data)
    assert "1 were here; answers written" in given.stdout
    assert courier(device).take(stick).stored == 1


def test_more_receipts_than_a_page_come_back_in_one_journey(side, device, stick, monkeypatch):
    for _ in range(7):
        device.seal()
    for room in ("central.collector.log", "central.collector.couriers"):
        monkeypatch.setattr(f"{room}.MAX_PAGE_RECEIPTS", 3)
    monkeypatch.setattr("kiosk.services.receipt_check.MAX_PAGE_RECEIPTS", 3)
    courier(device).give(stick)
    at_central(side, stick)
    assert courier(device).take(stick).stored == 7


def test_every_page_of_what_is_lacking_comes_back_in_one_journey(side, device, stick, monkeypatch):
    for room in ("central.collector.journals", "central.collector.couriers"):
        monkeypatch.setattr(f"{room}.MAX_MISSING", 3)
    monkeypatch.setattr("kiosk.services.journal_upload.MAX_MISSING", 3)
    seqs = {device.seal()[0] for _ in range(7)}
    courier(device).give(stick)
    for path in folder_of(stick).iterdir():
        if path.name != OUT and path.stat().st_size > 20_000:
            path.unlink()  # the records; journal and questions stay
    assert at_central(side, stick)[0].taken == 0
    visit = courier(device)._visit(stick, None, None)
    central_side = device.identity.side(device.policy)
    visit._take_state(visit._links.arriving(stick, device.identity.device_id, central_side))
    assert visit._lacked == seqs


def test_a_folder_without_ours_is_told(side, stick):
    with pytest.raises(FolderError, match="nothing"):
        at_central(side, stick)


def test_where_the_policy_demands_a_witness_no_receipt_on_a_stick_counts_without_it(
    tmp_path, stick
):
    fleet = WitnessedSide.made(tmp_path / "fleet", parties=1, quorum=1)
    with fleet.running(awake=[]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = device.seal()
        courier(device).give(stick)
        at_central(side, stick)
        assert courier(device).take(stick).stored == 0
        assert device.has_blob(seq)
        # Another journey: the device has seen that state of the log, and asks what followed it.
        courier(device).give(stick)
        with fleet.parties[0].serving():
            at_central(side, stick)
            assert courier(device).take(stick).stored == 1
    assert not device.has_blob(seq)


# --- results for providers, and addresses to be confirmed later -----------------------------------

MAIL = "client@example.org"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    folder = tmp_path_factory.mktemp("provider")
    with serving(founded(folder / "central")) as side, provider_of(side, folder) as joined:
        yield joined


@pytest.fixture
def desk(provider: Provider) -> EnrolledDevice:
    return EnrolledDevice().enrol(provider.side.enrol_code())


def kept(device: EnrolledDevice, prefix: str) -> list[bytes]:
    with device.store.begin() as uow:
        return [uow.values.get(name) or b"" for name in uow.values.names(prefix)]


def lying(stick: Path, body: bytes) -> list[Path]:
    return [path for path in folder_of(stick).iterdir() if path.read_bytes() == body]


def values(device: EnrolledDevice, prefix: str) -> int:
    return len(kept(device, prefix))


def told_once(provider: Provider, request: str, record_id: str) -> bool:
    """Whether the provider heard of a request, and its queue has nothing left for it."""
    assert provider.wait_for(request) == "accepted"
    pause = threading.Event()
    while provider.row(record_id).state != ResultState.DELIVERED:
        pause.wait(0.1)
    return provider.server.requests.seen[record_id] == 1


def test_a_request_goes_by_stick_with_its_result(provider, desk, stick):
    sealed = seal_case(desk, answered(1))
    assert courier(desk).give(stick) == CourierSummary(written=1)
    assert values(desk, SENT_PREFIX) == 0, "what lies on a stick was taken by nobody"
    (carried,) = at_central(provider.side, stick)
    assert (carried.taken, carried.refused) == (1, [])
    assert told_once(provider, "req-1", sealed.record_id)
    assert courier(desk).take(stick) == CourierSummary(stored=1, purged=1)
    assert not desk.has_blob(sealed.seq)
    assert values(desk, RESULT_PREFIX) == values(desk, SENT_PREFIX) == 0, "let go with its record"
    # The same stick again, and then the network: the provider hears nothing more.
    (again,) = at_central(provider.side, stick)
    assert (again.already, again.refused) == (1, [])
    assert desk.delivery.run_once().reason == ""
    assert told_once(provider, "req-1", sealed.record_id)


def test_while_the_sealed_copy_is_kept_its_result_is_not_written_again(provider, desk, stick):
    def keep(hours: str) -> None:
        change = {"retention.blob_grace_hours": hours}
        Policies(Layout(provider.side.data)).change(change, datetime.now(UTC))
        desk.delivery.run_once()

    keep("24")
    try:
        sealed = seal_case(desk, answered(2))
        courier(desk).give(stick)
        at_central(provider.side, stick)
        assert courier(desk).take(stick) == CourierSummary(stored=1)
        assert (values(desk, RESULT_PREFIX), values(desk, SENT_PREFIX)) == (1, 1)
        (blob,) = kept(desk, RESULT_PREFIX)
        assert lying(stick, blob)
        courier(desk).give(stick)
        assert not lying(stick, blob)
    finally:
        keep("0")
    assert not desk.has_blob(sealed.seq)
    assert values(desk, RESULT_PREFIX) == 0
    assert told_once(provider, "req-2", sealed.record_id)


def test_the_network_sends_the_result_that_a_lost_stick_held(provider, desk, stick):
    sealed = seal_case(desk, answered(3))
    courier(desk).give(stick)
    assert desk.delivery.run_once().stored == 1
    assert told_once(provider, "req-3", sealed.record_id)
    assert values(desk, RESULT_PREFIX) == 0


def test_a_damaged_result_is_named_and_goes_again(provider, desk, stick):
    sealed = seal_case(desk, answered(4))
    courier(desk).give(stick)
    (path,) = lying(stick, *kept(desk, RESULT_PREFIX))
    path.write_bytes(b"")
    (carried,) = at_central(provider.side, stick)
    assert carried.refused == [f"results/{sealed.seq}: damaged or missing"]
    assert courier(desk).give(stick) == CourierSummary(written=1), "no receipt without its result"
    at_central(provider.side, stick)
    assert courier(desk).take(stick).stored == 1
    assert told_once(provider, "req-4", sealed.record_id)


def test_a_full_stick_stops_at_a_result_and_all_of_it_waits(provider, desk, stick, monkeypatch):
    sealed = seal_case(desk, answered(5))
    (result,) = kept(desk, RESULT_PREFIX)
    place = carried_folder.CarriedFolder.place

    def filling(folder, body, reserve):
        if body == result:
            raise FolderFullError("no room")
        return place(folder, body, reserve)

    monkeypatch.setattr(carried_folder.CarriedFolder, "place", filling)
    assert courier(desk).give(stick) == CourierSummary(left=1, reason=FolderFullError.code)
    assert desk.row(sealed.seq).state is OutboxState.WAITING
    monkeypatch.undo()
    assert courier(desk).give(stick) == CourierSummary(written=1)


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    running = Post()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory, post: Post) -> Iterator[CentralSide]:
    """A central side that writes to customers."""
    data = founded(tmp_path_factory.mktemp("writing") / "central")
    settings = Layout(data).contact_settings
    post.write_settings(settings)
    with settings.open("a") as file:
        file.write('\n[page]\nurl = "https://localhost"\n')
    ask("contact", "confirm-later", "--data", data)
    with serving(data) as side:
        yield side


def deferring(side: CentralSide, number: int) -> tuple[EnrolledDevice, int, str]:
    """A device with a case that deferred an address of its own; the entry, and the address."""
    device, address = EnrolledDevice().enrol(side.enrol_code()), f"{number}-{MAIL}"
    contact = ContactFacts(ContactChannel.EMAIL, address, ContactStatus.DEFERRED)
    state = replace(answered(number), request=None, contacts=(contact,))
    return device, seal_case(device, state).seq, address


def written_once(side: CentralSide, device: EnrolledDevice, post: Post, address: str) -> bool:
    """Whether the customer was written to, by a service that has nothing left to write."""
    pause, waiting = threading.Event(), True
    while waiting:
        pause.wait(0.2)
        with side.ledger() as ledger:
            waiting = any(
                r.device_id == device.identity.device_id for r in ledger.later.open_ones()
            )
    return [one.channel for one in post.messages if one.address == address] == [EMAIL]


def test_a_deferred_address_goes_by_stick_and_is_let_go_once_its_answer_is_here(
    writing, post, stick
):
    device, _, address = deferring(writing, 11)
    assert courier(device).give(stick) == CourierSummary(written=1)
    assert values(device, LATER_PREFIX) == 1
    (carried,) = at_central(writing, stick)
    assert (carried.taken, carried.refused) == (1, [])
    assert written_once(writing, device, post, address)
    at_central(writing, stick)
    assert courier(device).take(stick).stored == 1
    assert values(device, LATER_PREFIX) == 0
    assert written_once(writing, device, post, address)


def test_an_answer_to_other_bytes_lets_no_deferred_address_go(writing, post, stick):
    device, _, address = deferring(writing, 12)
    courier(device).give(stick)
    at_central(writing, stick)
    with device.store.begin() as uow:
        (name,) = uow.values.names(LATER_PREFIX)
        uow.values.put(name, b"other bytes of that number")
        uow.commit()
    assert courier(device).take(stick).stored == 1
    assert values(device, LATER_PREFIX) == 1
    assert written_once(writing, device, post, address)


def test_a_deferred_address_outlives_its_record_where_the_stick_spoilt_it(writing, post, stick):
    device, seq, address = deferring(writing, 13)
    courier(device).give(stick)
    (path,) = lying(stick, *kept(device, LATER_PREFIX))
    path.unlink()
    (carried,) = at_central(writing, stick)
    assert carried.refused == [f"later-contacts/{seq}: damaged or missing"]
    assert courier(device).give(stick).stored == 1
    assert values(device, LATER_PREFIX) == 1
    at_central(writing, stick)
    courier(device).take(stick)
    assert values(device, LATER_PREFIX) == 0
    assert written_once(writing, device, post, address)


def test_the_network_sends_the_address_that_a_lost_stick_held(writing, post, stick):
    device, _, address = deferring(writing, 14)
    courier(device).give(stick)
    assert device.delivery.run_once().stored == 1
    assert values(device, LATER_PREFIX) == 0
    assert written_once(writing, device, post, address)
    # The stick is found again.
    assert at_central(writing, stick)[0].refused == []
    assert written_once(writing, device, post, address)
