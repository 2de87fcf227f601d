"""What the services need to know of the device and of the policy in force, as two small values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kiosk.domain.ids import DeviceId
from kiosk.sync.policy import Policy


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """This device, as its records and its journal name it.

    Attributes:
        device_id: given at enrolment.
        app_build: version of the program.
        channel: ``office`` or ``home``.
        catalogues: version of each catalogue in use, by name (``documents``, ``journeys`` ...).
    """

    device_id: DeviceId
    app_build: str
    channel: str = "office"
    catalogues: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of the policy that binds the journal and the sealing.

    Attributes:
        policy_version: 0 before the first policy.
        recipients: ``age1pq1…`` of everyone a record is sealed to.
        evidence_images: whether pictures may go into a record.
        assurance_level: level the operator asserts in ``verified_claims``, or ``""``: the level is
            the operator's responsibility, so it is absent unless the policy states it.
        fraud_alert: whether a suspected fraud is told in the journal, without anything personal.
        sightings_days: how long a document is remembered by its keyed hash; 0 before a policy.
        result_recipients: issuer of requests to the key (``age1pq1…``) that its results are
            sealed to.
        contact_recipient: the key (``age1pq1…``) that addresses to be confirmed later are sealed
            to, or ``""``.
    """

    policy_version: int = 0
    recipients: tuple[str, ...] = ()
    evidence_images: bool = False
    assurance_level: str = ""
    fraud_alert: bool = False
    sightings_days: int = 0
    result_recipients: Mapping[str, str] = field(default_factory=dict)
    contact_recipient: str = ""


TermsSource = Callable[[], Terms]
"""Answers with the terms in force now: a new policy counts from the next record on."""


def terms_of(policy: Policy | None) -> Terms:
    """The terms of a policy; before the first one nothing can be sealed."""
    if policy is None:
        return Terms()
    return Terms(
        policy_version=policy.version,
        recipients=tuple(recipient.age for recipient in policy.recipients),
        evidence_images=policy.evidence_images,
        assurance_level=policy.assurance_level,
        fraud_alert=policy.fraud_alert,
        sightings_days=policy.retention.sightings_days,
        result_recipients={told.iss: told.age for told in policy.result_recipients},
        contact_recipient=policy.contact_recipient.age if policy.contact_recipient else "",
    )
