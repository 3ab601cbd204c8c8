"""Is a site that should be green by now still bare against its surroundings?

The caller reads pixels; all else is here:

    for site in sites(layers, month_end):
        window = surroundings(site, layers, grid)
        judgement = judge_site(site, window, scene_days, month_end, read)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.grid import Grid, Relief
from pipeline.layers.model import CLOSED_STATUS, LayerSet, LegacyPatch, Right, Standing
from pipeline.restoration.grounds import LEAST_M2, without
from pipeline.restoration.medians import median_seen
from pipeline.restoration.terrain import Terrain, of_site

NDVI_BARE, NDVI_FULL = 0.08, 0.72
"""NDVI of bare loess and of closed cover. Between them cover is linear: the dimidiate pixel model (Gutman & Ignatov 1998,
Int. J. Remote Sensing 19, 1533–1543); the two ends are ours, for growing-season loess."""
GROWING_MONTHS = range(6, 10)
RING_M = (30.0, 300.0)
"""Surroundings: this far from the site, beyond its own mixed pixels, yet on the same slope and under the same rain."""
FEWEST_LOOKS = 2
FEWEST_RING_CELLS = 20
FEWEST_LIKE_CELLS = 400
"""Where heights are known and less of the surroundings lies like the site, so much is taken, the likest first."""
SEEN_SHARE = 0.5
BARE_RATIO, BARE_GAP = 0.58, 0.05
"""A cell is bare when it has less than about three fifths of the reference cover and falls short of it by more than noise."""
BARE_SHARE = 0.5
RESTORED_RATIO, RESTORED_SHARE = 0.75, 0.25
"""Cells this near to the reference are clearly restored; cut from the outline where they are this share of the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Ground that had to be restored by a date: a legacy patch or a closed mine."""

    geometry: BaseGeometry
    """In the grid's CRS."""
    deadline: date
    legacy: LegacyPatch | None = None
    right: Right | None = None

    @property
    def id(self) -> str:
        return self.legacy.id if self.legacy else self.right.id if self.right else ""


@dataclass(frozen=True, slots=True)
class Window:
    """A site and its surroundings on the grid."""

    geobox: GeoBox
    """Which cells a SiteLook must cover."""
    inside: NDArray[np.bool_]
    """(h, w): cells whose centre lies in the site."""
    ring: NDArray[np.bool_]
    """(h, w): its surroundings, without other sites, rights and legacy patches."""
    terrain: Terrain | None = None
    """How all of it lies; None where heights are not known: then all of the surroundings are taken."""


@dataclass(frozen=True, slots=True)
class SiteLook:
    """One acquisition over a window."""

    day: date
    ndvi: NDArray[np.float32]
    """(h, w): any value where not clear."""
    clear: NDArray[np.bool_]
    """(h, w)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a growing season shows of a site."""

    site: Site
    unrestored: bool
    geometry: BaseGeometry
    """The site without what is clearly restored."""
    first_look: date
    last_look: date
    cover: float
    """Median vegetation cover of the site, 0–1."""
    reference: float
    """Median cover of its surroundings."""
    bare_m2: float
    restored_m2: float
    """Of the cells that were seen."""
    seen_share: float

    @property
    def legacy(self) -> LegacyPatch | None:
        return self.site.legacy

    @property
    def right(self) -> Right | None:
        return self.site.right

    @property
    def deadline(self) -> date:
        return self.site.deadline

    @property
    def trace(self) -> tuple[str, ...]:
        return (
            f"deadline {self.deadline}, looked at {self.first_look} to {self.last_look}",
            f"cover {self.cover:.2f} against {self.reference:.2f} around it, {self.bare_m2:.0f} m² bare, {self.seen_share:.0%} of the site seen",
        )


def sites(layers: LayerSet, month_end: date) -> list[Site]:
    """Legacy patches and closed mines whose deadline has passed; of a mine what no other right to dig that is valid now lies on."""
    due = [Site(geometry=p.geometry, deadline=p.deadline, legacy=p) for p in layers.legacy if p.deadline is not None and p.deadline < month_end]
    valid = [right for right in layers.entries if right.standing(month_end) is Standing.VALID and not right.underground]
    for mine in layers.rights:
        if mine.exploration or mine.status not in CLOSED_STATUS or mine.restore_by is None or mine.restore_by >= month_end:
            continue
        left = without(mine.geometry, [right.geometry for right in valid if right is not mine])
        if mine.geometry.area - left.area < LEAST_M2:
            due.append(Site(geometry=mine.geometry, deadline=mine.restore_by, right=mine))
        elif left.area >= LEAST_M2:
            due.append(Site(geometry=left, deadline=mine.restore_by, right=mine))
    return due


class Placed(Protocol):
    """Ground of a record."""

    @property
    def geometry(self) -> BaseGeometry: ...
    @property
    def legacy(self) -> LegacyPatch | None: ...
    @property
    def right(self) -> Right | None: ...


