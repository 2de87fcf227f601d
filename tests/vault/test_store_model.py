"""The encrypted store and the one in memory answer alike, whatever is done to them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.domain.errors import VaultError
from kiosk.domain.ids import AgentId, CaseId
from kiosk.ports import OutboxState, Store, UnitOfWork
from kiosk.vault.store import open_store
from tests.contracts.store import MOMENT, agent_row, draft_row, journal_row, outbox_row
from tests.fakes.store import InMemoryStore

KEY = bytes(range(32))
NAMES = st.sampled_from(["a", "a/b", "a%", "A/b", "", "é", "e\u0301", "a_b", "\x00"])
SEQS = st.integers(0, 5)


def contents(store: Store) -> tuple[object, ...]:
    """Everything that a store holds."""
    with store.begin() as uow:
        size = uow.journal.size()
        return (
            uow.agents.all(),
            uow.drafts.all(),
            uow.journal.range(0, size + 1),
            uow.journal.frontier(),
            uow.outbox.all(),
            [uow.blobs.get(seq) for seq in range(6)],
            [(name, uow.values.get(name)) for name in uow.values.names("")],
            uow.values.names("a"),
        )


class BothStores(RuleBasedStateMachine):
    """Runs every step on both, inside units of work that are committed or dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "vault.db"
        self.stores: list[Store] = [open_store(self.path, KEY), InMemoryStore()]
        self.open: list[UnitOfWork] = []

    def teardown(self) -> None:
        self.drop()
        self.stores[0].close()
        self.folder.cleanup()

    def units(self) -> list[UnitOfWork]:
        if not self.open:
            self.open = [store.begin().__enter__() for store in self.stores]
        return self.open

    @rule(name=NAMES, value=st.binary(max_size=20))
    def put_value(self, name: str, value: bytes) -> None:
        for uow in self.units():
            uow.values.put(name, value)

    @rule(name=NAMES)
    def delete_value(self, name: str) -> None:
        for uow in self.units():
            uow.values.delete(name)

    @rule(agent=st.sampled_from("xyz"), name=st.sampled_from(["Ada", "Zoé", "ada"]))
    def put_agent(self, agent: str, name: str) -> None:
        for uow in self.units():
            uow.agents.put(agent_row(agent, name))
            assert uow.agents.get(AgentId(agent)) == agent_row(agent, name)

    @rule(case=st.sampled_from("cde"), revision=st.integers(1, 9))
    def put_draft(self, case: str, revision: int) -> None:
        for uow in self.units():
            uow.drafts.put(draft_row(case, revision, MOMENT.replace(second=revision)))

    @rule(case=st.sampled_from("cde"))
    def delete_draft(self, case: str) -> None:
        for uow in self.units():
            uow.drafts.delete(CaseId(case))

    @rule(hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=3))
    def append(self, hashes: list[bytes]) -> None:
        for uow in self.units():
            uow.journal.append(journal_row(uow.journal.size()))
            uow.journal.put_frontier(hashes)

    @rule(seq=SEQS, state=st.sampled_from(OutboxState))
    def put_outbox(self, seq: int, state: OutboxState) -> None:
        for uow in self.units():
            uow.outbox.put(outbox_row(seq, state))

    @rule(seq=SEQS, length=st.sampled_from([0, 10, 300_000]))
    def put_blob(self, seq: int, length: int) -> None:
        for uow in self.units():
            uow.blobs.put(seq, bytes([seq]) * length)

    @rule(seq=SEQS)
    def purge(self, seq: int) -> None:
        for uow in self.units():
            uow.blobs.purge(seq)

    @precondition(lambda self: self.open)
    @rule()
    def commit(self) -> None:
        answers = []
        for uow in self.open:
            try:
                uow.commit()
            except VaultError:
                answers.append("refused")
            else:
                answers.append("done")
        self.drop()
        assert answers[0] == answers[1]

    @precondition(lambda self: self.open)
    @rule()
    def drop(self) -> None:
        for uow in self.open:
            uow.__exit__(None, None, None)
        self.open = []

    @precondition(lambda self: not self.open)
    @rule()
    def restart(self) -> None:
        self.stores[0].close()
        self.stores[0] = open_store(self.path, KEY)

    @invariant()
    def same(self) -> None:
        if not self.open:
            assert contents(self.stores[0]) == contents(self.stores[1])


TestBothStores = BothStores.TestCase
TestBothStores.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
