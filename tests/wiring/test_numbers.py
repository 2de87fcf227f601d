"""Numbers to which codes are sent: the rules of the service, and the plan where there are none."""

from dataclasses import replace

import pytest

from kiosk.bootstrap import read_service
from kiosk.bootstrap.numbers import number_rule
from kiosk.config import Config
from kiosk.domain.errors import ContactAddressError
from kiosk.paths import RESOURCES
from tests.fakes.clock import FakeClock

PHONES = read_service(RESOURCES / "service", Config().service).phones


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("06 39 98 00 00", "+33639980000"),
        ("06 12 34 56 78", "+33612345678"),
        ("0690 12 34 56", "+590690123456"),
        ("+33 (0)6 39 98 00 00", "+33639980000"),
    ],
)
def test_a_number_goes_where_the_rules_of_the_service_say(typed: str, number: str) -> None:
    assert number_rule(PHONES, FakeClock())(typed) == number


@pytest.mark.parametrize(
    "typed", ["01 23 45 67 89", "+49 1512 3456789", "06 12", "", "+687 751234"]
)
def test_what_the_service_does_not_take_is_no_address(typed: str) -> None:
    with pytest.raises(ContactAddressError):
        number_rule(PHONES, FakeClock())(typed)


def test_without_a_list_in_force_the_plan_of_france_decides() -> None:
    rules = number_rule(replace(PHONES, allowed=()), FakeClock())
    assert rules("06 39 98 00 00") == "+33639980000"
    with pytest.raises(ContactAddressError):
        rules("01 23 45 67 89")
