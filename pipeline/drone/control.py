"""Ground control: points that were surveyed, and how far the flight's surface lies off them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from pipeline.errors import MinewardenError
from pipeline.projection import between

MAX_BYTES = 5_000_000
_COLUMNS = {
    "name": ("name", "id", "point", "label", "点名", "点号", "编号"),
    "east": ("easting", "east", "x", "东坐标", "y坐标"),
    "north": ("northing", "north", "y", "北坐标", "x坐标"),
    "height": ("elevation", "height", "alt", "altitude", "z", "h", "高程", "高程(m)"),
    "lon": ("longitude", "lon", "经度"),
    "lat": ("latitude", "lat", "纬度"),
}
FEWEST = 3
NEAR_M = 1000.0

Sample = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.floating]]
"""Heights of a surface at places (x, y), NaN outside."""


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    x: float
    """In the list's CRS."""
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class ControlList:
    file: str
    sha256: str
    crs: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class HeightError:
    """Surface minus surveyed height at control points, m."""

    points: int
    mean_m: float
    rmse_m: float
    worst_m: float
    worst: str


def _refused(file: Path, what: str) -> MinewardenError:
    fix = "Give OpenDroneMap's gcp_list.txt, or a CSV with columns Name, Longitude, Latitude, Elevation."
    return MinewardenError("MW-DRONE-GCP", f"{file} {what}.", fix)


def read(file: Path, grid: str) -> ControlList:
    """A `gcp_list.txt` of OpenDroneMap (CRS, then x y z column row image name), or a CSV with headings, with a BOM and semicolons or without.

    Plain eastings and northings of a CSV are taken as the county's `grid`. Raises MinewardenError `MW-DRONE-GCP`.
    """
    try:
        raw = file.read_bytes()[: MAX_BYTES + 1]
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(file, "can't be read as UTF-8 text") from error
    if len(raw) > MAX_BYTES:
        raise _refused(file, "is far too large for a list of control points")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise _refused(file, "holds no control points")
    crs, points = _table(file, lines, grid) if _delimiter(lines[0]) else _listed(file, lines)
    unique = {(p.x, p.y, p.height): p for p in points}
    if not unique:
        raise _refused(file, "holds no control points")
    return ControlList(file.name, hashlib.sha256(raw).hexdigest(), crs, tuple(unique.values()))


def _delimiter(heading: str) -> str | None:
    """What parts the columns of a table; None where the first line is no heading."""
    return next((sign for sign in (";", ",", "\t") if len(parts := heading.split(sign)) >= 4 and _number(parts[0]) is None), None)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _listed(file: Path, lines: list[str]) -> tuple[str, list[Point]]:
    try:
        crs = CRS.from_user_input(lines[0].strip()).to_wkt()
    except CRSError as error:
        raise _refused(file, f"does not begin with a coordinate system ({lines[0].strip()[:40]!r})") from error
    points = []
    for number, line in enumerate(lines[1:], 2):
        parts = line.split()
        values = [_number(each) for each in parts[:3]]
        if len(parts) < 6 or None in values:
            raise _refused(file, f"line {number} is no control point: {line.strip()[:60]!r}")
        x, y, height = (float(value) for value in values if value is not None)
        points.append(Point(parts[6] if len(parts) > 6 else f"line {number}", x, y, height))
    return crs, points


def _table(file: Path, lines: list[str], grid: str) -> tuple[str, list[Point]]:
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=_delimiter(lines[0]) or ","))
    heads = [each.strip().lower() for each in rows[0]]
    at = {key: next((heads.index(name) for name in names if name in heads), None) for key, names in _COLUMNS.items()}
    degrees = at["lon"] is not None and at["lat"] is not None
    x, y = (at["lon"], at["lat"]) if degrees else (at["east"], at["north"])
    if x is None or y is None or at["height"] is None:
        raise _refused(file, f"has columns {', '.join(rows[0])[:80]}, of which some give no position and height")
    points = []
    for number, row in enumerate(rows[1:], 2):
        values = [_number(row[k].strip().replace(",", ".")) if k < len(row) else None for k in (x, y, at["height"])]
        if None in values:
            raise _refused(file, f"row {number} is no control point: {' '.join(row)[:60]!r}")
        name = row[at["name"]] if at["name"] is not None and at["name"] < len(row) else f"row {number}"
        points.append(Point(name, *(float(value) for value in values if value is not None)))
    return ("EPSG:4326" if degrees else grid), points


def check_place(control: ControlList, ground: BaseGeometry, crs: str) -> None:
    """Raises MinewardenError `MW-DRONE-GCP` where no point lies near the flown ground, which is given in `crs`."""
    at = between(control.crs, crs).transform([p.x for p in control.points], [p.y for p in control.points])
    far = min((ground.distance(shapely.Point(place)) for place in zip(*at, strict=True) if np.isfinite(place).all()), default=math.inf)
    if far > NEAR_M:
        raise _refused(Path(control.file), f"holds no point within {NEAR_M:.0f} m of the flight")


def height_error(control: ControlList, crs: str, sample: Sample) -> HeightError | None:
    """How far a surface lies above the points; None where it shows fewer than FEWEST. sample: in `crs`."""
    try:
        x, y = between(control.crs, crs).transform([p.x for p in control.points], [p.y for p in control.points])
    except ProjError:
        return None
    off = np.asarray(sample(np.asarray(x, float), np.asarray(y, float)), float) - np.array([p.height for p in control.points])
    known = np.isfinite(off)
    if known.sum() < FEWEST:
        return None
    worst = int(np.nanargmax(np.abs(off)))
    return HeightError(
        int(known.sum()), float(off[known].mean()), float(np.sqrt((off[known] ** 2).mean())), float(off[worst]), control.points[worst].name
    )


@dataclass(frozen=True, slots=True)
class Reported:
    """What the flight software says of its control points."""

    file: str
    sha256: str
    horizontal_m: float
    """RMS."""


def reported_by_odm(project: Path) -> Reported | None:
    """The error at control points that OpenDroneMap itself reports; None where it reports none."""
    file = project / "odm_report" / "stats.json"
    try:
        if file.stat().st_size > MAX_BYTES:
            return None
        raw = file.read_bytes()
        errors = json.loads(raw)["gcp_errors"]["error"]
        east, north = float(errors["x"]), float(errors["y"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    total = math.hypot(east, north)
    return Reported(file.name, hashlib.sha256(raw).hexdigest(), total) if math.isfinite(total) else None
