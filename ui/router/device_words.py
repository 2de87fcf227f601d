"""The state of the device in rows of plain words, and how an act goes.

Rules, in order: what is not known is said to be not known; a row warns only of what somebody can
do something about.
"""

from datetime import datetime, timedelta

from kiosk.domain.errors import DeviceLostError
from kiosk.services.delivery import DeliveryStep, Progress
from kiosk.services.device_state import DeviceState
from kiosk.services.secret_change import SecretStanding
from ui.i18n import Language
from ui.router.services import Services
from ui.screens.device_act import CourseFacts
from ui.theme import Tone
from ui.viewmodels.device import CLOSING, STOPPABLE, Act, ActRun, Looked
from ui.widgets.list_row import RowItem
from ui.workers.desk import Failure

_GIGABYTE = 1_000_000_000
_MEGABYTE = 1024**2
_DAY = timedelta(days=1)
_HOUR_S = 3600
_MINUTE_S = 60
_UNITS = (("days", 86_400), ("hours", _HOUR_S), ("minutes", _MINUTE_S))
ACT_ICONS = {
    Act.SEND: "cloud-upload",
    Act.KEYS: "key",
    Act.SECRET: "lock",
    Act.SECRET_END: "lock",
    Act.RESCUE: "file-check",
    Act.TRANSFER: "send",
    Act.DECOMMISSION: "logout",
}


