"""Outlines as they are written: WGS 84, seven decimals, wound as RFC 7946 asks, with the area they then have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from pipeline.projection import between

DECIMALS = 7
"""About a centimetre."""

Geometries = NDArray[np.object_]
Numbers = NDArray[np.int64]
SNAPS = 8
"""Snapping can bring a line within reach of another point, which the next snapping then joins; seldom more than once."""

_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Written:
    """An outline exactly as it stands in the files."""

    geometry: Polygon | MultiPolygon
    area_m2: float
    """Ellipsoidal, of `geometry`; not rounded."""
    lon: float
    lat: float
    """A point inside, to go to."""

    @property
    def mapping(self) -> dict[str, Any]:
        """The GeoJSON geometry."""
        if isinstance(self.geometry, Polygon):
            return {"type": "Polygon", "coordinates": _rings(self.geometry)}
        return {"type": "MultiPolygon", "coordinates": [_rings(part) for part in self.geometry.geoms]}


def _rings(polygon: Polygon) -> list[list[list[float]]]:
    return [shapely.get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)]


class Projector:
    """From the county's grid to what is written; an outline that is asked for again is not worked out again."""

    def __init__(self, crs: str) -> None:
        self._transformer = between(crs, "EPSG:4326")
        self._known: dict[bytes, Written] = {}

    def write(self, geometry: BaseGeometry) -> Written:
        """Project and round an areal geometry.

        Raises ValueError when nothing of it is left, which no ground of a cell or more can come to.
        """
        return self.write_all([geometry])[0]

    def write_all(self, geometries: Sequence[BaseGeometry]) -> list[Written]:
        """As `write`, many at once, which takes a fraction of the time."""
        keys = [geometry.wkb for geometry in geometries]
        new = {key: geometry for key, geometry in zip(keys, geometries, strict=True) if key not in self._known}
        self._known |= zip(new, settle_all(self.degrees(list(new.values()))), strict=True)
        return [self._known[key] for key in keys]

    def write_strewn(self, geometry: BaseGeometry) -> Written:
        """As `write`, of polygons that touch one another in corners at most, however many: see `settle_strewn`."""
        return settle_strewn(self.degrees(shapely.get_parts(geometry).tolist()))

    def degrees(self, geometries: Sequence[BaseGeometry]) -> list[BaseGeometry]:
        """Geometries in degrees as they come, neither rounded nor measured: for drawing."""
        return list(shapely.transform(np.array(geometries, object), self._project)) if geometries else []

    def _project(self, coordinates: Any) -> Any:
        x, y = self._transformer.transform(coordinates[:, 0], coordinates[:, 1], errcheck=True)
        return np.column_stack([x, y])


def settle(geometry: BaseGeometry) -> Written:
    """Round an outline in WGS 84 degrees so that it stays valid and a second rounding would change nothing, and measure it."""
    return settle_all([geometry])[0]


def settle_all(geometries: Sequence[BaseGeometry]) -> list[Written]:
    """As `settle`, many at once. Raises ValueError where nothing is left of one."""
    outlines = _snapped(_array(geometries))
    moving = np.arange(len(outlines))
    for _ in range(SNAPS):
        again = _snapped(outlines[moving])
        moved = ~shapely.equals_exact(again, outlines[moving])
        moving = moving[moved]
        if not moving.size:
            break
        outlines[moving] = again[moved]
    points = shapely.get_coordinates(shapely.point_on_surface(outlines)).tolist()
    return [
        Written(outline, area, round(x, DECIMALS), round(y, DECIMALS))
        for outline, area, (x, y) in zip(outlines.tolist(), _areas_m2(outlines).tolist(), points, strict=True)
    ]


def settle_strewn(polygons: Sequence[BaseGeometry]) -> Written:
    """As `settle`, of one outline that consists of polygons which touch one another in corners at most.

    Each is snapped by itself, since a month's unseen ground has a hundred thousand corners, and what snapping all of it at once takes grows far
    faster than they do.
    """
    parts = settle_all(polygons)
    whole = shapely.normalize(shapely.multipolygons([p for part in parts for p in shapely.get_parts(part.geometry)]))
    found, _ = _rounded(_polygons(_array([whole]))[0])
    (outline,) = _gathered(found, np.zeros(len(found), np.int64), np.array([len(found)]))
    point = shapely.point_on_surface(outline)
    return Written(outline, sum(part.area_m2 for part in parts), round(point.x, DECIMALS), round(point.y, DECIMALS))


