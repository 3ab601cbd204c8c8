"""Outlines over a picture, drawn once for all its composites and dates, and what they are called."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import Approval, LayerSet, LegacyPatch, Right, Zone
from pipeline.publish import lengths
from pipeline.publish.evidence import text as letters
from pipeline.publish.evidence.canvas import BLACK, WHITE, Canvas, Colour, Sketch, colour
from pipeline.publish.evidence.case import Subject
from pipeline.publish.evidence.window import HEIGHT, WIDTH, Frame
from pipeline.publish.styles import STYLES

BEYOND = 24.0
"""Pixels beyond the picture where outlines are cut off, so that the cut is not seen."""
LABEL, LABEL_ROOM = 14, 200.0
LARGER = 1.1
"""The outline of a patch is drawn where it is so much larger than the case: else their edges only blur each other."""
MOST_LABELS = 8
RESERVED = (
    (WIDTH - 48.0, 0.0, float(WIDTH), 64.0),
    (0.0, HEIGHT - 26.0, 200.0, float(HEIGHT)),
    (0.0, 0.0, 170.0, 20.0),
    (WIDTH - 170.0, HEIGHT - 20.0, float(WIDTH), float(HEIGHT)),
)
"""Where the north arrow, the scale and coordinates stand: left, top, right, bottom."""
NUDGES = (0, -20, 20, -40, 40, -60, 60)
"""Pixels up or down by which a label gives way to others."""


@dataclass(frozen=True, slots=True)
class Style:
    """How the outlines of a kind look, and what the legend calls them."""

    name: str
    ink: Colour
    thickness: float = 2.0
    dash: tuple[float, float] | None = None
    halo: Colour = WHITE


STYLE = {
    "case": Style("线索范围", colour("#ff1a1a"), 2.6),
    "patch": Style("变化图斑", colour("#ffb000"), 1.6, (6, 4), BLACK),
    "right": Style("矿权", colour(STYLES["rights"].line), 2.0),
    "legacy": Style("历史遗留图斑", colour(STYLES["legacy"].line), 2.0, (8, 4)),
    "zone": Style("禁采区、永久基本农田", colour(STYLES["zones"].line), 2.0, (14, 4)),
    "field": Style("耕地", colour("#a07800"), 1.4, (3, 3)),
    "approval": Style("批准用地", colour(STYLES["approvals"].line), 1.6),
}


Record = Right | Zone | Approval | LegacyPatch


@dataclass(frozen=True, slots=True)
class Named:
    """A geometry of a layer."""

    kind: str
    name: str
    geometry: BaseGeometry


class Surroundings:
    """The county's layers, by place."""

    def __init__(self, layers: LayerSet) -> None:
        self._rows = list(_rows(layers))
        self._tree = shapely.STRtree([each.geometry for each in self._rows])

    def around(self, frame: Frame) -> list[Named]:
        """What a picture shows some of, in the order in which it is drawn."""
        (west, north), (east, south) = frame.corners
        return self.within(shapely.box(west, south, east, north))

    def within(self, ground: BaseGeometry) -> list[Named]:
        """What lies on a ground or reaches into it, in the order in which it is drawn."""
        found = self._tree.query(ground, predicate="intersects")
        return [self._rows[k] for k in sorted(found.tolist())]


def _rows(layers: LayerSet) -> Iterator[Named]:
    """Past entries are drawn where they lay otherwise."""
    rows: list[Record] = [*layers.past, *layers.zones, *layers.approvals, *layers.legacy, *layers.former, *layers.rights]
    now = {_whose(record): record.geometry for record in rows if record.stood_until is None}
    for record in rows:
        if record.stood_until is None:
            yield Named(_kind(record), _name(record), record.geometry)
        elif record.geometry != now.get(_whose(record)):
            yield Named(_kind(record), f"{_name(record)}（至{record.stood_until}）", record.geometry)


def _whose(record: Record) -> tuple[str, str]:
    return ("legacy_patches" if isinstance(record, LegacyPatch) else record.layer), record.id


def _kind(record: Record) -> str:
    if isinstance(record, Zone):
        return "zone" if record.bans_mining else "field"
    return "right" if isinstance(record, Right) else "legacy" if isinstance(record, LegacyPatch) else "approval"


def _name(record: Record) -> str:
    return record.id if isinstance(record, LegacyPatch) else record.name or record.id


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    x: float
    """Of its middle."""
    y: float
    """Of its top."""
    ink: Colour


@dataclass(frozen=True, slots=True)
class Overlay:
    """Outlines of a picture, and their names."""

    pixels: NDArray[np.uint8]
    """(HEIGHT, WIDTH, 4)"""
    labels: tuple[Label, ...]
    within: tuple[str, ...]
    """Names of what the whole picture lies in: no line of it is seen."""
    kinds: tuple[str, ...]
    """Of the outlines that are seen."""

    def put_on(self, canvas: Canvas, x: int, y: int, *, named: bool) -> None:
        canvas.lay(x, y, self.pixels)
        for label in self.labels if named else ():
            wide = letters.width(label.text, LABEL)
            canvas.veil(x + round(label.x - wide / 2) - 3, y + round(label.y), round(wide) + 6, letters.line_height(LABEL), WHITE, 0.78)
            canvas.text(x + label.x, y + label.y, label.text, LABEL, label.ink, align="middle")


