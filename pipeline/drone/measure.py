"""What surfaces tell: brought to fit and subtracted, or, where there is but one, measured below a pit's rim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.features import shapes as trace
from shapely.affinity import translate
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from pipeline.drone import rim
from pipeline.drone.align import Fit, align, corrected
from pipeline.drone.arrays import Mask, Surface, slope_degrees, smoothed
from pipeline.drone.judge import KnownCase, Piece
from pipeline.drone.kinds import Kind, kind_between, roads
from pipeline.drone.raster import Raster
from pipeline.drone.surface import burnt, common_grid, read_surface
from pipeline.drone.volume import Amount, Change, change_between

SIMPLIFIED = 0.5
"""Outlines are straightened by so many cells."""
MOST_KINDS = 24
"""Changes, the largest first, of which it is asked what they are."""
LOWEST_PERCENT = 1.0
"""The lowest ground is what so much of the ground lies below: single cells err."""
_NOTHING = Amount(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """Surfaces of a flight on one grid, and what was measured on them."""

    box: GeoBox
    new: Surface
    before: Surface | None
    """The earlier surface."""
    fit: Fit | None
    change: Change | None
    pieces: tuple[Piece, ...]
    cut: Amount
    fill: Amount
    too_coarse: str | None
    hollows: Mask
    """Pits measured below their rim, where there was no earlier surface."""

    def inside(self, ground: BaseGeometry) -> Mask:
        return burnt(ground, self.box)

    def amount_in(self, ground: BaseGeometry) -> Amount:
        """What was cut in some ground."""
        mask = self.inside(ground)
        if self.change is not None:
            return self.change.weigher.amount(self.change.cut & mask, is_cut=True)
        if not self.hollows.any():
            return Amount(0.0, 0.0, 0.0)
        share = float((self.hollows & mask).sum() / self.hollows.sum())
        return Amount(self.cut.m3 * share, self.cut.low * share, self.cut.high * share)

    def lowest_in(self, ground: BaseGeometry) -> float | None:
        """Of what was dug there; None where nothing was."""
        dug = self.hollows if self.change is None else self.change.cut
        values = smoothed(self.new, 1)[self.inside(ground) & dug]
        values = values[np.isfinite(values)]
        return float(np.percentile(values, LOWEST_PERCENT)) if values.size else None


def outlined(mask: Mask, box: GeoBox) -> BaseGeometry:
    """A mask's outline, straightened by half a cell."""
    polygons = [shape(each) for each, _ in trace(mask.astype(np.uint8), mask=mask, transform=box.affine)]
    return shapely.union_all(polygons).simplify(SIMPLIFIED * box.resolution.x)


def between(dsm: Raster, before: Raster, ground: BaseGeometry, crs: str, cases: Sequence[KnownCase]) -> Measured:
    """Two surfaces compared. ground: what both show, in `crs`, the county's."""
    box = common_grid((dsm, before), ground, crs)
    new, old = read_surface(dsm, box), read_surface(before, box)
    nowhere = np.zeros(new.shape, bool)
    known = burnt(shapely.union_all([case.geometry for case in cases]) if cases else shapely.Polygon(), box)
    # Cases are left out only where enough is left: a small flight may show little else.
    fit = align(new, old, box.resolution.x, known if known.mean() < 0.5 else None)
    if fit.weak:
        return Measured(box, new, old, fit, None, (), _NOTHING, _NOTHING, f"the surfaces can't be brought to fit: {fit.weak}", nowhere)
    fitted = corrected(new, fit, box.resolution.x)
    change = change_between(fitted, old, box.resolution.x, tilted=fit.tilt_east != 0)
    pieces = tuple(pieces_of(change, box, fitted, old))
    return Measured(box, fitted, old, fit, change, pieces, change.cut_total, change.fill_total, change.too_coarse, nowhere)


def pieces_of(change: Change, box: GeoBox, new: Surface, old: Surface) -> Iterator[Piece]:
    """Changed ground with its outline, and what it is."""
    every, outlines = change.cut | change.fill, [outlined(r.outline, box) for r in change.regions]
    ways = roads(outlines, new, box)
    for number, (r, outline) in enumerate(zip(change.regions, outlines, strict=True)):
        kind = Kind.UNKNOWN
        if any(way.intersects(outline) for way in ways):
            kind = Kind.ROAD
        elif number < MOST_KINDS:
            kind = kind_between(outline, r.outline, every & ~r.mask, r.is_cut, new, old, float(box.resolution.x))
        yield Piece(outline, r.is_cut, r.amount, r.area_m2, r.deepest_m, r.mean_m, r.steepest_degrees, kind)


def alone(dsm: Raster, ground: BaseGeometry, crs: str, cases: Sequence[KnownCase]) -> Measured:
    """Pits at known cases, measured below their rim."""
    box = common_grid((dsm,), ground, crs, rim.CELL_M)
    new, cell = read_surface(dsm, box), float(box.resolution.x)
    taken, pieces, without = np.zeros(new.shape, bool), [], False
    for case in cases:
        mask = burnt(case.geometry, box)
        found = rim.pit_near(new, mask, cell) if mask.any() else None
        if found is None or (found.outline & taken).any():
            continue
        amount = rim.amount_of(new, found, cell)
        if amount is None or not amount.says:
            without = True
            continue
        taken |= found.outline
        area = float(found.outline.sum()) * cell**2
        steep = float(np.nanpercentile(slope_degrees(smoothed(new, 1), cell)[found.outline], 95))
        deepest = float(np.nanmax(found.depth[found.outline]))
        pieces.append(Piece(outlined(found.outline, box), True, amount, area, deepest, amount.m3 / area, steep, Kind.PIT))
    total = _sum([piece.amount for piece in pieces])
    why = None if pieces else "no earlier surface, and " + ("a hollow that the rim tells too little of" if without else "no hollow at a known case")
    return Measured(box, new, None, None, None, tuple(pieces), total, _NOTHING, why, taken)


def _sum(amounts: Sequence[Amount]) -> Amount:
    """Together; their errors are of one surface and add up."""
    return Amount(sum(a.m3 for a in amounts), sum(a.low for a in amounts), sum(a.high for a in amounts))


def moved(measured: Measured, east: float, north: float) -> Measured:
    """The same somewhat to the side, metres."""
    box = GeoBox(measured.box.shape, Affine.translation(east, north) @ measured.box.affine, measured.box.crs)
    pieces = tuple(replace(piece, geometry=translate(piece.geometry, east, north)) for piece in measured.pieces)
    return replace(measured, box=box, pieces=pieces)
