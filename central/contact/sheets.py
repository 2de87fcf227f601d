"""The customer's sheet by e-mail, where the customer asked for it.

Rules, in order:

1. A sheet is about a record of the device that asks, whose entry is here: no record, no mail.
2. Its words come from the device, as the screen showed them. So that nobody can make a lure of them
   they are plain text of bounded length, without any address of web or mail but those of our own
   texts, under a subject and a closing word of this side.
3. Limits: three addresses a record, so many an hour to an address and from a device.
4. The address is known while the message is handed over, and nowhere after: a keyed hash stays for
   a day. Nothing of the sheet stays.
5. Asked again for the same sheet and address, nothing is sent twice; one that failed is.

Source: domain.md 5.4.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Final

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.sheet_rows import SheetRow
from central.contact.challenges import RefusedError, address_hash, pepper_of
from central.contact.messages import NotSentError, Sender
from central.contact.settings import MailSettings
from kiosk.crypto.signing import SigningKey
from kiosk.domain.contact import email_address
from kiosk.domain.errors import ContactAddressError
from kiosk.domain.ids import DeviceId
from kiosk.sync.contact import EMAIL, SheetOrder
from kiosk.texts import Texts

ADDRESSES_PER_RECORD: Final = 3
PER_ADDRESS: Final = 6
PER_DEVICE: Final = 120
_HOUR, _KEPT = timedelta(hours=1), timedelta(days=1)
_STALE = timedelta(minutes=2)
"""A sheet that is "sending" for longer died on its way: it may be sent again."""
_SENDING, _SENT, _FAILED = "sending", "sent", "failed"
_OURS: Final = frozenset({"cnil.fr"})
"""Addresses of the web that sheets name."""
_ADDRESS: Final = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}", re.IGNORECASE)
_LURES: Final = re.compile(r"@|://|\bwww\b|\bhttps?\b", re.IGNORECASE)
_SPACES: Final = {ord(space): " " for space in "\n\xa0\u202f"}
_SIZES: Final = {"normal": "16px", "english": "16px", "easy": "20px", "large": "26px"}


def require_plain(text: str) -> None:
    """Raises ValueError where a text holds what no sheet holds."""
    if not text.translate(_SPACES).isprintable():
        raise ValueError("signs")
    found = {address.lower() for address in _ADDRESS.findall(text)}
    if _LURES.search(text) or found - _OURS:
        raise ValueError("an address")


class SheetMessage:
    """One sheet as a message: text, and the same as a page in letters of the chosen size."""

    def __init__(self, texts: Texts, order: SheetOrder) -> None:
        self._texts = texts
        self._order = order

    def short(self) -> str:
        """No sheet goes by text message: its subject only."""
        return self._texts("contact_sheet.subject")

    def mail(self, settings: MailSettings, address: str) -> EmailMessage:
        """For the mailbox ``address``."""
        care = self._texts("contact_sheet.care")
        mail = EmailMessage()
        mail["From"] = formataddr((settings.sender_name, settings.sender))
        mail["To"] = address
        mail["Subject"] = self._texts("contact_sheet.subject")
        mail["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{self._order.text}\n\n{care}\n")
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self._order.text.split("\n"))
        size, language = _SIZES[self._order.variant], self._order.language
        page = (
            f'<!doctype html><html lang="{language}"><body style="font-size:{size};'
            f'line-height:1.5;font-family:sans-serif">{lines}<hr><p>{html.escape(care)}</p>'
            "</body></html>"
        )
        mail.add_alternative(page, subtype="html")
        return mail


class Sheets:
    """Mails sheets."""

    def __init__(
        self, database: Database, key: SigningKey, sender: Sender | None, texts: Mapping[str, Texts]
    ) -> None:
        """Key: of the collector's log, keys the hashes. Sender: of mail, None where there is none.

        Texts: by language.
        """
        self._database = database
        self._pepper = pepper_of(key)
        self._sender = sender
        self._texts = texts

    def send(self, device_id: DeviceId, seq: int, order: SheetOrder, now: datetime) -> bool:
        """Mail a sheet; whether this call did, and not one before.

        Raises:
            RefusedError: 422 address or text, 404 entry-unknown, 429 too-often, 502 not-sent,
                503 channel-closed.
        """
        _require_sound(order)
        sender = self._sender
        if sender is None:
            raise RefusedError(503, "channel-closed")
        row = SheetRow(device_id, seq, self._hash(order), order.variant, _SENDING, _text(now))
        with self._database.writing(device_id) as ledger:
            if not self._begin(ledger, row, now):
                return False
        try:
            sender.send(order.address, SheetMessage(self._texts[order.language], order))
        except NotSentError as exc:
            self._end(row, _FAILED)
            raise RefusedError(502, "not-sent") from exc
        self._end(row, _SENT)
        return True

    def _begin(self, ledger: Ledger, row: SheetRow, now: datetime) -> bool:
        """Rules 1, 3 and 5, in one transaction; False where it was sent before."""
        entry = ledger.entry(row.device_id, row.seq)
        if entry is None or entry.record_id is None:
            raise RefusedError(404, "entry-unknown")
        ledger.sheets.forget(_text(now - _KEPT))
        held = ledger.sheets.of_record(row.device_id, row.seq)
        for other in held:
            same = (other.address_hash, other.variant) == (row.address_hash, row.variant)
            stale = now - datetime.fromisoformat(other.sent_at) >= _STALE
            if same and (other.status == _SENT or (other.status == _SENDING and not stale)):
                return False
        self._require_rate(ledger, row, held, now)
        ledger.sheets.put(row)
        return True

    @staticmethod
    def _require_rate(
        ledger: Ledger, row: SheetRow, held: tuple[SheetRow, ...], now: datetime
    ) -> None:
        since = _text(now - _HOUR)
        addresses = {other.address_hash for other in held} | {row.address_hash}
        times = ledger.sheets.times_to_address(row.address_hash, since)
        if (
            len(addresses) > ADDRESSES_PER_RECORD
            or len(times) >= PER_ADDRESS
            or ledger.sheets.count_of_device(row.device_id, since) >= PER_DEVICE
        ):
            raise RefusedError(429, "too-often", int(_HOUR.total_seconds()))

    def _end(self, row: SheetRow, status: str) -> None:
        ended = SheetRow(row.device_id, row.seq, row.address_hash, row.variant, status, row.sent_at)
        # It happened, wherever that can be written down: the agent must not be told otherwise.
        with self._database.writing(row.device_id, local=True) as ledger:
            ledger.sheets.put(ended)

    def _hash(self, order: SheetOrder) -> bytes:
        return address_hash(self._pepper, EMAIL, order.address)


def _require_sound(order: SheetOrder) -> None:
    """Raises RefusedError for an address that is none, or words that no sheet holds."""
    try:
        fits = email_address(order.address) == order.address
    except ContactAddressError:
        fits = False
    if not fits:
        raise RefusedError(422, "address")
    try:
        require_plain(order.text)
    except ValueError as exc:
        raise RefusedError(422, "text") from exc


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
