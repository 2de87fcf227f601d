"""Makes this installation a device of the fleet.

Rules, in order: the code pins the authority and the policy root, and everything that the server
sends is checked against those pins; the device's keys are made here and never leave; a lost answer
costs nothing, the same code with the same key gets the same certificate; identity, policy and first
journal entry are stored together or not at all. Source: records-and-sync 2.7.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date

import msgspec

from kiosk.audit.entries import EntryKind
from kiosk.crypto.certificates import fingerprint, single_certificate
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    AlreadyEnrolledError,
    CertificateError,
    EnrolmentError,
    PolicyInvalidError,
    ProtocolError,
)
from kiosk.ports import CentralSide, Clock, CollectorLink, KeyStore, LinkFactory, Store
from kiosk.services.agents import DEVICE_SECRET
from kiosk.services.answers import refusal_of
from kiosk.services.coming_policy import is_coming, keep_coming
from kiosk.services.fleet import (
    DEVICE_KEY,
    DEVICE_SECRET_BYTES,
    IDENTITY,
    LOG_CHECKPOINT,
    POLICY,
    DeviceIdentity,
    load_identity,
    log_key_of,
)
from kiosk.services.journal import Journal
from kiosk.services.terms import DeviceFacts, terms_of
from kiosk.services.time_call import fetch_time
from kiosk.sync.enrolment import EnrolmentCode, open_certificate, parse_code, sign_claim
from kiosk.sync.messages import (
    AuthorityAnswer,
    EnrolmentAnswer,
    EnrolmentPost,
    Problem,
    decode,
    encode,
)
from kiosk.sync.policy import Policy, open_policy, require_unexpired
from kiosk.sync.receipts import open_log_checkpoint


@dataclass(frozen=True, slots=True)
class _Signed:
    """A policy and the token it came in."""

    token: str
    policy: Policy


_BUSY = 503


class Enrolment:
    """Enrols this device."""

    def __init__(
        self, store: Store, keys: KeyStore, links: LinkFactory, clock: Clock, app_build: str
    ) -> None:
        self._store = store
        self._keys = keys
        self._links = links
        self._clock = clock
        self._app_build = app_build

    def enrol(self, text: str) -> DeviceIdentity:
        """Use an enrolment code.

        Args:
            text: the code as scanned or typed.

        Raises:
            EnrolmentError: malformed, unknown, expired or used code; enrolled already; or secrets
                of a demonstration for a fleet that is none.
            CertificateError: the server is not the one that the code names.
            PolicyInvalidError: the policy is not signed by the root that the code names.
            UnreachableError, ProtocolError, KeyStoreError, VaultError: nothing changed, try again.
        """
        code = parse_code(text)
        with self._store.begin() as uow:
            if load_identity(uow) is not None:
                raise AlreadyEnrolledError
        key = self._device_key()
        ca_pem, pinned = self._pinned(code)
        terms = pinned.policy.collector
        link = self._links.open(CentralSide(code.url, ca_pem, terms.origin, terms.log_public), key)
        try:
            answer = self._claim(link, code, key)
            told = _Signed(answer.policy, open_policy(answer.policy, code.root_public))
            at = fetch_time(link, (told.policy, pinned.policy))
        finally:
            link.close()
        in_force, coming = _by_day(pinned, told, at.astimezone().date())
        require_unexpired(told.token, code.root_public, at.date())
        named = (*pinned.policy.enrolment_keys, *told.policy.enrolment_keys)
        enrolment_keys = {trusted.kid: trusted.public for trusted in named}
        certificate = open_certificate(answer.certificate, enrolment_keys, key.public)
        open_log_checkpoint(answer.checkpoint, (), log_key_of(in_force.policy), None)
        identity = DeviceIdentity(
            device_id=certificate.device_id,
            office_id=certificate.office_id,
            certificate=answer.certificate,
            url=code.url,
            ca_pem=ca_pem,
            root_public=b64u(code.root_public),
        )
        self._keep(identity, answer.checkpoint, in_force, coming, key)
        return identity

    def check(self, text: str) -> None:
        """Whether the side that a code names answers and is the one that it pins.

        For a device that is to be closed first: the code is not spent by it, so that one that was
        used or is too old still shows only when it is.

        Raises:
            EnrolmentError: malformed; or secrets of a demonstration for a fleet that is none.
            CertificateError, PolicyInvalidError, UnreachableError, ProtocolError: as :meth:`enrol`.
        """
        self._pinned(parse_code(text))

    def _device_key(self) -> SigningKey:
        """The device's key, made on the first try and kept for the next ones."""
        if self._keys.get(DEVICE_SECRET) is None:
            self._keys.put(DEVICE_SECRET, os.urandom(DEVICE_SECRET_BYTES))
        seed = self._keys.get(DEVICE_KEY)
        if seed is None:
            key = SigningKey.generate()
            self._keys.put(DEVICE_KEY, key.seed)
            return key
        return SigningKey.from_seed(seed)

    def _pinned(self, code: EnrolmentCode) -> tuple[str, _Signed]:
        """Authority certificate and policy, once they are what the code pins."""
        contact = self._links.first_contact(code.url)
        if contact.status != 200:
            raise ProtocolError(f"authority {contact.status}")
        answer = decode(contact.body, AuthorityAnswer)
        try:
            # Written anew from the one certificate that is compared with the pin: whatever else
            # the answer holds (under one of the other labels that TLS accepts) is not trusted.
            ca_pem = single_certificate(answer.ca.encode())
        except ValueError as exc:
            raise CertificateError("authority") from exc
        if bytes.fromhex(fingerprint(ca_pem)) != code.ca_sha256:
            raise CertificateError("not the authority of the code")
        policy = open_policy(answer.policy, code.root_public)
        if self._keys.is_demonstration and not policy.demonstration:
            # Said before the code is spent: keys in a plain file have no place in a real fleet.
            raise EnrolmentError("demonstration")
        return ca_pem.decode("ascii"), _Signed(answer.policy, policy)

    def _claim(self, link: CollectorLink, code: EnrolmentCode, key: SigningKey) -> EnrolmentAnswer:
        claim = sign_claim(code.secret, self._app_build, key)
        answer = link.call("POST", "/v1/enrolments", encode(EnrolmentPost(claim=claim)))
        if answer.status in (403, 409, 410, 422):
            raise EnrolmentError(decode(answer.body, Problem).error)
        if answer.status == _BUSY:
            raise refusal_of(answer)
        if answer.status != 200:
            raise ProtocolError(f"enrolment {answer.status}")
        return decode(answer.body, EnrolmentAnswer)

    def _keep(
        self,
        identity: DeviceIdentity,
        checkpoint: str,
        in_force: _Signed,
        coming: _Signed | None,
        key: SigningKey,
    ) -> None:
        device = DeviceFacts(identity.device_id, self._app_build)
        terms = terms_of(in_force.policy)
        journal = Journal(self._store, key, self._clock, device, lambda: terms)
        with self._store.begin() as uow:
            uow.values.put(IDENTITY, msgspec.json.encode(identity))
            uow.values.put(POLICY, in_force.token.encode("ascii"))
            if coming is not None:
                keep_coming(uow, coming.token, coming.policy, unb64u(identity.root_public))
            uow.values.put(LOG_CHECKPOINT, checkpoint.encode())
            facts = {"office": identity.office_id, "public_key": b64u(key.public)}
            journal.append(uow, EntryKind.ENROLLED, facts)
            uow.commit()


def _by_day(pinned: _Signed, told: _Signed, day: date) -> tuple[_Signed, _Signed | None]:
    """Which of two policies counts on a day, and which comes.

    Where neither has begun the lower one counts: there is no other rule to work by.

    Raises:
        PolicyInvalidError: the one told at the enrolment is older than the pinned one, which counts
            already, or another one of its version.
    """
    lower, higher = sorted((pinned, told), key=lambda item: item.policy.version)
    if lower.policy.version == higher.policy.version:
        if lower.policy != higher.policy:
            raise PolicyInvalidError("another one of this version")
        return told, None
    if is_coming(higher.policy, day):
        return lower, higher
    if higher is pinned:
        raise PolicyInvalidError("older than the one in force")
    return told, None
