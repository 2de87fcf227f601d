"""The visits of the day as they lie in the vault: one sealed blob each, readable in one shift only.

Rules, in order:

1. A blob is sealed under a key made from the shift key, and bound to visit and day: it opens in no
   other shift, and is no other visit's, and no other day's.
2. So is the version of the round: in another shift it is unknown, and the round is asked for anew.
3. Names of blobs say agent, day and visit, and nobody's name.
4. What is past is erased without any key: nobody has to sign in for it.

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
_ETAG_CONTEXT: Final = canonical_json(["visavis/round-etag/1"])


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
    agent_id = session.agent.agent_id
    found = {}
    for visit_id in names_of(uow, agent_id, day):
        sealed = uow.values.get(_name(agent_id, day, visit_id)) or b""
        try:
            plain = aead.open_sealed(_key(session, day), sealed, _context(day, visit_id))
            found[visit_id] = msgspec.json.decode(plain, type=StoredVisit)
        except (DraftError, msgspec.DecodeError):
            continue  # of a shift that is over, or altered: erased with its day
    return found


def drop_visit(uow: UnitOfWork, agent_id: AgentId, day: date, visit_id: str) -> None:
    """Erase one visit, inside ``uow``."""
    uow.values.delete(_name(agent_id, day, visit_id))


def names_of(uow: UnitOfWork, agent_id: AgentId, day: date) -> frozenset[str]:
    """Identifiers of every visit of a day that is stored, whether it opens in this shift or not."""
    prefix = _name(agent_id, day, "")
    return frozenset(name.removeprefix(prefix) for name in uow.values.names(prefix))


def etag_of(uow: UnitOfWork, session: Session, day: date) -> str:
    """The version of the round that was stored in this shift, or ``""``."""
    sealed = uow.values.get(_etag_name(session.agent.agent_id, day))
    if sealed is None:
        return ""
    try:
        plain = aead.open_sealed(_key(session, day), sealed, _ETAG_CONTEXT)
    except DraftError:
        return ""  # of a shift that is over: its visits do not open either
    return plain.decode("ascii")


def put_etag(uow: UnitOfWork, session: Session, day: date, etag: str) -> None:
    """Remember the version of the round that is stored; ``""`` for one that is to be asked anew."""
    name = _etag_name(session.agent.agent_id, day)
    if not etag:
        uow.values.delete(name)
        return
    plain = etag.encode("ascii", "ignore")
    uow.values.put(name, aead.seal(_key(session, day), plain, _ETAG_CONTEXT))


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


def _etag_name(agent_id: AgentId, day: date) -> str:
    return f"{ETAG_PREFIX}{agent_id}/{day.isoformat()}"


def _name(agent_id: AgentId, day: date, visit_id: str) -> str:
    return f"{PREFIX}{agent_id}/{day.isoformat()}/{visit_id}"
