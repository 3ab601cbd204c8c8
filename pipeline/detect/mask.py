"""Which looks does the scene classification let through, and which of its marks are doubtful?

Sen2Cor marks bright bare ground as cloud again and again. A mark that stands alone among clear neighbours is therefore not
thrown away but handed on as doubtful; the monitor weighs it against the cell's own record.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.detect.layout import STRIP
from pipeline.detect.looks import spread

CLEAR, MISSING, LONE, LONE_EDGE, CLOUD = 0, 1, 2, 3, 4
"""Marks of a cell: clear; no data; marked while the neighbourhood is clear; within 3 cells of such a mark; cloud or shadow."""
BAD_CLASSES = (3, 8, 9, 10, 11)
"""SCL: cloud shadow, cloud medium and high probability, thin cirrus, snow. 0 and 1 (no data, defective) are MISSING."""
GROW = 3
NEAR = 30
"""Neighbourhood that must be mostly clear for a mark to stand alone: 61 × 61 cells."""
LONE_TENTHS = 3
"""A mark stands alone where less than so many tenths of the known cells around it are marked."""
HALO = NEAR + GROW + 2
"""Cells of SCL needed around a block, so that its marks do not depend on where blocks end."""


@njit(nogil=True, cache=True)
def _opened(flag, out):  # type: ignore[no-untyped-def]
    """Opening by 2 × 2 of a plane of 0 and 1 into `out`, both (h, w) uint8."""
    height, width = flag.shape
    # Whole squares whose upper left cell lies in this row, and in the row before.
    square, above = np.zeros(width, np.uint8), np.zeros(width, np.uint8)
    for y in range(height):
        square, above = above, square
        if y < height - 1:
            upper, lower = flag[y], flag[y + 1]
            right, low_right = upper[1:], lower[1:]
            for x in range(width - 1):
                square[x] = upper[x] & right[x] & lower[x] & low_right[x]
        else:
            square[:] = 0
        target = out[y]
        for x in range(width):
            target[x] = square[x] | above[x]
        shifted = target[1:]
        for x in range(width - 1):
            shifted[x] |= square[x] | above[x]


@njit(nogil=True, cache=True)
def _grown(flag, radius, out):  # type: ignore[no-untyped-def]
    """Dilation of a plane of 0 and 1 by a square of 2·radius + 1, cut at the edges, into `out`, both (h, w) uint8."""
    height, width = flag.shape
    tall = np.empty(width, np.uint8)
    for y in range(height):
        tall[:] = 0
        for j in range(max(y - radius, 0), min(y + radius + 1, height)):
            row = flag[j]
            for x in range(width):
                tall[x] |= row[x]
        wide = out[y]
        wide[:] = tall
        for k in range(1, min(radius + 1, width)):
            near, far = tall[: width - k], tall[k:]
            later, earlier = wide[k:], wide[: width - k]
            # One at a time: they overlap, which would keep the compiler from vector instructions.
            for x in range(width - k):
                later[x] |= near[x]
            for x in range(width - k):
                earlier[x] |= far[x]


@njit(nogil=True, cache=True)
def _add(grown, known, times, balance):  # type: ignore[no-untyped-def]
    """Add a row's cloud, weighed against LONE_TENTHS of what is known, to sums over rows `balance` (w,) int32: `times` 1, or −1 to take it off."""
    more, less = np.int32(10 * times), np.int32(LONE_TENTHS * times)
    for x in range(balance.shape[0]):
        balance[x] += more * np.int32(grown[x]) - less * np.int32(known[x])


@njit(nogil=True, cache=True)
def _flags(classes, span, top, left, bad, known, flag):  # type: ignore[no-untyped-def]
    """Classes of pixels that span `span` cells, as planes of 0 and 1 of cells: `known` and `flag`, both (h, w) uint8. True where any is flagged."""
    height, width = known.shape
    table, row = np.uint32(0), np.empty(width, np.uint8)
    for k in range(32):
        if bad[k]:
            table |= np.uint32(1) << np.uint32(k)
    some, last = np.uint8(0), -1
    for y in range(height):
        source, here, there = (y + top) // span, known[y], flag[y]
        if source == last:
            here[:] = known[y - 1]
            there[:] = flag[y - 1]
            continue
        spread(classes[source], span, left, row)
        last = source
        for x in range(width):
            here[x] = np.uint8(row[x] > 1)
        for x in range(width):
            there[x] = np.uint8((table >> np.uint32(min(row[x], np.uint8(31)))) & np.uint32(1))
            some |= there[x]
    return some != 0


