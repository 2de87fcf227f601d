"""The auditor: opens what holds, and names what does not."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.auditor.histories import Histories, HistoryReport
from kiosk.audit.entries import EntryKind, entry_leaf, lost_entry
from kiosk.audit.second_word import EARLIER, SecondWord, seen_digest, sign_word
from kiosk.crypto.age import Identity
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import RecordId
from kiosk.ports import LinkAnswer
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice

pytestmark = pytest.mark.process


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[CentralSide, EnrolledDevice]]:
    """A central side with one device that delivered two records."""
    with serving(founded(tmp_path / "central")) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        device.seal()
        assert device.delivery.run_once().stored == 2
        yield side, device


def record_id(device: EnrolledDevice, seq: int = 2) -> RecordId:
    return device.row(seq).record_id


def opened(side: CentralSide, record: str, identity: Path | None = None) -> tuple[int, dict]:
    key = identity or Layout(side.data).identity
    done = central("audit", "open", record, "--identity", key, "--data", side.data, check=False)
    return done.returncode, json.loads(done.stdout or "{}")


def verify(side: CentralSide) -> HistoryReport:
    return Histories(Layout(side.data)).verify()


def lose(device: EnrolledDevice, seq: int) -> None:
    """Leave only the hash of an entry, as the salvage of a damaged vault does."""
    with device.store.begin() as uow:
        journal = uow.tables().journal
        journal[seq] = replace(journal[seq], jws=lost_entry(entry_leaf(journal[seq].jws)))
        uow.commit()


def change(side: CentralSide, statement: str, *values: str | int) -> None:
    """An operator with the database open and bad intentions."""
    connection = sqlite3.connect(Layout(side.data).database)
    with connection:
        assert connection.execute(statement, values).rowcount > 0
    connection.close()


def test_a_record_is_opened_with_the_auditors_key(office) -> None:
    side, device = office
    status, answer = opened(side, record_id(device))
    assert status == 0
    assert answer["verified"] is True
    assert answer["record"]["record_id"] == record_id(device)
    assert (answer["device_id"], answer["seq"]) == (device.identity.device_id, 2)


def test_an_entry_that_was_lost_keeps_no_record_and_no_alert_from_being_read(
    side: CentralSide, device: EnrolledDevice
) -> None:
    device.journal.record(EntryKind.VERIFY_OPEN, {"case": "c-1"})
    lost = device.size() - 1
    device.journal.record(EntryKind.FRAUD_ALERT, {"case": "c-2"})
    seq, _ = device.seal()
    lose(device, lost)
    assert device.delivery.run_once().stored == 1
    status, answer = opened(side, record_id(device, seq))
    assert (status, answer["verified"]) == (0, True)
    told = ask("alerts", "--data", side.data)["alerts"]
    assert [a["case_id"] for a in told if a["device_id"] == device.identity.device_id] == ["c-2"]


SEEN = dict.fromkeys(("request", "document", "reading", "checks", "person")) | {
    "ticked": [],
    "features": [],
    "procedure": "online-request",
    "case_id": "c" * 32,
    "decision": {"outcome": "accepted"},
}


def countersigned(device: EnrolledDevice, key: SigningKey, second: str = "a-18") -> dict:
    """The object of a record that ``second`` stands by, signed with ``key``."""
    whole = {**SEEN, "device_id": device.identity.device_id, "agent_id": "a-17"}
    word = SecondWord(
        v=EARLIER,
        device_id=device.identity.device_id,
        case_id="c" * 32,
        agent_id="a-17",
        second_id=second,
        about="decision",
        verdict="pass",
        seen_sha256=seen_digest(whole, "decision", EARLIER),
        at="2026-11-26T09:00:00+00:00",
    )
    told = {"agent_id": second, "about": "decision", "verdict": "pass"}
    told["statement"] = sign_word(word, key)
    return {**whole, "service": {"second_agent": told}}


def test_a_second_agent_is_verified_by_the_key_announced_for_that_agent(office) -> None:
    side, device = office
    sacha, robin = SigningKey.generate(), SigningKey.generate()
    for name, key in (("a-18", sacha), ("a-19", robin)):
        facts = {"agent": name, "public_key": b64u(key.public)}
        device.journal.record(EntryKind.AGENT_ADDED, facts)
    good, _ = device.seal(visavis=countersigned(device, sacha))
    forged, _ = device.seal(visavis=countersigned(device, robin))
    own, _ = device.seal(visavis=countersigned(device, device.agent_key))
    assert device.delivery.run_once().reason == ""
    status, answer = opened(side, record_id(device, good))
    assert (status, answer["second_agent"]) == (0, {"by": "a-18", "wanted": False})
    for seq in (forged, own):
        assert opened(side, record_id(device, seq))[0] == 1
    central("policy", "set", "four_eyes.outcomes=accepted", "--data", side.data)
    assert device.delivery.run_once().reason == ""
    device._wire()  # the policy that arrived is the one in force
    bare, _ = device.seal(visavis={**SEEN, "device_id": device.identity.device_id})
    assert device.delivery.run_once().reason == ""
    answer = opened(side, record_id(device, bare))[1]
    assert (answer["policy_version"], answer["second_agent"]) == (2, {"by": "", "wanted": True})


def with_opinion(device: EnrolledDevice, second: dict, key: SigningKey, by: str) -> dict:
    """The same record with the opinion of ``by`` about the person, signed with ``key``."""
    whole = dict(second)
    word = SecondWord(
        v=EARLIER,
        case_id=whole["case_id"],
        device_id=device.identity.device_id,
        agent_id=whole["agent_id"],
        second_id=by,
        about="person",
        verdict="pass",
        seen_sha256=seen_digest(whole, "person", EARLIER),
        at="2026-11-26T10:00:00Z",
    )
    told = {"agent_id": by, "about": "person", "verdict": "pass"}
    told["statement"] = sign_word(word, key)
    return {**whole, "service": {**whole["service"], "second_opinion": told}}


def test_an_opinion_is_verified_by_the_key_of_the_colleague_whom_it_names(office) -> None:
    side, device = office
    sacha, robin = SigningKey.generate(), SigningKey.generate()
    for name, key in (("a-18", sacha), ("a-19", robin)):
        facts = {"agent": name, "public_key": b64u(key.public)}
        device.journal.record(EntryKind.AGENT_ADDED, facts)
    signed = countersigned(device, sacha)
    good, _ = device.seal(visavis=with_opinion(device, signed, robin, "a-19"))
    forged, _ = device.seal(visavis=with_opinion(device, signed, sacha, "a-19"))
    assert device.delivery.run_once().reason == ""
    assert opened(side, record_id(device, good))[0] == 0
    assert opened(side, record_id(device, forged))[0] == 1


def test_every_opening_is_written_down(office) -> None:
    side, device = office
    opened(side, record_id(device, 2))
    opened(side, record_id(device, 3))
    lines = Layout(side.data).openings.read_text().splitlines()
    assert [json.loads(line)["record_id"] for line in lines] == [
        record_id(device, 2),
        record_id(device, 3),
    ]


def test_another_key_opens_nothing(office, tmp_path: Path) -> None:
    side, device = office
    other = tmp_path / "other.txt"
    other.write_text(f"# another auditor\n{Identity.generate().text}\n")
    status, answer = opened(side, record_id(device), other)
    assert (status, answer["verified"]) == (1, False)


def test_an_unknown_record_is_a_no(office) -> None:
    side, _ = office
    assert opened(side, "f" * 32) == (
        1,
        {"record_id": "f" * 32, "verified": False, "why": "unknown"},
    )


def test_a_record_that_has_not_arrived_is_a_no(office) -> None:
    side, device = office
    seq, _ = device.seal()
    device.links.trouble = lambda call: LinkAnswer(503, b"") if call.method == "PUT" else call.go()
    device.delivery.run_once()
    assert opened(side, record_id(device, seq))[1]["why"] == "not-received"
    report = verify(side)
    assert report.verified
    assert report.devices[0].missing == (seq,)


def test_nobody_signs_for_another_agent(office) -> None:
    side, device = office
    seq, _ = device.seal(agent="a-99")
    device.delivery.run_once()
    status, answer = opened(side, record_id(device, seq))
    assert (status, answer["verified"]) == (1, False)


def test_an_agent_announced_without_a_key_stands_in_nobodys_way(office) -> None:
    side, device = office
    device.journal.record(EntryKind.AGENT_ADDED, {"agent": "a-50"})
    device.journal.record(EntryKind.AGENT_ADDED, {"agent": "a-51", "public_key": "?"})
    assert not device.delivery.run_once().reason
    assert opened(side, record_id(device))[0] == 0


def test_a_device_that_announces_anothers_record_hides_it_from_nobody(office) -> None:
    side, device = office
    thief = EnrolledDevice().enrol(side.enrol_code())
    _, sealed = thief.seal()
    stolen = record_id(device)
    with thief.store.begin() as uow:
        thief.journal.append(uow, EntryKind.VERIFY_CLOSE, {}, sealed, stolen)
        uow.commit()
    thief.delivery.run_once()
    assert opened(side, stolen) == (
        1,
        {"record_id": stolen, "verified": False, "why": "ambiguous"},
    )
    key = Layout(side.data).identity
    own = ("--device", device.identity.device_id)
    done = central("audit", "open", stolen, "--identity", key, "--data", side.data, *own)
    assert json.loads(done.stdout)["device_id"] == device.identity.device_id


def test_a_database_that_is_none_is_told_without_a_trace(tmp_path: Path) -> None:
    data = founded(tmp_path / "central")
    Layout(data).database.write_bytes(b"no database" * 1000)
    done = central("audit", "verify", "--data", data, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_whole_history_verifies(office) -> None:
    side, device = office
    report = verify(side)
    assert report.verified
    assert report.log_size == 2
    (found,) = report.devices
    assert (found.device_id, found.entries) == (device.identity.device_id, device.size())
    assert (found.records, found.stored, found.missing) == (2, 2, ())
    done = central("audit", "verify", "--data", side.data, "--json")
    assert json.loads(done.stdout)["verified"] is True


SABOTAGE = {
    "last entry dropped": "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)",
    "record entry dropped": "DELETE FROM entries WHERE seq = 2",
    "whole journal dropped": "DELETE FROM entries",
    "device forgotten": "DELETE FROM devices",
    "entries swapped": "UPDATE entries SET jws = (SELECT jws FROM entries e WHERE e.seq = 0) "
    "WHERE seq = 1",
    "receipt leaf dropped": 'DELETE FROM log_leaves WHERE "index" = 1',
    "receipt leaf moved": "UPDATE log_leaves SET seq = 9 WHERE seq = 3",
    "receipt leaf rewritten": "UPDATE log_leaves "
    "SET data = CAST(replace(data, 'filesystem', 'nowhere') AS BLOB)",
    "leaf hash rewritten": "UPDATE log_leaves SET hash = zeroblob(32) WHERE seq = 3",
    "record forgotten and given out as never sent": "DELETE FROM sealed WHERE seq = 2",
    "header altered": "UPDATE sealed SET header = CAST(header || 'x' AS BLOB) WHERE seq = 2",
    "device checkpoint altered": "UPDATE devices SET checkpoint = 'x'",
    "log checkpoint altered": "UPDATE log_state SET checkpoint = 'x'",
    "policy altered": "UPDATE policies SET token = token || 'x'",
}


def test_a_device_forgotten_with_all_it_sent_is_missed_by_the_log(office) -> None:
    side, _ = office
    for table in ("sealed", "entries", "devices"):
        change(side, f"DELETE FROM {table}")  # noqa: S608 - names of tables, above
    assert "2 receipts" in verify(side).problems[0]


def test_a_journal_dropped_before_any_record_is_missed_too(office) -> None:
    side, _ = office
    for statement in ("DELETE FROM sealed", "DELETE FROM log_leaves", "DELETE FROM log_state"):
        change(side, statement)
    change(side, "DELETE FROM entries")
    assert not verify(side).verified


@pytest.mark.parametrize("what", SABOTAGE)
def test_sabotage_in_the_database_is_named(office, what: str) -> None:
    side, _ = office
    change(side, SABOTAGE[what])
    assert not verify(side).verified


def test_an_altered_payload_is_named(office) -> None:
    side, device = office
    folder = Layout(side.data).payloads / device.identity.device_id
    path = min(folder.iterdir())
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(bytes(data))
    report = verify(side)
    assert [problem.split(":")[0] for problem in report.devices[0].problems] == ["record 2"]
    assert opened(side, record_id(device, 2))[0] == 1
    done = central("audit", "verify", "--data", side.data, check=False)
    assert done.returncode == 1
    assert "WRONG" in done.stdout


def test_a_lost_payload_is_named(office) -> None:
    side, device = office
    folder = Layout(side.data).payloads / device.identity.device_id
    max(folder.iterdir()).unlink()
    assert not verify(side).verified


def test_alerts_are_listed_and_name_nobody(office) -> None:
    side, device = office
    assert ask("alerts", "--data", side.data) == {"alerts": []}
    with device.store.begin() as uow:
        device.journal.append(uow, EntryKind.FRAUD_ALERT, {"case": "c" * 32})
        uow.commit()
    assert device.delivery.run_once().failed == 0
    (alert,) = ask("alerts", "--data", side.data)["alerts"]
    assert (alert["case_id"], alert["office_id"]) == ("c" * 32, "075012")
    assert alert["device_id"] == device.identity.device_id
    assert verify(side).verified


def test_a_pair_of_records_is_stored_and_verified_as_two(office) -> None:
    side, device = office
    device.seal(kind=EntryKind.ITEM_DISTRIBUTED)
    device.seal()
    assert device.delivery.run_once().stored == 2
    report = verify(side)
    assert report.verified
    assert [one.stored for one in report.devices] == [4]


# --- long histories ---


def test_a_history_longer_than_a_page_is_verified_as_a_short_one(office, monkeypatch) -> None:
    side, _ = office
    whole = verify(side)
    monkeypatch.setattr("central.auditor.journals.PAGE", 1)
    assert verify(side) == whole
    change(side, "DELETE FROM entries WHERE seq = 1")
    (found,) = verify(side).devices
    assert found.entries == whole.devices[0].entries - 1
    assert not verify(side).verified


def test_a_verification_tells_how_far_it_is_and_can_be_ended(office, monkeypatch) -> None:
    side, device = office
    monkeypatch.setattr("central.auditor.journals.PAGE", 1)
    told: list[tuple[int, int]] = []

    def stop(done: int, whole: int) -> None:
        told.append((done, whole))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Histories(Layout(side.data)).verify(progress=stop)
    assert told == [(1, device.size()), (2, device.size())]


def test_one_device_is_verified_alone(office) -> None:
    side, device = office
    EnrolledDevice().enrol(side.enrol_code())
    name = device.identity.device_id
    done = central("audit", "verify", "--device", name, "--data", side.data, "--json")
    assert [one["device_id"] for one in json.loads(done.stdout)["devices"]] == [name]
    nobody = central("audit", "verify", "--device", "dev-x", "--data", side.data, check=False)
    assert nobody.returncode == 2


def test_a_split_view_is_found_among_batches_of_states(office, monkeypatch) -> None:
    side, device = office
    device.delivery.run_once()
    monkeypatch.setattr("central.auditor.shown_logs.BATCH", 1)
    assert verify(side).verified
    shown = {"log_size": 2, "log_root": b64u(b"x" * 32), "seq": 2}
    device.journal.record(EntryKind.BLOB_PURGED, shown)
    assert device.delivery.run_once().failed == 0
    (problem,) = verify(side).devices[0].problems
    assert "split view" in problem
