"""The sheet 改判: findings that became others, a row for each field of a layer that made the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.publish.spreadsheet.cells import Kind
from pipeline.publish.spreadsheet.table import Column, Sheet
from pipeline.publish.words import LAYER_FIELDS, LAYERS, TITLES

Row = Mapping[str, Any]

NO_LAYER: Row = {"layer": None, "record": None, "field": None, "before": None, "after": None, "version_before": None, "version_after": None}


def sheet(changes: Sequence[Row]) -> Sheet[Row]:
    return Sheet("改判", _COLUMNS, list(_rows(changes)))


def _rows(changes: Sequence[Row]) -> Iterator[Row]:
    for change in changes:
        for cause in change["because"] or [NO_LAYER]:
            yield {**change, "cause": cause}


def _because(row: Row) -> str:
    layer = row["cause"]["layer"]
    return "图层未变：地表或影像判断不同" if layer is None else LAYERS.get(layer, layer)


def _value(row: Row, when: str) -> Any:
    found = row["cause"][when]
    return "是" if found is True else found


_COLUMNS: tuple[Column[Row], ...] = (
    Column(TITLES["id"], Kind.TEXT, 21, lambda row: row["case_id"]),
    Column("原结论", Kind.TEXT, 24, lambda row: row["before_zh"]),
    Column("现结论", Kind.TEXT, 24, lambda row: row["after_zh"] or "不再列出"),
    Column("涉及面积（m²）", Kind.METRES, 12, lambda row: row["ground_m2"], "原、现结论共同的地块面积"),
    Column("原因", Kind.TEXT, 28, _because, "同一地块上，上月与本月图层记录的差别，每项一行"),
    Column("记录", Kind.TEXT, 26, lambda row: row["cause"]["record"]),
    Column("字段", Kind.TEXT, 15, lambda row: LAYER_FIELDS.get(row["cause"]["field"], row["cause"]["field"]), "记录新增或消失时，只列其覆盖面积"),
    Column("原值", Kind.TEXT, 12, lambda row: _value(row, "before")),
    Column("现值", Kind.TEXT, 12, lambda row: _value(row, "after")),
    Column("原图层版本", Kind.TEXT, 14, lambda row: row["cause"]["version_before"]),
    Column("现图层版本", Kind.TEXT, 14, lambda row: row["cause"]["version_after"]),
    Column(TITLES["patch_id"], Kind.TEXT, 20, lambda row: row["patch_id"]),
)
