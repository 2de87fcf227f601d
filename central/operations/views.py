"""The pages: each reads one consistent state of the database, a few rows of it, and shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from central.archive import fleet_filters as filters
from central.archive.faults import StoreError
from central.archive.fleet_filters import Filter
from central.archive.fleet_order import Order, Sort
from central.archive.fleet_pages import AlarmLine, DeviceLine, Limits
from central.archive.reader import Reader, Reading
from central.operations.asking import Ask, NotFoundError, RefusedError, number_of
from central.operations.attention import FORKS, GRAVE, KNOWN_ALARMS, points_of
from central.operations.census import CensusTaker, limits_at
from central.operations.deeds import Deeds, Finding
from central.operations.listing import VIEWS, beginning_of, listing_of
from central.operations.pages import Pages
from central.operations.records import records_named
from kiosk.domain.ids import DeviceId

PAGE: Final = 50
_FOUND: Final = 50
_MAX_SEQ: Final = 2**40


class Views:
    """Answers what somebody who is signed in asks."""

    def __init__(self, reader: Reader, census: CensusTaker, deeds: Deeds, pages: Pages) -> None:
        self._reader = reader
        self._census = census
        self._deeds = deeds
        self._pages = pages

    def _page(self, ask: Ask, name: str, *, status: int = 200, **values: Any) -> Response:
        speech = self._pages.speech(ask.language, ask.now)
        told: Mapping[str, Any] = {
            "ask": ask,
            "grave": GRAVE,
            "limits": self._limits(ask),
            "search": "",
            **values,
        }
        return self._pages.page(name, speech, told, status)

    def _limits(self, ask: Ask) -> Limits:
        """What is unusual now, by the newest count; without it where that cannot be had."""
        try:
            return limits_at(ask.now, self._census.now(ask.now).lost.devices)
        except (StoreError, OSError):
            return limits_at(ask.now)

    def overview(self, ask: Ask) -> Response:
        """``GET /``: what needs somebody first, then the figures."""
        count = self._census.now(ask.now)
        acknowledged = self._deeds.acknowledged()
        unbroken = self._deeds.unbroken
        points = points_of(count, acknowledged, deeds_unbroken=unbroken, now=ask.now)
        return self._page(ask, "overview", count=count, points=points)

    def devices(self, ask: Ask) -> Response:
        """``GET /devices``: a page of a list."""
        listing = listing_of(ask)
        count = self._census.now(ask.now)
        with self._reader.reading() as state:
            found = state.fleet.page(listing.order(ask, count), ask.cursor(), PAGE)
        values: dict[str, Any] = {
            "listing": listing,
            "found": found,
            "views": VIEWS,
            "builds": listing.builds(count),
        }
        return self._page(ask, "devices", **values)

    def device(self, ask: Ask) -> Response:
        """``GET /devices/{device}``: all that is known of one."""
        name = ask.parts["device"]
        after = ask.number("after")
        with self._reader.reading() as state:
            line = state.fleet.device(name)
            if line is None:
                raise NotFoundError
            held = state.fleet.held_back(line.device_id, after, PAGE + 1) if line.held_back else ()
            values: dict[str, Any] = {
                "line": line,
                "held": held[:PAGE],
                "more": held[PAGE - 1].seq if len(held) > PAGE else None,
                "alarms": state.fleet.alarms(None, PAGE, name),
                "histories": state.fleet.second_histories(name),
                "missing": state.ledger.missing(line.device_id, PAGE) if line.missing else (),
                "newest_receipt": state.ledger.newest_leaf_seq(line.device_id),
            }
        said = self._deeds.acknowledged()
        return self._page(ask, "device", said=said, after=after, **values)

    def entry(self, ask: Ask) -> Response:
        """``GET /devices/{device}/{seq}``: the record of an entry, by its own page."""
        seq = number_of(ask.parts["seq"])
        if not 0 <= seq <= _MAX_SEQ:
            raise NotFoundError
        with self._reader.reading() as state:
            row = state.ledger.entry(DeviceId(ask.parts["device"]), seq)
        if row is None or row.record_id is None:
            raise NotFoundError
        return RedirectResponse(f"/records/{quote(row.record_id)}", 303)

    def record(self, ask: Ask) -> Response:
        """``GET /records/{record}``: what is held under the number of a record."""
        with self._reader.reading() as state:
            found = records_named(state.ledger, ask.parts["record"])
            log = state.ledger.log()
        if not found:
            raise NotFoundError
        size = 0 if log is None else log.size
        return self._page(ask, "record", found=found, log_size=size, record=ask.parts["record"])

    def quarantine(self, ask: Ask) -> Response:
        """``GET /quarantine``: devices with two histories, each with its reason."""
        with self._reader.reading() as state:
            found = state.fleet.page(_by(filters.quarantined()), ask.cursor(), PAGE)
            reasons = {line.device_id: _reasons(state, line.device_id) for line in found.lines}
        said = self._deeds.acknowledged()
        return self._page(ask, "quarantine", found=found, reasons=reasons, said=said)

    def alarms(self, ask: Ask) -> Response:
        """``GET /alarms``: newest first; what was acknowledged says so and stays."""
        kind = ask.asked("kind") if ask.asked("kind") in KNOWN_ALARMS else ""
        with self._reader.reading() as state:
            before = _alarm_key(ask.asked("before"))
            found = state.fleet.alarms(before, PAGE + 1, kind=kind)
        more = found[PAGE - 1] if len(found) > PAGE else None
        values: dict[str, Any] = {
            "found": found[:PAGE],
            "more": more,
            "kind": kind,
            "kinds": sorted(KNOWN_ALARMS),
        }
        first = before is None
        return self._page(ask, "alarms", said=self._deeds.acknowledged(), first=first, **values)

    def alarm(self, ask: Ask) -> Response:
        """``GET`` and ``POST /alarms/{device}/{kind}/{seq}``: one alarm; to acknowledge it."""
        found = self._alarm(ask)
        key = (str(found.device_id), found.kind, found.seq)
        wrong = False
        if ask.method == "POST":
            wrong = ask.said("finding") not in set(Finding)
            if not wrong:
                finding = Finding(ask.said("finding"))
                self._deeds.acknowledge(ask.now, ask.operator.name, key, finding)
                return RedirectResponse(ask.path, 303)
        values: dict[str, Any] = {
            "alarm": found,
            "findings": tuple(Finding),
            "stays": found.kind in FORKS,
        }
        said = self._deeds.acknowledged().get(key)
        status = 400 if wrong else 200
        return self._page(ask, "alarm", status=status, said=said, wrong=wrong, **values)

    def _alarm(self, ask: Ask) -> AlarmLine:
        seq = number_of(ask.parts["seq"])
        if not 0 <= seq <= _MAX_SEQ:
            raise NotFoundError
        with self._reader.reading() as state:
            found = state.fleet.alarm(ask.parts["device"], ask.parts["kind"], seq)
        if found is None:
            raise NotFoundError
        return found

    def log(self, ask: Ask) -> Response:
        """``GET /log``: who signed in, and what was acknowledged, newest first."""
        return self._page(ask, "log", deeds=self._deeds.recent(), unbroken=self._deeds.unbroken)

    def search(self, ask: Ask) -> Response:
        """``GET /search?q=``: the beginning of a device's number, a record, or an office."""
        wanted = ask.asked("q")
        devices: tuple[DeviceLine, ...] = ()
        office = more = False
        begins = beginning_of(wanted)
        if wanted:
            with self._reader.reading() as state:
                if records_named(state.ledger, wanted):
                    return RedirectResponse(f"/records/{quote(wanted)}", 303)
                page = state.fleet.page(_by(filters.beginning(begins)), None, _FOUND)
                devices, more = page.lines, page.after is not None
                office = bool(state.fleet.page(_by(filters.of_office(wanted)), None, 1).lines)
        if len(devices) == 1 and not office:
            return RedirectResponse(f"/devices/{devices[0].device_id}", 303)
        status = 200 if devices or office or not wanted else 404
        values = {"search": wanted, "found": devices, "office": office, "more": more}
        return self._page(ask, "search", status=status, begins=begins, **values)

    def missing(self, ask: Ask) -> Response:
        """Whatever is not here."""
        return self._page(ask, "missing", status=404)

    def trouble(self, ask: Ask) -> Response:
        """The database does not answer."""
        return self._page(ask, "trouble", status=503)


def _by(one: Filter) -> Order:
    return Order(Sort.DEVICE, filters=(one,))


def _reasons(state: Reading, device_id: DeviceId) -> tuple[AlarmLine, ...]:
    """The alarms that led into quarantine."""
    return tuple(a for a in state.fleet.alarms(None, PAGE, device_id) if a.kind in FORKS)


def _alarm_key(text: str) -> AlarmLine | None:
    """Where a page of alarms begins; None for the first one."""
    parts = text.split("~")
    if len(parts) != 4 or not 0 <= number_of(parts[3]) <= _MAX_SEQ:
        return None
    return AlarmLine(DeviceId(parts[1]), parts[2], number_of(parts[3]), parts[0])


def require_form(ask: Ask) -> None:
    """Raises RefusedError unless the form is one of this very session."""
    if not ask.said("word") or ask.said("word") != ask.operator.form_word:
        raise RefusedError("form")
