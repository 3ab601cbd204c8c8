"""Make a drone's flight over a dug site of a sample county, as OpenDroneMap leaves it.

    python flight.py COUNTY OUT [--seed N]

All of it is made. OUT is a project folder (`odm_orthophoto/`, `odm_dem/`, `gcp_list.txt`, `images/`), beside it `dsm_before.tif`, the site
as it was in the year before, and `truth.json`: what was dug, and by how much the flight is misplaced. The orthophoto is the county's own
satellite picture of the day with finer texture, so that one can be found on the other. The same county and seed give the same flight.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.vrt import WarpedVRT
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

CELL, SURFACE_CELL = 0.25, 0.4
"""Sides of cells of orthophoto and surfaces, metres."""
AROUND = 110.0
"""Ground flown around the site, metres."""
EAST, NORTH, UP, TURN = 4.2, -3.1, 0.35, 0.2
"""By how much the flight is misplaced, metres and degrees."""
DEPTH, WALL, HEAP = 9.0, 14.0, 3.0
NOISE, WAVES, WAVELENGTH = 0.03, 0.015, 18.0
"""Noise of a surface's cells, and of its slow waves, metres."""
HEIGHT = 1850.0
FLOWN_BEFORE = "2023:10:15 10:30:00"


@dataclass(frozen=True)
class Ground:
    """The site as it is: heights on a frame of cells, before and after."""

    transform: Affine
    before: np.ndarray
    after: np.ndarray
    dug: BaseGeometry


def make_flight(county: Path, out: Path, seed: int = 3, code: str = "cross_boundary") -> Path:
    """Make a flight over the first site of a kind; the project folder."""
    if out.exists():
        raise FileExistsError(f"{out} is there already")
    rng = np.random.default_rng(seed)
    crs = "EPSG:32648"
    dug = _site(county, crs, code)
    west, south, east, north = (round(edge / 10) * 10 for edge in dug.buffer(AROUND).bounds)
    frame = west, south, east, north
    ground = _ground(frame, dug, rng)
    for folder in ("odm_orthophoto", "odm_dem", "images"):
        (out / folder).mkdir(parents=True)
    scene = sorted((county / "scenes").iterdir(), key=lambda each: each.name[11:19])[-1]
    day = dt.datetime.strptime(scene.name[11:19], "%Y%m%d").date()
    _orthophoto(out / "odm_orthophoto" / "odm_orthophoto.tif", _clear(county), frame, crs, ground, rng)
    _surface(out / "odm_dem" / "dsm.tif", ground.after, ground, crs, rng, misplaced=True, taken=f"{day:%Y:%m:%d} 11:00:00")
    _surface(out / "dsm_before.tif", ground.before, ground, crs, rng, misplaced=False, taken=FLOWN_BEFORE)
    _control(out / "gcp_list.txt", ground, crs, rng)
    _photos(out / "images", dug, crs, day)
    change = (ground.after - ground.before).astype(np.float64)
    truth = {
        "captured": day.isoformat(), "shift_m": [EAST, NORTH, UP], "turn_degrees": TURN,
        "cut_m3": _cubic_metres(-change), "fill_m3": _cubic_metres(change),
    }  # fmt: skip
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", "utf-8")
    return out


def _cubic_metres(rise: np.ndarray) -> float:
    return round(float(rise[rise > 0].sum()) * SURFACE_CELL**2, 1)


def _site(county: Path, crs: str, code: str) -> BaseGeometry:
    """All that was dug at the first site of a kind."""
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    rows = json.loads((county / "truth.geojson").read_text("utf-8"))["features"]
    name = next(row["properties"]["name"] for row in rows if row["properties"]["code"] == code)
    parts = [shape(row["geometry"]) for row in rows if row["properties"]["name"] == name and row["properties"]["what"] == "pit"]
    whole = shapely.transform(shapely.union_all(parts), lambda xy: np.column_stack(to_metres.transform(xy[:, 0], xy[:, 1])))
    return max(shapely.get_parts(whole.buffer(4).buffer(-7).buffer(3)), key=lambda part: part.area)


