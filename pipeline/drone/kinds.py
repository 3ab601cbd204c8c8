"""What changed ground is: a pit, a stockpile, a road, ground that was filled up again; or unknown, where surfaces and picture do not tell."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from pipeline.drone import rim
from pipeline.drone.arrays import Mask, Surface, coarser, slope_degrees, smoothed
from pipeline.drone.surface import burnt

CELL_M, MOST_CELLS = 1.0, 2500
"""The rim is bridged in cells of this side, or so much larger that the ground has no more of them."""
HEAPED, FILLED_UP = 0.3, (0.7, 1.4)
"""Where the level that the rim tells lies between earlier (0) and new surface (1): below the first, fill is heaped up; within the second, it fills a
hollow; beyond, the hollow is not full yet."""
SURE = 0.25
"""The bridge may err by this share of the change, or it tells nothing of fill."""
ROAD_WIDTH_M, ROAD_LENGTHS = (2.5, 25.0), 4.0
"""A road's width with its banks, and least length in widths."""
ROAD_DEGREES, ROAD_SHARE = 12.0, 0.4
"""So much of a road's ground is no steeper than this (about 20 %): the way itself, without its banks."""
JOINED_M = 3.0
"""A road's cuts and fills lie so near each other, with ground between them that stayed as high as it was."""
AROUND_M = 120.0
"""Ground around a change that it is judged by, at least."""
PLACES = 8
"""Places elsewhere by which it is judged how well the rim tells."""
GREEN_SHARE = 0.6
"""Ground of which so much is green again counts as restored."""
SEASON = range(5, 10)
"""Months in which bare ground is told from dormant plants."""


class Kind(StrEnum):
    PIT = "pit"
    STOCKPILE = "stockpile"
    ROAD = "road"
    RESTORED = "restored"
    UNKNOWN = "unknown"


def is_strip(outline: BaseGeometry) -> bool:
    """Whether an outline is as narrow as a road, at its widest, and far longer than wide. Ragged edges do not count."""
    if outline.is_empty:
        return False
    width = float(shapely.maximum_inscribed_circle(outline, tolerance=0.5).length) * 2
    low, high = ROAD_WIDTH_M
    return low <= width <= high and outline.area >= ROAD_LENGTHS * width**2


def roads(outlines: Sequence[BaseGeometry], new: Surface, box: GeoBox) -> list[BaseGeometry]:
    """Strips of ground, as wide as a road, that changes make together, and of which enough can be driven on."""
    joined = shapely.union_all([shapely.buffer(each, JOINED_M) for each in outlines])
    strips = [ground for part in shapely.get_parts(joined) if is_strip(ground := part.buffer(-JOINED_M))]
    if not strips:
        return []
    cell = float(box.resolution.x)
    slopes = slope_degrees(smoothed(new, max(1, round(0.5 / cell))), cell)
    return [each for each in strips if _flat_share(slopes[burnt(each, box)]) >= ROAD_SHARE]


def _flat_share(slopes: Surface) -> float:
    known = slopes[np.isfinite(slopes)]
    return float((known <= ROAD_DEGREES).mean()) if known.size else 0.0


def kind_between(outline: BaseGeometry, changed: Mask, others: Mask, is_cut: bool, new: Surface, before: Surface, cell: float) -> Kind:
    """Of ground that changed between two surfaces and is no road. changed: the ground, others: what else changed, which is no rim."""
    window = _around(changed, cell)
    changed, others, new, before = changed[window], others[window], new[window], before[window]
    if is_strip(outline):
        return Kind.UNKNOWN
    times = max(1, round(max(CELL_M, float(np.sqrt(changed.sum() * cell**2 / MOST_CELLS))) / cell))
    old, now = coarser(before, times).copy(), coarser(new, times)
    ground = coarser(changed.astype(np.float32), times) > 0.5
    old[(coarser(others.astype(np.float32), times) > 0) & ~ground] = np.nan
    if is_cut:
        level = _level(old, now, ground, cell * times)
        return Kind.PIT if level is not None and level < 0.5 else Kind.UNKNOWN
    return _kind_of_fill(old, now, ground, cell * times)


def _around(changed: Mask, cell: float) -> tuple[slice, slice]:
    """The ground by which some changed ground is judged: it, and as much again to each side, at least AROUND_M."""
    rows, cols = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    beyond = max(round(AROUND_M / cell), int(np.ptp(rows)), int(np.ptp(cols)))
    return slice(max(int(rows[0]) - beyond, 0), int(rows[-1]) + beyond + 1), slice(max(int(cols[0]) - beyond, 0), int(cols[-1]) + beyond + 1)


def _kind_of_fill(old: Surface, now: Surface, ground: Mask, cell: float) -> Kind:
    level = _level(old, now, ground, cell)
    if level is None:
        return Kind.UNKNOWN
    wrong = np.array(rim.tried_elsewhere(old, ground, cell, PLACES)) / (ground.sum() * cell**2)
    mean = float(np.nanmean((now - old)[ground].astype(np.float64)))
    if len(wrong) < rim.FEWEST_PLACES or float(np.sqrt((wrong**2).mean())) > SURE * mean:
        return Kind.UNKNOWN
    low, high = FILLED_UP
    return Kind.STOCKPILE if level <= HEAPED else Kind.RESTORED if low <= level <= high else Kind.UNKNOWN


def _level(old: Surface, now: Surface, ground: Mask, cell: float) -> float | None:
    """Where between earlier (0) and new surface (1) the rim's level lies, on average; None where the rim is hardly seen."""
    bridge = rim.rim_surface(old, ground, cell)
    change = now - old
    inside = ground & np.isfinite(change)
    if bridge is None or not inside.any():
        return None
    return float((bridge - old)[inside].astype(np.float64).mean() / change[inside].astype(np.float64).mean())


def green_share(colours: NDArray[np.float32], seen: Mask, ground: Mask) -> float | None:
    """Share of some ground that is green: excess green above excess red (Meyer and Neto 2008), whatever the picture's units.

    colours: (3, h, w) red, green, blue. None where the picture shows less than half of the ground.
    """
    shown = ground & seen
    if not ground.any() or shown.sum() < 0.5 * ground.sum():
        return None
    red, green, blue = (each[shown].astype(np.float64) for each in colours)
    total = red + green + blue
    lit = total > 0
    if not lit.any():
        return None
    r, g, b = (each[lit] / total[lit] for each in (red, green, blue))
    return float(((2 * g - r - b) > (1.4 * r - g)).mean())


def kind_seen(green: float | None, month: int) -> Kind:
    """Of ground of which there is a picture alone: green in the growing season is restored; bare ground may be anything."""
    return Kind.RESTORED if green is not None and green >= GREEN_SHARE and month in SEASON else Kind.UNKNOWN
