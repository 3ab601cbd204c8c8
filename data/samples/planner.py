"""Where things may lie and when they may happen: zones, room that is taken, dates, and the registers of rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from rasterio.features import shapes as trace
from shapely.geometry import LineString, Point, Polygon, shape
from shapely.geometry import box as frame
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

import names
from crops import GRASS, date_of, day_of
from ground import Ground
from items import Item, joined, polygons
from shapes import STEP, blob, noise, window

Array = np.ndarray
TRIES = 6000
Draw = Callable[[float, float], Sequence[BaseGeometry] | None]


class NoRoom(ValueError):
    """The ground has no place left for a thing."""


@dataclass
class Zones:
    """Ground where mining is banned, and ordinary farmland."""

    redline: Polygon
    wall: Polygon
    basic: BaseGeometry  # 永久基本农田
    arable: BaseGeometry  # 耕地

    @property
    def all(self) -> BaseGeometry:
        return unary_union([self.redline, self.wall, self.basic, self.arable])


def make_zones(rng: np.random.Generator, ground: Ground) -> Zones:
    """A redline in one corner of the county, the Great Wall's strip through it, farmland as groups of fields."""
    west, south, east, north = ground.extent
    side = east - west
    redline = blob(rng, west + side * rng.choice([0.2, 0.8]), south + side * rng.choice([0.2, 0.8]), (0.27 * side) ** 2, 0.12, 1.4).intersection(
        frame(west, south, east, north)
    )
    at = np.linspace(-50, side + 50, 60)
    bend = side * rng.uniform(0.4, 0.6) + 0.06 * side * np.sin(at / side * 4 + rng.uniform(0, 6))
    strip = LineString(np.column_stack([west + at, south + bend])).buffer(max(80.0, 0.032 * side), cap_style="flat")
    wall = strip.intersection(frame(west, south, east, north)).difference(redline.buffer(120))
    wall = max(polygons(wall, 0), key=lambda p: p.area)
    other = unary_union([redline, wall]).buffer(30)
    pattern = noise(rng, ground.n, 900, 200, 3)
    share = 0.14 if ground.n >= 400 else 0.10  # a small frame needs its room for other things
    field_cells = (ground.farming.crop[0][ground.unit] < GRASS) & (ground.fixed < 0.3)
    basic = _fields(ground, field_cells & (pattern > np.quantile(pattern, 1 - share))).difference(other)
    arable = _fields(ground, field_cells & (pattern < np.quantile(pattern, share))).difference(other)
    return Zones(redline, wall, joined(basic, 4000), joined(arable, 4000))


def _fields(ground: Ground, chosen: Array) -> BaseGeometry:
    """Cells as outlines with their steps smoothed, as a land survey would draw them."""
    found = [shape(s) for s, _ in trace(chosen.astype("u1"), mask=chosen, transform=ground.transform)]
    return unary_union([p.buffer(12).buffer(-12).simplify(7) for p in found if p.area > 3000]).buffer(0)


@dataclass
class Record:
    """A row of a layer."""

    geometry: BaseGeometry
    values: Mapping[str, Any]


