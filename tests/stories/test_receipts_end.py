"""A record, its receipt and the end of both, in whole deliveries to a real collector."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kiosk.audit.entries import EntryKind
from kiosk.config import Profile
from kiosk.crypto.signing import SigningKey
from kiosk.services.custody import Custody
from kiosk.services.fleet import DEVICE_KEY
from kiosk.services.receipt_retention import was_let_go
from kiosk.services.receipts_kept import kept_name
from tests.fakes.carrier import AGENT, CarrierFleet, Device, carrier_fleet
from tests.services.test_sealing import decided

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierFleet]:
    with carrier_fleet(tmp_path_factory.mktemp("fleet")) as found:
        yield found


def seal(device: Device, number: int) -> int:
    case = replace(decided(case=f"{number:032x}"), agent_id=AGENT)
    return device.kiosk.proofing._desk.sealing.seal(case, device.session()).seq


def deliver(device: Device) -> None:
    assert device.kiosk.delivery.run_once().reason == ""


def receipts(device: Device, *seqs: int) -> list[str]:
    """Of each record: its receipt is here, or went when its time was over."""
    with device.kiosk.store.begin() as uow:
        here = [uow.values.get(kept_name(seq)) is not None for seq in seqs]
        gone = [was_let_go(uow, seq) for seq in seqs]
    return [
        {(True, False): "here", (False, True): "went"}[pair]
        for pair in zip(here, gone, strict=True)
    ]


def purges(device: Device) -> list[dict]:
    journal, store = device.kiosk.journal, device.kiosk.store
    with store.begin() as uow:
        rows = uow.journal.range(0, uow.journal.size())
    kept = [row for row in rows if row.kind == EntryKind.RECEIPTS_PURGED]
    return [journal.opened(row).facts for row in kept]


def test_a_delivery_lets_receipts_go_on_their_day_says_so_and_sends_that_too(fleet: CarrierFleet):
    device = fleet.device(Profile.COUNTER)
    days = device.kiosk.membership.receipts_days
    first, second = seal(device, 1), seal(device, 2)
    deliver(device)
    assert receipts(device, first, second) == ["here", "here"]
    device.clock.advance(days=days - 1)  # the copies go, the receipts have two days to stay
    deliver(device)
    with device.kiosk.store.begin() as uow:
        assert [row.purged for row in uow.outbox.all()] == [True, True]
    assert (receipts(device, first, second), purges(device)) == (["here", "here"], [])
    # What the collector said of the time just now is carried on by the monotonic clock.
    device.clock.advance(days=days + 2)
    third = seal(device, 3)
    deliver(device)
    assert receipts(device, first, second, third) == ["went", "went", "here"]
    assert purges(device) == [{"count": 2, "first": first, "last": second}]
    deliver(device)  # nothing twice
    assert len(purges(device)) == 1
    assert device.kiosk.verify_journal().verified
    seed = device.kiosk.keys.get(DEVICE_KEY)
    public = SigningKey.from_seed(seed).public
    assert Custody(device.kiosk.store, device.kiosk.journal, public).examine() == ()
    with fleet.side.ledger() as ledger:
        told = [
            device.kiosk.journal.opened(row) for row in ledger.entries(device.device_id, 0, 999)
        ]
    assert [entry.facts for entry in told if entry.kind == EntryKind.RECEIPTS_PURGED] == [
        {"count": 2, "first": first, "last": second}
    ]


def test_a_clock_that_was_set_ahead_lets_no_receipt_go(fleet: CarrierFleet):
    device = fleet.device(Profile.COUNTER)
    first = seal(device, 1)
    deliver(device)
    device.clock.set_wall(device.clock.now().replace(year=2031))
    deliver(device)
    assert (receipts(device, first), purges(device)) == (["here"], [])
