"""A delivery is stopped in the middle of a record, and goes on from there; over real HTTPS."""

from __future__ import annotations

import pytest

from kiosk.ports import LinkAnswer, OutboxState
from kiosk.services.part_upload import PART_BYTES
from kiosk.transport.https_link import Deadlines
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.fault_proxy import NONE, Fault, FaultProxy

pytestmark = pytest.mark.process

PATIENT = Deadlines(connect_s=30, pause_s=60, call_s=120)
"""Without the stop the calls of these tests would end by a deadline, and be told as that."""

LARGE, MIDDLE = 3_000_000, 600_000
AROUND = 120_000
"""More than the handshakes, headers and small calls of a delivery."""


@pytest.fixture
def far(enrol_behind) -> EnrolledDevice:
    return enrol_behind(PATIENT)


def stop_where_it_stalls(device: EnrolledDevice, proxy: FaultProxy, after: int):
    """The summary of a delivery whose link stalls after so many bytes, stopped right then."""
    proxy.choose = lambda _: Fault(cut_up=after, ending="stall")
    struck = proxy.struck
    summary = device.delivery.run_once(cancelled=lambda: proxy.struck > struck)
    proxy.choose = lambda _: NONE
    return summary


def test_a_large_record_is_left_in_its_middle_and_goes_on_from_there(far, proxy):
    seq, sealed = far.seal(extra_bytes=LARGE)
    summary = stop_where_it_stalls(far, proxy, after=4 * PART_BYTES)
    assert (summary.stopped, summary.reason, summary.sent) == (True, "", 0)
    row = far.row(seq)
    assert (row.state, row.reason) == (OutboxState.WAITING, "")
    before = proxy.up
    assert far.delivery.run_once().stored == 1
    assert far.row(seq).state is OutboxState.STORED
    assert proxy.up - before < len(sealed.blob) - 3 * PART_BYTES + AROUND


def test_a_record_in_one_piece_is_left_too_and_comes_back_in_parts(far, proxy):
    seq, _ = far.seal(extra_bytes=MIDDLE)
    summary = stop_where_it_stalls(far, proxy, after=MIDDLE // 2)
    assert (summary.stopped, summary.reason) == (True, "")
    far.links.calls.clear()
    assert far.delivery.run_once().stored == 1
    about = [call.partition(" ")[0] for call in far.links.calls if f"/records/{seq}" in call]
    assert about[:2] == ["POST", "PATCH"]


def test_a_stop_before_anybody_answered_ends_too(far, proxy):
    far.seal()
    summary = stop_where_it_stalls(far, proxy, after=300)
    assert (summary.stopped, summary.reason) == (True, "")
    assert far.delivery.run_once().stored == 1


def test_a_stop_after_the_last_record_is_none(device):
    seq, _ = device.seal()
    sent: list[Call] = []

    def hear(call: Call) -> LinkAnswer:
        answer = call.go()
        sent.extend([call] if call.method == "PUT" else [])
        return answer

    device.links.trouble = hear
    summary = device.delivery.run_once(cancelled=lambda: bool(sent))
    assert (summary.sent, summary.stopped, summary.reason) == (1, False, "")
    assert device.row(seq).state is OutboxState.UNCONFIRMED
    assert device.delivery.run_once().stored == 1


def methods_of(device: EnrolledDevice, seconds: float) -> list[str]:
    """How the next record travels, where each of its calls takes so long."""

    def slowly(call: Call) -> LinkAnswer:
        if call.method in {"PUT", "PATCH"}:
            device.clock.advance(seconds=seconds)
        return call.go()

    device.links.trouble = slowly
    seq, _ = device.seal(extra_bytes=MIDDLE)
    device.links.calls.clear()
    assert device.delivery.run_once().stored == 1
    return [call.partition(" ")[0] for call in device.links.calls if f"/records/{seq}" in call]


def test_a_record_that_would_be_long_travels_in_parts_and_on_a_quick_link_in_one(device):
    """A stop costs one part then, also of the first record that is stopped."""
    assert methods_of(device, 20) == ["PUT"], "not known yet"
    assert methods_of(device, 20) == ["POST", "PATCH", "PATCH", "PATCH"]
    assert methods_of(device, 0.01)[:2] == ["POST", "PATCH"], "still thought to be slow"
    assert methods_of(device, 0.01) == ["PUT"]
