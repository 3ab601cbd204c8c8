"""Made ground for bench_drone.py: hills, a pit and a heap whose volumes are known, seen by two flights that err."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.drone.arrays import Surface, sampled

Floats = NDArray[np.float64]
EDGE = 8.0
"""Ground beyond the flown frame, metres: a misplaced flight sees it."""
SEEN_M = 0.05
"""Depth from which ground counts as dug, for outlines."""


@dataclass(frozen=True)
class Errors:
    """What is wrong with a flight."""

    east: float = 0.0
    north: float = 0.0
    up: float = 0.0
    turn_degrees: float = 0.0
    tilt: float = 0.0
    """Metres a metre, towards east."""
    white_m: float = 0.03
    """Noise of single cells, of both surfaces."""
    slow_m: float = 0.02
    """And of slow waves."""
    length_m: float = 15.0


@dataclass(frozen=True)
class Made:
    new: Surface
    before: Surface
    dug: NDArray[np.bool_]
    cut_m3: float
    fill_m3: float


def waves(shape: tuple[int, int], length: float, rng: np.random.Generator) -> Floats:
    """Smooth noise of unit spread; length in cells."""
    rows, cols = (np.fft.fftfreq(side) for side in shape)
    low = np.exp(-((np.pi * length * np.hypot(rows[:, None], cols[None, :])) ** 2) / 2)
    out = np.fft.ifft2(np.fft.fft2(rng.standard_normal(shape)) * low).real
    return out / out.std()


def hills(shape: tuple[int, int], cell: float, rng: np.random.Generator, height: float = 8.0, roughness: float = 2.2) -> Floats:
    """Ground rough at all scales: power falls with frequency."""
    rows, cols = (np.fft.fftfreq(side, cell) for side in shape)
    frequency = np.hypot(rows[:, None], cols[None, :])
    frequency[0, 0] = 1
    out = np.fft.ifft2(np.fft.fft2(rng.standard_normal(shape)) * frequency**-roughness).real
    return (out - out.mean()) / out.std() * height


def hollow(x: Floats, y: Floats, radius: float, depth: float, wall: float, rng: np.random.Generator) -> Floats:
    """A pit of irregular outline with sloping walls around (0, 0)."""
    angle = np.arctan2(y, x)
    edge = radius * (1 + sum(0.12 / (k + 1) * np.cos((k + 2) * angle + rng.uniform(0, 2 * np.pi)) for k in range(4)))
    part = np.clip((edge - np.hypot(x, y)) / wall, 0, 1)
    return depth * part**2 * (3 - 2 * part)


def make(seed: int, cell: float, side: float, radius: float, depth: float, errors: Errors) -> Made:
    """Two surfaces of one site; the later one misplaced."""
    rng = np.random.default_rng(seed)
    many = round((side + 2 * EDGE) / cell)
    ground = hills((many, many), cell, rng)
    y, x = np.mgrid[:many, :many] * cell - (side / 2 + EDGE)
    pit, heap = hollow(x, y, radius, depth, 8.0, rng), hollow(x - 0.35 * side, y - 0.3 * side, 12.0, 3.0, 10.0, rng)
    after = (ground - pit + heap).astype(np.float32)
    count = round(side / cell)
    east = ((np.arange(count) - (count - 1) / 2) * cell)[None, :]
    north = -east.T
    middle = (many - 1) / 2

    def at(surface: Surface, e: Floats, n: Floats) -> Surface:
        e, n = np.broadcast_arrays(e, n)
        return sampled(surface, middle - n / cell, middle + e / cell)

    turn = np.radians(errors.turn_degrees)
    new = at(after, east - (errors.east - turn * north), north - (errors.north + turn * east)) + errors.up + errors.tilt * east
    before = at(ground.astype(np.float32), east, north)
    change = at(after, east, north) - before
    seen = [
        (each + errors.white_m * rng.standard_normal(each.shape) + errors.slow_m * waves(each.shape, errors.length_m / cell, rng)).astype(np.float32)
        for each in (new, before)
    ]
    cut, fill = (float(np.abs(change[side_]).sum()) * cell**2 for side_ in (change < 0, change > 0))
    return Made(seen[0], seen[1], change < -SEEN_M, cut, fill)
