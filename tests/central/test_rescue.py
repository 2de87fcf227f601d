"""What two people carried off a device is taken in as if the device had sent it, and no easier."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.archive.layout import FolderError, Layout
from central.archive.storage import open_database, open_payloads
from central.collector.rescues import RescueReport, Rescues
from central.collector.server import load_keys
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import entry_leaf
from kiosk.audit.tree import frontier_of
from kiosk.crypto.canonical import canonical_json
from kiosk.services.device_life import DeviceLife
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.unlock_orders import open_order
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice

pytestmark = pytest.mark.process


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[CentralSide, EnrolledDevice]]:
    """A central side with one device that sealed two records and cannot send them."""
    with serving(founded(tmp_path / "central")) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        device.seal()
        yield side, device


def carried(device: EnrolledDevice, folder: Path) -> Path:
    """A rescue as the command writes it, without its entry."""
    entries = device.entries()
    frontier = frontier_of(entry_leaf(entry) for entry in entries)
    origin = device_origin(device.policy.collector.origin, device.identity.device_id)
    note = sign(Checkpoint(origin, frontier.size, frontier.root()), device.key)
    about = {
        "format": "visavis-journal/1",
        "device_id": device.identity.device_id,
        "checkpoint": note,
    }
    journal = "".join(f"{line}\n" for line in (canonical_json(about).decode(), *entries))
    life = DeviceLife(device.store, device.journal, device.clock, device.delivery)
    for file in life.rescued_files(device.identity.device_id, journal):
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
    return folder


def taken_in(side: CentralSide, device: EnrolledDevice, folder: Path) -> RescueReport:
    layout = Layout(side.data)
    database = open_database(layout)
    try:
        rescues = Rescues(database, open_payloads(layout), load_keys(layout))
        return rescues.take_in(folder, device.clock.now())
    finally:
        database.close()


def test_rescued_records_are_stored_and_the_device_may_still_send(office, tmp_path: Path):
    side, device = office
    folder = carried(device, tmp_path / "stick")
    answer = ask("rescue", folder, "--data", side.data)
    assert (answer["taken"], answer["already"], answer["refused"]) == (2, 0, [])
    assert answer["entries"] == device.size()
    again = taken_in(side, device, folder)
    assert (again.taken, again.already) == (0, 2)
    assert ask("audit", "verify", "--data", side.data)["verified"] is True
    summary = device.delivery.run_once()
    assert (summary.stored, summary.reason) == (2, "")


def test_an_altered_record_is_named_and_the_others_are_taken(office, tmp_path: Path):
    side, device = office
    folder = carried(device, tmp_path / "stick")
    first, _ = sorted((folder / "records").iterdir())
    data = bytearray(first.read_bytes())
    data[-1] ^= 1
    first.write_bytes(data)
    report = taken_in(side, device, folder)
    assert (report.taken, len(report.refused)) == (1, 1)
    assert report.refused[0].startswith(first.name)


def test_a_missing_record_is_named(office, tmp_path: Path):
    side, device = office
    folder = carried(device, tmp_path / "stick")
    first, _ = sorted((folder / "records").iterdir())
    first.unlink()
    assert taken_in(side, device, folder).refused == (f"{first.name}: FileNotFoundError",)


@pytest.mark.parametrize("damage", ["journal", "list", "other", "none", "cut"])
def test_a_folder_that_is_no_rescue_changes_nothing(office, tmp_path: Path, damage: str):
    side, device = office
    folder = carried(device, tmp_path / "stick")
    journal = folder / "journal.txt"
    if damage == "journal":
        journal.write_text(journal.read_text().replace("visavis-journal/1", "visavis-journal/2"))
    elif damage == "list":
        (folder / "rescue.json").write_bytes(b"{}")
    elif damage == "other":
        text = (folder / "rescue.json").read_text()
        (folder / "rescue.json").write_text(text.replace(device.identity.device_id, "dev-0"))
    elif damage == "none":
        journal.unlink()
    else:
        journal.write_text("\n".join(journal.read_text().split("\n")[:-3]) + "\n")
    with pytest.raises(FolderError):
        taken_in(side, device, folder)
    with side.ledger() as ledger:
        assert ledger.device(device.identity.device_id).size == 0


def test_the_authority_signs_an_order_that_the_device_believes(office):
    side, device = office
    name = device.identity.device_id
    order = ask("unlock", "--device", name, "--agent", "m-1", "--data", side.data)["order"]
    keys = {key.kid: key.public for key in device.policy.enrolment_keys}
    opened = open_order(order, keys)
    assert (opened.device_id, opened.agent_id) == (name, "m-1")
    words = ("unlock", "--device", "dev-0", "--agent", "m-1", "--data", side.data)
    assert central(*words, check=False).returncode == 3
