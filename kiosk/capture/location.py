"""Where documents and zones lie in a picture, and which way up: the finder's maps, understood.

Rules, in order:

1. The picture is brought to about 384 x 216 px, its own proportions kept, and padded to whole
   blocks; a cell of the maps is 4 x 4 px of that.
2. Each connected body of a mask is one document or zone. Its cells vote for the corners; cells that
   stand nearer to a corner know it better and weigh more.
3. A corner vote that does not cover its own body is not believed: then the smallest rectangle
   around the body counts, and its reading direction is open.
4. Corners begin at the top left of the print: they also say which way is up.
5. A zone spans its document: a body that is short beside the document it lies on is other print.

The maps come from the net of ``resources/models/document-finder.onnx`` (model card beside it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.picture import Picture, Points, Scores, as_picture, height_of, length_of

CELL = 4
UNIT = 64.0
BLOCK = 16
WORK_AREA = 384 * 216
_DOCUMENT, _ZONE = 0, 1
_LEAST_CELLS = {_DOCUMENT: 40, _ZONE: 10}
_LIKELY = 0.5
_BELIEVED = 0.55
"""Overlap of the voted corners with the body that voted for them."""
_LEAST_SPAN = 0.45
"""The zone of a card takes 0.9 of its length; of the page of a folded passport half of both."""
_COVERED, _LARGER = 0.85, 5
"""Or: share of the body that must lie in the corners, and how many times as large they may be."""
_MAX_FOUND = 8


@dataclass(frozen=True, slots=True)
class Place:
    """One document or zone.

    Attributes:
        corners: (4, 2) px of the picture, from the print's own top left, clockwise as printed.
        chance: mean probability of its cells, 0 to 1.
        directed: the corners tell which way is up; else that is open.
    """

    corners: Points
    chance: float
    directed: bool

    @property
    def length(self) -> float:
        """Mean length of the sides along the print, px."""
        return length_of(self.corners)

    @property
    def height(self) -> float:
        """Mean length of the sides across the print, px."""
        return height_of(self.corners)


@dataclass(frozen=True, slots=True)
class Location:
    """What lies in a picture, the largest first."""

    documents: tuple[Place, ...] = ()
    zones: tuple[Place, ...] = ()

    def shifted(self, x: float, y: float) -> Location:
        """The same places in a picture of which this one is a part that begins at ``x``, ``y``."""
        offset = np.array([x, y])
        return Location(
            *(
                tuple(replace(place, corners=place.corners + offset) for place in places)
                for places in (self.documents, self.zones)
            )
        )

    @property
    def document(self) -> Place | None:
        """The largest document."""
        return self.documents[0] if self.documents else None

    @property
    def zone(self) -> Place | None:
        """The largest zone."""
        return self.zones[0] if self.zones else None


def prepared(grey: Picture, area: int = WORK_AREA) -> tuple[Picture, float]:
    """The picture as the finder wants it, and px of the result for one px of ``grey``.

    Args:
        grey: (H, W) uint8.
        area: px that the result has, about.
    """
    height, width = grey.shape
    scale = min(1.0, (area / (height * width)) ** 0.5)
    small = grey
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = as_picture(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
    below, right = -small.shape[0] % BLOCK, -small.shape[1] % BLOCK
    padded = cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return as_picture(padded), scale


def located(masks: Scores, ways: Scores, scale: float) -> Location:
    """The places that the maps tell of.

    Args:
        masks: (2 or more, h, w) probabilities: document, zone; more planes are not looked at.
        ways: (16, h, w): from each cell to the corners of the document and of the zone, in 64 px.
        scale: px of the prepared picture for one px of the picture.
    """
    documents = _once(_places(masks, ways[:8], _DOCUMENT, scale))
    zones = _places(masks, ways[8:], _ZONE, scale)
    return Location(documents, _once(tuple(zone for zone in zones if _spans(zone, documents))))


def _once(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Parts of one body tell of the same place: the first of them is enough."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda p: not p.directed):
        if all(_apart(place, known) for known in kept):
            kept.append(place)
    return tuple(sorted(kept, key=lambda p: -p.length * p.height))


def _spans(zone: Place, documents: Sequence[Place]) -> bool:
    """Whether a zone is as long as the document it lies on asks for; so where none is seen."""
    lying_on = [place for place in documents if not _apart(zone, place)]
    return all(zone.length > _LEAST_SPAN * max(p.length, p.height) for p in lying_on)


def _places(masks: Scores, ways: Scores, plane: int, scale: float) -> tuple[Place, ...]:
    body = (masks[plane] > _LIKELY).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(body, connectivity=4)
    sizes = [(int(stats[k, cv2.CC_STAT_AREA]), k) for k in range(1, count)]
    found = []
    for size, label in sorted(sizes, reverse=True)[:_MAX_FOUND]:
        if size < _LEAST_CELLS[plane]:
            break
        inside = np.asarray(labels) == label
        corners, directed = _corners(inside, masks[plane], ways)
        chance = float(masks[plane][inside].mean())
        found.append(Place(corners / scale, chance, directed))
    return tuple(found)


def _corners(inside: npt.NDArray[np.bool_], mask: Scores, ways: Scores) -> tuple[Points, bool]:
    """Corners (4, 2) in px of the prepared picture that the cells of one body vote for."""
    rows, columns = np.nonzero(inside)
    at = (np.stack([columns, rows], 1).astype(np.float64) + 0.5) * CELL
    chance = mask[inside].astype(np.float64)
    corners = np.empty((4, 2))
    for k in range(4):
        way = np.stack([ways[2 * k][inside], ways[2 * k + 1][inside]], 1).astype(np.float64) * UNIT
        distance = np.linalg.norm(way, axis=1)
        weights = chance / (8.0 + distance) ** 2
        corners[k] = _middle(at + way, weights)
    if _covers(corners, inside):
        return corners, True
    points = (np.stack([columns, rows], 1).astype(np.float32) + 0.5) * CELL
    box = np.asarray(cv2.boxPoints(cv2.minAreaRect(points)), np.float64)
    return _along(box), False


def _middle(votes: Points, weights: npt.NDArray[np.float64]) -> Points:
    """Weighted median of the votes (n, 2), axis by axis: a few wild cells move nothing."""
    out = np.empty(2)
    for axis in (0, 1):
        order = np.argsort(votes[:, axis])
        total = np.cumsum(weights[order])
        out[axis] = votes[order[int(np.searchsorted(total, total[-1] / 2))], axis]
    return out


def _covers(corners: Points, inside: npt.NDArray[np.bool_]) -> bool:
    """Whether a quadrilateral is where its body is: the same, or a whole of which it is a part."""
    drawn = np.zeros(inside.shape, np.uint8)
    points = np.round((corners / CELL - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(drawn, points, 1, cv2.LINE_8, 4)
    quad = np.asarray(drawn) > 0
    common, union, body = (int(cells.sum()) for cells in (quad & inside, quad | inside, inside))
    whole = common >= _COVERED * body and int(quad.sum()) <= _LARGER * body
    return common >= _BELIEVED * max(1, union) or whole


def _along(box: Points) -> Points:
    """A rectangle begun so that its first side is a long one, and the text runs to the right."""
    if np.linalg.norm(box[1] - box[0]) < np.linalg.norm(box[2] - box[1]):
        box = np.roll(box, -1, axis=0)
    if box[1, 0] < box[0, 0]:
        box = np.roll(box, 2, axis=0)
    side, next_side = box[1] - box[0], box[2] - box[1]
    clockwise = side[0] * next_side[1] - side[1] * next_side[0] > 0
    return box if clockwise else box[[1, 0, 3, 2]]


def merged(one: Location, others: Sequence[Location]) -> Location:
    """All places of several looks at one picture; a place seen before is not taken again."""
    documents, zones = list(one.documents), list(one.zones)
    for other in others:
        for kept, fresh in ((documents, other.documents), (zones, other.zones)):
            kept.extend(p for p in fresh if all(_apart(p, known) for known in kept))
    return Location(tuple(documents), tuple(zones))


def _apart(one: Place, other: Place) -> bool:
    a, b = one.corners.astype(np.float32), other.corners.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(a, b)
    least = min(float(cv2.contourArea(a)), float(cv2.contourArea(b)))
    return float(common) < 0.3 * max(1.0, least)
