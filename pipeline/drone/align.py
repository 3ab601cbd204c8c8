"""Two surfaces brought to fit each other on ground that stayed as it was.

The relation is that of Nuth & Kääb (2011, The Cryosphere 5, 271–290): where one surface lies beside the other, heights differ by slope
times shift, in the direction of the slope. It is solved for shift, height, turn and tilt at once by least squares on the gradients
(Rosenholm & Torlegård 1988), which needs no division by the slope and so takes flat ground too, with Tukey's weights, from
coarse cells to fine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.drone.arrays import Mask, Surface, coarser, gradients, nmad, sampled, smoothed, widened

SIDE = 640
"""Cells a side of the finest level that is fitted: sub-cell shifts do not need more."""
LEVELS = 4
ROUNDS = 8
TUKEY = 4.685
"""Where Tukey's weight ends, in spreads: 95 % efficient where there are no outliers."""
LEAST_STABLE = 0.1
"""Share of the common ground that must have stayed, and fewest cells."""
FEWEST = 400
PAYS = 0.8
"""Tilt and turn are kept where they lower the mean square of the residual's block means to this share: else they follow noise."""
BLOCKS = 8
_SETTLED_M = 0.002


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the new surface lies: new minus before, metres."""

    east: float = 0.0
    north: float = 0.0
    up: float = 0.0
    """In the middle of the common ground."""
    turn: float = 0.0
    """Radians, anticlockwise around the middle."""
    tilt_east: float = 0.0
    tilt_north: float = 0.0
    """Metres a metre."""
    spread: float = float("nan")
    """NMAD of what is left on stable ground, of cells as they were fitted."""
    stable_share: float = 0.0
    weak: str | None = None
    """Why the fit is not to be trusted, where it is not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Coordinates of a grid's cells from its middle, metres east and north."""

    east: NDArray[np.float32]
    north: NDArray[np.float32]

    @classmethod
    def of(cls, shape: tuple[int, int], cell: float) -> Plan:
        north, east = (np.arange(side, dtype=np.float32) - (side - 1) / 2 for side in shape)
        return cls((east * cell)[None, :], (-north * cell)[:, None])


def corrected(new: Surface, fit: Fit, cell: float) -> Surface:
    """The new surface where it should lie, on the same cells."""
    plan, (height, width) = Plan.of(new.shape, cell), new.shape
    out = np.empty_like(new)
    for top in range(0, height, 512):
        part = slice(top, min(top + 512, height))
        north, east = plan.north[part], plan.east
        cols = np.arange(width)[None, :] + (fit.east - fit.turn * north) / cell
        rows = np.arange(height)[part, None] - (fit.north + fit.turn * east) / cell
        out[part] = sampled(new, rows, cols) - (fit.up + fit.tilt_east * east + fit.tilt_north * north)
    return out