@njit(nogil=True, cache=True)
def _around(columns, total):  # type: ignore[no-untyped-def]
    """Running sums of `columns` (w,) int32 into `total` (w + 2 · NEAR + 1,): total[x + 2 · NEAR + 1] − total[x] is the sum around x."""
    width = columns.shape[0]
    total[: NEAR + 1] = 0
    middle, a = total[NEAR + 1 : NEAR + 1 + width], np.int32(0)
    for x in range(width):
        a += columns[x]
        middle[x] = a
    total[NEAR + 1 + width :] = a


@njit(nogil=True, cache=True)
def marks(classes, span, top, left, halo, bad, out):  # type: ignore[no-untyped-def]
    """Marks of a block from its SCL.

    classes: (h', w') uint8, 0 outside the scene: cell (y, x) of the block widened by `halo` lies in pixel
    ((y + top) // span, (x + left) // span). bad: (256,) bool table of classes, none above 30. out: (h, w) uint8 of CLEAR, MISSING,
    LONE, LONE_EDGE, CLOUD.
    """
    height, width = out.shape[0] + 2 * halo, out.shape[1] + 2 * halo
    known, flag = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
    some = _flags(classes, span, top, left, bad, known, flag)
    for y in range(out.shape[0]):
        row, target = known[y + halo, halo : halo + out.shape[1]], out[y]
        for x in range(out.shape[1]):
            target[x] = CLEAR if row[x] else MISSING
    if not some:
        return
    # Opening by 2 × 2 drops single marked cells, which Sen2Cor strews over bright ground.
    opened, grown = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
    _opened(flag, opened)
    _grown(opened, GROW, grown)
    balance, total = np.zeros(width, np.int32), np.empty(width + 2 * NEAR + 1, np.int32)
    for y in range(min(NEAR, height)):
        _add(grown[y], known[y], 1, balance)
    for y in range(halo + out.shape[0]):
        if y + NEAR < height:
            _add(grown[y + NEAR], known[y + NEAR], 1, balance)
        if y > NEAR:
            _add(grown[y - NEAR - 1], known[y - NEAR - 1], -1, balance)
        if y < halo:
            continue
        own, core, has = grown[y, halo : halo + out.shape[1]], opened[y, halo : halo + out.shape[1]], known[y, halo : halo + out.shape[1]]
        if not own.any():
            continue
        _around(balance, total)
        target, before, after = out[y - halo], total[halo:], total[halo + 2 * NEAR + 1 :]
        for x in range(out.shape[1]):
            mark = np.uint8(LONE if core[x] else LONE_EDGE) if after[x] < before[x] else np.uint8(CLOUD)
            target[x] = mark if own[x] & has[x] else target[x]


@njit(nogil=True, cache=True)
def any_seen(mark, rows, cols):  # type: ignore[no-untyped-def]
    """Whether any cell of some rows and columns (slices) of a plane of marks is neither under cloud nor without data."""
    for y in range(rows.start, rows.stop):
        some, row = np.uint8(0), mark[y, cols]
        for x in range(row.shape[0]):
            some |= np.uint8(row[x] != MISSING) & np.uint8(row[x] != CLOUD)
        if some:
            return True
    return False


@njit(nogil=True, cache=True)
def seen(mark, rows, cols, out):  # type: ignore[no-untyped-def]
    """Which cells of some rows and columns (slices) of a plane of marks are neither under cloud nor without data, into `out` (h, w) bool."""
    for y in range(out.shape[0]):
        row, target = mark[rows.start + y, cols], out[y]
        for x in range(row.shape[0]):
            target[x] = (row[x] != MISSING) & (row[x] != CLOUD)


@njit(nogil=True, cache=True)
def fold(mark, rows, cols, out, number):  # type: ignore[no-untyped-def]
    """Some rows and columns (slices) of a plane of marks as the `number`-th look of `out` (h, strips, n, STRIP), MISSING beyond the row."""
    for y in range(out.shape[0]):
        row = mark[rows.start + y, cols]
        for strip in range(out.shape[1]):
            source, target = row[strip * STRIP : (strip + 1) * STRIP], out[y, strip, number]
            for x in range(source.shape[0]):
                target[x] = source[x]
            target[source.shape[0] :] = MISSING


def bad_classes() -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(256,) bool: SCL classes that are no clear look at the ground."""
    table = np.zeros(256, bool)
    table[list(BAD_CLASSES)] = True
    return table


def shown(classes: NDArray[np.uint8], span: int, top: int, left: int, height: int, width: int) -> NDArray[np.bool_]:
    """Cells (h, w) of a small window that a look shows: neither under cloud nor without data. classes, span, top, left: as `marks` takes them.

    Lone marks count as looks: Sen2Cor calls bright bare ground cloud again and again.
    """
    mark = np.empty((height, width), np.uint8)
    marks(classes, span, top, left, HALO, bad_classes(), mark)
    return np.asarray((mark != CLOUD) & (mark != MISSING))
