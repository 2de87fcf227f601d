"""What the fleet says to this device, kept in memory so that a rule costs no read of the vault."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from kiosk.crypto.signing import key_id_of
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.errors import NotEnrolledError
from kiosk.domain.ids import KeyId, OfficeId
from kiosk.journeys.procedures import ONLINE_REQUEST
from kiosk.ports import CentralSide, Clock, OutboxRow, Store
from kiosk.services.coming_policy import in_force, load_coming
from kiosk.services.delivery import Delivery, DeliverySummary, Progress
from kiosk.services.examination import DocumentRules
from kiosk.services.fleet import DeviceIdentity, issuer_keys_of, load_identity, load_policy
from kiosk.services.owed import Owed
from kiosk.services.requests import IssuerKey
from kiosk.services.terms import Terms, terms_of
from kiosk.services.time_call import TIME, SignedTime
from kiosk.sync.policy import Policy, Retention

_FEATURES_WITHOUT_POLICY = 3


class Membership:
    """Enrolment and policy in force; ``reload`` after either has changed in the vault."""

    def __init__(self, store: Store, office: OfficeId, clock: Clock | None = None) -> None:
        """Read both.

        Args:
            store: the vault.
            office: office to assume where the enrolment says none.
            clock: of the device; without one a coming policy waits until it is promoted.

        Raises:
            PolicyInvalidError: the stored policy is not signed by the pinned root.
        """
        self._store = store
        self._office = office
        self._identity: DeviceIdentity | None = None
        self._policy: Policy | None = None
        self._coming: tuple[Policy, ...] = ()
        self._clock = None if clock is None else SignedClock(clock, self)
        self._signed_time: SignedTime | None = None
        self.reload()

    def reload(self) -> None:
        """Read enrolment and policy again. Raises PolicyInvalidError; then nothing changed."""
        with self._store.begin() as uow:
            identity, policy = load_identity(uow), load_policy(uow)
            coming = load_coming(uow)
            signed = uow.values.get(TIME)
        self._identity, self._policy, self._coming = identity, policy, coming
        self._signed_time = None if signed is None else msgspec.json.decode(signed, type=SignedTime)

    @property
    def identity(self) -> DeviceIdentity | None:
        """Who this device is; None before enrolment."""
        return self._identity

    @property
    def policy(self) -> Policy | None:
        """The policy in force today; None before enrolment."""
        if self._policy is None or not self._coming or self._clock is None:
            return self._policy
        return in_force(self._policy, self._coming, self.today)

    @property
    def today(self) -> date:
        """The day of the office, by signed time where it is known. Needs a clock."""
        if self._clock is None:
            raise ValueError("no clock")
        return self._clock.now().astimezone().date()

    @property
    def signed_day(self) -> date | None:
        """The day of the office by signed time; None where that was heard before the last boot."""
        signed = self._signed_time
        if self._clock is None or signed is None or signed.boot_id != self._clock.boot_id:
            return None
        return self.today

    @property
    def signed_time(self) -> SignedTime | None:
        """The newest word of the central side about what time it is."""
        return self._signed_time

    @property
    def office_id(self) -> OfficeId:
        """Where this device works."""
        return self._office if self._identity is None else self._identity.office_id

    @property
    def feature_count(self) -> int:
        """Security features to examine."""
        return self.policy.feature_count if self.policy else _FEATURES_WITHOUT_POLICY

    @property
    def proxy_allowed(self) -> bool:
        """Whether registered items may be handed to a proxy."""
        policy = self.policy
        return policy is not None and policy.proxy_allowed

    @property
    def draft_age(self) -> timedelta:
        """How long an unfinished case may lie."""
        retention = self.policy.retention if self.policy else Retention()
        return timedelta(hours=retention.draft_hours)

    @property
    def receipts_days(self) -> int:
        """How long the receipt of a record that was let go is kept."""
        retention = self.policy.retention if self.policy else Retention()
        return retention.receipts_days

    def notices(self) -> tuple[str, ...]:
        """Sentences of the operator for the home page, each plain text on one line."""
        policy = self.policy
        return () if policy is None else policy.plain_notices

    def enrolment_keys(self) -> Mapping[KeyId, bytes]:
        """Keys of the authority that speak to one device."""
        policy = self.policy
        keys = () if policy is None else policy.enrolment_keys
        return {key.kid: key.public for key in keys}

    def lease_days(self) -> int:
        """Days without contact after which this device goes dark; 0 never."""
        policy = self.policy
        return 0 if policy is None else policy.lease_days

    def is_lost(self) -> bool:
        """Whether the policy names this device among the lost ones."""
        policy = self.policy
        return (
            policy is not None
            and self._identity is not None
            and self._identity.device_id in policy.lost
        )

    def side(self) -> CentralSide | None:
        """The pinned central side; None before enrolment."""
        policy = self.policy
        if self._identity is None or policy is None:
            return None
        return self._identity.side(policy)

    def terms(self) -> Terms:
        """What the policy says to journal and sealing."""
        return terms_of(self.policy)

    def require(self) -> None:
        """Raises NotEnrolledError while there is nobody to seal a record to."""
        if not self.terms().recipients:
            raise NotEnrolledError

    def issuers(self) -> Mapping[KeyId, IssuerKey]:
        """Pinned keys of those who issue verification requests."""
        policy = self.policy
        return {} if policy is None else issuer_keys_of(policy)

    def log_keys(self) -> Mapping[KeyId, bytes]:
        """The pinned key of the central side's log; it signs statements about addresses too."""
        policy = self.policy
        if policy is None:
            return {}
        public = policy.collector.log_public
        return {key_id_of(public): public}

    def document_rules(self, documents: DocumentCatalogue) -> Callable[[], DocumentRules]:
        """What the policy says about documents; the catalogue's word where there is none."""

        def rules() -> DocumentRules:
            policy = self.policy
            if policy is None:
                return DocumentRules(documents.accepted_by(ONLINE_REQUEST))
            return DocumentRules(
                frozenset(policy.accepted_documents),
                accept_extended=policy.accept_extended_id_card,
                specimens_allowed=policy.demonstration,
                policy_version=policy.version,
            )

        return rules


