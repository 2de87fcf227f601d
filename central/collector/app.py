"""The collector's HTTP interface. Every call is safe to repeat.

Rules, in order, for a device's call: the request signature by the key of the very device in the
path (:mod:`central.collector.callers`); bounded body; digest of the body; only then the call
itself.
Source: records-and-sync 2.8.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
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
from central.collector.callers import SIGNATURE_AGE_S, Callers, Now
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
from central.collector.record_calls import RecordCalls
from central.collector.records import Records
from central.collector.refusal import CallRefusedError
from central.collector.results import ResultCalls, Results
from central.collector.rounds import Rounds
from central.collector.routing import answered, drain, number_of, routed
from central.collector.uploads import OFFSET, OffsetError, Uploads
from central.collector.witness_link import WitnessLink
from central.collector.witnessing import Witnessing
from central.contact.settings import ContactSettings
from kiosk.crypto.digests import b64u, sha256
from kiosk.domain.errors import ProtocolError
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import (
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
_TROUBLES = (StoreError, OSError)
"""A store that is away or full: the device keeps everything and comes again."""

Handler = Callable[[Request], Awaitable[Response]]
TimedHandler = Callable[[Request, datetime], Awaitable[Response]]


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
        self._database = database
        self._payloads = payloads
        self._uploads = uploads
        self._keys = keys
        self._now = now
        self._shelf = PolicyShelf(keys.root_public)
        self._origin = origin_of(database, self._shelf)
        self._admission = Admission()
        self._callers = Callers(
            database, self._shelf, self._admission, self._time_note, now, signature_age_s
        )
        self.sightings = self._callers.sightings
        log = log_of(database, self._shelf, keys.log)
        self._enrolments = Enrolments(database, keys, self._shelf, log)
        self._journals = Journals(database, self._shelf, self._origin)
        self.witnessing = Witnessing(database, self._shelf, witnesses, now)
        self._records = Records(database, payloads, log, self.witnessing)
        self._records.adopt(now())
        self._rounds = Rounds(database)
        self._questions = QuestionCalls(
            database, self._callers.sound_device, self._callers.body, now
        )
        self.metrics = Metrics(self._figures)
        self._record_calls = RecordCalls(
            self._records, uploads, self._callers, self._admission, self.metrics, now
        )
        self._contacts = ContactCalls(
            database,
            keys.log,
            contact or ContactSettings(),
            self._callers.sound_device,
            self._callers.device,
            self._callers.body,
            lambda ledger: self._shelf.newest(ledger)[0].lost,
        )
        self.later = self._contacts.later
        self._results = ResultCalls(
            Results(database, keys.root_public), self._callers.device, self._callers.body
        )

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
            ("PUT", f"{device}/records/{{seq:int}}", self._record_calls.put),
            ("POST", f"{device}/records/{{seq:int}}/upload", self._record_calls.upload_begin),
            ("PATCH", f"{device}/records/{{seq:int}}/upload", self._record_calls.upload_part),
            ("GET", f"{device}/receipts", self._record_calls.receipts),
            ("GET", f"{device}/log-consistency", self._record_calls.log_consistency),
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
                response = answered(exc.problem, exc.status)
                response.headers[OFFSET] = str(exc.offset)
            except CallRefusedError as exc:
                response = answered(exc.problem, exc.status)
            except ProtocolError:
                response = answered(Problem(error="message"), 400)
            except ClientDisconnect:
                response = Response(status_code=400)
            except _TROUBLES as exc:
                # The text of such an error may hold addresses and rows: its kind is enough here.
                _log.warning(json.dumps({"trouble": type(exc.__cause__ or exc).__name__}))
                response = answered(Problem(error="busy"), 503)
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
            response = answered(Problem(error="crowded"), 503)
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
        return answered(AuthorityAnswer(ca=self._keys.ca_pem, policy=token))

    async def enrol(self, request: Request) -> Response:
        """``POST /v1/enrolments``: by the one-time code and the key's own signature."""
        post = decode(await self._callers.body(request), EnrolmentPost)
        answer = await run_in_threadpool(self._enrolments.enrol, post.claim, self._now())
        return answered(answer)

    # --- devices ----------------------------------------------------------------------------------

    async def policy(self, request: Request) -> Response:
        """``GET /v1/policy``: for any enrolled device; 304 when it has every one already."""
        verified = await self._callers.verified(request)
        held = request.headers.get("if-none-match", "")
        device_id = DeviceId(f"dev-{verified.key_id}")
        token = await run_in_threadpool(self._policy_after, device_id, held)
        if token is None:
            return Response(status_code=304, headers={"ETag": held})
        return PlainTextResponse(token, headers={"ETag": etag_of(token)})

    async def log_state(self, request: Request) -> Response:
        """``GET …/log``: what the collector holds."""
        device_id, _ = await self._callers.device(request)
        after = number_of(request, "after") if "after" in request.query_params else -1
        state = await run_in_threadpool(self._journals.state, device_id, after)
        held = await run_in_threadpool(self._uploads.offsets, device_id)
        missing = tuple(replace(item, offset=held.get(item.seq, 0)) for item in state.missing)
        return answered(replace(state, missing=missing))

    async def log_push(self, request: Request) -> Response:
        """``POST …/log``: journal entries."""
        device_id, verified = await self._callers.device(request)
        body = await self._callers.signed_body(request, verified)
        push = decode(body, LogPush)
        return answered(await run_in_threadpool(self._journals.push, device_id, push, self._now()))

    async def ratchet_origin(self, request: Request) -> Response:
        """``POST …/ratchet/{seq}``: the ratchet key of an entry, sealed for the auditor."""
        device_id, verified = await self._callers.device(request)
        body = await self._callers.signed_body(request, verified)
        seq = request.path_params["seq"]
        if seq > MAX_SEQ:
            raise CallRefusedError(404, "entry-unknown")
        keep = self._journals.keep_origin
        return Response(
            status_code=await run_in_threadpool(keep, device_id, seq, body, self._now())
        )

    async def recipient(self, request: Request) -> Response:
        """``PUT …/recipient``: the key that the rounds of this device are sealed to."""
        device_id, verified = await self._callers.sound_device(request)
        body = await self._callers.signed_body(request, verified)
        put = decode(body, RecipientPut)
        await run_in_threadpool(self._rounds.announce, device_id, put.announcement)
        return Response(status_code=204)

    async def round(self, request: Request) -> Response:
        """``GET …/rounds/{day}``: the visits of a day; 304 when nothing changed."""
        device_id, _ = await self._callers.sound_device(request)
        day = request.path_params["day"]
        return _cached(request, await run_in_threadpool(self._rounds.of_day, device_id, day))

    async def conflicts(self, request: Request) -> Response:
        """``GET …/conflicts``: records that need a second look; 304 when nothing changed."""
        device_id, _ = await self._callers.device(request)
        return _cached(request, await run_in_threadpool(self._rounds.conflicts, device_id))

    # --- policies --------------------------------------------------------------------------------

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
