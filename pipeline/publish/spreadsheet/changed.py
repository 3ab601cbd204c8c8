"""The sheet 改判: findings that became others, and which layer, version and field made the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.publish.spreadsheet.cells import Kind
from pipeline.publish.spreadsheet.table import Column, Sheet
from pipeline.publish.words import LAYER_FIELDS, LAYERS, TITLES

Row = Mapping[str, Any]


def sheet(changes: Sequence[Row]) -> Sheet[Row]:
    return Sheet("改判", _COLUMNS, changes)


def _because(row: Row) -> str:
    lines = [f"{_named(each)} {each['record']}：{LAYER_FIELDS.get(each['field'], each['field'])} {_was(each)}" for each in row["because"]]
    return "\n".join(lines) or "图层未变：地表变化或影像判断不同"


def _named(cause: Row) -> str:
    return LAYERS.get(cause["layer"], cause["layer"])


def _was(cause: Row) -> str:
    before, after = ("—" if value is None else value for value in (cause["before"], cause["after"]))
    return f"{before} → {after}"


def _versions(row: Row) -> str | None:
    found = {f"{_named(each)} {each['version_before'] or '—'} → {each['version_after'] or '—'}" for each in row["because"]}
    return "\n".join(sorted(found)) or None


_COLUMNS: tuple[Column[Row], ...] = (
    Column(TITLES["id"], Kind.TEXT, 21, lambda row: row["case_id"]),
    Column("原结论", Kind.TEXT, 22, lambda row: row["before_zh"]),
    Column("现结论", Kind.TEXT, 22, lambda row: row["after_zh"] or "不再列出"),
    Column("涉及面积（m²）", Kind.METRES, 12, lambda row: row["ground_m2"], "原、现结论共同的地块面积"),
    Column("原因", Kind.TEXT, 60, _because, "同一地块上图层记录的差别：上月与本月"),
    Column("图层版本", Kind.TEXT, 40, _versions),
    Column(TITLES["patch_id"], Kind.TEXT, 20, lambda row: row["patch_id"]),
)
