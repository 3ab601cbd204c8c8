"""What undisturbed ground near a site carries: several plots, so that the reference has an interval.

Drought, rain and late springs move site and plots alike; what a site lacks against its plots is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.restoration.bareness import Window
from pipeline.restoration.medians import median_seen
from pipeline.restoration.season import UNSEEN
from pipeline.restoration.terrain import ALIKE as ALIKE_SLOPE
from pipeline.restoration.terrain import Lie, likest, slope_and_aspect

Covers = Sequence[NDArray[np.uint8]]
"""Of each season (h, w): per cent, UNSEEN where unseen (`season.covers`)."""

PLOT = 5
"""Cells a side of a plot."""
FULL_SHARE = 0.5
"""Of a plot's cells that must lie in the ring, and of those that must be seen in a season."""
FEWEST, MOST = 4, 16
"""Plots that a reference needs, and takes."""
STEADY_SHARE = 0.5
"""Of the plots those are taken whose share of the ring's cover varies least, against itself, from year to year: that of fields changes with
each crop. Against itself, since lush ground varies by more than sparse ground does."""
BARE_PLOT = 0.5
"""Ground with less than this share of the ring's cover was disturbed itself, or bears houses and roads."""
LEAST_COVER = 0.02
"""Less is taken for as much: where nothing grows there is nothing to divide by."""
ALIKE = 0.15
"""So far the cover of a plot may lie from that of the site in the years before the site was dug."""
LEAST_AROUND, LEAST_LIKE = 24, 8
"""Plots that are taken where heights are known and fewer lie like the site, the likest first: to say what is usual there, and for the
reference, which would follow each field's crop with fewer still."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Cover of a site's reference plots, by season: the median of the plots, and the range of the middle eight tenths."""

    cover: NDArray[np.float64]
    """(n,): 0–1, NaN in seasons that show too few plots."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    plots: int
    matched: bool
    """Whether the plots were chosen by how they looked before the site was dug; else the site was never seen undug."""
    lie: Lie | None
    """Slope and aspect of the plots, where heights are known."""
    alike: bool | None
    """Whether all of them lie like the site; else too few that do were there."""


@dataclass(frozen=True, slots=True)
class _Plots:
    """Plots of a window's surroundings, the nearest first."""

    cover: NDArray[np.float64]
    """(plots, n): median cover in each season; NaN where too little is seen."""
    slopes: NDArray[np.float64]
    """(2, plots); NaN where unknown."""
    gap: NDArray[np.float64]
    """(plots,): how unlike the site each lies; 0 without heights."""


def reference_of(window: Window, covers: Covers) -> Reference:
    """The reference of a site's window through its seasons, oldest first."""
    plots = _plots(window, covers)
    table = plots.cover
    with np.errstate(invalid="ignore"):
        ring = median_seen(table, axis=0)
        ratio = table / np.maximum(ring, LEAST_COVER)
    here = _here(window, plots, ratio)
    undug = undug_seasons(window, covers, here * ring)
    chosen, matched = _chosen(plots, ratio, _site(window, covers), undug, BARE_PLOT * here)
    kept = table[chosen]
    enough = np.isfinite(kept).sum(axis=0) >= FEWEST
    out = np.full((3, len(covers)), np.nan)
    if enough.any():
        out[:, enough] = np.nanpercentile(kept[:, enough], (50, 10, 90), axis=0)
    lie = slope_and_aspect(plots.slopes[:, chosen])
    alike = None if lie is None else bool((plots.gap[chosen] <= ALIKE_SLOPE).all())
    return Reference(out[0], out[1], out[2], int(chosen.sum()), matched, lie, alike)


def _here(window: Window, plots: _Plots, ratio: NDArray[np.float64]) -> float:
    """What ground that lies like the site bears of what its ring does: on the sunny side of a hill half of that is no sign of digging."""
    near = ratio[likest(plots.gap, LEAST_AROUND)]
    near = near[np.isfinite(near)]
    return float(np.median(near)) if window.terrain is not None and near.size else 1.0


def _site(window: Window, covers: Covers) -> NDArray[np.float64]:
    """(n,): mean cover of the site, NaN where unseen."""
    out = np.full(len(covers), np.nan)
    for k, cover in enumerate(covers):
        inside = window.inside & (cover != UNSEEN)
        if 2 * inside.sum() >= window.inside.sum() > 0:
            out[k] = cover[inside].mean() / 100
    return out


