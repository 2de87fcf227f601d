"""What the services take from a policy."""

from datetime import UTC, datetime

from kiosk.crypto.age import kid_of
from kiosk.crypto.notes import verifier_key
from kiosk.domain.evidence import DocumentKind
from kiosk.services.terms import Terms, terms_of
from kiosk.sync.policy import CollectorTerms, Policy, Recipient
from tests.fakes.desk import ESCROW, OPS


def test_before_the_first_policy_there_is_nobody_to_seal_to():
    assert terms_of(None) == Terms(policy_version=0, recipients=())


def test_the_terms_are_those_of_the_policy():
    policy = Policy(
        version=7,
        issued_at=datetime(2026, 11, 1, tzinfo=UTC),
        recipients=tuple(Recipient(kid_of(i.recipient), i.recipient) for i in (OPS, ESCROW)),
        collector=CollectorTerms("log.test", verifier_key("log.test", bytes(32))),
        enrolment_keys=(),
        request_issuers=(),
        accepted_documents=(DocumentKind.FR_PASSPORT,),
        evidence_images=True,
        assurance_level="substantial",
        fraud_alert=True,
    )
    assert terms_of(policy) == Terms(
        policy_version=7,
        recipients=(OPS.recipient, ESCROW.recipient),
        evidence_images=True,
        assurance_level="substantial",
        fraud_alert=True,
        sightings_days=30,
    )
