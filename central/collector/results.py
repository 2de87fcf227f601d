"""Results for providers: announced by entries, put by devices, fetched by providers.

Rules, in order: an entry may announce a result only to a key that its own policy names; a device
puts the announced bytes and no others, as often as it likes; the record of that entry gets no
receipt before they are here, or the device has told that it lost them; of a record that is ordered
to be erased nothing is waited for, kept or handed out. A provider signs its calls with the key that
the operator gave us, and sees its own results only; what it acknowledges is not offered again.
Source: records-and-sync 2.8.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.result_rows import ProviderRow, ResultRow, ResultState
from central.collector.keys import PolicyShelf
from central.collector.refusal import CallRefusedError
from central.collector.routing import asked_for
from central.provider.queue import ResultQueue, moment_text
from kiosk.audit.entries import EntryKind, Header
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.http_signatures import VerifiedRequest, verify_request
from kiosk.crypto.signing import key_id_of
from kiosk.domain.errors import SealedRecordError, SignatureInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import MAX_SEQ, ResultItem, ResultPage, encode
from kiosk.sync.results import MAX_RESULT_BYTES, announced_result, require_one_recipient

PAGE = 100
_MAX_POSITION = 2**53

Device = Callable[[Request], Awaitable[tuple[DeviceId, VerifiedRequest]]]
Body = Callable[[Request], Awaitable[bytes]]


def note_result(ledger: Ledger, header: Header, shelf: PolicyShelf, now: datetime) -> None:
    """Note what an entry says about a result, in the transaction that takes the entry in.

    Raises:
        CallRefusedError: 422 result, sealed to a key that the policy of the entry does not name.
    """
    if header.kind is EntryKind.DAMAGE and header.facts.get("what") == "result":
        _note_loss(ledger, header)
        return
    try:
        announced = announced_result(header)
    except ValueError as exc:
        raise CallRefusedError(422, "result") from exc
    if announced is None or header.record_id is None:
        return
    policy = shelf.version(ledger, header.policy_v)
    told = () if policy is None else policy.result_recipients
    issuer = next((one.iss for one in told if one.kid == announced.kid), None)
    if issuer is None:
        raise CallRefusedError(422, "result")
    erased = ledger.erasures.due(header.record_id)
    # A device that has not heard yet that its provider went seals to it, and nobody waits for that.
    withdrawn = ledger.provider_changes.is_withdrawn(issuer)
    gone = ResultState.ERASED if erased else ResultState.WITHDRAWN
    state = gone if erased or withdrawn else ResultState.AWAITED
    row = ResultRow(
        device_id=header.device_id,
        seq=header.seq,
        record_id=header.record_id,
        issuer=issuer,
        digest=announced.sha256,
        state=state,
        announced_at=moment_text(now),
    )
    ledger.results.add((row,))


def _note_loss(ledger: Ledger, header: Header) -> None:
    """The device has it no more: its record waits no longer, and the operator's list says so."""
    seq = header.facts.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool):
        return
    row = ledger.results.get(header.device_id, seq)
    if row is not None and row.state == ResultState.AWAITED:
        ledger.results.change(row, state=ResultState.LOST, reason="lost on the device")


