"""What a block's alerts show at the end of a month: a small table of changed cells."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.detect.looks import SEASON_BYTES, SEASONS, STEP, noise_floor
from pipeline.detect.model import Model
from pipeline.detect.novelty import LASTING_WET, novelty
from pipeline.detect.shift import season_of_band
from pipeline.detect.spectra import ndvi_of, ring_median, season_of
from pipeline.detect.state import NONE, RING, SCALES, Alert, Baseline

BARE_ALL_YEAR = 0.22
"""Ground whose own year never gets greener (NDVI) than this has been bare all along."""


def dtype(bands: int) -> np.dtype[np.void]:
    """A changed cell. Days are counted from 1970-01-01, spectra are float32 in 1e-4."""
    return np.dtype(
        [
            ("row", "i4"),
            ("col", "i4"),
            ("status", "u1"),
            ("anomalous", "u1"),  # looks at changed ground
            ("looks", "u1"),  # looks of the baseline
            ("first_day", "u2"),
            ("last_day", "u2"),
            ("last_normal", "u2"),
            ("last_clear", "u2"),
            ("score", "f4"),  # distance of the changed ground from its season, per band
            ("novelty", "f4"),
            ("greenest", "f4"),  # highest NDVI of the cell's own year
            ("spectrum", "f4", (bands,)),  # median of the kept looks
            ("expected", "f4", (bands,)),  # the cell's season at the same looks
            ("barest", "f4", (bands,)),
        ]
    )


@njit(nogil=True, cache=True)
def _describe(  # type: ignore[no-untyped-def]
    rows, cols, ring, filled, ring_season, season_terms, year_terms, mean, fine, scale, barest, least, floor, white, red, nir,
    spectrum, expected, score, novel, greenest,
):  # fmt: skip
    """Fill the measured columns of a table for the cells at rows, cols."""
    bands = mean.shape[0]
    now, one = np.empty(bands, np.float32), np.empty(bands, np.float32)
    year = np.empty((year_terms.shape[0], bands), np.float32)
    kept = np.empty((RING, bands), np.float32)
    for i in range(rows.shape[0]):
        y, x = rows[i], cols[i]
        n = min(filled[y, x], RING)
        ring_median(ring, filled[y, x], y, x, now)
        for k in range(n):
            season_of(mean, fine, y, x, season_terms[ring_season[k, y, x]], one)
            kept[k] = one
        greenest[i] = np.float32(-1)
        for k in range(year_terms.shape[0]):
            season_of(mean, fine, y, x, year_terms[k], year[k])
            greenest[i] = max(greenest[i], ndvi_of(year[k], red, nir))
        z = np.empty(bands, np.float32)
        for b in range(bands):
            spectrum[i, b] = now[b]
            expected[i, b] = np.median(kept[:n, b])
            z[b] = (now[b] - expected[i, b]) / max(SCALES[scale[b, y, x]], least[b])
        score[i] = np.float32(0)
        for b in range(bands):
            whitened = np.float32(0)
            for j in range(b + 1):
                whitened += white[b, j] * z[j]
            score[i] += whitened * whitened / np.float32(bands)
        novel[i] = novelty(now, year, barest[:, :, y, x], floor, np.float32(LASTING_WET), np.float32(0))


def changed_cells(baseline: Baseline, alert: Alert, model: Model, top: int, left: int) -> NDArray[np.void]:
    """Table (`dtype`) of a block's cells in alert or ended, by row, then column. top, left: the block's place in the grid."""
    bands = len(model.bands)
    rows, cols = np.nonzero((alert.status != NONE) & (alert.filled > 0) & (baseline.looks > 0))
    table = np.zeros(rows.size, dtype(bands))
    if not rows.size:
        return table
    _describe(
        rows, cols, alert.ring, alert.filled, alert.season, SEASON_BYTES, SEASONS, baseline.mean, baseline.fine, baseline.scale,
        baseline.barest, model.least, noise_floor(model.bands), model.white, model.red, model.nir,
        table["spectrum"], table["expected"], table["score"], table["novelty"], table["greenest"],
    )  # fmt: skip
    for name in ("status", "anomalous", "first_day", "last_day", "last_normal", "last_clear"):
        table[name] = getattr(alert, name)[rows, cols]
    table["looks"] = baseline.looks[rows, cols]
    table["barest"] = baseline.barest[1][:, rows, cols].T.astype(np.float32) * STEP
    table["row"], table["col"] = rows + top, cols + left
    return table


def changed_before(baseline: Baseline, alert: Alert, before: int, top: int, left: int) -> NDArray[np.int64]:
    """(n, 4): row, column, day of change and last clear look of ground that changed for good inside the window, before day `before`."""
    rows, cols = np.nonzero((baseline.changed > 0) & (baseline.changed < before) & (alert.status == NONE))
    days, seen = baseline.changed[rows, cols], alert.last_clear[rows, cols]
    return np.stack([rows + top, cols + left, days, seen], axis=1).astype(np.int64)


def bare_all_year(baseline: Baseline, model: Model) -> NDArray[np.bool_]:
    """(h, w): ground that was bare round the year in the baseline."""
    green = np.full(baseline.looks.shape, -1, np.float32)
    for terms in SEASONS[8:20:2]:
        red, nir = (season_of_band(baseline.mean[band], baseline.fine[band], terms) for band in (model.red, model.nir))
        np.maximum(green, (nir - red) / np.maximum(nir + red, 100), out=green)
    out: NDArray[np.bool_] = (green < BARE_ALL_YEAR) & (baseline.looks > 0)
    return out


def confidence(score: NDArray[np.float32], looks: NDArray[np.uint8]) -> NDArray[np.float64]:
    """That ground changed, 0–1: from its distance from its season and the number of looks that saw it changed."""
    odds = 0.35 * (score.astype(np.float64) - 6) + 0.35 * (looks.astype(np.float64) - 4)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))
