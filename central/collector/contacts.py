"""The calls about codes to customers: three for devices, one page for the customer's telephone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from central.archive.database import Database
from central.collector.callers import bounded_body
from central.collector.refusal import CallRefusedError
from central.contact.challenges import Challenges, RefusedError, Ways
from central.contact.later import Later, Lost
from central.contact.messages import all_texts, senders_of
from central.contact.page import (
    HEADERS,
    MAX_FORM_BYTES,
    MAX_SECRET,
    Page,
    code_in,
    language_of,
    page_of,
)
from central.contact.settings import ContactSettings
from central.contact.sheets import Sheets
from kiosk.crypto.digests import sha256
from kiosk.crypto.http_signatures import VerifiedRequest
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId
from kiosk.sync.contact import EMAIL, ContactOrder, SheetOrder
from kiosk.sync.messages import MAX_SEQ, Message, decode, encode

_ID_CHARS = 32
Device = Callable[[Request], Awaitable[tuple[DeviceId, VerifiedRequest]]]
Body = Callable[[Request], Awaitable[bytes]]
T = TypeVar("T")


class ContactCalls:
    """Handlers of the calls; who asks is judged by the collector."""

    def __init__(
        self,
        database: Database,
        key: SigningKey,
        settings: ContactSettings,
        device: Device,
        any_device: Device,
        body: Body,
        lost: Lost,
    ) -> None:
        """Devices and body: the collector's own, for signed calls with a bounded body.

        Device: one of a single history. Any device: what one of two histories delivers is kept.
        """
        self._any_device = any_device
        self._texts = all_texts()
        senders = senders_of(settings)
        ways = Ways(senders, self._texts, settings.page_url)
        self.later = Later(database, key, ways, settings.identity, lost)
        self._sheets = Sheets(database, key, senders.get(EMAIL), self._texts)
        self._challenges = Challenges(database, key, ways)
        self._device = device
        self._body = body

    async def start(self, request: Request, now: datetime) -> Response:
        """``PUT …/contacts/{challenge}``: send a code; 201 sent, 200 sent before."""
        device_id, challenge, order = await self._order(request)
        state, fresh = await _in_thread(
            partial(self._challenges.start, device_id, challenge, order, now)
        )
        return _answer(state, 201 if fresh else 200)

    async def state(self, request: Request, now: datetime) -> Response:
        """``POST …/contacts/{challenge}/state``: how it stands, with the statement."""
        device_id, challenge, order = await self._order(request)
        work = partial(self._challenges.state, device_id, challenge, order, now)
        return _answer(await _in_thread(work))

    async def check(self, request: Request, now: datetime) -> Response:
        """``POST …/contacts/{challenge}/check``: a code typed at the counter."""
        device_id, challenge, order = await self._order(request)
        work = partial(self._challenges.check, device_id, challenge, order, now)
        return _answer(await _in_thread(work))

    async def page(self, request: Request, now: datetime) -> Response:
        """``GET`` and ``POST /c/{secret}``: the customer's page."""
        secret = str(request.path_params["secret"])[:MAX_SECRET]
        problem = ""
        if request.method == "POST":
            code = code_in(await bounded_body(request, MAX_FORM_BYTES))
            before = await run_in_threadpool(self._challenges.of_page, secret, now)
            try:
                row = await run_in_threadpool(self._challenges.check_on_page, secret, code, now)
                problem = "wrong" if before is not None else ""
            except RefusedError:
                row, problem = before, "form"
        else:
            row = await run_in_threadpool(self._challenges.of_page, secret, now)
        language = language_of(
            request.query_params.get("lang", ""),
            request.headers.get("accept-language", ""),
            "" if row is None else row.language,
        )
        page: Page = page_of(row, self._texts, language, problem)
        return HTMLResponse(page.body, page.status, headers=dict(HEADERS))

    async def sheet(self, request: Request, now: datetime) -> Response:
        """``POST …/sheets/{seq}``: mail the customer's sheet; 201 sent, 200 sent before."""
        device_id, verified = await self._device(request)
        body = await self._body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        seq = request.path_params["seq"]
        if seq > MAX_SEQ:
            raise CallRefusedError(404, "entry-unknown")
        order = decode(body, SheetOrder)
        fresh = await _in_thread(partial(self._sheets.send, device_id, seq, order, now))
        return Response(status_code=201 if fresh else 200)

    async def keep_later(self, request: Request, now: datetime) -> Response:
        """``PUT …/later-contacts/{seq}``: addresses to be confirmed later; 201 new, 200 here."""
        device_id, verified = await self._any_device(request)
        body = await self._body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        seq = request.path_params["seq"]
        if seq > MAX_SEQ:
            raise CallRefusedError(404, "entry-unknown")
        fresh = await _in_thread(partial(self.later.keep, device_id, seq, body, now))
        return Response(status_code=201 if fresh else 200)

    async def _order(self, request: Request) -> tuple[DeviceId, str, ContactOrder]:
        device_id, verified = await self._device(request)
        body = await self._body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        challenge = str(request.path_params["challenge"])
        if len(challenge) != _ID_CHARS or set(challenge) - set("0123456789abcdef"):
            raise CallRefusedError(422, "challenge")
        return device_id, challenge, decode(body, ContactOrder)


async def _in_thread(call: Callable[[], T]) -> T:
    try:
        return await run_in_threadpool(call)
    except RefusedError as exc:
        # The seconds to wait travel as the size that a problem has a place for anyway.
        raise CallRefusedError(exc.status, exc.word, size=exc.wait_s) from exc


def _answer(message: Message, status: int = 200) -> Response:
    return Response(encode(message), status, media_type="application/json")
