"""Sign-in, shifts and lock-out.

Rules, in order:

1. A try is counted and committed BEFORE the PIN is looked at: pulling the plug gains nothing.
2. After the third wrong PIN the next try waits, longer each time; the wait is measured on the
   monotonic and on the wall clock and the longer one counts. A restart of the machine or a clock
   set back starts the wait again.
3. After ten wrong PINs only a second person (a manager) opens the agent's place again. The PIN
   stays: it wraps the agent's keys, and ten wrong tries have told a thief next to nothing. Who
   forgot it is given a one-time code instead, and new keys (:mod:`.onboarding`). What was open
   ends as abandoned, by the record that lies ready; nothing is deleted.
4. Where the device secret was replaced, a right PIN is one that opens under either; the agent's
   keys are then wrapped under the new one (:mod:`.secret_change`).
5. The shift key is wrapped by the PIN key and survives a crash; signing in again during the shift
   brings the same key back, so drafts open again. Signing out destroys it, and no draft goes
   unaccounted for.

Source: records-and-sync 2.1 and 2.6.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from kiosk.audit.entries import EntryKind, Fact
from kiosk.crypto import aead
from kiosk.crypto.passwords import Argon2Cost, pin_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Agent, Duty
from kiosk.domain.errors import (
    DraftError,
    LockedOutError,
    SamePersonError,
    SamePinError,
    SignInError,
    StrandedKeysError,
    UnknownAgentError,
    VaultError,
    WrongPinError,
)
from kiosk.domain.ids import AgentId
from kiosk.ports import AgentRow, Clock, KeyStore, Store, UnitOfWork
from kiosk.services.agents import (
    DEVICE_SECRET_PAST,
    SHIFT,
    SIGNING,
    Session,
    Signatory,
    Signs,
    agent_of,
    announce_exchange,
    cost_of,
    cost_text,
    device_secret,
    exchange_public,
    fresh_salt,
    require_duty,
    unwrap,
    wrap,
)
from kiosk.services.drafts import account_for_drafts
from kiosk.services.journal import Journal
from kiosk.services.pin_costs import Costs, costs_of, raised
from kiosk.services.pins import check_pin
from kiosk.services.secret_change import (
    SecretChange,
    is_stranded,
    mark_of,
    note_wrapped,
)
from kiosk.services.standing_record import standing_cases

WAITS_S = (0, 0, 0, 30, 60, 300, 900, 3600, 3600)
"""Wait after the first, second ... wrong PIN."""
MAX_FAILURES = len(WAITS_S) + 1

EndOfShift = Callable[[Session], None]
StartOfWork = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an agent may try a PIN now.

    Attributes:
        failures: wrong PINs since the last success.
        wait_s: seconds until the next try, 0 when it may be now.
        locked: only a second person helps.
    """

    failures: int
    wait_s: int
    locked: bool


@dataclass(frozen=True, slots=True)
class _Proof:
    """What a right PIN brings to light.

    Attributes:
        kek: opens what is stored.
        seed: of the agent's signing key.
        next_kek / salt / cost: what the agent's keys are wrapped with from now on.
        mark: of the device secret in ``next_kek``.
    """

    kek: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    next_kek: bytes = field(repr=False)
    salt: bytes
    cost: Argon2Cost
    mark: bytes = field(repr=False)


