"""Eight ways to make a record disappear, each on a real file with a real collector, each noticed.

The thief holds the key of the vault and the signing key of the device, and may run any statement.
Each test names the alarm that the attack raises: an entry of the journal, a finding of the device,
an alarm of the collector, a finding of the auditor. Source: records-and-sync section 3, rows 4 and
7; what no cryptography sees is named there too (docs/decisions/0018).
"""

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from central.archive.layout import Layout, read_key
from central.auditor.histories import Histories
from kiosk.audit.checkpoint import Checkpoint, open_note, sign, slip_code
from kiosk.audit.entries import EntryKind, entry_leaf, lost_entry, make_entry, open_entry
from kiosk.audit.tree import frontier_of
from kiosk.crypto.digests import b64u
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import VaultCorruptError
from kiosk.ports import LinkAnswer, OutboxState
from kiosk.services.custody import Missing
from kiosk.services.fleet import LOG_CHECKPOINT
from kiosk.services.losses import Loss
from kiosk.sync.messages import ReceiptPage, decode, encode
from tests.fakes.central_side import CentralSide, central, founded, serving
from tests.fakes.enrolled import Call
from tests.fakes.field import FieldDevice, alarms, audited, problems, questions

# ruff: noqa: S608 - every statement is put together from our own names and numbers
pytestmark = pytest.mark.process
LATER = datetime.now(UTC) + timedelta(days=10)


@pytest.fixture
def side(tmp_path: Path):
    with serving(founded(tmp_path / "central")) as running:
        yield running


@pytest.fixture
def device(side: CentralSide, tmp_path: Path):
    """A device with three sealed visits, not sent yet."""
    folder = tmp_path / "device"
    folder.mkdir()
    device = FieldDevice(folder).enrol(side.enrol_code())
    for number in range(3):
        device.visit(number)
        device.clock.advance(seconds=600)
    yield device
    device.store.close()


def of_record(device: FieldDevice, number: int = 0) -> int:
    """Entry of a sealed record."""
    return [h.seq for h in device.headers() if h.record_id][number]


def test_an_untouched_device_raises_no_alarm(side: CentralSide, device: FieldDevice):
    assert device.send().stored == 3
    report = audited(side)
    assert report.verified
    assert report.complete
    assert alarms(side, device) == []
    assert device.losses() == ()
    assert device.anchor.check()


# --- 1: an entry ----------------------------------------------------------------------------------


def test_1_a_deleted_entry_is_named_by_the_device_and_by_the_collector(
    side: CentralSide, device: FieldDevice
):
    seq = of_record(device, 1)
    device.tampered(
        f"DELETE FROM journal_leaves WHERE seq = {seq}",
        f"DELETE FROM outbox WHERE seq = {seq}",
        f"DELETE FROM blobs WHERE seq = {seq}",
        f"DELETE FROM journal WHERE seq = {seq}",
    )
    found = device.verify()
    assert {(p.seq, p.what) for p in found.problems} >= {(seq, "number"), (seq, "chain")}
    assert device.send().reason == "SYNC-003"
    assert alarms(side, device) == [("broken-journal", 0)]
    assert any("broken-journal" in problem for problem in problems(audited(side), device))


def test_1_a_deleted_entry_that_was_sent_already_is_a_fork(side: CentralSide, device: FieldDevice):
    device.send()
    seq = of_record(device, 1)
    device.tampered(
        f"DELETE FROM journal_leaves WHERE seq = {seq}",
        f"DELETE FROM outbox WHERE seq = {seq}",
        f"DELETE FROM journal WHERE seq = {seq}",
    )
    assert device.send().reason == "SYNC-004"
    assert "restore_detected" in device.kinds()
    assert alarms(side, device) == [("fork", seq)]


def test_1_an_entry_changed_after_it_was_sent_is_a_fork(side: CentralSide, device: FieldDevice):
    device.send()
    seq = of_record(device, 1) - 1
    header = device.headers()[seq]
    other = replace(header, facts={**header.facts, "procedure": "another"})
    jws = make_entry(other, bytes(32), device.key)
    device.tampered(f"UPDATE journal SET jws = '{jws}' WHERE seq = {seq}")
    assert not device.verify().verified
    assert device.send().reason == "SYNC-004"
    assert alarms(side, device) == [("fork", seq)]


