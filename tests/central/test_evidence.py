"""The evidence pack: redacted, complete, and checked by a script that is not the program."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.archive.control import log_key_of
from central.archive.layout import Layout
from central.auditor.evidence_pdf import evidence_pdf
from central.auditor.opening import read_identity
from central.auditor.redaction import is_masked, redacted
from kiosk.audit.records import Attachment
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256
from tests.fakes.cases import DOCUMENT
from tests.fakes.central_side import CentralSide, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.programs import ROOT
from tests.fakes.sealed_cases import seal_case
from tests.services.test_sealing import decided

pytestmark = pytest.mark.process
VERIFIER = ROOT / "packaging" / "verify" / "evidence_verifier.py"
PICTURE = Attachment("jpg", b"\xff\xd8 a picture of a card")
WHY = ("--reason", "contestation du dossier", "--ground", "art. 6 (1) c RGPD")
PERSONAL = (DOCUMENT.surname, *DOCUMENT.given_names, DOCUMENT.document_number)


@dataclass(frozen=True)
class Pack:
    side: CentralSide
    device: EnrolledDevice
    folder: Path

    @property
    def evidence(self) -> dict:
        return parse_json((self.folder / "evidence.json").read_bytes())

    def check(self, *more: str) -> subprocess.CompletedProcess[str]:
        identity = read_identity(Layout(self.side.data).identity)
        keys = {
            "--auditor": log_key_of(identity).public.hex(),
            "--device": self.device.key.public.hex(),
            "--log": self.device.policy.collector.log_key,
        }
        given = [part for name, key in keys.items() for part in (name, key)]
        return subprocess.run(
            [sys.executable, "-I", str(VERIFIER), str(self.folder), *given, *more],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def made(side: CentralSide, record: str, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    key = ("--identity", Layout(side.data).identity, "--data", side.data)
    return central("audit", "evidence", record, "--out", out, *key, *more, check=False)


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Iterator[tuple[CentralSide, EnrolledDevice, str]]:
    with serving(founded(tmp_path_factory.mktemp("evidence") / "central")) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        _, record = seal_case(device, decided(), (PICTURE,))
        device.seal()
        assert device.delivery.run_once().stored == 3
        yield side, device, record


@pytest.fixture
def pack(office, tmp_path: Path) -> Pack:
    side, device, record = office
    done = made(side, record, tmp_path / "pack", *WHY)
    assert done.returncode == 0, done.stdout + done.stderr
    return Pack(side, device, tmp_path / "pack")


def words_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "".join(page.get_textpage().get_text_range() for page in document)


def test_a_pack_is_redacted_unless_the_order_says_otherwise(pack: Pack) -> None:
    everything = b"".join(path.read_bytes() for path in pack.folder.iterdir())
    printed = words_of(pack.folder / "evidence.pdf")
    for word in PERSONAL:
        assert word.encode() not in everything
        assert word not in printed
    assert sorted(path.name for path in pack.folder.iterdir()) == [
        "evidence.json",
        "evidence.pdf",
        "manifest.jws",
    ]
    claims = pack.evidence["record"]["verified_claims"]["claims"]
    assert all(map(is_masked, claims.values()))


def test_a_pack_gives_no_digest_that_names_could_be_tried_against(pack: Pack, office) -> None:
    side, _, record = office
    key = Layout(side.data).identity
    done = central("audit", "open", record, "--identity", key, "--data", side.data)
    whole = json.loads(done.stdout)["record"]
    text = (pack.folder / "evidence.json").read_text("utf-8")
    parts = (whole, whole["visavis"], whole["verified_claims"], whole["verified_claims"]["claims"])
    for part in (*parts, whole["visavis"]["document"]):
        digest = sha256(canonical_json(part))
        assert b64u(digest) not in text
        assert digest.hex() not in text


def test_a_pack_holds_every_entry_of_the_case_and_the_result_of_each_check(pack: Pack) -> None:
    evidence = pack.evidence
    assert [one["kind"] for one in evidence["proofs"]["entries"]] == ["verify_open", "verify_close"]
    assert {one["check"]: one["result"] for one in evidence["verified"]} == {
        "entry_signature": "holds",
        "sealed_bytes": "holds",
        "record_signatures": "holds",
        "second_agent": "absent",
        "journal_inclusion": "holds",
        "receipt": "holds",
        "one_history": "holds",
    }
    printed = words_of(pack.folder / "evidence.pdf")
    assert "Identité vérifiée" in printed
    assert "contestation du dossier" in printed
    assert b64u(sha256((pack.folder / "evidence.json").read_bytes()))


def test_the_independent_script_proves_a_pack(pack: Pack) -> None:
    done = pack.check()
    assert (done.returncode, "proven" in done.stdout) == (0, True), done.stdout + done.stderr


def rewritten(pack: Pack, change) -> None:
    path = pack.folder / "evidence.json"
    told = json.loads(path.read_text("utf-8"))
    change(told)
    path.chmod(0o600)
    path.write_bytes(canonical_json(told))


LIES = {
    "outcome": lambda told: told["record"]["visavis"]["decision"].update(outcome="refused"),
    "entry dropped": lambda told: told["proofs"]["entries"].pop(0),
    "receipt of another": lambda told: told["proofs"]["receipt"].update(index=0),
    "checkpoint": lambda told: told["proofs"]["device"].update(checkpoint="x"),
    "reason": lambda told: told["opened"].update(line=told["opened"]["line"].replace("a", "b")),
}


@pytest.mark.parametrize("what", LIES)
def test_a_pack_that_was_changed_is_named(pack: Pack, what: str) -> None:
    rewritten(pack, LIES[what])
    assert pack.check().returncode == 1


def test_a_page_that_was_exchanged_is_named(pack: Pack) -> None:
    path = pack.folder / "evidence.pdf"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    done = pack.check()
    assert done.returncode == 1
    assert "evidence.pdf" in done.stdout


def test_names_and_pictures_come_only_with_a_reason(office, tmp_path: Path) -> None:
    side, device, record = office
    bare = made(side, record, tmp_path / "bare", "--unredacted")
    assert (bare.returncode, json.loads(bare.stdout)["why"]) == (1, "order")
    whole = made(side, record, tmp_path / "whole", "--unredacted", *WHY)
    assert whole.returncode == 0
    (picture,) = (tmp_path / "whole" / "attachments").iterdir()
    assert picture.read_bytes() == PICTURE.data
    printed = words_of(tmp_path / "whole" / "evidence.pdf")
    assert DOCUMENT.document_number in printed
    assert "NON EXPURGÉ" in printed
    assert Pack(side, device, tmp_path / "whole").check().returncode == 0


def test_the_same_facts_give_the_same_pages(pack: Pack) -> None:
    evidence = pack.evidence
    first, second = (evidence_pdf(evidence, "AAAA") for _ in range(2))
    assert first == second
    assert evidence_pdf(evidence, "AAAA", "en") != first


# --- what is masked ---

SCALARS = st.one_of(st.text(), st.integers(), st.booleans())
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), TREES))
def test_nothing_unknown_is_ever_shown(tree: dict) -> None:
    def leaves(value):
        if is_masked(value):
            return
        if isinstance(value, dict):
            for item in value.values():
                yield from leaves(item)
        elif isinstance(value, list):
            for item in value:
                yield from leaves(item)
        else:
            yield value

    known = {"profile", "record_id"}
    unknown = {name: value for name, value in tree.items() if name not in known | {"visavis"}}
    assert [leaf for leaf in leaves(redacted(unknown)) if leaf is not None] == []


def test_made_at_is_a_time(pack: Pack) -> None:
    assert datetime.fromisoformat(pack.evidence["made_at"]).tzinfo is UTC
