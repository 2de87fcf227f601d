"""Signals: planted insiders are named with their numbers, honest busy agents are not."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from central.auditor.chance import at_least, at_most
from central.auditor.conduct import Conduct, Conducts
from central.auditor.journals import ClosingsOf, headers_of
from central.auditor.signals import SignalReport, judge, report_json
from central.auditor.thresholds import load_thresholds
from kiosk.audit.entries import PROFILE, ClockState, EntryKind, Header
from kiosk.domain.errors import CatalogueError
from kiosk.domain.ids import DeviceId
from kiosk.texts import LANGUAGES, Texts
from tests.fakes.central_side import central, founded, reading, serving
from tests.fakes.enrolled import EnrolledDevice

DAY = date(2026, 11, 26)
THRESHOLDS = load_thresholds(DAY)
FIRST, LAST = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a test that must repeat


@dataclass
class Desk:
    """Writes the headers that a device would, for agents who work as they are told to."""

    device: str
    office: str = "075012"
    at: datetime = MONDAY
    headers: list[Header] = field(default_factory=list)
    boot: int = 0

    def entry(self, kind: EntryKind, **facts: object) -> None:
        header = Header(
            v=PROFILE,
            device_id=DeviceId(self.device),
            seq=len(self.headers),
            kind=kind,
            record_id=None,
            policy_v=1,
            recipients=(),
            age_header_sha256="",
            payload_sha256="",
            payload_len=0,
            prev_root="",
            ratchet_mac="",
            boot_id=f"boot-{self.boot}",
            mono_ms=int((self.at - MONDAY).total_seconds() * 1000),
            wall_claimed=self.at.isoformat(),
            clock_state=ClockState.UNVERIFIED,
            app_build="0.1.0",
            facts=facts,  # type: ignore[arg-type]
        )
        self.headers.append(header)

    def case(
        self,
        agent: str,
        seconds: int = 240,
        outcome: str = "accepted",
        request: str = "",
        *,
        against: bool | None = None,
    ) -> None:
        case = f"{self.device}-{len(self.headers)}"
        told = {"case": case, "agent": agent}
        self.entry(EntryKind.VERIFY_OPEN, **told, procedure="online-request")
        self.at += timedelta(seconds=seconds)
        more: dict[str, object] = {"request": request} if request else {}
        if against is not None:
            more["against"] = against
        self.entry(EntryKind.VERIFY_CLOSE, **told, outcome=outcome, sealed=True, **more)
        self.at += timedelta(seconds=60)

    def open_only(self, agent: str) -> None:
        case = f"{self.device}-{len(self.headers)}"
        self.entry(EntryKind.VERIFY_OPEN, case=case, agent=agent, procedure="online-request")
        self.at += timedelta(seconds=60)

    def reboot(self) -> None:
        self.boot += 1
        self.entry(EntryKind.BOOT)

    def next_day(self) -> None:
        self.at = self.at.replace(hour=8, minute=0, second=0) + timedelta(days=1)
        if self.at.isoweekday() == 7:
            self.at += timedelta(days=1)


def judged(*desks: Desk) -> SignalReport:
    conducts = Conducts(THRESHOLDS, FIRST, LAST)
    for desk in desks:
        conducts.read(desk.device, desk.office, desk.headers)
    for desk in desks:
        conducts.follow(desk.headers)
    conducts.settle()
    return judge(conducts, THRESHOLDS)


def codes(report: SignalReport) -> set[tuple[str, str]]:
    return {(one.code, one.who) for one in report.signals}


def month(desk: Desk, agent: str, rng: random.Random, cases: int = 8) -> None:
    """Twenty ordinary days: some refusals, some abandoned, times as they come."""
    desk.at = MONDAY
    for _ in range(20):
        for _ in range(cases):
            outcome = rng.choices(("accepted", "refused", "abandoned"), (88, 8, 4))[0]
            against = len(desk.headers) % 5 == 0 if outcome == "abandoned" else None
            desk.case(agent, int(rng.lognormvariate(5.4, 0.4)), outcome, against=against)
        desk.next_day()


def office(rng: random.Random, count: int = 6) -> list[Desk]:
    desks = []
    for number in range(count):
        desk = Desk(f"dev-{number}")
        month(desk, f"a-{number}", rng)
        desks.append(desk)
    return desks


def test_an_ordinary_office_gives_no_signal() -> None:
    assert codes(judged(*office(dice(1)))) == set()


def test_an_honest_busy_agent_gives_none_either() -> None:
    rng = dice(2)
    busy = Desk("dev-busy")
    month(busy, "a-busy", rng, cases=60)
    report = judged(*office(rng), busy)
    assert codes(report) == set()
    assert report.compared == 7


def at_night(desk: Desk) -> None:
    for day in range(1, 15):
        desk.at = datetime(2026, 11, day, 22, 30, tzinfo=UTC)
        for _ in range(3):
            desk.case("a-x")


def stamps(desk: Desk) -> None:
    desk.headers.clear()
    for _ in range(20):
        for _ in range(12):
            desk.case("a-x")
        desk.next_day()


def kills(desk: Desk) -> None:
    for _ in range(20):
        desk.open_only("a-x")
        desk.reboot()


def tries_again(desk: Desk) -> None:
    for number in range(4):
        desk.case("a-x", outcome="refused", request=f"r-{number}")
        desk.case("a-x", request=f"r-{number}")


def accepts_what_others_refused(desk: Desk) -> None:
    desk.at += timedelta(days=4)
    for number in range(30):
        desk.case("a-x", request=f"r-{number}")


def often(count: int, kind: EntryKind, **facts: object) -> Callable[[Desk], None]:
    def write(desk: Desk) -> None:
        for _ in range(count):
            desk.entry(kind, **facts)

    return write


def cases(count: int, seconds: int, outcome: str) -> Callable[[Desk], None]:
    def write(desk: Desk) -> None:
        for _ in range(count):
            desk.case("a-x", seconds, outcome)

    return write


def looks_and_leaves(desk: Desk) -> None:
    """Sees that documents do not fit, and breaks off instead of refusing."""
    for _ in range(24):
        desk.case("a-x", outcome="abandoned", against=True)


DEEDS: dict[str, Callable[[Desk], None]] = {
    "pace": cases(40, 14, "accepted"),
    "hours": at_night,
    "refusals": cases(120, 240, "refused"),
    "never_refuses": stamps,
    "abandoned": cases(60, 240, "abandoned"),
    "abort_after_mismatch": looks_and_leaves,
    "killed": kills,
    "failures": often(40, EntryKind.LOGIN_FAIL, agent="a-x", failures=1),
    "second_try": tries_again,
    "elsewhere": accepts_what_others_refused,
    "two_places": Desk.next_day,
    "clock": often(4, EntryKind.CLOCK_JUMP, jump_s=-86_400),
    "unlocked": often(5, EntryKind.LOCKOUT, lifted=True, agent="a-x", by="m-1"),
    "unlocks": often(5, EntryKind.LOCKOUT, lifted=True, agent="a-1", by="a-x"),
}


def planted(what: str) -> tuple[Desk, ...]:
    """An ordinary month, and the deed."""
    insider = Desk("dev-x")
    month(insider, "a-x", dice(3))
    insider.at = MONDAY + timedelta(days=3)
    DEEDS[what](insider)
    if what == "elsewhere":
        return insider, refusing(30)
    if what != "two_places":
        return (insider,)
    elsewhere = Desk("dev-y", "069003")
    elsewhere.at = insider.headers[0].wall_time + timedelta(minutes=2)
    elsewhere.case("a-x")
    return insider, elsewhere


def refusing(count: int) -> Desk:
    """Colleagues in turn, at a counter that is read last, before the insider accepts."""
    desk = Desk("dev-y")
    for number in range(count):
        desk.case(f"a-{number % 6}", outcome="refused", request=f"r-{number}")
    return desk


INSIDERS = tuple(DEEDS)


@pytest.mark.parametrize("what", INSIDERS)
def test_a_planted_insider_is_named(what: str) -> None:
    report = judged(*office(dice(4)), *planted(what))
    who = "dev-x" if what == "clock" else "a-x"
    assert (what, who) in codes(report)
    honest = {name for _, name in codes(report)} - {who, "m-1", "a-1"}
    assert honest == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", INSIDERS)
def test_every_signal_is_explained_with_its_numbers(what: str, language: str) -> None:
    told = report_json(judged(*office(dice(4)), *planted(what)), Texts.load(language))
    (one,) = [signal for signal in told["signals"] if signal["code"] == what]
    assert one["title"]
    assert one["innocent"]
    assert str(one["numbers"]["count"]) in one["counted"]
    assert "{" not in one["counted"]
    assert set(told["not_computed"]) == {"same_document"}


def test_customers_who_come_back_to_another_agent_are_no_signal() -> None:
    rng, desks = dice(8), office(dice(8))
    back = Desk("dev-back", at=MONDAY + timedelta(days=20))
    for number in range(60):
        one, other = rng.sample(range(6), 2)
        back.case(f"a-{one}", outcome="refused", request=f"q-{number}")
        back.case(f"a-{other}", request=f"q-{number}")
    assert "elsewhere" not in {code for code, _ in codes(judged(*desks, back))}


def test_what_was_accepted_before_a_refusal_overrules_nobody() -> None:
    late, early = Desk("dev-0", at=MONDAY + timedelta(days=1)), Desk("dev-1")
    late.case("a", outcome="refused", request="r")
    early.case("b", request="r")
    conducts = Conducts(THRESHOLDS, FIRST, LAST)
    for desk in (late, early):
        conducts.read(desk.device, desk.office, desk.headers)
    for desk in (late, early):
        conducts.follow(desk.headers)
    conducts.settle()
    assert (conducts.agents["b"].overruled, conducts.agents["b"].second_tries) == (0, 0)


@pytest.mark.process
def test_a_request_is_followed_over_real_journals(tmp_path: Path) -> None:
    data = founded(tmp_path / "central")
    refuses, accepts = EnrolledDevice(), EnrolledDevice()
    with serving(data) as side:
        for device, outcome, agent in ((accepts, "accepted", "b"), (refuses, "refused", "a")):
            device.enrol(side.enrol_code())
            if outcome == "accepted":
                device.clock.advance(seconds=3600)
            device.journal.record(EntryKind.SHIFT_OPEN)
            told = {"agent": agent, "outcome": outcome, "request": "r-1", "sealed": True}
            device.journal.record(EntryKind.VERIFY_CLOSE, {"case": outcome, **told})
            device.delivery.run_once()
    conducts = Conducts(
        THRESHOLDS, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    )
    with reading(data) as ledger:
        devices = ledger.devices()
        for row in devices:
            conducts.read(row.device_id, row.office_id, headers_of(ledger, row))
        assert conducts.requests == {"r-1"}
        for row in devices:
            conducts.follow(ClosingsOf(ledger, row, conducts.requests))
    conducts.settle()
    assert (conducts.agents["b"].overruled, conducts.agents["a"].overruled) == (1, 0)


def test_builds_that_do_not_say_what_was_found_are_not_counted_as_if_nothing_was() -> None:
    desk = Desk("dev-x")
    for against in (True, False, None, None):
        desk.case("a-x", outcome="abandoned", against=against)
    desk.case("a-x", outcome="refused")
    conducts = Conducts(THRESHOLDS, FIRST, LAST)
    conducts.read(desk.device, desk.office, desk.headers)
    conduct = conducts.agents["a-x"]
    assert (conduct.against, conduct.told, conduct.outcomes["abandoned"]) == (1, 2, 4)


def test_an_office_where_all_work_late_is_no_signal() -> None:
    desks = []
    for number in range(6):
        desk = Desk(f"dev-{number}")
        for day in range(1, 25):
            desk.at = datetime(2026, 11, day, 20, 30, tzinfo=UTC)
            desk.case(f"a-{number}")
            desk.case(f"a-{number}")
        desks.append(desk)
    assert codes(judged(*desks)) == set()


def test_one_dishonest_colleague_does_not_move_what_is_usual() -> None:
    rng = dice(5)
    (first,) = planted("pace")
    second = Desk("dev-z", headers=[])
    second.headers = [
        replace(
            header,
            device_id=DeviceId("dev-z"),
            facts={
                **header.facts,
                "agent": "a-z",
                "case": f"z{header.facts.get('case')}",
            },
        )
        for header in first.headers
    ]
    assert {("pace", "a-x"), ("pace", "a-z")} <= codes(judged(*office(rng), first, second))


def test_with_few_colleagues_the_fleet_is_the_measure() -> None:
    rng = dice(6)
    lonely = replace(planted("pace")[0], office="023001")
    assert ("pace", "a-x") in codes(judged(*office(rng), lonely))


def test_nobody_is_compared_where_there_is_nobody_to_compare_with() -> None:
    report = judged(*planted("refusals"))
    assert (report.compared, codes(report)) == (0, set())


def test_a_clock_that_jumped_says_nothing_about_hours() -> None:
    (insider,) = planted("hours")
    insider.headers = [replace(h, clock_state=ClockState.JUMPED) for h in insider.headers]
    assert ("hours", "a-x") not in codes(judged(*office(dice(7)), insider))


def test_a_restart_between_gives_no_duration() -> None:
    desk = Desk("dev-0")
    desk.entry(EntryKind.VERIFY_OPEN, case="c", agent="a", procedure="online-request")
    desk.reboot()
    desk.entry(EntryKind.VERIFY_CLOSE, case="c", agent="a", outcome="accepted", sealed=True)
    conducts = Conducts(THRESHOLDS, FIRST, LAST)
    conducts.read(desk.device, desk.office, desk.headers)
    assert (conducts.agents["a"].timed, conducts.agents["a"].interrupted) == (0, 1)


def honest_fleet(rng: random.Random, offices: int = 80, each: int = 6) -> Conducts:
    """Honest agents who differ from one another: their rates are drawn, then their months."""
    conducts = Conducts(THRESHOLDS, FIRST, LAST)
    found = dice(offices + rng.getstate()[1][0])  # draws of its own: the others stay as they were
    for place in range(offices):
        for number in range(each):
            conduct = Conduct(f"a-{place}-{number}")
            cases = rng.randint(40, 400)
            conduct.opened = conduct.judged = cases
            conduct.offices[f"{place:06d}"] = cases
            refused, abandoned, quick, late, lost, wrong = (
                drawn(rng, cases, mean) for mean in (0.08, 0.04, 0.005, 0.01, 0.01, 0.03)
            )
            conduct.outcomes.update(refused=refused, abandoned=abandoned)
            conduct.outcomes["accepted"] = max(0, cases - refused - abandoned - lost)
            conduct.timed = conduct.outcomes["accepted"]
            conduct.quick, conduct.outside = min(quick, conduct.timed), late
            conduct.lost, conduct.failures = lost, wrong
            conduct.told = abandoned
            conduct.against = drawn(found, abandoned, 0.2)
            conduct.overruled = min(drawn(rng, conduct.timed, 0.03), conduct.timed)
            conducts.agents[conduct.agent] = conduct
    return conducts


def drawn(rng: random.Random, cases: int, mean: float) -> int:
    """A count whose rate is the agent's own: Beta with a spread of a third of its mean and more."""
    rate = rng.betavariate(8 * mean * 10, 8 * (1 - mean) * 10)
    return sum(rng.random() < rate for _ in range(cases))


