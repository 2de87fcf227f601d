"""A planned change of the key that signs the collector's log, on a real device and collector."""

from __future__ import annotations

from dataclasses import replace

import pytest

from central.archive.layout import Layout
from central.authority.policies import Policies
from kiosk.audit.checkpoint import open_note
from kiosk.ports import OutboxState
from kiosk.services.fleet import LOG_CHECKPOINT
from kiosk.sync.policy import sign_policy
from tests.fakes.central_side import CentralSide, ask, central
from tests.fakes.field import FieldDevice, audited, problems

pytestmark = pytest.mark.process


def seen(device: FieldDevice) -> str:
    with device.store.begin() as uow:
        note = uow.values.get(LOG_CHECKPOINT)
    assert note is not None
    return note.decode()


def test_the_key_of_the_log_changes_and_delivery_goes_on(mortal, fielded):
    first = fielded.visit(1).seq
    assert fielded.send().stored == 1
    before = fielded.policy.collector
    told = ask("log", "new-key", "--data", mortal.data)
    assert told["published"]
    mortal.kill()
    mortal.start()
    second = fielded.visit(2).seq
    assert (fielded.send().reason, fielded.rows()[-1].state) == ("", OutboxState.STORED)
    policy = Policies(Layout(mortal.data)).in_force()
    assert policy.collector.log_key == told["log_key"] != before.log_key
    assert policy.collector.former == (before.log_key,)
    assert open_note(seen(fielded), before.origin, policy.collector.log_public).size == 2
    fielded.clock.advance(days=3)
    assert fielded.send().purged == 2, "receipts of both keys count"
    assert fielded.visit(3).seq not in (first, second)
    assert fielded.send().stored == 1
    side = CentralSide(mortal.data, "", None, None)  # type: ignore[arg-type] # read only
    report = audited(side)
    assert (report.problems, problems(report, fielded)) == ((), ())


def test_a_state_that_the_old_key_signed_is_signed_anew_before_the_log_grows(mortal, fielded):
    """Nobody waits for another record until the new key vouches for what is there."""
    fielded.visit(1)
    assert fielded.send().stored == 1
    ask("log", "new-key", "--data", mortal.data)
    mortal.kill()
    mortal.start()
    fielded.send()  # learns the policy
    fielded.store.close()
    fielded.restart()
    with fielded.store.begin() as uow:
        uow.values.delete(LOG_CHECKPOINT)
        uow.commit()
    report = audited(CentralSide(mortal.data, "", None, None))  # type: ignore[arg-type] # read only
    assert report.problems == ()
    policy = Policies(Layout(mortal.data)).in_force()
    with CentralSide(mortal.data, "", None, None).ledger() as ledger:  # type: ignore[arg-type]
        state = ledger.log()
    assert (
        open_note(state.checkpoint, policy.collector.origin, policy.collector.log_public).size == 1
    )


def test_a_new_key_that_does_not_name_the_old_one_gets_no_receipt_believed(mortal, fielded):
    """A policy that forgets the old key cannot say that what was seen is gone on from."""
    fielded.visit(1)
    assert fielded.send().stored == 1
    ask("log", "new-key", "--data", mortal.data)
    layout = Layout(mortal.data)
    policies = Policies(layout)
    named = policies.in_force()
    forgetful = replace(
        named,
        version=named.version + 1,
        collector=replace(named.collector, former=()),
    )
    from central.archive.layout import read_key
    from central.archive.storage import open_database

    database = open_database(layout)
    with database.writing() as ledger:
        ledger.add_policy(forgetful.version, sign_policy(forgetful, read_key(layout.root_key)))
    database.close()
    mortal.kill()
    mortal.start()
    seq = fielded.visit(2).seq
    assert fielded.send().reason == "SYNC-005"
    with fielded.store.begin() as uow:
        assert uow.blobs.get(seq) is not None


def test_a_log_that_is_rewritten_under_its_new_key_is_refused(mortal, fielded):
    """The new key is no way to leave behind what the old one signed."""
    fielded.visit(1)
    assert fielded.send().stored == 1
    mortal.kill()
    mortal.back_up()
    mortal.start()
    fielded.visit(2)
    assert fielded.send().stored == 1
    mortal.kill()
    mortal.restore()
    ask("log", "new-key", "--data", mortal.data)
    mortal.start()
    seq = fielded.visit(3).seq
    fielded.send()
    fielded.send()
    assert fielded.send().reason == "SYNC-005"
    fielded.clock.advance(days=3)
    assert fielded.send().purged == 0
    with fielded.store.begin() as uow:
        assert uow.blobs.get(seq) is not None


def test_what_the_log_is_can_be_asked(mortal, fielded):
    fielded.visit(1)
    fielded.send()
    told = ask("log", "show", "--data", mortal.data)
    assert (told["size"], told["former"], told["ended"]) == (1, [], [])
    assert told["log_key"] == fielded.policy.collector.log_key
    draft = mortal.data.parent / "draft.json"
    ask("log", "new-key", "--out", draft, "--data", mortal.data)
    assert draft.exists()
    assert Policies(Layout(mortal.data)).in_force().collector.log_key == told["log_key"]
    assert central("log", "announce-restored", "--data", mortal.data, check=False).returncode == 2
