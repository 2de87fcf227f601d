"""A damaged vault: what is whole is carried over, what is lost is told, nothing is made up."""

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from kiosk.audit.checkpoint import slip_code
from kiosk.audit.entries import EntryKind, entry_leaf, lost_leaf, open_entry
from kiosk.audit.tree import frontier_of
from kiosk.audit.verify import LOST
from kiosk.bootstrap.salvaging import SalvageReport, ranges, salvage
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SalvageError, VaultCorruptError, VaultError
from kiosk.paths import Paths
from kiosk.ports import JournalQuery, OutboxState
from kiosk.services.receipt_retention import LET_GO_PREFIX
from kiosk.services.terms import DeviceFacts
from kiosk.sync.enrolment import device_id_of
from kiosk.vault.store import open_store
from tests.fakes import desk as desk_module
from tests.fakes.desk import Desk
from tests.fakes.key_stores import MemoryKeyStore
from tests.services.test_sealing import decided

KEY = bytes(range(32))
SEED = b"d" * 32
FACTS = DeviceFacts(device_id_of(SigningKey.from_seed(SEED).public), "0.1.0")
PAGE = 4096
RECORDS = 60


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a device with a day of work, closed."""
    folder = tmp_path_factory.mktemp("day")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk_module, "DEVICE", FACTS)
        desk = Desk(store=open_store(folder / "vault.db", KEY))
        session = desk.session()
        for number in range(RECORDS):
            desk.sealing.seal(decided(case=f"{number:032x}"), session)
            desk.clock.advance(seconds=60)
        with desk.store.begin() as uow:
            desk.drafts.save(uow, decided(case="d" * 32), session)
            uow.commit()
        desk.store.close()
    return folder


class Device:
    """One copy of that day, to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths.of_device(folder)
        self.keys = MemoryKeyStore(database=KEY, device_signing=SEED, device_secret=bytes(32))

    def damage(self, *pages: int) -> None:
        with self.paths.vault.open("r+b") as file:
            for page in pages:
                file.seek((page - 1) * PAGE + 1000)
                byte = file.read(1)
                file.seek(-1, 1)
                file.write(bytes([byte[0] ^ 0xFF]))

    def pages_of(self, sql: str) -> list[int]:
        """Pages without which ``sql`` cannot be answered, the interior ones first."""
        count = self.paths.vault.stat().st_size // PAGE
        found = []
        for page in range(2, count + 1):
            self.damage(page)
            if not self._answers(sql):
                found.append(page)
            self.damage(page)
        return found

    def _answers(self, sql: str) -> bool:
        connection = dbapi2.connect(str(self.paths.vault), isolation_level=None)
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
        try:
            connection.execute(sql).fetchall()
        except dbapi2.DatabaseError:
            return False
        finally:
            connection.close()
        return True

    def salvage(self) -> SalvageReport:
        return salvage(self.paths, keys=self.keys)

    def desk(self) -> Desk:
        """The program again."""
        secret = MemoryKeyStore(device_secret=b"device secret of thirty-two byte")
        return Desk(store=open_store(self.paths.vault, KEY), keys=secret)


