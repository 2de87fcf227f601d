"""The calls about sealed records: whole or in parts, and their receipts.

Rules, in order: an entry announces a record before its bytes come; what is here already is read to
its end and answered as here; bytes are streamed to the store and hashed on their way, never
collected. Source: records-and-sync 2.8.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from central.collector.admission import Admission
from central.collector.callers import Callers
from central.collector.metrics import Metrics
from central.collector.records import BlobStream, Records
from central.collector.refusal import CallRefusedError
from central.collector.routing import answered, drain, number_of
from central.collector.uploads import COMPLETE, LENGTH, OFFSET, Uploads
from kiosk.audit.entries import Header
from kiosk.crypto.http_signatures import VerifiedRequest
from kiosk.domain.ids import DeviceId


class RecordCalls:
    """Handlers of the calls."""

    def __init__(
        self,
        records: Records,
        uploads: Uploads,
        callers: Callers,
        admission: Admission,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        """Serve these.

        Args:
            records: that arrived.
            uploads: parts that arrive.
            callers: judges who asks.
            admission: is told that a call listens.
            metrics: counts what was received.
            now: server time.
        """
        self._records = records
        self._uploads = uploads
        self._callers = callers
        self._admission = admission
        self._metrics = metrics
        self._now = now

    async def put(self, request: Request) -> Response:
        """``PUT …/records/{seq}``: one sealed record, streamed."""
        device_id, verified = await self._callers.device(request)
        return Response(status_code=await self._receive(request, device_id, verified))

    async def _receive(
        self, request: Request, device_id: DeviceId, verified: VerifiedRequest
    ) -> int:
        """Take a record in; 201 new, 200 here already."""
        announced, held = await run_in_threadpool(
            self._records.announced, device_id, request.path_params["seq"]
        )
        if held is not None:
            with self._admission.listening():
                await drain(request)
            if held.blob_sha256 != verified.body_sha256:
                raise CallRefusedError(422, "digest")
            return 200
        with self._records.incoming() as incoming:
            stream = BlobStream(incoming)
            with self._admission.listening():
                async for chunk in request.stream():
                    stream.feed(chunk)
            status = await run_in_threadpool(
                self._records.keep,
                announced,
                stream,
                incoming,
                verified.body_sha256,
                self._now(),
            )
            self._metrics.received(stream.received if status == 201 else 0)
            return status

    async def upload_begin(self, request: Request) -> Response:
        """``POST …/records/{seq}/upload``: begin in parts, or find what is held already."""
        device_id, _ = await self._callers.device(request)
        seq = request.path_params["seq"]
        _, held = await run_in_threadpool(self._records.announced, device_id, seq)
        if held is not None:
            return Response(status_code=200, headers={COMPLETE: "?1"})
        length = _header_number(request, LENGTH)
        offset = await run_in_threadpool(self._uploads.begin, device_id, seq, length)
        return Response(status_code=201, headers={COMPLETE: "?0", OFFSET: str(offset)})

    async def upload_part(self, request: Request) -> Response:
        """``PATCH …/records/{seq}/upload``: one part; the last one makes the record."""
        device_id, verified = await self._callers.device(request)
        seq = request.path_params["seq"]
        part = await self._callers.signed_body(request, verified)
        announced, held = await run_in_threadpool(self._records.announced, device_id, seq)
        if held is not None:
            return Response(status_code=200, headers={COMPLETE: "?1"})
        at = _header_number(request, OFFSET)
        offset = await run_in_threadpool(self._uploads.append, device_id, seq, at, part)
        if request.headers.get(COMPLETE) != "?1":
            return Response(status_code=204, headers={COMPLETE: "?0", OFFSET: str(offset)})
        status = await run_in_threadpool(self._complete, announced, offset)
        return Response(status_code=status, headers={COMPLETE: "?1", OFFSET: str(offset)})

    def _complete(self, announced: Header, size: int) -> int:
        """Judge and keep an upload that is complete; 201 new, 200 here already."""
        device_id, seq = announced.device_id, announced.seq
        try:
            with self._records.incoming() as incoming:
                stream = BlobStream(incoming)
                for piece in self._uploads.read(device_id, seq):
                    stream.feed(piece)
                status = self._records.keep(announced, stream, incoming, None, self._now())
        except CallRefusedError:
            # What was refused is refused again: nothing can be done with the parts any more.
            self._uploads.drop(device_id, seq)
            raise
        # A store that is away keeps them: the device sends the last part again, and no other.
        self._uploads.drop(device_id, seq)
        self._metrics.received(size if status == 201 else 0)
        return status

    async def receipts(self, request: Request) -> Response:
        """``GET …/receipts?from=&tree=``: receipts with their proofs."""
        device_id, _ = await self._callers.device(request)
        start, tree = number_of(request, "from"), number_of(request, "tree")
        page = self._records.receipts
        return answered(await run_in_threadpool(page, device_id, start, tree, self._now()))

    async def log_consistency(self, request: Request) -> Response:
        """``GET …/log-consistency?from=&to=``: of the collector's own log."""
        await self._callers.device(request)
        old, size = number_of(request, "from"), number_of(request, "to")
        return answered(await run_in_threadpool(self._records.consistency, old, size))


def _header_number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise CallRefusedError(400, name.lower())
    return int(text)
