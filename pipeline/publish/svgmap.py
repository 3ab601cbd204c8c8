"""The county on one drawing: outline, rights, zones, and cases by severity, as paths a template can draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import LayerSet
from pipeline.publish.features import Feature
from pipeline.publish.wgs84 import Projector

WIDTH, HEIGHT, MARGIN = 960.0, 680.0, 16.0
SIMPLIFY_PX = 0.4
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
        simple = geometry.simplify(SIMPLIFY_PX / self._scale)
        pieces = []
        for polygon in shapely.get_parts(simple):
            for ring in (polygon.exterior, *polygon.interiors):
                points = (self.point(lon, lat) for lon, lat in ring.coords[:-1])
                pieces.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z")
        return "".join(pieces)


def draw(layers: LayerSet, projector: Projector, cases: Sequence[Feature]) -> MapView:
    """Lay the county out. Cases are numbered in the order given."""
    area = projector.write(layers.area).geometry
    frame = _Frame(area.bounds)
    shapes = [Shape("area", frame.path(area), ""), *_context(layers, projector, frame, area)]
    marks = []
    for number, case in enumerate(cases, 1):
        x, y = frame.point(case.written.lon, case.written.lat)
        row = case.properties
        marks.append(Mark(row["id"], number, row["severity"], round(x, 1), round(y, 1), frame.path(case.written.geometry)))
    marks.sort(key=lambda mark: (mark.severity, -mark.number))
    metres = _round_length(frame.width * frame.metres_per_px / 4)
    label = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    return MapView(frame.width, frame.height, tuple(shapes), tuple(marks), round(metres / frame.metres_per_px, 1), label)


def _context(layers: LayerSet, projector: Projector, frame: _Frame, area: BaseGeometry) -> Iterable[Shape]:
    named = [
        *(("zone" if zone.bans_mining else "field", zone.geometry, zone.name or zone.id) for zone in layers.zones),
        *(("legacy", patch.geometry, patch.id) for patch in layers.legacy),
        *(("right", right.geometry, right.name or right.id) for right in layers.rights),
    ]
    for kind, geometry, title in named:
        outline = projector.write(geometry).geometry
        if outline.intersects(area):
            yield Shape(kind, frame.path(outline), title)


def _round_length(metres: float) -> float:
    """The largest 1, 2 or 5 × 10ⁿ that is not longer."""
    power = 10.0 ** math.floor(math.log10(metres))
    return next(step * power for step in (5, 2, 1) if step * power <= metres)
