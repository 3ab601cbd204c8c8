"""Does the flight lie in the county, and when was it flown?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from pipeline.drone.raster import Raster
from pipeline.errors import MinewardenError
from pipeline.layers.dates import parse
from pipeline.layers.whereabouts import guess
from pipeline.projection import between

COARSEST_M = 1.0
"""Largest cell of an orthophoto. Drones give centimetres to decimetres; what is coarser is a satellite's picture, or was thinned."""
ROUNDING = 0.01
"""Cells of a metre in another CRS are larger by up to this share, by its scale and by rounding."""
ACROSS = 16
"""Points along each edge of a footprint: straight lines of one CRS are bent in another."""


def footprint(raster: Raster, grid: str) -> BaseGeometry:
    """The raster's frame in the grid's CRS."""
    corners = raster.corners()
    edges = [corners[k] + (corners[(k + 1) % 4] - corners[k]) * step for k in range(4) for step in np.linspace(0, 1, ACROSS, endpoint=False)[:, None]]
    x, y = between(raster.crs, grid).transform(*np.array(edges).T)
    return Polygon(np.column_stack([x, y])) if np.isfinite([x, y]).all() else Polygon()


def check_place(raster: Raster, area: BaseGeometry, grid: str) -> BaseGeometry:
    """The raster's frame; MW-DRONE-PLACE, with what its coordinates look like, where it does not meet the county. area: in `grid`."""
    frame = footprint(raster, grid)
    if not frame.is_empty and frame.intersects(area):
        return frame
    far = "nowhere on earth" if frame.is_empty else f"{shapely.distance(frame, area) / 1000:,.0f} km from the county"
    like = guess(raster.corners(), raster.crs, area, grid)
    meant = f" By its coordinates {like.words}: did you mean {_short(like.words)}?" if like else ""
    fix = "Export it with the coordinate system it was computed in."
    raise MinewardenError("MW-DRONE-PLACE", f"The {raster.role} {raster.path} lies {far}.{meant}", fix)


def check_cells(ortho: Raster, grid: str) -> None:
    """Raises MW-DRONE-COARSE where the cells of an orthophoto that lies in the county are too large on the ground."""
    col, row = ortho.width / 2, ortho.height / 2
    places = np.array([ortho.transform @ at for at in ((col, row), (col + 1, row), (col, row + 1))])
    middle, across, down = np.column_stack(between(ortho.crs, grid).transform(*places.T))
    cell = max(np.hypot(*(across - middle)), np.hypot(*(down - middle)))
    if cell > COARSEST_M * (1 + ROUNDING):
        message = f"The {ortho.role} {ortho.path} has cells of {cell:.3g} m; at most {COARSEST_M:g} m are taken."
        raise MinewardenError(
            "MW-DRONE-COARSE", message, "Give the orthophoto as the flight software made it: no satellite's picture, and not thinned."
        )


def _short(words: str) -> str:
    """'zone 35' of a longer guess."""
    place = words.find("zone ")
    return words[place:].split(",")[0].split(" (")[0] if place >= 0 else "that"


def check_overlap(one: Raster, other: Raster, grid: str) -> None:
    """Raises MW-DRONE-APART where two rasters of a flight show no common ground."""
    if not footprint(one, grid).intersects(footprint(other, grid)):
        message = f"The {one.role} {one.path} and the {other.role} {other.path} show no common ground."
        raise MinewardenError("MW-DRONE-APART", message, "Give surfaces of the ground that the orthophoto shows.")


def captured_on(
    given: str | None, photographed: Iterable[date], tag: str | None, today: date, *, option: str = "--captured"
) -> tuple[date, str | None]:
    """The day of the flight, and what is to be said of it: as given (as `option`), else of its photos, else the file's own tag.

    Raises MinewardenError `MW-DRONE-DATE` where no day is known, or it lies in the future.
    """
    day, note = None, None
    if given is not None:
        day = _day(given)
        if day is None:
            raise MinewardenError("MW-DRONE-DATE", f"{given!r} is not a date.", f"Write {option} as YYYY-MM-DD.")
    elif days := sorted(photographed):
        day = days[len(days) // 2]
    elif tag:
        day = tagged_day(tag)
        note = "The day is that of the orthophoto's own tag, which may be the day it was computed: give --captured."
    if day is None:
        message = "No file says when it was taken."
        raise MinewardenError("MW-DRONE-DATE", message, f"Give the day as {option} YYYY-MM-DD.")
    if day > today:
        raise MinewardenError("MW-DRONE-DATE", f"It is said to be of {day}, but today is {today}.", "Give the right day.")
    return day, note


def _day(text: str) -> date | None:
    try:
        return parse(text)
    except ValueError:
        return None


def tagged_day(tag: str) -> date | None:
    """The day of a TIFF's date-time tag, `YYYY:MM:DD HH:MM:SS`."""
    return _day(tag.strip("\x00 ").replace(":", "-", 2))
