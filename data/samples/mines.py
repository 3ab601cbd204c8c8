"""Digging in the monitored year: without a right, in one, over its edge, after its end, where mining is banned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from affine import Affine
from rasterio.features import shapes as trace
from shapely.affinity import translate
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

import names
from items import OLD, Canvas, Part, PitLook, joined
from planner import Planner
from shapes import SUB, blob, box

BRIGHT = ("loess", "clay", "limestone")
BAN = ("prohibited_zone",)


def add_mines(p: Planner) -> None:
    """Make all of them; those that need a rare place first, while there is room."""
    makers = [
        (prohibited, 1),
        (cross_old, 1),
        (cross_new, 1),
        (expired, 1),
        (expired_midway, 1),
        (closed, 2),
        (exploration, 1),
        (permitted, 3),
    ]
    unlicensed(p)
    for maker, at_400 in makers:
        for index in range(max(p.count(at_400), 3 if maker is permitted else 1)):
            maker(p, index)


def material(p: Planner, rock: bool = True) -> str:
    """What is dug: mostly loess and clay."""
    choice = ["loess", "clay", "granite", "limestone"] if rock else ["loess", "clay"]
    return str(p.rng.choice(choice, p=[0.35, 0.35, 0.15, 0.15] if rock else None))


def pit(p: Planner, canvas: Canvas, what: str, parts: list[Part], old: bool = False) -> None:
    """Close a canvas as a pit. Bright ones are called cloud in half to nine tenths of looks, weathered ones less."""
    weeds, strength = (float(p.rng.uniform(0.02, 0.07)), 0.7) if old else (0.0, 1.0)
    often = p.rng.uniform(0.1, 0.4) if old else p.rng.uniform(0.5, 0.9)
    often = often if what in BRIGHT else p.rng.uniform(0.0, 0.2)
    p.items.append(canvas.item(PitLook(p.rng, canvas, what, weeds, strength), parts, float(often)))


def size(p: Planner, low: float, high: float) -> float:
    """A dig's area in m², smaller on small frames."""
    return float(p.rng.uniform(low, high)) * 1e4 * p.shrink


def unlicensed(p: Planner) -> None:
    """Four sizes over four kinds of place, shuffled; more of them on larger frames."""
    areas = [600.0, 2000.0, 6000.0, 18000.0]
    zones: list[tuple[BaseGeometry | None, tuple[str, ...], str | None]] = [
        (p.zones.basic, BAN, "gravel"),
        (p.zones.redline, BAN, None),
        (p.zones.wall, BAN, None),
        (p.zones.arable, ("farmland_clay",), "clay"),
    ]
    order = list(p.rng.permutation(4))
    for index in range(max(4, p.count(4))):
        area = areas[order[index % 4]]
        # beyond the first four (one of each place) half lie outside every zone
        zone, also, what = zones[index % 4] if index < 4 or index % 2 else (None, (), None)
        what = what or material(p)
        start, end = p.dates(14, 70)
        (shape_,) = p.put(lambda x, y, a=area: [blob(p.rng, x, y, a, 0.16, 1.8)], inside=zone)
        canvas = Canvas(p.ground, shape_)
        canvas.grow(p.rng, shape_, start, end, p.centre_point(shape_), p.heading() if p.rng.random() < 0.4 else None)
        part = Part("violation", "unlicensed", "pit", shape_, also=also, name=names.place(p.rng) + "疑似无证采坑")
        pit(p, canvas, what, [part])


def _in_right(p: Planner, low: float = 0.35, high: float = 1.3) -> tuple[Polygon, Polygon]:
    """A pit well inside a licence area."""

    def draw(x: float, y: float) -> Sequence[BaseGeometry] | None:
        right = box(p.rng, x, y, size(p, 4.5, 9.0))
        inner = blob(p.rng, x + p.rng.normal(0, 20), y + p.rng.normal(0, 20), size(p, low, high))
        return [inner, right] if right.buffer(-20).contains(inner) else None

    inner, right = p.put(draw, keep=60)
    return inner, right


