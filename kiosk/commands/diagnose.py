"""``visavis doctor``: what is wrong on this device, who mends it, and how."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kiosk.commands.console import (
    DataOption,
    ExitCode,
    JsonOption,
    leave,
    say,
    say_json,
    texts_of,
)
from kiosk.config import load_config
from kiosk.domain.errors import KioskError
from kiosk.paths import Paths

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk
    from kiosk.services.diagnosis import Finding, Probe
    from kiosk.texts import Texts

PACKAGES = ("cryptography", "sqlalchemy", "sqlcipher3", "opencv-python-headless", "onnxruntime")
_OF_THE_VAULT = (
    *(
        "keys",
        "secret",
        "pins",
        "enrolment",
        "outbox",
        "custody",
        "seals",
        "clock",
        "disk",
        "network",
    ),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(data: DataOption = None, json: JsonOption = False) -> None:
    """Look at camera, store, keys, clock, disk, network and versions; exit code 1 on a fault."""
    from kiosk.services.diagnosis import Grade, worst

    findings = findings_of(data)
    texts = texts_of(data)
    grade = worst(findings)
    if json:
        say_json({"grade": grade, "findings": [as_json(item, texts) for item in findings]})
    else:
        for item in findings:
            _say(item, texts)
    if grade is Grade.FAULT:
        leave(ExitCode.NO)


def findings_of(data: Path | None) -> "tuple[Finding, ...]":
    """Every part of the device, also where the vault does not open."""
    from kiosk.bootstrap import build
    from kiosk.bootstrap.hardware import open_camera
    from kiosk.services import diagnosis

    paths = Paths.of_device(data)
    probes: dict[str, Probe] = {
        "versions": lambda: diagnosis.versions(installed()),
        "camera": lambda: diagnosis.camera(open_camera(load_config(paths.config))),
        "screens": diagnosis.screens,
    }
    found = diagnosis.examine(probes)
    try:
        kiosk = build(paths)
    except KioskError as exc:
        hidden = diagnosis.examine(diagnosis.not_reached(_OF_THE_VAULT))
        return (*found, diagnosis.finding_of("store", exc), *hidden)
    try:
        return (*found, *diagnosis.examine(_vault_probes(kiosk)))
    finally:
        kiosk.close()


def installed() -> dict[str, str]:
    """Version by package; empty for one that is missing."""
    from kiosk import __version__

    found = {"visavis": __version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def as_json(item: "Finding", texts: "Texts") -> dict[str, object]:
    """A finding with its words."""
    return {
        "subject": item.subject,
        "grade": item.grade,
        "what": texts(item.what, **item.values),
        "who": texts(f"doctor.who.{item.mender}"),
        "how": texts(item.how, **item.values) if item.how else "",
        "values": dict(item.values),
    }


def _vault_probes(kiosk: "Kiosk") -> "dict[str, Probe]":
    from kiosk.services import diagnosis

    return {
        "store": lambda: diagnosis.store(kiosk.store, kiosk.store.problems()),
        "keys": lambda: diagnosis.keys(kiosk.keys, escrowed=kiosk.escrow.kept()),
        "secret": lambda: diagnosis.secret(kiosk.secret_change.standing()),
        "pins": lambda: diagnosis.pins(kiosk.pin_costs.measured()),
        "enrolment": lambda: diagnosis.enrolment(kiosk.policy.version if kiosk.policy else None),
        "outbox": lambda: diagnosis.outbox(kiosk.store),
        "custody": lambda: _custody(kiosk),
        "seals": lambda: _seals(kiosk),
        "clock": lambda: diagnosis.clock(kiosk.clock, kiosk.last_entry_at()),
        "disk": lambda: diagnosis.disk(kiosk.store),
        "network": lambda: diagnosis.network(kiosk.open_link()),
    }


def _custody(kiosk: "Kiosk") -> "Finding":
    from kiosk.audit.entries import ALARMS
    from kiosk.ports import JournalQuery
    from kiosk.services import diagnosis

    lost = [missing.seq for missing in kiosk.custody.examine()]
    with kiosk.store.begin() as uow:
        held = [k.value for k in ALARMS if uow.journal.find(JournalQuery(kind=k.value, limit=1))]
    return diagnosis.custody(lost, held)


def _seals(kiosk: "Kiosk") -> "Finding":
    from kiosk.services import diagnosis
    from kiosk.services.trust import load_state

    state = load_state(kiosk.store)
    if state is None:
        return diagnosis.seals(None, 0, too_old=False)
    today = kiosk.clock.now().date()
    age, too_old = state.age_days(today), state.too_old(today)
    return diagnosis.seals(state.sequence, age, too_old=too_old)


def _say(item: "Finding", texts: "Texts") -> None:
    say(f"[{texts(f'doctor.grade.{item.grade}')}] {texts(f'doctor.subject.{item.subject}')}")
    say(f"    {texts(item.what, **item.values)}")
    if item.how:
        say(f"    {texts(f'doctor.who.{item.mender}')} {texts(item.how, **item.values)}")
