"""What outline does a piece of changed ground have? Cells that are at least half changed, judged on the 10 m bands.

At an edge a cell shows a mixture of what was there and what is there now. Its changed share is the projection of what it shows
on the way from its own season to the changed ground beside it (linear mixture, two end members). The 20 m bands help to find
changed ground, not to outline it.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numba import njit
from numpy.typing import NDArray
from rasterio.features import shapes
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

from pipeline.detect.looks import EPOCH_ORDINAL, noise_floor
from pipeline.grid import Grid
from pipeline.patches.components import label

FINE_BANDS = ("B02", "B03", "B04", "B08")
HALF = 0.45
"""A cell belongs to a patch when about half of it has changed; noise takes a little from shares."""
LARGEST_HOLE = 12
"""Holes of so few cells are filled: a machine, a puddle, a shadow in a pit."""
NEAR_CORE = 4
"""Cells from an edge cell to the changed ground that it is compared with."""


def _neighbours(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of the 4 side neighbours that are set."""
    wide = np.pad(mask.astype(np.int64), 1)
    out: NDArray[np.int64] = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
    return out


def changed_share(table: NDArray[np.void], bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Changed share of each cell of one piece, (n,) about 0–1. table: `evidence.dtype` rows."""
    fine = [k for k, band in enumerate(bands) if band in FINE_BANDS]
    weight = 1 / noise_floor(bands)[fine].astype(np.float64)
    now, season = table["spectrum"][:, fine] * weight, table["expected"][:, fine] * weight
    rows, cols = (table[name].astype(np.int64) - int(table[name].min()) for name in ("row", "col"))
    mask = np.zeros((rows.max() + 1, cols.max() + 1), bool)
    mask[rows, cols] = True
    core = _neighbours(mask)[rows, cols] == 4
    if core.sum() < 2:
        core = table["score"] >= np.quantile(table["score"], 0.6)
    out = np.ones(len(table))
    _shares(rows, cols, np.flatnonzero(core), np.flatnonzero(~core), now, season, np.median(now[core], axis=0), out)
    return out


@njit(nogil=True, cache=True)
def _shares(rows, cols, core, rim, now, season, overall, out):  # type: ignore[no-untyped-def]
    """Changed shares of the cells `rim` into `out` (n,), against the `core` cells near each; `overall` where there are too few.

    rows, cols: (n,) int; core, rim: indices; now, season: (n, n_bands) float64, in noise floors.
    """
    near = np.empty(core.size, np.int64)
    for i in rim:
        count = 0
        for j in core:
            if abs(rows[j] - rows[i]) <= NEAR_CORE and abs(cols[j] - cols[i]) <= NEAR_CORE:
                near[count] = j
                count += 1
        along, length = 0.0, 0.0
        for b in range(now.shape[1]):
            pure = np.median(now[near[:count], b]) if count >= 2 else overall[b]
            way = pure - season[i, b]
            along += (now[i, b] - season[i, b]) * way
            length += way * way
        out[i] = along / max(length, 1e-9)


def _closed(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Closing by 3 × 3 of a mask with a margin of two cells: gaps and notches one cell wide are filled."""
    grown = widened(mask)
    return ~widened(~grown) | mask


def widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask (h, w) and the cells that touch it."""
    tall = mask.copy()
    tall[1:] |= mask[:-1]
    tall[:-1] |= mask[1:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return wide


def filled(rows: NDArray[np.int64], cols: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells of a piece with its notches and small holes filled, by row, then column: the floor of a pit can look like the soil around."""
    top, left = int(rows.min()) - 2, int(cols.min()) - 2
    mask = np.zeros((int(rows.max()) - top + 3, int(cols.max()) - left + 3), bool)
    mask[rows - top, cols - left] = True
    mask = _closed(mask)
    empty_rows, empty_cols = np.nonzero(~mask)
    group = label(empty_rows, empty_cols, 1)
    small = np.bincount(group)[group] <= LARGEST_HOLE
    # The first group holds the corner, so it is the ground outside.
    hole = small & (group != group[0])
    mask[empty_rows[hole], empty_cols[hole]] = True
    out_rows, out_cols = np.nonzero(mask)
    return out_rows + top, out_cols + left


def geometry_of(rows: NDArray[np.int64], cols: NDArray[np.int64], grid: Grid) -> BaseGeometry:
    """Union of cells in the grid's CRS."""
    top, left = int(rows.min()), int(cols.min())
    mask = np.zeros((int(rows.max()) - top + 1, int(cols.max()) - left + 1), np.uint8)
    mask[rows - top, cols - left] = 1
    transform = grid.geobox[top : top + mask.shape[0], left : left + mask.shape[1]].affine
    parts = [shape(g) for g, _ in shapes(mask, mask=mask > 0, connectivity=4, transform=transform)]
    parts.sort(key=lambda p: (-p.bounds[3], p.bounds[0]))
    polygons = [p for p in parts if isinstance(p, Polygon)]
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def unseen_ground(last_seen: NDArray[np.uint16], grid: Grid) -> list[tuple[BaseGeometry, date | None]]:
    """Ground not seen this month by the day it was last seen, oldest first; None = never.

    last_seen: (rows, cols) 1 + day since 1970-01-01, 1 = never, 0 = seen.
    """
    parts: dict[int, list[BaseGeometry]] = {}
    for geometry, value in shapes(last_seen, mask=last_seen > 0, connectivity=4, transform=grid.geobox.affine):
        parts.setdefault(int(value), []).append(shape(geometry))
    return [(MultiPolygon(parts[v]), date.fromordinal(EPOCH_ORDINAL + v - 1) if v > 1 else None) for v in sorted(parts)]
