"""The finder's maps understood: maps are made by hand here; the net has its own tests."""

import numpy as np
import pytest

from kiosk.capture.location import CELL, UNIT, Location, Place, located, merged, prepared

HEIGHT, WIDTH = 54, 96


def maps(corners, *, plane, votes=None):
    """Maps of one quadrilateral (4, 2) px whose cells vote for ``votes`` (its corners)."""
    import cv2

    votes = corners if votes is None else votes
    masks = np.zeros((3, HEIGHT, WIDTH), np.float32)
    ways = np.zeros((16, HEIGHT, WIDTH), np.float32)
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillConvexPoly(drawn, np.round(corners / CELL).astype(int), 1)
    masks[plane] = drawn * 0.9
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    for k, (cx, cy) in enumerate(votes):
        ways[8 * plane + 2 * k] = (cx - (x + 0.5) * CELL) / UNIT
        ways[8 * plane + 2 * k + 1] = (cy - (y + 0.5) * CELL) / UNIT
    return masks, ways


CARD = np.array([[60, 40], [320, 50], [310, 190], [70, 180]], np.float64)


def test_corners_are_what_the_cells_vote_for_in_pixels_of_the_picture():
    location = located(*maps(CARD, plane=0), 0.3)
    assert location.zone is None
    assert location.document.directed
    assert location.document.corners == pytest.approx(CARD / 0.3, abs=1)
    assert location.document.length == pytest.approx(260 / 0.3, rel=0.1)


def test_the_first_corner_tells_which_way_is_up():
    over = np.roll(CARD, 2, axis=0)
    assert located(*maps(CARD, plane=0, votes=over), 1.0).document.corners[0] == pytest.approx(
        CARD[2], abs=1
    )


def test_votes_that_do_not_cover_their_own_body_are_not_believed():
    # Half believe in one way up and half in the other: their mean is a point.
    middle = np.repeat(CARD.mean(0)[None], 4, axis=0)
    place = located(*maps(CARD, plane=0, votes=middle), 1.0).document
    assert not place.directed
    low, high = place.corners.min(0), place.corners.max(0)
    assert low == pytest.approx(CARD.min(0), abs=14)
    assert high == pytest.approx(CARD.max(0), abs=14)


def test_a_zone_spans_its_document_and_short_print_is_none():
    masks, ways = maps(CARD, plane=0)
    long = np.array([[80, 150], [300, 158], [298, 176], [80, 168]], np.float64)
    short = np.array([[80, 150], [150, 153], [150, 171], [80, 168]], np.float64)
    for body, found in ((long, 1), (short, 0)):
        zone_masks, zone_ways = maps(body, plane=1)
        location = located(masks + zone_masks, ways + zone_ways, 1.0)
        assert (len(location.documents), len(location.zones)) == (1, found)


def test_specks_are_neither_documents_nor_zones():
    masks, ways = (
        np.zeros((3, HEIGHT, WIDTH), np.float32),
        np.zeros((16, HEIGHT, WIDTH), np.float32),
    )
    masks[:, 10, 10] = 1
    assert located(masks, ways, 1.0) == Location()


@pytest.mark.parametrize(
    "shape", [(720, 1280), (480, 640), (3000, 4000), (90, 160), (1, 1), (2000, 30)]
)
def test_a_prepared_picture_has_whole_blocks_and_its_own_proportions(shape):
    small, scale = prepared(np.full(shape, 77, np.uint8))
    assert small.shape[0] % 16 == small.shape[1] % 16 == 0
    assert 0 < scale <= 1
    assert small.shape[0] >= round(shape[0] * scale) > small.shape[0] - 17
    assert small.size < 384 * 216 * 1.4 + 60 * small.shape[0] + 60 * small.shape[1]
    assert (small == 77).all()


def test_a_second_look_adds_only_what_was_not_seen():
    near = Place(CARD + 3, 0.8, directed=True)
    far = Place(CARD + 900, 0.8, directed=True)
    both = merged(Location((Place(CARD, 0.9, directed=True),)), [Location((near, far))])
    assert [p.corners[0, 0] for p in both.documents] == [60, 960]