def overlay(subject: Subject, surroundings: Surroundings) -> Overlay:
    frame, sketch = subject.frame, Sketch(WIDTH, HEIGHT)
    near = surroundings.around(frame)
    lines = [(each, list(_lines(each.geometry, frame))) for each in near]
    seen = [(each, found) for each, found in lines if found]
    patch = subject.judged.patch
    more = patch is not None and patch.geometry.area > LARGER * subject.ground.area
    own = [Named("patch", "", patch.geometry)] if patch is not None and more else []
    own.append(Named("case", "", subject.ground))
    for each, found in [*seen, *((each, list(_lines(each.geometry, frame))) for each in own)]:
        _draw(sketch, found, STYLE[each.kind])
    within = tuple(dict.fromkeys(each.name for each, found in lines if not found))
    labels = _labels([each for each, _ in seen], subject)
    kinds = {each.kind for each, _ in seen} | {each.kind for each in own}
    return Overlay(sketch.pixels(), labels, within, tuple(kind for kind in reversed(STYLE) if kind in kinds)[::-1])


def _draw(sketch: Sketch, lines: Sequence[NDArray[np.float64]], style: Style) -> None:
    for points in lines:
        sketch.line(points.tolist(), style.halo, style.thickness + 1.6)
    for points in lines:
        sketch.line(points.tolist(), style.ink, style.thickness, style.dash)


def _lines(geometry: BaseGeometry, frame: Frame) -> Iterator[NDArray[np.float64]]:
    """The parts of a geometry's outline that a picture shows, in its pixels."""
    (west, north), (east, south) = frame.corners
    beyond = BEYOND / frame.px_per_m
    outline = shapely.clip_by_rect(geometry.boundary, west - beyond, south - beyond, east + beyond, north + beyond)
    for part in shapely.get_parts(shapely.line_merge(outline) if outline.geom_type == "MultiLineString" else outline):
        points = shapely.get_coordinates(part)
        if len(points) > 1:
            yield frame.place(points)


def _labels(named: Sequence[Named], subject: Subject) -> tuple[Label, ...]:
    """Names near what they name, the most telling first, where they do not cover each other or the case."""
    frame = subject.frame
    (west, north), (east, south) = frame.corners
    own = frame.place(shapely.get_coordinates(shapely.box(*subject.ground.bounds)))
    taken = [*RESERVED, (own[:, 0].min(), own[:, 1].min(), own[:, 0].max(), own[:, 1].max())]
    out: list[Label] = []
    for each in reversed(named):
        visible = shapely.clip_by_rect(each.geometry, west, south, east, north)
        if visible.is_empty or len(out) >= MOST_LABELS:
            continue
        text = letters.clipped(each.name, LABEL, LABEL_ROOM)
        label = _placed(text, visible, frame, taken)
        if label is not None:
            out.append(Label(text, *label, STYLE[each.kind].ink))
    return tuple(out)


def _placed(text: str, visible: BaseGeometry, frame: Frame, taken: list[tuple[float, float, float, float]]) -> tuple[float, float] | None:
    """Where a label finds room, which is then taken; None where it finds none."""
    half, tall = letters.width(text, LABEL) / 2 + 3, letters.line_height(LABEL)
    for anchor in _anchors(visible, frame):
        for nudge in NUDGES:
            x = min(max(anchor[0], half), WIDTH - half)
            y = min(max(anchor[1] + nudge - tall / 2, 2), HEIGHT - tall - 2)
            box = (x - half, y, x + half, y + tall)
            if not any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken):
                taken.append(box)
                return x, y
    return None


def _anchors(visible: BaseGeometry, frame: Frame) -> Iterable[tuple[float, float]]:
    """A point inside, then the middles of its northern and southern edges."""
    west, south, east, north = visible.bounds
    inside = shapely.point_on_surface(visible)
    points = np.array([[inside.x, inside.y], [(west + east) / 2, north], [(west + east) / 2, south]])
    return [(float(x), float(y)) for x, y in frame.place(points)]


def scale_bar(frame: Frame) -> tuple[int, str]:
    """Length in pixels and label of a bar of about a quarter of the picture: 1, 2 or 5 times a power of ten metres."""
    metres = lengths.round_length(frame.width_m / 3.5)
    return round(metres * frame.px_per_m), lengths.told(metres)


def north_arrow(angle: float) -> NDArray[np.uint8]:
    """(34, 34, 4): an arrow to true north, `angle` radians to the right of the picture's top."""
    sketch = Sketch(34, 34)
    sketch.dot(17, 17, 16, WHITE, BLACK)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])

    def turned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in np.asarray(points) @ turn.T + 17]

    sketch.area(turned([(0, -13), (6, 9), (0, 5)]), BLACK)
    sketch.line(turned([(0, -13), (-6, 9), (0, 5), (0, -13)]), BLACK, 1)
    return sketch.pixels()
