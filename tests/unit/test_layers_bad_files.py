"""Files as clerks really bring them: each kind of mistake gets the message that tells what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Polygon

from pipeline.cli import main
from tests.registers import Entry, corner_rows, corners_csv, geojson, kml_text, licence_text, parcel_text, string, table, workbook

ID, OTHER = "C6200002010011120001234", "C6200002012117130123456"
RIGHT = Entry(ID, "会宁东矿", Polygon([(105.01, 35.685), (105.015, 35.685), (105.016, 35.69), (105.01, 35.689)]))
HOLE = Polygon(RIGHT.polygon.exterior, [[(105.012, 35.686), (105.013, 35.686), (105.013, 35.687)]])
FAR = Entry(ID, "他县矿", Polygon([(106.8, 35.685), (106.805, 35.685), (106.805, 35.69)]))
ZONE, PLAIN = "EPSG:4523", "EPSG:4544"
Make = Callable[[Path], Path]


def written(name: str, text: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder / name

    return make


def edited(write: Callable[..., Path], suffix: str, *changes: tuple[str, str], crs: str = ZONE, entry: Entry = RIGHT, encoding: str = "gbk") -> Make:
    """A sound file in which some text is another."""

    def make(folder: Path) -> Path:
        file = write(folder / f"register{suffix}", [entry], crs)
        text = file.read_bytes().decode(encoding)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file.write_bytes(text.encode(encoding))
        return file

    return make


def line(folder: Path, write: Callable[..., Path], begins: str, crs: str = ZONE) -> str:
    file = write(folder / "sound.txt", [RIGHT], crs)
    return next(each for each in file.read_bytes().decode("gbk").splitlines() if each.startswith(begins))


def without(write: Callable[..., Path], begins: str) -> Make:
    """A sound text that lacks a line."""

    def make(folder: Path) -> Path:
        return edited(write, ".txt", ("\r\n" + line(folder, write, begins), ""))(folder)

    return make


def swapped(folder: Path) -> Path:
    """Parcel text with east before north."""
    file = parcel_text(folder / "register.txt", [RIGHT], ZONE)
    lines = [each.split(",") for each in file.read_bytes().decode("gbk").splitlines()]
    turned = [[parts[0], parts[1], parts[3], parts[2]] if parts[0].startswith("J") else parts for parts in lines]
    file.write_bytes("\n".join(",".join(parts) for parts in turned).encode("gbk"))
    return file


def rows(*changes: Callable[[list[list[Any]]], None]) -> Make:
    def make(folder: Path) -> Path:
        cells = corner_rows([RIGHT], PLAIN)
        for change in changes:
            change(cells)
        return workbook(folder / "register.xlsx", cells)

    return make


def set_cell(row: int, column: int, value: Any) -> Callable[[list[list[Any]]], None]:
    def change(cells: list[list[Any]]) -> None:
        cells[row][column] = value

    return change


def features(*made: tuple[Any, dict[str, Any]]) -> Make:
    listed = [{"type": "Feature", "properties": values, "geometry": {"type": "Polygon", "coordinates": rings}} for rings, values in made]
    return written("register.geojson", json.dumps({"type": "FeatureCollection", "features": listed}, ensure_ascii=False))


def ring(*points: tuple[float, float], close: bool = True) -> list[list[list[float]]]:
    return [[[105 + x, 35.68 + y] for x, y in ([*points, points[0]] if close else points)]]


SQUARE = ring((0.01, 0.005), (0.015, 0.005), (0.015, 0.01), (0.01, 0.01))
BOW = ring((0.01, 0.005), (0.015, 0.005), (0.01, 0.009), (0.015, 0.01))
STRIP = ring((0.01, 0.005), (0.015, 0.005), (0.015, 0.005003), (0.01, 0.005003))
OPEN = ring((0.01, 0.005), (0.015, 0.005), (0.015, 0.01), (0.01, 0.01), close=False)


def right(rings: Any = SQUARE, **values: Any) -> tuple[Any, dict[str, Any]]:
    return rings, {"id": ID} | values


def no_crs(folder: Path) -> Path:
    file = table("ESRI Shapefile", {"id": "id"})(folder / "register.shp", [RIGHT], "EPSG:4490")
    file.with_suffix(".prj").unlink()
    return file


def no_dbf(folder: Path) -> Path:
    file = table("ESRI Shapefile", {"id": "id"})(folder / "register.shp", [RIGHT], "EPSG:4490")
    file.with_suffix(".dbf").unlink()
    return file


TURNED = [(f"J{n},1,", f"J{n},9,") for n in range(1, 6)] + [(f"J{n},2,", f"J{n},1,") for n in range(1, 5)]
CONFLICT = string(Entry(ID, "", HOLE), ZONE).replace(",-1,", ",1,")
LETTER = f"许可证号：{ID}\n1、东经105°00′36″，北纬35°41′06″\n2、东经105°00′54″，北纬35°41′06″\n3、东经105°00′54″，北纬35°41′24″\n"
BARE = "拐点：\n105.0100 35.6850\n105.0150 35.6850\n105.0150 35.6900\n"


NOTICE = f"""许可证号：{ID}
2000国家大地坐标系
点号\tX\tY
J1\t3950590.56\t500905.06
J2\t3950590.57\t501357.65
J3\t3951145.36\t501357.62
J4\t3951145.35\t500905.00
"""
KILOMETRES = NOTICE.replace("3950590.56", "3950.59056").replace("3950590.57", "3950.59057").replace("3951145.36", "3951.14536")
KILOMETRES = KILOMETRES.replace("3951145.35", "3951.14535").replace("500905.06", "500.90506").replace("501357.65", "501.35765")
KILOMETRES = KILOMETRES.replace("501357.62", "501.35762").replace("500905.00", "500.90500")


def notice(*changes: tuple[str, str]) -> Make:
    """A sound notice in which some text is another."""
    text = NOTICE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return written("register.txt", text)


@dataclass(frozen=True)
class Bad:
    make: Make
    code: str
    says: tuple[str, ...]
    """What message and fix have to hold."""
    stops: bool = False


BAD: dict[str, Bad] = {
    "parcel: a point lost": Bad(without(parcel_text, "J3,"), "COUNT", ("states 5 points, but has 4",)),
    "parcel: last line lost": Bad(without(parcel_text, "J5,"), "UNCLOSED", ("does not end with its first point J1", "Repeat the first point")),
    "parcel: area of another survey": Bad(
        edited(parcel_text, ".txt", (",,C62", ",9.1234,C62")),
        "AREA",
        ("states an area of 9.1234 公顷", "enclose 24.6", "Compare it with the licence"),
    ),
    "parcel: east before north": Bad(swapped, "AXES", ("easting before northing", "--order east_north"), True),
    "parcel: zone number of another county": Bad(
        edited(parcel_text, ".txt", ("带号=35", "带号=36"), crs=PLAIN), "OUTSIDE", ("3-degree zone 35 (EPSG:4544)",), True
    ),
    "parcel: header and eastings name different zones": Bad(
        edited(parcel_text, ".txt", ("带号=35", "带号=36")), "ZONE", ("says zone 36", "begin with 35")
    ),
    "parcel: Xi'an 1980 without parameters": Bad(
        edited(parcel_text, ".txt", ("2000国家大地坐标系", "1980西安坐标系"), crs=ZONE),
        "DATUM",
        ("Xian 1980", "50 to 150 m", "seven parameters"),
        True,
    ),
    "parcel: Xi'an 1980 with parameters of its own": Bad(
        edited(parcel_text, ".txt", ("2000国家大地坐标系", "1980西安坐标系"), ("[地块", "转换参数=-12,130,68,0.5,-0.2,1.5,4\r\n[地块")),
        "DATUM",
        ("--shift=-12,130,68,0.5,-0.2,1.5,4",),
        True,
    ),
    "parcel: no number": Bad(edited(parcel_text, ".txt", (ID, "")), "ID", ("--id C620",), True),
    "parcel: a line, no area": Bad(edited(parcel_text, ".txt", (",面,", ",线,")), "TYPE", ("线", "Only areas belong here"), True),
    "parcel: points without a header": Bad(
        written("register.txt", "[地块坐标]\nJ1,1,3951000.1,35500000.2\n"), "LINE", ("before the header", "A header ends in @"), True
    ),
    "parcel: letters for digits": Bad(edited(parcel_text, ".txt", ("J2,1,39", "J2,1,3l")), "LINE", ("in line 10", "A line is like J1,1"), True),
    "parcel: two points alone": Bad(
        written("register.txt", f"[地块坐标]\n3,,{ID},甲,面,,,,@\nJ1,1,3951000,35500000\nJ2,1,3951100,35500000\nJ1,1,3951000,35500000\n"),
        "POINTS",
        ("three or more make an area",),
        True,
    ),
    "parcel: the hole numbered first": Bad(
        edited(parcel_text, ".txt", *TURNED, entry=Entry(ID, "", HOLE)),
        "INSIDE-OUT",
        ("the order of the rings is turned", "outer ring first"),
        True,
    ),
    "licence text: a line lost": Bad(without(licence_text, "XY003"), "COUNT", ("states 5 lines", "has 4")),
    "licence text: its end lost": Bad(without(licence_text, "XY005"), "UNCLOSED", ("line of elevations",)),
    "licence text: a coordinate system by a number": Bad(
        edited(licence_text, ".txt", ("坐标系统=2000国家大地坐标系3度带", "坐标系统=2")), "DATUM", ("Xian 1980",), True
    ),
    "register: said to be taken out, but flagged 1": Bad(
        written("register.txt", f"{ID}\t{CONFLICT}"), "ASK", ("扣除", "flagged 1", "taken out: 0.2", "added: 0.2", "deduct"), True
    ),
    "register: cut off": Bad(
        written("register.txt", f"{ID}\t{string(RIGHT, ZONE)[:90]}"), "LINE", ("ends before point", "Copy the whole string"), True
    ),
    "register: no licence number": Bad(written("register.txt", string(RIGHT, ZONE)), "ID", ("--id C620",), True),
    "table: degrees and metres mixed up in one row": Bad(
        rows(set_cell(2, 5, "不详")), "LINE", ("row 3", "不详", "is no coordinate", "Write both"), True
    ),
    "table: a licence number that Excel has rounded": Bad(
        rows(set_cell(1, 0, 6.20000201001112e21)), "LICENCE", ("rounded by a spreadsheet", "as text")
    ),
    "table: no heading of coordinates": Bad(
        written("register.csv", "许可证号,甲,乙\nC1,1,2\n"), "POINTS", ("no heading says X and Y", "docs/layers.md"), True
    ),
    "table: seconds beyond 60": Bad(
        written("register.csv", "点号,经度,纬度\n1,105°00′75″,35°41′00″\n"), "LINE", ("minutes and seconds end at 60", "Correct the coordinate"), True
    ),
    "table: the datum is not said": Bad(edited(corners_csv, ".csv", encoding="utf-8"), "DATUM-UNSAID", ("CGCS2000", "50 to 150 m")),
    "table: Xi'an 1980 in other words": Bad(notice(("2000国家大地坐标系", "80大地坐标系")), "DATUM", ("Xian 1980", "say so with --crs"), True),
    "table: some eastings with the zone's number, some without": Bad(
        notice(("500905.06", "35500905.06")), "ZONE", ("(35) and without (501357.650)", "Write all with the number"), True
    ),
    "table: a lost decimal point": Bad(
        notice(("501357.65", "50135765")), "LINE", ("far from all others", "no. 2 of the ring that begins in line 4", "50135765"), True
    ),
    "table: kilometres": Bad(written("register.txt", KILOMETRES), "ZONE", ("holds kilometres (3950.8", "in metres"), True),
    "letter: degrees, minutes and seconds without signs": Bad(
        written("register.txt", f"许可证号：{ID}\n1 1050036 354106\n2 1050054 354106\n3 1050054 354124\n"),
        "LINE",
        ("without a sign between them", "Write them apart"),
        True,
    ),
    "Shapefile: a name of its own for the column of numbers": Bad(
        lambda folder: table("ESRI Shapefile", {"id": "证", "name": "矿山名"})(folder / "register.shp", [RIGHT], ZONE),
        "ID",
        ("It has: 证, 矿山名", "--field id="),
        True,
    ),
    "workbook: an old .xls": Bad(written("register.xls", b"\xd0\xcf\x11\xe0"), "FORMAT", ("save it as .xlsx",), True),
    "workbook: an .xls that was renamed": Bad(
        written("register.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600)), "FORMAT", ("Export the layer again",), True
    ),
    "a Word document": Bad(written("letter.docx", b"PK\x03\x04"), "FORMAT", ("Copy its text or table",), True),
    "a drawing": Bad(written("boundary.dwg", b"AC1027"), "FORMAT", ("Export the boundary as Shapefile",), True),
    "letter: a coordinate alone in its line": Bad(
        written("register.txt", LETTER.replace("，北纬35°41′24″", "")), "LINE", ("line 4", "belong in pairs", "in one line"), True
    ),
    "letter: whose is it": Bad(written("register.txt", BARE), "ID", ("--id C620",), True),
    "letter: no coordinates": Bad(written("register.txt", "请协助核实。\n"), "POINTS", ("no corner points", "docs/layers.md"), True),
    "text in no encoding": Bad(written("register.txt", b"\x81\x20\xff\xff\x80"), "ENCODING", ("neither UTF-8 nor GBK", "Save it as UTF-8"), True),
    "KML: a path": Bad(
        written("register.kml", kml_text([RIGHT]).replace("Polygon>", "X>").replace("LinearRing>", "LineString>")),
        "TYPE",
        ("Draw it as a polygon",),
        True,
    ),
    "a Shapefile in Beijing 1954": Bad(
        lambda folder: table("ESRI Shapefile", {"id": "id"})(folder / "register.shp", [RIGHT], "EPSG:4214"), "DATUM", ("Beijing", "50 to 150 m"), True
    ),
    "Shapefile without .prj": Bad(no_crs, "CRS", ("does not say its coordinate system", "crs: EPSG:4490"), True),
    "Shapefile without .dbf": Bad(no_dbf, "PARTS", ("register.dbf", "Copy all files"), True),
    "a ring that is not closed": Bad(features(right(OPEN)), "UNCLOSED", ("not closed", "--fix"), True),
    "an outline that crosses itself": Bad(features(right(BOW)), "SELF-CROSSING", ("crosses itself", "Correct its corner points")),
    "a sliver": Bad(features(right(STRIP)), "SLIVER", ("a sliver", "--fix")),
    "an id twice": Bad(features(right(), right()), "ID", ("more than once",), True),
    "the same ground twice": Bad(features(right(), right(id=OTHER)), "DUPLICATE", ("very same outline", "Take one of them out")),
    "rights on each other": Bad(
        features(right(), right(ring((0.012, 0.005), (0.018, 0.005), (0.018, 0.01)), id=OTHER)),
        "OVERLAP",
        ("overlap by", "Compare their corner points"),
    ),
    "another county's right": Bad(
        lambda folder: geojson(folder / "r.geojson", [FAR], "EPSG:4490"), "OUTSIDE", ("outside the county", "another county's")
    ),
    "latitude before longitude": Bad(features(right([[[y, x] for x, y in SQUARE[0]]])), "COORDINATES", ("order is swapped",), True),
    "a licence number too short": Bad(features(right(id=ID[:-1])), "LICENCE", ("22 characters instead of 23", "compare it with the licence")),
    "O for 0 in a licence number": Bad(features(right(id=ID.replace("0", "O", 1))), "LICENCE", ("letter where a digit", ID)),
    "a licence number with spaces": Bad(features(right(id=f"{ID[:7]} {ID[7:]}")), "LICENCE", ("spaces", ID)),
    "a month that is none in a licence number": Bad(features(right(id="C6200002010991120001234")), "LICENCE", ("month 99",)),
    "in force, but long ended": Bad(features(right(status="有效", valid_to="2019-06-30")), "STATUS-DATE", ("ended on 2019-06-30", "renewal_applied")),
    "ended, but its term goes on": Bad(features(right(status="过期", valid_to="2090-06-30")), "STATUS-DATE", ("goes on to 2090-06-30",)),
    "closed, but its term goes on": Bad(
        features(right(status="注销", valid_to="2090-06-30")), "STATUS-DATE", ("counts as valid until then", "give the day")
    ),
    "renewal applied for too late": Bad(features(right(valid_to="2020-01-01", renewal_applied="2020-02-01")), "STATUS-DATE", ("after it ended",)),
    "elevations turned": Bad(features(right(top=1700, bottom=1800)), "STATUS-DATE", ("upper elevation", "mixed up")),
    "UTF-8 read as GBK": Bad(features(right(name="会宁东矿石灰".encode().decode("gb18030"))), "MOJIBAKE", ("decoded wrongly", "--fix")),
    "GBK read as Latin-1": Bad(features(right(name="会宁东矿".encode("gbk").decode("latin-1"))), "MOJIBAKE", ("会宁东矿", "--fix")),
    "text that is lost": Bad(features(right(name="锟斤拷锟斤拷")), "MOJIBAKE", ("it is lost", "Export the layer again")),
    "a stated area that is another": Bad(features(right(矿区面积="1.9 km²")), "AREA", ("1.9 km2", "0.25")),
    "our own findings for rights": Bad(
        features(right(finding_zh="疑似无证开采", mining_likelihood=0.9)), "OURS", ("suspected digging, not rights", "review apply"), True
    ),
    "an empty file": Bad(written("register.geojson", b""), "FORMAT", ("not the GeoJSON file",), True),
}


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A county's config, to which a layer is brought."""
    outline = ring((0, 0), (0.03, 0), (0.03, 0.02), (0, 0.02))
    features((outline, {}))(tmp_path).rename(tmp_path / "aoi.geojson")
    config = tmp_path / "config.yaml"
    config.write_text(
        'county: {name: 会宁县, code: "620422"}\narea: aoi.geojson\ngrid: {crs: EPSG:32648, resolution: 10}\n'
        "sources: [{kind: folder, path: scenes}]\noutput: out\n",
        "utf-8",
    )
    return config


@pytest.mark.parametrize("case", BAD)
def test_a_clerk_is_told_what_to_do(office: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    bad = BAD[case]
    folder = office.parent / "inbox"
    folder.mkdir()
    file = bad.make(folder)
    before = {each: each.read_bytes() for each in folder.iterdir()}
    code = main(["layers", "import", str(office), "mining_rights", str(file), "--json"])
    out, err = capsys.readouterr()
    assert err == ""
    answer = json.loads(out)
    found = [p for p in answer["problems"] if p["code"] == f"MW-LAYER-{bad.code}"]
    assert found, answer["problems"]
    told = "\n".join(f"{p['message']} {p['fix']}" for p in found)
    for words in bad.says:
        assert words in told
    assert any(p["title_zh"] != "图层问题" for p in found)
    assert (code, answer["state"]) == ((2, "refused") if bad.stops else (0, "imported"))
    assert (office.parent / "out" / "layers").exists() is not bad.stops
    assert {each: each.read_bytes() for each in folder.iterdir()} == before
