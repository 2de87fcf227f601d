"""An agent's own activity, for the agent: what they did, provable without this program.

Rules, in order:

1. The file holds every entry that names this agent, and of every other one its hash alone: the
   chain is proven over all of them, and nothing of a colleague is given away. Of an entry that a
   damaged vault lost only the hash is left anyway.
2. The device signs the checkpoint over the whole; the agent signs the first line.
3. ``packaging/verify/journal_verifier.py`` proves it: each own entry by signature, number and
   place, everything together by the checkpoint.
"""

from __future__ import annotations

from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import Header, entry_leaf, lost_leaf
from kiosk.audit.tree import Frontier
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import AgentId, DeviceId
from kiosk.ports import Store
from kiosk.services.agents import Signs
from kiosk.services.journal import Journal
from kiosk.sync.checkpoints import device_origin

FORMAT = "visavis-activity/1"
HASH_MARK = "#"
_PARTS = ("agent", "by", "from", "to", "with", "second")
"""Facts that name a person of the device."""


def names(header: Header, agent_id: AgentId) -> bool:
    """Whether an entry is about this agent or was caused by them."""
    return any(header.facts.get(part) == agent_id for part in _PARTS)


class Activity:
    """Exports the activity of agents."""

    def __init__(
        self, store: Store, journal: Journal, device_id: DeviceId, device_key: SigningKey
    ) -> None:
        self._store = store
        self._journal = journal
        self._device_id = device_id
        self._device_key = device_key

    def export(self, who: Signs, collector: str) -> str:
        """The file: one line of canonical JSON, then one line for each entry of the journal.

        Args:
            who: the agent, at the desk.
            collector: name of the collector's log, for the origin of the checkpoint.

        Returns:
            Lines of text; an entry that names the agent is there whole, any other as ``#`` and its
            leaf hash (RFC 6962), base64url.
        """
        agent_id = who.agent.agent_id
        with self._store.begin() as uow:
            rows = uow.journal.range(0, uow.journal.size())
        tree, lines, own = Frontier(), [], 0
        for row in rows:
            leaf = entry_leaf(row.jws)
            tree = tree.append(leaf)
            mine = lost_leaf(row.jws) is None and names(self._journal.opened(row), agent_id)
            own += mine
            lines.append(row.jws if mine else HASH_MARK + b64u(leaf))
        note = sign(
            Checkpoint(device_origin(collector, self._device_id), tree.size, tree.root()),
            self._device_key,
        )
        about = {
            "format": FORMAT,
            "device_id": self._device_id,
            "checkpoint": note,
            "agent": agent_id,
            "agent_key": b64u(who.signing_key.public),
            "own_entries": own,
        }
        signature = b64u(who.signing_key.sign(canonical_json(about)))
        first = canonical_json(about | {"signature": signature}).decode()
        return "".join(f"{line}\n" for line in (first, *lines))
