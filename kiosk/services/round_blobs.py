"""The visits of the day as they lie in the vault: one sealed blob each, readable in one shift only.

Rules, in order:

1. A blob is sealed under a key made from the shift key, and bound to visit and day: it opens in no
   other shift, and is no other visit's, and no other day's.
2. Names of blobs say agent, day and visit, and nobody's name.
3. What is past is erased without any key: nobody has to sign in for it.

Source: records-and-sync 2.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from kiosk.crypto import aead
from kiosk.crypto.canonical import canonical_json
from kiosk.domain.errors import DraftError
from kiosk.domain.ids import AgentId
from kiosk.ports import UnitOfWork
from kiosk.services.agents import Session

PREFIX: Final = "round/"
ETAG_PREFIX: Final = "round-etag/"
_KEY_LABEL: Final = "visavis/round-key/1"


@dataclass(frozen=True, slots=True)
class StoredVisit:
    """A visit as stored.

    Attributes:
        token: the signed visit (:mod:`kiosk.sync.rounds`).
        cancelled: the central side took it out after it was loaded.
    """

    token: str
    cancelled: bool = False


def put_visit(
    uow: UnitOfWork, session: Session, day: date, visit_id: str, visit: StoredVisit
) -> None:
    """Keep a visit for this shift, inside ``uow``."""
    sealed = aead.seal(_key(session, day), msgspec.json.encode(visit), _context(day, visit_id))
    uow.values.put(_name(session.agent.agent_id, day, visit_id), sealed)


def visits_of(uow: UnitOfWork, session: Session, day: date) -> dict[str, StoredVisit]:
    """The visits of a day that open in this shift, by identifier."""
    prefix = _name(session.agent.agent_id, day, "")
    found = {}
    for name in uow.values.names(prefix):
        visit_id = name.removeprefix(prefix)
        sealed = uow.values.get(name) or b""
        try:
            plain = aead.open_sealed(_key(session, day), sealed, _context(day, visit_id))
            found[visit_id] = msgspec.json.decode(plain, type=StoredVisit)
        except (DraftError, msgspec.DecodeError):
            continue  # of a shift that is over, or altered: erased with its day
    return found


def drop_visit(uow: UnitOfWork, agent_id: AgentId, day: date, visit_id: str) -> None:
    """Erase one visit, inside ``uow``."""
    uow.values.delete(_name(agent_id, day, visit_id))


def etag_of(uow: UnitOfWork, agent_id: AgentId, day: date) -> str:
    """The version of the round that is stored, or ``""``."""
    return (uow.values.get(f"{ETAG_PREFIX}{agent_id}/{day.isoformat()}") or b"").decode("ascii")


def put_etag(uow: UnitOfWork, agent_id: AgentId, day: date, etag: str) -> None:
    """Remember the version of the round that is stored."""
    uow.values.put(f"{ETAG_PREFIX}{agent_id}/{day.isoformat()}", etag.encode("ascii", "ignore"))


def erase_agent(uow: UnitOfWork, agent_id: AgentId) -> int:
    """Erase everything of one agent's shift; how many names went."""
    return _erase(uow, lambda agent, _day: agent == agent_id)


def erase_before(uow: UnitOfWork, today: date) -> int:
    """Erase every round of an earlier day, whoever's it is; how many names went."""
    return _erase(uow, lambda _agent, day: day < today.isoformat())


def _erase(uow: UnitOfWork, wanted: Callable[[str, str], bool]) -> int:
    erased = 0
    for prefix in (PREFIX, ETAG_PREFIX):
        for name in uow.values.names(prefix):
            agent_id, _, rest = name.removeprefix(prefix).partition("/")
            if wanted(agent_id, rest.partition("/")[0]):
                uow.values.delete(name)
                erased += 1
    return erased


def _key(session: Session, day: date) -> bytes:
    return aead.derive_key(session.shift_key, _KEY_LABEL, day.isoformat().encode())


def _context(day: date, visit_id: str) -> bytes:
    return canonical_json([visit_id, day.isoformat()])


def _name(agent_id: AgentId, day: date, visit_id: str) -> str:
    return f"{PREFIX}{agent_id}/{day.isoformat()}/{visit_id}"
