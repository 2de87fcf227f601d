"""Sealed payloads in an S3-compatible object store.

Rules, in order: a payload is spooled in memory, or beyond a megabyte in a file that has no name,
because its digest is known only when all of it has arrived; it is put with ``If-None-Match: *`` so
that nothing is overwritten; what a name that exists already holds is hashed, and only other bytes
than the name says are put over; the put counts only when the store has answered. Credentials come
from the environment, as every tool of such stores takes them, and never from a file of the central
side. Source: records-and-sync 2.9.
"""

from __future__ import annotations

import hashlib
import tempfile
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from central.archive.payloads import Incoming, PayloadState, digest_of, tell_replaced

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Config

_IN_MEMORY_BYTES = 1024 * 1024
# What is missing comes as Python's own error, with the whole answer of the store in its text.
_FAULTS = (BaseError, FileNotFoundError)
# A device waits for the answer: better that it hears "not now" soon and comes again.
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}


class _IncomingObject:
    """A payload that is arriving for the object store."""

    def __init__(self, store: S3Store) -> None:
        self._store = store
        self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - closed in __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._spool.close()

    def write(self, chunk: bytes | memoryview) -> None:
        self._spool.write(chunk)

    def keep(self, name: str) -> None:
        try:
            try:
                self._put(name, "create")
            except AlreadyExistsError:
                if not is_whole(self._store, name):
                    self._put(name, "overwrite")
                    tell_replaced()
        except _FAULTS as exc:
            # The text of the store's error may hold addresses and keys.
            raise OSError("object store") from exc

    def _put(self, name: str, mode: Literal["create", "overwrite"]) -> None:
        self._spool.seek(0)
        obstore.put(self._store, name, self._spool.read(), mode=mode, use_multipart=False)


def is_whole(store: S3Store, name: str) -> bool:
    """Whether an object has the bytes of its name."""
    digest = hashlib.sha256()
    for chunk in obstore.get(store, name).stream(_IN_MEMORY_BYTES):
        digest.update(chunk)
    return digest.hexdigest() == digest_of(name)


class ObjectPayloads:
    """Payloads as objects of one bucket (:class:`central.archive.payloads.Payloads`)."""

    storage_class = "object-store"

    def __init__(self, url: str, endpoint: str = "", region: str = "") -> None:
        """Nothing is asked of the store yet.

        Args:
            url: ``s3://bucket`` or ``s3://bucket/prefix``.
            endpoint: base address of a store that is not Amazon's, or ``""``.
            region: where it lies, or ``""``.
        """
        options: S3Config = {"endpoint": endpoint} if endpoint else {}
        if region:
            options["region"] = region
        plain = endpoint.startswith("http://")
        self._store = S3Store.from_url(
            url,
            config=options,
            client_options={"allow_http": plain, "timeout": "20 seconds"},
            retry_config=_RETRIES,
        )

    def incoming(self) -> Incoming:
        """Begin to receive a payload."""
        return _IncomingObject(self._store)

    def read(self, name: str) -> bytes:
        """The bytes of a payload. Raises OSError."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except _FAULTS as exc:
            raise OSError("object store") from exc

    def state(self, name: str) -> PayloadState:
        """What lies there. Raises OSError while the store does not answer."""
        try:
            whole = is_whole(self._store, name)
        except FileNotFoundError:
            return PayloadState.MISSING
        except BaseError as exc:
            raise OSError("object store") from exc
        return PayloadState.WHOLE if whole else PayloadState.ALTERED

    def require(self) -> None:
        """Raises OSError while the store does not answer."""
        try:
            obstore.list_with_delimiter(self._store, ".nothing")
        except _FAULTS as exc:
            raise OSError("object store") from exc
