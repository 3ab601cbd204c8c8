"""What does each cell look like through the year? A robust harmonic fit of a block's looks.

Iteratively reweighted least squares of two harmonic orders per band (as in the seasonal models of Zhu & Woodcock 2014 and
Verbesselt et al. 2012), with Cauchy weights of the distance in all bands together (Holland & Welsch 1977), and a little
shrinkage, so that a year with gaps does not invent seasons. Rows are worked cell by cell in the innermost loop, which
compilers turn into vector instructions; nothing is summed across cells, so results do not depend on the width of a row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.detect.looks import NO_DATA, TERMS, to_byte
from pipeline.detect.mask import CLEAR, LONE, LONE_EDGE
from pipeline.detect.state import FINE

ROUNDS = 3
MIN_LOOKS = 12
"""Fewer clear looks make no baseline."""
RIDGE = np.array([0.0, 0.15, 0.15, 1.5, 1.5], np.float32)
"""Shrinkage of each term, in looks."""
BARE_LOOKS = 5
"""The barest look is the median of this many of lowest NDVI: the very lowest is often haze."""
TRUSTED = 0.25
"""Weight a look needs to speak for the barest ground."""
LONE_TRUST = 0.5
"""Share of lone marks from which a cell counts as bright ground that SCL always marks."""
FREE = 4
"""Terms that a fit uses up, shrinkage allowed for."""
PAIRS = TERMS * (TERMS + 1) // 2


@njit(nogil=True, cache=True)
def weigh_row(stack, usable, y, terms, prior, coef, spread, first, weight):  # type: ignore[no-untyped-def]
    """Weights of all looks of a row into `weight` (n, w) float32; `coef` (n_bands, 5, w) and `spread` (n_bands, w) from the last round."""
    n, bands, _, width = stack.shape
    distance = np.empty(width, np.float32)
    for t in range(n):
        if first:
            for x in range(width):
                weight[t, x] = prior[t] * usable[t, x]
            continue
        for x in range(width):
            distance[x] = np.float32(0)
        for b in range(bands):
            for x in range(width):
                season = np.float32(0)
                for k in range(TERMS):
                    season += coef[b, k, x] * terms[t, k]
                z = (stack[t, b, y, x] - season) * spread[b, x]
                distance[x] += z * z
        for x in range(width):
            weight[t, x] = prior[t] * usable[t, x] / (np.float32(1) + distance[x] / np.float32(4 * bands))


@njit(nogil=True, cache=True)
def solve_row(stack, y, terms, weight, coef):  # type: ignore[no-untyped-def]
    """Weighted least squares of a row into `coef` (n_bands, 5, w) float32, by Cholesky's method cell by cell."""
    n, bands, _, width = stack.shape
    normal = np.zeros((PAIRS, width), np.float32)
    right = np.zeros((bands, TERMS, width), np.float32)
    for t in range(n):
        pair = 0
        for i in range(TERMS):
            for j in range(i + 1):
                product = terms[t, i] * terms[t, j]
                for x in range(width):
                    normal[pair, x] += weight[t, x] * product
                pair += 1
        for b in range(bands):
            for k in range(TERMS):
                term = terms[t, k]
                for x in range(width):
                    right[b, k, x] += weight[t, x] * term * stack[t, b, y, x]
    low = np.empty((TERMS, TERMS), np.float32)
    v = np.empty(TERMS, np.float32)
    for x in range(width):
        pair = 0
        for i in range(TERMS):
            for j in range(i + 1):
                total = normal[pair, x]
                if i == j:
                    total += RIDGE[i] + np.float32(1e-3)
                for k in range(j):
                    total -= low[i, k] * low[j, k]
                low[i, j] = np.sqrt(max(total, np.float32(1e-4))) if i == j else total / low[j, j]
                pair += 1
        for b in range(bands):
            for i in range(TERMS):
                total = right[b, i, x]
                for k in range(i):
                    total -= low[i, k] * v[k]
                v[i] = total / low[i, i]
            for i in range(TERMS - 1, -1, -1):
                total = v[i]
                for k in range(i + 1, TERMS):
                    total -= low[k, i] * v[k]
                v[i] = total / low[i, i]
            for k in range(TERMS):
                coef[b, k, x] = v[k]


@njit(nogil=True, cache=True)
def spread_row(stack, y, terms, weight, coef, least, spread):  # type: ignore[no-untyped-def]
    """Inverse robust spread of each band of a row into `spread` (n_bands, w): 1 / max(weighted root mean square, `least`)."""
    n, bands, _, width = stack.shape
    total = np.empty(width, np.float32)
    square = np.empty(width, np.float32)
    for b in range(bands):
        for x in range(width):
            total[x] = np.float32(1e-6)
            square[x] = np.float32(0)
        for t in range(n):
            for x in range(width):
                season = np.float32(0)
                for k in range(TERMS):
                    season += coef[b, k, x] * terms[t, k]
                r = stack[t, b, y, x] - season
                total[x] += weight[t, x]
                square[x] += weight[t, x] * r * r
        for x in range(width):
            spread[b, x] = np.float32(1) / max(np.sqrt(square[x] / total[x]), least[b])


