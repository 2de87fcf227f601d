"""Agents of this device: who may sign in, and how their keys are wrapped.

Rules, in order: a key-encryption key comes from the PIN AND a secret of this device, never from
the PIN alone; each agent has a signing key of their own, made here and never leaving; its public
half is announced in the journal, signed by the device, so that an auditor can tell whose signature
a record bears. Source: records-and-sync 2.1 and 2.6.
"""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from dataclasses import dataclass, field

from kiosk.audit.entries import EntryKind
from kiosk.crypto import aead
from kiosk.crypto.digests import b64u
from kiosk.crypto.passwords import Argon2Cost, pin_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Agent, Role
from kiosk.domain.errors import KeyStoreError, PinPolicyError, SignInError, VaultCorruptError
from kiosk.domain.ids import AgentId
from kiosk.ports import AgentRow, KeyStore, Store
from kiosk.services.journal import Journal

PIN_DIGITS = 6
PASSPHRASE_CHARACTERS = 10
_MIN_DISTINCT_DIGITS = 3
_MIN_DISTINCT_CHARACTERS = 5
_SALT_BYTES = 16
_COST = re.compile(r"argon2id m=([1-9]\d{0,6}) t=([1-9]\d?) p=([1-9]\d?)")
# It stands in journal entries, which leave the device unsealed: a badge, never a name with spaces.
_AGENT_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
SIGNING = "agent-signing-key"
SHIFT = "shift-key"
DEVICE_SECRET = "device-secret"  # noqa: S105 - the name of a secret, not the secret


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


def fresh_salt() -> bytes:
    """16 random bytes."""
    return os.urandom(_SALT_BYTES)


def check_pin(pin: str) -> str:
    """The PIN in the one form that is hashed (NFC).

    Raises:
        PinPolicyError: neither six digits or more nor a passphrase of ten characters or more, or
            a trivial one (sequence, repetition, too few different characters).
    """
    form = unicodedata.normalize("NFC", pin)
    if form.isascii() and form.isdecimal():
        if len(form) < PIN_DIGITS or _trivial(form):
            raise PinPolicyError("digits")
    elif len(form) < PASSPHRASE_CHARACTERS or len(set(form)) < _MIN_DISTINCT_CHARACTERS:
        raise PinPolicyError("passphrase")
    return form


def _trivial(digits: str) -> bool:
    """Whether a thief would try these digits first."""
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    repeated = any(digits == (digits[:n] * len(digits))[: len(digits)] for n in (1, 2, 3))
    return len(steps) == 1 or repeated or len(set(digits)) < _MIN_DISTINCT_DIGITS


def device_secret(keys: KeyStore) -> bytes:
    """The secret that is mixed into every PIN key. Raises KeyStoreError when it is gone."""
    secret = keys.get(DEVICE_SECRET)
    if secret is None:
        raise KeyStoreError("device secret missing")
    return secret


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


class Agents:
    """Adds agents to this device and lists them."""

    def __init__(self, store: Store, keys: KeyStore, journal: Journal, cost: Argon2Cost) -> None:
        self._store = store
        self._keys = keys
        self._journal = journal
        self._cost = cost

    def all(self) -> tuple[Agent, ...]:
        """Every agent of this device, by name."""
        with self._store.begin() as uow:
            return tuple(agent_of(row) for row in uow.agents.all())

    def add(self, agent_id: AgentId, display_name: str, role: Role, pin: str) -> Agent:
        """Make the agent's keys and announce the public one in the journal.

        Raises:
            PinPolicyError: see :func:`check_pin`.
            SignInError: the agent is already here, or the identifier is none.
            KeyStoreError: the device secret is not available.
        """
        if not _AGENT_ID.fullmatch(agent_id):
            raise SignInError("agent id")
        form = check_pin(pin)
        salt = fresh_salt()
        kek = pin_key(form, salt, device_secret(self._keys), self._cost)
        key = SigningKey.generate()
        row = AgentRow(
            agent_id=agent_id,
            display_name=unicodedata.normalize("NFC", display_name),
            role=role.value,
            kdf=cost_text(self._cost),
            salt=salt,
            public_key=key.public,
            wrapped_signing_key=wrap(kek, key.seed, agent_id, SIGNING),
        )
        facts = {"agent": agent_id, "role": role.value, "public_key": b64u(key.public)}
        with self._store.begin() as uow:
            if uow.agents.get(agent_id) is not None:
                raise SignInError("agent exists")
            uow.agents.put(row)
            self._journal.append(uow, EntryKind.AGENT_ADDED, facts)
            uow.commit()
        return agent_of(row)
