"""Looks at the sites that should have been restored by now, and says which are still bare."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
from shapely.geometry.base import BaseGeometry

from pipeline.config_findings import FindingsConfig
from pipeline.detect.mask import HALO, shown
from pipeline.errors import MinewardenError
from pipeline.findings.finding import Finding
from pipeline.findings.ground import common
from pipeline.findings.lookup import Lookup
from pipeline.findings.unrestored import findings
from pipeline.layers.model import LayerSet
from pipeline.restoration.bareness import Judgement, Site, SiteLook, Window, judge_site, on_terrain, sites, surroundings
from pipeline.sources.lost import Lost
from pipeline.sources.reader import read_dn, read_scl, scaling
from pipeline.sources.scene import Scene, unreadable
from pipeline.sources.transcode import StoreError
from pipeline.year import Setting

PIT_SHARE = 0.1
"""Share of a closed mine that its open pit must make up to be judged by itself: less is a track or a natural bank."""

Pits = Mapping[tuple[str, str], BaseGeometry]
"""By a right's key: its ground that is dug and open, in the grid's CRS."""


def _look(scene: Scene, window: Window, setting: Setting, lost: Lost) -> SiteLook | None:
    """One scene over a site's window; None where it has no data there or can't be read, which `lost` takes."""
    box = window.geobox
    try:
        refused = setting.stock.bring([scene], None, ("B04", "B08"))[1] if setting.stock else []
        if refused:
            lost.add(*refused)
            return None
        dn = read_dn(scene, ("B04", "B08"), box)
        scl = read_scl(scene, box.pad(HALO))
    except StoreError:
        raise  # a service that is down, a store that is full: not to be taken for a look without data
    except (MinewardenError, OSError) as error:
        lost.add(unreadable(scene, error))
        return None
    clear = shown(scl, 1, 0, 0, box.shape.y, box.shape.x) & (dn > 0).all(axis=0)
    if not clear.any():
        return None
    gain, offset = scaling(scene, ("B04", "B08"))
    red, nir = dn[0] * gain[0] + offset[0], dn[1] * gain[1] + offset[1]
    return SiteLook(scene.day, ((nir - red) / np.maximum(nir + red, 100)).astype(np.float32), clear)


def _judge(
    site: Site, pit: BaseGeometry | None, layers: LayerSet, by_day: dict[date, list[Scene]], month_end: date, setting: Setting, least: int, lost: Lost
) -> Judgement | None:
    """A site as its growing season shows it. pit: of a closed mine what is dug; the fields that lie in it as well owe nobody anything."""
    window = surroundings(site, layers, setting.grid)

    @cache
    def read(day: date) -> SiteLook | None:
        looks = [look for scene in by_day[day] if (look := _look(scene, window, setting, lost)) is not None]
        # Of two tiles on one day the one that shows more of the site.
        return max(looks, key=lambda look: int((look.clear & window.inside).sum()), default=None)

    def judged(site: Site, window: Window, least: int) -> Judgement | None:
        return judge_site(site, on_terrain(window, setting.heights), by_day, month_end, read, least)

    if pit is not None and common(site.geometry, pit).area >= PIT_SHARE * site.geometry.area:
        # Its rim is a mixture, and so not bare round the year.
        dug = replace(site, geometry=common(site.geometry, pit.buffer(setting.grid.resolution, join_style="mitre")))
        inside = setting.grid.mask(dug.geometry, window.geobox) & window.inside
        own = judged(dug, replace(window, inside=inside), max(least, math.ceil(PIT_SHARE * window.inside.sum()))) if inside.any() else None
        if own is not None and own.unrestored:
            return own
    return judged(site, window, least)


def unrestored(
    layers: LayerSet, scenes: Sequence[Scene], month_end: date, setting: Setting, config: FindingsConfig, lost: Lost, pits: Pits
) -> list[Finding]:
    """Findings of the sites past their deadline that are still bare against their surroundings. lost: takes the scenes that could not be read."""
    by_day: dict[date, list[Scene]] = defaultdict(list)
    for scene in scenes:
        if scene.day <= month_end:
            by_day[scene.day].append(scene)
    due = [site for site in sites(layers, month_end) if site.geometry.intersects(setting.area)]

    def judge(site: Site) -> Judgement | None:
        pit = pits.get(site.right.key) if site.right else None
        return _judge(site, pit, layers, by_day, month_end, setting, config.min_cells, lost)

    with ThreadPoolExecutor(max_workers=setting.workers) as pool:
        judged = list(pool.map(judge, due))
    return findings([j for j in judged if j is not None and j.unrestored], Lookup(layers), config.severity)
