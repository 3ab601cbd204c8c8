"""How far a sum of height differences may be off: their spread and its correlation in space, told from ground that stayed.

A variogram of the residuals on stable ground (Rolstad et al. 2009, J. Glaciology 55, 666–680; Hugonnet et al. 2022, IEEE JSTARS 15,
6456–6472) is fitted by a nugget and up to two spherical models, of which each pair of cells gets its covariance. What was subtracted
as height, shift and tilt was estimated from the same stable ground: the error of that is carried along, with its correlation to the sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.drone.arrays import Mask, Surface, coarser, gradients, smoothed

Floats = NDArray[np.float64]

SIDE = 512
"""Cells a side on which the variogram is estimated."""
RANGES = 14
"""Correlation lengths tried, from two cells to half of the extent."""
LAGS = 24
INSIDE, AROUND = 350, 1200
"""Points that stand for what is summed and for the stable ground."""
DAMPING = 1e-6


@dataclass(frozen=True, slots=True)
class Variogram:
    """Variance by distance: a nugget and spherical models."""

    nugget_m2: float
    """Of cells as they were handed in; independent from cell to cell."""
    sills_m2: tuple[float, ...]
    ranges_m: tuple[float, ...]

    def covariance(self, distance: Floats) -> Floats:
        """Without the nugget."""
        out = np.zeros_like(distance)
        for sill, reach in zip(self.sills_m2, self.ranges_m, strict=True):
            out += sill * _spherical(distance, reach)
        return out

    @property
    def spread_m(self) -> float:
        return float(np.sqrt(self.nugget_m2 + sum(self.sills_m2)))


def _spherical(distance: Floats, reach: float) -> Floats:
    part = np.minimum(distance / reach, 1.0)
    return 1 - 1.5 * part + 0.5 * part**3


def variogram(left: Surface, stable: Mask, cell: float) -> Variogram:
    """Of residuals (h, w) on stable ground. All pairs of cells count, by Fourier transform."""
    times = max(1, -(-max(left.shape) // SIDE))
    full = left[stable].astype(np.float64)
    coarse = coarser(np.where(stable, left, np.nan).astype(np.float32), times)
    known, step = np.isfinite(coarse), cell * times
    values = np.where(known, coarse, 0.0).astype(np.float64)
    values[known] -= values[known].mean()
    lag, gamma, pairs = _empirical(values, known, step)
    # Beyond the coarse cell the variance of fine cells is independent: it is added to the nugget.
    lost = max(float(full.var()) - float(values[known].var()), 0.0) if times > 1 else 0.0
    fitted = _fit(lag, gamma, pairs, step)
    return Variogram(fitted.nugget_m2 * times**2 + lost, fitted.sills_m2, fitted.ranges_m)


def _empirical(values: Floats, known: Mask, step: float) -> tuple[Floats, Floats, Floats]:
    """Distances, half the mean square difference at each, and pairs of cells that it rests on."""
    shape = tuple(2 * side for side in values.shape)

    def spectrum(array: Floats) -> NDArray[np.complex128]:
        return np.fft.rfft2(array, shape)

    m, v, q = spectrum(known.astype(np.float64)), spectrum(values), spectrum(values**2)
    many = np.fft.irfft2(m * m.conj(), shape)
    half = np.fft.irfft2((q * m.conj()).real, shape) - np.fft.irfft2(v * v.conj(), shape)
    rows, cols = (np.fft.fftfreq(side, 1 / side) for side in shape)
    distance = np.hypot(rows[:, None], cols[None, :]) * step
    reach = 0.5 * min(values.shape) * step
    edges = np.concatenate([[0.5 * step], np.geomspace(1.5 * step, max(reach, 3 * step), LAGS)])
    bins = np.digitize(distance, edges)
    lag, gamma, pairs = [], [], []
    for k in range(1, len(edges)):
        inside = (bins == k) & (many > 0.5)
        total = float(many[inside].sum())
        if total > 100:
            lag.append(float((distance[inside] * many[inside]).sum() / total))
            gamma.append(max(float(half[inside].sum() / total), 0.0))
            pairs.append(total)
    return np.array(lag), np.array(gamma), np.array(pairs)


def _fit(lag: Floats, gamma: Floats, pairs: Floats, step: float) -> Variogram:
    """Nugget and at most two spherical models: non-negative least squares over a grid of ranges, relative to what is measured."""
    if len(lag) < 3:
        return Variogram(0.0, (float(gamma.max(initial=0.0)),), (10 * step,))
    ranges = np.geomspace(2 * step, 2 * lag[-1], RANGES)
    columns = np.column_stack([np.ones_like(lag), *(1 - _spherical(lag, reach) for reach in ranges)])
    weight = 1 / np.maximum(gamma, 0.05 * gamma.max() + 1e-12)
    best: tuple[float, tuple[int, ...], Floats] | None = None
    for pair in combinations(range(1, RANGES + 1), 2):
        options: list[tuple[int, ...]] = [(0, *pair), (0, pair[0]), pair, (pair[0],), (pair[1],)]
        for chosen in options:
            part = columns[:, chosen] * weight[:, None]
            found, *_ = np.linalg.lstsq(part, gamma * weight, rcond=None)
            if (found < 0).any():
                continue
            loss = float(((part @ found - gamma * weight) ** 2).sum()) * (1 + 0.02 * len(chosen))
            if best is None or loss < best[0]:
                best = loss, chosen, found
    if best is None:
        return Variogram(float(gamma.mean()), (), ())
    _, chosen, found = best
    nugget = float(found[chosen.index(0)]) if 0 in chosen else 0.0
    models = [(float(sill), float(ranges[k - 1])) for k, sill in zip(chosen, found, strict=True) if k > 0]
    return Variogram(nugget, tuple(sill for sill, _ in models), tuple(reach for _, reach in models))


def _points(mask: Mask, many: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, cols = np.nonzero(mask)
    chosen = rng.choice(len(rows), min(many, len(rows)), replace=False)
    return rows[chosen], cols[chosen]


def error_of_mean(inside: Mask, stable: Mask, before: Surface, cell: float, noise: Variogram, *, tilted: bool) -> float:
    """Standard error, metres, of the mean height difference over `inside` once the surfaces were fitted on `stable` ground.

    tilted: a tilt was fitted too. The points are drawn by a fixed seed, so the answer repeats.
    """
    rng = np.random.default_rng(0)
    slopes = [np.nan_to_num(each) for each in gradients(smoothed(before, 1), cell)]
    here, there = _points(inside, INSIDE, rng), _points(stable, AROUND, rng)
    place = np.concatenate([np.column_stack(here), np.column_stack(there)]).astype(np.float64) * cell
    middle = place.mean(axis=0)

    def terms(at: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Floats:
        rows, cols = at
        columns: list[NDArray[np.floating]] = [np.ones(len(rows)), slopes[0][at], slopes[1][at]]
        if tilted:
            columns += [rows * cell - middle[0], cols * cell - middle[1]]
        return np.column_stack(columns).astype(np.float64)

    wanted, known = terms(here).mean(axis=0), terms(there)
    normal = known.T @ known
    normal += DAMPING * np.diag(np.maximum(np.diag(normal), 1e-9))
    weight = np.concatenate([np.full(len(here[0]), 1 / len(here[0])), -known @ np.linalg.solve(normal, wanted)])
    distance = np.hypot(*(place[:, None, k] - place[None, :, k] for k in (0, 1)))
    correlated = float(weight @ noise.covariance(distance) @ weight)
    # Points stand for all cells around them: the nugget averages out over those, not over the points.
    single = noise.nugget_m2 * (1 / max(inside.sum(), 1) + float((weight[len(here[0]) :] ** 2).sum()) * len(there[0]) / max(stable.sum(), 1))
    return float(np.sqrt(max(correlated, 0.0) + single))
