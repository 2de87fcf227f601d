"""An exported journal is proven by a script that shares nothing with the program."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.__main__ import build_app, run
from kiosk.audit.checkpoint import Checkpoint, sign, slip_code
from kiosk.audit.entries import EntryKind, Header, entry_leaf, lost_entry, make_entry, open_entry
from kiosk.audit.verify import verify_journal
from kiosk.bootstrap import EXPORT_FORMAT, build
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.paths import Paths
from kiosk.sync.checkpoints import device_origin
from tests.fakes.desk import DEVICE, Desk
from tests.services.test_sealing import decided

SCRIPT = Path(__file__).parents[2] / "packaging" / "verify" / "journal_verifier.py"
STRANGER = SigningKey.from_seed(b"s" * 32)


def _script():
    spec = importlib.util.spec_from_file_location("journal_verifier", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


VERIFIER = _script()


def note(entries: list[str], key: SigningKey) -> str:
    report = verify_journal(entries, DEVICE.device_id, key.public)
    origin = device_origin("collector.example", DEVICE.device_id)
    return sign(Checkpoint(origin, report.entries, report.root), key)


def export(entries: list[str], checkpoint: str) -> str:
    about = {"format": EXPORT_FORMAT, "device_id": DEVICE.device_id, "checkpoint": checkpoint}
    return "".join(f"{line}\n" for line in (canonical_json(about).decode(), *entries))


def journal() -> tuple[list[str], SigningKey]:
    desk = Desk()
    session = desk.session()
    for number in range(4):
        desk.sealing.seal(decided(case=f"{number:032x}"), session)
    desk.sign_in.sign_out(session)
    return [row.jws for row in desk.entries()], desk.device_key


ENTRIES, KEY = journal()
TRUE = export(ENTRIES, note(ENTRIES, KEY))


def prove(text: str, **more: object) -> list[str]:
    return VERIFIER.prove(text, KEY.public, **more)


def faults_or_refusal(text: str) -> list[str]:
    """What is wrong, also where it is no export at all any more."""
    try:
        return prove(text)
    except VERIFIER.Fault as fault:
        return [str(fault)]


def with_entries(entries: list[str]) -> list[str]:
    """Faults of other entries under the true checkpoint."""
    return prove(export(entries, note(ENTRIES, KEY)))


def signed_again(entry: str, **changes: object) -> str:
    """The header as the device itself would sign it with other facts."""
    header = open_entry(entry, KEY.public)
    fields = {name: getattr(header, name) for name in Header.__slots__}
    return make_entry(Header(**{**fields, **changes}), bytes(32), KEY)


def test_the_true_journal_is_proven():
    assert len(ENTRIES) == 7
    assert prove(TRUE) == []
    older = note(ENTRIES[:3], KEY)
    assert prove(TRUE, elsewhere=[older]) == []
    roots, _ = VERIFIER.walk(ENTRIES, DEVICE.device_id, KEY.public)
    assert prove(TRUE, slip=slip_code(roots[5])) == []


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_a_dropped_entry_is_named(index: int):
    faults = with_entries(ENTRIES[:index] + ENTRIES[index + 1 :])
    assert "checkpoint: 7 entries were there, 6 are here" in faults
    if index < len(ENTRIES) - 1:
        assert f"entry {index}: number" in faults
        assert f"entry {index}: chain" in faults


def test_entries_in_another_order_or_twice_are_named():
    swapped = [ENTRIES[0], ENTRIES[2], ENTRIES[1], *ENTRIES[3:]]
    assert {"entry 1: number", "entry 2: number"} <= set(with_entries(swapped))
    assert "entry 7: number" in with_entries([*ENTRIES, ENTRIES[-1]])
    more = [*ENTRIES, signed_again(ENTRIES[-1], seq=7)]
    assert "checkpoint: 8 entries are here, 7 are signed for" in with_entries(more)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"wall_claimed": "2020-01-01T00:00:00+00:00"}, "entry 5: chain"),
        ({"facts": {"case": "c", "outcome": "refused", "sealed": True}}, "entry 5: chain"),
        ({"kind": EntryKind.BOOT}, "entry 5: chain"),
        ({"seq": 9}, "entry 4: number"),
        ({"device_id": "dev-ffffffffffffffff"}, "entry 4: device"),
        ({"prev_root": "A" * 43}, "entry 4: chain"),
        ({"mono_ms": -1}, "entry 4: clock"),
        ({"v": "visavis-record/2"}, "entry 4: form"),
    ],
)
def test_an_entry_that_the_device_itself_signed_anew_is_named(changes: dict, fault: str):
    assert fault in with_entries([*ENTRIES[:4], signed_again(ENTRIES[4], **changes), *ENTRIES[5:]])


def test_an_entry_or_a_checkpoint_of_another_device_is_named():
    header = open_entry(ENTRIES[4], KEY.public)
    foreign = make_entry(header, bytes(32), STRANGER)
    assert "entry 4: signature: another key or kind" in with_entries(
        [*ENTRIES[:4], foreign, *ENTRIES[5:]]
    )
    assert prove(export(ENTRIES, note(ENTRIES, STRANGER))) == ["checkpoint: signature"]
    report = verify_journal(ENTRIES, DEVICE.device_id, KEY.public)
    other = sign(Checkpoint("c/device/dev-0000000000000000", 7, report.root), KEY)
    assert prove(export(ENTRIES, other)) == ["checkpoint: another journal"]
    assert len(VERIFIER.prove(TRUE, STRANGER.public)) == 8


@pytest.mark.parametrize("index", range(len(ENTRIES) - 1))
def test_a_lost_entry_is_named_and_its_hash_keeps_the_proof_of_the_others(index: int):
    lost = [*ENTRIES]
    lost[index] = lost_entry(entry_leaf(ENTRIES[index]))
    assert with_entries(lost) == [f"entry {index}: lost, only its hash is left"]


def test_a_made_up_hash_in_the_place_of_an_entry_breaks_what_follows():
    lost = [*ENTRIES]
    lost[2] = lost_entry(bytes(32))
    faults = with_entries(lost)
    assert "entry 2: lost, only its hash is left" in faults
    assert "entry 3: chain" in faults
    lost[2] = "lost:no hash"
    assert "entry 2: form" in with_entries(lost)


def test_a_visit_without_an_end_is_listed_and_no_fault():
    desk = Desk()
    for case, kinds in (("a" * 32, ("open", "close")), ("b" * 32, ("open",))):
        for kind in kinds:
            facts = {"case": case, "outcome": "no-show"}
            desk.journal.record(EntryKind(f"verify_{kind}"), facts)
    entries = [row.jws for row in desk.entries()]
    text = export(entries, note(entries, desk.device_key))
    assert VERIFIER.prove(text, desk.device_key.public) == []
    listed = VERIFIER.open_visits(text, desk.device_key.public)
    assert listed == [f"open: visit {'b' * 32}, opened by entry 2, has no end"]


def test_counts_of_the_chip_that_no_entry_tells_are_listed():
    desk = Desk()
    for case, count in enumerate((7, 8, 8, 9, 12, 3)):
        facts = {"case": f"{case:032x}", "chip": count}
        desk.journal.record(EntryKind.VERIFY_OPEN, facts)
    entries = [row.jws for row in desk.entries()]
    text = export(entries, note(entries, desk.device_key))
    first = next(
        n for n, jws in enumerate(entries) if open_entry(jws, desk.device_key.public).facts
    )
    assert VERIFIER.chip_holes(text, desk.device_key.public) == [
        f"chip: entry {first + 4} says count 12 after count 9",
        f"chip: entry {first + 5} says count 3 after count 12",
    ]
    assert VERIFIER.chip_holes(TRUE, KEY.public) == []


def test_a_history_cut_back_and_signed_anew_shows_against_what_was_kept_elsewhere():
    cut = export(ENTRIES[:5], note(ENTRIES[:5], KEY))
    assert prove(cut) == []
    kept = note(ENTRIES, KEY)
    assert prove(cut, elsewhere=[kept]) == ["checkpoint: 7 entries were there, 5 are here"]
    roots, _ = VERIFIER.walk(ENTRIES, DEVICE.device_id, KEY.public)
    assert prove(cut, slip=slip_code(roots[7])) == ["slip: no entry of this journal gave that code"]
    fork = [*ENTRIES[:6], signed_again(ENTRIES[6], wall_claimed="2020-01-01T00:00:00+00:00")]
    faults = prove(export(fork, note(fork, KEY)), elsewhere=[kept])
    assert faults == ["checkpoint: the first 7 entries are not those it was signed for"]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(TRUE) - 1), st.characters(codec="utf-8"))
def test_no_character_can_be_changed(position: int, character: str):
    edited = TRUE[:position] + character + TRUE[position + 1 :]
    if edited == TRUE:
        return
    assert faults_or_refusal(edited)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TRUE) - 1))
def test_no_end_can_be_cut_off(length: int):
    assert faults_or_refusal(TRUE[:length])


@pytest.fixture
def device(tmp_path: Path) -> Path:
    folder = tmp_path / "device"
    folder.mkdir(mode=0o700)
    DemonstrationKeyStore(folder).put("database", bytes(range(32)))
    return folder


@pytest.mark.process
def test_a_device_writes_what_the_script_proves(device: Path, tmp_path: Path, capsys):
    kiosk = build(Paths.of_device(device))
    kiosk.journal.record(EntryKind.BOOT)
    kiosk.journal.record(EntryKind.SHIFT_OPEN, {"agent": "a17"})
    kiosk.close()
    out = tmp_path / "journal.txt"
    words = ["journal", "export", str(out), "--data", str(device)]
    assert run(build_app(), [*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["entries"] == 2
    # Away from the checkout: nothing of the product can be imported.
    script = tmp_path / "journal_verifier.py"
    script.write_bytes(SCRIPT.read_bytes())
    keys = (said["public_key"], verifier_key("device", bytes.fromhex(said["public_key"])))
    for key, code in ((keys[0], 0), (keys[1], 0), (STRANGER.public.hex(), 1), ("no-key", 2)):
        done = subprocess.run(
            [sys.executable, "-I", str(script), str(out), "--key", key],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
    assert run(build_app(), words) == 2
    assert "existe déjà" in capsys.readouterr().err
    assert run(build_app(), [*words[:2], str(tmp_path / "no" / "f"), *words[3:]]) == 3


def test_the_script_imports_nothing_of_the_product():
    tree = ast.parse(SCRIPT.read_text("utf-8"))
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    assert {n.split(".")[0] for n in names} <= {*sys.stdlib_module_names, "cryptography"}
