"""Photos of the flight or of a visit: where they were taken, where they look, and which case they show."""

from __future__ import annotations

import hashlib
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import shapely
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD, Base
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.drone.judge import KnownCase
from pipeline.drone.sight import EYE_M
from pipeline.errors import MinewardenError
from pipeline.projection import between

SUFFIXES = (".jpg", ".jpeg")
MOST, MAX_BYTES = 2000, 100_000_000
KEPT = 24
"""Of the photos that a project was computed from."""
NEAR_M = 500.0
"""A photo from farther away does not show a case."""
HALF_VIEW_DEGREES = 45.0
"""To either side of where a camera looks: drones and phones see 60–84°, and compasses err by 10°."""
STEEP_DEGREES = -60.0
"""A camera that points below this looks at the ground beneath it."""
DAYS_OFF = 3
"""Photos so far from the day of the flight belong to another one."""


@dataclass(frozen=True, slots=True)
class Photo:
    name: str
    sha256: str
    size: int
    lon: float | None
    lat: float | None
    altitude_m: float | None
    """As the camera says: above the ellipsoid or the sea, makers differ."""
    height_m: float | None
    """Above the place of take-off."""
    azimuth: float | None
    """Where it looks, degrees from true north."""
    pitch: float | None
    """0 = level, −90 = straight down."""
    taken: datetime | None
    """Local time of the camera."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo and the case that it looks at."""

    photo: Photo
    case_id: str | None
    distance_m: float | None
    """To the case's outline; 0 above it."""
    off_degrees: float | None
    """Between where the camera looks and where the case lies."""
    doubts: tuple[str, ...]
    """Why it may not show what it should, in Chinese."""


@dataclass(frozen=True, slots=True)
class Trip:
    """On what photos were taken: a flight, or a visit."""

    day: date
    ground: BaseGeometry
    """Flown, or gone to, in the county's CRS."""
    name: str
    """What it and its ground are called, in Chinese."""
    ground_name: str
    hides: Callable[[shapely.Point, BaseGeometry, float], bool | None] | None = None
    """Whether the ground hides a case from a camera so many metres above it; None where nobody knows its heights."""


_XMP = re.compile(
    rb'(?:drone-dji:|Camera:)(RelativeAltitude|GimbalYawDegree|GimbalPitchDegree|FlightYawDegree|Yaw|Pitch)\s*(?:=\s*"|>)\s*([-+0-9.]+)'
)


def find(folder: Path) -> list[Path]:
    """JPEG files of a folder, not of folders in it. Raises MinewardenError `MW-DRONE-PHOTOS`."""
    fix = "Give a folder of JPEG photos as the camera wrote them."
    if not folder.is_dir():
        raise MinewardenError("MW-DRONE-PHOTOS", f"{folder} is no folder.", fix)
    files = sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES and each.is_file() and not each.is_symlink())
    if not files:
        raise MinewardenError("MW-DRONE-PHOTOS", f"{folder} holds no JPEG photo.", fix)
    if len(files) > MOST:
        raise MinewardenError("MW-DRONE-PHOTOS", f"{folder} holds {len(files)} photos; {MOST} are allowed.", "Give those that show the case.")
    return files


def read(file: Path) -> Photo:
    """What a photo says of itself; its pixels are not decoded. Raises MinewardenError `MW-DRONE-PHOTO` where it is no photo."""
    try:
        size = file.stat().st_size
        raw = file.read_bytes() if size <= MAX_BYTES else b""
        with warnings.catch_warnings():
            # A bomb of pixels is only opened, never decoded; odd EXIF is not worth a word.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=("JPEG", "MPO")) as image:
                exif = image.getexif()
                gps, times = dict(exif.get_ifd(IFD.GPSInfo)), dict(exif.get_ifd(IFD.Exif))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError, TypeError, KeyError) as error:
        raise MinewardenError("MW-DRONE-PHOTO", f"{file.name} is no JPEG photo.", "Remove it from the folder.") from error
    if not raw:
        raise MinewardenError("MW-DRONE-PHOTO", f"{file.name} has {size} bytes.", "Give photos as the camera wrote them.")
    xmp = {key.decode(): float(value) for key, value in _XMP.findall(raw) if _is_number(value)}
    lon, lat = _degrees(gps, GPS.GPSLongitude, GPS.GPSLongitudeRef, 180), _degrees(gps, GPS.GPSLatitude, GPS.GPSLatitudeRef, 90)
    return Photo(
        file.name, hashlib.sha256(raw).hexdigest(), size, lon if lat is not None else None, lat if lon is not None else None,
        _signed_altitude(gps), xmp.get("RelativeAltitude"), _azimuth(gps, xmp), xmp.get("GimbalPitchDegree", xmp.get("Pitch")),
        _time(times.get(Base.DateTimeOriginal) or exif.get(Base.DateTime)),
    )  # fmt: skip


