"""Layers as GeoJSON: nested, endless, crossed, misplaced, misnamed."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from pipeline.layers.shapes import clean
from tests.hostile.conftest import Given, features, polygon

SMALL = [[105.01, 35.685], [105.02, 35.685], [105.02, 35.69], [105.01, 35.69], [105.01, 35.685]]
SOUND = features(polygon(SMALL))


def text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def nested(depth: int) -> dict[str, Any]:
    geometry = polygon(SMALL)
    for _ in range(depth):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    return geometry


def star(points: int) -> NDArray[np.float64]:
    """A sound outline of many points."""
    turn = np.linspace(0, 2 * math.pi, points, endpoint=False)
    radius = 0.004 + 0.0005 * np.sin(50 * turn)
    return np.column_stack([105.015 + radius * np.cos(turn), 35.69 + radius * np.sin(turn)])


def scribble(points: int) -> list[list[float]]:
    ring = np.random.default_rng(1).random((points, 2)) * 0.01 + [105.01, 35.685]
    return [*ring.round(7).tolist(), ring[0].round(7).tolist()]


def with_point(point: str) -> str:
    return text(SOUND).replace("[105.02, 35.685]", point)


VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1:9/x</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


def metres(easting: int) -> dict[str, Any]:
    return features(polygon([[easting, 3_950_000], [easting + 100, 3_950_000], [easting + 100, 3_950_100], [easting, 3_950_000]]))


REFUSED: dict[str, tuple[Any, str]] = {
    "collections 100 deep": (features(nested(100)), "TYPE"),
    "attributes 5000 deep": (text(SOUND).replace('"C1"', '"C1", "x": ' + "[" * 5000 + "]" * 5000), "READ"),
    "coordinates 20000 deep": (text(SOUND).replace(text([SMALL]), "[" * 20000 + "]" * 20000), "READ"),
    "NaN": (with_point("[NaN, 35.685]"), "(EMPTY|NAN|READ)"),
    "Infinity": (with_point("[Infinity, 35.685]"), "(NAN|READ)"),
    "a number too great for any": (with_point("[1e999, 35.685]"), "(NAN|READ)"),
    "a coordinate of one number": (with_point("[105.02]"), "(EMPTY|READ)"),
    "a coordinate of text": (with_point('["x", "y"]'), "(EMPTY|READ)"),
    "no geometry": (features(None), "EMPTY"),
    "a ring of two points": (features(polygon(SMALL[:2])), "EMPTY"),
    "a ring that encloses nothing": (features(polygon([SMALL[0], SMALL[1], SMALL[0], SMALL[0]])), "EMPTY"),
    "a point": (features({"type": "Point", "coordinates": [105.01, 35.69]}), "TYPE"),
    "a scribble": (features(polygon(scribble(5000))), "EMPTY"),
    "latitude first": (features(polygon([[y, x] for x, y in SMALL])), "COORDINATES"),
    "metres said to be degrees": (metres(504_500), "COORDINATES"),
    "a zone before the easting": (metres(35_504_500), "COORDINATES"),
    "an id of blanks": (features(polygon(SMALL), id=" \u3000\t\u200b"), "ID"),
    "an empty id": (features(polygon(SMALL), id=""), "ID"),
    "no id": (text(SOUND).replace('"id"', '"di"'), "ID"),
    "an id twice": (features(polygon(SMALL), polygon(SMALL), id="C1"), "ID"),
    "ids that differ in what nobody sees": (text(features(polygon(SMALL), polygon(SMALL))).replace("C2", "C1\u200b"), "ID"),
    "text of 10 MB": (features(polygon(SMALL), name="x" * 10_000_000), "(READ|TEXT)"),
    "an id of 10 MB": (features(polygon(SMALL), id="x" * 10_000_000), "(READ|TEXT)"),
    "bytes that are no UTF-8": (text(features(polygon(SMALL), name="QQ")).encode().replace(b"QQ", b"\xff\xfe"), "READ"),
    "nothing": ("", "FORMAT"),
    "a page of a web server": ("<html>503</html>", "FORMAT"),
    "an object of nothing": ("{}", "READ"),
    "TopoJSON": ('{"type": "Topology", "objects": {}, "arcs": []}', "(READ|FORMAT)"),
    "Esri JSON": ('{"geometryType": "esriGeometryPolygon", "features": []}', "(READ|FORMAT)"),
    "a VRT": (VRT, "FORMAT"),
    "a service's answer": ('{"type": "FeatureCollection", "exceededTransferLimit": true, "features": [', "READ"),
}  # fmt: skip


@pytest.mark.filterwarnings("default::RuntimeWarning")  # GDAL's remarks go to the log
@pytest.mark.parametrize("case", REFUSED)
def test_refused(given: Given, case: str) -> None:
    content, code = REFUSED[case]
    given.write("r.geojson", content)
    exit_code, problems = given.check("r.geojson")
    fatal = [problem for problem in problems if problem["fatal"]]
    assert exit_code == 2
    assert fatal
    assert re.fullmatch(f"MW-LAYER-{code}", fatal[0]["code"]), fatal[0]
    assert "r.geojson" in fatal[0]["message"]


@pytest.mark.parametrize(
    ("case", "looks_like"),
    [
        ("latitude first", "latitude before longitude"),
        ("metres said to be degrees", "metres of EPSG:32648"),
        ("a zone before the easting", "EPSG:4523"),
    ],
)
def test_misplaced_coordinates_are_told_from_what_they_look_like(given: Given, case: str, looks_like: str) -> None:
    given.write("r.geojson", REFUSED[case][0])
    _, problems = given.check("r.geojson")
    assert looks_like in problems[0]["message"]


TAKEN: dict[str, tuple[Any, str | None]] = {
    "inside out": (features(polygon(SMALL[::-1])), None),
    "a bow tie": (features(polygon([SMALL[0], SMALL[2], SMALL[1], SMALL[3], SMALL[0]])), "SELF-CROSSING"),
    "a hole outside": (features({"type": "Polygon", "coordinates": [SMALL, [[104, 35], [104.1, 35], [104.1, 35.1], [104, 35]]]}), "SELF-CROSSING"),
    "far away": (features(polygon([[x - 20, y - 10] for x, y in SMALL]), polygon([[x - 21, y - 10] for x, y in SMALL])), "OUTSIDE"),
    "latitude first, in the west": (features(polygon([[35.69, 85.0], [35.69, 85.1], [35.7, 85.1], [35.69, 85.0]])), "OUTSIDE"),
    "no features": (features(), "NONE"),
    "features that are none": ('{"type": "FeatureCollection", "features": ' + "[" * 100 + "]" * 100 + "}", "NONE"),
    "a name that is markup": (features(polygon(SMALL), name="<script>alert(1)</script>"), None),
    "a name that is a formula": (features(polygon(SMALL), holder="=cmd|' /C calc'!A1"), None),
    "a name with control signs": (features(polygon(SMALL), name="a\u001b[31mb\u0007"), "TEXT"),
    "a name that turns what follows": (features(polygon(SMALL), name="abc\u202egpj.exe"), "TEXT"),
    "a name of 5000 signs": (features(polygon(SMALL), name="矿" * 5000), "TEXT"),
    "half a character": (text(features(polygon(SMALL), name="QQ")).replace("QQ", "\\ud800x"), "MOJIBAKE"),
    "a day that is none": (features(polygon(SMALL), valid_to="2024-13-45"), "DATE"),
    "a date of 10,000 digits": (features(polygon(SMALL), valid_to="2" * 900), "DATE"),
    "an end before the beginning": (features(polygon(SMALL), valid_from="2024-01-01", valid_to="2020-01-01"), "PERIOD"),
    "a scale of infinity": (features(polygon(SMALL), scale="inf"), "NUMBER"),
    "a status nobody knows": (features(polygon(SMALL), status="'; DROP TABLE cases; --"), "STATUS"),
    "a CRS by its address": (SOUND | {"crs": {"type": "link", "properties": {"href": "http://127.0.0.1:9/crs"}}}, None),
}


@pytest.mark.parametrize("case", TAKEN)
def test_taken_with_a_warning_where_something_is_odd(given: Given, case: str) -> None:
    content, code = TAKEN[case]
    given.write("r.geojson", content)
    exit_code, problems = given.check("r.geojson")
    assert exit_code == 0
    assert [problem["code"] for problem in problems] == ([f"MW-LAYER-{code}"] if code else [])


def test_a_sparse_file_of_10_gb(given: Given) -> None:
    file = given.write("r.geojson", "{")
    with file.open("r+b") as stream:
        stream.truncate(10_000_000_000)
    assert [p["code"] for p in given.check("r.geojson")[1]] == ["MW-LAYER-SIZE"]


def test_a_million_points_in_a_file(given: Given) -> None:
    ring = "[105.01,35.69],[105.02,35.70]," * 500_000 + "[105.01,35.69]"
    given.write("r.geojson", json.dumps(features({"type": "Polygon", "coordinates": []})).replace('"coordinates": []', f'"coordinates": [[{ring}]]'))
    code, problems = given.check("r.geojson")
    assert (code, [p["code"] for p in problems]) == (2, ["MW-LAYER-SIZE"])


def test_a_million_points() -> None:
    outline = np.array([shapely.polygons(star(1_000_000)), shapely.polygons(star(1_000))], object)
    told: list[tuple[int, str, bool]] = []
    good, _ = clean(outline, "EPSG:4326", "EPSG:32648", lambda k, code, _, __, fatal: told.append((k, code, fatal)))
    assert told == [(0, "MW-LAYER-SIZE", True)]
    assert [g is None for g in good] == [True, False]


@pytest.mark.parametrize(
    "path",
    ["/vsicurl/http://127.0.0.1:9/r.geojson", "http://127.0.0.1:9/r.geojson", "s3://bucket/r.geojson", "/dev/zero", "/proc/self/mem", "layers"],
)
def test_paths_that_are_no_layer(given: Given, path: str) -> None:
    code, problems = given.check(f"../{path}" if not path.startswith(("http", "/vsi", "s3")) else path)
    assert code == 2
    assert problems[0]["code"] in ("MW-LAYER-REMOTE", "MW-LAYER-FILE")


@pytest.mark.parametrize("kind", ["pipe", "link to itself"])
def test_files_that_are_none(given: Given, kind: str) -> None:
    file = given.file("r.geojson")
    os.mkfifo(file) if kind == "pipe" else file.symlink_to(file)
    assert [p["code"] for p in given.check("r.geojson")[1]] == ["MW-LAYER-FILE"]


def test_a_layer_that_changes_while_it_is_read(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    file = given.write("r.geojson", SOUND)
    load = sys.modules["pipeline.layers.opened"]
    read, times = load.read, iter(range(100))

    def saving(*arguments: Any) -> Any:
        table = read(*arguments)
        file.write_text(text(features(polygon(SMALL), name=str(next(times)))), "utf-8")
        return table

    monkeypatch.setattr(load, "read", saving)
    code, problems = given.check("r.geojson")
    assert code == 2
    assert problems[0]["code"] == "MW-LAYER-CHANGED"
