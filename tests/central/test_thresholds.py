"""A policy that several people sign, with files between machines; and the keys that take turns.

Every step is a real command; signers have a folder of their own without any central side in it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from central.archive.control import keep_control, read_control, renewed_control, sign_control
from central.archive.layout import FolderError, Layout
from central.archive.ledger import Ledger
from central.archive.policy_chain import PolicyChain
from central.archive.schema import policies
from central.archive.storage import open_database
from central.auditor.histories import Histories
from central.authority.drafts import (
    Draft,
    DraftKind,
    control_draft,
    control_token,
    merged,
    policy_draft,
    read_draft,
    write_draft,
)
from central.authority.key_files import make_key, read_key_file, read_public
from central.authority.policies import Policies
from central.authority.publishing import Publishing, ThresholdError, describe
from central.collector.keys import PolicyShelf, etag_of
from central.operations.lost import Lost, LostDevices
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.services.coming_policy import load_coming
from kiosk.services.fleet import POLICY
from kiosk.sync.enrolment import parse_code
from kiosk.sync.policy import sign_policy
from tests.fakes.central_side import ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice

NOW = datetime.now(UTC)


class Signers:
    """People with a key each; the first one is the founding key of the central side."""

    def __init__(self, data: Path, folder: Path) -> None:
        self.layout = Layout(data)
        self.folder = folder
        self.publishing = Publishing(self.layout)
        self.keys = {n: make_key(folder / f"key-{n}") for n in range(6)}
        self.founding = read_key_file(self.layout.root_key, str)

    def root(self, numbers: list[int], threshold: int, expires: date | None = None) -> Draft:
        keys = tuple(b64u(self.keys[n].public) for n in numbers)
        return self.publishing.draft_root(keys, threshold, NOW, expires)

    def signed(self, draft: Draft, *keys: SigningKey) -> Draft:
        return merged([draft, *(draft.signed(key) for key in keys)])

    def change(self, by: list[SigningKey], root: Draft | None = None, **changes: str) -> int:
        """Publish the next version; its number."""
        draft = self.publishing.draft_policy(changes, NOW, root)
        token = self.publishing.combine(self.signed(draft, *by), root)
        return self.publishing.publish(token, NOW.date()).version

    def take_over(self) -> int:
        """Two of three keys (0, 1, 2) take over from the founding key."""
        root = self.root([0, 1, 2], 2)
        complete = self.signed(root, self.founding, self.keys[0], self.keys[1])
        return self.change([self.keys[1], self.keys[2]], complete)

    def renew_control(self, by: list[SigningKey]) -> None:
        """The keys that took over sign the statement of control anew."""
        draft = control_draft(renewed_control(self.layout, NOW.isoformat()))
        keep_control(self.layout, control_token(self.signed(draft, *by), single=False))


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    return Signers(founded(tmp_path / "central"), tmp_path)


# --- counting -------------------------------------------------------------------------------------


def test_below_the_threshold_nothing_is_published(signers: Signers):
    signers.take_over()
    draft = signers.publishing.draft_policy({"feature_count": "5"}, NOW)
    one = signers.keys[0]
    for by in ([], [one], [one, one]):
        with pytest.raises(ThresholdError) as caught:
            signers.publishing.combine(signers.signed(draft, *by))
        assert (caught.value.there, caught.value.needed) == (len(set(by)), 2)
    assert signers.change([one, signers.keys[2]], feature_count="5") == 3


def test_a_foreign_key_is_named(signers: Signers):
    signers.take_over()
    draft = signers.publishing.draft_policy({}, NOW)
    stranger = signers.keys[5]
    with pytest.raises(PolicyInvalidError, match=stranger.key_id):
        signers.publishing.combine(
            signers.signed(draft, signers.keys[0], signers.keys[1], stranger)
        )
    with pytest.raises(PolicyInvalidError, match=signers.founding.key_id):
        signers.publishing.combine(signers.signed(draft, signers.keys[0], signers.founding))


def test_a_new_root_needs_the_old_and_the_new_keys(signers: Signers):
    signers.take_over()
    root = signers.root([3, 4, 5], 2)
    keys = signers.keys
    for by, whose in (
        ([keys[0], keys[3], keys[4]], "root"),
        ([keys[0], keys[1], keys[3]], "new root"),
        ([keys[3], keys[4], keys[5]], "root"),
    ):
        with pytest.raises(ThresholdError, match=f"^{whose}:"):
            signers.publishing.require_root(signers.signed(root, *by))
    with pytest.raises(PolicyInvalidError, match="no key"):
        signers.publishing.require_root(
            signers.signed(root, *(keys[n] for n in (0, 1, 3, 4)), signers.founding)
        )
    complete = signers.signed(root, *(keys[n] for n in (0, 1, 3, 4)))
    assert signers.change([keys[4], keys[5]], complete) == 3
    with pytest.raises(PolicyInvalidError, match="no key"):
        signers.change([keys[0], keys[1]])


def test_a_signature_on_something_else_counts_for_nothing(signers: Signers):
    signers.take_over()
    draft = signers.publishing.draft_policy({"feature_count": "5"}, NOW)
    other = signers.publishing.draft_policy({"feature_count": "6"}, NOW)
    with pytest.raises(FolderError, match="same"):
        merged([draft, other.signed(signers.keys[0])])
    moved = Draft(
        draft.kind,
        draft.payload,
        tuple(s for k in (0, 1) for s in other.signed(signers.keys[k]).signatures),
    )
    with pytest.raises(PolicyInvalidError, match="signature"):
        signers.publishing.combine(moved)


def test_an_older_or_another_next_version_is_refused(signers: Signers):
    signers.take_over()
    by = [signers.keys[0], signers.keys[1]]
    first = signers.publishing.draft_policy({"feature_count": "5"}, NOW)
    second = signers.publishing.draft_policy({"feature_count": "6"}, NOW)
    tokens = [signers.publishing.combine(signers.signed(d, *by)) for d in (first, second)]
    assert signers.publishing.publish(tokens[0], NOW.date()).version == 3
    for token in tokens[1:]:
        with pytest.raises(PolicyInvalidError, match="older"):
            signers.publishing.publish(token, NOW.date())
    with pytest.raises(PolicyInvalidError, match="older"):
        signers.publishing.combine(signers.signed(second, *by))


def test_a_root_that_is_over_publishes_nothing_and_can_still_be_replaced(signers: Signers):
    root = signers.root([0], 1, expires=date(2026, 1, 1))
    complete = signers.signed(root, signers.founding, signers.keys[0])
    draft = signers.publishing.draft_policy({}, NOW, complete)
    token = signers.publishing.combine(signers.signed(draft, signers.keys[0]), complete)
    with pytest.raises(PolicyInvalidError, match="expired"):
        signers.publishing.publish(token, NOW.date())
    assert signers.publishing.publish(token, date(2025, 12, 31)).version == 2
    again = signers.signed(signers.root([1], 1), signers.keys[0], signers.keys[1])
    assert signers.change([signers.keys[1]], again) == 3


def test_one_key_by_files_makes_what_one_key_always_made(signers: Signers):
    draft = signers.publishing.draft_policy({"feature_count": "5"}, NOW)
    token = signers.publishing.combine(signers.signed(draft, signers.founding))
    assert token.count(".") == 2
    assert signers.publishing.publish(token, NOW.date()).feature_count == 5


def test_a_root_is_not_published_by_itself_nor_a_policy_taken_for_one(signers: Signers):
    root = signers.root([0], 1)
    with pytest.raises(PolicyInvalidError):
        signers.publishing.combine(signers.signed(root, signers.founding))
    draft = signers.publishing.draft_policy({}, NOW)
    with pytest.raises(PolicyInvalidError, match="not a root"):
        signers.publishing.require_root(signers.signed(draft, signers.founding))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"kind": "policy", "payload": "e30", "signatures": []}',
     '{"kind": "letter", "payload": "e30", "signatures": []}',
     '{"kind": "root", "payload": "e30", "signatures": [{"protected": "e30", "signature": ""}]}'],
)  # fmt: skip
def test_a_file_that_is_no_draft_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "draft.json"
    path.write_text(text)
    with pytest.raises((FolderError, PolicyInvalidError)):
        read_draft(path)


def test_a_draft_is_read_as_it_was_written_and_never_overwritten(tmp_path: Path, signers: Signers):
    draft = signers.signed(policy_draft(signers.publishing.newest().policy), signers.founding)
    write_draft(draft, tmp_path / "d")
    assert read_draft(tmp_path / "d") == draft
    assert draft.kind is DraftKind.POLICY
    with pytest.raises(FileExistsError):
        write_draft(draft, tmp_path / "d")


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_under_a_passphrase_opens_with_it_only(tmp_path: Path):
    made = make_key(tmp_path / "k", "trois mots secrets", 8)
    assert (tmp_path / "k").read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert read_key_file(tmp_path / "k", lambda: "trois mots secrets").public == made.public
    assert read_public(tmp_path / "k.pub") == b64u(made.public)
    with pytest.raises(FolderError, match="passphrase"):
        read_key_file(tmp_path / "k", lambda: "deux mots")
    (tmp_path / "k").write_text("nonsense")
    with pytest.raises(FolderError):
        read_key_file(tmp_path / "k", str)
    (tmp_path / "k.pub").write_text("AAAA")
    with pytest.raises(FolderError):
        read_public(tmp_path / "k.pub")


# --- devices --------------------------------------------------------------------------------------


def version_of(device: EnrolledDevice) -> int:
    device.delivery.run_once()
    return device.policy.version


@pytest.mark.process
def test_devices_of_every_age_follow_the_roots(tmp_path: Path):
    signers = Signers(founded(tmp_path / "central"), tmp_path)
    with serving(signers.layout.root) as side:
        first = EnrolledDevice().enrol(side.enrol_code())
        away = EnrolledDevice().enrol(side.enrol_code())
        signers.take_over()
        assert version_of(first) == 2
        second = EnrolledDevice().enrol(side.enrol_code())
        keys = signers.keys
        root = signers.signed(signers.root([3, 4, 5], 2), *(keys[n] for n in (0, 2, 3, 5)))
        signers.change([keys[3], keys[4]], root, feature_count="7")
        third = EnrolledDevice().enrol(side.enrol_code())
        # One that was away for forty days meets both changes at once.
        away.clock.advance(seconds=40 * 86400)
        for device in (first, away, second, third):
            assert version_of(device) == 3
            assert device.policy.feature_count == 7
            device.seal()
            assert device.delivery.run_once().purged == 1
        pins = {parse_code(side.enrol_code()).root_public, first_pin(first), first_pin(second)}
        assert len(pins) == 3
    signers.renew_control([keys[4], keys[5]])
    assert ask("audit", "verify", "--data", signers.layout.root)["verified"]


def first_pin(device: EnrolledDevice) -> str:
    return device.identity.root_public


@pytest.mark.process
def test_a_root_of_a_coming_day_stands_in_the_way_of_no_enrolment(tmp_path: Path):
    signers = Signers(founded(tmp_path / "central"), tmp_path)
    with serving(signers.layout.root) as side:
        complete = signers.signed(signers.root([0], 1), signers.founding, signers.keys[0])
        day = (NOW + timedelta(days=20)).date().isoformat()
        signers.change([signers.keys[0]], complete, valid_from=day)
        device = EnrolledDevice().enrol(side.enrol_code())
        assert device.policy.version == 1
        assert device.identity.root_public == b64u(signers.founding.public)
        for _ in range(2):
            assert device.delivery.run_once().reason == ""
        with device.store.begin() as uow:
            assert [policy.version for policy in load_coming(uow)] == [2]


@pytest.mark.process
def test_the_founding_key_alone_moves_no_device_any_more(tmp_path: Path):
    from kiosk.ports import LinkAnswer
    from tests.fakes.enrolled import Call

    signers = Signers(founded(tmp_path / "central"), tmp_path)
    with serving(signers.layout.root) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        signers.take_over()
        assert version_of(device) == 2
        stolen = sign_policy(
            replace(device.policy, version=9, root="", evidence_images=True), signers.founding
        )

        def lying(call: Call) -> LinkAnswer:
            answer = call.go()
            return LinkAnswer(200, stolen.encode()) if call.path == "/v1/policy" else answer

        device.links.trouble = lying
        assert device.delivery.run_once().reason == "SYNC-007"
        assert device.policy.version == 2
        with device.store.begin() as uow:
            assert stolen.encode() != uow.values.get(POLICY)


# --- the commands ---------------------------------------------------------------------------------


@pytest.mark.process
def test_the_whole_way_by_commands_and_files(tmp_path: Path):
    data, words = founded(tmp_path / "central"), tmp_path / "words"
    words.write_text("trois mots secrets\n")
    publics = []
    for name in "abc":
        (tmp_path / name).mkdir()
        key = tmp_path / name / "key"
        ask("root", "key", key, *(("--passphrase-file", words) if name == "a" else ("--bare",)))
        publics += ["--key", f"{key}.pub"]
    root = tmp_path / "root.draft"
    ask("root", "draft", *publics, "--threshold", "2", "--out", root, "--data", data)

    def sign(draft: Path, name: str, key: Path, *more: str | Path) -> Path:
        out = draft.with_name(f"{draft.name}.{name}")
        done = central("policy", "sign", draft, "--key", key, "--out", out, "--yes", *more)
        assert "sign" in done.stderr or "policy" in done.stderr
        return out

    signed = [
        sign(root, "founder", Layout(data).root_key),
        sign(root, "a", tmp_path / "a" / "key", "--passphrase-file", words),
    ]
    complete = tmp_path / "root.json"
    few = central("root", "combine", root, *signed, "--out", complete, "--data", data, check=False)
    assert (few.returncode, "new root, 1 of 2" in few.stdout) == (1, True)
    signed.append(sign(root, "b", tmp_path / "b" / "key"))
    ask("root", "combine", root, *signed, "--out", complete, "--data", data)

    draft, token = tmp_path / "policy.draft", tmp_path / "policy.json"
    ask("policy", "draft", "feature_count=6", "--root", complete, "--out", draft, "--data", data)
    ways = [sign(draft, n, tmp_path / n / "key") for n in "bc"]
    common = ("--root", complete, "--out", token, "--data", data)
    few = central("policy", "combine", draft, ways[0], *common, "--json", check=False)
    assert json.loads(few.stdout) == {
        "complete": False, "whose": "root", "signatures": 1, "needed": 2,
    }  # fmt: skip
    assert not token.exists()
    ask("policy", "combine", draft, *ways, *common)
    assert ask("policy", "publish", token, "--data", data) == {"version": 2}
    shown = ask("root", "show", "--data", data)
    assert (shown["version"], shown["threshold"], len(shown["keys"])) == (2, 2, 3)
    assert ask("policy", "show", "--data", data)["feature_count"] == 6
    assert "feature_count = 6" in Layout(data).explained_policy.read_text()
    alone = central("policy", "set", "feature_count=3", "--data", data, check=False)
    assert alone.returncode == 2
    again = central("policy", "publish", token, "--data", data, check=False)
    assert (again.returncode, "Traceback" in again.stderr) == (3, False)


@pytest.mark.process
def test_nobody_signs_without_saying_yes(tmp_path: Path):
    data = founded(tmp_path / "central")
    draft, out = tmp_path / "d", tmp_path / "s"
    ask("policy", "draft", "--out", draft, "--data", data)
    done = central(
        "policy", "sign", draft, "--key", Layout(data).root_key, "--out", out, check=False
    )
    assert done.returncode != 0
    assert "# only increases" in done.stderr  # what would be signed was shown
    assert not out.exists()


def test_the_first_policy_lies_there_explained(tmp_path: Path):
    layout = Layout(founded(tmp_path / "central"))
    lines = layout.explained_policy.read_text().splitlines()
    assert lines[0].startswith("# For reading only")
    values = [line for line in lines if not line.startswith("#")]
    assert len(values) == len(lines) // 2
    assert "version = 1" in values


# --- a replaced key and the central side ----------------------------------------------------------


def forge(signers: Signers, version: int, **changes: object) -> str:
    """Put a policy by the founding key alone into the database, as whoever holds both can."""
    contents = replace(signers.publishing.newest().policy, version=version, root="", **changes)
    token = sign_policy(contents, signers.founding)
    with stored(signers) as ledger:
        ledger.add_policy(version, token)
    return token


@contextmanager
def stored(signers: Signers) -> Iterator[Ledger]:
    database = open_database(signers.layout)
    try:
        with database.writing() as ledger:
            yield ledger
    finally:
        database.close()


def test_a_replaced_key_moves_no_collector(signers: Signers, caplog: pytest.LogCaptureFixture):
    shelf = PolicyShelf(signers.founding.public)
    signers.take_over()
    signers.change([signers.keys[0], signers.keys[1]], lost="dev-0123456789abcdef")
    forge(signers, 4, lost=())
    for each in (shelf, PolicyShelf(signers.founding.public)):
        caplog.clear()
        with stored(signers) as ledger:
            for _ in range(2):
                assert each.newest(ledger)[0].version == 3
                assert each.in_force(ledger, NOW)[0].lost == ("dev-0123456789abcdef",)
                held = etag_of(each.newest(ledger)[1])
                assert each.next_for(ledger, held, NOW) is None
                assert each.version(ledger, 4) is None
            assert LostDevices(signers.layout).now(ledger) == Lost(
                frozenset({DeviceId("dev-0123456789abcdef")}), 4, holds=False
            )
        assert [record.getMessage() for record in caplog.records] == [
            "stored policy 4 is not valid and not used: replaced root"
        ]


def test_a_replaced_key_is_told_by_the_auditor_and_publishes_nothing(signers: Signers):
    signers.take_over()
    signers.renew_control([signers.keys[0], signers.keys[1]])
    assert Histories(signers.layout).verify(NOW).verified
    forge(signers, 3, feature_count=9)
    report = Histories(signers.layout).verify(NOW)
    assert not report.verified
    assert report.problems == ("policy 3: not valid, replaced root",)
    assert Policies(signers.layout).of_day(NOW.date()).version == 2
    assert signers.publishing.anchor(NOW) != signers.founding.public
    with pytest.raises(PolicyInvalidError, match="version 3 is stored"):
        signers.change([signers.keys[0], signers.keys[1]], feature_count="5")
    with pytest.raises(PolicyInvalidError, match="version 3 is stored"):
        Policies(signers.layout).in_force()


def test_a_place_that_was_put_right_is_read_again(signers: Signers):
    signers.take_over()
    draft = signers.publishing.draft_policy({"feature_count": "5"}, NOW)
    by = (signers.keys[0], signers.keys[1])
    sound = signers.publishing.combine(signers.signed(draft, *by))
    chain = PolicyChain(signers.founding.public)
    forge(signers, 3)
    with stored(signers) as ledger:
        assert [one.version for one in chain.read(ledger).refused] == [3]
        ledger._connection.execute(
            update(policies).where(policies.c.version == 3), {"token": sound}
        )
        found = chain.read(ledger)
        assert (found.refused, found.newest().policy.feature_count) == ((), 5)
        assert chain.read(ledger) is found


def test_a_policy_stored_under_another_number_is_none(signers: Signers):
    newest = signers.publishing.newest()
    with stored(signers) as ledger:
        ledger.add_policy(7, sign_policy(replace(newest.policy, version=6), signers.founding))
        found = PolicyChain(signers.founding.public).read(ledger)
        assert (found.newest().version, found.of(7)) == (1, None)
        with pytest.raises(PolicyInvalidError, match="another version"):
            found.named(7)


def test_a_statement_of_control_is_signed_anew_by_the_keys_that_took_over(
    signers: Signers, tmp_path: Path
):
    layout, keys = signers.layout, signers.keys
    before = read_control(layout)
    assert before is not None
    signers.take_over()
    layout.control.write_text(sign_control(replace(before, per_day=100_000), signers.founding))
    with pytest.raises(FolderError, match="signed anew"):
        Histories(layout)
    layout.control.write_text(sign_control(before, signers.founding))
    with pytest.raises(FolderError, match="signed anew"):
        read_control(layout)
    ask("audit", "control-draft", "--out", tmp_path / "c", "--data", layout.root)
    draft = read_draft(tmp_path / "c")
    assert "statement 2" in describe(draft)[0]
    for by in ([keys[0]], [keys[0], keys[0]], [keys[0], signers.founding], [keys[0], keys[5]]):
        with pytest.raises(FolderError):
            keep_control(layout, control_token(signers.signed(draft, *by), single=False))
    for n in (0, 2):
        write_draft(draft.signed(keys[n]), tmp_path / f"c{n}")
    files = [tmp_path / name for name in ("c", "c0", "c2")]
    assert ask("audit", "control-publish", *files, "--data", layout.root) == {"serial": 2}
    found = read_control(layout)
    assert found == replace(before, serial=2, made_at=found.made_at if found else "")
    assert Histories(layout).verify(NOW).verified
    with pytest.raises(FolderError, match="newer"):
        keep_control(layout, layout.control.read_text())


def test_a_founding_key_alone_signs_control_as_before(signers: Signers):
    draft = control_draft(renewed_control(signers.layout, NOW.isoformat()))
    token = control_token(signers.signed(draft, signers.founding), single=True)
    assert keep_control(signers.layout, token) == read_control(signers.layout)
