"""How a request finds its call, and what is answered where there is none.

Rules, in order: a number in a path has at most as many digits as anybody could mean (Python refuses
to read thousands of them, with an error of its own); a path is itself and nothing like it, so no
redirect is ever answered; whatever is not there is refused by a typed problem too. What was asked
for is taken as it came, byte by byte, because that is what was signed. A body is always read to its
end, whatever the answer is: a connection closed over the rest of it looks broken to its sender.
"""

from __future__ import annotations

from contextlib import suppress
from typing import cast

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from central.collector.refusal import CallRefusedError
from kiosk.sync.messages import MAX_BLOB_BYTES, Message, Problem, encode

NO_SUCH_CALL, METHOD = "no-such-call", "method"


class _EntryNumber(IntegerConvertor):
    regex = "[0-9]{1,64}"


def routed(routes: list[Route]) -> Starlette:
    """The application that answers these calls."""
    handlers = {404: _refused, 405: _refused}
    application = Starlette(routes=routes, exception_handlers=handlers)
    application.router.redirect_slashes = False
    return application


async def _refused(request: Request, exc: Exception) -> Response:
    await drain(request)
    refused = cast("HTTPException", exc)
    word = METHOD if refused.status_code == 405 else NO_SUCH_CALL
    response = answered(Problem(error=word), refused.status_code)
    response.headers.update(refused.headers or {})
    return response


def asked_for(request: Request) -> str:
    """The address that was asked for, also behind a proxy that ends the TLS.

    Raises:
        ValueError: it is none that a device could have signed.
    """
    raw = request.scope.get("raw_path") or request.scope["path"].encode("utf-8")
    path, query = raw.decode("ascii"), request.scope["query_string"].decode("ascii")
    address = f"https://{request.headers.get('host', '')}{path}"
    return f"{address}?{query}" if query else address


def number_of(request: Request, name: str) -> int:
    """A number of the query, 0 where it is left out. Raises CallRefusedError: 400."""
    text = request.query_params.get(name, "0")
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise CallRefusedError(400, name)
    return int(text)


def answered(message: Message, status: int = 200) -> Response:
    """A message as the answer to a call."""
    return Response(encode(message), status, media_type="application/json")


async def drain(request: Request) -> None:
    """Read what is left of a body that nobody needs, so that the connection stays usable."""
    left = MAX_BLOB_BYTES
    with suppress(ClientDisconnect, RuntimeError):  # RuntimeError: it was read to its end
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                return


register_url_convertor("int", _EntryNumber())
