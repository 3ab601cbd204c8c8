"""A flight's rasters as cloud-optimised GeoTIFFs."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import CRS
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT

from pipeline.console import LITTLE_ROOM
from pipeline.drone.raster import Raster, opened
from pipeline.drone.surface import damaged
from pipeline.errors import of_the_system
from pipeline.files import fsync_file
from pipeline.sources.bandfile import GDAL_ENV

THREADS = "2"
_MACHINE = {"GDAL_CACHEMAX": 256, "GDAL_NUM_THREADS": THREADS}
WATCHED_S = 1.0
Say = Callable[[int, int], None]
"""Told how far a file is, of how much, MB."""


def copy_ortho(raster: Raster, crs: str, target: Path, say: Say) -> None:
    """The orthophoto with all its bands and pixels where it should lie. Only a rotated one, or one in degrees, is resampled, into `crs`.

    Raises MinewardenError `MW-DRONE-READ` where it is damaged.
    """
    with TemporaryDirectory(prefix=".ortho-", dir=target.parent) as folder, rasterio.Env(**GDAL_ENV, **_MACHINE):
        draft = Path(folder) / "cog.tif"
        try:
            if raster.is_upright and CRS.from_wkt(raster.crs).is_projected:
                source = Path(folder) / "placed.vrt"
                with opened(raster.path) as dataset:
                    source.write_text(_placed(dataset, raster), "utf-8")
                with _watching(draft, raster.path.stat().st_size, say):
                    rasterio.shutil.copy(source, draft, driver="COG", **_options(raster.dtype, Resampling.average))
            else:
                with opened(raster.path) as dataset, _turned(dataset, raster, crs) as warped, _watching(draft, raster.path.stat().st_size, say):
                    rasterio.shutil.copy(warped, draft, driver="COG", **_options(raster.dtype, Resampling.average))
        except (RasterioError, CPLE_BaseError) as error:
            if of_the_system(error) or shutil.disk_usage(folder).free < LITTLE_ROOM:
                raise  # the disk is full, not the file damaged
            raise damaged(raster) from error
        fsync_file(draft)
        os.replace(draft, target)


def _placed(dataset: DatasetReader, raster: Raster) -> str:
    """A virtual raster of the file's own pixels at another place: the file itself is not touched."""
    t = raster.transform
    names = {"uint8": "Byte", "uint16": "UInt16", "int16": "Int16", "int32": "Int32", "float32": "Float32", "float64": "Float64"}
    bands = []
    for number, colour in enumerate(dataset.colorinterp, 1):
        empty = f"<NoDataValue>{dataset.nodata!r}</NoDataValue>" if dataset.nodata is not None else ""
        bands.append(
            f'<VRTRasterBand dataType="{names[raster.dtype]}" band="{number}">{empty}<ColorInterp>{colour.name.capitalize()}</ColorInterp>'
            f'<SimpleSource><SourceFilename relativeToVRT="0">{escape(str(raster.path))}</SourceFilename><SourceBand>{number}</SourceBand>'
            "</SimpleSource></VRTRasterBand>"
        )
    place = ", ".join(repr(float(value)) for value in (t.c, t.a, 0.0, t.f, 0.0, t.e))
    return (
        f'<VRTDataset rasterXSize="{raster.width}" rasterYSize="{raster.height}"><SRS>{escape(raster.crs)}</SRS>'
        f"<GeoTransform>{place}</GeoTransform>{''.join(bands)}</VRTDataset>"
    )


def _turned(dataset: DatasetReader, raster: Raster, crs: str) -> WarpedVRT:
    filled = {"add_alpha": True} if raster.alpha is None and dataset.nodata is None else {}
    return WarpedVRT(
        dataset, src_crs=raster.crs, src_transform=raster.transform, crs=crs, resampling=Resampling.bilinear, src_nodata=dataset.nodata, **filled
    )


def write_surface(path: Path, surface: NDArray[np.float32], box: GeoBox) -> None:
    """Heights or differences, metres; no data is NaN."""
    profile = {
        "driver": "GTiff", "width": box.shape.x, "height": box.shape.y, "count": 1, "dtype": "float32", "nodata": np.nan,
        "crs": str(box.crs), "transform": box.affine, "tiled": True, "blockxsize": 512, "blockysize": 512,
    }  # fmt: skip
    with TemporaryDirectory(prefix=".surface-", dir=path.parent) as folder, rasterio.Env(**_MACHINE):
        plain, draft = Path(folder) / "plain.tif", Path(folder) / "cog.tif"
        with rasterio.open(plain, "w", **profile) as target:
            target.write(np.round(surface, 3), 1)
            target.set_band_description(1, "metres")
        rasterio.shutil.copy(plain, draft, driver="COG", **_options("float32", Resampling.average))
        fsync_file(draft)
        os.replace(draft, path)


def _options(dtype: str, overviews: Resampling) -> dict[str, Any]:
    return {
        "COMPRESS": "DEFLATE", "LEVEL": 6, "PREDICTOR": "YES", "BLOCKSIZE": 512, "OVERVIEW_RESAMPLING": overviews.name.upper(),
        "NUM_THREADS": THREADS, "BIGTIFF": "IF_SAFER", "STATISTICS": "NO",
    }  # fmt: skip


@contextmanager
def _watching(file: Path, expected: int, say: Say) -> Iterator[None]:
    """Tell how a file grows that GDAL writes in one go."""
    ended, whole = threading.Event(), max(expected // 1_000_000, 1)

    def watch() -> None:
        while not ended.wait(WATCHED_S):
            size = sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*")) // 1_000_000
            say(min(size, whole - 1), whole)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    say(whole, whole)
