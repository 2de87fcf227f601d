"""From a data folder to wired services: the only room that knows every adapter.

Rules, in order:

1. One program at a time works on a data folder.
2. Secrets are made once; what is lost is told and never papered over (:mod:`.opening`).
3. Whatever is heavy (camera, reader, network) is loaded when it is first asked for.
4. A policy that arrives counts from the next act on; only what shapes the procedures (number of
   security features, proxies, what needs a second agent) waits for the next start.
5. ``close`` is safe to call twice, and lets the next program in.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from kiosk import __version__
from kiosk.advice.service import ServiceFacts
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import EntryKind, entry_leaf
from kiosk.audit.tree import Frontier
from kiosk.audit.verify import JournalProblem, JournalReport, verify_journal
from kiosk.bootstrap.carried import CarriedDeliveries
from kiosk.bootstrap.hardware import load_reader, open_camera
from kiosk.bootstrap.links import Links
from kiosk.bootstrap.locked import EXPORT_FORMAT
from kiosk.bootstrap.membership import Deliveries, Membership, SignedClock
from kiosk.bootstrap.numbers import number_rule
from kiosk.bootstrap.opening import (
    begin_retirement,
    device_key_of,
    finish_retirement,
    key_store_of,
    open_vault,
)
from kiosk.bootstrap.service import read_service
from kiosk.config import CameraKind, Config, Profile, load_config
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.passwords import Argon2Cost
from kiosk.crypto.signing import SigningKey
from kiosk.devices.clock import SystemClock
from kiosk.devices.instance_lock import InstanceLock
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.packs import FILES, DocumentPacks, load_packs
from kiosk.domain.errors import (
    CatalogueError,
    ConfigError,
    DeviceError,
    NoCameraError,
    NotEnrolledError,
    PolicyInvalidError,
    VaultError,
)
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.journeys.blocks import Terms
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import procedures
from kiosk.journeys.validate import validate
from kiosk.paths import RESOURCES, Paths
from kiosk.ports import Clock, CollectorLink, FrameSource, KeyStore
from kiosk.services.activity import Activity
from kiosk.services.agents import Agents, Session, Signs
from kiosk.services.anchor import Anchor
from kiosk.services.chip_count import NO_CHIP, ChipCount
from kiosk.services.colleagues import Elsewhere, OfficeLine, OpinionDesk
from kiosk.services.coming_policy import promote
from kiosk.services.conflicts import Conflicts
from kiosk.services.contact import Contacts, ContactWords
from kiosk.services.contact_link import CentralContact
from kiosk.services.courier import Courier
from kiosk.services.custody import Custody
from kiosk.services.delivery import Delivery
from kiosk.services.device_life import DeviceLife
from kiosk.services.drafts import Drafts
from kiosk.services.enrolment import Enrolment
from kiosk.services.examination import CatalogueExamination
from kiosk.services.hand_over import HandOver
from kiosk.services.journal import Journal
from kiosk.services.key_change import DATABASE_KEY, DATABASE_NEXT, KeyChange
from kiosk.services.lease import Lease, closed_at
from kiosk.services.lying_time import KnownClock
from kiosk.services.onboarding import Onboarding
from kiosk.services.pin_costs import Costs, FixedCosts, PinCosts
from kiosk.services.proofing import Desk, Proofing
from kiosk.services.receipt_retention import ReceiptRetention
from kiosk.services.requests import RequestDesk
from kiosk.services.rounds import Rounds, VisitDesk
from kiosk.services.sealing import Sealing
from kiosk.services.second_agent import SecondAgents
from kiosk.services.secret_change import SecretChange, try_settle
from kiosk.services.sheet_mail import SheetMailer
from kiosk.services.sightings import Sightings
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import DeviceFacts
from kiosk.services.unlock_orders import UnlockOrders
from kiosk.services.vault_escrow import VaultEscrow
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.enrolment import device_id_of
from kiosk.sync.policy import FourEyes, Policy
from kiosk.texts import LANGUAGES, Texts
from kiosk.transport.folder_link import FolderLinks

if TYPE_CHECKING:
    from kiosk.services.reading import LiveReader
    from kiosk.vault.store import SqlStore

_LAST_BOOT: Final = "boot/last"
_CHANNELS: Final = {Profile.COUNTER: "office", Profile.CARRIER: "home"}


@dataclass(frozen=True, slots=True)
class Kiosk:
    """Everything that a screen or a command needs, wired.

    Attributes:
        paths, config: where the data lies, and the settings.
        clock: of the machine.
        keys, store: the secrets and the vault.
        membership: enrolment and policy in force.
        device: facts of the device for records.
        documents, catalogue: kinds of document at the start, and procedures.
        packs: rules about documents by the day on which they hold.
        service: the public service: help, eligibility, ways, paper file.
        texts: by language.
        journal, agents, onboarding, hand_over, sign_in, proofing, delivery, carried, life,
            unlock_orders, rounds, visits, conflicts, opinions, custody, key_change,
            secret_change: services.
        enrolment: joins a fleet; the kiosk is built again afterwards.
        links: to the central side.
    """

    paths: Paths
    config: Config
    clock: Clock
    keys: KeyStore
    store: "SqlStore"
    membership: Membership
    device: DeviceFacts
    documents: DocumentCatalogue
    packs: DocumentPacks
    catalogue: JourneyCatalogue
    service: ServiceFacts
    texts: Mapping[str, Texts]
    journal: Journal
    agents: Agents
    pin_costs: Costs
    onboarding: Onboarding
    hand_over: HandOver
    sign_in: SignIn
    proofing: Proofing
    contacts: Contacts
    sheet_mail: SheetMailer
    delivery: Deliveries
    carried: CarriedDeliveries
    custody: Custody
    anchor: Anchor
    escrow: VaultEscrow
    key_change: KeyChange
    secret_change: SecretChange
    life: DeviceLife
    unlock_orders: UnlockOrders
    rounds: Rounds
    visits: VisitDesk
    conflicts: Conflicts
    opinions: OpinionDesk
    enrolment: Enrolment
    links: Links
    device_key: SigningKey
    lock: InstanceLock

    @property
    def enrolled(self) -> bool:
        """Whether this device belongs to a fleet."""
        return self.membership.identity is not None

    @property
    def policy(self) -> Policy | None:
        """The policy in force; None before enrolment."""
        return self.membership.policy

    @property
    def device_id(self) -> DeviceId:
        """This device."""
        return self.device.device_id

    @property
    def office_id(self) -> OfficeId:
        """Where it works; empty before enrolment where the settings say nothing."""
        return self.membership.office_id

    @property
    def demonstration(self) -> bool:
        """Whether this is a demonstration: the screen says so."""
        return self.keys.is_demonstration or bool(self.policy and self.policy.demonstration)

    def documents_today(self) -> DocumentCatalogue:
        """Kinds of document as they hold today, in the local time of the office."""
        true_time = SignedClock(self.clock, self.membership)
        return self.packs.on(true_time.now().astimezone().date())

    def require_enrolled(self) -> None:
        """Raises NotEnrolledError before enrolment."""
        if not self.enrolled:
            raise NotEnrolledError

    def open_camera(self) -> FrameSource:
        """The configured camera, not started. Raises a CaptureError leaf, CatalogueError.

        A device of a fleet that is no demonstration sees through its own lens only: drawn or
        recorded documents would pass for presented ones.
        """
        real = self.policy is not None and not self.policy.demonstration
        if real and self.config.camera.kind is not CameraKind.LIVE:
            raise NoCameraError("demonstration only")
        return open_camera(self.config)

    def live_reader(self) -> "LiveReader":
        """A reader of live pictures; its model is loaded with the first picture."""
        # The century of a date in a zone hangs on the day of the act.
        true_time = SignedClock(self.clock, self.membership)
        return load_reader(true_time, specimens=self.demonstration, store=self.store)

    def open_link(self) -> CollectorLink | None:
        """A link to the central side; None before enrolment."""
        side = self.membership.side()
        return None if side is None else self.links.open(side, self.device_key)

    def verify_journal(self) -> JournalReport:
        """Verify every entry of this device's journal."""
        with self.store.begin() as uow:
            entries = [row.jws for row in uow.journal.range(0, uow.journal.size())]
            kept = uow.journal.frontier()
        report = verify_journal(entries, self.device_id, self.device_key.public)
        if kept == report.frontier.hashes:
            return report
        # Entries are gone from the end, or the tree that the next one continues is another.
        return replace(report, problems=(*report.problems, JournalProblem(-1, "frontier")))

    def export_journal(self) -> str:
        """Every entry and a checkpoint of all of them, for a proof without this program.

        One line of canonical JSON (``format``, ``device_id``, ``checkpoint``), then one entry a
        line. Before enrolment the checkpoint's origin is that of a collector named ``local``.
        """
        with self.store.begin() as uow:
            entries = [row.jws for row in uow.journal.range(0, uow.journal.size())]
        tree = Frontier()
        for entry in entries:
            tree = tree.append(entry_leaf(entry))
        collector = "local" if self.policy is None else self.policy.collector.origin
        origin = device_origin(collector, self.device_id)
        note = sign(Checkpoint(origin, tree.size, tree.root()), self.device_key)
        about = {"format": EXPORT_FORMAT, "device_id": self.device_id, "checkpoint": note}
        lines = [canonical_json(about).decode(), *entries]
        return "".join(f"{line}\n" for line in lines)

    def activity_of(self, who: Signs) -> str:
        """The own activity of an agent; see :mod:`kiosk.services.activity`."""
        collector = "local" if self.policy is None else self.policy.collector.origin
        activity = Activity(self.store, self.journal, self.device_id, self.device_key)
        return activity.export(who, collector)

    def export_activity(self, who: Signs) -> str:
        """Write it to a fresh file of the data folder; the name of the file.

        Raises:
            ConfigError: the file cannot be written.
        """
        folder = self.paths.data / "activity"
        text = self.activity_of(who)
        stamp = f"{self.clock.now():%Y%m%d-%H%M%S}"
        file = folder / f"visavis-activity-{who.agent.agent_id}-{stamp}.txt"
        try:
            folder.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        except OSError as exc:
            raise ConfigError("activity file") from exc
        return file.name

    def last_entry_at(self) -> datetime | None:
        """Device time of the newest journal entry."""
        with self.store.begin() as uow:
            row = uow.journal.get(uow.journal.size() - 1)
        return None if row is None else row.wall_claimed

    def retire(self) -> Path:
        """Write the journal out, then destroy the keys and the vault: for a closed device only.

        The keys go first: what is left of the vault after a power cut opens for nobody.

        Returns:
            The file of the journal, with its last checkpoint.

        Raises:
            ConfigError: the journal cannot be written; nothing was destroyed.
            DeviceError: the device was not closed.
        """
        with self.store.begin() as uow:
            if closed_at(uow) is None:
                raise DeviceError("not closed")
        file = self.paths.data / "closed" / f"{self.device_id}-journal.txt"
        try:
            file.parent.mkdir(exist_ok=True)
            file.write_text(self.export_journal(), encoding="utf-8", newline="\n")
        except OSError as exc:
            raise ConfigError("journal file") from exc
        self.store.close()
        begin_retirement(self.paths)
        finish_retirement(self.paths, self.keys)
        return file

    def close(self) -> None:
        """Anchor the journal, close the vault, let the next program in. Safe to call twice."""
        with suppress(VaultError):  # closed before, or damaged: there is nothing to anchor
            if self.enrolled:
                self.anchor.keep()
        self.store.close()
        self.lock.release()