def align(new: Surface, before: Surface, cell: float, changed: Mask | None = None) -> Fit:
    """Where `new` lies against `before`, both on one grid. changed: ground known to have changed, left out."""
    finest = max(1, -(-max(new.shape) // SIDE))
    fit = Fit()
    for level in reversed(range(LEVELS)):
        times = finest * 2**level
        if min(new.shape) // times < 16:
            continue
        known = _thinned(changed, times)
        fit = _level(coarser(new, times), coarser(before, times), cell * times, fit, known, full=level == 0)
        if fit.weak:
            return fit
    return fit


def _thinned(mask: Mask | None, times: int) -> Mask | None:
    return None if mask is None else coarser(mask.astype(np.float32), times) > 0


def _level(new: Surface, before: Surface, cell: float, fit: Fit, changed: Mask | None, *, full: bool) -> Fit:
    """The fit refined at one size of cells. full: tilt and turn are asked for too."""
    shift = _rounds(new, before, cell, fit, changed, 3)
    if not full or shift.weak:
        return shift
    turned = _rounds(new, before, cell, shift, changed, 6)
    if turned.weak:
        return shift
    gain = _unevenness(new, before, cell, turned, changed) / max(_unevenness(new, before, cell, shift, changed), 1e-12)
    return turned if gain < PAYS else shift


def _rounds(new: Surface, before: Surface, cell: float, fit: Fit, changed: Mask | None, terms: int) -> Fit:
    plan = Plan.of(new.shape, cell)
    slopes = gradients(smoothed(before, 1), cell)
    for _ in range(ROUNDS):
        left = corrected(new, fit, cell) - before
        usable = np.isfinite(left) & np.isfinite(slopes[0]) & np.isfinite(slopes[1])
        if changed is not None:
            usable &= ~changed
        if usable.sum() < FEWEST:
            return _weak(fit, "the two surfaces share too little ground")
        weight, spread = _weights(left, usable)
        fit, step = _step(fit, left, weight, slopes, plan, terms)
        share = float((weight > 0).sum() / usable.sum())
        fit = _with(fit, spread, share)
        if share < LEAST_STABLE:
            return _weak(fit, "hardly any ground stayed as it was")
        if step < _SETTLED_M:
            break
    return fit


def _weights(left: Surface, usable: Mask) -> tuple[NDArray[np.float64], float]:
    """Tukey's weight of each cell, and the spread it rests on. Ground beside what changed is left out too: edges slide."""
    values = left[usable].astype(np.float64)
    middle, spread = float(np.median(values)), max(nmad(values), 1e-4)
    part = (left - middle) / (TUKEY * spread)
    inside = usable & (np.abs(part) < 1)
    inside &= ~widened(usable & (np.abs(part) > 2), 1)
    return np.where(inside, (1 - np.where(inside, part, 0.0).astype(np.float64) ** 2) ** 2, 0.0), spread


def _step(fit: Fit, left: Surface, weight: NDArray[np.float64], slopes: tuple[Surface, Surface], plan: Plan, terms: int) -> tuple[Fit, float]:
    """One step of Gauss and Newton; and by how far it moved the surface."""
    at = weight > 0
    (rise_e, rise_n), w = (s[at].astype(np.float64) for s in slopes), np.sqrt(weight[at])
    east, north = (np.broadcast_to(p, left.shape)[at].astype(np.float64) for p in (plan.east, plan.north))
    columns = [np.ones_like(w), -rise_e, -rise_n, rise_e * north - rise_n * east, east, north][: 3 if terms == 3 else 6]
    matrix = np.stack(columns) * w
    size = np.sqrt((matrix**2).mean(axis=1))
    # A hair of damping: on flat ground the shift can't be told and must not run away.
    normal = matrix @ matrix.T / len(w) + np.diag((1e-4 * np.maximum(size, 1e-3)) ** 2)
    found = np.zeros(6)
    found[: len(columns)] = np.linalg.solve(normal, matrix @ (left[at].astype(np.float64) * w) / len(w))
    up, de, dn, turn, tilt_e, tilt_n = found
    next_fit = Fit(fit.east + de, fit.north + dn, fit.up + up, fit.turn + turn, fit.tilt_east + tilt_e, fit.tilt_north + tilt_n)
    reach = float(max(np.abs(plan.east).max(), np.abs(plan.north).max()))
    return next_fit, max(abs(de), abs(dn), abs(up), reach * abs(turn), reach * max(abs(tilt_e), abs(tilt_n)))


def _unevenness(new: Surface, before: Surface, cell: float, fit: Fit, changed: Mask | None) -> float:
    """Mean square of the residual's medians over blocks: what shift and height alone leave where surfaces are turned or tilted."""
    left = corrected(new, fit, cell) - before
    usable = np.isfinite(left) if changed is None else np.isfinite(left) & ~changed
    weight, _ = _weights(left, usable)
    rows, cols = (np.linspace(0, side, BLOCKS + 1).astype(int) for side in left.shape)
    medians = []
    for i in range(BLOCKS):
        for j in range(BLOCKS):
            part = slice(rows[i], rows[i + 1]), slice(cols[j], cols[j + 1])
            stable = weight[part] > 0
            if stable.sum() >= 0.25 * stable.size:
                medians.append(float(np.median(left[part][stable])))
    return float(np.mean(np.square(medians))) if medians else float("inf")


def _with(fit: Fit, spread: float, share: float) -> Fit:
    return Fit(fit.east, fit.north, fit.up, fit.turn, fit.tilt_east, fit.tilt_north, spread, share)


def _weak(fit: Fit, why: str) -> Fit:
    return Fit(fit.east, fit.north, fit.up, fit.turn, fit.tilt_east, fit.tilt_north, fit.spread, fit.stable_share, why)
