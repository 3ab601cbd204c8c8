"""Corner points as the trade writes them: texts of programs, tables of notices, letters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely.geometry import Polygon

from pipeline.errors import MinewardenError
from pipeline.layers import mojibake
from pipeline.layers.corners import facts
from pipeline.layers.corners.draft import Parcel
from pipeline.layers.corners.figures import figures, number, plain
from pipeline.layers.corners.frame import may_be_packed, unpacked
from pipeline.layers.datum import settle
from pipeline.layers.ground import DEGREES, ellipsoidal_m2, move
from pipeline.layers.read import read
from pipeline.layers.table import Answers, County, Table, refusal
from pipeline.layers.zones import DATUMS, ZONES3, ZONES6
from tests.registers import Entry, string, workbook

HERE = County(105.0, 35.68, 105.03, 35.7)
ID, OTHER = "C6200002010011120001234", "C6200002012117130123456"
SQUARE = Polygon([(105.01, 35.685), (105.015, 35.685), (105.015, 35.69), (105.01, 35.69)])
BESIDE = Polygon([(105.015, 35.685), (105.02, 35.685), (105.02, 35.69), (105.015, 35.69)])
INNER = Polygon([(105.012, 35.686), (105.013, 35.686), (105.013, 35.687), (105.012, 35.687)])
PLAIN, ZONE = "EPSG:4544", "EPSG:4523"
REAL = Path(__file__).parents[3] / "shared" / "data" / "corner_text"


def text(folder: Path, *lines: str, name: str = "letter.txt") -> Path:
    (folder / name).write_text("\n".join(lines), "utf-8")
    return folder / name


def opened(file: Path, county: County | None = HERE, **answers: Any) -> Table:
    return read("mining_rights", file, file, Answers(**answers), county)


def refused(file: Path, county: County | None = HERE, **answers: Any) -> MinewardenError:
    with pytest.raises(MinewardenError) as caught:
        opened(file, county, **answers)
    assert str(file) in caught.value.message
    return caught.value


def points(polygon: Polygon, crs: str = PLAIN) -> list[tuple[float, float]]:
    """North and east of the corners, without the first one's repetition."""
    return Entry("", "", polygon).rings(crs)[0]


def is_ground(table: Table, *parts: Polygon) -> bool:
    """Whether the first feature is just this ground, within a millimetre."""
    found = move(table.geometry[0], table.crs, "EPSG:32648")
    meant = shapely.union_all([move(part, DEGREES, "EPSG:32648") for part in parts])
    return bool(shapely.hausdorff_distance(found.boundary, meant.boundary) < 0.001)


def numbered(corners: Sequence[tuple[float, float]], first: int = 1) -> list[list[Any]]:
    return [[f"J{k}", north, east] for k, (north, east) in enumerate(corners, first)]


def side_by_side(left: list[list[Any]], right: list[list[Any]]) -> list[list[Any]]:
    return [[*one, *other] for one, other in zip(left, right, strict=True)]


@pytest.mark.parametrize("name", ["44120000072", "44120000957", "44120001111"])
def test_a_real_parcel_text_has_its_stated_area_and_count(name: str) -> None:
    file = REAL / f"{name}.txt"
    if not file.is_file():
        pytest.skip("the real texts are not here")
    stated = {"44120000072": (1.2247, 5), "44120000957": (0.7749, 4), "44120001111": (6.0254, 16)}[name]
    table = opened(file, County(112, 23, 114, 24))
    assert (table.crs, table.remarks, table.columns["id"]) == ("EPSG:4526", (), ["FID_0"])
    (ground,) = table.geometry
    assert ground.area / 1e4 == pytest.approx(stated[0], abs=0.0001)
    assert shapely.get_num_coordinates(ground) == stated[1] + 1
    assert ellipsoidal_m2(ground, table.crs) == pytest.approx(ground.area, rel=5e-4)


