"""Holds the log of the collector against everything that witnesses vouched for.

Rules, in order: every state that was cosigned is signed by the log and is a state of the leaves as
they lie here now; every cosignature holds by a key that a policy names; where the policy in force
demands a quorum, records that no such state covers are asked about, not wrong: a witness may be
away. What a witness's own operator hands over (a note of ``visavis-witness show --notes``) is held
against the leaves the same way: whoever runs the collector can delete rows here, and not there.
"""

from __future__ import annotations

from dataclasses import dataclass

from central.archive.ledger import Ledger
from central.archive.policy_chain import Policies
from central.archive.witness_rows import PUT_BACK
from kiosk.audit.checkpoint import Checkpoint
from kiosk.audit.tree import Frontier
from kiosk.audit.witnesses import Quorum
from kiosk.crypto.cosignatures import Cosigner
from kiosk.domain.errors import AuditError
from kiosk.sync.logs import ended_logs_of, log_key_of
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import open_seen


@dataclass(frozen=True, slots=True)
class WitnessReport:
    """What was found about the log and its witnesses.

    Attributes:
        states: how many states of the log were cosigned.
        witnessed: leaves that a state with the quorum of the policy covers.
        problems: what does not hold.
        questions: what a person must be asked about.
    """

    states: int = 0
    witnessed: int = 0
    problems: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def known_witnesses(policies: Policies) -> tuple[Cosigner, ...]:
    """Every witness that some policy of this fleet names, of those that hold."""
    found: dict[Cosigner, None] = {}
    for held in policies.held:
        found.update(dict.fromkeys(held.policy.witnesses.terms.cosigners))
    return tuple(found)


def roots_of(leaves: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """Roots of the log at these sizes, as its leaves lie here; sizes beyond it are left out."""
    tree, roots = Frontier(), {}
    for leaf in (None, *leaves):
        tree = tree if leaf is None else tree.append(leaf)
        if tree.size in sizes:
            roots[tree.size] = tree.root()
    return roots


def verify_witnesses(ledger: Ledger, policy: Policy, known: tuple[Cosigner, ...]) -> WitnessReport:
    """Verify every cosigned state.

    Args:
        ledger: to read.
        policy: in force.
        known: see :func:`known_witnesses`.
    """
    rows = (*ledger.restores.states(), *ledger.witnesses.every())
    leaves = ledger.leaf_hashes()
    roots = roots_of(leaves, {row.size for row in rows})
    going_on = policy.collector.log_origin
    quorum, problems, covered = policy.witnesses.terms, [], 0
    for row in rows:
        found = note_problem(row.note, policy, Quorum(known, 1), roots)
        if found:
            problems.append(f"log at {row.size} leaves: {found}")
        elif quorum.needed and quorum.met_by(row.note) and row.note.startswith(f"{going_on}\n"):
            covered = max(covered, row.size)
    questions = [
        f"witness {key.partition('+')[0]}: its memory was put back, noted {at}"
        for key, at in ledger.witnesses.told(PUT_BACK)
    ]
    if quorum.needed and covered < len(leaves):
        questions.append(f"log: {len(leaves) - covered} leaves wait for {quorum.needed} witnesses")
    witnessed = covered if quorum.needed else len(leaves)
    return WitnessReport(len(rows), witnessed, tuple(problems), tuple(questions))


def note_problem(note: str, policy: Policy, quorum: Quorum, roots: dict[int, bytes]) -> str:
    """What is wrong with a cosigned checkpoint, or ""."""
    try:
        checkpoint, end = opened_state(note, policy)
        cosigned = quorum.cosigned(note)
    except AuditError as exc:
        return f"{exc.code} {exc.detail}"
    if len(cosigned) < quorum.needed:
        return "no cosignature of a witness that a policy names"
    if end is not None and checkpoint.size > end:
        return "a witness vouched for leaves that were lost when the log was put back to a backup"
    if checkpoint.size not in roots:
        return "a witness vouched for leaves that are not here any more"
    if roots[checkpoint.size] != checkpoint.root:
        return "a witness vouched for another history of this log"
    return ""


def opened_state(note: str, policy: Policy) -> tuple[Checkpoint, int | None]:
    """A state of the log that goes on, or of one that ended, and how much of it goes on.

    Raises:
        SignatureInvalidError: of no log that this policy names.
    """
    least: int | None = None
    for log, ended in zip(reversed(ended_logs_of(policy)), reversed(policy.restored), strict=True):
        least = ended.size if least is None else min(least, ended.size)
        if note.startswith(f"{log.origin}\n"):
            return open_seen(note, log), least
    return open_seen(note, log_key_of(policy)), None
