"""Measures of accuracy on cells: found, outlined, false, ranked, calibrated. No files, and nothing of the pipeline in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from truth import Cells, Dig, Truth

SIZES = ((0.04, 0.1), (0.1, 0.2), (0.2, np.inf))
"""Classes of size of a dig, ha: from, to."""
LARGE_HA = 0.5
FOUND_SHARE = 0.3
"""A dig is found when this share of it lies in patches."""
TOUCHING = 0.2
"""A patch belongs to a dig when they share this much of the smaller one."""
FALSE_SHARE = 0.5
"""A patch is false when this share of it lies on ground that is known not to have changed."""
MINING_SHARE, UNCLEAR_SHARE = 0.3, 0.05
"""A patch is mining when more than this share of it is dug ground, no mining up to the other; what lies between is left out."""
BINS = 10


@dataclass(frozen=True, slots=True)
class Count:
    """So many of so many."""

    hits: int
    of: int

    def __add__(self, other: Count) -> Count:
        return Count(self.hits + other.hits, self.of + other.of)

    @property
    def share(self) -> float:
        return self.hits / self.of if self.of else float("nan")

    def interval(self, z: float = 1.96) -> tuple[float, float]:
        """Wilson's interval of the share, 95 % by default."""
        if not self.of:
            return 0.0, 1.0
        middle = (self.share + z * z / (2 * self.of)) / (1 + z * z / self.of)
        half = z / (1 + z * z / self.of) * np.sqrt(self.share * (1 - self.share) / self.of + z * z / (4 * self.of**2))
        return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def total(counts: Iterable[Count]) -> Count:
    return sum(counts, Count(0, 0))


def united(patches: Iterable[Cells], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w): ground of patches."""
    out = np.zeros(shape, bool)
    for cells in patches:
        out.flat[cells] = True
    return out


def found(digs: Sequence[Dig], ground: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,): digs that `ground` (h, w), that of all patches, covers to `FOUND_SHARE`."""
    return np.array([ground.flat[dig.cells].mean() >= FOUND_SHARE for dig in digs], bool)


def by_size(digs: Sequence[Dig], hits: NDArray[np.bool_]) -> tuple[Count, ...]:
    """Digs hit by class of size (`SIZES`)."""
    # Half a cell is below any error of an area that is counted in cells.
    areas = np.array([dig.area_ha for dig in digs]) + 1e-9
    return tuple(Count(int(hits[m].sum()), int(m.sum())) for m in ((areas >= low) & (areas < high) for low, high in SIZES))


def overlap(dig: Dig, patches: Sequence[Cells]) -> float | None:
    """Intersection over union of a dig and the patches that belong to it; None where none does. `dig.later` counts neither way."""
    mine = [p for p in patches if np.isin(p, dig.cells, assume_unique=True).sum() >= TOUCHING * min(len(p), len(dig.cells))]
    if not mine:
        return None
    drawn = np.setdiff1d(np.unique(np.concatenate(mine)), dig.later, assume_unique=True)
    both = np.isin(drawn, dig.cells, assume_unique=True).sum()
    return float(both / (len(drawn) + len(dig.cells) - both))


def is_false(cells: Cells, truth: Truth) -> bool:
    """Whether a patch lies on ground that did not change."""
    return bool(truth.stable.flat[cells].mean() >= FALSE_SHARE)


def rate(count: float, area_km2: float, months: int) -> float:
    """Per 100 km² and month."""
    return count / area_km2 / months * 100


def label(cells: Cells, truth: Truth) -> bool | None:
    """Whether a patch is mining; None where that is unclear, or where an approval covers the works."""
    if truth.where(code="approved").flat[cells].mean() > MINING_SHARE:
        return None
    share = truth.where(what="pit").flat[cells].mean()
    if UNCLEAR_SHARE < share <= MINING_SHARE:
        return None
    return bool(share > MINING_SHARE)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Likelihoods of patches, and whether they are mining."""

    likelihood: NDArray[np.float64]
    mining: NDArray[np.bool_]

    def __add__(self, other: Ranking) -> Ranking:
        return Ranking(np.concatenate([self.likelihood, other.likelihood]), np.concatenate([self.mining, other.mining]))

    @property
    def average_precision(self) -> float:
        """Mean precision at each mining patch, from the likeliest down; equal likelihoods share a place, so order can't help."""
        if not self.mining.any():
            return float("nan")
        levels, level = np.unique(-self.likelihood, return_inverse=True)
        hits, all_of_them = np.bincount(level, self.mining, len(levels)), np.bincount(level, minlength=len(levels))
        precision = np.cumsum(hits) / np.cumsum(all_of_them)
        return float((precision * hits).sum() / hits.sum())

    def bins(self) -> list[tuple[float, float, int]]:
        """Mean likelihood, share that is mining, number of patches, for each tenth of the scale that has any."""
        tenth = np.minimum((self.likelihood * BINS).astype(int), BINS - 1)
        masks = [tenth == k for k in range(BINS) if (tenth == k).any()]
        return [(float(self.likelihood[m].mean()), float(self.mining[m].mean()), int(m.sum())) for m in masks]

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: mean distance of likelihood from share, weighted by the number of patches."""
        if not len(self.mining):
            return float("nan")
        return sum(abs(said - true) * n for said, true, n in self.bins()) / len(self.mining)

    def at(self, threshold: float) -> tuple[Count, Count]:
        """(mining patches at or above the threshold of all mining, patches at or above it that are not mining of all those)."""
        above = self.likelihood >= threshold
        return Count(int((above & self.mining).sum()), int(self.mining.sum())), Count(int((above & ~self.mining).sum()), int(above.sum()))


NO_RANKING = Ranking(np.zeros(0), np.zeros(0, bool))
