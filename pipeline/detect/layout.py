"""How looks lie in memory: strips of cells, and in each strip all looks at it, one after the other.

Memory is read ten times as fast in the order in which it lies as in crumbs from far apart. Fit and monitor show a strip of cells all their
looks in turn, while what they know of it stays in the processor's nearest cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STRIP = 64
"""Cells worked at a time."""


def strips_across(width: int) -> int:
    """Strips that a row of so many cells takes; the last may reach beyond it."""
    return -(-width // STRIP)


def folded(planes: NDArray[Any], beyond: int) -> NDArray[Any]:
    """(h, strips, n, …, STRIP) from planes (n, …, h, w). beyond: the value of cells beyond the row."""
    *many, height, width = planes.shape
    across = strips_across(width)
    wide = np.full((*many, height, across * STRIP), beyond, planes.dtype)
    wide[..., :width] = planes
    return np.ascontiguousarray(np.moveaxis(wide.reshape(*many, height, across, STRIP), (-3, -2), (0, 1)))


def unfolded(strips: NDArray[Any], width: int) -> NDArray[Any]:
    """Planes (n, …, h, w) from strips (h, strips, n, …, STRIP)."""
    wide = np.moveaxis(strips, (0, 1), (-3, -2))
    return np.ascontiguousarray(wide.reshape(*wide.shape[:-2], -1)[..., :width])
