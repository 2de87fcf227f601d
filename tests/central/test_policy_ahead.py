"""A central side that was put back to a backup which holds fewer policies than the fleet follows.

Real devices, a real collector. The operator is told which version is missing, nothing is held
against the device, and once the version is published again everything goes on by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central.archive.layout import Layout
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.collector.journals import Journals
from central.collector.keys import PolicyShelf
from central.collector.refusal import CallRefusedError
from central.collector.server import load_keys
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import EntryKind, entry_leaf
from kiosk.audit.tree import frontier_of
from kiosk.ports import OutboxState
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.messages import LogPush
from tests.central.test_log_restored import WHY, back_up, facts, side
from tests.fakes.central_side import ask, central
from tests.fakes.field import FieldDevice, alarms, audited, problems, questions

pytestmark = pytest.mark.process


def behind(mortal, fielded) -> int:
    """The fleet follows a version of which what lies at the central side knows nothing."""
    back_up(mortal)
    version = published(mortal)
    assert fielded.send().reason == ""
    fielded.wire()
    mortal.kill()
    mortal.restore()
    mortal.start()
    return version


def published(mortal, *more: str) -> int:
    change = "retention.receipts_days=390"
    return int(ask("policy", "set", change, *more, "--data", mortal.data)["version"])


def details(mortal, fielded) -> list[tuple[str, str]]:
    with side(mortal).ledger() as ledger:
        found = ledger.alarms(fielded.identity.device_id)
    return [(alarm.kind, alarm.detail) for alarm in found]


def unknown(mortal, fielded) -> list[str]:
    """What an audit asks about policies that are not known here."""
    asked = questions(audited(side(mortal)), fielded)
    return [one for one in asked if "not known here" in one]


def everything(device: FieldDevice, origin: str) -> LogPush:
    """The whole journal, as a device sends it."""
    with device.store.begin() as uow:
        entries = [row.jws for row in uow.journal.range(0, uow.journal.size())]
    tree = frontier_of([entry_leaf(entry) for entry in entries])
    name = device_origin(origin, device.identity.device_id)
    note = sign(Checkpoint(name, tree.size, tree.root()), device.key)
    return LogPush(start=0, entries=tuple(entries), checkpoint=note)


def test_the_operator_is_told_that_the_backup_lacks_a_policy(mortal, fielded):
    behind(mortal, fielded)
    fielded.visit(1)
    for _ in range(2):
        assert fielded.send().reason == "SYNC-007"
    assert details(mortal, fielded) == [("policy-ahead", "")]
    report = audited(side(mortal))
    assert problems(report, fielded) == ()
    told = "it follows a policy that is not known here (of some version)"
    assert told in questions(report, fielded)


def test_once_higher_ones_are_published_everything_goes_on_by_itself(mortal, fielded):
    version = behind(mortal, fielded)
    fielded.visit(1)
    mortal.kill()
    assert published(mortal) == version, "the same number is another policy, and refused"
    mortal.start()
    assert fielded.send().reason == "SYNC-007"
    mortal.kill()
    assert published(mortal) == version + 1
    mortal.start()
    for _ in range(2):
        assert fielded.send().reason == ""
    assert {row.state for row in fielded.rows()} == {OutboxState.STORED}
    assert [kind for kind, _ in alarms(side(mortal), fielded)] == ["policy-ahead"]
    assert not unknown(mortal, fielded), "the alarm stays, and there is nothing to ask any more"


def test_a_second_backup_behind_the_fleet_is_told_again(mortal, fielded):
    version = behind(mortal, fielded)
    assert fielded.send().reason == "SYNC-007"
    mortal.kill()
    assert [published(mortal) for _ in range(2)] == [version, version + 1]
    mortal.start()
    assert fielded.send().reason == ""
    assert not unknown(mortal, fielded)
    behind(mortal, fielded)
    for _ in range(2):
        assert fielded.send().reason == "SYNC-007"
    assert details(mortal, fielded) == [("policy-ahead", "")] * 2
    assert unknown(mortal, fielded)


def test_entries_under_a_version_that_is_still_missing_name_it(mortal, fielded):
    """By a stick no policy call stands before the entries; a record under it has to wait."""
    version = behind(mortal, fielded)
    fielded.visit(1)
    mortal.kill()
    layout = Layout(mortal.data)
    origin = Policies(layout).in_force().collector.origin
    database = open_database(layout)
    journals = Journals(database, PolicyShelf(load_keys(layout).root_public), origin)
    with pytest.raises(CallRefusedError, match="recipients"):
        journals.push(fielded.identity.device_id, everything(fielded, origin), datetime.now(UTC))
    database.close()
    assert details(mortal, fielded) == [("policy-ahead", str(version))]
    named = f"it follows a policy that is not known here (version {version})"
    assert unknown(mortal, fielded) == [named]
    assert published(mortal) == version
    assert not unknown(mortal, fielded)


def test_an_announced_restore_does_not_bring_a_coming_policy_on(mortal, fielded):
    """It would change recipients and rules before their day because a disk failed."""
    day = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    before = Policies(Layout(mortal.data)).in_force()
    coming = published(mortal, f"valid_from={day}")
    back_up(mortal)
    fielded.visit(1)
    assert fielded.send().stored == 1
    mortal.kill()
    mortal.restore()
    told = central("log", "announce-restored", "--why", WHY, "--data", mortal.data)
    assert f"version {coming}, of {day}, is overtaken" in told.stdout
    policy = Policies(Layout(mortal.data)).in_force()
    assert (policy.version, policy.valid_from) == (coming + 1, None)
    assert policy.retention == before.retention
    assert len(policy.restored) == 1
    mortal.start()
    for _ in range(2):
        assert fielded.send().reason == ""
    assert {row.state for row in fielded.rows()} == {OutboxState.STORED}
    applied = facts(fielded, EntryKind.POLICY_APPLIED)
    assert applied[-1]["version"] == coming + 1
    assert published(mortal, f"valid_from={day}") == coming + 2


def test_an_announced_restore_finds_no_device_again_that_was_reported_lost(mortal, fielded):
    """A loss counts at once, by the newest policy, though that one is of a coming day."""
    day = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    lost = fielded.identity.device_id
    published(mortal, f"valid_from={day}", f"lost={lost}")
    back_up(mortal)
    mortal.kill()
    mortal.restore()
    central("log", "announce-restored", "--why", WHY, "--data", mortal.data)
    policy = Policies(Layout(mortal.data)).in_force()
    assert (policy.valid_from, policy.lost) == (None, (lost,))


def test_a_reason_that_is_too_long_is_refused_in_words_before_anything_is_written(mortal):
    mortal.kill()
    version = Policies(Layout(mortal.data)).in_force().version
    draft = mortal.data.parent / "draft.json"
    command = ("log", "announce-restored", "--why", "w" * 201, "--data", mortal.data)
    for more in ((), ("--out", draft)):
        told = central(*command, *more, check=False)
        assert told.returncode == 2
        assert "at most 200 characters, not 201" in " ".join(told.stderr.split())
    assert not draft.exists()
    assert Policies(Layout(mortal.data)).in_force().version == version
