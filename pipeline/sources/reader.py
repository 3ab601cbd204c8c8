"""Reads windows of a scene's bands onto the county's grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import DTypeLike, NDArray
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from pipeline.errors import MinewardenError
from pipeline.sources import colours, tiles
from pipeline.sources.bandfile import open_band, open_checked
from pipeline.sources.header import Header, check_once, crs_of, header, same_crs
from pipeline.sources.scene import Scene
from pipeline.sources.tiles import DamagedError, Place, UnusualError, Wanted, any_cell
from pipeline.workspace import Take

_TOUCH = 1e-6
"""Bounds that touch a cell's edge to this part of a cell do not need the next cell."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Pixels of a raster over a box of cells, as coarse as the file has them."""

    pixels: NDArray[Any]
    """(h, w): uint8 classes or uint16 numbers, 0 outside the file."""
    span: int
    """Cells that a pixel covers, in each direction."""
    top: int
    left: int
    """Cell (y, x) of the box lies in pixel ((y + top) // span, (x + left) // span)."""

    def cells(self, height: int, width: int) -> NDArray[Any]:
        """Each pixel repeated over its cells."""
        if self.span == 1:
            return np.ascontiguousarray(self.pixels[self.top : self.top + height, self.left : self.left + width])
        rows, cols = self.pixels.shape
        wide = np.empty((rows, self.span, cols, self.span), self.pixels.dtype)
        wide[:] = self.pixels[:, None, :, None]
        all_cells = wide.reshape(rows * self.span, cols * self.span)
        return np.ascontiguousarray(all_cells[self.top : self.top + height, self.left : self.left + width])


Places = NDArray[np.int64]


def as_kernel_takes(planes: Sequence[Plane]) -> tuple[tuple[NDArray[Any], ...], Places, Places, Places]:
    """Pixels, spans, tops and lefts of planes, as `looks.correct` wants them."""
    spans, tops, lefts = (np.array([getattr(plane, name) for plane in planes], np.int64) for name in ("span", "top", "left"))
    return tuple(plane.pixels for plane in planes), spans, tops, lefts


def _aligned(file: Header, box: GeoBox) -> tuple[int, int, int] | None:
    """How many cells of `box` a pixel spans, and the column and row of `box` in such cells; None where grids don't match."""
    t, a = file.transform, box.affine
    ratio = t.a / a.a
    span = round(ratio)
    if span < 1 or abs(ratio - span) > 1e-6 or t.b or t.d or abs(t.e + t.a) > 1e-6 or not same_crs(file.crs, str(box.crs)):
        return None
    col, row = (a.c - t.c) / a.a, (t.f - a.f) / a.a
    if max(abs(col - round(col)), abs(row - round(row))) > 1e-3:
        return None
    return span, round(col), round(row)


def _room(
    file: Header, place: tuple[int, int, int], shape: tuple[int, int], dtype: DTypeLike, take: Take
) -> tuple[Plane, Place | None, NDArray[Any]]:
    """A plane for the whole pixels that a window of cells touches; where it meets the file, and its part there, which is to be filled."""
    (span, col, row), (height, width) = place, shape
    x0, y0 = col // span, row // span
    x1, y1 = math.ceil((col + width) / span), math.ceil((row + height) / span)
    cx0, cy0, cx1, cy1 = max(x0, 0), max(y0, 0), min(x1, file.width), min(y1, file.height)
    values = take((y1 - y0, x1 - x0), dtype)
    if (cx0, cy0, cx1, cy1) != (x0, y0, x1, y1):
        values[:] = 0
    plane = Plane(values, span, row - y0 * span, col - x0 * span)
    if cx1 <= cx0 or cy1 <= cy0:
        return plane, None, values[:0]
    return plane, Place(cy0, cx0, cy1 - cy0, cx1 - cx0), values[cy0 - y0 : cy1 - y0, cx0 - x0 : cx1 - x0]


