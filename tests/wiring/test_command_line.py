"""The command line: exit codes, JSON, plain words, and a support file without people."""

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from kiosk import logs
from kiosk.__main__ import build_app, run
from kiosk.audit.entries import EntryKind
from kiosk.bootstrap import build
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.errors import DeviceError, KioskError
from kiosk.domain.ids import AgentId
from kiosk.paths import Paths
from kiosk.services.lease import CLOSED
from kiosk.services.sign_in import MAX_FAILURES
from tests.crypto import seal_world
from tests.fakes.cases import CARD_SIDES, DOCUMENT, REQUEST
from tests.fakes.desk import CHEAP
from tests.fakes.membership import join_fleet
from tests.wiring.test_journal_export import VERIFIER


@pytest.fixture
def device(tmp_path):
    """A data folder whose secrets lie in the demonstration's store, with the specimen camera."""
    folder = tmp_path / "device"
    folder.mkdir(mode=0o700)
    DemonstrationKeyStore(folder).put("database", bytes(range(32)))
    (folder / "visavis.toml").write_text('[camera]\nkind = "specimen"\n', encoding="utf-8")
    return folder


@pytest.fixture
def ask(device, capsys):
    def asked(*words: str) -> tuple[int, str, str]:
        code = run(build_app(), [*words, "--data", str(device)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def test_wrong_use_is_2(ask):
    assert ask("dance")[0] == 2
    assert ask("journal", "burn")[0] == 2
    assert ask("doctor", "--loud")[0] == 2


def test_a_failure_is_3_with_what_happened_what_to_do_and_its_code(ask):
    code, out, err = ask("sync", "--once")
    assert (code, out) == (3, "")
    assert "CONFIG-002" in err
    assert "inscrit" in err
    assert "Traceback" not in err


def test_a_failure_with_json_is_one_object(ask):
    code, out, _ = ask("enrol", "not-a-code", "--json")
    assert code == 3
    assert json.loads(out)["error"]["code"] == "SYNC-008"


def test_the_words_follow_the_language_of_the_settings(ask, device):
    (device / "visavis.toml").write_text('[screen]\nlanguage = "en"\n', encoding="utf-8")
    assert "not enrolled" in ask("sync", "--once")[2]


def test_a_mistake_in_the_settings_names_its_line(ask, device):
    (device / "visavis.toml").write_text('\n[camera]\nkind = "eye"\n', encoding="utf-8")
    code, _, err = ask("journal", "verify")
    assert code == 3
    assert "CONFIG-001 (line 3" in err


def test_what_nobody_foresaw_is_told_without_a_trace_of_the_program(device, capsys, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("ROUSSEL MAELLE")

    monkeypatch.setattr("kiosk.bootstrap.build", broken)
    code = run(build_app(), ["journal", "verify", "--data", str(device)])
    said = capsys.readouterr()
    assert code == 3
    assert "KIOSK-001 (RuntimeError)" in said.err
    assert "ROUSSEL" not in said.err + said.out


def test_a_whole_journal_is_0_and_a_broken_one_is_1(ask, device):
    code, out, _ = ask("journal", "verify", "--json")
    assert (code, json.loads(out)["verified"]) == (0, True)
    kiosk = build(Paths.of_device(device))
    kiosk.journal.record(EntryKind.SHIFT_OPEN, {"agent": "a17"})
    with kiosk.store.begin() as uow:
        row = uow.journal.get(0)
        uow.journal.append(type(row)(1, row.kind, None, row.wall_claimed, row.jws))
        uow.commit()
    kiosk.close()
    code, out, _ = ask("journal", "verify", "--json")
    assert code == 1
    assert json.loads(out)["problems"][0]["seq"] == 1
    assert ask("journal", "verify")[0] == 1
    assert len(json.loads(ask("journal", "show", "--last", "1", "--json")[1])["entries"]) == 1
    assert "shift_open" in ask("journal", "show")[1]


def test_the_doctor_sees_every_part_and_a_healthy_device_is_0(ask):
    code, out, _ = ask("doctor", "--json")
    findings = {item["subject"]: item for item in json.loads(out)["findings"]}
    assert code == 0
    assert set(findings) == {
        *("versions", "camera", "screens", "store", "keys", "secret", "pins"),
        *("enrolment", "outbox", "custody", "seals", "clock", "disk", "network"),
    }
    assert findings["camera"]["values"]["width"] == 1280
    assert findings["keys"]["grade"] == "warning"
    assert "[bon]" in ask("doctor")[1]


def test_the_doctor_says_who_mends_a_vault_that_does_not_open(ask, device):
    build(Paths.of_device(device)).close()
    (device / DemonstrationKeyStore.FILE_NAME).write_text("{}")
    code, out, _ = ask("doctor", "--json")
    findings = {item["subject"]: item for item in json.loads(out)["findings"]}
    assert code == 1
    assert findings["store"]["grade"] == "fault"
    assert findings["store"]["values"]["code"] == "VAULT-001"
    assert findings["outbox"]["grade"] == "unknown"


def test_a_second_program_is_told_that_the_first_is_there(ask, device):
    kiosk = build(Paths.of_device(device))
    try:
        assert "CONFIG-003" in ask("journal", "verify")[2]
        code, out, _ = ask("doctor", "--json")
        grades = {item["subject"]: item["grade"] for item in json.loads(out)["findings"]}
        assert (code, grades["store"]) == (0, "unknown")
    finally:
        kiosk.close()
    assert ask("journal", "verify")[0] == 0


def test_the_support_file_tells_nothing_of_anybody(ask, device, tmp_path):
    (device / "logs").mkdir()
    handler = logs.start(device / "logs")
    logs.event("case.opened", case_id="c" * 32, surname=REQUEST.surname, detail="Maëlle")
    logs.error("case.failed", KioskError("D2H6862M2 of ROUSSEL!"))
    logs.stop(handler)
    with (device / "logs" / "visavis.log").open("a", encoding="utf-8") as log:
        log.write("a line of another program about ROUSSEL\n")
        log.write('{"event": "case.x", "surname": "ROUSSEL", "detail": "Maëlle Roussel"}\n')
    kiosk = build(Paths.of_device(device))
    kiosk.journal.record(EntryKind.AGENT_ADDED, {"agent": "camille.r"})
    kiosk.close()
    out = tmp_path / "bundle.zip"
    assert ask("support-bundle", str(out))[0] == 0
    with zipfile.ZipFile(out) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(texts) == {
        *("doctor.json", "versions.json", "settings.json", "journal.json", "log.jsonl")
    }
    assert json.loads(texts["journal.json"])["kinds"] == {"agent_added": 1}
    assert "case.opened" in texts["log.jsonl"]
    whole = "\n".join(texts.values())
    people = (
        REQUEST.surname,
        "Maëlle",
        "ROUSSEL",
        DOCUMENT.document_number,
        "camille",
        str(device),
    )
    for word in (*people, CARD_SIDES[1].document.mrz[0]):
        assert not re.search(re.escape(word), whole, re.IGNORECASE), word


def test_the_support_file_never_overwrites_another(ask, tmp_path):
    out = tmp_path / "bundle.zip"
    out.write_text("mine")
    assert ask("support-bundle", str(out))[0] == 2
    assert out.read_text() == "mine"


@pytest.fixture
def member(device):
    kiosk = build(Paths.of_device(device))
    join_fleet(kiosk)
    kiosk.close()
    return device


def with_pins(monkeypatch, *pins: str) -> None:
    """Someone types these PINs, one after the other."""
    waiting = list(pins)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: waiting.pop(0))


def test_an_agent_is_added_and_may_sign_in(ask, member, monkeypatch):
    with_pins(monkeypatch, "271828")
    code, out, _ = ask("agent", "add", "a17", "--name", "Camille R.", "--json")
    assert (code, json.loads(out)) == (0, {"agent": "a17", "role": "agent"})
    kiosk = build(Paths.of_device(member))
    assert kiosk.sign_in.sign_in("a17", "271828").agent.display_name == "Camille R."
    kiosk.close()


def test_a_trivial_pin_is_refused_in_plain_words(ask, member, monkeypatch):
    with_pins(monkeypatch, "111111")
    code, _, err = ask("agent", "add", "a17", "--name", "Camille R.")
    assert code == 3
    assert "SIGNIN-004" in err


def test_once_there_is_a_manager_only_a_manager_adds_agents(ask, member, monkeypatch):
    with_pins(monkeypatch, "314159", "271828", "000000", "314159", "271828")
    assert ask("agent", "add", "m1", "--name", "Dominique", "--role", "manager")[0] == 0
    assert "SIGNIN-005" in ask("agent", "add", "a17", "--name", "Camille")[2]
    wrong = ("agent", "add", "a17", "--name", "Camille", "--manager", "m1")
    assert "SIGNIN-001" in ask(*wrong)[2]
    monkeypatch.undo()
    with_pins(monkeypatch, "314159", "271828")
    code, out, _ = ask(*wrong)
    assert code == 0
    assert "a17" in out


def test_the_first_manager_invites_an_agent_who_joins_with_the_code(ask, member, monkeypatch):
    code, out, _ = ask(
        "agent", "invite", "m1", "--name", "Dominique L.", "--role", "manager", "--json"
    )
    first = json.loads(out)
    assert (code, first["role"]) == (0, "manager")
    with_pins(monkeypatch, "314159")
    assert ask("agent", "join", first["code"])[0] == 0
    assert "SIGNIN-007" in ask_with(ask, monkeypatch, "314159", "agent", "join", first["code"])[2]
    assert "SIGNIN-005" in ask("agent", "invite", "a17", "--name", "Camille R.")[2]
    words = ("agent", "invite", "a17", "--name", "Camille R.", "--manager", "m1", "--json")
    second = json.loads(ask_with(ask, monkeypatch, "314159", *words)[1])
    listed = json.loads(ask("agent", "list", "--json")[1])
    assert listed["invited"] == [{"agent": "a17", "role": "agent"}]
    assert ask_with(ask, monkeypatch, "271828", "agent", "join", second["code"])[0] == 0
    lines = ask("agent", "list")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["a17", "m1"]
    kiosk = build(Paths.of_device(member))
    assert kiosk.sign_in.sign_in("a17", "271828").agent.display_name == "Camille R."
    kiosk.close()


def test_a_locked_agent_is_unlocked_by_a_manager(ask, member, monkeypatch):
    kiosk = build(Paths.of_device(member))
    kiosk.agents.add("m1", "Dominique", Role.MANAGER, "314159")
    kiosk.agents.add("a17", "Camille", Role.AGENT, "271828")
    with kiosk.store.begin() as uow:
        uow.agents.put(replace(uow.agents.get("a17"), failures=MAX_FAILURES))
        uow.commit()
    kiosk.close()
    assert "bloqué" in ask("agent", "list")[1]
    refused = ask_with(ask, monkeypatch, "884422", "agent", "unlock", "a17", "--manager", "m1")
    assert "SIGNIN-001" in refused[2]
    words = ("agent", "unlock", "a17", "--manager", "m1")
    assert ask_with(ask, monkeypatch, "314159", *words)[0] == 0
    assert "bloqué" not in ask("agent", "list")[1]


def test_an_agent_writes_their_own_activity(ask, member, monkeypatch, tmp_path):
    with_pins(monkeypatch, "271828")
    assert ask("agent", "add", "a17", "--name", "Camille R.")[0] == 0
    out = tmp_path / "activity.txt"
    words = ("agent", "activity", "a17", "--out", str(out), "--json")
    assert "SIGNIN-001" in ask_with(ask, monkeypatch, "884422", *words[:-1])[2]
    code, said, _ = ask_with(ask, monkeypatch, "271828", *words)
    answer = json.loads(said)
    assert (code, answer["entries"]) == (0, 2)
    assert VERIFIER.prove(out.read_text(), bytes.fromhex(answer["public_key"])) == []
    assert ask_with(ask, monkeypatch, "271828", *words)[0] == 2


def test_two_people_rescue_the_queue_to_a_folder(ask, member, monkeypatch, tmp_path):
    with_pins(monkeypatch, "314159")
    assert ask("agent", "add", "m1", "--name", "Dominique", "--role", "manager")[0] == 0
    kiosk = build(Paths.of_device(member))
    kiosk.agents.add("t1", "Sacha", Role.TECHNICIAN, "271828")
    kiosk.close()
    out = tmp_path / "rescue"
    words = ("device", "rescue", str(out), "--first", "m1", "--second", "t1", "--json")
    monkeypatch.undo()
    with_pins(monkeypatch, "314159", "271828")
    code, said, _ = ask(*words)
    assert (code, json.loads(said)["records"]) == (0, 0)
    assert {file.name for file in out.iterdir()} == {"journal.txt", "rescue.json"}
    assert "DEVICE-005" in json.loads(ask(*words)[1])["error"]["code"]


def test_a_device_that_cannot_send_is_not_destroyed(ask, member, monkeypatch):
    with_pins(monkeypatch, "314159")
    assert ask("agent", "add", "m1", "--name", "Dominique", "--role", "manager")[0] == 0
    assert ask("device", "decommission", "--manager", "m1")[0] == 2
    words = ("device", "decommission", "--manager", "m1", "--yes")
    code, _, err = ask_with(ask, monkeypatch, "314159", *words)
    assert (code, "DEVICE-003" in err) == (3, True)
    assert ask("journal", "verify")[0] == 0


def test_a_closed_device_leaves_its_journal_and_no_key(member):
    kiosk = build(Paths.of_device(member))
    before = kiosk.device_id
    with pytest.raises(DeviceError):
        kiosk.retire()
    with kiosk.store.begin() as uow:
        uow.values.put(CLOSED, kiosk.clock.now().isoformat().encode())
        uow.commit()
    file = kiosk.retire()
    kiosk.close()
    public = kiosk.device_key.public
    assert VERIFIER.prove(file.read_text(), public) == []
    assert not list(member.glob("vault.db*"))
    assert DemonstrationKeyStore(member).get("device-signing") is None
    anew = build(Paths.of_device(member))
    assert anew.device_id != before
    assert not anew.enrolled
    anew.close()


def test_a_destruction_that_was_cut_off_is_finished_at_the_next_start(member):
    kiosk = build(Paths.of_device(member))
    before = kiosk.device_id
    kiosk.close()
    (member / "retiring").touch()
    DemonstrationKeyStore(member).delete("database")
    anew = build(Paths.of_device(member))
    assert anew.device_id != before
    assert not (member / "retiring").exists()
    anew.close()


def ask_with(ask, monkeypatch, pin: str, *words: str):
    """Ask while someone types this PIN."""
    monkeypatch.undo()
    with_pins(monkeypatch, pin)
    return ask(*words)


def test_a_delivery_without_a_central_side_says_so_and_loses_nothing(ask, member):
    code, out, _ = ask("sync", "--once", "--json")
    assert code == 1
    assert json.loads(out) == {"stored": 0, "waiting": 0, "reason": "SYNC-001"}
    assert "SYNC-001" in ask("sync", "--once")[1]
    assert "SYNC-001" in ask("sync", "--metered")[1], "nothing is left to try for again"
    assert "CONFIG-002" not in ask("doctor")[1]


# --- who may seal documents -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def seal_files(tmp_path_factory):
    """A signed list, a signer and a revocation list as files; the fingerprint to pin."""
    folder = tmp_path_factory.mktemp("seals")
    operator, ca = seal_world.authority("Operator"), seal_world.authority("Authority")
    signer = seal_world.signer(ca)
    xml = seal_world.plain_list([seal_world.Provider("FR03", ca[0])], until="2099-01-01T00:00:00Z")
    files = {
        "tsl.xml": seal_world.signed(xml, operator),
        "abcd.der": seal_world.der(signer[0]),
        "fr03.crl": seal_world.revocations(ca),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    paths = [str(folder / name) for name in files]
    return paths, seal_world.fingerprint(operator[0])


def test_the_trust_list_is_imported_once_pinned_and_shown_after_a_restart(ask, seal_files):
    files, pin = seal_files
    assert ask("trust", "show")[0] == 1
    assert json.loads(ask("trust", "show", "--json")[1]) == {"list": None}
    assert ask("trust", "import", *files)[0] == 2
    assert ask("trust", "import", *files, "--signer-sha256", "zz")[0] == 2
    assert ask("trust", "import", files[0] + ".none", "--signer-sha256", pin)[0] == 2
    code, out, err = ask("trust", "import", str(Path(files[0]).parent), "--signer-sha256", pin)
    assert code == 2
    assert "dossier" in out + err
    code, out, _ = ask("trust", "import", *files, "--signer-sha256", pin)
    assert (code, "FR03" in out) == (0, True)
    code, out, _ = ask("trust", "show", "--json")
    shown = json.loads(out)
    assert (code, shown["authorities"], shown["refused"]) == (0, ["FR03"], 0)
    assert shown["signers"][0]["certificate_id"] == "ABCD"
    assert shown["list"]["signer_sha256"] == pin
    assert pin in ask("trust", "show")[1]
    findings = {f["subject"]: f for f in json.loads(ask("doctor", "--json")[1])["findings"]}
    assert findings["seals"]["grade"] == "ok"


def test_a_list_of_somebody_else_is_refused_with_its_code(ask, seal_files):
    code, _, err = ask("trust", "import", *seal_files[0], "--signer-sha256", "0" * 64)
    assert (code, "DOCUMENT-031" in err) == (3, True)


# --- the vault in the hands of a technician -------------------------------------------------------


def test_entries_are_found_by_day_kind_and_slip_code_and_none_is_1(ask, device):
    kiosk = build(Paths.of_device(device))
    kiosk.journal.record(EntryKind.SHIFT_OPEN, {"agent": "a17"})
    with kiosk.store.begin() as uow:
        seq, slip = kiosk.journal.append(uow, EntryKind.SHIFT_CLOSE, {"agent": "a17"})
        day = f"{uow.journal.range(0, 1)[0].wall_claimed.astimezone():%Y-%m-%d}"
        uow.commit()
    kiosk.close()

    def found(*words: str) -> tuple[int, list[int]]:
        code, out, _ = ask("journal", "find", *words, "--json")
        return code, [entry["seq"] for entry in json.loads(out)["entries"]]

    assert found("--slip", slip.lower()) == (0, [seq])
    assert found("--day", day) == (0, [1, 0])
    assert found("--day", day, "--kind", "shift_open") == (0, [0])
    assert found("--day", "2001-01-01") == (1, [])
    assert found("--record", "f" * 32) == (1, [])
    assert ask("journal", "find", "--kind", "dance")[0] == 2


def test_a_sound_vault_is_not_salvaged(ask, device):
    build(Paths.of_device(device)).close()
    before = (device / "vault.db").read_bytes()
    code, out, _ = ask("salvage", "--json")
    assert (code, json.loads(out)["sound"]) == (0, True)
    assert "sain" in ask("salvage")[1]
    assert (device / "vault.db").read_bytes() == before


def test_a_damaged_vault_is_salvaged_and_the_damaged_file_kept(ask, device):
    kiosk = build(Paths.of_device(device))
    kiosk.journal.record(EntryKind.SHIFT_OPEN, {"agent": "a17"})
    with kiosk.store.begin() as uow:
        uow.drafts.put(_draft())
        uow.commit()
    kiosk.close()
    vault = device / "vault.db"
    sound = vault.read_bytes()
    for page in range(len(sound) // 4096 - 1, 1, -1):
        damaged = bytearray(sound)
        damaged[page * 4096 + 900] ^= 1
        vault.write_bytes(bytes(damaged))
        code, out, _ = ask("salvage")
        if "vault-damaged-1.db" in out:
            break
        vault.write_bytes(sound)
    assert code in (0, 1)
    assert (device / "vault-damaged-1.db").read_bytes() == bytes(damaged)
    assert json.loads(ask("journal", "show", "--json")[1])["entries"][-1]["kind"] == "salvaged"


def _draft():
    from tests.contracts.store import draft_row

    return draft_row()


def test_the_vault_gets_a_new_key_and_the_old_one_is_forgotten(ask, device):
    build(Paths.of_device(device)).close()
    keys = DemonstrationKeyStore(device)
    before = keys.get("database")
    code, out, _ = ask("keys", "rotate")
    assert code == 0
    assert "nouvelle clé" in out
    assert keys.get("database") not in (before, None)
    assert keys.get("database-next") is None
    assert ask("journal", "verify")[0] == 0
    assert json.loads(ask("journal", "show", "--json")[1])["entries"][-1]["kind"] == "keys_changed"


def test_the_device_secret_is_replaced_and_the_doctor_says_who_is_awaited(ask, device):
    kiosk = build(Paths.of_device(device), cost=CHEAP)
    kiosk.agents.add(AgentId("m-1"), "Mona", Role.MANAGER, "271828")
    kiosk.agents.add(AgentId("a-2"), "Amin", Role.AGENT, "314159")
    kiosk.close()
    keys = DemonstrationKeyStore(device)
    before = keys.get("device-secret")
    code, out, _ = ask("keys", "secret", "--days", "5", "--json")
    told = json.loads(out)
    assert (code, told["awaited"], told["stranded"]) == (0, ["a-2", "m-1"], [])
    assert keys.get("device-secret") not in (before, None)
    assert keys.get("device-secret-past") == before
    findings = {
        item["subject"]: item for item in json.loads(ask("doctor", "--json")[1])["findings"]
    }
    assert findings["secret"]["grade"] == "warning"
    assert "a-2, m-1" in findings["secret"]["what"]
    code, _, err = ask("keys", "secret")
    assert (code, "VAULT-014" in err) == (3, True)
    assert ask("keys", "secret", "--finish")[0] == 2
    code, _, err = ask("keys", "secret", "--finish", "--yes")
    assert (code, "VAULT-015" in err) == (3, True)
    kiosk = build(Paths.of_device(device), cost=CHEAP)
    kiosk.sign_in.sign_in(AgentId("m-1"), "271828")
    kiosk.close()
    code, out, _ = ask("keys", "secret", "--finish", "--yes")
    assert (code, "a-2" in out) == (0, True)
    assert keys.get("device-secret-past") is None
    findings = {
        item["subject"]: item for item in json.loads(ask("doctor", "--json")[1])["findings"]
    }
    assert "a-2" in findings["secret"]["what"]
    assert ask("journal", "verify")[0] == 0


def test_secrets_are_wrapped_anew_and_stay_the_same(ask, device):
    build(Paths.of_device(device)).close()
    keys = DemonstrationKeyStore(device)
    names = ("database", "device-signing", "device-secret")
    before = {name: keys.get(name) for name in names}
    code, out, _ = ask("keys", "rewrap", "--json")
    assert (code, json.loads(out)["rewrapped"]) == (0, list(names))
    assert {name: keys.get(name) for name in names} == before


def test_a_record_that_is_gone_is_told_by_journal_and_doctor(ask, device):
    from tests.fakes.desk import Desk
    from tests.fakes.key_stores import MemoryKeyStore
    from tests.services.test_sealing import decided

    kiosk = build(Paths.of_device(device))
    secret = MemoryKeyStore(device_secret=bytes(32))
    desk = Desk(store=kiosk.store, keys=secret, device_key=kiosk.device_key)
    desk.journal = kiosk.journal
    seq = desk.sealing.seal(decided(), desk.session()).seq
    with kiosk.store.begin() as uow:
        uow.blobs.purge(seq)
        uow.commit()
    losses = kiosk.custody.examine()
    kiosk.close()
    assert [(m.seq, m.loss) for m in losses] == [(seq, "blob")]
    code, out, _ = ask("doctor", "--json")
    findings = {item["subject"]: item for item in json.loads(out)["findings"]}
    assert (code, findings["custody"]["grade"]) == (1, "fault")
    assert str(seq) in findings["custody"]["what"]
