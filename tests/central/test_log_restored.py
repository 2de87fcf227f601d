"""A collector put back behind receipts that it gave, and the root's word about it.

Real devices, a real collector, real witnesses where they matter.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from central.archive.damage_rows import DamageRow
from central.archive.faults import StoreError
from central.archive.layout import Layout, read_key
from central.archive.storage import open_database, open_payloads
from central.auditor.histories import Histories
from central.auditor.journals import headers_of
from central.auditor.void_receipts import VoidReceipts
from central.authority.drafts import read_draft
from central.authority.policies import Policies
from central.authority.publishing import policy_of
from central.collector.app import Collector
from central.collector.couriers import open_couriers
from central.collector.server import load_keys
from central.collector.uploads import Uploads
from kiosk.audit.checkpoint import Checkpoint, open_note, sign
from kiosk.audit.entries import EntryKind
from kiosk.crypto.digests import b64u
from kiosk.crypto.notes import parse_verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId
from kiosk.ports import OutboxState
from kiosk.services.courier import Courier
from kiosk.services.fleet import LOG_CHECKPOINT, POLICY, require_membership
from kiosk.services.receipts_kept import RECEIPT_PREFIX, VOID_PREFIX
from kiosk.sync.policy import Policy, sign_policy
from kiosk.transport.folder_link import FolderLinks
from tests.central.test_thresholds import Signers
from tests.fakes.central_side import CentralSide, ask, central, founded, reading, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.field import FieldDevice, audited, enrolled_at, problems, questions
from tests.fakes.mortal_collector import MortalCollector
from tests.fakes.ports import take_port
from tests.fakes.witness_process import ask_witness, witness
from tests.fakes.witnessed_side import WitnessedSide, until

pytestmark = pytest.mark.process
WHY = "disk of the database failed"


def drafted(mortal: MortalCollector) -> Policy:
    """What an announcement of this very backup would say, signed by nobody yet."""
    draft = mortal.data.parent / "announcement.json"
    ask("log", "announce-restored", "--why", WHY, "--out", draft, "--data", mortal.data)
    return policy_of(read_draft(draft))


def side(mortal: MortalCollector) -> CentralSide:
    return CentralSide(mortal.data, "", None, None)  # type: ignore[arg-type] # read only


def back_up(mortal: MortalCollector) -> None:
    mortal.kill()
    mortal.back_up()
    mortal.start()


def announced(mortal: MortalCollector) -> dict[str, object]:
    """The backup put back, the announcement made by the one key, the collector running again."""
    mortal.kill()
    mortal.restore()
    told = ask("log", "announce-restored", "--why", WHY, "--data", mortal.data)
    mortal.start()
    return told


def values(device: FieldDevice, prefix: str) -> list[int]:
    with device.store.begin() as uow:
        names = uow.values.names(prefix)
    return sorted({int(name.removeprefix(prefix).partition("/")[0]) for name in names})


def has_blob(device: FieldDevice, seq: int) -> bool:
    with device.store.begin() as uow:
        return uow.blobs.get(seq) is not None


def facts(device: FieldDevice, kind: EntryKind) -> list[dict[str, object]]:
    return [dict(header.facts) for header in device.headers() if header.kind is kind]


def publish(mortal: MortalCollector, policy: Policy, key: SigningKey | None = None) -> None:
    """Put a policy into the database as it is, by the root's key or another one."""
    layout = Layout(mortal.data)
    token = sign_policy(policy, key or read_key(layout.root_key))
    database = open_database(layout)
    with database.writing() as ledger:
        ledger.add_policy(policy.version, token)
    database.close()


def damaged(data: Path, name: DeviceId, seq: int) -> None:
    """What a scrub notes of a payload that is not there."""
    database = open_database(Layout(data))
    with database.writing(name) as ledger:
        ledger.damages.note(DamageRow(name, seq, "missing", "2026-11-27T00:00:00+00:00"))
    database.close()


