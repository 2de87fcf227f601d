"""Lost devices and new recipients: what the authority says, and what a device then does."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.authority.policies import Policies
from central.authority.qr_codes import write_png
from kiosk.crypto import age
from kiosk.crypto.age import Identity
from kiosk.domain.errors import DeviceLostError, SealedRecordError
from kiosk.ports import OutboxState
from kiosk.services.lease import Lease
from kiosk.sync.messages import Problem, decode
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice

pytestmark = pytest.mark.process


@pytest.fixture
def side(tmp_path: Path):
    with serving(founded(tmp_path / "central")) as running:
        yield running


def lease_of(device: EnrolledDevice) -> Lease:
    lost = lambda: device.identity.device_id in device.policy.lost  # noqa: E731 - as membership
    return Lease(device.store, device.journal, device.clock, lambda: 0, lost)


def test_a_lost_device_goes_dark_and_sends_what_it_sealed(side: CentralSide):
    device, other = (EnrolledDevice().enrol(side.enrol_code()) for _ in range(2))
    name = device.identity.device_id
    seq, _ = device.seal()
    lease_of(device).require()
    assert ask("device", "lost", name, "--data", side.data)["version"] == 2
    assert asked_for_rounds(device) == (403, "lost")
    summary = device.delivery.run_once()
    assert (summary.stored, summary.purged) == (1, 1)
    assert not device.has_blob(seq)
    lease = lease_of(device)
    assert (lease.is_over(), lease.darkness()) == (True, "DEVICE-020")
    with pytest.raises(DeviceLostError):
        lease.require()
    other.delivery.run_once()
    lease_of(other).require()
    listed = {one["device_id"]: one["lost"] for one in ask_devices(side)}
    assert listed == {name: True, other.identity.device_id: False}
    assert ask("device", "found", name, "--data", side.data)["version"] == 3
    device.delivery.run_once()
    lease_of(device).require()
    assert asked_for_rounds(device) == (409, "recipient-unknown")  # as before it was lost


def asked_for_rounds(device: EnrolledDevice) -> tuple[int, str]:
    with closing(device.link()) as link:
        answer = link.call("GET", f"/v1/devices/{device.identity.device_id}/rounds/2026-11-26")
    return answer.status, decode(answer.body, Problem).error


def ask_devices(side: CentralSide) -> list[dict]:
    return ask("device", "list", "--data", side.data)["devices"]


def test_devices_are_listed_by_office_and_unknown_ones_named(side: CentralSide):
    EnrolledDevice().enrol(side.enrol_code("069002"))
    assert len(ask_devices(side)) == 1
    assert ask("device", "list", "--office", "075012", "--data", side.data)["devices"] == []
    done = central("device", "lost", "dev-0123456789abcdef", "--data", side.data, check=False)
    assert (done.returncode, done.stderr) == (3, "visavis-central: no such device\n")


def test_a_new_key_opens_what_comes_and_the_old_one_what_was(side: CentralSide, tmp_path: Path):
    device = EnrolledDevice().enrol(side.enrol_code())
    before, _ = device.seal()
    device.delivery.run_once()
    new, escrow = Identity.generate(), Identity.generate()
    words = tmp_path / "recipients.txt"
    words.write_text(f"audit:{new.recipient}\nescrow:{escrow.recipient}\n")
    ask("policy", "set", f"recipients=@{words}", "--data", side.data)
    device.delivery.run_once()
    device._wire()
    named = [(one.kid, one.purpose) for one in device.policy.recipients]
    assert named == [(age.kid_of(new.recipient), "audit"), (age.kid_of(escrow.recipient), "escrow")]
    after, sealed = device.seal()
    device.delivery.run_once()
    for identity in (new, escrow):
        assert age.decrypt(sealed.blob, identity)
    record = f"{device.identity.device_id[4:]}{before:016x}"
    old = Layout(side.data).identity
    done = central("audit", "open", record, "--identity", old, "--data", side.data)
    assert json.loads(done.stdout)["verified"]
    with pytest.raises(SealedRecordError):
        age.decrypt(sealed.blob, Identity.parse(old.read_text()))
    assert device.row(after).state is OutboxState.STORED
    assert ask("audit", "verify", "--data", side.data)["verified"]


@pytest.mark.parametrize("word", ["recipients=age1x", "recipients=@gone", "recipients=", "lost=x"])
def test_what_is_no_key_and_no_device_is_refused(tmp_path: Path, word: str):
    data = founded(tmp_path / "central")
    done = central("policy", "set", word, "--data", data, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert Policies(Layout(data)).in_force().version == 1


def test_a_code_is_printed_as_a_picture_of_either_kind(tmp_path: Path, side: CentralSide):
    now = datetime.now(UTC)
    for name in ("code.png", "code.svg"):
        ask("enrol-code", "--office", "075012", "--png", tmp_path / name, "--data", side.data)
    assert (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "code.svg").read_bytes()
    write_png(now.isoformat(), tmp_path / "other.svg")
