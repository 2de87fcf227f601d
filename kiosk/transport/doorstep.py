"""Who answers in the collector's place, once the link itself was refused.

Rules, in order: this names a likely cause and opens nothing (the refusal stands, whatever is seen
here); one connection, to the collector's own address and to no other; nothing is sent but the
beginning of a handshake, which says no more than the refused one did; what is not clear is
"unknown", never a guess. A server that claims the collector's name with a foreign certificate is no
welcome page but an impostor or a mistake: it is "unknown" here, and the certificate's refusal says
so.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from enum import StrEnum
from urllib.parse import urlsplit

from kiosk.crypto.certificates import claims_host

_PIECE = 16 * 1024
_PIECES = 16
"""A beginning that takes more pieces than this is cut: nobody holds a device up by dripping."""
_PATIENCE_S = 5.0
_HTTPS = 443
_PLAIN = (b"http/", b"<!doctype", b"<html")
"""How a page begins, in small letters."""


class Doorstep(StrEnum):
    """What stands there."""

    PORTAL = "portal"
    """A page of the network: it speaks HTTP without TLS, or goes by another name than ours."""

    UNKNOWN = "unknown"


def look(url: str, connect_s: float) -> Doorstep:
    """See who answers at the address of the collector.

    Args:
        url: base address of the collector.
        connect_s: longest wait for the connection and for each piece; never more than 5 s.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _HTTPS
    with suppress(OSError, ValueError):
        return _seen(host, port, min(connect_s, _PATIENCE_S))
    return Doorstep.UNKNOWN


def _seen(host: str, port: int, wait_s: float) -> Doorstep:
    """Raises OSError, ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is trusted and nothing is sent: only the certificate that is shown is looked at.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, goes, server_hostname=host)
    heard = bytearray()
    with socket.create_connection((host, port), wait_s) as line:
        for _ in range(_PIECES):
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                line.sendall(goes.read())
                piece = line.recv(_PIECE)
                if not piece:
                    break
                heard += piece
                came.write(piece)
            except ssl.SSLError:
                break
            else:
                shown = tls.getpeercert(binary_form=True)
                ours = shown is None or claims_host(shown, host)
                return Doorstep.UNKNOWN if ours else Doorstep.PORTAL
    plain = bytes(heard[:16]).lstrip().lower()
    return Doorstep.PORTAL if plain.startswith(_PLAIN) else Doorstep.UNKNOWN
