"""Words of the messages and of the customer's page, and how a message is handed over.

Rules, in order: a message says who asks, the code, how long it counts, and to give it to nobody; it
names nobody; nothing of it is logged, and an error says only that handing over failed.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Protocol

import httpx

from central.contact.settings import ContactSettings, MailSettings, Security, SmsSettings
from kiosk.sync.contact import EMAIL, MOBILE
from kiosk.texts import LANGUAGES, Texts

# Signs of French print that are no part of the alphabet of text messages (3GPP TS 23.038): one of
# them would turn the whole message into the wide alphabet, and one message into two.
_PLAIN = str.maketrans({"’": "'", "\u00a0": " ", "\u202f": " ", "…": "...", "ê": "e", "ç": "c"})


class NotSentError(Exception):
    """The message was not handed over; told to operators only."""


class Sent(Protocol):
    """What can be handed over."""

    def short(self) -> str:
        """For a text message."""

    def mail(self, settings: MailSettings, address: str) -> EmailMessage:
        """For the mailbox ``address``."""


class Sender(Protocol):
    """A way to a customer."""

    def send(self, address: str, text: Sent) -> None:
        """Hand a message over. Raises NotSentError."""


class Message:
    """What is sent, in one language."""

    def __init__(self, texts: Texts, code: str, minutes: int, link: str) -> None:
        """Code: as the customer types it; link: of the page, or ``""``."""
        self._texts = texts
        self._values = {"code": code, "minutes": minutes}
        self._link = link

    def short(self) -> str:
        """For a text message."""
        parts = [self._texts("contact_message.sms", **self._values)]
        if self._link:
            parts.append(self._link)
        return " ".join(parts).translate(_PLAIN)

    def mail(self, settings: MailSettings, address: str) -> EmailMessage:
        """For the mailbox ``address``."""
        mail = EmailMessage()
        mail["From"] = formataddr((settings.sender_name, settings.sender))
        mail["To"] = address
        mail["Subject"] = self._texts("contact_message.subject")
        mail["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        lines = [self._texts("contact_message.mail", **self._values)]
        if self._link:
            lines.append(self._texts("contact_message.mail_link", link=self._link))
        lines.append(self._texts("contact_message.mail_care"))
        mail.set_content("\n\n".join(lines) + "\n")
        return mail


class LaterMessage:
    """What is sent after the customer has left: a code that counts for days, and its page."""

    def __init__(self, texts: Texts, code: str, days: int, link: str) -> None:
        self._texts = texts
        self._values = {"code": code, "days": days, "link": link}

    def short(self) -> str:
        """For a text message."""
        return self._texts("contact_later.sms", **self._values).translate(_PLAIN)

    def mail(self, settings: MailSettings, address: str) -> EmailMessage:
        """For the mailbox ``address``."""
        mail = EmailMessage()
        mail["From"] = formataddr((settings.sender_name, settings.sender))
        mail["To"] = address
        mail["Subject"] = self._texts("contact_later.subject")
        mail["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        care = self._texts("contact_later.care")
        mail.set_content(f"{self._texts('contact_later.mail', **self._values)}\n\n{care}\n")
        return mail


class MailSender:
    """Over SMTP."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def send(self, address: str, text: Sent) -> None:
        """See :class:`Sender`."""
        settings = self._settings
        mail = text.mail(settings, address)
        try:
            with self._connected() as server:
                if settings.user:
                    server.login(settings.user, settings.password)
                server.send_message(mail, settings.sender, [address])
        except (OSError, smtplib.SMTPException, UnicodeError) as exc:
            raise NotSentError(type(exc).__name__) from exc

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security is Security.TLS:
            return smtplib.SMTP_SSL(
                settings.host,
                settings.port,
                timeout=settings.timeout_s,
                context=ssl.create_default_context(),
            )
        server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
        if settings.security is Security.STARTTLS:
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


class SmsSender:
    """Over an HTTP gateway."""

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings

    def send(self, address: str, text: Sent) -> None:
        """See :class:`Sender`."""
        settings = self._settings
        body = {
            **settings.fields,
            settings.to_field: address,
            settings.text_field: text.short(),
        }
        headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        try:
            with httpx.Client(timeout=settings.timeout_s, trust_env=False) as client:
                answer = client.post(settings.url, json=body, headers=headers)
        except httpx.HTTPError as exc:
            raise NotSentError(type(exc).__name__) from exc
        if not answer.is_success:
            raise NotSentError(f"status {answer.status_code}")


def senders_of(settings: ContactSettings) -> Mapping[str, Sender]:
    """The ways that are configured, by channel."""
    found: dict[str, Sender] = {}
    if settings.mail is not None:
        found[EMAIL] = MailSender(settings.mail)
    if settings.sms is not None:
        found[MOBILE] = SmsSender(settings.sms)
    return found


def all_texts() -> Mapping[str, Texts]:
    """Texts by language."""
    return {language: Texts.load(language) for language in LANGUAGES}
