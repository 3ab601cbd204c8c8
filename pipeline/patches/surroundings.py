"""How much of the ground round a piece is in alert as well? A pit lies in ground that did not change; a field seldom does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.state import ENDED
from pipeline.patches.outline import widened

RIM, REACH = 1, 5
"""Cells from a piece that still show some of it, and that are its surroundings."""
ROW = np.int64(1) << 32
"""From the number of a place to that of the one below it."""


def places_of(cells: NDArray[np.void]) -> NDArray[np.int64]:
    """(n,): a number for the place of each cell. cells: `evidence.dtype`."""
    return np.asarray(cells["row"].astype(np.int64) * ROW + cells["col"].astype(np.int64))


def alerted(cells: NDArray[np.void]) -> NDArray[np.int64]:
    """Places of all cells in alert, however slight, in order. cells: `evidence.dtype`."""
    return np.sort(places_of(cells[cells["status"] != ENDED]))


def found_in(places: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each of some places stands among others, given in order, and whether it does: there may be as many of these as a county has."""
    if not places.size:
        return np.zeros(wanted.shape, np.int64), np.zeros(wanted.shape, bool)
    at = np.searchsorted(places, wanted).clip(0, len(places) - 1)
    return at, np.asarray(places[at] == wanted)


def among(wanted: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some places are among others, given in order."""
    return found_in(places, wanted)[1]


def changed_around(rows: NDArray[np.int64], cols: NDArray[np.int64], places: NDArray[np.int64]) -> float:
    """Share of the cells round a piece that are in alert. rows, cols: its cells; places: `alerted`."""
    top, left = rows.min() - REACH - 1, cols.min() - REACH - 1
    mask = np.zeros((int(rows.max() - top) + REACH + 2, int(cols.max() - left) + REACH + 2), bool)
    mask[rows - top, cols - left] = True
    for _ in range(RIM):
        mask = widened(mask)
    wide = mask
    for _ in range(REACH - RIM):
        wide = widened(wide)
    around_rows, around_cols = np.nonzero(wide & ~mask)
    return float(among((around_rows + top) * ROW + around_cols + left, places).mean())
