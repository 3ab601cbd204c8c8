"""Slope and aspect: a site is compared with ground that gets as much sun and keeps as much rain.

On loess the shady side of a hill may bear half as much again as the sunny one. Slope and aspect of a place are one vector, the rise a metre
towards east and north (Zevenbergen & Thorne 1987, Earth Surface Processes and Landforms 12, 47–56); two places are alike as far as their
vectors are, so that flat ground is like flat ground whichever way it tilts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.grid import Slopes

BASE_M = 50.0
"""Length over which a slope is meant: a plot's side, and no finer than the models of heights that whole counties have."""
ALIKE = 0.12
"""Slopes this near to each other are alike: about 7 degrees, or half a turn on ground of 3.5."""
SITE_SHARE = 0.3
"""Ground is like a site where it is like so much of it: a site that lies on two sides of a gully is not like the flat between."""
MOST_CELLS = 200
"""Of a site, evenly drawn, that stand for it."""
FLAT = 0.035
"""Two degrees: flatter ground has no aspect."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """How the ground of a window lies, and how unlike the site that is."""

    slopes: Slopes
    gap: NDArray[np.float32]
    """(h, w): how far a cell's slope is from that of the nearest SITE_SHARE of the site; infinite where unknown."""

    def likest(self, of: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
        """Of some cells (h, w) those that lie like the site, and at least so many, the likest first."""
        return of & (self.gap <= _line(self.gap[of], least))


def of_site(known: Slopes, inside: NDArray[np.bool_]) -> Terrain | None:
    """None where nothing is known of the site. inside: (h, w)."""
    site = known[:, inside & np.isfinite(known).all(axis=0)]
    if not site.size:
        return None
    drawn = site[:, np.linspace(0, site.shape[1] - 1, min(site.shape[1], MOST_CELLS)).astype(int)]
    gap = np.full(inside.shape, np.inf, np.float32)
    for row in range(len(gap)):  # a row at a time: all at once may be gigabytes
        apart = np.hypot(known[0, row, :, None] - drawn[0], known[1, row, :, None] - drawn[1])
        gap[row] = np.quantile(apart, SITE_SHARE, axis=1)
    return Terrain(known, np.nan_to_num(gap, nan=np.inf))


def likest(gaps: NDArray[np.floating], least: int) -> NDArray[np.bool_]:
    """(n,): which of some grounds lie like a site, by how unlike it each is; at least so many, the likest first."""
    out: NDArray[np.bool_] = gaps <= _line(gaps, least)
    return out


def _line(gaps: NDArray[np.floating], least: int) -> float:
    ranked = np.sort(gaps)
    return max(ALIKE, float(ranked[min(least, len(ranked)) - 1])) if len(ranked) else ALIKE


Lie = tuple[float, float | None]
"""Slope and aspect, degrees: aspect clockwise from north, downhill; None of flat ground."""


def slope_and_aspect(of: NDArray[np.floating]) -> Lie | None:
    """Of the mean of slopes (2, n); None where nothing is known."""
    known = of[:, np.isfinite(of).all(axis=0)].astype(np.float64)
    if not known.size:
        return None
    east, north = known.mean(axis=1).tolist()
    rise = float(np.hypot(east, north))
    aspect = None if rise < FLAT else float(np.round(np.degrees(np.arctan2(-east, -north)) % 360))
    return round(float(np.degrees(np.arctan(rise))), 1), aspect


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
