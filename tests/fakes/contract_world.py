"""A collector that has everything a fuzzer could meet, and the device that speaks to it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from central.archive.layout import Layout
from kiosk.crypto.http_signatures import sign_request
from kiosk.crypto.signing import SigningKey
from kiosk.sync.enrolment import parse_code, sign_claim
from kiosk.sync.messages import LogPush, encode
from kiosk.sync.rounds import announce_recipient
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.contract import Caller, Mangler
from tests.fakes.enrolled import EnrolledDevice
from ui.demonstration.post import Post


@dataclass
class World:
    """What is fuzzed, and with what.

    Attributes:
        side: the collector.
        caller: speaks in whole requests.
        mangler: speaks in bytes.
        device: whose key signs.
    """

    side: CentralSide
    caller: Caller
    mangler: Mangler
    device: EnrolledDevice

    def signed_fields(self, method: str, path: str) -> dict[str, str]:
        """Fields of a request that is in order."""
        url = self.side.url + path
        signed = sign_request(method, url, b"", self.device.key, datetime.now(UTC))
        return signed | {"Host": self.side.url.removeprefix("https://")}


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A collector that sends codes, a device with records sent, half sent and not sent."""
    post = Post()
    post.start()
    data = founded(folder / "data")
    settings = Layout(data).contact_settings
    post.write_settings(settings)
    settings.write_text(settings.read_text() + '\n[page]\nurl = "https://codes.example.org/"\n')
    with serving(data) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        device.delivery.run_once()
        waiting = [device.seal()[1].blob for _ in range(3)]
        ca = folder / "ca.pem"
        ca.write_text(device.identity.ca_pem)
        known = _bodies(side, device, waiting)
        caller = Caller(side.url, ca, device.identity.device_id, device.key, known)
        context = ssl.create_default_context(cafile=str(ca))
        mangler = Mangler(int(side.url.rpartition(":")[2]), context)
        yield World(side, caller, mangler, device)
        caller.close()
        mangler.close()
    post.stop()


def _bodies(side: CentralSide, device: EnrolledDevice, blobs: list[bytes]) -> dict[str, list]:
    """Bodies of real calls, whole and cut: what is nearly right reaches furthest."""
    from tests.central.test_collector import push

    entries = device.entries()
    pushes = [
        push(device, start, entries[start:end])
        for start in range(len(entries))
        for end in range(start + 1, len(entries) + 1)
    ]
    pushes += [LogPush(start=0, entries=tuple(entries), checkpoint=pushes[-1].checkpoint)]
    orders = [
        {"case": "c" * 32, "channel": channel, "address": address, "code": code}
        for channel, address in (("email", "a@example.org"), ("mobile", "+33639980000"))
        for code in ("", "000000", "AAAA", "é")
    ]
    code = parse_code(side.enrol_code())
    claim = sign_claim(code.secret, "0.1.0", SigningKey.generate())
    return {
        "logPush": [json.loads(encode(one)) for one in pushes],
        "record": [*blobs, blobs[0][:-1], blobs[0] + b"x", b"age-encryption.org/v1\n"],
        "uploadPart": [*blobs, blobs[0][:1000], blobs[0][1000:], bytes(70_000)],
        "contactStart": orders,
        "contactState": orders,
        "contactCheck": orders,
        "recipient": [{"announcement": announce_recipient(device.key)}],
        "enrol": [{"claim": claim}, {"claim": claim[:-3]}],
    }
