"""Outlines as they are written: WGS 84, seven decimals, wound as RFC 7946 asks, with the area they then have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
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
    return [[[x, y] for x, y in ring.coords] for ring in (polygon.exterior, *polygon.interiors)]


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
    polygons = [rounded for part in _polygons(snapped) if (rounded := _rounded(part)) is not None]
    if not polygons:
        raise ValueError(f"an outline without area: {geometry.wkt[:80]}")
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def _polygons(geometry: BaseGeometry) -> Iterator[Polygon]:
    for part in shapely.get_parts(geometry):
        if isinstance(part, Polygon):
            yield part
        elif hasattr(part, "geoms"):
            yield from _polygons(part)


def _rounded(polygon: Polygon) -> Polygon | None:
    rings = [_ring(ring, ccw=k == 0) for k, ring in enumerate((polygon.exterior, *polygon.interiors))]
    shell, *holes = rings
    return None if shell is None else Polygon(shell, [hole for hole in holes if hole is not None])


def _ring(ring: Any, ccw: bool) -> list[tuple[float, float]] | None:
    """Points rounded and wound; None for a ring with no inside. The first point stays, so that files compare well."""
    points: list[tuple[float, float]] = []
    for x, y in ring.coords:
        # `+ 0.0` makes −0.0 a zero.
        point = (round(float(x), DECIMALS) + 0.0, round(float(y), DECIMALS) + 0.0)
        if not points or point != points[-1]:
            points.append(point)
    if len(points) < 4:
        return None
    x0, y0 = points[0]
    twice = sum((ax - x0) * (by - y0) - (bx - x0) * (ay - y0) for (ax, ay), (bx, by) in pairwise(points))
    if twice == 0:
        return None
    return points if (twice > 0) is ccw else points[::-1]


def area_m2(geometry: BaseGeometry) -> float:
    """Area on the ellipsoid, whichever way the rings wind."""
    total = 0.0
    for polygon in _polygons(geometry):
        total += abs(_ring_area(polygon.exterior)) - sum(abs(_ring_area(hole)) for hole in polygon.interiors)
    return total


def _ring_area(ring: Any) -> float:
    coordinates = np.asarray(ring.coords)
    return float(_GEOD.polygon_area_perimeter(coordinates[:, 0], coordinates[:, 1])[0])
