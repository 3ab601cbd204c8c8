"""From scenes to a month's folder."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pyogrio.raw
import pytest
import rasterio
import shapely

from pipeline import models
from pipeline.config import load
from pipeline.patches import likelihood
from tests.contract import rows, shortcomings
from tests.pipeline.conftest import MONTHS, NEXT, YEAR, County


@pytest.mark.parametrize("month", YEAR)
def test_every_month_in_order_keeps_the_contract(county: County, month: str) -> None:
    assert shortcomings(county.out / month) == []


def test_nothing_else_is_left_in_the_output(county: County) -> None:
    assert sorted(each.name for each in county.out.iterdir() if not each.name.startswith(".")) == [*YEAR, "backup", "ledger.sqlite", "log", "state"]
    assert "Warning" not in (county.out / "log" / "minewarden.log").read_text("utf-8")


def test_only_scenes_of_the_month_are_used(county: County) -> None:
    for month in YEAR:
        run = json.loads((county.out / month / "run.json").read_text("utf-8"))
        assert {scene["date"][:7] for scene in run["scenes"]} == {month}
        assert not [row["last_seen"] for row in county.rows(month, "patches") if row["last_seen"][:7] > month]


def test_scenes_tell_how_far_they_lie_off_the_record(county: County) -> None:
    """Made scenes are moved by up to 0.4 cells each way; a scene that saw next to nothing tells nothing."""
    scenes = [scene for month in YEAR for scene in county.scenes(month) if scene["used"]]
    told = [scene["shift_m"] for scene in scenes if scene["shift_m"] is not None]
    assert len(told) >= 10
    assert max(abs(metres) for each in told for metres in each) < 6
    assert not any(scene["shift_m"] for scene in scenes if scene["clear_fraction"] < 0.02)


def test_a_case_keeps_its_id_and_its_first_day(county: County) -> None:
    first: dict[str, str] = {}
    for month in YEAR:
        for row in county.rows(month):
            assert row["new_this_month"] is (row["id"] not in first)
            if row["finding"] != "unrestored":
                assert first.setdefault(row["id"], row["first_seen"]) == row["first_seen"]
            first.setdefault(row["id"], row["first_seen"])
    assert len(first) >= 10
    assert sorted(first) == [f"620422-2024-{number:06d}" for number in range(1, len(first) + 1)]


def test_a_case_remembers_what_was_published_of_it_last_month(county: County) -> None:
    """Each likelihood can be worked out from the features beside it: what this month's looks say, and half of what was said before."""
    model, recalled = likelihood.load(), 0
    for before, month in itertools.pairwise(YEAR):
        said = {row["patch_id"]: row["mining_likelihood"] for row in county.rows(before) if row["mining_likelihood"] is not None}
        for row in county.rows(month, "patches"):
            if not row["features"]:
                continue
            assert model.judge(row["features"]).mining == pytest.approx(row["mining_likelihood"], abs=0.01)
            if row["patch_id"] in said and row["status"] != "ended" and likelihood.REMEMBERED in row["features"]:
                assert row["features"][likelihood.REMEMBERED] in said.values()
                recalled += 1
    assert recalled >= 10


def test_other_readers_open_the_files(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "geopandas", None)
    folder = county.out / YEAR[-1]
    for name in ("flagged", "patches", "coverage"):
        said = rows(folder, name)
        if not said:
            continue
        info, _, geometry, columns = pyogrio.raw.read(folder / f"{name}.geojson")
        assert info["crs"] == "EPSG:4326"
        assert len(geometry) == len(said)
        shapes = shapely.from_wkb(geometry)
        assert shapely.is_valid(shapes).all()
        west, south, east, north = shapely.total_bounds(shapes)
        assert (west > 104, south > 35, east < 106, north < 37) == (True,) * 4
        if name == "flagged":
            values = dict(zip(info["fields"], columns, strict=True))
            assert list(values["finding_zh"]) == [row["finding_zh"] for row in said]
    layers = {name for name, _ in pyogrio.list_layers(folder / "flagged.gpkg")}
    assert {"cases", "patches", "coverage", "rights", "zones", "legacy"} <= layers
    info, _, geometry, _ = pyogrio.raw.read(folder / "flagged.gpkg", layer="cases")
    assert info["crs"] == "EPSG:4490"
    assert len(geometry) == len(rows(folder, "flagged"))


def test_cells_and_patches_say_the_same(county: County) -> None:
    """The raster's status, its coverage and run.json's agree."""
    folder = county.out / YEAR[2]
    run = json.loads((folder / "run.json").read_text("utf-8"))
    with rasterio.open(folder / "disturbance.tif") as file:
        status, _, _, looks = file.read()
    inside = status != file.nodata
    assert run["counts"]["cells"] == inside.sum()
    assert run["coverage"]["observed_fraction"] == pytest.approx((looks[inside] > 0).mean(), abs=1e-4)
    unseen_ha = sum(row["area_ha"] for row in rows(folder, "coverage"))
    assert unseen_ha == pytest.approx(np.count_nonzero(looks[inside] == 0) / 100, rel=0.01)
    assert run["coverage"]["unobserved_ha"] == pytest.approx(unseen_ha, rel=0.01)


def test_a_month_without_a_clear_look_is_not_no_change(county: County) -> None:
    """February is under snow in this county: what was listed stays, and the ground counts as not seen."""
    seen = {month: json.loads((county.out / month / "run.json").read_text("utf-8"))["coverage"]["observed_fraction"] for month in YEAR[:3]}
    dark = min(seen, key=lambda month: seen[month])
    assert seen[dark] < 0.1
    before = YEAR[YEAR.index(dark) - 1]
    assert {row["id"] for row in county.rows(dark)} >= {row["id"] for row in county.rows(before)}
    assert sum(row["area_ha"] for row in rows(county.out / dark, "coverage")) > 300


