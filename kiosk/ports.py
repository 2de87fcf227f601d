"""The seams: what the services need from the outside, as Protocols. Adapters live elsewhere.

Every adapter translates foreign exceptions into the tree of :mod:`kiosk.domain.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import AgentId, CaseId, DeviceId, RecordId
from kiosk.sync.contact import ContactOrder, ContactState, SheetOrder
from kiosk.sync.messages import LogState

# Rows and states of the outbox belong to their state machine; the port passes them on.
from kiosk.sync.outbox import OutboxRow as OutboxRow  # noqa: PLC0414 - explicit re-export
from kiosk.sync.outbox import OutboxState as OutboxState  # noqa: PLC0414 - explicit re-export

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from kiosk.capture.location import Location

    Picture = npt.NDArray[np.uint8]
    Scores = npt.NDArray[np.float32]


# --- time -----------------------------------------------------------------------------------------


class Clock(Protocol):
    """Time as this device knows it: the wall clock is a claim, the monotonic clock a fact."""

    def now(self) -> datetime:
        """Device time, aware UTC. May be wrong by years."""

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary moment of this boot; never goes back."""

    @property
    def boot_id(self) -> str:
        """Changes at every start of the machine (or of the program where that is all we know)."""


# --- pictures -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera.

    Attributes:
        image: (H, W, 3) uint8, BGR.
        seq: counts up from 0 since start; gaps are dropped frames.
        timestamp_ms: monotonic.
    """

    image: Picture
    seq: int
    timestamp_ms: int


class FrameSource(Protocol):
    """A camera, a clip, a folder of pictures, or the specimen camera.

    Used from one worker thread. ``stop`` may be called twice and from another thread.
    """

    @property
    def name(self) -> str:
        """For the screen: ``Caméra specimen``, ``/dev/video0``."""

    def start(self) -> None:
        """Open. Raises a CaptureError leaf (missing, busy, permission, timeout)."""

    def read(self, timeout_ms: int = 1000) -> Frame:
        """Next picture, paced at the source's rate.

        Raises CameraUnpluggedError, CameraTimeoutError, CameraBlackError or CameraFrozenError.
        """

    def stop(self) -> None:
        """Release the device. Never raises."""


@dataclass(frozen=True, slots=True)
class CodeSighting:
    """A machine-readable code found in a picture.

    Attributes:
        symbology: ``QRCode``, ``DataMatrix``, ``PDF417``, ``Code128`` ...
        payload: raw bytes, at most 8 KiB.
        corners: four (x, y) in pixels of the picture, clockwise from top left.
    """

    symbology: str
    payload: bytes
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CodesSeen:
    """What one look for codes gave.

    Attributes:
        certain: codes that count.
        unsure: one for each place where a code was read, but not in two ways that would not err
            alike: a code is there, and its payload says nothing.
    """

    certain: tuple[CodeSighting, ...] = ()
    unsure: tuple[CodeSighting, ...] = ()


class CodeReader(Protocol):
    """Finds and reads codes in a picture."""

    def read(self, image: Picture) -> tuple[CodeSighting, ...]:
        """Image (H, W) grey or (H, W, 3) BGR, uint8. Unreadable codes are not returned."""

    def seen(self, image: Picture, *, follows: bool = False) -> CodesSeen:
        """The same, with the codes that are there and cannot be read surely.

        ``follows``: a frame of the scene of the picture before; where that is not said, a reader of
        stills takes every picture for one that stands alone.
        """


class DocumentFinder(Protocol):
    """Finds documents and machine-readable zones in a picture, and which way up they lie."""

    def find(self, grey: Picture, *, thorough: bool = False) -> Location:
        """Picture (H, W) grey uint8 -> places in its pixels, the largest first.

        ``thorough``: also look closer, for small documents on large pictures.
        """

    def warm_up(self) -> None:
        """Load the model. Raises ModelError."""


class TextReader(Protocol):
    """Recognises one line of OCR-B per strip."""

    def recognise(self, strips: Sequence[Picture]) -> list[Scores]:
        """Strips (h, w) grey uint8, text upright -> per strip (T, 38) float32 probabilities.

        Column 0 is the CTC blank, then ``0-9``, ``A-Z``, ``<`` (see ``capture.decode.ALPHABET``).
        """

    def warm_up(self) -> None:
        """Load the model. Raises ModelError."""


class PrintedTextReader(Protocol):
    """Recognises one line of print per strip: Latin letters with accents, digits, signs."""

    def recognise_print(self, strips: Sequence[Picture]) -> list[Scores]:
        """Strips (h, w[, 3]) grey or BGR uint8, text upright -> per strip (T, n) float32.

        Column 0 is the CTC blank, then ``capture.print_decode.PRINT_ALPHABET``; the last column is
        the probability of everything outside it.
        """

    def warm_up(self) -> None:
        """Load the model. Raises ModelError."""


# --- the vault ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as stored: everything secret is wrapped.

    Attributes:
        kdf: how the PIN becomes the wrapping key (``argon2id m=65536 t=3 p=1``), with ``salt``.
        failures: wrong PINs since the last success; incremented and committed BEFORE each check.
        last_try_at: device time of the last try, aware UTC, or None.
        last_try_mono_ms / last_try_boot: same moment on the monotonic clock.
        wrapped_shift_key: None when no shift is open.
    """

    agent_id: AgentId
    display_name: str
    role: str
    kdf: str
    salt: bytes
    public_key: bytes
    wrapped_signing_key: bytes
    wrapped_shift_key: bytes | None = None
    failures: int = 0
    last_try_at: datetime | None = None
    last_try_mono_ms: int = 0
    last_try_boot: str = ""


