"""The link to the collector through a folder: a medium that somebody carries there and back.

Rules, in order: what arrives is believed as far as the collector's signed note covers it and no
further, and each answer counts only for the very question that it answers; what leaves becomes
visible in one step, when the signed list takes its name, and until then the list before it stays
whole; what the new list does not name is removed after it; a list that is full is finished, and the
next one begins in a folder of its own, read after it by its number.
Source: docs/decisions/0034-records-on-a-stick.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kiosk.audit.tree import EMPTY_ROOT
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    CourierDamagedError,
    FolderFullError,
    FolderUnsuitableError,
    NothingCarriedError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import CentralSide, Clock, LinkAnswer
from kiosk.sync.courier import (
    IN,
    KEPT_CALLS,
    MAX_ANSWERS_BYTES,
    MAX_CALLS,
    MAX_LIST_BYTES,
    OUT,
    PROFILE,
    CarriedAnswer,
    CarriedCall,
    Collector,
    Manifest,
    open_answers,
    sign_manifest,
)
from kiosk.sync.messages import LogAnswer, LogPush, LogState, decode, encode
from kiosk.transport.carried_folder import CarriedFolder, device_folders

_RESERVE_BYTES, _RESERVE_BYTES_A_CALL = 256 * 1024, 2048


class ArrivingLink:
    """Answers calls from what the collector gave (:class:`kiosk.ports.CollectorLink`)."""

    def __init__(
        self, folders: Iterable[CarriedFolder], device_id: DeviceId, collector: Collector
    ) -> None:
        """Read and verify the answers; the last list asked the questions of today.

        Raises:
            NothingCarriedError: there are none for this device.
            CourierDamagedError: they are not whole, or not by the collector.
        """
        lists: list[tuple[CarriedAnswer, ...]] = []
        damaged: CourierDamagedError | None = None
        for folder in folders:
            try:
                data = folder.read(IN, MAX_ANSWERS_BYTES)
                if data is not None:
                    lists.append(open_answers(data, device_id, collector).answers)
            except CourierDamagedError as exc:
                damaged = exc  # what the others hold counts all the same
        if not lists:
            raise damaged or NothingCarriedError("no answers")
        self._answers = tuple(answer for answers in reversed(lists) for answer in answers)

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",  # noqa: ARG002 - the port's
        content_type: str = "application/json",  # noqa: ARG002 - the port's
        etag: str = "",
        fields: Sequence[tuple[str, str]] = (),  # noqa: ARG002 - the port's
    ) -> LinkAnswer:
        """The answer to this very question. Raises NothingCarriedError where it was not asked."""
        for answer in self._answers:
            if method == "GET" and (answer.path, answer.etag) == (path, etag):
                return _answer(answer)
        raise NothingCarriedError("not asked")

    def paths(self, prefix: str) -> tuple[str, ...]:
        """Questions that were answered and begin so."""
        return tuple(one.path for one in self._answers if one.path.startswith(prefix))

    def close(self) -> None:
        """Nothing is open."""


def _answer(answer: CarriedAnswer) -> LinkAnswer:
    try:
        body = unb64u(answer.body)
    except ValueError as exc:
        raise CourierDamagedError("answer") from exc
    headers = (("etag", answer.version),) if answer.version else ()
    return LinkAnswer(answer.status, body, headers)


class LeavingLink:
    """Writes calls to be made later (:class:`kiosk.ports.CollectorLink`).

    A call that brings something is answered as taken: it is, by the medium. That proves nothing,
    as no answer does; only a verified receipt lets a record go. A call that asks is answered 202.
    """

    def __init__(
        self,
        folders: Iterator[CarriedFolder],
        device_id: DeviceId,
        side: CentralSide,
        key: SigningKey,
        clock: Clock,
        most_calls: int = MAX_CALLS,
    ) -> None:
        """Folders: of this device, one for each list. Raises FolderUnsuitableError without any."""
        self._folders = folders
        self._device_id = device_id
        self._side = side
        self._key = key
        self._clock = clock
        self._most_calls = most_calls
        self._part = -1
        self._folder = self._next_folder()
        self._calls: list[CarriedCall] = []
        self.state = LogState(size=0, root=b64u(EMPTY_ROOT))

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        etag: str = "",
        fields: Sequence[tuple[str, str]] = (),  # noqa: ARG002 - uploads in parts are not carried
    ) -> LinkAnswer:
        """Sign and write. Raises a leaf of CourierError."""
        # Loaded where it is needed: a start without a medium does not wait for it.
        from kiosk.crypto.http_signatures import sign_request

        headers = sign_request(method, self._side.url + path, body, self._key, self._clock.now())
        if body:
            headers["Content-Type"] = content_type
        if method != "GET" and len(self._calls) >= self._most_calls - KEPT_CALLS:
            self._go_on()
        if len(self._calls) == self._most_calls:
            raise FolderFullError("too many calls")
        # The list itself must find room, whatever was written before it.
        reserve = _RESERVE_BYTES + _RESERVE_BYTES_A_CALL * len(self._calls)
        file = self._folder.place(body, reserve) if body else ""
        digest = b64u(sha256(body))
        self._calls.append(CarriedCall(method, path, digest, file, etag, headers))
        if method == "GET":
            return LinkAnswer(200, encode(self.state)) if path.endswith("/log") else _LATER
        if path.endswith("/log"):
            push = decode(body, LogPush)
            return LinkAnswer(200, encode(LogAnswer(push.start + len(push.entries))))
        return LinkAnswer(200, b"")

    def _next_folder(self) -> CarriedFolder:
        folder = next(self._folders, None)
        if folder is None:
            raise FolderUnsuitableError("names") if self._part < 0 else FolderFullError("lists")
        self._part += 1
        return folder

    def _go_on(self) -> None:
        """Finish a list that is full, and begin the next. Raises FolderFullError after the last.

        What it brings is whole in itself: a medium that is pulled now carries it.
        """
        folder = self._next_folder()
        self._write(self._part - 1)
        self._folder, self._calls = folder, []

    def finish(self, device_id: DeviceId) -> None:
        """Make all of it visible. Raises a leaf of CourierError."""
        if device_id != self._device_id:
            raise ValueError("another device")
        self._write(self._part)
        for folder in self._folders:
            folder.clear()

    def _write(self, part: int) -> None:
        manifest = Manifest(PROFILE, self._device_id, self._side.url, tuple(self._calls), part=part)
        token = sign_manifest(manifest, self._key)
        if len(token) > MAX_LIST_BYTES:
            raise FolderUnsuitableError("list too long")
        self._folder.write(OUT, token)
        self._folder.keep_only(frozenset(call.file for call in self._calls))

    def close(self) -> None:
        """Nothing is open."""


_LATER = LinkAnswer(202, b"")


class FolderLinks:
    """Opens folders (:class:`kiosk.ports.FolderLinkFactory`)."""

    def __init__(self, clock: Clock, most_calls: int = MAX_CALLS) -> None:
        """Most calls: of one list."""
        self._clock = clock
        self._most_calls = most_calls

    def arriving(self, medium: Path, device_id: DeviceId, side: CentralSide) -> ArrivingLink:
        """What the collector gave this device. Raises a leaf of CourierError."""
        collector = Collector(side.origin, side.log_public)
        return ArrivingLink(device_folders(medium, device_id), device_id, collector)

    def leaving(
        self, medium: Path, device_id: DeviceId, side: CentralSide, key: SigningKey
    ) -> LeavingLink:
        """Where this device's calls are written. Raises a leaf of CourierError."""
        folders = device_folders(medium, device_id)
        return LeavingLink(folders, device_id, side, key, self._clock, self._most_calls)