class Results:
    """Keeps results that devices put, and offers them to providers."""

    def __init__(self, database: Database, root_public: bytes) -> None:
        self._database = database
        self._queue = ResultQueue(database, root_public)

    def keep(self, device_id: DeviceId, seq: int, sealed: bytes, now: datetime) -> int:
        """Keep an announced result; 201 new, 200 here already or to be erased.

        Raises:
            CallRefusedError: 404 no entry announces one, 422 digest or not one recipient.
        """
        if seq > MAX_SEQ:
            raise CallRefusedError(404, "entry-unknown")
        with self._database.writing(device_id, local=True) as ledger:
            row = ledger.results.get(device_id, seq)
            if row is None:
                raise CallRefusedError(404, "entry-unknown")
            _require_announced(row, sealed)
            if row.state not in (ResultState.AWAITED, ResultState.LOST):
                return 200
            if ledger.erasures.due(row.record_id):
                ledger.results.erase_of_record(row.record_id)
                return 200
            ledger.results.change(
                row,
                state=ResultState.ARRIVED,
                reason="",
                sealed=sealed,
                arrived_at=moment_text(now),
            )
        return 201

    def provider_of(self, key_id: str) -> ProviderRow | None:
        """The provider whose calls are signed with this key."""
        with self._database.reading() as ledger:
            for provider in ledger.results.providers():
                if provider.pull_key is not None and key_id_of(provider.pull_key) == key_id:
                    return provider
        return None

    def page(self, provider: ProviderRow, after: int) -> ResultPage:
        """What a provider can fetch behind a place."""
        rows = self._queue.offered(provider.issuer, after, PAGE)
        slips = self._queue.slip_codes(rows)
        items = [
            ResultItem(
                position=row.position, record=row.record_id, sha256=b64u(row.digest), slip=slip
            )
            for row, slip in zip(rows, slips, strict=True)
            if row.position is not None
        ]
        return ResultPage(results=tuple(items), next=items[-1].position if items else after)

    def fetch(self, provider: ProviderRow, position: int) -> bytes:
        """One envelope. Raises CallRefusedError 404, 410 where it was erased."""
        row = self._own(provider, position)
        if row.sealed is None:
            raise CallRefusedError(410, "erased")
        return row.sealed

    def acknowledge(self, provider: ProviderRow, position: int, now: datetime) -> None:
        """The provider has it. Raises CallRefusedError 404."""
        row = self._own(provider, position)
        self._queue.acknowledged(row, now)

    def _own(self, provider: ProviderRow, position: int) -> ResultRow:
        known = position <= _MAX_POSITION
        row = self._queue.one(provider.issuer, position) if known else None
        if row is None:
            raise CallRefusedError(404, "result-unknown")
        return row


def _require_announced(row: ResultRow, sealed: bytes) -> None:
    if len(sealed) > MAX_RESULT_BYTES or sha256(sealed) != row.digest:
        raise CallRefusedError(422, "not-the-announced-result")
    try:
        require_one_recipient(sealed)
    except SealedRecordError as exc:
        raise CallRefusedError(422, "not-sealed") from exc


class ResultCalls:
    """Handlers of the calls; which device asks is judged by the collector."""

    def __init__(self, results: Results, device: Device, body: Body) -> None:
        """Device and body: the collector's own, for signed calls with a bounded body."""
        self._results = results
        self._device = device
        self._body = body

    async def put(self, request: Request, now: datetime) -> Response:
        """``PUT …/results/{seq}``: the envelope that an entry announces."""
        device_id, verified = await self._device(request)
        sealed = await self._body(request)
        if sha256(sealed) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        seq = request.path_params["seq"]
        keep = self._results.keep
        return Response(status_code=await run_in_threadpool(keep, device_id, seq, sealed, now))

    async def page(self, request: Request, now: datetime) -> Response:
        """``GET /v1/results?after=``: what the provider that signs can fetch."""
        provider = await self._provider(request, now)
        page = await run_in_threadpool(self._results.page, provider, _after(request))
        return Response(encode(page), media_type="application/json")

    async def fetch(self, request: Request, now: datetime) -> Response:
        """``GET /v1/results/{position}``: one envelope."""
        provider = await self._provider(request, now)
        position = request.path_params["position"]
        sealed = await run_in_threadpool(self._results.fetch, provider, position)
        return Response(sealed, media_type="application/vnd.age")

    async def acknowledge(self, request: Request, now: datetime) -> Response:
        """``POST /v1/results/{position}/acknowledge``: it is not offered again."""
        provider = await self._provider(request, now)
        position = request.path_params["position"]
        await run_in_threadpool(self._results.acknowledge, provider, position, now)
        return Response(status_code=204)

    async def _provider(self, request: Request, now: datetime) -> ProviderRow:
        """The provider that signed. Raises CallRefusedError 401."""
        _, _, rest = request.headers.get("signature-input", "").partition('keyid="')
        key_id = rest.partition('"')[0][:64]
        provider = await run_in_threadpool(self._results.provider_of, key_id)
        public = None if provider is None else provider.pull_key
        headers = dict(request.headers)
        try:
            verified = verify_request(
                request.method,
                asked_for(request),
                headers,
                lambda asked: public if asked == key_id else None,
                now,
            )
        except (SignatureInvalidError, ValueError) as exc:
            raise CallRefusedError(401, "signature") from exc
        body = await self._body(request)
        if provider is None or sha256(body) != verified.body_sha256:
            raise CallRefusedError(401, "signature")
        return provider


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise CallRefusedError(400, "after")
    return int(text)
