"""Sealed records and an implementation of age that is not ours: the npm package age-encryption.

Both ways, and without any code of the product on the other side: what the device seals is opened
there and its inner signatures are verified by another library; what is sealed there opens here.
Source: C2SP age, stanza mlkem768x25519; records-and-sync section 7 ("opened without our code").
"""

import base64
import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kiosk.crypto import age, age_passphrase
from kiosk.crypto.age import Identity
from kiosk.crypto.canonical import canonical_json
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import SealedRecordError
from tests.fakes.desk import ESCROW, OPS, Desk
from tests.fakes.ida import require_closed
from tests.services.test_sealing import decided

HERE = Path(__file__).parent
CHUNK = 64 * 1024
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1_000_003)

pytestmark = pytest.mark.process


def ask(*jobs: dict[str, Any]) -> list[dict[str, Any]]:
    """Let the other implementation do the jobs."""
    node = shutil.which("node") or shutil.which("nodejs")
    ready = (HERE / "node_modules" / "age-encryption").is_dir()
    # Never skipped: a proof that did not run is none.
    assert node, "Node.js is missing: python3 packaging/dev.py setup says what to type"
    assert ready, "set up with: npm ci --ignore-scripts --prefix tests/interop"
    done = subprocess.run(
        [node, "open.mjs"],
        cwd=HERE,
        input=json.dumps(jobs, default=str),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def sealed_by_device(folder: Path, decision: Decision | None = None) -> tuple[Desk, Path]:
    """A record as the device keeps it, in a file."""
    desk = Desk()
    state = decided() if decision is None else decided(decision)
    seq = desk.sealing.seal(state, desk.session()).seq
    with desk.store.begin() as uow:
        blob = uow.blobs.get(seq)
    assert blob is not None
    path = folder / "record.age"
    path.write_bytes(blob)
    return desk, path


@pytest.mark.parametrize("identity", [OPS, ESCROW], ids=["ops", "escrow"])
def test_a_sealed_record_is_opened_by_each_recipient_without_our_code(
    tmp_path: Path, identity: Identity
):
    desk, sealed = sealed_by_device(tmp_path)
    out = tmp_path / "record.zip"
    (answer,) = ask({"do": "decrypt", "identity": identity.text, "file": sealed, "out": out})
    assert answer == {"bytes": out.stat().st_size}
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == ["record.json", "record.jws"]
        record, jws = archive.read("record.json"), archive.read("record.jws")
    (tmp_path / "record.jws").write_bytes(jws)
    with desk.store.begin() as uow:
        (agent,) = uow.agents.all()
    publics = {
        desk.session().signing_key.key_id: agent.public_key.hex(),
        desk.device_key.key_id: desk.device_key.public.hex(),
    }
    (signed,) = ask({"do": "verify", "jws": tmp_path / "record.jws", "keys": publics})
    assert base64.b64decode(signed["payload"]) == record
    assert sorted(signed["kids"]) == sorted(publics)
    told = json.loads(record)
    assert told["visavis"]["decision"]["outcome"] == "accepted"
    assert canonical_json(told) == record
    require_closed(told["verified_claims"])


def test_a_refused_verification_carries_no_claims_to_anybody(tmp_path: Path):
    refused = Decision(Outcome.REFUSED, (Reason.PERSON_DIFFERS,))
    _, sealed = sealed_by_device(tmp_path, refused)
    out = tmp_path / "record.zip"
    ask({"do": "decrypt", "identity": OPS.text, "file": sealed, "out": out})
    with zipfile.ZipFile(out) as archive:
        record = json.loads(archive.read("record.json"))
    assert "verified_claims" not in record
    assert record["visavis"]["decision"]["outcome"] == "refused"


def test_whatever_we_seal_opens_there(tmp_path: Path):
    jobs, plains = [], []
    for size in SIZES:
        plains.append(os.urandom(size))
        file, out = tmp_path / f"{size}.age", tmp_path / f"{size}.out"
        file.write_bytes(age.encrypt(plains[-1], [ESCROW.recipient, OPS.recipient]))
        jobs.append({"do": "decrypt", "identity": OPS.text, "file": file, "out": out})
    assert [a.get("bytes", a) for a in ask(*jobs)] == list(SIZES)
    assert [(tmp_path / f"{size}.out").read_bytes() for size in SIZES] == plains


def test_whatever_is_sealed_there_opens_here(tmp_path: Path):
    jobs, plains = [], []
    for size in SIZES:
        plains.append(os.urandom(size))
        file, out = tmp_path / f"{size}.in", tmp_path / f"{size}.age"
        file.write_bytes(plains[-1])
        recipients = [OPS.recipient, ESCROW.recipient]
        jobs.append({"do": "encrypt", "recipients": recipients, "file": file, "out": out})
    assert not [a["error"] for a in ask(*jobs) if "error" in a]
    for size, plain in zip(SIZES, plains, strict=True):
        blob = (tmp_path / f"{size}.age").read_bytes()
        assert age.decrypt(blob, OPS) == age.decrypt(blob, ESCROW) == plain
        with pytest.raises(SealedRecordError):
            age.decrypt(blob, Identity.from_seed(b"x" * 32))


def test_keys_are_written_alike(tmp_path: Path):
    identities = [Identity.generate() for _ in range(5)]
    answers = ask(*({"do": "recipient", "identity": i.text} for i in identities))
    assert [a["recipient"] for a in answers] == [i.recipient for i in identities]


def test_what_was_changed_is_refused_there_too(tmp_path: Path):
    _, sealed = sealed_by_device(tmp_path)
    blob = sealed.read_bytes()
    header, _ = age.split(blob)
    changed = {
        "stranger": (blob, Identity.generate().text),
        "header": (blob[:100] + b"A" + blob[101:], OPS.text),
        "payload": (blob[:-1] + bytes([blob[-1] ^ 1]), OPS.text),
        "cut": (blob[: len(header) + 16], OPS.text),
    }
    jobs = []
    for name, (data, identity) in changed.items():
        (tmp_path / name).write_bytes(data)
        out = tmp_path / f"{name}.out"
        jobs.append({"do": "decrypt", "identity": identity, "file": tmp_path / name, "out": out})
    assert ["error" in answer for answer in ask(*jobs)] == [True] * len(jobs)


def test_a_file_for_a_passphrase_opens_on_both_sides(tmp_path: Path) -> None:
    words, seed = "gare à la clé", b"seed of a root key"
    ours, theirs, out = tmp_path / "ours.age", tmp_path / "theirs.age", tmp_path / "out"
    (tmp_path / "plain").write_bytes(seed)
    ours.write_bytes(age_passphrase.encrypt(seed, words, 12))
    opened, wrong, _ = ask(
        {"do": "unlock", "passphrase": words, "file": ours, "out": out},
        {"do": "unlock", "passphrase": "another", "file": ours, "out": tmp_path / "no"},
        {"do": "lock", "passphrase": words, "file": tmp_path / "plain", "out": theirs},
    )
    assert (opened, out.read_bytes()) == ({"bytes": len(seed)}, seed)
    assert "error" in wrong
    assert age_passphrase.decrypt(theirs.read_bytes(), words) == seed
