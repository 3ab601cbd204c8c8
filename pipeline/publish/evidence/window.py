"""Which ground a picture shows, and how large."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from pipeline.grid import Grid

WIDTH, HEIGHT = 480, 400
"""Pixels of a picture. Both are multiples of every magnification."""
MAGNIFICATIONS = (8, 5, 4, 2, 1)
"""Whole numbers: each cell becomes a square of pixels, and nothing is smoothed."""
MOST = 0.6
"""Of a side that the ground may take, so that its surroundings are seen."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of the county's cells (it may reach beyond the county), and how it is enlarged."""

    geobox: GeoBox
    top: int
    left: int
    """Row and column of the county's grid."""
    zoom: int
    """Pixels a side of a cell."""
    skip: int = 1
    """Where ground is too large for the picture: only each n-th row and column is shown."""

    @property
    def px_per_m(self) -> float:
        return self.zoom / (self.skip * abs(float(self.geobox.resolution.x)))

    @property
    def width_m(self) -> float:
        return WIDTH / self.px_per_m

    @property
    def height_m(self) -> float:
        return HEIGHT / self.px_per_m

    @property
    def corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """North-west and south-east corner in the grid's CRS."""
        a: Affine = self.geobox.affine
        return (a.c, a.f), (a.c + self.width_m, a.f - self.height_m)

    def place(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2): points of the grid's CRS in pixels from the picture's upper left corner."""
        a: Affine = self.geobox.affine
        return np.column_stack([(points[:, 0] - a.c) * self.px_per_m, (a.f - points[:, 1]) * self.px_per_m])

    def enlarged(self, cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(HEIGHT, WIDTH, n) from the frame's cells (h, w, n): each repeated."""
        return np.repeat(np.repeat(cells[:: self.skip, :: self.skip], self.zoom, axis=0), self.zoom, axis=1)


def frame_of(ground: BaseGeometry, grid: Grid) -> Frame:
    """The frame around a ground, at the largest magnification that leaves room around it."""
    west, south, east, north = ground.bounds
    tall, wide = (north - south) / grid.resolution, (east - west) / grid.resolution
    zoom = next((z for z in MAGNIFICATIONS if wide * z <= MOST * WIDTH and tall * z <= MOST * HEIGHT), 1)
    skip = 1 if zoom > 1 else max(math.ceil(max(wide / (MOST * WIDTH), tall / (MOST * HEIGHT))), 1)
    rows, cols = HEIGHT // zoom * skip, WIDTH // zoom * skip
    affine = grid.geobox.affine
    left = round(((west + east) / 2 - affine.c) / grid.resolution - cols / 2)
    top = round((affine.f - (south + north) / 2) / grid.resolution - rows / 2)
    return Frame(GeoBox((rows, cols), affine @ Affine.translation(left, top), grid.crs), top, left, zoom, skip)
