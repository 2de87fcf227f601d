"""Records in parts over real HTTPS: a cut costs one part, and no trick makes a record of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.collector.refusal import CallRefusedError
from central.collector.uploads import KEPT_S, OffsetError, Uploads
from kiosk.domain.errors import ProtocolError, UnreachableError
from kiosk.domain.ids import DeviceId
from kiosk.ports import LinkAnswer, OutboxState
from kiosk.services.part_upload import PART_BYTES, PART_TYPE, send_in_parts
from kiosk.services.record_upload import BLOB_TYPE
from kiosk.sync.messages import MAX_BLOB_BYTES, MAX_PART_BYTES, LogState, Problem, decode
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import Call, EnrolledDevice

pytestmark = pytest.mark.process
LARGE = 3 * PART_BYTES


def path_of(device: EnrolledDevice, seq: int) -> str:
    return f"/v1/devices/{device.identity.device_id}/records/{seq}"


def state_of(device: EnrolledDevice) -> LogState:
    link = device.link()
    try:
        return decode(
            link.call("GET", f"/v1/devices/{device.identity.device_id}/log").body, LogState
        )
    finally:
        link.close()


class Cut:
    """The network goes away at certain calls, before or after the server heard them."""

    def __init__(self, method: str, *, after: bool, times: int) -> None:
        self.method, self.after, self.left = method, after, times
        self.sent = 0

    def __call__(self, call: Call) -> LinkAnswer:
        if call.method in {"PUT", "PATCH"}:
            self.sent += len(call.body)
        if call.method == self.method and self.left:
            self.left -= 1
            if self.after:
                call.go()
            raise UnreachableError("cut")
        return call.go()


def cut_first_try(device: EnrolledDevice) -> None:
    device.links.trouble = Cut("PUT", after=False, times=1)
    assert device.delivery.run_once().reason == UnreachableError.code
    device.links.trouble = Call.go


def test_a_record_whose_first_try_was_cut_travels_in_parts(device, side):
    seq, sealed = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    device.links.calls.clear()
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    parts = [call for call in device.links.calls if call.startswith("PATCH")]
    assert len(parts) == -(-len(sealed.blob) // PART_BYTES)
    assert not list(Layout(side.data).uploads.glob(f"{device.identity.device_id}-*"))


@pytest.mark.parametrize("after", [False, True])
def test_a_cut_costs_at_most_one_part(device, after):
    seq, sealed = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    cuts, sent = 4, 0
    for _ in range(cuts):
        trouble = Cut("PATCH", after=after, times=1)
        device.links.trouble = trouble
        device.delivery.run_once()
        sent += trouble.sent
        if device.row(seq).state is OutboxState.STORED:
            break
    device.links.trouble = last = Cut("PATCH", after=after, times=0)
    device.delivery.run_once()
    sent += last.sent
    assert device.row(seq).state is OutboxState.STORED
    assert sent <= len(sealed.blob) + cuts * PART_BYTES


def calls_of(device: EnrolledDevice, seq: int) -> list[str]:
    """Methods of the calls of the next delivery about a record."""
    device.links.calls.clear()
    assert device.delivery.run_once().reason == ""
    about = (call for call in device.links.calls if f"/records/{seq}" in call)
    return [call.partition(" ")[0] for call in about]


def test_where_a_link_was_cut_the_first_record_of_the_days_after_travels_in_parts_too(device):
    """A first cut then costs one part and not all that had been sent."""
    seq, _ = device.seal(extra_bytes=LARGE)
    assert calls_of(device, seq) == ["PUT"]
    device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    device.delivery.run_once()
    for days in (1, 12):
        device.clock.advance(days=days)
        seq, _ = device.seal(extra_bytes=LARGE)
        assert calls_of(device, seq)[:2] == ["POST", "PATCH"]
    device.clock.advance(days=2)
    seq, _ = device.seal(extra_bytes=LARGE)
    assert calls_of(device, seq) == ["PUT"], "a link that is good for weeks is good"


def test_a_collector_that_is_busy_is_no_link_that_breaks(device):
    device.seal(extra_bytes=LARGE)
    device.links.trouble = lambda call: (
        LinkAnswer(503, b"", ()) if call.method == "PUT" else call.go()
    )
    assert device.delivery.run_once().reason == UnreachableError.code
    device.links.trouble = Call.go
    device.delivery.run_once()
    seq, _ = device.seal(extra_bytes=LARGE)
    assert calls_of(device, seq) == ["PUT"]


def test_the_collector_says_how_far_it_is(device):
    seq, sealed = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    link = device.link()
    link.call("POST", f"{path_of(device, seq)}/upload", fields=(("Upload-Length", "900000"),))
    fields = (("Upload-Offset", "0"), ("Upload-Complete", "?0"))
    part = sealed.blob[:1000]
    answer = link.call("PATCH", f"{path_of(device, seq)}/upload", part, PART_TYPE, fields=fields)
    assert answer.status == 204
    again = link.call("PATCH", f"{path_of(device, seq)}/upload", part, PART_TYPE, fields=fields)
    assert (again.status, dict(again.headers)["upload-offset"]) == (409, "1000")
    link.close()
    (missing,) = state_of(device).missing
    assert (missing.seq, missing.offset) == (seq, 1000)
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED


def test_two_instances_that_send_one_record_make_one(device):
    seq, sealed = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    one, other = device.link(), device.link()
    length = (("Upload-Length", str(len(sealed.blob))),)
    upload = f"{path_of(device, seq)}/upload"
    one.call("POST", upload, fields=length)
    other.call("POST", upload, fields=length)
    first = (("Upload-Offset", "0"), ("Upload-Complete", "?0"))
    one.call("PATCH", upload, sealed.blob[:PART_BYTES], PART_TYPE, fields=first)
    send_in_parts(other, path_of(device, seq), sealed.blob)
    send_in_parts(one, path_of(device, seq), sealed.blob)
    one.close()
    other.close()
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED


def test_other_bytes_never_become_the_record(device, side):
    seq, sealed = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    link = device.link()
    forged = bytearray(sealed.blob)
    forged[-1] ^= 1
    with pytest.raises(Exception, match="not-the-announced-record"):
        send_in_parts(link, path_of(device, seq), bytes(forged))
    assert state_of(device).missing[0].offset == 0
    link.close()
    with side.ledger() as ledger:
        assert ledger.sealed(device.identity.device_id, seq) is None
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("POST", (("Upload-Length", "x"),), 400),
        ("POST", (), 400),
        ("POST", (("Upload-Length", "0"),), 413),
        ("POST", (("Upload-Length", "99999999999"),), 413),
        ("PATCH", (("Upload-Offset", "0"),), 404),
        ("PATCH", (), 400),
    ],
)
def test_an_upload_that_makes_no_sense_is_refused(device, method, fields, status):
    seq, _ = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    link = device.link()
    upload = f"{path_of(device, seq)}/upload"
    assert link.call(method, upload, b"x", PART_TYPE, fields=fields).status == status
    link.close()


def test_nothing_is_taken_of_a_record_that_nobody_announced(device):
    link = device.link()
    upload = f"{path_of(device, 999)}/upload"
    assert link.call("POST", upload, fields=(("Upload-Length", "5"),)).status == 404
    link.close()


class Circling:
    """A server that sends the device elsewhere for ever, or nowhere."""

    def __init__(self, offsets: list[str]) -> None:
        self.offsets = offsets
        self.calls = 0

    def call(self, method: str, *_args: object, **_named: object) -> LinkAnswer:
        self.calls += 1
        offset = self.offsets[min(self.calls, len(self.offsets)) - 1]
        status = 201 if method == "POST" else 409
        return LinkAnswer(status, b"{}", (("Upload-Offset", offset), ("Upload-Complete", "?0")))


@pytest.mark.parametrize("offsets", [["0"], ["7", "3"], ["-1"], ["x"], ["999999999"], [""]])
def test_a_server_that_goes_in_circles_is_left(offsets):
    circling = Circling(offsets)
    with pytest.raises(Exception, match="SYNC"):
        send_in_parts(circling, "/v1/devices/d/records/1", bytes(1000))
    assert circling.calls < 10


def test_a_server_that_takes_nothing_is_left():
    class Idle(Circling):
        def call(self, method: str, *_args: object, **_named: object) -> LinkAnswer:
            answer = super().call(method)
            return replace(answer, status=204 if method == "PATCH" else 201)

    with pytest.raises(ProtocolError):
        send_in_parts(Idle(["0"]), "/v1/devices/d/records/1", bytes(PART_BYTES * 2))


def test_parts_have_bounds_and_an_end(tmp_path):
    device = DeviceId("dev-x")
    uploads = Uploads(tmp_path / "uploads")
    uploads.begin(device, 1, 100)
    assert uploads.append(device, 1, 0, b"abc") == 3
    with pytest.raises(OffsetError):
        uploads.append(device, 1, 0, b"abc")
    with pytest.raises(CallRefusedError):
        uploads.append(device, 1, 3, bytes(MAX_PART_BYTES + 1))
    assert uploads.begin(device, 1, 2) == 0  # other bytes: shorter than what is held
    with pytest.raises(CallRefusedError):
        uploads.begin(device, 1, MAX_BLOB_BYTES + 1)
    old = tmp_path / "uploads" / "dev-x-000000000001.part"
    os.utime(old, (0, time.time() - KEPT_S - 60))
    assert Uploads(tmp_path / "uploads").offset(device, 1) is None


@pytest.fixture
def storeless(tmp_path) -> Iterator[tuple[CentralSide, EnrolledDevice, Path]]:
    """A side of its own, a device with a large and a small record, and where payloads go."""
    with serving(founded(tmp_path / "central")) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        yield side, device, Layout(side.data).payloads


def test_a_store_that_is_away_is_not_now_and_costs_no_byte_that_arrived(storeless):
    side, device, payloads = storeless
    seq, sealed = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    payloads.rename(payloads.with_name("away"))
    device.links.calls.clear()
    assert device.delivery.run_once().reason == UnreachableError.code
    (missing,) = state_of(device).missing
    assert missing.offset == len(sealed.blob)
    payloads.with_name("away").rename(payloads)
    device.links.calls.clear()
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    assert len([call for call in device.links.calls if call.startswith("PATCH")]) == 1
    assert not list(Layout(side.data).uploads.glob("*.part"))
    log = side.log.read_text()
    assert '"trouble": "FileNotFoundError"' in log
    assert '"status": 503' in log
    assert str(payloads) not in log


def test_a_record_sent_whole_is_not_taken_now_where_the_store_is_away(storeless):
    _, device, payloads = storeless
    seq, sealed = device.seal(extra_bytes=LARGE)
    device.links.trouble = Cut("PUT", after=False, times=1)
    device.delivery.run_once()
    payloads.rename(payloads.with_name("away"))
    link = device.link()
    try:
        answer = link.call("PUT", path_of(device, seq), sealed.blob, BLOB_TYPE)
    finally:
        link.close()
    assert (answer.status, decode(answer.body, Problem).error) == (503, "busy")


def test_a_small_record_is_sent_whole_again(device):
    seq, _ = device.seal()
    cut_first_try(device)
    device.links.calls.clear()
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    assert not [call for call in device.links.calls if call.startswith("PATCH")]


def test_uploads_of_a_side_are_named_after_their_device(side: CentralSide, device):
    seq, _ = device.seal(extra_bytes=LARGE)
    cut_first_try(device)
    device.links.trouble = Cut("PATCH", after=True, times=1)
    device.delivery.run_once()
    (part,) = Layout(side.data).uploads.glob(f"{device.identity.device_id}-*")
    assert part.name.endswith(f"{seq:012d}.part")
    assert part.stat().st_mode & 0o077 == 0