def test_honest_fleets_give_few_false_signals() -> None:
    found = [len(judge(honest_fleet(dice(seed)), THRESHOLDS).signals) for seed in range(6)]
    assert sum(found) <= 6, found


def test_chance_is_the_tail_of_its_distribution() -> None:
    assert at_least(0, 10, 0.3, 60) == 1
    # With one trial the spread says nothing; with agents all alike it is the binomial.
    assert at_least(1, 1, 0.3, 2) == pytest.approx(0.3)
    assert at_least(2, 3, 0.5, 1e9) == pytest.approx(0.5, rel=1e-4)
    assert at_most(1, 3, 0.5, 1e9) == pytest.approx(0.5, rel=1e-4)
    # Uniform on 0 to 20 where both parameters are 1.
    assert at_least(15, 20, 0.5, 2) == pytest.approx(6 / 21)
    for count in range(1, 20):
        whole = at_least(count, 20, 0.3, 60) + at_most(count - 1, 20, 0.3, 60)
        assert whole == pytest.approx(1)


def test_days_without_thresholds_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError):
        load_thresholds(date(2020, 1, 1))
    (tmp_path / "none.toml").write_text("version = 1")
    with pytest.raises(CatalogueError):
        load_thresholds(DAY, tmp_path / "none.toml")


@pytest.mark.process
def test_signals_of_an_empty_central_side(tmp_path: Path) -> None:
    data = founded(tmp_path / "central")
    done = central("audit", "signals", "--data", data)
    assert "Aucun signal" in done.stdout
    assert "n’est pas une preuve" in done.stdout
