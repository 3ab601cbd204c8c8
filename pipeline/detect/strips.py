"""Looks at a strip of cells: which of them may be used, and what the barest of them show.

A strip's looks are plain rows of memory, looks after looks (band, look, cell), as `baseline.fit` lays them out.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.detect.layout import STRIP
from pipeline.detect.looks import NO_DATA, TERMS, to_byte
from pipeline.detect.mask import CLEAR, LONE, LONE_EDGE

BARE_LOOKS = 5
"""The barest look is the median of this many of lowest NDVI: the very lowest is often haze."""
TRUSTED = 0.25
"""Weight a look needs to speak for the barest ground."""
LONE_TRUST = 0.5
"""Share of lone marks from which a cell counts as bright ground that SCL always marks."""


@njit(nogil=True, cache=True, error_model="numpy")
def usable_strip(stack, mark, use, usable, count, order):  # type: ignore[no-untyped-def]
    """Which looks of a strip may be used, those left out that no cell can use: most strips lie under cloud in many scenes.

    stack: (n, n_bands, s) int16, mark: (n, s) uint8. Into `usable` (n · s) float32: 1 or 0, a row for each look of `order`; into
    `order` (n,): those looks, oldest first; into `count` (s,) int32: each cell's usable looks. Returns how many rows there are. Lone
    marks are left out, except on ground that is marked alone most of the time: that is bright ground, not cloud.
    """
    none = np.int16(NO_DATA)
    count[:] = 0
    rows, marked = 0, np.uint8(0)
    for t in range(use.shape[0]):
        if use[t]:
            m, first, u = mark[t], stack[t, 0], usable[rows * STRIP : (rows + 1) * STRIP]
            some = np.uint8(0)
            for x in range(STRIP):
                fits = np.uint8(m[x] == CLEAR) & np.uint8(first[x] != none)
                u[x] = fits
                count[x] += fits
                some |= fits
                marked |= np.uint8(m[x] == LONE) | np.uint8(m[x] == LONE_EDGE)
            if some:
                order[rows] = t
                rows += 1
    if not marked:
        return rows
    lone, with_lone = np.zeros(STRIP, np.int32), np.zeros(STRIP, np.uint8)
    for t in range(use.shape[0]):
        if use[t]:
            m, first = mark[t], stack[t, 0]
            for x in range(STRIP):
                lone[x] += np.uint8(first[x] != none) & (np.uint8(m[x] == LONE) | np.uint8(m[x] == LONE_EDGE))
    for x in range(STRIP):
        with_lone[x] = lone[x] > LONE_TRUST * (count[x] + lone[x])
        count[x] += with_lone[x] * lone[x]
    rows = 0
    for t in range(use.shape[0]):
        if use[t]:
            m, first, u = mark[t], stack[t, 0], usable[rows * STRIP : (rows + 1) * STRIP]
            some = np.uint8(0)
            for x in range(STRIP):
                fits = np.uint8(m[x] == CLEAR) | (with_lone[x] & (np.uint8(m[x] == LONE) | np.uint8(m[x] == LONE_EDGE)))
                fits &= np.uint8(first[x] != none)
                u[x] = fits
                some |= fits
            if some:
                order[rows] = t
                rows += 1
    return rows


@njit(nogil=True, cache=True, error_model="numpy")
def barest_strip(looks, weight, prior, bands, in_season, wanted, red, nir, lowest, which):  # type: ignore[no-untyped-def]
    """The few trusted looks of lowest NDVI among those where `in_season` (n,) is `wanted`: into `which` (BARE_LOOKS · s) int32, −1 past the last.

    lowest: ((BARE_LOOKS + 1) · s) float32, workspace: their NDVI. Of looks alike the earlier comes first.
    """
    n = prior.shape[0]
    lowest[:] = np.float32(np.inf)
    which[:] = -1
    values, highest = lowest[BARE_LOOKS * STRIP :], lowest[(BARE_LOOKS - 1) * STRIP : BARE_LOOKS * STRIP]
    numbers = np.empty(STRIP, np.int32)
    for t in range(n):
        if in_season[t] != wanted:
            continue
        trusted = np.float32(max(TRUSTED * prior[t], 1e-30))
        w, blues = weight[t * STRIP : (t + 1) * STRIP], looks[t * STRIP : (t + 1) * STRIP]
        reds = looks[(red * n + t) * STRIP : (red * n + t + 1) * STRIP]
        nirs = looks[(nir * n + t) * STRIP : (nir * n + t + 1) * STRIP]
        lower = np.uint32(0)
        for x in range(STRIP):
            r, i = reds[x], nirs[x]
            # Clouds are as blue as they are red; soil never is. They must not pass for bare ground.
            hazy = (blues[x] > np.float32(0.95) * r) & (blues[x] > np.float32(1200))
            good = (w[x] >= trusted) & (not hazy)
            value = (i - r) / max(i + r, np.float32(100)) if good else np.float32(np.inf)
            values[x] = value
            lower |= np.uint32(value < highest[x])
        if not lower:
            continue
        numbers[:] = t
        for k in range(BARE_LOOKS):
            row, chosen = lowest[k * STRIP : (k + 1) * STRIP], which[k * STRIP : (k + 1) * STRIP]
            for x in range(STRIP):
                a, v, i, j = row[x], values[x], chosen[x], numbers[x]
                less = (v < a) | ((v == a) & (j < i))
                row[x], values[x] = v if less else a, a if less else v
                chosen[x], numbers[x] = j if less else i, i if less else j


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