def test_1_entries_signed_anew_behind_a_deleted_one_miss_its_ratchet(
    side: CentralSide, device: FieldDevice
):
    """The strongest thief: the rest of the journal numbered, chained and signed again."""
    seq = of_record(device, 1)
    with device.stolen() as vault:
        _rewrite_without(vault, device, seq)
    device.restart()
    assert device.verify().verified, "nobody without the first ratchet key sees it"
    device.send()
    assert f"entry {seq}: ratchet" in problems(audited(side), device)


def _rewrite_without(vault: dbapi2.Connection, device: FieldDevice, dropped: int) -> None:
    """Everything that the device's key alone can do."""
    rows = vault.execute("SELECT seq, jws FROM journal ORDER BY seq").fetchall()
    vault.execute("PRAGMA foreign_keys = OFF")
    for table in ("journal_leaves", "outbox", "blobs"):
        vault.execute(f"DELETE FROM {table} WHERE seq = {dropped}")
    vault.execute(f"DELETE FROM journal WHERE seq >= {dropped}")
    kept = [jws for seq, jws in rows if seq < dropped]
    for old in (jws for seq, jws in rows if seq > dropped):
        header = open_entry(old, device.key.public)
        root = b64u(frontier_of(map(entry_leaf, kept)).root())
        moved = replace(header, seq=len(kept), prev_root=root)
        jws = make_entry(moved, b"not the key of that moment......", device.key)
        vault.execute(
            "INSERT INTO journal (seq, kind, record_id, wall_claimed, jws) VALUES (?, ?, ?, ?, ?)",
            (moved.seq, moved.kind, moved.record_id, moved.wall_claimed, jws),
        )
        for table in ("journal_leaves", "outbox", "blobs"):
            vault.execute(f"UPDATE {table} SET seq = {moved.seq} WHERE seq = {header.seq}")
        kept.append(jws)
    vault.execute("DELETE FROM journal_frontier")
    hashes = frontier_of(map(entry_leaf, kept)).hashes
    vault.executemany("INSERT INTO journal_frontier VALUES (?, ?)", list(enumerate(hashes)))


# --- 2, 3: a row, a chunk -------------------------------------------------------------------------


def test_2_a_deleted_row_is_journalled_as_damage_and_the_record_is_sent_all_the_same(
    side: CentralSide, device: FieldDevice
):
    seq = of_record(device)
    device.tampered(f"DELETE FROM outbox WHERE seq = {seq}")
    assert device.losses() == (Missing(seq, Loss.ROW),)
    device.send()
    device.send()
    assert device.send().reason == ""
    assert [row.state for row in device.rows()] == [OutboxState.STORED] * 3
    (damage,) = [h for h in device.headers() if h.kind is EntryKind.DAMAGE]
    assert damage.facts == {"seq": seq, "what": "row"}
    assert any(f"entry {damage.seq}: the device says damage" in q for q in _asked(side, device))


def _asked(side: CentralSide, device: FieldDevice):
    return questions(audited(side, LATER), device)


def test_2_a_row_and_its_record_deleted_together_are_missed_by_the_auditor(
    side: CentralSide, device: FieldDevice
):
    seq = of_record(device)
    device.tampered(f"DELETE FROM outbox WHERE seq = {seq}", f"DELETE FROM blobs WHERE seq = {seq}")
    for _ in range(3):
        device.send()
    kinds = [(h.facts["seq"], h.facts["what"]) for h in device.headers() if h.kind == "damage"]
    assert kinds == [(seq, "row"), (seq, "blob")]
    assert f"record {seq}: announced and never received" in _asked(side, device)


def test_3_a_deleted_chunk_is_journalled_as_damage_and_holds_up_nothing_else(
    side: CentralSide, device: FieldDevice
):
    seq = of_record(device)
    device.tampered(f"DELETE FROM blobs WHERE seq = {seq} AND chunk = 0")
    assert device.losses() == (Missing(seq, Loss.BLOB),)
    summary = device.send()
    assert (summary.stored, summary.failed) == (2, 1)
    (damage,) = [h for h in device.headers() if h.kind is EntryKind.DAMAGE]
    assert damage.facts == {"seq": seq, "what": "blob"}
    assert f"record {seq}: announced and never received" in _asked(side, device)


def test_3_a_changed_chunk_is_named_as_altered(side: CentralSide, device: FieldDevice):
    seq = of_record(device)
    device.tampered(f"UPDATE blobs SET data = zeroblob(length(data)) WHERE seq = {seq}")
    assert device.losses() == (Missing(seq, Loss.ALTERED),)
    assert device.custody.note(device.losses()) == 1
    assert device.custody.note(device.losses()) == 0, "told once"
    assert device.headers()[-1].facts == {"seq": seq, "what": "altered"}
    assert device.send().failed == 1


