"""What a witness cosigns and what it answers to everything else; its memory; its folder."""

import base64
import itertools
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import EMPTY_ROOT, consistency_proof, leaf_hash, root_of
from kiosk.crypto.cosignatures import Cosigner, cosignatures_of
from kiosk.crypto.notes import sign_note, verifier_key
from kiosk.crypto.signing import SigningKey
from witness.cosigning import SIZE_TYPE, Witness
from witness.folder import Folder, FolderFaultError
from witness.memory import MAX_SUSPICIONS, Memory, MemoryFaultError, Tree
from witness.submissions import (
    MAX_BYTES,
    MAX_SIZE,
    SubmissionError,
    parse_submission,
    submission_of,
)

KEY, LOG, OTHER = (SigningKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
ORIGIN, SECOND = "log.test/a", "log.test/b"
NAME = "witness.test/w1"
COSIGNER = Cosigner(NAME, KEY.public)
LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(64)]
FORKED = [*LEAVES[:3], *(leaf_hash(b"other %d" % number) for number in range(61))]
NOW = 1_790_000_000


def note(size: int, leaves=LEAVES, origin: str = ORIGIN, key: SigningKey = LOG) -> str:
    return sign(Checkpoint(origin, size, root_of(leaves[:size])), key)


def submission(old: int, size: int, leaves=LEAVES, **by) -> bytes:
    proof = consistency_proof(leaves[:size], old) if old <= size else ()
    return submission_of(old, proof, note(size, leaves, **by))


@pytest.fixture
def memory(tmp_path: Path):
    opened = Memory(tmp_path / "memory.db")
    with opened.turn() as turn:
        turn.add_key(ORIGIN, verifier_key(ORIGIN, LOG.public))
        turn.add_key(SECOND, verifier_key(SECOND, OTHER.public))
    yield opened
    opened.close()


@pytest.fixture
def witness(memory: Memory) -> Witness:
    return Witness(NAME, KEY, memory, lambda: NOW)


def held(memory: Memory, origin: str = ORIGIN) -> int:
    with memory.turn() as turn:
        tree = turn.tree(origin)
    return tree.size if tree else 0


# --- what is cosigned ---------------------------------------------------------------------------


def test_a_log_that_grows_is_cosigned(witness: Witness, memory: Memory):
    for old, size in itertools.pairwise((0, 1, 5, 5, 8, 64)):
        answer = witness.add_checkpoint(submission(old, size))
        assert answer.status == 200
        (found,) = cosignatures_of(note(size) + answer.body, (COSIGNER,))
        assert found.timestamp == NOW
        assert held(memory) == size


def test_logs_are_apart(witness: Witness, memory: Memory):
    assert witness.add_checkpoint(submission(0, 5)).status == 200
    answer = witness.add_checkpoint(submission(0, 3, FORKED, origin=SECOND, key=OTHER))
    assert answer.status == 200
    assert (held(memory), held(memory, SECOND)) == (5, 3)


def test_the_empty_log_is_cosigned_by_its_one_root(witness: Witness):
    assert witness.add_checkpoint(submission(0, 0)).status == 200
    wrong = sign(Checkpoint(ORIGIN, 0, bytes(32)), LOG)
    assert witness.add_checkpoint(submission_of(0, (), wrong)).status == 409


def test_lines_of_the_log_itself_are_cosigned_as_they_stand(witness: Witness):
    body = Checkpoint(ORIGIN, 4, root_of(LEAVES[:4])).text() + "extension of the log\n"
    signed = sign_note(body, ORIGIN, LOG)
    answer = witness.add_checkpoint(submission_of(0, (), signed))
    assert answer.status == 200
    assert cosignatures_of(signed + answer.body, (COSIGNER,))


def test_a_second_key_of_a_log_is_another_key_that_counts(witness: Witness, memory: Memory):
    assert witness.add_checkpoint(submission(0, 2, key=OTHER)).status == 403
    with memory.turn() as turn:
        turn.add_key(ORIGIN, verifier_key(ORIGIN, OTHER.public))
    assert witness.add_checkpoint(submission(0, 2, key=OTHER)).status == 200
    assert witness.add_checkpoint(submission(2, 3)).status == 200


# --- what is not --------------------------------------------------------------------------------


def test_a_closed_log_is_404_and_what_was_signed_of_it_stays_known(
    witness: Witness, memory: Memory
):
    assert witness.add_checkpoint(submission(0, 5)).status == 200
    with memory.turn() as turn:
        turn.close(ORIGIN, NOW)
        turn.close(ORIGIN, NOW + 1)
    answer = witness.add_checkpoint(submission(5, 8))
    assert (answer.status, held(memory)) == (404, 5)
    assert witness.add_checkpoint(submission(0, 8, origin=SECOND, key=OTHER)).status == 200
    with memory.turn() as turn:
        assert turn.closed() == {ORIGIN}


