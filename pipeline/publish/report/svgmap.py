"""The county on one drawing: outline, rights, zones, and cases by severity, as paths a template can draw."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import LayerSet
from pipeline.publish import lengths
from pipeline.publish.features import Feature
from pipeline.publish.wgs84 import Projector

WIDTH, HEIGHT, MARGIN = 960.0, 620.0, 16.0
SIMPLIFY_PX = 0.4
MOST_SHAPES = 3000
"""Of a kind: a county has tens of thousands of parcels, of which most would be smaller than a pixel. The largest are drawn."""
NAMED_UP_TO = 300
"""Shapes of a kind that are drawn one by one, each with its name; more of them are one path."""
NUMBERED_UP_TO = 60
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled outline; `kind` is its CSS class."""

    kind: str
    path: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a case lies, drawn large enough to be seen on a county map."""

    id: str
    number: int
    severity: int
    x: float
    y: float
    path: str


@dataclass(frozen=True, slots=True)
class MapView:
    width: float
    height: float
    shapes: tuple[Shape, ...]
    marks: tuple[Mark, ...]
    """The gravest last, so that they lie on top."""
    bar_px: float
    bar_label: str

    @property
    def numbered(self) -> bool:
        return len(self.marks) <= NUMBERED_UP_TO


class _Frame:
    """Degrees to pixels; equirectangular at the county's own latitude, which is true enough for a sketch."""

    def __init__(self, bounds: tuple[float, float, float, float]) -> None:
        west, south, east, north = bounds
        self._west, self._north = west, north
        self._squeeze = math.cos(math.radians((south + north) / 2))
        span_x, span_y = max((east - west) * self._squeeze, 1e-6), max(north - south, 1e-6)
        self._scale = min((WIDTH - 2 * MARGIN) / span_x, (HEIGHT - 2 * MARGIN) / span_y)
        self.width = round(span_x * self._scale + 2 * MARGIN, 1)
        self.height = round(span_y * self._scale + 2 * MARGIN, 1)

    @property
    def metres_per_px(self) -> float:
        return _METRES_PER_DEGREE / self._scale

    def point(self, lon: float, lat: float) -> tuple[float, float]:
        return (lon - self._west) * self._squeeze * self._scale + MARGIN, (self._north - lat) * self._scale + MARGIN

    def path(self, geometry: BaseGeometry) -> str:
        pieces = []
        for polygon in shapely.get_parts(geometry.simplify(SIMPLIFY_PX / self._scale)):
            for ring in (polygon.exterior, *polygon.interiors):
                points = (self.point(lon, lat) for lon, lat in ring.coords[:-1])
                pieces.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z")
        return "".join(pieces)


def draw(layers: LayerSet, projector: Projector, cases: Sequence[Feature]) -> MapView:
    """Lay the county out. Cases are numbered in the order given."""
    area = projector.degrees([layers.area])[0]
    frame = _Frame(area.bounds)
    shapes = [Shape("area", frame.path(area), ""), *_context(layers, projector, frame)]
    marks = []
    for number, case in enumerate(cases, 1):
        x, y = frame.point(case.written.lon, case.written.lat)
        row = case.properties
        marks.append(Mark(row["id"], number, row["severity"], round(x, 1), round(y, 1), frame.path(case.written.geometry)))
    marks.sort(key=lambda mark: (mark.severity, -mark.number))
    metres = lengths.round_length(frame.width * frame.metres_per_px / 4)
    return MapView(frame.width, frame.height, tuple(shapes), tuple(marks), round(metres / frame.metres_per_px, 1), lengths.told(metres))


def _context(layers: LayerSet, projector: Projector, frame: _Frame) -> Iterator[Shape]:
    kinds: dict[str, list[tuple[BaseGeometry, str]]] = {
        "field": [(zone.geometry, zone.name or zone.id) for zone in layers.zones if not zone.bans_mining],
        "zone": [(zone.geometry, zone.name or zone.id) for zone in layers.zones if zone.bans_mining],
        "legacy": [(patch.geometry, patch.id) for patch in layers.legacy],
        "right": [(right.geometry, right.name or right.id) for right in layers.rights],
    }
    shapely.prepare(layers.area)
    for kind, given in kinds.items():
        yield from _shapes(kind, given, layers.area, projector, frame)


def _shapes(kind: str, given: Sequence[tuple[BaseGeometry, str]], area: BaseGeometry, projector: Projector, frame: _Frame) -> Iterator[Shape]:
    """Shapes of a kind in the county, the largest of them where there are many."""
    grounds = np.array([ground for ground, _ in given], object)
    if not len(grounds):
        return
    inside = [int(k) for k in np.flatnonzero(shapely.intersects(area, grounds))]
    largest = sorted(inside, key=lambda k: (-shapely.area(grounds[k]), k))[:MOST_SHAPES]
    order = sorted(largest)
    outlines = projector.degrees([grounds[k] for k in order])
    paths = [(frame.path(outline), given[k][1]) for k, outline in zip(order, outlines, strict=True)]
    if len(paths) <= NAMED_UP_TO:
        yield from (Shape(kind, path, name) for path, name in paths)
    else:
        yield Shape(kind, "".join(path for path, _ in paths), "")
