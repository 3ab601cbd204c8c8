"""A finished month in the forms that others ask for, read back."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyogrio.raw
import pystac
import pytest
import rasterio
import shapely
from pyproj import Transformer
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from shapely.geometry import Polygon, box, shape

from pipeline import months
from pipeline.cli import main
from pipeline.layers.ground import move
from pipeline.layers.read import read
from pipeline.ledger import Ledger
from pipeline.publish import geojson
from pipeline.publish.export import corners, shapefile
from pipeline.publish.export.finished import Finished
from pipeline.publish.features import CASE_FIELDS, Feature
from pipeline.publish.styles import SEVERITY_COLOURS
from pipeline.publish.wgs84 import settle
from tests import made_month
from tests.contract import rows

MONTH = "2024-07"
STEM = f"620422-{MONTH}"
KML = "{http://www.opengis.net/kml/2.2}"


@dataclass(frozen=True)
class Office:
    config: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def month(self) -> Path:
        return self.config.parent / "out" / MONTH

    def export(self, *options: str, month: str = MONTH) -> tuple[int, list[Path]]:
        """Exit code, and the files that were named."""
        self.capsys.readouterr()
        code = main(["export", str(self.config), "--month", month, *options])
        return code, [Path(line) for line in self.capsys.readouterr().out.splitlines()]

    def refused(self, *options: str, month: str = MONTH) -> tuple[int, str]:
        """Exit code and code of the one message."""
        code = main(["export", str(self.config), "--month", month, *options])
        out, err = self.capsys.readouterr()
        assert out == ""
        (line,) = err.splitlines()
        return code, line.split(":")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("export")
    (root / "out").mkdir()
    made_month.publish(root / "out" / MONTH, made_month.two_months(root), made_month.run_facts())
    (root / "ledger.sqlite").rename(root / "out" / "ledger.sqlite")
    return root


@pytest.fixture
def office(folder: Path, config_text: str, capsys: pytest.CaptureFixture[str]) -> Office:
    (folder / "config.yaml").write_text(config_text, "utf-8")
    return Office(folder / "config.yaml", capsys)


def finished(cases: list[Feature], **changes: Any) -> Finished:
    return replace(Finished("会宁县", "620422", MONTH, Path("nowhere"), cases, {}), **changes)


def cases_of(folder: Path) -> list[Feature]:
    return geojson.read(folder / "out" / MONTH / "flagged.geojson")


# Shapefile


def test_the_shapefile_says_what_the_geojson_says(office: Office) -> None:
    code, files = office.export("--format", "shp")
    assert code == 0
    assert {file.name for file in files} == {f"{STEM}.{end}" for end in ("shp", "shx", "dbf", "prj", "cpg")} | {f"{STEM}-{shapefile.KEY}"}
    assert {file.parent for file in files} == {office.month.parent / "export" / MONTH}
    assert sorted(each.name for each in files[0].parent.iterdir()) == sorted(file.name for file in files)
    info, _, outlines, columns = pyogrio.raw.read(files[0].with_suffix(".shp"))
    assert info["crs"] == "EPSG:4490"
    table = dict(zip(info["fields"], columns, strict=True))
    said, cases = rows(office.month, "flagged"), cases_of(office.config.parent)
    assert list(table["id"]) == [row["id"] for row in said]
    assert list(table["finding_zh"]) == [row["finding_zh"] for row in said]
    assert list(table["holder"]) == [row["holder"] for row in said]
    assert [str(day) for day in table["first_seen"]] == [row["first_seen"] for row in said]
    assert np.isnat(table["valid_to"][0])
    assert str(table["valid_to"][2]) == "2023-06-30"
    assert list(table["area_m2"]) == [row["area_m2"] for row in said]
    assert list(table["severity"]) == [row["severity"] for row in said]
    assert np.isnan(table["over_m2"][1])
    assert list(table["new_month"]) == ["否", "否", "是", "是", "是", "是"]
    for outline, case in zip(shapely.from_wkb(outlines), cases, strict=True):
        assert outline.equals(case.written.geometry)


def test_names_are_short_different_and_explained(office: Office) -> None:
    _, files = office.export("--format", "shp")
    (key,) = (file for file in files if file.suffix == ".csv")
    assert key.read_bytes().startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(key.read_text("utf-8-sig").splitlines())
    assert head == ["字段", "全名", "中文"]
    assert [full for _, full, _ in lines] == list(CASE_FIELDS)
    short = [name for name, _, _ in lines]
    assert len({name.casefold() for name in short}) == len(short)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,9}", name) for name in short)
    assert ["id", "id", "图斑编号"] in lines
    assert list(pyogrio.read_info(files[0].with_suffix(".shp"))["fields"]) == short


def test_text_is_gbk_cut_between_characters_and_what_is_lost_is_listed(folder: Path, tmp_path: Path) -> None:
    first = cases_of(folder)[0]
    long, strange = "x" + "矿" * 200, "𠮷野·家—中\udc80\u202e"
    case = replace(first, properties=first.properties | {"holder": long, "right_name": strange, "review_note": "a\tb\nc"})
    files = shapefile.render(finished([case]), tmp_path)
    assert list(tmp_path.iterdir()) == []
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert files[f"{STEM}.cpg"] == b"GBK"
    assert files[f"{STEM}.dbf"][shapefile.CODE_PAGE] == shapefile.CP936
    info, _, _, columns = pyogrio.raw.read(tmp_path / f"{STEM}.shp")
    table = dict(zip(info["fields"], columns, strict=True))
    assert table["holder"][0] == "x" + "矿" * 126
    assert table["right_name"][0] == "□野·家—中□"
    assert table["rev_note"][0] == "a b c"
    key = files[f"{STEM}-{shapefile.KEY}"].decode("utf-8-sig")
    assert f"{case.properties['id']},right_name,U+20BB7 U+FFFD" in key
    assert f"{case.properties['id']},holder,截断" in key


def test_a_month_without_cases_is_a_shapefile_with_its_fields(tmp_path: Path) -> None:
    for name, data in shapefile.render(finished([]), tmp_path).items():
        (tmp_path / name).write_bytes(data)
    info = pyogrio.read_info(tmp_path / f"{STEM}.shp")
    assert (info["features"], len(info["fields"])) == (0, len(CASE_FIELDS))


# Corner points


@dataclass(frozen=True)
class Parcel:
    head: list[str]
    rings: list[list[tuple[float, float]]]
    """Easting with its zone, northing."""

    @property
    def polygon(self) -> Polygon:
        return Polygon(self.rings[0], self.rings[1:])


def parsed(text: str) -> tuple[dict[str, str], list[Parcel]]:
    """A reader of its own, by the format's rules."""
    described, ground = text.split("[地块坐标]")
    lines = described.splitlines()
    assert lines[0] == "[属性描述]"
    head = dict(line.split("=") for line in lines[1:] if line)
    parcels: list[Parcel] = []
    for line in ground.split("\r\n" if "\r" in ground else "\n")[1:-1]:
        if line.endswith("@"):
            parcels.append(Parcel(line.split(","), []))
            continue
        name, ring, north, east = line.split(",")
        assert re.fullmatch(r"J\d+", name)
        rings = parcels[-1].rings
        if int(ring) > len(rings):
            rings.append([])
        rings[int(ring) - 1].append((float(east), float(north)))
    return head, parcels


