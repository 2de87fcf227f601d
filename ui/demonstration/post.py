"""The post of the demonstration: a real mail server and a real SMS gateway, on the loopback only.

What they take in is what a customer finds on the own telephone; the panel draws that telephone.
Nothing leaves this machine, and nothing is kept once the demonstration ends.
"""

import asyncio
import json
import re
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from typing_extensions import override

from kiosk.sync.contact import EMAIL, MOBILE

_LOOPBACK = "127.0.0.1"
_MAX_BODY = 64 * 1024
_SECRET_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Received:
    """One message on the customer's telephone.

    Attributes:
        channel: ``email`` or ``mobile``.
        address: whom it was sent to.
        text: what is read.
    """

    channel: str
    address: str
    text: str

    @property
    def code(self) -> str:
        """The code in it, ``""`` where there is none."""
        pattern = r"(?<!\d)\d{6}(?!\d)" if self.channel == EMAIL else r"\b[A-Z2-9]{4}\b"
        found = re.findall(pattern, self.text)
        return found[0] if found else ""


class Post:
    """Both servers, and what they took in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Received] = []
        self._mail: _MailServer | None = None
        self._gateway: ThreadingHTTPServer | None = None

    @property
    def messages(self) -> tuple[Received, ...]:
        """What came in, oldest first."""
        with self._lock:
            return tuple(self._messages)

    def newest(self, channel: str, address: str = "") -> Received | None:
        """The newest message of a channel, to an address where one is given."""
        found = [m for m in self.messages if m.channel == channel and address in ("", m.address)]
        return found[-1] if found else None

    def clear(self) -> None:
        """Another customer, another telephone."""
        with self._lock:
            self._messages.clear()

    def start(self) -> None:
        """Listen on free ports of the loopback."""
        self._mail = _MailServer(self)
        self._mail.start()
        self._gateway = ThreadingHTTPServer((_LOOPBACK, 0), _gateway_of(self))
        threading.Thread(
            target=self._gateway.serve_forever, name="sms-gateway", daemon=True
        ).start()

    def stop(self) -> None:
        """End both. Safe to call twice."""
        mail, self._mail = self._mail, None
        gateway, self._gateway = self._gateway, None
        if mail is not None:
            mail.stop()
        if gateway is not None:
            gateway.shutdown()
            gateway.server_close()

    def settings(self) -> str:
        """``contact.toml`` that leads a central side here. Raises RuntimeError before a start."""
        if self._mail is None or self._gateway is None:
            raise RuntimeError("not started")
        return (
            f'[mail]\nhost = "{_LOOPBACK}"\nport = {self._mail.port}\nsecurity = "none"\n'
            'sender = "ne-pas-repondre@example.org"\nsender_name = "Identité numérique"\n\n'
            f'[sms]\nurl = "http://{_LOOPBACK}:{self._gateway.server_port}/messages"\n'
            'token = "demonstration"\nto_field = "to"\ntext_field = "text"\n'
        )

    def write_settings(self, file: Path) -> None:
        """Write them where the central side reads them, for its owner only."""
        file.touch(_SECRET_MODE)
        file.write_text(self.settings(), encoding="utf-8")

    def take(self, message: Received) -> None:
        """A message came in; called by the servers."""
        with self._lock:
            self._messages.append(message)


class _MailServer:
    """An SMTP server with an event loop of its own."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mail-server", daemon=True)
        self._ready = threading.Event()
        self.port = 0

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close the port and end the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        making = self._loop.create_server(
            lambda: SMTP(_MailHandler(self._post), hostname="localhost", loop=self._loop),
            _LOOPBACK,
            0,
        )
        server = self._loop.run_until_complete(making)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(server.wait_closed())
        self._loop.close()


class _MailHandler:
    """Takes mail in (aiosmtpd calls methods by the names of SMTP's commands)."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One message, whole."""
        raw = envelope.content
        data = raw if isinstance(raw, bytes) else str(raw).encode()
        mail = message_from_bytes(data, policy=policy.default)
        body = mail.get_body(("plain",))
        text = "" if body is None else str(body.get_content())
        for address in envelope.rcpt_tos:
            self._post.take(Received(EMAIL, address, f"{mail['Subject']}\n\n{text}"))
        return "250 OK"


def _gateway_of(post: Post) -> type[BaseHTTPRequestHandler]:
    class Gateway(BaseHTTPRequestHandler):
        """Takes one JSON object by POST, as gateways do."""

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body: Any = json.loads(self.rfile.read(min(length, _MAX_BODY)))
            allowed = self.headers.get("Authorization") == "Bearer demonstration"
            if allowed:
                post.take(Received(MOBILE, str(body["to"]), str(body["text"])))
            self.send_response(202 if allowed else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a message is personal."""

    return Gateway
