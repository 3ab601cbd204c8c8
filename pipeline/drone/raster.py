"""A flight's rasters on their way in: opened safely, and refused for one reason where they can't be used."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from pipeline.errors import MinewardenError
from pipeline.files import sha256_file
from pipeline.projection import between
from pipeline.sources import whole
from pipeline.sources.bandfile import GDAL_ENV, check_path

MAX_SIDE, MAX_CELLS = 100_000, 4_000_000_000
"""Most cells a side and in all: 200 m × 200 m at 3 mm, or 20 km² at 7 cm."""
MAX_BLOCK_BYTES = 256_000_000
"""Largest strip or tile, unpacked: GDAL takes it into memory whole."""
SPARSE = 0.98
"""A file of which more was never written declares a size that it has not."""
TYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")
UPRIGHT = 1e-9
"""Terms of rotation below this share of a cell are rounding."""
HIGHEST_M = 9_000.0
"""No ground lies higher or, negative, lower: such numbers are fillers that the file does not declare."""


class Role(StrEnum):
    """What a raster is."""

    ORTHO = "orthophoto"
    DSM = "DSM"
    BEFORE = "earlier DSM"
    HEIGHTS = "model of heights"
    """Not a flight's but the county's."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A raster that was checked."""

    path: Path
    role: Role
    crs: str
    """Horizontal CRS in metres, WKT."""
    vertical: str | None
    """Name of the height system, where the file says one."""
    transform: Affine
    width: int
    height: int
    bands: int
    dtype: str
    nodata: float | None
    filler: float | None
    """Number that stands for no data without the file's saying so."""
    alpha: int | None
    """Band of transparency, from 1."""
    taken: str | None
    """The file's own date-time tag."""
    sha256: str

    @property
    def is_upright(self) -> bool:
        return max(abs(self.transform.b), abs(self.transform.d)) <= UPRIGHT * abs(self.transform.a) and self.transform.a > 0 > self.transform.e

    @property
    def colours(self) -> tuple[int, ...]:
        """Bands that make the picture."""
        return tuple(band for band in range(1, self.bands + 1) if band != self.alpha)[:3]

    def moved(self, east: float, north: float, crs: str) -> Raster:
        """The same taken back by a shift that was measured in another CRS, metres."""
        middle = self.transform @ (self.width / 2, self.height / 2)
        there = between(self.crs, crs)
        x, y = there.transform(*middle)
        back = there.transform(x - east, y - north, direction="INVERSE")
        return replace(self, transform=Affine.translation(back[0] - middle[0], back[1] - middle[1]) @ self.transform)

    def corners(self) -> NDArray[np.float64]:
        """(4, 2): x, y in `crs`."""
        across, down = (0, self.width, self.width, 0), (0, 0, self.height, self.height)
        return np.array([self.transform @ place for place in zip(across, down, strict=True)])


@contextmanager
def opened(path: Path) -> Iterator[DatasetReader]:
    """Open a checked GeoTIFF."""
    with rasterio.Env(**GDAL_ENV), rasterio.open(path, driver="GTiff") as dataset:
        yield dataset


def examine(given: Path, role: Role) -> Raster:
    """Check a raster by its head and table of blocks; its pixels are read once, for their hash.

    Raises MinewardenError `MW-DRONE-FILE`, `-CUT`, `-OPEN`, `-SIZE`, `-SPARSE`, `-BANDS`, `-TYPE`, `-CRS` or `-FEET`.
    """
    path = _local(given, role)
    missing = _missing(path, role)
    with rasterio.Env(**GDAL_ENV):
        try:
            dataset = rasterio.open(path, driver="GTiff")
        except (RasterioError, OSError) as error:
            fix = "Export it from the flight software as a GeoTIFF."
            raise MinewardenError("MW-DRONE-OPEN", f"The {role} {given} is no GeoTIFF.", fix) from error
        with dataset:
            _check_size(dataset, role, given, missing)
            _check_bands(dataset, role, given)
            crs, vertical = _checked_crs(dataset, role, given)
            alpha = next((k for k, each in enumerate(dataset.colorinterp, 1) if each is ColorInterp.alpha), None)
            return Raster(
                path, role, crs, vertical, dataset.transform, dataset.width, dataset.height, dataset.count, dataset.dtypes[0],
                dataset.nodata, None if role is Role.ORTHO else _filler(dataset), alpha, dataset.tags().get("TIFFTAG_DATETIME"), sha256_file(path),
            )  # fmt: skip


def _local(given: Path, role: Role) -> Path:
    try:
        return check_path(given)
    except MinewardenError as error:
        what = "is not a file on this disk" if error.code == "MW-BAND-PATH" else "is not there or is no file"
        raise MinewardenError("MW-DRONE-FILE", f"The {role} {given} {what}.", "Give the path of a GeoTIFF on this computer.") from error


