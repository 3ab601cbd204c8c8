"""Layers as GeoPackage and Shapefile: databases that compute, sidecars that are missing, names that lie."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely

from pipeline.config import LayerConfig
from pipeline.layers.opened import Setting, open_layer
from pipeline.layers.read import read
from tests.hostile.conftest import Given

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT"


def table(file: Path, driver: str = "GPKG", *, name: str = "mining_rights", crs: str | None = "EPSG:4490", encoding: str | None = None) -> Path:
    square = shapely.to_wkb([shapely.box(105.01, 35.685, 105.02, 35.69)])
    data = [np.array(["C1"], object), np.array(["会宁砖厂"], object)]
    pyogrio.raw.write(file, square, data, ["id", "name"], layer=name, driver=driver, crs=crs, geometry_type="Polygon", encoding=encoding)
    return file


def sql(*statements: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    return change


def cut(share: float) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        data = file.read_bytes()
        file.write_bytes(data[: int(len(data) * share)])

    return change


def noise(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4000:9000] = bytes(5000)
    file.write_bytes(data)


PACKAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "an endless view": (sql(f"CREATE VIEW v AS {ENDLESS} x FROM n"), "holds a view"),
    "an endless view in the place of a layer": (
        sql("ALTER TABLE mining_rights RENAME TO t", f"CREATE VIEW mining_rights AS {ENDLESS} x AS fid, NULL AS geom FROM n"), "holds a view"
    ),
    "a list of contents that never ends": (
        sql("ALTER TABLE gpkg_contents RENAME TO c", f"CREATE VIEW gpkg_contents AS {ENDLESS} c.* FROM n, c"), "holds a view"
    ),
    "a computed column": (
        sql("ALTER TABLE mining_rights ADD COLUMN bomb TEXT GENERATED ALWAYS AS (hex(zeroblob(400000000))) VIRTUAL"), "computed column"
    ),
    "a virtual table": (sql("CREATE VIRTUAL TABLE f USING fts5(x)"), "virtual table"),
    "no list of contents": (sql("DROP TABLE gpkg_contents"), "no GeoPackage"),
    "cut in half": (cut(0.5), "can't be read"),
    "cut after its head": (cut(0.01), "can't be read"),
    "zeros in its middle": (noise, "can't be read"),
    "some other database": (
        lambda file: (file.unlink(), sql("CREATE TABLE places (name TEXT)")(file)), "no GeoPackage"
    ),
    "text": (lambda file: file.write_text("GeoPackage", "utf-8"), "is not the GPKG file"),
    "a GeoJSON": (lambda file: file.write_text('{"type": "FeatureCollection", "features": []}', "utf-8"), "is not the GPKG file"),
    "an archive": (lambda file: file.write_bytes(b"PK\x03\x04" + bytes(2000)), "is not the GPKG file"),
}  # fmt: skip


@pytest.mark.parametrize("case", PACKAGES)
def test_a_geopackage_that_is_refused(given: Given, case: str) -> None:
    change, said = PACKAGES[case]
    change(table(given.file("r.gpkg")))
    code, problems = given.check("r.gpkg")
    assert code == 2
    assert said in problems[0]["message"]


def test_triggers_do_not_run_on_reading(given: Given) -> None:
    file = table(given.file("r.gpkg"))
    sql("CREATE TRIGGER t AFTER UPDATE ON mining_rights BEGIN DELETE FROM mining_rights; END")(file)
    before = file.read_bytes()
    assert given.check("r.gpkg") == (0, [])
    assert file.read_bytes() == before


HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in ("PRAGMA journal_mode = WAL", "SELECT count(*) FROM mining_rights", *sys.argv[2:]):
    database.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
database.close()
"""


