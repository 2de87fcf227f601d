"""Numbers that are worth a question to somebody: signals of conduct, never proof.

Rules, in order:

1. Nothing is computed that needs a record opened, or more about anybody than the journals hold.
2. An agent is compared with the colleagues of the own office where there are enough of them, else
   with the fleet's; the usual rate is a median (:mod:`central.auditor.chance`).
3. A signal needs all of: enough acts, enough of what is counted, several times the usual rate, and
   a chance smaller than one false alarm shared out over everybody compared.
4. Each signal carries its numbers, what it may mean, and what innocent thing it may be.
5. What cannot be told from the entries is said, not guessed: the same document at several counters
   (no entry names a document, in any form). Who wants to know that compares records, on an order
   (:mod:`central.auditor.comparison`). What the entries do tell is counted: the same request at
   several counters, and that a visit was abandoned after a mismatch, not which.

Source: records-and-sync section 3, rows 4, 5, 11, 12, and section 8, case 10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any, Final

from central.archive.layout import Layout
from central.archive.storage import open_database
from central.auditor.chance import at_least, at_most, usual
from central.auditor.conduct import Conduct, Conducts, DeviceConduct
from central.auditor.journals import ClosingsOf, headers_of
from central.auditor.thresholds import Thresholds, load_thresholds
from kiosk.domain.decision import Outcome
from kiosk.texts import Texts

NOT_COMPUTED: Final = ("same_document",)


@dataclass(frozen=True, slots=True)
class Signal:
    """One number worth a question.

    Attributes:
        code: key of the texts ``signals.CODE``.
        who: badge of an agent, or number of a device.
        office: where.
        numbers: what it rests on.
        chance: that an honest agent shows it, where that was computed.
    """

    code: str
    who: str
    office: str
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    chance: float | None = None

    def explained(self, tr: Texts) -> dict[str, str]:
        """Title, what was counted, what it may mean, and what innocent thing it may be."""
        key = f"signals.{self.code}"
        return {
            "title": tr(f"{key}.title"),
            "counted": tr(f"{key}.counted", **dict(self.numbers)),
            "innocent": tr(f"{key}.innocent"),
        }


@dataclass(frozen=True, slots=True)
class SignalReport:
    """Every signal of a period, the least likely first.

    Attributes:
        signals: see :class:`Signal`.
        agents / devices: how many were looked at.
        compared: agents with enough acts and enough colleagues to be compared.
        thresholds: version of the data.
        unreadable: entries that did not verify; they count for nothing here.
    """

    signals: tuple[Signal, ...]
    agents: int
    devices: int
    compared: int
    thresholds: str
    unreadable: int = 0
    not_computed: tuple[str, ...] = NOT_COMPUTED


def find_signals(layout: Layout, first: datetime, last: datetime) -> SignalReport:
    """The signals of a period; ``first`` and ``last`` aware. Raises CatalogueError, StoreError."""
    layout.require()
    thresholds = load_thresholds(last.date())
    conducts, unreadable = Conducts(thresholds, first, last), 0
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            for device in ledger.devices():
                counted = headers_of(ledger, device)
                conducts.read(device.device_id, device.office_id, counted)
                unreadable += counted.unreadable
            # A second look, at few: whoever accepts a request may be read before whoever refused.
            for device in ledger.devices():
                conducts.follow(ClosingsOf(ledger, device, conducts.requests))
    finally:
        database.close()
    conducts.settle()
    return judge(conducts, thresholds, unreadable)


def judge(conducts: Conducts, thresholds: Thresholds, unreadable: int = 0) -> SignalReport:
    """The signals in what was counted."""
    agents = [one for one in conducts.agents.values() if one.agent != "?"]
    able = [one for one in agents if one.opened >= thresholds.table.min_cases]
    found: list[Signal] = []
    for one in able:
        peers = _peers(one, able, thresholds)
        if peers:
            found += _Compared(one, peers, len(able), thresholds).signals()
    for one in agents:
        found += _alone(one, thresholds)
    found += [one for device in conducts.devices for one in _of_device(device, thresholds)]
    found.sort(key=lambda s: (s.chance if s.chance is not None else 0.5, s.code, s.who))
    compared = sum(bool(_peers(one, able, thresholds)) for one in able)
    return SignalReport(
        tuple(found), len(agents), len(conducts.devices), compared, thresholds.version, unreadable
    )


def _peers(one: Conduct, able: Sequence[Conduct], thresholds: Thresholds) -> list[Conduct]:
    """Colleagues to compare with: the own office's, else the fleet's, else none."""
    others = [other for other in able if other is not one]
    own = [other for other in others if other.office == one.office]
    enough = thresholds.table.min_peers
    return own if len(own) >= enough else others if len(others) >= enough else []


Share = Callable[[Conduct], tuple[int, int]]
_REFUSED, _ABANDONED = Outcome.REFUSED.value, Outcome.ABANDONED.value
_RATES: Final[Mapping[str, Share]] = {
    "pace": lambda c: (c.quick, c.timed),
    "hours": lambda c: (c.outside, c.judged),
    "refusals": lambda c: (c.outcomes[_REFUSED], c.decided),
    "abandoned": lambda c: (c.outcomes[_ABANDONED], c.ended),
    "killed": lambda c: (c.lost + c.interrupted, c.opened),
    "failures": lambda c: (c.failures, c.failures + c.opened),
    # Of all cases, not of the few that were abandoned: of these, two in five are soon chance.
    "abort_after_mismatch": lambda c: (c.against, c.opened if c.told else 0),
    "elsewhere": lambda c: (c.overruled, c.outcomes[Outcome.ACCEPTED.value]),
}


class _Compared:
    """One agent beside the colleagues."""

    def __init__(
        self, one: Conduct, peers: list[Conduct], compared: int, thresholds: Thresholds
    ) -> None:
        self._one, self._peers = one, peers
        self._table = thresholds.table
        tests = compared * (len(_RATES) + 1)
        self._surprising = self._table.false_alarm / tests

    def signals(self) -> list[Signal]:
        found = [self._more(code, share) for code, share in _RATES.items()]
        found.append(self._never_refuses())
        return [one for one in found if one is not None]

    def _usual(self, share: Share) -> float | None:
        rates = [count / of for count, of in map(share, self._peers) if of]
        enough = len(rates) >= self._table.min_peers
        return usual(rates, self._table.least_rate) if enough else None

    def _more(self, code: str, share: Share) -> Signal | None:
        count, of = share(self._one)
        rate = self._usual(share)
        if rate is None or count < self._table.min_count or count < self._table.ratio * rate * of:
            return None
        chance = at_least(count, of, rate, self._table.spread)
        if chance >= self._surprising:
            return None
        numbers = self._numbers(count, of, rate)
        if code == "pace":
            numbers["median_s"] = round(median(self._one.seconds)) if self._one.seconds else 0
        return Signal(code, self._one.agent, self._one.office, numbers, chance)

    def _never_refuses(self) -> Signal | None:
        """Fewer refusals than colleagues, by far: a stamp instead of a look."""
        share = _RATES["refusals"]
        count, of = share(self._one)
        rate = self._usual(share)
        if rate is None or count * self._table.ratio > rate * of:
            return None
        chance = at_most(count, of, rate, self._table.spread)
        if chance >= self._surprising:
            return None
        numbers = self._numbers(count, of, rate)
        return Signal("never_refuses", self._one.agent, self._one.office, numbers, chance)

    def _numbers(self, count: int, of: int, rate: float) -> dict[str, int | float | str]:
        return {
            "count": count,
            "of": of,
            "percent": round(100 * count / of, 1),
            "usual_percent": round(100 * rate, 1),
            "peers": len(self._peers),
        }


def _alone(one: Conduct, thresholds: Thresholds) -> list[Signal]:
    """What says something without colleagues to compare with."""
    table, found = thresholds.table, []
    for code, count, least in (
        ("unlocked", one.unlocked, table.min_unlocks),
        ("unlocks", one.unlocks, table.min_unlocks),
        ("second_try", one.second_tries, table.min_second_tries),
    ):
        if count >= least:
            found.append(Signal(code, one.agent, one.office, {"count": count}))
    places = _two_places(one, table.travel_minutes)
    if places:
        numbers = {"count": places, "minutes": table.travel_minutes}
        found.append(Signal("two_places", one.agent, one.office, numbers))
    return found


def _two_places(one: Conduct, minutes: int) -> int:
    """Cases of one badge in two offices within a few minutes of each other."""
    moments = sorted(one.moments)
    return sum(
        later[1] != earlier[1] and later[0] - earlier[0] < minutes
        for earlier, later in pairwise(moments)
    )


def _of_device(device: DeviceConduct, thresholds: Thresholds) -> list[Signal]:
    if device.jumps < thresholds.table.min_jumps:
        return []
    numbers = {"count": device.jumps, "largest_s": device.largest_s}
    return [Signal("clock", device.device_id, device.office, numbers)]


def report_json(report: SignalReport, tr: Texts) -> dict[str, Any]:
    """A report as JSON types, each signal in words."""
    return {
        "agents": report.agents,
        "devices": report.devices,
        "compared": report.compared,
        "thresholds": report.thresholds,
        "unreadable": report.unreadable,
        "caution": tr("signals.caution"),
        "not_computed": {name: tr(f"signals.not_computed.{name}") for name in report.not_computed},
        "signals": [
            {
                "code": one.code,
                "who": one.who,
                "office": one.office,
                "numbers": dict(one.numbers),
                "chance": one.chance,
                **one.explained(tr),
            }
            for one in report.signals
        ],
    }