def test_an_announced_restore_heals_without_anybody_at_a_device(mortal, fielded):
    before = fielded.visit(1).seq
    assert fielded.send().stored == 1
    back_up(mortal)
    after = [fielded.visit(number).seq for number in (2, 3)]
    assert fielded.send().stored == 2
    told = announced(mortal)
    assert (told["ended_at"], told["published"]) == (1, True)
    for _ in range(2):
        summary = fielded.send()
        assert (summary.reason, summary.failed) == ("", 0)
    assert {row.state for row in fielded.rows()} == {OutboxState.STORED}
    (restored,) = facts(fielded, EntryKind.LOG_RESTORED)
    assert (restored["seen"], restored["size"], restored["again"], restored["lost"]) == (3, 1, 2, 0)
    assert values(fielded, VOID_PREFIX) == after, "what was promised is kept as evidence"
    assert values(fielded, RECEIPT_PREFIX) == [before, *after]
    with side(mortal).ledger() as ledger:
        name = fielded.identity.device_id
        assert [row.seq for row in ledger.sealed_from(name, 0, 10)] == [before, *after]
        assert ledger.log().size == 3
    fielded.clock.advance(days=3)
    assert fielded.send().purged == 3
    assert fielded.send().reason == ""
    report = audited(side(mortal))
    assert (report.problems, problems(report, fielded)) == ((), ())
    assert fielded.verify().problems == ()
    assert "split_view" not in fielded.kinds()


def test_what_was_let_go_is_named_and_its_receipt_kept(mortal, fielded, tmp_path):
    """A second device, whose copy is still here, gets its record there again."""
    fielded.visit(1)
    fielded.send()
    back_up(mortal)
    gone = fielded.visit(2).seq
    fielded.send()
    fielded.clock.advance(days=3)
    assert fielded.send().purged == 2
    announced(mortal)
    for _ in range(3):
        assert fielded.send().reason == ""
    assert fielded.rows()[-1].purged
    (restored,) = facts(fielded, EntryKind.LOG_RESTORED)
    assert (restored["again"], restored["lost"]) == (0, 1)
    (loss,) = [one for one in facts(fielded, EntryKind.CENTRAL_LOSS) if "purged" in one]
    assert (loss["seq"], loss["leaf"], loss["tree"]) == (gone, 1, 2)
    assert loss["log"] == fielded.policy.collector.log_origin
    assert gone in values(fielded, RECEIPT_PREFIX)
    assert fielded.losses() == (), "nothing of this is this device's loss"
    report = audited(side(mortal))
    asked = questions(report, fielded)
    assert any(f"seq {gone}" in line and "central_loss" in line for line in asked)
    assert not any("split view" in line for line in problems(report, fielded))
    assert any("put back" in line for line in asked), "the state it relied on is behind the end"
    place = f"leaf 1 of 2 in {loss['log']}"
    lost = f"record {gone}: the collector signed that it was stored ({place}), and lost it"
    assert lost in asked, "by what the journal handed in alone"
    assert len(asked_of(mortal, fielded, {})) == 1
    for name, other in (("signed", "AAAA"), ("proof", "AAAA"), ("proof", ""), ("received", "?")):
        (told,) = asked_of(mortal, fielded, {name: other})
        assert "proves nothing" in told, name
    # Work goes on.
    assert fielded.visit(4).seq
    assert fielded.send().stored == 1


def asked_of(mortal, fielded, altered: dict[str, str]) -> list[str]:
    """What an auditor says of the receipts that were handed in, some of their facts altered."""
    device_id = fielded.identity.device_id
    void = VoidReceipts(device_id)
    with side(mortal).ledger() as ledger:
        device = ledger.device(device_id)
        for header in headers_of(ledger, device):
            changed = header.kind is EntryKind.RECEIPT_VOID
            facts = header.facts | (altered if changed else {})
            void.feed(replace(header, facts=facts))
        return void.told(ledger, require_membership(fielded.store)[1])


def test_what_was_lost_by_one_restore_is_not_lost_again_by_the_next(mortal, fielded):
    fielded.visit(1)
    fielded.send()
    back_up(mortal)
    fielded.visit(2)
    fielded.send()
    fielded.clock.advance(days=3)
    assert fielded.send().purged == 2
    announced(mortal)
    for _ in range(2):
        assert fielded.send().reason == ""
    losses = facts(fielded, EntryKind.CENTRAL_LOSS)
    mortal.kill()
    ask("log", "announce-restored", "--why", WHY, "--data", mortal.data)
    mortal.start()
    for _ in range(2):
        assert fielded.send().reason == ""
    assert [one["lost"] for one in facts(fielded, EntryKind.LOG_RESTORED)] == [1, 0]
    assert facts(fielded, EntryKind.CENTRAL_LOSS) == losses


