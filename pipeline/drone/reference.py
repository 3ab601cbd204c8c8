"""The satellite's clear looks at the flown ground, nearest in time to the flight."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from pipeline.detect.mask import HALO, shown
from pipeline.drone.arrays import Mask
from pipeline.drone.raster import Raster
from pipeline.drone.register import Look, Picture, Placement, place
from pipeline.drone.surface import picture
from pipeline.errors import MinewardenError
from pipeline.sources.reader import read_dn, read_scl, scaling
from pipeline.sources.scene import Scene
from pipeline.sources.transcode import StoreError
from pipeline.year import Setting

SEARCHED = timedelta(days=180)
"""To either side of the flight: seasons change the texture, and the ground is dug on."""
LOOKS, TRIED = 6, 40
"""Looks that are wanted, and scenes that are opened for them."""
CLEAR = 0.95
COLOURS = (("B04", 0), ("B03", 1), ("B02", 2))
"""The satellite's bands that an orthophoto's red, green and blue stand beside."""
FINEST = 10
MOST_CELLS = 4_000_000
"""Of the orthophoto as it is moved: so many times finer than the satellite, as long as it stays small."""
MARGIN = 3


def window(grid: GeoBox, ground: BaseGeometry) -> GeoBox:
    """Cells of the county's grid around the flown ground; they may reach beyond it."""
    west, south, east, north = ground.bounds
    step, a = grid.resolution.x, grid.affine
    left, top = math.floor((west - a.c) / step) - MARGIN, math.floor((a.f - north) / step) - MARGIN
    right, bottom = math.ceil((east - a.c) / step) + MARGIN, math.ceil((a.f - south) / step) + MARGIN
    return GeoBox((bottom - top, right - left), a @ Affine.translation(left, top), grid.crs)


def placed(ortho: Raster, ground: BaseGeometry, flown: date, scenes: Sequence[Scene], setting: Setting, say: Callable[[int, int], None]) -> Placement:
    """Where the orthophoto lies against the looks nearest in time. say: told how many scenes were looked at, of how many."""
    box = window(setting.grid.geobox, ground)
    bands = [(band, colour) for band, colour in COLOURS if band in setting.bands]
    times = int(min(max(math.sqrt(MOST_CELLS / (box.shape.y * box.shape.x)), 2), FINEST))
    fine = GeoBox((box.shape.y * times, box.shape.x * times), box.affine @ Affine.scale(1 / times), box.crs)
    colours, seen = picture(ortho, fine)
    chosen = [colour for _, colour in bands]
    brightness = np.where(seen, colours[chosen].mean(axis=0), np.nan).astype(np.float64)
    names = tuple(band for band, _ in bands)
    inside = Picture(brightness, times).moved(0, 0)
    return place(Picture(brightness, times), _looks(scenes, flown, box, np.isfinite(inside), names, setting, say), box.resolution.x)


def _looks(
    scenes: Sequence[Scene], flown: date, box: GeoBox, inside: Mask, bands: tuple[str, ...], setting: Setting, say: Callable[[int, int], None]
) -> list[Look]:
    near = sorted((s for s in scenes if abs(s.day - flown) <= SEARCHED), key=lambda s: (abs(s.day - flown), s.id))[:TRIED]
    found: list[Look] = []
    for number, scene in enumerate(near, 1):
        say(number, len(near))
        look = _look(scene, box, inside, bands, setting)
        if look is not None:
            found.append(look)
        if len(found) == LOOKS:
            say(len(near), len(near))
            break
    return found


def _look(scene: Scene, box: GeoBox, inside: Mask, bands: tuple[str, ...], setting: Setting) -> Look | None:
    try:
        if setting.stock is not None and not setting.stock.bring([scene], None, bands)[0]:
            return None
        dn, scl = read_dn(scene, bands, box), read_scl(scene, box.pad(HALO))
    except StoreError:
        raise  # a service that is down is not to be taken for a scene without data
    except (MinewardenError, OSError):
        return None
    clear = shown(scl, 1, 0, 0, box.shape.y, box.shape.x) & (dn > 0).all(axis=0)
    if not inside.any() or clear[inside].mean() < CLEAR:
        return None
    gain, offset = scaling(scene, bands)
    values = (dn * gain[:, None, None] + offset[:, None, None]).mean(axis=0).astype(np.float64)
    return Look(scene.id, scene.day, np.where(clear, values, np.nan))
