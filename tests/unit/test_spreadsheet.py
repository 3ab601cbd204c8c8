"""ledger.xlsx, read back."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.layers.model import Right
from pipeline.publish.report import ReportInput
from pipeline.publish.spreadsheet import book
from pipeline.publish.styles import SEVERITY_COLOURS
from tests import made_month
from tests.contract import rows

SHEETS = ["线索", "处置", "矿山", "历史遗留图斑", "矿山月报", "改判", "未观测", "说明"]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    root = tmp_path_factory.mktemp("book")
    made = made_month.publish(root / "2024-07", made_month.two_months(root), made_month.run_facts())
    return replace(made, gone=[str(root / "2024-07")])


@pytest.fixture(scope="module")
def folder(given: ReportInput) -> Path:
    return Path(given.gone[0])


def opened(data: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    """Rows by the names of their columns."""
    head, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(head, line, strict=True)) for line in body]


def with_row(given: ReportInput, **changes: Any) -> ReportInput:
    first = given.flagged[0]
    return replace(given, flagged=[replace(first, properties=first.properties | changes)])


def test_it_has_a_row_for_each_case_that_says_what_the_geojson_says(given: ReportInput, folder: Path) -> None:
    workbook = openpyxl.load_workbook(folder / "ledger.xlsx")
    assert workbook.sheetnames == SHEETS
    cases, said = table(workbook["线索"]), rows(folder, "flagged")
    assert len(cases) == len(said) > 0
    for case, row in zip(cases, said, strict=True):
        assert case["图斑编号"] == row["id"]
        assert case["线索类型"] == row["finding_zh"]
        assert case["监测面积（亩）"] == row["area_mu"]
        assert case["监测面积（m²）"] == row["area_m2"]
        assert case["首次发现"] == datetime.fromisoformat(row["first_seen"])
        assert case["采矿可能性"] == row["mining_likelihood"]
        assert case["经度"] == row["lon"]
    assert [case["核实举证结果"] for case in cases[:2]] == ["待核实", "需实地核查"]
    assert cases[1]["核实时间"] == datetime(2024, 7, 9)
    assert cases[4]["涉及生态红线、其他禁采区"] == "红线-3"
    assert cases[4]["占用耕地/永久基本农田"] is None
    assert cases[4]["同时涉及"] == "禁采区内开采"


def test_farmland_has_a_column_of_its_own(given: ReportInput) -> None:
    (case,) = table(opened(book.render(with_row(given, restriction="基本农田-118;红线-3;没有的")))["线索"])
    assert case["占用耕地/永久基本农田"] == "永久基本农田 基本农田-118"
    assert case["涉及生态红线、其他禁采区"] == "红线-3；没有的"


def test_values_have_the_type_of_their_column(given: ReportInput) -> None:
    sheet = opened(book.render(given))["线索"]
    titles = [cell.value for cell in sheet[1]]
    kinds = {title: sheet.cell(2, at) for at, title in enumerate(titles, 1)}
    assert (kinds["前时相"].is_date, kinds["前时相"].number_format) == (True, "yyyy-mm-dd")
    assert (kinds["监测面积（亩）"].data_type, kinds["监测面积（亩）"].number_format) == ("n", "#,##0.00")
    assert (kinds["变化置信度"].data_type, kinds["变化置信度"].number_format) == ("n", "0.0%")
    assert (kinds["图斑编号"].data_type, kinds["图斑编号"].number_format) == ("s", "@")
    assert not [cell.coordinate for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]


def test_an_id_of_digits_stays_text(given: ReportInput) -> None:
    (case,) = table(opened(book.render(with_row(given, right_id="0062042201000000000000")))["线索"])
    assert case["采矿许可证号"] == "0062042201000000000000"


@pytest.mark.parametrize("day", ["1850-05-01", "0001-01-01"])
def test_a_day_that_spreadsheets_do_not_have_is_text(given: ReportInput, day: str) -> None:
    (case,) = table(opened(book.render(with_row(given, valid_to=day, deadline="9999-12-31")))["线索"])
    assert case["有效期止"] == day
    assert case["治理期限"] == datetime(9999, 12, 31)


def test_mines_are_counted_with_their_cases(given: ReportInput, folder: Path) -> None:
    mines = {row["采矿许可证号"]: row for row in table(opened(book.render(given))["矿山"])}
    assert len(mines) == len(given.layers.rights)
    north = mines["C6204222009127120051234"]
    said = [row for row in rows(folder, "flagged") if row["right_id"] == "C6204222009127120051234"]
    assert (north["月末效力"], north["在册线索（个）"], north["线索编号"]) == ("有效", 1, said[0]["id"])
    assert north["线索面积（公顷）"] == pytest.approx(said[0]["area_m2"] / 1e4)
    assert north["本月线索新增挖损（公顷）"] == pytest.approx(said[0]["growth_m2"] / 1e4)
    assert north["矿区面积（km²）"] == pytest.approx(0.63, rel=0.01)
    lawful = mines["C6204222015047130060777"]
    (permitted,) = (row for row in rows(folder, "patches") if row["finding"] == "permitted")
    assert (lawful["在册线索（个）"], lawful["许可范围内变化（公顷）"]) == (0, pytest.approx(permitted["area_m2"] / 1e4))
    assert mines["'" + made_month.FORMULA]["月末效力"] == "已过期"


def test_a_mine_is_told_as_the_register_of_the_month_s_end_has_it(given: ReportInput) -> None:
    now = Right(id="A", geometry=given.layers.rights[0].geometry, holder="乙", stood_from=date(2024, 8, 5))
    layers = replace(given.layers, rights=(now,), former=(replace(now, holder="甲", stood_from=None, stood_until=date(2024, 8, 4)),))
    (mine,) = table(opened(book.render(replace(given, layers=layers)))["矿山"])
    assert (mine["采矿权人"], mine["月末效力"]) == ("甲", "有效")


def test_a_mine_stands_as_it_does_at_the_month_s_end(given: ReportInput) -> None:
    right = Right(id="A", geometry=given.layers.rights[0].geometry, valid_to=date(2024, 7, 31))
    closed = replace(right, id="B", status="注销", valid_to=None)
    layers = replace(given.layers, rights=(closed, right, replace(right, id="C", valid_to=date(2024, 7, 30))))
    mines = table(opened(book.render(replace(given, layers=layers)))["矿山"])
    assert [(row["采矿许可证号"], row["月末效力"]) for row in mines] == [("A", "有效"), ("B", "已关闭"), ("C", "已过期")]


def test_legacy_patches_tell_what_is_overdue(given: ReportInput, folder: Path) -> None:
    (patch,) = table(opened(book.render(given))["历史遗留图斑"])
    assert (patch["治理状态"], patch["治理期限"], patch["是否逾期"]) == ("未治理", datetime(2023, 12, 31), "是")
    known = given.layers.legacy[0]
    restored = replace(given.layers, legacy=(replace(known, state="已治理"),))
    (patch,) = table(opened(book.render(replace(given, layers=restored)))["历史遗留图斑"])
    assert patch["是否逾期"] == "否"
    bare = with_row(replace(given, layers=restored), finding="unrestored", legacy_id=known.id)
    (patch,) = table(opened(book.render(bare))["历史遗留图斑"])
    assert (patch["是否逾期"], patch["逾期未修复线索"]) == ("是", bare.flagged[0].properties["id"])


def test_unseen_ground_says_for_how_long(given: ReportInput) -> None:
    never, june = table(opened(book.render(given))["未观测"])
    assert (never["最近一次看清"], never["至月末已有（天）"]) == (None, None)
    assert (june["最近一次看清"], june["至月末已有（天）"]) == (datetime(2024, 6, 18), 43)
    assert june["面积（公顷）"] == pytest.approx(63, rel=0.01)


def test_the_notes_say_what_the_month_rests_on(given: ReportInput) -> None:
    text = "\n".join(str(cell) for line in opened(book.render(given))["说明"].iter_rows(values_only=True) for cell in line if cell)
    for said in (
        "会宁县",
        "620422",
        "疑似线索",
        "实地核查",
        "93.1%",
        "2 景",
        "3 of 120 blocks",
        "未提供乡镇界线",
        "overlaps another right",
        "月末效力",
        "2024-07-a1b2c3",
    ):
        assert said in text, said
    assert "本月结果不完整" not in text
    many = replace(given.run, warnings=[f"warning {k}" for k in range(500)], observed_fraction=0.1)
    sheet = opened(book.render(replace(given, run=many)))["说明"]
    assert sheet.max_row < 100
    assert "本月结果不完整" in str(list(sheet.iter_rows(values_only=True)))


def test_sheets_can_be_filtered_read_and_printed(given: ReportInput) -> None:
    workbook = opened(book.render(given))
    for name in SHEETS[:-1]:
        sheet = workbook[name]
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.freeze_panes in ("A2", "B2")
        assert sheet.print_title_rows == "$1:$1"
        # Forty columns are not read on one page. One page wide is what a sheet says by not saying it.
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
            "landscape",
            3 if name == "线索" else None,
            0,
        )
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert min(column.width for column in sheet.column_dimensions.values()) >= 6
    cases = workbook["线索"]
    assert cases.print_title_cols == "$A:$A"
    (choice,) = cases.data_validations.dataValidation
    assert choice.formula1 == '"待核实,已确认,已排除,需实地核查"'
    assert cases["A2"].alignment.wrap_text
    for line, case in enumerate(given.flagged, 2):
        assert cases.cell(line, 2).fill.start_color.rgb == "FF" + SEVERITY_COLOURS[case.properties["severity"]].removeprefix("#").upper()


def test_pictures_are_linked_where_there_are_some(given: ReportInput) -> None:
    assert not [cell for line in opened(book.render(given))["线索"].iter_rows() for cell in line if cell.hyperlink]
    sheet = opened(book.render(with_row(given, evidence="evidence/620422-2024-000001.png")))["线索"]
    (linked,) = (cell for line in sheet.iter_rows() for cell in line if cell.hyperlink)
    assert (linked.value, linked.hyperlink.target) == ("查看", "evidence/620422-2024-000001.png")


def test_a_month_without_cases_has_its_head(given: ReportInput) -> None:
    empty = replace(given, flagged=[], patches=[], coverage=[], layers=replace(given.layers, rights=(), legacy=(), zones=()))
    workbook = opened(book.render(empty))
    assert [workbook[name].max_row for name in SHEETS[:4]] == [1, 1, 1, 1]


def test_three_thousand_cases_are_all_there(given: ReportInput) -> None:
    first = given.flagged[0]
    many = [replace(first, properties=first.properties | {"id": f"620422-2024-{k:06d}"}) for k in range(3000)]
    data = book.render(replace(given, flagged=many))
    assert len(data) < 1_000_000
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert parts.read("xl/worksheets/sheet1.xml").count(b"<row ") == 3001
        words = parts.read("xl/sharedStrings.xml").decode()
    assert all(f">{each.properties['id']}<" in words for each in many)


def test_the_same_month_has_the_same_bytes(given: ReportInput, folder: Path) -> None:
    assert book.render(given) == (folder / "ledger.xlsx").read_bytes()
    workbook = opened(book.render(given))
    assert workbook.properties.created == workbook.properties.modified == datetime(2024, 7, 31)


def test_verdicts_renew_it_and_so_it_is_not_hashed(folder: Path) -> None:
    assert "ledger.xlsx" not in [each["path"] for each in json.loads((folder / "run.json").read_text("utf-8"))["outputs"]]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_reads_it_as_it_was_meant(given: ReportInput, tmp_path: Path) -> None:
    (tmp_path / "ledger.xlsx").write_bytes(book.render(given))
    home = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    order = ["soffice", home, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(tmp_path), "ledger.xlsx"]
    subprocess.run(order, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    text = (tmp_path / "ledger.csv").read_text("utf-8")
    assert all(case.properties["id"] in text for case in given.flagged)
    assert "2024-05-12" in text
    assert "\n=" not in text
    assert ",=" not in text
