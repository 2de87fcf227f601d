"""The log as static files: whoever has them and the log's key needs nothing else of this side."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.archive.layout import FolderError, Layout
from central.archive.rows import LeafRow, LogRow
from central.archive.storage import open_database
from central.auditor.log_copy import verify_copy
from central.authority.policies import Policies
from central.collector import log_copy as module
from central.collector.keys import PolicyShelf
from central.collector.log_copy import Published, publish
from central.collector.server import load_keys
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import frontier_of, leaf_hash
from kiosk.crypto.notes import sign_note
from kiosk.domain.ids import DeviceId
from kiosk.ports import OutboxState
from kiosk.sync.logs import log_key_of
from tests.fakes.central_side import ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.witnessed_side import WitnessedSide, until

DEVICE = DeviceId("dev-x")


class Side:
    """A central side whose log is given leaves; its copy lies beside it."""

    def __init__(self, folder: Path) -> None:
        self.data = founded(folder / "central")
        self.copy = folder / "copy"
        self.layout = Layout(self.data)
        self.shelf = PolicyShelf(load_keys(self.layout).root_public)

    @property
    def log(self):
        return log_key_of(Policies(self.layout).in_force())

    def grow(self, *words: bytes) -> None:
        """Append leaves, sign the state."""
        origin, key = self.log.origin, load_keys(self.layout).log
        database = open_database(self.layout)
        with database.writing() as ledger:
            held = ledger.log()
            start = 0 if held is None else held.size
            ledger.add_leaves(
                [
                    LeafRow(number, DEVICE, number, word, leaf_hash(word))
                    for number, word in enumerate(words, start)
                ]
            )
            tree = frontier_of(ledger.leaf_hashes())
            state = Checkpoint(origin, tree.size, tree.root())
            note = sign(state, key)
            ledger.put_log(LogRow(tree.size, tree.hashes, note))
        database.close()

    def publish(self) -> Published:
        database = open_database(self.layout)
        try:
            with database.reading() as ledger:
                return publish(ledger, self.shelf, self.copy, datetime.now(UTC))
        finally:
            database.close()

    def problems(self, **how) -> tuple[str, ...]:
        return verify_copy(self.copy, self.log, **how).problems


@pytest.fixture
def side(tmp_path) -> Side:
    return Side(tmp_path)


def words(start: int, end: int) -> list[bytes]:
    return [f'{{"leaf":{number}}}'.encode() for number in range(start, end)]


def test_a_copy_grows_with_the_log_and_holds(side):
    side.grow(*words(0, 300))
    assert side.publish() == Published(size=300, before=0, files=5)
    assert side.problems() == ()
    side.grow(*words(300, 520))
    assert side.publish().before == 300
    assert side.publish().files == 0, "nothing is new"
    assert side.problems() == ()


def test_its_files_are_those_of_the_specification(side):
    """Recomputed with nothing of ours."""
    side.grow(*words(0, 257))
    side.publish()
    leaves = [hashlib.sha256(b"\0" + word).digest() for word in words(0, 257)]
    level = leaves[:256]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [hashlib.sha256(b"\1" + left + right).digest() for left, right in pairs]
    tile = side.copy / "tile"
    assert (tile / "0/000").read_bytes() == b"".join(leaves[:256])
    assert (tile / "0/001.p/1").read_bytes() == leaves[256]
    assert (tile / "1/000.p/1").read_bytes() == level[0]
    last = words(256, 257)[0]
    assert (tile / "entries/001.p/1").read_bytes() == len(last).to_bytes(2, "big") + last
    assert sorted(str(p.relative_to(side.copy)) for p in side.copy.rglob("*") if p.is_file()) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/1",
    ]


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "checkpoint"]
)
@pytest.mark.parametrize("spoil", [changed, Path.unlink])
def test_whatever_is_changed_or_gone_is_named(side, name, spoil):
    side.grow(*words(0, 300))
    side.publish()
    spoil(side.copy / name)
    assert side.problems()


def test_a_state_of_more_leaves_than_anybody_has_is_refused_soon(side):
    """Signed by the log itself."""
    side.grow(*words(0, 3))
    side.publish()
    origin, key = side.log.origin, load_keys(side.layout).log
    (side.copy / "checkpoint").write_text(sign(Checkpoint(origin, 10**18, bytes(32)), key))
    assert len(side.problems()) == 20
    body = f"{origin}\n{'9' * 5000}\n{b64encode(bytes(32)).decode()}\n"
    (side.copy / "checkpoint").write_text(sign_note(body, origin, key))
    assert side.problems() == ("checkpoint: not signed by this log",)


def test_a_bundle_that_was_cut_is_named(side):
    side.grow(*words(0, 3))
    side.publish()
    path = side.copy / "tile/entries/000.p/3"
    path.write_bytes(path.read_bytes()[:-1])
    assert "tile/entries/000.p/3: cut" in side.problems()


def test_a_state_that_was_kept_must_be_the_beginning(side, tmp_path):
    side.grow(*words(0, 3))
    side.publish()
    kept = (side.copy / "checkpoint").read_text()
    side.grow(*words(3, 9))
    side.publish()
    assert side.problems(seen=[kept]) == ()
    later = (side.copy / "checkpoint").read_text()
    other = Side(tmp_path / "other")
    rewritten = sign(Checkpoint(side.log.origin, 3, bytes(32)), load_keys(side.layout).log)
    assert side.problems(seen=[rewritten]) == ("another history was signed before, at 3 leaves",)
    assert side.problems(seen=[rewritten, kept]) == side.problems(seen=[kept, rewritten])
    assert side.problems(seen=[rewritten, kept]), "of two states of one size, one is not true"
    foreign = sign(Checkpoint("another.log", 3, bytes(32)), load_keys(other.layout).log)
    assert side.problems(seen=[foreign]) == ("a checkpoint that was kept is not of this log",)
    (side.copy / "checkpoint").write_text(kept)
    assert side.problems(seen=[later]) == ("a state of 9 leaves was signed, and 3 are here",)


def test_a_log_that_was_rewritten_or_put_back_is_not_copied_over_what_was_published(side):
    side.grow(*words(0, 3))
    side.publish()
    kept = (side.copy / "checkpoint").read_bytes()
    longer = sign(Checkpoint(side.log.origin, 4, bytes(32)), load_keys(side.layout).log)
    (side.copy / "checkpoint").write_text(longer)
    with pytest.raises(FolderError, match="4 leaves, and the log shows 3"):
        side.publish()
    rewritten = sign(Checkpoint(side.log.origin, 2, bytes(32)), load_keys(side.layout).log)
    (side.copy / "checkpoint").write_text(rewritten)
    with pytest.raises(FolderError, match="another history"):
        side.publish()
    (side.copy / "checkpoint").write_bytes(kept)
    assert side.publish().files == 0


def test_a_folder_that_holds_something_else_is_left_alone(side, tmp_path):
    side.grow(*words(0, 1))
    side.copy.mkdir()
    (side.copy / "photo.jpg").touch()
    with pytest.raises(FolderError, match="something else"):
        side.publish()
    other = Side(tmp_path / "other")
    other.grow(*words(0, 1))
    other.copy = tmp_path / "fresh"
    other.publish()
    side.copy = other.copy
    with pytest.raises(FolderError, match="another log"):
        side.publish()


def test_a_copy_that_was_stopped_before_its_first_checkpoint_is_begun_again(side, monkeypatch):
    side.grow(*words(0, 3))
    write = module._write

    def cut(path, data):
        if path.name == "checkpoint":
            path.with_name(".checkpoint.new").write_bytes(data[:5])
            raise OSError(errno.EIO, "the power went")
        write(path, data)

    monkeypatch.setattr(module, "_write", cut)
    with pytest.raises(OSError, match="power"):
        side.publish()
    monkeypatch.undo()
    side.grow(*words(3, 9))
    assert side.publish().size == 9
    assert side.problems() == ()


def test_the_names_of_new_folders_are_durable_before_the_checkpoint_is_there(side, monkeypatch):
    synced = []

    def sync(folder):
        synced.append(str(folder.relative_to(side.copy.parent)))
        assert not (side.copy / "checkpoint").exists() or folder == side.copy

    monkeypatch.setattr(module, "sync_folder", sync)
    side.grow(*words(0, 257))
    side.publish()
    assert {".", "copy", "copy/tile", "copy/tile/0", "copy/tile/0/001.p"} <= set(synced)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_leaves SET data = x'7b7d' WHERE seq = 1",
        "DELETE FROM log_nodes WHERE level = 8",
        "DELETE FROM log_leaves WHERE seq = 256",
    ],
)
def test_a_log_that_was_altered_here_is_not_published(side, statement):
    side.grow(*words(0, 257))
    database = sqlite3.connect(side.layout.database)
    assert database.execute(statement).rowcount > 0
    database.commit()
    database.close()
    with pytest.raises(FolderError, match="not the ones that were signed"):
        side.publish()
    assert not (side.copy / "checkpoint").exists()


def test_before_the_first_record_there_is_nothing_to_publish(side):
    with pytest.raises(FolderError, match="nothing was received yet"):
        side.publish()


@pytest.mark.process
def test_by_command_beside_the_running_collector(tmp_path):
    with serving(founded(tmp_path / "central")) as running:
        device = EnrolledDevice().enrol(running.enrol_code())
        for _ in range(2):
            device.seal()
        assert device.delivery.run_once().stored == 2
        copy = tmp_path / "copy"
        told = ask("log", "publish", copy, "--data", running.data)
        assert (told["size"], told["before"]) == (2, 0)
        key = ask("witness", "log", "--data", running.data)["log_key"]
    leaves = (copy / "tile/entries/000.p/2").read_bytes()
    assert device.identity.device_id.encode() in leaves
    assert ask("log", "check-copy", copy, "--key", key) == {
        "verified": True,
        "size": 2,
        "problems": [],
    }
    kept = tmp_path / "kept"
    kept.write_bytes((copy / "checkpoint").read_bytes())
    changed(copy / "tile/0/000.p/2")
    told = central("log", "check-copy", copy, "--key", key, "--seen", kept, check=False)
    assert told.returncode == 1
    assert told.stdout.splitlines() == ["WRONG tile/0/000.p/2: other hashes", "NOT verified"]
    told = central("log", "check-copy", copy, "--key", "no+key", check=False)
    assert told.returncode == 2
    assert "not the verifier key of a log" in " ".join(told.stderr.split())


@pytest.mark.process
def test_where_witnesses_are_demanded_only_what_they_cosigned_is_published(tmp_path):
    side = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    copy, data = tmp_path / "copy", side.data
    with side.running(awake=()) as running:
        device = EnrolledDevice().enrol(running.enrol_code())
        seq, _ = device.seal()
        device.delivery.run_once()
        told = central("log", "publish", copy, "--data", data, check=False)
        assert told.returncode == 3
        assert "enough witnesses" in " ".join(told.stderr.split())
        assert not copy.exists()
        with side.parties[0].serving():
            assert until(lambda: device.delivery.run_once().stored)
            assert device.row(seq).state is OutboxState.STORED
            assert ask("log", "publish", copy, "--data", data)["size"] == 1
    key = ask("witness", "log", "--data", data)["log_key"]
    cosigner = side.parties[0].cosigner.text()
    with_quorum = ("--key", key, "--witness", cosigner, "--quorum", "1")
    assert ask("log", "check-copy", copy, *with_quorum)["verified"]
    note = (copy / "checkpoint").read_text()
    lines = [line for line in note.splitlines(keepends=True) if "witness.test" not in line]
    (copy / "checkpoint").write_text("".join(lines))
    told = central("log", "check-copy", copy, *with_quorum, "--json", check=False)
    assert told.returncode == 1
    assert json.loads(told.stdout)["problems"] == ["checkpoint: fewer than 1 of these witnesses"]