def test_a_device_that_saw_nothing_of_what_was_lost_only_follows(mortal, fielded, tmp_path):
    fielded.visit(1)
    fielded.send()
    other = enrolled_at(mortal, tmp_path / "other")
    back_up(mortal)
    other.visit(7)
    other.send()
    announced(mortal)
    fielded.visit(2)
    assert fielded.send().stored == 1
    (restored,) = facts(fielded, EntryKind.LOG_RESTORED)
    assert (restored["seen"], restored["size"], restored["again"]) == (1, 1, 0)
    for _ in range(2):
        assert other.send().reason == ""
    assert other.rows()[-1].state is OutboxState.STORED
    assert facts(other, EntryKind.LOG_RESTORED)[0]["again"] == 1
    other.store.close()


def test_a_log_that_was_empty_in_the_backup_begins_anew(mortal, fielded):
    back_up(mortal)
    seq = fielded.visit(1).seq
    fielded.send()
    assert announced(mortal)["ended_at"] == 0
    for _ in range(2):
        assert fielded.send().reason == ""
    assert fielded.rows()[0].state is OutboxState.STORED
    assert values(fielded, VOID_PREFIX) == [seq]


def test_a_device_that_was_away_over_two_restores_follows_both(mortal, fielded, tmp_path):
    away = fielded
    away.visit(1)
    away.send()
    back_up(mortal)
    seqs = [away.visit(number).seq for number in (2, 3, 4)]
    away.send()
    busy = None
    announced(mortal)
    busy = enrolled_at(mortal, tmp_path / "busy")
    busy.visit(11)
    assert busy.send().stored == 1
    back_up(mortal)
    busy.visit(12)
    busy.send()
    announced(mortal)
    policy = Policies(Layout(mortal.data)).in_force()
    assert policy.collector.log_origin.endswith("/3")
    assert [one.size for one in policy.restored] == [1, 2]
    for device in (busy, away):
        for _ in range(2):
            assert device.send().reason == ""
        assert {row.state for row in device.rows()} == {OutboxState.STORED}
    assert values(away, VOID_PREFIX) == seqs
    report = audited(side(mortal))
    assert (report.problems, problems(report, away), problems(report, busy)) == ((), (), ())
    busy.store.close()


def test_a_collector_that_ran_on_before_anybody_announced_anything(mortal, fielded, tmp_path):
    """It signed other leaves in the place of the lost ones: the end is where the backup was."""
    fielded.visit(1)
    fielded.send()
    back_up(mortal)
    fielded.visit(2)
    fielded.send()
    mortal.kill()
    mortal.restore()
    mortal.start()
    other = enrolled_at(mortal, tmp_path / "other")
    seq = other.visit(11).seq
    assert other.send().stored == 1, "it saw nothing of what was lost"
    other.clock.advance(days=3)
    assert other.send().purged == 1
    mortal.kill()
    far = central(
        *("log", "announce-restored", "--why", WHY, "--size", "9", "--data", mortal.data),
        check=False,
    )
    assert far.returncode == 3
    told = ask("log", "announce-restored", "--why", WHY, "--size", "1", "--data", mortal.data)
    assert told["ended_at"] == 1
    mortal.start()
    for device in (fielded, other):
        for _ in range(2):
            assert device.send().reason == ""
        assert {row.state for row in device.rows()} == {OutboxState.STORED}
    assert facts(other, EntryKind.LOG_RESTORED)[0]["lost"] == 0, "what was let go is still there"
    assert values(other, RECEIPT_PREFIX) == [seq]
    report = audited(side(mortal))
    assert (report.problems, problems(report, fielded), problems(report, other)) == ((), (), ())
    other.store.close()


def test_a_backup_from_before_an_announcement_is_put_back_too(mortal, fielded):
    """Its policies are behind the fleet's: the announcement is published again, then the next."""
    fielded.visit(1)
    fielded.send()
    mortal.kill()
    oldest = mortal.data.with_name("oldest")
    shutil.copytree(mortal.data, oldest)
    mortal.start()
    fielded.visit(2)
    fielded.send()
    back_up(mortal)
    fielded.visit(3)
    fielded.send()
    announced(mortal)
    for _ in range(2):
        assert fielded.send().reason == ""
    with reading(mortal.data) as ledger:
        (_, token) = ledger.policy()
    mortal.kill()
    shutil.rmtree(mortal.data)
    oldest.rename(mortal.data)
    data, again = ("--data", mortal.data), mortal.data.with_name("policy")
    again.write_text(token)
    central("policy", "publish", again, *data)
    assert ask("log", "show", *data)["size"] == 1
    told = ask("log", "announce-restored", "--why", WHY, *data)
    assert told["log_key"].partition("+")[0].endswith("/3")
    twice = central("log", "announce-restored", "--why", WHY, *data, check=False)
    assert twice.returncode == 0, "nobody started a collector in between: it says the same again"
    mortal.start()
    for _ in range(2):
        assert fielded.send().reason == ""
    assert {row.state for row in fielded.rows()} == {OutboxState.STORED}
    report = audited(side(mortal))
    assert (report.problems, problems(report, fielded)) == ((), ())


