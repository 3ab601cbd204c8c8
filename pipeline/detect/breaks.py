"""Did the ground change for good inside the baseline window?

A fit across such a change describes neither side of it. Where the residuals of a cell fall into two parts that differ more
than they scatter (the split of largest between-sum-of-squares), and the later part looks like nothing the earlier ever did, the
cell is fitted anew on the later part if that is long enough, else on the earlier. A field that was fallow for a year is no
such change: it looked like that before, between crops.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.detect.baseline import fit
from pipeline.detect.layout import STRIP, folded
from pipeline.detect.looks import NO_DATA, SEASONS, in_spring, noise_floor, season_terms
from pipeline.detect.mask import CLOUD, MISSING
from pipeline.detect.model import Model
from pipeline.detect.novelty import LASTING_WET, novelty
from pipeline.detect.spectra import ndvi_of, season_of
from pipeline.detect.state import SCALES, Baseline, arrays

RESTLESS = 1.5
"""Cells that scatter this much more than the sample's median (in the red or the infrared) are looked into."""
EXPLAINED = 0.5
"""Share of the residuals' sum of squares that the split must explain."""
SIDE_LOOKS = 8
LATER_LOOKS, LATER_DAYS = 14, 270
"""The later part makes a baseline of its own when it is this long."""
NOVEL = 1.5


