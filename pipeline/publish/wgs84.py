"""Outlines as they are written: WGS 84, seven decimals, wound as RFC 7946 asks, with the area they then have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

DECIMALS = 7
"""About a centimetre."""

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
        self._transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        self._known: dict[bytes, Written] = {}

    def write(self, geometry: BaseGeometry) -> Written:
        """Project and round an areal geometry.

        Raises ValueError when nothing of it is left, which no ground of a cell or more can come to.
        """
        key = geometry.wkb
        if key not in self._known:
            self._known[key] = settle(shapely.transform(geometry, self._project))
        return self._known[key]

    def degrees(self, geometries: Sequence[BaseGeometry]) -> list[BaseGeometry]:
        """Geometries in degrees as they come, neither rounded nor measured: for drawing."""
        return list(shapely.transform(np.array(geometries, object), self._project)) if geometries else []

    def _project(self, coordinates: Any) -> Any:
        x, y = self._transformer.transform(coordinates[:, 0], coordinates[:, 1], errcheck=True)
        return np.column_stack([x, y])


def settle(geometry: BaseGeometry) -> Written:
    """Round an outline in WGS 84 degrees so that it stays valid and a second rounding would change nothing, and measure it."""
    outline = _snapped(geometry)
    for _ in range(SNAPS):
        again = _snapped(outline)
        if again.equals_exact(outline):
            break
        outline = again
    point = shapely.point_on_surface(outline)
    return Written(outline, area_m2(outline), round(point.x, DECIMALS), round(point.y, DECIMALS))


def _snapped(geometry: BaseGeometry) -> Polygon | MultiPolygon:
    # Snapping to the grid of decimals first drops repeated points and closed-up rings, and parts what would cross itself.
    snapped = shapely.normalize(shapely.set_precision(geometry, 10.0**-DECIMALS))
    polygons = list(_rounded(_polygons(snapped)))
    if not polygons:
        raise ValueError(f"an outline without area: {geometry.wkt[:80]}")
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def _polygons(geometry: BaseGeometry) -> NDArray[np.object_]:
    parts = shapely.get_parts(shapely.get_parts(geometry))
    out: NDArray[np.object_] = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return out


def _rounded(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Polygons with their points rounded and their rings wound; without rings that have no inside, and without those of which nothing is left.

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
    out: NDArray[np.object_] = shapely.polygons(made, indices=np.unique(part[kept], return_inverse=True)[1])
    return out


def _twice_area(units: NDArray[np.int64], of: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,): of each closed ring twice its area, negative where it winds clockwise. of: (m,) each point's ring; start: (n + 1,) first points."""
    x, y = (units - units[start[of]]).T
    cross = np.append(x[:-1] * y[1:] - x[1:] * y[:-1], 0)
    cross[start[1:] - 1] = 0
    return np.add.reduceat(cross, start[:-1])


def area_m2(geometry: BaseGeometry) -> float:
    """Area on the ellipsoid, whichever way the rings wind."""
    total = 0.0
    for polygon in _polygons(geometry):
        total += abs(_ring_area(polygon.exterior)) - sum(abs(_ring_area(hole)) for hole in polygon.interiors)
    return total


def _ring_area(ring: Any) -> float:
    coordinates = shapely.get_coordinates(ring)
    return float(_GEOD.polygon_area_perimeter(coordinates[:, 0], coordinates[:, 1])[0])