def test_nothing_is_announced_without_a_reason(mortal):
    told = central("log", "announce-restored", "--why", " ", "--data", mortal.data, check=False)
    assert told.returncode == 2


def test_a_process_that_was_not_started_anew_gives_no_receipt_any_more(mortal, fielded):
    """It would go on with the name that ended."""
    fielded.visit(1)
    fielded.send()
    mortal.kill()
    layout = Layout(mortal.data)
    database = open_database(layout)
    keys = load_keys(layout)

    def process() -> Collector:
        uploads = Uploads(layout.uploads)
        return Collector(database, open_payloads(layout), uploads, keys, lambda: datetime.now(UTC))

    name, old = fielded.identity.device_id, process()
    assert old.receipts_of(name, 0, 0).checkpoint
    ask("log", "announce-restored", "--why", WHY, "--data", mortal.data)
    new = process()
    with pytest.raises(StoreError):
        old.receipts_of(name, 0, 0)
    assert new.receipts_of(name, 0, 0).checkpoint.split("\n")[0].endswith("/2")
    database.close()


def test_a_database_from_before_gets_the_tables(mortal):
    mortal.kill()
    tables = ("ended_states", "ended_logs", "damaged_payloads")
    with closing(sqlite3.connect(Layout(mortal.data).database)) as before:
        for table in tables:
            before.execute(f"DROP TABLE {table}")
    with reading(mortal.data) as ledger:
        assert (ledger.restores.ended(), ledger.damages.every()) == ((), ())


def test_an_announcement_by_nobody_of_the_root_is_refused_and_journalled(mortal, fielded):
    fielded.visit(1)
    fielded.send()
    policy = Policies(Layout(mortal.data)).in_force()
    forged = sign_policy(drafted(mortal), SigningKey.generate())

    def lying(call):
        answer = call.go()
        if call.path == "/v1/policy":
            return type(answer)(200, forged.encode(), answer.headers)
        return answer

    fielded.links.trouble = lying
    for _ in range(2):
        assert fielded.send().reason == "SYNC-007"
    (refused,) = facts(fielded, EntryKind.ANNOUNCEMENT_REFUSED)
    assert refused["why"] == "signature"
    assert policy.version == fielded.policy.version


def test_an_announcement_that_contradicts_what_the_device_holds_is_refused(mortal, fielded):
    """Also the root may be wrong, or deceived: nothing is let go on its word alone."""
    for number in (1, 2):
        fielded.visit(number)
        fielded.send()
    mortal.kill()
    true = drafted(mortal)
    (ended,) = true.restored
    false = replace(true, restored=(replace(ended, root=b64u(bytes(32))),))
    publish(mortal, false)
    key, layout = read_key(Layout(mortal.data).log_key), Layout(mortal.data)
    # A collector that believes the announcement against its own leaves does not even start.
    assert central("serve", "--port", "0", "--data", mortal.data, check=False).returncode == 3
    database = open_database(layout)
    with database.writing() as ledger:
        held = ledger.log()
        state = open_note(held.checkpoint, true.collector.origin, key.public)
        forged = Checkpoint(true.collector.log_origin, state.size, state.root)
        ledger.put_log(replace(held, checkpoint=sign(forged, key)))
    database.close()
    mortal.start()
    seq = fielded.visit(3).seq
    for _ in range(3):
        assert fielded.send().reason == "SYNC-033"
    (refused,) = facts(fielded, EntryKind.ANNOUNCEMENT_REFUSED)
    assert (refused["why"], refused["size"]) == ("another tree", 2)
    fielded.clock.advance(days=9)
    assert fielded.send().purged == 0
    assert has_blob(fielded, seq)
    with side(mortal).ledger() as ledger:
        assert ledger.sealed(fielded.identity.device_id, seq) is not None, "it is sent all the same"


