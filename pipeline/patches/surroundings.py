"""How much of the ground round a piece is in alert as well? A pit lies in ground that did not change; a field seldom does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.state import ENDED
from pipeline.patches.outline import widened

RIM, REACH = 1, 5
"""Cells from a piece that still show some of it, and that are its surroundings."""
_ROW = np.int64(1) << 32


def places_of(cells: NDArray[np.void]) -> NDArray[np.int64]:
    """(n,): a number for the place of each cell. cells: `evidence.dtype`."""
    return np.asarray(cells["row"].astype(np.int64) * _ROW + cells["col"].astype(np.int64))


def alerted(cells: NDArray[np.void]) -> NDArray[np.int64]:
    """Places of all cells in alert, however slight, in order. cells: `evidence.dtype`."""
    return np.sort(places_of(cells[cells["status"] != ENDED]))


def changed_around(rows: NDArray[np.int64], cols: NDArray[np.int64], places: NDArray[np.int64]) -> float:
    """Share of the cells round a piece that are in alert. rows, cols: its cells; places: `alerted`."""
    if not places.size:
        return 0.0
    top, left = rows.min() - REACH - 1, cols.min() - REACH - 1
    mask = np.zeros((int(rows.max() - top) + REACH + 2, int(cols.max() - left) + REACH + 2), bool)
    mask[rows - top, cols - left] = True
    for _ in range(RIM):
        mask = widened(mask)
    wide = mask
    for _ in range(REACH - RIM):
        wide = widened(wide)
    around_rows, around_cols = np.nonzero(wide & ~mask)
    wanted = (around_rows + top) * _ROW + around_cols + left
    found = np.searchsorted(places, wanted).clip(0, len(places) - 1)
    return float((places[found] == wanted).mean())