def same_within_a_millimetre(parcel: Parcel, part: Polygon) -> bool:
    """Whether a parcel is a polygon in degrees: of its points none is further away, nor of its area more than they explain."""
    zone = int(parcel.rings[0][0][0] // 1e6)
    project = Transformer.from_crs("EPSG:4490", f"EPSG:{4488 + zone}", always_xy=True)
    meant = shapely.transform(part, lambda points: np.column_stack(project.transform(points[:, 0], points[:, 1])))
    return bool(parcel.polygon.hausdorff_distance(meant) < 0.001 and parcel.polygon.symmetric_difference(meant).area < 0.001 * meant.length)


def with_ground(folder: Path, ground: Any) -> Feature:
    return replace(cases_of(folder)[0], written=settle(ground))


def test_corner_points_are_the_polygons_of_the_geojson(office: Office) -> None:
    code, (file,) = office.export("--format", "txt")
    assert code == 0
    head, parcels = parsed(file.read_bytes().decode("gbk"))
    assert head == {
        "格式版本号": "1.01版本",
        "数据产生单位": "会宁县",
        "数据产生日期": "2024-07-31",
        "坐标系": "2000国家大地坐标系",
        "几度分带": "3",
        "投影类型": "高斯克吕格",
        "计量单位": "米",
        "带号": "35",
        "精度": "0.001",
        "转换参数": ",,,,,,",
    }
    cases = cases_of(office.config.parent)
    assert [parcel.head[2] for parcel in parcels] == [case.properties["id"] for case in cases]
    for parcel, case in zip(parcels, cases, strict=True):
        assert parcel.head[3] == case.properties["finding_zh"]
        assert parcel.head[4:] == ["面", "", "", "", "@"]
        assert int(parcel.head[0]) == sum(map(len, parcel.rings)) == shapely.get_num_coordinates(case.written.geometry)
        assert float(parcel.head[1]) == pytest.approx(parcel.polygon.area / 1e4, abs=5e-5)
        assert float(parcel.head[1]) == pytest.approx(case.properties["area_m2"] / 1e4, rel=0.001, abs=5e-5)
        assert same_within_a_millimetre(parcel, case.written.geometry)


def test_holes_are_rings_of_their_own_and_parts_parcels_of_their_own(folder: Path) -> None:
    yard = box(105.0, 35.7, 105.003, 35.703)
    ground = yard.difference(box(105.0005, 35.7005, 105.001, 35.701)).difference(box(105.002, 35.702, 105.0025, 35.7025))
    both = shapely.union_all([ground, box(105.01, 35.7, 105.011, 35.701)])
    case = with_ground(folder, both)
    _, parcels = parsed(corners.render(finished([case]), 105.0, "gbk").decode("gbk"))
    parts = list(shapely.get_parts(case.written.geometry))
    assert [parcel.head[2] for parcel in parcels] == [f"{case.properties['id']}-1", f"{case.properties['id']}-2"]
    assert sorted(len(parcel.rings) for parcel in parcels) == [1, 3]
    for parcel, part in zip(parcels, parts, strict=True):
        assert same_within_a_millimetre(parcel, part)
        assert all(ring[0] == ring[-1] for ring in parcel.rings)
        assert not shapely.linearrings(parcel.rings[0]).is_ccw
        assert all(shapely.linearrings(hole).is_ccw for hole in parcel.rings[1:])
        assert parcel.rings[0][0] == min(parcel.rings[0], key=lambda point: point[0] - point[1])
    text = corners.render(finished([case]), 105.0, "gbk").decode("gbk")
    names = [line.split(",")[0] for line in text.splitlines() if re.match(r"J\d+,2,", line)]
    assert names == ["J5", "J6", "J7", "J8", "J5"], "a ring goes on counting, and ends where it began"


def test_our_own_reader_reads_the_corner_text_within_a_millimetre(folder: Path, tmp_path: Path) -> None:
    case = with_ground(folder, box(105.0, 35.7, 105.003, 35.703).difference(box(105.0005, 35.7005, 105.001, 35.701)))
    file = tmp_path / "corners.txt"
    file.write_bytes(corners.render(finished([case]), 105.0, "gbk"))
    table = read("mining_rights", file, file)
    assert (table.crs, table.columns["id"], table.remarks) == ("EPSG:4523", [case.properties["id"]], ())
    there = move(case.written.geometry, "EPSG:4326", "EPSG:4523")
    assert shapely.hausdorff_distance(table.geometry[0].boundary, there.boundary) < 0.001


@pytest.mark.parametrize(("middle", "zone"), [(73.6, 25), (104.4, 35), (106.6, 36), (134.9, 45)])
def test_the_zone_is_that_of_the_county_s_middle(folder: Path, middle: float, zone: int) -> None:
    case = with_ground(folder, box(middle, 35.7, middle + 0.01, 35.71))
    head, (parcel,) = parsed(corners.render(finished([case]), middle, "utf-8").decode("utf-8-sig"))
    assert head["带号"] == str(zone)
    assert all(zone * 1_000_000 + 300_000 < east < zone * 1_000_000 + 700_000 for east, _ in parcel.rings[0])
    assert all(3_900_000 < north < 4_000_000 for _, north in parcel.rings[0])
    assert same_within_a_millimetre(parcel, case.written.geometry)


def test_real_corner_text_reads_the_same_way() -> None:
    """A parcel of a land office's own file: its area and its number of points are counted as ours are."""
    text = (
        "[属性描述]\n坐标系=2000国家大地坐标系\n带号=38\n[地块坐标]\n5,0.7749,FID_0,DKMC,面,TFH,DKYT,DLBM,@\nJ1,1,2579602.040,38378344.592\n"
        "J2,1,2579571.739,38378464.403\nJ3,1,2579505.255,38378457.789\nJ4,1,2579538.038,38378343.688\nJ1,1,2579602.040,38378344.592\n"
    )
    _, (parcel,) = parsed(text)
    assert int(parcel.head[0]) == len(parcel.rings[0])
    assert float(parcel.head[1]) == round(parcel.polygon.area / 1e4, 4)
    assert not shapely.linearrings(parcel.rings[0]).is_ccw


def test_names_do_not_break_the_lines(folder: Path) -> None:
    first = cases_of(folder)[0]
    case = replace(first, properties=first.properties | {"finding_zh": "a,b@\r\nJ1,1,0,0 𠮷"})
    _, (parcel,) = parsed(corners.render(finished([case], county="会宁,县\n[地块坐标]"), 105.0, "gbk").decode("gbk"))
    assert parcel.head[3].startswith("a，b＠")
    assert "□" in parcel.head[3]
    assert same_within_a_millimetre(parcel, case.written.geometry)


def test_utf8_begins_with_its_mark(office: Office) -> None:
    _, (file,) = office.export("--format", "txt", "--encoding", "utf-8")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf[\xe5\xb1\x9e")


# KML


def test_kml_shows_each_case_in_the_colour_of_its_severity(office: Office) -> None:
    code, (file,) = office.export("--format", "kml")
    assert code == 0
    root = ElementTree.fromstring(file.read_bytes())
    marks = root.findall(f".//{KML}Placemark")
    cases = {case.properties["id"]: case for case in cases_of(office.config.parent)}
    assert {mark.findtext(f"{KML}name", "").split()[0] for mark in marks} == set(cases)
    styles = {style.get("id"): style.findtext(f"{KML}LineStyle/{KML}color") for style in root.iter(f"{KML}Style")}
    for mark in marks:
        row = cases[mark.findtext(f"{KML}name", "").split()[0]].properties
        colour = SEVERITY_COLOURS[row["severity"]]
        assert styles[mark.findtext(f"{KML}styleUrl", "").removeprefix("#")] == f"ff{colour[5:7]}{colour[3:5]}{colour[1:3]}"
        assert row["finding_zh"] in mark.findtext(f"{KML}name", "")
        assert "监测面积（亩）" in mark.findtext(f"{KML}description", "")
    (info,) = (pyogrio.read_info(file, layer=name) for name in pyogrio.list_layers(file)[:1, 0])
    assert info["features"] > 0


def test_our_kml_is_read_where_issued_patches_are(office: Office) -> None:
    from pipeline.layers import issued

    _, (file,) = office.export("--format", "kml")
    county = shapely.box(0, 0, 1e7, 1e7)
    found, _ = issued.load(file, "EPSG:32648", county, date(2024, 10, 15), {})
    assert {each.id for each in found} == {case.properties["id"] for case in cases_of(office.config.parent)}


def test_kml_has_the_outlines_of_the_geojson(folder: Path) -> None:
    from pipeline.publish.export import kml

    ground = box(105.0, 35.7, 105.003, 35.703).difference(box(105.0005, 35.7005, 105.001, 35.701))
    case = with_ground(folder, shapely.union_all([ground, box(105.01, 35.7, 105.011, 35.701)]))
    root = ElementTree.fromstring(kml.render(finished([case])))

    def ring(line: ElementTree.Element) -> list[tuple[float, ...]]:
        return [tuple(map(float, point.split(","))) for point in line.findtext(f"{KML}coordinates", "").split()]

    parts = []
    for polygon in root.iter(f"{KML}Polygon"):
        outer, *holes = (ring(line) for line in polygon.iter(f"{KML}LinearRing"))
        parts.append(Polygon(outer, holes))
    assert shapely.MultiPolygon(parts).equals_exact(case.written.geometry)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "]]><b>x", "&lt;b&gt;", "$[name]", "http://evil.example"]
)
def test_kml_says_hostile_names_and_does_nothing(folder: Path, text: str) -> None:
    from pipeline.publish.export import kml

    first = cases_of(folder)[0]
    names = ("right_id", "right_name", "holder", "mineral", "town", "legacy_state", "review_note", "also", "cause", "status", "finding_zh")
    case = replace(first, properties=first.properties | dict.fromkeys(names, f"a\x00\ud800{text}\u202e"))
    root = ElementTree.fromstring(kml.render(finished([case], county=text)))
    said = [each.text or "" for each in root.iter() if each.tag != f"{KML}coordinates"]
    assert not [each for each in said if re.search(r"[<>&$\x00\u202e\ud800]|://", each)]
    assert any("alert" in each or "evil" in each or "x" in each or "b" in each or "name" in each for each in said)


