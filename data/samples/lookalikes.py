"""Lasting or bright changes that are not mining: the false alarms a monitor of loess country must survive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from rasterio.features import shapes as trace
from shapely.geometry import LineString, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from crops import FALLOW, FLAX, MAIZE, POTATO, WHEAT
from items import NEVER, BuiltLook, BurnLook, Canvas, FieldLook, Look, Part, SlideLook, flat, house_plots, polygons
from planner import Planner
from shapes import STEP, SUB, Array, blob, by_cell, rectangle

SOWN = [MAIZE, POTATO, FLAX]


def add_lookalikes(p: Planner) -> None:
    """Make all of them, large ones first."""
    greenhouses(p, 3.0)
    for _ in range(p.count(1)):
        solar(p)
    for _ in range(p.count(2)):
        greenhouses(p, float(p.rng.uniform(0.5, 1.1)))
    for index in range(max(2, p.count(3))):
        terraces(p, index)
    for _ in range(p.count(1)):
        road(p)
        pond(p)
        landslide(p)
    for _ in range(p.count(2)):
        houses(p)
        first_ploughing(p)
    for _ in range(p.count(4)):
        burnt(p)


def _add(
    p: Planner,
    canvas: Canvas,
    look: Look,
    what: str,
    geometry: BaseGeometry,
    name: str,
    cloud_like: float = 0.0,
    end: int | None = None,
) -> None:
    item = canvas.item(look, [Part("lookalike", None, what, geometry, name=name)], cloud_like)
    if end is not None:
        item.parts[0].end = end
    p.items.append(item)


def _rows(canvas: Canvas, spacing: float, share: float, angle: float) -> Array:
    """Share of every cell under rows (tunnels, panels) `spacing` metres apart: they beat with the 10 m grid."""
    rows, cols = np.mgrid[: canvas.height * SUB, : canvas.width * SUB] * (STEP / SUB)
    across = rows * np.cos(np.radians(angle)) + cols * np.sin(np.radians(angle))
    return by_cell((across % spacing) < share * spacing).mean(axis=2)


def greenhouses(p: Planner, hectares: float) -> None:
    """A block of plastic tunnels that lie east–west, with crops in them."""
    width = np.sqrt(hectares * 1e4 * p.shrink / p.rng.uniform(1.0, 1.8))
    angle = float(p.rng.normal(0, 8))

    def draw(x: float, y: float) -> Sequence[BaseGeometry]:
        return [rectangle(x, y, hectares * 1e4 * p.shrink / width, width, angle)]

    (block,) = p.put(draw, "field", clear_of_zones=False)
    start, end = p.dates(14, 35)
    canvas = Canvas(p.ground, block)
    canvas.grow(p.rng, block, start, end, p.centre_point(block), (1.0, 0.0))
    share = _rows(canvas, p.rng.uniform(14, 18), p.rng.uniform(0.6, 0.75), angle)
    look = BuiltLook(canvas, flat(p.rng, canvas, "plastic"), p.rng.uniform(12, 30), share, p.rng.uniform(0.25, 0.45))
    _add(p, canvas, look, "greenhouse", block, "日光温室", float(p.rng.uniform(0.1, 0.5)))


def solar(p: Planner) -> None:
    """A solar farm on a grassy slope: panels cover less than half, the ground between is scraped and re-grown."""
    (block,) = p.put(
        lambda x, y: [rectangle(x, y, 260 * p.shrink, 150 * p.shrink, float(p.rng.normal(0, 10)))],
        "grass",
        clear_of_zones=False,
    )
    start, end = p.dates(35, 70)
    canvas = Canvas(p.ground, block)
    canvas.grow(p.rng, block, start, end, p.centre_point(block), p.heading())
    share = np.clip(_rows(canvas, p.rng.uniform(7, 9), 0.55, 0) + p.rng.normal(0, 0.04, (canvas.height, canvas.width)), 0, 1)
    _add(p, canvas, BuiltLook(canvas, flat(p.rng, canvas, "panel"), 20, share), "solar_farm", block, "光伏电站")


def houses(p: Planner) -> None:
    """New houses on the edge of a village."""
    village = p.ground.villages[int(p.rng.integers(len(p.ground.villages)))]
    ring = village.buffer(float(p.rng.uniform(30, 60)))

    def draw(x: float, y: float) -> Sequence[BaseGeometry]:
        length, width = p.rng.uniform(32, 60, 2)
        return [rectangle(x, y, length, width, float(p.rng.uniform(0, 180)))]

    (plot,) = p.put(draw, points=ring, keep=25)
    start, end = p.dates(14, 30)
    canvas = Canvas(p.ground, plot)
    canvas.grow(p.rng, plot, start, end, p.centre_point(plot))
    look = BuiltLook(canvas, house_plots(p.rng, canvas), p.rng.uniform(40, 90), levelled=1.1)
    _add(p, canvas, look, "houses", plot, "村边新建住房", 0.25)


def road(p: Planner) -> None:
    """A new road: raw earth along a line, tarmac weeks later."""

    def draw(x: float, y: float) -> Sequence[BaseGeometry]:
        angle = p.rng.uniform(0, 2 * np.pi)
        turn = np.cumsum(np.r_[angle, p.rng.normal(0, 0.35, 4)])
        leg = p.rng.uniform(90, 150) * p.shrink
        steps = np.column_stack([np.cos(turn), np.sin(turn)]) * leg
        line = LineString(np.array([x, y]) + np.vstack([[0, 0], np.cumsum(steps, axis=0)]))
        return [line.buffer(float(p.rng.uniform(5.5, 8)), cap_style="flat")]

    (strip,) = p.put(draw, clear_of_zones=False, keep=25)
    start, end = p.dates(21, 60)
    canvas = Canvas(p.ground, strip)
    canvas.grow(p.rng, strip, start, end, strip.exterior.interpolate(0), p.heading())
    share = p.rng.uniform(0.55, 0.7)
    look = BuiltLook(canvas, flat(p.rng, canvas, "asphalt"), p.rng.uniform(30, 80), share, levelled=1.15)
    _add(p, canvas, look, "road", strip, "新修道路", 0.1)


def terraces(p: Planner, index: int) -> None:
    """Slopes levelled to terraces: bare loess for months, sown and green the next summer.

    The first is levelled the year before monitoring (so its greening can be seen), the rest in the monitored year.
    """
    (shape_,) = p.put(lambda x, y: [blob(p.rng, x, y, p.rng.uniform(1.2, 3.2) * 1e4 * p.shrink, 0.12, 2.2)], clear_of_zones=False)
    start, end = p.dates(21, 60)
    if index == 0 and len(p.years) > 1:
        start, end = start - 365, end - 365
    year = p.year if index == 0 and len(p.years) > 1 else p.year + 1
    canvas = Canvas(p.ground, shape_)
    canvas.grow(p.rng, shape_, start, end, p.centre_point(shape_), p.heading())
    look = FieldLook(
        canvas,
        int(p.rng.choice(SOWN)),
        p.day(4, 15, year),
        float(p.rng.uniform(1.06, 1.22)),
        float(p.rng.uniform(0.6, 0.85)),
        float(p.rng.normal(0, 6)),
    )
    _add(p, canvas, look, "terraces", shape_, "坡改梯", float(p.rng.uniform(0.1, 0.4)))


def first_ploughing(p: Planner) -> None:
    """Grass ploughed up for the first time, and sown in the same or the next spring."""
    (shape_,) = p.put(lambda x, y: [blob(p.rng, x, y, p.rng.uniform(0.5, 1.6) * 1e4 * p.shrink, 0.1, 2.5)], "grass", clear_of_zones=False)
    start = min(int(p.rng.integers(p.day(3, 20), p.day(5, 5))), p.last - 10)
    end = start + int(p.rng.integers(1, 5))
    canvas = Canvas(p.ground, shape_)
    canvas.grow(p.rng, shape_, start, end, p.centre_point(shape_), p.heading())
    look = FieldLook(
        canvas,
        int(p.rng.choice(SOWN)),
        end + 8,
        float(p.rng.uniform(0.88, 0.97)),
        float(p.rng.uniform(0.6, 0.95)),
        float(p.rng.normal(0, 6)),
    )
    _add(p, canvas, look, "first_ploughing", shape_, "草地开垦")


def pond(p: Planner) -> None:
    """A pond dug and filled."""
    (shape_,) = p.put(lambda x, y: [blob(p.rng, x, y, p.rng.uniform(0.2, 0.45) * 1e4, 0.08, 1.6)], clear_of_zones=False)
    start, end = p.dates(14, 30)
    canvas = Canvas(p.ground, shape_)
    canvas.grow(p.rng, shape_, start, end, p.centre_point(shape_))
    muddy = flat(p.rng, canvas, "water") + 0.12 * canvas.soil()
    look = BuiltLook(canvas, muddy, p.rng.uniform(20, 45), 0.95, levelled=1.12)
    _add(p, canvas, look, "pond", shape_, "新建蓄水池")


def landslide(p: Planner) -> None:
    """A scar that opens in the rains on a steep slope."""
    (shape_,) = p.put(lambda x, y: [blob(p.rng, x, y, p.rng.uniform(0.25, 0.8) * 1e4, 0.14, 3.0)], "grass", clear_of_zones=False)
    start = min(int(p.rng.integers(p.day(6, 15), p.day(9, 20))), p.last - 10)
    canvas = Canvas(p.ground, shape_)
    canvas.fill(shape_, start)
    _add(p, canvas, SlideLook(p.rng, canvas), "landslide", shape_, "滑坡", float(p.rng.uniform(0, 0.3)))


def burnt(p: Planner) -> None:
    """Stubble burnt after the wheat harvest; on a short year, or without wheat, last year's straw in spring."""
    row = p.year - p.ground.farming.first
    summer = p.last > p.day(8, 15)
    crop = p.ground.farming.crop[row if summer else row - 1]
    p.covers["stubble"] = np.isin(crop, [WHEAT] if summer else [MAIZE, FLAX, WHEAT])[p.ground.unit]
    (shape_,) = p.put(lambda x, y: [blob(p.rng, x, y, p.rng.uniform(0.25, 0.9) * 1e4, 0.2, 2)], "stubble", clear_of_zones=False, keep=30)
    start = p.day(7, 18) + int(p.rng.integers(0, 20)) if summer else p.day(1, 8) + int(p.rng.integers(0, 12))
    canvas = Canvas(p.ground, shape_)
    canvas.grow(p.rng, shape_, start, start + 1, p.centre_point(shape_), p.heading())
    _add(p, canvas, BurnLook(p.rng, canvas), "burn", shape_, "秸秆焚烧迹地")


