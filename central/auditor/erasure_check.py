"""Whether keys are gone where, and only where, that was ordered: asked of the log of openings.

Rules, in order: the log says what was ordered, because two auditors signed each of its lines, and
the database only repeats it, row by row (:mod:`central.auditor.order_rows`); a key that is gone
without a granted order, or against a hold, was deleted, also where the hold came while the erasure
waited; an order that nothing blocks and that a key outlived was not carried out. The log is
verified by the statement of control: nobody's key is needed.
"""

from __future__ import annotations

from contextlib import suppress

from central.archive.control import Control
from central.archive.database import Database
from central.archive.erasure_rows import ErasureRow
from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.auditor.opening_log import held
from central.auditor.order_rows import row_problems
from central.auditor.ordered import Ordered
from central.auditor.orders import Act, Order, standing
from central.auditor.refusal import AuditRefusedError
from kiosk.domain.ids import RecordId


class ErasureCheck:
    """Compares the keys that are here with the orders.

    Attributes:
        problems: of the log itself, and of rows that say otherwise.
    """

    def __init__(self, layout: Layout, control: Control | None, database: Database) -> None:
        self._ordered = Ordered(())
        self._outlived: frozenset[RecordId] = frozenset()
        self._controls: tuple[Control, ...] = () if control is None else (control,)
        self.problems: tuple[str, ...] = ()
        if control is None:
            return
        try:
            # As long as the log is held nobody is between its line and the deed.
            with held(layout, control) as log, database.reading() as ledger:
                self._ordered, self._controls = Ordered(log.lines), log.controls
                self._outlived = ledger.erasures.with_key(self._ordered.due)
                self.problems = tuple(
                    f"orders: {found}" for found in row_problems(self._ordered, ledger)
                )
        except AuditRefusedError as exc:
            where = "control" if exc.why == "statement" else "log of openings"
            self.problems = (f"{where}: {exc.detail}",)

    def of_gone(self, ledger: Ledger, record_id: RecordId | None) -> str:
        """What is wrong with a record that has lost its key, or ``""``."""
        order = None if record_id is None else ledger.erasures.order(record_id)
        if record_id in self._ordered.erasures and order is None:
            return "its key is gone as was ordered, and the order was taken out of the database"
        if record_id is None or order is None or not self._controls:
            return "its key is gone, and nobody ordered that"
        told = self._standing(order)
        if told is None:
            return "its key is gone, and the order is not signed by those who may give it"
        if told.act is not Act.ERASE or record_id not in told.about.records:
            return "its key is gone, and the order is about something else"
        against_hold = self._ordered.granted.get((told.order_id, record_id))
        if against_hold is None:
            return "its key is gone, and the log of openings does not say that this was granted"
        against_hold = against_hold or self._ordered.kept(record_id)
        return "its key is gone against a hold" if against_hold else ""

    def _standing(self, row: ErasureRow) -> Order | None:
        """The order of a row, as one of the statements so far wants it signed."""
        for control in reversed(self._controls):
            with suppress(AuditRefusedError):
                return standing(row.order_token, row.approval, control).order
        return None

    def of_kept(self, record_id: RecordId | None) -> str:
        """What is wrong with a record that has its key, or ``""``."""
        if record_id not in self._outlived:
            return ""
        return "ordered to be erased, here, and its key still there"
