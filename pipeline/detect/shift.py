"""What a whole scene shares, estimated from one fixed sample of the county: its shift and its noise.

Sun, haze and rain move a whole scene; taking that off first leaves what happened to single places. Bare and green ground are
moved differently (rain darkens soil, not leaves), so each has its own median residual.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.baseline import fit
from pipeline.detect.breaks import settle_breaks
from pipeline.detect.layout import folded
from pipeline.detect.looks import BARE_NDVI, GREEN_NDVI, NO_DATA, SEASONS, STEP, in_spring, noise_floor, season_terms
from pipeline.detect.mask import CLEAR, MISSING
from pipeline.detect.model import Model
from pipeline.detect.state import FINE, SCALES, Baseline

MIN_SAMPLE = 150
"""Clear cells below which a scene's shift can't be told."""
MIN_CLASS = 60
UNKNOWN_NOISE = 1.5
WORST_NOISE = 4.0
SHARE_OF_MEDIAN = 0.7
"""No cell is taken to be steadier than this share of the sample's median spread."""
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Shared:
    """What one scene shares."""

    shift: NDArray[np.float32]
    """(2, n_bands), 1e-4: of bare and of green ground."""
    noise: NDArray[np.float32]
    """(n_bands,) ≥ 1: spread of the scene's residuals against the usual."""
    clear: int
    """Clear cells of the sample."""


def season_of_band(mean: NDArray[np.int16], fine: NDArray[np.int8], terms: NDArray[np.float32]) -> NDArray[np.float32]:
    """One band in a season, float32, 1e-4. mean: (3, …), fine: (2, …) of a Baseline's cells; terms: (5,)."""
    large = mean[0] * terms[0] + mean[1] * terms[1] + mean[2] * terms[2]
    return np.asarray(large + (fine[0] * terms[3] + fine[1] * terms[4]) * np.float32(FINE), np.float32)


def season(baseline: Baseline, terms: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n_bands, h, w) float32, 1e-4: what each cell looks like in a season. terms: (5,)."""
    mean, fine = baseline.mean, baseline.fine
    out: NDArray[np.float32] = mean[:, 0] * terms[0] + mean[:, 1] * terms[1] + mean[:, 2] * terms[2]
    return np.asarray(out + (fine[:, 0] * terms[3] + fine[:, 1] * terms[4]) * np.float32(FINE), np.float32)


def _greenness(look: NDArray[np.int16] | NDArray[np.float32], red: int, nir: int) -> NDArray[np.float32]:
    n, r = look[nir].astype(np.float32), look[red].astype(np.float32)
    ndvi = (n - r) / np.maximum(n + r, 100)
    return np.asarray(np.clip((ndvi - BARE_NDVI) / (GREEN_NDVI - BARE_NDVI), 0, 1), np.float32)


def shared(look: NDArray[np.int16], mark: NDArray[np.uint8], model: Model, terms: NDArray[np.float32]) -> Shared:
    """Shift and noise of one scene from its looks at the sample.

    look: (n_bands, 1, p) int16, not yet shifted. mark: (1, p) uint8. terms: (5,) of its day.
    """
    bands = look.shape[0]
    clear = (look[0] != NO_DATA) & (mark == CLEAR)
    fitted = clear & (model.sample.looks > 0)
    count = int(fitted.sum())
    if count < MIN_SAMPLE:
        return Shared(np.zeros((2, bands), np.float32), np.full(bands, UNKNOWN_NOISE, np.float32), int(clear.sum()))
    expected = season(model.sample, terms)[:, fitted]
    residual = look[:, fitted] - expected
    green = _greenness(look[:, fitted], model.red, model.nir)
    # Ground that changed from green to bare would drag the shift of all bare ground with it.
    same = np.abs(green - _greenness(expected, model.red, model.nir)) < 0.5
    shift = np.empty((2, bands), np.float32)
    for k, members in enumerate((same & (green < 0.33), same & (green > 0.67))):
        shift[k] = np.median(residual[:, members] if members.sum() >= max(MIN_CLASS, 0.02 * count) else residual, axis=1)
    residual -= shift[0][:, None] + green * (shift[1] - shift[0])[:, None]
    spread = np.maximum(SCALES[model.sample.scale[:, fitted]], model.least[:, None])
    noise = 1.4826 * np.median(np.abs(residual / spread), axis=1)
    return Shared(shift, np.clip(noise, 1, WORST_NOISE).astype(np.float32), int(clear.sum()))


def fit_model(
    bands: tuple[str, ...],
    stack: NDArray[np.int16],
    mark: NDArray[np.uint8],
    days: NDArray[np.int64],
    workers: int = 1,
) -> tuple[Model, list[Shared]]:
    """Fit the sample, and each scene's shift to it, in turn.

    stack: (n, n_bands, 1, p) int16, not shifted. mark: (n, 1, p) uint8. days: (n,) since 1970-01-01. workers: threads; all results are
    the same for any number of them.
    Returns the model and, by scene, what it shares.
    """
    n, count = stack.shape[:2]
    terms = np.stack([season_terms(day) for day in days.tolist()])
    red, nir = bands.index("B04"), bands.index("B08")
    floor = noise_floor(bands) * np.float32(0.3)
    prior, use = np.ones(n, np.float32), np.ones(n, bool)
    moved, marks = stack.copy(), folded(mark, MISSING)
    model: Model | None = None
    found: list[Shared] = []
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        for _ in range(ROUNDS):
            sample, folds = Baseline.empty(count, 1, stack.shape[3]), folded(moved, NO_DATA)
            fit(
                folds, marks, use, in_spring(days), terms, prior, floor, red, nir,
                sample.mean, sample.fine, sample.scale, sample.barest, sample.looks,
            )  # fmt: skip
            model = _model_of(bands, sample)
            # Ground that changed for good inside the window must not pass for ground as it was: its residuals are no shift.
            settle_breaks(folds, marks, days, prior, model, sample)
            found = list(pool.map(shared, stack, mark, [model] * n, terms))
            for t, look in enumerate(pool.map(lambda k, parts=found: shifted(stack[k], parts[k].shift, red, nir), range(n))):
                moved[t] = look
            prior = np.array([1 / float((s.noise**2).mean()) for s in found], np.float32)
        assert model is not None
        spread = np.maximum(SCALES[model.sample.scale[:, 0]], model.least[:, None])
        white = _whitening(pool.map(_correlated, moved, mark, [model] * n, terms, [spread] * n), count)
    return Model(bands, model.sample, model.least, white, model.soil), found


def _model_of(bands: tuple[str, ...], sample: Baseline) -> Model:
    """A model of a fitted sample, its residuals not yet whitened."""
    good = sample.looks[0] > 0
    spread = SCALES[sample.scale[:, 0, good]]
    least = (SHARE_OF_MEDIAN * np.median(spread, axis=1)).astype(np.float32) if good.any() else noise_floor(bands)
    return Model(bands, sample, least, np.eye(len(bands), dtype=np.float32), _soil(sample, bands.index("B04"), bands.index("B08")))


def shifted(look: NDArray[np.int16], shift: NDArray[np.float32], red: int, nir: int) -> NDArray[np.int16]:
    """A look with its scene's shift taken off, as `looks.correct` does."""
    green = _greenness(look, red, nir)
    wide = (slice(None),) + (None,) * (look.ndim - 1)
    out = look - shift[0][wide] - green * (shift[1] - shift[0])[wide]
    return np.where(look == NO_DATA, NO_DATA, np.clip(out, -5000, 30000)).astype(np.int16)