def _lattice(source: rasterio.DatasetReader, box: GeoBox) -> GeoBox | None:
    """Cells of the grid of `box` over all of `source`, the same for every box of one grid; None where it lies out of reach."""
    west, south, east, north = transform_bounds(source.crs, crs_of(str(box.crs)), *source.bounds)
    if not np.isfinite((west, south, east, north)).all():
        return None
    a, step = box.affine, abs(box.resolution.x)
    left, top = math.floor((west - a.c) / step + _TOUCH) - 1, math.floor((a.f - north) / step + _TOUCH) - 1
    right, bottom = math.ceil((east - a.c) / step - _TOUCH) + 1, math.ceil((a.f - south) / step - _TOUCH) + 1
    return GeoBox((bottom - top, right - left), a @ Affine.translation(left, top), box.crs)


def _resampled(source: rasterio.DatasetReader, boxes: Sequence[GeoBox], classes: bool, dtype: DTypeLike) -> list[Plane]:
    """Cells of boxes of one grid, resampled once.

    GDAL warps in pieces and takes places inside a piece as nearly linear. The pieces are therefore laid over the file, not over the
    window that is asked for: a cell's value must not depend on the block that reads it.
    """
    out = [Plane(np.zeros((box.shape.y, box.shape.x), dtype), 1, 0, 0) for box in boxes]
    lattice = _lattice(source, boxes[0])
    if lattice is None:
        return out
    coarse = abs(source.transform.a) >= 0.75 * abs(lattice.resolution.x) or source.crs != crs_of(str(lattice.crs))
    method = Resampling.nearest if classes else Resampling.bilinear if coarse else Resampling.average
    with WarpedVRT(
        source, crs=str(lattice.crs), transform=lattice.affine, width=lattice.shape.x, height=lattice.shape.y, resampling=method,
        src_nodata=0, nodata=0,
    ) as warped:  # fmt: skip
        for plane, box in zip(out, boxes, strict=True):
            col = round((box.affine.c - lattice.affine.c) / lattice.resolution.x)
            row = round((box.affine.f - lattice.affine.f) / lattice.resolution.y)
            top, left = max(row, 0), max(col, 0)
            height, width = min(row + box.shape.y, lattice.shape.y) - top, min(col + box.shape.x, lattice.shape.x) - left
            if height > 0 and width > 0:
                window = Window(left, top, width, height)
                plane.pixels[top - row : top - row + height, left - col : left - col + width] = warped.read(1, window=window)
    return out


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (RasterioError, CPLE_BaseError, DamagedError) as error:
        raise MinewardenError("MW-BAND-READ", f"{path} is damaged: its pixels can't be read.", "Download or copy the scene again.") from error


def _wanted(needed: NDArray[np.bool_] | None, place: tuple[int, int, int]) -> Callable[[Place], bool]:
    """Whether pixels of a file lie over cells of a box that are needed."""
    if needed is None:
        return lambda _: True
    (span, col, row), cells = place, needed

    def any_needed(at: Place) -> bool:
        top, left = max(at.top * span - row, 0), max(at.left * span - col, 0)
        return bool(any_cell(cells, top, min((at.top + at.height) * span - row, cells.shape[0]), left, (at.left + at.width) * span - col))

    return any_needed


def _fill(path: Path, file: Header, wanted: Sequence[Wanted], brief: bool, dtype: DTypeLike) -> None:
    """Pixels of a file to where they are wanted: tile by tile where it is an ordinary one, else by GDAL."""
    if file.tiles and file.tiles.dtype == dtype:
        with suppress(UnusualError):
            tiles.read(path, file.tiles, wanted, brief)
            return
    with open_checked(path) as source:
        for each in wanted:
            at = each.place
            source.read(1, window=Window(at.left, at.top, at.width, at.height), out=each.out)