def _dig_in_right(p: Planner, kind: str, code: str, valid_to: int | None, status: str, start: int, end: int, renewal: int | None = None) -> None:
    inner, right = _in_right(p)
    what = material(p)
    number = p.right(right, what, _issued(p), valid_to, status, renewal)
    canvas = Canvas(p.ground, inner)
    canvas.grow(p.rng, inner, start, end, p.centre_point(inner))
    pit(p, canvas, what, [Part(kind, code, "pit", inner, name=p.name_of(number), right_id=number)])


def _issued(p: Planner) -> int:
    """A licence's first day, some years before the history."""
    return p.day(1, 1, p.years[0]) - int(p.rng.integers(300, 3000))


def _far(p: Planner) -> int:
    """An expiry some years after all this."""
    return p.day(12, 31, p.year) + int(p.rng.integers(200, 2500))


def permitted(p: Planner, index: int) -> None:
    """Lawful digs: a valid right; one past its date whose renewal was applied for in time; one whose last day is the last of digging."""
    start, end = p.dates()
    status, valid_to, renewal = "有效", _far(p), None
    if index % 3 == 1:
        valid_to = start - int(p.rng.integers(20, 90))
        status, renewal = "过期", valid_to - int(p.rng.integers(31, 80))
    elif index % 3 == 2:
        valid_to = end
    _dig_in_right(p, "explained", "permitted", valid_to, status, start, end, renewal)


def expired(p: Planner, index: int) -> None:
    """The right ended before the digging; the register does not always say so."""
    start, end = p.dates()
    valid_to = start - int(p.rng.integers(40, 400))
    _dig_in_right(p, "violation", "expired_permit", valid_to, str(p.rng.choice(["过期", "有效"])), start, end)


def closed(p: Planner, index: int) -> None:
    """Digging where the right was cancelled or the mine closed."""
    start, end = p.dates()
    valid_to = start - int(p.rng.integers(100, 900))
    _dig_in_right(p, "violation", "closed_mine", valid_to, ("注销", "关闭")[index % 2], start, end)


def exploration(p: Planner, index: int) -> None:
    """Mining on an exploration licence."""
    start, end = p.dates()
    _dig_in_right(p, "violation", "exploration_as_mining", _far(p), "探矿", start, end)


def expired_midway(p: Planner, index: int) -> None:
    """The right ends while a front of digging moves on: what was dug later is the violation."""
    inner, right = _in_right(p, 0.7, 1.5)
    start, end = p.dates(35, 70)
    valid_to = int(start + (end - start) * p.rng.uniform(0.35, 0.6))
    what = material(p)
    number = p.right(right, what, _issued(p), valid_to, "过期")
    canvas = Canvas(p.ground, inner)
    canvas.grow(p.rng, inner, start, end, p.centre_point(inner), p.heading())
    early = _dug_by(canvas, valid_to).intersection(inner)
    late = joined(inner.difference(early), 60)
    who = p.name_of(number)
    parts = [
        Part("explained", "permitted", "pit", joined(early, 60), start, valid_to, name=who, right_id=number),
        Part("violation", "expired_permit", "pit", late, valid_to + 1, end, name=who, right_id=number),
    ]
    pit(p, canvas, what, parts)


def _dug_by(canvas: Canvas, day: int) -> BaseGeometry:
    """The ground dug by the end of a day, as an outline."""
    t = canvas.ground.transform @ Affine.translation(canvas.col, canvas.row) @ Affine.scale(1 / SUB)
    dug = canvas.days <= day
    found = unary_union([shape(s) for s, _ in trace(dug.astype("u1"), mask=dug, transform=t)])
    # grown a little, so that the cut with the pit's outline leaves no crumbs of the raster's steps
    return found.buffer(2.5).buffer(-2.0).simplify(1.5)