def test_codes_are_those_of_the_systems_they_stand_for() -> None:
    for name, datum in DATUMS.items():
        assert name.split()[0] in CRS.from_epsg(datum.degrees).name + "CGCS2000"
        for width, zones, numbered_from, plain_from in ((3, ZONES3, datum.zone3, datum.meridian3), (6, ZONES6, datum.zone6, datum.meridian6)):
            for zone in zones:
                meridian = 3 * zone if width == 3 else 6 * zone - 3
                for first, false_easting in ((numbered_from, zone * 1e6 + 5e5), (plain_from, 5e5)):
                    crs = CRS.from_epsg(first + zone)
                    said = {each.name: each.value for each in crs.coordinate_operation.params}
                    assert (said["Longitude of natural origin"], said["False easting"]) == (meridian, false_easting)
                    assert crs.geodetic_crs.to_epsg() == datum.degrees


@pytest.mark.parametrize("down", [True, False], ids=["numbers run down", "numbers run across"])
def test_columns_of_points_side_by_side(tmp_path: Path, down: bool) -> None:
    rows = numbered(points(SQUARE))
    pairs = (rows[:2], rows[2:]) if down else (rows[::2], rows[1::2])
    head = ["拐点", "X", "Y"]
    table = opened(workbook(tmp_path / "notice.xlsx", [["矿区范围拐点坐标（2000国家大地坐标系）"], head * 2, *side_by_side(*pairs)]), id=ID)
    assert is_ground(table, SQUARE)
    assert table.columns == {"id": [ID]}
    assert table.remarks == ()


def test_numbering_that_runs_on_across_rings(tmp_path: Path) -> None:
    rows = [["点号", "X", "Y"], ["一区"], *numbered(points(SQUARE)), ["二区"], *numbered(points(BESIDE), 5)]
    table = opened(workbook(tmp_path / "notice.xlsx", rows), id=ID)
    assert is_ground(table, SQUARE, BESIDE)


def test_adjacent_areas_that_share_points(tmp_path: Path) -> None:
    corners = numbered(points(SQUARE)) + numbered(points(BESIDE), 5)
    names = ["J1", "J2", "J3", "J4", "J2", "J5", "J6", "J3"]
    rows = [[name, *row[1:]] for name, row in zip(names, corners, strict=True)]
    assert is_ground(opened(workbook(tmp_path / "notice.xlsx", [["点号", "X", "Y"], *rows]), id=ID), SQUARE, BESIDE)


def test_an_area_to_be_taken_out_by_its_heading(tmp_path: Path) -> None:
    rows = [["点号", "X", "Y"], *numbered(points(SQUARE)), ["扣除区"], *numbered(points(INNER), 5)]
    table = opened(workbook(tmp_path / "notice.xlsx", rows), id=ID)
    assert is_ground(table, SQUARE.difference(INNER))


def test_a_ring_inside_another_is_asked_for(tmp_path: Path) -> None:
    file = workbook(tmp_path / "notice.xlsx", [["点号", "X", "Y"], *numbered(points(SQUARE)), ["二区"], *numbered(points(INNER), 5)])
    error = refused(file, id=ID)
    assert error.code == "MW-LAYER-ASK"
    assert "taken out: 0.2" in error.message
    assert "--deduct yes" in error.fix
    assert is_ground(opened(file, id=ID, deduct=True), SQUARE.difference(INNER))
    assert is_ground(opened(file, id=ID, deduct=False), SQUARE)


def test_a_ring_alone_is_not_taken_out_of_nothing(tmp_path: Path) -> None:
    file = text(tmp_path, f"{ID}\t{string(Entry(ID, '', SQUARE), ZONE).replace(',1,', ',-1,')}")
    error = refused(file)
    assert (error.code, "no ring to take it out of" in error.message) == ("MW-LAYER-ASK", True)
    assert is_ground(opened(file, deduct=False), SQUARE)
    rows = [["点号", "X", "Y"], ["本范围不含运输道路"], *numbered(points(SQUARE))]
    assert is_ground(opened(workbook(tmp_path / "notice.xlsx", rows), id=ID), SQUARE)


