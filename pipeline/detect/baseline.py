"""What does each cell look like through the year? A robust harmonic fit of a block's looks.

Iteratively reweighted least squares of two harmonic orders per band (as in the seasonal models of Zhu & Woodcock 2014 and
Verbesselt et al. 2012), with Cauchy weights of the distance in all bands together (Holland & Welsch 1977), and a little
shrinkage, so that a year with gaps does not invent seasons. Rows are worked cell by cell in the innermost loop, which
compilers turn into vector instructions; nothing is summed across cells, so results do not depend on the width of a row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.detect.layout import STRIP
from pipeline.detect.looks import TERMS
from pipeline.detect.state import FINE
from pipeline.detect.strips import BARE_LOOKS, barest_strip, middle_strip, usable_strip

ROUNDS = 3
MIN_LOOKS = 12
"""Fewer clear looks make no baseline."""
RIDGE = np.array([0.0, 0.15, 0.15, 1.5, 1.5], np.float32)
"""Shrinkage of each term, in looks."""
FREE = 4
"""Terms that a fit uses up, shrinkage allowed for."""
PAIRS = TERMS * (TERMS + 1) // 2


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
def factor(normal):  # type: ignore[no-untyped-def]
    """Cholesky factor of the normal equations (PAIRS · s) of a strip, in place. Written out: a cell's numbers then stay in registers."""
    least, small = np.float32(1e-4), np.float32(1e-3)
    e0, e1, e2, e3, e4 = RIDGE[0] + small, RIDGE[1] + small, RIDGE[2] + small, RIDGE[3] + small, RIDGE[4] + small
    for x in range(STRIP):
        a00 = np.sqrt(max(normal[x] + e0, least))
        a10 = normal[STRIP + x] / a00
        a11 = np.sqrt(max(normal[2 * STRIP + x] + e1 - a10 * a10, least))
        a20 = normal[3 * STRIP + x] / a00
        a21 = (normal[4 * STRIP + x] - a20 * a10) / a11
        a22 = np.sqrt(max(normal[5 * STRIP + x] + e2 - a20 * a20 - a21 * a21, least))
        a30 = normal[6 * STRIP + x] / a00
        a31 = (normal[7 * STRIP + x] - a30 * a10) / a11
        a32 = (normal[8 * STRIP + x] - a30 * a20 - a31 * a21) / a22
        a33 = np.sqrt(max(normal[9 * STRIP + x] + e3 - a30 * a30 - a31 * a31 - a32 * a32, least))
        a40 = normal[10 * STRIP + x] / a00
        a41 = (normal[11 * STRIP + x] - a40 * a10) / a11
        a42 = (normal[12 * STRIP + x] - a40 * a20 - a41 * a21) / a22
        a43 = (normal[13 * STRIP + x] - a40 * a30 - a41 * a31 - a42 * a32) / a33
        a44 = np.sqrt(max(normal[14 * STRIP + x] + e4 - a40 * a40 - a41 * a41 - a42 * a42 - a43 * a43, least))
        normal[x], normal[STRIP + x], normal[2 * STRIP + x], normal[3 * STRIP + x], normal[4 * STRIP + x] = a00, a10, a11, a20, a21
        normal[5 * STRIP + x], normal[6 * STRIP + x], normal[7 * STRIP + x], normal[8 * STRIP + x] = a22, a30, a31, a32
        normal[9 * STRIP + x], normal[10 * STRIP + x], normal[11 * STRIP + x], normal[12 * STRIP + x] = a33, a40, a41, a42
        normal[13 * STRIP + x], normal[14 * STRIP + x] = a43, a44


