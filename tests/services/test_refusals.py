"""What an unsuccessful answer of the central side stands for on the device."""

from __future__ import annotations

import pytest

from kiosk.domain.errors import (
    DeviceSetApartError,
    ProtocolError,
    RefusedByCollectorError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import LinkAnswer
from kiosk.services.answers import refusal_of
from kiosk.services.contact_link import CentralContact
from kiosk.sync.contact import ContactOrder
from kiosk.sync.messages import Problem, encode

ORDER = ContactOrder(case="c" * 32, channel="email", address="a@example.org")


class OneAnswer:
    """A link that always says the same."""

    def __init__(self, answer: LinkAnswer) -> None:
        self.answer = answer

    def call(self, *_args: object, **_named: object) -> LinkAnswer:
        return self.answer

    def close(self) -> None:
        """Nothing is open."""


def problem(status: int, word: str) -> LinkAnswer:
    return LinkAnswer(status, encode(Problem(error=word)))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(403, "quarantined"), DeviceSetApartError),
        (problem(403, "another-device"), RefusedByCollectorError),
        (problem(422, "quarantined"), RefusedByCollectorError),
        (problem(503, "busy"), UnreachableError),
        (problem(429, "too-often"), UnreachableError),
        (LinkAnswer(403, b"<html>"), ProtocolError),
        (LinkAnswer(500, b"{}"), ProtocolError),
    ],
)
def test_every_refusal_has_its_own_error(answer, error):
    assert type(refusal_of(answer)) is error


def test_a_device_that_is_set_apart_says_so_where_a_code_was_to_be_sent():
    link = OneAnswer(problem(403, "quarantined"))
    contact = CentralContact(lambda: link, DeviceId("dev-0"))
    with pytest.raises(DeviceSetApartError):
        contact.start("1" * 32, ORDER)