class Deliveries:
    """Deliveries of this device, after each of which a policy that arrived counts."""

    def __init__(
        self,
        delivery: Delivery,
        membership: Membership,
        afterwards: Sequence[Callable[[], object]] = (),
        promote: Callable[[date], object] = lambda _: None,
    ) -> None:
        """Wrap ``delivery``.

        Args:
            delivery: what delivers.
            membership: told of what arrived.
            afterwards: called in order when a delivery has ended, however it ended.
            promote: puts a policy into force for good whose day has come; needs no network. Asked
                only where signed time of this boot tells the day.
        """
        self._delivery = delivery
        self._membership = membership
        self._afterwards = afterwards
        self._promote = promote

    def run_once(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        metered: bool | None = None,
    ) -> DeliverySummary:
        """See :meth:`kiosk.services.delivery.Delivery.run_once`."""
        day = self._membership.signed_day
        if day is not None:
            self._promote(day)
        try:
            return self._delivery.run_once(progress, cancelled, metered=metered)
        finally:
            self._membership.reload()
            for call in self._afterwards:
                call()

    def status(self) -> tuple[OutboxRow, ...]:
        """Every record on its way, oldest first."""
        return self._delivery.status()

    def owed(self) -> Owed:
        """See :meth:`kiosk.services.delivery.Delivery.owed`."""
        return self._delivery.owed()

    def is_metered(self) -> bool:
        """See :meth:`kiosk.services.delivery.Delivery.is_metered`."""
        return self._delivery.is_metered()

    def set_metered(self, *, metered: bool) -> None:
        """See :meth:`kiosk.services.delivery.Delivery.set_metered`."""
        self._delivery.set_metered(metered=metered)


class SignedClock:
    """A :class:`kiosk.ports.Clock` that believes the central side rather than this device.

    For dates that decide something (is a request still valid, is a card expired). What is written
    down keeps the device's own claim, from which true time can be worked out later.
    """

    def __init__(self, device: Clock, membership: Membership) -> None:
        self._device = device
        self._membership = membership

    def now(self) -> datetime:
        """Signed time carried on by the monotonic clock since.

        Where that is lost: the device's, but never before the last signed time, which is past.
        """
        signed = self._membership.signed_time
        if signed is None:
            return self._device.now()
        if signed.boot_id != self._device.boot_id:
            return max(self._device.now(), signed.at)
        return signed.at + timedelta(milliseconds=self._device.monotonic_ms() - signed.mono_ms)

    def monotonic_ms(self) -> int:
        """As the device."""
        return self._device.monotonic_ms()

    @property
    def boot_id(self) -> str:
        """As the device."""
        return self._device.boot_id
