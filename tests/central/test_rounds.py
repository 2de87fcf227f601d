"""Planning of rounds, and the calls of devices about them: who sees what, and what is refused."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from central.archive.database import Database
from central.archive.layout import Layout
from central.archive.round_schema import TABLES
from central.archive.schema import metadata
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.authority.requests import Announced, new_request, parse_birth_date
from central.authority.rounds import Planner, Wanted
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.sync.contact import ContactOrder
from kiosk.sync.messages import Problem, RecipientPut, RoundAnswer, decode, encode
from kiosk.sync.rounds import announce_recipient, open_visit, round_identity, unseal_visit
from tests.fakes.central_side import CentralSide, ask, central
from tests.fakes.enrolled import EnrolledDevice

pytestmark = pytest.mark.process
OFFICE = OfficeId("075012")


def request(side: CentralSide, office: str = OFFICE, hours: int = 240) -> str:
    layout = Layout(side.data)
    announced = Announced(
        "Berthier", ("Corinne",), parse_birth_date("1965-12-06"), "cpf", office_id=OfficeId(office)
    )
    begins = datetime.now(UTC) - timedelta(days=1)
    policy = Policies(layout).in_force()
    validity = timedelta(hours=hours + 24)
    return new_request(layout, policy, announced, begins, validity)[1]


def planner(side: CentralSide) -> Planner:
    layout = Layout(side.data)
    return Planner(layout, Policies(layout).in_force())


def today() -> date:
    """Give the day of this machine, asked anew: a run of the tests may pass midnight."""
    return date.today()


def wanted(token: str, device: EnrolledDevice, **changes: Any) -> Wanted:
    values = {
        "request": token,
        "day": today(),
        "begins": time(0, 0),
        "ends": time(23, 59),
        "device_id": device.identity.device_id,
        "line": "12 quai des Saules",
        "locality": "69009 Lyon",
        **changes,
    }
    return Wanted(**values)


def call(device: EnrolledDevice, method: str, path: str, body: bytes = b"", etag: str = ""):
    with closing(device.link()) as link:
        return link.call(method, path, body, etag=etag)


@pytest.fixture
def asked(device: EnrolledDevice) -> EnrolledDevice:
    """A device that said what to seal to."""
    path = f"/v1/devices/{device.identity.device_id}/recipient"
    put = RecipientPut(announcement=announce_recipient(device.key))
    assert call(device, "PUT", path, encode(put)).status == 204
    return device


def quarantine(side: CentralSide, device: EnrolledDevice) -> None:
    """What the collector notes when a device shows a second history."""
    with closing(open_database(Layout(side.data))) as database, database.writing() as ledger:
        row = ledger.device(device.identity.device_id)
        assert row is not None
        ledger.put_device(replace(row, quarantined=True))


def get_round(device: EnrolledDevice, day: str = "", etag: str = ""):
    day = day or today().isoformat()
    path = f"/v1/devices/{device.identity.device_id}/rounds/{day}"
    return call(device, "GET", path, etag=etag)


# --- planning ---


def test_a_device_that_never_asked_cannot_be_planned_for(
    side: CentralSide, device: EnrolledDevice
) -> None:
    with pytest.raises(ValueError, match="asked for a round"):
        planner(side).add(wanted(request(side), device), datetime.now(UTC))


def test_positions_follow_each_other_and_are_never_given_twice(
    side: CentralSide, asked: EnrolledDevice
) -> None:
    now = datetime.now(UTC)
    first = planner(side).add(wanted(request(side), asked), now)
    second = planner(side).add(wanted(request(side), asked), now)
    assert (first.row.position, second.row.position) == (1, 2)
    with pytest.raises(ValueError, match="taken"):
        planner(side).add(wanted(request(side), asked, position=2), now)
    planner(side).cancel(second.row.visit_id, now)
    again = planner(side).add(wanted(request(side), asked, position=2), now)
    assert again.row.position == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"device_id": DeviceId("dev-0000000000000000")}, "no such device"),
        ({"device_id": None}, "device or an office"),
        ({"days": 400}, "expired"),
        ({"days": -40}, "not-yet-valid"),
        ({"begins": time(10, 0), "ends": time(9, 0)}, "window"),
        ({"line": "x" * 200}, "visit"),
        ({"locality": "Lyon\u202e"}, "visit text"),
        ({"position": 0}, "count from 1"),
        ({"request": "not-a-request"}, "foreign"),
    ],
)
def test_what_does_not_fit_is_not_planned(
    side: CentralSide, asked: EnrolledDevice, changes: dict[str, Any], why: str
) -> None:
    if "days" in changes:
        changes = {"day": today() + timedelta(days=changes["days"])}
    with pytest.raises(ValueError, match=why):
        planner(side).add(wanted(request(side), asked, **changes), datetime.now(UTC))
    assert decode(get_round(asked).body, RoundAnswer).visits == ()


def test_a_request_of_another_office_is_not_planned_here(
    side: CentralSide, asked: EnrolledDevice
) -> None:
    with pytest.raises(ValueError, match="wrong-office"):
        planner(side).add(wanted(request(side, office="033000"), asked), datetime.now(UTC))


# --- the round on the wire ---


def test_a_round_is_sealed_to_its_device_and_says_the_same_again(
    side: CentralSide, asked: EnrolledDevice
) -> None:
    planned = planner(side).add(wanted(request(side), asked), datetime.now(UTC))
    answer = get_round(asked)
    assert answer.status == 200
    (item,) = decode(answer.body, RoundAnswer).visits
    assert b"Saules" not in answer.body
    token = unseal_visit(unb64u(item.sealed), round_identity(asked.key.seed))
    issuers = {issuer.kid: issuer.public for issuer in asked.policy.request_issuers}
    visit = open_visit(token, issuers)
    assert (visit, visit.line) == (planned.visit, "12 quai des Saules")
    etag = dict(answer.headers)["etag"]
    assert get_round(asked, etag=etag).status == 304
    planner(side).cancel(item.visit, datetime.now(UTC))
    changed = get_round(asked, etag=etag)
    (item,) = decode(changed.body, RoundAnswer).visits
    assert (changed.status, item.cancelled, item.sealed) == (200, True, "")


def test_the_collector_holds_nothing_readable_of_a_visit(
    side: CentralSide, asked: EnrolledDevice
) -> None:
    planner(side).add(wanted(request(side), asked), datetime.now(UTC))
    for file in Layout(side.data).collector.rglob("*"):
        if file.is_file():
            assert b"Saules" not in file.read_bytes(), file.name
            assert b"Berthier" not in file.read_bytes(), file.name


@pytest.mark.parametrize("day", ["2026-13-01", "today", "20261127", "2026-W48-5"])
def test_a_day_that_is_none_is_refused(asked: EnrolledDevice, day: str) -> None:
    answer = get_round(asked, day)
    assert (answer.status, decode(answer.body, Problem).error) == (400, "day")


def test_before_it_said_what_to_seal_to_a_device_is_told_so(device: EnrolledDevice) -> None:
    answer = get_round(device)
    assert (answer.status, decode(answer.body, Problem).error) == (409, "recipient-unknown")


def test_nobody_answers_for_another_device(device: EnrolledDevice) -> None:
    path = f"/v1/devices/{device.identity.device_id}/recipient"
    forged = announce_recipient(SigningKey.generate())
    answer = call(device, "PUT", path, encode(RecipientPut(announcement=forged)))
    assert (answer.status, decode(answer.body, Problem).error) == (422, "recipient")
    garbage = call(device, "PUT", path, b"{}")
    assert garbage.status == 400


def test_one_device_cannot_read_the_round_of_another(
    side: CentralSide, asked: EnrolledDevice
) -> None:
    other = EnrolledDevice().enrol(side.enrol_code())
    for path in ("rounds/" + today().isoformat(), "conflicts"):
        answer = call(other, "GET", f"/v1/devices/{asked.identity.device_id}/{path}")
        assert answer.status == 403


def test_a_device_of_two_histories_gets_no_names_and_sends_no_codes(
    side: CentralSide, asked: EnrolledDevice
) -> None:
    """A copy of its disk holds its key: what a customer's name is sealed to may be anybody's."""
    planner(side).add(wanted(request(side), asked), datetime.now(UTC))
    quarantine(side, asked)
    base = f"/v1/devices/{asked.identity.device_id}"
    order = encode(ContactOrder(case="c" * 32, channel="mobile", address="+33639980000"))
    announcement = RecipientPut(announcement=announce_recipient(asked.key))
    calls = [
        ("GET", f"rounds/{today().isoformat()}", b""),
        ("PUT", "recipient", encode(announcement)),
        ("PUT", f"contacts/{'a' * 32}", order),
        ("POST", f"contacts/{'a' * 32}/state", order),
        ("POST", f"contacts/{'a' * 32}/check", order),
    ]
    for verb, what, body in calls:
        answer = call(asked, verb, f"{base}/{what}", body)
        assert (answer.status, decode(answer.body, Problem).error) == (403, "quarantined"), what
    asked.seal()
    assert asked.delivery.run_once().reason == ""
    for what in (f"{base}/log", f"{base}/receipts", f"{base}/conflicts", "/v1/policy"):
        assert call(asked, "GET", what).status == 200, what


# --- the database ---


def test_a_database_from_before_rounds_gets_their_tables(tmp_path: Path) -> None:
    path = tmp_path / "collector.db"
    engine = create_engine(f"sqlite:///{path}")
    older = [table for table in metadata.sorted_tables if table not in TABLES]
    metadata.create_all(engine, older)
    engine.dispose()
    database = Database(path)
    with database.reading() as ledger:
        assert ledger.rounds.visits("2026-01-01", "2026-12-31") == ()
        assert ledger.rounds.acts_about(b64u(bytes(32))) == ()
    database.close()


# --- the command line ---


def test_the_round_from_the_command_line(side: CentralSide, asked: EnrolledDevice) -> None:
    data = ("--data", str(side.data))
    person = ("--surname", "Berthier", "--given-names", "Corinne", "--birth-date", "1965-12-06")
    token = ask("request", "new", *person, *data)["token"]
    device = ("--device", asked.identity.device_id)
    door = ("--line", "12 quai des Saules", "--locality", "69009 Lyon")
    day = ("--day", (today() + timedelta(days=1)).isoformat())  # a window that is over is refused
    added = ask("round", "add", token, *device, *door, *day, "--window", "00:00-23:59", *data)
    assert added["window"] == "00:00-23:59"
    assert len(added["activation_code"]) == 9
    shown = ask("round", "show", *day, *data)["visits"]
    mine = [visit for visit in shown if visit["visit_id"] == added["visit_id"]]
    assert [visit["name"] for visit in mine] == ["Corinne Berthier"]
    text = central("round", "show", *day, *data).stdout
    assert "12 quai des Saules" in text
    assert added["activation_code"] not in text
    silent = central("audit", "reconcile", *day, *data, "--json", check=False)
    assert silent.returncode == 1
    assert added["visit_id"] in silent.stdout
    cancelled = ask("request", "cancel", token, *data)
    assert cancelled["outcomes_before"] == []
    assert ask("round", "cancel", added["visit_id"], *data)["changed"] is True
    assert ask("round", "reseal", *data) == {"copies": 0}


@pytest.mark.parametrize(
    "words",
    [
        ("round", "add", "nonsense", "--office", "075012"),
        ("round", "add", "nonsense", "--office", "075012", "--window", "late"),
        ("round", "show", "--day", "tomorrow"),
        ("round", "cancel", "no-such-visit"),
        ("request", "cancel", "nonsense"),
        ("audit", "reconcile", "--day", "tomorrow"),
    ],
)
def test_wrong_use_says_so_in_one_line(side: CentralSide, words: tuple[str, ...]) -> None:
    done = central(*words, "--data", str(side.data), check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