@njit(nogil=True, cache=True, error_model="numpy")
def _splits(stack, marks, days, mean, fine, terms, floor, rows, cols, split, share):  # type: ignore[no-untyped-def]
    """Best split of each cell: index of the first look after it into `split`, share of the sum of squares explained into `share`."""
    n, bands = stack.shape[2:4]
    residual = np.empty((n, bands), np.float64)
    which = np.empty(n, np.int64)
    season = np.empty(bands, np.float32)
    for i in range(rows.shape[0]):
        y, x = rows[i], cols[i]
        looks, mark, at = stack[y, x // STRIP], marks[y, x // STRIP], x % STRIP
        count = 0
        for t in range(n):
            if mark[t, at] != 0 or looks[t, 0, at] == NO_DATA:
                continue
            season_of(mean, fine, y, x, terms[t], season)
            for b in range(bands):
                # Clouds that SCL missed must not make a split: residuals beyond twenty floors are cut.
                z = (np.float64(looks[t, b, at]) - season[b]) / floor[b]
                residual[count, b] = min(max(z, -20.0), 20.0)
            which[count] = t
            count += 1
        split[i], share[i] = -1, 0.0
        if count < 2 * SIDE_LOOKS:
            continue
        whole, before = np.zeros(bands), np.zeros(bands)
        squares = 1e-9
        for k in range(count):
            for b in range(bands):
                whole[b] += residual[k, b]
                squares += residual[k, b] ** 2
        for b in range(bands):
            squares -= whole[b] ** 2 / count
        for k in range(count - SIDE_LOOKS):
            for b in range(bands):
                before[b] += residual[k, b]
            if k + 1 < SIDE_LOOKS:
                continue
            between = 0.0
            for b in range(bands):
                between += (before[b] - whole[b] * (k + 1) / count) ** 2 * count / ((k + 1) * (count - k - 1))
            if between / squares > share[i]:
                share[i], split[i] = between / squares, which[k + 1]


@njit(nogil=True, cache=True, error_model="numpy")
def _later_novelty(stack, marks, split, mean, fine, barest, looks, year_terms, floor, red, nir, out):  # type: ignore[no-untyped-def]
    """Novelty of the median look after the split against the fit before it, 0 where greener; of gathered cells (n, n_bands, 1, p)."""
    n, bands, _, cells = stack.shape
    values = np.empty(n, np.float32)
    spectrum, middle = np.empty(bands, np.float32), np.empty(bands, np.float32)
    year = np.empty((year_terms.shape[0], bands), np.float32)
    for i in range(cells):
        out[i] = 0
        if looks[0, i] == 0:
            continue
        for b in range(bands):
            count = 0
            for t in range(split[i], n):
                if marks[t, 0, i] == 0 and stack[t, b, 0, i] != NO_DATA:
                    values[count] = stack[t, b, 0, i]
                    count += 1
            spectrum[b] = np.median(values[:count]) if count else np.float32(0)
        for k in range(year_terms.shape[0]):
            season_of(mean, fine, 0, i, year_terms[k], year[k])
        for b in range(bands):
            middle[b] = np.mean(year[:, b])
        if ndvi_of(spectrum, red, nir) < ndvi_of(middle, red, nir):
            out[i] = novelty(spectrum, year, barest[:, :, 0, i], floor, np.float32(LASTING_WET), np.float32(0))


def _refit(stack: NDArray[np.int16], marks: NDArray[np.uint8], days: NDArray[np.int64], prior: NDArray[np.float32], model: Model) -> Baseline:
    """Baseline of gathered cells. stack: (n, n_bands, 1, p), marks: (n, 1, p)."""
    out = Baseline.empty(stack.shape[1], 1, stack.shape[3])
    terms = np.stack([season_terms(day) for day in days.tolist()])
    fit(
        folded(stack, NO_DATA), folded(marks, MISSING), np.ones(len(days), bool), in_spring(days), terms, prior, model.least, model.red, model.nir,
        out.mean, out.fine, out.scale, out.barest, out.looks,
    )  # fmt: skip
    return out


def settle_breaks(
    stack: NDArray[np.int16], marks: NDArray[np.uint8], days: NDArray[np.int64], prior: NDArray[np.float32], model: Model, baseline: Baseline
) -> None:
    """Find cells that changed for good inside the window and fit them anew, in place; `changed` gets the day where the later part is used.

    stack: (h, strips, n, n_bands, STRIP) int16, marks: (h, strips, n, STRIP) uint8, days: (n,), prior: (n,) float32: as the baseline was
    fitted on.
    """
    if len(days) < 2 * SIDE_LOOKS:
        return
    swir = model.index("B11") if model.index("B11") >= 0 else model.nir
    usual = model.least / 0.7
    spread = [SCALES[baseline.scale[b]] / usual[b] for b in (model.red, swir)]
    rows, cols = np.nonzero((baseline.looks > 0) & (np.maximum(*spread) > RESTLESS))
    if not rows.size:
        return
    floor = noise_floor(model.bands)
    terms = np.stack([season_terms(day) for day in days.tolist()])
    split, share = np.empty(rows.size, np.int64), np.empty(rows.size)
    _splits(stack, marks, days, baseline.mean, baseline.fine, terms, floor, rows, cols, split, share)
    torn = share >= EXPLAINED
    rows, cols, split = rows[torn], cols[torn], split[torn]
    if not rows.size:
        return
    cells = np.ascontiguousarray(np.moveaxis(stack[rows, cols // STRIP, :, :, cols % STRIP], 0, -1)[:, :, None])
    marked = np.ascontiguousarray(np.moveaxis(marks[rows, cols // STRIP, :, cols % STRIP], 0, -1)[:, None])
    after = np.arange(len(days))[:, None, None] >= split[None, None, :]
    earlier = _refit(cells, np.where(after, CLOUD, marked).astype(np.uint8), days, prior, model)
    novel = np.zeros(rows.size, np.float32)
    _later_novelty(
        cells, marked, split, earlier.mean, earlier.fine, earlier.barest, earlier.looks, SEASONS, floor, model.red, model.nir, novel
    )  # fmt: skip
    later = _refit(cells, np.where(after, marked, CLOUD).astype(np.uint8), days, prior, model)
    long_enough = (later.looks[0] >= LATER_LOOKS) & (days[-1] - days[split] >= LATER_DAYS)
    for use, part in ((long_enough, later), (~long_enough, earlier)):
        chosen = (novel >= NOVEL) & use & (part.looks[0] > 0)
        for name in ("mean", "fine", "scale", "barest", "looks"):
            arrays(baseline)[name][..., rows[chosen], cols[chosen]] = arrays(part)[name][..., 0, chosen]
        if part is later:
            baseline.changed[rows[chosen], cols[chosen]] = days[split[chosen]]
