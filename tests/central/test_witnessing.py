"""Witnesses end to end: real witnesses, a real collector, real devices.

What they are for: whoever runs the collector holds its log key and its database, and still cannot
make a device delete a record that another history does not have. Source: records-and-sync section
3, row 7, and section 8, case 13.
"""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from central.archive.layout import Layout, read_key
from central.archive.storage import Storage
from central.auditor.histories import Histories
from central.authority.founding import LOCAL_HOSTS, found
from central.collector.couriers import open_couriers
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import frontier_of, leaf_hash
from kiosk.audit.witnesses import Quorum
from kiosk.crypto.cosignatures import cosign
from kiosk.crypto.signing import SigningKey
from kiosk.ports import LinkAnswer, OutboxState
from kiosk.services.courier import Courier, CourierSummary
from kiosk.services.receipts_kept import RECEIPT_PREFIX, KeptReceipt
from kiosk.sync.messages import ReceiptPage, decode, encode
from kiosk.transport.folder_link import FolderLinks
from tests.fakes.central_side import ask, central, serving
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.stores import postgres
from tests.fakes.witness_process import ask_witness, witness
from tests.fakes.witnessed_side import WitnessedSide, until

pytestmark = pytest.mark.process


def kept_note(device: EnrolledDevice, seq: int) -> str:
    with device.store.begin() as uow:
        stored = uow.values.get(f"{RECEIPT_PREFIX}{seq:012d}")
    return msgspec.json.decode(stored, type=KeptReceipt).checkpoint


def stored_in_the_end(device: EnrolledDevice, seq: int) -> bool:
    """Nobody does anything but deliver again."""

    def stored() -> bool:
        device.delivery.run_once()
        return device.row(seq).state is OutboxState.STORED

    return until(stored)