@pytest.fixture
def device(day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setattr(desk_module, "DEVICE", FACTS)
    shutil.copytree(day, tmp_path / "device")
    return Device(tmp_path / "device")


@pytest.fixture(scope="module")
def page_of_a_record(day: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A page of the sealed bytes of record 20."""
    copy = tmp_path_factory.mktemp("pages") / "device"
    shutil.copytree(day, copy)
    return Device(copy).pages_of("SELECT data FROM blobs WHERE seq = 20")[-1]


def whole(device: Device) -> tuple[int, int]:
    """Records of the outbox that open, and journal size."""
    desk = device.desk()
    try:
        opened = 0
        for row in desk.outbox():
            with desk.store.begin() as uow:
                there = uow.blobs.get(row.seq) is not None
            opened += there and bool(desk.open_record(row.seq).record)
        return opened, len(desk.entries())
    finally:
        desk.store.close()


def test_a_damaged_page_in_the_middle_of_the_outbox_costs_no_record(device: Device):
    """records-and-sync section 8, case 15."""
    pages = device.pages_of("SELECT * FROM outbox")
    device.damage(pages[len(pages) // 2])
    store = open_store(device.paths.vault, KEY)
    assert store.problems()
    with pytest.raises(VaultCorruptError), store.begin() as uow:
        uow.outbox.all()
    store.close()
    damaged = device.paths.vault.read_bytes()

    report = device.salvage()

    found = report.found
    assert found is not None
    assert (found.entries_lost, found.records_lost, found.records) == ([], [], RECORDS)
    assert 5 < len(found.rows_renewed) < RECORDS
    assert found.damaged_tables == ["outbox"]
    assert (device.paths.data / report.kept_as).read_bytes() == damaged
    desk = device.desk()
    try:
        assert desk.store.problems() == ()
        assert desk.verify().verified
        kinds = [header_kind for header_kind in desk.kinds() if header_kind != "verify_close"]
        assert kinds[-1 - len(found.rows_renewed)] == "salvaged"
        told = [open_entry(e.jws, desk.device_key.public).facts for e in desk.entries()]
        assert [f["seq"] for f in told if f.get("what") == "row"] == found.rows_renewed
        rows = desk.outbox()
        assert [row.state for row in rows] == [OutboxState.WAITING] * RECORDS
        before = len(desk.entries())
        facts = desk.sealing.seal(decided(case="e" * 32), desk.session())
        assert facts.seq >= before
        assert desk.verify().verified
    finally:
        desk.store.close()
    assert whole(device)[0] == RECORDS + 1


def test_a_record_whose_receipt_was_let_go_is_none_that_is_lost(device: Device):
    store = open_store(device.paths.vault, KEY)
    with store.begin() as uow:
        for row in uow.outbox.all():
            uow.blobs.purge(row.seq)
            uow.outbox.put(replace(row, state=OutboxState.STORED, purged=True))
            uow.values.put(f"{LET_GO_PREFIX}{row.seq:012d}", b"")
        uow.commit()
    store.close()
    pages = device.pages_of("SELECT * FROM outbox")
    device.damage(pages[len(pages) // 2])
    found = device.salvage().found
    assert found is not None
    assert (found.records_lost, found.records) == ([], 0)
    assert found.rows_renewed
    desk = device.desk()
    try:
        assert all(row.purged for row in desk.outbox())
    finally:
        desk.store.close()


def test_lost_entries_keep_their_place_and_everything_after_them_stays_proven(device: Device):
    sound = device.desk()
    slips = [row.jws for row in sound.entries()]
    sound.store.close()
    pages = device.pages_of("SELECT jws FROM journal")
    device.damage(pages[len(pages) // 2])
    report = device.salvage()
    assert report.found is not None
    lost = report.found.entries_lost
    assert lost
    assert report.found.entries + len(lost) == len(slips)
    desk = device.desk()
    try:
        rows = desk.entries()
        assert [row.seq for row in rows if lost_leaf(row.jws)] == lost
        found = desk.verify()
        assert [(p.seq, p.what) for p in found.problems] == [(seq, LOST) for seq in lost]
        # A slip given before the damage is still found, by the hashes that were kept.
        given = slip_code(frontier_of(map(entry_leaf, slips[:50])).root())
        with desk.store.begin() as uow:
            assert [row.seq for row in uow.journal.find(JournalQuery(slip_code=given))] == [49]
            (salvaged,) = uow.journal.find(JournalQuery(kind="salvaged"))
        facts = open_entry(salvaged.jws, desk.device_key.public).facts
        assert facts["which_entries"] == ranges(lost)
        assert report.found.records == RECORDS
        assert desk.store.problems() == ()
    finally:
        desk.store.close()


def test_a_damaged_record_costs_itself_only(device: Device, page_of_a_record: int):
    device.damage(page_of_a_record)
    report = device.salvage()
    assert report.found is not None
    assert (report.found.records_lost, report.found.records) == ([20], RECORDS - 1)
    desk = device.desk()
    try:
        (row,) = [row for row in desk.outbox() if row.seq == 20]
        assert (row.state, row.reason) == (OutboxState.REFUSED, "AUDIT-003")
        last = open_entry(desk.entries()[-1].jws, desk.device_key.public)
        assert (last.kind, last.facts) == (EntryKind.DAMAGE, {"seq": 20, "what": "blob"})
    finally:
        desk.store.close()


def test_without_its_first_page_a_vault_is_left_as_it_is(device: Device):
    device.damage(1)
    before = {p.name: p.read_bytes() for p in device.paths.data.glob("vault*")}
    with pytest.raises(VaultCorruptError):
        device.salvage()
    assert {p.name: p.read_bytes() for p in device.paths.data.glob("vault*")} == before


def test_an_entry_lost_with_its_hash_ends_the_journal_and_nothing_pretends_otherwise(
    device: Device,
):
    entries = device.pages_of("SELECT jws FROM journal WHERE seq = 1")
    hashes = device.pages_of("SELECT leaf FROM journal_leaves WHERE seq = 1")
    device.damage(entries[-1], hashes[-1])
    before = {p.name: p.read_bytes() for p in device.paths.data.glob("vault*")}
    with pytest.raises(SalvageError):
        device.salvage()
    assert {p.name: p.read_bytes() for p in device.paths.data.glob("vault*")} == before


def test_a_sound_vault_is_left_alone(device: Device):
    before = device.paths.vault.read_bytes()
    assert device.salvage().sound
    assert device.paths.vault.read_bytes() == before


def test_wherever_the_damage_is_every_entry_and_record_is_accounted_for(device: Device):
    """One page after another: carried over or told, and sound; or refused with nothing changed."""
    folder = device.paths.data
    count = device.paths.vault.stat().st_size // PAGE
    values = device.pages_of("SELECT * FROM named_values")
    chosen = random.Random(8).sample(range(2, count), 12) + values[:3] + [2, 3, 4]  # noqa: S311 - pages
    outcomes = {"carried": 0, "refused": 0, "sound": 0}
    sound = Device(folder).desk()
    size = len(sound.entries())
    sound.store.close()
    for page in chosen:
        copy = folder.parent / f"page-{page}"
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        hit = Device(copy)
        hit.damage(page)
        try:
            report = hit.salvage()
        except (SalvageError, VaultCorruptError):
            outcomes["refused"] += 1
            shutil.rmtree(copy)
            continue
        found = report.found
        if found is None:
            outcomes["sound"] += 1
        else:
            outcomes["carried"] += 1
            assert found.entries + len(found.entries_lost) == size
            assert found.records + len(found.records_lost) == RECORDS
            store = open_store(hit.paths.vault, KEY)
            assert store.problems() == ()
            store.close()
        shutil.rmtree(copy)
    assert outcomes["carried"] > len(chosen) / 2, outcomes


@pytest.mark.parametrize("step", range(8))
def test_a_power_cut_while_the_vaults_are_swapped_loses_nothing(
    device: Device, step: int, page_of_a_record: int, monkeypatch: pytest.MonkeyPatch
):
    device.damage(page_of_a_record)
    left = step

    class PowerCutError(BaseException):
        """The machine is off."""

    def cut(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def replace(self: Path, target: Path) -> Path:
            nonlocal left
            if left == 0:
                raise PowerCutError
            left -= 1
            return real(self, target)

        return replace

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut(Path.replace))
        try:
            device.salvage()
            finished = True
        except PowerCutError:
            finished = False
    if not finished:
        from kiosk.bootstrap.opening import open_vault

        if (
            not device.paths.vault.exists()
            or device.paths.vault.with_name("vault-salvaged.db").exists()
        ):
            with pytest.raises(VaultError):
                open_vault(device.paths, device.keys)
        device.salvage()
    assert whole(device)[0] == RECORDS - 1
    desk = device.desk()
    try:
        assert desk.kinds().count("salvaged") == 1
        assert desk.store.problems() == ()
    finally:
        desk.store.close()
    assert len(list(device.paths.data.glob("vault-damaged-*.db"))) == 1


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([], ""), ([3], "3"), ([3, 4, 5, 9, 11, 12], "3-5,9,11-12")],
)
def test_numbers_are_told_as_ranges(numbers: list[int], text: str):
    assert ranges(numbers) == text
