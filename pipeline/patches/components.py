"""Which cells are one thing? Connected groups of scattered cells, without a raster of the county."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def _root(parent, i):  # type: ignore[no-untyped-def]
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(nogil=True, cache=True)
def _join(rows, cols, days, since, starts, reach, apart, parent):  # type: ignore[no-untyped-def]
    """Union of all cells within `reach` rows and columns and, k cells away, at most apart[k] days for certain apart. rows, cols: sorted."""
    count = rows.shape[0]
    for i in range(count):
        for down in range(reach + 1):
            row = rows[i] + down
            if row >= starts.shape[0] - 1:
                break
            first, last = starts[row], starts[row + 1]
            # Columns of a row are sorted: start at the first that is near enough.
            j = first + np.searchsorted(cols[first:last], cols[i] - reach)
            while j < last and cols[j] <= cols[i] + reach:
                if j != i and max(since[i], since[j]) - min(days[i], days[j]) <= apart[max(down, abs(cols[j] - cols[i]))]:
                    a, b = _root(parent, i), _root(parent, j)
                    if a != b:
                        parent[max(a, b)] = min(a, b)
                j += 1


def label(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    reach: int,
    days: NDArray[np.int64] | None = None,
    apart: tuple[int, ...] = (),
    since: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Group of each cell: (n,) numbers from 0 in the order of each group's first cell.

    rows, cols: (n,) sorted by row, then column, all ≥ 0. Cells at most `reach` rows and columns apart are one group;
    where `days` (n,) are given, only if they are also at most apart[k] days apart, k cells away (k = 1 … reach; apart[0] is not used).
    since (n,): the day after which each cell may have changed, `days` at the latest; so much of the time between two days is no time apart.
    """
    if not rows.size:
        return np.zeros(0, np.int64)
    top = int(rows[0])
    starts = np.searchsorted(rows - top, np.arange(int(rows[-1]) - top + 2)).astype(np.int64)
    parent = np.arange(rows.size)
    when = np.zeros(rows.size, np.int64) if days is None else days
    _join(rows - top, cols, when, when if since is None else since, starts, reach, np.array(apart or (0,) * (reach + 1), np.int64), parent)
    while True:
        up = parent[parent]
        if (up == parent).all():
            break
        parent = up
    _, labels = np.unique(parent, return_inverse=True)
    return labels.astype(np.int64)


def members_of(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Of each group its members' indices, in order; groups in the order of their numbers. labels: as `label` gives them."""
    order = np.argsort(labels, kind="stable")
    return list(np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)) if order.size else []
