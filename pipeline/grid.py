"""Which block of ground is this? The county's pixel grid and its division into blocks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

_RASTERIZE = threading.Lock()
"""GDAL's in-memory driver loses its geotransform now and then while two threads open it for the first time."""

Slopes = NDArray[np.float32]
"""(2, h, w): rise a metre towards east and north, NaN where unknown."""


class Relief(Protocol):
    """How the ground lies."""

    @property
    def sha256(self) -> str:
        """Of the model of heights."""
        ...

    def slopes(self, box: GeoBox) -> Slopes | None:
        """Of the cells of a box; None where nothing is known of them."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells of the county's grid: rows `top … top+height`, columns `left … left+width`."""

    row: int
    """Block row, counted from the north."""
    col: int
    """Block column, counted from the west."""
    top: int
    left: int
    height: int
    width: int

    @property
    def name(self) -> str:
        return f"r{self.row:03d}c{self.col:03d}"


@dataclass(frozen=True, slots=True)
class Grid:
    """The county's grid: one GeoBox of square, north-up cells, cut into blocks of `block` cells a side."""

    geobox: GeoBox
    block: int = 512

    @property
    def shape(self) -> tuple[int, int]:
        return self.geobox.shape.y, self.geobox.shape.x

    @property
    def crs(self) -> str:
        return str(self.geobox.crs)

    @property
    def resolution(self) -> float:
        """Side of a cell, metres."""
        return float(self.geobox.resolution.x)

    @property
    def cell_area_m2(self) -> float:
        return self.resolution**2

    def centres(self, rows: NDArray[np.int32], cols: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x and y of the centres of cells, in the grid's CRS. rows, cols: (n,)."""
        affine = self.geobox.affine
        return np.asarray(affine.c + (cols + 0.5) * affine.a, np.float64), np.asarray(affine.f + (rows + 0.5) * affine.e, np.float64)

    def blocks(self) -> Iterator[Block]:
        rows, cols = self.shape
        for i, top in enumerate(range(0, rows, self.block)):
            for j, left in enumerate(range(0, cols, self.block)):
                yield Block(i, j, top, left, min(self.block, rows - top), min(self.block, cols - left))

    def window(self, block: Block, halo: int = 0) -> GeoBox:
        """GeoBox of a block widened by `halo` cells on every side (it may reach beyond the grid)."""
        return self.geobox[block.top : block.top + block.height, block.left : block.left + block.width].pad(halo)

    def mask(self, shape_geometry: BaseGeometry, geobox: GeoBox | None = None) -> NDArray[np.bool_]:
        """Cells whose centre lies in `shape_geometry` (in the grid's CRS); of the whole grid or of `geobox`."""
        box = self.geobox if geobox is None else geobox
        if shape_geometry.is_empty:
            return np.zeros(tuple(box.shape), bool)
        with _RASTERIZE:
            out: NDArray[np.uint8] = rasterize([(shape_geometry, 1)], out_shape=tuple(box.shape), transform=box.affine, dtype="uint8")
        return out.astype(bool)
