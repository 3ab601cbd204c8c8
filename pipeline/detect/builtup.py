"""Where has ground been built up? Roofs, concrete and tarmac, told from soil by what each cell looks like round the year.

New houses look like small pits of pale stone; what tells them apart is the village beside them. Built-up ground is counted by
tiles of `TILE` cells, which lie alike whatever blocks the county is cut into, so that a county's counts are a small table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.looks import SEASONS
from pipeline.detect.model import Model
from pipeline.detect.shift import season_of_band
from pipeline.detect.state import Baseline

TILE = 8
FLATTER = 0.25
"""Roofs and tarmac reflect this much less short-wave infrared, against red, than the county's bare soil does."""
SWING = 0.25
"""Their NDVI swings less than this through the year."""


def built_up(baseline: Baseline, model: Model) -> NDArray[np.bool_]:
    """(h, w): cells that look built up; none where the archive lacks B11."""
    swir = model.index("B11")
    known: NDArray[np.bool_] = baseline.looks > 0
    if swir < 0 or model.soil[1, model.red] <= 0:
        return np.zeros_like(known)
    bare = baseline.barest[1].astype(np.float32)
    flat = bare[swir] < (model.soil[1, swir] / model.soil[1, model.red] - FLATTER) * bare[model.red]
    rows, cols = np.nonzero(known & flat)
    least, most = np.full(rows.size, 1, np.float32), np.full(rows.size, -1, np.float32)
    harmonics = [(baseline.mean[band][:, rows, cols], baseline.fine[band][:, rows, cols]) for band in (model.red, model.nir)]
    for terms in SEASONS[::2]:
        red, nir = (season_of_band(mean, fine, terms) for mean, fine in harmonics)
        ndvi = (nir - red) / np.maximum(nir + red, 100)
        least, most = np.minimum(least, ndvi), np.maximum(most, ndvi)
    out = np.zeros_like(known)
    steady = most - least < SWING
    out[rows[steady], cols[steady]] = True
    return out


def tiles(mask: NDArray[np.bool_], top: int, left: int) -> NDArray[np.int64]:
    """(n, 3): tile row, tile column, cells set, of tiles that hold any. top, left: the mask's place in the grid."""
    rows, cols = np.nonzero(mask)
    return merged(np.stack([(rows + top) // TILE, (cols + left) // TILE, np.ones_like(rows)], axis=1))


def merged(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """A table of tiles with the counts of like tiles added up, by row, then column."""
    if not len(table):
        return np.zeros((0, 3), np.int64)
    places, which = np.unique(table[:, :2], axis=0, return_inverse=True)
    return np.column_stack([places, np.bincount(which.ravel(), weights=table[:, 2]).astype(np.int64)])


def share_around(table: NDArray[np.int64], top: int, left: int, bottom: int, right: int) -> float:
    """Share of built-up cells in the tiles that a window of cells touches. Bounds: rows and columns, the last ones included."""
    first_row, first_col, last_row, last_col = (place // TILE for place in (top, left, bottom, right))
    # The table is sorted by row: only the rows of the window are looked at.
    a, b = np.searchsorted(table[:, 0], [first_row, last_row + 1])
    near = table[a:b]
    inside = (near[:, 1] >= first_col) & (near[:, 1] <= last_col)
    size = (last_row - first_row + 1) * (last_col - first_col + 1) * TILE * TILE
    return float(near[inside, 2].sum()) / size