class SignIn:
    """Opens and closes an agent's session on this device."""

    def __init__(
        self,
        store: Store,
        keys: KeyStore,
        clock: Clock,
        cost: Argon2Cost | Costs,
        journal: Journal,
        end_of_shift: EndOfShift | None = None,
        start_of_work: StartOfWork | None = None,
    ) -> None:
        """Wire the service.

        Args:
            store: the vault.
            keys: holds the device secret.
            clock: both clocks.
            cost: of one PIN check, fixed or measured; agents added at a lower one move to it as
                they sign in, and nobody moves down.
            journal: where shifts and failures are told.
            end_of_shift: called before a shift key dies; seals the drafts that are still open.
            start_of_work: called at an agent's first sign-in since the program began, when no case
                of theirs can be on the screen; ends the drafts that lay too long.
        """
        self._store = store
        self._keys = keys
        self._clock = clock
        self._costs = costs_of(cost)
        self._journal = journal
        self._end_of_shift = end_of_shift
        self._start_of_work = start_of_work
        self._secret_change = SecretChange(store, keys, journal, clock)
        self._at_work: set[AgentId] = set()

    def agents(self) -> tuple[Agent, ...]:
        """Every agent of this device, by name."""
        with self._store.begin() as uow:
            return tuple(agent_of(row) for row in uow.agents.all())

    def standing(self, agent_id: AgentId) -> Standing:
        """Whether this agent may try now. Raises UnknownAgentError."""
        with self._store.begin() as uow:
            row = _known(uow, agent_id)
        return Standing(row.failures, self._wait_s(row), row.failures >= MAX_FAILURES)

    def sign_in(self, agent_id: AgentId, pin: str) -> Session:
        """Open a session; opens a shift, or goes on with the open one.

        Raises:
            UnknownAgentError: no such agent here.
            WrongPinError: counted.
            LockedOutError: wait, or be unlocked; ``detail`` says which (``wait 30 s``).
            StrandedKeysError: the secret that this agent's keys hung on is gone; the try counts.
            KeyStoreError: the device secret is not available; the try counts.
        """
        proof = self._prove(agent_id, pin)
        session = self._open_shift(agent_id, proof)
        if agent_id not in self._at_work:
            self._at_work.add(agent_id)
            if self._start_of_work is not None:
                self._start_of_work(session)
        return session

    def vouch(self, agent_id: AgentId, pin: str, duty: Duty | None = None) -> Signatory:
        """Check the PIN of a second person at the desk; no shift is opened, none is ended.

        Raises:
            NotAllowedError: their role does not have this duty; nothing was counted.
            UnknownAgentError, WrongPinError, LockedOutError, StrandedKeysError, KeyStoreError: as
                :meth:`sign_in`.
        """
        with self._store.begin() as uow:
            agent = agent_of(_known(uow, agent_id))
        if duty is not None:
            require_duty(agent, duty)
        proof = self._prove(agent_id, pin)
        with self._store.begin() as uow:
            row = _known(uow, agent_id)
            shift = row.wrapped_shift_key
            shift_key = None if shift is None else unwrap(proof.kek, shift, agent_id, SHIFT)
            uow.agents.put(self._wrapped_anew(row, proof, shift_key))
            came = note_wrapped(uow, agent_id, proof.mark)
            uow.commit()
        self._tell(came)
        return Signatory(agent, SigningKey.from_seed(proof.seed))

    def change_pin(self, session: Session, pin: str, new_pin: str) -> None:
        """Wrap the agent's keys anew; signatures and open cases stay as they are.

        Raises:
            SamePinError: it is the old one.
            PinPolicyError: see :func:`kiosk.services.pins.check_pin`.
            WrongPinError, LockedOutError, StrandedKeysError, KeyStoreError: as :meth:`sign_in`.
        """
        agent_id = session.agent.agent_id
        form = check_pin(new_pin, agent_id)
        if form == unicodedata.normalize("NFC", pin):
            raise SamePinError
        proof = self._prove(agent_id, pin)
        salt, secret = fresh_salt(), device_secret(self._keys)
        kek = pin_key(form, salt, secret, proof.cost)
        with self._store.begin() as uow:
            row = _known(uow, agent_id)
            shift = row.wrapped_shift_key
            if shift is not None:
                shift_key = unwrap(proof.kek, shift, agent_id, SHIFT)
                shift = wrap(kek, shift_key, agent_id, SHIFT)
            uow.agents.put(
                replace(
                    row,
                    failures=0,
                    kdf=cost_text(proof.cost),
                    salt=salt,
                    wrapped_signing_key=wrap(kek, proof.seed, agent_id, SIGNING),
                    wrapped_shift_key=shift,
                )
            )
            signers = {"agent": session.signing_key}
            self._journal.append_signed(uow, EntryKind.PIN_CHANGED, {"agent": agent_id}, signers)
            came = note_wrapped(uow, agent_id, mark_of(secret))
            uow.commit()
        self._tell(came)

    def _prove(self, agent_id: AgentId, pin: str) -> _Proof:
        """Count the try, then look at the PIN."""
        form = unicodedata.normalize("NFC", pin)
        row = self._count_try(agent_id)
        secret = device_secret(self._keys)
        mark = mark_of(secret)
        opened = _opened(row, form, secret)
        held = cost_of(row.kdf)
        cost = raised(held, self._costs.current())
        if opened is not None and cost == held:
            kek, seed = opened
            return _Proof(kek, seed, kek, row.salt, held, mark)
        kek, seed = opened or self._opened_with_past(row, form, mark)
        salt = fresh_salt()
        return _Proof(kek, seed, pin_key(form, salt, secret, cost), salt, cost, mark)

    def _opened_with_past(self, row: AgentRow, form: str, mark: bytes) -> tuple[bytes, bytes]:
        """As ``_opened``, under the device secret of before. Raises a SignInError leaf."""
        past = self._keys.get(DEVICE_SECRET_PAST)
        opened = None if past is None else _opened(row, form, past)
        if opened is not None:
            return opened
        with self._store.begin() as uow:
            stranded = is_stranded(uow, row.agent_id, mark)
        raise StrandedKeysError if stranded else self._refuse(row)

    def _wrapped_anew(self, row: AgentRow, proof: _Proof, shift_key: bytes | None) -> AgentRow:
        """The agent's keys under what they are wrapped with from now on; no wrong PIN counts."""
        shift = None
        if shift_key is not None:
            shift = wrap(proof.next_kek, shift_key, row.agent_id, SHIFT)
        return replace(
            row,
            failures=0,
            kdf=cost_text(proof.cost),
            salt=proof.salt,
            wrapped_signing_key=wrap(proof.next_kek, proof.seed, row.agent_id, SIGNING),
            wrapped_shift_key=shift,
        )

    def _tell(self, came: bool) -> None:
        """An agent who was awaited came: perhaps the last one."""
        if came:
            with suppress(VaultError):  # the next start ends it
                self._secret_change.all_came()

    def sign_out(self, session: Session) -> None:
        """End the shift: drafts are accounted for, the shift key is destroyed."""
        if self._end_of_shift is not None:
            self._end_of_shift(session)
        agent_id = session.agent.agent_id
        with self._store.begin() as uow:
            row = _known(uow, agent_id)
            account_for_drafts(uow, self._journal, agent_id, "shift-end")
            uow.agents.put(replace(row, wrapped_shift_key=None))
            self._journal.append(uow, EntryKind.SHIFT_CLOSE, {"agent": agent_id})
            uow.commit()

    def unlock(self, agent_id: AgentId, by: Signs) -> None:
        """A second person lifts the lock-out; the PIN stays as it is.

        Raises:
            NotAllowedError: no manager.
            SamePersonError: the agent themselves.
        """
        require_duty(by.agent, Duty.UNLOCK)
        if by.agent.agent_id == agent_id:
            raise SamePersonError
        facts: dict[str, Fact] = {"agent": agent_id, "lifted": True, "by": by.agent.agent_id}
        with self._store.begin() as uow:
            row = _known(uow, agent_id)
            uow.agents.put(replace(row, failures=0))
            self._journal.append_signed(uow, EntryKind.LOCKOUT, facts, {"by": by.signing_key})
            uow.commit()

    def _count_try(self, agent_id: AgentId) -> AgentRow:
        """Count this try durably, unless it is too early for one."""
        with self._store.begin() as uow:
            row = _known(uow, agent_id)
            if row.failures >= MAX_FAILURES:
                raise LockedOutError("second person")
            wait_s = self._wait_s(row)
            if wait_s:
                if self._clock_lost(row):
                    uow.agents.put(self._stamped(row))
                    uow.commit()
                raise LockedOutError(f"wait {wait_s} s")
            counted = self._stamped(replace(row, failures=row.failures + 1))
            uow.agents.put(counted)
            uow.commit()
        return counted

    def _stamped(self, row: AgentRow) -> AgentRow:
        return replace(
            row,
            last_try_at=self._clock.now(),
            last_try_mono_ms=self._clock.monotonic_ms(),
            last_try_boot=self._clock.boot_id,
        )

    def _clock_lost(self, row: AgentRow) -> bool:
        """Whether the time since the last try cannot be told: restart, or clock set back."""
        set_back = row.last_try_at is not None and self._clock.now() < row.last_try_at
        return set_back or row.last_try_boot != self._clock.boot_id

    def _wait_s(self, row: AgentRow) -> int:
        """Seconds still to wait."""
        if not 0 < row.failures < MAX_FAILURES or row.last_try_at is None:
            return 0
        wait_s = WAITS_S[row.failures - 1]
        if self._clock_lost(row):
            return wait_s
        by_wall_s = (self._clock.now() - row.last_try_at).total_seconds()
        by_mono_s = (self._clock.monotonic_ms() - row.last_try_mono_ms) / 1000
        return max(0, -int(-(wait_s - min(by_wall_s, by_mono_s)) // 1))

    def _refuse(self, row: AgentRow) -> SignInError:
        """Journal the wrong PIN; the error to raise."""
        locked = row.failures >= MAX_FAILURES
        facts: dict[str, Fact] = {"agent": row.agent_id, "failures": row.failures}
        with self._store.begin() as uow:
            self._journal.append(uow, EntryKind.LOGIN_FAIL, facts)
            if locked:
                self._journal.append(uow, EntryKind.LOCKOUT, {"agent": row.agent_id})
                # What has no record ready stays: a lock-out deletes nothing.
                ready = standing_cases(uow)
                account_for_drafts(uow, self._journal, row.agent_id, "lockout", ready)
            uow.commit()
        return LockedOutError("second person") if locked else WrongPinError()

    def _open_shift(self, agent_id: AgentId, proof: _Proof) -> Session:
        """Start the count again, and bring or make the shift key."""
        key = SigningKey.from_seed(proof.seed)
        with self._store.begin() as uow:
            row = _known(uow, agent_id)
            if row.wrapped_shift_key is None:
                shift_key = aead.random_key()
                self._journal.append(uow, EntryKind.SHIFT_OPEN, {"agent": agent_id})
            else:
                shift_key = unwrap(proof.kek, row.wrapped_shift_key, agent_id, SHIFT)
            row = self._wrapped_anew(row, proof, shift_key)
            uow.agents.put(row)
            if exchange_public(uow, row) is None:
                announce_exchange(uow, agent_id, key)
            came = note_wrapped(uow, agent_id, proof.mark)
            uow.commit()
        self._tell(came)
        return Session(agent_of(row), key, shift_key)


def _opened(row: AgentRow, form: str, secret: bytes) -> tuple[bytes, bytes] | None:
    """PIN key and seed of the agent where the PIN is right under this device secret."""
    kek = pin_key(form, row.salt, secret, cost_of(row.kdf))
    try:
        return kek, unwrap(kek, row.wrapped_signing_key, row.agent_id, SIGNING)
    except DraftError:
        return None


def _known(uow: UnitOfWork, agent_id: AgentId) -> AgentRow:
    row = uow.agents.get(agent_id)
    if row is None:
        raise UnknownAgentError
    return row
