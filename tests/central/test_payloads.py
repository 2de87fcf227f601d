"""Sealed payloads in both stores: what is called kept is there whole, whatever lay there before."""

import json
import logging
from collections.abc import Iterator

import pytest

from central.archive.objects import ObjectPayloads
from central.archive.payloads import FolderPayloads, Payloads, payload_name
from kiosk.crypto.digests import sha256
from kiosk.domain.ids import DeviceId
from tests.fakes.stores import BUCKET, object_store

GOOD = b"sealed " * 400_000
NAME = payload_name(DeviceId("dev-1"), 3, sha256(GOOD))
OTHERS = {
    "cut": GOOD[:-5],
    "empty": b"",
    "rotten": GOOD[:900] + b"X" + GOOD[901:],
    "longer": GOOD + bytes(512),
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with object_store() as base:
        yield base


@pytest.fixture(params=["folder", pytest.param("objects", marks=pytest.mark.process)])
def payloads(request, tmp_path, monkeypatch) -> Payloads:
    if request.param == "folder":
        return FolderPayloads(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "specimen")
    base = request.getfixturevalue("endpoint")
    return ObjectPayloads(f"s3://{BUCKET}/{tmp_path.name}", base, "eu-west-3")


def arrives(payloads: Payloads, content: bytes, name: str = NAME) -> None:
    with payloads.incoming() as incoming:
        incoming.write(content)
        incoming.keep(name)


def lies_there(payloads: Payloads, content: bytes) -> None:
    """Put other bytes under the name, as a restore or a disk does."""
    arrives(payloads, content)
    assert payloads.read(NAME) == content


@pytest.mark.parametrize("harm", OTHERS)
def test_bytes_that_are_not_those_of_their_name_give_way_to_those_that_arrive(
    payloads, caplog, harm
):
    lies_there(payloads, OTHERS[harm])
    with caplog.at_level(logging.WARNING, "visavis.collector"):
        arrives(payloads, GOOD)
    assert payloads.read(NAME) == GOOD
    (told,) = caplog.records
    assert json.loads(told.message) == {"payload": "replaced"}


def test_bytes_that_are_those_of_their_name_stay(payloads, caplog):
    lies_there(payloads, GOOD)
    with caplog.at_level(logging.WARNING, "visavis.collector"):
        arrives(payloads, b"others")
        arrives(payloads, GOOD)
    assert payloads.read(NAME) == GOOD
    assert not caplog.records


def test_a_replaced_file_leaves_nothing_beside_it_and_is_read_by_its_owner_alone(tmp_path):
    payloads = FolderPayloads(tmp_path)
    lies_there(payloads, OTHERS["cut"])
    arrives(payloads, GOOD)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file.stat().st_mode & 0o077 == 0


def test_what_cannot_be_replaced_is_not_called_kept(tmp_path):
    (tmp_path / NAME).mkdir(parents=True)
    payloads = FolderPayloads(tmp_path)
    with pytest.raises(OSError, match="directory"):
        arrives(payloads, GOOD)