def build(
    paths: Paths,
    config: Config | None = None,
    clock: Clock | None = None,
    keys: KeyStore | None = None,
    cost: Argon2Cost | None = None,
) -> Kiosk:
    """Wire the kiosk of a data folder.

    Args:
        paths: the folder.
        config: settings; read from the folder where None.
        clock: the machine's where None.
        keys: secret store; the folder's own where None.
        cost: of one PIN try; measured on this machine where None.

    Raises:
        ConfigFileError, AlreadyRunningError, KeyStoreError, VaultError, PolicyInvalidError,
        CatalogueError.
    """
    paths.prepare()
    config = config or load_config(paths.config)
    lock = InstanceLock(paths.lock)
    try:
        keys = keys or key_store_of(paths)
        finish_retirement(paths, keys)
        store = open_vault(paths, keys)
    except BaseException:
        lock.release()
        raise
    try:
        return _wired(_Parts(paths, config, clock or SystemClock(), keys, store, lock), cost)
    except BaseException:
        store.close()
        lock.release()
        raise


@dataclass(frozen=True, slots=True)
class _Parts:
    paths: Paths
    config: Config
    clock: Clock
    keys: KeyStore
    store: "SqlStore"
    lock: InstanceLock


def _wired(parts: _Parts, cost: Argon2Cost | None) -> Kiosk:
    store, clock, keys = parts.store, parts.clock, parts.keys
    costs = PinCosts(store, clock) if cost is None else FixedCosts(cost)
    device_key = device_key_of(keys, store)
    membership = Membership(store, OfficeId(parts.config.office), clock)
    packs = read_packs(RESOURCES / "documents")
    documents = packs.on(clock.now().astimezone().date())
    service = read_service(RESOURCES / "service", parts.config.service)
    device = _device(device_key, parts.config, documents, service)
    journal = Journal(store, device_key, clock, device, membership.terms)
    true_time = SignedClock(clock, membership)
    known = KnownClock(store, clock)
    sightings = Sightings(store, keys, true_time, known)
    sealing = Sealing(journal, store, membership.terms, clock, device, device_key, sightings)
    links = Links(clock, parts.config.collector)
    rounds = Rounds(store, links, keys, true_time, membership.issuers, known)
    rounds.erase_past()

    drafts = Drafts(clock, sealing.standing)
    hand_over = HandOver(store, journal, drafts, clock, sealing)

    def end_of_shift(session: Session) -> None:
        hand_over.accept_all(session)
        sealing.seal_open_drafts(session)
        rounds.forget(session.agent.agent_id)

    def start_of_work(session: Session) -> None:
        # What cannot be sealed now (full disk, no policy) is no reason to keep an agent out.
        with suppress(VaultError, PolicyInvalidError):
            hand_over.accept_all(session, membership.draft_age)
            sealing.seal_open_drafts(session, membership.draft_age)
            hand_over.expire(membership.draft_age)

    catalogue = _procedures(membership, documents, device)
    sign_in = SignIn(store, keys, clock, costs, journal, end_of_shift, start_of_work)
    words = ContactWords(device.device_id, membership.log_keys)

    requests = RequestDesk(
        store, membership.issuers, membership.office_id, true_time, rounds.expected
    )
    desk = Desk(
        store,
        sealing,
        drafts,
        requests,
        CatalogueExamination(
            packs,
            membership.document_rules(documents),
            true_time,
            SystemRandom(),
            parts.config.examination.tools,
            sightings,
        ),
        hand_over,
        SecondAgents(store, sign_in, journal, clock, device),
        Elsewhere(
            _line(membership, links, device_key),
            journal,
            lambda: membership.identity,
            membership.enrolment_keys,
        ),
        words.require,
        _chip(parts, journal, membership),
    )
    anchor = Anchor(store, keys, journal, device_key.public)
    escrow = _escrow(parts, membership, device)
    agents = Agents(store, keys, journal, costs)
    lease = Lease(store, journal, clock, membership.lease_days, membership.is_lost)
    deliveries = Deliveries(
        Delivery(store, journal, links, keys, clock, metered=parts.config.collector.metered),
        membership,
        (anchor.keep, escrow.try_keep, costs.try_settle),
        _each_day(store, journal, membership),
    )
    proofing = Proofing(
        desk, journal, clock, catalogue, membership.office_id, membership.require, lease
    )
    if membership.identity is not None:
        _at_start(parts, journal, anchor, escrow, hand_over, membership)
    return Kiosk(
        paths=parts.paths,
        config=parts.config,
        clock=clock,
        keys=keys,
        store=store,
        membership=membership,
        device=device,
        documents=documents,
        packs=packs,
        catalogue=catalogue,
        service=service,
        texts={language: Texts.load(language) for language in LANGUAGES},
        journal=journal,
        agents=agents,
        pin_costs=costs,
        onboarding=Onboarding(store, keys, clock, journal, agents),
        hand_over=hand_over,
        sign_in=sign_in,
        proofing=proofing,
        rounds=rounds,
        visits=VisitDesk(rounds, requests, proofing),
        conflicts=Conflicts(store),
        opinions=OpinionDesk(
            _line(membership, links, device_key),
            store,
            sign_in,
            journal,
            clock,
            lambda: membership.identity,
            device_key,
        ),
        delivery=deliveries,
        carried=CarriedDeliveries(
            Courier(store, journal, FolderLinks(clock), keys, clock), membership, anchor.keep
        ),
        life=DeviceLife(store, journal, clock, deliveries),
        unlock_orders=UnlockOrders(
            store, journal, true_time, device.device_id, membership.enrolment_keys
        ),
        custody=Custody(store, journal, device_key.public),
        anchor=anchor,
        escrow=escrow,
        key_change=KeyChange(store, keys, journal, escrow.keep),
        secret_change=_secret_change(parts, journal, known),
        contacts=Contacts(
            CentralContact(_opener(membership, links, device_key), device.device_id),
            words,
            number_rule(service.phones, true_time),
        ),
        sheet_mail=SheetMailer(
            CentralContact(_opener(membership, links, device_key), device.device_id)
        ),
        enrolment=Enrolment(store, keys, links, clock, __version__),
        links=links,
        device_key=device_key,
        lock=parts.lock,
    )


