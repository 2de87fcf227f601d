"""The end of a device's membership: decommissioned, transferred, or rescued by two people.

Rules, in order:

1. Closing needs a manager, no open case, and every sealed record stored with a verified receipt;
   that no case is open is looked at again where the last entry is written.
2. The last entry says who closed it and why; it is sent before anything is destroyed. Whoever is
   interrupted begins again: what was done stays done. Until the last entry is written somebody may
   stop it.
3. The keys are destroyed by whoever owns them (:mod:`kiosk.bootstrap`), after the journal was
   written out. A transfer is a closing and a new enrolment: another device, another journal.
4. A rescue needs two people, one of them a manager, who both sign the entry. It copies and deletes
   nothing, and what it copies is sealed.

Source: records-and-sync 2.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from kiosk.audit.entries import EntryKind, Fact
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import sha256
from kiosk.domain.agent import Duty, Role
from kiosk.domain.errors import (
    ActStoppedError,
    ManagerNeededError,
    NotAllSentError,
    OpenWorkError,
    SamePersonError,
)
from kiosk.domain.ids import DeviceId, RecordId
from kiosk.ports import Clock, OutboxState, Store, UnitOfWork
from kiosk.services.agents import Signs, require_duty
from kiosk.services.delivery import DeliverySummary, Progress
from kiosk.services.journal import Journal
from kiosk.services.lease import CLOSED, closed_at
from kiosk.services.result import kept_results, unsent_results

RESCUE_FORMAT = "visavis-rescue/1"


class Sends(Protocol):
    """Delivers once; :class:`kiosk.services.delivery.Delivery` or what wraps it."""

    def run_once(  # noqa: D102 - see Delivery.run_once
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        metered: bool | None = None,
    ) -> DeliverySummary: ...


@dataclass(frozen=True, slots=True)
class Watch:
    """Whoever looks on at a long act, and may stop it.

    Attributes:
        progress: told how far it is.
        cancelled: asked between two steps; True stops there.
    """

    progress: Callable[[Progress], None] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False


NOBODY = Watch()
"""Nobody looks on."""


@dataclass(frozen=True, slots=True)
class RescuedFile:
    """A file of a rescue: its name in the folder, with ``/``, and its bytes."""

    name: str
    data: bytes


def rescue_files(
    device_id: DeviceId,
    journal: str,
    queue: Iterable[tuple[int, RecordId, bool, bytes | None]],
    results: Mapping[int, bytes],
) -> Iterator[RescuedFile]:
    """The files of a rescue, one at a time; the list of them all comes last.

    Args:
        device_id: whose.
        journal: its export.
        queue: entry number, record, whether a receipt says that it is stored, and its sealed bytes;
            None for bytes that are not there.
        results: entry number to the envelope for a provider, for those that are still here.
    """
    listed = []
    for seq, record_id, stored, blob in queue:
        if blob is None:
            continue
        name = f"records/{seq:08d}-{record_id}.age"
        listed.append(
            {
                "file": name,
                "seq": seq,
                "record_id": record_id,
                "bytes": len(blob),
                "sha256": sha256(blob).hex(),
                "stored": stored,
            }
        )
        yield RescuedFile(name, blob)
    told = []
    for seq, envelope in sorted(results.items()):
        name = f"results/{seq:08d}.age"
        told.append({"file": name, "seq": seq, "sha256": sha256(envelope).hex()})
        yield RescuedFile(name, envelope)
    yield RescuedFile("journal.txt", journal.encode())
    about = {"format": RESCUE_FORMAT, "device_id": device_id, "records": listed}
    if told:
        about["results"] = told
    yield RescuedFile("rescue.json", canonical_json(about) + b"\n")


_LISTED_BYTES = 512
"""At most, of a record in the list of a rescue: numbers, a digest, a name."""
_ENTRY_BYTES = 4096
"""At most, of the entry of a rescue in the export, its checkpoint included."""


class DeviceLife:
    """Closes a device and rescues its queue."""

    def __init__(self, store: Store, journal: Journal, clock: Clock, sends: Sends) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._sends = sends

    def close(self, by: Signs, why: str, watch: Watch = NOBODY) -> None:
        """Send everything, write the last entry, send that too.

        Args:
            by: a manager at the desk.
            why: ``decommission`` or ``transfer``.
            watch: looks on; may stop it until the last entry is written.

        Raises:
            NotAllowedError: no manager.
            OpenWorkError: cases are still open; end the shifts first.
            NotAllSentError: records or entries have not arrived (``detail``: the obstacle).
            ActStoppedError: stopped; nothing was closed.
        """
        require_duty(by.agent, Duty.CLOSE_DEVICE)
        with self._store.begin() as uow:
            closed = closed_at(uow) is not None
            _require_no_case(uow)
        self._send_all(Watch(watch.progress) if closed else watch)
        if not closed:
            facts: dict[str, Fact] = {"by": by.agent.agent_id, "why": why}
            with self._store.begin() as uow:
                _require_no_case(uow)  # sending took its time: somebody may have begun one
                self._journal.append_signed(
                    uow, EntryKind.DEVICE_CLOSED, facts, {"by": by.signing_key}
                )
                uow.values.put(CLOSED, self._clock.now().isoformat().encode("ascii"))
                uow.commit()
            self._send_all(Watch(watch.progress))

    def rescue(self, first: Signs, second: Signs) -> int:
        """Journal that two people carry the queue away; how many sealed records it has.

        Raises:
            SamePersonError: twice the same.
            NotAllowedError: a role that does not rescue.
            ManagerNeededError: none of them is a manager.
        """
        for who in (first, second):
            require_duty(who.agent, Duty.RESCUE)
        if first.agent.agent_id == second.agent.agent_id:
            raise SamePersonError
        if Role.MANAGER not in (first.agent.role, second.agent.role):
            raise ManagerNeededError
        with self._store.begin() as uow:
            records = sum(not row.purged for row in uow.outbox.all())
            facts: dict[str, Fact] = {
                "by": first.agent.agent_id,
                "with": second.agent.agent_id,
                "records": records,
            }
            signers = {"by": first.signing_key, "with": second.signing_key}
            self._journal.append_signed(uow, EntryKind.OUTBOX_RESCUED, facts, signers)
            uow.commit()
        return records

    def rescue_sizes(self, journal_bytes: int) -> tuple[int, ...]:
        """Bytes of each file that a rescue would write now, none of them told too small.

        Args:
            journal_bytes: of the export of the journal as it is before the entry of the rescue.
        """
        with self._store.begin() as uow:
            records = [row.payload_len for row in uow.outbox.all() if not row.purged]
            results = [len(envelope) for envelope in kept_results(uow).values()]
        listed = _LISTED_BYTES * (1 + len(records) + len(results))
        return (*records, *results, journal_bytes + _ENTRY_BYTES, listed)

    def rescued_files(self, device_id: DeviceId, journal: str) -> Iterator[RescuedFile]:
        """Every sealed record that is still here, the journal, and a list of them all, last.

        Args:
            device_id: this device.
            journal: the export of the journal, with the entry of the rescue.
        """
        with self._store.begin() as uow:
            rows = [row for row in uow.outbox.all() if not row.purged]
            results = kept_results(uow)

        def blob(seq: int) -> bytes | None:
            with self._store.begin() as uow:
                return uow.blobs.get(seq)

        queue = (
            (row.seq, row.record_id, row.state is OutboxState.STORED, blob(row.seq)) for row in rows
        )
        return rescue_files(device_id, journal, queue, results)

    def _send_all(self, watch: Watch) -> None:
        summary = self._sends.run_once(watch.progress, watch.cancelled, metered=False)
        if watch.cancelled():
            raise ActStoppedError
        if summary.reason:
            raise NotAllSentError(summary.reason)
        with self._store.begin() as uow:
            waiting = [row for row in uow.outbox.all() if row.state is not OutboxState.STORED]
            results = unsent_results(uow)
        if waiting or results:
            raise NotAllSentError(f"{len(waiting)} records, {results} results")


def _require_no_case(uow: UnitOfWork) -> None:
    """Raises OpenWorkError with how many are open."""
    cases = len(uow.drafts.all())
    if cases:
        raise OpenWorkError(str(cases))
