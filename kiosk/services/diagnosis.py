"""What works on this device, what does not, who mends it, and how.

Rules, in order: each probe stands alone, so that one broken part does not hide another; a probe
that cannot tell says so; nothing personal is in a finding.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Final

from kiosk.domain.errors import AlreadyRunningError, CaptureError, KioskError, SyncError
from kiosk.ports import Clock, CollectorLink, FrameSource, KeyStore, OutboxState, Store
from kiosk.services.pin_costs import FLOOR, SLOWEST_MS, MeasuredCost
from kiosk.services.secret_change import SecretStanding

LOW_SPACE_BYTES: Final = 1024**3
FULL_BYTES: Final = 64 * 1024**2
EARLIEST_PLAUSIBLE: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""Nothing of this program is older: a clock that says so is wrong."""
LATEST_PLAUSIBLE: Final = datetime(2056, 1, 1, tzinfo=UTC)
SECRETS: Final = ("database", "device-signing", "device-secret")


class Grade(StrEnum):
    """How well a part is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


class Mender(StrEnum):
    """Who can mend it."""

    NOBODY = "nobody"
    AGENT = "agent"
    MANAGER = "manager"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part and how it is.

    Attributes:
        subject: the part (``camera``, ``store``, ``keys`` ...).
        grade: how well it is.
        what: key of the text that says so.
        how: key of the text that says how to mend it; ``""`` where nothing is to do.
        mender: who does it.
        values: placeholders of both texts.
    """

    subject: str
    grade: Grade
    what: str
    how: str = ""
    mender: Mender = Mender.NOBODY
    values: Mapping[str, str | int] = field(default_factory=dict)


Probe = Callable[[], Finding]


def examine(probes: Mapping[str, Probe]) -> tuple[Finding, ...]:
    """Run every probe; an error of one becomes its finding."""
    return tuple(_examined(subject, probe) for subject, probe in probes.items())


def finding_of(subject: str, error: KioskError) -> Finding:
    """An error of the program as a finding, in the words of its texts."""
    if isinstance(error, AlreadyRunningError):
        return Finding(subject, Grade.UNKNOWN, "doctor.in_use", values={"code": error.code})
    mender = Mender.AGENT if isinstance(error, (CaptureError, SyncError)) else Mender.SUPPORT
    key = f"errors.{error.code}"
    return Finding(subject, Grade.FAULT, f"{key}.what", f"{key}.do", mender, {"code": error.code})


def worst(findings: Sequence[Finding]) -> Grade:
    """The gravest grade; UNKNOWN counts as OK: it is no reason to stop."""
    grades = {finding.grade for finding in findings}
    for grade in (Grade.FAULT, Grade.WARNING):
        if grade in grades:
            return grade
    return Grade.OK


def camera(source: FrameSource) -> Finding:
    """Opens the camera and takes one picture."""
    try:
        source.start()
        frame = source.read(timeout_ms=5000)
    finally:
        source.stop()
    height, width = frame.image.shape[:2]
    values: dict[str, str | int] = {"name": source.name, "width": width, "height": height}
    return Finding("camera", Grade.OK, "doctor.camera.ok", values=values)


def screens() -> Finding:
    """The command line sees no screen; the window answers for them."""
    return Finding("screens", Grade.UNKNOWN, "doctor.screens.unknown")


def store(open_store: Store, problems: Sequence[str]) -> Finding:
    """The vault opens and a full check of its file finds nothing."""
    if problems:
        return Finding(
            "store",
            Grade.FAULT,
            "doctor.store.damaged",
            "doctor.store.damaged_how",
            Mender.SUPPORT,
            {"n": len(problems)},
        )
    with open_store.begin() as uow:
        entries, drafts = uow.journal.size(), len(uow.drafts.all())
    return Finding(
        "store", Grade.OK, "doctor.store.ok", values={"entries": entries, "drafts": drafts}
    )


