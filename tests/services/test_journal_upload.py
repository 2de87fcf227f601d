"""What the collector says that it lacks is read to the end, however much of it will never come."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from kiosk.audit.entries import entry_leaf
from kiosk.audit.tree import frontier_of
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import RefusedByCollectorError
from kiosk.ports import LinkAnswer
from kiosk.services.journal_upload import JournalUpload
from kiosk.sync.messages import MAX_MISSING, LogState, MissingBlob, encode
from tests.fakes.desk import DEVICE, Desk


@dataclass
class LackingCollector:
    """A collector that holds the whole journal and lacks records.

    Attributes:
        lacking: entries whose records it lacks, in order.
        pages: whether it knows ``?after=``; those of before did not.
        status: of every answer after the first.
    """

    desk: Desk
    lacking: tuple[int, ...]
    pages: bool = True
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, *_: object, **__: object) -> LinkAnswer:
        assert method == "GET"
        status = self.status if self.asked else 200
        self.asked.append(path)
        after = int(path.partition("?after=")[2] or -1) if self.pages else -1
        missing = [MissingBlob(seq=seq) for seq in self.lacking if seq > after][:MAX_MISSING]
        leaves = [entry_leaf(row.jws) for row in self.desk.entries()]
        root = b64u(frontier_of(leaves).root())
        state = LogState(size=len(leaves), root=root, missing=tuple(missing))
        return LinkAnswer(status, encode(state) if status == 200 else b'{"error":"busy"}')

    def close(self) -> None:
        """Nothing is open."""


def told(desk: Desk, collector: LackingCollector) -> list[int]:
    upload = JournalUpload(
        desk.store, collector, DEVICE.device_id, desk.device_key, "central", desk.journal
    )
    return [item.seq for item in upload.run().missing]


@pytest.mark.parametrize("count", [0, 3, MAX_MISSING - 1, MAX_MISSING, 2 * MAX_MISSING + 7])
def test_every_page_of_what_is_lacking_is_asked_for(desk: Desk, count: int) -> None:
    collector = LackingCollector(desk, tuple(range(5, 5 + 2 * count, 2)))
    assert told(desk, collector) == list(collector.lacking)
    assert len(collector.asked) == count // MAX_MISSING + 1


def test_a_collector_that_knows_no_pages_is_asked_twice_and_no_more(desk: Desk) -> None:
    collector = LackingCollector(desk, tuple(range(3 * MAX_MISSING)), pages=False)
    assert told(desk, collector) == list(range(MAX_MISSING))
    assert len(collector.asked) == 2


def test_a_page_that_is_refused_ends_the_run_as_any_answer_does(desk: Desk) -> None:
    collector = LackingCollector(desk, tuple(range(2 * MAX_MISSING)), status=422)
    with pytest.raises(RefusedByCollectorError):
        told(desk, collector)
