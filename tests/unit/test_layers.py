"""Layers as offices deliver them: formats, encodings, columns, and what is wrong with them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from pipeline import layers
from pipeline.config import Config, Project
from pipeline.errors import MinewardenError
from pipeline.layers.model import LayerSet, Right, Standing

UTM = "EPSG:32648"
WEST, SOUTH = 105.0, 35.68
Feature = dict[str, Any]


def square(east: float = 0.005, north: float = 0.005, side: float = 0.002) -> dict[str, Any]:
    x, y = WEST + east, SOUTH + north
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: Any = None, /, **values: Any) -> Feature:
    return {"type": "Feature", "properties": values, "geometry": square() if geometry is None else geometry}


def write(file: Path, *features: Feature, **members: Any) -> Path:
    file.write_text(json.dumps({"type": "FeatureCollection", **members, "features": list(features)}, ensure_ascii=False), "utf-8")
    return file


@pytest.fixture
def project(tmp_path: Path, area_file: Path) -> Callable[..., Project]:
    """A project of some layers: `project(mining_rights=file or settings, …)`."""

    def make(**given: Any) -> Project:
        settings = {name: value if isinstance(value, dict) else {"path": value} for name, value in given.items()}
        said = {
            "county": {"name": "会宁县", "code": "620422"},
            "area": area_file,
            "grid": {"crs": UTM},
            "sources": [{"kind": "folder", "path": "scenes"}],
            "layers": settings,
            "output": "out",
        }
        return Project(file=tmp_path / "config.yaml", config=Config.model_validate(said), sha256="")

    return make


def codes(problems: LayerSet, layer: str) -> list[str]:
    return [p.code for p in problems.problems.get(layer, ())]


def test_geojson_right_with_all_its_fields(tmp_path: Path, project: Callable[..., Project]) -> None:
    said = {
        "id": " C6200002010011120001234 ",
        "name": "会宁东矿",
        "holder": "甲公司",
        "mineral": "砖瓦用粘土",
        "method": "露天",
        "valid_from": "2010/1/5",
        "valid_to": "2024年6月30日",
        "status": "有效",
        "renewal_applied": "",
        "restore_by": None,
        "scale": "6",
        "bottom": 1790,
        "top": 1850.5,
    }
    found = layers.load(project(mining_rights=write(tmp_path / "r.geojson", feature(**said))), UTM)
    (right,) = found.rights
    assert (right.id, right.name, right.holder, right.mineral) == ("C6200002010011120001234", "会宁东矿", "甲公司", "砖瓦用粘土")
    assert (right.valid_from, right.valid_to) == (date(2010, 1, 5), date(2024, 6, 30))
    assert (right.renewal_applied, right.restore_by) == (None, None)
    assert (right.scale, right.bottom, right.top) == (6, 1790, 1850.5)
    assert not right.exploration
    assert right.geometry.area == pytest.approx(181 * 222, rel=0.01)
    assert found.off == ("legacy_patches", "redline", "farmland")
    assert found.problems == {}
    assert found.area.contains(right.geometry)


def test_columns_by_other_names(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write(tmp_path / "r.geojson", feature(许可证号="C1", 矿山名称="东矿", NAME="no"))
    found = layers.load(project(mining_rights={"path": file, "fields": {"id": "许可证号", "name": "矿山名称"}}), UTM)
    assert (found.rights[0].id, found.rights[0].name) == ("C1", "东矿")


def test_columns_in_capitals(tmp_path: Path, project: Callable[..., Project]) -> None:
    found = layers.load(project(mining_rights=write(tmp_path / "r.geojson", feature(ID="C1", Name="东矿"))), UTM)
    assert (found.rights[0].id, found.rights[0].name) == ("C1", "东矿")


def test_whole_numbers_as_ids(tmp_path: Path, project: Callable[..., Project]) -> None:
    found = layers.load(project(redline=write(tmp_path / "z.geojson", feature(id=17), feature(id=18.0))), UTM)
    assert [z.id for z in found.zones] == ["17", "18"]


def test_kinds_of_layers(tmp_path: Path, project: Callable[..., Project]) -> None:
    def file(id: str, **values: Any) -> Path:
        return write(tmp_path / f"{id}.geojson", feature(id=id, **values))

    found = layers.load(
        project(
            mining_rights=file("C1", status="探矿"),
            exploration_rights=file("T1"),
            legacy_patches=file("YL", state="治理中", deadline=45473),
            redline=file("H"),
            farmland=file("F", type="永久基本农田"),
            towns=file("甲", name="甲镇"),
            great_wall={"path": file("W"), "kind": "zone"},
            approvals={"path": file("S", valid_from="2024-01-01"), "kind": "approval"},
        ),
        UTM,
    )
    assert [(r.id, r.exploration) for r in found.rights] == [("C1", True), ("T1", True)]
    assert (found.legacy[0].state, found.legacy[0].deadline) == ("治理中", date(2024, 6, 30))
    assert [(z.id, z.kind.value, z.layer, z.bans_mining) for z in found.zones] == [
        ("H", "redline", "redline", True),
        ("F", "farmland", "farmland", True),
        ("W", "zone", "great_wall", True),
    ]
    assert found.approvals[0].valid_from == date(2024, 1, 1)
    assert found.towns[0].name == "甲镇"
    assert found.off == ()


def write_table(file: Path, driver: str, crs: str | None, encoding: str | None = None, **columns: Any) -> Path:
    ground = np.array([shapely.to_wkb(shapely.box(WEST + 0.005 + k / 500, 35.69, WEST + 0.006 + k / 500, 35.692)) for k in range(2)], object)
    values = [np.asarray(v) if isinstance(v, np.ndarray) else np.array(v, object) for v in columns.values()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.raw.write(
            file, geometry=ground, field_data=values, fields=list(columns), crs=crs, geometry_type="Polygon", driver=driver, encoding=encoding
        )
    return file


DBF = {"id": ["C1", "C2"], "矿山": ["会宁砖厂", "东矿"], "valid_to": np.array(["2024-06-30", "NaT"], "datetime64[D]"), "renewal_ap": ["20240601", ""]}


def test_geopackage_in_cgcs2000(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write_table(tmp_path / "r.gpkg", "GPKG", "EPSG:4490", **DBF)
    found = layers.load(project(mining_rights={"path": file, "fields": {"name": "矿山"}}), UTM)
    assert [(r.name, r.valid_to) for r in found.rights] == [("会宁砖厂", date(2024, 6, 30)), ("东矿", None)]
    assert found.problems == {}


@pytest.mark.parametrize("cpg", ["GBK", "GB2312", "936", None])
def test_shapefile_in_gbk(tmp_path: Path, project: Callable[..., Project], cpg: str | None) -> None:
    file = write_table(tmp_path / "r.shp", "ESRI Shapefile", "EPSG:4490", "GBK", **DBF)
    file.with_suffix(".cpg").unlink()
    if cpg:
        file.with_suffix(".cpg").write_text(cpg + "\n")
    found = layers.load(project(mining_rights={"path": file, "fields": {"name": "矿山"}}), UTM)
    assert [(r.name, r.valid_to, r.renewal_applied) for r in found.rights] == [
        ("会宁砖厂", date(2024, 6, 30), date(2024, 6, 1)),
        ("东矿", None, None),
    ]


def test_shapefile_in_utf8_whose_column_name_ends_in_half_a_character(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write_table(tmp_path / "r.shp", "ESRI Shapefile", "EPSG:4490", "UTF-8", id=["C1", "C2"], 矿山名称=["会宁砖厂", "东矿"])
    found = layers.load(project(mining_rights={"path": file, "fields": {"name": "矿山名称"}}), UTM)
    assert [r.name for r in found.rights] == ["会宁砖厂", "东矿"]


def test_projected_coordinates_are_moved_to_the_grid(tmp_path: Path, project: Callable[..., Project]) -> None:
    """The same square in degrees and in CGCS2000's 3-degree zone 35, whose eastings carry the zone."""
    from pyproj import Transformer

    ring = square()["coordinates"][0]
    move = Transformer.from_crs("EPSG:4326", "EPSG:4523", always_xy=True)
    projected = shapely.Polygon([move.transform(x, y) for x, y in ring])
    file = tmp_path / "gk.gpkg"
    pyogrio.raw.write(
        file,
        geometry=np.array([shapely.to_wkb(projected)], object),
        field_data=[np.array(["C1"], object)],
        fields=["id"],
        crs="EPSG:4523",
        geometry_type="Polygon",
        driver="GPKG",
    )
    degrees = write(tmp_path / "r.geojson", feature(id="C1"))
    one, other = (layers.load(project(mining_rights=f), UTM).rights[0].geometry for f in (file, degrees))
    assert one.symmetric_difference(other).area < 1