def test_a_memory_from_before_logs_could_be_closed_is_brought_up_to_date(tmp_path: Path):
    Memory(tmp_path / "old.db").close()
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.execute("DROP TABLE closed_logs")
        old.execute("INSERT INTO log_keys VALUES ('log.test/a', 'key')")
        old.execute("PRAGMA user_version=1")
        old.commit()
    opened = Memory(tmp_path / "old.db")
    with opened.turn() as turn:
        assert (turn.origins(), turn.closed()) == ((ORIGIN,), frozenset())
        turn.close(ORIGIN, NOW)
        assert turn.closed() == {ORIGIN}
    opened.close()


def test_an_unknown_log_is_404(witness: Witness):
    answer = witness.add_checkpoint(submission(0, 5, origin="log.test/unknown"))
    assert answer.status == 404


def test_another_signer_is_403(witness: Witness):
    assert witness.add_checkpoint(submission(0, 5, key=OTHER)).status == 403
    for signed in (
        note(5).replace("— log.test/a", "— log.test/x"),
        note(5).replace("\n5\n", "\n6\n"),
    ):
        assert witness.add_checkpoint(submission_of(0, (), signed)).status == 403


def test_an_old_size_that_is_not_the_newest_one_here_is_409_with_that_size(witness: Witness):
    witness.add_checkpoint(submission(0, 5))
    for old, size in ((0, 8), (4, 8), (6, 8), (0, 3), (2, 3)):
        answer = witness.add_checkpoint(submission(old, size))
        assert (answer.status, answer.body, answer.content_type) == (409, "5\n", SIZE_TYPE)


def test_an_old_size_beyond_the_new_one_is_400(witness: Witness):
    witness.add_checkpoint(submission(0, 8))
    assert witness.add_checkpoint(submission_of(8, (), note(5))).status == 400


def test_two_roots_of_one_size_are_a_fork_and_kept(witness: Witness, memory: Memory):
    witness.add_checkpoint(submission(0, 5))
    for _ in range(2):
        assert witness.add_checkpoint(submission_of(5, (), note(5, FORKED))).status == 409
    with memory.turn() as turn:
        (kept,) = turn.suspicions()
        assert turn.tree(ORIGIN).root == root_of(LEAVES[:5])
    assert (kept.kind, kept.note, kept.held_note) == ("fork", note(5, FORKED), note(5))


def test_a_larger_tree_that_does_not_follow_is_422_and_kept(witness: Witness, memory: Memory):
    witness.add_checkpoint(submission(0, 5))
    assert witness.add_checkpoint(submission(5, 9, FORKED)).status == 422
    for proof in ((), (bytes(32),) * 3):
        assert witness.add_checkpoint(submission_of(5, proof, note(9))).status == 422
    assert held(memory) == 5
    with memory.turn() as turn:
        assert {one.kind for one in turn.suspicions()} == {"unproven"}
        assert len(turn.suspicions()) == 2
    # An honest sender with a bad proof may come again.
    assert witness.add_checkpoint(submission(5, 9)).status == 200


def test_a_proof_for_the_first_checkpoint_must_be_empty(witness: Witness):
    assert witness.add_checkpoint(submission_of(0, (bytes(32),), note(5))).status == 422


def test_every_step_of_a_proof_counts(witness: Witness):
    witness.add_checkpoint(submission(0, 21))
    proof = list(consistency_proof(LEAVES[:50], 21))
    for place in range(len(proof)):
        wrong = [bytes(32) if n == place else step for n, step in enumerate(proof)]
        assert witness.add_checkpoint(submission_of(21, tuple(wrong), note(50))).status == 422
    assert witness.add_checkpoint(submission_of(21, tuple(proof), note(50))).status == 200


def test_suspicions_are_bounded(memory: Memory):
    with memory.turn() as turn:
        for number in range(MAX_SUSPICIONS + 5):
            turn.suspect("fork", ORIGIN, Tree(number, bytes(32), "n", NOW), "held")
        assert len(turn.suspicions()) == MAX_SUSPICIONS


# --- the form -----------------------------------------------------------------------------------

