"""A look at one cell: how far it is from the cell's season, and from other spectra."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.detect.layout import STRIP
from pipeline.detect.looks import STEP, TERMS
from pipeline.detect.state import FINE, RING, SCALES

GAIN_ERROR = 0.1
"""What haze, sun and view leave of bright ground's brightness uncertain, as a share."""
SNOW_NDSI, SNOW_GREEN = 0.1, 1200.0
"""Snow missed by SCL: normalised difference snow index with a bright green band (Dozier 1989)."""


STEADY: NDArray[np.float32] = (np.float32(1) / SCALES).astype(np.float32)
"""(256,) float32: 1 / spread by code."""


@njit(nogil=True, cache=True, error_model="numpy")
def open_strip(base, y, left, coef, steady):  # type: ignore[no-untyped-def]
    """A strip of a Baseline in floats, from the `left`-th cell of a row on.

    Into `coef` (n_bands · 5 · s): terms, 1e-4; into `steady` (n_bands · s): 1 / spread.
    """
    size = min(STRIP, base.looks.shape[1] - left)
    for b in range(base.mean.shape[0]):
        for k in range(3):
            large, target = base.mean[b, k, y, left : left + size], coef[(b * TERMS + k) * STRIP : (b * TERMS + k + 1) * STRIP]
            for x in range(size):
                target[x] = large[x]
        for k in range(2):
            small, target = base.fine[b, k, y, left : left + size], coef[(b * TERMS + 3 + k) * STRIP : (b * TERMS + 4 + k) * STRIP]
            for x in range(size):
                target[x] = np.float32(FINE) * np.float32(small[x])
        code, target = base.scale[b, y, left : left + size], steady[b * STRIP : (b + 1) * STRIP]
        for x in range(size):
            target[x] = STEADY[code[x]]


@njit(nogil=True, cache=True, error_model="numpy")
def score_strip(look, terms, coef, steady, noise, white, z, out):  # type: ignore[no-untyped-def]
    """Squared Mahalanobis distance, per band, of a look at a strip from each cell's season.

    look: (n_bands, s) int16, 1e-4. terms: (5,) float32 of the look's day. coef, steady: of `open_strip`. noise: (n_bands,)
    float32 ≥ 1, how much noisier this scene is than others. white: (6, 6) float32, lower triangle that whitens standardised
    residuals, 0 for bands that there are not. z: (6 · s) float32, workspace, 0 for those. out: (s,) float32.
    """
    bands = look.shape[0]
    t0, t1, t2, t3, t4 = terms[0], terms[1], terms[2], terms[3], terms[4]
    for b in range(bands):
        # Rows taken out beforehand: indices of many axes would keep the compiler from vector instructions.
        row, calm, target = look[b], steady[b * STRIP : (b + 1) * STRIP], z[b * STRIP : (b + 1) * STRIP]
        c = coef[b * TERMS * STRIP : (b + 1) * TERMS * STRIP]
        inverse = np.float32(1) / noise[b]
        for x in range(STRIP):
            season = c[x] * t0 + c[STRIP + x] * t1 + c[2 * STRIP + x] * t2 + (c[3 * STRIP + x] * t3 + c[4 * STRIP + x] * t4)
            target[x] = (row[x] - season) * inverse * calm[x]
    share = np.float32(1) / np.float32(bands)
    a0 = white[0, 0]
    b0, b1 = white[1, 0], white[1, 1]
    c0, c1, c2 = white[2, 0], white[2, 1], white[2, 2]
    d0, d1, d2, d3 = white[3, 0], white[3, 1], white[3, 2], white[3, 3]
    e0, e1, e2, e3, e4 = white[4, 0], white[4, 1], white[4, 2], white[4, 3], white[4, 4]
    f0, f1, f2, f3, f4, f5 = white[5, 0], white[5, 1], white[5, 2], white[5, 3], white[5, 4], white[5, 5]
    # Written out, so that nothing but the sum goes through memory.
    for x in range(STRIP):
        z0, z1, z2 = z[x], z[STRIP + x], z[2 * STRIP + x]
        z3, z4, z5 = z[3 * STRIP + x], z[4 * STRIP + x], z[5 * STRIP + x]
        p, q = a0 * z0, b0 * z0 + b1 * z1
        r, s = c0 * z0 + c1 * z1 + c2 * z2, d0 * z0 + d1 * z1 + d2 * z2 + d3 * z3
        u, v = e0 * z0 + e1 * z1 + e2 * z2 + e3 * z3 + e4 * z4, f0 * z0 + f1 * z1 + f2 * z2 + f3 * z3 + f4 * z4 + f5 * z5
        out[x] = p * p * share + q * q * share + r * r * share + s * s * share + u * u * share + v * v * share


