"""How long an open case has lain, whatever the clock of this device was set to meanwhile.

Rules, in order:

1. While the machine runs its monotonic clock counts, and what the wall clock is set to counts
   nothing: neither ahead, which would end a customer's case, nor back, which would keep it open.
2. Between two runs, signed time counts where it was heard in both. Otherwise the wall clock is
   believed up to :data:`BELIEVED`; no policy lets a case lie longer than three days.
3. A longer step, or one back, is nobody's word: it counts nothing until signed time was heard. The
   same holds for a step of both clocks at once, as a machine that was asleep for long makes it, or
   a false clock. The machine's own running time goes on counting, so that nothing stays for ever.
4. Never more than is known: what was kept too long ago to be compared counts from the oldest run
   that is remembered.
5. What is destroyed when its day is over goes by the same: by the day that is known to have come.

Source: records-and-sync 2.8 (clock); threat 12 (time within an offline interval).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from kiosk.domain.ids import CaseId
from kiosk.ports import Clock, DraftRow, Store, UnitOfWork
from kiosk.services.time_call import TIME, SignedTime

BELIEVED: Final = timedelta(days=4)
"""The longest step that this device's clocks are believed for: a long weekend, and a margin."""
TOUCH_PREFIX: Final = "case-touched/"
_RUNS: Final = "clock/runs"
_KEPT_RUNS = 64
_WRITTEN_MS = 60_000
_SET_MS = 1_000
_BELIEVED_MS = BELIEVED // timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of time over which the monotonic clock is believed.

    Attributes:
        number: counts up from 0.
        boot_id: of the machine.
        since_ms: monotonic clock as it began.
        base_ms: time that is known to have passed since run 0, where the monotonic clock is 0.
        true_ms: signed time there, milliseconds since 1970; None where none was heard in this run.
    """

    number: int
    boot_id: str
    since_ms: int
    base_ms: int
    true_ms: int | None = None


@dataclass(frozen=True, slots=True)
class _Runs:
    """What is remembered, oldest first, and both clocks as they were last read."""

    runs: tuple[_Run, ...]
    mono_ms: int
    wall: datetime


@dataclass(frozen=True, slots=True)
class _Touch:
    """A moment, of the last change of a draft say: in which run, and its monotonic clock."""

    run: int
    mono_ms: int


def note_touch(uow: UnitOfWork, clock: Clock, case_id: CaseId) -> None:
    """The draft of this case is changed now; the caller commits."""
    note_moment(uow, clock, TOUCH_PREFIX + case_id)


def note_moment(uow: UnitOfWork, clock: Clock, name: str) -> None:
    """Keep this moment under a name, for :func:`passed_since`; the caller commits."""
    runs = _read(uow, clock)
    _put(uow, name, _Touch(runs.runs[-1].number, runs.mono_ms))


def passed_since(
    uow: UnitOfWork, clock: Clock, moments: Mapping[str, datetime]
) -> dict[str, timedelta]:
    """For how long each of these moments is known to be past; whoever may write commits.

    Args:
        uow: open unit of work.
        clock: of the device.
        moments: name under which each was kept, and what the wall clock showed: believed, up to
            :data:`BELIEVED`, where an earlier program kept no more.
    """
    runs = _read(uow, clock)
    return {name: _age(runs, _touch(uow, runs, name, wall)) for name, wall in moments.items()}


def touch_of(uow: UnitOfWork, case_id: CaseId) -> bytes | None:
    """What is kept of the last change of a draft, for :func:`put_touch`."""
    return uow.values.get(TOUCH_PREFIX + case_id)


def put_touch(uow: UnitOfWork, case_id: CaseId, touch: bytes | None) -> None:
    """Keep it, or none; the caller commits."""
    if touch is None:
        uow.values.delete(TOUCH_PREFIX + case_id)
    else:
        uow.values.put(TOUCH_PREFIX + case_id, touch)


def lain(uow: UnitOfWork, clock: Clock, rows: Iterable[DraftRow]) -> dict[CaseId, timedelta]:
    """For how long each of these drafts is known to have lain; whoever may write commits.

    One of an earlier program, of which only the wall clock was kept, has lain for as long as that
    is believed for.
    """
    drafts = tuple(rows)
    passed = passed_since(uow, clock, {TOUCH_PREFIX + d.case_id: d.updated_at for d in drafts})
    return {draft.case_id: passed[TOUCH_PREFIX + draft.case_id] for draft in drafts}


def lain_for(
    uow: UnitOfWork, clock: Clock, rows: Iterable[DraftRow], after: timedelta
) -> list[DraftRow]:
    """Those of the drafts that are known to have lain so long; as :func:`lain`."""
    drafts = tuple(rows)
    ages = lain(uow, clock, drafts)
    return [row for row in drafts if ages[row.case_id] >= after]


def known_now(uow: UnitOfWork, clock: Clock) -> datetime:
    """The latest moment that is known to have come, aware UTC; whoever may write commits.

    Signed time, and what is known to have passed since. Where none was ever heard it is the wall
    clock: there is nothing to hold it against.
    """
    runs = _read(uow, clock)
    anchored = [run for run in runs.runs if run.true_ms is not None]
    if anchored:
        last, now = anchored[-1], runs.runs[-1]
        passed_ms = now.base_ms + runs.mono_ms - last.base_ms
        return _EPOCH + timedelta(milliseconds=(last.true_ms or 0) + passed_ms)
    told = uow.values.get(TIME)
    if told is None:
        return runs.wall
    # Heard before runs were remembered: whatever the wall clock says, what ran since has passed.
    heard = msgspec.json.decode(told, type=SignedTime).at
    oldest, last = runs.runs[0], runs.runs[-1]
    passed_ms = last.base_ms + runs.mono_ms - oldest.base_ms - oldest.since_ms
    return heard + timedelta(milliseconds=max(passed_ms, _believed_ms(runs.wall - heard)))


class KnownClock:
    """A :class:`kiosk.ports.Clock` by which things are destroyed: :func:`known_now`."""

    def __init__(self, store: Store, device: Clock) -> None:
        self._store = store
        self._device = device

    def now(self) -> datetime:
        """See :func:`known_now`."""
        with self._store.begin() as uow:
            now = known_now(uow, self._device)
            uow.commit()
        return now

    def day_in(self, uow: UnitOfWork) -> date:
        """The day at the office then, read in a unit of work that is open."""
        return known_now(uow, self._device).astimezone().date()

    def monotonic_ms(self) -> int:
        """As the device."""
        return self._device.monotonic_ms()

    @property
    def boot_id(self) -> str:
        """As the device."""
        return self._device.boot_id


def _touch(uow: UnitOfWork, runs: _Runs, name: str, wall: datetime) -> _Touch:
    stored = uow.values.get(name)
    if stored is not None:
        return msgspec.json.decode(stored, type=_Touch)
    touch = _Touch(runs.runs[-1].number, runs.mono_ms - _believed_ms(runs.wall - wall))
    _put(uow, name, touch)
    return touch


def _put(uow: UnitOfWork, name: str, touch: _Touch) -> None:
    uow.values.put(name, msgspec.json.encode(touch))


def _age(runs: _Runs, touch: _Touch) -> timedelta:
    """Time from ``touch`` to the last reading: by the clocks, or by signed time where it is more.

    Of a run in which no signed time was heard nobody can say when it was, only what came after it.
    """
    oldest, now = runs.runs[0], runs.runs[-1]
    at = next((run for run in runs.runs if run.number == touch.run), None)
    begun_ms = oldest.base_ms + oldest.since_ms if at is None else at.base_ms + touch.mono_ms
    passed_ms = now.base_ms + runs.mono_ms - begun_ms
    anchors = [run for run in runs.runs if run.number >= touch.run and run.true_ms is not None]
    if anchors:
        first, last = anchors[0], anchors[-1]
        to_first_ms = first.base_ms - begun_ms
        from_last_ms = now.base_ms + runs.mono_ms - last.base_ms
        between_ms = (last.true_ms or 0) - (first.true_ms or 0)
        passed_ms = max(passed_ms, to_first_ms + between_ms + from_last_ms)
    return timedelta(milliseconds=max(0, passed_ms))


def _read(uow: UnitOfWork, clock: Clock) -> _Runs:
    """The runs up to now; kept where that says something new."""
    stored = uow.values.get(_RUNS)
    before = None if stored is None else msgspec.json.decode(stored, type=_Runs)
    told = uow.values.get(TIME)
    signed = None if told is None else msgspec.json.decode(told, type=SignedTime)
    mono_ms, wall, boot_id = clock.monotonic_ms(), clock.now(), clock.boot_id
    if before is None:
        runs: tuple[_Run, ...] = (_Run(0, boot_id, mono_ms, -mono_ms),)
    else:
        runs = _anchored(before.runs, before.mono_ms, signed)
        last, step_ms = runs[-1], mono_ms - before.mono_ms
        if last.boot_id != boot_id or not 0 <= step_ms <= _BELIEVED_MS:
            asleep = last.boot_id == boot_id and step_ms > 0
            gap_ms = 0 if asleep else _believed_ms(wall - before.wall)
            base_ms = last.base_ms + before.mono_ms + gap_ms - mono_ms
            runs = (*runs, _Run(last.number + 1, boot_id, mono_ms, base_ms))[-_KEPT_RUNS:]
    now = _Runs(_anchored(runs, mono_ms, signed), mono_ms, wall)
    if before is None or now.runs != before.runs or _says_more(now, before):
        uow.values.put(_RUNS, msgspec.json.encode(now))
    return now


def _says_more(now: _Runs, before: _Runs) -> bool:
    """Whether a minute passed in this run, or the wall clock was set in it.

    What was set now must not be taken for a pause later.
    """
    passed_ms = now.mono_ms - before.mono_ms
    set_ms = (now.wall - before.wall) // timedelta(milliseconds=1) - passed_ms
    return passed_ms >= _WRITTEN_MS or abs(set_ms) > _SET_MS


def _anchored(runs: tuple[_Run, ...], mono_ms: int, signed: SignedTime | None) -> tuple[_Run, ...]:
    """With the signed time that was heard in the last of them, near this reading or before."""
    last = runs[-1]
    if signed is None or last.true_ms is not None or signed.boot_id != last.boot_id:
        return runs
    if not last.since_ms <= signed.mono_ms <= mono_ms + _BELIEVED_MS:
        return runs
    true_ms = (signed.at - _EPOCH) // timedelta(milliseconds=1) - signed.mono_ms
    return (*runs[:-1], replace(last, true_ms=true_ms))


def _believed_ms(claimed: timedelta) -> int:
    """What is believed of a step of the wall clock alone, in milliseconds."""
    return claimed // timedelta(milliseconds=1) if timedelta() <= claimed <= BELIEVED else 0
