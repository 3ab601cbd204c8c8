"""The workbook as bytes: the same for the same month."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from pipeline import months
from pipeline.files import write_atomic
from pipeline.publish.features import Feature
from pipeline.publish.plain import plain
from pipeline.publish.report import ReportInput
from pipeline.publish.spreadsheet import cases, cells, changed, followed, planning, register, restoration, worked
from pipeline.publish.spreadsheet.cells import Kind, day
from pipeline.publish.spreadsheet.table import Book, Column, Sheet
from pipeline.publish.words import CHECKS_OFF
from pipeline.scrub import scrub_text

NAME = "ledger.xlsx"
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""Of XlsxWriter. Left alone, it would turn text into formulas and links wherever text looks like one."""
MOST_WARNINGS = 30
_HEADING_SIGNS = 100
"""A header holds 255 signs with its commands."""


def write(path: Path, given: ReportInput) -> None:
    write_atomic(path, render(given))


def render(given: ReportInput) -> bytes:
    """The workbook. XlsxWriter dates the parts of the zip 1980-01-01; the document's own dates are the month's last day."""
    end = months.last_day(given.run.month)
    heading = f"{plain(given.county)[:_HEADING_SIGNS]} {given.run.month[:4]}年{int(given.run.month[5:])}月 矿山监测台账"
    sheets: Sequence[Sheet[Any]] = (
        cases.sheet(given.flagged, given.layers, given.judged), followed.sheet(given.judged, {str(each.properties["id"]) for each in given.flagged}),
        register.mines(given), register.legacy(given),
        worked.sheet(given.mines), *_given_back(given), changed.sheet(given.changes),
        _coverage(given.coverage, end),
    )  # fmt: skip
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, OPTIONS) as workbook:
        workbook.set_properties({"title": heading, "created": datetime(end.year, end.month, end.day)})
        book = Book(workbook, heading)
        for sheet in sheets:
            book.add(sheet)
        _explain(book, given, sheets)
    return target.getvalue()


def _given_back(given: ReportInput) -> Iterator[Sheet[Any]]:
    """Restoration, and the plan where the county has one."""
    if given.restoration:
        yield restoration.sites(given.restoration)
        yield restoration.mines(given.restoration)
        yield restoration.compared(given.restoration)
    if given.plan:
        yield planning.indicators(given.plan)
        yield planning.layout(given.plan)
        yield planning.checks(given.plan)


def _coverage(coverage: Sequence[Feature], end: date) -> Sheet[Feature]:
    def unseen_days(row: Feature) -> int | None:
        last = row.properties["last_seen"]
        return None if last is None else (end - date.fromisoformat(last)).days

    columns: tuple[Column[Feature], ...] = (
        Column("最近一次看清", Kind.DATE, 14, lambda row: day(row.properties["last_seen"]), "空白：从未看清"),
        Column("至月末已有（天）", Kind.COUNT, 12, unseen_days),
        Column("面积（公顷）", Kind.AREA, 14, lambda row: row.properties["area_ha"]),
        Column("经度", Kind.DEGREES, 14, lambda row: row.written.lon, "范围内一点，CGCS2000"),
        Column("纬度", Kind.DEGREES, 14, lambda row: row.written.lat),
    )
    return Sheet("未观测", columns, coverage, fixed=0)


def _explain(book: Book, given: ReportInput, sheets: Sequence[Sheet[Any]]) -> None:
    """The sheet 说明: what the month was made from, and what the columns mean."""
    target = book.book.add_worksheet("说明")
    target.set_column(0, 0, 24)
    target.set_column(1, 1, 100)
    target.set_row(0, 26)
    target.write_string(0, 0, book.heading, book.title)
    line = 1
    for name, text in _facts(given):
        target.write_string(line, 0, name, book.head)
        target.write_string(line, 1, cells.safe(text), book.note)
        line += 1
    for sheet in sheets:
        for column in sheet.columns:
            if column.meaning:
                target.write_string(line, 0, f"{sheet.name}：{column.title}", book.head)
                target.write_string(line, 1, column.meaning, book.note)
                line += 1
    book.set_up_print(target)


def _facts(given: ReportInput) -> Iterator[tuple[str, str]]:
    run = given.run
    yield "性质", "本表所列均为卫星遥感监测发现的疑似线索，不是违法认定。须经实地核查、核实举证后方可处理；没有看到不等于没有变化。"
    yield "填报", "本表随核实结果重新生成，直接填写的内容会丢失：请复制后使用。核实结果经复核流程录入，不从本表读回。"
    yield "文字", "图层中以 = + - @ 开头的文字前加了一个单引号（'），使其在表格软件中始终是文字。"
    yield "县（区）", f"{given.county}（{given.code}）"
    yield "月份", run.month
    used = [scene.id for scene in run.scenes if scene.used]
    left_out = [f"{scene.id}（{scene.reason or '原因未知'}）" for scene in run.scenes if not scene.used]
    yield "使用影像", f"{len(used)} 景：{'、'.join(used)}" if used else "0 景"
    if left_out:
        yield "未用影像", scrub_text("；".join(left_out))
    warning = "；本月结果不完整" if run.observed_fraction < given.min_coverage else ""
    yield "看清比例", f"{run.observed_fraction:.1%}，未看清 {run.unobserved_ha:,.1f} 公顷（见“未观测”）{warning}"
    yield "列出标准", f"采矿可能性不低于 {given.min_likelihood:.0%} 的变化，以及逾期未修复的图斑；其余变化见 patches.geojson"
    yield "图层版本", f"{given.layers.version}：" + "、".join(f"{each.name} {each.version}" for each in run.layers)
    for name in given.layers.off:
        yield "未进行的检查", CHECKS_OFF.get(name, f"未提供 {name}：依赖此图层的检查未进行")
    for text in run.warnings[:MOST_WARNINGS]:
        yield "注意", scrub_text(str(text))
    if len(run.warnings) > MOST_WARNINGS:
        yield "注意", f"另有 {len(run.warnings) - MOST_WARNINGS} 条，见 run.json"
    yield "运行", f"{run.run_id}，minewarden {run.version}"