# STAC


def test_the_stac_item_is_one_to_pystac(office: Office) -> None:
    code, (file,) = office.export("--format", "stac")
    assert code == 0
    document = json.loads(file.read_text("utf-8"))
    # The extensions' own schemas are not on this computer; the core's are.
    JsonSchemaSTACValidator().validate_core(document, pystac.STACObjectType.ITEM, document["stac_version"])
    item = pystac.Item.from_file(str(file))
    assert item.id == f"minewarden-{STEM}"
    assert (item.datetime, item.properties["start_datetime"], item.properties["end_datetime"]) == (
        None,
        "2024-07-01T00:00:00Z",
        "2024-07-31T23:59:59Z",
    )
    assert set(item.assets) == {"disturbance", "flagged", "patches", "coverage", "package"}
    for asset in item.assets.values():
        assert not os.path.isabs(asset.href)
        assert Path(asset.get_absolute_href() or "").resolve().is_file()


def test_the_stac_item_tells_the_raster_s_place_and_bands(office: Office) -> None:
    _, (file,) = office.export("--format", "stac")
    document = json.loads(file.read_text("utf-8"))
    with rasterio.open(office.month / "disturbance.tif") as raster:
        place = document["properties"]
        assert place["proj:code"] == "EPSG:32648"
        assert place["proj:shape"] == list(raster.shape)
        assert place["proj:transform"] == list(raster.transform)[:6]
        bands = document["assets"]["disturbance"]["bands"]
        assert tuple(band["name"] for band in bands) == raster.descriptions
        assert {(band["data_type"], band["nodata"]) for band in bands} == {("uint16", 65535)}
    assert [each["value"] for each in bands[0]["classification:classes"]] == [0, 1, 2, 3, 4, 5]
    west, south, east, north = document["bbox"]
    ground = shape(document["geometry"])
    assert ground.bounds == pytest.approx((west, south, east, north), abs=1e-4)
    assert all(ground.contains(case.written.geometry) for case in cases_of(office.config.parent))
    outputs = {each["path"]: each["sha256"] for each in json.loads((office.month / "run.json").read_text("utf-8"))["outputs"]}
    assert document["assets"]["disturbance"]["file:checksum"] == "1220" + outputs["disturbance.tif"]