def test_a_policy_that_forgets_the_restore_is_refused(mortal, fielded):
    fielded.visit(1)
    fielded.send()
    back_up(mortal)
    fielded.visit(2)
    fielded.send()
    announced(mortal)
    for _ in range(2):
        fielded.send()
    policy = Policies(Layout(mortal.data)).in_force()
    with fielded.store.begin() as uow:
        held = uow.values.get(POLICY)
    older = replace(policy, version=policy.version + 1, restored=())
    token = sign_policy(older, read_key(Layout(mortal.data).root_key))

    def lying(call):
        answer = call.go()
        if call.path == "/v1/policy":
            return type(answer)(200, token.encode(), answer.headers)
        return answer

    fielded.links.trouble = lying
    assert fielded.send().reason == "SYNC-007"
    with fielded.store.begin() as uow:
        assert uow.values.get(POLICY) == held


def test_a_name_of_a_log_that_nobody_announced_is_refused(mortal, fielded):
    fielded.visit(1)
    fielded.send()
    with fielded.store.begin() as uow:
        note = uow.values.get(LOG_CHECKPOINT).decode()
        other = note.replace(fielded.policy.collector.origin, "collector.elsewhere", 1)
        uow.values.put(LOG_CHECKPOINT, other.encode())
        uow.commit()
    assert fielded.send().reason == "SYNC-033"
    assert facts(fielded, EntryKind.ANNOUNCEMENT_REFUSED)[0]["why"] == "not announced"


def test_the_kept_evidence_is_a_receipt_that_holds(mortal, fielded):
    """What was promised can be shown to anybody: leaf, proof, signature of the log of then."""
    back_up(mortal)
    seq = fielded.visit(1).seq
    fielded.send()
    announced(mortal)
    fielded.send()
    from kiosk.audit.tree import leaf_hash, verify_inclusion
    from kiosk.crypto.digests import unb64u
    from kiosk.services.receipts_kept import KeptReceipt
    from kiosk.sync.receipts import receipt_leaf_bytes

    with fielded.store.begin() as uow:
        (name,) = uow.values.names(VOID_PREFIX)
        kept = msgspec.json.decode(uow.values.get(name), type=KeptReceipt)
    terms = fielded.policy.collector
    state = open_note(kept.checkpoint, terms.log_origin, terms.log_public)
    proof = [unb64u(step) for step in kept.item.proof]
    hashed = leaf_hash(receipt_leaf_bytes(kept.item.leaf))
    assert kept.item.seq == seq
    assert verify_inclusion(hashed, kept.item.index, state.size, proof, state.root)


def test_by_sticks_alone_a_restore_is_followed_in_three_round_trips(tmp_path):
    """The first brings the policy, the second the proofs, the third the receipts."""
    data, stick, backup = founded(tmp_path / "central"), tmp_path / "stick", tmp_path / "backup"
    Policies(Layout(data)).change({"retention.blob_grace_hours": "24"}, datetime.now(UTC))
    stick.mkdir()
    device = EnrolledDevice()
    with serving(data) as running:
        device.enrol(running.enrol_code())
        running.stop()
    carry(data, device, stick, device.seal()[0])
    shutil.copytree(data, backup)
    seq, _ = device.seal()
    carry(data, device, stick, seq)
    assert device.row(seq).state is OutboxState.STORED
    shutil.rmtree(data)
    backup.rename(data)
    ask("log", "announce-restored", "--why", WHY, "--data", data)
    for _ in range(3):
        carry(data, device, stick, seq)
    assert device.row(seq).state is OutboxState.STORED
    assert device.has_blob(seq)
    with device.store.begin() as uow:
        kinds = [row.kind for row in uow.journal.range(0, uow.journal.size())]
        note = uow.values.get(LOG_CHECKPOINT).decode()
    assert kinds.count("log_restored") == 1
    assert "announcement_refused" not in kinds
    assert note.startswith(f"{Policies(Layout(data)).in_force().collector.log_origin}\n")