def refuse(project: Project) -> MinewardenError:
    with pytest.raises(MinewardenError) as caught:
        layers.load(project, UTM)
    assert caught.value.exit_code == 2
    checked = [p for layer in layers.check(project, UTM) for p in layer.problems if p.fatal]
    assert caught.value.code == checked[0].code
    return caught.value


BAD_GEOMETRY = {
    "none": (None, "MW-LAYER-EMPTY"),
    "empty": ({"type": "Polygon", "coordinates": []}, "MW-LAYER-EMPTY"),
    "point": ({"type": "Point", "coordinates": [105, 35.7]}, "MW-LAYER-TYPE"),
    "line": ({"type": "LineString", "coordinates": [[105, 35.7], [105.1, 35.7]]}, "MW-LAYER-TYPE"),
    "NaN": ({"type": "Polygon", "coordinates": [[[105, 35.7], [float("nan"), 35.7], [105.01, 35.71], [105, 35.7]]]}, "MW-LAYER-NAN"),
    "text": ({"type": "Polygon", "coordinates": [[[105, 35.7], ["x", 35.7], [105.01, 35.71], [105, 35.7]]]}, "MW-LAYER-EMPTY"),
    "metres taken for degrees": (
        {"type": "Polygon", "coordinates": [[[400000, 3900000], [400100, 3900000], [400100, 3900100], [400000, 3900000]]]},
        "MW-LAYER-COORDINATES",
    ),
    "no ground": ({"type": "Polygon", "coordinates": [[[105, 35.7], [105.01, 35.71], [105.01, 35.71], [105, 35.7]]]}, "MW-LAYER-EMPTY"),
}