def _each_day(
    store: "SqlStore", journal: Journal, membership: Membership
) -> Callable[[date], None]:
    """What signed time of a day brings about: a policy that was coming, receipts that go."""
    retention = ReceiptRetention(store, journal, lambda: membership.receipts_days)

    def on(day: date) -> None:
        promote(store, journal, day)
        with suppress(VaultError):  # a full disk keeps no record from being sent
            retention.run(day)

    return on


def _secret_change(parts: _Parts, journal: Journal, known: Clock) -> SecretChange:
    """Replaces the device secret; one that was interrupted goes on here."""
    change = SecretChange(parts.store, parts.keys, journal, known)
    try_settle(change)
    return change


def _escrow(parts: _Parts, membership: Membership, device: DeviceFacts) -> VaultEscrow:
    """Seals the key of this vault to the auditors."""
    from kiosk.vault.escrow_file import BesideVault

    def keys() -> tuple[bytes, ...]:
        held = (parts.keys.get(name) for name in (DATABASE_KEY, DATABASE_NEXT))
        return tuple(key for key in held if key is not None)

    file = BesideVault(parts.paths.vault)
    return VaultEscrow(parts.store, file, membership.terms, device.device_id, keys)


def _opener(
    membership: Membership, links: Links, device_key: SigningKey
) -> Callable[[], CollectorLink | None]:
    """Opens a link of its own to the central side; None while there is none."""

    def open_link() -> CollectorLink | None:
        side = membership.side()
        return None if side is None else links.open(side, device_key)

    return open_link


