"""By how much two pictures of one ground lie apart: phase correlation with a sub-pixel peak.

The cross-power spectrum is whitened, so that texture counts and brightness does not (Kuglin & Hines 1975), and its peak is looked for on
a finer grid by a matrix-multiplied Fourier transform (Guizar-Sicairos et al. 2008, Optics Letters 33, 156–158).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FINE = 50
"""Steps a pixel in which the peak is looked for."""
COARSEST = 0.45
"""Frequencies up to this many cycles a pixel count: beyond, sampling folds other texture in."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where a picture lies against another, pixels."""

    rows: float
    cols: float
    peak: float
    """Height of the peak over the next one away from it; 1 = no peak."""


def shift_of(image: Floats, reference: Floats, known: NDArray[np.bool_], most: float) -> Shift:
    """How far `image` lies below and right of `reference`, both (h, w). known: pixels of both that count. most: largest shift looked for, pixels."""
    window = _taper(known)
    spectra = [np.fft.fft2(_levelled(each, window)) for each in (image, reference)]
    cross = spectra[0] * spectra[1].conj()
    size = np.abs(cross)
    rows, cols = np.fft.fftfreq(image.shape[0]), np.fft.fftfreq(image.shape[1])
    radius = np.hypot(rows[:, None], cols[None, :])
    # Half-whitened: what is weak in both pictures is noise, and full whitening would let it speak as loud as the rest.
    whitened = np.where((radius > 0) & (radius <= COARSEST) & (size > 0), cross / np.maximum(size, 1e-30) ** 0.5, 0)
    steps = np.arange(-int(np.ceil(most)), int(np.ceil(most)) + 1, 0.25, dtype=np.float64)
    surface = _near(whitened, rows, cols, steps, steps)
    at = np.unravel_index(int(np.argmax(surface)), surface.shape)
    top = float(surface[at])
    away = np.hypot(steps[:, None] - steps[at[0]], steps[None, :] - steps[at[1]]) > 1.5
    other = float(surface[away].max()) if away.any() else 0.0
    fine = np.arange(-FINE // 2, FINE // 2 + 1) / FINE
    row, col = steps[at[0]] + fine, steps[at[1]] + fine
    best = np.unravel_index(int(np.argmax(closer := _near(whitened, rows, cols, row, col))), closer.shape)
    return Shift(float(row[best[0]]), float(col[best[1]]), top / max(other, 1e-12) if top > 0 else 0.0)


def _near(spectrum: NDArray[np.complex128], rows: NDArray[np.floating], cols: NDArray[np.floating], down: Floats, right: Floats) -> Floats:
    """The inverse transform at chosen places (down × right)."""
    left = np.exp(2j * np.pi * down[:, None] * rows[None, :])
    there = np.exp(2j * np.pi * cols[:, None] * right[None, :])
    out: Floats = (left @ spectrum @ there).real
    return out


def _levelled(image: Floats, window: Floats) -> Floats:
    """Without its plane, faded out towards what is not known."""
    at = window > 0.5
    rows, cols = np.nonzero(at)
    terms = np.column_stack([np.ones(len(rows)), rows, cols])
    found, *_ = np.linalg.lstsq(terms, image[at], rcond=None)
    grid = np.indices(image.shape)
    out = np.where(window > 0, image - (found[0] + found[1] * grid[0] + found[2] * grid[1]), 0.0) * window
    return out / max(float(np.sqrt((out**2).mean())), 1e-12)


def _taper(known: NDArray[np.bool_], reach: int = 2) -> Floats:
    """1 well inside of what is known, falling to 0 at its edge and at the picture's."""
    window = np.pad(known.astype(np.float64), reach)
    for _ in range(reach):
        inner = window.copy()
        for axis in (0, 1):
            inner = (np.roll(inner, 1, axis) + inner + np.roll(inner, -1, axis)) / 3
        window = np.where(np.pad(known, reach), inner, 0.0)
    return window[reach:-reach, reach:-reach]


def agreement(image: Floats, reference: Floats, known: NDArray[np.bool_]) -> float:
    """Correlation coefficient over what is known."""
    a, b = image[known] - image[known].mean(), reference[known] - reference[known].mean()
    return float((a * b).sum() / max(np.sqrt((a**2).sum() * (b**2).sum()), 1e-12))