def _array(geometries: Sequence[BaseGeometry]) -> Geometries:
    out = np.empty(len(geometries), object)
    out[:] = geometries
    return out


def _snapped(geometries: Geometries) -> Geometries:
    """Polygons and MultiPolygons of geometries on the grid of decimals."""
    # Snapping to the grid of decimals first drops repeated points and closed-up rings, and parts what would cross itself.
    polygons, of = _polygons(shapely.normalize(shapely.set_precision(geometries, 10.0**-DECIMALS)))
    polygons, rounded = _rounded(polygons)
    of = of[rounded]
    count = np.bincount(of, minlength=len(geometries))
    if not count.all():
        raise ValueError(f"an outline without area: {geometries[np.argmin(count)].wkt[:80]}")
    return _gathered(polygons, of, count)


def _gathered(polygons: Geometries, of: Numbers, count: Numbers) -> Geometries:
    """(n,): a Polygon or MultiPolygon of the polygons of each. of: which each polygon is of, in order; count: (n,) how many each has."""
    out: Geometries = np.empty(len(count), object)
    single = count[of] == 1
    out[count == 1] = polygons[single]
    if not single.all():
        out[count > 1] = shapely.multipolygons(polygons[~single], indices=np.unique(of[~single], return_inverse=True)[1])
    return out


def _polygons(geometries: Geometries) -> tuple[Geometries, Numbers]:
    """All polygons of geometries, and which of them each is of."""
    parts, of = shapely.get_parts(geometries, return_index=True)
    parts, of_part = shapely.get_parts(parts, return_index=True)
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return parts[areal], of[of_part[areal]]


def _rounded(polygons: Geometries) -> tuple[Geometries, Numbers]:
    """Polygons with their points rounded and their rings wound, without rings that have no inside; and which those are that are left.

    All at once: what was not seen in a month can have a hundred thousand rings. A ring's first point stays, so that files compare well.
    """
    rings, part = shapely.get_rings(polygons, return_index=True)
    points, of = shapely.get_coordinates(rings, return_index=True)
    units = np.rint(points * 10**DECIMALS).astype(np.int64)
    new = (np.diff(of, prepend=-1) != 0) | (np.diff(units, axis=0, prepend=0) != 0).any(axis=1)
    units, of = units[new], of[new]
    start = np.searchsorted(of, np.arange(len(rings) + 1))
    twice, shell = _twice_area(units, of, start), np.diff(part, prepend=-1) != 0
    kept = (np.diff(start) >= 4) & (twice != 0)
    kept &= kept[np.flatnonzero(shell)[np.cumsum(shell) - 1]]
    turned, order = ((twice > 0) != shell)[of], np.arange(len(of))
    order[turned] = (start[of] + start[of + 1] - 1 - order)[turned]
    stays = kept[of]
    # The nearest number to a decimal is what its digits are read as.
    made = shapely.linearrings((units / 10**DECIMALS)[order[stays]], indices=(np.cumsum(kept) - 1)[of[stays]])
    left, number = np.unique(part[kept], return_inverse=True)
    return shapely.polygons(made, indices=number), left


def _twice_area(units: Numbers, of: Numbers, start: Numbers) -> Numbers:
    """(n,): of each closed ring twice its area, negative where it winds clockwise. of: (m,) each point's ring; start: (n + 1,) first points."""
    x, y = (units - units[start[of]]).T
    cross = np.append(x[:-1] * y[1:] - x[1:] * y[:-1], 0)
    cross[start[1:] - 1] = 0
    return np.add.reduceat(cross, start[:-1])


def _areas_m2(geometries: Geometries) -> NDArray[np.float64]:
    """(n,): areas on the ellipsoid, whichever way rings wind."""
    polygons, of = _polygons(geometries)
    rings, part = shapely.get_rings(polygons, return_index=True)
    areas = np.array([abs(_ring_area(ring)) for ring in rings.tolist()])
    hole = np.diff(part, prepend=-1) == 0
    each = areas[~hole] - np.bincount(part[hole], areas[hole], len(polygons))
    return np.bincount(of, each, len(geometries)).astype(np.float64)


def _ring_area(ring: Any) -> float:
    coordinates = shapely.get_coordinates(ring)
    return float(_GEOD.polygon_area_perimeter(coordinates[:, 0], coordinates[:, 1])[0])
