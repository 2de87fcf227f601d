"""Where the files of a published log lie, and how entries are bundled (C2SP ``tlog-tiles``)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.tiles import Tile, bundle_of, cut_bundle, tiles_of


def test_a_large_index_is_written_in_groups_of_three():
    """The example of the specification."""
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(None, 5, 17).path == "tile/entries/005.p/17"
    assert Tile(2, 1000).path == "tile/2/x001/000"


def test_seventy_thousand_leaves_lie_in_the_tiles_that_the_specification_counts():
    tiles = list(tiles_of(70_000))
    counted = {
        level: [tile.width for tile in tiles if tile.level == level] for level in (None, 0, 1, 2)
    }
    assert counted == {None: [256] * 273 + [112], 0: [256] * 273 + [112], 1: [256, 17], 2: [1]}
    assert {tile.level for tile in tiles} == set(counted)


@pytest.mark.parametrize(
    ("size", "paths"),
    [
        (0, []),
        (1, ["tile/entries/000.p/1", "tile/0/000.p/1"]),
        (256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]),
    ],
)
def test_small_logs(size, paths):
    assert [tile.path for tile in tiles_of(size)] == paths


@given(sizes=st.lists(st.integers(0, 200_000), min_size=1, max_size=4).map(sorted))
def test_a_copy_that_grows_in_steps_ends_with_every_tile_of_the_whole(sizes):
    written, before = set(), 0
    for size in sizes:
        step = list(tiles_of(size, before))
        assert not written & set(step), "no tile is written twice"
        written |= set(step)
        before = size
    assert set(tiles_of(before)) <= written


@given(st.lists(st.binary(max_size=40)))
def test_entries_come_out_of_a_bundle_as_they_went_in(entries):
    assert list(cut_bundle(bundle_of(entries))) == entries


@given(st.lists(st.binary(max_size=40), min_size=1), st.data())
def test_a_bundle_that_was_cut_is_either_refused_or_holds_fewer_entries(entries, data):
    whole = bundle_of(entries)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        found = cut_bundle(cut)
    except ValueError:
        return
    assert list(found) == entries[: len(found)]
    assert len(found) < len(entries)


def test_an_entry_that_no_bundle_can_hold_is_refused():
    assert len(bundle_of([bytes(65_535)])) == 65_537
    with pytest.raises(ValueError, match=r"65,535"):
        bundle_of([bytes(65_536)])
