"""Dual control: two people, a reason, and a line in the log before anything is shown."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.archive.control import Mode, read_control, sign_control
from central.archive.layout import FolderError, Layout, read_key
from central.auditor.keys import dual_keeper, join_identity, make_key, open_key
from central.auditor.opening_log import held, read_seen
from central.auditor.orders import Act, Subject, approve, authorise, new_order
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import (
    Target,
    present_alone,
    session,
)
from central.auditor.vault_keys import open_vault_key
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.audit.vault_escrow import VaultKeys, seal_vault_keys
from kiosk.crypto import age
from kiosk.domain.ids import DeviceId, RecordId
from tests.fakes import programs
from tests.fakes.auditors import CHEAP, NOW, PHRASES, WHY, Auditors, auditors_of
from tests.fakes.central_side import CentralSide, central, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.programs import ROOT

RECORD = RecordId("a" * 32)
TARGET = Target(RECORD, DeviceId("dev-0123456789abcdef"))


@pytest.fixture
def two(tmp_path: Path) -> Auditors:
    return auditors_of(tmp_path)


def refusal(call, *arguments) -> str:
    with pytest.raises(AuditRefusedError) as caught:
        call(*arguments)
    return caught.value.why


def test_no_file_of_a_dual_folder_holds_the_identity(two: Auditors) -> None:
    present = two.present()
    secret = present.identity.text.encode()
    files = [path for path in two.layout.root.rglob("*") if path.is_file()]
    assert not two.layout.identity.exists()
    assert not [path for path in files if secret in path.read_bytes()]
    assert not [path for path in files if present.identity.seed in path.read_bytes()]


def test_any_two_of_three_auditors_join_the_same_identity(tmp_path: Path) -> None:
    three = auditors_of(tmp_path, ("alix", "bao", "chris"))
    one, other, third = three.keys
    control = three.control
    seeds = {
        join_identity(three.layout, control, pair).seed
        for pair in ((one, other), (other, one), (one, third), (third, other))
    }
    assert len(seeds) == 1


def test_one_auditor_alone_opens_no_share(two: Auditors) -> None:
    one, other = two.keys
    assert refusal(join_identity, two.layout, two.control, (one, one)) == "same-person"
    (share,) = two.layout.shares.iterdir()
    inner = age.decrypt(share.read_bytes(), other.age)
    assert inner.startswith(b"age-encryption.org/v1\n")
    for key in (one, other):
        outer = share.read_bytes() if key is one else inner
        with pytest.raises(Exception, match="AUDIT-003"):
            age.decrypt(outer, key.age)


def test_a_stranger_under_an_auditors_name_is_refused(two: Auditors, tmp_path: Path) -> None:
    make_key(tmp_path / "fake", "bao", PHRASES[1], CHEAP)
    fake = open_key(tmp_path / "fake", PHRASES[1])
    assert refusal(join_identity, two.layout, two.control, (two.keys[0], fake)) == "keys"


def test_a_key_file_opens_by_its_passphrase_only(two: Auditors, tmp_path: Path) -> None:
    assert refusal(open_key, two.files[0], "another passphrase") == "passphrase"
    told = json.loads(two.files[0].read_text())
    told["public"]["name"] = "bao"
    (tmp_path / "renamed").write_text(json.dumps(told))
    assert refusal(open_key, tmp_path / "renamed", PHRASES[0]) == "passphrase"
    (tmp_path / "none").write_text("{}")
    assert refusal(open_key, tmp_path / "none", PHRASES[0]) == "keys"
    assert refusal(make_key, tmp_path / "weak", "dana", "aaaaaaaaaaaaaaa", CHEAP) == "passphrase"


def test_a_statement_by_another_root_is_refused(two: Auditors, tmp_path: Path) -> None:
    other = auditors_of(tmp_path / "elsewhere")
    shutil.copy(other.layout.control, two.layout.control)
    with pytest.raises(FolderError, match="control"):
        read_control(two.layout)
    with pytest.raises(FolderError, match="control"):
        sign_control(replace(two.control, mode=Mode.SINGLE), read_key(two.layout.root_key))


# --- request and approval ---


def test_nobody_approves_the_own_request(two: Auditors) -> None:
    token = two.order(Act.OPEN, (RECORD,))
    one, other = two.keys
    approval = approve(token, one.name, one.signing, NOW)
    assert refusal(authorise, token, approval, two.control) == "same-person"
    forged = approve(token, other.name, one.signing, NOW)
    assert refusal(authorise, token, forged, two.control) == "order"


def test_an_approval_counts_for_one_request(two: Auditors) -> None:
    first, second = two.order(Act.OPEN, (RECORD,)), two.order(Act.OPEN, (RECORD,))
    other = two.keys[1]
    approval = approve(first, other.name, other.signing, NOW)
    assert authorise(first, approval, two.control).approved_by == other.name
    assert refusal(authorise, second, approval, two.control) == "order"


@pytest.mark.parametrize(
    "reason", ["dossier 123456", "voir 06 12 34 56 78", "plainte de a@b.fr", "x"]
)
def test_a_reason_is_no_place_for_personal_data(two: Auditors, reason: str) -> None:
    about = Subject(records=(RECORD,))
    made = (two.control, Act.OPEN, about, (reason, "art. 6"), "alix", NOW)
    assert refusal(new_order, *made) == "order"


def test_an_order_runs_out_and_is_carried_out_once(two: Auditors) -> None:
    authority = two.authority(Act.OPEN, (RECORD,))
    late = NOW + timedelta(hours=73)
    with session(two.layout, two.present(), authority) as at_work:
        assert refusal(at_work.grant, [TARGET], late) == "expired"
    with session(two.layout, two.present(), two.authority(Act.OPEN, (RECORD,), late)) as at_work:
        at_work.grant([TARGET], late)
        assert refusal(at_work.grant, [TARGET], late) == "used"


# --- the log ---


def granted(two: Auditors, count: int = 1, at: datetime = NOW) -> None:
    for number in range(count):
        moment = at + timedelta(seconds=number)
        authority = two.authority(Act.OPEN, (RECORD,), moment)
        with session(two.layout, two.present(), authority) as at_work:
            at_work.grant([TARGET], moment)


def begin(two: Auditors, at: datetime = NOW) -> None:
    with session(two.layout, two.present(), two.authority(Act.OPEN, (RECORD,), at)):
        pass


def test_every_line_is_signed_by_both_and_names_the_reason(two: Auditors) -> None:
    granted(two, 2)
    with held(two.layout, two.control) as log:
        assert [line.result for line in log.lines] == ["granted", "granted"]
        assert {len(line.signatures) for line in log.lines} == {2}
        (line, _) = log.lines
        assert authorise(line.order, line.approval, two.control).order.reason == WHY[0]


SABOTAGE = {
    "a line altered": lambda data: data.replace(b'"granted"', b'"blocked"', 1),
    "the first line dropped": lambda data: data.split(b"\n", 1)[1],
    "the last line dropped": lambda data: data[: data[:-1].rindex(b"\n") + 1],
    "two lines swapped": lambda data: b"\n".join(
        [*data.split(b"\n")[1::-1], *data.split(b"\n")[2:]]
    ),
    "the last line cut": lambda data: data[:-40],
    "a foreign line": lambda data: data + b'{"record_id":"x"}\n',
    "not JSON": lambda data: data + b"?\n",
    "all of it gone": lambda data: data[:0],
}


@pytest.mark.parametrize("what", SABOTAGE)
def test_a_log_that_was_touched_opens_nothing_any_more(two: Auditors, what: str) -> None:
    granted(two, 3)
    path = two.layout.openings
    path.write_bytes(SABOTAGE[what](path.read_bytes()))
    assert refusal(begin, two) == "log"


def test_a_log_cut_with_its_checkpoint_is_missed_by_whoever_saw_it(two: Auditors) -> None:
    granted(two, 2)
    kept = [path.read_bytes() for path in (two.layout.openings, two.layout.openings_checkpoint)]
    granted(two, 1, NOW + timedelta(minutes=1))
    two.layout.openings.write_bytes(kept[0])
    two.layout.openings_checkpoint.write_bytes(kept[1])
    with held(two.layout, two.control) as log:  # by itself it holds: it is a true beginning
        assert log.size == 2
    assert refusal(begin, two) == "log"


def test_a_log_begun_anew_is_missed_too(two: Auditors) -> None:
    granted(two)
    two.layout.openings.unlink()
    two.layout.openings_checkpoint.unlink()
    assert refusal(begin, two) == "log"


def test_nothing_is_granted_where_the_log_cannot_be_written(two: Auditors) -> None:
    granted(two)
    two.layout.openings_checkpoint.unlink()
    two.layout.openings_checkpoint.mkdir()
    assert refusal(begin, two) == "log"


def test_what_a_power_cut_tore_is_set_aside_and_work_goes_on(two: Auditors) -> None:
    granted(two)
    with two.layout.openings.open("ab") as file:
        file.write(b'{"act":"open","at"')
    granted(two, 1, NOW + timedelta(minutes=1))
    (torn,) = two.layout.auditor.glob("openings.jsonl.torn-*")
    assert torn.read_bytes() == b'{"act":"open","at"'
    with held(two.layout, two.control) as log:
        assert log.size == 2


def test_a_line_whose_checkpoint_a_power_cut_took_stays(two: Auditors) -> None:
    granted(two)
    before = two.layout.openings_checkpoint.read_bytes()
    granted(two, 1, NOW + timedelta(minutes=1))
    two.layout.openings_checkpoint.write_bytes(before)
    for path in two.files:
        seen = path.with_name(f"{path.name}.seen")
        assert read_seen(seen).size == 2
    begin(two)


def test_lines_from_before_the_log_was_signed_stay_and_prove_nothing(two: Auditors) -> None:
    two.layout.openings.write_text('{"at": "2026-11-01", "record_id": "x", "device_id": "y"}\n')
    granted(two)
    with held(two.layout, two.control) as log:
        assert (log.size, len(log.lines)) == (2, 1)


# --- the quota ---


def test_more_openings_than_the_quota_are_blocked_and_written_down(tmp_path: Path) -> None:
    two = auditors_of(tmp_path, per_hour=3, per_day=5)
    granted(two, 3)
    assert refusal(granted, two, 1, NOW + timedelta(minutes=30)) == "quota-hour"
    granted(two, 2, NOW + timedelta(minutes=90))
    assert refusal(granted, two, 1, NOW + timedelta(minutes=150)) == "quota-day"
    with held(two.layout, two.control) as log:
        assert [(line.result, line.why) for line in log.lines if line.why] == [
            ("blocked", "quota-hour"),
            ("blocked", "quota-day"),
        ]
    granted(two, 1, NOW + timedelta(hours=25))


def test_a_key_of_a_vault_counts_against_the_quota_like_a_record(tmp_path: Path) -> None:
    two = auditors_of(tmp_path, per_hour=2)
    identity, device = two.present().identity, "dev-0123456789abcdef"
    escrow = tmp_path / "vault.db.escrow"
    keys = VaultKeys(DeviceId(device), (bytes(32),))
    escrow.write_bytes(seal_vault_keys(keys, (identity.recipient,)))

    def opened() -> VaultKeys:
        authority = two.authority(Act.VAULT_KEY, about=Subject(device=device))
        with session(two.layout, two.present(), authority) as at_work:
            return open_vault_key(at_work, escrow, NOW)

    assert [opened(), opened()] == [keys, keys]
    assert refusal(opened) == "quota-hour"


def test_a_clock_set_back_gives_no_quota_back(tmp_path: Path) -> None:
    two = auditors_of(tmp_path, per_hour=1)
    granted(two)
    assert refusal(granted, two, 1, NOW - timedelta(days=2)) == "clock"


# --- single control ---


def test_a_single_folder_is_one_in_so_many_words(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "single")
    found(layout, LOCAL_HOSTS, "idp.test", NOW, demonstration=False)
    control = read_control(layout)
    assert control is not None
    assert (control.mode, len(control.auditors)) == (Mode.SINGLE, 1)


def test_the_identity_alone_opens_nothing_under_dual_control(two: Auditors) -> None:
    assert refusal(present_alone, two.layout, two.present().identity, NOW) == "order-needed"
    with pytest.raises(FolderError, match="two different"):
        dual_keeper([two.keys[0].auditor])


# --- the command line ---


@pytest.fixture
def office(two: Auditors) -> Iterator[tuple[Auditors, CentralSide, EnrolledDevice]]:
    with serving(two.layout.root) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        assert device.delivery.run_once().stored == 1
        yield two, side, device


def say(phrases: tuple[str, ...], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    given = "".join(f"{phrase}\n" for phrase in phrases)
    return programs.run("central", *arguments, given=given)


@pytest.mark.process
def test_two_auditors_open_a_record_at_the_command_line(office, tmp_path: Path) -> None:
    two, side, device = office
    record = device.row(2).record_id
    data = ("--data", side.data)
    order, approval = tmp_path / "order.jws", tmp_path / "approval.jws"
    why = ("--reason", WHY[0], "--ground", WHY[1])
    asked = say(
        PHRASES[:1],
        *("audit", "request", "open", "--record", record, *why),
        *("--key", two.files[0], "--out", order, *data),
    )
    assert asked.returncode == 0, asked.stderr
    own = ("audit", "approve", order, "--key", two.files[0], "--out", approval, *data)
    assert (say(PHRASES[:1], *own).returncode, approval.exists()) == (1, False)
    own = ("audit", "approve", order, "--key", two.files[1], "--out", approval, *data)
    read = say(PHRASES[1:], *own)
    assert (read.returncode, WHY[0] in read.stderr) == (0, True)
    both = ("--key", two.files[0], "--key", two.files[1])
    act = ("audit", "open", record, *both, "--order", order, "--approval", approval, *data)
    opened = json.loads(say(PHRASES, *act).stdout)
    assert opened["record"]["record_id"] == record
    assert opened["control"] == {"mode": "dual", "by": ["alix", "bao"]}
    again = say(PHRASES, *act)
    assert (again.returncode, json.loads(again.stdout)["why"]) == (1, "used")
    listed = json.loads(central("audit", "openings", *data, "--json").stdout)
    assert [(one["result"], one["why"]) for one in listed["lines"]] == [
        ("granted", ""),
        ("blocked", "used"),
    ]


@pytest.mark.process
def test_init_asks_who_the_auditors_are(tmp_path: Path) -> None:
    bare = central("init", tmp_path / "bare", check=False)
    assert (bare.returncode, (tmp_path / "bare").exists()) == (2, False)
    for name in ("alix", "bao"):
        made = say(("a long passphrase",), "audit", "key", name, "--out", tmp_path / name)
        assert made.returncode == 0, made.stderr
    named = [part for name in ("alix", "bao") for part in ("--auditor", tmp_path / f"{name}.pub")]
    done = central("init", tmp_path / "dual", *named, "--json")
    assert json.loads(done.stdout)["control"] == "dual"
    assert not Layout(tmp_path / "dual").identity.exists()
    told = json.loads(central("audit", "auditors", "--data", tmp_path / "dual", "--json").stdout)
    assert [one["name"] for one in told["auditors"]] == ["alix", "bao"]


@pytest.mark.process
def test_two_auditors_make_a_pack_that_anybody_can_check(office, tmp_path: Path) -> None:
    two, side, device = office
    record = device.row(2).record_id
    data, now = ("--data", side.data), datetime.now(UTC)
    authority = two.authority(Act.EVIDENCE, (record,), now)
    order, approval = tmp_path / "order.jws", tmp_path / "approval.jws"
    order.write_text(authority.token)
    approval.write_text(authority.approval)
    both = ("--key", two.files[0], "--key", two.files[1])
    given = (*both, "--order", order, "--approval", approval, *data)
    wrong = say(PHRASES, "audit", "open", record, *given)
    assert json.loads(wrong.stdout)["why"] == "order"
    done = say(PHRASES, "audit", "evidence", record, "--out", tmp_path / "pack", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    keys = [part for key in two.keys[:2] for part in ("--auditor", key.signing.public.hex())]
    keys += ["--device", device.key.public.hex(), "--log", device.policy.collector.log_key]
    verifier = ROOT / "packaging" / "verify" / "evidence_verifier.py"
    checked = subprocess.run(
        [sys.executable, str(verifier), str(tmp_path / "pack"), *keys],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.process
def test_following_ratchets_takes_two_and_is_written_down(office, tmp_path: Path) -> None:
    two, side, _ = office
    authority = two.authority(Act.RATCHETS, (), datetime.now(UTC))
    order, approval = tmp_path / "order.jws", tmp_path / "approval.jws"
    order.write_text(authority.token)
    approval.write_text(authority.approval)
    both = ("--key", two.files[0], "--key", two.files[1])
    given = ("--order", order, "--approval", approval, "--data", side.data)
    done = say(PHRASES, "audit", "verify", *both, *given)
    assert done.returncode == 0, done.stdout + done.stderr
    with held(two.layout, two.control) as log:
        assert [(line.act, line.result) for line in log.lines] == [("ratchets", "granted")]
