"""Ways to the digital identity: when each is done, what to bring, and its address.

Rules, in order:

1. The counter comes first, then the customer's own telephone (face to face, or remote), then paper.
2. Who is eligible is offered every way but paper; who lacks only a smartphone or a number, paper.
3. A delay is told as a date, with the hour where it is known, never as “within 24 hours”.
4. An address is one of our own data, on a host of our own list, in https, without parameters. No
   address that was read from a code ever becomes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from kiosk.advice.calendar import Calendar
from kiosk.advice.dated import SPAN_KEYS, Span, in_force, never_twice, span_of
from kiosk.advice.delays import Delays
from kiosk.advice.eligibility import Alternative, Finding
from kiosk.documents.data import choice_of, only, tables_of, text_of, texts_of, toml_of
from kiosk.domain.errors import CatalogueError

MAX_ADDRESS: Final = 200


class ChannelId(StrEnum):
    """A way; key of the texts ``channel.<value>.*``."""

    COUNTER = "counter"
    ONLINE_FACE_TO_FACE = "online-face-to-face"
    ONLINE_REMOTE = "online-remote"
    PAPER = "paper"


class DelayKind(StrEnum):
    """How long a way takes."""

    NOW = "now"
    NONE = "none"
    REMOTE = "remote"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Channel:
    """A way, as data.

    Attributes:
        channel_id: which.
        delay: how long it takes.
        address: where it begins, https.
        bring: keys of the texts ``channel.bring.<key>``.
        span: source and days.
    """

    channel_id: ChannelId
    delay: DelayKind
    address: str
    bring: tuple[str, ...]
    span: Span

    @property
    def short_address(self) -> str:
        """The address as a person types it: without ``https://`` and ``www.``."""
        return self.address.removeprefix("https://").removeprefix("www.").rstrip("/")

    @property
    def qr_payload(self) -> str:
        """What the QR code on the customer's screen and on paper holds."""
        return self.address


@dataclass(frozen=True, slots=True)
class Proposal:
    """A way, for a customer at a moment.

    Attributes:
        channel: the way.
        ready_by: aware, in the time of Paris; None where no hour is known.
        about: estimated day (rule 2 of the delays); None where there is none.
    """

    channel: Channel
    ready_by: datetime | None = None
    about: date | None = None


@dataclass(frozen=True, slots=True)
class Channels:
    """All ways, with their past and coming ones.

    Attributes:
        version: of the data.
        channels: in the order in which they are proposed.
    """

    version: str
    channels: tuple[Channel, ...]

    def propose(
        self, finding: Finding, now: datetime, calendar: Calendar, delays: Delays
    ) -> tuple[Proposal, ...]:
        """The ways that are open to somebody, the nearest first; empty where none is.

        Raises:
            NoFactError: no delay is known for that day.
            DayRangeError: a year that the calendar does not know.
        """
        today = now.astimezone(calendar.metropole.zone).date()
        return tuple(
            _proposal(channel, now, calendar, delays)
            for channel in in_force(self.channels, today)
            if _is_open(channel.channel_id, finding)
        )

    def get(self, channel_id: ChannelId, day: date) -> Channel | None:
        """One way, None where it does not hold on a day."""
        found = (item for item in in_force(self.channels, day) if item.channel_id is channel_id)
        return next(found, None)


def _is_open(channel: ChannelId, finding: Finding) -> bool:
    if channel is ChannelId.PAPER:
        return finding.alternative is Alternative.PAPER_PROCEDURE
    return finding.eligible


def _proposal(channel: Channel, now: datetime, calendar: Calendar, delays: Delays) -> Proposal:
    local = now.astimezone(calendar.metropole.zone)
    match channel.delay:
        case DelayKind.NOW:
            return Proposal(channel, ready_by=local)
        case DelayKind.REMOTE:
            return Proposal(channel, ready_by=_whole(delays.remote_ready_by(now, calendar)))
        case DelayKind.PAPER:
            return Proposal(channel, about=delays.letter_about(local.date(), calendar))
        case DelayKind.NONE:
            return Proposal(channel)


def _whole(moment: datetime) -> datetime:
    """The next whole minute: a promise is never told earlier than it is."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def load_channels(data: bytes) -> Channels:
    """Type the data of ``channels.toml``.

    Raises:
        CatalogueError: no TOML, a wrong value, or an address that rule 4 does not allow.
    """
    table = toml_of(data, "channels")
    only(table, {"version", "hosts", "channel"}, "channels")
    hosts = texts_of(table, "hosts")
    channels = (_channel_of(item, hosts) for item in tables_of(table, "channel"))
    return Channels(
        text_of(table, "version"), never_twice(channels, lambda item: item.channel_id.value)
    )


def _channel_of(table: Mapping[str, Any], hosts: tuple[str, ...]) -> Channel:
    only(table, SPAN_KEYS | {"id", "delay", "address", "bring"}, "channel")
    return Channel(
        choice_of(ChannelId, text_of(table, "id")),
        choice_of(DelayKind, text_of(table, "delay")),
        _address_of(text_of(table, "address"), hosts),
        texts_of(table, "bring"),
        span_of(table),
    )


def _address_of(text: str, hosts: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(text)
        plain = (parts.scheme, parts.netloc) == ("https", parts.hostname)
    except ValueError as exc:
        raise CatalogueError("address") from exc
    if not plain or parts.hostname not in hosts or parts.query or parts.fragment:
        raise CatalogueError("address: https, on a listed host, without parameters")
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > MAX_ADDRESS:
        raise CatalogueError("address: printable ASCII")
    return text