def _missing(path: Path, role: Role) -> float:
    """Share of the file's blocks that were never written."""
    try:
        table = whole.blocks(path)
    except MinewardenError as error:
        raise MinewardenError("MW-DRONE-CUT", f"The {role} {error.message}", "Copy it from the flight's computer again.") from error
    return float(table.missing.mean()) if table is not None and len(table.missing) else 0.0


def _check_size(dataset: DatasetReader, role: Role, given: Path, missing: float) -> None:
    width, height = dataset.width, dataset.height
    if max(width, height) > MAX_SIDE or width * height > MAX_CELLS:
        most = f"{MAX_SIDE} a side and {MAX_CELLS / 1e9:g} × 10⁹ in all"
        raise MinewardenError("MW-DRONE-SIZE", f"The {role} {given} declares {width} × {height} cells; {most} are allowed.", "Cut it to the site.")
    if missing > SPARSE:
        message = f"The {role} {given} declares {width} × {height} cells, of which {missing:.1%} were never written."
        raise MinewardenError("MW-DRONE-SPARSE", message, "Export it from the flight software again, cut to the flown ground.")
    rows, cols = dataset.block_shapes[0]
    if rows * cols * np.dtype(dataset.dtypes[0]).itemsize > MAX_BLOCK_BYTES:
        fix = "Write it in tiles: gdal_translate -co TILED=YES."
        raise MinewardenError("MW-DRONE-SIZE", f"The {role} {given} is stored in pieces of {cols} × {rows} cells.", fix)


def _check_bands(dataset: DatasetReader, role: Role, given: Path) -> None:
    if dataset.dtypes[0] not in TYPES or len(set(dataset.dtypes)) > 1:
        said = ", ".join(sorted(set(dataset.dtypes)))
        raise MinewardenError("MW-DRONE-TYPE", f"The {role} {given} holds {said} values.", f"Export it as one of {', '.join(TYPES)}.")
    if role is Role.ORTHO and dataset.count < 3:
        fix = "Give the orthophoto in colour (RGB or RGBA, more bands may follow); surfaces go to --dsm and --dsm-before."
        raise MinewardenError("MW-DRONE-BANDS", f"The {role} {given} has {dataset.count} band(s).", fix)
    if role is not Role.ORTHO and dataset.count > 2:
        raise MinewardenError("MW-DRONE-BANDS", f"The {role} {given} has {dataset.count} bands.", "Give a surface: one band of heights in metres.")


def _checked_crs(dataset: DatasetReader, role: Role, given: Path) -> tuple[str, str | None]:
    """Horizontal CRS (WKT) and name of the vertical one."""
    fix = "Export it with its coordinate system, e.g. CGCS2000 / 3-degree Gauss-Kruger, EPSG:4523 in zone 35."
    if dataset.crs is None or dataset.transform.is_identity:
        raise MinewardenError("MW-DRONE-CRS", f"The {role} {given} does not say where it lies: it has no CRS or no origin.", fix)
    try:
        crs = CRS.from_wkt(dataset.crs.to_wkt())
    except CRSError as error:
        raise MinewardenError("MW-DRONE-CRS", f"The {role} {given} has a CRS that nobody knows.", fix) from error
    parts = crs.sub_crs_list if crs.is_compound else [crs]
    flat, high = parts[0], parts[1] if len(parts) > 1 else None
    flat = flat.source_crs if flat.is_bound and flat.source_crs is not None else flat
    if not (flat.is_projected or flat.is_geographic):
        raise MinewardenError("MW-DRONE-CRS", f"The {role} {given} lies in a system of its own ({flat.name}).", fix)
    for part, what in ((flat, "lies in"), (high, "has heights in")):
        axis = part.axis_info[0] if part is not None and part.axis_info else None
        if axis is not None and not flat.is_geographic and not math.isclose(axis.unit_conversion_factor, 1.0, rel_tol=1e-9):
            raise MinewardenError("MW-DRONE-FEET", f"The {role} {given} {what} {axis.unit_name}, not metres.", fix)
    return flat.to_wkt(), high.name if high is not None else None


def _filler(dataset: DatasetReader) -> float | None:
    """A surface's number for no data that its file does not declare, told from a thinned reading."""
    shape = tuple(max(min(side, 512), 1) for side in dataset.shape)
    try:
        seen = dataset.read(1, out_shape=shape)
    except RasterioError as error:
        raise MinewardenError(
            "MW-DRONE-READ", f"{dataset.name} can't be read: it is damaged.", "Copy it from the flight's computer again."
        ) from error
    strange = seen[np.isfinite(seen) & (np.abs(seen.astype(np.float64)) > HIGHEST_M)]
    declared = dataset.nodata
    strange = strange[strange != declared] if declared is not None else strange
    if not strange.size:
        return None
    values, counts = np.unique(strange, return_counts=True)
    return float(values[np.argmax(counts)])
