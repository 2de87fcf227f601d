"""The collector's HTTP interface. Every call is safe to repeat.

Rules, in order, for a device's call: the request signature (RFC 9421) by the key of the very device
in the path, at most five minutes old in server time (a 401 carries signed time, so that a wrong
device clock costs one retry); bounded body; digest of the body; only then the call itself.
Source: records-and-sync 2.8.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from central.archive.database import Database
from central.archive.faults import StoreError
from central.archive.figures import Figures, figures_of
from central.archive.payloads import Payloads
from central.collector.admission import Admission
from central.collector.contacts import ContactCalls
from central.collector.enrolments import Enrolments
from central.collector.journals import Journals
from central.collector.keys import (
    CollectorKeys,
    PolicyShelf,
    etag_of,
    origin_of,
)
from central.collector.log import log_of
from central.collector.metrics import Metrics
from central.collector.questions import QuestionCalls
from central.collector.records import BlobStream, Records
from central.collector.refusal import CallRefusedError
from central.collector.results import ResultCalls, Results
from central.collector.rounds import Rounds
from central.collector.routing import asked_for, drain, routed
from central.collector.sightings import ANY_AGE_S, Sightings
from central.collector.uploads import COMPLETE, LENGTH, OFFSET, OffsetError, Uploads
from central.collector.witness_link import WitnessLink
from central.collector.witnessing import Witnessing
from central.contact.settings import ContactSettings
from kiosk.audit.entries import Header
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.http_signatures import StaleSignatureError, VerifiedRequest, verify_request
from kiosk.domain.errors import ProtocolError, SignatureInvalidError
from kiosk.domain.ids import DeviceId, KeyId
from kiosk.sync.enrolment import device_id_of
from kiosk.sync.messages import (
    MAX_MESSAGE_BYTES,
    MAX_SEQ,
    AuthorityAnswer,
    EnrolmentPost,
    LogPush,
    Message,
    Problem,
    ReceiptPage,
    RecipientPut,
    decode,
    encode,
)
from kiosk.sync.signed_time import sign_time

_log = logging.getLogger("visavis.collector")
_MAX_NONCE = 64
SIGNATURE_AGE_S = 300
_TROUBLES = (StoreError, OSError)
"""A store that is away or full: the device keeps everything and comes again."""

Now = Callable[[], datetime]
KeyOf = Callable[[KeyId], bytes | None]
Handler = Callable[[Request], Awaitable[Response]]
TimedHandler = Callable[[Request, datetime], Awaitable[Response]]


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

    def __init__(  # noqa: PLR0913, PLR0917 - one for each thing that it serves
        self,
        database: Database,
        payloads: Payloads,
        uploads: Uploads,
        keys: CollectorKeys,
        now: Now,
        contact: ContactSettings | None = None,
        witnesses: Sequence[WitnessLink] = (),
        signature_age_s: int = SIGNATURE_AGE_S,
    ) -> None:
        """Serve these stores.

        Args:
            database: what the collector keeps in rows.
            payloads: what it keeps in files.
            uploads: parts that arrive.
            keys: its keys.
            now: server time.
            contact: how codes reach customers; None where none are sent.
            witnesses: second parties to be asked.
            signature_age_s: how old a device's signature may be.
        """
        self._signature_age_s = signature_age_s
        self._database = database
        self._payloads = payloads
        self._uploads = uploads
        self._keys = keys
        self._now = now
        self._shelf = PolicyShelf(keys.root_public)
        self._origin = origin_of(database, self._shelf)
        self._known: dict[KeyId, bytes] = {}
        self._admission = Admission()
        log = log_of(database, self._shelf, keys.log)
        self._enrolments = Enrolments(database, keys, self._shelf, log)
        self._journals = Journals(database, self._shelf, self._origin)
        self.witnessing = Witnessing(database, self._shelf, witnesses, now)
        self._records = Records(database, payloads, log, self.witnessing)
        self._records.adopt(now())
        self._rounds = Rounds(database)
        self.sightings = Sightings(database)
        self._questions = QuestionCalls(database, self._sound_device, self._body, now)
        self.metrics = Metrics(self._figures)
        self._contacts = ContactCalls(
            database,
            keys.log,
            contact or ContactSettings(),
            self._sound_device,
            self._device,
            self._body,
            lambda ledger: self._shelf.newest(ledger)[0].lost,
        )
        self.later = self._contacts.later
        self._results = ResultCalls(Results(database, keys.root_public), self._device, self._body)

    def _figures(self) -> Figures:
        with self._database.reading() as ledger:
            return figures_of(ledger)

    def sequence(self) -> None:
        """Give every record that arrived its leaf in the log; whoever serves calls this often."""
        self.metrics.sequenced(self._records.sequence(self._now()))

    def receipts_of(self, device_id: DeviceId, start: int, tree: int) -> ReceiptPage:
        """The page that this device is given when it asks; see :meth:`CollectorLog.page`."""
        return self._records.receipts(device_id, start, tree, self._now())

    def application(self) -> Starlette:
        """The ASGI application."""
        device = "/v1/devices/{device}"
        calls: list[tuple[str, str, Handler]] = [
            ("GET", "/healthz", self.health),
            ("GET", "/readyz", self.ready),
            ("GET", "/v1/time", self.signed_time),
            ("GET", "/v1/authority", self.authority),
            ("POST", "/v1/enrolments", self.enrol),
            ("GET", "/v1/policy", self.policy),
            ("GET", f"{device}/log", self.log_state),
            ("POST", f"{device}/log", self.log_push),
            ("POST", f"{device}/ratchet/{{seq:int}}", self.ratchet_origin),
            ("PUT", f"{device}/records/{{seq:int}}", self.record),
            ("POST", f"{device}/records/{{seq:int}}/upload", self.upload_begin),
            ("PATCH", f"{device}/records/{{seq:int}}/upload", self.upload_part),
            ("GET", f"{device}/receipts", self.receipts),
            ("GET", f"{device}/log-consistency", self.log_consistency),
            ("PUT", f"{device}/contacts/{{challenge}}", self._timed(self._contacts.start)),
            ("POST", f"{device}/contacts/{{challenge}}/state", self._timed(self._contacts.state)),
            ("POST", f"{device}/contacts/{{challenge}}/check", self._timed(self._contacts.check)),
            ("POST", f"{device}/sheets/{{seq:int}}", self._timed(self._contacts.sheet)),
            ("GET", "/c/{secret}", self._timed(self._contacts.page)),
            ("POST", "/c/{secret}", self._timed(self._contacts.page)),
            ("PUT", f"{device}/later-contacts/{{seq:int}}", self._timed(self._contacts.keep_later)),
            ("PUT", f"{device}/results/{{seq:int}}", self._timed(self._results.put)),
            ("GET", "/v1/results", self._timed(self._results.page)),
            ("GET", "/v1/results/{position:int}", self._timed(self._results.fetch)),
            (
                "POST",
                "/v1/results/{position:int}/acknowledge",
                self._timed(self._results.acknowledge),
            ),
            ("PUT", f"{device}/recipient", self.recipient),
            ("GET", f"{device}/rounds/{{day}}", self.round),
            ("GET", f"{device}/conflicts", self.conflicts),
            *self._questions.calls(device),
        ]
        return routed(
            [Route(path, self._guarded(call), methods=[verb]) for verb, path, call in calls]
        )

    def _timed(self, call: TimedHandler) -> Handler:
        """``call`` with the server's time."""

        async def timed(request: Request) -> Response:
            return await call(request, self._now())

        return timed

    def _guarded(self, call: Handler) -> Handler:
        """``call`` with refusals answered and one log line, free of personal data."""

        async def guarded(request: Request) -> Response:
            began = time.perf_counter()
            try:
                with self._admission.working():
                    response = await call(request)
            except OffsetError as exc:
                response = _answer(exc.problem, exc.status)
                response.headers[OFFSET] = str(exc.offset)
            except CallRefusedError as exc:
                response = _answer(exc.problem, exc.status)
            except ProtocolError:
                response = _answer(Problem(error="message"), 400)
            except ClientDisconnect:
                response = Response(status_code=400)
            except _TROUBLES as exc:
                # The text of such an error may hold addresses and rows: its kind is enough here.
                _log.warning(json.dumps({"trouble": type(exc.__cause__ or exc).__name__}))
                response = _answer(Problem(error="busy"), 503)
            # Answering in the middle of a body would look like a broken connection to the device.
            await drain(request)
            route = request.scope["route"].path
            told = {"method": request.method, "route": route, "status": response.status_code}
            _log.info(json.dumps(told | {"device": request.path_params.get("device", "")}))
            seconds = time.perf_counter() - began
            self.metrics.called(request.method, route, response.status_code, seconds)
            return response

        return guarded

    # --- anybody ----------------------------------------------------------------------------------

    async def health(self, _request: Request) -> Response:
        """``GET /healthz``: this process answers; a supervisor restarts it where it does not."""
        return PlainTextResponse("ok\n")

    async def ready(self, _request: Request) -> Response:
        """``GET /readyz``: both stores answer; if not, a balancer sends calls elsewhere."""
        try:
            await run_in_threadpool(origin_of, self._database, self._shelf)
            await run_in_threadpool(self._payloads.require)
        except Exception:  # noqa: BLE001 - whatever is wrong, the answer is "not now"
            _log.warning(json.dumps({"ready": False}))
            return PlainTextResponse("not ready\n", 503)
        return PlainTextResponse("ok\n")

    async def signed_time(self, request: Request) -> Response:
        """``GET /v1/time?nonce=``: signed time, with which a delivery begins."""
        nonce = request.query_params.get("nonce", "")
        if not 0 < len(nonce) <= _MAX_NONCE:
            raise CallRefusedError(400, "nonce")
        wait_s = self._admission.wait_s()
        if wait_s:
            response = _answer(Problem(error="crowded"), 503)
            response.headers["Retry-After"] = str(wait_s)
            return response
        return PlainTextResponse(self._time_note(nonce))

    def _time_note(self, nonce: str) -> str:
        try:
            return sign_time(self._now(), nonce, self._origin, self._keys.log)
        except ValueError as exc:
            raise CallRefusedError(400, "nonce") from exc

    async def authority(self, _request: Request) -> Response:
        """``GET /v1/authority``: what an enrolling device checks against its pins."""
        token = await run_in_threadpool(self._policy_in_force)
        return _answer(AuthorityAnswer(ca=self._keys.ca_pem, policy=token))

    async def enrol(self, request: Request) -> Response:
        """``POST /v1/enrolments``: by the one-time code and the key's own signature."""
        post = decode(await self._body(request), EnrolmentPost)
        answer = await run_in_threadpool(self._enrolments.enrol, post.claim, self._now())
        return _answer(answer)

    # --- devices ----------------------------------------------------------------------------------

    async def policy(self, request: Request) -> Response:
        """``GET /v1/policy``: for any enrolled device; 304 when it has every one already."""
        verified = await self._authenticated(request)
        held = request.headers.get("if-none-match", "")
        device_id = DeviceId(f"dev-{verified.key_id}")
        token = await run_in_threadpool(self._policy_after, device_id, held)
        if token is None:
            return Response(status_code=304, headers={"ETag": held})
        return PlainTextResponse(token, headers={"ETag": etag_of(token)})

    async def log_state(self, request: Request) -> Response:
        """``GET …/log``: what the collector holds."""
        device_id, _ = await self._device(request)
        after = _number(request, "after") if "after" in request.query_params else -1
        state = await run_in_threadpool(self._journals.state, device_id, after)
        held = await run_in_threadpool(self._uploads.offsets, device_id)
        missing = tuple(replace(item, offset=held.get(item.seq, 0)) for item in state.missing)
        return _answer(replace(state, missing=missing))

    async def log_push(self, request: Request) -> Response:
        """``POST …/log``: journal entries."""
        device_id, verified = await self._device(request)
        body = await self._body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        push = decode(body, LogPush)
        return _answer(await run_in_threadpool(self._journals.push, device_id, push, self._now()))

    async def ratchet_origin(self, request: Request) -> Response:
        """``POST …/ratchet/{seq}``: the ratchet key of an entry, sealed for the auditor."""
        device_id, verified = await self._device(request)
        body = await self._body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        seq = request.path_params["seq"]
        if seq > MAX_SEQ:
            raise CallRefusedError(404, "entry-unknown")
        keep = self._journals.keep_origin
        return Response(
            status_code=await run_in_threadpool(keep, device_id, seq, body, self._now())
        )

    async def record(self, request: Request) -> Response:
        """``PUT …/records/{seq}``: one sealed record, streamed."""
        device_id, verified = await self._device(request)
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
            self.metrics.received(stream.received if status == 201 else 0)
            return status

    async def upload_begin(self, request: Request) -> Response:
        """``POST …/records/{seq}/upload``: begin in parts, or find what is held already."""
        device_id, _ = await self._device(request)
        seq = request.path_params["seq"]
        _, held = await run_in_threadpool(self._records.announced, device_id, seq)
        if held is not None:
            return Response(status_code=200, headers={COMPLETE: "?1"})
        length = _header_number(request, LENGTH)
        offset = await run_in_threadpool(self._uploads.begin, device_id, seq, length)
        return Response(status_code=201, headers={COMPLETE: "?0", OFFSET: str(offset)})

    async def upload_part(self, request: Request) -> Response:
        """``PATCH …/records/{seq}/upload``: one part; the last one makes the record."""
        device_id, verified = await self._device(request)
        seq = request.path_params["seq"]
        part = await self._body(request)
        if sha256(part) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
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
        self.metrics.received(size if status == 201 else 0)
        return status

    async def receipts(self, request: Request) -> Response:
        """``GET …/receipts?from=&tree=``: receipts with their proofs."""
        device_id, _ = await self._device(request)
        start, tree = _number(request, "from"), _number(request, "tree")
        page = self._records.receipts
        return _answer(await run_in_threadpool(page, device_id, start, tree, self._now()))

    async def log_consistency(self, request: Request) -> Response:
        """``GET …/log-consistency?from=&to=``: of the collector's own log."""
        await self._device(request)
        old, size = _number(request, "from"), _number(request, "to")
        return _answer(await run_in_threadpool(self._records.consistency, old, size))

    async def recipient(self, request: Request) -> Response:
        """``PUT …/recipient``: the key that the rounds of this device are sealed to."""
        device_id, verified = await self._sound_device(request)
        body = await self._body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        put = decode(body, RecipientPut)
        await run_in_threadpool(self._rounds.announce, device_id, put.announcement)
        return Response(status_code=204)

    async def round(self, request: Request) -> Response:
        """``GET …/rounds/{day}``: the visits of a day; 304 when nothing changed."""
        device_id, _ = await self._sound_device(request)
        day = request.path_params["day"]
        return _cached(request, await run_in_threadpool(self._rounds.of_day, device_id, day))

    async def conflicts(self, request: Request) -> Response:
        """``GET …/conflicts``: records that need a second look; 304 when nothing changed."""
        device_id, _ = await self._device(request)
        return _cached(request, await run_in_threadpool(self._rounds.conflicts, device_id))

    # --- who asks ---------------------------------------------------------------------------------

    def _policy_in_force(self) -> str:
        with self._database.reading() as ledger:
            return self._shelf.in_force(ledger, self._now())[1]

    def _policy_after(self, device_id: DeviceId, etag: str) -> str | None:
        with self._database.reading() as ledger:
            token = self._shelf.next_for(ledger, etag, self._now())
            lacking = token is not None and self._shelf.lacks(ledger, etag)
        if lacking:
            self._journals.tell_ahead(device_id, self._now())
        return token

    async def _body(self, request: Request) -> bytes:
        """The bounded body. To wait for it is no work, or a few slow links put everybody off."""
        with self._admission.listening():
            return await _bounded_body(request)

    async def _device(self, request: Request) -> tuple[DeviceId, VerifiedRequest]:
        """The device in the path, which must be the one that signed."""
        verified = await self._authenticated(request)
        device_id = DeviceId(request.path_params["device"])
        if device_id != f"dev-{verified.key_id}":
            raise CallRefusedError(403, "another-device")
        return device_id, verified

    async def _sound_device(self, request: Request) -> tuple[DeviceId, VerifiedRequest]:
        """The device in the path, unless it is lost or has two histories (a disk was copied).

        Such a device delivers what it has, but gets no customer's name and reaches no customer.

        Raises:
            CallRefusedError: 403 quarantined, 403 lost.
        """
        device_id, verified = await self._device(request)
        why = await run_in_threadpool(self._unsound, device_id)
        if why:
            raise CallRefusedError(403, why)
        return device_id, verified

    def _unsound(self, device_id: DeviceId) -> str:
        with self._database.reading() as ledger:
            row = ledger.device(device_id)
            # Of the newest policy, whatever its day: what was lost is lost now.
            lost = self._shelf.newest(ledger)[0].lost
        if row is None or row.quarantined:
            return "quarantined"
        return "lost" if device_id in lost else ""

    async def _authenticated(self, request: Request) -> VerifiedRequest:
        key_id = _claimed_key(request)
        public = self._known.get(key_id)
        if public is None:
            public = await run_in_threadpool(self._public_key, key_id)
        asked = (
            request.method,
            asked_for(request),
            dict(request.headers),
            lambda asked: public if asked == key_id else None,
        )
        try:
            verified = verify_request(*asked, self._now(), self._signature_age_s)
        except StaleSignatureError as exc:
            self._note_wrong_clock(asked)
            raise self._stale(request) from exc
        except (SignatureInvalidError, ValueError) as exc:
            raise CallRefusedError(401, "signature") from exc
        self.sightings.note(verified, self._now())
        return verified

    def _note_wrong_clock(self, asked: tuple[str, str, dict[str, str], KeyOf]) -> None:
        """How wrong a device's clock is, where it is really that device who signed."""
        with suppress(SignatureInvalidError):
            verified = verify_request(*asked, self._now(), ANY_AGE_S)
            self.sightings.note(verified, self._now(), refused=True)

    def _stale(self, request: Request) -> CallRefusedError:
        refusal = CallRefusedError(401, "stale-signature")
        signature = request.headers.get("signature", "")
        note = self._time_note(b64u(sha256(signature.encode())))
        refusal.problem = Problem(error="stale-signature", time=note)
        return refusal

    def _public_key(self, key_id: KeyId) -> bytes | None:
        with self._database.reading() as ledger:
            row = ledger.device(DeviceId(f"dev-{key_id}"))
        if row is None or device_id_of(row.public_key) != row.device_id:
            return None
        # The name of a device is made of its key: what was found once stays true.
        self._known[key_id] = row.public_key
        return row.public_key


def _claimed_key(request: Request) -> KeyId:
    """The key id that the request names, unverified; "" where there is none."""
    _, _, rest = request.headers.get("signature-input", "").partition('keyid="')
    return KeyId(rest.partition('"')[0][:64])


def _header_number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise CallRefusedError(400, name.lower())
    return int(text)


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
