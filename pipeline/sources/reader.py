"""Reads windows of a scene's bands onto the county's grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from pipeline.errors import MinewardenError
from pipeline.sources import colours
from pipeline.sources.bandfile import open_band
from pipeline.sources.scene import Scene

_TOUCH = 1e-6
"""Bounds that touch a cell's edge to this part of a cell do not need the next cell."""


@lru_cache(maxsize=16)
def _crs(text: str) -> CRS:
    return CRS.from_user_input(text)


def _aligned(source: rasterio.DatasetReader, box: GeoBox) -> tuple[int, int, int] | None:
    """How many cells of `box` a pixel spans, and the column and row of `box` in such cells; None where grids don't match."""
    t, a = source.transform, box.affine
    ratio = t.a / a.a
    span = round(ratio)
    if span < 1 or abs(ratio - span) > 1e-6 or t.b or t.d or abs(t.e + t.a) > 1e-6 or source.crs != _crs(str(box.crs)):
        return None
    col, row = (a.c - t.c) / a.a, (t.f - a.f) / a.a
    if max(abs(col - round(col)), abs(row - round(row))) > 1e-3:
        return None
    return span, round(col), round(row)


def _spread(source: rasterio.DatasetReader, span: int, col: int, row: int, shape: tuple[int, int]) -> NDArray[np.generic]:
    """Read a window of whole pixels, repeat each `span` times, cut to the cells wanted; 0 outside the file."""
    height, width = shape
    x0, y0 = math.floor(col / span), math.floor(row / span)
    x1, y1 = math.ceil((col + width) / span), math.ceil((row + height) / span)
    cx0, cy0, cx1, cy1 = max(x0, 0), max(y0, 0), min(x1, source.width), min(y1, source.height)
    out = np.zeros((y1 - y0, x1 - x0), source.dtypes[0])
    if cx1 > cx0 and cy1 > cy0:
        out[cy0 - y0 : cy1 - y0, cx0 - x0 : cx1 - x0] = source.read(1, window=Window(cx0, cy0, cx1 - cx0, cy1 - cy0))
    if span > 1:
        out = out.repeat(span, 0).repeat(span, 1)
    top, left = row - y0 * span, col - x0 * span
    return np.ascontiguousarray(out[top : top + height, left : left + width])


def _lattice(source: rasterio.DatasetReader, box: GeoBox) -> GeoBox | None:
    """Cells of the grid of `box` over all of `source`, the same for every box of one grid; None where it lies out of reach."""
    west, south, east, north = transform_bounds(source.crs, _crs(str(box.crs)), *source.bounds)
    if not np.isfinite((west, south, east, north)).all():
        return None
    a, step = box.affine, abs(box.resolution.x)
    left, top = math.floor((west - a.c) / step + _TOUCH) - 1, math.floor((a.f - north) / step + _TOUCH) - 1
    right, bottom = math.ceil((east - a.c) / step - _TOUCH) + 1, math.ceil((a.f - south) / step - _TOUCH) + 1
    return GeoBox((bottom - top, right - left), a @ Affine.translation(left, top), box.crs)


def _resampled(source: rasterio.DatasetReader, boxes: Sequence[GeoBox], classes: bool) -> list[NDArray[np.generic]]:
    """Cells of boxes of one grid, resampled once.

    GDAL warps in pieces and takes places inside a piece as nearly linear. The pieces are therefore laid over the file, not over the
    window that is asked for: a cell's value must not depend on the block that reads it.
    """
    out = [np.zeros((box.shape.y, box.shape.x), source.dtypes[0]) for box in boxes]
    lattice = _lattice(source, boxes[0])
    if lattice is None:
        return out
    coarse = abs(source.transform.a) >= 0.75 * abs(lattice.resolution.x) or source.crs != _crs(str(lattice.crs))
    method = Resampling.nearest if classes else Resampling.bilinear if coarse else Resampling.average
    with WarpedVRT(
        source, crs=str(lattice.crs), transform=lattice.affine, width=lattice.shape.x, height=lattice.shape.y, resampling=method,
        src_nodata=0, nodata=0,
    ) as warped:  # fmt: skip
        for cells, box in zip(out, boxes, strict=True):
            col = round((box.affine.c - lattice.affine.c) / lattice.resolution.x)
            row = round((box.affine.f - lattice.affine.f) / lattice.resolution.y)
            top, left = max(row, 0), max(col, 0)
            height, width = min(row + box.shape.y, lattice.shape.y) - top, min(col + box.shape.x, lattice.shape.x) - left
            if height > 0 and width > 0:
                cells[top - row : top - row + height, left - col : left - col + width] = warped.read(1, window=Window(left, top, width, height))
    return out


