"""Posts one result to its provider's server, and hears how that went.

Rules, in order: only ``https``, only the address that the operator configured, with the authority
configured for it; no redirect is followed, no proxy of the environment used; the request is signed
(RFC 9421) with the key that the provider was given, over the idempotency key too, and over the code
of the customer's sheet where the journal has it; nothing of the answer is read but its status and
how long to wait, and the whole post has one deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from central.archive.result_rows import ProviderRow, ResultRow
from central.provider.queue import Failure
from kiosk.crypto.http_signatures import sign_request
from kiosk.crypto.signing import SigningKey

IDEMPOTENCY: Final = "Idempotency-Key"
SLIP: Final = "Visavis-Slip"
"""The code of the customer's sheet; covered by the signature where it is there."""
RESULT_TYPE: Final = "application/vnd.age"
DEADLINE_S: Final = 20.0
_MAX_URL = 500


def require_url(url: str) -> None:
    """Raises ValueError unless results may be posted to ``url``."""
    parts = urlsplit(url)
    port = parts.port  # raises ValueError for one that is no number
    plain = not parts.username and not parts.password and not parts.fragment
    if parts.scheme != "https" or not parts.hostname or not plain or len(url) > _MAX_URL:
        raise ValueError("an https address without user and fragment")
    if port == 0:
        raise ValueError("port")


def trust_of(ca_pem: str) -> ssl.SSLContext:
    """What the provider's server is checked against. Raises ValueError for no certificate."""
    try:
        context = ssl.create_default_context(cadata=ca_pem or None)
    except ssl.SSLError as exc:
        raise ValueError("certificate") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True, slots=True)
class Posting:
    """Posts to one provider.

    Attributes:
        provider: as configured.
        client: with its trust; one for all posts to it.
        key: signs the requests.
        deadline_s: for one post, from the first byte to the status.
    """

    provider: ProviderRow
    client: httpx.AsyncClient
    key: SigningKey
    deadline_s: float = DEADLINE_S

    async def post(self, row: ResultRow, now: datetime, slip: str = "") -> Failure | None:
        """Post one result; None where the provider's server took it.

        Args:
            row: taken from the queue.
            now: server time.
            slip: code of the customer's sheet; left out where it is "".
        """
        if row.sealed is None:
            return Failure("erased")
        url = self.provider.url
        also = {IDEMPOTENCY: row.record_id} | ({SLIP: slip} if slip else {})
        headers = sign_request("POST", url, row.sealed, self.key, now, also=also)
        headers["Content-Type"] = RESULT_TYPE
        try:
            async with (
                asyncio.timeout(self.deadline_s),
                self.client.stream("POST", url, content=row.sealed, headers=headers) as answer,
            ):
                status, wait = answer.status_code, answer.headers.get("retry-after", "")
        except TimeoutError:
            return Failure("deadline")
        except httpx.HTTPError as exc:
            # Its text may hold addresses: the kind of the error is enough.
            return Failure(type(exc).__name__)
        if httpx.codes.is_success(status):
            return None
        return Failure(f"status {status}", _asked_wait(wait, now))


def posting_to(provider: ProviderRow, key: SigningKey) -> Posting:
    """Opens nothing yet; the caller closes the client. Raises ValueError."""
    require_url(provider.url)
    client = httpx.AsyncClient(
        verify=trust_of(provider.ca_pem),
        timeout=httpx.Timeout(DEADLINE_S),
        trust_env=False,
        follow_redirects=False,
    )
    return Posting(provider, client, key)


def concerns_all(failure: Failure) -> bool:
    """Whether a failure is about the provider's server, and not about one result."""
    word = failure.reason
    if not word.startswith("status "):
        return word != "erased"
    return word == "status 429" or word.startswith("status 5")


def _asked_wait(field: str, now: datetime) -> timedelta:
    """``Retry-After``: seconds, or a date (RFC 9110, 10.2.3); zero for anything else."""
    if field.isascii() and field.isdecimal():
        return timedelta(seconds=int(field[:9]))
    try:
        at = parsedate_to_datetime(field)
    except (ValueError, OverflowError):  # an offset may be larger than any number here
        return timedelta()
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(timedelta(), at - now)
