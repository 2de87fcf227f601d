"""Onboarding: a manager makes a one-time code, the agent types it and chooses a PIN.

Rules, in order:

1. Eight characters (40 random bits); kept only as a MAC by the secret of this device; good for one
   agent, once, for a bounded time on both clocks. A clock set back ends it.
2. Every try is counted and committed before the code is looked for; after ten wrong ones all codes
   that wait are void. Guessing has then had one chance in 10^11.
3. Making, using and voiding a code are entries of the journal: the manager signs the making, the
   agent's new key signs the use.
4. A code for an agent who is here already gives new keys in place of the old ones: that is the way
   out of a forgotten PIN. What only the old keys opened is closed as abandoned.
5. The first manager has nobody above: the code is made where the device is enrolled.

Source: records-and-sync 2.6 and 2.7; NIST SP 800-63B-4 3.1.1 (bounded life of activation codes).
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from kiosk.audit.entries import EntryKind, Fact
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Agent, Duty, Role
from kiosk.domain.errors import (
    CodeTriesError,
    ManagerNeededError,
    OneTimeCodeError,
    SamePersonError,
)
from kiosk.domain.ids import AgentId
from kiosk.ports import AgentRow, Clock, KeyStore, Store, UnitOfWork
from kiosk.services.agents import (
    INVITATION_PREFIX,
    Agents,
    Signs,
    announce_exchange,
    device_secret,
    held_secrets,
    require_badge,
    require_duty,
)
from kiosk.services.drafts import account_for_drafts
from kiosk.services.journal import Journal
from kiosk.services.pins import check_pin
from kiosk.services.round_blobs import erase_agent
from kiosk.services.secret_change import note_replaced

CODE_CHARACTERS = 8
DEFAULT_HOURS = 24
MAX_HOURS = 72
MAX_TRIES = 10
FIRST_MANAGER = "enrolment"
"""Stands in for the manager who made a code, where there was none yet."""
_PREFIX = INVITATION_PREFIX
_TRIES = "invitation-tries"
_LABEL = b"visavis/one-time-code/1\0"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that waits for its agent.

    Attributes:
        agent: who may use it, with the role they will have.
        by: the manager who made it, or ``enrolment``.
        made_at: device time, aware UTC; ``mono_ms`` and ``boot_id`` are the same moment.
        hours: how long it is good.
    """

    agent: Agent
    by: str
    made_at: datetime
    mono_ms: int
    boot_id: str
    hours: int

    @property
    def ends_at(self) -> datetime:
        """Device time at which it is over."""
        return self.made_at + timedelta(hours=self.hours)


def shown(code: str) -> str:
    """A code in two groups, as it is read aloud: ``4F7K-92QX``."""
    return f"{code[:4]}-{code[4:]}"


def _form(text: str) -> str:
    """A typed code in its one form. Raises OneTimeCodeError: not eight characters of a code."""
    plain = "".join(text.split()).replace("-", "").upper().translate(_LOOKS_LIKE)
    if len(plain) != CODE_CHARACTERS or any(sign not in _CROCKFORD for sign in plain):
        raise OneTimeCodeError("form")
    return plain


def _fresh_code() -> str:
    number = int.from_bytes(os.urandom(5), "big")
    return "".join(_CROCKFORD[number >> 5 * place & 31] for place in range(CODE_CHARACTERS))


def _name(secret: bytes, code: str) -> str:
    """Where a code is kept: its MAC, so that a copy of the vault does not give it away."""
    return _PREFIX + hmac.digest(secret, _LABEL + code.encode("ascii"), "sha256").hex()


