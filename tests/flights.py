"""A small county and small flights over it, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from pyproj import Transformer

CRS = "EPSG:32648"
WEST, NORTH = 500_600.0, 3_950_000.0
"""Near 105.007 E 35.69 N, inside the county."""
SIDE, CELL = 160, 0.5


def county(folder: Path, layers: str = "") -> Path:
    """Config of a county without scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenes").mkdir()
    ring = [[105.0, 35.68], [105.03, 35.68], [105.03, 35.71], [105.0, 35.71], [105.0, 35.68]]
    area = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (folder / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}), "utf-8")
    config = folder / "config.yaml"
    config.write_text(
        'county: {name: 会宁县, code: "620422"}\narea: area.geojson\ngrid: {crs: EPSG:32648, resolution: 10}\n'
        f"sources:\n  - {{kind: folder, path: scenes}}\noutput: out\n{layers}",
        "utf-8",
    )
    return config


def transform(west: float = WEST, north: float = NORTH, cell: float = CELL) -> Affine:
    return Affine(cell, 0, west, 0, -cell, north)


def write(path: Path, values: NDArray[Any], **profile: Any) -> Path:
    """A raster of (bands, h, w)."""
    settings = {"driver": "GTiff", "count": len(values), "height": values.shape[1], "width": values.shape[2], "dtype": values.dtype.name}
    with rasterio.open(path, "w", **settings | {"crs": CRS, "transform": transform()} | profile) as dataset:
        dataset.write(values)
    return path


def ortho(path: Path, side: int = SIDE, bands: int = 3, dtype: str = "uint8", **profile: Any) -> Path:
    """A picture of rough ground, without empty pixels."""
    rng = np.random.default_rng(5)
    picture = (90 + 60 * rng.random((bands, side, side))).astype(dtype)
    if bands == 4:
        picture[3] = 255
    return write(path, picture, **({"photometric": "RGB", "alpha": "yes"} if bands == 4 else {}) | profile)


def surfaces(side: int = 240, dug: float = 3.0) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """A hillside before and after a pit of 20 m a side was dug, and the pit's volume, m³. Cells of CELL."""
    y, x = np.mgrid[:side, :side] * CELL
    before = 1850 + 0.08 * x + 2 * np.sin(x / 9) * np.cos(y / 7) + np.sin(x / 3.1 + y / 4.3)
    pit = np.zeros((side, side))
    middle, half = side // 2, round(10 / CELL)
    pit[middle - half : middle + half, middle - half : middle + half] = dug
    rng = np.random.default_rng(1)
    noise = 0.02 * rng.standard_normal((2, side, side))
    return (before - pit + noise[0]).astype(np.float32), (before + noise[1]).astype(np.float32), float(pit.sum()) * CELL**2


def photo(
    path: Path, east: float, north: float, *, taken: str = "2024:06:01 10:00:00", yaw: float = 0.0, pitch: float = -90.0, placed: bool = True
) -> Path:
    """A small JPEG that says where it was taken and where it looks."""
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(east, north)
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = taken
    if placed:
        said = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: _dms(lat), GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: _dms(lon)}
        exif.get_ifd(IFD.GPSInfo).update(said)
    text = f'<rdf:Description drone-dji:RelativeAltitude="+60.0" drone-dji:GimbalYawDegree="{yaw:+.1f}" drone-dji:GimbalPitchDegree="{pitch:+.1f}"/>'
    Image.new("RGB", (32, 24), (150, 120, 90)).save(path, exif=exif, xmp=text.encode())
    return path


def _dms(angle: float) -> tuple[float, float, float]:
    minutes = (angle - int(angle)) * 60
    return float(int(angle)), float(int(minutes)), (minutes - int(minutes)) * 60
