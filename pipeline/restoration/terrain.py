"""Slope and aspect: a site is compared with ground that gets as much sun and keeps as much rain.

On loess the shady side of a hill may bear half as much again as the sunny one. Slope and aspect of a place are one vector, the rise a metre
towards east and north (Zevenbergen & Thorne 1987, Earth Surface Processes and Landforms 12, 47–56); two places are alike as far as their
vectors are, so that flat ground is like flat ground whichever way it tilts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.grid import Relief, Slopes
from pipeline.restoration.bareness import Terrain, Window

BASE_M = 50.0
"""Length over which a slope is meant: a plot's side, and no finer than the models of heights that whole counties have."""
ALIKE = 0.12
"""Slopes this near to each other are alike: about 7 degrees, or half a turn on ground of 3.5."""
SITE_SHARE = 0.3
"""Ground is like a site where it is like so much of it: a site that lies on two sides of a gully is not like the flat between."""
LEAST_CELLS = 400
"""So much ground is taken, the likest first, where less is alike: sixteen plots (`reference.MOST`)."""
MOST_CELLS = 200
"""Of a site, evenly drawn, that stand for it."""
FLAT = 0.035
"""Two degrees: flatter ground has no aspect."""


def slopes(heights: NDArray[np.float32], cell_m: float) -> Slopes:
    """Slopes over BASE_M. heights: (h, w), metres, NaN where unknown; rows go south."""
    reach = max(round(BASE_M / cell_m) // 2, 1)
    smooth = _box_mean(heights.astype(np.float64), reach)
    south, east = np.gradient(smooth, cell_m)
    return np.stack([east, -south]).astype(np.float32)


def _box_mean(plane: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Mean over the cells up to `reach` away; NaN where the middle is, or one of them."""
    side = 2 * reach + 1
    # NaN would run on through the sums.
    total, known = (np.pad(each, ((reach + 1, reach),) * 2, mode="edge") for each in (np.nan_to_num(plane), np.isfinite(plane).astype(float)))
    total[0], total[:, 0], known[0], known[:, 0] = 0, 0, 0, 0
    sums = [each.cumsum(axis=0).cumsum(axis=1) for each in (total, known)]
    total, known = (each[side:, side:] - each[:-side, side:] - each[side:, :-side] + each[:-side, :-side] for each in sums)
    out: NDArray[np.float64] = np.where(np.round(known) == side**2, total / side**2, np.nan)
    return out


def on_like_ground(window: Window, relief: Relief | None) -> Window:
    """The window with those of its surroundings that lie like the site. As it is without heights, of the site or of what is around it."""
    known = relief.slopes(window.geobox) if relief is not None else None
    if known is None:
        return window
    at = np.isfinite(known).all(axis=0)
    site, ring = known[:, window.inside & at], window.ring & at
    if not site.size or not ring.any():
        return window
    drawn = site[:, np.linspace(0, site.shape[1] - 1, min(site.shape[1], MOST_CELLS)).astype(int)]
    around = known[:, ring]
    apart = np.hypot(around[0, :, None] - drawn[0], around[1, :, None] - drawn[1])
    gap = np.quantile(apart, SITE_SHARE, axis=1)
    least = min(LEAST_CELLS, gap.size)
    line = max(ALIKE, float(np.partition(gap, least - 1)[least - 1]))
    like = np.zeros_like(ring)
    like[ring] = gap <= line
    terrain = Terrain(*_said(site), *_said(known[:, like]), matched=line == ALIKE)
    return replace(window, ring=like, terrain=terrain)


def _said(of: Slopes) -> tuple[float, float | None]:
    """Slope and aspect in degrees, of the mean of vectors (2, n): aspect clockwise from north, downhill; None of flat ground."""
    east, north = (float(each) for each in of.astype(np.float64).mean(axis=1))
    rise = np.hypot(east, north)
    aspect = None if rise < FLAT else round(float(np.degrees(np.arctan2(-east, -north))) % 360, 0)
    return round(float(np.degrees(np.arctan(rise))), 1), aspect
