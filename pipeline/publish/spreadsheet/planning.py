"""The sheets 规划指标 and 规划核对."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.plan.checks import CODES
from pipeline.publish.planning.words import BOUNDS, met
from pipeline.publish.spreadsheet.cells import Kind
from pipeline.publish.spreadsheet.table import Column, Sheet

Row = Mapping[str, Any]


def indicators(document: Row) -> Sheet[Row]:
    return Sheet("规划指标", _INDICATORS, document["indicators"])


def checks(document: Row) -> Sheet[Row]:
    return Sheet("规划核对", _CHECKS, document["checks"])


_INDICATORS: tuple[Column[Row], ...] = (
    Column("指标", Kind.TEXT, 28, lambda row: row["name"]),
    Column("属性", Kind.TEXT, 9, lambda row: "约束性" if row["binding"] else "预期性"),
    Column("单位", Kind.TEXT, 11, lambda row: row["unit"]),
    Column("基期", Kind.AREA, 10, lambda row: row["base"]),
    Column("方向", Kind.TEXT, 7, lambda row: BOUNDS[row["bound"]]),
    Column("目标", Kind.AREA, 10, lambda row: row["target"], "空白：规划未给出数值"),
    Column("现状", Kind.AREA, 10, lambda row: row["value"]),
    Column("完成", Kind.TEXT, 9, lambda row: met(row["met"])),
    Column("每年变化", Kind.AREA, 10, lambda row: row["trend"], "各年数值的中位斜率"),
    Column("照此到期末", Kind.AREA, 11, lambda row: row["projected"]),
    Column("期末完成", Kind.TEXT, 9, lambda row: met(row["projected_met"])),
    Column("上一规划期", Kind.AREA, 11, lambda row: row["last_period"]),
    Column("依据", Kind.TEXT, 44, lambda row: row["basis"]),
)

_CHECKS: tuple[Column[Row], ...] = (
    Column("采矿许可证号", Kind.TEXT, 28, lambda row: row["right_id"]),
    Column("问题", Kind.TEXT, 24, lambda row: CODES[row["code"]]),
    Column("代码", Kind.TEXT, 20, lambda row: row["code"]),
    Column("说明", Kind.TEXT, 70, lambda row: row["message"]),
)