# --- 4: a file ------------------------------------------------------------------------------------


def test_4_a_deleted_vault_is_not_begun_anew(tmp_path: Path):
    from kiosk.bootstrap import build
    from kiosk.paths import Paths
    from tests.fakes.key_stores import MemoryKeyStore

    paths, keys = Paths.of_device(tmp_path / "data"), MemoryKeyStore()
    build(paths, keys=keys).close()
    for file in paths.data.glob("vault.db*"):
        file.unlink()
    with pytest.raises(VaultCorruptError):
        build(paths, keys=keys)


def test_4_a_deleted_log_beside_the_vault_is_an_older_history(
    side: CentralSide, device: FieldDevice, tmp_path: Path
):
    """What SQLite had not folded yet is gone with ``-wal``: the vault opens, one day younger."""
    device.send()
    (copy := tmp_path / "without-log").mkdir()
    image = device.image("day")
    device.visit(7)
    device.send()
    for name in ("vault.db", "vault.db.keycheck"):
        shutil.copy(image / name, copy / name)
    device.put_back(copy)
    assert device.send().reason == "SYNC-004"
    assert device.kinds()[-1] == "restore_detected"
    assert alarms(side, device)[0][0] == "restore"


def test_4_a_payload_deleted_at_the_collector_is_named_by_the_auditor(
    side: CentralSide, device: FieldDevice
):
    device.send()
    folder = Layout(side.data).payloads / device.identity.device_id
    min(folder.iterdir()).unlink()
    assert any("payload missing" in problem for problem in problems(audited(side), device))


# --- 5: the last entries --------------------------------------------------------------------------


def _cut(device: FieldDevice, left: int) -> list[str]:
    """The last entries are cut off, and the frontier is made to fit."""
    hashes = frontier_of(map(entry_leaf, device.entries()[:left])).hashes
    with device.stolen() as vault:
        for table in ("journal_leaves", "outbox", "blobs", "journal"):
            vault.execute(f"DELETE FROM {table} WHERE seq >= {left}")
        vault.execute("DELETE FROM journal_frontier")
        vault.executemany("INSERT INTO journal_frontier VALUES (?, ?)", list(enumerate(hashes)))
        vault.execute("DELETE FROM named_values WHERE name LIKE 'sealed/%2'")
    return device.restart().entries()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_5_the_last_entries_cut_off_before_they_were_sent_leave_a_hole_in_the_ratchet(
    side: CentralSide, device: FieldDevice, k: int
):
    left = len(device.entries()) - k
    _cut(device, left)
    assert device.verify().verified
    device.visit(9)
    assert device.send().reason == ""
    assert f"entry {left}: ratchet" in problems(audited(side), device)


def test_5_the_last_entries_cut_off_are_missed_by_the_anchor_outside_the_vault(
    device: FieldDevice,
):
    device.anchor.keep()
    size = len(device.entries())
    _cut(device, size - 2)
    assert not device.anchor.check()
    last = device.headers()[-1]
    assert (last.kind, last.facts) == ("restore_detected", {"here": size - 2, "anchored": size})
    assert device.anchor.check(), "told once"


def test_5_the_last_entries_cut_off_after_they_were_sent_are_a_restore(
    side: CentralSide, device: FieldDevice
):
    device.send()
    size = len(device.entries())
    _cut(device, size - 2)
    assert device.send().reason == "SYNC-004"
    assert device.headers()[-1].facts == {"here": size - 2, "central": size}
    assert alarms(side, device) == [("restore", size - 2)]


def test_5_a_slip_of_a_visit_that_was_cut_off_is_found_nowhere(
    side: CentralSide, device: FieldDevice
):
    lost = slip_code(frontier_of(map(entry_leaf, device.entries())).root())
    kept = slip_code(frontier_of(map(entry_leaf, device.entries()[:-3])).root())
    left = len(device.entries()) - 3
    _cut(device, left)
    device.send()
    histories = Histories(Layout(side.data))
    assert histories.find_slip(kept) == ((device.identity.device_id, left - 1),)
    assert histories.find_slip(lost) == ()
    done = central("audit", "slip", lost, "--data", side.data, "--json", check=False)
    assert (done.returncode, json.loads(done.stdout)["found"]) == (1, [])


# --- 6: an older image ----------------------------------------------------------------------------


