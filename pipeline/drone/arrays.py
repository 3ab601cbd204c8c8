"""Small tools on rasters in memory. Surfaces are float32 in metres, NaN where nothing is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.patches.components import label

Surface = NDArray[np.float32]
Mask = NDArray[np.bool_]

NMAD = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""


def nmad(values: NDArray[np.floating]) -> float:
    """Spread of values that a few outliers do not move."""
    return float(NMAD * np.median(np.abs(values - np.median(values)))) if values.size else float("nan")


def _window_sums(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Sum over the square of 2·reach + 1 cells around each cell, cut at the edges."""
    for axis in (0, 1):
        total = np.cumsum(values, axis=axis)
        total = np.concatenate([np.zeros_like(np.take(total, [0], axis)), total], axis=axis)
        at = np.arange(values.shape[axis])
        high, low = np.minimum(at + reach + 1, values.shape[axis]), np.maximum(at - reach, 0)
        values = np.take(total, high, axis) - np.take(total, low, axis)
    return values


def smoothed(surface: Surface, reach: int) -> Surface:
    """Mean of what is known in the square around each cell; NaN where less than half of it is."""
    known = np.isfinite(surface)
    count = _window_sums(known.astype(np.float64), reach)
    total = _window_sums(np.where(known, surface, 0.0).astype(np.float64), reach)
    most = _window_sums(np.ones(surface.shape), reach)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= 0.5 * most, total / count, np.nan).astype(np.float32)


def widened(mask: Mask, reach: int) -> Mask:
    """Cells within `reach` rows and columns of the mask."""
    return _window_sums(mask.astype(np.float64), reach) > 0.5


def opened(mask: Mask, reach: int) -> Mask:
    """The mask without what is narrower than 2·reach + 1 cells."""
    return widened(~widened(~mask, reach), reach) & mask


def components(mask: Mask) -> tuple[NDArray[np.int64], int]:
    """Number of each cell's connected group (8 neighbours) from 1, 0 outside; and how many there are."""
    out = np.zeros(mask.shape, np.int64)
    rows, cols = np.nonzero(mask)
    groups = label(rows.astype(np.int64), cols.astype(np.int64), 1)
    out[rows, cols] = groups + 1
    return out, int(groups.max()) + 1 if groups.size else 0


def holding(mask: Mask, seeds: Mask) -> Mask:
    """The groups of `mask` that hold a seed (hysteresis)."""
    groups, count = components(mask)
    kept = np.zeros(count + 1, bool)
    kept[np.unique(groups[seeds & mask])] = True
    kept[0] = False
    out: Mask = kept[groups]
    return out


def filled(mask: Mask) -> Mask:
    """The mask with its holes closed."""
    frame = np.pad(~mask, 1, constant_values=True)
    groups, _ = components(frame)
    out: Mask = (groups != groups[0, 0])[1:-1, 1:-1]
    return out


def gradients(surface: Surface, cell: float) -> tuple[Surface, Surface]:
    """Rise per metre towards east and north. Rows run south."""
    down, right = (np.asarray(each, np.float32) for each in np.gradient(surface, cell))
    return right, -down


def slope_degrees(surface: Surface, cell: float) -> Surface:
    east, north = gradients(surface, cell)
    out: Surface = np.degrees(np.arctan(np.hypot(east, north))).astype(np.float32)
    return out


def hillshade(surface: Surface, cell: float, azimuth: float = 315.0, altitude: float = 45.0) -> NDArray[np.uint8]:
    """Light from the north-west, 0–255 (Horn 1981); 255 where nothing is known."""
    east, north = gradients(surface, cell)
    turn, height = np.radians(azimuth), np.radians(altitude)
    light = (np.sin(height) - np.cos(height) * (east * np.sin(turn) + north * np.cos(turn))) / np.sqrt(1 + east**2 + north**2)
    return np.where(np.isfinite(light), np.clip(light, 0, 1) * 254, 255).astype(np.uint8)


def sampled(surface: Surface, rows: NDArray[np.floating], cols: NDArray[np.floating]) -> Surface:
    """The surface between its cells' centres (bilinear); NaN outside."""
    height, width = surface.shape
    top, left = np.floor(rows).astype(np.int64), np.floor(cols).astype(np.int64)
    outside = (rows < 0) | (cols < 0) | (rows > height - 1) | (cols > width - 1)
    top, left = np.clip(top, 0, max(height - 2, 0)), np.clip(left, 0, max(width - 2, 0))
    down, right = (rows - top).astype(np.float32), (cols - left).astype(np.float32)
    low, far = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    upper = surface[top, left] * (1 - right) + surface[top, far] * right
    lower = surface[low, left] * (1 - right) + surface[low, far] * right
    out: Surface = upper * (1 - down) + lower * down
    out[outside] = np.nan
    return out


def coarser(surface: Surface, times: int) -> Surface:
    """Means of squares of `times` cells a side; NaN where less than half of a square is known."""
    if times == 1:
        return surface
    rows, cols = surface.shape[0] // times, surface.shape[1] // times
    squares = surface[: rows * times, : cols * times].reshape(rows, times, cols, times).astype(np.float64)
    known = np.isfinite(squares)
    count = known.sum(axis=(1, 3))
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(known, squares, 0).sum(axis=(1, 3)) / count
    return np.where(2 * count >= times * times, means, np.nan).astype(np.float32)
