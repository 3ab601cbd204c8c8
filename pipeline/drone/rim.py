"""The ground as it was before a pit, when nobody surveyed it: a surface bent as little as possible through the pit's rim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.drone.arrays import Mask, Surface, filled, holding, smoothed, widened
from pipeline.drone.volume import TWO_SIDED, Amount

CELL_M = 1.0
"""Finer surfaces are averaged to cells of this side: a bridge over a pit is far smoother."""
RIM_M = (2.0, 10.0)
"""The rim reaches from here to there outside of the pit."""
POINTS = 240
"""Of the rim that the surface passes near."""
SMOOTHING = 1e-3
SEARCHED_M = 10.0
"""How far around a case's outline its pit may reach: a pixel of the satellite's."""
LEAST_DEPTH_M, EDGE_SHARE = 0.5, 0.25
"""A hollow's edge lies at this depth, and at this share of its largest."""
PLACES = 20
FEWEST_PLACES = 5
"""Places elsewhere on the flown ground where the same is tried, and fewest that make a spread."""


def rim_surface(ground: Surface, pit: Mask, cell: float) -> Surface | None:
    """Heights over `pit` from the rim alone: a thin-plate spline (Duchon 1977) on points of it; None where the rim is hardly seen."""
    near, far = (max(1, round(metres / cell)) for metres in RIM_M)
    rows, cols = np.nonzero(pit)
    if not rows.size:
        return None
    around = tuple(slice(max(int(at.min()) - far - 2, 0), int(at.max()) + far + 3) for at in (rows, cols))
    bridge = _bridge(ground[around], pit[around], cell, near, far)
    if bridge is None:
        return None
    out = np.full(pit.shape, np.nan, np.float32)
    out[around] = bridge
    return out


def _bridge(ground: Surface, pit: Mask, cell: float, near: int, far: int) -> Surface | None:
    rim = widened(pit, far) & ~widened(pit, near) & np.isfinite(ground)
    rows, cols = np.nonzero(rim)
    if len(rows) < POINTS:
        return None
    calm = smoothed(ground, max(1, round(0.5 / cell)))
    chosen = np.random.default_rng(0).choice(len(rows), POINTS, replace=False)
    at = np.column_stack([rows[chosen], cols[chosen]]).astype(np.float64)
    heights = calm[rows[chosen], cols[chosen]].astype(np.float64)
    good = np.isfinite(heights)
    return _spline(at[good], heights[good], pit)


def _spline(at: NDArray[np.float64], heights: NDArray[np.float64], pit: Mask) -> Surface:
    middle, size = at.mean(axis=0), max(float(np.ptp(at, axis=0).max()), 1.0)
    known = (at - middle) / size
    count = len(known)
    flat = np.column_stack([np.ones(count), known])
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(known, known) + SMOOTHING * np.eye(count)
    system[:count, count:], system[count:, :count] = flat, flat.T
    found = np.linalg.solve(system, np.concatenate([heights, np.zeros(3)]))
    out = np.full(pit.shape, np.nan, np.float32)
    rows, cols = np.nonzero(pit)
    for start in range(0, len(rows), 20_000):
        r, c = rows[start : start + 20_000], cols[start : start + 20_000]
        asked = (np.column_stack([r, c]) - middle) / size
        out[r, c] = _kernel(asked, known) @ found[:count] + np.column_stack([np.ones(len(asked)), asked]) @ found[count:]
    return out


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    return np.where(squared > 0, 0.5 * squared * np.log(np.maximum(squared, 1e-30)), 0.0)


@dataclass(frozen=True, slots=True)
class Hollow:
    """A pit at a known case."""

    zone: Mask
    """Ground that was bridged: the case's outline and as far around as it may be off."""
    outline: Mask
    """The hollow itself, as it shows below the bridge."""
    depth: Surface
    """Below the bridge, over the zone; negative where the ground rises above it."""


def pit_near(ground: Surface, case: Mask, cell: float) -> Hollow | None:
    """The hollow at a case; None where none shows, or the rim is hardly seen."""
    zone = widened(case, round(SEARCHED_M / cell)) & np.isfinite(ground)
    bridge = rim_surface(ground, zone, cell)
    if bridge is None or not (case & zone).any():
        return None
    depth = (bridge - ground).astype(np.float32)
    deep = max(LEAST_DEPTH_M, float(np.nanpercentile(depth[case & zone], 95)) * EDGE_SHARE)
    with np.errstate(invalid="ignore"):
        outline = filled(holding(zone & (depth > deep), case & (depth > 2 * deep)))
    return Hollow(zone, outline, depth) if outline.any() else None


def amount_of(ground: Surface, pit: Hollow, cell: float) -> Amount | None:
    """Volume over the whole zone, where what the bridge misses above and below evens out; the hollow's outline would choose what lies below.

    Its interval comes from bridging the same zone elsewhere on flown ground, where nothing is missing; None where there is no room to try.
    """
    m3 = float(np.nansum(pit.depth[pit.zone].astype(np.float64))) * cell**2
    wrong = np.array(tried_elsewhere(ground, pit.zone, cell))
    if len(wrong) < FEWEST_PLACES:
        return None
    off = TWO_SIDED * float(np.sqrt((wrong**2).mean())) * np.sqrt(1 + 1 / len(wrong))
    return Amount(m3, m3 - off, m3 + off)


def tried_elsewhere(ground: Surface, pit: Mask, cell: float, places: int = PLACES) -> list[float]:
    """By how many m³ the bridge misses ground of the same shape elsewhere, where nothing was dug."""
    rows, cols = np.nonzero(pit)
    free = np.isfinite(ground) & ~widened(pit, round(2 * RIM_M[1] / cell))
    rng = np.random.default_rng(0)
    shape = np.ix_(range(rows.min(), rows.max() + 1), range(cols.min(), cols.max() + 1))
    cut = pit[shape]
    wrong: list[float] = []
    for _ in range(20 * places):
        top, left = (int(rng.integers(0, max(side - own, 0) + 1)) for side, own in zip(ground.shape, cut.shape, strict=True))
        there = np.zeros(pit.shape, bool)
        there[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
        if not free[there].all():
            continue
        bridge = rim_surface(ground, there, cell)
        if bridge is not None:
            wrong.append(float(np.sum((bridge - ground)[there].astype(np.float64))) * cell**2)
        if len(wrong) == places:
            break
    return wrong
