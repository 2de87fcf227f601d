"""Opens one sealed record and verifies everything about it.

Rules, in order: the journal entry by the device's signature; the sealed bytes by the digests of
that entry; the record by its own two signatures, device and agent, where the agent's key is the one
that the device announced in its journal; the word of a second agent by the key announced for that
agent, here or on the device of the same office that vouches for them; the opening is written down
before the record is shown. Whether the policy of the entry wanted a second agent is told, not
judged: a case may have been open while the policy changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from central.archive.layout import FolderError, Layout
from central.archive.ledger import Ledger
from central.archive.payloads import Payloads, payload_name
from central.archive.policy_chain import HeldPolicy, PolicyChain
from central.archive.rows import DeviceRow, EntryRow, SealedRow
from central.archive.storage import open_database, open_payloads
from kiosk.audit.colleagues import open_voucher
from kiosk.audit.entries import EntryKind, Header, lost_leaf, open_entry
from kiosk.audit.records import RecordContents, describe_blob, open_record
from kiosk.audit.second_word import open_word, voucher_of
from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.signing import key_id_of
from kiosk.domain.errors import SealedRecordError, SignatureInvalidError
from kiosk.domain.ids import DeviceId, KeyId, RecordId
from kiosk.sync.policy import FourEyes


class RecordUnknownError(Exception):
    """The collector knows of no such record, or has not received it yet.

    Attributes:
        why: ``unknown``, ``ambiguous``, ``not-received`` or ``erased``.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


