"""Surfaces read onto one grid of the county's CRS."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.features import rasterize
from rasterio.vrt import WarpedVRT
from shapely.geometry.base import BaseGeometry

from pipeline.drone.arrays import Mask, Surface
from pipeline.drone.raster import HIGHEST_M, Raster, opened
from pipeline.errors import MinewardenError
from pipeline.projection import between

MOST_CELLS = 4_000_000
"""Of the grid on which volumes are worked; finer surfaces are averaged, which no volume notices."""
LEAST_CELLS = 64
"""A side; less ground in common says nothing."""
PICTURE_M = 0.5
"""Cells in which it is looked at what grows on some ground."""
COARSER = 1.5
"""From this ratio of cells on, means are taken instead of values in between."""
ROWS = 512


def common_grid(surfaces: Sequence[Raster], ground: BaseGeometry, crs: str, least_m: float = 0.0) -> GeoBox:
    """Cells for surfaces over the ground that they share: as coarse as the coarsest of them, and at least `least_m`. ground: in `crs`, the county's.

    Raises MinewardenError `MW-DRONE-SMALL` where they hardly overlap.
    """
    west, south, east, north = ground.bounds
    cell = max(least_m, math.sqrt((east - west) * (north - south) / MOST_CELLS), *(_cell_in_metres(each, crs) for each in surfaces))
    own = next((each for each in surfaces if each.is_upright and math.isclose(_cell_in_metres(each, crs), cell, rel_tol=1e-6)), None)
    x0, y0 = (own.transform.c, own.transform.f) if own is not None and CRS.from_wkt(own.crs) == CRS.from_user_input(crs) else (0.0, 0.0)
    left, top = x0 + math.floor((west - x0) / cell) * cell, y0 + math.ceil((north - y0) / cell) * cell
    shape = math.ceil((top - south) / cell), math.ceil((east - left) / cell)
    if min(shape) < LEAST_CELLS:
        message = f"The surfaces share {shape[1]} × {shape[0]} cells of {cell:.2f} m."
        raise MinewardenError("MW-DRONE-SMALL", message, f"Give surfaces of at least {LEAST_CELLS} cells a side of the same ground.")
    return GeoBox(shape, Affine(cell, 0, left, 0, -cell, top), crs)


def _cell_in_metres(raster: Raster, crs: str) -> float:
    """Side of a raster's cells in another CRS, at its middle."""
    middle = raster.width / 2, raster.height / 2
    at = np.array([raster.transform @ (middle[0] + across, middle[1] + down) for across, down in ((0, 0), (1, 0), (0, 1))])
    x, y = between(raster.crs, crs).transform(at[:, 0], at[:, 1])
    (ax, bx), (ay, by) = np.diff([x[[0, 1]], x[[0, 2]]]).ravel(), np.diff([y[[0, 1]], y[[0, 2]]]).ravel()
    return float(math.sqrt(abs(ax * by - bx * ay)))


def read_surface(raster: Raster, box: GeoBox) -> Surface:
    """Heights on a grid, metres; NaN where there are none."""
    ratio = box.resolution.x / _cell_in_metres(raster, str(box.crs))
    height, width = box.shape
    out = np.empty((height, width), np.float32)
    nodata = raster.filler if raster.filler is not None else raster.nodata
    how = Resampling.average if ratio >= COARSER else Resampling.bilinear
    with opened(raster.path) as source:
        try:
            with WarpedVRT(
                source, src_crs=raster.crs, src_transform=raster.transform, crs=str(box.crs), transform=box.affine,
                width=width, height=height, src_nodata=nodata, nodata=np.nan, dtype="float32", resampling=how,
            ) as warped:  # fmt: skip
                for top in range(0, height, ROWS):
                    rows = slice(top, min(top + ROWS, height))
                    out[rows] = warped.read(1, window=((rows.start, rows.stop), (0, width)))
        except RasterioError as error:
            raise damaged(raster) from error
    out[np.abs(np.nan_to_num(out, nan=0.0)) > HIGHEST_M] = np.nan
    if not np.isfinite(out).any():
        raise MinewardenError("MW-DRONE-EMPTY", f"The {raster.role} {raster.path} holds no heights on the flown ground.", "Export it again.")
    return out


def damaged(raster: Raster) -> MinewardenError:
    message = f"The {raster.role} {raster.path} can't be read: it is damaged."
    return MinewardenError("MW-DRONE-READ", message, "Copy it from the flight's computer again.")


def burnt(ground: BaseGeometry, box: GeoBox) -> Mask:
    """Cells of a grid whose centre lies in some ground."""
    if ground.is_empty:
        return np.zeros(tuple(box.shape), bool)
    mask: Mask = rasterize([(ground, 1)], out_shape=tuple(box.shape), transform=box.affine, dtype="uint8").astype(bool)
    return mask


def frame_around(ground: BaseGeometry, crs: str) -> GeoBox:
    """Cells over some ground for looking at its colours, of PICTURE_M or so much larger that there are not too many."""
    west, south, east, north = ground.bounds
    cell = max(PICTURE_M, math.sqrt((east - west) * (north - south) / MOST_CELLS))
    shape = max(math.ceil((north - south) / cell), 1), max(math.ceil((east - west) / cell), 1)
    return GeoBox(shape, Affine(cell, 0, west, 0, -cell, north), crs)


def picture(raster: Raster, box: GeoBox) -> tuple[NDArray[np.float32], Mask]:
    """The orthophoto's colours as means on a coarser grid: (3, h, w) and where it shows ground."""
    height, width = box.shape
    with opened(raster.path) as source:
        try:
            with WarpedVRT(
                source, src_crs=raster.crs, src_transform=raster.transform, crs=str(box.crs), transform=box.affine, width=width, height=height,
                resampling=Resampling.average, **({} if raster.alpha else {"add_alpha": True}),
            ) as warped:  # fmt: skip
                colours = warped.read(raster.colours, out_dtype="float32")
                shown = warped.read(raster.alpha or warped.count) > 127
        except RasterioError as error:
            raise damaged(raster) from error
    seen = shown & np.isfinite(colours).all(axis=0)
    if raster.alpha is None:
        seen &= (colours != (0 if raster.nodata is None else raster.nodata)).any(axis=0) & (np.abs(colours) < 1e30).all(axis=0)
    return colours, seen


def heights_at(raster: Raster, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights of the cells at places in the raster's own CRS; NaN where there are none."""
    with opened(raster.path) as source:
        found = np.array([value[0] for value in source.sample(list(zip(x, y, strict=True)), indexes=1, masked=True)], dtype=object)
    values = np.array([np.nan if value is np.ma.masked else float(value) for value in found])
    cols, rows = ~raster.transform @ (x, y)
    inside = (cols >= 0) & (rows >= 0) & (cols < raster.width) & (rows < raster.height) & (np.abs(np.nan_to_num(values)) <= HIGHEST_M)
    return np.where(inside & (values != raster.filler), values, np.nan)