def _line(membership: Membership, links: Links, device_key: SigningKey) -> OfficeLine:
    """The way to the other devices of the office."""
    return OfficeLine(_opener(membership, links, device_key), device_id_of(device_key.public))


def _procedures(
    membership: Membership, documents: DocumentCatalogue, device: DeviceFacts
) -> JourneyCatalogue:
    """The procedures of this place, each found sound. Raises JourneyInvalidError."""
    rule = FourEyes() if membership.policy is None else membership.policy.four_eyes
    catalogue = JourneyCatalogue(
        *(
            replace(journey, second_agent_for=rule.outcomes_of(journey.name))
            for journey in procedures(
                Terms(
                    documents.sides(),
                    membership.feature_count,
                    form=Form(device.channel),
                    proxy_allowed=membership.proxy_allowed,
                )
            )
        )
    )
    for name in catalogue.names():
        validate(catalogue.get(name))
    return catalogue


def read_documents(folder: Path) -> DocumentCatalogue:
    """The catalogue of documents that comes first. Raises CatalogueError."""
    return read_packs(folder).catalogues[0][1]


def read_packs(folder: Path) -> DocumentPacks:
    """Every pack of rules about documents, those of coming days included. Raises CatalogueError."""
    try:
        files = {
            name: [
                (folder / f"{name}.toml").read_bytes(),
                *(file.read_bytes() for file in sorted(folder.glob(f"{name}-*.toml"))),
            ]
            for name in FILES
        }
    except OSError as exc:
        raise CatalogueError("documents") from exc
    return load_packs(files)