def fallow_fields(p: Planner, truth_id: Array) -> list[tuple[Part, Array]]:
    """Fields that lie fallow in the monitored year, less what other things took of them: parts and their cells."""
    g, row = p.ground, p.year - p.ground.farming.first
    resting = (g.farming.crop[row][g.unit] == FALLOW) & (g.fixed < 0.3) & (truth_id == 0)
    labels = np.where(resting, g.unit + 1, 0).astype("i4")
    start, end = p.day(5, 1), min(p.day(9, 30), p.last)
    made = np.array([part.geometry.buffer(5) for item in p.items for part in item.parts])
    found: list[tuple[Part, Array]] = []
    for outline, number in trace(labels, mask=resting, transform=g.transform):
        field = shape(outline)
        near = made[shapely.intersects(made, field)]
        pieces = polygons(field.difference(unary_union(list(near))), 1500)
        if not pieces or start > p.last:
            continue
        piece = max(pieces, key=lambda part: part.area)
        canvas = Canvas(g, piece)
        canvas.fill(piece, start)
        part = Part("lookalike", None, "fallow", piece, start, end, name=f"休耕地{int(number)}")
        found.append((part, _cells(g.n, canvas, truth_id)))
    return found


def _cells(n: int, canvas: Canvas, truth_id: Array) -> Array:
    """Flat indices of the free cells of which the canvas filled at least half."""
    half = np.median(by_cell(canvas.days), axis=2) < NEVER / 2
    rows, cols = np.nonzero(half)
    flat = (rows + canvas.row) * n + cols + canvas.col
    return flat[truth_id.reshape(-1)[flat] == 0]
