"""A month's restoration: how far each site has come, what fell back, and the county's account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.config_findings import FindingsConfig
from pipeline.findings.finding import Code, Finding
from pipeline.findings.ground import EPOCH
from pipeline.findings.lookup import Lookup
from pipeline.findings.mines import Mine
from pipeline.findings.unrestored import findings
from pipeline.grid import Grid
from pipeline.layers.model import LayerSet, LegacyPatch, Right
from pipeline.patches.outline import geometry_of
from pipeline.publish.wgs84 import Projector
from pipeline.restoration.balance import Dug, accounts, dug_ground
from pipeline.restoration.bareness import Window, on_terrain, surroundings
from pipeline.restoration.document import Compared, County, Told, tell
from pipeline.restoration.grounds import Ground, Kind, grounds
from pipeline.restoration.progress import Progress, progress
from pipeline.restoration.season import Ends, Season, ends_of
from pipeline.restoration.states import State
from pipeline.restoration.terrain import Lie, slope_and_aspect
from pipeline.sitehistory import History
from pipeline.sources.lost import Lost
from pipeline.sources.scene import Scene
from pipeline.year import Setting

SEASON_ENDS = 9
"""Month with which a growing season is over: until then what it shows is provisional."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A site's growing seasons, for its pictures."""

    id: str
    inside: NDArray[np.bool_]
    seasons: tuple[Season, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a month knows of restoration."""

    document: dict[str, Any]
    """restoration.json."""
    shown: tuple[Shown, ...]
    """In the order of the document's sites."""
    fallen: tuple[Fallen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """Restored ground that is bare again."""

    ground: Ground
    geometry: BaseGeometry
    first_look: date
    last_look: date
    last_green: date
    cover: float
    reference: float
    over: bool
    """Whether the season that shows it is over."""

    @property
    def legacy(self) -> LegacyPatch | None:
        return self.ground.legacy

    @property
    def right(self) -> Right | None:
        return self.ground.right

    @property
    def deadline(self) -> date | None:
        return self.ground.deadline

    @property
    def trace(self) -> tuple[str, ...]:
        seen = f"green until {self.last_green}, bare again {self.first_look} to {self.last_look}"
        return seen, f"cover {self.cover:.2f} against {self.reference:.2f} of its reference plots"


@dataclass(frozen=True, slots=True)
class _Site:
    ground: Ground
    window: Window
    seasons: tuple[Season, ...]
    progress: Progress
    dug: Dug | None = None
    """Of a right, where anything in it was dug; else all of the site had been dug before the archive begins."""
    compared: Compared | None = None


def of_month(
    layers: LayerSet,
    scenes: Sequence[Scene],
    month: str,
    end: date,
    setting: Setting,
    first: int,
    sha256: Callable[[Scene], str],
    least: int,
    name: str,
    lost: Lost,
    worked: Sequence[Mine],
) -> Restored:
    """Restoration as a month's end finds it.

    first: year in which monitoring began; least: cells of the smallest piece; name: of the county; lost: takes the scenes that could not
    be read; worked: what the month shows of each right.
    """
    found = grounds(layers, end, setting.area)
    windows = [surroundings(each, layers, setting.grid) for each in found]
    history = History(setting, first, sha256, lost)
    ends = ends_of(history.model(first))
    seasons = history.seasons(windows, scenes, end, f"{month} restoration")
    judge = _Judge(setting, ends, first, least, {mine.right.key: mine for mine in worked})
    judged = [judge.site(ground, window, own) for ground, window, own in zip(found, windows, seasons, strict=True)]
    sites = [site for site in judged if site.dug is None or site.window.inside.any()]  # where nothing was dug there is nothing to give back
    projector = Projector(setting.grid.crs)
    told = [_told(site, projector) for site in sites]
    dem = setting.heights.sha256 if setting.heights else None
    document = tell(County(name, month, end, setting.grid.cell_area_m2, ends, history.bands, dem), told)
    shown = tuple(Shown(site.ground.id, site.window.inside, site.seasons) for site in sites)
    return Restored(document, shown, tuple(fallen for site in sites if (fallen := _fallen(site, end, least, setting)) is not None))


def _told(site: _Site, projector: Projector) -> Told:
    inside, at = site.window.inside, projector.write(site.ground.geometry)
    account = accounts(inside, site.progress.cells, site.dug.day if site.dug else None)
    return Told(site.ground, site.progress, account, int(inside.sum()), _lie(site.window), (at.lon, at.lat), site.compared)


def _lie(window: Window) -> Lie | None:
    """Slope and aspect of a site."""
    return slope_and_aspect(window.terrain.slopes[:, window.inside]) if window.terrain else None


@dataclass(frozen=True, slots=True)
class _Judge:
    """What is the same for all sites."""

    setting: Setting
    ends: Ends
    first: int
    least: int
    worked: Mapping[tuple[str, str], Mine]

    def site(self, ground: Ground, wide: Window, seasons: Sequence[Season]) -> _Site:
        """A right's site is what was dug in it; of a closed mine all of it where nothing is seen to have been. wide: with all surroundings."""
        relief, old = self.setting.heights, ground.kind is Kind.LEGACY
        window = on_terrain(wide, relief)
        found = progress(window, seasons, self.ends, ground.claimed, old=old)
        if ground.right is None or not found.cells:
            return _Site(ground, window, tuple(seasons), found)
        mine = self.worked.get(ground.right.key)
        dug = self._dug(wide, mine)
        inside = dug_ground(found.cells, dug, wide.inside, self.first, self.least)
        later = wide.inside & dug.open & ~dug.by(found.cells[-1].year)
        compared = Compared(mine.dug_m2, int((inside & dug.open).sum()), int(later.sum())) if mine else None
        if ground.kind is Kind.CLOSED and not inside.any():
            return _Site(ground, window, tuple(seasons), found, None, compared)
        window = on_terrain(replace(wide, inside=inside), relief)
        return _Site(ground, window, tuple(seasons), progress(window, seasons, self.ends, None, old=False, dug=dug.day), dug, compared)

    def _dug(self, window: Window, mine: Mine | None) -> Dug:
        """Ground of a right's month on a window; none of a right that has left the register since."""
        if mine is None:
            nothing = np.zeros(window.inside.shape, np.int32)
            return Dug(nothing > 0, nothing > 0, nothing)
        grid = self.setting.grid
        opened, closed = (grid.mask(each, window.geobox) for each in (mine.open_now, mine.closed))
        at = mine.dated[0] - np.array(_corner(window, grid))
        here = ((at >= 0) & (at < opened.shape)).all(axis=1)
        day = np.zeros(opened.shape, np.int32)
        day[tuple(at[here].T)] = mine.dated[1][here] + EPOCH
        return Dug(opened, closed, np.where(opened, day, 0))


def _corner(window: Window, grid: Grid) -> tuple[int, int]:
    """Row and column of the grid in which a window begins."""
    affine, home = window.geobox.affine, grid.geobox.affine
    return round((affine.f - home.f) / home.e), round((affine.c - home.c) / home.a)


def _fallen(site: _Site, end: date, least: int, setting: Setting) -> Fallen | None:
    """Restored ground of a site that is bare again."""
    verdict, years = site.progress.verdict, site.progress.years
    if verdict is None or verdict.state is not State.REGRESSED or site.ground.kind is Kind.WORKING:
        return None
    last, cells = years[-1], site.progress.cells
    green = [k for k, year in enumerate(years) if year.is_green]
    was = np.any([cells[k].green for k in green], axis=0) if green else np.zeros(site.window.inside.shape, bool)
    rows, cols = np.nonzero(cells[-1].bare & was)
    if len(rows) < least:
        return None
    top, left = _corner(site.window, setting.grid)
    start = next(year for year in years if year.first >= verdict.since)
    return Fallen(
        ground=site.ground,
        geometry=shapely.intersection(geometry_of(rows + top, cols + left, setting.grid), site.ground.geometry),
        first_look=start.first,
        last_look=last.last,
        last_green=max(years[k].last for k in green),
        cover=last.cover,
        reference=last.reference,
        over=(end.year, end.month) >= (last.year, SEASON_ENDS),
    )


def regressed(
    fallen: Sequence[Fallen], dug: BaseGeometry, layers: LayerSet, overdue: Sequence[Finding], config: FindingsConfig, cell_m2: float
) -> list[Finding]:
    """Findings of sites past their deadline, and after them of restored ground that is bare again without signs of digging.

    dug: ground of this month's digging. overdue: findings that come first for the same site; a relapse then stands in their `also`.
    """
    out, lookup = {finding.part: finding for finding in overdue}, Lookup(layers)
    for each in fallen:
        left = shapely.difference(each.geometry, dug)
        if left.area < config.min_cells * cell_m2 or left.area < each.geometry.area / 2:
            continue
        site = replace(each, geometry=left)
        (finding,) = findings([site], lookup, config.severity, Code.RESTORATION_REGRESSED, provisional=not each.over)
        first = out.get(finding.part)
        if first is not None:
            out[finding.part] = replace(first, also=(*first.also, Code.RESTORATION_REGRESSED.value))
        else:
            out[finding.part] = replace(finding, before_date=each.last_green)
    return list(out.values())