def _is_number(text: bytes) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _float(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def _degrees(gps: dict[int, object], tag: int, side: int, most: float) -> float | None:
    parts = gps.get(tag)
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    values = [_float(part) for part in parts]
    if None in values:
        return None
    whole, minutes, seconds = (value for value in values if value is not None)
    angle = whole + minutes / 60 + seconds / 3600
    if not 0 <= angle <= most or (whole, minutes, seconds) == (0, 0, 0):
        return None
    return -angle if str(gps.get(side)).upper()[:1] in ("W", "S") else angle


def _signed_altitude(gps: dict[int, object]) -> float | None:
    value = _float(gps.get(GPS.GPSAltitude))
    below = gps.get(GPS.GPSAltitudeRef) in (1, b"\x01")
    return None if value is None else -value if below else value


def _azimuth(gps: dict[int, object], xmp: dict[str, float]) -> float | None:
    """The gimbal's, else the one in EXIF, which phones write; the body's heading last."""
    for value in (xmp.get("GimbalYawDegree"), _float(gps.get(GPS.GPSImgDirection)), xmp.get("Yaw"), xmp.get("FlightYawDegree")):
        if value is not None:
            return value % 360
    return None


def _time(value: object) -> datetime | None:
    try:
        return datetime.strptime(str(value).strip("\x00 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def attach(photos: Sequence[Photo], cases: Sequence[KnownCase], crs: str, trip: Trip) -> list[Shown]:
    """Each photo with the case it looks at, and what speaks against it. Cases and trip in `crs`, the county's."""
    to_grid = between("EPSG:4326", crs)
    return [_attached(photo, cases, to_grid, trip) for photo in photos]


def telling(shown: Sequence[Shown]) -> list[Shown]:
    """Of a project's many photos those that show a case for sure, the nearest, in their order."""
    sure = sorted(
        (each for each in shown if each.case_id is not None and not each.doubts), key=lambda each: (each.distance_m or 0.0, each.photo.name)
    )
    kept = {each.photo.name for each in sure[:KEPT]}
    return [each for each in shown if each.photo.name in kept]


def _attached(photo: Photo, cases: Sequence[KnownCase], to_grid: Transformer, trip: Trip) -> Shown:
    doubts = _of_time(photo, trip)
    if photo.lon is None or photo.lat is None:
        return Shown(photo, None, None, None, ("照片没有位置信息", *doubts))
    here = shapely.Point(to_grid.transform(photo.lon, photo.lat))
    if not here.distance(trip.ground) <= NEAR_M:
        far = f"拍摄点距{trip.ground_name} {here.distance(trip.ground):,.0f} m" if not trip.ground.is_empty else f"没有{trip.ground_name}"
        return Shown(photo, None, None, None, (far, *doubts))
    seen = [(case, here.distance(case.geometry), _off(photo, here, case.geometry)) for case in cases if here.distance(case.geometry) <= NEAR_M]
    looking = [each for each in seen if each[2] is None or each[2] <= HALF_VIEW_DEGREES]
    if not looking:
        return Shown(photo, None, None, None, tuple(["镜头方向上没有在册图斑", *doubts] if seen else doubts))
    case, distance, off = min(looking, key=lambda each: (each[1], each[2] or 0.0, each[0].id))
    if off is None and distance > 0:
        doubts = ("照片没有方位角，只按距离归属", *doubts)
    if distance > 0 and trip.hides is not None and trip.hides(here, case.geometry, photo.height_m or EYE_M):
        doubts = ("视线被中间的地形挡住", *doubts)
    return Shown(photo, case.id, round(distance, 1), None if off is None else round(off, 1), tuple(doubts))


def _of_time(photo: Photo, trip: Trip) -> tuple[str, ...]:
    if photo.taken is None:
        return ("照片没有拍摄时间",)
    if photo.taken > datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1):
        return ("拍摄时间在将来",)
    apart = abs((photo.taken.date() - trip.day).days)
    return (f"拍摄日期与{trip.name}日期相差 {apart} 天",) if apart > DAYS_OFF else ()


def _off(photo: Photo, here: shapely.Point, case: BaseGeometry) -> float | None:
    """Degrees between the camera's direction and the case; 0 above it or where the camera looks down on it; None where no direction is known."""
    if here.distance(case) == 0:
        return 0.0
    if photo.pitch is not None and photo.pitch <= STEEP_DEGREES:
        # Straight down it sees about as far to the side as it is high.
        return 0.0 if photo.height_m is not None and here.distance(case) <= photo.height_m else 180.0
    if photo.azimuth is None:
        return None
    target = shapely.shortest_line(here, case).coords[1]
    bearing = math.degrees(math.atan2(target[0] - here.x, target[1] - here.y))
    return abs((photo.azimuth - bearing + 180) % 360 - 180)
