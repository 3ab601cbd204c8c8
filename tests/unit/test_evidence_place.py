"""Where a picture lies, and how places are written in China."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely.geometry import Point, box

from pipeline.grid import Grid
from pipeline.publish.coordinates import positions, sexagesimal, true_north, zone_of
from pipeline.publish.evidence.case import subject
from pipeline.publish.evidence.facts import facts
from pipeline.publish.evidence.overlay import scale_bar
from pipeline.publish.evidence.series import Series
from pipeline.publish.evidence.studio import Portrait, _places
from pipeline.publish.evidence.window import HEIGHT, MAGNIFICATIONS, MOST, WIDTH, frame_of
from pipeline.publish.features import flagged_features
from pipeline.year import Setting
from tests import made_month, pictures

GRID = Grid(GeoBox((700, 900), Affine(10, 0, 500_000, 0, -10, 3_950_000), "EPSG:32648"))


@pytest.mark.parametrize(("lon", "zone"), [(105.09, 35), (106.49, 35), (106.51, 36), (103.51, 35), (73.5, 25), (135.0, 45), (60.0, 25)])
def test_zones_of_three_degrees(lon: float, zone: int) -> None:
    assert zone_of(lon) == zone


def test_a_point_in_both_notations() -> None:
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32648", always_xy=True).transform(105.0891, 35.7183)
    (found,) = positions("EPSG:32648", [(x, y)])
    assert (found.lon, found.lat) == pytest.approx((105.0891, 35.7183), abs=1e-7)
    assert (found.zone, found.meridian) == (35, 105)
    # The code of the same zone without its number in front, which is another one.
    east, north = Transformer.from_crs("EPSG:4326", "EPSG:4544", always_xy=True).transform(105.0891, 35.7183)
    assert found.x == pytest.approx(north, abs=0.01)
    assert found.y == pytest.approx(east + 35_000_000, abs=0.01)
    assert 3_900_000 < found.x < 4_000_000, "X is north"


def test_points_of_several_zones_keep_their_order() -> None:
    to_metres = Transformer.from_crs("EPSG:4326", "EPSG:32648", always_xy=True)
    found = positions("EPSG:32648", [to_metres.transform(lon, 36.0) for lon in (107.9, 102.2, 105.0)])
    assert [each.zone for each in found] == [36, 34, 35]
    assert [round(each.lon, 4) for each in found] == [107.9, 102.2, 105.0]
    assert positions("EPSG:32648", []) == []


def test_true_north_is_where_the_meridian_goes() -> None:
    west, east = true_north("EPSG:32648", [(300_000, 3_950_000), (700_000, 3_950_000)])
    lon, lat = Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True).transform(700_000, 3_950_000)
    assert math.degrees(east) == pytest.approx(-(lon - 105) * math.sin(math.radians(lat)), abs=0.01)
    assert west == pytest.approx(-east, abs=1e-3)


def test_degrees_minutes_seconds() -> None:
    assert sexagesimal(105.0891) == "105°05′20.76″"
    assert sexagesimal(35.99999999) == "36°00′00.00″"


@pytest.mark.parametrize("radius", [5, 60, 150, 400, 1500, 4000])
def test_the_ground_lies_in_the_middle_with_room_around_it(radius: float) -> None:
    ground = Point(504_321, 3_946_789).buffer(radius)
    frame = frame_of(ground, GRID)
    places = frame.place(np.array(ground.exterior.coords))
    assert (places.min(axis=0) >= 0).all()
    assert (places[:, 0].max() <= WIDTH, places[:, 1].max() <= HEIGHT) == (True, True)
    assert np.abs(places.mean(axis=0) - (WIDTH / 2, HEIGHT / 2)).max() <= frame.zoom / frame.skip + 12
    assert max(np.ptp(places[:, 0]) / WIDTH, np.ptp(places[:, 1]) / HEIGHT) <= MOST + 0.01
    assert frame.zoom in MAGNIFICATIONS
    assert frame.enlarged(np.zeros((*frame.geobox.shape, 3), np.uint8)).shape == (HEIGHT, WIDTH, 3)


def test_small_ground_is_seen_with_half_a_kilometre_around_it() -> None:
    frame = frame_of(box(504_000, 3_946_000, 504_020, 3_946_020), GRID)
    assert (frame.width_m, frame.height_m, frame.zoom) == (600, 500, 8)
    assert scale_bar(frame) == (80, "100 m")


def test_cells_of_the_frame_are_those_of_the_grid() -> None:
    frame = frame_of(Point(500_010, 3_949_990).buffer(20), GRID)
    assert (frame.top, frame.left) < (0, 0), "it reaches beyond the county's corner"
    assert (frame.geobox.affine.c - 500_000) / 10 == frame.left
    assert (3_950_000 - frame.geobox.affine.f) / 10 == frame.top


def test_a_sheet_places_its_case_where_the_files_do(tmp_path: Path) -> None:
    """The published point, in degrees, in metres and on the map."""
    judged = pictures.cases(tmp_path)[0]
    (row,) = flagged_features([judged], month="2024-07", layers_version="0123456789ab")
    setting = Setting(made_month.GRID, ("B04", "B08"), made_month.layers().area, tmp_path, 1, None, 512, lambda *_: None)
    each = subject(judged, made_month.GRID)
    empty = Series(date(2023, 5, 1), date(2024, 7, 31), (), None, 4)
    (found,) = _places([Portrait(subject=each, row=row, series=empty, dates=(None, None))], setting)
    published = row.properties["lon"], row.properties["lat"]
    assert (found.middle.lon, found.middle.lat) == published
    assert found.at == pytest.approx(Transformer.from_crs("EPSG:4326", made_month.GRID.crs, always_xy=True).transform(*published), abs=1e-3)
    assert each.ground.contains(Point(found.at))
    north, east = (Transformer.from_crs("EPSG:4326", "EPSG:4544", always_xy=True).transform(*published)[k] for k in (1, 0))
    assert (found.middle.x, found.middle.y - 35_000_000) == pytest.approx((north, east), abs=0.01)
    said = {fact.label: fact.text for fact in facts(row.properties, each, found.middle, "会宁县")}
    assert said["经纬度"] == f"东经 {sexagesimal(published[0])}　北纬 {sexagesimal(published[1])}"
    first, second = found.corners
    assert first.lon < published[0] < second.lon
    assert second.lat < published[1] < first.lat
