"""Which policy a device is given: none is skipped, and none is applied before its day."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.collector.keys import PolicyShelf
from central.collector.server import load_keys
from kiosk.ports import LinkAnswer
from kiosk.services.coming_policy import load_coming
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import Call, EnrolledDevice

pytestmark = pytest.mark.process
LATER = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
LATER_STILL = (datetime.now(UTC) + timedelta(days=80)).date().isoformat()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[CentralSide]:
    with serving(founded(tmp_path / "central")) as side:
        yield side


def publish(side: CentralSide, valid_from: str = "", features: int = 3) -> None:
    changes = {"feature_count": str(features), "valid_from": valid_from}
    Policies(Layout(side.data)).change(changes, datetime.now(UTC))


def coming(device: EnrolledDevice) -> list[int]:
    with device.store.begin() as uow:
        return [policy.version for policy in load_coming(uow)]


def test_what_holds_now_comes_before_what_holds_later(office: CentralSide) -> None:
    device = EnrolledDevice().enrol(office.enrol_code())
    publish(office, features=5)
    publish(office, LATER)
    publish(office, LATER_STILL)
    seen = []
    for _ in range(4):
        assert device.delivery.run_once().reason == ""
        seen.append((device.policy.version, coming(device)))
    assert seen == [(2, []), (2, [3]), (2, [3, 4]), (2, [3, 4])]
    assert device.policy.feature_count == 5


def test_a_device_that_has_everything_is_sent_nothing(office: CentralSide) -> None:
    device = EnrolledDevice().enrol(office.enrol_code())
    publish(office, LATER)
    statuses = []

    def noted(call: Call) -> LinkAnswer:
        answer = call.go()
        if call.path == "/v1/policy":
            statuses.append(answer.status)
        return answer

    device.links.trouble = noted
    for _ in range(3):
        device.delivery.run_once()
    assert statuses == [200, 304, 304]


def test_what_is_changed_at_once_goes_before_what_was_planned(office: CentralSide) -> None:
    device = EnrolledDevice().enrol(office.enrol_code())
    publish(office, LATER)
    device.delivery.run_once()
    assert coming(device) == [2]
    publish(office, features=5)
    device.delivery.run_once()
    assert (device.policy.version, coming(device)) == (3, [])


def test_a_new_device_begins_with_what_holds_now(office: CentralSide) -> None:
    publish(office, features=5)
    publish(office, LATER)
    device = EnrolledDevice().enrol(office.enrol_code())
    assert (device.policy.version, device.policy.feature_count) == (2, 5)
    device.delivery.run_once()
    assert (device.policy.version, coming(device)) == (2, [3])


@pytest.mark.parametrize(
    ("moment", "version"), [("2027-01-01T11:59:59+00:00", 1), ("2027-01-01T12:00:00+00:00", 2)]
)
def test_it_holds_once_its_day_has_begun_at_every_office(
    tmp_path: Path, moment: str, version: int
) -> None:
    """The last ones are twelve hours behind UTC: before that some office would miss a policy."""
    layout = Layout(founded(tmp_path / "central"))
    Policies(layout).change({"valid_from": "2027-01-01"}, datetime.now(UTC))
    shelf = PolicyShelf(load_keys(layout).root_public)
    with closing(open_database(layout)) as database, database.reading() as ledger:
        policy, _ = shelf.in_force(ledger, datetime.fromisoformat(moment))
    assert policy.version == version
