"""Visits counted by a chip: what an older image of the disk cannot bring back."""

from datetime import timedelta

import pytest

from kiosk.audit.entries import CHIP_FACT, EntryKind, open_entry
from kiosk.audit.visits import view_visits
from kiosk.services.chip_count import ChipCount
from tests.fakes.office import Office
from tests.fakes.store import InMemoryStore

MAY_LIE = timedelta(hours=12)


class Chip:
    """A chip whose count nobody puts back.

    Attributes:
        count: how far it counted.
        silent: it does not answer.
        cut: the power goes before it counts.
    """

    def __init__(self) -> None:
        self.count = 40
        self.silent = self.cut = False

    def read(self) -> int | None:
        return None if self.silent else self.count

    def advance(self) -> None:
        if not (self.silent or self.cut):
            self.count += 1


@pytest.fixture
def chip() -> Chip:
    return Chip()


@pytest.fixture
def office(chip: Chip) -> Office:
    return Office(InMemoryStore(), chip=ChipCount(chip))


def visit(office: Office) -> None:
    session = office.session()
    case = office.proofing.open_case("online-request", session)
    case.close_unused()


def headers(office: Office):
    with office.store.begin() as uow:
        rows = uow.journal.range(0, uow.journal.size())
    return [open_entry(row.jws, office.device_key.public) for row in rows]


def counts(office: Office) -> list[object]:
    return [h.facts.get(CHIP_FACT) for h in headers(office) if h.kind is EntryKind.VERIFY_OPEN]


def view(office: Office):
    return view_visits(headers(office), office.clock.now(), MAY_LIE)


def test_every_visit_is_counted_once_it_is_durable(office: Office, chip: Chip):
    for _ in range(3):
        visit(office)
    assert counts(office) == [41, 42, 43]
    assert chip.count == 43
    found = view(office)
    assert (found.problems, found.asked) == ((), ())
    assert ChipCount(chip).check(office.store, office.journal)


def test_a_power_cut_before_the_count_is_no_hole(office: Office, chip: Chip):
    visit(office)
    chip.cut = True
    visit(office)
    chip.cut = False
    assert ChipCount(chip).check(office.store, office.journal)
    visit(office)
    assert counts(office) == [41, 42, 42]
    assert view(office).problems == ()


def test_a_journal_that_was_put_back_says_so_once_and_leaves_a_hole(office: Office, chip: Chip):
    """The whole disk is of yesterday, with all that lies beside the vault; the chip is of today."""
    visit(office)
    chip.count += 2  # the visits that were put back
    count = ChipCount(chip)
    assert not count.check(office.store, office.journal)
    assert headers(office)[-1].kind is EntryKind.RESTORE_DETECTED
    assert headers(office)[-1].facts == {"here": 41, "chip": 43}
    assert count.check(office.store, office.journal), "told once"
    visit(office)
    (problem,) = view(office).problems
    assert problem[1] == "2 counts of the chip before it that no entry tells"


def test_whoever_hides_that_entry_still_leaves_the_hole(office: Office, chip: Chip):
    visit(office)
    chip.count += 1
    visit(office)
    assert [word for _, word in view(office).problems] == [
        "1 counts of the chip before it that no entry tells"
    ]


def test_another_chip_counts_back(office: Office, chip: Chip):
    visit(office)
    chip.count = 3
    visit(office)
    assert [word for _, word in view(office).problems] == ["chip counted back"]


def test_a_chip_that_falls_silent_keeps_nobody_from_working_and_is_asked_about_once(
    office: Office, chip: Chip
):
    visit(office)
    chip.silent = True
    assert ChipCount(chip).check(office.store, office.journal)
    for _ in range(2):
        visit(office)
    chip.silent = False
    visit(office)
    assert counts(office) == [41, None, None, 42]
    found = view(office)
    assert (found.problems, [word for _, word in found.asked]) == (
        (),
        ["no count of the chip any more"],
    )


def test_a_machine_without_a_chip_counts_nothing():
    office = Office(InMemoryStore())
    visit(office)
    assert counts(office) == [None]
    assert view(office).asked == ()
