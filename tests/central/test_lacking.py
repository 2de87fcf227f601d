"""What the collector lacks of a device is told a page at a time, damaged payloads among it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from central.archive.damage_rows import DamageRow
from central.archive.database import Database
from central.archive.rows import DeviceRow, EntryRow
from central.collector.journals import Journals
from central.collector.keys import PolicyShelf
from kiosk.audit.tree import frontier_of
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.messages import MAX_MISSING

DEVICE = DeviceId("dev-lacking")
AT = datetime(2026, 11, 27, tzinfo=UTC).isoformat()
COUNT = MAX_MISSING + 500


def announced(database: Database) -> None:
    """Every second entry announces a record, and none of them ever arrived."""
    public = SigningKey.from_seed(bytes(32)).public
    tree = frontier_of([bytes(32)] * (2 * COUNT))
    device = DeviceRow(DEVICE, public, OfficeId("075012"), AT, tree.size, tree.hashes)
    with database.writing() as ledger:
        ledger.put_device(device)
        ledger.add_entries(
            tuple(
                EntryRow(DEVICE, seq, "", bytes(32), RecordId(f"{seq:032x}") if seq % 2 else None)
                for seq in range(tree.size)
            )
        )


def test_the_newest_record_that_is_lacking_is_told_behind_a_page_of_older_ones(tmp_path: Path):
    database = Database(tmp_path / "index.db")
    announced(database)
    journals = Journals(database, PolicyShelf(SigningKey.from_seed(bytes(32)).public), "central")
    first = [item.seq for item in journals.state(DEVICE).missing]
    second = [item.seq for item in journals.state(DEVICE, first[-1]).missing]
    assert first + second == list(range(1, 2 * COUNT, 2))
    assert len(first) == MAX_MISSING
    assert journals.state(DEVICE, second[-1]).missing == ()
    with database.writing() as ledger:
        ledger.damages.note(DamageRow(DEVICE, 4, "altered", AT))
    assert 4 in [item.seq for item in journals.state(DEVICE).missing]
    assert 4 not in [item.seq for item in journals.state(DEVICE, 4).missing]
    database.close()
