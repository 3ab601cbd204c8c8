"""How much was dug and how much was heaped up between two surfaces, with what is to be said of its certainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.drone.arrays import Mask, Surface, components, filled, holding, nmad, opened, slope_degrees, smoothed, widened
from pipeline.drone.spread import Variogram, error_of_mean, variogram

CALM_M = 1.5
"""Differences are averaged over squares of about this side before ground is called changed."""
SEED, GROW = 5.0, 2.0
"""Changed ground holds a cell beyond so many spreads, and reaches as far as it is beyond the second."""
LEAST_M2 = 25.0
"""Smaller changes are machines, cars and bushes."""
MARGIN_M = 1.0
"""Added around changed ground, so that its feather edge is summed too."""
OUTLINED, OUTLINED_M, TONGUE_M = 2.0, 0.08, 3.0
"""An outline reaches as far as the change is beyond so many spreads, and so many metres: shallower ground is ploughed or driven over, not dug.
Tongues narrower than the last are waves of the surfaces' noise, where they do not reach half of the depth."""
TWO_SIDED = 1.96
FEWEST_CELLS = 100
"""A surface that shows a change by fewer is too coarse to say how much."""
WIDE = 0.5
"""A change whose interval is more than this share of its volume to either side is no measurement: too coarse to say."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A volume with its 95 % interval, m³; both positive."""

    m3: float
    low: float
    high: float

    @property
    def says(self) -> bool:
        """Whether it is more than noise, and narrow enough to be called a measurement."""
        return self.m3 > 0 and self.high - self.m3 <= WIDE * self.m3


@dataclass(frozen=True, slots=True)
class Region:
    """A connected piece of changed ground."""

    mask: Mask
    """What was summed, feather edge included."""
    outline: Mask
    """As far as the change shows at its edge."""
    is_cut: bool
    amount: Amount
    area_m2: float
    deepest_m: float
    """Largest depth (or height of a heap), of the smoothed difference."""
    mean_m: float
    steepest_degrees: float
    """95th percentile of the new surface's slope in it."""


@dataclass(frozen=True, slots=True)
class Change:
    """All that two surfaces tell."""

    difference: Surface
    """New minus before, m."""
    stable: Mask
    cut: Mask
    fill: Mask
    regions: tuple[Region, ...]
    """The largest first; only those that are more than noise."""
    cut_total: Amount
    fill_total: Amount
    noise: Variogram
    detection_m: float
    """A smoothed height difference of a single place must exceed this (95 %)."""
    too_coarse: str | None
    """Why no volume can be told, where it can't."""
    weigher: Weigher