def test_6_yesterdays_image_put_back_says_so_and_is_held_against_the_collector(
    side: CentralSide, device: FieldDevice
):
    image = device.image("yesterday")
    device.visit(5)
    device.anchor.keep()
    assert device.send().stored == 4
    device.put_back(image)
    assert not device.anchor.check()
    device.visit(5)
    assert device.send().reason == "SYNC-004"
    assert device.kinds().count("restore_detected") == 2, "by the anchor, and by the collector"
    assert alarms(side, device)[0][0] == "restore"
    assert any("another history" in problem for problem in problems(audited(side), device))


def test_6_a_receipt_put_beside_an_older_image_speaks_of_another_history(
    side: CentralSide, device: FieldDevice, tmp_path: Path
):
    """A thief who carries the receipts over, so that the records look delivered."""
    image = device.image("yesterday")
    seq = device.visit(5).seq
    device.send()
    with device.stolen() as vault:
        receipts = vault.execute(
            "SELECT name, value FROM named_values WHERE name LIKE 'central/receipt/%'"
        ).fetchall()
    device.restart().put_back(image)
    assert device.visit(6).seq == seq
    with device.stolen() as vault:
        vault.executemany("INSERT OR REPLACE INTO named_values VALUES (?, ?)", receipts)
    device.restart()
    assert Missing(seq, Loss.HISTORY) in device.losses()


# --- 7: a clone -----------------------------------------------------------------------------------


def test_7_a_clone_is_a_fork_and_both_are_quarantined_with_everything_kept(
    side: CentralSide, device: FieldDevice
):
    twin = FieldDevice(device.image("twin"), device.keys, device.clock).wire()
    device.visit(5)
    assert device.send().stored == 4
    sealed = twin.visit(6)
    assert twin.send().reason == "SYNC-004"
    assert alarms(side, device) == [("fork", sealed.seq - 1)]
    with side.ledger() as ledger:
        row = ledger.device(device.identity.device_id)
        assert row is not None
        assert row.quarantined
    with twin.store.begin() as uow:
        assert uow.blobs.get(sealed.seq) is not None
    later = device.visit(8)
    assert device.send().stored == 0
    assert device.rows()[-1].state is OutboxState.QUARANTINED
    with device.store.begin() as uow:
        assert uow.blobs.get(later.seq) is not None
    twin.store.close()


# --- 8: silence -----------------------------------------------------------------------------------


def test_8_a_visit_that_was_opened_and_never_closed_is_asked_about(
    side: CentralSide, device: FieldDevice
):
    state = device.open_visit(66)
    device.send()
    now = device.clock.now()
    assert questions(audited(side, now + timedelta(hours=30)), device) == ()
    (question,) = questions(audited(side, now + timedelta(hours=37)), device)
    assert question.startswith(f"visit {state.case_id}: opened by entry ")
    done = central("audit", "gaps", "--data", side.data, "--json", check=False)
    assert done.returncode == 0, "it is not late yet by the clock of this machine"


def test_8_a_draft_deleted_from_the_vault_hides_no_visit(side: CentralSide, device: FieldDevice):
    state = device.open_visit(66)
    device.tampered("DELETE FROM drafts")
    device.visit(67)
    device.send()
    assert [q for q in _asked(side, device) if state.case_id in q]


def test_8_every_end_of_a_visit_is_an_end_and_no_other(side: CentralSide, device: FieldDevice):
    outcomes = (*Outcome, "forgotten")
    cases = [device.open_visit(100 + n).case_id for n in range(len(outcomes))]
    for case, outcome in zip(cases, outcomes, strict=True):
        facts = {"case": case, "outcome": outcome, "sealed": False}
        device.journal.record(EntryKind.VERIFY_CLOSE, facts)
    device.journal.record(EntryKind.VERIFY_CLOSE, {"case": "f" * 32, "outcome": "refused"})
    size = len(device.entries())
    device.send()
    found = [p for p in problems(audited(side, LATER), device) if "visit" in p]
    assert found == [f"entry {size - 2}: visit outcome", f"entry {size - 1}: visit never opened"]


# --- the other side -------------------------------------------------------------------------------


