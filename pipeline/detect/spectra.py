"""A look at one cell: how far it is from the cell's season, and from other spectra."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.detect.looks import STEP
from pipeline.detect.state import FINE, RING, SCALES

GAIN_ERROR = 0.1
"""What haze, sun and view leave of bright ground's brightness uncertain, as a share."""
SNOW_NDSI, SNOW_GREEN = 0.1, 1200.0
"""Snow missed by SCL: normalised difference snow index with a bright green band (Dozier 1989)."""


STEADY: NDArray[np.float32] = (np.float32(1) / SCALES).astype(np.float32)
"""(256,) float32: 1 / spread by code."""


@njit(nogil=True, cache=True, error_model="numpy")
def open_row(base, y, coef, steady):  # type: ignore[no-untyped-def]
    """A row of a Baseline in floats: terms into `coef` (n_bands, 5, w), 1e-4, and 1 / spread into `steady` (n_bands, w)."""
    for b in range(base.mean.shape[0]):
        for k in range(3):
            large, target = base.mean[b, k, y], coef[b, k]
            for x in range(large.shape[0]):
                target[x] = large[x]
        for k in range(2):
            small, target = base.fine[b, k, y], coef[b, 3 + k]
            for x in range(small.shape[0]):
                target[x] = np.float32(FINE) * np.float32(small[x])
        code, target = base.scale[b, y], steady[b]
        for x in range(code.shape[0]):
            target[x] = STEADY[code[x]]


@njit(nogil=True, cache=True, error_model="numpy")
def score_row(look, y, terms, coef, steady, noise, white, z, out):  # type: ignore[no-untyped-def]
    """Squared Mahalanobis distance, per band, of a row of a look from each cell's season.

    look: (n_bands, h, w) int16, 1e-4. terms: (5,) float32 of the look's day. coef, steady: of `open_row`. noise: (n_bands,)
    float32 ≥ 1, how much noisier this scene is than others. white: (n_bands, n_bands) float32, lower triangle that whitens
    standardised residuals. z: (n_bands + 1, w) float32, workspace. out: (w,) float32.
    """
    bands, width = steady.shape
    t0, t1, t2, t3, t4 = terms[0], terms[1], terms[2], terms[3], terms[4]
    for b in range(bands):
        # Rows taken out beforehand: indices of many axes would keep the compiler from vector instructions.
        row, calm, target = look[b, y], steady[b], z[b]
        c0, c1, c2, c3, c4 = coef[b, 0], coef[b, 1], coef[b, 2], coef[b, 3], coef[b, 4]
        inverse = np.float32(1) / noise[b]
        for x in range(width):
            season = c0[x] * t0 + c1[x] * t1 + c2[x] * t2 + (c3[x] * t3 + c4[x] * t4)
            target[x] = (row[x] - season) * inverse * calm[x]
    out[:] = 0
    whitened, share = z[bands], np.float32(1) / np.float32(bands)
    for i in range(bands):
        whitened[:] = 0
        for j in range(i + 1):
            w, source = white[i, j], z[j]
            for x in range(width):
                whitened[x] += w * source[x]
        for x in range(width):
            out[x] += whitened[x] * whitened[x] * share


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