@contextmanager
def held_open(file: Path, *statements: str) -> Iterator[None]:
    """A GeoPackage as QGIS holds it: what is done to it lies in the `-wal` beside it. Locks are a process's, so it takes another one."""
    with subprocess.Popen([sys.executable, "-c", HOLD, file, *statements], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"held\n"
        yield
        program.communicate()


CHANGE = "UPDATE gpkg_contents SET description = '2024'"


def test_a_geopackage_whose_changes_still_lie_beside_it(given: Given) -> None:
    file = table(given.file("r.gpkg"))
    with held_open(file):
        assert given.check("r.gpkg") == (0, [])
    with held_open(file, CHANGE):
        code, problems = given.check("r.gpkg")
        assert (code, [problem["code"] for problem in problems]) == (2, ["MW-LAYER-OPEN"])
        assert "r.gpkg-wal" in problems[0]["message"]
    assert given.check("r.gpkg") == (0, [])


def test_a_geopackage_that_a_killed_program_left_half_written(given: Given) -> None:
    table(given.file("r.gpkg"))
    given.write("r.gpkg-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
    assert [problem["code"] for problem in given.check("r.gpkg")[1]] == ["MW-LAYER-OPEN"]


def test_a_geopackage_that_is_changed_beside_it_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = table(tmp_path / "r.gpkg")
    with ExitStack() as program:

        def changing(*arguments: Any) -> Any:
            program.enter_context(held_open(file, CHANGE))
            return read(*arguments)

        monkeypatch.setattr("pipeline.layers.opened.read", changing)
        found = open_layer("mining_rights", file, file, LayerConfig(), Setting("EPSG:32648"))
    assert [problem.code for problem in found.problems] == ["MW-LAYER-OPEN"]


def test_a_geopackage_of_two_layers_says_which_it_holds(given: Given) -> None:
    file = table(given.file("r.gpkg"), name="甲")
    table(file, name="乙")
    code, problems = given.check("r.gpkg")
    assert code == 2
    assert problems[0]["code"] == "MW-LAYER-TABLE"
    assert "甲" in problems[0]["message"]


SHAPEFILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no index": (lambda file: file.with_suffix(".shx").unlink(), "r.shx"),
    "no table": (lambda file: file.with_suffix(".dbf").unlink(), "r.dbf"),
    "no CRS": (lambda file: file.with_suffix(".prj").unlink(), "does not say its coordinate system"),
    "a CRS that is none": (lambda file: file.with_suffix(".prj").write_text("西安80", "utf-8"), "coordinate system"),
    "an empty index": (lambda file: file.with_suffix(".shx").write_bytes(b""), "can't be read"),
    "an empty table": (lambda file: file.with_suffix(".dbf").write_bytes(b""), "can't be read|hold the id"),
    "a table of another": (lambda file: file.with_suffix(".dbf").write_bytes(b"\x03" + b"\xff" * 400), "can't be read|hold the id"),
    "cut in half": (cut(0.5), "can't be read|has no geometry"),
    "only its head": (lambda file: file.write_bytes(b"\x00\x00\x27\x0a"), "can't be read"),
    "an archive": (lambda file: file.write_bytes(b"PK\x03\x04" + bytes(2000)), "is not the ESRI Shapefile file"),
}


@pytest.mark.filterwarnings("default::RuntimeWarning")  # GDAL's remarks go to the log
@pytest.mark.parametrize("case", SHAPEFILES)
def test_a_shapefile_that_is_refused(given: Given, case: str) -> None:
    change, said = SHAPEFILES[case]
    change(table(given.file("r.shp"), "ESRI Shapefile"))
    code, problems = given.check("r.shp")
    assert code == 2
    assert any(each in problems[0]["message"] for each in said.split("|")), problems[0]


@pytest.mark.parametrize("cpg", [None, "GBK", "936", "UTF-8", "x" * 1_000_000, "../../etc/passwd"])
def test_a_gbk_shapefile_with_any_cpg(given: Given, cpg: str | None) -> None:
    """What the .cpg says is only believed where the text fits."""
    file = table(given.file("r.shp"), "ESRI Shapefile", encoding="GBK")
    sidecar = file.with_suffix(".cpg")
    sidecar.unlink() if cpg is None else sidecar.write_text(cpg, "ascii")
    assert given.check("r.shp") == (0, [])


@pytest.mark.parametrize("name", ["r.zip", "r.kml", "r.dxf", "r.xlsx", "r.gdb", "r", "r.geojson.exe", "r.vrt", "r.fgb"])
def test_other_endings(given: Given, name: str) -> None:
    shutil.copy(table(given.file("t.gpkg")), given.file(name))
    given.file("t.gpkg").unlink()
    code, problems = given.check(name)
    assert code == 2
    assert problems[0]["code"] == "MW-LAYER-FORMAT"
