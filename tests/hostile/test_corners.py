"""Corner points, workbooks and KML made to hurt."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.hostile.conftest import RING, Given, features
from tests.registers import workbook

ROW = "<row><c><v>105.01</v></c><c><v>35.69</v></c></row>"
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
ENTITIES = f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY l0 "ha">{LAUGHS}]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def packed(**members: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(folder: Path, name: str, content: bytes | str) -> bytes:
    """A sound workbook in which one part is another."""
    sound = workbook(folder / "sound.xlsx", [["点号", "X", "Y"], ["1", 3951000.0, 500900.0]])
    with zipfile.ZipFile(sound) as archive:
        members: dict[str, bytes | str] = {each: archive.read(each) for each in archive.namelist()}
    sound.unlink()
    return packed(**(members | {name: content}))


def placemark(coordinates: str) -> str:
    ring = f"<outerBoundaryIs><LinearRing><coordinates>{coordinates}</coordinates></LinearRing></outerBoundaryIs>"
    data = '<ExtendedData><Data name="id"><value>C1</value></Data></ExtendedData>'
    return f"<kml><Placemark><name>C1</name>{data}<Polygon>{ring}</Polygon></Placemark></kml>"


SQUARE = "105.01,35.685 105.015,35.685 105.015,35.69 105.01,35.69 105.01,35.685"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("r.kmz", packed(**{"doc.kml": bytes(400_000_000)}), "SIZE"),
        ("r.kmz", packed(**{"a.txt": "x"}), "FORMAT"),
        ("r.kmz", b"PK\x03\x04" + bytes(100), "READ"),
        ("r.kml", ENTITIES + placemark("&l11;"), "READ"),
        ("r.kml", OUTSIDE + placemark("&x;"), "READ"),
        ("r.kml", "<kml>" + "<Folder>" * 5000 + "</Folder>" * 5000 + "</kml>", "READ"),
        ("r.kml", placemark("105.01,35.685 105.015,x 105.015,35.69"), "EMPTY"),
        ("r.kml", placemark("105.01,35.685 nan,35.69 105.015,35.69"), "EMPTY"),
        ("r.kml", "<html>not found</html>", "FORMAT"),
        ("r.xlsx", packed(**{"xl/worksheets/sheet1.xml": bytes(300_000_000)}), "SIZE"),
        ("r.xlsx", packed(**{f"xl/x{k}.xml": "" for k in range(3000)}), "SIZE"),
        ("r.xlsx", packed(**{"doc.kml": "x"}), "READ"),
        ("r.xlsx", b"PK\x03\x04" + bytes(100), "FORMAT"),
        ("r.txt", b"J1\x00\x00\x01", "FORMAT"),
        ("r.txt", "[地块坐标]\n" + "," * 1_000_000 + "@\n", "POINTS"),
        ("r.txt", "9" * 3_000_000, "POINTS"),
        ("r.txt", "105°" * 300_000, "POINTS"),
        ("r.txt", "C1\t999,9999,1,3951000,35500000,", "LINE"),
        ("r.csv", '点号,X,Y\n1,"' + "x" * 3_000_000, "READ"),
        ("r.csv", "X,Y\n1e400,1\nnan,2\ninf,3\n", "LINE"),
    ],
)
def test_refused_with_little_time_and_memory(given: Given, name: str, content: bytes | str, code: str) -> None:
    given.write(name, content)
    exit_code, problems = given.check(name)
    assert exit_code == 2
    assert problems[0]["code"] == f"MW-LAYER-{code}"


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_a_workbook_that_declares_entities(given: Given, part: str) -> None:
    given.write("r.xlsx", with_part(given.folder, part, ENTITIES + "<a>&l11;</a>"))
    exit_code, problems = given.check("r.xlsx")
    assert (exit_code, problems[0]["code"]) == (2, "MW-LAYER-FORMAT")


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", ["", "<a", "<a/>", SHEET.format("<row r='x'><c t='s'><v>99</v></c></row>")])
def test_a_workbook_with_a_broken_part(given: Given, part: str, content: str) -> None:
    given.write("r.xlsx", with_part(given.folder, part, content))
    exit_code, _ = given.check("r.xlsx")
    assert exit_code == 2


def test_a_workbook_of_more_rows_than_a_register_has(given: Given) -> None:
    given.write("r.xlsx", with_part(given.folder, "xl/worksheets/sheet1.xml", SHEET.format(ROW * 250_000)))
    exit_code, problems = given.check("r.xlsx")
    assert (exit_code, problems[0]["code"]) == (2, "MW-LAYER-SIZE")


@pytest.mark.parametrize("name", ["r.txt", "r.csv"])
def test_a_million_lines_are_no_register(given: Given, name: str) -> None:
    given.write(name, "点号,X,Y\n" + "".join(f"{k},{3951000 + k % 7},500900\n" for k in range(700_000)))
    exit_code, problems = given.check(name)
    assert (exit_code, problems[0]["code"]) == (2, "MW-LAYER-SIZE")


def test_an_outline_of_three_hundred_thousand_points_is_read(given: Given) -> None:
    turn = [2 * math.pi * k / 300_000 for k in range(300_000)]
    given.write("r.kml", placemark(" ".join(f"{105.015 + 0.004 * math.cos(t):.8f},{35.69 + 0.004 * math.sin(t):.8f}" for t in turn)))
    assert given.check("r.kml") == (0, [])


def test_parts_that_cross_themselves_are_mended_with_a_warning(given: Given) -> None:
    bow = [[105.01, 35.685], [105.015, 35.685], [105.01, 35.689], [105.015, 35.69], [105.01, 35.685]]
    away = [[x + 0.01, y] for x, y in bow]
    given.write("r.geojson", features({"type": "MultiPolygon", "coordinates": [[bow], [away]]}))
    exit_code, problems = given.check("r.geojson")
    assert (exit_code, [problem["code"] for problem in problems]) == (0, ["MW-LAYER-SELF-CROSSING"])


@pytest.mark.parametrize("name", [b"EPSG::44\x0190", b"EPSG::\xc5\xff"])
def test_a_crs_s_name_that_is_no_text(given: Given, name: bytes) -> None:
    sound = json.dumps(features({"type": "Polygon", "coordinates": [RING]})).encode()
    given.write("r.geojson", sound.replace(b'"features"', b'"crs": {"type": "name", "properties": {"name": "%b"}}, "features"' % name))
    exit_code, problems = given.check("r.geojson")
    assert exit_code == 2
    assert problems[0]["code"] in ("MW-LAYER-CRS", "MW-LAYER-READ")


def test_what_a_document_links_to_is_not_fetched(given: Given) -> None:
    linked = placemark(SQUARE).replace("<kml>", "<kml><NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>")
    given.write("r.kml", linked)
    assert given.check("r.kml") == (0, [])


def test_names_that_would_be_formulas_or_markup_stay_text(given: Given) -> None:
    given.write("r.kml", placemark(SQUARE).replace("<name>C1", "<name>=cmd|' /C calc'!A0 &lt;script&gt;"))
    assert given.check("r.kml") == (0, [])


@pytest.mark.parametrize("inside", ["layers", "layers/mining_rights"])
def test_the_store_does_not_follow_a_link_out_of_the_output_folder(given: Given, capsys: pytest.CaptureFixture[str], inside: str) -> None:
    given.write("r.kml", placemark(SQUARE))
    assert given.check("r.kml")[0] == 0
    elsewhere = given.folder / "elsewhere"
    elsewhere.mkdir()
    link = given.folder / "out" / inside
    link.parent.mkdir(exist_ok=True)
    os.symlink(elsewhere, link)
    config, file = given.folder / "config.yaml", given.file("r.kml")
    for options in ([], ["--fix"]):
        code = main(["layers", "import", str(config), "mining_rights", str(file), *options])
        assert code == (2 if not options else 0)
    assert "MW-LAYER-STORE" in capsys.readouterr().err
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "x" * 100, "mining_rights/.."])
def test_a_layer_s_name_is_no_path(given: Given, capsys: pytest.CaptureFixture[str], name: str) -> None:
    given.write("r.kml", placemark(SQUARE))
    given.check("r.kml")
    before = given.everything()
    assert main(["layers", "import", str(given.folder / "config.yaml"), name, str(given.file("r.kml"))]) == 2
    assert "MW-LAYER-NAME" in capsys.readouterr().err
    assert given.everything() == before


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"versions": [1]}', '{"versions": [{"since": "x"}]}', '{"versions": ' + "[" * 100_000])
def test_a_damaged_list_of_versions(given: Given, capsys: pytest.CaptureFixture[str], content: str) -> None:
    given.write("r.kml", placemark(SQUARE))
    given.check("r.kml")
    config = str(given.folder / "config.yaml")
    assert main(["layers", "import", config, "mining_rights", str(given.file("r.kml"))]) == 0
    index = given.folder / "out" / "layers" / "mining_rights" / "versions.json"
    said = json.loads(index.read_text("utf-8"))
    index.write_text(content, "utf-8")
    assert main(["layers", "check", config]) == 5
    index.write_text(json.dumps(said), "utf-8")
    version = next(index.parent.glob("*.geojson"))
    version.write_text(version.read_text("utf-8").replace("105.01", "105.02"), "utf-8")
    assert main(["layers", "check", config]) == 5
    assert "not what was imported" in capsys.readouterr().err