class AgentRepository(Protocol):
    """Agents who may sign in on this device."""

    def get(self, agent_id: AgentId) -> AgentRow | None: ...
    def all(self) -> tuple[AgentRow, ...]: ...
    def put(self, row: AgentRow) -> None: ...


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as stored. ``sealed`` is AEAD ciphertext bound to (case_id, revision)."""

    case_id: CaseId
    agent_id: AgentId
    revision: int
    step: str
    updated_at: datetime
    sealed: bytes


class DraftRepository(Protocol):
    """Cases in progress."""

    def get(self, case_id: CaseId) -> DraftRow | None: ...
    def all(self) -> tuple[DraftRow, ...]: ...
    def put(self, row: DraftRow) -> None: ...
    def delete(self, case_id: CaseId) -> None: ...


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One journal entry as stored.

    ``jws`` is the leaf data; ``kind`` and ``wall_claimed`` copy fields of the header, for lists.
    """

    seq: int
    kind: str
    record_id: RecordId | None
    wall_claimed: datetime
    jws: str


@dataclass(frozen=True, slots=True)
class JournalQuery:
    """Which entries are looked for; what is empty or None does not narrow the answer.

    Attributes:
        since / until: device time as claimed, aware; ``until`` itself is left out.
        kind: see :class:`kiosk.audit.entries.EntryKind`.
        record_id: the record that the entry announces.
        slip_code: the eight characters of a client's slip.
        limit: at most so many, the newest ones.
        behind: device time as claimed, aware, and number of an entry: only those that the answer
            names after it. A long answer is read on from its last entry.
    """

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    record_id: str = ""
    slip_code: str = ""
    limit: int = 1000
    behind: tuple[datetime, int] | None = None


class JournalRepository(Protocol):
    """The device's append-only journal (RFC 6962 tree over the entries)."""

    def append(self, row: JournalRow, slip_code: str = "") -> None:
        """The next entry; ``slip_code`` of the journal that ends with it, to be found by."""

    def find(self, query: JournalQuery) -> tuple[JournalRow, ...]:
        """Entries that fit, newest first."""

    def size(self) -> int: ...
    def get(self, seq: int) -> JournalRow | None: ...
    def range(self, start: int, end: int) -> tuple[JournalRow, ...]: ...
    def leaves(self, start: int, end: int) -> tuple[bytes, ...]:
        """Leaf hashes of those entries, as they were when the entries were appended."""

    def frontier(self) -> tuple[bytes, ...]:
        """Hashes of the complete subtrees, largest first, stored with the last entry."""

    def put_frontier(self, frontier: Sequence[bytes]) -> None: ...


class OutboxRepository(Protocol):
    """Records to deliver, oldest first."""

    def get(self, seq: int) -> OutboxRow | None: ...
    def all(self) -> tuple[OutboxRow, ...]: ...
    def unsettled(self) -> tuple[OutboxRow, ...]:
        """Rows of records that are still here: all but those that were let go."""

    def put(self, row: OutboxRow) -> None: ...


class BlobRepository(Protocol):
    """Sealed blobs (complete age files), stored in chunks."""

    def put(self, seq: int, blob: bytes) -> None: ...
    def get(self, seq: int) -> bytes | None: ...
    def purge(self, seq: int) -> None: ...


class ValueRepository(Protocol):
    """Small named values: policy in force, checkpoint, ratchet key, receipts, used requests."""

    def get(self, name: str) -> bytes | None: ...
    def put(self, name: str, value: bytes) -> None: ...
    def delete(self, name: str) -> None: ...
    def names(self, prefix: str) -> tuple[str, ...]: ...


class UnitOfWork(Protocol):
    """One transaction: commit or nothing. Opened, used and closed in one thread."""

    agents: AgentRepository
    drafts: DraftRepository
    journal: JournalRepository
    outbox: OutboxRepository
    blobs: BlobRepository
    values: ValueRepository

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Rolls back what was not committed."""

    def commit(self) -> None:
        """Durable when it returns (WAL, synchronous=FULL). Raises DiskFullError, VaultError."""


class Store(Protocol):
    """The encrypted store."""

    def begin(self) -> UnitOfWork: ...
    def free_bytes(self) -> int:
        """Free space on the store's disk."""

    def close(self) -> None: ...


