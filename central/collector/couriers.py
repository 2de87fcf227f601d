"""Takes in what devices wrote on a medium that somebody carried here, and gives answers back.

Rules, in order: a device's list must be signed by the key of an enrolled device; every call in it
goes through the collector's own application, as if it had come over the network, and only calls
of a delivery go; its signature may be old, because it travelled; one device's damage, or one bad
file, is named and holds up nobody else; everything may be taken in twice. The answers lie beside
the list, under one note of the collector's log that names the device.
Source: records-and-sync 2.8; docs/decisions/0034-records-on-a-stick.md.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import msgspec
from starlette.types import ASGIApp

from central.archive.database import Database
from central.archive.layout import FolderError, Layout
from central.archive.storage import open_database, open_payloads
from central.collector.app import Collector
from central.collector.callers import Now
from central.collector.journals import Journals
from central.collector.keys import PolicyShelf, origin_of
from central.collector.server import load_former_keys, load_keys
from central.collector.uploads import Uploads
from central.collector.witness_link import links_of
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import CourierDamagedError
from kiosk.domain.ids import DeviceId
from kiosk.sync.courier import (
    IN,
    MAX_LIST_BYTES,
    OUT,
    PROFILE,
    TOP,
    Answers,
    CarriedAnswer,
    CarriedCall,
    Manifest,
    claimed_device,
    claimed_part,
    open_manifest,
    sign_answers,
)
from kiosk.sync.messages import (
    MAX_BLOB_BYTES,
    MAX_MISSING,
    MAX_PAGE_RECEIPTS,
    LogState,
    Problem,
    ReceiptPage,
    encode,
)

SIGNATURE_AGE_S: Final = 400 * 24 * 3600
"""A signature may be as old as what a device keeps; what it covers is safe to repeat."""

_FOLDER = re.compile(r"[0-9A-F]{8}")
_MOST_PAGES, _MOST_POLICIES, _MOST_HEARD = 64, 8, 4096
_CREATED, _OK, _SAME = 201, 200, 304
_SETTLED = (_OK, _CREATED, 422)
"""Of an envelope: it is here, or will never be taken."""


@dataclass(frozen=True, slots=True)
class Following:
    """Answers to questions that nobody could sign, because they follow from other answers.

    Attributes:
        receipts: a page of receipts of a device, from an entry on, for one that saw so much of the
            log.
        state: what is held of a device, and what is lacking behind an entry.
    """

    receipts: Callable[[DeviceId, int, int], ReceiptPage]
    state: Callable[[DeviceId, int], LogState]


@dataclass(frozen=True, slots=True)
class LogSigner:
    """Who signs answers: name of the collector, key of its log, and the keys before."""

    origin: str
    key: SigningKey
    former: tuple[SigningKey, ...] = ()


@contextlib.contextmanager
def open_couriers(layout: Layout, now: Now) -> Iterator[Couriers]:
    """Couriers of the central side in ``layout``. Raises FolderError, StoreError."""
    layout.require()
    database = open_database(layout)
    with contextlib.ExitStack() as ending:
        ending.callback(database.close)
        payloads, keys = open_payloads(layout), load_keys(layout)
        collector = Collector(
            database,
            payloads,
            Uploads(layout.uploads),
            keys,
            now,
            witnesses=links_of(layout),
            signature_age_s=SIGNATURE_AGE_S,
        )
        ending.callback(collector.witnessing.close)
        shelf = PolicyShelf(keys.root_public)
        origin = origin_of(database, shelf)
        signer = LogSigner(origin, keys.log, load_former_keys(layout))
        state = Journals(database, shelf, origin).state
        following = Following(collector.receipts_of, state)
        yield Couriers(collector.application(), database, following, signer)


@dataclass(slots=True)
class Carried:
    """What became of one folder.

    Attributes:
        folder: its name on the medium.
        device_id: whose it is, ``""`` where nobody can say.
        entries: journal entries held now.
        taken: records that are new here.
        already: records that were here.
        quarantined: the device has two histories: its records are kept apart.
        refused: calls that were not taken, each with why.
        answered: answers lie there for it.
    """

    folder: str
    device_id: str = ""
    entries: int = 0
    taken: int = 0
    already: int = 0
    quarantined: bool = False
    refused: list[str] = field(default_factory=list)
    answered: bool = False


class Couriers:
    """Works through media, with one collector."""

    def __init__(
        self, application: ASGIApp, database: Database, following: Following, log: LogSigner
    ) -> None:
        """Application: a collector that lets signatures be :data:`SIGNATURE_AGE_S` old."""
        self._application = application
        self._database = database
        self._following = following
        self._log = log

    async def run(self, medium: Path, *, give: bool) -> list[Carried]:
        """Take in every folder of a medium; with ``give``, leave the answers there too.

        Raises:
            FolderError: there is no such medium, or nothing of ours on it.
            OSError: the medium failed.
        """
        return [await self._device(folder, give=give) for folder in _folders(medium)]

    async def _device(self, folder: Path, *, give: bool) -> Carried:
        carried = Carried(folder.name)
        try:
            manifest = self._manifest(folder)
        except CourierDamagedError as exc:
            carried.refused.append(f"{OUT}: {exc.detail}")
            return carried
        carried.device_id = manifest.device
        transport = httpx.ASGITransport(self._application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=manifest.url) as client:
            visit = _Visit(client, self._following, folder, manifest, carried)
            await visit.bring()
            if give:
                answers = Answers(PROFILE, manifest.device, tuple(await visit.ask()))
                _write(folder, IN, self._signed(answers))
                carried.answered = True
        return carried

    def _signed(self, answers: Answers) -> bytes:
        return sign_answers(answers, self._log.origin, self._log.key, self._log.former)

    def _manifest(self, folder: Path) -> Manifest:
        token = _read(folder / OUT, 2 * MAX_LIST_BYTES)
        if token is None:
            raise CourierDamagedError("no list")
        device_id = claimed_device(token)
        with self._database.reading() as ledger:
            device = ledger.device(device_id)
        if device is None:
            raise CourierDamagedError("device-unknown")
        return open_manifest(token, device_id, device.public_key)


class _Visit:
    """The calls of one device."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        following: Following,
        folder: Path,
        manifest: Manifest,
        carried: Carried,
    ) -> None:
        self._client = client
        self._following = following
        self._folder = folder
        self._manifest = manifest
        self._carried = carried
        base = re.escape(f"/v1/devices/{manifest.device}")
        number = r"[0-9]{1,13}"
        self._brings = re.compile(f"{base}/(log|(ratchet|results|later-contacts|records)/{number})")
        pages = rf"{base}/receipts\?from={number}&tree={number}"
        self._heard: list[CarriedAnswer] = []
        trees = rf"{base}/log-consistency\?from={number}&to={number}"
        self._asks = re.compile(
            rf"/v1/time\?nonce=[A-Za-z0-9]+|/v1/policy|{base}/(log|conflicts)|{pages}|{trees}"
        )

    async def bring(self) -> None:
        """Make the calls that bring something, in their order."""
        for call in self._manifest.calls:
            if call.method == "GET":
                continue
            if call.method not in ("POST", "PUT") or not self._brings.fullmatch(call.path):
                self._refuse(call, "not a call of a delivery")
                continue
            body = self._body(call)
            if body is None:
                self._refuse(call, "damaged or missing")
                continue
            self._count(call, await self._send(call.method, call.path, call, body))

    def _body(self, call: CarriedCall) -> bytes | None:
        if not call.file:
            return b"" if call.sha256 == b64u(sha256(b"")) else None
        body = _read(self._folder / call.file, MAX_BLOB_BYTES)
        return body if body is not None and b64u(sha256(body)) == call.sha256 else None

    async def _send(
        self, method: str, path: str, call: CarriedCall, body: bytes = b"", etag: str = ""
    ) -> httpx.Response:
        headers = dict(call.headers)
        if etag:
            headers["If-None-Match"] = etag
        return await self._client.request(method, path, content=body, headers=headers)

    def _count(self, call: CarriedCall, answer: httpx.Response) -> None:
        if "/later-contacts/" in call.path and answer.status_code in _SETTLED:
            # No receipt speaks of it: without a word of ours the device would keep it for ever.
            self._heard.append(CarriedAnswer(call.path, call.sha256, answer.status_code, ""))
        if answer.status_code not in (_OK, _CREATED):
            self._refuse(call, _word(answer))
        elif "/records/" in call.path:
            self._carried.taken += answer.status_code == _CREATED
            self._carried.already += answer.status_code == _OK
        elif call.path.endswith("/log"):
            self._carried.entries = int(answer.json()["size"])

    def _refuse(self, call: CarriedCall, why: str) -> None:
        what = call.path.removeprefix(f"/v1/devices/{self._manifest.device}/")
        self._carried.refused.append(f"{what[:40]}: {why}")
        self._carried.quarantined |= why == "fork"

    async def ask(self) -> list[CarriedAnswer]:
        """Answers to the questions, and to those that would follow from them."""
        answers = self._heard[:_MOST_HEARD]
        for call in self._manifest.calls:
            if call.method == "GET" and self._asks.fullmatch(call.path):
                answer = await self._send("GET", call.path, call, etag=call.etag)
                answers.append(_carried(call.path, call.etag, answer))
                if call.path == "/v1/policy":
                    answers += [one async for one in self._policies(call, answer)]
                elif "/receipts?" in call.path:
                    answers += self._pages(answer)
                elif call.path.endswith("/log"):
                    answers += self._lacking(answer)
        return answers

    async def _policies(
        self, call: CarriedCall, last: httpx.Response
    ) -> AsyncIterator[CarriedAnswer]:
        """Policies after the one that was asked for: the device takes them one at a time."""
        for _ in range(_MOST_POLICIES):
            if last.status_code != _OK:
                return
            etag = last.headers["etag"]
            last = await self._send("GET", call.path, call, etag=etag)
            yield _carried(call.path, etag, last)

    def _lacking(self, last: httpx.Response) -> Iterator[CarriedAnswer]:
        """Pages of what is lacking here, after the one that was asked for."""
        device_id, content = DeviceId(self._manifest.device), last.content
        for _ in range(_MOST_PAGES if last.status_code == _OK else 0):
            missing = msgspec.json.decode(content, type=LogState).missing
            if len(missing) < MAX_MISSING:
                return
            after = missing[-1].seq
            content = encode(self._following.state(device_id, after))
            path = f"/v1/devices/{device_id}/log?after={after}"
            yield CarriedAnswer(path, "", _OK, b64u(content))

    def _pages(self, last: httpx.Response) -> Iterator[CarriedAnswer]:
        """Pages after one that is full, each for a device that has seen the log as of the last."""
        device_id, content = DeviceId(self._manifest.device), last.content
        for _ in range(_MOST_PAGES if last.status_code == _OK else 0):
            page = msgspec.json.decode(content, type=ReceiptPage)
            if len(page.receipts) < MAX_PAGE_RECEIPTS:
                return
            start, tree = page.receipts[-1].seq + 1, int(page.checkpoint.split("\n")[1])
            content = encode(self._following.receipts(device_id, start, tree))
            path = f"/v1/devices/{device_id}/receipts?from={start}&tree={tree}"
            yield CarriedAnswer(path, "", _OK, b64u(content))