@pytest.mark.parametrize("case", BAD_GEOMETRY)
def test_geometry_that_stops_a_run(tmp_path: Path, project: Callable[..., Project], case: str) -> None:
    geometry, code = BAD_GEOMETRY[case]
    bad = {"type": "Feature", "properties": {"id": "C7"}, "geometry": geometry}
    file = write(tmp_path / "r.geojson", feature(id="C1"), bad)
    error = refuse(project(mining_rights=file))
    assert error.code == code
    assert all(word in error.message for word in ("mining_rights", str(file), "C7"))


def test_duplicate_id(tmp_path: Path, project: Callable[..., Project]) -> None:
    error = refuse(project(mining_rights=write(tmp_path / "r.geojson", feature(id="C1"), feature(square(0.01), id="C1 "))))
    assert error.code == "MW-LAYER-ID"
    assert "C1" in error.message


@pytest.mark.parametrize("value", [None, "", "  "])
def test_missing_id(tmp_path: Path, project: Callable[..., Project], value: Any) -> None:
    error = refuse(project(mining_rights=write(tmp_path / "r.geojson", feature(id="C1"), feature(id=value))))
    assert error.code == "MW-LAYER-ID"
    assert "no. 2" in error.message


def test_no_column_for_the_id(tmp_path: Path, project: Callable[..., Project]) -> None:
    error = refuse(project(mining_rights=write(tmp_path / "r.geojson", feature(BH="C1"), feature(BH="C2"))))
    assert error.code == "MW-LAYER-ID"
    assert "And" not in error.message
    assert "fields" in error.fix


