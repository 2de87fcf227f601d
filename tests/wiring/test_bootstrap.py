"""The first start, every later one, and what was lost: told, never papered over."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from kiosk.audit.entries import EntryKind
from kiosk.bootstrap import build
from kiosk.bootstrap.hardware import load_reader
from kiosk.bootstrap.links import Links
from kiosk.bootstrap.membership import SignedClock
from kiosk.bootstrap.opening import DATABASE_KEY
from kiosk.config import CameraConfig, CameraKind, CollectorConfig, Config
from kiosk.crypto.certificates import make_ca
from kiosk.crypto.digests import b64u
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Role
from kiosk.domain.errors import (
    AlreadyRunningError,
    CatalogueError,
    KeyStoreError,
    NoCameraError,
    NotEnrolledError,
    PolicyInvalidError,
    UnreachableError,
    VaultCorruptError,
    VaultKeyError,
)
from kiosk.domain.evidence import DocumentKind
from kiosk.domain.ids import AgentId, OfficeId
from kiosk.paths import Paths
from kiosk.ports import CentralSide, LinkAnswer
from kiosk.services.coming_policy import keep_coming
from kiosk.services.fleet import POLICY
from kiosk.services.pin_costs import STANDARD
from kiosk.services.time_call import TIME, SignedTime
from kiosk.sync.policy import CollectorTerms, Retention, TrustedKey, open_policy, sign_policy
from kiosk.sync.signed_time import sign_time
from tests.fakes.clock import FakeClock
from tests.fakes.desk import PIN
from tests.fakes.key_stores import MemoryKeyStore
from tests.fakes.membership import ISSUER, LOG, POLICY_IN_FORCE, ROOT, join_fleet
from tests.fakes.office import CHEAP
from ui.router.services import services_of

NOW = FakeClock().now()
SPECIMEN = Config(camera=CameraConfig(kind=CameraKind.SPECIMEN), office="075012")


@pytest.fixture
def device(tmp_path):
    """Builds a kiosk of one folder and one secret store; closes it at the end."""
    keys, clock, opened = MemoryKeyStore(), FakeClock(), []

    def start(config: Config = SPECIMEN, **changes: object):
        values = {"clock": clock, "keys": keys, "cost": CHEAP, **changes}
        kiosk = build(Paths.of_device(tmp_path / "device"), config, **values)
        opened.append(kiosk)
        return kiosk

    start.keys = keys
    start.clock = clock
    start.folder = tmp_path / "device"
    yield start
    for kiosk in opened:
        kiosk.close()


def test_the_first_start_makes_the_secrets_and_later_ones_find_them(device):
    first = device()
    assert not first.enrolled
    assert first.office_id == OfficeId("075012")
    first.close()
    first.close()
    second = device()
    assert second.device_id == first.device_id
    assert "online-request" in second.catalogue.names()
    assert "home-visit" not in second.catalogue.names()
    assert second.verify_journal().verified


def test_what_a_pin_costs_is_measured_for_agents_who_were_there_before(device):
    first = device()
    first.agents.add(AgentId("a-17"), "A", Role.AGENT, PIN)
    assert first.pin_costs.measured() is None, "a cost that is given is not measured"
    first.close()
    now = device(cost=None)
    now.sign_in.sign_in(AgentId("a-17"), PIN)
    assert now.pin_costs.measured() is None
    with suppress(NotEnrolledError):
        now.delivery.run_once()
    measured = now.pin_costs.measured()
    assert measured is not None
    assert measured.cost == STANDARD
    assert measured.ms == 400, "by what stands in for a machine in tests"


def test_the_same_folder_serves_one_program_at_a_time(device):
    device()
    with pytest.raises(AlreadyRunningError):
        device()


def test_an_interrupted_first_start_is_taken_up_again(device):
    device.keys.put(DATABASE_KEY, bytes(range(32)))
    assert device().verify_journal().entries == 0


def test_a_vault_whose_key_is_gone_is_not_replaced(device):
    device().close()
    device.keys.delete(DATABASE_KEY)
    before = (device.folder / "vault.db").read_bytes()
    with pytest.raises(VaultKeyError):
        device()
    assert (device.folder / "vault.db").read_bytes() == before


def test_keys_whose_vault_is_gone_are_not_given_a_new_one(device):
    device().close()
    (device.folder / "vault.db").unlink()
    with pytest.raises(VaultCorruptError):
        device()
    assert not (device.folder / "vault.db").exists()


def test_an_emptied_vault_is_a_lost_one_and_begins_no_second_history(device):
    device().close()
    (device.folder / "vault.db").write_bytes(b"")
    with pytest.raises(VaultCorruptError):
        device()
    assert (device.folder / "vault.db").read_bytes() == b""


def test_a_start_that_died_before_the_keys_of_the_device_goes_on_with_the_empty_file(device):
    device.keys.put(DATABASE_KEY, bytes(range(32)))
    device.folder.mkdir(parents=True)
    (device.folder / "vault.db").write_bytes(b"")
    assert device().verify_journal().entries == 0


@pytest.mark.parametrize("name", ["device-signing", "device-secret"])
def test_a_secret_of_a_device_at_work_is_not_replaced(device, name):
    kiosk = device()
    kiosk.journal.record(EntryKind.BOOT)
    kiosk.close()
    device.keys.delete(name)
    with pytest.raises(KeyStoreError):
        device()


def test_a_failed_start_leaves_no_lock_behind(device):
    device.keys.locked = True
    with pytest.raises(KeyStoreError):
        device()
    device.keys.locked = False
    assert device().device_id.startswith("dev-")


def test_before_enrolment_nothing_is_said_to_the_central_side(device):
    kiosk = device()
    assert kiosk.open_link() is None
    assert kiosk.policy is None
    with pytest.raises(NotEnrolledError):
        kiosk.require_enrolled()
    with pytest.raises(NotEnrolledError):
        kiosk.delivery.run_once()
    kiosk.agents.add(AgentId("a17"), "Camille R.", Role.AGENT, "271828")
    session = kiosk.sign_in.sign_in(AgentId("a17"), "271828")
    with pytest.raises(NotEnrolledError):
        kiosk.proofing.open_case("online-request", session)
    assert kiosk.proofing.drafts(session) == ()
    assert kiosk.delivery.status() == ()
    rules = kiosk.membership.document_rules(kiosk.documents)()
    assert DocumentKind.FR_PASSPORT in rules.accepted_kinds
    assert not rules.specimens_allowed


def test_the_camera_is_the_configured_one(device):
    kiosk = device()
    camera = kiosk.open_camera()
    camera.start()
    try:
        assert camera.read().image.shape == (720, 1280, 3)
    finally:
        camera.stop()


@pytest.mark.parametrize(
    ("camera", "error"),
    [
        (CameraConfig(kind=CameraKind.SPECIMEN, specimen="unicorn"), CatalogueError),
        (CameraConfig(kind=CameraKind.LIVE, device="/dev/video63"), NoCameraError),
    ],
)
def test_a_camera_that_is_not_there_is_named_as_such(device, camera, error):
    kiosk = device(Config(camera=camera))
    with pytest.raises(error):
        kiosk.open_camera().start()


@pytest.mark.parametrize(
    "camera",
    [CameraConfig(kind=CameraKind.SPECIMEN), CameraConfig(kind=CameraKind.REPLAY, path="clip.mp4")],
)
def test_a_device_of_a_real_fleet_sees_through_its_own_lens_only(device, camera):
    kiosk = device(Config(camera=camera))
    join_fleet(kiosk)
    with pytest.raises(NoCameraError):
        kiosk.open_camera()
    kiosk.close()
    other = device(Config(camera=camera))
    join_fleet(other, replace(POLICY_IN_FORCE, demonstration=True))
    assert other.open_camera().name


def test_a_moved_collector_keeps_every_pin(device):
    side = CentralSide("https://old.example", make_ca("test", NOW)[0].decode(), "origin", bytes(32))
    moved = Links(FakeClock(), CollectorConfig(url="https://new.example/"))
    link = moved.open(side, SigningKey.generate())
    try:
        assert link._side.url == "https://new.example"
        assert (link._side.ca_pem, link._side.log_public) == (side.ca_pem, side.log_public)
    finally:
        link.close()


def test_an_agent_of_a_device_signs_in_after_a_restart(device):
    kiosk = device()
    kiosk.agents.add(AgentId("a17"), "Camille R.", Role.AGENT, "271828")
    kiosk.close()
    session = device().sign_in.sign_in(AgentId("a17"), "271828")
    assert session.agent.display_name == "Camille R."


@pytest.mark.parametrize(("hours", "left"), [(11, 1), (13, 0)])
def test_a_case_that_lay_too_long_is_abandoned_when_its_agent_comes_back(device, hours, left):
    kiosk = device()
    join_fleet(kiosk)
    kiosk.agents.add(AgentId("a17"), "Camille R.", Role.AGENT, "271828")
    session = kiosk.sign_in.sign_in(AgentId("a17"), "271828")
    kiosk.proofing.open_case("online-request", session)
    device.clock.advance(seconds=hours * 3600)
    # Back from the lock of the screen: the case may still be on it.
    session = kiosk.sign_in.sign_in(AgentId("a17"), "271828")
    assert len(kiosk.proofing.drafts(session)) == 1
    kiosk.close()
    kiosk = device()
    session = kiosk.sign_in.sign_in(AgentId("a17"), "271828")
    assert len(kiosk.proofing.drafts(session)) == left
    assert len(kiosk.delivery.status()) == 1 - left
    assert kiosk.verify_journal().verified


@pytest.mark.parametrize(("hours", "left"), [(11, 1), (13, 0)])
def test_a_case_handed_to_somebody_who_comes_back_too_late_is_sealed_and_not_lost(
    device, hours, left
):
    kiosk = device()
    join_fleet(kiosk)
    giver, taker = AgentId("a17"), AgentId("b22")
    kiosk.agents.add(giver, "Camille R.", Role.AGENT, "271828")
    kiosk.agents.add(taker, "Sacha P.", Role.AGENT, "271828")
    kiosk.sign_in.sign_in(taker, "271828")
    session = kiosk.sign_in.sign_in(giver, "271828")
    case = kiosk.proofing.open_case("online-request", session)
    kiosk.hand_over.hand_over(case.state.case_id, taker, session)
    kiosk.close()
    device.clock.advance(seconds=hours * 3600)
    kiosk = device()
    session = kiosk.sign_in.sign_in(taker, "271828")
    assert len(kiosk.proofing.drafts(session)) == left
    assert len(kiosk.delivery.status()) == 1 - left
    kinds = closes(kiosk)
    assert kinds == ([] if left else [True])
    assert kiosk.verify_journal().verified


def test_a_case_that_nobody_took_leaves_its_record_where_somebody_else_comes_first(device):
    kiosk = device()
    join_fleet(kiosk)
    giver, taker = AgentId("a17"), AgentId("b22")
    kiosk.agents.add(giver, "Camille R.", Role.AGENT, "271828")
    kiosk.agents.add(taker, "Sacha P.", Role.AGENT, "271828")
    kiosk.sign_in.sign_in(taker, "271828")
    session = kiosk.sign_in.sign_in(giver, "271828")
    case = kiosk.proofing.open_case("online-request", session)
    kiosk.hand_over.hand_over(case.state.case_id, taker, session)
    kiosk.close()  # as after a crash: only what was committed is there
    device.clock.advance(seconds=13 * 3600)
    kiosk = device()
    kiosk.sign_in.sign_in(giver, "271828")
    assert closes(kiosk) == [True]
    assert len(kiosk.delivery.status()) == 1
    assert kiosk.verify_journal().verified


@pytest.mark.parametrize(("hours", "left"), [(11, 1), (13, 0)])
@pytest.mark.parametrize("whose", ["nobody's", "somebody's"])
def test_a_case_that_was_left_ends_at_a_start_and_when_somebody_else_signs_in(
    device, hours, left, whose
):
    kiosk = device()
    join_fleet(kiosk)
    camille, sacha = AgentId("a17"), AgentId("b22")
    kiosk.agents.add(camille, "Camille R.", Role.AGENT, "271828")
    kiosk.agents.add(sacha, "Sacha P.", Role.AGENT, "271828")
    kiosk.proofing.open_case("online-request", kiosk.sign_in.sign_in(camille, "271828"))
    device.clock.advance(seconds=hours * 3600)
    if whose == "nobody's":  # a start alone, as after a power cut in the evening
        kiosk.close()
        kiosk = device()
    else:
        kiosk.sign_in.sign_in(sacha, "271828")
    assert closes(kiosk) == [True] * (1 - left)
    assert len(kiosk.delivery.status()) == 1 - left
    with kiosk.store.begin() as uow:
        assert len(uow.drafts.all()) == left
    assert kiosk.verify_journal().verified


@pytest.mark.parametrize("boots", [False, True])
@pytest.mark.parametrize("days", [365, -365])
def test_a_clock_that_was_set_ends_no_case_of_a_colleague(device, days, boots):
    """Between two starts: the case is there for its agent, and the journal tells of the clock."""
    kiosk = device()
    join_fleet(kiosk)
    camille, sacha = AgentId("a17"), AgentId("b22")
    kiosk.agents.add(camille, "Camille R.", Role.AGENT, "271828")
    kiosk.agents.add(sacha, "Sacha P.", Role.AGENT, "271828")
    case = kiosk.proofing.open_case("online-request", kiosk.sign_in.sign_in(camille, "271828"))
    kiosk.close()
    device.clock.set_wall(device.clock.now() + timedelta(days=days))
    if boots:
        device.clock.reboot()
    kiosk = device()
    if not boots:  # a machine that was off may have been so for a year: its start says the time
        assert jumps(kiosk) == [days * 86_400]
    kiosk.sign_in.sign_in(sacha, "271828")
    session = kiosk.sign_in.sign_in(camille, "271828")
    assert closes(kiosk) == []
    (draft,) = kiosk.proofing.drafts(session)
    assert (draft.case_id, draft.can_resume) == (case.state.case_id, True)
    assert draft.lain < timedelta(minutes=1)
    device.clock.advance(seconds=13 * 3600)
    kiosk.close()
    kiosk = device()
    assert closes(kiosk) == [True]
    assert kiosk.verify_journal().verified


def test_a_clock_a_year_ahead_erases_no_round_and_no_past_secret(device):
    """The machine was off, and no network tells the time: nothing is destroyed on its word."""
    kiosk = device()
    join_fleet(kiosk)
    kiosk.agents.add(AgentId("a17"), "Camille R.", Role.AGENT, "271828")
    kiosk.agents.add(AgentId("b22"), "Sacha P.", Role.MANAGER, "271828")
    hear_time(kiosk, device.clock.now())
    kiosk.secret_change.begin(days=7)
    kiosk.sign_in.sign_in(AgentId("b22"), "271828")
    today = f"round/a17/{device.clock.now():%Y-%m-%d}/visit-1"
    with kiosk.store.begin() as uow:
        uow.values.put(today, b"sealed")
        uow.commit()
    kiosk.close()
    device.clock.set_wall(device.clock.now() + timedelta(days=365))
    device.clock.reboot()
    kiosk = device()
    with kiosk.store.begin() as uow:
        assert uow.values.get(today) == b"sealed"
    assert kiosk.secret_change.standing().awaited == (AgentId("a17"),)
    kiosk.sign_in.sign_in(AgentId("a17"), "271828")  # still opens under the past secret
    hear_time(kiosk, device.clock.now())
    assert kiosk.rounds.erase_past() == 1


def hear_time(kiosk, at) -> None:
    clock = kiosk.clock
    signed = SignedTime(at, clock.now(), clock.monotonic_ms(), clock.boot_id)
    with kiosk.store.begin() as uow:
        uow.values.put(TIME, msgspec.json.encode(signed))
        uow.commit()
    kiosk.membership.reload()


def jumps(kiosk) -> list[int]:
    with kiosk.store.begin() as uow:
        rows = [r for r in uow.journal.range(0, uow.journal.size()) if r.kind == "clock_jump"]
    return [kiosk.journal.opened(row).facts["jump_s"] for row in rows]


def closes(kiosk) -> list[bool]:
    """Of every case that was closed, whether a record was sealed."""
    with kiosk.store.begin() as uow:
        rows = [r for r in uow.journal.range(0, uow.journal.size()) if r.kind == "verify_close"]
    return [kiosk.journal.opened(row).facts.get("sealed", True) is True for row in rows]


def test_what_could_not_be_sealed_at_once_is_sealed_at_the_next_start(device):
    kiosk = device()
    giver, taker = AgentId("a17"), AgentId("b22")
    join_fleet(kiosk)
    kiosk.agents.add(giver, "Camille R.", Role.AGENT, "271828")
    kiosk.agents.add(taker, "Sacha P.", Role.AGENT, "271828")
    waiting = kiosk.sign_in.sign_in(taker, "271828")
    session = kiosk.sign_in.sign_in(giver, "271828")
    case = kiosk.proofing.open_case("online-request", session)
    kiosk.hand_over.hand_over(case.state.case_id, taker, session)
    device.clock.advance(seconds=13 * 3600)
    # As if the power had gone between the two: accepted, and not sealed yet.
    assert kiosk.hand_over.accept_all(waiting, timedelta(hours=12)) == 1
    kiosk.close()
    kiosk = device()
    kiosk.sign_in.sign_in(taker, "271828")
    assert closes(kiosk) == [True]
    assert len(kiosk.delivery.status()) == 1


def test_the_policy_gives_home_its_sentences_and_receipts_their_time(device):
    kiosk = device()
    assert (kiosk.membership.notices(), kiosk.membership.receipts_days) == ((), 400)
    told = replace(
        POLICY_IN_FORCE,
        notices=("Fermeture\nà 17 h",),
        retention=Retention(receipts_days=90),
    )
    join_fleet(kiosk, told)
    assert services_of(kiosk).notices() == ("Fermeture à 17 h",)
    assert kiosk.membership.receipts_days == 90


def test_a_journal_cut_at_its_end_does_not_verify(device):
    kiosk = device()
    for _ in range(3):
        kiosk.journal.record(EntryKind.BOOT)
    assert kiosk.verify_journal().verified
    with kiosk.store.begin() as uow:
        # What a fourth entry would have left, had it not been taken away.
        uow.journal.put_frontier((bytes(32),))
        uow.commit()
    report = kiosk.verify_journal()
    assert [problem.what for problem in report.problems] == ["frontier"]


def test_the_reader_knows_the_authority_of_the_specimens_in_a_demonstration_only(device):
    known = device().live_reader().trust().certificates  # its secret store says demonstration
    assert all(certificate.for_tests for certificate in known)
    assert len(known) == 1
    assert load_reader(FakeClock(), specimens=False).trust().certificates == ()


def test_signed_time_decides_where_the_device_is_off_by_years(device):
    kiosk = device()
    true = SignedClock(device.clock, kiosk.membership)
    assert true.now() == device.clock.now()
    at = device.clock.now()
    signed = SignedTime(at, device.clock.now(), device.clock.monotonic_ms(), device.clock.boot_id)
    with kiosk.store.begin() as uow:
        uow.values.put(TIME, msgspec.json.encode(signed))
        uow.commit()
    kiosk.membership.reload()
    device.clock.advance(seconds=90)
    device.clock.set_wall(at.replace(year=1970))
    assert true.now() == at + timedelta(seconds=90)
    assert true.monotonic_ms() == device.clock.monotonic_ms()
    assert kiosk.live_reader().clock.now() == true.now()
    device.clock.reboot()
    assert true.now() == at  # a floor: nothing better is known until the next delivery
    device.clock.set_wall(at + timedelta(days=2))
    assert true.now() == at + timedelta(days=2)


def test_a_member_of_a_fleet_works_by_its_policy_and_notes_each_start_of_the_machine(device):
    kiosk = device()
    join_fleet(kiosk)
    kiosk.close()
    kiosk = device()
    assert kiosk.enrolled
    kiosk.require_enrolled()
    assert kiosk.office_id == "069002"
    assert kiosk.policy == POLICY_IN_FORCE
    assert kiosk.catalogue.get("online-request").feature_count == 4
    rules = kiosk.membership.document_rules(kiosk.documents)()
    assert rules.accepted_kinds == set(POLICY_IN_FORCE.accepted_documents)
    assert list(kiosk.membership.issuers()) == [ISSUER.key_id]
    assert kiosk.last_entry_at() == device.clock.now()
    kiosk.close()
    device().close()
    device.clock.reboot()
    kiosk = device()
    with kiosk.store.begin() as uow:
        kinds = [row.kind for row in uow.journal.range(0, uow.journal.size())]
    assert kinds == ["enrolled", "boot", "boot"]
    assert kiosk.open_link() is not None


def test_a_central_side_that_does_not_answer_costs_nothing(device):
    kiosk = device()
    join_fleet(kiosk)
    summary = kiosk.delivery.run_once()
    assert summary.reason == "SYNC-001"
    assert kiosk.enrolled


def test_a_policy_that_is_not_signed_by_the_pinned_root_stops_the_start(device):
    kiosk = device()
    join_fleet(kiosk)
    forged = sign_policy(replace(POLICY_IN_FORCE, evidence_images=True), ISSUER)
    with kiosk.store.begin() as uow:
        uow.values.put(POLICY, forged.encode())
        uow.commit()
    with pytest.raises(PolicyInvalidError):
        kiosk.membership.reload()
    assert kiosk.policy == POLICY_IN_FORCE
    kiosk.close()
    with pytest.raises(PolicyInvalidError):
        device()


# --- a policy that comes ---


NEXT_MONTH = replace(
    POLICY_IN_FORCE, version=5, valid_from=(NOW + timedelta(days=30)).date(), proxy_allowed=True
)


def announce(kiosk, policy) -> None:
    """A policy that holds later arrived, and signed time was heard."""
    clock = kiosk.clock
    signed = SignedTime(clock.now(), clock.now(), clock.monotonic_ms(), clock.boot_id)
    with kiosk.store.begin() as uow:
        keep_coming(uow, sign_policy(policy, ROOT), policy, ROOT.public)
        uow.values.put(TIME, msgspec.json.encode(signed))
        uow.commit()
    kiosk.membership.reload()


def version_kept(kiosk) -> int:
    """Of the policy in force for good."""
    with kiosk.store.begin() as uow:
        return open_policy(uow.values.get(POLICY).decode("ascii"), ROOT.public).version


def test_a_clock_that_is_ahead_after_a_reboot_brings_no_policy_into_force_for_good(device):
    kiosk = device()
    join_fleet(kiosk)
    announce(kiosk, NEXT_MONTH)
    device.clock.reboot()
    device.clock.set_wall(NOW.replace(year=2099))
    assert kiosk.delivery.run_once().reason == "SYNC-001"
    assert version_kept(kiosk) == 1


def test_without_a_network_signed_time_of_this_boot_brings_it_into_force(device):
    kiosk = device()
    join_fleet(kiosk)
    announce(kiosk, NEXT_MONTH)
    device.clock.advance(seconds=31 * 86_400)
    assert kiosk.delivery.run_once().reason == "SYNC-001"
    assert version_kept(kiosk) == 5


class TimeOnly:
    """A central side that says what time it is, and then falls silent."""

    def __init__(self, at, log: SigningKey) -> None:
        self.at, self.log = at, log

    def open(self, _side: CentralSide, _key: SigningKey, _stopped: object) -> "TimeOnly":
        return self

    def call(self, _method: str, path: str, *_rest: object, **_fields: object) -> LinkAnswer:
        if not path.startswith("/v1/time?nonce="):
            raise UnreachableError("silent")
        nonce = path.partition("=")[2]
        return LinkAnswer(200, sign_time(self.at, nonce, "log.test", self.log).encode())

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("days", "version"), [(1, 1), (31, 5)])
def test_it_takes_effect_in_the_delivery_that_heard_the_true_time(
    device, monkeypatch, days, version
):
    kiosk = device()
    join_fleet(kiosk)
    announce(kiosk, NEXT_MONTH)
    device.clock.reboot()
    device.clock.set_wall(NOW.replace(year=2099))
    side = TimeOnly(NOW + timedelta(days=days), LOG)
    monkeypatch.setattr(Links, "open", lambda _, *given: side.open(*given))
    assert kiosk.delivery.run_once().reason == "SYNC-001"
    assert version_kept(kiosk) == version
    assert kiosk.policy.version == version


def test_a_policy_that_brings_a_new_key_of_the_log_does_not_shut_signed_time_out(
    device, monkeypatch
):
    kiosk = device()
    join_fleet(kiosk)
    fresh = SigningKey.generate()
    terms = CollectorTerms("log.test", verifier_key("log.test", fresh.public))
    announce(kiosk, replace(NEXT_MONTH, collector=terms))
    device.clock.reboot()
    side = TimeOnly(NOW + timedelta(days=31), fresh)
    monkeypatch.setattr(Links, "open", lambda _, *given: side.open(*given))
    assert kiosk.delivery.run_once().reason == "SYNC-001"
    assert version_kept(kiosk) == 5


def test_after_its_midnight_no_rule_of_the_device_is_read_from_the_old_policy(device):
    kiosk = device()
    join_fleet(kiosk)
    fresh = SigningKey.generate()
    announce(
        kiosk,
        replace(
            NEXT_MONTH,
            collector=CollectorTerms("log.test", verifier_key("log.test", fresh.public)),
            enrolment_keys=(TrustedKey("log.test", fresh.key_id, b64u(fresh.public)),),
            lease_days=3,
        ),
    )
    member = kiosk.membership

    def rules() -> tuple[object, ...]:
        return (
            member.proxy_allowed,
            member.lease_days(),
            set(member.log_keys().values()),
            set(member.enrolment_keys().values()),
        )

    assert rules() == (False, POLICY_IN_FORCE.lease_days, {LOG.public}, {LOG.public})
    device.clock.advance(seconds=31 * 86_400)
    assert version_kept(kiosk) == 1, "nothing was delivered since"
    assert rules() == (True, 3, {fresh.public}, {fresh.public})