def _soil(sample: Baseline, red: int, nir: int) -> NDArray[np.float32]:
    """Percentiles of the barest looks of ground that is green for part of the year."""
    year = np.stack([season(sample, t) for t in SEASONS])
    ndvi = ((year[:, nir] - year[:, red]) / np.maximum(year[:, nir] + year[:, red], 100)).max(axis=0)[0]
    bearing = (sample.looks[0] > 0) & (ndvi > 0.35)
    if bearing.sum() < MIN_CLASS:
        bearing = sample.looks[0] > 0
    if not bearing.any():
        return np.zeros((3, sample.barest.shape[1]), np.float32)
    barest = sample.barest[1][:, 0, bearing].astype(np.float32) * STEP
    return np.asarray(np.percentile(barest, (10, 50, 90), axis=1), np.float32)


def _correlated(
    look: NDArray[np.int16], mark: NDArray[np.uint8], model: Model, terms: NDArray[np.float32], spread: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    """Sum of products of a look's standardised residuals, outliers weighed down; and of their weights."""
    clear = (mark[0] == CLEAR) & (look[0, 0] != NO_DATA) & (model.sample.looks[0] > 0)
    z = ((look[:, 0] - season(model.sample, terms)[:, 0]) / spread)[:, clear].astype(np.float64)
    w = 1 / (1 + (z**2).mean(axis=0) / 4) ** 2
    return np.einsum("ip,jp,p->ij", z, z, w), float(w.sum())


def _whitening(looks: Iterable[tuple[NDArray[np.float64], float]], bands: int) -> NDArray[np.float32]:
    """Inverse Cholesky factor of the correlation of standardised residuals. looks: of `_correlated`."""
    total, weight = np.zeros((bands, bands)), 1e-6
    for products, weights in looks:
        total += products
        weight += weights
    covariance = total / weight + 1e-3 * np.eye(bands)
    deviation = np.sqrt(np.diag(covariance))
    correlation = 0.85 * covariance / np.outer(deviation, deviation) + 0.15 * np.eye(bands)
    return np.linalg.inv(np.linalg.cholesky(correlation)).astype(np.float32)