def test_tables_below_one_another_whose_columns_stand_in_another_order(tmp_path: Path) -> None:
    turned = [[name, east, north] for name, north, east in numbered(points(BESIDE), 5)]
    rows = [["点号", "X", "Y"], *numbered(points(SQUARE)), ["二区"], ["点号", "Y", "X"], *turned]
    assert is_ground(opened(workbook(tmp_path / "notice.xlsx", rows), id=ID), SQUARE, BESIDE)


def test_a_workbook_without_headings(tmp_path: Path) -> None:
    rows = [["许可证号：" + ID], *([f"拐点{k}", f"{lon:.6f}，{lat:.6f}"] for k, (lat, lon) in enumerate(points(SQUARE, DEGREES), 1))]
    table = opened(workbook(tmp_path / "notice.xlsx", rows))
    assert is_ground(table, SQUARE)
    assert table.columns == {"id": [ID]}


def test_headings_that_contradict_each_other_are_decided_by_the_county(tmp_path: Path) -> None:
    """经度 over X, 纬度 over Y, and northings below X."""
    rows = [["点号", "经度", "纬度"], ["", "X", "Y"], *numbered(points(SQUARE))]
    table = opened(workbook(tmp_path / "notice.xlsx", rows), id=ID)
    assert is_ground(table, SQUARE)
    assert any("contradict" in words for words in table.decided)


HEADS = [
    ("X", "Y"),
    ("Y（m）", "X（m）"),
    ("经度（°）", "纬度（°）"),
    ("纬度 B", "经度 L"),
    ("横坐标", "纵坐标"),
    ("2000坐标X", "2000坐标Y"),
    ("坐标(X)", "坐标(Y)"),
]


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("crs", [DEGREES, PLAIN, ZONE])
@pytest.mark.parametrize("turned", [False, True], ids=["north first", "east first"])
def test_the_order_is_told_by_the_county_whatever_the_heading_says(tmp_path: Path, heads: tuple[str, str], crs: str, turned: bool) -> None:
    rows = [[name, east, north] if turned else [name, north, east] for name, north, east in numbered(points(SQUARE, crs))]
    assert is_ground(opened(workbook(tmp_path / "notice.xlsx", [["点号", *heads], *rows]), id=ID), SQUARE)


def test_an_order_that_fits_both_ways_is_asked_for(tmp_path: Path) -> None:
    """Where longitude and latitude are alike, as nowhere in China."""
    file = text(tmp_path, "1 30.0100 30.0200", "2 30.0150 30.0200", "3 30.0150 30.0290")
    county = County(29.9, 29.9, 30.2, 30.2)
    error = refused(file, county, id=ID)
    assert error.code == "MW-LAYER-ASK"
    assert "--order north_east" in error.fix
    assert "--order east_north" in error.fix
    assert opened(file, county, id=ID, order="east_north").geometry[0].bounds == (30.01, 30.02, 30.015, 30.029)


def test_points_given_in_the_old_and_in_today_s_system(tmp_path: Path) -> None:
    old = [[north + 30, east - 90] for north, east in points(SQUARE)]
    rows = [[*row, *other] for row, other in zip(numbered(points(SQUARE)), old, strict=True)]
    turned = [[row[0], *row[3:], *row[1:3]] for row in rows]
    for heads, cells in (
        (["", "2000国家大地坐标系", "", "1980西安坐标系", ""], rows),
        (["", "1980西安坐标系", "", "2000国家大地坐标系", ""], turned),
    ):
        table = opened(workbook(tmp_path / "notice.xlsx", [heads, ["点号", "X", "Y", "X", "Y"], *cells]), id=ID)
        assert is_ground(table, SQUARE)
        assert any("2000国家大地坐标系" in words for words in table.decided)
        assert table.remarks == ()
    assert refused(workbook(tmp_path / "notice.xlsx", [["点号", "X", "Y", "X", "Y"], *rows]), id=ID).code == "MW-LAYER-ASK"