def enrolment(policy_version: int | None) -> Finding:
    """The device belongs to a fleet; ``policy_version`` is None where it does not."""
    if policy_version is None:
        return Finding(
            "enrolment",
            Grade.WARNING,
            "doctor.enrolment.missing",
            "doctor.enrolment.missing_how",
            Mender.MANAGER,
        )
    return Finding("enrolment", Grade.OK, "doctor.enrolment.ok", values={"version": policy_version})


def network(link: CollectorLink | None) -> Finding:
    """The central side answers; None where no address is known yet."""
    if link is None:
        return Finding("network", Grade.UNKNOWN, "doctor.network.none")
    try:
        answer = link.call("GET", f"/v1/time?nonce={os.urandom(16).hex()}")
    finally:
        link.close()
    if answer.status == HTTPStatus.OK:
        return Finding("network", Grade.OK, "doctor.network.ok")
    return Finding(
        "network",
        Grade.WARNING,
        "doctor.network.odd",
        "doctor.network.odd_how",
        Mender.AGENT,
        {"status": answer.status},
    )


def outbox(open_store: Store) -> Finding:
    """How many records still wait, and whether one needs a person."""
    with open_store.begin() as uow:
        rows = uow.outbox.all()
    stuck = sum(row.state in (OutboxState.REFUSED, OutboxState.QUARANTINED) for row in rows)
    waiting = sum(row.state is not OutboxState.STORED for row in rows)
    if stuck:
        return Finding(
            "outbox",
            Grade.FAULT,
            "doctor.outbox.stuck",
            "doctor.outbox.stuck_how",
            Mender.SUPPORT,
            {"n": stuck},
        )
    return Finding("outbox", Grade.OK, "doctor.outbox.ok", values={"n": waiting})


def custody(lost: Sequence[int], alarms: Sequence[str]) -> Finding:
    """Every announced record is whole, and the journal holds no alarm.

    Args:
        lost: entry numbers of records that are not.
        alarms: kinds of the alarm entries that the journal holds.
    """
    if lost:
        shown = ", ".join(map(str, lost[:10])) + (" …" if len(lost) > 10 else "")
        values: dict[str, str | int] = {"n": len(lost), "entries": shown}
        return Finding(
            "custody",
            Grade.FAULT,
            "doctor.custody.lost",
            "doctor.custody.how",
            Mender.SUPPORT,
            values,
        )
    if alarms:
        return Finding(
            "custody",
            Grade.WARNING,
            "doctor.custody.noted",
            "doctor.custody.how",
            Mender.SUPPORT,
            {"kinds": ", ".join(sorted(set(alarms)))},
        )
    return Finding("custody", Grade.OK, "doctor.custody.ok")


def keys(key_store: KeyStore, *, escrowed: bool = True) -> Finding:
    """Every secret of the device is there, and the auditors could open its vault without them.

    Args:
        key_store: of the device.
        escrowed: whether the sealed key beside the vault is the one of today.
    """
    missing = [name for name in SECRETS if key_store.get(name) is None]
    if missing:
        return Finding(
            "keys",
            Grade.FAULT,
            "doctor.keys.missing",
            "doctor.keys.missing_how",
            Mender.SUPPORT,
            {"names": ", ".join(missing)},
        )
    if key_store.is_demonstration and escrowed:
        return Finding(
            "keys",
            Grade.WARNING,
            "doctor.keys.demonstration",
            "doctor.keys.demonstration_how",
            Mender.AGENT,
        )
    if not escrowed:
        return Finding(
            "keys",
            Grade.WARNING,
            "doctor.keys.not_escrowed",
            "doctor.keys.not_escrowed_how",
            Mender.AGENT,
        )
    return Finding("keys", Grade.OK, "doctor.keys.ok")


