"""Puts the states of the log to the witnesses, and knows which state has enough of them.

Rules, in order: records are taken in, given their leaves and logged whatever the witnesses do; a
state of the log lets a device delete only once it has the quorum of the policy, and the newest such
state is the one that devices are shown; every witness is asked for itself, so that one that is slow
or down holds up no other; one that failed is left alone for a while, longer each time; a witness
that knows an older state (new, or put back from a copy) is led on from there by a proof, without
anybody's help. Source: records-and-sync 2.3, 2.8 and section 8, case 13; C2SP ``tlog-witness``.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.witness_rows import PUT_BACK, CosignedRow
from central.collector.keys import PolicyShelf
from central.collector.proofs import StoredTree
from central.collector.witness_link import WitnessLink, WitnessTroubleError
from kiosk.audit.witnesses import Quorum
from kiosk.crypto.cosignatures import Cosignature

_log = logging.getLogger("visavis.collector")
SCOPE = "witnesses"
PATIENCE_S = 3.0
"""How long a device that asks for receipts waits for cosignatures that are on their way."""
WAITING_AT_MOST = 16
"""Devices that wait at once: less than half of the threads that answer calls. The others are told
what is proven now, and come again."""
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_LOOK_BACK = 32
_TURNS = 3
"""Another process may bring a witness forward between two questions."""


def quorums_of(shelf: PolicyShelf, ledger: Ledger, now: datetime) -> tuple[Quorum, ...]:
    """What devices may demand now: the policy in force, and the newest where its day is coming."""
    in_force, newest = shelf.in_force(ledger, now)[0], shelf.newest(ledger)[0]
    return tuple(dict.fromkeys((in_force.witnesses.terms, newest.witnesses.terms)))


def witnessed(ledger: Ledger, quorums: Sequence[Quorum]) -> CosignedRow | None:
    """The newest state of the log that meets every quorum, else the first one; None where none.

    What is stored is verified again: a line that was altered in the database counts for nothing.
    """
    wanted = [quorum for quorum in quorums if quorum.needed]
    for demanded in (wanted, wanted[:1]):
        if not demanded:
            continue
        keys = tuple(one.text() for one in demanded[0].cosigners)
        for size in ledger.witnesses.sizes_cosigned_by(keys, demanded[0].needed, _LOOK_BACK):
            row = ledger.witnesses.cosigned(size)
            if row is not None and all(quorum.met_by(row.note) for quorum in demanded):
                return row
    return None


class _Asked:
    """One witness, and when it is to be asked again."""

    def __init__(self, link: WitnessLink) -> None:
        self.link = link
        self.key = link.cosigner.text()
        self.task: Future[None] | None = None
        self._pause_s = 0.0
        self._not_before = 0.0

    def due(self, now_s: float) -> bool:
        return now_s >= self._not_before

    def failed(self, now_s: float) -> None:
        self._pause_s = min(max(2 * self._pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        self._not_before = now_s + self._pause_s

    def answered(self) -> None:
        self._pause_s = self._not_before = 0.0


class Witnessing:
    """Asks the witnesses of one collector process."""

    def __init__(
        self,
        database: Database,
        shelf: PolicyShelf,
        links: Sequence[WitnessLink],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._asked = tuple(_Asked(link) for link in links)
        self._now = now
        self._monotonic = monotonic
        self._pool = ThreadPoolExecutor(len(links), thread_name_prefix="witness") if links else None
        self._asking = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING_AT_MOST)

    def quorums(self, ledger: Ledger) -> tuple[Quorum, ...]:
        """What devices may demand now."""
        return quorums_of(self._shelf, ledger, self._now())

    def cosign(self) -> None:
        """Ask every witness that is due for the newest state; waits for the last of them."""
        for task in self._ask_those_behind():
            task.result()

    def hurry(self) -> None:
        """Where the newest state lacks the quorum: ask now, and wait a little for the answers."""
        if self._pool is None or not self._waiting.acquire(blocking=False):
            return
        try:
            self._wait()
        finally:
            self._waiting.release()

    def _wait(self) -> None:
        until = self._monotonic() + PATIENCE_S
        while not self._met():
            tasks = self._ask_those_behind()
            left = until - self._monotonic()
            # A task that was under way may have asked for an older state: then there is one more.
            if not tasks or left <= 0 or not wait(tasks, left, FIRST_COMPLETED).done:
                return

    def close(self) -> None:
        """End what is going on."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        for one in self._asked:
            one.link.close()

    def _met(self) -> bool:
        with self._database.reading() as ledger:
            state = ledger.log()
            quorums = [quorum for quorum in self.quorums(ledger) if quorum.needed]
            if state is None or not state.size or not quorums:
                return True
            row = ledger.witnesses.cosigned(state.size)
            return row is not None and all(quorum.met_by(row.note) for quorum in quorums)

    def _ask_those_behind(self) -> list[Future[None]]:
        """Ask those that are due and have not cosigned the newest state, one task each."""
        if self._pool is None or self._database.behind:
            return []
        with self._database.reading() as ledger:
            state = ledger.log()
            size = 0 if state is None else state.size
            behind = [one for one in self._asked if ledger.witnesses.newest_of(one.key).size < size]
        tasks = []
        with self._asking:
            for one in behind:
                if one.task is not None and not one.task.done():
                    tasks.append(one.task)
                elif one.due(self._monotonic()):
                    one.task = self._pool.submit(self._ask, one)
                    tasks.append(one.task)
        return tasks

    def _ask(self, asked: _Asked) -> None:
        """Bring one witness to the newest state; nothing where it is there."""
        try:
            trouble = self._bring_forward(asked)
            asked.answered()
        except WitnessTroubleError as exc:
            trouble = str(exc)
            asked.failed(self._monotonic())
        self._tell(asked, trouble)

    def _bring_forward(self, asked: _Asked) -> str:
        """Ask; what is odd about the answer, or ``""``.

        Raises:
            WitnessTroubleError: no cosignature.
        """
        known: int | None = None
        odd = ""
        for _ in range(_TURNS):
            with self._database.reading() as ledger:
                state, newest = ledger.log(), ledger.witnesses.newest_of(asked.key)
                if state is None or newest.size == state.size:
                    return ""
                old = newest.size if known is None else known
                if old > state.size:
                    # It vouched for leaves that are not here: this database was put back.
                    raise WitnessTroubleError("ahead")
                proof = StoredTree(ledger.node).consistency(old, state.size)
            # A state that a replica lacks may be lost with this server; it is vouched for for ever.
            self._database.settle()
            answer = asked.link.submit(old, proof, state.checkpoint)
            if isinstance(answer, Cosignature):
                self._keep(asked, state.size, state.checkpoint, answer)
                return odd
            if answer.size == old == state.size:
                raise WitnessTroubleError("another-history")
            if answer.size < newest.size:
                odd = PUT_BACK
            known = answer.size
        raise WitnessTroubleError("moves")

    def _keep(self, asked: _Asked, size: int, note: str, given: Cosignature) -> None:
        with self._database.writing(SCOPE) as ledger:
            ledger.witnesses.add(size, note, asked.key, given.line, given.timestamp)

    def _tell(self, asked: _Asked, trouble: str) -> None:
        """Write down, once, that something is wrong with a witness, or that it is over."""
        with self._database.reading() as ledger:
            if ledger.witnesses.newest_of(asked.key).trouble == trouble:
                return
        _log.warning(json.dumps({"witness": asked.link.cosigner.name, "trouble": trouble}))
        with self._database.writing(SCOPE) as ledger:
            ledger.witnesses.tell(asked.key, trouble, self._now().isoformat(timespec="seconds"))
