"""Other auditors and quotas: agreed on by two, signed by the root, and never taken back unseen."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from central.archive.control import (
    Control,
    Mode,
    control_json,
    parse_control,
    read_control,
    sign_control,
)
from central.archive.layout import FolderError, Layout, read_key
from central.auditor.changes import Agreed, Change, agree, put_in_place
from central.auditor.erasure import erase, reapply
from central.auditor.histories import Histories
from central.auditor.keys import AuditorKey, join_identities, make_key
from central.auditor.opening import Opening
from central.auditor.opening_log import held
from central.auditor.orders import Act, Subject, approve, authorise, new_order, sign_order
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import Present, Target, own_order, present_alone, present_two, session
from central.authority.founding import LOCAL_HOSTS, found
from central.authority.policies import Policies
from kiosk.crypto.age import Identity, kid_of
from kiosk.domain.errors import SealedRecordError
from kiosk.domain.ids import DeviceId, RecordId
from tests.fakes import programs
from tests.fakes.auditors import CHEAP, NOW, PHRASES, WHY, Auditors, auditors_of
from tests.fakes.central_side import CentralSide, serving
from tests.fakes.enrolled import EnrolledDevice

RECORD = RecordId("a" * 32)
TARGET = Target(RECORD, DeviceId("dev-0123456789abcdef"))
NAMES = ("alix", "bao", "chris")


@dataclass
class Sitting:
    """Two auditors of a central side at a time."""

    layout: Layout
    keys: dict[str, AuditorKey]
    files: dict[str, Path]

    @property
    def control(self) -> Control:
        control = read_control(self.layout)
        assert control is not None
        return control

    def present(self, one: str, other: str) -> Present:
        pair = (self.keys[one], self.keys[other])
        return present_two(self.layout, pair, (self.files[one], self.files[other]))

    def open(self, one: str, other: str, at: datetime = NOW) -> None:
        """An opening of a record, granted."""
        self.act(one, other, Subject(records=(RECORD,)), at)

    def act(self, one: str, other: str, about: Subject, at: datetime, act: Act = Act.OPEN) -> None:
        present = self.present(one, other)
        with session(self.layout, present, self.order(one, other, act, about, at)) as at_work:
            at_work.grant([TARGET], at)

    def order(self, one: str, other: str, act: Act, about: Subject, at: datetime = NOW):
        asks, approves = self.keys[one], self.keys[other]
        token = sign_order(new_order(self.control, act, about, WHY, one, at), asks.signing)
        return authorise(token, approve(token, other, approves.signing, at), self.control)

    def agree(self, one: str, other: str, change: Change, at: datetime = NOW) -> Agreed:
        about = Subject(change=change.words)
        authority = self.order(one, other, Act.AUDITORS, about, at)
        with session(self.layout, self.present(one, other), authority) as at_work:
            return agree(self.layout, at_work, change, at)

    def signed(self, agreed: Agreed) -> str:
        return sign_control(agreed.control, read_key(self.layout.root_key))

    def change(self, one: str, other: str, change: Change, at: datetime = NOW) -> Agreed:
        """Agreed on, signed by the root, in place."""
        agreed = self.agree(one, other, change, at)
        put_in_place(self.layout, self.signed(agreed))
        return agreed


def sitting_of(auditors: Auditors, folder: Path) -> Sitting:
    """With one more who has a key file and is no auditor yet."""
    key, _ = make_key(folder / "dana.key", "dana", PHRASES[0], CHEAP)
    keys = {one.name: one for one in (*auditors.keys, key)}
    files = {one: folder / f"{one}.key" for one in keys}
    return Sitting(auditors.layout, keys, files)


@pytest.fixture
def three(tmp_path: Path) -> Sitting:
    return sitting_of(auditors_of(tmp_path, NAMES), tmp_path)


def refusal(call, *arguments) -> str:
    with pytest.raises(AuditRefusedError) as caught:
        call(*arguments)
    return f"{caught.value.why} {caught.value.detail}".strip()


def add(three: Sitting, name: str = "dana") -> Change:
    return Change(add=(three.keys[name].auditor,))


# --- adding -------------------------------------------------------------------------------------


def test_an_added_auditor_opens_what_was_sealed_before(three: Sitting) -> None:
    three.open("alix", "bao")
    before = three.present("alix", "bao").identity
    agreed = three.change("alix", "bao", add(three))
    assert agreed.recipients == ()
    assert (three.control.serial, three.control.recipient) == (2, agreed.control.recipient)
    for other in NAMES:
        assert three.present("dana", other).identity == before
    three.open("dana", "chris")
    with held(three.layout, three.control) as log:
        assert [(line.act, len(line.signatures)) for line in log.lines] == [
            ("open", 2),
            ("auditors", 2),
            ("open", 2),
        ]
        serials = [one.serial for one in log.controls]
    assert serials == [1, 2]


def test_nobody_is_an_auditor_before_the_root_has_signed(three: Sitting) -> None:
    agreed = three.agree("alix", "bao", add(three))
    assert refusal(three.present, "dana", "alix").startswith("keys")
    stranger = sign_control_of(agreed, Layout(three.layout.root))
    with pytest.raises(FolderError, match="control"):
        put_in_place(three.layout, stranger)
    three.open("alix", "chris")
    put_in_place(three.layout, three.signed(agreed))
    three.open("alix", "dana")


def sign_control_of(agreed: Agreed, layout: Layout) -> str:
    """Signed by a key of the folder that is no policy root."""
    return sign_control(agreed.control, read_key(layout.issuer_key))


def test_the_root_alone_changes_nothing(three: Sitting) -> None:
    three.open("alix", "bao")
    control = three.control
    for more in ({"per_day": 10_000}, {"per_day": 10_000, "prev": control.terms}):
        other = parse_control(control_json(replace(control, serial=2, **more)))
        token = sign_control(other, read_key(three.layout.root_key))
        assert refusal(put_in_place, three.layout, token).startswith("statement")
        three.layout.control.write_text(token)  # past the program
        assert refusal(three.open, "alix", "bao").startswith("statement")
        assert not Histories(three.layout).verify(NOW).verified


def test_only_what_was_agreed_on_last_counts(three: Sitting) -> None:
    first = three.agree("alix", "bao", Change(per_hour=50))
    second = three.agree("alix", "chris", Change(per_hour=30))
    assert "did not agree" in refusal(put_in_place, three.layout, three.signed(first))
    put_in_place(three.layout, three.signed(second))
    assert (three.control.per_hour, three.control.per_day) == (30, 100)


def test_an_agreement_is_about_the_change_of_its_order(three: Sitting) -> None:
    change = Change(per_hour=30)
    authority = three.order("alix", "bao", Act.AUDITORS, Subject(change=change.words))
    with session(three.layout, three.present("alix", "bao"), authority) as at_work:
        other = Change(per_hour=3000)
        assert refusal(agree, three.layout, at_work, other, NOW).startswith("order")
    plain = three.order("alix", "bao", Act.OPEN, Subject(records=(RECORD,)))
    with session(three.layout, three.present("alix", "bao"), plain) as at_work:
        assert refusal(agree, three.layout, at_work, change, NOW).startswith("order")


@pytest.mark.parametrize(
    "change",
    [
        Change(),
        Change(withdraw=("nobody",)),
        Change(withdraw=("alix", "bao")),
        Change(per_day=1_000_000),
    ],
)
def test_a_change_that_nobody_would_take_is_refused_and_leaves_no_line(
    three: Sitting, change: Change
) -> None:
    assert refusal(three.agree, "alix", "bao", change).startswith("statement")
    assert not three.layout.openings.exists()


def test_a_new_quota_counts_from_the_statement_on(three: Sitting) -> None:
    three.change("alix", "bao", Change(per_hour=1))
    three.open("alix", "bao")
    assert refusal(three.open, "alix", "bao").startswith("quota-hour")
    three.change("alix", "bao", Change(per_hour=2))
    three.open("alix", "bao")


def test_a_smaller_quota_counts_from_the_agreement_and_a_larger_one_from_the_root_on(
    three: Sitting,
) -> None:
    three.change("alix", "bao", Change(per_hour=2))
    three.agree("alix", "bao", Change(per_hour=1, per_day=200))
    with held(three.layout, three.control) as log:
        assert log.quotas == (1, 100)
    three.open("alix", "bao")
    assert refusal(three.open, "alix", "bao").startswith("quota-hour")
    three.agree("alix", "bao", Change(per_hour=500))
    three.open("alix", "bao")
    assert refusal(three.open, "alix", "bao").startswith("quota-hour")


@pytest.mark.parametrize("detail", ["", "{}", "[]", '{"before":{}}', "null"])
def test_an_agreement_that_says_nothing_is_not_written(three: Sitting, detail: str) -> None:
    about = Subject(change=Change(per_hour=30).words)
    authority = three.order("alix", "bao", Act.AUDITORS, about)
    with (
        pytest.raises(AuditRefusedError, match="agreed on"),
        session(three.layout, three.present("alix", "bao"), authority) as at_work,
    ):
        at_work.grant([], NOW, detail)
    assert not three.layout.openings.exists()


# --- withdrawing --------------------------------------------------------------------------------


def test_whoever_is_withdrawn_signs_nothing_from_the_agreement_on(three: Sitting) -> None:
    three.open("alix", "bao")
    agreed = three.agree("alix", "chris", Change(withdraw=("bao",)))
    assert "without one of you" in refusal(three.open, "alix", "bao")
    three.open("alix", "chris")
    put_in_place(three.layout, three.signed(agreed))
    assert refusal(three.open, "alix", "bao").startswith("keys")
    three.open("alix", "chris")


def test_shares_of_whoever_is_withdrawn_are_taken_away(three: Sitting) -> None:
    old = {path.name for path in three.layout.shares.rglob("*.age")}
    assert old == {"alix+bao.age", "alix+chris.age", "bao+chris.age"}
    three.change("alix", "chris", Change(withdraw=("bao",)))
    left = sorted(three.layout.shares.rglob("*.age"))
    assert {path.name for path in left} == {"alix+chris.age"}
    assert {path.parent.name for path in left} == {
        three.control.recipient,
        *three.control.retired,
    }
    assert len(three.control.retired) == 1


def test_kept_shares_and_an_old_statement_open_nothing_in_this_program(three: Sitting) -> None:
    """What an insider can do who kept the folder of before, and sits with the one withdrawn."""
    three.open("alix", "bao")
    kept = three.layout.root.with_name("kept")
    shutil.copytree(three.layout.auditor, kept)
    three.change("alix", "chris", Change(withdraw=("bao",)))
    three.open("alix", "chris", NOW + timedelta(minutes=1))
    for name in ("control.jws", "shares"):
        copy = shutil.copy if name.endswith("jws") else shutil.copytree
        target = three.layout.auditor / name
        copy(kept / name, target, **({} if name.endswith("jws") else {"dirs_exist_ok": True}))
    found = refusal(three.open, "alix", "bao")
    assert found == (
        "statement the log of openings has seen statement 2, and statement 1 lies here: an older "
        "one was put back"
    )
    report = Histories(three.layout).verify(NOW)
    assert [one for one in report.problems if one.startswith("control: ")]
    # With the log of before as well it is what one of them saw last that tells.
    for name in ("openings.jsonl", "openings.checkpoint"):
        shutil.copy(kept / name, three.layout.auditor / name)
    assert refusal(three.open, "alix", "bao") == "log not the log that alix saw last"


def test_recipients_are_right_where_the_policy_is_a_withdrawal_behind(three: Sitting) -> None:
    chain = {"withdraw": ("bao",), "add": (three.keys["dana"].auditor,)}
    first = three.change("alix", "chris", Change(**chain))
    second = three.change("alix", "chris", Change(withdraw=("dana",)))
    for agreed in (first, second):
        (recipient,) = agreed.recipients
        assert recipient.startswith("audit:age1pq1")
        assert kid_of(recipient.removeprefix("audit:")) == agreed.control.recipient
    assert first.recipients != second.recipients


def test_the_same_person_gets_a_new_key(three: Sitting, tmp_path: Path) -> None:
    three.open("alix", "bao")
    (tmp_path / "new").mkdir()
    key, _ = make_key(tmp_path / "new" / "bao.key", "bao", PHRASES[0], CHEAP)
    three.change("alix", "chris", Change(withdraw=("bao",), add=(key.auditor,)))
    assert refusal(three.open, "alix", "bao").startswith("keys")
    three.keys["bao"], three.files["bao"] = key, tmp_path / "new" / "bao.key"
    three.open("alix", "bao")


def test_putting_in_place_goes_on_after_a_crash(three: Sitting) -> None:
    kept = {path: path.read_bytes() for path in three.layout.shares.rglob("*.age")}
    agreed = three.agree("alix", "chris", Change(withdraw=("bao",)))
    token = three.signed(agreed)
    put_in_place(three.layout, token)
    for path, data in kept.items():  # as if they had not been taken away yet
        path.write_bytes(data)
    put_in_place(three.layout, token)
    assert not any(path.exists() for path in kept)


def test_twelve_auditors_fit_into_a_line(three: Sitting, tmp_path: Path) -> None:
    more = [
        make_key(tmp_path / f"m{n}.key", f"auditor-{n}", PHRASES[0], CHEAP)[0].auditor
        for n in range(9)
    ]
    three.change("alix", "bao", Change(add=tuple(more)))
    three.open("alix", "bao")
    three.change("alix", "bao", Change(withdraw=("chris",)))
    three.open("alix", "bao")
    assert len(three.control.auditors) == 11


def test_lines_of_a_withdrawn_auditor_go_on_holding(three: Sitting) -> None:
    three.open("alix", "bao")
    three.change("alix", "chris", Change(withdraw=("bao",), add=(three.keys["dana"].auditor,)))
    three.open("alix", "dana")
    three.change("dana", "chris", Change(withdraw=("alix",)))
    three.open("chris", "dana")
    assert len(three.control.retired) == 2
    with held(three.layout, three.control) as log:
        assert [log.control_of(line).serial for line in log.lines] == [1, 1, 2, 2, 3]
    text = three.layout.openings.read_bytes()
    three.layout.openings.write_bytes(text.replace(b'"granted"', b'"blocked"', 1))
    assert refusal(three.open, "chris", "dana").startswith("log")


def test_a_statement_signed_anew_by_other_keys_needs_no_agreement(three: Sitting) -> None:
    three.change("alix", "bao", Change(per_hour=30))
    three.open("alix", "bao")
    again = replace(three.control, serial=3, made_at="2026-11-27T09:00:00+00:00")
    put_in_place(three.layout, sign_control(again, read_key(three.layout.root_key)))
    three.open("alix", "chris")
    with held(three.layout, three.control) as log:
        assert [log.control_of(line).serial for line in log.lines] == [1, 3, 3]


def test_a_draft_whose_shares_are_gone_is_not_put_in_place(three: Sitting) -> None:
    agreed = three.agree("alix", "bao", add(three))
    shutil.rmtree(three.layout.shares / agreed.control.shares)
    with pytest.raises(FolderError, match="shares"):
        put_in_place(three.layout, three.signed(agreed))
    three.open("alix", "bao")


# --- from one to two ----------------------------------------------------------------------------


def test_an_auditor_alone_gives_way_to_two(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "central")
    found(layout, LOCAL_HOSTS, "idp.test", NOW, demonstration=False)
    identity = Identity.parse(layout.identity.read_text().strip())
    keys = [make_key(tmp_path / f"{n}.key", n, PHRASES[0], CHEAP)[0] for n in ("alix", "bao")]
    change = Change(add=tuple(key.auditor for key in keys), withdraw=("auditor",))
    alone = present_alone(layout, identity, NOW)
    order = own_order(alone, Act.AUDITORS, Subject(change=change.words), WHY, NOW)
    with session(layout, alone, order) as at_work:
        agreed = agree(layout, at_work, change, NOW)
    put_in_place(layout, sign_control(agreed.control, read_key(layout.root_key)))
    assert refusal(present_alone, layout, identity, NOW).startswith("order-needed")
    two = Sitting(layout, {k.name: k for k in keys}, {k.name: tmp_path / k.name for k in keys})
    assert two.control.mode is Mode.DUAL
    assert two.present("alix", "bao").retired == (identity,)
    two.open("alix", "bao")


# --- the command line ---------------------------------------------------------------------------


def say(phrases: tuple[str, ...], *words: str | Path) -> subprocess.CompletedProcess[str]:
    given = "".join(f"{phrase}\n" for phrase in phrases)
    return programs.run("central", *words, given=given)


def answered(phrases: tuple[str, ...], *words: str | Path, code: int = 0) -> dict[str, Any]:
    done = say(phrases, *words)
    assert done.returncode == code, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.process
def test_an_auditor_is_exchanged_at_the_command_line(three: Sitting, tmp_path: Path) -> None:
    data = ("--data", three.layout.root, "--json")
    files, alix, chris = three.files, PHRASES[0], PHRASES[2]
    change = ("--add", f"{files['dana']}.pub", "--withdraw", "bao")
    order, approval, draft = (tmp_path / name for name in ("order", "approval", "draft"))
    why = ("--reason", "bao quitte le service", "--ground", "art. 32 RGPD")
    answered(
        (alix,),
        *("audit", "request", "auditors", *change, *why),
        *("--key", files["alix"], "--out", order, *data),
    )
    said = say(
        (chris,), "audit", "approve", order, "--key", files["chris"], "--out", approval, *data
    )
    assert "withdraw bao" in said.stderr
    assert f"add dana, keys {three.keys['dana'].auditor.kid}" in said.stderr
    both = ("--key", files["alix"], "--key", files["chris"])
    given = (*both, "--order", order, "--approval", approval)
    agreed = answered(
        (alix, chris), "audit", "control-change", *change, "--out", draft, *given, *data
    )
    assert (agreed["serial"], agreed["recipients"]) == (2, f"{draft}.recipients")
    assert "what was shared stays shared" in agreed["still_open"]
    told = answered((), "audit", "auditors", *data)
    assert (told["statement"], told["agreed"]) == (1, 2)
    signed = tmp_path / "signed"
    key = three.layout.root_key
    answered((), "policy", "sign", draft, "--key", key, "--out", signed, "--yes", "--json")
    assert answered((), "audit", "control-publish", draft, signed, *data) == {"serial": 2}
    answered((), "policy", "set", f"recipients=@{draft}.recipients", *data)
    told = answered((), "audit", "auditors", *data)
    assert [one["name"] for one in told["auditors"]] == ["alix", "chris", "dana"]
    assert (told["statement"], told["agreed"]) == (2, None)
    assert answered((), "audit", "verify", *data)["verified"]


@pytest.mark.process
def test_every_command_that_reads_a_statement_refuses_one_that_was_put_back(
    three: Sitting, tmp_path: Path
) -> None:
    old = three.layout.control.read_bytes()
    three.change("alix", "bao", Change(per_hour=30))
    three.open("alix", "bao")
    held_now = three.layout.control.read_bytes()
    kept = [(path, path.read_bytes()) for path in three.layout.auditor.glob("openings.*")]
    seen = ("--seen", f"{three.files['alix']}.seen")
    data = ("--data", three.layout.root, "--json")
    assert answered((), "audit", "openings", *seen, *data)["verified"]
    three.layout.control.write_bytes(old)
    order = tmp_path / "order"
    ask = ("audit", "request", "open", "--record", RECORD, "--reason", "motif", "--ground", "art")
    for words in (
        ("audit", "auditors"),
        ("audit", "openings"),
        ("audit", "reapply"),
        (*ask, "--key", three.files["alix"], "--out", order),
    ):
        told = answered((PHRASES[0],), *words, *data, code=1)
        assert "put back" in json.dumps(told), words
    told = answered((), "audit", "control-draft", "--out", order, *data, code=1)
    assert (told["why"], order.exists()) == ("statement", False)
    told = answered((), "audit", "verify", *data, code=1)
    assert any("put back" in one for one in told["problems"])
    # With the log of before the folder agrees with itself: who saw it longer tells.
    three.layout.control.write_bytes(held_now)
    three.open("alix", "chris", NOW + timedelta(minutes=1))
    for path, data_before in kept:
        path.write_bytes(data_before)
    assert answered((), "audit", "openings", *data)["verified"]
    told = answered((), "audit", "openings", *seen, *data, code=1)
    assert "not the log that" in told["why"]
    assert not answered((), "audit", "verify", *seen, *data, code=1)["verified"]


@pytest.mark.process
def test_whoever_kept_a_checkpoint_of_the_log_can_hold_it_against_it(
    three: Sitting, tmp_path: Path
) -> None:
    three.open("alix", "bao")
    before = [(path, path.read_bytes()) for path in three.layout.auditor.glob("openings.*")]
    three.open("alix", "bao", NOW + timedelta(minutes=1))
    kept = tmp_path / "kept"
    shutil.copy(three.layout.openings_checkpoint, kept)
    three.open("alix", "bao", NOW + timedelta(minutes=2))
    data = ("--data", three.layout.root, "--json")
    assert answered((), "audit", "openings", "--seen", kept, *data)["verified"]
    for path, content in before:
        path.write_bytes(content)
    assert answered((), "audit", "openings", *data)["verified"]
    assert not answered((), "audit", "openings", "--seen", kept, *data, code=1)["verified"]
    for words in ("", "{}", "visavis-openings/x\n1\n?\n\n"):
        kept.write_text(words)
        told = answered((), "audit", "openings", "--seen", kept, *data, code=1)
        assert "no state of a log" in told["why"]
    told = answered((), "audit", "verify", "--seen", tmp_path / "none", *data, code=1)
    assert told["why"] == "log"


# --- with real records --------------------------------------------------------------------------

Office = tuple[Sitting, CentralSide, EnrolledDevice]


@pytest.fixture
def office(three: Sitting) -> Iterator[Office]:
    with serving(three.layout.root) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        assert device.delivery.run_once().stored == 1
        yield three, side, device


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.process
def test_records_of_before_and_after_a_withdrawal(office: Office) -> None:
    three, _, device = office
    old = join_identities(three.layout, three.control, (three.keys["alix"], three.keys["bao"]))
    before = device.row(2).record_id
    agreed = three.change("alix", "chris", Change(withdraw=("bao",)), now())
    (found,) = Histories(three.layout).verify(now()).problems
    assert "still sealed to an identity of before" in found
    words = ",".join(agreed.recipients)
    Policies(three.layout).change({"recipients": words}, now())
    device.delivery.run_once()
    device._wire()
    seq, _ = device.seal()
    assert device.delivery.run_once().stored == 1
    after = device.row(seq).record_id
    assert before is not None
    assert after is not None
    opening = Opening(three.layout, *three.present("alix", "chris").identities)
    for one in (before, after):
        assert opening.read(opening.find(one)).contents.record["record_id"] == one
    kept = Opening(three.layout, *old)  # what the one withdrawn and one other could have kept
    assert kept.read(kept.find(before)).contents.record["record_id"] == before
    with pytest.raises(SealedRecordError):
        kept.read(kept.find(after))
    present = three.present("alix", "chris")
    report = Histories(three.layout).verify(now(), present.identity, retired=present.retired)
    assert report.verified


@pytest.mark.process
def test_an_erasure_ordered_by_auditors_of_before_stays_lawful(office: Office) -> None:
    three, _, device = office
    record = device.row(2).record_id
    assert record is not None
    authority = three.order("alix", "bao", Act.ERASE, Subject(records=(record,)), now())
    with session(three.layout, three.present("alix", "bao"), authority) as at_work:
        assert erase(three.layout, at_work, now()).records[0].erased
    agreed = three.change("alix", "chris", Change(withdraw=("bao",)), now())
    Policies(three.layout).change({"recipients": ",".join(agreed.recipients)}, now())
    assert Histories(three.layout).verify(now()).problems == ()
    with held(three.layout, three.control) as log:
        reapply(three.layout, log, now())
    assert Histories(three.layout).verify(now()).verified
