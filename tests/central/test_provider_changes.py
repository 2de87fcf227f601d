"""Providers that come and go: by one key at once, by several when their policy is published."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, text

from central.archive.database import Database
from central.archive.layout import Layout
from central.archive.provider_rows import PlanRow
from central.archive.provider_schema import TABLES
from central.archive.result_rows import ProviderRow, ResultRow, ResultState
from central.archive.rows import DeviceRow, EntryRow
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.authority.providers import add_provider, remove_provider
from central.authority.publishing import Publishing
from central.collector.refusal import CallRefusedError
from central.collector.results import Results
from central.provider.demonstration import DemonstrationProvider, provider_keys
from central.provider.queue import ResultQueue
from kiosk.crypto.age import Identity
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.provider import ISSUER, Provider, answered, join, now, provider_of, seal_case
from tests.fakes.signers import TwoOfThree

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
DEVICE = DeviceId("dev-0011223344556677")
RECIPIENT = Identity.from_seed(b"p" * 32).recipient
OTHER = Identity.from_seed(b"q" * 32).recipient
AT = NOW.isoformat(timespec="milliseconds")


def row_of(url: str = "https://idp.example/results", pull_key: bytes | None = None) -> ProviderRow:
    return ProviderRow(ISSUER, url, "", pull_key, 30, 7, AT)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(founded(tmp_path / "central"))


@contextmanager
def opened(layout: Layout) -> Iterator[Database]:
    database = open_database(layout)
    try:
        yield database
    finally:
        database.close()


STATES = [state for state in ResultState if state is not ResultState.WITHDRAWN]


def fill(database: Database) -> None:
    """One result in each state; the entry's number is the state's place."""
    reasons = {ResultState.WITHHELD: "conflict", ResultState.QUEUED: "status 500"}
    with database.writing() as ledger:
        ledger.put_device(DeviceRow(DEVICE, bytes(32), OfficeId("075012"), ""))
        ledger.add_entries(tuple(EntryRow(DEVICE, n, "", bytes(32), None) for n in range(20)))
        ledger.results.add(
            [
                ResultRow(
                    DEVICE,
                    n,
                    RecordId(f"{n:032x}"),
                    ISSUER,
                    bytes(32),
                    state,
                    AT,
                    reason=reasons.get(state, ""),
                    position=n + 1,
                    sealed=None if state is ResultState.ERASED else b"sealed",
                )
                for n, state in enumerate(STATES)
            ]
        )


def result(database: Database, seq: int) -> ResultRow:
    with database.reading() as ledger:
        row = ledger.results.get(DEVICE, seq)
    assert row is not None
    return row


def place(state: ResultState) -> int:
    return STATES.index(state)


# --- one key --------------------------------------------------------------------------------------


def test_what_waits_ends_with_its_provider_and_says_how_it_stood(layout: Layout) -> None:
    added = add_provider(layout, row_of(), RECIPIENT, NOW)
    with opened(layout) as database:
        fill(database)
    left = remove_provider(layout, ISSUER, NOW)
    assert (left.policy_version, left.ended, left.draft) == (3, 6, None)
    assert Policies(layout).in_force().result_recipients == ()
    with opened(layout) as database:
        kept = {ResultState.DELIVERED, ResultState.ACKNOWLEDGED, ResultState.ERASED}
        for state in STATES:
            row = result(database, place(state))
            assert row.sealed is None, "nobody asks for an envelope any more"
            if state in kept:
                assert row.state == state
                continue
            assert row.state == ResultState.WITHDRAWN
            assert row.reason.startswith(state)
        assert result(database, place(ResultState.WITHHELD)).reason == "withheld: conflict"
        with database.reading() as ledger:
            assert ledger.results.providers() == ()
            (went,) = ledger.provider_changes.withdrawals()
    assert (went.issuer, went.kid, went.policy_version) == (ISSUER, added.kid, 3)
    assert (went.withdrawn_on, went.ended, went.admitted_on) == ("2026-11-27", 6, "")


def test_a_backup_from_before_a_withdrawal_posts_nothing_once_its_policy_is_there_again(
    layout: Layout, tmp_path: Path
) -> None:
    added = add_provider(layout, row_of(), RECIPIENT, NOW)
    with opened(layout) as database:
        fill(database)
    backup = tmp_path / "backup"
    shutil.copytree(layout.root, backup)
    remove_provider(layout, ISSUER, NOW)
    with opened(layout) as database, database.reading() as ledger:
        _, token = ledger.policy()
    again = Layout(backup)
    Publishing(again).publish(token, NOW.date())
    with opened(again) as database:
        assert result(database, place(ResultState.QUEUED)).state == ResultState.WITHDRAWN
        with database.reading() as ledger:
            assert ledger.results.providers() == ()
            (went,) = ledger.provider_changes.withdrawals()
    assert (went.issuer, went.kid, went.policy_version, went.ended) == (ISSUER, added.kid, 3, 6)
    back = add_provider(again, row_of(), RECIPIENT, NOW, again=True)
    assert back.policy_version == 4


def test_a_withdrawal_is_taken_back_in_so_many_words_and_stays_written_down(
    layout: Layout,
) -> None:
    add_provider(layout, row_of(), RECIPIENT, NOW)
    remove_provider(layout, ISSUER, NOW)
    with pytest.raises(PolicyInvalidError, match="withdrawn"):
        add_provider(layout, row_of(), RECIPIENT, NOW)
    with pytest.raises(PolicyInvalidError, match="no provider"):
        remove_provider(layout, ISSUER, NOW)
    assert add_provider(layout, row_of(), RECIPIENT, NOW, again=True).policy_version == 4
    with opened(layout) as database, database.reading() as ledger:
        (went,) = ledger.provider_changes.withdrawals()
        assert went.admitted_on == "2026-11-27"
        assert not ledger.provider_changes.is_withdrawn(ISSUER)
    remove_provider(layout, ISSUER, NOW)
    with opened(layout) as database, database.reading() as ledger:
        assert [row.number for row in ledger.provider_changes.withdrawals()] == [1, 2]
        assert ledger.provider_changes.is_withdrawn(ISSUER)


def test_the_policy_in_words_says_who_hears(layout: Layout) -> None:
    add_provider(layout, row_of(), RECIPIENT, NOW)
    assert ISSUER in layout.explained_policy.read_text().partition("result_recipients")[2]


def test_a_result_on_its_way_when_its_provider_goes_is_delivered_or_withdrawn(
    layout: Layout,
) -> None:
    add_provider(layout, row_of(), RECIPIENT, NOW)
    with opened(layout) as database:
        fill(database)
        queue = ResultQueue(database, b"")
        taken, asked = (result(database, place(s)) for s in (ResultState.QUEUED, ResultState.DEAD))
    remove_provider(layout, ISSUER, NOW)
    with opened(layout) as database:
        queue = ResultQueue(database, b"")
        queue.delivered(taken, NOW)  # its server took it in that very moment: that is the truth
        assert result(database, taken.seq).state == ResultState.DELIVERED
        queue.acknowledged(asked, NOW)  # it cannot have fetched what is gone
        row = result(database, asked.seq)
        assert (row.state, row.done_at) == (ResultState.WITHDRAWN, "")


def test_what_was_announced_in_the_moment_of_the_withdrawal_ends_too(layout: Layout) -> None:
    add_provider(layout, row_of(), RECIPIENT, NOW)
    remove_provider(layout, ISSUER, NOW)
    with opened(layout) as database:
        fill(database)  # as a writer of another scope may, that did not see the withdrawal yet
        ResultQueue(database, b"").release(NOW)
        row = result(database, place(ResultState.ARRIVED))
        assert (row.state, row.sealed) == (ResultState.WITHDRAWN, None)


def test_who_was_withdrawn_fetches_nothing(layout: Layout) -> None:
    key = SigningKey.generate()
    add_provider(layout, row_of("", key.public), RECIPIENT, NOW)
    with opened(layout) as database:
        fill(database)
        results = Results(database, b"")
        provider = results.provider_of(key_id_of(key.public))
        assert provider is not None
    remove_provider(layout, ISSUER, NOW)
    with opened(layout) as database:
        results = Results(database, b"")
        assert results.provider_of(key_id_of(key.public)) is None
        # A call that was let in a moment before finds nothing either.
        assert results.page(provider, 0).results == ()
        with pytest.raises(CallRefusedError):
            results.fetch(provider, place(ResultState.QUEUED) + 1)


def test_a_database_from_before_gets_the_tables_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    Database(path).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(text(f"DROP TABLE {table.name}"))
    engine.dispose()
    database = Database(path)
    try:
        with database.writing() as ledger:
            ledger.provider_changes.plan(PlanRow(row_of(), "kid", 2))
            assert [plan.version for plan in ledger.provider_changes.plans()] == [2]
    finally:
        database.close()
    engine = create_engine(f"sqlite:///{path}")
    found = MetaData()
    found.reflect(engine)
    engine.dispose()
    assert {table.name for table in TABLES} <= set(found.tables)


# --- several keys ---------------------------------------------------------------------------------


def test_a_plan_is_void_once_another_policy_took_its_place(layout: Layout) -> None:
    planned = add_provider(layout, row_of(), RECIPIENT, NOW, drafting=True)
    assert planned.draft is not None
    assert planned.policy_version == 2
    with opened(layout) as database, database.reading() as ledger:
        assert len(ledger.provider_changes.plans()) == 1
        assert ledger.results.providers() == ()
    Policies(layout).change({"feature_count": "5"}, NOW)
    with opened(layout) as database, database.reading() as ledger:
        assert ledger.provider_changes.plans() == ()
        assert ledger.results.providers() == ()


def test_another_address_alone_needs_no_signature(tmp_path: Path, layout: Layout) -> None:
    add_provider(layout, row_of(), RECIPIENT, NOW)
    TwoOfThree(layout.root, tmp_path, now())
    changed = add_provider(layout, row_of("https://two.example/r"), RECIPIENT, NOW)
    assert (changed.policy_version, changed.draft) == (3, None)
    with pytest.raises(PolicyInvalidError, match="--draft"):
        add_provider(layout, row_of("https://three.example/r"), OTHER, NOW)
    with pytest.raises(PolicyInvalidError, match="--draft"):
        remove_provider(layout, ISSUER, NOW)
    with opened(layout) as database, database.reading() as ledger:
        (row,) = ledger.results.providers()
        assert row.url == "https://two.example/r"
        assert ledger.provider_changes.plans() == ()


@pytest.mark.process
def test_a_provider_comes_and_goes_by_the_signatures_of_several(tmp_path: Path) -> None:
    data = founded(tmp_path / "central")
    signers = TwoOfThree(data, tmp_path, now())
    keys = provider_keys(tmp_path / "provider", now())
    recipient, ca = tmp_path / "recipient.txt", tmp_path / "ca.pem"
    recipient.write_text(keys.identity.recipient)
    ca.write_text(keys.ca_pem)
    with serving(data) as side, DemonstrationProvider(keys, now) as server:
        device = EnrolledDevice().enrol(side.enrol_code())
        adding = ("provider", "add", ISSUER, "--recipient", recipient, "--ca", ca)
        _comes(side, signers, (*adding, "--url", server.url, "--data", data), device)
        # Said again, it gives the provider what it has to have, and needs nobody's signature.
        given = join(side, server, keys)
        device.delivery.run_once()
        seal_case(device, answered(2))
        assert device.delivery.run_once().stored == 1
        assert given.wait_for("req-2") == "accepted"
        _goes(given, signers, device)
    assert "req-4" not in server.requests.results


def _comes(
    side: CentralSide, signers: TwoOfThree, adding: tuple[str | Path, ...], device: EnrolledDevice
) -> None:
    data, draft = side.data, signers.folder / "add.draft"
    alone = central(*adding, check=False)
    assert (alone.returncode, "--draft" in alone.stderr) == (2, True)
    assert "Traceback" not in alone.stderr
    planned = ask(*adding, "--draft", draft)
    assert (planned["policy_version"], planned["draft"]) == (3, str(draft))
    assert central(*adding, "--draft", draft, check=False).returncode == 2, "never overwritten"
    (listed,) = ask("provider", "list", "--data", data)["providers"]
    assert (listed["state"], listed["kid"], listed["url"]) == ("planned", "", "")
    seal_case(device, answered(1))
    assert device.delivery.run_once().stored == 1
    with side.ledger() as ledger:
        assert ledger.results.counts() == {}, "nothing before it is signed"

    assert signers.publish(draft) == 3
    shown = ask("provider", "show", ISSUER, "--data", data)
    assert (shown["state"], shown["kid"]) == ("hears", planned["kid"])
    assert (shown["since_policy"], shown["plan"]) == (3, None)


def _goes(given: Provider, signers: TwoOfThree, device: EnrolledDevice) -> None:
    data, gone = given.side.data, signers.folder / "remove.draft"
    removing = ("provider", "remove", ISSUER, "--data", data, "--yes")
    assert central(*removing, check=False).returncode == 2
    assert ask(*removing, "--draft", gone)["removed"] is False
    assert ask("provider", "show", ISSUER, "--data", data)["state"] == "hears"
    seal_case(device, answered(3))
    device.delivery.run_once()
    assert given.wait_for("req-3") == "accepted", "until it is published it hears"
    assert signers.publish(gone) == 4
    shown = ask("provider", "show", ISSUER, "--data", data)
    assert (shown["state"], shown["kid"]) == ("withdrawn", "")
    assert shown["withdrawals"][0]["policy_version"] == 4
    device.delivery.run_once()
    seal_case(device, answered(4))
    assert device.delivery.run_once().stored == 1
    with given.side.ledger() as ledger:
        assert set(ledger.results.counts()) == {(ISSUER, "delivered")}


@pytest.mark.process
def test_the_contact_service_opens_by_the_signatures_of_several(tmp_path: Path) -> None:
    data = founded(tmp_path / "central")
    layout, signers = Layout(data), TwoOfThree(data, tmp_path, now())
    layout.contact_settings.write_text('[page]\nurl = "https://codes.example"\n')
    layout.contact_settings.chmod(0o600)
    command, draft = ("contact", "confirm-later", "--data", data), tmp_path / "contact.draft"
    alone = central(*command, check=False)
    assert (alone.returncode, "--draft" in alone.stderr) == (2, True)
    assert not layout.contact_identity.exists(), "no key that no policy will name"
    planned = ask(*command, "--draft", draft)
    assert Policies(layout).in_force().contact_recipient is None
    assert signers.publish(draft) == planned["policy_version"] == 3
    told = Policies(layout).in_force().contact_recipient
    assert told is not None
    assert told.kid == planned["kid"]
    assert ask(*command) == {"policy_version": 3, "kid": planned["kid"]}


# --- the whole way --------------------------------------------------------------------------------


@pytest.mark.process
def test_a_withdrawn_provider_is_called_no_more_and_no_device_waits_for_it(tmp_path: Path) -> None:
    with (
        serving(founded(tmp_path / "central")) as side,
        provider_of(side, tmp_path) as provider,
    ):
        data = side.data
        near, away = (EnrolledDevice().enrol(side.enrol_code()) for _ in range(2))
        provider.server.trouble = lambda: 503
        waiting = seal_case(near, answered(1))
        assert near.delivery.run_once().stored == 1
        late = seal_case(away, answered(2))  # not sent before its provider goes
        pause = threading.Event()
        while not provider.row(waiting.record_id).reason:
            pause.wait(0.05)
        asked = central("provider", "remove", ISSUER, "--data", data, check=False)
        assert (asked.returncode, "1 results wait" in asked.stderr) == (1, True)
        gone = ask("provider", "remove", ISSUER, "--data", data, "--yes")
        assert (gone["removed"], gone["ended"], gone["policy_version"]) == (True, 1, 3)
        provider.server.trouble = lambda: 0
        row = provider.row(waiting.record_id)
        assert (row.state, row.sealed) == (ResultState.WITHDRAWN, None)
        assert row.reason.startswith("queued")
        # One that has not heard yet sends what it sealed, and gets its receipt all the same.
        assert away.delivery.run_once().stored == 1
        row = provider.row(late.record_id)
        assert (row.state, row.sealed) == (ResultState.WITHDRAWN, None)
        with away.store.begin() as uow:
            assert uow.values.names("result") == ()
        seal_case(away, answered(3))
        assert away.delivery.run_once().stored == 1
        pause.wait(1.0)  # four turns of the sender: it has nobody to post to
        assert provider.server.requests.results == {}
        (line,) = ask("provider", "list", "--data", data)["providers"]
        assert (line["state"], line["results"]) == ("withdrawn", {"withdrawn": 2})
        assert ask("provider", "queue", "--data", data)["results"] == []
        ended = ask("provider", "queue", "--withdrawn", "--data", data)["results"]
        assert {one["record_id"] for one in ended} == {waiting.record_id, late.record_id}
        again = ("provider", "retry", waiting.record_id, "--release", "--data", data)
        assert central(*again, check=False).returncode == 1, "nothing brings it back"
        assert central("provider", "show", "nobody", "--data", data, check=False).returncode == 1
        text = central("provider", "show", ISSUER, "--data", data).stdout
        assert "withdrawn" in text
        assert "policy 3, 1 results ended" in text
