"""What the root says about the collector's log: another key, or that it was put back to a backup.

Rules, in order: each is the next version of the policy, so that it is signed by as many as any
other, and reaches every device; a key that is replaced stays named, because what it signed is gone
on from; a log that was put back ends where its leaves end here, by their own hashes and by the
checkpoint that it signed, and goes on under the next name with the same key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from central.archive.layout import FolderError, Layout, read_key, write_key
from central.archive.storage import open_database
from central.authority.drafts import Draft, policy_draft
from central.authority.policies import Policies
from central.authority.publishing import LAST_OFFICES, Publishing
from kiosk.audit.checkpoint import Checkpoint
from kiosk.audit.tree import frontier_of
from kiosk.crypto.digests import b64u
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import PolicyInvalidError, SignatureInvalidError
from kiosk.sync.logs import ended_logs_of, log_key_of
from kiosk.sync.policy import CollectorTerms, Policy, sign_policy
from kiosk.sync.receipts import open_seen
from kiosk.sync.restorations import MAX_RESTORED, MAX_WHY, Restoration, next_name


@dataclass(frozen=True, slots=True)
class LogState:
    """The log as it lies here.

    Attributes:
        log_key: verifier key that the newest policy names.
        former: keys that signed it before.
        size: leaves.
        root: of their tree, base64url.
        ended: logs that were put back before, oldest first.
    """

    log_key: str
    former: tuple[str, ...]
    size: int
    root: str
    ended: tuple[Restoration, ...]


def _signed_state(note: str, policy: Policy) -> tuple[Checkpoint, int | None]:
    """The newest state that lies here, of the log of today or of one that ended.

    A backup from before an announcement holds a log that ended, of which only so many leaves went
    on: None for all of them.

    Raises:
        FolderError: of no log that the policy names.
    """
    ended = ended_logs_of(policy)
    try:
        for at, log in enumerate(ended):
            if note.startswith(f"{log.origin}\n"):
                return open_seen(note, log), min(one.size for one in policy.restored[at:])
        return open_seen(note, log_key_of(policy)), None
    except SignatureInvalidError as exc:
        raise FolderError("log: its checkpoint is not of a log that the policy names") from exc


class Logs:
    """The log of one central side, for those who sign its policy."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._publishing = Publishing(layout)

    def state(self) -> LogState:
        """What lies here. Raises FolderError where leaves and checkpoint do not go together."""
        policy = self._publishing.newest().policy
        held = self._tree(policy)
        terms = policy.collector
        return LogState(terms.log_key, terms.former, held.size, b64u(held.root), policy.restored)

    def new_key(self, now: datetime) -> Policy:
        """Make another key for the same log; the unsigned policy that names it.

        The key lies in the collector's folder; it signs once that policy is published and the
        collector was started anew.

        Raises:
            PolicyInvalidError: the newest policy is of a coming day. Until then devices would know
                the key by nothing that is in force, while the collector signs with it.
        """
        policy = self._publishing.newest().policy
        if self.waiting(now) is not None:
            raise PolicyInvalidError(
                f"the newest policy holds from {policy.valid_from} on, and a new key holds at "
                "once: wait for that day, or say policy set valid_from="
            )
        terms, key = policy.collector, SigningKey.generate()
        write_key(self._layout.later_log_key(key.key_id), key)
        changed = CollectorTerms(
            terms.origin,
            verifier_key(terms.log_origin, key.public),
            (*terms.former, terms.log_key),
        )
        return replace(policy, version=policy.version + 1, issued_at=now, collector=changed)

    def waiting(self, now: datetime) -> Policy | None:
        """The newest policy where it is of a coming day: an announcement does not bring it on."""
        policy = self._publishing.newest().policy
        starts = policy.valid_from
        coming = starts is not None and starts > now.astimezone(LAST_OFFICES).date()
        return policy if coming else None

    def restored(self, why: str, now: datetime, size: int | None = None) -> Policy:
        """The unsigned policy that says that this log was put back to what lies here.

        It holds at once, and otherwise says what holds today: what was published for a coming day
        must not begin before it because a disk failed. Whoever planned that publishes it again
        (:meth:`waiting`); about the collector, its logs, who signs and which devices are lost, the
        newest word counts.

        Args:
            why: in words, nothing personal.
            now: aware UTC.
            size: leaves that the backup held, where the collector ran since; those after them were
                given under a name that others hold other words of. None: what lies here.

        Raises:
            FolderError: leaves and checkpoint do not go together: this is no whole backup; or it
                held more than lies here.
            PolicyInvalidError: too many words, or a log that was put back too often.
        """
        if len(why) > MAX_WHY:
            raise PolicyInvalidError(f"say why in at most {MAX_WHY} characters, not {len(why)}")
        newest = self._publishing.newest().policy
        if len(newest.restored) >= MAX_RESTORED:
            raise PolicyInvalidError(f"this log was put back {MAX_RESTORED} times already")
        held, terms = self._tree(newest), newest.collector
        today = Policies(self._layout).of_day(now.astimezone(LAST_OFFICES).date())
        if size is not None:
            held = self._beginning(held, size)
        ended = Restoration(terms.log_key, held.size, b64u(held.root), now, why, terms.former)
        name = next_name(terms.origin, terms.log_origin)
        going_on = CollectorTerms(terms.origin, verifier_key(name, terms.log_public))
        return replace(
            today,
            version=newest.version + 1,
            issued_at=now,
            collector=going_on,
            restored=(*newest.restored, ended),
            # A device reported lost is lost now, whatever day the policy that said so begins.
            lost=newest.lost,
            root=newest.root,
            valid_from=None,
        )

    def _tree(self, policy: Policy) -> Checkpoint:
        database = open_database(self._layout)
        try:
            with database.reading() as ledger:
                state, tree = ledger.log(), frontier_of(ledger.each_leaf_hash())
        finally:
            database.close()
        lies = Checkpoint(policy.collector.log_origin, tree.size, tree.root())
        if state is None:
            if tree.size:
                raise FolderError("log: leaves without a checkpoint")
            return lies
        signed, most = _signed_state(state.checkpoint, policy)
        if (signed.size, signed.root) != (lies.size, lies.root):
            raise FolderError("log: the leaves are not the ones that were signed")
        if most is not None and lies.size > most:
            raise FolderError(f"log: only {most} of its leaves went on into the log of today")
        return lies

    def _beginning(self, held: Checkpoint, size: int) -> Checkpoint:
        """The log's first leaves."""
        if size > held.size:
            raise FolderError(f"log: {held.size} leaves lie here")
        database = open_database(self._layout)
        try:
            with database.reading() as ledger:
                tree = frontier_of(islice(ledger.each_leaf_hash(), size))
        finally:
            database.close()
        return Checkpoint(held.origin, tree.size, tree.root())

    def publish(self, contents: Policy, now: datetime) -> Policy:
        """Sign with the single key of the root that lies here, and publish.

        Raises:
            PolicyInvalidError: several keys sign here, or devices would refuse it.
            FolderError: the key is not here.
        """
        token = sign_policy(contents, read_key(self._layout.root_key))
        return self._publishing.publish(token, now.date())

    def draft(self, contents: Policy) -> Draft:
        """The same, for several people to sign."""
        return policy_draft(contents)

    def require_single(self) -> None:
        """Raises PolicyInvalidError where one key alone cannot sign."""
        if self._publishing.newest().policy.root:
            raise PolicyInvalidError("several keys sign here: write a draft with --out")
        read_key(self._layout.root_key)
