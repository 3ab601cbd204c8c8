"""What changed ground is, and where that is not told."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline.drone.kinds import Kind, green_share, is_strip, kind_between, kind_seen, roads
from pipeline.drone.measure import outlined

SIDE = 200
BOX = GeoBox((SIDE, SIDE), Affine(1, 0, 0, 0, -1, SIDE), "EPSG:32648")
Y, X = np.mgrid[:SIDE, :SIDE].astype(float)
GROUND = 1850 + 0.12 * X + 0.05 * Y + 0.4 * np.sin(X / 19) * np.cos(Y / 23)
BOWL = 5 * np.clip((22 - np.hypot(X - 100, Y - 100)) / 8, 0, 1)
CONE = np.maximum(6 - 0.6 * np.hypot(X - 100, Y - 100), 0)
STRIP = np.abs(Y - 60 - 10 * np.sin(X / 40)) < 4


def kind(before: NDArray[np.float64], after: NDArray[np.float64]) -> Kind:
    change = after - before
    changed = np.abs(change) > 0.3
    noise = 0.03 * np.random.default_rng(1).standard_normal((2, SIDE, SIDE))
    new, old = (after + noise[0]).astype(np.float32), (before + noise[1]).astype(np.float32)
    outline = outlined(changed, BOX)
    if roads([outline], new, BOX):
        return Kind.ROAD
    return kind_between(outline, changed, np.zeros_like(changed), bool(change[changed].mean() < 0), new, old, 1.0)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (GROUND, GROUND - BOWL, Kind.PIT),
        (GROUND - 0.5 * BOWL, GROUND - BOWL, Kind.PIT),
        (GROUND, GROUND + CONE, Kind.STOCKPILE),
        (GROUND - BOWL, GROUND, Kind.RESTORED),
        (GROUND - BOWL, GROUND - 0.5 * BOWL, Kind.UNKNOWN),
        (GROUND + CONE, GROUND, Kind.UNKNOWN),
        (GROUND, np.where(STRIP, GROUND - 1, GROUND), Kind.ROAD),
        (GROUND, GROUND - 9 * STRIP * np.clip((4 - np.abs(Y - 60 - 10 * np.sin(X / 40))) / 4, 0, 1), Kind.UNKNOWN),
    ],
    ids=["dug", "dug deeper", "heaped up", "filled up", "half filled", "a heap taken away", "a level strip", "a ditch"],
)
def test_what_changed_ground_is(before: NDArray[np.float64], after: NDArray[np.float64], told: Kind) -> None:
    assert kind(before, after) is told


def test_cuts_and_fills_along_a_way_are_a_road_together() -> None:
    slope = (1850 + 0.3 * Y).astype(np.float32)
    level = np.where(np.abs(Y - 60) < 4, 1850 + 0.3 * 60, slope).astype(np.float32)
    cut, fill = (outlined(each, BOX) for each in (level - slope < -0.3, level - slope > 0.3))
    (way,) = roads([cut, fill], level, BOX)
    assert way.intersects(cut)
    assert way.intersects(fill)
    assert roads([cut, fill], slope, BOX) == [], "too steep to drive on"
    assert roads([], level, BOX) == []


def test_on_rough_ground_nobody_knows_what_was_filled() -> None:
    rough = GROUND + 6 * np.sin(X / 7) * np.sin(Y / 6)
    assert kind(rough, rough + 0.3 * BOWL) is Kind.UNKNOWN


def test_a_strip_is_long_and_narrow_whatever_its_edges() -> None:
    heap, angle = shapely.Point(0, 0).buffer(20), np.linspace(0, 2 * np.pi, 300, endpoint=False)
    far = 20 + 2 * (np.arange(300) % 2)
    ragged = shapely.Polygon(np.column_stack([far * np.cos(angle), far * np.sin(angle)]))
    assert is_strip(shapely.box(0, 0, 120, 7))
    for other in (heap, ragged, shapely.box(0, 0, 20, 7), shapely.box(0, 0, 900, 60), shapely.box(0, 0, 90, 1)):
        assert not is_strip(other)


GRASS, SOIL, ROCK, DRY = (96, 120, 70), (168, 140, 104), (180, 180, 182), (150, 140, 100)


@pytest.mark.parametrize("scale", [1.0, 10.0, 1 / 255], ids=["bytes", "reflectance", "floats"])
def test_green_is_told_from_bare_in_any_units(scale: float) -> None:
    colours = np.zeros((3, 4, 10), np.float32)
    for row, colour in enumerate((GRASS, SOIL, ROCK, DRY)):
        colours[:, row] = np.array(colour, np.float32)[:, None] * scale
    every = np.ones((4, 10), bool)
    rows = [np.arange(4)[:, None] == row for row in range(4)]
    assert [green_share(colours, every, every & row) for row in rows] == [1.0, 0.0, 0.0, 0.0]
    assert green_share(colours, every, every) == 0.25
    assert green_share(colours, ~rows[0] & every, rows[0] & every) is None


@pytest.mark.parametrize(
    ("green", "month", "told"), [(0.8, 7, Kind.RESTORED), (0.8, 1, Kind.UNKNOWN), (0.1, 7, Kind.UNKNOWN), (None, 7, Kind.UNKNOWN)]
)
def test_a_picture_alone_tells_only_green(green: float | None, month: int, told: Kind) -> None:
    assert kind_seen(green, month) is told