def _clear(county: Path) -> Path:
    """The last scene that shows hardly any cloud."""
    for scene in sorted((county / "scenes").iterdir(), key=lambda each: each.name[11:19], reverse=True):
        (file,) = scene.glob("*SCL*.tif")
        with rasterio.open(file) as band:
            if np.isin(band.read(1), (4, 5, 6, 7)).mean() > 0.9:
                return scene
    raise ValueError("no scene of the county is clear")


def _waves(shape_: tuple[int, int], length: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of unit spread; length in cells."""
    rows, cols = (np.fft.fftfreq(side) for side in shape_)
    low = np.exp(-2 * (np.pi * length * np.hypot(rows[:, None], cols[None, :]) / 2) ** 2)
    waves = np.fft.ifft2(np.fft.fft2(rng.standard_normal(shape_)) * low).real
    return waves / waves.std()


def _ground(frame: tuple[float, float, float, float], dug: BaseGeometry, rng: np.random.Generator) -> Ground:
    west, south, east, north = frame
    rows, cols = round((north - south) / SURFACE_CELL), round((east - west) / SURFACE_CELL)
    transform = Affine(SURFACE_CELL, 0, west, 0, -SURFACE_CELL, north)
    y, x = np.mgrid[:rows, :cols]
    hills = 6 * _waves((rows, cols), 200, rng) + 1.2 * _waves((rows, cols), 60, rng) + 0.3 * _waves((rows, cols), 12, rng)
    before = HEIGHT + 0.06 * SURFACE_CELL * x + 0.03 * SURFACE_CELL * y + hills
    steps = [dug.buffer(-WALL * k / 12) for k in range(13)]
    depth = sum(rasterize([(step, 1)], out_shape=(rows, cols), transform=transform) for step in steps if not step.is_empty) * (DEPTH / 13)
    depth = _softened(depth * (1 + 0.1 * _waves((rows, cols), 40, rng)), 3) * rasterize([(dug, 1)], out_shape=(rows, cols), transform=transform)
    heap_x, heap_y = cols * 0.12, rows * 0.85
    heap = np.maximum(HEAP - np.hypot(x - heap_x, y - heap_y) * SURFACE_CELL * 0.25, 0)
    return Ground(transform, before.astype(np.float32), (before - depth + heap).astype(np.float32), dug)


def _softened(values: np.ndarray, times: int) -> np.ndarray:
    for _ in range(times):
        for axis in (0, 1):
            values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    return values


def _misplaced(transform: Affine, shape_: tuple[int, int]) -> Affine:
    """Where a flight thinks that its cells lie."""
    middle = transform @ (shape_[1] / 2, shape_[0] / 2)
    return Affine.translation(EAST, NORTH) @ Affine.rotation(TURN, middle) @ transform


def _surface(path: Path, heights: np.ndarray, ground: Ground, crs: str, rng: np.random.Generator, *, misplaced: bool, taken: str) -> None:
    noisy = heights + NOISE * rng.standard_normal(heights.shape) + WAVES * _waves(heights.shape, WAVELENGTH / SURFACE_CELL, rng)
    placed = _misplaced(ground.transform, heights.shape) if misplaced else ground.transform
    profile = {
        "driver": "GTiff",
        "height": heights.shape[0],
        "width": heights.shape[1],
        "count": 1,
        "dtype": "float32",
        "crs": crs,
        "nodata": -9999.0,
    }
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile, transform=placed) as turned:
            turned.write((noisy + (UP if misplaced else 0)).astype(np.float32), 1)
        with memory.open() as turned, WarpedVRT(turned, crs=crs, transform=ground.transform, height=heights.shape[0], width=heights.shape[1],
                                                resampling=Resampling.bilinear) as upright:  # fmt: skip
            values = upright.read(1)
    with rasterio.open(path, "w", **profile, transform=ground.transform, tiled=True, compress="deflate", predictor=3) as target:
        target.write(np.round(values, 2), 1)
        target.update_tags(TIFFTAG_DATETIME=taken)


def _orthophoto(path: Path, scene: Path, frame: tuple[float, float, float, float], crs: str, ground: Ground, rng: np.random.Generator) -> None:
    west, south, east, north = frame
    rows, cols = round((north - south) / CELL), round((east - west) / CELL)
    transform = Affine(CELL, 0, west + EAST, 0, -CELL, north + NORTH)
    true = Affine(CELL, 0, west, 0, -CELL, north)
    colours = []
    texture = 5 * _waves((rows, cols), 3, rng) + 4 * rng.standard_normal((rows, cols))
    for name in ("B04", "B03", "B02"):
        (file,) = scene.glob(f"*{name}*.tif")
        with (
            rasterio.open(file) as band,
            WarpedVRT(band, crs=crs, transform=true, height=rows, width=cols, resampling=Resampling.cubic_spline) as fine,
        ):
            colours.append(np.clip((fine.read(1).astype(np.float64) - 1000) / 4000 * 255 + texture, 0, 255))
    flown = rasterize([(shapely.box(west, south, east, north).buffer(-12).buffer(6), 255)], out_shape=(rows, cols), transform=true, dtype="uint8")
    profile = {"driver": "GTiff", "height": rows, "width": cols, "count": 4, "dtype": "uint8", "crs": crs, "transform": transform}
    with rasterio.open(path, "w", **profile, photometric="RGB", alpha="yes", tiled=True, compress="deflate", predictor=2) as target:
        target.write(np.where(flown, np.array(colours), 0).astype(np.uint8), (1, 2, 3))
        target.write(flown, 4)


def _control(path: Path, ground: Ground, crs: str, rng: np.random.Generator) -> None:
    """Points surveyed on ground that stayed, in OpenDroneMap's form."""
    rows, cols = ground.before.shape
    lines = [crs]
    for number in range(6):
        row, col = int(rng.uniform(0.06, 0.94) * rows), int(cols * (0.05 if number % 2 else 0.95))
        x, y = ground.transform @ (col + 0.5, row + 0.5)
        lines.append(f"{x:.3f} {y:.3f} {ground.after[row, col]:.3f} 2000 1500 DJI_0001.JPG GCP{number + 1}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _photos(folder: Path, dug: BaseGeometry, crs: str, day: dt.date) -> None:
    """Three small photos: from above, from beside towards the pit, and from beside away from it."""
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    middle, (west, *_) = dug.representative_point(), dug.bounds
    for number, (x, yaw, pitch) in enumerate(((middle.x, 10.0, -90.0), (west - 60, 90.0, -20.0), (west - 60, 270.0, -20.0)), 1):
        lon, lat = to_degrees.transform(x, middle.y)
        image = Image.fromarray(np.full((60, 80, 3), (168, 140, 104), np.uint8))
        exif = Image.Exif()
        exif[Base.Make] = "DJI"
        exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = f"{day:%Y:%m:%d} 10:{number:02d}:00"
        gps = {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: _dms(lat),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: _dms(lon),
            GPS.GPSAltitude: HEIGHT + 80,
        }
        exif.get_ifd(IFD.GPSInfo).update(gps)
        said = f'drone-dji:RelativeAltitude="+80.0" drone-dji:GimbalYawDegree="{yaw:+.1f}" drone-dji:GimbalPitchDegree="{pitch:+.1f}"'
        image.save(
            folder / f"DJI_{number:04d}.JPG", exif=exif, xmp=f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {said}/></x:xmpmeta>'.encode()
        )


def _dms(angle: float) -> tuple[float, float, float]:
    minutes = (angle - int(angle)) * 60
    return float(int(angle)), float(int(minutes)), round((minutes - int(minutes)) * 60, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a drone's flight over a sample county.")
    parser.add_argument("county", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    try:
        print(make_flight(given.county, given.out, given.seed))
    except (FileExistsError, FileNotFoundError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