@njit(nogil=True, cache=True, error_model="numpy")
def solve(bands, normal, coef):  # type: ignore[no-untyped-def]
    """Solve the normal equations of a strip by Cholesky's method, in place: `coef` (n_bands · 5 · s) holds the right sides, then the terms."""
    factor(normal)
    for b in range(bands):
        c = coef[b * TERMS * STRIP : (b + 1) * TERMS * STRIP]
        for x in range(STRIP):
            a00, a10, a11, a20, a21 = normal[x], normal[STRIP + x], normal[2 * STRIP + x], normal[3 * STRIP + x], normal[4 * STRIP + x]
            a22, a30, a31, a32 = normal[5 * STRIP + x], normal[6 * STRIP + x], normal[7 * STRIP + x], normal[8 * STRIP + x]
            a33, a40, a41, a42 = normal[9 * STRIP + x], normal[10 * STRIP + x], normal[11 * STRIP + x], normal[12 * STRIP + x]
            a43, a44 = normal[13 * STRIP + x], normal[14 * STRIP + x]
            y0 = c[x] / a00
            y1 = (c[STRIP + x] - a10 * y0) / a11
            y2 = (c[2 * STRIP + x] - a20 * y0 - a21 * y1) / a22
            y3 = (c[3 * STRIP + x] - a30 * y0 - a31 * y1 - a32 * y2) / a33
            y4 = (c[4 * STRIP + x] - a40 * y0 - a41 * y1 - a42 * y2 - a43 * y3) / a44
            y4 = y4 / a44
            y3 = (y3 - a43 * y4) / a33
            y2 = (y2 - a32 * y3 - a42 * y4) / a22
            y1 = (y1 - a21 * y2 - a31 * y3 - a41 * y4) / a11
            y0 = (y0 - a10 * y1 - a20 * y2 - a30 * y3 - a40 * y4) / a00
            c[x], c[STRIP + x], c[2 * STRIP + x], c[3 * STRIP + x], c[4 * STRIP + x] = y0, y1, y2, y3, y4


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
        for t in range(0, n, 4):
            r, q = residual[t * STRIP : (t + 4) * STRIP], square[t * STRIP : (t + 4) * STRIP]
            for x in range(STRIP):
                unit = s[x]
                z0, z1, z2, z3 = r[x] * unit, r[STRIP + x] * unit, r[2 * STRIP + x] * unit, r[3 * STRIP + x] * unit
                q[x] += z0 * z0
                q[STRIP + x] += z1 * z1
                q[2 * STRIP + x] += z2 * z2
                q[3 * STRIP + x] += z3 * z3


@njit(nogil=True, cache=True, error_model="numpy")
def fit(stack, mark, use, spring, terms, prior, floor, red, nir, mean, fine, scale, barest, looks):  # type: ignore[no-untyped-def]
    """Fit a block, into the arrays of a Baseline.

    stack: (h, strips, n, n_bands, STRIP) int16 (layout.py), corrected reflectance, NO_DATA where missing. mark: (h, strips, n, STRIP)
    uint8. use: (n,) bool, looks to fit on. spring: (n,) bool, looks of the spring. terms: (n, 5) float32. prior: (n,) float32, weight
    of each scene, 1 = as good as the best. floor: (n_bands,) float32, least spread, 1e-4. Where fewer than MIN_LOOKS are usable,
    `looks` is 0.

    Cells are worked in strips of STRIP whose looks stay in the processor's cache. Strips are plain rows of memory, looks after
    looks (band, look, cell): with lengths that are known beforehand, loops over a strip become vector instructions.
    """
    height, across, n, bands, _ = stack.shape
    width = looks.shape[1]
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
    count = np.empty(STRIP, np.int32)
    lowest, which = np.empty((BARE_LOOKS + 1) * STRIP, np.float32), np.empty(BARE_LOOKS * STRIP, np.int32)
    sorting, bare = np.empty((BARE_LOOKS, STRIP), np.float32), np.empty(bands * STRIP, np.uint8)
    for y in range(height):
        for strip in range(across):
            left, strip_looks = strip * STRIP, stack[y, strip]
            s = min(STRIP, width - left)
            rows = usable_strip(strip_looks, mark[y, strip], use, usable, count, order)
            m = (rows + 3) // 4 * 4
            usable[rows * STRIP : m * STRIP] = 0
            for k in range(m):
                # What fills up the last four weighs nothing.
                t = order[min(k, rows - 1)]
                seasons[k], pairs[k], trust[k], in_spring[k] = terms[t], products[t], prior[t], spring[t]
                for b in range(bands):
                    # Sums of indices would keep the compiler from vector instructions; slices don't.
                    source, target = strip_looks[t, b], values[(b * m + k) * STRIP : (b * m + k + 1) * STRIP]
                    for x in range(STRIP):
                        target[x] = source[x]
            square[:] = 0
            for _ in range(ROUNDS):
                weigh(usable, trust[:m], square, bands, weight)
                sums(values, seasons[:m], pairs, weight, bands, normal, coef)
                solve(bands, normal, coef)
                stray(values, seasons[:m], weight, bands, coef, floor, residual, spread, square)
            weigh(usable, trust[:m], square, bands, weight)
            for x in range(s):
                looks[y, left + x] = min(count[x], 255) if count[x] >= MIN_LOOKS else 0
            for part in range(2):
                barest_strip(values, weight, trust[:m], bands, in_spring, part == 0, red, nir, lowest, which)
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
