"""Opening one band safely: only rasters of the kinds we expect, only from this disk, only of a sane size."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader

from pipeline.errors import MinewardenError

DRIVERS = {".jp2": "JP2OpenJPEG"}
"""By suffix; anything else must be a GeoTIFF. One driver is named for each file, so that no VRT passes for one."""
MAX_SIDE = 40_000
"""Largest width or height a file may declare, cells (a Sentinel-2 tile has 10,980)."""
MAX_BLOCK_BYTES = 256_000_000
"""Largest strip or tile, unpacked: GDAL takes it into memory whole, and a few kilobytes can unpack to gigabytes."""
TYPES = ("uint8", "uint16", "int16")

GDAL_ENV = {
    # Neighbouring files (.ovr, .aux.xml, .msk) can't change what a band says, and listing folders is slow on shares.
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_MAX_RETRY": "0",
    "PROJ_NETWORK": "OFF",
    # Warp in the pieces that lie fixed over a file, not in one piece the size of whatever window is read.
    "GDAL_VRT_WARP_USE_DATASET_RASTERIO": "NO",
}

# `open_band` refuses files without a place itself, and `open_checked` leaves it out on purpose.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)


def outside(path: Path, root: Path) -> bool:
    """Whether `path`, links followed, leaves `root`."""
    return not path.resolve().is_relative_to(root.resolve())


def check_path(path: Path, root: Path | None = None) -> Path:
    """The real path of a local file; MW-BAND-PATH for anything that is not one, or that leaves `root`."""
    text = str(path)
    if "://" in text or ":/" in text or text.startswith("/vsi"):
        raise MinewardenError("MW-BAND-PATH", f"{text} is not a file on this disk.", "Give scenes as files in local folders.")
    if root is not None and outside(path, root):
        raise MinewardenError("MW-BAND-PATH", f"{text} is a link that leads out of {root}.", "Copy the file into the scene's folder.")
    if not path.is_file():
        raise MinewardenError("MW-BAND-FILE", f"{text} is not there or is no file.", "Restore the scene's file.")
    return path.resolve()


@contextmanager
def open_band(path: Path, root: Path | None = None) -> Iterator[DatasetReader]:
    """Open a single-band raster for reading.

    Raises MinewardenError (`MW-BAND-…`) for links out of `root`, files that are not what their name says, and sizes or types no band has.
    """
    real = check_path(path, root)
    with rasterio.Env(**GDAL_ENV):
        try:
            dataset = rasterio.open(real, driver=DRIVERS.get(path.suffix.lower(), "GTiff"))
        except (RasterioError, OSError) as error:
            raise not_opened(str(path)) from error
        with dataset:
            check_shape(dataset, path)
            yield dataset


@contextmanager
def open_checked(path: Path) -> Iterator[DatasetReader]:
    """Open a file that `open_band` has checked, without asking where it lies: that is most of the cost of opening."""
    driver = DRIVERS.get(path.suffix.lower(), "GTiff")
    options = {"GEOREF_SOURCES": "NONE"} if driver == "GTiff" else {}
    with rasterio.Env(**GDAL_ENV), rasterio.open(path, driver=driver, **options) as dataset:
        yield dataset


def not_opened(name: str) -> MinewardenError:
    return MinewardenError("MW-BAND-OPEN", f"{name} can't be opened as a GeoTIFF.", "Download or copy the scene again.")


def check_shape(dataset: DatasetReader, path: Path) -> None:
    """Raises MinewardenError `MW-BAND-…` for sizes, types and places that no band has."""
    if max(dataset.width, dataset.height) > MAX_SIDE:
        size = f"{dataset.width} × {dataset.height}"
        raise MinewardenError("MW-BAND-SIZE", f"{path} declares {size} cells; {MAX_SIDE} a side are allowed.", "Cut the scene to the county.")
    height, width = dataset.block_shapes[0]
    if height * width * 2 > MAX_BLOCK_BYTES:
        size = f"{width} × {height}"
        raise MinewardenError("MW-BAND-SIZE", f"{path} is stored in pieces of {size} cells.", "Write it in tiles: gdal_translate -co TILED=YES.")
    if dataset.count != 1:
        raise MinewardenError("MW-BAND-COUNT", f"{path} holds {dataset.count} bands.", "Give each band as a file of its own.")
    if dataset.dtypes[0] not in TYPES:
        raise MinewardenError("MW-BAND-TYPE", f"{path} holds {dataset.dtypes[0]} values.", "Bands are 16-bit numbers (reflectance × 10,000).")
    if dataset.crs is None or dataset.transform.is_identity or not (dataset.crs.is_projected or dataset.crs.is_geographic):
        raise MinewardenError(
            "MW-BAND-CRS", f"{path} does not say where it lies.", "Download the scene again, or write its CRS and origin into the file."
        )
    if dataset.transform.a <= 0 or dataset.transform.e >= 0:
        raise MinewardenError("MW-BAND-CRS", f"{path} is not stored with north up and east to the right.", "Write it again: gdalwarp does.")