def surroundings(site: Placed, layers: LayerSet, grid: Grid) -> Window:
    """The window in which a site is judged: the site and a ring around it, cropped to the grid."""
    near, far = (site.geometry.buffer(d) for d in RING_M)
    left, bottom, right, top = far.bounds
    affine, (rows, cols) = grid.geobox.affine, grid.shape
    row, col = _clip((top - affine.f) / affine.e, rows), _clip((left - affine.c) / affine.a, cols)
    shape = _clip((bottom - affine.f) / affine.e, rows) - row + 1, _clip((right - affine.c) / affine.a, cols) - col + 1
    corner = Affine(affine.a, 0, affine.c + col * affine.a, 0, affine.e, affine.f + row * affine.e)
    geobox = GeoBox(shape, corner, grid.crs)
    recorded: tuple[LegacyPatch | Right, ...] = (*layers.legacy, *layers.rights)
    others = np.array([r.geometry for r in recorded if r is not site.legacy and r is not site.right], object)
    ring = shapely.difference(far, shapely.union_all([near, *others[shapely.intersects(others, far)]]))
    return Window(geobox, grid.mask(site.geometry, geobox), grid.mask(ring, geobox))


def on_terrain(window: Window, relief: Relief | None) -> Window:
    """The window with how its ground lies, where that is known."""
    known = relief.slopes(window.geobox) if relief is not None else None
    return window if known is None else replace(window, terrain=of_site(known, window.inside))


def _clip(place: float, count: int) -> int:
    return int(np.clip(np.floor(place), 0, count - 1))


def seasons(deadline: date, days: Iterable[date], month_end: date) -> list[list[date]]:
    """Acquisitions of June to September after a deadline and up to a month's end, by year, the latest first."""
    fit = sorted({d for d in days if d.month in GROWING_MONTHS and deadline < d <= month_end})
    return [[d for d in fit if d.year == year] for year in sorted({d.year for d in fit}, reverse=True)]


def cover_of(ndvi: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of the ground under vegetation, 0–1, NaN where NDVI is."""
    out: NDArray[np.float32] = np.clip((ndvi - np.float32(NDVI_BARE)) / np.float32(NDVI_FULL - NDVI_BARE), 0, 1)
    return out


def judge_site(
    site: Site, window: Window, days: Iterable[date], month_end: date, read: Callable[[date], SiteLook | None], min_cells: int = 4
) -> Judgement | None:
    """Judge a site in the latest growing season that shows it.

    `days` are all acquisitions; `read` gives the look of one over the window (None where it has none). None: not seen well enough
    in any season since the deadline, which is not the same as restored.
    """
    for season in seasons(site.deadline, days, month_end):
        looks = [look for look in map(read, season) if look is not None]
        judgement = judge_season(site, window, looks, min_cells)
        if judgement is not None:
            return judgement
    return None


def judge_season(site: Site, window: Window, looks: Sequence[SiteLook], min_cells: int = 4) -> Judgement | None:
    """Judge a site by the looks of one growing season; None where too little of it or of its surroundings was seen."""
    useful = [look for look in looks if (look.clear & window.inside).any()]
    if not useful:
        return None
    ndvi = np.stack([np.where(look.clear, look.ndvi, np.nan) for look in useful]).astype(np.float32)
    seen = np.isfinite(ndvi).sum(axis=0) >= FEWEST_LOOKS
    inside, ring = window.inside & seen, window.ring & seen
    if window.terrain is not None:
        ring &= window.terrain.likest(ring, FEWEST_LIKE_CELLS)
    if inside.sum() < SEEN_SHARE * window.inside.sum() or ring.sum() < FEWEST_RING_CELLS or not inside.any():
        return None
    cover = np.zeros(seen.shape, np.float32)
    cover[seen] = cover_of(median_seen(ndvi[:, seen], axis=0))
    reference = float(np.median(cover[ring]))
    bare = inside & (cover < BARE_RATIO * reference) & (reference - cover > BARE_GAP)
    restored = inside & (cover >= RESTORED_RATIO * reference)
    area = abs(window.geobox.resolution.x * window.geobox.resolution.y)
    return Judgement(
        site=site,
        unrestored=bool(bare.sum() >= BARE_SHARE * inside.sum() and bare.sum() >= min_cells),
        geometry=_unrestored_ground(site, window, restored, int(inside.sum())),
        first_look=min(look.day for look in useful),
        last_look=max(look.day for look in useful),
        cover=float(np.median(cover[inside])),
        reference=reference,
        bare_m2=float(bare.sum() * area),
        restored_m2=float(restored.sum() * area),
        seen_share=float(inside.sum() / window.inside.sum()),
    )


def _unrestored_ground(site: Site, window: Window, restored: NDArray[np.bool_], seen: int) -> BaseGeometry:
    """The site's outline without the cells that are clearly restored; the whole of it where those are few."""
    if restored.sum() < RESTORED_SHARE * seen:
        return site.geometry
    affine = window.geobox.affine
    rows, cols = np.nonzero(restored)
    x, y = affine.c + cols * affine.a, affine.f + rows * affine.e
    green = shapely.union_all(shapely.box(x, y + affine.e, x + affine.a, y))
    parts = [p for p in shapely.get_parts(shapely.difference(site.geometry, green)).tolist() if p.geom_type == "Polygon"]
    return shapely.union_all(parts) if parts else MultiPolygon()
