"""What this device knows of its fleet: who it is, where its central side is, which policy holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from kiosk.crypto.digests import unb64u
from kiosk.domain.errors import NotEnrolledError
from kiosk.domain.ids import DeviceId, KeyId, OfficeId
from kiosk.ports import CentralSide, Store, UnitOfWork
from kiosk.services.requests import IssuerKey
from kiosk.sync.policy import Policy, open_policy

IDENTITY = "central/identity"
POLICY = "central/policy"
LOG_CHECKPOINT = "central/checkpoint"
"""Newest checkpoint of the collector's log that was verified here."""

DEVICE_KEY = "device-signing"
DEVICE_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """This device, once enrolled; nothing secret.

    Attributes:
        device_id: given by the central side.
        office_id: where it works.
        certificate: the central side's word for it, compact JWS.
        url: base address of the collector.
        ca_pem: the pinned authority.
        root_public: the pinned policy root, base64url.
    """

    device_id: DeviceId
    office_id: OfficeId
    certificate: str
    url: str
    ca_pem: str
    root_public: str

    def side(self, policy: Policy, coming: Iterable[Policy] = ()) -> CentralSide:
        """The central side to speak to under ``policy``, and under those that are on their way."""
        terms, later = policy.collector, tuple(each.collector for each in coming)
        others = tuple((each.origin, each.log_public) for each in later)
        return CentralSide(self.url, self.ca_pem, terms.origin, terms.log_public, others)


def load_identity(uow: UnitOfWork) -> DeviceIdentity | None:
    """Who this device is, None before it was enrolled."""
    stored = uow.values.get(IDENTITY)
    return None if stored is None else msgspec.json.decode(stored, type=DeviceIdentity)


def load_policy(uow: UnitOfWork) -> Policy | None:
    """The policy in force, its signature verified again; None before enrolment."""
    identity, token = load_identity(uow), uow.values.get(POLICY)
    if identity is None or token is None:
        return None
    return open_policy(token.decode("ascii"), unb64u(identity.root_public))


def require_membership(store: Store) -> tuple[DeviceIdentity, Policy]:
    """Identity and policy in force. Raises NotEnrolledError."""
    with store.begin() as uow:
        identity, policy = load_identity(uow), load_policy(uow)
    if identity is None or policy is None:
        raise NotEnrolledError
    return identity, policy


def issuer_keys_of(policy: Policy) -> Mapping[KeyId, IssuerKey]:
    """Keys that sign verification requests."""
    return {key.kid: IssuerKey(key.iss, key.public) for key in policy.request_issuers}
