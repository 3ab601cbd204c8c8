"""The ministry's issued patches against ours, as a workbook of its own."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.files import write_atomic
from pipeline.publish.plain import plain
from pipeline.publish.spreadsheet.book import OPTIONS
from pipeline.publish.spreadsheet.cells import Kind, day
from pipeline.publish.spreadsheet.table import Book, Column, Sheet
from pipeline.publish.words import TITLES

Row = Mapping[str, Any]

SIDES: Mapping[str, str] = {"both": "双方均有", "only_theirs": "仅卫片有", "only_ours": "仅本系统有"}

_COLUMNS: tuple[Column[Row], ...] = (
    Column("比对结果", Kind.TEXT, 12, lambda row: SIDES[row["side"]]),
    Column("卫片图斑编号", Kind.TEXT, 22, lambda row: row["issued_id"]),
    Column("下发日期", Kind.DATE, 11, lambda row: day(row["issued"])),
    Column("卫片前时相", Kind.DATE, 11, lambda row: day(row["issued_before"])),
    Column("卫片后时相", Kind.DATE, 11, lambda row: day(row["issued_after"])),
    Column("卫片面积（m²）", Kind.METRES, 12, lambda row: row["issued_m2"]),
    Column(TITLES["id"], Kind.TEXT, 21, lambda row: row["case_id"]),
    Column(TITLES["finding_zh"], Kind.TEXT, 18, lambda row: row["finding_zh"]),
    Column(TITLES["first_seen"], Kind.DATE, 11, lambda row: day(row["first_seen"])),
    Column("首次列出", Kind.DATE, 11, lambda row: day(row["listed"])),
    Column(TITLES["area_m2"], Kind.METRES, 12, lambda row: row["area_m2"]),
    Column("重叠面积（m²）", Kind.METRES, 12, lambda row: row["shared_m2"]),
    Column("提前（天）", Kind.COUNT, 8, lambda row: row["lead_days"]),
    Column("本系统对仅卫片有图斑的判断", Kind.TEXT, 26, lambda row: row["why"]),
)


def write(path: Path, county: str, first: str, last: str, rows: Sequence[Row]) -> None:
    """Raises MinewardenError `MW-ISSUED-OUT` where the file can't be written."""
    try:
        write_atomic(path, render(county, first, last, rows))
    except OSError as error:
        fix = "Choose another file with --out, or check its folder's permissions."
        raise MinewardenError("MW-ISSUED-OUT", f"{path} can't be written ({error.strerror}).", fix) from error


def render(county: str, first: str, last: str, rows: Sequence[Row]) -> bytes:
    target, end = io.BytesIO(), months.last_day(last)
    heading = f"{plain(county)[:100]} {first} 至 {last} 卫片图斑比对"
    with xlsxwriter.Workbook(target, OPTIONS) as workbook:
        workbook.set_properties({"title": heading, "created": datetime(end.year, end.month, end.day)})
        Book(workbook, heading).add(Sheet("卫片比对", _COLUMNS, rows))
    return target.getvalue()
