"""Restoration and plan of a finished month: the same figures wherever they stand, and none that contradict the cases."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import rasterio
import shapely

from pipeline.cli import main
from tests.pipeline.conftest import ROOT, YEAR, County

MONTH = YEAR[-1]
RECOVERED = ("已治理", "自然恢复")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(list(arguments)) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def rows(book: Any, sheet: str) -> list[dict[str, Any]]:
    """Rows of a sheet by the titles of its columns."""
    head, *rest = book[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]


def table(html: str, after: str) -> list[list[str]]:
    """Cells of the first table after a heading, tags and notes below a value left out."""
    body = html.split(after, 1)[1].split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    without_notes = re.sub(r'<div class="basis">.*?</div>', "", body)
    return [
        [re.sub("<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]
        for row in re.findall(r"<tr>.*?</tr>", without_notes, re.S)
    ]


def test_figures_are_the_same_in_report_spreadsheet_page_and_json(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    document = printed(capsys, "restoration", str(county.config), "--month", MONTH, "--json")
    month = county.out / MONTH
    book = openpyxl.load_workbook(month / "ledger.xlsx")
    listed = {row["编号"]: row for row in rows(book, "修复治理")}
    shown = {cells[0]: cells for cells in table((month / "report.html").read_text("utf-8"), 'id="restoration"')}
    assert set(listed) == set(shown) == {site["id"] for site in document["sites"]}
    for site in document["sites"]:
        row, cells = listed[site["id"]], shown[site["id"]]
        assert (row["状态"], row["裸露（公顷）"], row["已恢复（公顷）"]) == (site["state"], site["bare_ha"], site["restored_ha"])
        assert cells[2:6] == [site["state"], *(f"{site[name]:.2f}" for name in ("area_ha", "bare_ha", "restored_ha"))]
    last = document["county_years"][-1]
    assert last["restored_ha"] == pytest.approx(sum(site["restored_ha"] for site in document["sites"]))
    assert last["disturbed_ha"] == pytest.approx(sum(site["area_ha"] for site in document["sites"]))
    mines = [row for row in rows(book, "边开采边治理") if row["年度"] == last["year"]]
    assert sum(row["已恢复（公顷）"] for row in mines) == pytest.approx(last["closed_restored_ha"] + last["working_restored_ha"])
    page = (month / "restoration.html").read_text("utf-8")
    in_month = {row["right_id"]: row for row in json.loads((month / "mines.json").read_text("utf-8"))["mines"]}
    beside = {row["采矿许可证号"]: row for row in rows(book, "挖损对照")}
    assert set(beside) == {mine["id"] for mine in document["mines"]}
    for mine in document["mines"]:
        row, disturbed = beside[mine["id"]], mine["years"][-1]["disturbed_ha"]
        assert row["月报现有挖损（公顷）"] == in_month[mine["id"]]["dug_ha"]
        parts = (row[f"{name}（公顷）"] for name in ("计入本账", "年度之后新挖", "计入其他地块"))
        assert sum(parts) == pytest.approx(row["月报现有挖损（公顷）"], abs=1e-6)
        assert row["计入本账（公顷）"] + row["已还原（公顷）"] == pytest.approx(disturbed, abs=1e-6)
        assert (row["累计扰动（公顷）"], row["年度之后新挖（公顷）"]) == (disturbed, 0)
        assert row["计入其他地块（公顷）"] == pytest.approx(0, abs=0.05), "cells at a boundary"
    assert all(f"{last[name]:,.2f}" in page for name in ("restored_ha", "disturbed_ha", "owed_ha"))
    assert page.count("data:image/png;base64,") == sum(site["picture"] is not None for site in document["sites"])


def test_states_do_not_contradict_the_cases(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    """A site that is a case of 逾期未修复 is overdue in the table, and never restored."""
    document = printed(capsys, "restoration", str(county.config), "--json")
    sites = {site["id"]: site for site in document["sites"]}
    cases = [row for row in county.rows(MONTH) if row["finding"] == "unrestored"]
    assert cases
    for case in cases:
        site = sites[case["legacy_id"] or case["right_id"]]
        assert site["overdue"]
        assert site["state"] not in RECOVERED
    truth = json.loads((county.folder / "truth.geojson").read_text("utf-8"))["features"]
    green = [each["properties"]["legacy_id"] for each in truth if each["properties"]["what"] in ("restored_patch", "regrown_patch")]
    assert green
    assert all(sites[id]["state"] in RECOVERED for id in green)


def test_a_second_look_reads_no_scene(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seasons are kept: a month whose growing seasons are known costs no reading."""
    from pipeline import layers, months, restored, sitehistory
    from pipeline.config import load
    from pipeline.monthly import prepare
    from pipeline.sources.lost import Lost

    project = load(county.config)
    inputs, hashes = prepare(project, 1, None, lambda *_: None, begins=False)
    monkeypatch.setattr(sitehistory, "read_planes", lambda *_, **__: pytest.fail("a scene was read"))
    ground = layers.load(project, project.config.grid.crs)
    again = restored.of_month(ground, inputs.scenes, MONTH, months.last_day(MONTH), inputs.setting, 2024, hashes.scene, 4, "会宁县", Lost(), ())
    kept = json.loads((county.out / MONTH / "restoration.json").read_text("utf-8"))
    legacy = [row for row in kept["sites"] if row["kind"] == "legacy"]
    assert legacy
    for row, seen in zip(legacy, again.document["sites"], strict=False):
        assert {key: row[key] for key in seen} == seen


