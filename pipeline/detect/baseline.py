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
STRIP = 64
"""Cells worked at a time: what is known of them stays in the processor's cache."""
FAR = np.int64(2**62)


@njit(nogil=True, cache=True, error_model="numpy")
def weigh(usable, prior, square, bands, weight):  # type: ignore[no-untyped-def]
    """Weights of the looks of a strip into `weight`, from each look's squared standardised residuals, summed over bands."""
    share = np.float32(1) / np.float32(4 * bands)
    for t in range(prior.shape[0]):
        u, q, w = usable[t * STRIP : (t + 1) * STRIP], square[t * STRIP : (t + 1) * STRIP], weight[t * STRIP : (t + 1) * STRIP]
        p = prior[t]
        for x in range(STRIP):
            w[x] = p * u[x] / (np.float32(1) + q[x] * share)


@njit(nogil=True, cache=True, error_model="numpy")
def sums(looks, terms, products, weight, bands, normal, right):  # type: ignore[no-untyped-def]
    """Normal equations of a strip into `normal` (PAIRS · s) and `right` (n_bands · 5 · s), four looks in one go, in their order."""
    n = terms.shape[0]
    normal[:] = 0
    right[:] = 0
    for t in range(0, n, 4):
        w = weight[t * STRIP : (t + 4) * STRIP]
        for group in range(PAIRS // 3):
            total = normal[3 * group * STRIP : (3 * group + 3) * STRIP]
            a0, a1, a2, a3 = products[t, 3 * group], products[t + 1, 3 * group], products[t + 2, 3 * group], products[t + 3, 3 * group]
            b0, b1, b2, b3 = (
                products[t, 3 * group + 1],
                products[t + 1, 3 * group + 1],
                products[t + 2, 3 * group + 1],
                products[t + 3, 3 * group + 1],
            )
            c0, c1, c2, c3 = (
                products[t, 3 * group + 2],
                products[t + 1, 3 * group + 2],
                products[t + 2, 3 * group + 2],
                products[t + 3, 3 * group + 2],
            )
            for x in range(STRIP):
                w0, w1, w2, w3 = w[x], w[STRIP + x], w[2 * STRIP + x], w[3 * STRIP + x]
                total[x] = total[x] + w0 * a0 + w1 * a1 + w2 * a2 + w3 * a3
                total[STRIP + x] = total[STRIP + x] + w0 * b0 + w1 * b1 + w2 * b2 + w3 * b3
                total[2 * STRIP + x] = total[2 * STRIP + x] + w0 * c0 + w1 * c1 + w2 * c2 + w3 * c3
        a1, a2, a3, a4 = terms[t, 1], terms[t, 2], terms[t, 3], terms[t, 4]
        b1, b2, b3, b4 = terms[t + 1, 1], terms[t + 1, 2], terms[t + 1, 3], terms[t + 1, 4]
        c1, c2, c3, c4 = terms[t + 2, 1], terms[t + 2, 2], terms[t + 2, 3], terms[t + 2, 4]
        d1, d2, d3, d4 = terms[t + 3, 1], terms[t + 3, 2], terms[t + 3, 3], terms[t + 3, 4]
        for b in range(bands):
            look = looks[(b * n + t) * STRIP : (b * n + t + 4) * STRIP]
            total = right[b * TERMS * STRIP : (b + 1) * TERMS * STRIP]
            for x in range(STRIP):
                y0, y1 = w[x] * look[x], w[STRIP + x] * look[STRIP + x]
                y2, y3 = w[2 * STRIP + x] * look[2 * STRIP + x], w[3 * STRIP + x] * look[3 * STRIP + x]
                # The first term is 1.
                total[x] = total[x] + y0 + y1 + y2 + y3
                total[STRIP + x] = total[STRIP + x] + y0 * a1 + y1 * b1 + y2 * c1 + y3 * d1
                total[2 * STRIP + x] = total[2 * STRIP + x] + y0 * a2 + y1 * b2 + y2 * c2 + y3 * d2
                total[3 * STRIP + x] = total[3 * STRIP + x] + y0 * a3 + y1 * b3 + y2 * c3 + y3 * d3
                total[4 * STRIP + x] = total[4 * STRIP + x] + y0 * a4 + y1 * b4 + y2 * c4 + y3 * d4


@njit(nogil=True, cache=True, error_model="numpy")
def minus(total, a, b):  # type: ignore[no-untyped-def]
    for x in range(STRIP):
        total[x] -= a[x] * b[x]


@njit(nogil=True, cache=True, error_model="numpy")
def over(total, a):  # type: ignore[no-untyped-def]
    for x in range(STRIP):
        total[x] /= a[x]


@njit(nogil=True, cache=True, error_model="numpy")
def solve(bands, normal, coef):  # type: ignore[no-untyped-def]
    """Solve the normal equations of a strip by Cholesky's method, in place: `coef` (n_bands · 5, s) holds the right sides, then the terms."""
    low = normal
    for i in range(TERMS):
        for j in range(i + 1):
            total = low[i * (i + 1) // 2 + j]
            if i == j:
                ridge = RIDGE[i] + np.float32(1e-3)
                for x in range(STRIP):
                    total[x] += ridge
            for k in range(j):
                minus(total, low[i * (i + 1) // 2 + k], low[j * (j + 1) // 2 + k])
            if i == j:
                for x in range(STRIP):
                    total[x] = np.sqrt(max(total[x], np.float32(1e-4)))
            else:
                over(total, low[j * (j + 1) // 2 + j])
    for b in range(bands):
        for i in range(TERMS):
            total = coef[b * TERMS + i]
            for k in range(i):
                minus(total, low[i * (i + 1) // 2 + k], coef[b * TERMS + k])
            over(total, low[i * (i + 1) // 2 + i])
        for i in range(TERMS - 1, -1, -1):
            total = coef[b * TERMS + i]
            for k in range(i + 1, TERMS):
                minus(total, low[k * (k + 1) // 2 + i], coef[b * TERMS + k])
            over(total, low[i * (i + 1) // 2 + i])


@njit(nogil=True, cache=True, error_model="numpy")
def stray(looks, terms, weight, bands, coef, least, residual, spread, square):  # type: ignore[no-untyped-def]
    """How far the looks of a strip lie from their season.

    Into `spread` (n_bands · s): 1 / max(weighted root mean square, `least`) of each band; into `square` (n · s): each look's
    squared residuals in units of it, summed over bands. residual: (n · s) float32, workspace.
    """
    n = terms.shape[0]
    weights, total = np.full(STRIP, np.float32(1e-6), np.float32), np.empty(STRIP, np.float32)
    for t in range(n):
        w = weight[t * STRIP : (t + 1) * STRIP]
        for x in range(STRIP):
            weights[x] += w[x]
    square[:] = 0
    for b in range(bands):
        total[:] = 0
        c = coef[b * TERMS * STRIP : (b + 1) * TERMS * STRIP]
        for t in range(0, n, 4):
            w, r = weight[t * STRIP : (t + 4) * STRIP], residual[t * STRIP : (t + 4) * STRIP]
            look = looks[(b * n + t) * STRIP : (b * n + t + 4) * STRIP]
            a1, a2, a3, a4 = terms[t, 1], terms[t, 2], terms[t, 3], terms[t, 4]
            b1, b2, b3, b4 = terms[t + 1, 1], terms[t + 1, 2], terms[t + 1, 3], terms[t + 1, 4]
            c1, c2, c3, c4 = terms[t + 2, 1], terms[t + 2, 2], terms[t + 2, 3], terms[t + 2, 4]
            d1, d2, d3, d4 = terms[t + 3, 1], terms[t + 3, 2], terms[t + 3, 3], terms[t + 3, 4]
            for x in range(STRIP):
                k0, k1, k2, k3, k4 = c[x], c[STRIP + x], c[2 * STRIP + x], c[3 * STRIP + x], c[4 * STRIP + x]
                r0 = look[x] - (k0 + k1 * a1 + k2 * a2 + k3 * a3 + k4 * a4)
                r1 = look[STRIP + x] - (k0 + k1 * b1 + k2 * b2 + k3 * b3 + k4 * b4)
                r2 = look[2 * STRIP + x] - (k0 + k1 * c1 + k2 * c2 + k3 * c3 + k4 * c4)
                r3 = look[3 * STRIP + x] - (k0 + k1 * d1 + k2 * d2 + k3 * d3 + k4 * d4)
                r[x], r[STRIP + x], r[2 * STRIP + x], r[3 * STRIP + x] = r0, r1, r2, r3
                total[x] = total[x] + w[x] * r0 * r0 + w[STRIP + x] * r1 * r1 + w[2 * STRIP + x] * r2 * r2 + w[3 * STRIP + x] * r3 * r3
        s = spread[b * STRIP : (b + 1) * STRIP]
        floor = least[b]
        for x in range(STRIP):
            s[x] = np.float32(1) / max(np.sqrt(total[x] / weights[x]), floor)
        for t in range(n):
            r, q = residual[t * STRIP : (t + 1) * STRIP], square[t * STRIP : (t + 1) * STRIP]
            for x in range(STRIP):
                z = r[x] * s[x]
                q[x] += z * z


@njit(nogil=True, cache=True, error_model="numpy")
def usable_strip(stack, mark, use, y, left, width, usable, count, order):  # type: ignore[no-untyped-def]
    """Which looks of a strip may be used, those left out that no cell can use: most strips lie under cloud in many scenes.

    Into `usable` (n · s) float32: 1 or 0, a row for each look of `order`; into `order` (n,): those looks, oldest first; into
    `count` (s,) int32: each cell's usable looks. Returns how many rows there are. Lone marks are left out, except on ground that is
    marked alone most of the time: that is bright ground, not cloud.
    """
    none = np.int16(NO_DATA)
    count[:] = 0
    rows, marked = 0, np.uint8(0)
    for t in range(use.shape[0]):
        if use[t]:
            m, first, u = mark[t, y, left : left + width], stack[t, 0, y, left : left + width], usable[rows * STRIP : (rows + 1) * STRIP]
            some = np.uint8(0)
            for x in range(width):
                fits = np.uint8(m[x] == CLEAR) & np.uint8(first[x] != none)
                u[x] = fits
                count[x] += fits
                some |= fits
                marked |= np.uint8(m[x] == LONE) | np.uint8(m[x] == LONE_EDGE)
            u[width:] = 0
            if some:
                order[rows] = t
                rows += 1
    if not marked:
        return rows
    lone, with_lone = np.zeros(STRIP, np.int32), np.zeros(STRIP, np.uint8)
    for t in range(use.shape[0]):
        if use[t]:
            m, first = mark[t, y, left : left + width], stack[t, 0, y, left : left + width]
            for x in range(width):
                lone[x] += np.uint8(first[x] != none) & (np.uint8(m[x] == LONE) | np.uint8(m[x] == LONE_EDGE))
    for x in range(STRIP):
        with_lone[x] = lone[x] > LONE_TRUST * (count[x] + lone[x])
        count[x] += with_lone[x] * lone[x]
    rows = 0
    for t in range(use.shape[0]):
        if use[t]:
            m, first, u = mark[t, y, left : left + width], stack[t, 0, y, left : left + width], usable[rows * STRIP : (rows + 1) * STRIP]
            some = np.uint8(0)
            for x in range(width):
                fits = np.uint8(m[x] == CLEAR) | (with_lone[x] & (np.uint8(m[x] == LONE) | np.uint8(m[x] == LONE_EDGE)))
                fits &= np.uint8(first[x] != none)
                u[x] = fits
                some |= fits
            u[width:] = 0
            if some:
                order[rows] = t
                rows += 1
    return rows


@njit(nogil=True, cache=True, error_model="numpy")
def barest_strip(looks, weight, prior, bands, in_season, wanted, red, nir, keys, lowest, which):  # type: ignore[no-untyped-def]
    """The few trusted looks of lowest NDVI among those where `in_season` (n,) is `wanted`: into `which` (BARE_LOOKS · s), −1 past the last.

    keys: (s,), lowest: (BARE_LOOKS · s) int64, workspace: NDVI in the order of its bits, then the number of the look.
    """
    n = prior.shape[0]
    lowest[:] = FAR
    for t in range(n):
        if in_season[t] != wanted:
            continue
        trusted = np.float32(max(TRUSTED * prior[t], 1e-30))
        w, blues = weight[t * STRIP : (t + 1) * STRIP], looks[t * STRIP : (t + 1) * STRIP]
        reds = looks[(red * n + t) * STRIP : (red * n + t + 1) * STRIP]
        nirs = looks[(nir * n + t) * STRIP : (nir * n + t + 1) * STRIP]
        for x in range(STRIP):
            r, i = reds[x], nirs[x]
            value = (i - r) / max(i + r, np.float32(100))
            bits = np.int64(np.float32(value).view(np.int32))
            bits = bits ^ ((bits >> 63) & 0x7FFFFFFF)
            # Clouds are as blue as they are red; soil never is. They must not pass for bare ground.
            hazy = (blues[x] > np.float32(0.95) * r) & (blues[x] > np.float32(1200))
            good = (w[x] >= trusted) & (not hazy)
            keys[x] = (bits << 16) + t if good else FAR
        for k in range(BARE_LOOKS):
            row = lowest[k * STRIP : (k + 1) * STRIP]
            for x in range(STRIP):
                a, v = row[x], keys[x]
                row[x] = min(a, v)
                keys[x] = max(a, v)
    for i in range(BARE_LOOKS * STRIP):
        which[i] = lowest[i] & 0xFFFF if lowest[i] != FAR else -1


@njit(nogil=True, cache=True, error_model="numpy")
def middle_strip(looks, which, n, bands, coef, values, out):  # type: ignore[no-untyped-def]
    """Median of the looks `which` of each cell of a strip into `out` (n_bands · s) uint8; its yearly mean where there is none.

    values: (BARE_LOOKS, s) float32, workspace.
    """
    found = np.zeros(STRIP, np.int32)
    for k in range(BARE_LOOKS):
        chosen = which[k * STRIP : (k + 1) * STRIP]
        for x in range(STRIP):
            found[x] += chosen[x] >= 0
    for b in range(bands):
        plane = looks[b * n * STRIP : (b + 1) * n * STRIP]
        for k in range(BARE_LOOKS):
            chosen, row = which[k * STRIP : (k + 1) * STRIP], values[k]
            for x in range(STRIP):
                row[x] = plane[chosen[x] * STRIP + x] if chosen[x] >= 0 else np.float32(np.inf)
        for i in range(BARE_LOOKS - 1):
            for k in range(BARE_LOOKS - 1 - i):
                low, high = values[k], values[k + 1]
                for x in range(STRIP):
                    v, w = low[x], high[x]
                    low[x], high[x] = min(v, w), max(v, w)
        mean, target = coef[b * TERMS * STRIP : (b * TERMS + 1) * STRIP], out[b * STRIP : (b + 1) * STRIP]
        for x in range(STRIP):
            value = values[0, x] if found[x] < 2 else values[1, x] if found[x] < 4 else values[2, x]
            target[x] = to_byte(value if found[x] > 0 else mean[x])


@njit(nogil=True, cache=True, error_model="numpy")
def fit(stack, mark, use, spring, terms, prior, floor, red, nir, mean, fine, scale, barest, looks):  # type: ignore[no-untyped-def]
    """Fit a block, into the arrays of a Baseline.

    stack: (n, n_bands, h, w) int16, corrected reflectance, NO_DATA where missing. mark: (n, h, w) uint8. use: (n,) bool, looks
    to fit on. spring: (n,) bool, looks of the spring. terms: (n, 5) float32. prior: (n,) float32, weight of each scene, 1 = as good
    as the best. floor: (n_bands,) float32, least spread, 1e-4. Where fewer than MIN_LOOKS are usable, `looks` is 0.

    Cells are worked in strips of STRIP whose looks stay in the processor's cache. Strips are plain rows of memory, looks after
    looks (band, look, cell): with lengths that are known beforehand, loops over a strip become vector instructions.
    """
    n, bands, height, width = stack.shape
    padded = (n + 3) // 4 * 4
    products = np.empty((n, PAIRS), np.float32)
    for t in range(n):
        for i in range(TERMS):
            for j in range(i + 1):
                products[t, i * (i + 1) // 2 + j] = terms[t, i] * terms[t, j]
    values, plane = np.zeros(bands * padded * STRIP, np.float32), padded * STRIP
    order, trust, in_spring = np.empty(n, np.int64), np.zeros(padded, np.float32), np.zeros(padded, np.bool_)
    seasons, pairs = np.zeros((padded, TERMS), np.float32), np.zeros((padded, PAIRS), np.float32)
    usable, weight = np.zeros(plane, np.float32), np.zeros(plane, np.float32)
    square, residual = np.zeros(plane, np.float32), np.zeros(plane, np.float32)
    coef, spread, normal = np.zeros(bands * TERMS * STRIP, np.float32), np.ones(bands * STRIP, np.float32), np.empty(PAIRS * STRIP, np.float32)
    count, keys = np.empty(STRIP, np.int32), np.empty(STRIP, np.int64)
    lowest, which = np.empty(BARE_LOOKS * STRIP, np.int64), np.empty(BARE_LOOKS * STRIP, np.int64)
    sorting, bare = np.empty((BARE_LOOKS, STRIP), np.float32), np.empty(bands * STRIP, np.uint8)
    for y in range(height):
        for left in range(0, width, STRIP):
            s = min(STRIP, width - left)
            rows = usable_strip(stack, mark, use, y, left, s, usable, count, order)
            m = (rows + 3) // 4 * 4
            usable[rows * STRIP : m * STRIP] = 0
            for k in range(m):
                # What fills up the last four weighs nothing.
                t = order[min(k, rows - 1)]
                seasons[k], pairs[k], trust[k], in_spring[k] = terms[t], products[t], prior[t], spring[t]
                for b in range(bands):
                    # Sums of indices would keep the compiler from vector instructions; slices don't.
                    source, target = stack[t, b, y, left : left + s], values[(b * m + k) * STRIP : (b * m + k + 1) * STRIP]
                    for x in range(s):
                        target[x] = source[x]
                    target[s:] = 0
            square[:] = 0
            for _ in range(ROUNDS):
                weigh(usable, trust[:m], square, bands, weight)
                sums(values, seasons[:m], pairs, weight, bands, normal, coef)
                solve(bands, normal.reshape(PAIRS, STRIP), coef.reshape(bands * TERMS, STRIP))
                stray(values, seasons[:m], weight, bands, coef, floor, residual, spread, square)
            weigh(usable, trust[:m], square, bands, weight)
            for x in range(s):
                looks[y, left + x] = min(count[x], 255) if count[x] >= MIN_LOOKS else 0
            for part in range(2):
                barest_strip(values, weight, trust[:m], bands, in_spring, part == 0, red, nir, keys, lowest, which)
                middle_strip(values, which, m, bands, coef, sorting, bare)
                for b in range(bands):
                    row, target = bare[b * STRIP : (b + 1) * STRIP], barest[part, b, y, left : left + s]
                    for x in range(s):
                        target[x] = row[x] if count[x] >= MIN_LOOKS else np.uint8(0)
            for x in range(s):
                if count[x] < MIN_LOOKS:
                    continue
                # A fit of few looks is nearer to them than to the truth: degrees of freedom.
                few = np.sqrt(np.float32(count[x]) / np.float32(count[x] - FREE))
                for b in range(bands):
                    for k in range(3):
                        value = coef[(b * TERMS + k) * STRIP + x]
                        mean[b, k, y, left + x] = np.int16(min(max(value, np.float32(-32000)), np.float32(32000)))
                    for k in range(2):
                        value = np.rint(coef[(b * TERMS + 3 + k) * STRIP + x] / np.float32(FINE))
                        fine[b, k, y, left + x] = np.int8(min(max(value, np.float32(-127)), np.float32(127)))
                    code = np.float32(32) * np.log2(np.float32(0.1) * few / spread[b * STRIP + x])
                    scale[b, y, left + x] = np.uint8(min(max(np.rint(code), np.float32(0)), np.float32(255)))