# The command


@pytest.mark.parametrize("form", ["kml", "shp", "txt", "stac"])
def test_the_same_month_has_the_same_bytes_and_stays_as_it_is(office: Office, form: str, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in office.month.iterdir()}
    _, first = office.export("--format", form)
    content = [file.read_bytes() for file in first]
    _, again = office.export("--format", form)
    assert [file.read_bytes() for file in again] == content
    assert {file.name: file.read_bytes() for file in office.month.iterdir()} == before
    code, elsewhere = office.export("--format", form, "--out", str(tmp_path / "new" / "folder"))
    assert code == 0
    assert {file.parent for file in elsewhere} == {tmp_path / "new" / "folder"}
    if form != "stac":
        assert [file.read_bytes() for file in elsewhere] == content


def test_verdicts_are_those_of_now(office: Office, folder: Path, tmp_path: Path) -> None:
    """Not those of the day on which the month was run."""
    case = str(cases_of(folder)[0].properties["id"])
    with Ledger(folder / "out" / "ledger.sqlite", "620422") as ledger:
        version = ledger.standings()[case].version if case in ledger.standings() else 1
        before = office.export("--format", "shp", "--out", str(tmp_path / "before"))
        ledger.record_verdict(case, "confirmed", version=version, reviewer="李复核")
    after = office.export("--format", "shp", "--out", str(tmp_path / "after"))
    names = [next(f for f in files if f.suffix == ".dbf").read_bytes().count("李复核".encode("gbk")) for _, files in (before, after)]
    assert names == [0, 1]