def test_by_sticks_alone_what_is_damaged_there_is_named_too(tmp_path):
    data, stick = founded(tmp_path / "central"), tmp_path / "stick"
    Policies(Layout(data)).change({"retention.blob_grace_hours": "24"}, datetime.now(UTC))
    stick.mkdir()
    device = EnrolledDevice()
    with serving(data) as running:
        device.enrol(running.enrol_code())
        running.stop()
    seq, _ = device.seal()
    carry(data, device, stick, seq)
    device.clock.advance(days=3)
    carry(data, device, stick, seq)
    assert device.row(seq).purged
    damaged(data, device.identity.device_id, seq)
    ask("log", "announce-restored", "--why", WHY, "--size", "0", "--data", data)
    for _ in range(3):
        carry(data, device, stick, seq)
    with device.store.begin() as uow:
        kinds = [row.kind for row in uow.journal.range(0, uow.journal.size())]
    assert (kinds.count("log_restored"), kinds.count("central_loss")) == (1, 1)


def test_by_sticks_alone_a_new_key_of_the_log_is_followed(tmp_path):
    """Answers are signed by the key before too: it alone is known here."""
    data, stick = founded(tmp_path / "central"), tmp_path / "stick"
    stick.mkdir()
    device = EnrolledDevice()
    with serving(data) as running:
        device.enrol(running.enrol_code())
        running.stop()
    carry(data, device, stick, device.seal()[0])
    ask("log", "new-key", "--data", data)
    seq, _ = device.seal()
    for _ in range(2):
        carry(data, device, stick, seq)
    assert device.row(seq).state is OutboxState.STORED


def carry(data: Path, device: EnrolledDevice, stick: Path, seq: int) -> None:
    """There and back."""
    links = FolderLinks(device.clock)
    courier = Courier(device.store, device.journal, links, device.keys, device.clock)
    courier.give(stick)
    with open_couriers(Layout(data), lambda: datetime.now(UTC)) as couriers:
        asyncio.run(couriers.run(stick, give=True))
    courier.take(stick)
    assert device.row(seq) is not None


@pytest.mark.parametrize("several", [False, True])
def test_several_people_sign_an_announcement_as_they_sign_any_policy(
    mortal, fielded, tmp_path, several
):
    fielded.visit(1)
    fielded.send()
    signers = Signers(mortal.data, tmp_path)
    if several:
        signers.take_over()
        fielded.send()
    back_up(mortal)
    seq = fielded.visit(2).seq
    fielded.send()
    mortal.kill()
    mortal.restore()
    data, draft = ("--data", mortal.data), tmp_path / "draft.json"
    if several:
        refused = central("log", "announce-restored", "--why", WHY, *data, check=False)
        assert refused.returncode == 2
        assert "--out" in refused.stderr
    told = ask("log", "announce-restored", "--why", WHY, "--out", draft, *data)
    assert not told["published"]
    keys = [tmp_path / "key-1", tmp_path / "key-2"] if several else [signers.layout.root_key]
    signed = [tmp_path / f"signed-{number}" for number in range(len(keys))]
    for key, out in zip(keys, signed, strict=True):
        shown = central("policy", "sign", draft, "--key", key, "--out", out, "--yes")
        assert WHY in shown.stderr, "who signs sees what"
    if several:
        few = central("policy", "combine", signed[0], "--out", tmp_path / "few", *data, check=False)
        assert few.returncode == 1
    central("policy", "combine", *signed, "--out", tmp_path / "policy", *data)
    central("policy", "publish", tmp_path / "policy", *data)
    mortal.start()
    for _ in range(2):
        assert fielded.send().reason == ""
    assert values(fielded, VOID_PREFIX) == [seq]
    assert {row.state for row in fielded.rows()} == {OutboxState.STORED}


def test_witnesses_begin_with_the_log_that_goes_on_and_close_the_one_that_ended(tmp_path):
    """Until a witness vouches for the log that goes on, nothing is believed of it."""
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    fleet.policy({"retention.blob_grace_hours": "24"})
    party, port = fleet.parties[0], take_port()
    backup = tmp_path / "backup"
    device = EnrolledDevice()
    with party.serving():
        with serving(fleet.data, port) as running:
            device.enrol(running.enrol_code())
            first, _ = device.seal()
            assert device.delivery.run_once().stored == 1
            running.stop()
        shutil.copytree(fleet.data, backup)
        with serving(fleet.data, port) as running:
            second, _ = device.seal()
            assert device.delivery.run_once().stored == 1
            running.stop()
        shutil.rmtree(fleet.data)
        backup.rename(fleet.data)
        told = ask("log", "announce-restored", "--why", WHY, "--data", fleet.data)
        with serving(fleet.data, port):
            for _ in range(2):
                assert device.delivery.run_once().purged == 0
            assert device.row(second).state is not OutboxState.STORED
            witness("watch", told["log_key"], "--data", party.data)
            closed = ask_witness("close", device.policy.collector.origin, "--data", party.data)
            assert closed["size"] == 2
            assert until(lambda: _all_stored(device))
    assert device.has_blob(first)
    names = [note.split("\n")[0] for note in _cosigned(fleet)]
    assert names[0] == device.policy.collector.origin
    assert names[-1] == told["log_key"].partition("+")[0]
    report = Histories(fleet.layout).verify()
    assert report.problems == ()
    assert report.witnesses.problems == ()
    assert (report.witnesses.witnessed, report.log_size) == (2, 2)