def _over_edge(p: Planner) -> tuple[Polygon, Polygon, tuple[float, float]]:
    """A pit that lies 60–100 m over one side of a right, the right, and the direction out of it."""
    outward = (0.0, 0.0)

    def draw(x: float, y: float) -> Sequence[BaseGeometry] | None:
        nonlocal outward
        right = box(p.rng, x, y, size(p, 5, 9), jitter=0.05)
        ring = np.array(right.exterior.coords)
        side = int(p.rng.integers(len(ring) - 1))
        (ax, ay), (bx, by) = ring[side], ring[side + 1]
        length = float(np.hypot(bx - ax, by - ay))
        if length < 110:
            return None
        out = np.array([by - ay, ax - bx]) / length * (1 if right.exterior.is_ccw else -1)
        middle = np.array([(ax + bx) / 2, (ay + by) / 2])
        shape_ = blob(p.rng, middle[0], middle[1], size(p, 1.0, 1.7), 0.1)
        reach = ((np.array(shape_.exterior.coords) - middle) @ out).max()
        move = (p.rng.uniform(65, 98) - reach) * out
        shape_ = translate(shape_, *move)
        within = shape_.intersection(right).area / shape_.area
        outside = shape_.difference(right)
        outward = (float(out[0]), float(out[1]))
        return [shape_, right] if 0.2 < within < 0.65 and outside.geom_type == "Polygon" else None

    shape_, right = p.put(draw, keep=60)
    return shape_, right, outward


def cross_old(p: Planner, index: int) -> None:
    """An old lawful pit, bare since before the history, that goes over its right's edge in the monitored year."""
    shape_, right, out = _over_edge(p)
    start, end = p.dates(28, 70)
    what = material(p)
    number = p.right(right, what, OLD - 200, _far(p))
    inner, outer = shape_.intersection(right), shape_.difference(right)
    canvas = Canvas(p.ground, shape_)
    canvas.grow(p.rng, outer, start, end, inner.centroid, out)
    canvas.fill(inner, OLD)
    who = p.name_of(number)
    # nothing is to be reported of the old part: explained, without a code
    parts = [
        Part("violation", "cross_boundary", "pit", outer, name=who, right_id=number),
        Part("explained", None, "old_pit", inner, name=who, right_id=number),
    ]
    pit(p, canvas, what, parts)


def cross_new(p: Planner, index: int) -> None:
    """A pit begun inside its right in the monitored year that does not stop at the edge."""
    shape_, right, out = _over_edge(p)
    start, end = p.dates(35, 70)
    what = material(p)
    number = p.right(right, what, _issued(p), _far(p))
    inner, outer = shape_.intersection(right), shape_.difference(right)
    canvas = Canvas(p.ground, shape_)
    canvas.grow(p.rng, shape_, start, end, inner.centroid, out)
    who = p.name_of(number)
    parts = [
        Part("violation", "cross_boundary", "pit", outer, name=who, right_id=number),
        Part("explained", "permitted", "pit", inner, name=who, right_id=number),
    ]
    pit(p, canvas, what, parts)


def prohibited(p: Planner, index: int) -> None:
    """A valid right across the redline's edge: digging beyond the line is banned, the rest permitted."""

    def draw(x: float, y: float) -> Sequence[BaseGeometry] | None:
        right = box(p.rng, x, y, size(p, 5, 9))
        inner = blob(p.rng, x + p.rng.normal(0, 45), y + p.rng.normal(0, 45), size(p, 0.6, 1.3))
        share = inner.intersection(p.zones.redline).area / inner.area
        others = unary_union([p.zones.wall, p.zones.basic, p.zones.arable])
        if not right.buffer(-20).contains(inner) or not 0.5 < share < 0.85 or others.intersects(right.buffer(20)):
            return None
        return [inner, right]

    inner, right = p.put(draw, keep=60, points=p.zones.redline)
    start, end = p.dates()
    what = material(p)
    number = p.right(right, what, _issued(p), _far(p))
    canvas = Canvas(p.ground, inner)
    canvas.grow(p.rng, inner, start, end, p.centre_point(inner))
    who = p.name_of(number)
    parts = [
        Part("violation", "prohibited_zone", "pit", inner.intersection(p.zones.redline), name=who, right_id=number),
        Part("explained", "permitted", "pit", inner.difference(p.zones.redline), name=who, right_id=number),
    ]
    pit(p, canvas, what, parts)
