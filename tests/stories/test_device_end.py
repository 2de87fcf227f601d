"""The end of a device against a real central side: decommissioned, transferred, rescued."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from central.archive.layout import Layout
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.__main__ import build_app, run
from kiosk.audit.entries import lost_entry
from kiosk.audit.vault_escrow import VaultKeys
from kiosk.bootstrap import build
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.ids import AgentId, DeviceId
from kiosk.paths import Paths
from kiosk.services.key_change import SECRETS
from kiosk.services.onboarding import shown
from kiosk.sync.enrolment import parse_code
from tests.fakes.central_side import CentralSide, ask, central, serving
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


def kept_secrets(device: Path) -> dict[str, bytes]:
    """Every secret that the key store of a device still holds."""
    store = DemonstrationKeyStore(device)
    found = {name: store.get(name) for name in SECRETS}
    return {name: secret for name, secret in found.items() if secret is not None}


def test_a_decommissioned_device_sent_everything_and_keeps_no_key(told, device, side):
    assert {"database", "device-signing", "device-secret"} <= kept_secrets(device).keys()
    code, answer = told("device", "decommission", "--manager", MANAGER, "--yes")
    assert code == 0
    name = answer["closed"]
    assert not list(device.glob("vault.db*"))
    assert kept_secrets(device) == {}
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
    words = ("--manager", MANAGER, "--yes", "--first-manager", "m9", "--first-manager-name", "Alex")
    before = set(kept_secrets(device).values())
    code, answer = told("device", "transfer", side.enrol_code("069002"), *words)
    assert code == 0
    assert len(before) >= 3
    assert before.isdisjoint(kept_secrets(device).values()), "another device has keys of its own"
    assert (answer["manager"], len(answer["code"])) == ("m9", 9)
    assert answer["office_id"] == "069002"
    assert answer["device_id"] != answer["closed"]
    assert proven(device, answer["closed"], side) == []
    kiosk = build(Paths.of_device(device))
    assert kiosk.agents.all() == ()
    assert kiosk.office_id == "069002"
    assert kiosk.onboarding.redeem(answer["code"], "884422917").display_name == "Alex"
    kiosk.close()


def test_a_transfer_to_a_side_that_is_silent_or_to_nobody_closes_nothing(told, device, side):
    code = side.enrol_code("069002")
    silent = replace(parse_code(code), url="https://127.0.0.1:1").text()
    for words, error in (
        ((silent,), "SYNC-001"),
        ((code, "--first-manager", "Alex N."), "SIGNIN-000"),
    ):
        answer = told("device", "transfer", *words, "--manager", MANAGER, "--yes")
        assert (answer[0], answer[1]["error"]["code"]) == (3, error)
    kiosk = build(Paths.of_device(device))
    assert kiosk.enrolled
    assert kiosk.agents.all() != ()
    kiosk.close()


def test_a_device_that_cannot_send_is_rescued_and_its_records_arrive(told, device, side, tmp_path):
    stick = tmp_path / "stick"
    code, answer = told("device", "rescue", str(stick), "--first", MANAGER, "--second", "t1")
    assert (code, answer["records"]) == (0, 1)
    taken = ask("rescue", stick, "--data", side.data)
    assert (taken["taken"], taken["refused"]) == (1, [])
    assert ask("audit", "verify", "--data", side.data)["verified"] is True
    assert told("sync", "--once")[0] == 0


# --- the key store is gone ------------------------------------------------------------------------


def lose(device: Path, *names: str) -> None:
    """A new motherboard or a reset key ring: the store works, and keeps nothing of before."""
    store = DemonstrationKeyStore(device)
    for name in names or SECRETS:
        store.delete(name)


def opened_by_auditor(side: CentralSide, copy: Path, out: Path) -> Path:
    identity = Layout(side.data).auditor / "identity.txt"
    with side.ledger() as ledger:
        (device,) = ledger.devices()
    words = ("audit", "vault-key", copy / "vault.db.escrow", "--device", device.device_id)
    words += ("--identity", identity, "--out", out)
    assert ask(*words, "--data", side.data)["opened"] is True
    return out


def test_sealed_records_leave_a_device_whose_key_store_is_gone(told, device, side, tmp_path):
    lose(device)
    assert told("sync", "--once")[1]["error"]["code"] == "VAULT-001"
    copy, stick = tmp_path / "copy", tmp_path / "stick"
    code, answer = told("device", "copy-locked", str(copy))
    assert code == 0
    assert {"vault.db", "vault.db.escrow"} <= set(answer["files"])
    before = {file.name: file.read_bytes() for file in copy.iterdir()}
    key = opened_by_auditor(side, copy, tmp_path / "key.txt")
    assert key.stat().st_mode & 0o077 == 0
    words = ("device", "open-locked", str(copy), "--key", str(key), "--out", str(stick))
    code, answer = told(*words)
    assert (code, answer["records"]) == (0, 1)
    assert {file.name: file.read_bytes() for file in copy.iterdir()} == before
    taken = ask("rescue", stick, "--data", side.data)
    assert (taken["taken"], taken["refused"]) == (1, [])
    again = ask("rescue", stick, "--data", side.data)
    assert (again["taken"], again["already"]) == (0, 1)
    report = central("audit", "verify", "--data", side.data, "--json", check=False)
    (found_device,) = json.loads(report.stdout)["devices"]
    assert found_device["stored"] == 1
    assert [problem.split(" at")[0] for problem in found_device["problems"]] == ["alarm key-lost"]


def test_the_key_of_another_device_is_not_given_out_and_that_is_written_down(
    told, device, side, tmp_path
):
    lose(device)
    copy, key = tmp_path / "copy", tmp_path / "key.txt"
    told("device", "copy-locked", str(copy))
    words = ("audit", "vault-key", copy / "vault.db.escrow", "--device", "dev-0000000000000000")
    words += ("--identity", Layout(side.data).identity, "--out", key, "--data", side.data)
    done = central(*words, "--json", check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["why"] == "other-device"
    assert not key.exists()
    lines = [json.loads(line) for line in Layout(side.data).openings.read_text().splitlines()]
    assert [(line["act"], line["why"]) for line in lines][-1] == ("vault-key", "other-device")


def test_no_order_is_spent_on_a_key_that_has_no_place_to_go(told, device, side, tmp_path):
    lose(device)
    copy, key = tmp_path / "copy", tmp_path / "key.txt"
    told("device", "copy-locked", str(copy))
    words = ("audit", "vault-key", copy / "vault.db.escrow", "--device", "dev-0000000000000000")
    words += ("--identity", Layout(side.data).identity, "--data", side.data)
    key.write_text("the key of another day")
    for out in (key, tmp_path / "no such folder" / "key.txt"):
        done = central(*words, "--out", out, "--json", check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert key.read_text() == "the key of another day"
    assert not Layout(side.data).openings.exists()


def test_the_signing_key_alone_may_be_what_is_gone(told, device, tmp_path):
    lose(device, "device-signing")
    assert told("device", "copy-locked", str(tmp_path / "copy"))[0] == 0


def test_a_device_that_opens_is_rescued_by_two_people_and_not_so(told, device, tmp_path):
    code, answer = told("device", "copy-locked", str(tmp_path / "copy"))
    assert (code, answer["error"]["code"]) == (3, "DEVICE-006")
    assert not (tmp_path / "copy" / "vault.db").exists()


def test_without_a_sealed_key_nobody_is_given_false_hope(told, device, tmp_path):
    lose(device)
    (device / "vault.db.escrow").unlink()
    code, answer = told("device", "copy-locked", str(tmp_path / "copy"))
    assert (code, answer["error"]["code"]) == (3, "DEVICE-007")


@pytest.mark.parametrize("damage", ["vault", "list", "missing", "other key", "no key"])
def test_a_copy_or_key_that_does_not_fit_is_refused(told, device, side, tmp_path, damage):
    lose(device)
    copy, stick, key = tmp_path / "copy", tmp_path / "stick", tmp_path / "key.txt"
    told("device", "copy-locked", str(copy))
    opened_by_auditor(side, copy, key)
    if damage == "vault":
        data = bytearray((copy / "vault.db").read_bytes())
        data[len(data) // 2] ^= 1
        (copy / "vault.db").write_bytes(data)
    elif damage == "list":
        (copy / "locked.json").write_text('{"files":[],"format":"visavis-locked/1"}\n')
    elif damage == "missing":
        (copy / "vault.db.keycheck").unlink()
    elif damage == "other key":
        key.write_text(VaultKeys(DeviceId("dev-x"), (bytes(32),)).text())
    else:
        key.write_text("nothing")
    words = ("device", "open-locked", str(copy), "--key", str(key), "--out", str(stick))
    code, answer = told(*words)
    assert (code, answer["error"]["code"]) == (3, "DEVICE-008")
    assert not stick.exists() or not list(stick.iterdir())


def test_what_the_central_side_holds_already_cannot_be_cut_short_or_changed(
    told, device, side, tmp_path
):
    """Whoever carries a rescue without checkpoint carries no less than what was sent before."""
    told("sync", "--once")
    lose(device)
    copy, stick, key = tmp_path / "copy", tmp_path / "stick", tmp_path / "key.txt"
    told("device", "copy-locked", str(copy))
    opened_by_auditor(side, copy, key)
    told("device", "open-locked", str(copy), "--key", str(key), "--out", str(stick))
    journal = stick / "journal.txt"
    whole = journal.read_text().splitlines()
    journal.write_text("\n".join(whole[:-2]) + "\n")
    refused = central("rescue", stick, "--data", side.data, check=False)
    assert "journal refused: gap" in refused.stderr
    journal.write_text("\n".join([*whole[:-2], whole[-1], whole[-2]]) + "\n")
    refused = central("rescue", stick, "--data", side.data, check=False)
    assert "journal refused: fork" in refused.stderr
    journal.write_text("\n".join([*whole, lost_entry(bytes(32))]) + "\n")
    refused = central("rescue", stick, "--data", side.data, check=False)
    assert "journal refused: entry" in refused.stderr


def test_a_new_key_of_the_vault_is_sealed_before_it_is_used(told, device, side, tmp_path):
    sealed = (device / "vault.db.escrow").read_bytes()
    assert told("keys", "rotate")[0] == 0
    assert (device / "vault.db.escrow").read_bytes() != sealed
    lose(device)
    copy, stick = tmp_path / "copy", tmp_path / "stick"
    told("device", "copy-locked", str(copy))
    key = opened_by_auditor(side, copy, tmp_path / "key.txt")
    code, answer = told("device", "open-locked", str(copy), "--key", str(key), "--out", str(stick))
    assert (code, answer["records"]) == (0, 1)
