"""How messages leave: ``collector/contact.toml``, written by whoever runs the service.

Rules, in order: no file means that no code is sent; the file holds secrets, so that only its owner
may read it; a password or a token leaves this machine only over an encrypted connection; an unknown
name, a wrong type or a value out of bounds is refused before the server starts.
"""

from __future__ import annotations

import ipaddress
import os
import stat
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from central.archive.layout import FolderError
from kiosk.crypto.age import Identity
from kiosk.domain.contact import email_address
from kiosk.domain.errors import ContactAddressError

FILE_NAME = "contact.toml"
_MAX_BYTES = 64 * 1024
_Word = Annotated[str, Meta(max_length=200)]
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,39}$")]
_Seconds = Annotated[float, Meta(gt=0, le=60)]


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[mail]``.

    Attributes:
        host, port: of the mail server.
        sender, sender_name: address that messages come from, and the name beside it.
        security: ``none`` only for a server on this machine.
        user, password: where the server asks for them.
        timeout_s: longest wait for the server.
    """

    host: _Word
    sender: _Word
    sender_name: _Word = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Security = Security.STARTTLS
    user: _Word = ""
    password: _Word = ""
    timeout_s: _Seconds = 10.0


class SmsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[sms]``: an HTTP gateway that takes one JSON object by POST.

    Attributes:
        url: ``http`` only for a gateway on this machine.
        token: sent as ``Authorization: Bearer``, where there is one.
        to_field, text_field: names of the JSON fields for the number (E.164) and the text.
        fields: further fields, sent as they are (a sender's name, for example).
        timeout_s: longest wait for the gateway.
    """

    url: Annotated[str, Meta(max_length=500)]
    token: _Word = ""
    to_field: _Name = "to"
    text_field: _Name = "text"
    fields: dict[_Name, _Word] = msgspec.field(default_factory=dict)
    timeout_s: _Seconds = 10.0


class PageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[page]``: where customers reach the page on which a code can be typed.

    Attributes:
        url: ``https`` address of the proxy in front of ``/c/``; telephones know its certificate.
    """

    url: Annotated[str, Meta(max_length=200)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mail: MailSettings | None = None
    sms: SmsSettings | None = None
    page: PageSettings | None = None


@dataclass(frozen=True, slots=True)
class ContactSettings:
    """What is configured; None for a way that is not.

    Attributes:
        mail: mail server.
        sms: SMS gateway.
        page_url: base address of the customer's page, ``""`` for no link in the messages.
        identity: opens addresses that are to be confirmed later; None where none are taken.
    """

    mail: MailSettings | None = None
    sms: SmsSettings | None = None
    page_url: str = ""
    identity: Identity | None = None


def read_contact_identity(file: Path) -> Identity | None:
    """The contact service's own key; None where there is none. Raises FolderError."""
    try:
        return Identity.parse(file.read_text("ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise FolderError(file.name) from exc


def load_settings(file: Path) -> ContactSettings:
    """The settings of a folder; nothing configured where there is no file.

    Raises:
        FolderError: others can read it, or it says something that this program does not know.
    """
    try:
        data = file.read_bytes()
        mode = file.stat().st_mode
    except FileNotFoundError:
        return ContactSettings()
    except OSError as exc:
        raise FolderError(FILE_NAME) from exc
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise FolderError(f"{FILE_NAME}: only its owner may read it (chmod 600)")
    return parse_settings(data)


def parse_settings(data: bytes) -> ContactSettings:
    """Settings from the bytes of a file. Raises FolderError; never quotes a value."""
    if len(data) > _MAX_BYTES:
        raise FolderError(f"{FILE_NAME}: too long")
    try:
        read = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File)
    except (ValueError, msgspec.ValidationError) as exc:
        # The message of a wrong value names its place; that of broken TOML may quote the text.
        where = str(exc) if isinstance(exc, msgspec.ValidationError) else "not TOML"
        raise FolderError(f"{FILE_NAME}: {where}") from exc
    if read.mail is not None and read.mail.security is Security.NONE and not _here(read.mail.host):
        raise FolderError(f"{FILE_NAME}: mail without encryption only on this machine")
    if read.mail is not None:
        _require_address(read.mail.sender)
    if read.sms is not None:
        _require_protected(read.sms.url, "sms")
    if read.page is not None:
        _require_protected(read.page.url, "page")
    page_url = "" if read.page is None else read.page.url.rstrip("/")
    return ContactSettings(read.mail, read.sms, page_url)


def _require_address(sender: str) -> None:
    try:
        email_address(sender)
    except ContactAddressError as exc:
        raise FolderError(f"{FILE_NAME}: mail: sender") from exc


def _require_protected(url: str, table: str) -> None:
    """Raises FolderError unless ``url`` is https, or http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as exc:
        raise FolderError(f"{FILE_NAME}: {table}: url") from exc
    if not host or parts.scheme not in ("https", "http"):
        raise FolderError(f"{FILE_NAME}: {table}: url")
    if parts.scheme == "http" and not _here(host):
        raise FolderError(f"{FILE_NAME}: {table}: https is needed")


def _here(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
