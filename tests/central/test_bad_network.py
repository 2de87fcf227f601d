"""Delivery through a network that does everything networks do: nothing lost, nothing doubled."""

from __future__ import annotations

import random

import pytest

from central.archive.layout import Layout
from central.auditor.histories import Histories
from kiosk.ports import OutboxState
from kiosk.transport.https_link import Deadlines, HttpsLinks
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.fault_proxy import NONE, Fault

pytestmark = pytest.mark.process
HASTY = Deadlines(connect_s=2, pause_s=2, call_s=5)
PATIENT = Deadlines(connect_s=60, pause_s=60, call_s=120)
"""Where nothing is in the way: how fast the machine is, is not asked."""
BYTES = 600_000


@pytest.fixture
def device(enrol_behind) -> EnrolledDevice:
    return enrol_behind(PATIENT)


def hurry(device: EnrolledDevice, deadlines: Deadlines) -> None:
    device.links._links = HttpsLinks(device.clock, deadlines)


FAULTS = {
    "refuse": Fault(refuse=True),
    "portal": Fault(portal=True),
    "delay": Fault(delay_s=0.02),
    "throttle": Fault(bytes_per_s=3_000_000),
    "cut-request": Fault(cut_up=200_000),
    "cut-request-reset": Fault(cut_up=200_000, ending="reset"),
    "cut-request-half": Fault(cut_up=200_000, ending="half"),
    "cut-handshake": Fault(cut_up=300, ending="reset"),
    "swallow-reply": Fault(cut_down=3_000, ending="swallow"),
    "cut-reply": Fault(cut_down=3_000),
    "reset-reply": Fault(cut_down=3_000, ending="reset"),
    "half-close-reply": Fault(cut_down=3_000, ending="half"),
    "repeat-piece": Fault(cut_up=150_000, ending="repeat"),
    "spoil-request": Fault(cut_up=150_000, ending="spoil"),
    "spoil-reply": Fault(cut_down=2_500, ending="spoil"),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_one_bad_connection_after_the_other_then_a_good_one(side, proxy, device, name):
    numbers = [device.seal(extra_bytes=BYTES)[0] for _ in range(2)]
    proxy.choose = lambda _: FAULTS[name]
    hurry(device, HASTY)
    for _ in range(3):
        summary = device.delivery.run_once()
        assert summary.reason == ("SYNC-032" if name == "portal" else "SYNC-001") or (
            not summary.reason
        ), summary
    assert proxy.struck, "the fault really happened"
    proxy.choose = lambda _: NONE
    hurry(device, PATIENT)
    for _ in range(3):
        device.delivery.run_once()
    assert {device.row(seq).state for seq in numbers} == {OutboxState.STORED}
    with side.ledger() as ledger:
        leaves = [ledger.leaf(device.identity.device_id, seq) for seq in numbers]
    assert all(leaves)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_mixture_of_faults_ends_with_one_stored_copy_of_each(side, proxy, device, seed):
    chance = random.Random(seed)  # noqa: S311 - faults, not secrets
    numbers = [device.seal(extra_bytes=chance.choice((0, BYTES)))[0] for _ in range(4)]

    def choose(_connection: int) -> Fault:
        if chance.random() < 0.4:
            return NONE
        fault = chance.choice(sorted(FAULTS))
        return FAULTS[fault]

    proxy.choose = choose
    hurry(device, HASTY)
    for _ in range(12):
        device.delivery.run_once()
    assert proxy.struck
    proxy.choose = lambda _: NONE
    hurry(device, PATIENT)
    for _ in range(3):
        device.delivery.run_once()
    assert {device.row(seq).state for seq in numbers} == {OutboxState.STORED}
    report = Histories(Layout(side.data)).verify()
    mine = next(d for d in report.devices if d.device_id == device.identity.device_id)
    assert (mine.problems, mine.stored, mine.missing) == ((), len(numbers), ())


def test_a_captive_portal_is_told_from_a_collector_and_nothing_is_believed(proxy, device):
    seq, _ = device.seal()
    proxy.choose = lambda _: Fault(portal=True)
    summary = device.delivery.run_once()
    assert summary.reason == "SYNC-032"
    assert proxy.struck
    assert device.row(seq).state is OutboxState.WAITING
    assert device.has_blob(seq)