def secret(standing: SecretStanding) -> Finding:
    """No agent hangs on a device secret that was replaced."""
    values: dict[str, str | int] = {
        "awaited": ", ".join(standing.awaited),
        "stranded": ", ".join(standing.stranded),
        "until": "" if standing.until is None else standing.until.isoformat(),
    }
    if standing.stranded:
        word, mender = "stranded", Mender.MANAGER
    elif standing.until is not None:
        word, mender = "awaited", Mender.AGENT
    else:
        return Finding("secret", Grade.OK, "doctor.secret.ok")
    key = f"doctor.secret.{word}"
    return Finding("secret", Grade.WARNING, key, f"{key}_how", mender, values)


def pins(measured: MeasuredCost | None) -> Finding:
    """What one PIN try costs here; None where nothing was measured yet."""
    if measured is None:
        return Finding("pins", Grade.OK, "doctor.pins.usual")
    values: dict[str, str | int] = {
        "mib": measured.memory_kib // 1024,
        "passes": measured.iterations,
        "ms": measured.ms,
        "on": measured.at.astimezone().date().isoformat(),
    }
    slow = measured.cost == FLOOR and measured.ms > SLOWEST_MS
    return Finding("pins", Grade.OK, f"doctor.pins.{'floor' if slow else 'ok'}", values=values)


def seals(sequence: int | None, age_days: int, *, too_old: bool) -> Finding:
    """The list of those who seal documents; ``sequence`` is None where there is none."""
    values: dict[str, str | int] = {"sequence": sequence or 0, "days": age_days}
    if sequence is None:
        what = "doctor.seals.none"
    elif too_old:
        what = "doctor.seals.old"
    else:
        return Finding("seals", Grade.OK, "doctor.seals.ok", values=values)
    return Finding("seals", Grade.WARNING, what, "doctor.seals.how", Mender.MANAGER, values)


def clock(device_clock: Clock, last_entry: datetime | None) -> Finding:
    """The wall clock is plausible, and not before what was already written."""
    now = device_clock.now()
    earliest = max(EARLIEST_PLAUSIBLE, last_entry or EARLIEST_PLAUSIBLE)
    if earliest <= now <= LATEST_PLAUSIBLE:
        return Finding("clock", Grade.OK, "doctor.clock.ok", values={"now": _shown(now)})
    return Finding(
        "clock",
        Grade.WARNING,
        "doctor.clock.wrong",
        "doctor.clock.wrong_how",
        Mender.AGENT,
        {"now": _shown(now)},
    )


def disk(open_store: Store) -> Finding:
    """Room for the records to come."""
    free = open_store.free_bytes()
    values: dict[str, str | int] = {"free_mb": free // 1024**2}
    if free < FULL_BYTES:
        grade, word = Grade.FAULT, "full"
    elif free < LOW_SPACE_BYTES:
        grade, word = Grade.WARNING, "low"
    else:
        return Finding("disk", Grade.OK, "doctor.disk.ok", values=values)
    return Finding("disk", grade, f"doctor.disk.{word}", "doctor.disk.how", Mender.AGENT, values)


def versions(found: Mapping[str, str]) -> Finding:
    """Versions of the program and of what it stands on."""
    shown = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    missing = [name for name, version in found.items() if not version]
    if missing:
        return Finding(
            "versions",
            Grade.FAULT,
            "doctor.versions.missing",
            "doctor.versions.missing_how",
            Mender.SUPPORT,
            {"names": ", ".join(missing)},
        )
    return Finding("versions", Grade.OK, "doctor.versions.ok", values={"versions": shown})


def _examined(subject: str, probe: Probe) -> Finding:
    try:
        return probe()
    except KioskError as exc:
        return finding_of(subject, exc)


def _shown(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def not_reached(subjects: Sequence[str]) -> dict[str, Probe]:
    """Probes for parts that cannot be reached because the vault does not open."""
    return {subject: partial(_not_reached, subject) for subject in subjects}


def _not_reached(subject: str) -> Finding:
    return Finding(subject, Grade.UNKNOWN, "doctor.not_reached")