def _carried(path: str, etag: str, answer: httpx.Response) -> CarriedAnswer:
    version = answer.headers.get("etag", "")
    return CarriedAnswer(path, etag, answer.status_code, b64u(answer.content), version)


def _word(answer: httpx.Response) -> str:
    try:
        return msgspec.json.decode(answer.content, type=Problem).error
    except msgspec.DecodeError:
        return f"status {answer.status_code}"


def _folders(medium: Path) -> list[Path]:
    top = medium if medium.name.upper() == TOP else medium / TOP
    try:
        found = [path for path in top.iterdir() if _FOLDER.fullmatch(path.name.upper())]
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise FolderError("nothing of Vis-a-vis lies there") from exc
    folders = sorted(path for path in found if path.is_dir() and not path.is_symlink())
    # A list that went on from a full one needs what that one brought.
    return sorted(folders, key=_order)


def _order(folder: Path) -> tuple[str, int]:
    try:
        return claimed_part(_read(folder / OUT, 2 * MAX_LIST_BYTES) or b"")
    except CourierDamagedError:
        return folder.name, 0


def _read(path: Path, most: int) -> bytes | None:
    """A plain file of at most ``most`` bytes; None for anything else, or where it fails."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return None
        return path.read_bytes()
    except OSError:
        return None


def _write(folder: Path, name: str, data: bytes) -> None:
    """Durable, and in one step. Raises OSError."""
    temporary = folder / (name.partition(".")[0] + ".TMP")
    temporary.unlink(missing_ok=True)
    try:
        handle = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / name)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
