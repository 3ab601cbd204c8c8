"""Outlines as written, for any ground of a cell or more."""

from __future__ import annotations

import itertools
import json
from typing import Any

import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import MultiPolygon, Point, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from pipeline.publish import geojson
from pipeline.publish.features import Feature
from pipeline.publish.wgs84 import Projector, settle

PROJECTOR = Projector("EPSG:32648")
X, Y = 420_000, 3_950_000

cells = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20)
rounds = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900), st.floats(6, 200)), min_size=1, max_size=4)


def of_cells(chosen: set[tuple[int, int]]) -> BaseGeometry:
    return shapely.union_all([box(X + 10 * c, Y - 10 * r - 10, X + 10 * c + 10, Y - 10 * r) for r, c in sorted(chosen)])


def of_rounds(chosen: list[tuple[int, int, float]]) -> BaseGeometry:
    """Ground with holes and odd angles."""
    whole = shapely.union_all([Point(X + x, Y + y).buffer(radius) for x, y, radius in chosen])
    return whole.difference(shapely.union_all([Point(X + x, Y + y).buffer(radius / 2.5) for x, y, radius in chosen]))


def signed_area(ring: list[list[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def check(ground: BaseGeometry) -> None:
    written = PROJECTOR.write(ground)
    line = geojson.encode([Feature(written, {})])
    feature: dict[str, Any] = json.loads(line)["features"][0]
    assert feature["type"] == "Feature"
    read = shape(feature["geometry"])
    assert read.is_valid
    assert read.equals_exact(written.geometry)
    polygons = feature["geometry"]["coordinates"] if feature["geometry"]["type"] == "MultiPolygon" else [feature["geometry"]["coordinates"]]
    for polygon in polygons:
        for k, ring in enumerate(polygon):
            assert len(ring) >= 4
            assert ring[0] == ring[-1]
            assert all(a != b for a, b in itertools.pairwise(ring))
            assert (signed_area(ring) > 0) is (k == 0)
            assert all(round(value, 7) == value for point in ring for value in point)
    # Slow reference: the geodesic area of an outline wound as written, holes counting against it.
    reference = Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(read))[0]
    assert abs(abs(reference) - written.area_m2) <= 1e-6 * written.area_m2 + 1e-6
    # UTM shrinks and stretches areas by less than a thousandth here; rounding moves a point by a centimetre at most.
    assert abs(written.area_m2 - ground.area) <= 2e-3 * ground.area + 0.02 * ground.length
    assert read.covers(Point(written.lon, written.lat).buffer(1e-7)) or read.intersects(Point(written.lon, written.lat).buffer(1e-7))
    assert geojson.encode([Feature(settle(read), {})]) == line


@given(cells)
def test_ground_of_cells(chosen: set[tuple[int, int]]) -> None:
    check(of_cells(chosen))


@given(rounds)
@example([(0, 0, 6.0), (145, 157, 45.0), (375, 582, 80.0), (418, 506, 10.044229454406501)])  # two snappings until nothing moves
def test_round_ground_with_holes(chosen: list[tuple[int, int, float]]) -> None:
    check(of_rounds(chosen))


@given(st.floats(-3e-8, 3e-8), st.floats(-3e-8, 3e-8))
def test_points_closer_than_the_rounding_become_one_and_empty_rings_go(dx: float, dy: float) -> None:
    tiny = [(105.0005, 36.0005), (105.0005 + dx, 36.0005), (105.0005, 36.0005 + dy)]
    shell = [(105, 36), (105 + dx, 36 + dy), (105.001, 36), (105.001, 36.001), (105, 36.001)]
    written = settle(MultiPolygon([Polygon(shell), Polygon([(106, 36), (106 + dx, 36), (106, 36 + dy)])]))
    assert isinstance(written.geometry, Polygon)
    assert list(written.geometry.exterior.coords) == [(105.0, 36.0), (105.001, 36.0), (105.001, 36.001), (105.0, 36.001), (105.0, 36.0)]
    assert not settle(Polygon(shell[:1] + shell[2:], [tiny])).geometry.interiors


@given(cells)
def test_polygons_that_touch_in_corners_may_be_snapped_one_by_one(chosen: set[tuple[int, int]]) -> None:
    ground = of_cells(chosen)
    whole, strewn = PROJECTOR.write(ground), PROJECTOR.write_strewn(ground)
    assert (strewn.mapping, strewn.lon, strewn.lat) == (whole.mapping, whole.lon, whole.lat)
    assert abs(strewn.area_m2 - whole.area_m2) < 1e-6


def test_many_outlines_at_once_are_those_one_by_one() -> None:
    grounds = [of_cells({(0, 0), (1, 1), (3, k)}) for k in range(4)] + [of_rounds([(100, 100, 60.0), (400, 300, 90.0)])]
    assert Projector("EPSG:32648").write_all(grounds) == [PROJECTOR.write(ground) for ground in grounds]
