"""Founds a central side: every key, the server's certificate, the first policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from central.archive.control import keep_single
from central.archive.layout import Layout, write_key, write_secret
from central.archive.storage import (
    EMBEDDED,
    Storage,
    open_database,
    open_payloads,
    write_storage,
)
from central.authority.explaining import keep_explained
from central.authority.policies import first_policy
from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.certificates import fingerprint, make_ca, make_server_certificate
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import KeyId
from kiosk.sync.policy import sign_policy

Keeper = Callable[[Layout, Identity, SigningKey, datetime], None]
"""Puts the identity that opens records where it belongs, and signs by the root who may use it."""

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Founded:
    """What was made, public facts only.

    Attributes:
        origin: name of the collector's log.
        ca_sha256: fingerprint of the authority's certificate, hexadecimal.
        root_key_id / recipient_key_id / issuer_key_id: fingerprints of the keys.
        policy_version: of the first policy.
    """

    origin: str
    ca_sha256: str
    root_key_id: KeyId
    recipient_key_id: KeyId
    issuer_key_id: KeyId
    policy_version: int


def found(
    layout: Layout,
    hosts: Sequence[str],
    issuer: str,
    now: datetime,
    *,
    demonstration: bool,
    storage: Storage = EMBEDDED,
    keeper: Keeper = keep_single,
) -> Founded:
    """Make a central side in an empty folder.

    Args:
        layout: the folder.
        hosts: names and addresses of the collector's server.
        issuer: name under which verification requests are signed.
        now: aware UTC.
        demonstration: the fleet's screens will say that it is one.
        storage: where the collector will keep what it keeps.
        keeper: what becomes of the identity that opens records; by default one auditor holds it.

    Raises:
        FolderError: the folder is not empty, or a store does not answer.
    """
    layout.create()
    write_storage(layout, storage)
    open_payloads(layout).require()
    root, log, enrolment, issuing = (SigningKey.generate() for _ in range(4))
    identity = Identity.generate()
    origin = f"collector.vis-a-vis/{log.key_id}"
    ca = make_ca(f"Vis-a-vis authority {root.key_id}", now)
    certificate, server_key = make_server_certificate(ca, list(hosts), now)
    write_key(layout.root_key, root)
    write_key(layout.issuer_key, issuing)
    write_secret(layout.ca_key, ca[1])
    write_key(layout.log_key, log)
    write_key(layout.enrolment_key, enrolment)
    write_secret(layout.server_key, server_key)
    keeper(layout, identity, root, now)
    layout.ca_certificate.write_bytes(ca[0])
    layout.server_certificate.write_bytes(certificate)
    policy = first_policy(
        now,
        recipient=identity.recipient,
        origin=origin,
        log_public=log.public,
        enrolment_public=enrolment.public,
        issuer=(issuer, issuing.public),
        demonstration=demonstration,
    )
    database = open_database(layout)
    try:
        with database.writing() as ledger:
            ledger.add_policy(policy.version, sign_policy(policy, root))
    finally:
        database.close()
    keep_explained(layout, policy)
    # Last of all: its presence is what makes the folder a central side.
    layout.root_public.write_text(f"{b64u(root.public)}\n", "ascii")
    return Founded(
        origin=origin,
        ca_sha256=fingerprint(ca[0]),
        root_key_id=root.key_id,
        recipient_key_id=kid_of(identity.recipient),
        issuer_key_id=issuing.key_id,
        policy_version=policy.version,
    )
