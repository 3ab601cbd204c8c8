"""A cut through the largest change, along its length: the ground before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.drone.arrays import Surface, sampled
from pipeline.drone.measure import Measured

POINTS = 300
BEYOND = 0.15
"""Of the length, to either side."""
WIDTH, HEIGHT, LEFT, BOTTOM = 900.0, 260.0, 56.0, 30.0
TICKS = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """What a template draws: SVG paths and ticks."""

    before: str
    after: str
    across: tuple[tuple[float, str], ...]
    """Places and labels of the ticks along the ground."""
    up: tuple[tuple[float, str], ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    floor: float = HEIGHT - BOTTOM


def profile(measured: Measured) -> Profile | None:
    """None where nothing changed."""
    if not measured.pieces:
        return None
    largest = max(measured.pieces, key=lambda piece: piece.amount.m3)
    start, end = _ends(largest.geometry)
    at = start + (end - start) * np.linspace(0, 1, POINTS)[:, None]
    cols, rows = ~measured.box.affine @ (at[:, 0], at[:, 1])
    lines = [_heights(each, rows - 0.5, cols - 0.5) for each in (measured.before, measured.new)]
    known = np.concatenate([line[np.isfinite(line)] for line in lines])
    if known.size < POINTS // 4:
        return None
    low, high = float(known.min()), float(known.max())
    room = max((high - low) * 0.08, 0.2)
    low, high = low - room, high + room
    length = float(np.hypot(*(end - start)))
    x = LEFT + (WIDTH - LEFT - 10) * np.linspace(0, 1, POINTS)
    scale = (HEIGHT - BOTTOM - 10) / (high - low)
    before, after = (_path(x, HEIGHT - BOTTOM - (line - low) * scale) for line in lines)
    across = tuple((float(x[round(k * (POINTS - 1) / TICKS)]), f"{length * k / TICKS:.0f}") for k in range(TICKS + 1))
    up = tuple((HEIGHT - BOTTOM - (high - low) * k / 4 * scale, f"{low + (high - low) * k / 4:.1f}") for k in range(5))
    return Profile(before, after, across, up)


def _ends(ground: shapely.Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Along the longer side of the smallest rectangle around it."""
    corners = np.asarray(shapely.minimum_rotated_rectangle(ground).exterior.coords)[:4]
    one, other = corners[1] - corners[0], corners[3] - corners[0]
    long, short = (one, other) if np.hypot(*one) >= np.hypot(*other) else (other, one)
    start = corners[0] + short / 2
    return start - BEYOND * long, start + (1 + BEYOND) * long


def _heights(surface: Surface | None, rows: NDArray[np.float64], cols: NDArray[np.float64]) -> NDArray[np.float64]:
    if surface is None:
        return np.full(len(rows), np.nan)
    return sampled(surface, rows, cols).astype(np.float64)


def _path(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """Lines between known points; gaps stay gaps."""
    out, drawing = [], False
    for px, py in zip(x, y, strict=True):
        if math.isfinite(py):
            out.append(f"{'L' if drawing else 'M'}{px:.1f} {py:.1f}")
        drawing = math.isfinite(py)
    return "".join(out)