def test_degrees_minutes_and_seconds_in_columns_of_their_own(tmp_path: Path) -> None:
    rows = [[1, 105, 0, 36, 35, 41, 6], [2, 105, 0, 54, 35, 41, 6], [3, 105, 0, 54.0, 35, 41, 24], [4, 105, 0, 36, 35, 41, "24.000"]]
    heads: list[list[Any]] = [["点号", "经度", None, None, "纬度", None, None], [None, "度", "分", "秒", "度", "分", "秒"]]
    table = opened(workbook(tmp_path / "notice.xlsx", [*heads, *rows]), id=ID)
    assert is_ground(table, SQUARE)
    assert table.columns == {"id": [ID]}
    bad = workbook(tmp_path / "bad.xlsx", [*heads, *rows[:3], [4, 105, 60, 36, 35, 41, 24]])
    assert "minutes and seconds end at 60" in refused(bad).message


def test_points_given_in_metres_and_in_degrees(tmp_path: Path) -> None:
    rows = [[*row, *degrees] for row, degrees in zip(numbered(points(SQUARE)), points(SQUARE, DEGREES), strict=True)]
    assert is_ground(opened(workbook(tmp_path / "notice.xlsx", [["点号", "X", "Y", "纬度", "经度"], *rows]), id=ID), SQUARE)


def test_a_point_that_can_not_be_read_is_never_left_out_in_silence(tmp_path: Path) -> None:
    rows: list[list[Any]] = numbered(points(SQUARE))
    spoilt = [*rows[:2], ["J3", "3951000，12", "5009OO"], rows[3]]
    assert refused(workbook(tmp_path / "notice.xlsx", [["点号", "X", "Y"], *spoilt]), id=ID).code == "MW-LAYER-LINE"
    lost = opened(workbook(tmp_path / "notice.xlsx", [["点号", "X", "Y"], *rows[:2], rows[3]]), id=ID)
    assert [(r.code, "lacks point(s) 3" in r.message) for r in lost.remarks if r.feature == 0] == [("MW-LAYER-COUNT", True)]
    commas = [[name, f"{north:,.4f}", f"{east:,.4f}"] for name, north, east in rows]
    assert is_ground(opened(workbook(tmp_path / "notice.xlsx", [["点号", "X", "Y"], *commas]), id=ID), SQUARE)


def test_commas_in_a_text_are_a_table_too(tmp_path: Path) -> None:
    lines = [f"{ID},东矿,{name},{north:.4f},{east:.4f}" for name, north, east in numbered(points(SQUARE))]
    table = opened(text(tmp_path, "许可证号,矿山名称,点号,X,Y", *lines))
    assert is_ground(table, SQUARE)
    assert table.columns == {"许可证号": [ID], "矿山名称": ["东矿"]}


def test_parcels_in_two_zones(tmp_path: Path) -> None:
    """A county across the line between two zones: each parcel by the number before its eastings."""
    east = Polygon([(103.51, 35.685), (103.515, 35.685), (103.515, 35.69)])
    west = Polygon([(103.48, 35.685), (103.485, 35.685), (103.485, 35.69)])
    lines = ["[属性描述]", "坐标系=2000国家大地坐标系", "[地块坐标]"]
    for identity, polygon, crs in ((ID, east, "EPSG:4523"), (OTHER, west, "EPSG:4522")):
        corners = points(polygon, crs)
        lines += [f",,{identity},矿,面,,,,@"]
        lines += [f"J{k},1,{north:.4f},{easting:.4f}" for k, (north, easting) in enumerate([*corners, corners[0]], 1)]
    table = opened(text(tmp_path, *lines), County(103.4, 35.6, 103.6, 35.7))
    assert table.crs == DEGREES
    for found, meant in zip(table.geometry, (east, west), strict=True):
        assert shapely.hausdorff_distance(found.boundary, meant.boundary) < 1e-8
    assert [words for words in table.decided if "zone 34" in words or "zone 35" in words] == list(table.decided[1:])