def test_a_finished_month_is_left_alone(thin: County, capsys: pytest.CaptureFixture[str]) -> None:
    before = thin.everything()
    for month in (MONTHS[-1], MONTHS[1]):
        assert thin.run(month) == 0
        said = capsys.readouterr().out
        assert "done already" in said
        assert str(thin.out / month / "report.html") in said
    assert thin.everything() == before


def test_the_next_month_leaves_the_others_alone(again: County) -> None:
    before = again.bytes(MONTHS, ("run.json", "report.html", "flagged.gpkg"))
    assert again.run(NEXT) == 0
    assert shortcomings(again.out / NEXT) == []
    assert again.bytes(MONTHS, ("run.json", "report.html", "flagged.gpkg")) == before


def test_a_folder_without_run_json_is_not_a_result(again: County, thin: County) -> None:
    (again.out / MONTHS[-1] / "run.json").unlink()
    (again.out / MONTHS[-1] / "flagged.geojson").write_text("{}", "utf-8")
    assert again.run(MONTHS[-1]) == 0
    assert again.bytes(MONTHS) == thin.bytes(MONTHS)


def test_status_tells_what_is_done_and_open(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.cli import main

    assert main(["status", str(county.config)]) == 0
    said = capsys.readouterr().out
    assert f"{len(YEAR)} month(s) done" in said
    assert f"Open cases of {YEAR[-1]}: {len(county.rows(YEAR[-1]))}" in said
    assert main(["status", str(county.config), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(found["open_cases"].values()) == len(county.rows(YEAR[-1]))
    assert found["late_scenes"] == []


def test_the_report_tells_what_was_not_seen_and_what_went(county: County) -> None:
    for last, month in itertools.pairwise(YEAR):
        report = (county.out / month / "report.html").read_text("utf-8")
        gone = {row["id"] for row in county.rows(last)} - {row["id"] for row in county.rows(month)}
        assert all(each in report for each in gone)
        seen = json.loads((county.out / month / "run.json").read_text("utf-8"))["coverage"]["observed_fraction"]
        assert ("结果不完整" in report) is (seen < 0.5)


def test_doctor_finds_all_in_order(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.cli import main

    assert main(["doctor", str(county.config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


@pytest.mark.parametrize("gone", ["2024/model", "2024/built", "2024/r000c000.base", "2024/start/r000c000.alert", "2024-01/r000c000.alert", "2024-05"])
def test_doctor_misses_what_is_missing(again: County, gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.cli import main

    file = again.out / "state" / gone
    shutil.rmtree(file) if file.is_dir() else file.unlink()
    assert main(["doctor", str(again.config), "--json"]) == 5
    (state,) = [check for check in json.loads(capsys.readouterr().out)["checks"] if not check["ok"]]
    assert state["name"] == "state"
    assert str(file) in state["detail"]
    assert "missing" in state["detail"]


def test_months_are_a_path_apart(county: County, tmp_path: Path) -> None:
    """Nothing published holds a path of this machine."""
    for name in ("flagged.geojson", "patches.geojson", "coverage.geojson", "report.html", "run.json"):
        assert str(county.folder) not in (county.out / YEAR[-1] / name).read_text("utf-8")


def test_a_likelihood_of_the_county_s_own_judges_from_the_next_month_on(again: County) -> None:
    project, shipped = load(again.config), likelihood.load()
    strict = replace(shipped, bias=-30.0)
    models.put(project, strict)
    assert again.run(NEXT, "--quiet") == 0
    judged_by = [json.loads((again.out / month / "run.json").read_text("utf-8"))["model"] for month in (MONTHS[-1], NEXT)]
    assert judged_by == [shipped.sha256, strict.sha256]
    assert not [row for row in again.rows(NEXT) if row["mining_likelihood"] is not None]
    assert max(row["mining_likelihood"] for row in again.rows(NEXT, "patches") if row["mining_likelihood"] is not None) < 0.5


@pytest.mark.parametrize("month", [YEAR[0], YEAR[-1]])
def test_the_spreadsheet_counts_what_the_geojson_holds(county: County, month: str) -> None:
    said = county.rows(month)
    workbook = openpyxl.load_workbook(county.out / month / "ledger.xlsx")
    head, *lines = workbook["线索"].iter_rows()
    titles = [cell.value for cell in head]
    cases = [dict(zip(titles, line, strict=True)) for line in lines]
    assert [case["图斑编号"].value for case in cases] == [row["id"] for row in said]
    assert sum(case["监测面积（m²）"].value for case in cases) == pytest.approx(sum(row["area_m2"] for row in said))
    links = [case["证据图"].hyperlink for case in cases]
    assert [link and link.target for link in links] == [row["evidence"] for row in said]
    head, *lines = workbook["矿山"].iter_rows(values_only=True)
    assert sum(dict(zip(head, line, strict=True))["在册线索（个）"] for line in lines) == sum(row["right_id"] is not None for row in said)


def test_a_finished_month_is_exported(county: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.cli import main

    for form in ("kml", "shp", "txt", "stac"):
        assert main(["export", str(county.config), "--month", YEAR[-1], "--format", form, "--out", str(tmp_path)]) == 0
    files = capsys.readouterr().out.split()
    assert sorted(files) == sorted(str(each) for each in tmp_path.iterdir())
    assert pyogrio.read_info(tmp_path / f"620422-{YEAR[-1]}.shp")["features"] == len(county.rows(YEAR[-1]))
