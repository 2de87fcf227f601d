"""Carries questions to colleagues, and their answers, between the devices of one office.

Rules, in order: a device asks in its own name and hears its own answers; what is asked is told to
the other devices of the same office only; the first answer stands, and the same one again is no
other; after half an hour everything is forgotten. The central side judges no answer: the device
that asked verifies it, and so does whoever opens the record.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.question_rows import QuestionRow
from central.archive.rows import DeviceRow
from central.collector.refusal import CallRefusedError
from kiosk.crypto.digests import sha256
from kiosk.crypto.http_signatures import VerifiedRequest
from kiosk.domain.errors import ProtocolError
from kiosk.domain.ids import AgentId, CaseId, DeviceId, OfficeId
from kiosk.sync.messages import Message, T, decode, encode
from kiosk.sync.questions import (
    LIFE_S,
    MAX_OPEN,
    AnswerPost,
    Question,
    QuestionList,
    QuestionPut,
    QuestionState,
    is_digest,
)

_ID_CHARS = 32
_DEVICE = re.compile(r"dev-[0-9a-f]{16}", re.ASCII)
Device = Callable[[Request], Awaitable[tuple[DeviceId, VerifiedRequest]]]
Body = Callable[[Request], Awaitable[bytes]]
Call = Callable[[Request], Awaitable[Response]]


class Questions:
    """The rules over the rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, device_id: DeviceId, question: str, put: QuestionPut, now: datetime) -> bool:
        """Keep a question; whether it is new.

        Raises:
            CallRefusedError: 409 another question has this number, 429 too many are open.
        """
        with self._database.writing(_scope(device_id), local=True) as ledger:
            office_id = _office(_device(ledger, device_id))
            ledger.questions.forget(office_id, _text(_since(now)))
            row = QuestionRow(
                device_id=device_id,
                question_id=question,
                office_id=office_id,
                case_id=CaseId(put.case),
                agent_id=AgentId(put.agent),
                about=put.about,
                seen=put.seen,
                asked_at=_text(now),
            )
            held = ledger.questions.get(device_id, question)
            if held is not None:
                same = replace(held, asked_at=row.asked_at, statement="", voucher="")
                if same != row:
                    raise CallRefusedError(409, "question")
                return False
            if len(ledger.questions.open_of_office(office_id, "", MAX_OPEN)) >= MAX_OPEN:
                raise CallRefusedError(429, "questions")
            ledger.questions.add(row)
        return True

    def of_others(self, device_id: DeviceId, now: datetime) -> QuestionList:
        """What other devices of the office ask."""
        with self._database.reading() as ledger:
            office_id = _office(_device(ledger, device_id))
            rows = ledger.questions.open_of_office(office_id, _text(_since(now)), MAX_OPEN)
        return QuestionList(tuple(_told(row) for row in rows if row.device_id != device_id))

    def state(self, device_id: DeviceId, question: str, now: datetime) -> QuestionState:
        """The answer to an own question. Raises CallRefusedError 404."""
        with self._database.reading() as ledger:
            row = ledger.questions.get(device_id, question)
        if row is None or row.asked_at < _text(_since(now)):
            raise CallRefusedError(404, "question")
        return QuestionState(AnswerPost(row.statement, row.voucher) if row.statement else None)

    def answer(
        self,
        device_id: DeviceId,
        asked: tuple[DeviceId, str],
        post: AnswerPost,
        now: datetime,
    ) -> bool:
        """Keep an answer given on ``device_id``; whether it is new.

        Raises:
            CallRefusedError: 404 no such question in the office of this device, 409 answered
                otherwise, or by the device that asks.
        """
        asker, question = asked
        with self._database.writing(_scope(asker), local=True) as ledger:
            office_id = _office(_device(ledger, device_id))
            row = ledger.questions.get(asker, question)
            if row is None or row.office_id != office_id or row.asked_at < _text(_since(now)):
                raise CallRefusedError(404, "question")
            if asker == device_id:
                raise CallRefusedError(409, "own-question")
            if row.statement:
                if (row.statement, row.voucher) != (post.statement, post.voucher):
                    raise CallRefusedError(409, "answered")
                return False
            ledger.questions.answer(replace(row, statement=post.statement, voucher=post.voucher))
        return True