def test_a_month_without_the_document_says_how_to_get_it(county: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older = tmp_path / "older"
    (older / "out" / MONTH).mkdir(parents=True)
    shutil.copy(county.config, older)
    shutil.copy(county.out / MONTH / "run.json", older / "out" / MONTH)
    assert main(["restoration", str(older / "config.yaml")]) == 2
    said = capsys.readouterr().err
    assert "MW-RESTORATION-NONE" in said
    assert "--replay" in said


def test_plan_of_a_county(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "configs" / "huining-plan.yaml", again.folder / "plan.yaml")
    assert main(["plan", str(again.config)]) == 2
    assert "MW-PLAN-NONE" in capsys.readouterr().err
    again.add("plan: plan.yaml\n")
    document = printed(capsys, "plan", str(again.config), "--json")
    (file,) = (again.out / "plan").glob("assessment-*.html")
    assert file.name == "assessment-2024-05-31.html"
    assert main(["report", str(again.config), "--quiet"]) == 0
    month = again.out / "2024-05"
    book = openpyxl.load_workbook(month / "ledger.xlsx")
    indicators = {row["指标"]: row for row in rows(book, "规划指标")}
    for each in document["indicators"]:
        assert indicators[each["name"]]["现状"] == each["value"]
        assert indicators[each["name"]]["目标"] == each["target"]
    assert [(row["采矿许可证号"], row["代码"]) for row in rows(book, "规划核对")] == [(c["right_id"], c["code"]) for c in document["checks"]]
    layout = rows(book, "规划布局")
    for zone, row in zip(document["zones"], layout, strict=False):
        assert (row["规划面积（km²）"], row["规划个数"], row["规划总规模"], row["单个矿山最低"]) == (
            zone["area_km2"], zone["rights"] + zone["planned"], zone["total"], zone["least"],
        )  # fmt: skip
    blocks = [(row["类别"], row["矿种"], row["规划个数"], row["图层中个数"], row["现有个数"]) for row in layout if "区块" in row["类别"]]
    assert blocks == [(each["use"], each["mineral"], each["count"], each["drawn"], each["used"]) for each in document["blocks"]]
    least = [(row["名称"], row["单个矿山最低"], row["最低类型"]) for row in layout if row["类别"] == "新建准入"]
    assert least == [("全县", 5, None), ("全县", 6, None), ("头寨子镇", None, "中型")]
    report = (month / "report.html").read_text("utf-8")
    assert all(each["name"] in report for each in document["indicators"])
    assert {"expired_not_cleared"} <= {check["code"] for check in document["checks"]}


def test_heights_of_the_config_choose_reference_ground(again: County, capsys: pytest.CaptureFixture[str]) -> None:
    """Next month's sites say how they and their plots lie; a file that is none stops the run before any work."""
    (again.folder / "dem.tif").write_text('<VRTDataset rasterXSize="9" rasterYSize="9"/>', "utf-8")
    again.add("dem: dem.tif\n")
    capsys.readouterr()
    assert again.run("2024-06", "--quiet") == 2
    assert "MW-DEM-OPEN" in capsys.readouterr().err
    (again.folder / "dem.tif").unlink()
    west, south, east, north = shapely.from_geojson((again.folder / "layers" / "aoi.geojson").read_text("utf-8")).bounds
    rows, cols = np.mgrid[:120, :120]
    heights = (2000 + 60 * np.sin(rows / 7) + 60 * np.sin(cols / 9)).astype(np.float32)
    profile = {"driver": "GTiff", "width": 120, "height": 120, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    transform = rasterio.transform.from_bounds(west - 0.005, south - 0.005, east + 0.005, north + 0.005, 120, 120)
    with rasterio.open(again.folder / "dem.tif", "w", transform=transform, **profile) as out:
        out.write(heights, 1)
    assert again.run("2024-06", "--quiet") == 0
    document = printed(capsys, "restoration", str(again.config), "--month", "2024-06", "--json")
    assert len(document["method"]["dem_sha256"]) == 64
    seen = [site["terrain"] for site in document["sites"] if site["reference_plots"]]
    assert seen
    assert all(lie and abs(lie["slope"] - lie["reference_slope"]) < 15 for lie in seen)
    assert {lie["aspect"] for lie in seen} != {None}
