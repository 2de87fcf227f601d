"""Decides about one submission: cosign, or say which tree is the newest one here.

Rules, in order, each with its answer: the form (400); a log that is watched and not closed (404); a
signature by a key that is trusted for it (403); the old size not beyond the new one (400); the old
size the one of the newest tree here (409 and that size); the same size with the same root (409); a
proof that leads from there to the new tree (422). Only then the new tree is kept, durably, and only
after that it is cosigned (200): what this witness signed it has never forgotten.
Source: C2SP ``tlog-witness``, ``add-checkpoint``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.audit.tree import EMPTY_ROOT, verify_consistency
from kiosk.crypto.cosignatures import Cosigner, cosign, cosignatures_of
from kiosk.crypto.notes import parse_verifier_key, verify_note
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError
from witness.memory import Memory, Tree, Turn
from witness.submissions import Submission, SubmissionError, parse_submission

SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        status: of HTTP.
        body: text.
        content_type: of the body.
    """

    status: int
    body: str
    content_type: str = TEXT_TYPE


class Witness:
    """One witness: a name, a key, a memory."""

    def __init__(self, name: str, key: SigningKey, memory: Memory, now: Callable[[], int]) -> None:
        """Now: seconds since the epoch."""
        self._name = name
        self._key = key
        self._memory = memory
        self._now = now

    @property
    def cosigner(self) -> Cosigner:
        """This witness as others know it."""
        return Cosigner(self._name, self._key.public)

    def add_checkpoint(self, data: bytes) -> Answer:
        """Answer one submission.

        Raises:
            MemoryFaultError: nothing was cosigned; the log may ask again.
        """
        try:
            submission = parse_submission(data)
        except SubmissionError as exc:
            return Answer(400, f"{exc}\n")
        with self._memory.turn() as turn:
            refused = self._refusal(turn, submission)
        # Beyond this line the tree is on the disk.
        if refused is not None:
            return refused
        return Answer(200, cosign(submission.body, self._name, self._key, self._now()))

    def _refusal(self, turn: Turn, submission: Submission) -> Answer | None:
        """Why this is not cosigned; None where it is, and then the tree is kept."""
        keys = turn.keys(submission.origin)
        if not keys:
            return Answer(404, "unknown log\n")
        if submission.origin in turn.closed():
            return Answer(404, "closed log\n")
        if not any(_signed(submission.note, key) for key in keys):
            return Answer(403, "not signed by this log\n")
        if submission.old_size > submission.size:
            return Answer(400, "old size\n")
        held = turn.tree(submission.origin) or Tree(0, EMPTY_ROOT, "", 0)
        new = Tree(submission.size, submission.root, submission.note, self._now())
        if submission.old_size != held.size:
            return Answer(409, f"{held.size}\n", SIZE_TYPE)
        if new.size == held.size and new.root != held.root:
            if held.note:
                turn.suspect("fork", submission.origin, new, held.note)
            return Answer(409, f"{held.size}\n", SIZE_TYPE)
        if not verify_consistency(held.size, new.size, held.root, new.root, submission.proof):
            if held.note:
                turn.suspect("unproven", submission.origin, new, held.note)
            return Answer(422, "proof\n")
        turn.put_tree(submission.origin, new)
        return None

    def recall(self, note: str) -> Tree:
        """Take back from a note what this very witness cosigned: after an old state was put back.

        Its own cosignature proves that it had verified that tree, so no other proof is needed.

        Args:
            note: a checkpoint with a cosignature of this witness.

        Returns:
            The newest tree of that log from now on.

        Raises:
            SubmissionError: not such a note, or a log that is not watched.
            MemoryFaultError: what is held does not go with it: this key has cosigned a fork.
        """
        submission = parse_submission(f"old 0\n\n{note}".encode())
        try:
            own = cosignatures_of(note, (self.cosigner,))
        except SignatureInvalidError as exc:
            raise SubmissionError("cosignature") from exc
        with self._memory.turn() as turn:
            keys = turn.keys(submission.origin)
            if not own or not any(_signed(note, key) for key in keys):
                raise SubmissionError("no checkpoint of a watched log that this witness cosigned")
            held = turn.tree(submission.origin)
            if held is not None and held.size > submission.size:
                return held
            tree = Tree(submission.size, submission.root, note, self._now())
            turn.put_tree(submission.origin, tree)
        return tree


def _signed(note: str, verifier_key: str) -> bool:
    name, public = parse_verifier_key(verifier_key)
    try:
        verify_note(note, name, public)
    except SignatureInvalidError:
        return False
    return True