def test_a_receipt_bears_the_witness_and_lets_go(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    with fleet.running() as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = device.seal()
        # One delivery is enough: the collector asks while the device waits for its receipts.
        summary = device.delivery.run_once()
        assert (summary.stored, summary.purged, summary.failed) == (1, 1, 0)
        assert Quorum((fleet.parties[0].cosigner,), 1).met_by(kept_note(device, seq))
        for _ in range(3):
            device.seal()
            assert device.delivery.run_once().purged == 1
        # The deletions are journal entries of their own; then everything is at rest.
        device.delivery.run_once()
    report = Histories(fleet.layout).verify()
    assert report.verified
    assert report.complete
    assert (report.witnesses.states, report.witnesses.witnessed) == (4, 4)
    told = ask("witness", "list", "--data", fleet.data)
    assert (told["quorum"], told["log_size"]) == (1, 4)
    assert (told["witnesses"][0]["size"], told["witnesses"][0]["trouble"]) == (4, "")


def test_with_a_quorum_of_two_one_witness_down_holds_receipts_back_until_it_is_there(
    tmp_path: Path,
):
    fleet = WitnessedSide.made(tmp_path, parties=2, quorum=2)
    with fleet.running(awake=[0]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        seqs = [device.seal()[0] for _ in range(3)]
        for _ in range(2):
            summary = device.delivery.run_once()
            assert (summary.stored, summary.purged, summary.failed) == (0, 0, 0)
        # Everything was taken in; nothing is refused, nothing is let go.
        with side.ledger() as ledger:
            assert all(ledger.sealed(device.identity.device_id, seq) for seq in seqs)
        assert all(device.has_blob(seq) for seq in seqs)
        assert {device.row(seq).state for seq in seqs} == {OutboxState.UNCONFIRMED}
        told = ask("witness", "list", "--data", fleet.data)["witnesses"]
        assert [one["trouble"] for one in told] == ["", "unreachable"]
        gaps = ask_gaps(fleet)
        assert gaps["log"] == ["log: 3 leaves wait for 2 witnesses"]
        with fleet.parties[1].serving():
            assert stored_in_the_end(device, seqs[-1])
        assert not any(device.has_blob(seq) for seq in seqs)
        assert ask("witness", "list", "--data", fleet.data)["witnesses"][1]["trouble"] == ""
    assert Histories(fleet.layout).verify().verified


def ask_gaps(fleet: WitnessedSide) -> dict:
    done = central("audit", "gaps", "--data", fleet.data, "--json", check=False)
    return msgspec.json.decode(done.stdout)["gaps"]


def test_with_a_quorum_of_one_of_two_either_is_enough(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=2, quorum=1)
    with fleet.running(awake=[1]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        assert device.delivery.run_once().purged == 1


def test_without_a_quorum_everything_is_as_before_and_cosignatures_come_along(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=0)
    with fleet.running(awake=[]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        assert device.delivery.run_once().purged == 1
    with fleet.running() as side:
        device.identity = replace(device.identity, url=side.url)
        with device.store.begin() as uow:
            uow.values.put("central/identity", msgspec.json.encode(device.identity))
            uow.commit()
        seq, _ = device.seal()
        assert stored_in_the_end(device, seq)
        fleet.policy({"witnesses.quorum": "1"})
        later, _ = device.seal()
        assert stored_in_the_end(device, later)
        assert Quorum((fleet.parties[0].cosigner,), 1).met_by(kept_note(device, later))


def test_a_quorum_that_comes_later_counts_before_anything_more_is_deleted(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=0)
    fleet.policy({"retention.blob_grace_hours": "1"})
    with fleet.running(awake=[]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = device.seal()
        assert device.delivery.run_once().stored == 1
        fleet.policy({"witnesses.quorum": "1"})
        device.clock.advance(seconds=2 * 3600)
        device.delivery.run_once()
        device.delivery.run_once()
        # Its grace is over, its receipt is good by the rules of yesterday, and it stays.
        assert device.has_blob(seq)
        with fleet.parties[0].serving():
            assert until(lambda: device.delivery.run_once().purged == 1)
    assert Quorum((fleet.parties[0].cosigner,), 1).met_by(kept_note(device, seq))


# --- who cannot be fooled -------------------------------------------------------------------------


def changed_pages(change):
    def trouble(call: Call) -> LinkAnswer:
        answer = call.go()
        if "/receipts" not in call.path:
            return answer
        page = decode(answer.body, ReceiptPage)
        note = change(page.checkpoint)
        return replace(answer, body=encode(msgspec.structs.replace(page, checkpoint=note)))

    return trouble


def test_a_collector_that_leaves_witnesses_out_or_makes_them_up_gets_nothing_deleted(
    tmp_path: Path,
):
    fleet = WitnessedSide.made(tmp_path, parties=2, quorum=2)
    first = fleet.parties[0].cosigner
    stranger = SigningKey.generate()

    def without(note: str) -> str:
        head, _, lines = note.rpartition("\n\n")
        return (
            head
            + "\n\n"
            + "".join(f"{line}\n" for line in lines.splitlines() if first.name not in line)
        )

    def body(note: str) -> str:
        return note.rpartition("\n\n")[0] + "\n"

    forgeries = {
        "left out": without,
        "made up": lambda n: without(n) + cosign(body(n), first.name, stranger, 1_790_000_000),
        "another name": lambda n: without(n) + cosign(body(n), "w.test/x", stranger, 1),
        "one of them twice": lambda n: without(n) + n.splitlines(keepends=True)[-1],
    }
    with fleet.running() as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = device.seal()
        for name, change in forgeries.items():
            device.links.trouble = changed_pages(change)
            summary = device.delivery.run_once()
            assert (summary.stored, summary.failed, summary.purged) == (0, 1, 0), name
            assert (device.row(seq).state, device.row(seq).reason) == (
                OutboxState.UNCONFIRMED,
                "SYNC-031",
            )
        device.links.trouble = Call.go
        assert device.delivery.run_once().purged == 1


def rewrite(fleet: WitnessedSide, *, hide: bool) -> None:
    """What whoever runs the collector can do: change a leaf, and sign the log anew."""
    key = read_key(fleet.layout.log_key)
    with closing(sqlite3.connect(fleet.layout.database)) as database, database:
        leaves = [
            leaf for (leaf,) in database.execute('SELECT hash FROM log_leaves ORDER BY "index"')
        ]
        (data,) = database.execute('SELECT data FROM log_leaves WHERE "index" = 0').fetchone()
        data = data.replace(b'"storage":"filesystem"', b'"storage":"elsewhere"')
        leaves[0] = leaf_hash(data)
        database.execute(
            'UPDATE log_leaves SET data = ?, hash = ? WHERE "index" = 0', (data, leaves[0])
        )
        tree = frontier_of(leaves)
        (note,) = database.execute("SELECT checkpoint FROM log_state").fetchone()
        origin = note.partition("\n")[0]
        signed = sign(Checkpoint(origin, tree.size, tree.root()), key)
        database.execute(
            "UPDATE log_state SET frontier = ?, checkpoint = ?", (b"".join(tree.hashes), signed)
        )
        if hide:
            database.execute("DELETE FROM cosignatures")
            database.execute("DELETE FROM cosigned_checkpoints")


@pytest.mark.parametrize("hide", [False, True])
def test_a_rewritten_log_gets_no_cosignature_and_lets_no_new_device_delete(
    tmp_path: Path, hide: bool
):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    with fleet.running() as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        assert device.delivery.run_once().purged == 1
    notes = tmp_path / "notes"
    witness("show", "--data", fleet.parties[0].data, "--notes", notes)
    (handed_over,) = notes.iterdir()
    assert ask("witness", "check", handed_over, "--data", fleet.data)["agrees"] is True
    rewrite(fleet, hide=hide)
    with fleet.running() as side:
        # A device that has seen nothing yet: only the witness stands between it and the lie.
        other = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = other.seal()
        for _ in range(2):
            summary = other.delivery.run_once()
            assert (summary.stored, summary.purged) == (0, 0)
        assert other.has_blob(seq)
        assert until(lambda: trouble_of_the_first(fleet) == "another-history")
    report = Histories(fleet.layout).verify()
    # The device that knew the true log said so in its journal, hidden rows or not; with a journal
    # that is hidden as well, only the witness is left.
    assert not report.verified
    assert report.witnesses.problems == (
        () if hide else ("log at 1 leaves: a witness vouched for another history of this log",)
    )
    done = central("witness", "check", handed_over, "--data", fleet.data, check=False)
    assert done.returncode == 1
    assert "another history" in done.stdout
    kinds = [
        one["kind"] for one in ask_witness("show", "--data", fleet.parties[0].data)["suspicions"]
    ]
    assert kinds
    assert set(kinds) <= {"fork", "unproven"}


def test_a_log_that_was_cut_short_is_named(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    with fleet.running() as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.delivery.run_once()
        shutil.copy(fleet.layout.database, tmp_path / "older.db")
        device.seal()
        assert device.delivery.run_once().purged == 1
    witness("show", "--data", fleet.parties[0].data, "--notes", tmp_path / "notes")
    (handed_over,) = (tmp_path / "notes").iterdir()
    for left in fleet.layout.collector.glob("collector.db*"):
        left.unlink()
    shutil.copy(tmp_path / "older.db", fleet.layout.database)
    done = central("witness", "check", handed_over, "--data", fleet.data, check=False)
    assert (done.returncode, "not here any more" in done.stdout) == (1, True)
    handed_over.write_text("nonsense")
    done = central("witness", "check", handed_over, "--data", fleet.data, "--json", check=False)
    assert (done.returncode, '"agrees": false' in done.stdout) == (1, True)


# --- witnesses that come and go -------------------------------------------------------------------


def test_a_witness_killed_and_started_again_goes_on_by_itself(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    with fleet.running(awake=[]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        for _ in range(3):
            with fleet.parties[0].serving() as running:
                seq, _ = device.seal()
                assert stored_in_the_end(device, seq)
                running.kill()
            held, _ = device.seal()
            assert device.delivery.run_once().stored == 0
            assert device.has_blob(held)
        with fleet.parties[0].serving():
            assert stored_in_the_end(device, held)


def test_a_witness_put_back_from_a_copy_is_led_on_and_told_of(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    party = fleet.parties[0]
    with fleet.running(awake=[]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        with party.serving():
            seq, _ = device.seal()
            assert stored_in_the_end(device, seq)
        shutil.copytree(party.data, tmp_path / "copy")
        with party.serving():
            for _ in range(4):
                seq, _ = device.seal()
                assert stored_in_the_end(device, seq)
        shutil.rmtree(party.data)
        shutil.copytree(tmp_path / "copy", party.data)
        with party.serving():
            seq, _ = device.seal()
            assert stored_in_the_end(device, seq)
    (question,) = ask_gaps(fleet)["log"]
    assert question.startswith("witness witness.test/w0: its memory was put back, noted ")
    assert Histories(fleet.layout).verify().verified


def test_a_new_witness_joins_a_log_that_is_not_new(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    with fleet.running() as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        for _ in range(3):
            device.seal()
        assert device.delivery.run_once().purged == 3
    fleet.parties = (*fleet.parties, fleet.party(tmp_path, "late"))
    keys = ",".join(party.cosigner.text() for party in fleet.parties)
    fleet.policy({"witnesses.keys": keys, "witnesses.quorum": "2"})
    with fleet.running() as side:
        other = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = other.seal()
        assert stored_in_the_end(other, seq)
        assert Quorum(tuple(p.cosigner for p in fleet.parties), 2).met_by(kept_note(other, seq))


def test_a_policy_of_a_coming_day_is_served_before_and_holds_nothing_back(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=0)
    with fleet.running(awake=[]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        day = (device.clock.now() + timedelta(days=9)).date().isoformat()
        fleet.policy({"witnesses.quorum": "1", "valid_from": day})
        device.seal()
        assert device.delivery.run_once().purged == 1
        with fleet.parties[0].serving():
            # It was away: it is asked again after a pause, and until then nobody waits for it.
            assert until(lambda: trouble_of_the_first(fleet) == "")
            seq, _ = device.seal()
            assert stored_in_the_end(device, seq)
            assert Quorum((fleet.parties[0].cosigner,), 1).met_by(kept_note(device, seq))


def trouble_of_the_first(fleet: WitnessedSide) -> str:
    return ask("witness", "list", "--data", fleet.data)["witnesses"][0]["trouble"]


def test_two_processes_over_postgresql_share_their_witnesses(tmp_path: Path):
    data = tmp_path / "central"
    with postgres() as database:
        found(
            Layout(data),
            LOCAL_HOSTS,
            "idp.test",
            datetime.now(UTC),
            demonstration=False,
            storage=Storage(database.url),
        )
        fleet = WitnessedSide.over(data, tmp_path, parties=2, quorum=2)
        with fleet.running() as one, serving(data) as other:
            devices = [EnrolledDevice().enrol(side.enrol_code()) for side in (one, other)]
            for _ in range(5):
                for device in devices:
                    seq, _ = device.seal()
                    assert stored_in_the_end(device, seq)
            one.process.kill()
            seq, _ = devices[1].seal()
            assert stored_in_the_end(devices[1], seq)
        report = Histories(fleet.layout).verify()
        assert report.verified
        assert (report.witnesses.witnessed, report.witnesses.problems) == (11, ())
        assert report.witnesses.questions == ()


def test_what_comes_back_on_a_stick_needs_the_witnesses_as_well(tmp_path: Path):
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    stick = tmp_path / "stick"
    stick.mkdir()

    def carried(device: EnrolledDevice) -> CourierSummary:
        """To the central side and back."""
        links = FolderLinks(device.clock)
        courier = Courier(device.store, device.journal, links, device.keys, device.clock)
        courier.give(stick)
        with open_couriers(fleet.layout, lambda: datetime.now(UTC)) as couriers:
            asyncio.run(couriers.run(stick, give=True))
        return courier.take(stick)

    with fleet.running(awake=[]) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        assert device.delivery.run_once().reason == ""
        seq, _ = device.seal()
        done = carried(device)
        assert (done.stored, done.purged, device.has_blob(seq)) == (0, 0, True)
        with fleet.parties[0].serving():
            assert carried(device).purged == 1
    assert Quorum((fleet.parties[0].cosigner,), 1).met_by(kept_note(device, seq))