def change_between(new: Surface, before: Surface, cell: float, *, tilted: bool) -> Change:
    """Cut and fill between two surfaces that were brought to fit, on one grid."""
    difference = new - before
    reach = max(1, round(CALM_M / 2 / cell))
    calm = smoothed(difference, reach)
    spread = _calm_spread(calm)
    cut, fill = _changed(-calm, spread, cell), _changed(calm, spread, cell)
    margin = reach + max(1, round(MARGIN_M / cell))
    seen = np.isfinite(difference)
    wide_cut, wide_fill = widened(cut, margin) & ~fill & seen, widened(fill, margin) & ~cut & seen
    wide_fill &= ~wide_cut
    stable = seen & ~widened(cut | fill, 3 * margin) & _ordinary(difference)
    noise = variogram(difference, stable, cell)
    near = smoothed(difference, reach // 3)
    told = Weigher(difference, calm, near, max(OUTLINED * spread, OUTLINED_M), stable, new, before, cell, noise, tilted)
    regions = sorted([*told.regions(wide_cut, is_cut=True), *told.regions(wide_fill, is_cut=False)], key=lambda each: -each.amount.m3)
    kept_cut, kept_fill = (_joined(regions, is_cut, seen.shape) for is_cut in (True, False))
    return Change(
        difference, stable, kept_cut, kept_fill, tuple(regions), told.amount(kept_cut, is_cut=True), told.amount(kept_fill, is_cut=False), noise,
        TWO_SIDED * spread, _too_coarse(regions, cell), told,
    )  # fmt: skip


def _calm_spread(calm: Surface) -> float:
    """Spread of the smoothed difference where the ground stayed: of all of it, then of what is not far out."""
    values = calm[np.isfinite(calm)].astype(np.float64)
    for _ in range(4):
        spread = max(nmad(values), 1e-3)
        values = values[np.abs(values - np.median(values)) < SEED * spread]
    return spread


def _changed(rise: Surface, spread: float, cell: float) -> Mask:
    with np.errstate(invalid="ignore"):
        ground = holding(rise > GROW * spread, rise > SEED * spread)
    groups, count = components(ground)
    large = np.bincount(groups.ravel(), minlength=count + 1) * cell**2 >= LEAST_M2
    large[0] = False
    out: Mask = filled(large[groups])
    return out


def _ordinary(difference: Surface) -> Mask:
    """Without cars, bushes and holes in the matching, which are no noise of the ground."""
    values = difference[np.isfinite(difference)]
    with np.errstate(invalid="ignore"):
        out: Mask = np.abs(difference - np.median(values)) < 6 * max(nmad(values), 1e-3)
    return out


def _joined(regions: list[Region], is_cut: bool, shape: tuple[int, ...]) -> Mask:
    out = np.zeros(shape, bool)
    for region in regions:
        if region.is_cut is is_cut:
            out |= region.mask
    return out


def _too_coarse(regions: list[Region], cell: float) -> str | None:
    if not regions:
        return "no change beyond the level of detection"
    if regions[0].area_m2 < FEWEST_CELLS * cell**2:
        return f"the largest change is {regions[0].area_m2:.0f} m², {regions[0].area_m2 / cell**2:.0f} cells of {cell:g} m"
    return None


@dataclass(frozen=True, slots=True)
class Weigher:
    """Tells the volume of any piece of the changed ground."""

    difference: Surface
    calm: Surface
    near: Surface
    """The difference over smaller squares: outlines keep their corners."""
    edge_m: float
    """Change from which an outline is drawn."""
    stable: Mask
    new: Surface
    before: Surface
    cell: float
    noise: Variogram
    tilted: bool

    def amount(self, mask: Mask, *, is_cut: bool) -> Amount:
        area = float(mask.sum()) * self.cell**2
        if not area:
            return Amount(0.0, 0.0, 0.0)
        m3 = float(self.difference[mask].astype(np.float64).sum()) * self.cell**2 * (-1 if is_cut else 1)
        off = TWO_SIDED * area * error_of_mean(mask, self.stable, self.before, self.cell, self.noise, tilted=self.tilted)
        return Amount(m3, m3 - off, m3 + off)

    def regions(self, mask: Mask, *, is_cut: bool) -> list[Region]:
        groups, count = components(mask)
        slopes = slope_degrees(smoothed(self.new, 1), self.cell)
        change, near = (each * (-1 if is_cut else 1) for each in (self.calm, self.near))
        found = []
        for k in range(1, count + 1):
            piece = groups == k
            amount = self.amount(piece, is_cut=is_cut)
            if not amount.says:
                continue
            with np.errstate(invalid="ignore"):
                core = piece & (change >= 0.5 * np.nanmax(change[piece]))
                edge = opened(piece & (near > self.edge_m), max(1, round(TONGUE_M / 2 / self.cell)))
            outline = filled(holding(edge | core, core))
            area = float(outline.sum()) * self.cell**2
            if area < LEAST_M2:
                continue
            steep = float(np.nanpercentile(slopes[piece], 95))
            found.append(Region(piece, outline, is_cut, amount, area, float(np.nanmax(change[piece])), amount.m3 / area, steep))
        return found
