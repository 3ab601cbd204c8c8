"""Does the ground look like anything it ever looked like, in any season?

A fallow field has left its season, not its past: it looks as it does each spring after ploughing. A pit looks like nothing
in the cell's record. Novelty is the smallest mean squared distance, in units of the noise floor, between a spectrum and
(a) the cell's own year at 24 seasons, (b) its barest looks, in spring and in the rest of the year, dry or wet, (c) mixtures of the two.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.detect.looks import STEP

WET = 0.72
"""Wet soil keeps at least this share of its dry reflectance (Lobell & Asner 2002, moderate moisture)."""
LASTING_WET = 0.85
"""The median of looks from different weeks keeps this much: soil dries between rains, dark rock stays dark."""
BRIGHT = 1.06


@njit(nogil=True, cache=True)
def to_segment(spectrum, a, d, floor):  # type: ignore[no-untyped-def]
    """Mean squared distance of a spectrum from the segment a … a + d, all (n_bands,) float32, in units of the floor."""
    bands = spectrum.shape[0]
    along, length = np.float32(0), np.float32(1e-6)
    for b in range(bands):
        w = np.float32(1) / (floor[b] * floor[b])
        along += (spectrum[b] - a[b]) * d[b] * w
        length += d[b] * d[b] * w
    t = min(max(along / length, np.float32(0)), np.float32(1))
    total = np.float32(0)
    for b in range(bands):
        z = (spectrum[b] - a[b] - t * d[b]) / floor[b]
        total += z * z
    return total / np.float32(bands)


@njit(nogil=True, cache=True)
def novelty(spectrum, year, barest, floor, wet, enough):  # type: ignore[no-untyped-def]
    """Novelty of one spectrum against one cell's record; stops early once it is known to be below `enough`.

    spectrum: (n_bands,) float32 in 1e-4. year: (24, n_bands) float32, the cell's own year. barest: (2, n_bands) uint8 steps.
    floor: (n_bands,) float32. wet: float32, share of its reflectance that wet soil keeps. Returns float32 ≥ 0; about 1 is one
    noise floor in every band.
    """
    bands = spectrum.shape[0]
    soil = np.empty(bands, np.float32)
    line = np.empty(bands, np.float32)
    least = np.float32(1e9)
    for part in range(2):
        for b in range(bands):
            soil[b] = np.float32(barest[part, b]) * np.float32(STEP) * wet
            line[b] = np.float32(barest[part, b]) * np.float32(STEP) * (np.float32(BRIGHT) - wet)
        least = min(least, to_segment(spectrum, soil, line, floor))
    for part in range(2):
        for b in range(bands):
            soil[b] = np.float32(barest[part, b]) * np.float32(STEP)
        for k in range(year.shape[0]):
            if least < enough:
                return least
            for b in range(bands):
                line[b] = year[k, b] - soil[b]
            least = min(least, to_segment(spectrum, soil, line, floor))
    return least
