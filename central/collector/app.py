"""The collector's HTTP interface. Every call is safe to repeat.

Rules, in order, for a device's call: the request signature (RFC 9421) by the key of the very device
in the path, at most five minutes old in server time (a 401 carries signed time, so that a wrong
device clock costs one retry); bounded body; digest of the body; only then the call itself.
Source: records-and-sync 2.8.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from central.archive.database import Database
from central.archive.payloads import Payloads
from central.collector.enrolments import Enrolments
from central.collector.journals import Journals
from central.collector.keys import CollectorKeys, PolicyShelf, origin_of
from central.collector.log import CollectorLog
from central.collector.records import BlobStream, Records
from central.collector.refusal import CallRefusedError
from central.collector.rounds import Rounds
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.http_signatures import StaleSignatureError, VerifiedRequest, verify_request
from kiosk.domain.errors import ProtocolError, SignatureInvalidError
from kiosk.domain.ids import DeviceId, KeyId
from kiosk.sync.enrolment import device_id_of
from kiosk.sync.messages import (
    MAX_BLOB_BYTES,
    MAX_MESSAGE_BYTES,
    AuthorityAnswer,
    EnrolmentPost,
    LogPush,
    Message,
    Problem,
    RecipientPut,
    decode,
    encode,
)
from kiosk.sync.signed_time import sign_time

_log = logging.getLogger("visavis.collector")
_MAX_NONCE = 64

Now = Callable[[], datetime]
Handler = Callable[[Request], Awaitable[Response]]


def _answer(message: Message, status: int = 200) -> Response:
    return Response(encode(message), status, media_type="application/json")


def _cached(request: Request, message: Message) -> Response:
    """The answer, or 304 for a device that holds it already."""
    body = encode(message)
    etag = f'"{b64u(sha256(body))}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


class Collector:
    """Handlers of the calls."""

    def __init__(
        self, database: Database, payloads: Payloads, keys: CollectorKeys, now: Now
    ) -> None:
        self._database = database
        self._keys = keys
        self._now = now
        self._shelf = PolicyShelf(keys.root_public)
        self._origin = origin_of(database, self._shelf)
        log = CollectorLog(self._origin, keys.log)
        self._enrolments = Enrolments(database, keys, self._shelf, log)
        self._journals = Journals(database, self._shelf, self._origin)
        self._records = Records(database, payloads, log)
        self._rounds = Rounds(database)

    def application(self) -> Starlette:
        """The ASGI application."""
        device = "/v1/devices/{device}"
        calls: list[tuple[str, str, Handler]] = [
            ("GET", "/healthz", self.health),
            ("GET", "/v1/time", self.time),
            ("GET", "/v1/authority", self.authority),
            ("POST", "/v1/enrolments", self.enrol),
            ("GET", "/v1/policy", self.policy),
            ("GET", f"{device}/log", self.log_state),
            ("POST", f"{device}/log", self.log_push),
            ("PUT", f"{device}/records/{{seq:int}}", self.record),
            ("GET", f"{device}/receipts", self.receipts),
            ("PUT", f"{device}/recipient", self.recipient),
            ("GET", f"{device}/rounds/{{day}}", self.round),
            ("GET", f"{device}/conflicts", self.conflicts),
        ]
        return Starlette(
            routes=[Route(path, self._guarded(call), methods=[verb]) for verb, path, call in calls]
        )

    def _guarded(self, call: Handler) -> Handler:
        """``call`` with refusals answered and one log line, free of personal data."""

        async def guarded(request: Request) -> Response:
            try:
                response = await call(request)
            except CallRefusedError as exc:
                response = _answer(exc.problem, exc.status)
            except ProtocolError:
                response = _answer(Problem(error="message"), 400)
            except ClientDisconnect:
                response = Response(status_code=400)
            route = request.scope["route"].path
            told = {"method": request.method, "route": route, "status": response.status_code}
            _log.info(json.dumps(told | {"device": request.path_params.get("device", "")}))
            return response

        return guarded

    # --- anybody ----------------------------------------------------------------------------------

    async def health(self, _request: Request) -> Response:
        """``GET /healthz``: the database answers."""
        await run_in_threadpool(origin_of, self._database, self._shelf)
        return PlainTextResponse("ok\n")

    async def time(self, request: Request) -> Response:
        """``GET /v1/time?nonce=``: signed time."""
        nonce = request.query_params.get("nonce", "")
        if not 0 < len(nonce) <= _MAX_NONCE:
            raise CallRefusedError(400, "nonce")
        return PlainTextResponse(self._time_note(nonce))

    def _time_note(self, nonce: str) -> str:
        try:
            return sign_time(self._now(), nonce, self._origin, self._keys.log)
        except ValueError as exc:
            raise CallRefusedError(400, "nonce") from exc

    async def authority(self, _request: Request) -> Response:
        """``GET /v1/authority``: what an enrolling device checks against its pins."""
        _, token = await run_in_threadpool(self._newest_policy)
        return _answer(AuthorityAnswer(ca=self._keys.ca_pem, policy=token))

    async def enrol(self, request: Request) -> Response:
        """``POST /v1/enrolments``: by the one-time code and the key's own signature."""
        post = decode(await _bounded_body(request), EnrolmentPost)
        answer = await run_in_threadpool(self._enrolments.enrol, post.claim, self._now())
        return _answer(answer)

    # --- devices ----------------------------------------------------------------------------------

    async def policy(self, request: Request) -> Response:
        """``GET /v1/policy``: for any enrolled device; 304 when it has it already."""
        await self._authenticated(request)
        _, token = await run_in_threadpool(self._newest_policy)
        etag = f'"{b64u(sha256(token.encode()))}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return PlainTextResponse(token, headers={"ETag": etag})

    async def log_state(self, request: Request) -> Response:
        """``GET …/log``: what the collector holds."""
        device_id, _ = await self._device(request)
        return _answer(await run_in_threadpool(self._journals.state, device_id))

    async def log_push(self, request: Request) -> Response:
        """``POST …/log``: journal entries."""
        device_id, verified = await self._device(request)
        body = await _bounded_body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        push = decode(body, LogPush)
        return _answer(await run_in_threadpool(self._journals.push, device_id, push, self._now()))

    async def record(self, request: Request) -> Response:
        """``PUT …/records/{seq}``: one sealed record, streamed."""
        device_id, verified = await self._device(request)
        try:
            return Response(status_code=await self._receive(request, device_id, verified))
        except CallRefusedError:
            # Answering in the middle of a body would look like a broken connection to the device.
            await _drain(request)
            raise

    async def _receive(
        self, request: Request, device_id: DeviceId, verified: VerifiedRequest
    ) -> int:
        """Take a record in; 201 new, 200 here already."""
        announced, held = await run_in_threadpool(
            self._records.announced, device_id, request.path_params["seq"]
        )
        if held is not None:
            await _drain(request)
            if held.blob_sha256 != verified.body_sha256:
                raise CallRefusedError(422, "digest")
            return 200
        with self._records.incoming() as incoming:
            stream = BlobStream(incoming)
            async for chunk in request.stream():
                stream.feed(chunk)
            return await run_in_threadpool(
                self._records.keep,
                announced,
                stream,
                incoming,
                verified.body_sha256,
                self._now(),
            )

    async def receipts(self, request: Request) -> Response:
        """``GET …/receipts?from=&tree=``: receipts with their proofs."""
        device_id, _ = await self._device(request)
        start, tree = _number(request, "from"), _number(request, "tree")
        return _answer(await run_in_threadpool(self._records.receipts, device_id, start, tree))

    async def recipient(self, request: Request) -> Response:
        """``PUT …/recipient``: the key that the rounds of this device are sealed to."""
        device_id, verified = await self._device(request)
        body = await _bounded_body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        put = decode(body, RecipientPut)
        await run_in_threadpool(self._rounds.announce, device_id, put.announcement)
        return Response(status_code=204)

    async def round(self, request: Request) -> Response:
        """``GET …/rounds/{day}``: the visits of a day; 304 when nothing changed."""
        device_id, _ = await self._device(request)
        day = request.path_params["day"]
        return _cached(request, await run_in_threadpool(self._rounds.of_day, device_id, day))

    async def conflicts(self, request: Request) -> Response:
        """``GET …/conflicts``: records that need a second look; 304 when nothing changed."""
        device_id, _ = await self._device(request)
        return _cached(request, await run_in_threadpool(self._rounds.conflicts, device_id))

    # --- who asks ---------------------------------------------------------------------------------

    def _newest_policy(self) -> tuple[int, str]:
        with self._database.reading() as ledger:
            policy, token = self._shelf.newest(ledger)
        return policy.version, token

    async def _device(self, request: Request) -> tuple[DeviceId, VerifiedRequest]:
        """The device in the path, which must be the one that signed."""
        verified = await self._authenticated(request)
        device_id = DeviceId(request.path_params["device"])
        if device_id != f"dev-{verified.key_id}":
            raise CallRefusedError(403, "another-device")
        return device_id, verified

    async def _authenticated(self, request: Request) -> VerifiedRequest:
        key_id = _claimed_key(request)
        public = await run_in_threadpool(self._public_key, key_id)
        # The authority is what the client asked for, also behind a proxy that ends the TLS.
        query = f"?{request.url.query}" if request.url.query else ""
        url = f"https://{request.headers.get('host', '')}{request.url.path}{query}"
        try:
            return verify_request(
                request.method,
                url,
                dict(request.headers),
                lambda asked: public if asked == key_id else None,
                self._now(),
            )
        except StaleSignatureError as exc:
            raise self._stale(request) from exc
        except SignatureInvalidError as exc:
            raise CallRefusedError(401, "signature") from exc

    def _stale(self, request: Request) -> CallRefusedError:
        refusal = CallRefusedError(401, "stale-signature")
        signature = request.headers.get("signature", "")
        note = self._time_note(b64u(sha256(signature.encode())))
        refusal.problem = Problem(error="stale-signature", time=note)
        return refusal

    def _public_key(self, key_id: KeyId) -> bytes | None:
        with self._database.reading() as ledger:
            row = ledger.device(DeviceId(f"dev-{key_id}"))
        return (
            None if row is None or device_id_of(row.public_key) != row.device_id else row.public_key
        )


def _claimed_key(request: Request) -> KeyId:
    """The key id that the request names, unverified; "" where there is none."""
    _, _, rest = request.headers.get("signature-input", "").partition('keyid="')
    return KeyId(rest.partition('"')[0][:64])


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise CallRefusedError(400, name)
    return int(text)


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_MESSAGE_BYTES:
            raise CallRefusedError(413, "too-large")
    return bytes(body)


async def _drain(request: Request) -> None:
    """Read what is left of a body that is not needed, so that the connection stays usable."""
    left = MAX_BLOB_BYTES
    with suppress(ClientDisconnect, RuntimeError):  # RuntimeError: it was read to its end
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                return