def read_windows(path: Path, boxes: Sequence[GeoBox], *, classes: bool) -> list[NDArray[np.generic]]:
    """Values of a raster in the cells of each box: as they are where grids match, else resampled once. The file is opened once.

    Coarser pixels are repeated, never smoothed. classes: nearest instead of bilinear or mean. 0 outside the file. Boxes are of one grid.
    Raises MinewardenError (`MW-BAND-…`) naming the file where it can't be opened or its pixels are damaged.
    """
    with open_band(path) as source:
        try:
            places = [_aligned(source, box) for box in boxes]
            if None in places:
                return _resampled(source, boxes, classes)
            return [_spread(source, *place, shape=(box.shape.y, box.shape.x)) for place, box in zip(places, boxes, strict=True) if place]
        except RasterioError as error:
            raise MinewardenError("MW-BAND-READ", f"{path} is damaged: its pixels can't be read.", "Download or copy the scene again.") from error


def read_window(path: Path, box: GeoBox, *, classes: bool) -> NDArray[np.generic]:
    """As `read_windows`, of one box."""
    return read_windows(path, [box], classes=classes)[0]


def read_dn(scene: Scene, bands: tuple[str, ...], box: GeoBox) -> NDArray[np.uint16]:
    """(n_bands, h, w) uint16: digital numbers of a scene, 0 = no data."""
    out = np.empty((len(bands), box.shape.y, box.shape.x), np.uint16)
    for k, band in enumerate(bands):
        out[k] = read_window(scene.bands[band].path, box, classes=False)
    return out


def read_scls(scene: Scene, boxes: Sequence[GeoBox]) -> list[NDArray[np.uint8]]:
    """(h, w) uint8 of each box: scene classification; without one clouds are told by colour, where that may be done and can be."""
    if scene.scl is None:
        return _by_colour(scene, boxes)
    return [plane.astype(np.uint8, copy=False) for plane in read_windows(scene.scl, boxes, classes=True)]


def _by_colour(scene: Scene, boxes: Sequence[GeoBox]) -> list[NDArray[np.uint8]]:
    name = colours.guide(scene.bands) if scene.masked else None
    if name is None:
        return [np.full((box.shape.y, box.shape.x), colours.BARE, np.uint8) for box in boxes]
    gain, offset = scaling(scene, (name, "B04"))
    short, red = (read_windows(scene.bands[band].path, boxes, classes=False) for band in (name, "B04"))
    return [
        colours.classes(name, 1e-4 * (a * gain[0] + offset[0]), 1e-4 * (b * gain[1] + offset[1]), (a != 0) & (b != 0))
        for a, b in zip(short, red, strict=True)
    ]


def read_scl(scene: Scene, box: GeoBox) -> NDArray[np.uint8]:
    """As `read_scls`, of one box."""
    return read_scls(scene, [box])[0]


def scaling(scene: Scene, bands: tuple[str, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gain and offset of each band: reflectance in units of 1e-4 = DN · gain + offset."""
    gain = np.array([scene.bands[band].scale * 1e4 for band in bands], np.float32)
    offset = np.array([scene.bands[band].offset * 1e4 for band in bands], np.float32)
    return gain, offset
