"""Where the files of scenes lie: each is opened and checked when it is first met, and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from affine import Affine
from rasterio.crs import CRS
from rasterio.transform import array_bounds
from rasterio.warp import transform_bounds

from pipeline.errors import MinewardenError
from pipeline.sources import tiff, tiles
from pipeline.sources.bandfile import open_band
from pipeline.sources.scene import Scene
from pipeline.sources.tiff import Tiles

Key = tuple[str, int, int]
"""Path, size and time of change: another file under the same name is checked anew."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where a file lies, as it was found when the file was checked."""

    transform: Affine
    crs: str
    width: int
    height: int
    tiles: Tiles | None
    """Its layout, where it is an ordinary one."""
    key: Key


_HEADERS: dict[Key, Header] = {}
_CHECKED: set[Key] = set()
"""Files whose checksums were looked at."""


def header(path: Path) -> Header:
    """Where a file lies; it is checked when it is first met."""
    try:
        stat = path.stat()
    except OSError as error:
        raise MinewardenError("MW-BAND-FILE", f"{path} is not there or is no file.", "Restore the scene's file.") from error
    key = str(path), stat.st_size, stat.st_mtime_ns
    known = _HEADERS.get(key)
    if known is None:
        with open_band(path) as source:
            found = tiff.tiles(path)
            # What two readers of one head understand alike, is understood.
            same = found and (source.shape, source.block_shapes[0], source.dtypes[0]) == (found.shape, found.tile, found.dtype.name)
            known = Header(source.transform, source.crs.to_wkt(), source.width, source.height, found if same else None, key)
        _HEADERS[key] = known
    return known


def check_once(path: Path, file: Header) -> None:
    """Find damage in a file that GDAL is to resample, as it hands out whatever comes of a broken tile. Raises DamagedError."""
    if file.tiles and file.key not in _CHECKED:
        tiles.check(path, file.tiles)
        _CHECKED.add(file.key)


@lru_cache(maxsize=16)
def crs_of(text: str) -> CRS:
    return CRS.from_user_input(text)


@lru_cache(maxsize=64)
def same_crs(one: str, other: str) -> bool:
    return bool(CRS.from_user_input(one) == CRS.from_user_input(other))


def check_together(scene: Scene) -> None:
    """Raises MinewardenError `MW-BAND-APART` where files of a scene show other ground than its B04. To be called with all files there."""
    first = header(scene.bands["B04"].path)
    here = array_bounds(first.height, first.width, first.transform)
    for path in scene.files:
        file = header(path)
        west, south, east, north = array_bounds(file.height, file.width, file.transform)
        if not same_crs(file.crs, first.crs):
            west, south, east, north = transform_bounds(crs_of(file.crs), crs_of(first.crs), west, south, east, north)
        if not (west < here[2] and east > here[0] and south < here[3] and north > here[1]):
            fix = "Download or copy the scene again, or write the right CRS into the file."
            raise MinewardenError("MW-BAND-APART", f"{path} does not lie where {scene.bands['B04'].path.name} does.", fix)
