"""An order of the authority lifts one lock-out on one device, once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.entries import open_entry
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import UnknownAgentError, UnlockOrderError
from kiosk.domain.ids import AgentId, DeviceId
from kiosk.services.sign_in import MAX_FAILURES
from kiosk.services.unlock_orders import UnlockOrders
from kiosk.sync.unlock_orders import UnlockOrder, open_order, sign_order
from tests.fakes.desk import DEVICE, PIN, Desk

AUTHORITY = SigningKey.from_seed(b"a" * 32)
KEYS = {AUTHORITY.key_id: AUTHORITY.public}


@pytest.fixture
def orders(desk: Desk) -> UnlockOrders:
    desk.session()
    with desk.store.begin() as uow:
        uow.agents.put(replace(uow.agents.get(AgentId("a-17")), failures=MAX_FAILURES))
        uow.commit()
    return UnlockOrders(desk.store, desk.journal, desk.clock, DEVICE.device_id, lambda: KEYS)


def order(desk: Desk, **changes: object) -> UnlockOrder:
    true = UnlockOrder(
        DEVICE.device_id, AgentId("a-17"), desk.clock.now() + timedelta(hours=24), "0" * 32
    )
    return replace(true, **changes)


def test_an_order_gives_the_tries_back_and_stands_in_the_journal(desk, orders):
    token = sign_order(order(desk), AUTHORITY)
    assert orders.obey(f" {token[:40]}\n{token[40:]} ") == "a-17"
    assert desk.sign_in.sign_in(AgentId("a-17"), PIN)
    header = next(
        open_entry(row.jws, desk.device_key.public)
        for row in desk.entries()
        if row.kind == "lockout"
    )
    assert open_order(str(header.facts["order"]), KEYS) == order(desk)


def test_an_order_is_used_once(desk, orders):
    token = sign_order(order(desk), AUTHORITY)
    orders.obey(token)
    with pytest.raises(UnlockOrderError):
        orders.obey(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"device_id": DeviceId("dev-ffffffffffffffff")},
        {"nonce": "short"},
        {"nonce": "0" * 33},
    ],
)
def test_an_order_for_another_device_or_of_another_form_is_refused(desk, orders, changes):
    with pytest.raises(UnlockOrderError):
        orders.obey(sign_order(order(desk, **changes), AUTHORITY))
    assert desk.sign_in.standing(AgentId("a-17")).locked


def test_an_order_that_is_over_or_by_somebody_else_is_refused(desk, orders):
    stranger = SigningKey.generate()
    with pytest.raises(UnlockOrderError):
        orders.obey(sign_order(order(desk), stranger))
    token = sign_order(order(desk), AUTHORITY)
    desk.clock.advance(seconds=24 * 3600 + 1)
    with pytest.raises(UnlockOrderError):
        orders.obey(token)
    assert desk.sign_in.standing(AgentId("a-17")).locked


def test_an_order_for_nobody_here_is_refused(desk, orders):
    with pytest.raises(UnknownAgentError):
        orders.obey(sign_order(order(desk, agent_id=AgentId("a-99")), AUTHORITY))


@given(st.text(max_size=80))
def test_any_text_is_refused(text: str):
    with pytest.raises(UnlockOrderError):
        open_order(text, KEYS)
