"""A policy that holds later: what a device makes of it as it joins, and at each delivery."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from central.archive.layout import Layout, read_key
from kiosk.crypto.digests import b64u, sha256
from kiosk.domain.errors import NotEnrolledError, PolicyInvalidError, ProtocolError
from kiosk.ports import LinkAnswer
from kiosk.services.coming_policy import load_coming
from kiosk.services.fleet import require_membership
from kiosk.sync.messages import AuthorityAnswer, EnrolmentAnswer, decode, encode
from kiosk.sync.policy import Policy, sign_policy
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import Call, EnrolledDevice

pytestmark = pytest.mark.process
LATER = (datetime.now(UTC) + timedelta(days=30)).date()


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CentralSide]:
    with serving(founded(tmp_path_factory.mktemp("central") / "data")) as running:
        yield running


@pytest.fixture
def first(side: CentralSide) -> Policy:
    """The policy of the fleet, which holds now."""
    return EnrolledDevice().enrol(side.enrol_code()).policy


def token_of(side: CentralSide, policy: Policy) -> str:
    return sign_policy(policy, read_key(Layout(side.data).root_key))


def joining(
    side: CentralSide, monkeypatch: pytest.MonkeyPatch, pin: str, told: str
) -> EnrolledDevice:
    """A device whose central side pins one policy (``""``: its own) and tells another."""
    device = EnrolledDevice()
    honest = device.links.first_contact

    def contact(url: str) -> LinkAnswer:
        answer = honest(url)
        body = decode(answer.body, AuthorityAnswer)
        return replace(answer, body=encode(AuthorityAnswer(body.ca, pin or body.policy)))

    def trouble(call: Call) -> LinkAnswer:
        answer = call.go()
        if call.path != "/v1/enrolments":
            return answer
        body = decode(answer.body, EnrolmentAnswer)
        return replace(
            answer, body=encode(msgspec.structs.replace(body, policy=told or body.policy))
        )

    monkeypatch.setattr(device.links, "first_contact", contact)
    device.links.trouble = trouble
    return device


def versions(device: EnrolledDevice) -> tuple[int, list[int]]:
    """Of the policy in force for good, and of those that come."""
    with device.store.begin() as uow:
        coming = [policy.version for policy in load_coming(uow)]
    return device.policy.version, coming


@pytest.mark.parametrize("known_first", [False, True])
def test_a_device_that_joins_works_by_what_holds_and_keeps_what_comes(
    side: CentralSide, first: Policy, monkeypatch: pytest.MonkeyPatch, known_first: bool
) -> None:
    coming = token_of(side, replace(first, version=9, valid_from=LATER))
    device = joining(side, monkeypatch, *((coming, "") if known_first else ("", coming)))
    device.enrolment.enrol(side.enrol_code())
    assert versions(device) == (1, [9])


def test_a_clock_that_is_ahead_as_a_device_joins_brings_no_rules_of_tomorrow(
    side: CentralSide, first: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = token_of(side, replace(first, version=9, valid_from=LATER))
    device = joining(side, monkeypatch, "", coming)
    device.clock.set_wall(device.clock.now().replace(year=2099))
    device.enrolment.enrol(side.enrol_code())
    assert versions(device) == (1, [9])


def test_what_holds_already_overtakes_the_first_one(
    side: CentralSide, first: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = token_of(side, replace(first, version=9, valid_from=date(2026, 1, 1)))
    device = joining(side, monkeypatch, "", newer)
    device.enrolment.enrol(side.enrol_code())
    assert versions(device) == (9, [])


def test_where_none_has_begun_the_first_one_counts(
    side: CentralSide, first: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (
        token_of(side, replace(first, version=version, valid_from=LATER)) for version in (8, 9)
    )
    device = joining(side, monkeypatch, other, one)
    device.enrolment.enrol(side.enrol_code())
    assert versions(device) == (8, [9])


@pytest.mark.parametrize("version", [1, 9])
def test_an_older_or_another_one_than_the_first_is_refused(
    side: CentralSide, first: Policy, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    pin = token_of(side, replace(first, version=9))
    told = token_of(side, replace(first, version=version, feature_count=5))
    device = joining(side, monkeypatch, pin, told)
    with pytest.raises(PolicyInvalidError):
        device.enrolment.enrol(side.enrol_code())
    with pytest.raises(NotEnrolledError):
        require_membership(device.store)


def test_without_signed_time_nobody_joins(side: CentralSide) -> None:
    device, code = EnrolledDevice(), side.enrol_code()

    def forged(call: Call) -> LinkAnswer:
        return LinkAnswer(200, b"now") if call.path.startswith("/v1/time") else call.go()

    device.links.trouble = forged
    with pytest.raises(ProtocolError):
        device.enrolment.enrol(code)
    with pytest.raises(NotEnrolledError):
        require_membership(device.store)
    device.links.trouble = Call.go
    assert device.enrolment.enrol(code).device_id, "the same code is good once more"


def test_a_device_that_was_away_learns_what_holds_and_then_what_comes(
    side: CentralSide, first: Policy
) -> None:
    device = EnrolledDevice().enrol(side.enrol_code())
    published = [
        token_of(side, replace(first, version=5)),
        token_of(side, replace(first, version=6, valid_from=LATER)),
        token_of(side, replace(first, version=7, valid_from=LATER + timedelta(days=30))),
    ]

    tags = [f'"{b64u(sha256(token.encode()))}"' for token in published]

    def answering(call: Call) -> LinkAnswer:
        """What holds to whoever names none of these; else the one after the one that is named."""
        if call.path != "/v1/policy":
            return call.go()
        following = tags.index(call.etag) + 1 if call.etag in tags else 0
        if following == len(published):
            return LinkAnswer(304, b"")
        return LinkAnswer(200, published[following].encode())

    device.links.trouble = answering
    found = []
    for _ in range(4):
        assert device.delivery.run_once().reason == ""
        found.append(versions(device))
    assert found == [(5, []), (5, [6]), (5, [6, 7]), (5, [6, 7])]