class KeyStore(Protocol):
    """The operating system's secret store, or the visible demonstration one.

    Names: ``database`` (32 bytes), ``database-next`` (while that one is being replaced),
    ``device-signing`` (Ed25519 seed, 32 bytes), ``device-secret`` (32 bytes, mixed into every PIN
    key), ``device-secret-past`` (while that one is being replaced), ``sightings-past`` (what finds
    the sightings of past device secrets), ``journal-anchor`` (no secret: size and root of the
    journal, kept where a copy of the vault does not reach).
    """

    @property
    def is_demonstration(self) -> bool: ...
    def get(self, name: str) -> bytes | None:
        """Raises KeyStoreError when the store is locked or missing."""

    def put(self, name: str, secret: bytes) -> None: ...
    def delete(self, name: str) -> None: ...


class ChipCounter(Protocol):
    """A counter in the machine's security chip: it only grows, whatever is done to the disk."""

    def read(self) -> int | None:
        """How far it counted; None where there is no chip that answers."""

    def advance(self) -> None:
        """Count on by one; nothing happens where no chip answers."""


# --- the central side -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """Answer of the central side to one call: status and body, already bounded in size."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class CollectorLink(Protocol):
    """Carries signed calls to the collector. Every call is safe to repeat."""

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        etag: str = "",
        fields: Sequence[tuple[str, str]] = (),
    ) -> LinkAnswer:
        """One signed call.

        Args:
            method: upper case.
            path: with its query.
            body: complete, maybe empty.
            content_type: of the body.
            etag: of what is held already; travels as ``If-None-Match``.
            fields: more header fields, which the signature does not cover.

        Raises UnreachableError, CertificateError, ProtocolError.
        """

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CentralSide:
    """The pinned central side of this device.

    Attributes:
        url: base address, ``https://host[:port]``.
        ca_pem: the one certificate that its server's certificate must lead to.
        origin: name of its log; its signed time and checkpoints bear it.
        log_public: raw Ed25519 key of that log.
        coming: name and key of its log as policies say it that hold later: their day may have
            come already.
    """

    url: str
    ca_pem: str
    origin: str
    log_public: bytes
    coming: tuple[tuple[str, bytes], ...] = ()


class LinkFactory(Protocol):
    """Opens links to a central side."""

    def first_contact(self, url: str) -> LinkAnswer:
        """``GET /v1/authority`` of a server that nothing is known of yet.

        The answer is worth only what the pins of the enrolment code say of it.
        Raises UnreachableError, ProtocolError.
        """

    def open(
        self,
        side: CentralSide,
        device_key: SigningKey,
        stopped: Callable[[], bool] | None = None,
    ) -> CollectorLink:
        """A link that signs with ``device_key``.

        Args:
            side: pinned.
            device_key: of this device.
            stopped: asked in another thread while a call is under way; where it says True, the
                call ends within a second by SendingStoppedError, whatever the network does. A
                connection that is only being made may take its own deadline.
        """


class SheetMail(Protocol):
    """Mails the customer's sheet, by the central side."""

    def mail_sheet(self, seq: int, order: SheetOrder) -> None:
        """Mail the sheet of the record of entry ``seq``. The same one is sent once.

        Raises:
            UnreachableError: no network, or the record is not known there yet: nothing was sent.
            ContactAddressError, ContactUnavailableError, ContactNotSentError,
            ContactTooOftenError: see each.
        """


class CarriedAnswers(CollectorLink, Protocol):
    """What the central side gave for this device, as a link that only answers.

    ``call`` raises NothingCarriedError for a question that was not asked.
    """

    def paths(self, prefix: str) -> tuple[str, ...]:
        """Questions that were answered and begin so."""


class CarriedCalls(CollectorLink, Protocol):
    """Calls written down for the central side, as a link that takes everything.

    ``call`` raises FolderMissingError, FolderReadOnlyError, FolderFullError, FolderUnsuitableError.

    Attributes:
        state: what ``GET …/log`` is answered: how far the central side is known to be.
    """

    state: LogState

    def finish(self, device_id: DeviceId) -> None:
        """Make all of it visible in one step; until then nothing is. Raises a CourierError."""


class FolderLinkFactory(Protocol):
    """Opens folders of a removable medium."""

    def arriving(self, medium: Path, device_id: DeviceId, side: CentralSide) -> CarriedAnswers:
        """What the central side gave.

        Raises NothingCarriedError, CourierDamagedError, FolderMissingError and others.
        """

    def leaving(
        self, medium: Path, device_id: DeviceId, side: CentralSide, key: SigningKey
    ) -> CarriedCalls:
        """Where this device's calls go, signed by ``key``. Raises a CourierError."""


class Contact(Protocol):
    """Has codes sent to a customer, and judged: by the central side, never by the device.

    All raise UnreachableError without a network, and the leaves of ContactError.
    """

    def start(self, challenge_id: str, order: ContactOrder) -> ContactState:
        """Send a code. Asked again by the same id, nothing is sent again."""

    def state(self, challenge_id: str, order: ContactOrder) -> ContactState:
        """How a challenge stands; with the statement once it is confirmed."""

    def check(self, challenge_id: str, order: ContactOrder) -> ContactState:
        """Judge the code in ``order``."""