def test_a_month_that_is_not_done_is_said(office: Office) -> None:
    assert office.refused("--format", "kml", month="2024-06") == (2, "MW-MONTH-MISSING")
    assert office.refused("--format", "kml", month="2024-6") == (2, "MW-MONTH-FORMAT")
    assert not (office.month.parent / "export" / "2024-06").exists()


def test_an_unknown_form_is_said(office: Office) -> None:
    assert office.refused("--format", "dwg") == (2, "MW-USAGE")
    assert office.refused() == (2, "MW-USAGE")


def test_a_folder_that_can_not_be_written_is_said(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    assert office.refused("--format", "kml", "--out", str(tmp_path / "file" / "below")) == (2, "MW-EXPORT-OUT")
    monkeypatch.setattr("pipeline.publish.export.folder.os.access", lambda _, mode: mode == os.R_OK)
    assert office.refused("--format", "kml", "--out", str(tmp_path)) == (2, "MW-EXPORT-OUT")


def test_a_month_s_own_folder_is_not_written_into(office: Office) -> None:
    assert office.refused("--format", "kml", "--out", str(office.month)) == (2, "MW-EXPORT-OUT")
    assert office.refused("--format", "kml", "--out", str(office.month / "kml")) == (2, "MW-EXPORT-OUT")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


@pytest.mark.parametrize(("name", "damage"), [("flagged.geojson", _cut), ("disturbance.tif", Path.unlink), ("run.json", _cut)])
def test_a_damaged_month_is_not_exported(office: Office, name: str, damage: Callable[[Path], None]) -> None:
    kept = (office.month / name).read_bytes()
    damage(office.month / name)
    try:
        assert office.refused("--format", "txt") == (5, "MW-RESULT-DAMAGED")
    finally:
        (office.month / name).write_bytes(kept)


def test_a_county_outside_china_has_no_zone() -> None:
    with pytest.raises(Exception, match="MW-EXPORT-ZONE"):
        corners.zone_of(26.1)


def test_without_a_month_it_is_the_last_that_has_ended(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "today", lambda: date(2024, 8, 15))
    assert main(["export", str(office.config), "--format", "kml"]) == 0
