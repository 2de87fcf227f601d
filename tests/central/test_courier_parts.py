"""A list on a stick that is full: another one follows it, and nothing fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.collector.couriers import Carried, open_couriers
from kiosk.domain.errors import FolderFullError
from kiosk.ports import OutboxState
from kiosk.services.courier import Courier
from kiosk.sync.courier import KEPT_CALLS, MAX_PARTS, OUT, TOP, claimed_part, open_manifest
from kiosk.transport.folder_link import FolderLinks
from tests.fakes.central_side import CentralSide
from tests.fakes.enrolled import EnrolledDevice

pytestmark = pytest.mark.process
MOST = KEPT_CALLS + 6
"""Calls of a list here: the journal and some records."""


@pytest.fixture
def stick(tmp_path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def courier(device: EnrolledDevice, most_calls: int = MOST) -> Courier:
    links = FolderLinks(device.clock, most_calls)
    return Courier(device.store, device.journal, links, device.keys, device.clock)


def at_central(side: CentralSide, stick: Path) -> list[Carried]:
    with open_couriers(Layout(side.data), lambda: datetime.now(UTC)) as couriers:
        return asyncio.run(couriers.run(stick, give=True))


def parts(stick: Path) -> list[int]:
    lists = [(folder / OUT).read_bytes() for folder in (stick / TOP).iterdir()]
    return sorted(claimed_part(token)[1] for token in lists)


def test_a_list_that_is_full_is_followed_by_another(side, device, stick):
    seqs = [device.seal()[0] for _ in range(15)]
    summary = courier(device).give(stick)
    assert (summary.written, summary.left, summary.reason) == (15, 0, "")
    assert len(parts(stick)) == 3
    assert parts(stick) == [0, 1, 2]
    told = at_central(side, stick)
    assert sum(carried.taken for carried in told) == 15
    assert [carried.refused for carried in told] == [[], [], []], "none comes before its entry"
    summary = courier(device).take(stick)
    assert (summary.stored, summary.reason) == (15, "")
    assert {device.row(seq).state for seq in seqs} == {OutboxState.STORED}


def test_a_list_that_is_exactly_full_still_asks_its_questions(side, device, stick):
    """The calls before the records: one batch of the journal, the sealed ratchet key."""
    seqs = [device.seal()[0] for _ in range(4)]
    summary = courier(device).give(stick)
    assert (summary.written, summary.reason) == (4, "")
    assert parts(stick) in ([0], [0, 1])
    at_central(side, stick)
    assert courier(device).take(stick).stored == 4
    assert {device.row(seq).state for seq in seqs} == {OutboxState.STORED}


def test_after_the_last_list_it_says_that_the_stick_is_full_and_the_rest_waits(side, device, stick):
    seqs = [device.seal()[0] for _ in range(6 * MAX_PARTS + 3)]
    summary = courier(device).give(stick)
    assert summary.reason == FolderFullError.code
    assert 0 < summary.left < len(seqs)
    assert len(parts(stick)) == MAX_PARTS
    at_central(side, stick)
    summary = courier(device).give(stick)
    assert summary.reason == "", "what came back made room"
    at_central(side, stick)
    courier(device).take(stick)
    assert {device.row(seq).state for seq in seqs} == {OutboxState.STORED}


def test_lists_that_are_not_needed_any_more_go(side, device, stick):
    for _ in range(15):
        device.seal()
    courier(device).give(stick)
    assert len(parts(stick)) == 3
    at_central(side, stick)
    courier(device).give(stick)
    assert parts(stick) == [0]


def test_a_list_of_one_part_is_what_it_always_was(side, device, stick):
    """A central side of before reads it."""
    device.seal()
    courier(device).give(stick)
    (folder,) = (stick / TOP).iterdir()
    token = (folder / OUT).read_bytes()
    manifest = open_manifest(token, device.identity.device_id, device.key.public)
    assert manifest.part == 0
    from kiosk.crypto.canonical import parse_json
    from kiosk.crypto.digests import unb64u

    assert "part" not in parse_json(unb64u(token.decode().split(".")[1]), 1 << 24)
