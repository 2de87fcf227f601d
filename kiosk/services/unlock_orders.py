"""Lifts a lock-out by an order of the authority (:mod:`kiosk.sync.unlock_orders`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kiosk.audit.entries import EntryKind, Fact
from kiosk.domain.errors import UnknownAgentError, UnlockOrderError
from kiosk.domain.ids import AgentId, DeviceId, KeyId
from kiosk.ports import Clock, Store
from kiosk.services.journal import Journal
from kiosk.sync.unlock_orders import open_order

_USED = "unlock-used/"


@dataclass(frozen=True, slots=True)
class UnlockOrders:
    """Takes orders of the authority.

    Attributes:
        store: the vault.
        journal: where the order is told, whole: whoever audits can verify it again.
        clock: believes signed time.
        device_id: this device.
        keys: enrolment keys of the policy in force.
    """

    store: Store
    journal: Journal
    clock: Clock
    device_id: DeviceId
    keys: Callable[[], Mapping[KeyId, bytes]]

    def obey(self, token: str) -> AgentId:
        """Lift the lock-out that the order names; whose.

        Raises:
            UnlockOrderError: not by the authority, for another device, over, or used.
            UnknownAgentError: no such agent here.
        """
        order = open_order(token, self.keys())
        if order.device_id != self.device_id:
            raise UnlockOrderError("another device")
        if self.clock.now() > order.expires_at:
            raise UnlockOrderError("over")
        with self.store.begin() as uow:
            if uow.values.get(_USED + order.nonce) is not None:
                raise UnlockOrderError("used")
            row = uow.agents.get(order.agent_id)
            if row is None:
                raise UnknownAgentError
            uow.agents.put(replace(row, failures=0))
            uow.values.put(_USED + order.nonce, order.expires_at.isoformat().encode("ascii"))
            facts: dict[str, Fact] = {
                "agent": order.agent_id,
                "lifted": True,
                "by": "authority",
                "order": "".join(token.split()),
            }
            self.journal.append(uow, EntryKind.LOCKOUT, facts)
            uow.commit()
        return order.agent_id