def test_rings_of_a_parcel_text(tmp_path: Path) -> None:
    def parcel(*rings: tuple[int, Polygon]) -> list[str]:
        lines = ["[属性描述]", "坐标系=2000国家大地坐标系", "带号=35", "[地块坐标]", f",,{ID},东矿,面,,,,@"]
        for which, polygon in rings:
            corners = points(polygon, ZONE)
            lines += [f"J{k},{which},{north:.4f},{east:.4f}" for k, (north, east) in enumerate([*corners, corners[0]], 1)]
        return lines

    assert is_ground(opened(text(tmp_path, *parcel((1, SQUARE), (2, INNER)))), SQUARE.difference(INNER))
    assert is_ground(opened(text(tmp_path, *parcel((1, SQUARE), (1, BESIDE)))), SQUARE, BESIDE)
    assert refused(text(tmp_path, *parcel((1, SQUARE), (1, INNER)))).code == "MW-LAYER-ASK"
    without = opened(text(tmp_path, *parcel((2, SQUARE), (3, INNER))))
    assert is_ground(without, SQUARE.difference(INNER))
    assert [remark.code for remark in without.remarks] == ["MW-LAYER-INSIDE-OUT"]
    outside = opened(text(tmp_path, *parcel((1, SQUARE), (2, BESIDE))))
    assert [(remark.code, remark.fatal) for remark in outside.remarks] == [("MW-LAYER-INSIDE-OUT", True)]


def test_rights_one_below_another_with_their_attributes(tmp_path: Path) -> None:
    rows = [["采矿许可证号", "矿山名称", "有效期止", "拐点号", "X坐标(m)", "Y坐标(m)"]]
    for identity, name, polygon in ((ID, "东矿", SQUARE), (OTHER, "西矿", BESIDE)):
        rows += [
            [identity if k == 0 else None, name if k == 0 else None, "2030-01-01" if k == 0 else None, *row]
            for k, row in enumerate(numbered(points(polygon)))
        ]
    table = opened(workbook(tmp_path / "rights.xlsx", rows))
    assert table.columns == {"采矿许可证号": [ID, OTHER], "矿山名称": ["东矿", "西矿"], "有效期止": ["2030-01-01"] * 2}
    assert [shapely.get_num_coordinates(ground) for ground in table.geometry] == [5, 5]


def test_a_register_with_a_string_a_row_and_one_row_that_contradicts_itself(tmp_path: Path) -> None:
    holed = Entry(OTHER, "", Polygon(BESIDE.exterior, [[(105.017, 35.686), (105.018, 35.686), (105.018, 35.687)]]))
    rows = [["许可证号", "矿山名称", "矿区面积(平方千米)", "区域坐标"], [ID, "东矿", 0.2511, string(Entry(ID, "", SQUARE), ZONE)]]
    good = opened(workbook(tmp_path / "good.xlsx", [*rows, [OTHER, "西矿", None, string(holed, ZONE)]]))
    assert len(good.geometry[1].interiors) == 1
    assert good.columns["top"] == [1850, 1850]
    assert good.columns["bottom"] == [1790, 1790]
    bad = workbook(tmp_path / "bad.xlsx", [*rows, [OTHER, "西矿", None, string(holed, ZONE).replace(",-1,", ",1,")]])
    assert refused(bad).code == "MW-LAYER-ASK"
    assert len(opened(bad, deduct=True).geometry[1].interiors) == 1
    assert len(opened(bad, deduct=False).geometry[1].interiors) == 0


def test_a_table_in_a_text(tmp_path: Path) -> None:
    lines = [f"{name}\t{north:.3f}\t{east:.3f}" for name, north, east in numbered(points(SQUARE))]
    file = text(
        tmp_path,
        f"许可证号：{ID}，矿山名称：分水岭度假区矿",
        "2000国家大地坐标系，3度带",
        "矿区面积：0.2511平方公里，开采标高：1850m至1790m",
        "拐点\tX\tY",
        *lines,
    )
    table = opened(file)
    assert is_ground(table, SQUARE)
    assert (table.columns["id"], table.columns["top"], table.columns["bottom"]) == ([ID], [1850.0], [1790.0])
    assert table.columns["name"] == ["分水岭度假区矿"], "度, 分 and 秒 are letters too"
    assert table.columns["矿区面积"] == ["0.2511平方公里"]
    assert table.remarks == ()