class QuestionCalls:
    """Handlers of the calls; who asks is judged by the collector."""

    def __init__(
        self, database: Database, device: Device, body: Body, now: Callable[[], datetime]
    ) -> None:
        """Device and body: the collector's own, for signed calls with a bounded body."""
        self._questions = Questions(database)
        self._device = device
        self._body = body
        self._now = now

    def calls(self, device: str) -> list[tuple[str, str, Call]]:
        """Verb, path and handler of each; ``device`` is the path of a device."""
        return [
            ("PUT", f"{device}/questions/{{question}}", self.ask),
            ("GET", f"{device}/questions/{{question}}", self.state),
            ("GET", f"{device}/questions", self.of_others),
            ("POST", f"{device}/answers/{{asker}}/{{question}}", self.answer),
        ]

    async def ask(self, request: Request) -> Response:
        """``PUT …/questions/{question}``: 201 new, 200 asked before."""
        device_id, put = await self._message(request, QuestionPut)
        if not is_digest(put.seen):
            raise ProtocolError("seen")
        work = partial(self._questions.ask, device_id, _question(request), put, self._now())
        return Response(status_code=201 if await run_in_threadpool(work) else 200)

    async def state(self, request: Request) -> Response:
        """``GET …/questions/{question}``: the answer, once there is one."""
        device_id, _ = await self._device(request)
        work = partial(self._questions.state, device_id, _question(request), self._now())
        return _answer(await run_in_threadpool(work))

    async def of_others(self, request: Request) -> Response:
        """``GET …/questions``: what other devices of the office ask."""
        device_id, _ = await self._device(request)
        return _answer(await run_in_threadpool(self._questions.of_others, device_id, self._now()))

    async def answer(self, request: Request) -> Response:
        """``POST …/answers/{asker}/{question}``: 201 kept, 200 kept before."""
        device_id, post = await self._message(request, AnswerPost)
        asked = _asker(request), _question(request)
        work = partial(self._questions.answer, device_id, asked, post, self._now())
        return Response(status_code=201 if await run_in_threadpool(work) else 200)

    async def _message(self, request: Request, kind: type[T]) -> tuple[DeviceId, T]:
        device_id, verified = await self._device(request)
        body = await self._body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        return device_id, decode(body, kind)


def _question(request: Request) -> str:
    question = str(request.path_params["question"])
    if len(question) != _ID_CHARS or set(question) - set("0123456789abcdef"):
        raise CallRefusedError(422, "question")
    return question


def _asker(request: Request) -> DeviceId:
    """Who asks, by a name that a device can have: no other text reaches the database."""
    asker = str(request.path_params["asker"])
    if not _DEVICE.fullmatch(asker):
        raise CallRefusedError(404, "question")
    return DeviceId(asker)


def _answer(message: Message) -> Response:
    return Response(encode(message), media_type="application/json")


def _told(row: QuestionRow) -> Question:
    return Question(
        question=row.question_id,
        device=row.device_id,
        case=row.case_id,
        agent=row.agent_id,
        about=row.about,
        seen=row.seen,
        asked_at=row.asked_at,
    )


def _device(ledger: Ledger, device_id: DeviceId) -> DeviceRow:
    device = ledger.device(device_id)
    if device is None:
        raise CallRefusedError(404, "device-unknown")
    return device


def _office(device: DeviceRow) -> OfficeId:
    return OfficeId(device.office_id)


def _scope(device_id: DeviceId) -> str:
    """Scope of whoever writes a device's questions."""
    return f"questions/{device_id}"


def _since(now: datetime) -> datetime:
    return now - timedelta(seconds=LIFE_S)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
