"""A layer that does not lie where its file says: told from its coordinates which coordinate system they look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from pipeline.layers.ground import DEGREES, crs_of
from pipeline.layers.zones import CGCS2000, DATUMS, ZONES3, ZONES6
from pipeline.projection import between

_NEAR_M = 100_000
"""A layer of a county lies no further from it than this."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A way in which coordinates can be meant."""

    words: str
    crs: str
    swapped: bool
    """x and y are exchanged."""


def guess(points: NDArray[np.float64], said: str, area: BaseGeometry, grid: str) -> Reading | None:
    """What the coordinates would be right as, the likeliest; None where nothing fits, or where they are right as they are.

    points: (n, 2), as they stand in the file, whose CRS is `said`. area: the county, in `grid`.
    """
    if len(points) == 0 or area.is_empty or not np.isfinite(points).all():
        return None
    near = shapely.box(*area.bounds).buffer(_NEAR_M)
    place = np.median(points, axis=0)
    if _lies(place, said, grid, near):
        return None
    readings = _readings(said, area, grid)
    return next((each for each in readings if _lies(place[::-1] if each.swapped else place, each.crs, grid, near)), None)


def _lies(place: NDArray[np.float64], crs: str, grid: str, near: BaseGeometry) -> bool:
    """Whether a place in `crs` lies in `near`."""
    try:
        moved = between(crs, grid).transform(*place)
    except (CRSError, ProjError):
        return False
    return bool(np.isfinite(moved).all() and near.contains(shapely.Point(moved)))


def _readings(said: str, area: BaseGeometry, grid: str) -> Iterator[Reading]:
    """Ways in which coordinates are mistaken, the likeliest first."""
    swapped = "latitude before longitude" if crs_of(said).is_geographic else "northing before easting"
    yield Reading(f"their order is swapped ({swapped})", said, True)
    yield Reading("they are degrees (EPSG:4490)", "EPSG:4490", False)
    yield Reading("they are degrees, latitude before longitude (EPSG:4490)", "EPSG:4490", True)
    surveyed = "Gauss-Kruger" in crs_of(said).name
    metres_of_grid = Reading(f"they are metres of {grid}", grid, False)
    if not surveyed:
        yield metres_of_grid
    lon, _ = between(grid, DEGREES).transform(area.centroid.x, area.centroid.y)
    today = DATUMS[CGCS2000]
    for width, zones, numbered, plain in ((3, ZONES3, today.zone3, today.meridian3), (6, ZONES6, today.zone6, today.meridian6)):
        off = 3 if width == 6 else 0
        for zone in sorted(zones, key=lambda zone: abs(width * zone - off - lon))[:2]:
            metres = f"they are metres of CGCS2000, {width}-degree zone {zone}"
            for first, how in ((numbered, ", zone number before the easting"), (plain, "")):
                code = f"EPSG:{first + zone}"
                yield Reading(f"{metres}{how} ({code})", code, False)
                yield Reading(f"{metres}{how}, northing before easting ({code})", code, True)
    if surveyed:
        yield metres_of_grid