def test_several_faults_are_counted(tmp_path: Path, project: Callable[..., Project]) -> None:
    error = refuse(project(mining_rights=write(tmp_path / "r.geojson", feature(id=None), feature(id="C1"), feature(id="C1"))))
    assert "And 1 more" in error.message


def naming(name: str) -> dict[str, Any]:
    """How GeoJSON said its CRS before RFC 7946."""
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::999999", "西安80", "local"])
def test_geojson_that_names_an_unknown_crs(tmp_path: Path, project: Callable[..., Project], name: str) -> None:
    error = refuse(project(mining_rights=write(tmp_path / "r.geojson", feature(id="C1"), crs=naming(name))))
    assert error.code == "MW-LAYER-CRS"
    assert name in error.message


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4490", "CGCS2000"])
def test_geojson_that_names_its_crs(tmp_path: Path, project: Callable[..., Project], name: str) -> None:
    read = layers.load(project(mining_rights=write(tmp_path / "r.geojson", feature(id="C1"), crs=naming(name))), UTM)
    assert [right.id for right in read.rights] == ["C1"]


@pytest.mark.parametrize("driver", ["GPKG", "ESRI Shapefile"])
def test_no_crs(tmp_path: Path, project: Callable[..., Project], driver: str) -> None:
    file = write_table(tmp_path / ("r.gpkg" if driver == "GPKG" else "r.shp"), driver, None, id=["C1", "C2"])
    assert refuse(project(mining_rights=file)).code == "MW-LAYER-CRS"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("r.geojson", b"", "MW-LAYER-FORMAT"),
        ("r.geojson", b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>", "MW-LAYER-FORMAT"),
        ("r.geojson", b"<html>404</html>", "MW-LAYER-FORMAT"),
        ("r.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea', "MW-LAYER-READ"),
        ("r.geojson", b'{"type": "Topology", "objects": {}, "arcs": []}', "MW-LAYER-READ"),
        ("r.geojson", b'{"a": 1}', "MW-LAYER-READ"),
        ("r.gpkg", b"SQLite format 3\x00" + bytes(200), "MW-LAYER-READ"),
        ("r.gpkg", b"not a database", "MW-LAYER-FORMAT"),
        ("r.shp", b"\x00\x00\x27\x0a", "MW-LAYER-PARTS"),
        ("r.kml", b"<kml/>", "MW-LAYER-FORMAT"),
    ],
)
def test_file_that_is_not_what_it_seems(tmp_path: Path, project: Callable[..., Project], name: str, content: bytes, code: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    error = refuse(project(mining_rights=file))
    assert error.code == code
    assert str(file) in error.message


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("https://example.org/r.geojson", "MW-LAYER-REMOTE"),
        ("/vsicurl/https://example.org/r.geojson", "MW-LAYER-REMOTE"),
        ("/vsizip/a.zip/r.shp", "MW-LAYER-REMOTE"),
        ("GeoJSON:r.geojson", "MW-LAYER-REMOTE"),
        ("nothing.geojson", "MW-LAYER-FILE"),
        (".", "MW-LAYER-FILE"),
    ],
)
def test_path_that_is_no_local_file(project: Callable[..., Project], path: str, code: str) -> None:
    assert refuse(project(mining_rights=path)).code == code