@pytest.mark.parametrize(
    ("said", "bounds"),
    [
        ("标高：1850m--1790m", (1850.0, 1790.0)),
        ("标高+50米至-120米", (50.0, -120.0)),
        ("标高：-50m--120m", (-50.0, -120.0)),
        ("开采标高：-50m～-120m", (-50.0, -120.0)),
    ],
)
def test_elevations_below_the_sea(said: str, bounds: tuple[float, float]) -> None:
    parcel = Parcel([])
    facts.of_right(said, parcel)
    assert (parcel.values["top"], parcel.values["bottom"]) == bounds


@pytest.mark.parametrize(
    "lines",
    [
        ("J1 105.0100,35.6850", "J2 105.0150,35.6850", "J3 105.0150,35.6900", "J4 105.0100,35.6900"),
        ("1、35°41′06″ 105°00′36″；2、35°41′06″ 105°00′54″；3、35°41′24″ 105°00′54″；4、35°41′24″ 105°00′36″",),
        ("①N35°41'06\" E105°00'36\"", "②N35°41'06\" E105°00'54\"", "③N35°41'24\" E105°00'54\"", "④N35°41'24\" E105°00'36\""),
        ("东经１０５度０分３６秒，北纬３５度４１分６秒；", "东经105度0分54秒，北纬35度41分6秒；", "105-00-54，35-41-24；", "105-00-36，35-41-24。"),
    ],
    ids=["decimal", "one line", "hemispheres", "words, full-width and hyphens"],
)
def test_pairs_typed_into_a_letter(tmp_path: Path, lines: tuple[str, ...]) -> None:
    file = text(tmp_path, f"兹有采矿权（{ID}），联系电话13900001234，2024年6月30日，坐标为CGCS2000：", *lines, "请核实，面积约25.1公顷。")
    table = opened(file)
    assert is_ground(table, SQUARE)
    assert table.columns["id"] == [ID]


def test_two_rights_in_a_letter(tmp_path: Path) -> None:
    def listed(polygon: Polygon) -> list[str]:
        return [f"{k}. {lat:.6f} {lon:.6f}" for k, (lat, lon) in enumerate(points(polygon, DEGREES), 1)]

    table = opened(text(tmp_path, f"许可证号：{ID}", *listed(SQUARE), f"许可证号：{OTHER}", *listed(BESIDE)))
    assert table.columns["id"] == [ID, OTHER]
    assert len(table.geometry) == 2


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("105°30′36″", 105.51),
        ("105º30'36''", 105.51),
        ("１０５°３０′", 105.5),
        ("105-30-36.0", 105.51),
        ("3951000.12米", 3951000.12),
        ("—", None),
        ("", None),
    ],
)
def test_numbers_as_people_write_them(written: str, value: float | None) -> None:
    assert number(written) == (None if value is None else pytest.approx(value, abs=1e-9))


def test_numbers_that_are_no_coordinates() -> None:
    line = "电话0943-7881234，面积1.2247公顷，C6200002010011120001234，2024-06-30，邮编730700，标高1850.5米"
    assert [figure for figure in figures(plain(line)) if not figure.whole] == []


