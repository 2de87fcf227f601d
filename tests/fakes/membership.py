"""Makes a built kiosk a device of a fleet whose central side does not answer."""

from datetime import UTC, datetime

import msgspec

from kiosk.audit.entries import EntryKind
from kiosk.bootstrap import Kiosk
from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.certificates import make_ca
from kiosk.crypto.digests import b64u
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.evidence import DocumentKind
from kiosk.domain.ids import OfficeId
from kiosk.services.fleet import IDENTITY, POLICY, DeviceIdentity
from kiosk.sync.policy import CollectorTerms, Policy, Recipient, TrustedKey, sign_policy

NOWHERE = "https://127.0.0.1:1"
ROOT, LOG, ISSUER = (SigningKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
RECIPIENT = Identity.from_seed(bytes([4]) * 32).recipient
POLICY_IN_FORCE = Policy(
    version=1,
    issued_at=datetime(2026, 11, 20, tzinfo=UTC),
    recipients=(Recipient(kid_of(RECIPIENT), RECIPIENT),),
    collector=CollectorTerms("log.test", verifier_key("log.test", LOG.public)),
    enrolment_keys=(TrustedKey("log.test", LOG.key_id, b64u(LOG.public)),),
    request_issuers=(TrustedKey("https://idp.test", ISSUER.key_id, b64u(ISSUER.public)),),
    accepted_documents=(DocumentKind.FR_ID_CARD_2021, DocumentKind.FR_PASSPORT),
    feature_count=4,
)


def join_fleet(kiosk: Kiosk, policy: Policy = POLICY_IN_FORCE) -> None:
    """What an enrolment leaves in the vault."""
    identity = DeviceIdentity(
        device_id=kiosk.device_id,
        office_id=OfficeId("069002"),
        certificate="",
        url=NOWHERE,
        ca_pem=make_ca("test", datetime(2026, 11, 20, tzinfo=UTC))[0].decode(),
        root_public=b64u(ROOT.public),
    )
    with kiosk.store.begin() as uow:
        uow.values.put(IDENTITY, msgspec.json.encode(identity))
        uow.values.put(POLICY, sign_policy(policy, ROOT).encode())
        uow.commit()
    kiosk.membership.reload()
    kiosk.journal.record(EntryKind.ENROLLED, {"office": identity.office_id})