def undug_seasons(window: Window, covers: Covers, ring: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,): seasons before the site was first seen barer than half of its surroundings, should it have been seen green before that."""
    site = _site(window, covers)
    with np.errstate(invalid="ignore"):
        dug = np.flatnonzero(site < BARE_PLOT * ring)
    out = np.zeros(len(covers), bool)
    if len(dug):
        out[: dug[0]] = np.isfinite(site[: dug[0]])
    return out


def _plots(window: Window, covers: Covers) -> _Plots:
    height, width = (window.ring.shape[0] // PLOT) * PLOT, (window.ring.shape[1] // PLOT) * PLOT
    nothing = _Plots(np.zeros((0, len(covers))), np.zeros((2, 0)), np.zeros(0))
    if not height or not width:
        return nothing
    ring = _tiles(window.ring[:height, :width])
    used = ring.sum(axis=1) >= FULL_SHARE * PLOT**2
    rows, cols = np.nonzero(window.inside)
    if not covers or not used.any() or not len(rows):
        return nothing
    columns = []
    for cover in covers:
        cells = np.where(ring[used], _tiles(cover[:height, :width])[used], UNSEEN).astype(float)
        cells[cells == UNSEEN] = np.nan
        column = median_seen(cells, axis=1) / 100
        column[np.isfinite(cells).sum(axis=1) < FULL_SHARE * ring[used].sum(axis=1)] = np.nan
        columns.append(column)
    at = np.stack(np.unravel_index(np.flatnonzero(used), (height // PLOT, width // PLOT)), axis=1) * PLOT + PLOT // 2
    away = np.hypot(at[:, 0] - rows.mean(), at[:, 1] - cols.mean())
    order = np.argsort(away, kind="stable")
    terrain = window.terrain
    if terrain is None:
        return _Plots(np.stack(columns, axis=1)[order], np.full((2, len(order)), np.nan), np.zeros(len(order)))
    east, north, gap = (_tiles(plane[:height, :width])[used].astype(float) for plane in (*terrain.slopes, terrain.gap))
    return _Plots(np.stack(columns, axis=1)[order], np.stack([east.mean(axis=1), north.mean(axis=1)])[:, order], np.median(gap, axis=1)[order])


def _tiles(plane: NDArray[np.generic]) -> NDArray[np.generic]:
    """(tiles, PLOT²) of a plane whose sides are whole numbers of plots."""
    rows, cols = plane.shape[0] // PLOT, plane.shape[1] // PLOT
    return plane.reshape(rows, PLOT, cols, PLOT).swapaxes(1, 2).reshape(rows * cols, PLOT**2)


def _chosen(
    plots: _Plots, ratio: NDArray[np.float64], site: NDArray[np.float64], undug: NDArray[np.bool_], bare: float
) -> tuple[NDArray[np.bool_], bool]:
    """(plots,): those that speak for the site, and whether by its own past. bare: share of the ring's cover below which no ground is undisturbed."""
    usual = median_seen(ratio, axis=1)
    with np.errstate(invalid="ignore"):
        growing = (np.isfinite(ratio).sum(axis=1) >= min(2, ratio.shape[1])) & (usual >= bare)
        lowest = np.min(np.where(np.isfinite(ratio), ratio, np.inf), axis=1, initial=np.inf)
        undisturbed = growing & (lowest >= BARE_PLOT * usual)
    pool = undisturbed if undisturbed.sum() >= FEWEST else growing
    if undug.any():
        gap = np.abs(median_seen((plots.cover - site)[:, undug], axis=1))
        alike = pool & np.isfinite(gap)
        alike[alike] = gap[alike] <= ALIKE
        if alike.sum() >= FEWEST:
            return _nearest(_lying(alike, plots.gap)), True
    if pool.sum() >= 2 * FEWEST:
        spread = np.nanstd(ratio[pool], axis=1) / np.maximum(usual[pool], LEAST_COVER)
        steady = pool.copy()
        steady[pool] = spread <= np.quantile(spread, STEADY_SHARE)
        return _nearest(_lying(steady, plots.gap)), False
    return _nearest(_lying(pool, plots.gap)), False


def _lying(chosen: NDArray[np.bool_], gap: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of chosen plots those that lie like the site, or the likest."""
    out = np.zeros_like(chosen)
    out[chosen] = likest(gap[chosen], LEAST_LIKE)
    return out


def _nearest(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    out = np.zeros_like(chosen)
    out[np.flatnonzero(chosen)[:MOST]] = True
    return out