@pytest.mark.parametrize("datum", ["Xian 1980", "Beijing 1954"])
def test_an_old_datum_needs_its_parameters(tmp_path: Path, datum: str) -> None:
    """Three parameters shift as PROJ's Helmert does; seven turn the frame, as Chinese offices give them."""
    code = DATUMS[datum].zone3 + 35
    lines = [f"{k} {north:.3f} {east:.3f}" for k, (north, east) in enumerate(points(SQUARE, ZONE), 1)]
    table = opened(text(tmp_path, *lines), id=ID, crs=f"EPSG:{code}")
    refuse = refusal("mining_rights", "letter.txt")
    with pytest.raises(MinewardenError, match="50 to 150 m"):
        settle(table, Answers(), HERE, refuse)
    shift = (-12.0, 130.0, 68.0, 0.5, -0.2, 1.5, 4.0)
    ellipsoid = "a=6378140 +rf=298.257" if datum.startswith("Xian") else "ellps=krass"
    for told in (shift[:3], shift):
        dx, dy, dz, rx, ry, rz, ppm = (*told, 0, 0, 0, 0)[:7]
        helmert = f"+proj=helmert +x={dx} +y={dy} +z={dz} +rx={rx} +ry={ry} +rz={rz} +s={ppm} +convention=coordinate_frame"
        projected = f"+step +inv +proj=tmerc +lat_0=0 +lon_0=105 +k=1 +x_0=35500000 +y_0=0 +{ellipsoid}"
        geocentric = f"+step +proj=cart +{ellipsoid} +step {helmert} +step +inv +proj=cart +ellps=WGS84"
        pipeline = f"+proj=pipeline {projected} {geocentric} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
        expected = np.column_stack(Transformer.from_pipeline(pipeline).transform(*shapely.get_coordinates(table.geometry[0]).T))
        moved = settle(table, Answers(shift=told), HERE, refuse)
        assert moved.crs == DEGREES
        assert np.abs(shapely.get_coordinates(moved.geometry[0]) - expected).max() < 1e-9
        assert any("parameters that were given" in words for words in moved.decided)


def test_a_published_shift_is_used_where_there_is_one_and_its_accuracy_said(tmp_path: Path) -> None:
    ordos = County(109.0, 38.0, 109.2, 38.2)
    file = text(tmp_path, "1 109.0170 38.0170", "2 109.0270 38.0170", "3 109.0270 38.0270")
    table = opened(file, ordos, id=ID, crs="EPSG:4214")
    moved = settle(table, Answers(), ordos, refusal("mining_rights", file))
    assert moved.accuracy_m == 1
    assert any("good to 1 m" in words for words in moved.decided)
    assert 20 < 111_000 * np.abs(shapely.get_coordinates(moved.geometry[0]) - shapely.get_coordinates(table.geometry[0])).max() < 200


def packed(degrees: float, places: int) -> str:
    """105.012345 as 105.00444442…: degrees, minutes and seconds in one number."""
    seconds = round(degrees * 3600, 4)
    whole, rest = divmod(seconds, 3600)
    return f"{whole + rest // 60 / 100 + rest % 60 / 10000:.{places}f}"


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59), st.integers(0, 9999))
def test_a_packed_number_is_its_degrees_minutes_and_seconds(degrees: int, minutes: int, seconds: int, parts: int) -> None:
    """Parts of a second stand behind it: 105.00369999 is 105°00′36.9999″. What the number is stored as does not move it."""
    written = np.array([float(f"{degrees}.{minutes:02d}{seconds:02d}{parts:04d}")])
    assert may_be_packed(written)
    assert unpacked(written)[0] == pytest.approx(degrees + minutes / 60 + (seconds + parts / 10_000) / 3600, abs=1e-9)


TURNED = [(lat, lon) for lon, lat in SQUARE.exterior.coords[:-1]]


@pytest.mark.parametrize("north_first", [True, False])
@pytest.mark.parametrize("form", ["letter", "table", "workbook"])
def test_packed_degrees_are_told_by_the_county(tmp_path: Path, form: str, north_first: bool) -> None:
    """35.4106 is 35°41′06″: as decimal degrees it lies outside this county."""
    corners = [pair if north_first else pair[::-1] for pair in TURNED]
    rows = [[f"J{k}", *(packed(each, 6) for each in pair)] for k, pair in enumerate(corners, 1)]
    head = ["点号", "纬度", "经度"] if north_first else ["点号", "经度", "纬度"]
    if form == "workbook":
        file = workbook(tmp_path / "notice.xlsx", [head, *([name, float(a), float(b)] for name, a, b in rows)])
    else:
        file = text(tmp_path, *(["\t".join(head)] if form == "table" else []), *("\t".join(row) for row in rows))
    table = opened(file, id=ID)
    assert is_ground(table, SQUARE)
    assert any("ddd.mmss" in words and "only this one lies by the county" in words for words in table.decided)


