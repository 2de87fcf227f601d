"""A chip that is gone, or a key ring that was reset: open cases are lost, no sealed record is.

The chip is a TPM 2.0 in software behind the real ``systemd-creds``; another motherboard is another
chip.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from kiosk.audit.entries import EntryKind
from kiosk.bootstrap import build
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.paths import Paths
from kiosk.services.agents import DEVICE_SECRET
from tests.devices.test_credential_tpm import Chip, chip, place, program
from tests.fakes.central_side import CentralSide, ask, central
from tests.fakes.office import PIN
from tests.stories.test_device_end import MANAGER, device, lose, opened_by_auditor, side, told

__all__ = ["chip", "device", "place", "program", "side", "told"]

pytestmark = pytest.mark.process


def leave_a_case_open(device: Path) -> None:
    """The power goes while a case is under way; one record more is sealed and waits."""
    kiosk = build(Paths.of_device(device))
    session = kiosk.sign_in.sign_in(MANAGER, PIN)
    kiosk.proofing.open_case("online-request", session)
    kiosk.close()


def drafts_of(device: Path) -> int:
    kiosk = build(Paths.of_device(device))
    try:
        with kiosk.store.begin() as uow:
            return len(uow.drafts.all())
    finally:
        kiosk.close()


def rescued(told, side: CentralSide, folder: Path) -> None:
    """The sealed record arrives by the sealed key beside the vault; of the open case, its entry."""
    copy, stick = folder / "copy", folder / "stick"
    assert told("device", "copy-locked", str(copy))[0] == 0
    key = opened_by_auditor(side, copy, folder / "key.txt")
    code, answer = told("device", "open-locked", str(copy), "--key", str(key), "--out", str(stick))
    assert (code, answer["records"]) == (0, 1)
    taken = ask("rescue", stick, "--data", side.data)
    assert (taken["taken"], taken["refused"]) == (1, [])
    report = central("audit", "verify", "--data", side.data, "--json", check=False)
    (found,) = json.loads(report.stdout)["devices"]
    assert found["stored"] == 1


def test_a_chip_that_is_gone_costs_open_cases_and_no_sealed_record(
    told, device, side, tmp_path, chip: Chip, program: str, monkeypatch
):
    leave_a_case_open(device)
    monkeypatch.setenv("PATH", f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}")
    assert told("keys", "systemd") == (0, {"store": "systemd", "tpm": True})
    (device / DemonstrationKeyStore.FILE_NAME).unlink()
    assert drafts_of(device) == 1
    chip("the chip of another motherboard")
    assert told("sync", "--once")[1]["error"]["code"] == "VAULT-012"
    rescued(told, side, tmp_path)


def test_the_secret_of_the_pins_alone_may_be_what_is_gone(told, device, side, tmp_path):
    """A key ring that was reset in part: nobody signs in, and what is sealed leaves."""
    leave_a_case_open(device)
    lose(device, DEVICE_SECRET)
    assert told("sync", "--once")[1]["error"]["code"] == "VAULT-010"
    rescued(told, side, tmp_path)


def told_of_restore(device: Path) -> list[dict]:
    kiosk = build(Paths.of_device(device))
    with kiosk.store.begin() as uow:
        rows = uow.journal.range(0, uow.journal.size())
    headers = [kiosk.journal.opened(row) for row in rows]
    kiosk.close()
    return [dict(h.facts) for h in headers if h.kind is EntryKind.RESTORE_DETECTED]


def test_a_whole_disk_that_was_put_back_is_told_by_the_chip(
    told, device, chip: Chip, place: Path, program: str, tmp_path, monkeypatch
):
    """Vault, anchor and all other files are of yesterday: only the chip knows better."""
    monkeypatch.setenv("PATH", f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TPM2TOOLS_TCTI", f"swtpm:path={place / 's'}")
    assert told("keys", "systemd")[0] == 0
    (device / DemonstrationKeyStore.FILE_NAME).unlink()
    leave_a_case_open(device)
    shutil.copytree(device, tmp_path / "yesterday")
    leave_a_case_open(device)
    assert told_of_restore(device) == []
    shutil.rmtree(device)
    shutil.copytree(tmp_path / "yesterday", device)
    (said,) = told_of_restore(device)
    assert said["chip"] == said["here"] + 1
    assert told_of_restore(device) == [said], "told once"
