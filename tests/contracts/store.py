"""What every store promises. Subclass it in a test module and give the ``store`` fixture."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from kiosk.audit.entries import entry_leaf
from kiosk.domain.errors import JournalBrokenError, VaultError
from kiosk.domain.ids import AgentId, CaseId, RecordId
from kiosk.ports import (
    AgentRow,
    DraftRow,
    JournalQuery,
    JournalRow,
    OutboxRow,
    OutboxState,
    Store,
)

MOMENT = datetime(2026, 11, 25, 9, 30, 0, 123456, tzinfo=UTC)


def agent_row(name: str = "camille", display_name: str = "Camille R.") -> AgentRow:
    return AgentRow(
        agent_id=AgentId(name),
        display_name=display_name,
        role="agent",
        kdf="argon2id m=64 t=1 p=1",
        salt=b"s" * 16,
        public_key=b"p" * 32,
        wrapped_signing_key=b"w" * 61,
    )


def draft_row(case: str = "a" * 32, revision: int = 1, at: datetime = MOMENT) -> DraftRow:
    return DraftRow(CaseId(case), AgentId("camille"), revision, "notice", at, b"ciphertext")


def journal_row(seq: int, record: str | None = None) -> JournalRow:
    record_id = None if record is None else RecordId(record)
    return JournalRow(seq, "verify_close", record_id, MOMENT, f"e.{seq}.s")


def outbox_row(seq: int, state: OutboxState = OutboxState.WAITING) -> OutboxRow:
    return OutboxRow(seq, RecordId(f"{seq:032x}"), state, MOMENT, MOMENT, 0, "", 4096)


class StoreContract:
    """The promises of ``kiosk.ports.Store``."""

    @pytest.fixture
    def store(self) -> Store:
        pytest.fail("the test class gives this fixture")

    def test_agents_come_back_as_they_were_put_by_name(self, store: Store):
        tried = replace(
            agent_row(),
            wrapped_shift_key=b"k" * 61,
            failures=3,
            last_try_at=MOMENT,
            last_try_mono_ms=77,
            last_try_boot="boot-1",
        )
        other = agent_row("zoe", "Alix B.")
        with store.begin() as uow:
            uow.agents.put(agent_row())
            uow.agents.put(other)
            uow.agents.put(tried)
            uow.commit()
        with store.begin() as uow:
            assert uow.agents.get(AgentId("camille")) == tried
            assert uow.agents.get(AgentId("nobody")) is None
            assert uow.agents.all() == (other, tried)

    def test_drafts_come_back_newest_first_and_can_go(self, store: Store):
        old = draft_row("b" * 32, at=MOMENT - timedelta(minutes=5))
        with store.begin() as uow:
            uow.drafts.put(old)
            uow.drafts.put(draft_row(revision=1))
            uow.drafts.put(draft_row(revision=2))
            uow.commit()
        with store.begin() as uow:
            assert uow.drafts.all() == (draft_row(revision=2), old)
            uow.drafts.delete(old.case_id)
            uow.drafts.delete(CaseId("never"))
            uow.commit()
        with store.begin() as uow:
            assert uow.drafts.get(old.case_id) is None
            assert uow.drafts.get(draft_row().case_id) == draft_row(revision=2)

    def test_a_moment_keeps_its_instant_whatever_its_zone(self, store: Store):
        paris = MOMENT.astimezone(timezone(timedelta(hours=1)))
        with store.begin() as uow:
            uow.drafts.put(draft_row(at=paris))
            uow.commit()
        with store.begin() as uow:
            found = uow.drafts.get(draft_row().case_id)
        assert found is not None
        assert found.updated_at == MOMENT
        assert found.updated_at.tzinfo is not None

    def test_the_journal_only_takes_the_next_number(self, store: Store):
        with store.begin() as uow:
            assert uow.journal.size() == 0
            for seq in range(4):
                uow.journal.append(journal_row(seq))
            with pytest.raises(JournalBrokenError):
                uow.journal.append(journal_row(3))
            with pytest.raises(JournalBrokenError):
                uow.journal.append(journal_row(5))
            uow.commit()
        with store.begin() as uow:
            assert uow.journal.size() == 4
            assert uow.journal.get(2) == journal_row(2)
            assert uow.journal.get(4) is None
            assert uow.journal.range(1, 3) == (journal_row(1), journal_row(2))
            assert uow.journal.range(3, 99) == (journal_row(3),)
            assert uow.journal.leaves(1, 3) == (entry_leaf("e.1.s"), entry_leaf("e.2.s"))
            assert len(uow.journal.leaves(0, 99)) == 4

    def test_entries_are_found_by_day_kind_record_and_slip_newest_first(self, store: Store):
        hour = timedelta(hours=1)
        rows = [
            replace(
                journal_row(seq, f"{seq:032x}" if seq % 2 else None),
                kind="verify_close" if seq % 2 else "boot",
                wall_claimed=MOMENT + seq * hour,
            )
            for seq in range(6)
        ]
        with store.begin() as uow:
            for row in rows:
                uow.journal.append(row, f"SLIP000{row.seq}")
            uow.commit()
        asked = {
            JournalQuery(): [5, 4, 3, 2, 1, 0],
            JournalQuery(limit=2): [5, 4],
            JournalQuery(kind="boot"): [4, 2, 0],
            JournalQuery(since=MOMENT + hour, until=MOMENT + 3 * hour): [2, 1],
            JournalQuery(since=MOMENT + hour, kind="boot", limit=1): [4],
            JournalQuery(record_id=f"{3:032x}"): [3],
            JournalQuery(slip_code="SLIP0004"): [4],
            JournalQuery(slip_code="SLIP0004", kind="verify_close"): [],
            JournalQuery(slip_code="NONE"): [],
            JournalQuery(behind=(MOMENT + 3 * hour, 3)): [2, 1, 0],
            JournalQuery(behind=(MOMENT + 3 * hour, 4)): [3, 2, 1, 0],
            JournalQuery(behind=(MOMENT + 5 * hour, 5), kind="boot", limit=1): [4],
            JournalQuery(since=MOMENT + hour, behind=(MOMENT + 2 * hour, 0)): [1],
        }
        with store.begin() as uow:
            for query, expected in asked.items():
                assert [row.seq for row in uow.journal.find(query)] == expected
            assert uow.journal.find(JournalQuery(slip_code="SLIP0003")) == (rows[3],)

    def test_the_frontier_is_replaced_as_a_whole(self, store: Store):
        with store.begin() as uow:
            assert uow.journal.frontier() == ()
            uow.journal.put_frontier([b"a" * 32, b"b" * 32, b"c" * 32])
            uow.commit()
        with store.begin() as uow:
            uow.journal.put_frontier([b"d" * 32])
            uow.commit()
        with store.begin() as uow:
            assert uow.journal.frontier() == (b"d" * 32,)
            uow.journal.put_frontier([])
            assert uow.journal.frontier() == ()

    def test_the_outbox_lists_oldest_first(self, store: Store):
        with store.begin() as uow:
            for seq in range(3):
                uow.journal.append(journal_row(seq))
            uow.outbox.put(outbox_row(2))
            uow.outbox.put(outbox_row(0))
            stored = replace(outbox_row(0, OutboxState.STORED), purged=True, reason="SYNC-001")
            uow.outbox.put(stored)
            uow.commit()
        with store.begin() as uow:
            assert uow.outbox.all() == (stored, outbox_row(2))
            assert uow.outbox.get(2) == outbox_row(2)
            assert uow.outbox.get(1) is None

    @pytest.mark.parametrize("size", [0, 1, 262_143, 262_144, 262_145, 1_000_003])
    def test_a_blob_comes_back_whole_and_can_be_purged(self, store: Store, size: int):
        blob = bytes(i % 251 for i in range(size))
        with store.begin() as uow:
            uow.journal.append(journal_row(0))
            uow.blobs.put(0, b"x" * 600_000)
            uow.blobs.put(0, blob)
            uow.commit()
        with store.begin() as uow:
            assert uow.blobs.get(0) == blob
            uow.blobs.purge(0)
            assert uow.blobs.get(0) is None
            uow.commit()
        with store.begin() as uow:
            assert uow.blobs.get(0) is None

    def test_nothing_is_queued_without_a_journal_entry(self, store: Store):
        def queue_alone(kind: str) -> None:
            with store.begin() as uow:
                if kind == "outbox":
                    uow.outbox.put(outbox_row(7))
                else:
                    uow.blobs.put(7, b"blob")
                uow.commit()

        for kind in ("outbox", "blob"):
            with pytest.raises(VaultError):
                queue_alone(kind)
        with store.begin() as uow:
            assert uow.outbox.all() == ()
            assert uow.blobs.get(7) is None

    def test_values_are_found_by_prefix(self, store: Store):
        with store.begin() as uow:
            for name in ("sealed/b", "sealed/a", "sealed_x", "seal%", "other"):
                uow.values.put(name, name.encode())
            uow.values.put("other", b"changed")
            uow.commit()
        with store.begin() as uow:
            assert uow.values.names("sealed/") == ("sealed/a", "sealed/b")
            assert uow.values.names("seal%") == ("seal%",)
            assert uow.values.get("other") == b"changed"
            assert uow.values.get("missing") is None
            uow.values.delete("other")
            uow.values.delete("missing")
            assert uow.values.get("other") is None

    def test_leaving_without_commit_changes_nothing(self, store: Store):
        with store.begin() as uow:
            uow.values.put("a", b"1")
        with store.begin() as uow:
            assert uow.values.get("a") is None

    def test_an_error_inside_changes_nothing(self, store: Store):
        def fail() -> None:
            with store.begin() as uow:
                uow.values.put("a", b"1")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        with store.begin() as uow:
            assert uow.values.get("a") is None

    def test_nothing_goes_on_after_commit(self, store: Store):
        with store.begin() as uow:
            uow.values.put("a", b"1")
            uow.commit()
            with pytest.raises(RuntimeError):
                uow.values.put("b", b"2")
            with pytest.raises(RuntimeError):
                uow.commit()

    def test_a_second_unit_of_work_in_the_same_thread_is_refused_at_once(self, store: Store):
        with store.begin(), pytest.raises(RuntimeError), store.begin():
            pass
        with store.begin() as uow:
            uow.values.put("a", b"1")
            uow.commit()

    def test_another_thread_cannot_use_an_open_unit_of_work(self, store: Store):
        problems: list[BaseException] = []

        with store.begin() as uow:

            def intrude() -> None:
                try:
                    uow.values.put("a", b"1")
                except RuntimeError as exc:
                    problems.append(exc)

            thread = threading.Thread(target=intrude)
            thread.start()
            thread.join(60)
        assert len(problems) == 1

    def test_writers_wait_for_each_other_and_lose_nothing(self, store: Store):
        def count_up() -> None:
            for _ in range(20):
                with store.begin() as uow:
                    found = int(uow.values.get("n") or b"0")
                    uow.values.put("n", str(found + 1).encode())
                    uow.commit()

        threads = [threading.Thread(target=count_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with store.begin() as uow:
            assert uow.values.get("n") == b"80"

    def test_free_space_is_told_in_bytes(self, store: Store):
        assert store.free_bytes() > 0

    def test_a_closed_store_says_so(self, store: Store):
        store.close()
        store.close()
        with pytest.raises(VaultError), store.begin():
            pass