Note = Callable[[RecordId, DeviceId], None]
"""Writes an opening down before it happens."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is held about a record, still sealed; ``policy`` is the one that its entry names."""

    device: DeviceRow
    entry: EntryRow
    sealed: SealedRow
    agents: tuple[AgentKey, ...]
    policy: HeldPolicy | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A record in clear, everything about it verified.

    Attributes:
        entry: its journal entry.
        contents: what was sealed.
        received_at: server time, ISO 8601 UTC.
        second_agent: who stands by the record as the second agent, or ``""``.
        second_wanted: whether the policy that the entry names asks for one.
    """

    entry: Header
    contents: RecordContents
    received_at: str
    second_agent: str = ""
    second_wanted: bool = False


def read_identity(path: Path) -> Identity:
    """The identity in an age identity file (comment lines begin with ``#``). Raises FolderError."""
    try:
        lines = path.read_text("ascii").splitlines()
        keys = [line for line in lines if line.strip() and not line.startswith("#")]
        (key,) = keys
        return Identity.parse(key)
    except (OSError, ValueError) as exc:
        told = f"identity: {path.name} is not there, or is no age identity file"
        raise FolderError(told) from exc


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that a device announced as an agent's."""

    agent_id: str
    public: bytes


def agent_keys(ledger: Ledger, device: DeviceRow) -> tuple[AgentKey, ...]:
    """The agents' keys that a device announced in its journal; what is no key is left out.

    So is an entry that the device lost: only its hash is left of it.
    """
    keys = []
    for row in ledger.entries(device.device_id, 0, device.size):
        if lost_leaf(row.jws) is not None:
            continue
        header = open_entry(row.jws, device.public_key)
        if header.kind is EntryKind.AGENT_ADDED:
            agent_id, public = header.facts.get("agent"), header.facts.get("public_key")
            with suppress(ValueError):
                keys.append(AgentKey(str(agent_id), unb64u(str(public))))
    return tuple(keys)


def _signers(keys: Iterable[AgentKey], device: DeviceRow) -> dict[KeyId, bytes]:
    public = [*(key.public for key in keys), device.public_key]
    return {key_id_of(key): key for key in public}


class Opening:
    """Opens records of one central side."""

    def __init__(self, layout: Layout, identity: Identity, *retired: Identity) -> None:
        """``retired``: identities of before, for records that were sealed to those."""
        layout.require()
        self._layout = layout
        self._identity = identity
        self._by_kid = {kid_of(one.recipient): one for one in (*retired, identity)}
        self._payloads = open_payloads(layout)
        self._chain = PolicyChain(unb64u(layout.root_public.read_text("ascii").strip()))

    def open(self, record_id: RecordId, note: Note, device_id: DeviceId | None = None) -> Opened:
        """Open a record; the opening is noted first.

        Args:
            record_id: which.
            note: writes the opening down; what it raises keeps the record closed.
            device_id: needed only where two devices announced the same identifier.

        Raises:
            RecordUnknownError: nothing to open.
            SealedRecordError, SignatureInvalidError: something does not hold.
        """
        found = self.find(record_id, device_id)
        note(record_id, found.entry.device_id)
        return self.read(found)

    def find(self, record_id: RecordId, device_id: DeviceId | None = None) -> Found:
        """What is held about a record, still sealed.

        Raises:
            RecordUnknownError: nothing to open.
            PolicyInvalidError: the policy that its entry names is not valid.
        """
        database = open_database(self._layout)
        try:
            with database.reading() as ledger:
                entry = _only(ledger.entries_of_record(record_id), device_id)
                device = ledger.device(entry.device_id)
                if device is None:
                    raise RecordUnknownError("unknown")
                sealed = ledger.sealed(entry.device_id, entry.seq)
                agents = agent_keys(ledger, device)
                version = open_entry(entry.jws, device.public_key).policy_v
                policy = self._chain.read(ledger).named(version)
        finally:
            database.close()
        if sealed is None:
            raise RecordUnknownError("not-received")
        if sealed.header is None:
            raise RecordUnknownError("erased")
        return Found(device, entry, sealed, agents, policy)

    def read(self, found: Found) -> Opened:
        """Open what was found. To be called only once the opening is written down.

        Raises:
            SealedRecordError, SignatureInvalidError: something does not hold.
        """
        opened = self._verified(found)
        if found.policy is None:
            return opened
        wanted = _wants_second(opened.contents, found.policy.policy.four_eyes)
        return replace(opened, second_wanted=wanted)

    def _verified(self, found: Found) -> Opened:
        device, agents = found.device, found.agents
        header = open_entry(found.entry.jws, device.public_key)
        blob = read_blob(self._payloads, found.sealed)
        described = describe_blob(blob, header.recipients)
        digests = (b64u(described.age_header_sha256), b64u(described.payload_sha256))
        if digests != (header.age_header_sha256, header.payload_sha256):
            raise SealedRecordError("not the announced record")
        device_key = key_id_of(device.public_key)
        # Of a record that is sealed to none of them the newest says that it does not open.
        known = [self._by_kid[kid] for kid in header.recipients if kid in self._by_kid]
        identity = known[0] if known else self._identity
        contents = open_record(blob, identity, _signers(agents, device), device_key)
        if contents.record.get("record_id") != header.record_id:
            raise SealedRecordError("another record inside")
        # Once more with only the keys of the agent whom the record names: nobody signs for another.
        named = [key for key in agents if key.agent_id == _agent_of(contents)]
        second = _told(contents, "second_agent")
        open_record(
            blob,
            identity,
            _signers(named, device),
            device_key,
            self._keys_of_second(second, found),
        )
        opinion = _told(contents, "second_opinion")
        if opinion:
            # About the person: signed by the colleague whom the record names for it.
            open_word(str(opinion.get("statement", "")), self._keys_of_second(opinion, found))
        who = str(second.get("agent_id", ""))
        return Opened(header, contents, found.sealed.received_at, who)

    def _keys_of_second(self, told: Mapping[str, Any], found: Found) -> dict[KeyId, bytes]:
        """Keys that may have signed the word of a second agent, as the record tells of it.

        Raises:
            SignatureInvalidError: its voucher is by no device of this office.
        """
        agents, voucher = found.agents, voucher_of(told)
        if voucher:
            said, _ = open_voucher(voucher, str(told.get("statement", "")))
            database = open_database(self._layout)
            try:
                with database.reading() as ledger:
                    other = ledger.device(said.device_id)
                    if other is None or b64u(other.public_key) != said.device_key:
                        raise SignatureInvalidError("voucher of an unknown device")
                    if other.office_id != found.device.office_id:
                        raise SignatureInvalidError("voucher of another office")
                    agents = agent_keys(ledger, other)
            finally:
                database.close()
        named = (key for key in agents if key.agent_id == told.get("agent_id"))
        return {key_id_of(key.public): key.public for key in named}


def _only(found: tuple[EntryRow, ...], device_id: DeviceId | None) -> EntryRow:
    """The one entry that is meant. Raises RecordUnknownError."""
    meant = [entry for entry in found if device_id in (None, entry.device_id)]
    if len(meant) != 1:
        raise RecordUnknownError("ambiguous" if meant else "unknown")
    return meant[0]


def _agent_of(contents: RecordContents) -> str:
    facts = contents.record.get("visavis")
    return str(facts.get("agent_id", "")) if isinstance(facts, dict) else ""


def _told(contents: RecordContents, name: str) -> Mapping[str, Any]:
    """What a record says about a second agent; empty where it says nothing."""
    facts = contents.record.get("visavis")
    service = facts.get("service") if isinstance(facts, dict) else None
    told = service.get(name) if isinstance(service, dict) else None
    return told if isinstance(told, dict) else {}


def _wants_second(contents: RecordContents, rule: FourEyes) -> bool:
    facts = contents.record.get("visavis")
    decision = facts.get("decision") if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or not isinstance(decision, dict):
        return False
    words = {outcome.value for outcome in rule.outcomes_of(str(facts.get("procedure", "")))}
    return decision.get("outcome") in words


def read_blob(payloads: Payloads, sealed: SealedRow) -> bytes:
    """The age file of a received record, put together again.

    Raises:
        RecordUnknownError: it was erased.
        SealedRecordError: the bytes on disk are not the ones that were received.
    """
    if sealed.header is None:
        raise RecordUnknownError("erased")
    try:
        payload = payloads.read(payload_name(sealed.device_id, sealed.seq, sealed.payload_sha256))
    except OSError as exc:
        raise SealedRecordError("payload missing") from exc
    blob = sealed.header + payload
    if sha256(blob) != sealed.blob_sha256:
        raise SealedRecordError("payload altered")
    return blob


def opened_json(opened: Opened) -> dict[str, Any]:
    """An opened record as JSON types; attachments by name and size, not by content."""
    return {
        "device_id": opened.entry.device_id,
        "seq": opened.entry.seq,
        "received_at": opened.received_at,
        "claimed_at": opened.entry.wall_claimed,
        "policy_version": opened.entry.policy_v,
        "verified": True,
        "second_agent": {"by": opened.second_agent, "wanted": opened.second_wanted},
        "attachments": [
            {"name": a.name, "bytes": len(a.data)} for a in opened.contents.attachments
        ],
        "record": dict(opened.contents.record),
    }
