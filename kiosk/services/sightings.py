"""Documents and persons seen lately on this device, remembered by keyed hash only.

Rules, in order:

1. What is stored names nobody: HMAC-SHA256 with a key that comes from the secret of this device.
   Without the key store nobody can try numbers or names against it. A hash cannot be made anew
   under another key; so the key of a device secret that was replaced stays in the key store, alone,
   until the last of its sightings is forgotten. It finds sightings, and opens nothing else.
2. What was seen is told as a doubt that the agent ticks; it never decides anything.
3. A sighting is written in the transaction of its record, and forgotten on the day that the policy
   sets: the day's list says which ones, so that forgetting reads nothing else.
4. A person counts as seen only by an accepted verification, and for that day only.

Source: domain 4.3 (repeat presentation), 5.4 (minimisation).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import msgspec

from kiosk.crypto.aead import derive_key
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.documents.names import mrz_name
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import KeyStoreError
from kiosk.domain.evidence import Check, IdentityDocument, Verdict
from kiosk.journeys.model import CaseState
from kiosk.ports import Clock, KeyStore, Store, UnitOfWork
from kiosk.services.agents import device_secret
from kiosk.services.lying_time import KnownClock

DOCUMENT_SEEN: Final = "history.document"
PERSON_TODAY: Final = "history.person_today"
_SEEN: Final = "seen/"
_LISTS: Final = "seen-until/"
_PURPOSE: Final = "visavis/sightings/1"
PAST_KEYS: Final = "sightings-past"
MAX_PAST_KEYS: Final = 8
"""Of more than these the oldest goes before its day: a Windows credential holds 2,560 bytes."""


@dataclass(frozen=True, slots=True)
class _Sighting:
    """How the case ended in which something was seen, and the last day on which that counts."""

    outcome: Outcome
    until: date


@dataclass(frozen=True, slots=True)
class _PastKey:
    """A key whose sightings are still remembered: base64url, and the last day that counts."""

    key: str
    until: date


class Sightings:
    """Remembers and tells."""

    def __init__(
        self, store: Store, keys: KeyStore, clock: Clock, known: KnownClock | None = None
    ) -> None:
        """Clock: for the day of the act, in the time zone of the device; known: for forgetting."""
        self._known = known
        self._store = store
        self._keys = keys
        self._clock = clock

    def checks(self, state: CaseState) -> tuple[Check, ...]:
        """What was seen before, each as a doubt; nothing where nothing was. Raises KeyStoreError.

        The detail of a document says how the earlier case ended (``seen-refused`` ...).
        """
        document = state.document
        if document is None:
            return ()
        today = self._today()
        keys = (self._key(), *(unb64u(past.key) for past in _past_keys(self._keys, today)))
        with self._store.begin() as uow:
            seen = _newest(uow, keys, _document(document), today)
            person = _newest(uow, keys, _person(document), today)
        found = []
        if seen is not None:
            found.append(Check(DOCUMENT_SEEN, Verdict.UNSURE, f"seen-{seen.outcome.value}"))
        if person is not None:
            found.append(Check(PERSON_TODAY, Verdict.UNSURE))
        return tuple(found)

    def remember(self, uow: UnitOfWork, state: CaseState, outcome: Outcome, days: int) -> None:
        """Remember the document of a case that is being sealed, inside ``uow``.

        Args:
            uow: the transaction of the seal.
            state: the case.
            outcome: as sealed.
            days: for how many days a document counts as seen; 0: nothing is remembered.
        """
        today = self._today()
        _forget(uow, today if self._known is None else self._known.day_in(uow))
        document = state.document
        if document is None or not days:
            return
        key = self._key()
        until = today + timedelta(days=days)
        _write(uow, _name(key, _document(document)), _Sighting(outcome, until))
        if outcome is Outcome.ACCEPTED:
            _write(uow, _name(key, _person(document)), _Sighting(outcome, today))

    def _today(self) -> date:
        return self._clock.now().astimezone().date()

    def _key(self) -> bytes:
        return derive_key(device_secret(self._keys), _PURPOSE)


def keep_past_key(store: Store, keys: KeyStore, secret: bytes, today: date) -> None:
    """Keep what finds the sightings of a device secret that is about to be replaced.

    Safe to repeat. Raises KeyStoreError, VaultError.
    """
    with store.begin() as uow:
        days = [day.removeprefix(_LISTS) for day in uow.values.names(_LISTS)]
    past = _past_keys(keys, today)
    fresh = _PastKey(
        b64u(derive_key(secret, _PURPOSE)), date.fromisoformat(max(days, default="0001-01-01"))
    )
    if fresh.until >= today and fresh not in past:
        # A change that came no further left this key with the day of then: more was seen since.
        others = [known for known in past if known.key != fresh.key]
        keys.put(PAST_KEYS, msgspec.json.encode([fresh, *others][:MAX_PAST_KEYS]))


def forget_past_keys(keys: KeyStore, today: date) -> None:
    """Destroy the keys whose last sighting is forgotten. Raises KeyStoreError."""
    stored = keys.get(PAST_KEYS)
    if stored is None:
        return
    left = msgspec.json.encode(_past_keys(keys, today))
    if left == b"[]":
        keys.delete(PAST_KEYS)
    elif left != stored:
        keys.put(PAST_KEYS, left)


def _past_keys(keys: KeyStore, today: date) -> tuple[_PastKey, ...]:
    """Those that still count, the newest first."""
    stored = keys.get(PAST_KEYS)
    if stored is None:
        return ()
    try:
        known = msgspec.json.decode(stored, type=tuple[_PastKey, ...])
    except msgspec.DecodeError as exc:
        raise KeyStoreError("sightings") from exc
    return tuple(past for past in known if today <= past.until)


def _name(key: bytes, what: tuple[str, ...]) -> str:
    return _SEEN + hmac.digest(key, canonical_json(list(what)), "sha256").hex()


def _newest(
    uow: UnitOfWork, keys: tuple[bytes, ...], what: tuple[str, ...], today: date
) -> _Sighting | None:
    """What was seen, under the newest key that knows it."""
    found = (_read(uow, _name(key, what), today) for key in keys)
    return next((sighting for sighting in found if sighting is not None), None)


def _document(document: IdentityDocument) -> tuple[str, ...]:
    return ("document", document.kind.value, document.issuer, document.document_number)


def _person(document: IdentityDocument) -> tuple[str, ...]:
    first = document.given_names[0] if document.given_names else ""
    names = (mrz_name(document.surname), mrz_name(first))
    return ("person", *names, str(document.birth_date))


def _read(uow: UnitOfWork, name: str, today: date) -> _Sighting | None:
    stored = uow.values.get(name)
    sighting = None if stored is None else msgspec.json.decode(stored, type=_Sighting)
    return sighting if sighting is not None and today <= sighting.until else None


def _write(uow: UnitOfWork, name: str, sighting: _Sighting) -> None:
    uow.values.put(name, msgspec.json.encode(sighting))
    day = _LISTS + sighting.until.isoformat()
    listed = _list(uow, day)
    if name not in listed:
        uow.values.put(day, msgspec.json.encode([*listed, name]))


def _list(uow: UnitOfWork, day: str) -> list[str]:
    stored = uow.values.get(day)
    return [] if stored is None else msgspec.json.decode(stored, type=list[str])


def _forget(uow: UnitOfWork, today: date) -> None:
    """Forget what was to be remembered until yesterday, unless it was seen again since."""
    for day in uow.values.names(_LISTS):
        if day.removeprefix(_LISTS) >= today.isoformat():
            continue
        for name in _list(uow, day):
            if _read(uow, name, today) is None:
                uow.values.delete(name)
        uow.values.delete(day)
