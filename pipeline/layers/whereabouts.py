"""A layer that does not lie where its file says: told from its coordinates which coordinate system they look like."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

_NEAR_M = 100_000
"""A layer of a county lies no further from it than this."""


def guess(points: NDArray[np.float64], said: str, area: BaseGeometry, grid: str) -> str | None:
    """In a few words what the coordinates would be right as; None where nothing fits.

    points: (n, 2), as they stand in the file, whose CRS is `said`. area: the county, in `grid`.
    """
    if len(points) == 0 or area.is_empty or not np.isfinite(points).all():
        return None
    near = shapely.box(*area.bounds).buffer(_NEAR_M)
    place = np.median(points, axis=0)
    if _lies(place, said, grid, near):
        return None
    readings = _readings(said, area, grid)
    return next((words for words, crs, swapped in readings if _lies(place[::-1] if swapped else place, crs, grid, near)), None)


def _lies(place: NDArray[np.float64], crs: str, grid: str, near: BaseGeometry) -> bool:
    """Whether a place in `crs` lies in `near`."""
    try:
        moved = Transformer.from_crs(crs, grid, always_xy=True).transform(*place)
    except (CRSError, ProjError):
        return False
    return bool(np.isfinite(moved).all() and near.contains(shapely.Point(moved)))


def _readings(said: str, area: BaseGeometry, grid: str) -> Iterator[tuple[str, str, bool]]:
    """Ways in which coordinates are mistaken, the likeliest first: words, CRS, whether x and y are swapped."""
    swapped = "latitude before longitude" if CRS.from_user_input(said).is_geographic else "northing before easting"
    yield f"their order is swapped ({swapped})", said, True
    yield "they are degrees (EPSG:4490)", "EPSG:4490", False
    yield "they are degrees, latitude before longitude (EPSG:4490)", "EPSG:4490", True
    yield f"they are metres of {grid}", grid, False
    lon, _ = Transformer.from_crs(grid, "EPSG:4490", always_xy=True).transform(area.centroid.x, area.centroid.y)
    for zone in sorted(range(25, 46), key=lambda zone: abs(3 * zone - lon))[:2]:
        yield f"they are metres of CGCS2000, 3-degree zone {zone}, zone number before the easting (EPSG:{4488 + zone})", f"EPSG:{4488 + zone}", False
        yield f"they are metres of CGCS2000, 3-degree zone {zone} (EPSG:{4509 + zone})", f"EPSG:{4509 + zone}", False
        yield f"they are metres of CGCS2000, 3-degree zone {zone}, northing before easting (EPSG:{4509 + zone})", f"EPSG:{4509 + zone}", True