class StateWords:
    """Rows about one device, in the language in force."""

    def __init__(self, language: Language, services: Services, looked: Looked) -> None:
        self._language = language
        self._services = services
        self._looked = looked

    def rows(self) -> tuple[RowItem, ...]:
        """What the device is and knows."""
        return (
            self._place(),
            self._contact(),
            self._queue(),
            self._witnesses(),
            self._policy(),
            self._keys(),
            self._clock(),
        )

    def machine(self, camera: RowItem) -> tuple[RowItem, ...]:
        """Its parts that one can touch; the row of the camera comes from who knows it."""
        return self._disk(), camera

    @property
    def _state(self) -> DeviceState:
        return self._looked.state

    def _place(self) -> RowItem:
        tr, state = self._language.tr, self._state
        since = tr("device.place.never")
        if state.enrolled_at is not None:
            day = self._language.day(state.enrolled_at.astimezone().date())
            since = tr("device.place.since", day=day)
        word, tone = "open", Tone.OK
        if state.closed_at is not None:
            word, tone = "closed", Tone.BAD
        elif state.darkness:
            lost = state.darkness == DeviceLostError.code
            word, tone = ("lost", Tone.BAD) if lost else ("dark", Tone.BAD)
        detail = f"{since}. {tr('device.open', n=state.open_cases)}."
        if state.enrolled_at is None:
            detail = since
        title = tr("device.place.title", office=self._services.office_id)
        chip = tr(f"device.place.{word}")
        return RowItem("place", title, detail, "home", tone, chip)

    def _contact(self) -> RowItem:
        tr, state = self._language.tr, self._state
        at = tr("device.contact.never")
        if state.contact_at is not None:
            at = tr("device.contact.at", moment=self._language.moment(state.contact_at))
        left, word, tone = state.lease_left, "fresh", Tone.OK
        if left is None:
            more = tr("device.contact.no_lease")
        elif not left:
            more, word, tone = tr("device.contact.over"), "late", Tone.BAD
        elif left < _DAY * 2:
            more = tr("device.contact.left", n=max(1, int(left.total_seconds() // _HOUR_S)))
            if state.lease_near:
                word, tone = "near", Tone.WARN
        else:
            more = tr("device.contact.left_days", n=left.days)
        chip = tr(f"device.contact.{word}")
        if state.contact_at is None:
            tone, chip = Tone.WARN, tr("device.unknown")
        return RowItem("contact", tr("device.contact.title"), f"{at} {more}", "wifi", tone, chip)

    def _queue(self) -> RowItem:
        tr, queue = self._language.tr, self._state.queue
        told = [tr("device.queue.none")] if not queue.waiting else []
        for name, number in (
            ("waiting", queue.waiting),
            ("stuck", queue.stuck),
            ("stored", queue.stored),
        ):
            if number:
                told.append(tr(f"device.queue.{name}", n=number))
        tone, chip = Tone.OK, tr("device.good")
        if queue.stuck:
            tone, chip = Tone.BAD, tr("device.bad")
        elif queue.waiting:
            tone, chip = Tone.WARN, tr("device.queue.chip", n=queue.waiting)
        icon = "cloud-upload" if queue.waiting else "cloud-check"
        return RowItem("queue", tr("device.queue.title"), " ".join(told), icon, tone, chip)

    def _witnesses(self) -> RowItem:
        tr, state = self._language.tr, self._state
        title, missing = tr("device.witnesses.title"), state.queue.unwitnessed
        if not state.quorum:
            detail, tone, chip = tr("device.witnesses.none"), Tone.NEUTRAL, "free"
            return RowItem("witnesses", title, detail, "eye", tone, tr(f"device.witnesses.{chip}"))
        word = "quorum_one" if state.quorum == 1 else "quorum"
        detail = tr(f"device.witnesses.{word}", quorum=state.quorum, n=state.witnesses)
        if missing:
            more = tr("device.witnesses.missing", n=missing)
            chip = tr("device.witnesses.short", n=missing)
            return RowItem("witnesses", title, f"{detail} {more}", "eye", Tone.WARN, chip)
        detail = f"{detail} {tr('device.witnesses.all')}"
        return RowItem("witnesses", title, detail, "eye", Tone.OK, tr("device.witnesses.chip"))

    def _clock(self) -> RowItem:
        tr, state = self._language.tr, self._state
        now = self._services.clock.now()
        tone, chip = (Tone.WARN, "bad") if state.drifts else (Tone.OK, "good")
        if not state.clock_plausible:
            # With the year: that is what is wrong with a clock whose battery is dead.
            day = self._language.full_day(now.astimezone().date())
            moment = f"{day[:1].upper()}{day[1:]}, {self._language.time(now)}"
            detail = tr("device.clock.wrong", moment=moment)
        elif state.drifts and state.drift is not None:
            word = "fast" if state.drift > timedelta() else "slow"
            detail = tr(f"device.clock.{word}", apart=_apart(state.drift, self._language))
        else:
            detail = tr("device.clock.right", moment=self._language.moment(now))
        title = tr("device.clock.title")
        return RowItem("clock", title, detail, "clock", tone, tr(f"device.{chip}"))

    def _keys(self) -> RowItem:
        tr, looked = self._language.tr, self._looked
        plain = looked.key_store == "demonstration"
        word = "escrowed" if looked.escrowed else "not_escrowed"
        detail = f"{tr(f'device.keys.{looked.key_store}')} {tr(f'device.keys.{word}')}"
        secret = looked.secret
        if secret is not None and secret.until is not None:
            until = self._language.day(secret.until)
            awaited = tr("device.keys.awaited", n=len(secret.awaited), until=until)
            detail = f"{detail} {awaited}"
        tone = Tone.WARN if plain or not looked.escrowed else Tone.OK
        chip = tr("device.keys.plain" if plain else "device.keys.chip")
        if not plain and not looked.escrowed:
            chip = tr("device.bad")
        return RowItem("keys", tr("device.keys.title"), detail, "key", tone, chip)

    def _policy(self) -> RowItem:
        tr, state = self._language.tr, self._state
        title = tr("device.policy.title")
        if state.policy_version is None:
            detail, chip = tr("device.policy.none"), tr("device.unknown")
            return RowItem("policy", title, detail, "scale", Tone.WARN, chip)
        detail = tr("device.policy.version", version=state.policy_version)
        if state.coming is not None:
            version, day = state.coming
            word = "coming" if day else "coming_soon"
            shown = self._language.day(datetime.fromisoformat(day).date()) if day else ""
            detail = f"{detail} {tr(f'device.policy.{word}', version=version, day=shown)}"
        return RowItem("policy", title, detail, "scale", Tone.OK, tr("device.good"))

    def _disk(self) -> RowItem:
        tr, state = self._language.tr, self._state
        free = self._language.number(state.free_bytes / _GIGABYTE, 1)
        detail = tr("device.disk.room", free=free, reserve=state.reserve_bytes // _MEGABYTE)
        enough = state.free_bytes >= state.reserve_bytes
        tone, chip = (Tone.OK, "chip") if enough else (Tone.BAD, "full")
        title = tr("device.disk.title")
        return RowItem("disk", title, detail, "database", tone, tr(f"device.disk.{chip}"))


def _apart(drift: timedelta, language: Language) -> str:
    """How far a clock is off, in the largest unit of which there are two."""
    seconds = int(abs(drift).total_seconds())
    unit, size = next((one for one in _UNITS if seconds >= 2 * one[1]), _UNITS[-1])
    return language.tr(f"device.clock.apart.{unit}", number=language.number(seconds // size))


def act_rows(language: Language, acts: tuple[Act, ...]) -> tuple[RowItem, ...]:
    """What can be done, for the page of the device."""
    tr = language.tr
    return tuple(
        RowItem(
            act.value,
            tr(f"device.act.{act.value}.title"),
            tr(f"device.act.{act.value}.hint"),
            ACT_ICONS[act],
        )
        for act in acts
    )


def step_words(language: Language, act: Act, progress: Progress | None) -> str:
    """How far an act is, in a sentence; ``""`` where nothing is known."""
    if progress is None:
        return ""
    values = {"done": progress.done, "total": progress.total}
    if act is Act.RESCUE:
        return language.tr("device.act.rescue.copying", **values)
    word = progress.step.value
    if progress.step is DeliveryStep.RECORDS and not progress.total:
        word = "records_none"
    return language.tr(f"device.step.{word}", **values)


def failure_words(language: Language, failure: Failure) -> tuple[str, str]:
    """What stopped an act, and what to do, with the code."""
    tr = language.tr
    code = tr("device.act.code", code=failure.shown_code)
    return tr(f"errors.{failure.code}.what"), f"{tr(f'errors.{failure.code}.do')} {code}"


def course_words(language: Language, run: ActRun, folder: str) -> CourseFacts:
    """An act under way, or its end; folder: where a rescue went."""
    tr, key = language.tr, f"device.act.{run.act.value}"
    if run.running or (run.act in CLOSING and run.failure is None):
        return CourseFacts(
            tr(f"{key}.running"),
            step_words(language, run.act, run.progress),
            running=True,
            can_stop=run.running and run.act in STOPPABLE,
            stopping=run.stopping,
        )
    if run.failure is not None:
        return CourseFacts(*failure_words(language, run.failure), tone=Tone.BAD)
    if run.act is Act.RESCUE:
        where = tr(f"{key}.where", folder=folder)
        return CourseFacts(
            tr(f"{key}.done", n=run.answer), f"{where} {tr(f'{key}.eject')}", Tone.OK
        )
    if isinstance(run.answer, SecretStanding):
        return CourseFacts(*_secret_words(language, run.answer), tone=Tone.OK)
    return CourseFacts(tr(f"{key}.done"), tone=Tone.OK)


def _secret_words(language: Language, standing: SecretStanding) -> tuple[str, str]:
    """How a change of the device secret stands after an act, and who has to do something."""
    tr = language.tr
    if standing.until is not None:
        until = language.day(standing.until)
        detail = tr("device.act.secret.awaited", n=len(standing.awaited), until=until)
        return tr("device.act.secret.done"), detail
    if standing.stranded:
        names = ", ".join(standing.stranded)
        return tr("device.act.secret_end.done"), tr("device.act.secret_end.codes", names=names)
    return tr("device.act.secret_end.done"), ""