GOOD = submission(5, 9)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe", b"old 5", b"old 5\n\n", GOOD.replace(b"old 5", b"old 05"),
        GOOD.replace(b"old 5", b"old -5"), GOOD.replace(b"old 5", b"old  5"),
        GOOD.replace(b"old 5", b"new 5"), GOOD.replace(b"old 5", b"old 5 "),
        GOOD.replace(b"old 5", b"OLD 5"), GOOD.replace(b"old 5", b"old \xd9\xa5"),
        GOOD.replace(b"old 5", b"old 9223372036854775808"),
        GOOD.replace(b"old 5\n", b"old 5\r\n"), GOOD.replace(b"old 5\n", b"old 5\nAAAA\n"),
        GOOD.replace(b"\n9\n", b"\n09\n"), GOOD.replace(b"\n9\n", b"\n\n"),
        GOOD.rstrip(b"\n"), b"\n" + GOOD, GOOD + b"x" * MAX_BYTES,
        submission_of(5, (bytes(32),) * 64, note(9)),
        submission_of(5, (), sign_note("log.test/a\n5\n", ORIGIN, LOG)),
        submission_of(5, (), sign_note("log.test/a\n5\nAAAA\n", ORIGIN, LOG)),
    ],
)  # fmt: skip
def test_another_form_is_400(witness: Witness, data: bytes):
    with pytest.raises(SubmissionError):
        parse_submission(data)
    assert witness.add_checkpoint(data).status == 400


def test_sixty_three_proof_lines_are_the_most():
    assert len(parse_submission(submission_of(5, (bytes(32),) * 63, note(9))).proof) == 63


def test_a_hash_has_one_spelling():
    line = base64.b64encode(b"\x01" * 32)
    spelled = GOOD.replace(b"old 5\n", b"old 5\n" + line[:-2] + b"F=\n")
    with pytest.raises(SubmissionError):
        parse_submission(spelled)


@given(
    old=st.integers(0, 2**63 - 1),
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
)
def test_what_is_submitted_is_read(old, proof, size, root):
    signed = sign(Checkpoint(ORIGIN, size, root), LOG)
    found = parse_submission(submission_of(old, tuple(proof), signed))
    assert (found.old_size, found.proof, found.origin) == (old, tuple(proof), ORIGIN)
    assert (found.size, found.root, found.note) == (size, root, signed)