def test_decimal_degrees_whose_digits_could_be_minutes_are_told_by_the_county(tmp_path: Path) -> None:
    lines = ["1 105.0200 35.3030", "2 105.0400 35.3030", "3 105.0400 35.3130"]
    north = County(105.0, 35.29, 105.05, 35.32)
    (decimal,) = opened(text(tmp_path, *lines), north, id=ID).geometry
    assert decimal.bounds == pytest.approx((105.02, 35.303, 105.04, 35.313))


def test_degrees_that_fit_the_county_either_way_are_asked_for(tmp_path: Path) -> None:
    wide = County(104.9, 35.2, 105.3, 35.8)
    file = text(tmp_path, "1 105.1200 35.3000", "2 105.1230 35.3000", "3 105.1230 35.3030")
    error = refused(file, wide, id=ID)
    assert error.code == "MW-LAYER-ASK"
    assert "--degrees packed" in error.fix
    assert opened(file, wide, id=ID, degrees="decimal").geometry[0].bounds == pytest.approx((105.12, 35.3, 105.123, 35.303))
    assert opened(file, wide, id=ID, degrees="packed").geometry[0].bounds == pytest.approx((105.2, 35.5, 105.2 + 30 / 3600, 35.5 + 30 / 3600))
    plain_degrees = text(tmp_path, "1 105.1200 35.3000", "2 105.1275 35.3000", "3 105.1275 35.3030")
    assert opened(plain_degrees, wide, id=ID).geometry[0].bounds == pytest.approx((105.12, 35.3, 105.1275, 35.303))
    error = refused(plain_degrees, wide, id=ID, degrees="packed")
    assert (error.code, "reach 60" in error.message) == ("MW-LAYER-LINE", True)


def test_degrees_spelled_out_are_not_packed(tmp_path: Path) -> None:
    """105°12′ is 105.2, whose digits could be minutes too."""
    wide = County(104.9, 35.2, 105.6, 35.8)
    rows = ["1 105°12′00″ 35°30′00″", "2 105°12′36″ 35°30′00″", "3 105°12′36″ 35°30′36″"]
    assert opened(text(tmp_path, *rows), wide, id=ID).geometry[0].bounds == pytest.approx((105.2, 35.5, 105.21, 35.51))
    cells = [["点号", "经度", "纬度"], *(row.split() for row in rows)]
    assert opened(workbook(tmp_path / "n.xlsx", cells), wide, id=ID).geometry[0].bounds == pytest.approx((105.2, 35.5, 105.21, 35.51))


@pytest.mark.parametrize("name", ["石灰岩矿", "会宁县砖瓦用粘土矿", "联通", "甲公司", "Baiyin Ltd.", "Müller", "℃ ±5°", "二〇二四年"])
def test_sound_text_is_not_taken_for_damaged(name: str) -> None:
    assert not mojibake.damaged(name)


def test_names_of_common_characters_are_not_taken_for_damaged() -> None:
    """Of 20,000 made-up names none: what UTF-8 read as GBK looks like hardly ever occurs."""
    common = [bytes([first, second]).decode("gb2312") for first in range(0xB0, 0xD7) for second in range(0xA1, 0xFF)]
    draw = np.random.default_rng(1)
    names = ["".join(common[k] for k in draw.integers(0, len(common), size)) for size in draw.integers(2, 12, 20_000)]
    assert [name for name in names if mojibake.damaged(name)] == []
    assert all(mojibake.restored(name.encode("gbk").decode("latin-1")) == name for name in names[:500])