def _all_stored(device: EnrolledDevice) -> bool:
    device.delivery.run_once()
    with device.store.begin() as uow:
        return all(row.state is OutboxState.STORED for row in uow.outbox.all())


def _cosigned(fleet: WitnessedSide) -> list[str]:
    with reading(fleet.data) as ledger:
        return [row.note for row in (*ledger.restores.states(), *ledger.witnesses.every())]


def test_a_new_key_keeps_what_witnesses_said_of_the_log(tmp_path):
    """A cosignature is over the text of a state, not over the key that signed it."""
    fleet = WitnessedSide.made(tmp_path, parties=1, quorum=1)
    party, port, device = fleet.parties[0], take_port(), EnrolledDevice()
    with party.serving():
        with serving(fleet.data, port) as running:
            device.enrol(running.enrol_code())
            device.seal()
            assert device.delivery.run_once().stored == 1
            running.stop()
        told = ask("log", "new-key", "--data", fleet.data)
        with serving(fleet.data, port):
            # Before the witness heard of the new key: what it said of that state still holds.
            device.delivery.run_once()
            with device.store.begin() as uow:
                uow.values.delete(LOG_CHECKPOINT)
                uow.commit()
            seq, _ = device.seal()
            device.delivery.run_once()
            with device.store.begin() as uow:
                note = uow.values.get(LOG_CHECKPOINT).decode()
            name, public = parse_verifier_key(told["log_key"])
            assert open_note(note, name, public).size == 1
            assert device.row(seq).state is not OutboxState.STORED
            witness("watch", told["log_key"], "--data", party.data)
            assert until(lambda: _all_stored(device))
    report = Histories(fleet.layout).verify()
    assert (report.problems, report.witnesses.problems) == ((), ())


def test_what_was_let_go_and_is_damaged_there_is_named_and_holds_nothing_up(
    mortal, fielded, tmp_path
):
    """Its leaf goes on; no receipt will speak of bytes that nobody can send again."""
    back_up(mortal)
    fielded.visit(2)
    fielded.send()
    mortal.kill()
    mortal.restore()
    mortal.start()
    other = enrolled_at(mortal, tmp_path / "other")
    seq = other.visit(11).seq
    other.send()
    other.clock.advance(days=3)
    assert other.send().purged == 1
    mortal.kill()
    damaged(mortal.data, other.identity.device_id, seq)
    ask("log", "announce-restored", "--why", WHY, "--size", "0", "--data", mortal.data)
    mortal.start()
    later = other.visit(12).seq
    summaries = [other.send() for _ in range(2)]
    assert [(one.reason, one.failed) for one in summaries] == [("", 0)] * 2
    assert facts(other, EntryKind.LOG_RESTORED)[0]["lost"] == 1
    assert {row.state for row in other.rows()} == {OutboxState.STORED}
    assert values(other, VOID_PREFIX) == [seq]
    assert values(other, RECEIPT_PREFIX) == [seq, later]
    other.store.close()


def test_a_new_key_is_not_made_while_the_newest_policy_is_of_a_coming_day(mortal, fielded):
    """Devices would go on under the policy of now, which names another key, until that day."""
    mortal.kill()
    data = ("--data", mortal.data)
    day = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    central("policy", "set", f"valid_from={day}", *data)
    keys = sorted(Layout(mortal.data).collector.iterdir())
    refused = central("log", "new-key", *data, check=False)
    assert refused.returncode == 2
    assert "valid_from=" in refused.stderr
    assert sorted(Layout(mortal.data).collector.iterdir()) == keys
    central("policy", "set", "valid_from=", *data)
    ask("log", "new-key", *data)
    mortal.start()
    fielded.visit(2)
    for _ in range(2):
        assert fielded.send().reason == ""
    assert {row.state for row in fielded.rows()} == {OutboxState.STORED}
