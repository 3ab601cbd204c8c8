"""The ground around a case as a drawing to print: outlines, names, a net of meridians and parallels, a scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.projection import between
from pipeline.publish.coordinates import DEGREES, sexagesimal, true_north
from pipeline.publish.evidence.overlay import Named
from pipeline.publish.lengths import round_length

WIDTH, HEIGHT = 1000.0, 480.0
"""Units of the drawing; on paper it is as wide as the sheet."""
AROUND, LEAST_M, MOST_M = 3.6, 900.0, 12_000.0
"""The drawing is so many times as wide as the case, within these widths."""
STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
"""Seconds of arc between lines of the net."""
LINES = 4
"""About so many meridians."""
CLEAR, LONGEST = 22.0, 24
"""Two names stand at least so far apart, and are cut off after so many signs."""
ARROW = (WIDTH - 42.0, 52.0)
"""Where the north arrow stands."""


@dataclass(frozen=True, slots=True)
class Shape:
    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Name:
    kind: str
    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the net, from edge to edge, and what stands at its end."""

    path: str
    x: float
    y: float
    text: str
    upright: bool
    """A meridian."""


@dataclass(frozen=True, slots=True)
class Plan:
    shapes: tuple[Shape, ...]
    names: tuple[Name, ...]
    net: tuple[Tick, ...]
    corners: tuple[tuple[int, float, float], ...]
    """Number and place of the corners that the sheet lists."""
    goal: tuple[float, float]
    """The point to go to."""
    bar: float
    """Length of the scale's bar."""
    bar_m: float
    north_degrees: float
    """By how much true north lies to the right of the drawing's top."""


class _Paper:
    """Metres of the county's grid to units of the drawing."""

    def __init__(self, ground: BaseGeometry) -> None:
        west, south, east, north = ground.bounds
        across = max(east - west, (north - south) * WIDTH / HEIGHT) * AROUND
        self.metres = min(max(across, LEAST_M), max(MOST_M, across / AROUND * 1.2))
        self.scale = WIDTH / self.metres
        self.left, self.top = (west + east) / 2 - self.metres / 2, (south + north) / 2 + HEIGHT / 2 / self.scale
        self.box = (self.left, self.top - HEIGHT / self.scale, self.left + self.metres, self.top)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) * self.scale, (self.top - y) * self.scale

    def path(self, geometry: BaseGeometry) -> str:
        """Outlines, cut off a little beyond the drawing, so that the cut is not seen."""
        beyond = 20 / self.scale
        west, south, east, north = self.box
        seen = shapely.clip_by_rect(geometry.simplify(0.3 / self.scale), west - beyond, south - beyond, east + beyond, north + beyond)
        rings = [ring for part in shapely.get_parts(seen) if part.geom_type == "Polygon" for ring in (part.exterior, *part.interiors)]
        return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (self.at(*p) for p in ring.coords[:-1])) + "Z" for ring in rings)


def seen_around(ground: BaseGeometry) -> BaseGeometry:
    """What a drawing of a case shows, in the county's grid."""
    return shapely.box(*_Paper(ground).box)


def draw(ground: BaseGeometry, goal: tuple[float, float], corners: Sequence[tuple[float, float]], around: Sequence[Named], crs: str) -> Plan:
    """ground, goal, corners and surroundings in `crs`, the county's grid."""
    paper = _Paper(ground)
    drawn = [*around, Named("case", "", ground)]
    metres = round_length(paper.metres / 5)
    return Plan(
        tuple(Shape(each.kind, path) for each in drawn if (path := paper.path(each.geometry))),
        tuple(_names(around, ground, paper)),
        tuple(_net(paper, crs)),
        tuple((k, *paper.at(*place)) for k, place in enumerate(corners, 1)),
        paper.at(*goal),
        metres * paper.scale,
        metres,
        math.degrees(true_north(crs, [goal])[0]),
    )


def _names(around: Sequence[Named], ground: BaseGeometry, paper: _Paper) -> Iterator[Name]:
    """Names inside what they name, the smaller ground first, where they cover neither each other nor, where that can be helped, the case."""
    case = ground.buffer(CLEAR / paper.scale)
    taken = [ARROW]
    for each in sorted(around, key=lambda each: float(each.geometry.area)):
        seen = shapely.clip_by_rect(each.geometry, *paper.box)
        if seen.is_empty or seen.area * paper.scale**2 < 400:
            continue
        beside = seen.difference(case)
        point = shapely.point_on_surface(seen if beside.is_empty else beside)
        x, y = paper.at(point.x, point.y)
        half = 8.0 * len(each.name[:LONGEST])
        x = min(max(x, half), WIDTH - half)
        if all(abs(y - other_y) > CLEAR or abs(x - other_x) > 220 for other_x, other_y in taken):
            taken.append((x, y))
            yield Name(each.kind, each.name[:LONGEST], round(x, 1), round(y, 1))


def _net(paper: _Paper, crs: str) -> Iterator[Tick]:
    """Meridians and parallels; each is straight enough on so little ground."""
    to_degrees = between(crs, DEGREES)
    west, south, east, north = paper.box
    lons, lats = (np.atleast_1d(each) for each in to_degrees.transform([west, east, west, east], [north, north, south, south]))
    step = next((each for each in STEPS if (lons.max() - lons.min()) * 3600 / each <= LINES), STEPS[-1]) / 3600
    for lon in _between(lons.min(), lons.max(), step):
        (x0, x1), (y0, y1) = to_degrees.transform([lon, lon], [lats.max(), lats.min()], direction="INVERSE")
        yield _tick(paper.at(x0, y0), paper.at(x1, y1), sexagesimal(lon).replace(".00″", "″"), upright=True)
    for lat in _between(lats.min(), lats.max(), step):
        (x0, x1), (y0, y1) = to_degrees.transform([lons.min(), lons.max()], [lat, lat], direction="INVERSE")
        yield _tick(paper.at(x0, y0), paper.at(x1, y1), sexagesimal(lat).replace(".00″", "″"), upright=False)


def _tick(start: tuple[float, float], end: tuple[float, float], text: str, *, upright: bool) -> Tick:
    (x0, y0), (x1, y1) = start, end
    x, y = (x0, 0.0) if upright else (0.0, y0)
    return Tick(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}", round(x, 1), round(y, 1), text, upright)


def _between(low: float, high: float, step: float) -> Iterator[float]:
    first = math.ceil(low / step)
    yield from (k * step for k in range(first, math.floor(high / step) + 1))
