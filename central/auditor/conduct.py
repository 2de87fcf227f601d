"""What the journals say of how agents work: counts by badge, nothing of any customer.

Rules, in order: only entries, as their devices signed them; nothing sealed is opened; times are
what devices claim, durations come from the monotonic clock of one boot, and where a boot lies
between two entries no duration is taken; a moment that was claimed by a clock that had jumped says
nothing about hours; requests are followed over all devices, in the order of the times that these
claim: who ended one otherwise than by accepting it, and who accepted it after that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from central.auditor.thresholds import Thresholds
from kiosk.audit.entries import AGAINST_FACT, ClockState, EntryKind, Fact, Header
from kiosk.domain.decision import Outcome

MAX_MOMENTS = 50_000
_OTHERWISE = frozenset({Outcome.REFUSED.value, Outcome.ABANDONED.value})


@dataclass(slots=True)
class Conduct:
    """Counts about one agent; grows while journals are read.

    Attributes:
        agent: badge.
        offices: cases by office.
        outcomes: closed cases by outcome, those with a record.
        quick: accepted faster than is plausible.
        timed: accepted cases whose duration is known.
        seconds: of those, for the median; at most MAX_MOMENTS.
        opened: cases begun.
        outside: of those, outside of plausible hours.
        judged: of those, by a clock that can be believed.
        lost: cases that ended without a record, or never ended.
        interrupted: cases with a start of the device between opening and end.
        failures: wrong PINs.
        unlocked: lock-outs lifted for this agent.
        unlocks: lock-outs lifted by this agent.
        second_tries: own acceptances of a request that this agent had ended otherwise.
        overruled: own acceptances of a request that only others had ended otherwise.
        against: cases abandoned after a mismatch was found.
        told: abandoned cases whose entry says whether one was; builds of before did not.
        moments: (minute, office) of each case begun, for badges in two places at once.
    """

    agent: str
    offices: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    quick: int = 0
    timed: int = 0
    seconds: list[int] = field(default_factory=list)
    opened: int = 0
    outside: int = 0
    judged: int = 0
    lost: int = 0
    interrupted: int = 0
    failures: int = 0
    unlocked: int = 0
    unlocks: int = 0
    second_tries: int = 0
    overruled: int = 0
    against: int = 0
    told: int = 0
    moments: list[tuple[int, str]] = field(default_factory=list)

    @property
    def office(self) -> str:
        """Where this agent works most; the first by name of several."""
        most = max(self.offices.values(), default=0)
        return min((name for name, count in self.offices.items() if count == most), default="")

    @property
    def decided(self) -> int:
        """Cases accepted or refused."""
        return self.outcomes[Outcome.ACCEPTED.value] + self.outcomes[Outcome.REFUSED.value]

    @property
    def ended(self) -> int:
        """Cases that ended in a record."""
        return self.outcomes.total()


@dataclass(slots=True)
class DeviceConduct:
    """Counts about one device: clock jumps of a size that matters, and the sum of their sizes."""

    device_id: str
    office: str
    entries: int = 0
    jumps: int = 0
    largest_s: int = 0


class Conducts:
    """Reads journals, one device after the other."""

    def __init__(self, thresholds: Thresholds, first: datetime, last: datetime) -> None:
        """``requests`` are those that were ended otherwise than by accepting them.

        Entries claimed before ``first`` or from ``last`` on are passed over.
        """
        self._thresholds = thresholds
        self._first, self._last = first, last
        self.agents: dict[str, Conduct] = {}
        self.devices: list[DeviceConduct] = []
        self.requests: set[str] = set()
        self._attempts: dict[str, list[tuple[datetime, str, bool]]] = {}

    def read(self, device_id: str, office: str, headers: Iterable[Header]) -> None:
        """Read the journal of one device, in order."""
        device = DeviceConduct(device_id, office)
        opened: dict[str, tuple[Header, int]] = {}
        boots = 0
        for header in headers:
            if header.kind is EntryKind.BOOT:
                boots += 1
            if not self._first <= header.wall_time < self._last:
                continue
            device.entries += 1
            self._count(device, header)
            case = _text(header.facts.get("case"))
            if header.kind is EntryKind.VERIFY_OPEN and case:
                opened[case] = (header, boots)
                self._open(header, office)
            elif header.kind is EntryKind.VERIFY_CLOSE and case:
                self._close(header, opened.pop(case, None), boots)
        for header, _ in opened.values():
            # An open case of today may still end; of an older day it will not.
            if (self._last - header.wall_time).days >= 1:
                self._of(header).lost += 1
        self.devices.append(device)

    def _of(self, header: Header, part: str = "agent") -> Conduct:
        agent = _text(header.facts.get(part)) or "?"
        return self.agents.setdefault(agent, Conduct(agent))

    def _count(self, device: DeviceConduct, header: Header) -> None:
        if header.kind is EntryKind.LOGIN_FAIL:
            self._of(header).failures += 1
        elif header.kind is EntryKind.LOCKOUT and header.facts.get("lifted") is True:
            self._of(header).unlocked += 1
            self._of(header, "by").unlocks += 1
        elif header.kind is EntryKind.CLOCK_JUMP:
            size = header.facts.get("jump_s")
            if isinstance(size, int) and abs(size) >= self._thresholds.table.jump_s:
                device.jumps += 1
                device.largest_s = max(device.largest_s, abs(size))

    def _open(self, header: Header, office: str) -> None:
        conduct = self._of(header)
        conduct.opened += 1
        conduct.offices[office] += 1
        if header.clock_state is ClockState.JUMPED:
            return
        conduct.judged += 1
        conduct.outside += self._thresholds.outside(header.wall_time, office)
        if len(conduct.moments) < MAX_MOMENTS:
            conduct.moments.append((int(header.wall_time.timestamp()) // 60, office))

    def _close(self, header: Header, opening: tuple[Header, int] | None, boots: int) -> None:
        conduct = self._of(header)
        outcome = _text(header.facts.get("outcome"))
        if header.facts.get("sealed") is False:
            conduct.lost += 1
            return
        conduct.outcomes[outcome] += 1
        if outcome == Outcome.ABANDONED and isinstance(header.facts.get(AGAINST_FACT), bool):
            conduct.told += 1
            conduct.against += header.facts[AGAINST_FACT] is True
        if outcome in _OTHERWISE:
            self.requests.update(filter(None, [_text(header.facts.get("request"))]))
        if opening is None:
            return
        begun, boots_then = opening
        if boots != boots_then or begun.boot_id != header.boot_id:
            conduct.interrupted += 1
            return
        if outcome == Outcome.ACCEPTED:
            seconds = (header.mono_ms - begun.mono_ms) // 1000
            procedure = _text(begun.facts.get("procedure"))
            conduct.timed += 1
            conduct.quick += seconds < self._thresholds.quickest_of(procedure)
            if len(conduct.seconds) < MAX_MOMENTS:
                conduct.seconds.append(seconds)

    def follow(self, closings: Iterable[Header]) -> None:
        """Take closing entries about :attr:`requests`, once every journal was read."""
        for header in closings:
            outcome = _text(header.facts.get("outcome"))
            request = _text(header.facts.get("request"))
            accepted = outcome == Outcome.ACCEPTED
            told = header.kind is EntryKind.VERIFY_CLOSE and (accepted or outcome in _OTHERWISE)
            if told and request in self.requests and self._first <= header.wall_time < self._last:
                attempt = (header.wall_time, _text(header.facts.get("agent")), accepted)
                self._attempts.setdefault(request, []).append(attempt)

    def settle(self) -> None:
        """Count, once every closing entry was taken."""
        for attempts in self._attempts.values():
            before = set[str]()
            for _, agent, accepted in sorted(attempts):
                if not accepted:
                    before.add(agent)
                elif before and agent in self.agents:
                    conduct = self.agents[agent]
                    conduct.second_tries += agent in before
                    conduct.overruled += agent not in before
        self._attempts.clear()


def _text(fact: Fact) -> str:
    return fact if isinstance(fact, str) else ""
