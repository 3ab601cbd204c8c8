"""Where a case lies, as a team needs it: a point to go to, and its corners, in CGCS2000."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry import Polygon

from pipeline.publish.coordinates import Position, positions
from pipeline.publish.wgs84 import Written

MOST_CORNERS = 10
"""Of the sheet's table; the whole outline is in the files for receivers."""
FINEST = 0.00002
"""Degrees, about 2 m: the first tolerance by which an outline is straightened."""
_WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Places:
    goal: Position
    corners: tuple[Position, ...]
    """Clockwise from the north-west, of the largest part."""
    straightened: bool
    """Whether the outline has more corners than these."""


def places(written: Written) -> Places:
    """CGCS2000 and WGS 84 differ by less than a metre: neither a map nor a receiver in a hand shows it."""
    largest = max(shapely.get_parts(written.geometry), key=lambda part: part.area)
    ring, exact = _corners(largest)
    found = positions(_WGS84, [(written.lon, written.lat), *ring])
    parts = len(shapely.get_parts(written.geometry))
    return Places(found[0], tuple(found[1:]), not exact or parts > 1 or bool(largest.interiors))


def _corners(part: Polygon) -> tuple[list[tuple[float, float]], bool]:
    """At most MOST_CORNERS of an outline's corners, and whether they are all that it has."""
    outline, tolerance = Polygon(part.exterior), FINEST
    plain = outline
    while len(plain.exterior.coords) - 1 > MOST_CORNERS:
        plain, tolerance = outline.simplify(tolerance), tolerance * 1.4
    points = list(shapely.orient_polygons(plain, exterior_cw=True).exterior.coords)[:-1]
    first = min(range(len(points)), key=lambda k: points[k][0] - points[k][1])
    return points[first:] + points[:first], plain is outline
