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
from kiosk.audit.checkpoint import open_note
from kiosk.audit.tree import Frontier
from kiosk.audit.witnesses import Quorum
from kiosk.crypto.cosignatures import Cosigner
from kiosk.domain.errors import AuditError
from kiosk.sync.policy import Policy


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
    rows = tuple(ledger.witnesses.every())
    leaves = ledger.leaf_hashes()
    roots = roots_of(leaves, {row.size for row in rows})
    quorum, problems, covered = policy.witnesses.terms, [], 0
    for row in rows:
        found = note_problem(row.note, policy, Quorum(known, 1), roots)
        if found:
            problems.append(f"log at {row.size} leaves: {found}")
        elif quorum.needed and quorum.met_by(row.note):
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
        checkpoint = open_note(note, policy.collector.origin, policy.collector.log_public)
        cosigned = quorum.cosigned(note)
    except AuditError as exc:
        return f"{exc.code} {exc.detail}"
    if len(cosigned) < quorum.needed:
        return "no cosignature of a witness that a policy names"
    if checkpoint.size not in roots:
        return "a witness vouched for leaves that are not here any more"
    if roots[checkpoint.size] != checkpoint.root:
        return "a witness vouched for another history of this log"
    return ""