class Onboarding:
    """Makes and redeems one-time codes."""

    def __init__(
        self, store: Store, keys: KeyStore, clock: Clock, journal: Journal, agents: Agents
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._journal = journal
        self._agents = agents

    def invite(self, agent: Agent, by: Signs, hours: int = DEFAULT_HOURS) -> str:
        """A fresh code for an agent, new here or not; an older code of theirs is void.

        Args:
            agent: badge, short name and role.
            by: the manager at the desk.
            hours: 1 to 72.

        Raises:
            NotAllowedError: no manager.
            SamePersonError: for oneself.
            SignInError: the badge is none.
            KeyStoreError: the device secret is not available.
        """
        require_duty(by.agent, Duty.INVITE)
        if by.agent.agent_id == agent.agent_id:
            raise SamePersonError
        return self._make(agent, by.agent.agent_id, hours, {"by": by.signing_key})

    def invite_first(self, agent_id: AgentId, display_name: str) -> str:
        """A code for the first manager of a device that has none. Raises ManagerNeededError."""
        with self._store.begin() as uow:
            if any(row.role == Role.MANAGER.value for row in uow.agents.all()):
                raise ManagerNeededError
        first = Agent(agent_id, display_name, Role.MANAGER)
        return self._make(first, FIRST_MANAGER, DEFAULT_HOURS, {})

    def waiting(self) -> tuple[Invitation, ...]:
        """Codes that are still good, the newest first; without the codes themselves."""
        with self._store.begin() as uow:
            found = [self._read(uow, name) for name in uow.values.names(_PREFIX)]
        good = [one for one in found if one is not None and not self._is_over(one)]
        return tuple(sorted(good, key=lambda one: one.made_at, reverse=True))

    def redeem(self, code: str, pin: str) -> Agent:
        """Use a code: the agent may sign in from now on, with this PIN.

        Raises:
            PinPolicyError: see :func:`kiosk.services.pins.check_pin`; the code is still good.
            OneTimeCodeError: unknown, used or over.
            CodeTriesError: too many wrong ones.
            KeyStoreError, VaultError: nothing was used up.
        """
        check_pin(pin)
        names = self._names(_form(code))
        self._count_try()
        with self._store.begin() as uow:
            name = next((one for one in names if uow.values.get(one) is not None), names[0])
            invitation = self._read(uow, name)
        if invitation is None or self._is_over(invitation):
            raise self._refused(name)
        row, key = self._agents.made(invitation.agent, pin)
        with self._store.begin() as uow:
            if uow.values.get(name) is None:
                raise OneTimeCodeError("used")
            self._keep(uow, row, key, invitation, name)
            uow.commit()
        return invitation.agent

    def _make(self, agent: Agent, by: str, hours: int, signers: dict[str, SigningKey]) -> str:
        require_badge(agent.agent_id)
        code = _fresh_code()
        name = _name(device_secret(self._keys), code)
        invitation = Invitation(
            agent=agent,
            by=by,
            made_at=self._clock.now(),
            mono_ms=self._clock.monotonic_ms(),
            boot_id=self._clock.boot_id,
            hours=min(max(hours, 1), MAX_HOURS),
        )
        facts: dict[str, Fact] = {
            "agent": agent.agent_id,
            "role": agent.role.value,
            "by": by,
            "hours": invitation.hours,
        }
        with self._store.begin() as uow:
            for other in uow.values.names(_PREFIX):
                older = self._read(uow, other)
                if older is None or older.agent.agent_id == agent.agent_id or self._is_over(older):
                    uow.values.delete(other)
            uow.values.put(name, msgspec.json.encode(invitation))
            uow.values.delete(_TRIES)
            self._journal.append_signed(uow, EntryKind.AGENT_INVITED, facts, signers)
            uow.commit()
        return code

    def _keep(
        self, uow: UnitOfWork, row: AgentRow, key: SigningKey, invitation: Invitation, name: str
    ) -> None:
        """Put the agent in place of whoever had this badge before; the caller commits."""
        agent_id = row.agent_id
        before = uow.agents.get(agent_id)
        if before is not None:
            account_for_drafts(uow, self._journal, agent_id, "new-keys")
            erase_agent(uow, agent_id)
            if before.wrapped_shift_key is not None:
                self._journal.append(uow, EntryKind.SHIFT_CLOSE, {"agent": agent_id})
        uow.agents.put(row)
        note_replaced(uow, agent_id)
        announce_exchange(uow, agent_id, key)
        uow.values.delete(name)
        uow.values.delete(_TRIES)
        facts: dict[str, Fact] = {
            "agent": agent_id,
            "role": row.role,
            "public_key": b64u(key.public),
            "by": invitation.by,
            "anew": before is not None,
        }
        self._journal.append_signed(uow, EntryKind.AGENT_ADDED, facts, {"agent": key})

    def _names(self, code: str) -> tuple[str, ...]:
        """Where a code may be kept: it may have been made under the device secret of before."""
        return tuple(_name(secret, code) for secret in held_secrets(self._keys))

    @staticmethod
    def _read(uow: UnitOfWork, name: str) -> Invitation | None:
        stored = uow.values.get(name)
        return None if stored is None else msgspec.json.decode(stored, type=Invitation)

    def _is_over(self, invitation: Invitation) -> bool:
        """By either clock, or a clock that was set back to before it was made."""
        now = self._clock.now()
        if not invitation.made_at <= now <= invitation.ends_at:
            return True
        passed_ms = self._clock.monotonic_ms() - invitation.mono_ms
        same_boot = invitation.boot_id == self._clock.boot_id
        return same_boot and passed_ms > invitation.hours * 3_600_000

    def _count_try(self) -> None:
        with self._store.begin() as uow:
            tries = int(uow.values.get(_TRIES) or b"0")
            if tries >= MAX_TRIES:
                raise CodeTriesError
            uow.values.put(_TRIES, str(tries + 1).encode("ascii"))
            uow.commit()

    def _refused(self, name: str) -> OneTimeCodeError | CodeTriesError:
        """Clean up after a wrong or late code; the error to raise."""
        with self._store.begin() as uow:
            uow.values.delete(name)
            spent = int(uow.values.get(_TRIES) or b"0") >= MAX_TRIES
            if spent:
                waiting = uow.values.names(_PREFIX)
                for other in waiting:
                    uow.values.delete(other)
                self._journal.append(uow, EntryKind.AGENT_INVITED, {"void": len(waiting)})
            uow.commit()
        return CodeTriesError() if spent else OneTimeCodeError("unknown or over")