def test_table_of_a_geopackage(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write_table(tmp_path / "all.gpkg", "GPKG", "EPSG:4490", id=["C1", "C2"])
    shape = np.array([shapely.to_wkb(shapely.box(105.01, 35.69, 105.02, 35.695))], object)
    more: dict[str, Any] = {"geometry": shape, "field_data": [np.array(["H1"], object)], "fields": ["id"], "crs": "EPSG:4490"}
    pyogrio.raw.write(file, layer="redline", driver="GPKG", geometry_type="Polygon", append=True, **more)
    assert [z.id for z in layers.load(project(redline=file), UTM).zones] == ["H1"]
    assert refuse(project(mining_rights=file)).code == "MW-LAYER-TABLE"


def test_empty_area(project: Callable[..., Project], area_file: Path) -> None:
    write(area_file)
    assert refuse(project()).code == "MW-LAYER-EMPTY"


def test_empty_layer_is_fine(tmp_path: Path, project: Callable[..., Project]) -> None:
    found = layers.load(project(mining_rights=write(tmp_path / "r.geojson")), UTM)
    assert found.rights == ()
    assert codes(found, "mining_rights") == ["MW-LAYER-NONE"]


WARNINGS: dict[str, tuple[str, list[Feature], str]] = {
    "self-crossing": (
        "mining_rights",
        [feature({"type": "Polygon", "coordinates": [[[105, 35.69], [105.01, 35.69], [105, 35.695], [105.01, 35.695], [105, 35.69]]]}, id="C1")],
        "MW-LAYER-SELF-CROSSING",
    ),
    "unknown status": ("mining_rights", [feature(id="C1", status="在建")], "MW-LAYER-STATUS"),
    "no date": ("mining_rights", [feature(id="C1", valid_to="长期")], "MW-LAYER-DATE"),
    "no number": ("mining_rights", [feature(id="C1", scale="6万吨")], "MW-LAYER-NUMBER"),
    "outside": ("mining_rights", [feature(square(1), id="C1")], "MW-LAYER-OUTSIDE"),
    "overlap": ("mining_rights", [feature(id="C1"), feature(square(0.006), id="C2")], "MW-LAYER-OVERLAP"),
    "ends before it begins": ("mining_rights", [feature(id="C1", valid_from="2024-01-02", valid_to="2024-01-01")], "MW-LAYER-PERIOD"),
    "farmland of no known type": ("farmland", [feature(id="F", type="林地")], "MW-LAYER-TYPE"),
    "legacy state": ("legacy_patches", [feature(id="YL", state="?")], "MW-LAYER-STATE"),
}


def test_more_rights_on_one_another_than_anybody_compares(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write(tmp_path / "r.geojson", *(feature(id=f"C{k}") for k in range(400)))
    told = layers.load(project(mining_rights=file), UTM).problems["mining_rights"]
    assert [p.id for p in told if "more than 5,000 pairs" in p.message] == [None]
    assert len(told) < 10_100


@pytest.mark.parametrize("case", WARNINGS)
def test_warning(tmp_path: Path, project: Callable[..., Project], case: str) -> None:
    layer, features, code = WARNINGS[case]
    file = write(tmp_path / "layer.geojson", *features)
    found = layers.load(project(**{layer: file}), UTM)
    assert code in codes(found, layer)
    assert all(not p.fatal and p.message and p.fix and str(file) in p.message for p in found.problems[layer])


def test_self_crossing_keeps_its_polygons(tmp_path: Path, project: Callable[..., Project]) -> None:
    """A bow tie with a tail: two triangles stay, the tail goes."""
    ring = [[105, 35.69], [105.01, 35.69], [105.005, 35.6925], [105.005, 35.699], [105.005, 35.6925], [105, 35.695], [105.01, 35.695], [105, 35.69]]
    found = layers.load(project(mining_rights=write(tmp_path / "r.geojson", feature({"type": "Polygon", "coordinates": [ring]}, id="C1"))), UTM)
    ground = found.rights[0].geometry
    assert ground.is_valid
    assert ground.geom_type in ("Polygon", "MultiPolygon")
    assert "ha" in found.problems["mining_rights"][0].message


def test_wrong_date_counts_as_unlimited(tmp_path: Path, project: Callable[..., Project]) -> None:
    found = layers.load(project(mining_rights=write(tmp_path / "r.geojson", feature(id="C1", valid_to="2024-13-40"))), UTM)
    assert found.rights[0].valid_to is None
    problem = found.problems["mining_rights"][0]
    assert (problem.id, "2024-13-40" in problem.message, "valid_to" in problem.message) == ("C1", True, True)


@pytest.mark.parametrize(
    ("layer", "name", "taken"),
    [
        ("mining_rights", "valid_from", "not limited."),
        ("mining_rights", "valid_to", "not limited; with a status of"),
        ("mining_rights", "renewal_applied", "never applied for: read the register before anybody is accused."),
        ("mining_rights", "stopped", "never stopped."),
        ("mining_rights", "resumed", "not resumed: read the register"),
        ("mining_rights", "restore_by", "no deadline."),
        ("legacy_patches", "deadline", "no deadline."),
    ],
)
def test_a_wrong_date_is_told_with_what_it_is_taken_as(tmp_path: Path, project: Callable[..., Project], layer: str, name: str, taken: str) -> None:
    found = layers.load(project(**{layer: write(tmp_path / "r.geojson", feature(id="C1", **{name: "2024年2月"}))}), UTM)
    (problem,) = found.problems[layer]
    assert f"has {name} '2024年2月', which is no date; it is taken as {taken}" in problem.message


def test_a_renewal_whose_day_cannot_be_read_is_remembered(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write(tmp_path / "r.geojson", feature(id="C1", renewal_applied="2024年2月"), feature(square(1), id="C2", renewal_applied="2024-02-01"))
    told = [(right.renewal_applied, right.renewal_unread) for right in layers.load(project(mining_rights=file), UTM).rights]
    assert told == [(None, "'2024年2月'"), (date(2024, 2, 1), None)]


@pytest.mark.parametrize("suffix", [".geojson", ".shp"])
def test_day_that_no_month_has(tmp_path: Path, project: Callable[..., Project], suffix: str) -> None:
    """All else in the column is a date, so that GDAL takes it for one of dates and stumbles over 30 February."""
    sound = np.array(["2023-02-28", "2029-01-28"], "datetime64[D]")
    file = write_table(tmp_path / f"r{suffix}", "GeoJSON" if suffix == ".geojson" else "ESRI Shapefile", "EPSG:4490", id=["C1", "C2"], valid_to=sound)
    damaged = file if suffix == ".geojson" else file.with_suffix(".dbf")
    old, new = (b"2023-02-28", b"2023-02-30") if suffix == ".geojson" else (b"20230228", b"20230230")
    damaged.write_bytes(damaged.read_bytes().replace(old, new))
    found = layers.load(project(mining_rights=file), UTM)
    assert [(r.id, r.valid_to) for r in found.rights] == [("C1", None), ("C2", date(2029, 1, 28))]
    (problem,) = found.problems["mining_rights"]
    assert (problem.id, problem.code, "02" in problem.message and "30" in problem.message) == ("C1", "MW-LAYER-DATE", True)


def test_mapped_column_that_is_not_there(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write(tmp_path / "r.geojson", feature(id="C1"))
    found = layers.load(project(mining_rights={"path": file, "fields": {"name": "矿名", "nmae": "id"}}), UTM)
    assert codes(found, "mining_rights") == ["MW-LAYER-FIELD", "MW-LAYER-FIELD"]


@pytest.mark.parametrize("second", [{"valid_from": "2024-07-01"}, {"status": "注销"}])
def test_rights_that_follow_one_another_do_not_overlap(tmp_path: Path, project: Callable[..., Project], second: dict[str, str]) -> None:
    file = write(tmp_path / "r.geojson", feature(id="C1", valid_to="2024-06-30"), feature(id="C2", **second))
    assert layers.load(project(mining_rights=file), UTM).problems == {}


def test_neighbours_do_not_overlap(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write(tmp_path / "r.geojson", feature(id="C1"), feature(square(0.007), id="C2"))
    assert layers.load(project(mining_rights=file), UTM).problems == {}


def test_check_lists_everything(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write(tmp_path / "r.geojson", feature(id="C1", status="?"), feature(id="C1"))
    area, rights, redline = layers.check(project(mining_rights=file, redline="none.geojson"), UTM)
    assert (area.name, area.features, area.problems) == ("area", 1, ())
    assert (rights.name, rights.features) == ("mining_rights", 2)
    assert rights.version is not None
    assert len(rights.version) == 12
    assert [p.fatal for p in rights.problems] == sorted((p.fatal for p in rights.problems), reverse=True)
    assert {p.code for p in rights.problems} >= {"MW-LAYER-ID", "MW-LAYER-STATUS", "MW-LAYER-OVERLAP"}
    assert (redline.features, redline.version, redline.problems[0].code) == (None, None, "MW-LAYER-FILE")


def test_version_is_of_the_content(tmp_path: Path, project: Callable[..., Project]) -> None:
    here = project(mining_rights=write(tmp_path / "r.geojson", feature(id="C1")))
    one, again = layers.load(here, UTM), layers.load(here, UTM)
    write(tmp_path / "r.geojson", feature(id="C2"))
    other = layers.load(here, UTM)
    assert one.version == again.version != other.version
    assert [v.name for v in one.versions] == ["area", "mining_rights"]
    assert one.versions[0] == other.versions[0]
    assert len(one.version) == 12


def test_version_of_a_shapefile_is_of_all_its_parts(tmp_path: Path, project: Callable[..., Project]) -> None:
    file = write_table(tmp_path / "r.shp", "ESRI Shapefile", "EPSG:4490", id=["C1", "C2"])
    before = layers.load(project(mining_rights=file), UTM).version
    dbf = file.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"C2", b"C3"))
    assert layers.load(project(mining_rights=file), UTM).version != before


def test_many_polygons_load_in_seconds(tmp_path: Path, project: Callable[..., Project]) -> None:
    import time

    many = [feature(square(0.0001 * (k % 200), 0.0001 * (k // 200), 0.00009), id=str(k), type="耕地") for k in range(20_000)]
    here = project(farmland=write(tmp_path / "f.geojson", *many))
    begun = time.perf_counter()
    assert len(layers.load(here, UTM).zones) == 20_000
    assert time.perf_counter() - begun < 20


STANDINGS: list[tuple[dict[str, Any], str, Standing]] = [
    ({}, "2024-05-14", Standing.VALID),
    ({"valid_to": "2024-05-14"}, "2024-05-14", Standing.VALID),
    ({"valid_to": "2024-05-13"}, "2024-05-14", Standing.EXPIRED),
    ({"valid_to": "2024-05-13", "renewal_applied": "2024-05-13"}, "2030-01-01", Standing.VALID),
    ({"valid_to": "2024-05-13", "renewal_applied": "2024-05-14"}, "2024-05-14", Standing.EXPIRED),
    ({"valid_from": "2024-05-14"}, "2024-05-14", Standing.VALID),
    ({"valid_from": "2024-05-15"}, "2024-05-14", Standing.NOT_YET),
    ({"status": "过期"}, "1990-01-01", Standing.EXPIRED),
    ({"status": "过期", "valid_to": "2024-05-13"}, "2024-05-13", Standing.VALID),
    ({"status": "过期", "valid_to": "2024-05-13", "renewal_applied": "2024-04-01"}, "2024-05-14", Standing.VALID),
    ({"status": "注销"}, "1990-01-01", Standing.CLOSED),
    ({"status": "吊销", "valid_to": "2024-05-14"}, "2024-05-14", Standing.VALID),
    ({"status": "关闭", "valid_to": "2024-05-13"}, "2024-05-14", Standing.CLOSED),
    ({"status": "关闭", "valid_to": "2024-05-13", "renewal_applied": "2024-01-01"}, "2024-05-14", Standing.CLOSED),
    ({"status": "关闭", "valid_from": "2024-05-10", "valid_to": "2024-05-13"}, "2024-05-09", Standing.NOT_YET),
    ({"exploration": True}, "2024-05-14", Standing.EXPLORATION),
    ({"exploration": True, "valid_to": "2024-05-13"}, "2024-05-14", Standing.EXPIRED),
    ({"exploration": True, "status": "注销"}, "2024-05-14", Standing.CLOSED),
]


@pytest.mark.parametrize(("said", "day", "expected"), STANDINGS)
def test_standing(said: dict[str, Any], day: str, expected: Standing) -> None:
    dated = {k: date.fromisoformat(v) if k in ("valid_from", "valid_to", "renewal_applied") else v for k, v in said.items()}
    assert Right(id="C1", geometry=shapely.box(0, 0, 1, 1), **dated).standing(date.fromisoformat(day)) is expected
