"""The end of a device against a real central side: decommissioned, transferred, rescued."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from central.archive.layout import Layout
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.__main__ import build_app, run
from kiosk.bootstrap import build
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.ids import AgentId
from kiosk.paths import Paths
from kiosk.services.onboarding import shown
from tests.fakes.central_side import CentralSide, ask, serving
from tests.fakes.office import PIN
from tests.wiring.test_journal_export import VERIFIER

pytestmark = pytest.mark.process
MANAGER = AgentId("m1")


@pytest.fixture
def side(tmp_path: Path) -> Iterator[CentralSide]:
    data = tmp_path / "central"
    found(Layout(data), LOCAL_HOSTS, "idp.test", datetime.now(UTC), demonstration=True)
    with serving(data) as side:
        yield side


@pytest.fixture
def device(tmp_path: Path, side: CentralSide) -> Path:
    """A device at work: enrolled, with a manager and a sealed record that waits."""
    folder = tmp_path / "device"
    folder.mkdir(mode=0o700)
    DemonstrationKeyStore(folder).put("database", bytes(range(32)))
    (folder / "visavis.toml").write_text('[camera]\nkind = "specimen"\n', encoding="utf-8")
    kiosk = build(Paths.of_device(folder))
    kiosk.enrolment.enrol(side.enrol_code())
    kiosk.close()
    kiosk = build(Paths.of_device(folder))
    code = kiosk.onboarding.invite_first(MANAGER, "Dominique L.")
    kiosk.onboarding.redeem(shown(code), PIN)
    kiosk.agents.add(AgentId("t1"), "Sacha T.", Role.TECHNICIAN, PIN)
    session = kiosk.sign_in.sign_in(MANAGER, PIN)
    kiosk.proofing.open_case("online-request", session)
    kiosk.sign_in.sign_out(session)
    assert len(kiosk.delivery.status()) == 1
    kiosk.close()
    return folder


@pytest.fixture
def told(device: Path, capsys, monkeypatch):
    """Runs a command on the device while everybody types the same PIN; status and answer."""
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: PIN)

    def asked(*words: str) -> tuple[int, dict]:
        code = run(build_app(), [*words, "--data", str(device), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return asked


def proven(device: Path, name: str, side: CentralSide) -> list[str]:
    """Faults of the journal that a closed device left, by the key in the central register."""
    with side.ledger() as ledger:
        row = ledger.device(name)
    text = (device / "closed" / f"{name}-journal.txt").read_text()
    return VERIFIER.prove(text, row.public_key)


def test_a_decommissioned_device_sent_everything_and_keeps_no_key(told, device, side):
    code, answer = told("device", "decommission", "--manager", MANAGER, "--yes")
    assert code == 0
    name = answer["closed"]
    assert not list(device.glob("vault.db*"))
    assert proven(device, name, side) == []
    report = ask("audit", "verify", "--data", side.data)
    assert report["verified"] is True
    (found_device,) = report["devices"]
    assert (found_device["records"], found_device["stored"]) == (1, 1)
    with side.ledger() as ledger:
        row = ledger.device(name)
    journal = (device / "closed" / f"{name}-journal.txt").read_text().splitlines()
    assert row.size == len(journal) - 1  # the central side holds the very last entry


def test_a_transferred_device_is_another_one_at_the_other_office(told, device, side):
    wrong = told("device", "transfer", "no code", "--manager", MANAGER, "--yes")
    assert (wrong[0], wrong[1]["error"]["code"]) == (3, "SYNC-008")
    code, answer = told(
        "device", "transfer", side.enrol_code("069002"), "--manager", MANAGER, "--yes"
    )
    assert code == 0
    assert answer["office_id"] == "069002"
    assert answer["device_id"] != answer["closed"]
    assert proven(device, answer["closed"], side) == []
    kiosk = build(Paths.of_device(device))
    assert kiosk.agents.all() == ()
    assert kiosk.office_id == "069002"
    kiosk.close()


def test_a_device_that_cannot_send_is_rescued_and_its_records_arrive(told, device, side, tmp_path):
    stick = tmp_path / "stick"
    code, answer = told("device", "rescue", str(stick), "--first", MANAGER, "--second", "t1")
    assert (code, answer["records"]) == (0, 1)
    taken = ask("rescue", stick, "--data", side.data)
    assert (taken["taken"], taken["refused"]) == (1, [])
    assert ask("audit", "verify", "--data", side.data)["verified"] is True
    assert told("sync", "--once")[0] == 0
