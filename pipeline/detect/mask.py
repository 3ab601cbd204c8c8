"""Which looks does the scene classification let through, and which of its marks are doubtful?

Sen2Cor marks bright bare ground as cloud again and again. A mark that stands alone among clear neighbours is therefore not
thrown away but handed on as doubtful; the monitor weighs it against the cell's own record.
"""

from __future__ import annotations

import numpy as np
from numba import njit

CLEAR, MISSING, LONE, LONE_EDGE, CLOUD = 0, 1, 2, 3, 4
"""Marks of a cell: clear; no data; marked while the neighbourhood is clear; within 3 cells of such a mark; cloud or shadow."""
BAD_CLASSES = (3, 8, 9, 10, 11)
"""SCL: cloud shadow, cloud medium and high probability, thin cirrus, snow. 0 and 1 (no data, defective) are MISSING."""
GROW = 3
NEAR = 30
"""Neighbourhood that must be mostly clear for a mark to stand alone: 61 × 61 cells."""
LONE_SHARE = 0.3
HALO = NEAR + GROW + 2
"""Cells of SCL needed around a block, so that its marks do not depend on where blocks end."""


@njit(nogil=True, cache=True)
def _box_sum(plane, radius, out):  # type: ignore[no-untyped-def]
    """Sum of `plane` (h, w, int32) over a square of 2·radius + 1, cut at the edges; into `out`."""
    height, width = plane.shape
    total = np.zeros((height + 1, width + 1), np.int32)
    for y in range(height):
        run = np.int32(0)
        for x in range(width):
            run += plane[y, x]
            total[y + 1, x + 1] = total[y, x + 1] + run
    for y in range(height):
        y0, y1 = max(y - radius, 0), min(y + radius + 1, height)
        for x in range(width):
            x0, x1 = max(x - radius, 0), min(x + radius + 1, width)
            out[y, x] = total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0]


@njit(nogil=True, cache=True)
def marks(scl, halo, bad, out):  # type: ignore[no-untyped-def]
    """Marks of a block from its SCL.

    scl: (h + 2·halo, w + 2·halo) uint8 at the grid's resolution, 0 outside the scene. bad: (256,) bool table of classes.
    out: (h, w) uint8 of CLEAR, MISSING, LONE, LONE_EDGE, CLOUD.
    """
    height, width = scl.shape
    opened = np.zeros((height, width), np.int32)
    known = np.zeros((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            known[y, x] = 1 if scl[y, x] > 1 else 0
    # Opening by 2 × 2 drops single marked cells, which Sen2Cor strews over bright ground.
    for y in range(height - 1):
        for x in range(width - 1):
            if bad[scl[y, x]] and bad[scl[y, x + 1]] and bad[scl[y + 1, x]] and bad[scl[y + 1, x + 1]]:
                opened[y, x] = opened[y, x + 1] = opened[y + 1, x] = opened[y + 1, x + 1] = 1
    grown = np.empty((height, width), np.int32)
    near = np.empty((height, width), np.int32)
    seen = np.empty((height, width), np.int32)
    _box_sum(opened, GROW, grown)
    for y in range(height):
        for x in range(width):
            grown[y, x] = 1 if grown[y, x] > 0 else 0
    _box_sum(grown, NEAR, near)
    _box_sum(known, NEAR, seen)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            j, i = y + halo, x + halo
            if known[j, i] == 0:
                out[y, x] = MISSING
            elif grown[j, i] == 0:
                out[y, x] = CLEAR
            elif near[j, i] < LONE_SHARE * seen[j, i]:
                out[y, x] = LONE if opened[j, i] else LONE_EDGE
            else:
                out[y, x] = CLOUD


def bad_classes() -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(256,) bool: SCL classes that are no clear look at the ground."""
    table = np.zeros(256, bool)
    table[list(BAD_CLASSES)] = True
    return table