def read_planes(
    path: Path,
    boxes: Sequence[GeoBox],
    *,
    classes: bool,
    take: Take = np.empty,
    needed: NDArray[np.bool_] | None = None,
    brief: bool = False,
) -> list[Plane]:
    """Values of a raster over each box: as they are where grids match, else resampled once to its cells.

    Coarser pixels are never smoothed. Boxes are of one grid. classes: nearest instead of bilinear or mean. take: makes an array of a shape and type.
    needed: (h, w) of each box, cells of which something will be made; where there are none, 0 may be read instead. brief: leave the
    checksum of a tile unread where the upper part of it will do.
    Raises MinewardenError (`MW-BAND-…`) naming the file where it can't be opened or its pixels are damaged.
    """
    dtype = np.uint8 if classes else np.uint16
    with _damage_named(path):
        file = header(path)
        out, wanted = list[Plane](), list[Wanted]()
        for box, place in ((box, _aligned(file, box)) for box in boxes):
            if place is None:
                check_once(path, file)
                # A file opened again says no more where it lies; this one has to.
                with open_band(path) as source:
                    return _resampled(source, boxes, classes, dtype)
            plane, at, inside = _room(file, place, (box.shape.y, box.shape.x), dtype, take)
            out.append(plane)
            if at:
                wanted.append(Wanted(at, _wanted(needed, place), inside))
        if wanted:
            _fill(path, file, wanted, brief, dtype)
    return out


def span_of(path: Path, box: GeoBox) -> int:
    """How many cells of a box a pixel of the file spans; 1 where it has to be resampled."""
    place = _aligned(header(path), box)
    return 1 if place is None else place[0]


def read_window(path: Path, box: GeoBox, *, classes: bool) -> NDArray[Any]:
    """Values of a raster in the cells of a box: coarser pixels are repeated, 0 outside the file."""
    return read_planes(path, [box], classes=classes)[0].cells(*box.shape)


def read_dn(scene: Scene, bands: tuple[str, ...], box: GeoBox) -> NDArray[np.uint16]:
    """(n_bands, h, w) uint16: digital numbers of a scene, 0 = no data."""
    return np.stack([read_window(scene.bands[band].path, box, classes=False) for band in bands])


def read_scls(scene: Scene, boxes: Sequence[GeoBox], take: Take = np.empty, *, brief: bool = False) -> list[Plane]:
    """Scene classification over each box, uint8; without one clouds are told by colour, where that may be done and can be."""
    if scene.scl is None:
        return _by_colour(scene, boxes)
    return read_planes(scene.scl, boxes, classes=True, take=take, brief=brief)


def _by_colour(scene: Scene, boxes: Sequence[GeoBox]) -> list[Plane]:
    name = colours.guide(scene.bands) if scene.masked else None
    if name is None:
        return [Plane(np.full((box.shape.y, box.shape.x), colours.BARE, np.uint8), 1, 0, 0) for box in boxes]
    gain, offset = scaling(scene, (name, "B04"))
    out = []
    for box, short, red in zip(boxes, *(read_planes(scene.bands[band].path, boxes, classes=False) for band in (name, "B04")), strict=True):
        a, b = short.cells(*box.shape), red.cells(*box.shape)
        seen = colours.classes(name, 1e-4 * (a * gain[0] + offset[0]), 1e-4 * (b * gain[1] + offset[1]), (a != 0) & (b != 0))
        out.append(Plane(seen, 1, 0, 0))
    return out


def read_scl(scene: Scene, box: GeoBox) -> NDArray[np.uint8]:
    """(h, w) uint8: scene classification of the cells of a box."""
    return read_scls(scene, [box])[0].cells(*box.shape)


def scaling(scene: Scene, bands: tuple[str, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gain and offset of each band: reflectance in units of 1e-4 = DN · gain + offset."""
    gain = np.array([scene.bands[band].scale * 1e4 for band in bands], np.float32)
    offset = np.array([scene.bands[band].offset * 1e4 for band in bands], np.float32)
    return gain, offset
