"""Old ground and ground with a reason: legacy patches, green and bare, pits of the history, approved building."""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

import names
from crops import GRASS
from items import OLD, BuiltLook, Canvas, FieldLook, Part, house_plots
from mines import material, pit, size
from planner import Planner, Record, iso
from shapes import blob, box


def add_legacy(p: Planner) -> None:
    """Make all of them."""
    for index in range(p.count(1)):
        closed_unrestored(p, index)
    for index in range(max(2, p.count(2))):
        unrestored(p, index)
        before(p, index)
    for _ in range(p.count(1)):
        remined(p)
        green_legacy(p, restored=True)
        green_legacy(p, restored=False)
        approved(p)


def _alone(p: Planner, low: float, high: float, cover: str = "any") -> Polygon:
    """An outline by itself, away from rights and zones."""
    (shape_,) = p.put(lambda x, y: [blob(p.rng, x, y, size(p, low, high))], cover, keep=60)
    return shape_


def unrestored(p: Planner, index: int) -> None:
    """A legacy patch past its deadline, bare since before the history."""
    shape_ = _alone(p, 0.6, 1.6)
    year = p.year - 2 if index % 2 == 0 else p.year - 1
    number = p.patch(shape_, ("未治理", "治理中")[index % 2], p.day(12, 31, year))
    canvas = Canvas(p.ground, shape_)
    canvas.fill(shape_, OLD)
    name = str(p.legacy[-1].values["name"])
    pit(p, canvas, material(p), [Part("violation", "unrestored", "old_pit", shape_, name=name, legacy_id=number)], True)


def closed_unrestored(p: Planner, index: int) -> None:
    """A closed mine past the day it should have been restored by; the licence hugs the pit."""

    def draw(x: float, y: float) -> Sequence[BaseGeometry] | None:
        dug = blob(p.rng, x, y, size(p, 0.9, 1.8), 0.1)
        return [dug, dug.buffer(9).convex_hull.simplify(9)]

    dug, right = p.put(draw, keep=60)
    what = material(p)
    ended = p.day(6, 30, p.years[0]) - int(p.rng.integers(200, 900))
    due = p.day(12, 31, p.year - 1) - int(p.rng.integers(0, 400))
    number = p.right(right, what, OLD - 900, ended, "关闭", restore_by=due)
    canvas = Canvas(p.ground, right)
    canvas.fill(dug, OLD)
    part = Part("violation", "unrestored", "old_pit", right, name=p.name_of(number), right_id=number)
    pit(p, canvas, what, [part], True)


def remined(p: Planner) -> None:
    """A restored, green legacy patch that is dug again."""

    def draw(x: float, y: float) -> Sequence[BaseGeometry] | None:
        patch_ = blob(p.rng, x, y, size(p, 1.3, 2.4))
        dug = blob(p.rng, x + p.rng.normal(0, 12), y + p.rng.normal(0, 12), size(p, 0.3, 0.9))
        return [dug, patch_] if patch_.buffer(-10).contains(dug) else None

    dug, patch_ = p.put(draw, "grass", keep=60)
    number = p.patch(patch_, "已治理", None)
    start, end = p.dates()
    canvas = Canvas(p.ground, dug)
    canvas.grow(p.rng, dug, start, end, p.centre_point(dug))
    name = str(p.legacy[-1].values["name"])
    pit(p, canvas, material(p), [Part("violation", "legacy_remined", "pit", dug, name=name, legacy_id=number)])


def green_legacy(p: Planner, restored: bool) -> None:
    """A legacy patch that is green: planted (已治理), or overgrown though past its deadline. Nothing is expected."""
    shape_ = _alone(p, 0.6, 1.6, "grass")
    deadline = p.day(12, 31, p.year - int(p.rng.integers(1, 3)))
    number = p.patch(shape_, "已治理" if restored else "未治理", deadline)
    canvas = Canvas(p.ground, shape_)
    canvas.fill(shape_, OLD)
    look = FieldLook(canvas, GRASS, OLD, 1.04, float(p.rng.uniform(0.42, 0.6)), float(p.rng.normal(0, 5)))
    what = "restored_patch" if restored else "regrown_patch"
    name = str(p.legacy[-1].values["name"])
    p.items.append(canvas.item(look, [Part("explained", None, what, shape_, name=name, legacy_id=number)]))


def before(p: Planner, index: int) -> None:
    """A pit of the history: dug in its middle, or three months before the monitored January."""
    shape_ = _alone(p, 0.3, 1.1)
    first, january = p.day(1, 1, p.years[0]), p.day(1, 1)
    start = first + int((january - first) * p.rng.uniform(0.4, 0.6)) if index % 2 == 0 else january - 100
    canvas = Canvas(p.ground, shape_)
    canvas.grow(p.rng, shape_, start, start + int(p.rng.integers(20, 38)), p.centre_point(shape_))
    part = Part("explained", "before_monitoring", "pit", shape_, name=names.place(p.rng) + "旧采坑")
    pit(p, canvas, material(p), [part])


def approved(p: Planner) -> None:
    """Construction within an approved plot."""

    def draw(x: float, y: float) -> Sequence[BaseGeometry] | None:
        plot = box(p.rng, x, y, size(p, 1.2, 2.4), jitter=0.04)
        return [plot.buffer(-8, join_style="mitre"), plot]

    built, plot = p.put(draw, "field")
    start, end = p.dates(14, 40)
    canvas = Canvas(p.ground, built)
    canvas.grow(p.rng, built, start, end, p.centre_point(built))
    look = BuiltLook(canvas, house_plots(p.rng, canvas), p.rng.uniform(60, 120), levelled=1.15)
    name = names.place(p.rng) + "农产品仓储项目"
    number = f"会自然资建字〔{p.year}〕{len(p.approvals) + 1:03d}号"
    values = {"id": number, "name": name, "valid_from": iso(start - 40), "valid_to": iso(start + 700)}
    p.approvals.append(Record(plot, values))
    p.items.append(canvas.item(look, [Part("explained", "approved", "construction", built, name=name)], 0.25))
