"""Points listed one after another become rings: in which order they are read, and where a ring ends and the next begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise, zip_longest

import shapely
from shapely.geometry import Polygon

from pipeline.layers.corners.draft import Draft, Pair, Parcel, Ring, closed
from pipeline.layers.corners.rings import TAKEN_OUT

_NUMBER = re.compile(r"(\d+)\D*$")
_SMALL_GAP = 0.02
"""Of a ring's extent: a last point that is named as the first and lies nearer to it than this was meant to be it."""


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    pair: Pair
    line: int


@dataclass(slots=True)
class Section:
    """Rows of points under one heading; points that stand side by side are one row."""

    heading: str = ""
    rows: list[list[Point]] = field(default_factory=list)


def in_order(rows: Sequence[Sequence[Point]], downwards: bool) -> list[Point]:
    """Points of columns side by side, in the order in which their numbers run on; `downwards` where they have none."""
    across = list(chain.from_iterable(rows))
    if all(len(row) < 2 for row in rows):
        return across
    down = [point for column in zip_longest(*rows) for point in column if point is not None]
    runs = [_runs_on(points) for points in (down, across)]
    if runs[0] == runs[1]:
        return down if downwards else across
    return down if runs[0] > runs[1] else across


def _runs_on(points: Sequence[Point]) -> int:
    """How often a point's number follows the one before."""
    numbers = [int(found[1]) if (found := _NUMBER.search(point.name)) else None for point in points]
    return sum(b is not None and a is not None and b == a + 1 for a, b in pairwise(numbers))


def rings(points: Sequence[Point], draft: Draft, parcel: int) -> list[Ring]:
    """A ring ends where its first point comes again, and before a name that it has already."""
    out: list[list[Point]] = []
    names: set[str] = set()
    for point in points:
        ring = out[-1] if out else []
        if not ring or closed([p.pair for p in ring]):
            out.append([point])
            names = {point.name}
        elif point.pair == ring[0].pair or (point.name and point.name == ring[0].name and _meant(point, ring, draft, parcel)):
            ring.append(Point(point.name, ring[0].pair, point.line))
        elif point.name and point.name in names:
            out.append([point])
            names = {point.name}
        else:
            ring.append(point)
            names.add(point.name)
    return [Ring([p.pair for p in (ring[:-1] if closed([p.pair for p in ring]) else ring)], ring[0].line) for ring in out]


def _meant(point: Point, ring: Sequence[Point], draft: Draft, parcel: int) -> bool:
    """Whether a point named as the first was meant to be it, though its coordinates differ a little; it is noted."""
    extent = max(max(values) - min(values) for values in zip(*(p.pair for p in ring), strict=True))
    gap = max(abs(a - b) for a, b in zip(point.pair, ring[0].pair, strict=True))
    if not extent or gap > _SMALL_GAP * extent:
        return False
    what = f"has point {point.name} twice in one ring (line {point.line}), {gap:.6g} apart; the ring ends on its first place."
    draft.note("MW-LAYER-UNCLOSED", what, "Give the same coordinates where a ring ends as where it begins.", parcel=parcel)
    return True


def fill(draft: Draft, position: int, sections: Sequence[Section], downwards: bool) -> None:
    """Give a parcel the rings of its sections: those under a heading that says so are taken out, those that lie inside another are in doubt."""
    parcel = draft.parcels[position]
    ordered = [(section, in_order(section.rows, downwards)) for section in sections]
    _note_missing(draft, position, [point for _, points in ordered for point in points])
    for section, points in ordered:
        for ring in rings(points, draft, position):
            ring.adds = not TAKEN_OUT.search(section.heading)
            parcel.rings.append(ring)
    doubt_inner(parcel)


def _note_missing(draft: Draft, position: int, points: Sequence[Point]) -> None:
    """Note numbers that are left out where points are numbered one after another: a line may have been lost."""
    numbers = [int(found[1]) for point in points if (found := _NUMBER.search(point.name))]
    if len(numbers) < len(points) or not numbers or max(numbers) - min(numbers) > 2 * len(numbers):
        return
    missing = sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))
    if missing:
        shown = ", ".join(map(str, missing[:10]))
        what = f"lacks point(s) {shown} between {min(numbers)} and {max(numbers)}."
        draft.note("MW-LAYER-COUNT", what, "Was a line lost, or could one not be read? Compare with the original.", parcel=position)


def doubt_inner(parcel: Parcel) -> None:
    """Put those that lie inside another of the rings that add in doubt."""
    shapes = [Polygon(ring.points) if len(ring.points) > 2 else Polygon() for ring in parcel.rings]
    sound = [k for k, shape in enumerate(shapes) if shape.is_valid and not shape.is_empty and parcel.rings[k].adds]
    if len(sound) < 2:
        return
    tree = shapely.STRtree([shapes[k] for k in sound])
    for inner, outer in tree.query([shapes[k] for k in sound], predicate="covered_by").T.tolist():
        if inner != outer and shapes[sound[inner]].area < shapes[sound[outer]].area:
            parcel.rings[sound[inner]].doubt = "it lies inside another ring, and nothing says whether it is taken out"
