"""From a band as it was delivered to a file that is quick to read: each of its tiles is decoded once, in rows of tiles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from pipeline.errors import Exit, MinewardenError, of_the_system
from pipeline.sources.bandfile import GDAL_ENV, TYPES
from pipeline.sources.place import Crop, Place

TILE = 512
_UTM = re.compile("32[67][0-9]{2}")
LAYOUT = {"driver": "GTiff", "tiled": True, "blockxsize": TILE, "blockysize": TILE, "compress": "zstd", "zstd_level": 1, "predictor": 2, "nodata": 0}
"""Zstandard at its quickest: written four times as fast as deflate, in as many bytes, and read a third faster."""
MAX_BLOCK = 4096
"""Largest side of a tile in a delivered file: decoders take a tile into memory whole, at four bytes a pixel."""

MAX_BLOCKS = 20_000
"""Most tiles of a file: a decoder begins anew for each, and millions of tiny ones would keep it busy for weeks."""


class StoreError(MinewardenError):
    """The store can't take a file: no scene is at fault, and the run can't go on."""


def write_failed(error: Exception, path: Path) -> StoreError:
    """Why a file of the store could not be written."""
    known = of_the_system(error)
    if known is not None:
        return StoreError(known.code, known.message, known.fix, known.exit_code)
    return StoreError("MW-STORE-WRITE", f"{path} could not be written ({type(error).__name__}).", "Is the disk full or failing?", Exit.FAULT)


def check(source: DatasetReader, place: Place, name: str) -> None:
    """A delivered raster must be what its metadata say; MinewardenError `MW-BAND-…` where it is not."""
    if (source.width, source.height) != (place.width, place.height):
        raise MinewardenError(
            "MW-BAND-SIZE", f"{name} has {source.width} × {source.height} pixels; its metadata say {place.width} × {place.height}.",
            "Download the product again.",
        )  # fmt: skip
    if source.count != 1 or source.dtypes[0] not in TYPES:
        raise MinewardenError("MW-BAND-TYPE", f"{name} holds {source.count} band(s) of {source.dtypes[0]}.", "Download the product again.")
    height, width = source.block_shapes[0]
    if max(height, width) > MAX_BLOCK or -(-place.height // height) * -(-place.width // width) > MAX_BLOCKS:
        raise MinewardenError("MW-BAND-SIZE", f"{name} is stored in pieces of {width} × {height} pixels.", "Download the product again.")
    transform = source.transform
    zone = str(source.crs.to_epsg()) if source.crs else ""
    elsewhere = _UTM.fullmatch(zone) is not None and f"EPSG:{zone}" != place.crs
    if elsewhere or (not transform.is_identity and not transform.almost_equals(place.transform, precision=1e-3)):
        raise MinewardenError("MW-BAND-PLACE", f"{name} lies elsewhere than its metadata say.", "Download the product again.")


def _strips(source: DatasetReader, crop: Crop, name: str) -> Iterator[NDArray[np.generic]]:
    """Rows of a crop, as many at a time as a row of the source's tiles gives.

    Tiles are asked for one by one: GDAL passes over damage in a JPEG 2000 tile without an error where several are read at once.
    """
    height, width = source.block_shapes[0]
    for top in range(crop.row // height * height, crop.row + crop.height, height):
        first, last = max(top, crop.row), min(top + height, crop.row + crop.height)
        strip = np.empty((last - first, crop.width), source.dtypes[0])
        for left in range(crop.col // width * width, crop.col + crop.width, width):
            start, end = max(left, crop.col), min(left + width, crop.col + crop.width)
            try:
                source.read(1, window=Window(start, first, end - start, last - first), out=strip[:, start - crop.col : end - crop.col])
            except RasterioError as error:
                raise MinewardenError("MW-BAND-READ", f"{name} is damaged: its pixels can't be read.", "Download the product again.") from error
        yield strip


def transcode(source: DatasetReader, crop: Crop, place: Place, target: Path, name: str) -> None:
    """Write a crop of a raster that lies at `place` as a GeoTIFF. name: of the source, as a person knows it."""
    here = place.of(crop)
    profile = {"width": crop.width, "height": crop.height, "count": 1, "dtype": source.dtypes[0], "crs": here.crs, "transform": here.transform}
    strips = _strips(source, crop, name)
    pending: NDArray[np.generic] = np.empty((0, crop.width), source.dtypes[0])
    written = 0
    try:
        with rasterio.Env(**GDAL_ENV), rasterio.open(target, "w", **LAYOUT, **profile) as out:
            for strip in strips:
                pending = np.concatenate([pending, strip]) if len(pending) else strip
                # Whole tiles only: one that is written in two goes would be compressed twice.
                many = len(pending) if written + len(pending) == crop.height else len(pending) // TILE * TILE
                if many:
                    out.write(pending[:many], 1, window=Window(0, written, crop.width, many))
                    written, pending = written + many, pending[many:]
    except (RasterioError, OSError) as error:
        raise write_failed(error, target) from error
