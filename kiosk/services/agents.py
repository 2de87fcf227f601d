"""Agents of this device: who may sign in, and how their keys are wrapped.

Rules, in order: a key-encryption key comes from the PIN AND a secret of this device, never from
the PIN alone; each agent has a signing key of their own, made here and never leaving; its public
half is announced in the journal, signed by the device, so that an auditor can tell whose signature
a record bears. Source: records-and-sync 2.1 and 2.6.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Protocol

from kiosk.audit.entries import EntryKind
from kiosk.crypto import aead, exchange
from kiosk.crypto.digests import b64u
from kiosk.crypto.passwords import Argon2Cost, pin_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Agent, Duty, Role, may
from kiosk.domain.errors import (
    KeyStoreError,
    NotAllowedError,
    SignInError,
    VaultCorruptError,
)
from kiosk.domain.ids import AgentId
from kiosk.ports import AgentRow, KeyStore, Store, UnitOfWork
from kiosk.services.journal import Journal
from kiosk.services.pin_costs import Costs, costs_of
from kiosk.services.pins import check_pin

_SALT_BYTES = 16
_COST = re.compile(r"argon2id m=([1-9]\d{0,6}) t=([1-9]\d?) p=([1-9]\d?)")
# It stands in journal entries, which leave the device unsealed: a badge, never a name with spaces.
_AGENT_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
# Who stands in entries where no agent of the device does.
_TAKEN_WORDS = frozenset({"enrolment", "authority"})
SIGNING = "agent-signing-key"
SHIFT = "shift-key"
EXCHANGE_PREFIX = "agent-exchange/"
DEVICE_SECRET = "device-secret"  # noqa: S105 - the name of a secret, not the secret
DEVICE_SECRET_PAST = "device-secret-past"  # noqa: S105 - a name, too
"""The one before, while agents are awaited whose keys hang on it (:mod:`.secret_change`)."""
INVITATION_PREFIX = "invitation/"


class Signs(Protocol):
    """Somebody whose PIN was checked, and who can put their signature under an act."""

    @property
    def agent(self) -> Agent:
        """Who."""

    @property
    def signing_key(self) -> SigningKey:
        """Their own key, in clear for as long as this value lives."""


@dataclass(frozen=True, slots=True)
class Signatory:
    """A second person at the desk: their PIN was checked, no shift of theirs was opened.

    Attributes:
        agent: who.
        signing_key: signs the act that they were asked for.
    """

    agent: Agent
    signing_key: SigningKey


@dataclass(frozen=True, slots=True)
class Session:
    """An agent at work.

    Attributes:
        agent: who.
        signing_key: signs the records of this agent.
        shift_key: 32 bytes; opens the drafts of this shift and dies with it.
    """

    agent: Agent
    signing_key: SigningKey
    shift_key: bytes = field(repr=False)


def require_badge(agent_id: AgentId) -> None:
    """Raises SignInError unless this may stand in a journal entry: a badge, no name."""
    if not _AGENT_ID.fullmatch(agent_id) or agent_id in _TAKEN_WORDS:
        raise SignInError("agent id")


def require_duty(agent: Agent, duty: Duty) -> None:
    """Raises NotAllowedError unless the role of ``agent`` has ``duty``."""
    if not may(agent.role, duty):
        raise NotAllowedError(duty.value)


def fresh_salt() -> bytes:
    """16 random bytes."""
    return os.urandom(_SALT_BYTES)


def device_secret(keys: KeyStore) -> bytes:
    """The secret that is mixed into every PIN key. Raises KeyStoreError when it is gone."""
    secret = keys.get(DEVICE_SECRET)
    if secret is None:
        raise KeyStoreError("device secret missing")
    return secret


def held_secrets(keys: KeyStore) -> tuple[bytes, ...]:
    """The device secret, then the one before it while that is kept. Raises KeyStoreError."""
    past = keys.get(DEVICE_SECRET_PAST)
    return (device_secret(keys),) if past is None else (device_secret(keys), past)


def cost_text(cost: Argon2Cost) -> str:
    """The cost as it is stored with an agent."""
    return f"argon2id m={cost.memory_kib} t={cost.iterations} p={cost.lanes}"


def cost_of(text: str) -> Argon2Cost:
    """Inverse of :func:`cost_text`. Raises VaultCorruptError."""
    match = _COST.fullmatch(text)
    if match is None:
        raise VaultCorruptError("cost of a PIN check")
    return Argon2Cost(*(int(number) for number in match.groups()))


def wrap(kek: bytes, key: bytes, agent_id: AgentId, purpose: str) -> bytes:
    """A key of the agent, wrapped for one purpose."""
    return aead.seal(kek, key, _wrapping_context(agent_id, purpose))


def unwrap(kek: bytes, wrapped: bytes, agent_id: AgentId, purpose: str) -> bytes:
    """Inverse of :func:`wrap`. Raises DraftError: another PIN, device, agent or purpose."""
    return aead.open_sealed(kek, wrapped, _wrapping_context(agent_id, purpose))


def _wrapping_context(agent_id: AgentId, purpose: str) -> bytes:
    """Associated data that ties a wrapped key to its agent and its purpose."""
    return f"visavis/{purpose}/1\0{agent_id}".encode()


def agent_of(row: AgentRow) -> Agent:
    """The agent without anything secret."""
    return Agent(row.agent_id, row.display_name, Role(row.role))


def announce_exchange(uow: UnitOfWork, agent_id: AgentId, key: SigningKey) -> None:
    """Let colleagues hand cases to this agent; the caller commits."""
    uow.values.put(EXCHANGE_PREFIX + agent_id, exchange.announced(key))


def exchange_public(uow: UnitOfWork, row: AgentRow) -> bytes | None:
    """Whom a case key for this agent is wrapped for; None before their first sign-in here."""
    announcement = uow.values.get(EXCHANGE_PREFIX + row.agent_id)
    return None if announcement is None else exchange.accepted(announcement, row.public_key)


class Agents:
    """Adds agents to this device and lists them."""

    def __init__(
        self, store: Store, keys: KeyStore, journal: Journal, cost: Argon2Cost | Costs
    ) -> None:
        """Cost: of one PIN try, fixed or measured; the first agent waits for the measuring."""
        self._store = store
        self._keys = keys
        self._journal = journal
        self._costs = costs_of(cost)

    def all(self) -> tuple[Agent, ...]:
        """Every agent of this device, by name."""
        with self._store.begin() as uow:
            return tuple(agent_of(row) for row in uow.agents.all())

    def add(self, agent_id: AgentId, display_name: str, role: Role, pin: str) -> Agent:
        """Make the agent's keys and announce the public one in the journal.

        Raises:
            PinPolicyError: see :func:`kiosk.services.pins.check_pin`.
            SignInError: the agent is already here, or the identifier is none.
            KeyStoreError: the device secret is not available.
        """
        row, key = self.made(Agent(agent_id, display_name, role), pin)
        facts = {"agent": agent_id, "role": role.value, "public_key": b64u(key.public)}
        with self._store.begin() as uow:
            if uow.agents.get(agent_id) is not None:
                raise SignInError("agent exists")
            uow.agents.put(row)
            announce_exchange(uow, agent_id, key)
            self._journal.append(uow, EntryKind.AGENT_ADDED, facts)
            uow.commit()
        return agent_of(row)

    def made(self, agent: Agent, pin: str) -> tuple[AgentRow, SigningKey]:
        """A row with fresh keys under ``pin``, and the signing key; nothing is stored yet.

        Raises:
            PinPolicyError, SignInError, KeyStoreError: as :meth:`add`.
            VaultError: the cost of a PIN try was measured just now and cannot be kept.
        """
        require_badge(agent.agent_id)
        form = check_pin(pin, agent.agent_id)
        secret, salt = device_secret(self._keys), fresh_salt()
        cost = self._costs.settled()
        kek = pin_key(form, salt, secret, cost)
        key = SigningKey.generate()
        row = AgentRow(
            agent_id=agent.agent_id,
            display_name=unicodedata.normalize("NFC", agent.display_name),
            role=agent.role.value,
            kdf=cost_text(cost),
            salt=salt,
            public_key=key.public,
            wrapped_signing_key=wrap(kek, key.seed, agent.agent_id, SIGNING),
        )
        return row, key