@njit(nogil=True, cache=True, error_model="numpy")
def season_of(mean, fine, y, x, terms, out):  # type: ignore[no-untyped-def]
    """Spectrum of a cell's season into `out` (n_bands,) float32, 1e-4."""
    for b in range(out.shape[0]):
        out[b] = (
            mean[b, 0, y, x] * terms[0]
            + mean[b, 1, y, x] * terms[1]
            + mean[b, 2, y, x] * terms[2]
            + np.float32(FINE) * (fine[b, 0, y, x] * terms[3] + fine[b, 1, y, x] * terms[4])
        )


class When(NamedTuple):
    """The day of a look."""

    day: int
    """Since 1970-01-01."""
    season: int
    """In 1/256 of a year."""
    terms: NDArray[np.float32]
    """(5,)"""


class Optics(NamedTuple):
    """Which bands there are."""

    red: int
    nir: int
    green: int
    """−1 where missing."""
    swir: int
    """−1 where missing."""
    floor: NDArray[np.float32]
    """(n_bands,), 1e-4: noise floor."""


@njit(nogil=True, cache=True, error_model="numpy")
def ndvi_of(spectrum, red, nir):  # type: ignore[no-untyped-def]
    """NDVI of a spectrum in 1e-4, kept finite on dark ground."""
    return (spectrum[nir] - spectrum[red]) / max(spectrum[nir] + spectrum[red], np.float32(100))


@njit(nogil=True, cache=True, error_model="numpy")
def greenness(spectrum, optics):  # type: ignore[no-untyped-def]
    """NDVI of a spectrum."""
    return ndvi_of(spectrum, optics.red, optics.nir)


@njit(nogil=True, cache=True, error_model="numpy")
def snowy(spectrum, optics):  # type: ignore[no-untyped-def]
    """Whether a look shows snow that SCL missed."""
    if optics.green < 0 or optics.swir < 0 or spectrum[optics.green] <= SNOW_GREEN:
        return False
    return spectrum[optics.green] - spectrum[optics.swir] > SNOW_NDSI * (spectrum[optics.green] + spectrum[optics.swir])


@njit(nogil=True, cache=True, error_model="numpy")
def ring_median(ring, filled, y, x, out):  # type: ignore[no-untyped-def]
    """Median of the kept looks of a cell into `out` (n_bands,) float32, 1e-4. filled must be ≥ 1."""
    n = min(filled, RING)
    values = np.empty(RING, np.float32)
    for b in range(out.shape[0]):
        for k in range(n):
            values[k] = np.float32(ring[k, b, y, x]) * np.float32(STEP)
        for k in range(1, n):
            value = values[k]
            j = k
            while j > 0 and values[j - 1] > value:
                values[j] = values[j - 1]
                j -= 1
            values[j] = value
        out[b] = values[n // 2] if n % 2 else np.float32(0.5) * (values[n // 2 - 1] + values[n // 2])


@njit(nogil=True, cache=True, error_model="numpy")
def apart(a, b, floor):  # type: ignore[no-untyped-def]
    """Mean squared difference of two spectra in units of the noise floor."""
    total = np.float32(0)
    for k in range(floor.shape[0]):
        z = (a[k] - b[k]) / floor[k]
        total += z * z
    return total / np.float32(floor.shape[0])


@njit(nogil=True, cache=True, error_model="numpy")
def resembles(a, b, floor):  # type: ignore[no-untyped-def]
    """Whether two looks may be of the same ground: apart by no more than noise and a tenth of their brightness."""
    total = np.float32(0)
    for k in range(floor.shape[0]):
        z = (a[k] - b[k]) / (floor[k] + np.float32(GAIN_ERROR / 2) * abs(a[k] + b[k]))
        total += z * z
    return total < np.float32(floor.shape[0])
