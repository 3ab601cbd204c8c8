"""Ground of a patch: its dated cells, and outlines cut from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.grid import Grid
from pipeline.patches.patch import Patch

CRUMB_M2 = 0.01
"""Less than this is rounding of coordinates, not ground."""
EPOCH = date(1970, 1, 1).toordinal()


def _polygons(geometries: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    parts = shapely.get_parts(shapely.get_parts(np.asarray(geometries, object)))
    out: NDArray[np.object_] = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > CRUMB_M2)]
    return out


def pieces(geometry: BaseGeometry) -> list[BaseGeometry]:
    """The polygons of a geometry; lines, points and crumbs that overlays leave fall away."""
    return list(_polygons([geometry]))


def joined(geometries: Iterable[BaseGeometry]) -> BaseGeometry:
    """One Polygon or MultiPolygon of all, possibly empty."""
    polygons = _polygons(list(geometries))
    return polygons[0] if len(polygons) == 1 else shapely.union_all(polygons) if len(polygons) else MultiPolygon()


def common(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return joined([shapely.intersection(one, other)])


def without(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return joined([shapely.difference(one, other)])


class Strewn:
    """Ground strewn over a county, found by place: what a right holds of it costs what lies there, not what the county has."""

    def __init__(self, geometries: Iterable[BaseGeometry]) -> None:
        self._parts = _polygons(list(geometries))
        self._tree = shapely.STRtree(self._parts)

    def within(self, geometry: BaseGeometry) -> BaseGeometry:
        """What of it lies in a geometry."""
        found = np.sort(self._tree.query(geometry, predicate="intersects"))
        return joined(shapely.intersection(self._parts[found], geometry))


def at_least(area_m2: float, least_m2: float) -> bool:
    """Whether an area reaches a threshold, rounding of coordinates aside."""
    return area_m2 >= least_m2 - CRUMB_M2


def large(ground: BaseGeometry, least_m2: float) -> BaseGeometry:
    """Ground without pieces smaller than a case: these are the image's error at a boundary, no pit."""
    return joined(p for p in pieces(ground) if at_least(p.area, least_m2))


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a patch with the day that each changed."""

    at: NDArray[np.int32]
    """(n, 2): row and column."""
    centre: NDArray[np.float64]
    """(n, 2): x and y of the centres, in the grid's CRS."""
    side: float
    """Metres."""
    day: NDArray[np.int32]
    """(n,): likeliest day of the change, days since 1970-01-01: what stood then is asked of it."""
    seen: NDArray[np.int32]
    """(n,): day of the first anomalous look."""

    @staticmethod
    def of(patch: Patch, grid: Grid) -> Cells:
        return Cells(
            patch.cells,
            np.column_stack(grid.centres(patch.cells[:, 0], patch.cells[:, 1])),
            grid.resolution,
            patch.first_day if patch.changed_day is None else patch.changed_day,
            patch.first_day,
        )

    @property
    def earliest(self) -> NDArray[np.int32]:
        """(n,): day of the last look at the old ground. The likeliest day lies half way from it to the first anomalous look."""
        return 2 * self.day - self.seen

    def boxes(self, which: NDArray[np.bool_], shrink: float = 0.0) -> NDArray[np.object_]:
        """Squares of some cells, each side moved inward by `shrink`."""
        x, y = self.centre[which].T
        half = self.side / 2 - shrink
        return np.asarray(shapely.box(x - half, y - half, x + half, y + half), object)

    def outline(self, which: NDArray[np.bool_]) -> BaseGeometry:
        return joined([shapely.union_all(self.boxes(which))])

    def meeting(self, geometry: BaseGeometry) -> NDArray[np.bool_]:
        """Cells of which more than a rim of a millimetre lies in `geometry`."""
        shapely.prepare(geometry)
        left, bottom, right, top = geometry.bounds
        x, y = self.centre.T
        out: NDArray[np.bool_] = (x > left - self.side) & (x < right + self.side) & (y > bottom - self.side) & (y < top + self.side)
        out[out] = shapely.intersects(geometry, self.boxes(out, 0.001))
        return out

    def inside(self, geometry: BaseGeometry) -> NDArray[np.bool_]:
        """Cells whose centre lies in `geometry`."""
        shapely.prepare(geometry)
        return np.asarray(shapely.contains_xy(geometry, self.centre))

    def by_day(self, value: Callable[[date], object], presumed: object = None) -> NDArray[np.object_]:
        """(n,): what `value` says of each cell's date; `presumed` wherever it says so of the last look at the old ground.

        Between two looks nobody knows the day: what still held at the first of them is presumed to have held when the ground changed.
        """
        out = self._each(value, self.day)
        if presumed is not None:
            out[self.before(value) == presumed] = presumed
        return out

    def before(self, value: Callable[[date], object]) -> NDArray[np.object_]:
        """(n,): what `value` says of the day of each cell's last look at the old ground."""
        return self._each(value, self.earliest)

    @staticmethod
    def _each(value: Callable[[date], object], days: NDArray[np.int32]) -> NDArray[np.object_]:
        known, of = np.unique(days, return_inverse=True)
        return np.array([value(date.fromordinal(EPOCH + int(d))) for d in known], object)[of]

    def solid(self, which: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of some cells those in a full 2×2 square of them, or beside a cell that is: what an opening leaves, with its own ragged rim.

        The rim matters: along a front of digging a bare opening would give a fifth of the later ground to the earlier.
        """
        row, col = (self.at - self.at.min(axis=0) + 1).T
        full = np.zeros((int(row.max()) + 2, int(col.max()) + 2), bool)
        full[row[which], col[which]] = True
        corner = full[:-1, :-1] & full[1:, :-1] & full[:-1, 1:] & full[1:, 1:]
        square = np.zeros_like(full)
        for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            square[down : down + corner.shape[0], right : right + corner.shape[1]] |= corner
        kept = square.copy()
        kept[1:] |= square[:-1]
        kept[:-1] |= square[1:]
        kept[:, 1:] |= square[:, :-1]
        kept[:, :-1] |= square[:, 1:]
        out: NDArray[np.bool_] = (kept & full)[row, col]
        return out

    def first(self, which: NDArray[np.bool_]) -> date | None:
        """Earliest day of some cells."""
        return date.fromordinal(EPOCH + int(self.seen[which].min())) if which.any() else None
