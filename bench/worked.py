"""Made ground for bench_drone.py on which one thing was done between two flights: a pit, a heap, a road, a hollow filled up, a heap taken away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from terrain import Floats, hills, hollow, waves

from pipeline.drone.arrays import Surface

SIDE_M, CELL_M = 200.0, 0.4
WORKS = ("pit", "stockpile", "road", "restored", "half filled", "heap taken away")


def worked(work: str, seed: int) -> tuple[Surface, Surface]:
    """Surfaces after and before, without misplacement, with noise of cells and of slow waves."""
    rng = np.random.default_rng([WORKS.index(work), seed])
    count = round(SIDE_M / CELL_M)
    ground = hills((count, count), CELL_M, rng, rng.uniform(2, 5) if work == "road" else rng.uniform(3, 9))
    y, x = np.mgrid[:count, :count] * CELL_M - SIDE_M / 2
    place = rng.uniform(-30, 30, 2)
    pit = hollow(x - place[0], y - place[1], rng.uniform(15, 35), rng.uniform(2, 9), rng.uniform(5, 14), rng)
    heap = _heap(x - place[0], y - place[1], rng)
    if work == "road":
        before, after = ground, _road(ground, x, y, rng)
    else:
        level = 0.15 * waves(ground.shape, 6 / CELL_M, rng)
        touched = pit > 0.05
        before, after = {
            "pit": (ground, ground - pit),
            "stockpile": (ground, ground + heap),
            "restored": (ground - pit, ground + level * touched),
            "half filled": (ground - pit, ground - 0.5 * pit),
            "heap taken away": (ground + heap, ground + level * (heap > 0.05)),
        }[work]
    return _seen(after, rng), _seen(before, rng)


def _heap(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """One or some cones at the angle of repose, run together and cut off flat."""
    slope, top = np.tan(np.radians(rng.uniform(28, 37))), rng.uniform(2, 7)
    at = rng.uniform(-14, 14, (int(rng.integers(1, 5)), 2))
    cones = [rng.uniform(4, 9) - np.hypot(x - a, y - b) * slope for a, b in at]
    return np.clip(np.max(cones, axis=0), 0, top)


def _road(ground: Floats, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """A way across the site: level across, its grade that of the smoothed ground below it, with banks of 1 : 1."""
    middle = rng.uniform(-25, 25) + rng.uniform(5, 25) * np.sin(x / rng.uniform(25, 60) + rng.uniform(0, 6))
    columns = np.arange(ground.shape[1])
    rows = np.clip(np.round((middle[0] + SIDE_M / 2) / CELL_M).astype(int), 0, ground.shape[0] - 1)
    along = ground[rows, columns]
    reach = round(12 / CELL_M)
    profile = np.convolve(np.pad(along, reach, mode="edge"), np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")
    steep = np.gradient(middle[0], CELL_M)
    away = np.abs(y - middle) / np.hypot(1, steep)[None, :]
    beyond = np.maximum(away - rng.uniform(3, 5), 0)
    return np.clip(ground, profile[None, :] - beyond, profile[None, :] + beyond)


def _seen(ground: Floats, rng: np.random.Generator) -> Surface:
    noise: NDArray[np.float64] = 0.03 * rng.standard_normal(ground.shape) + 0.02 * waves(ground.shape, 15 / CELL_M, rng)
    return (ground + noise).astype(np.float32)
