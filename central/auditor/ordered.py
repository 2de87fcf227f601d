"""What the log of openings says was ordered: erasures, and legal holds with their releases.

Rules, in order: only what was granted counts; a release ends the holds on its record that stand
before it in the log, and none that stands after it; a hold says whether the key was gone already,
so that one which goes later went against it; of several orders to erase one record the first
one counts. The database says the same, unless somebody changed it or a backup was put back: who
needs to be sure asks here. Source: records-and-sync section 8, case 14.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from central.archive.erasure_rows import ErasureRow, HoldRow
from central.auditor.opening_lines import GRANTED, Line
from central.auditor.orders import Act
from kiosk.domain.ids import RecordId

HERE, AWAY, GONE = "here", "away", "gone"
"""What a line that places a hold says about the record's key at that moment."""


class Ordered:
    """The orders of a verified log.

    Attributes:
        erasures: the first order about each record that is to be erased.
        granted: every one, by order and record; whether a hold was in force at that line.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self.erasures: dict[RecordId, ErasureRow] = {}
        self.granted: dict[tuple[str, RecordId], bool] = {}
        self._holds: dict[RecordId, dict[str, HoldRow]] = {}
        self._placed_in_time: set[tuple[str, RecordId]] = set()
        for line in lines:
            if line.result == GRANTED:
                self._take(line)

    def _take(self, line: Line) -> None:
        record_id = RecordId(line.record_id)
        tokens = (line.order, line.approval)
        holds = self._holds.setdefault(record_id, {})
        if line.act == Act.ERASE:
            self.granted[line.order_id, record_id] = self.held(record_id)
            self.erasures.setdefault(record_id, ErasureRow(record_id, *tokens, line.at))
        elif line.act == Act.HOLD:
            holds[line.order_id] = HoldRow(line.order_id, record_id, *tokens, line.at)
            if line.detail in {HERE, AWAY}:
                self._placed_in_time.add((line.order_id, record_id))
        elif line.act == Act.RELEASE:
            for order_id, hold in holds.items():
                if hold.released_at is None:
                    holds[order_id] = replace(hold, released_at=line.at)

    def held(self, record_id: RecordId) -> bool:
        """Whether a hold on a record is in force."""
        return any(hold.released_at is None for hold in self._holds.get(record_id, {}).values())

    def kept(self, record_id: RecordId) -> bool:
        """Whether a hold in force was placed before the record lost its key.

        Lines from before they said so tell nothing about that.
        """
        return any(
            hold.released_at is None and (order_id, record_id) in self._placed_in_time
            for order_id, hold in self._holds.get(record_id, {}).items()
        )

    @property
    def due(self) -> tuple[RecordId, ...]:
        """Records that are to be erased, and that no hold keeps."""
        return tuple(one for one in self.erasures if not self.held(one))

    @property
    def holds(self) -> tuple[HoldRow, ...]:
        """Every hold, released ones too."""
        return tuple(hold for holds in self._holds.values() for hold in holds.values())