@njit(nogil=True, cache=True)
def usable_row(stack, mark, y, use, usable, count):  # type: ignore[no-untyped-def]
    """Which looks of a row may be used: 1 or 0 into `usable` (n, w) float32, their number into `count` (w,).

    Lone marks are left out, except on ground that is marked alone most of the time: that is bright ground, not cloud.
    """
    n, _, _, width = stack.shape
    for x in range(width):
        clear, lone = 0, 0
        for t in range(n):
            if use[t] and stack[t, 0, y, x] != NO_DATA:
                clear += mark[t, y, x] == CLEAR
                lone += mark[t, y, x] == LONE or mark[t, y, x] == LONE_EDGE
        with_lone = lone > LONE_TRUST * (clear + lone)
        total = 0
        for t in range(n):
            m = mark[t, y, x]
            good = use[t] and stack[t, 0, y, x] != NO_DATA and (m == CLEAR or (with_lone and (m == LONE or m == LONE_EDGE)))
            usable[t, x] = np.float32(1) if good else np.float32(0)
            total += good
        count[x] = total


@njit(nogil=True, cache=True)
def barest_cell(stack, y, x, weight, prior, in_season, red, nir, out):  # type: ignore[no-untyped-def]
    """Median of the few trusted looks of lowest NDVI among those `in_season` (n,) bool into `out` (n_bands,) uint8; False if there is none."""
    n, bands, _, _ = stack.shape
    lowest = np.full(BARE_LOOKS, np.float32(9), np.float32)
    which = np.full(BARE_LOOKS, -1, np.int64)
    for t in range(n):
        if not in_season[t] or weight[t, x] < TRUSTED * prior[t] or weight[t, x] == 0:
            continue
        # Clouds are as blue as they are red; soil never is. They must not pass for bare ground.
        if stack[t, 0, y, x] > 0.95 * stack[t, red, y, x] and stack[t, 0, y, x] > 1200:
            continue
        n_r = np.float32(stack[t, nir, y, x]) + np.float32(stack[t, red, y, x])
        value = (np.float32(stack[t, nir, y, x]) - np.float32(stack[t, red, y, x])) / max(n_r, np.float32(100))
        if value < lowest[BARE_LOOKS - 1]:
            k = BARE_LOOKS - 1
            while k > 0 and lowest[k - 1] > value:
                lowest[k], which[k] = lowest[k - 1], which[k - 1]
                k -= 1
            lowest[k], which[k] = value, t
    found = 0
    for k in range(BARE_LOOKS):
        found += which[k] >= 0
    if found == 0:
        return False
    values = np.empty(found, np.float32)
    for b in range(bands):
        for k in range(found):
            values[k] = np.float32(stack[which[k], b, y, x])
        values.sort()
        out[b] = to_byte(values[found // 2])
    return True


@njit(nogil=True, cache=True)
def fit(stack, mark, use, spring, terms, prior, floor, red, nir, mean, fine, scale, barest, looks):  # type: ignore[no-untyped-def]
    """Fit a block, into the arrays of a Baseline.

    stack: (n, n_bands, h, w) int16, corrected reflectance, NO_DATA where missing. mark: (n, h, w) uint8. use: (n,) bool, looks
    to fit on. spring: (n,) bool, looks of the spring. terms: (n, 5) float32. prior: (n,) float32, weight of each scene, 1 = as good
    as the best. floor: (n_bands,) float32, least spread, 1e-4. Where fewer than MIN_LOOKS are usable, `looks` is 0.
    """
    n, bands, height, width = stack.shape
    usable = np.empty((n, width), np.float32)
    weight = np.empty((n, width), np.float32)
    count = np.empty(width, np.int64)
    coef = np.zeros((bands, TERMS, width), np.float32)
    spread = np.ones((bands, width), np.float32)
    bare = np.empty(bands, np.uint8)
    for y in range(height):
        usable_row(stack, mark, y, use, usable, count)
        for round_ in range(ROUNDS):
            weigh_row(stack, usable, y, terms, prior, coef, spread, round_ == 0, weight)
            solve_row(stack, y, terms, weight, coef)
            spread_row(stack, y, terms, weight, coef, floor, spread)
        weigh_row(stack, usable, y, terms, prior, coef, spread, False, weight)
        for x in range(width):
            if count[x] < MIN_LOOKS:
                looks[y, x] = 0
                continue
            looks[y, x] = min(count[x], 255)
            for b in range(bands):
                for k in range(3):
                    mean[b, k, y, x] = np.int16(min(max(coef[b, k, x], np.float32(-32000)), np.float32(32000)))
                for k in range(2):
                    fine[b, k, y, x] = np.int8(min(max(np.rint(coef[b, 3 + k, x] / np.float32(FINE)), np.float32(-127)), np.float32(127)))
                # A fit of few looks is nearer to them than to the truth: degrees of freedom.
                few = np.sqrt(np.float32(count[x]) / np.float32(count[x] - FREE))
                code = np.float32(32) * np.log2(np.float32(0.1) * few / spread[b, x])
                scale[b, y, x] = np.uint8(min(max(np.rint(code), np.float32(0)), np.float32(255)))
            for part in range(2):
                if barest_cell(stack, y, x, weight, prior, spring if part == 0 else ~spring, red, nir, bare):
                    for b in range(bands):
                        barest[part, b, y, x] = bare[b]
                else:
                    for b in range(bands):
                        barest[part, b, y, x] = to_byte(coef[b, 0, x])
