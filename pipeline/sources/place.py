"""Where a raster lies, as its metadata says it, and which part of it a county needs."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import transform_bounds

STEP_M = 10_240
"""Crops begin and end on this lattice, counted from the raster's corner: whole tiles of 1024 or 512 pixels at 10 m, of 512 at 20 m."""
MARGIN_M = 320
"""Around the county: resampling and the widening of clouds look beyond its edge."""


@cache
def is_metric(crs: str) -> bool:
    """Whether `EPSG:…` is the code of a projection in metres that is known here."""
    if not re.fullmatch(r"EPSG:[0-9]{4,5}", crs):
        return False
    try:
        found = CRS.from_user_input(crs)
        return bool(found.is_projected) and found.linear_units_factor[1] == 1
    except CRSError:
        return False


@dataclass(frozen=True, slots=True)
class Crop:
    """Pixels of a raster: a window."""

    col: int
    row: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """A north-up raster of square pixels."""

    crs: str
    """As `EPSG:32648`."""
    resolution: float
    """Side of a pixel, metres."""
    west: float
    north: float
    width: int
    height: int
    """Pixels."""

    @property
    def transform(self) -> Affine:
        return Affine(self.resolution, 0, self.west, 0, -self.resolution, self.north)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in its CRS, metres."""
        return self.west, self.north - self.height * self.resolution, self.west + self.width * self.resolution, self.north

    def bounds_in(self, crs: str) -> tuple[float, float, float, float]:
        """As `bounds`, in another CRS; infinite where it does not reach so far."""
        try:
            west, south, east, north = transform_bounds(CRS.from_user_input(self.crs), CRS.from_user_input(crs), *self.bounds)
        except RasterioError:
            return math.inf, math.inf, math.inf, math.inf
        return west, south, east, north

    def of(self, crop: Crop) -> Place:
        """The place of a part."""
        west, north = self.west + crop.col * self.resolution, self.north - crop.row * self.resolution
        return Place(self.crs, self.resolution, west, north, crop.width, crop.height)

    def crop_to(self, box: GeoBox) -> Crop | None:
        """The whole tiles that the ground of a box needs; None where it does not reach into the raster."""
        ground = Place(str(box.crs), abs(box.resolution.x), box.affine.c, box.affine.f, box.shape.x, box.shape.y)
        west, south, east, north = ground.bounds_in(self.crs)
        if not all(map(math.isfinite, (west, south, east, north))):
            return None
        step = max(round(STEP_M / self.resolution), 1)
        left, right = _span(west - MARGIN_M - self.west, east + MARGIN_M - self.west, self.resolution, step, self.width)
        top, bottom = _span(self.north - north - MARGIN_M, self.north - south + MARGIN_M, self.resolution, step, self.height)
        return Crop(left, top, right - left, bottom - top) if right > left and bottom > top else None


def together(places: Collection[Place]) -> bool:
    """Whether rasters begin at the same corner, to a pixel of the coarsest, as bands of one scene do."""
    near = max(place.resolution for place in places)
    first = next(iter(places))
    return all(place.crs == first.crs and abs(place.west - first.west) <= near and abs(place.north - first.north) <= near for place in places)


def _span(start: float, end: float, resolution: float, step: int, length: int) -> tuple[int, int]:
    """First pixel and the one after the last, on the lattice, of metres from the corner."""
    first, last = math.floor(start / resolution / step) * step, math.ceil(end / resolution / step) * step
    return max(first, 0), min(last, length)
