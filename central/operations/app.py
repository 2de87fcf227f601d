"""The HTTP interface of the operations pages.

Rules, in order: who is not signed in sees the sign-in and nothing else; what changes anything comes
from a form of these pages (same origin, and the word of the session); every sign-in, refused ones
too, is written down before it is answered; no answer shows what went wrong inside; whatever is
typed is shown as text. No call changes the collector's database: its reader cannot.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from central.archive.faults import StoreError
from central.archive.layout import FolderError
from central.operations.asking import Ask, NotFoundError, RefusedError, place_of, plain
from central.operations.attempts import Attempts
from central.operations.deeds import Deed, Deeds
from central.operations.operators import Operators
from central.operations.pages import Pages, file_answer, protected
from central.operations.sessions import COOKIE, IDLE, Session, Sessions
from central.operations.views import Views, require_form
from kiosk.texts import LANGUAGES

_log = logging.getLogger("visavis.operations")
_LANGUAGE_COOKIE: Final = "__Host-visavis-language"
_MAX_FORM: Final = 4096
_MAX_FIELDS: Final = 12
_MAX_QUESTION: Final = 2048
_HASHES: Final = 2
"""Passwords that are looked at at once: each takes 64 MiB."""
_TROUBLES: Final = (StoreError, FolderError, OSError)

Now = Callable[[], datetime]
Handler = Callable[[Ask], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class Operations:
    """Handlers of the calls."""

    def __init__(
        self, operators: Operators, deeds: Deeds, views: Views, pages: Pages, now: Now
    ) -> None:
        self._operators = operators
        self._deeds = deeds
        self._views = views
        self._pages = pages
        self._now = now
        self._sessions = Sessions()
        self._attempts = Attempts()
        self._hashing = threading.BoundedSemaphore(_HASHES)

    def application(self) -> Starlette:
        """The ASGI application."""
        views = self._views
        inside: list[tuple[str, Handler, list[str]]] = [
            ("/", views.overview, ["GET"]),
            ("/devices", views.devices, ["GET"]),
            ("/devices/{device}", views.device, ["GET"]),
            ("/devices/{device}/{seq}", views.entry, ["GET"]),
            ("/records/{record:path}", views.record, ["GET"]),
            ("/quarantine", views.quarantine, ["GET"]),
            ("/alarms", views.alarms, ["GET"]),
            ("/alarms/{device}/{kind}/{seq}", views.alarm, ["GET", "POST"]),
            ("/log", views.log, ["GET"]),
            ("/search", views.search, ["GET"]),
            ("/sign-out", self._sign_out, ["POST"]),
            ("/{rest:path}", views.missing, ["GET", "POST"]),
        ]
        routes = [
            Route("/healthz", self._healthy, methods=["GET"]),
            Route("/files/{name}", self._file, methods=["GET"]),
            Route("/sign-in", self._endpoint(self._sign_in), methods=["GET", "POST"]),
            Route("/language/{code}", self._endpoint(self._language), methods=["GET"]),
        ]
        routes += [
            Route(path, self._endpoint(self._inside(view)), methods=methods)
            for path, view, methods in inside
        ]
        return Starlette(routes=routes)

    async def _healthy(self, _request: Request) -> Response:
        return protected(PlainTextResponse("ok\n"))

    async def _file(self, request: Request) -> Response:
        answer = file_answer(request.path_params["name"])
        return protected(answer or PlainTextResponse("not here\n", 404))

    # --- every page -------------------------------------------------------------------------------

    def _endpoint(self, handler: Handler) -> Endpoint:
        async def answered(request: Request) -> Response:
            try:
                form = await _form(request)
                response = await run_in_threadpool(self._answer, request, form, handler)
            except RefusedError:
                response = PlainTextResponse("refused\n", 403)
            except ClientDisconnect:
                response = Response(status_code=400)
            except Exception as exc:  # noqa: BLE001 - the edge: nothing may leave as a trace
                _log.error(json.dumps({"failed": type(exc).__name__}))
                response = PlainTextResponse("failed\n", 500)
            told = {"method": request.method, "route": request.scope["route"].path}
            _log.info(json.dumps(told | {"status": response.status_code}))
            return protected(response)

        return answered

    def _answer(self, request: Request, form: Mapping[str, str], handler: Handler) -> Response:
        now = self._now()
        ask = self._ask(request, form, now)
        if ask.method == "POST" and not _from_here(request):
            raise RefusedError("origin")
        try:
            response = handler(ask)
        except NotFoundError:
            response = self._views.missing(ask)
        except _TROUBLES as exc:
            # The text of such an error may hold addresses and rows: its kind is enough here.
            _log.warning(json.dumps({"trouble": type(exc.__cause__ or exc).__name__}))
            response = self._views.trouble(ask)
        if ask.session is not None and ask.path != "/sign-out":
            _set_cookie(response, COOKIE, self._sessions.renewed(ask.session, now))
        return response

    def _ask(self, request: Request, form: Mapping[str, str], now: datetime) -> Ask:
        cookies = _cookies(request)
        question = dict(_fields(request.url.query[:_MAX_QUESTION]))
        spoken = cookies.get(_LANGUAGE_COOKIE, "")
        path = request.url.path
        return Ask(
            method=request.method,
            path=path,
            place=place_of(f"{path}?{request.url.query}" if request.url.query else path),
            parts={name: plain(str(value)) for name, value in request.path_params.items()},
            question=question,
            form=form,
            session=self._session(cookies.get(COOKIE, ""), now),
            language=_language(spoken, request.headers.get("accept-language", "")),
            address=request.client.host if request.client else "",
            now=now,
        )

    def _session(self, cookie: str, now: datetime) -> Session | None:
        session = self._sessions.open(cookie, now) if cookie else None
        if session is None:
            return None
        try:
            operator = self._operators.named(session.name)
        except FolderError:
            return None
        return session if operator is not None and operator.stamp == session.stamp else None

    def _inside(self, handler: Handler) -> Handler:
        """``handler`` for whoever is signed in; the sign-in for everybody else."""

        def guarded(ask: Ask) -> Response:
            if ask.session is None:
                if ask.method != "GET":
                    return RedirectResponse("/sign-in", 303)
                return self._sign_in_page(ask, ask.place, "", 401)
            if ask.method == "POST":
                require_form(ask)
            return handler(ask)

        return guarded

    # --- signing in and out -----------------------------------------------------------------------

    def _sign_in_page(
        self, ask: Ask, place: str, problem: str, status: int, wait_s: int = 0
    ) -> Response:
        speech = self._pages.speech(ask.language, ask.now)
        minutes = -(-wait_s // 60)
        values = {"ask": ask, "place": place, "problem": problem, "minutes": minutes}
        return self._pages.page("sign_in", speech, values, status)

    def _sign_in(self, ask: Ask) -> Response:
        """``GET`` and ``POST /sign-in``."""
        place = place_of(ask.said("place") or ask.asked("place") or "/")
        if ask.method != "POST":
            return self._sign_in_page(ask, place, "", 200)
        name, now = ask.said("name").lower(), ask.now
        wait_s = self._attempts.wait_s(name, ask.address, now)
        known = name if self._operators.named(name) else ""
        if wait_s:
            self._told(Deed.HELD_OFF, known, now)
            response = self._sign_in_page(ask, place, "wait", 429, wait_s)
            response.headers["Retry-After"] = str(wait_s)
            return response
        # Counted before the password is looked at: many tries at once are many tries.
        self._attempts.failed(name, ask.address, now)
        with self._hashing:
            operator = self._operators.verified(name, ask.form.get("password", ""))
        if operator is None:
            self._told(Deed.REFUSED, known, now)
            return self._sign_in_page(ask, place, "wrong", 401)
        self._attempts.succeeded(name, ask.address, now)
        self._told(Deed.SIGNED_IN, operator.name, now)
        response = RedirectResponse(place, 303)
        _set_cookie(response, COOKIE, self._sessions.begin(operator, now))
        return response

    def _told(self, deed: Deed, who: str, now: datetime) -> None:
        # A name that nobody has is not written down: it may be a password in the wrong field.
        self._deeds.write(now, deed, who)
        _log.info(json.dumps({"deed": deed.value, "operator": who}))

    def _sign_out(self, ask: Ask) -> Response:
        """``POST /sign-out``."""
        self._sessions.end(ask.operator, ask.now)
        self._told(Deed.SIGNED_OUT, ask.operator.name, ask.now)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return response

    def _language(self, ask: Ask) -> Response:
        """``GET /language/{code}?place=``: another language, then back."""
        code = ask.parts["code"]
        response = RedirectResponse(place_of(ask.asked("place")), 303)
        if code in LANGUAGES:
            response.set_cookie(
                _LANGUAGE_COOKIE, code, max_age=365 * 86400, secure=True, httponly=True,
                samesite="strict",
            )  # fmt: skip
        return response


def _set_cookie(response: Response, name: str, value: str) -> None:
    seconds = round(IDLE.total_seconds())
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def _cookies(request: Request) -> dict[str, str]:
    try:
        jar: SimpleCookie = SimpleCookie(request.headers.get("cookie", "")[:8192])
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError:
        return []


async def _form(request: Request) -> Mapping[str, str]:
    """Fields of a form. Raises RefusedError: too long."""
    if request.method != "POST":
        return {}
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM:
            raise RefusedError("form")
    return dict(_fields(body.decode("utf-8", "replace")))


def _from_here(request: Request) -> bool:
    """Whether a browser says that a page of this very server sent the form."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    return bool(host) and origin == f"https://{host}"


def _language(chosen: str, accepted: str) -> str:
    if chosen in LANGUAGES:
        return chosen
    for part in accepted[:200].split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]
