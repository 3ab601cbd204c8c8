"""disturbance.tif: the state of every cell as a cloud-optimised GeoTIFF, written block by block."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.files import fsync_file, fsync_folder
from pipeline.grid import Block, Grid

NODATA = 65535
BANDS = ("status", "first_day", "confidence", "clear_looks")
MEANINGS = (
    "0 none, 1 first, 2 provisional, 3 confirmed, 4 ended, 5 not seen this month",
    "first anomalous day, days since 1970-01-01; 0 where none",
    "that the ground changed, 0 to 10000",
    "clear looks this month",
)
TILE = 512

Blocks = Callable[[], Iterable[tuple[Block, NDArray[np.uint16]]]]
"""Yields every block of the grid once, in any order, as (bands, rows, columns)."""


def write(path: Path, grid: Grid, blocks: Blocks) -> None:
    """Write the COG whole or not at all; memory holds one block and GDAL's cache, however large the county."""
    with tempfile.TemporaryDirectory(prefix=".disturbance-", dir=path.parent) as folder:
        plain, draft = Path(folder) / "plain.tif", Path(folder) / "cog.tif"
        # One thread and a bounded cache: the bytes and the memory are then the same on any machine.
        with rasterio.Env(GDAL_CACHEMAX=64, GDAL_NUM_THREADS="1", GDAL_TIFF_INTERNAL_MASK=True):
            _write_plain(plain, grid, blocks)
            rasterio.shutil.copy(plain, draft, driver="COG", **_options())
        fsync_file(draft)
        os.replace(draft, path)
    fsync_folder(path.parent)


def _options() -> dict[str, Any]:
    return {
        "COMPRESS": "DEFLATE",
        "LEVEL": 6,
        "PREDICTOR": "STANDARD",
        "BLOCKSIZE": TILE,
        # Averages of codes and days would be neither.
        "OVERVIEW_RESAMPLING": "NEAREST",
        "NUM_THREADS": 1,
        "BIGTIFF": "IF_SAFER",
    }


def _write_plain(path: Path, grid: Grid, blocks: Blocks) -> None:
    rows, cols = grid.shape
    profile = {
        "driver": "GTiff",
        "width": cols,
        "height": rows,
        "count": len(BANDS),
        "dtype": "uint16",
        "nodata": NODATA,
        "crs": grid.crs,
        "transform": grid.geobox.affine,
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "if_safer",
    }
    missing = {block.name for block in grid.blocks()}
    with rasterio.open(path, "w", **profile) as target:
        for index, (name, meaning) in enumerate(zip(BANDS, MEANINGS, strict=True), 1):
            target.set_band_description(index, name)
            target.update_tags(index, meaning=meaning)
        for block, values in blocks():
            target.write(values, window=Window(block.left, block.top, block.width, block.height))
            missing.discard(block.name)
    if missing:
        # Left out, they would read as ground outside the county.
        raise ValueError(f"blocks never written: {', '.join(sorted(missing))}")