@given(st.binary(max_size=400) | st.text("old 059\n—=AQ", max_size=400).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    with suppress(SubmissionError):
        assert 0 <= parse_submission(data).old_size <= MAX_SIZE


@given(place=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_a_spoilt_submission_is_refused_or_another_one(place, byte):
    spoilt = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        found = parse_submission(spoilt)
    except SubmissionError:
        return
    if spoilt != GOOD:
        assert found != parse_submission(GOOD)


# --- what is remembered -------------------------------------------------------------------------


def test_nothing_is_signed_that_could_not_be_kept(witness: Witness, memory: Memory):
    # The commit fails (the disk is full): whoever asked gets no cosignature, and the tree stays.
    witness.add_checkpoint(submission(0, 5))
    memory._connection.execute("PRAGMA max_page_count = 1")
    grown = sign_note(
        Checkpoint(ORIGIN, 9, root_of(LEAVES[:9])).text() + "x" * 60_000 + "\n", ORIGIN, LOG
    )
    with pytest.raises(MemoryFaultError):
        witness.add_checkpoint(submission_of(5, consistency_proof(LEAVES[:9], 5), grown))
    memory._connection.execute("PRAGMA max_page_count = 1000000")
    assert held(memory) == 5
    assert witness.add_checkpoint(submission(5, 9)).status == 200


def test_a_tree_never_steps_back(memory: Memory):
    with memory.turn() as turn:
        turn.put_tree(ORIGIN, Tree(5, bytes(32), "n", NOW))
    for tree in (Tree(4, bytes(32), "n", NOW), Tree(5, EMPTY_ROOT, "n", NOW)):
        with pytest.raises(MemoryFaultError), memory.turn() as turn:
            turn.put_tree(ORIGIN, tree)
    assert held(memory) == 5


def test_memory_outlives_the_process(tmp_path: Path, witness: Witness, memory: Memory):
    witness.add_checkpoint(submission(0, 5))
    other = Memory(tmp_path / "memory.db")
    again = Witness(NAME, KEY, other, lambda: NOW)
    assert again.add_checkpoint(submission(0, 8)).body == "5\n"
    assert again.add_checkpoint(submission(5, 8)).status == 200
    other.close()
    # Two processes over one file: the first one meets what the second one wrote.
    assert witness.add_checkpoint(submission(5, 9)).body == "8\n"


def test_a_file_of_a_newer_program_or_no_file_at_all_is_refused(tmp_path: Path):
    path = tmp_path / "memory.db"
    Memory(path).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 9")
    with pytest.raises(MemoryFaultError, match="newer"):
        Memory(path)
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(MemoryFaultError):
        Memory(path)


def test_after_an_old_copy_was_put_back_its_own_word_brings_it_forward(
    witness: Witness, memory: Memory, tmp_path: Path
):
    witness.add_checkpoint(submission(0, 3))
    with closing(sqlite3.connect(tmp_path / "old.db")) as copy:
        memory._connection.backup(copy)
    cosigned = note(20) + witness.add_checkpoint(submission(3, 20)).body
    older = Memory(tmp_path / "old.db")
    restored = Witness(NAME, KEY, older, lambda: NOW)
    assert restored.recall(cosigned).size == 20
    assert restored.add_checkpoint(submission(3, 9, FORKED)).body == "20\n"
    assert restored.add_checkpoint(submission(20, 21)).status == 200
    assert restored.recall(cosigned).size == 21  # what is older teaches nothing
    for stranger in (note(30), cosigned.replace("\n20\n", "\n21\n"), "nothing"):
        with pytest.raises(SubmissionError):
            restored.recall(stranger)
    older.close()


def test_a_witness_that_cosigned_a_fork_says_so_when_it_recalls(witness: Witness, tmp_path: Path):
    cosigned = note(9) + witness.add_checkpoint(submission(0, 9)).body
    other = Memory(tmp_path / "other.db")
    with other.turn() as turn:
        turn.add_key(ORIGIN, verifier_key(ORIGIN, LOG.public))
    astray = Witness(NAME, KEY, other, lambda: NOW)
    assert astray.add_checkpoint(submission(0, 9, FORKED)).status == 200
    with pytest.raises(MemoryFaultError, match="step back"):
        astray.recall(cosigned)
    other.close()


class Growing(RuleBasedStateMachine):
    """Whatever is sent in whatever order: what was cosigned is one history that only grows."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(Path(":memory:"))
        with self.memory.turn() as turn:
            turn.add_key(ORIGIN, verifier_key(ORIGIN, LOG.public))
        self.witness = Witness(NAME, KEY, self.memory, lambda: NOW)
        self.cosigned: list[tuple[int, bytes]] = []

    def send(self, old: int, size: int, leaves: list[bytes]) -> int:
        answer = self.witness.add_checkpoint(submission(old, size, leaves))
        if answer.status == 200:
            self.cosigned.append((size, root_of(leaves[:size])))
        return answer.status

    @rule(old=st.integers(0, 63), size=st.integers(0, 63), forked=st.booleans())
    def anything(self, old, size, forked):
        self.send(old, size, FORKED if forked else LEAVES)

    @precondition(lambda self: self.cosigned and self.cosigned[-1][0] < 60)
    @rule(step=st.integers(0, 3), forked=st.booleans())
    def next(self, step, forked):
        size, root = self.cosigned[-1]
        leaves = FORKED if forked else LEAVES
        follows = root_of(leaves[:size]) == root
        assert (self.send(size, size + step, leaves) == 200) is follows

    @invariant()
    def one_history(self):
        for (size, root), (later, after) in itertools.pairwise(self.cosigned):
            assert size <= later
            mine = [L for L in (LEAVES, FORKED) if root_of(L[:size]) == root]
            assert any(root_of(leaves[:later]) == after for leaves in mine)

    def teardown(self):
        self.memory.close()


TestGrowing = Growing.TestCase
TestGrowing.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


# --- the folder ---------------------------------------------------------------------------------


def test_a_folder_is_made_once_and_read_again(tmp_path: Path):
    folder = Folder(tmp_path / "w")
    cosigner = folder.create(NAME)
    name, key = folder.load()
    assert (name, key.public) == (cosigner.name, cosigner.public)
    with pytest.raises(FolderFaultError, match="empty"):
        folder.create(NAME)
    with pytest.raises(FolderFaultError, match="name"):
        Folder(tmp_path / "x").create("two words")


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
@pytest.mark.parametrize("which", ["key", "memory"])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, which: str):
    folder = Folder(tmp_path / "w")
    folder.create(NAME)
    path = getattr(folder, which)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(FolderFaultError, match="600"):
        folder.load()


@pytest.mark.parametrize("which", ["key", "memory", "public"])
def test_what_is_missing_is_named_and_never_made_anew(tmp_path: Path, which: str):
    folder = Folder(tmp_path / "w")
    folder.create(NAME)
    getattr(folder, which).unlink()
    with pytest.raises(FolderFaultError, match="missing"):
        folder.load()


def test_a_key_that_is_not_the_public_one_is_refused(tmp_path: Path):
    folder = Folder(tmp_path / "w")
    folder.create(NAME)
    folder.public.write_text(replace(COSIGNER, name="other").text())
    with pytest.raises(FolderFaultError, match="another"):
        folder.load()
