"""Posts results as they come, many providers at once, none of them in another one's way.

Rules, in order: a provider has at most so many posts on their way, so that a slow one costs the
others nothing; a server that fails is left alone for a while, longer each time, and then asked with
one result only; every process of the collector may run this over the same database.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from central.archive.faults import StoreError
from central.archive.layout import FolderError
from central.archive.result_rows import ProviderRow, ResultRow
from central.provider.posting import Posting, concerns_all, posting_to
from central.provider.queue import LONGEST_WAIT, Failure, ResultQueue
from kiosk.crypto.signing import SigningKey
from kiosk.sync.retry import delay_s

_log = logging.getLogger("visavis.provider")
PAUSE_S: Final = 0.25
AT_ONCE: Final = 8
_ERASE_EVERY = timedelta(hours=1)


@dataclass
class _Line:
    """One provider: its connection, what is on its way, and how its server has been."""

    posting: Posting
    on_the_way: set[asyncio.Task[None]] = field(default_factory=set)
    failures: int = 0
    rest_until: datetime | None = None

    def room(self, now: datetime) -> int:
        """How many more posts may go out now."""
        if self.rest_until is not None and now < self.rest_until:
            return 0
        return max(0, (1 if self.failures else AT_ONCE) - len(self.on_the_way))


class Sender:
    """Runs beside the collector."""

    def __init__(
        self,
        queue: ResultQueue,
        key: Callable[[], SigningKey],
        now: Callable[[], datetime],
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Key: signs posts; raises FolderError while there is none. Draw: for the jitter."""
        self._queue = queue
        self._key = key
        self._now = now
        self._draw = draw
        self._lines: dict[str, _Line] = {}
        self._erased_at: datetime | None = None

    async def run(self) -> None:
        """Send until cancelled; what is on its way then is sent again by whoever comes next."""
        try:
            while True:
                try:
                    await self.turn()
                except Exception as exc:  # noqa: BLE001 - a store that is away comes back
                    _log.warning(json.dumps({"results": type(exc).__name__}))
                await asyncio.sleep(PAUSE_S)
        finally:
            for issuer in list(self._lines):
                await self._close(issuer)

    async def turn(self) -> None:
        """Release what has arrived, and begin the posts that are due."""
        now = self._now()
        await asyncio.to_thread(self._queue.release, now)
        await self._configure(await asyncio.to_thread(self._queue.providers))
        for issuer, line in self._lines.items():
            room = line.room(now)
            if not room:
                continue
            for row in await asyncio.to_thread(self._queue.take, issuer, room, now):
                task = asyncio.create_task(self._deliver(line, row))
                line.on_the_way.add(task)
                task.add_done_callback(line.on_the_way.discard)
        if self._erased_at is None or now - self._erased_at >= _ERASE_EVERY:
            self._erased_at = now
            await asyncio.to_thread(self._queue.erase_old, now)

    async def settled(self) -> None:
        """Wait for the posts that are on their way."""
        tasks = [task for line in self._lines.values() for task in line.on_the_way]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _configure(self, providers: tuple[ProviderRow, ...]) -> None:
        """A line for each provider that results are posted to, as it is configured now."""
        wanted = {provider.issuer: provider for provider in providers if provider.url}
        for issuer, line in list(self._lines.items()):
            if wanted.get(issuer) != line.posting.provider:
                await self._close(issuer)
        for issuer, provider in wanted.items():
            if issuer not in self._lines:
                try:
                    self._lines[issuer] = _Line(posting_to(provider, self._key()))
                except (ValueError, FolderError) as exc:
                    _log.warning(json.dumps({"provider": type(exc).__name__}))

    async def _close(self, issuer: str) -> None:
        line = self._lines.pop(issuer)
        for task in list(line.on_the_way):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await line.posting.client.aclose()

    async def _deliver(self, line: _Line, row: ResultRow) -> None:
        try:
            await self._post(line, row)
        except StoreError as exc:
            # How it went is not known to the store: it is posted again when its lease is over.
            _log.warning(json.dumps({"results": type(exc).__name__}))

    async def _post(self, line: _Line, row: ResultRow) -> None:
        (slip,) = await asyncio.to_thread(self._queue.slip_codes, (row,))
        try:
            failure = await line.posting.post(row, self._now(), slip)
        except Exception as exc:  # noqa: BLE001 - whatever it was, it is tried again, and later
            failure = Failure(type(exc).__name__)
        now = self._now()
        if failure is None:
            line.failures, line.rest_until = 0, None
            await asyncio.to_thread(self._queue.delivered, row, now)
        else:
            self._note(line, failure, now)
            give_up = timedelta(days=line.posting.provider.give_up_days)
            await asyncio.to_thread(self._queue.failed, row, failure, give_up, self._draw(), now)
        told = {"result": "delivered" if failure is None else failure.reason}
        _log.info(json.dumps(told | {"attempt": row.attempts}))

    def _note(self, line: _Line, failure: Failure, now: datetime) -> None:
        """Leave a server alone that fails; a refusal of one result says nothing about others."""
        if not concerns_all(failure):
            return
        line.failures += 1
        wait = timedelta(seconds=delay_s(line.failures, self._draw()))
        line.rest_until = now + max(wait, min(failure.wait, LONGEST_WAIT))