def _device(
    key: SigningKey, config: Config, documents: DocumentCatalogue, service: ServiceFacts
) -> DeviceFacts:
    return DeviceFacts(
        device_id=device_id_of(key.public),
        app_build=__version__,
        channel=_CHANNELS[config.profile],
        catalogues={
            "documents": documents.version,
            "features": documents.features_version,
            "service": service.version,
        },
    )


def _chip(parts: _Parts, journal: Journal, membership: Membership) -> ChipCount:
    """What counts visits: the chip that keeps the keys, where one does.

    A device of a fleet first looks by it whether its vault was put back.
    """
    from kiosk.devices.credential_store import CredentialKeyStore

    if not isinstance(parts.keys, CredentialKeyStore) or not parts.keys.uses_tpm:
        return NO_CHIP
    from kiosk.devices.chip_counter import TpmCounter

    chip = ChipCount(TpmCounter(str(parts.paths.data)))
    if membership.identity is not None:
        chip.check(parts.store, journal)
    return chip


def _at_start(
    parts: _Parts,
    journal: Journal,
    anchor: Anchor,
    escrow: VaultEscrow,
    hand_over: HandOver,
    membership: Membership,
) -> None:
    """What a device of a fleet does first: look whether its vault was put back, say that it began.

    Cases that were left before this start end now. Neither they nor an escrow that cannot be kept
    now (a full disk) keep anybody from working; ``doctor`` tells of the escrow.
    """
    anchor.check()
    _note_boot(parts.store, journal, parts.clock)
    escrow.try_keep()
    with suppress(VaultError, PolicyInvalidError):
        hand_over.expire(membership.draft_age)


def _note_boot(store: "SqlStore", journal: Journal, clock: Clock) -> None:
    """The first program after a start of the machine says so in the journal."""
    boot = clock.boot_id.encode()
    with store.begin() as uow:
        if uow.values.get(_LAST_BOOT) == boot:
            return
        journal.append(uow, EntryKind.BOOT)
        uow.values.put(_LAST_BOOT, boot)
        uow.commit()
