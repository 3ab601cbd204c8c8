"""The ministry's issued patches against ours, on made patches."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from shapely.geometry import MultiPolygon, mapping

from pipeline.errors import MinewardenError
from pipeline.layers import issued as issued_patches
from pipeline.layers.issued import Issued
from pipeline.ledger import KnownCase
from pipeline.publish.spreadsheet import reconciled
from pipeline.reconcile import Explained, Match, Side, reconcile, summary
from tests.county import box

OCTOBER = date(2024, 10, 15)
COUNTY = box(0, 0, 1000, 1000)
RING = shapely.Polygon([(105.001, 35.681), (105.003, 35.681), (105.003, 35.683), (105.001, 35.683)])


def ours(number: int, ground: Any, month: str = "2024-07", code: str = "unlicensed") -> KnownCase:
    return KnownCase(
        case_id=f"620422-2024-{number:06d}", code=code, first_month=month, first_seen=f"{month}-05", status="confirmed", area_m2=ground.area,
        lon=105.0, lat=35.7, geometry=ground,
    )  # fmt: skip


def theirs(number: int, ground: Any, day: date = OCTOBER) -> Issued:
    return Issued(id=f"TB{number}", geometry=ground, issued=day)


def told(matches: list[Match]) -> list[tuple[str, str | None, str | None, int | None, str | None]]:
    return [(m.side.value, m.issued.id if m.issued else None, m.ours.case_id[-1] if m.ours else None, m.lead_days, m.why) for m in matches]


def test_who_has_what_and_by_how_many_days_we_led() -> None:
    pit, other, third = box(100, 100, 200, 200), box(300, 300, 400, 400), box(600, 600, 700, 700)
    found = reconcile(
        [theirs(1, pit.buffer(10)), theirs(2, other, date(2024, 7, 10)), theirs(3, box(800, 100, 900, 200))],
        [ours(1, pit), ours(2, other), ours(3, third)],
        [],
        MultiPolygon(),
        COUNTY,
    )
    assert told(found) == [
        ("both", "TB1", "1", 76, None),
        ("both", "TB2", "2", -21, None),
        ("only_theirs", "TB3", None, None, "未见地表变化"),
        ("only_ours", None, "3", None, None),
    ]
    assert summary(found) == {"issued": 3, "cases": 3, "both": 2, "only_theirs": 1, "only_ours": 1, "led": 1, "median_lead_days": 27.5}


def test_of_one_that_only_they_have_it_is_said_what_we_say_of_its_ground() -> None:
    spots = [box(100 * k, 0, 100 * k + 50, 50) for k in range(4)]
    far = box(5000, 0, 5050, 50)
    found = reconcile(
        [theirs(k, ground) for k, ground in enumerate([*spots, far])],
        [],
        [Explained(geometry=spots[0], finding="permitted", cause="mining"), Explained(geometry=spots[1], finding="not_mining", cause="solar")],
        spots[2],
        COUNTY,
    )
    assert [m.why for m in found] == ["许可范围内开采", "非采矿变化：光伏", "本月未看清", "未见地表变化", "县界以外"]
    assert summary(found)["median_lead_days"] is None


def test_a_patch_over_two_cases_is_told_with_each_and_counts_once_by_its_earliest() -> None:
    found = reconcile(
        [theirs(1, box(0, 0, 200, 100))],
        [ours(1, box(0, 0, 90, 100), "2024-08"), ours(2, box(110, 0, 200, 100), "2024-05")],
        [],
        MultiPolygon(),
        COUNTY,
    )
    assert told(found) == [("both", "TB1", "2", 137, None), ("both", "TB1", "1", 45, None)]
    assert (summary(found)["both"], summary(found)["median_lead_days"]) == (1, 137.0)


def test_neighbours_that_share_a_sliver_are_two_matters() -> None:
    found = reconcile([theirs(1, box(0, 0, 100, 100))], [ours(1, box(85, 0, 185, 100))], [], MultiPolygon(), COUNTY)
    assert [m.side for m in found] == [Side.THEIRS, Side.OURS]


def test_nothing_issued_and_nothing_ours() -> None:
    assert reconcile([], [], [], MultiPolygon(), COUNTY) == []


def test_the_table_holds_hostile_text_as_text() -> None:
    match = Match(Side.THEIRS, Issued(id="=cmd|' /C calc'!A1", geometry=box(0, 0, 10, 10), issued=OCTOBER), None, why="未见地表变化")
    sheet = openpyxl.load_workbook(io.BytesIO(reconciled.render("会宁县", "2024-07", "2024-09", [match.row()])))["卫片比对"]
    assert [cell.value for cell in sheet[2]][:2] == ["仅卫片有", "'=cmd|' /C calc'!A1"]
    assert all(cell.data_type != "f" for row in sheet for cell in row)


def write(folder: Path, *rows: dict[str, Any], geometry: Any = RING) -> Path:
    file = folder / "issued.geojson"
    features = [{"type": "Feature", "properties": row, "geometry": mapping(geometry)} for row in rows]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return file


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"图斑编号": "T1", "下发日期": "2024年10月15日", "前时相": "20240601"}, {}),
        ({"TBBH": "T1", "XFRQ": "20241015", "QSX": "2024-06-01"}, {}),
        ({"编号": "T1", "何时": "2024/10/15", "before": "2024-06-01", "id": ""}, {"id": "编号", "issued": "何时"}),
    ],
)
def test_issued_patches_are_read_under_the_names_they_come_with(tmp_path: Path, row: dict[str, str], fields: dict[str, str]) -> None:
    (patch,), doubts = issued_patches.load(write(tmp_path, row), "EPSG:32648", COUNTY, None, fields)
    assert (patch.id, patch.issued, patch.before, patch.after, doubts) == ("T1", OCTOBER, date(2024, 6, 1), None, [])
    assert patch.geometry.area == pytest.approx(40_200, rel=0.02)


@pytest.mark.parametrize(
    ("rows", "fields", "code", "told"),
    [
        ([{"图斑编号": "T1"}], {}, "MW-ISSUED-DATE", "--issued"),
        ([{"编号": "T1"}], {}, "MW-ISSUED-FIELD", "--field id="),
        ([{"图斑编号": "T1"}], {"id": "号"}, "MW-ISSUED-FIELD", "columns of issued.geojson are 图斑编号"),
        ([{"图斑编号": "T1"}], {"when": "图斑编号"}, "MW-ISSUED-FIELD", "id, issued, before, after"),
        ([{"图斑编号": "T1", "下发日期": "2024-10-15"}] * 2, {}, "MW-LAYER-ID", ""),
    ],
)
def test_what_is_wrong_with_issued_patches_is_told_with_the_fix(
    tmp_path: Path, rows: list[dict[str, str]], fields: dict[str, str], code: str, told: str
) -> None:
    with pytest.raises(MinewardenError) as refused:
        issued_patches.load(write(tmp_path, *rows), "EPSG:32648", COUNTY, None, fields)
    assert refused.value.code == code
    assert told in refused.value.fix


def test_a_date_of_issue_in_the_file_counts_and_is_said(tmp_path: Path) -> None:
    rows = [{"图斑编号": "T1", "下发日期": "2024-07-15"}, {"图斑编号": "T2", "下发日期": ""}]
    found, doubts = issued_patches.load(write(tmp_path, *rows), "EPSG:32648", COUNTY, OCTOBER, {})
    assert [each.issued for each in found] == [date(2024, 7, 15), OCTOBER]
    (said,) = doubts
    assert "1 of 2 patches have a date of issue of their own (下发日期); it counts, not --issued" in said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MinewardenError, match="MW-ISSUED-FILE"):
        issued_patches.load(tmp_path / "none.shp", "EPSG:32648", COUNTY, OCTOBER, {})