@dataclass
class Planner:
    """Finds room for things and remembers what was made."""

    rng: np.random.Generator
    ground: Ground
    zones: Zones
    years: tuple[int, ...]
    last: int  # last day with scenes
    items: list[Item] = field(default_factory=list)
    rights: list[Record] = field(default_factory=list)
    legacy: list[Record] = field(default_factory=list)
    approvals: list[Record] = field(default_factory=list)
    taken: list[BaseGeometry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.banned = self.zones.all
        shapely.prepare(self.banned)
        crop = self.ground.farming.crop[0][self.ground.unit]
        self.covers = {"any": self.ground.free, "field": crop < GRASS, "grass": crop == GRASS}
        self.year = self.years[-1]
        self.shrink = float(np.clip(self.ground.n / 400, 0.5, 1.0))

    def count(self, at_400: int) -> int:
        """How many of a thing: as many per square kilometre as at size 400, and at least one."""
        return max(1, round(at_400 * (self.ground.n / 400) ** 2))

    def day(self, month: int, day: int, year: int | None = None) -> int:
        return day_of(dt.date(year or self.year, month, day))

    def dates(self, shortest: int = 14, longest: int = 70) -> tuple[int, int]:
        """Start and end of a dig in the monitored year that leaves a few weeks of looks after it."""
        earliest, latest = self.day(1, 20), min(self.day(11, 5), self.last - 20)
        if latest - earliest < 40:  # only a month or two are made: everything happens at once
            earliest, latest = self.day(1, 2), self.last - 6
        length = min(self.rng.uniform(shortest, longest), 0.6 * (latest - earliest))
        start = self.rng.uniform(earliest, latest - length)
        return int(start), int(start + length)

    def put(
        self,
        draw: Draw,
        cover: str = "any",
        inside: BaseGeometry | None = None,
        clear_of_zones: bool = True,
        keep: float = 45.0,
        points: BaseGeometry | None = None,
    ) -> Sequence[BaseGeometry]:
        """Draw things at random places until they fit: the first on good ground, all of them away from others.

        `inside` is a zone the first must lie in; without it nothing touches a zone if `clear_of_zones`.
        `points` is a geometry on whose outline the places are drawn. Demands on the cover ease with the tries.
        """
        keep *= max(self.shrink, 0.7)
        west, south, east, north = self.ground.extent
        ready = frame(west + 110, south + 110, east - 110, north - 110)
        where = inside.bounds if inside is not None else ready.bounds
        for attempt in range(TRIES):
            if points is not None:
                at = points.boundary.interpolate(self.rng.random(), normalized=True)
                x, y = at.x, at.y
            else:
                x, y = self.rng.uniform(where[0], where[2]), self.rng.uniform(where[1], where[3])
            drawn = draw(x, y)
            if drawn is None or not all(ready.contains(g) for g in drawn):
                continue
            if not self._fits(drawn, cover, inside, clear_of_zones and points is None, keep, 0.85 - attempt / TRIES):
                continue
            self.taken.append(unary_union(list(drawn)))
            return drawn
        raise NoRoom("no room left on this ground")

    def _fits(
        self,
        drawn: Sequence[BaseGeometry],
        cover: str,
        inside: BaseGeometry | None,
        clear: bool,
        keep: float,
        share: float,
    ) -> bool:
        first, whole = drawn[0], unary_union(list(drawn))
        if inside is not None and inside.intersection(first).area < 0.97 * first.area:
            return False
        if inside is None and clear and self.banned.intersects(whole.buffer(30)):
            return False
        if self.taken and shapely.intersects(np.array(self.taken), whole.buffer(keep)).any():
            return False
        row, col, height, width = window(first, self.ground.transform, self.ground.n)
        part = slice(row, row + height), slice(col, col + width)
        return bool(self.ground.free[part].mean() > 0.995 and self.covers[cover][part].mean() >= share)

    def covers_at(self, geometry: BaseGeometry) -> Array:
        """The units under a geometry's window."""
        row, col, height, width = window(geometry, self.ground.transform, self.ground.n)
        return self.ground.unit[row : row + height, col : col + width]

    def right(
        self,
        geometry: BaseGeometry,
        material: str,
        valid_from: int,
        valid_to: int | None,
        status: str = "有效",
        renewal: int | None = None,
        restore_by: int | None = None,
    ) -> str:
        """Register a mining right and give its number."""
        number = names.licence(self.rng, date_of(valid_from))
        bottom = int(self.rng.integers(1780, 1880))
        values = names.mine(self.rng, material, status) | {
            "id": number,
            "method": "露天",
            "valid_from": iso(valid_from),
            "valid_to": iso(valid_to),
            "status": status,
            "renewal_applied": iso(renewal),
            "restore_by": iso(restore_by),
            "scale": float(self.rng.choice([3, 5, 6, 8, 10, 15, 20])),
            "bottom": bottom,
            "top": bottom + int(self.rng.integers(40, 120)),
        }
        self.rights.append(Record(geometry, values))
        return number

    def name_of(self, right_id: str) -> str:
        return str(next(r.values["name"] for r in self.rights if r.values["id"] == right_id))

    def patch(self, geometry: BaseGeometry, state: str, deadline: int | None) -> str:
        """Register a legacy patch and give its number."""
        number = f"620422-LS-{len(self.legacy) + 1:04d}"
        values = {"id": number, "name": names.patch(self.rng), "state": state, "deadline": iso(deadline)}
        self.legacy.append(Record(geometry, values))
        return number

    def centre_point(self, geometry: BaseGeometry, spread: float = 0.3) -> Point:
        """Somewhere near the middle of a geometry: where digging begins."""
        size = spread * np.sqrt(geometry.area) / 2
        at = geometry.representative_point()
        return Point(at.x + self.rng.normal(0, size), at.y + self.rng.normal(0, size))

    def heading(self) -> tuple[float, float]:
        angle = self.rng.uniform(0, 2 * np.pi)
        return float(np.cos(angle)), float(np.sin(angle))


def iso(day: int | None) -> str | None:
    """A day count as an ISO date."""
    return None if day is None else date_of(day).isoformat()


def inset(ground: Ground, rng: np.random.Generator) -> Polygon:
    """The county's outline: the frame with a ragged edge 20–80 m inside it."""
    west, south, east, north = ground.extent
    corners: list[tuple[float, float]] = []
    step = STEP * ground.n / 8
    for k in range(8):
        corners.append((west + k * step + 80, south + rng.uniform(20, 80)))
    for k in range(8):
        corners.append((east - rng.uniform(20, 80), south + k * step + 80))
    for k in range(8):
        corners.append((east - k * step - 80, north - rng.uniform(20, 80)))
    for k in range(8):
        corners.append((west + rng.uniform(20, 80), north - k * step - 80))
    return Polygon(corners)