def test_a_collector_that_shows_two_states_of_its_log_is_journalled_and_nothing_is_purged(
    side: CentralSide, device: FieldDevice
):
    device.send()
    with device.store.begin() as uow:
        note = uow.values.get(LOG_CHECKPOINT)
    log = device.policy.collector
    assert note is not None
    seen = open_note(note.decode(), log.origin, log.log_public)
    other = Checkpoint(log.origin, seen.size + 1, bytes(32))
    key = read_key(Layout(side.data).log_key)

    def two_faced(call: Call) -> LinkAnswer:
        answer = call.go()
        if "/receipts" not in call.path:
            return answer
        page = decode(answer.body, ReceiptPage)
        lie = sign(other, key)
        body = encode(
            ReceiptPage(receipts=page.receipts, checkpoint=lie, consistency=page.consistency)
        )
        return replace(answer, body=body)

    seq = device.visit(5).seq
    device.links.trouble = two_faced
    for _ in range(3):
        assert device.send().reason == "SYNC-005"
    with device.store.begin() as uow:
        assert uow.blobs.get(seq) is not None
    told = [h.facts for h in device.headers() if h.kind is EntryKind.SPLIT_VIEW]
    assert told == [{"seen": seen.size, "shown": other.size}]


def test_a_log_that_was_shown_to_one_device_only_is_found_by_the_auditor(
    side: CentralSide, device: FieldDevice
):
    device.send()
    assert audited(side).verified
    leaf = '"index" = (SELECT max("index") FROM log_leaves)'
    connection = sqlite3.connect(Layout(side.data).database)
    with connection:
        # The collector signs a log without the last record, as if that had never been shown.
        connection.execute(f"DELETE FROM log_leaves WHERE {leaf}")
        hashes = [h for (h,) in connection.execute('SELECT hash FROM log_leaves ORDER BY "index"')]
        tree = frontier_of(hashes)
        origin = device.policy.collector.origin
        note = sign(Checkpoint(origin, tree.size, tree.root()), read_key(Layout(side.data).log_key))
        connection.execute(
            "UPDATE log_state SET size = ?, frontier = ?, checkpoint = ?",
            (tree.size, b"".join(tree.hashes), note),
        )
    connection.close()
    assert any("split view" in problem for problem in problems(audited(side), device))


def test_a_record_that_the_collector_lost_is_journalled_and_sent_again_while_it_is_here(
    side: CentralSide, device: FieldDevice
):
    assert device.send().purged == 3, "without grace they were let go"
    central("policy", "set", "retention.blob_grace_hours=24", "--data", side.data)
    here = device.visit(5).seq
    assert device.send().purged == 0
    connection = sqlite3.connect(Layout(side.data).database)
    with connection:
        connection.execute("DELETE FROM sealed")
    connection.close()
    size = len(device.entries())
    assert device.send().stored == 1
    told = [h.facts["seq"] for h in device.headers()[size:] if h.kind is EntryKind.CENTRAL_LOSS]
    assert told == [of_record(device, n) for n in range(4)]
    device.send()
    assert device.kinds().count("central_loss") == 4, "told once"
    found = problems(audited(side), device)
    assert [p for p in found if f"record {here}:" in p] == []
    gone = of_record(device, 0)
    assert f"record {gone}: a receipt was given, the record is gone" in found


# --- after a damage -------------------------------------------------------------------------------


def test_an_entry_lost_to_a_damage_before_it_was_sent_is_an_alarm_and_holds_up_no_record(
    side: CentralSide, device: FieldDevice
):
    """As a salvage leaves it: the hash of the entry in its place, everything else whole."""
    seq = of_record(device, 1) - 1
    leaf = entry_leaf(device.entries()[seq])
    device.tampered(
        f"UPDATE journal SET jws = '{lost_entry(leaf)}', kind = 'lost' WHERE seq = {seq}"
    )
    assert device.send().stored == 3
    assert alarms(side, device) == [("lost-entry", seq)]
    found = problems(audited(side), device)
    assert f"entry {seq}: lost" in found
    assert f"alarm lost-entry at entry {seq}: lost-entry" in found
    assert not [p for p in found if "ratchet" in p], "the others prove the ratchet around it"
    device.visit(9)
    assert device.send().stored == 1


def test_an_entry_lost_to_a_damage_after_it_was_sent_is_no_fork(
    side: CentralSide, device: FieldDevice
):
    device.send()
    seq = of_record(device, 1)
    leaf = entry_leaf(device.entries()[seq])
    device.tampered(
        f"UPDATE journal SET jws = '{lost_entry(leaf)}', kind = 'lost', record_id = NULL "
        f"WHERE seq = {seq}"
    )
    device.visit(9)
    assert device.send().stored == 1
    assert audited(side).verified
