"""The sheet 矿山月报: what the month showed of each right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.layers.model import Standing
from pipeline.publish.mines import CONCERNS
from pipeline.publish.spreadsheet.cells import Kind, day
from pipeline.publish.spreadsheet.table import Column, Sheet
from pipeline.publish.words import STANDINGS, TITLES

Row = Mapping[str, Any]


def sheet(mines: Sequence[Row]) -> Sheet[Row]:
    return Sheet("矿山月报", _COLUMNS, mines)


_COLUMNS: tuple[Column[Row], ...] = (
    Column(TITLES["right_id"], Kind.TEXT, 26, lambda row: row["right_id"]),
    Column(TITLES["right_name"], Kind.TEXT, 24, lambda row: row["right_name"]),
    Column(TITLES["holder"], Kind.TEXT, 24, lambda row: row["holder"]),
    Column("月末效力", Kind.TEXT, 8, lambda row: STANDINGS[Standing(row["standing"])]),
    Column("本月状况", Kind.TEXT, 10, lambda row: row["activity_zh"], "开采中：本月新增挖损不小于 400 m²；停采：有挖损而本月无新增"),
    Column("自", Kind.DATE, 11, lambda row: day(row["since"]), "开采中：本轮开采首日；停采：最近一次新增；已恢复：最近一次看清；空白：早于监测"),
    Column("现有挖损（公顷）", Kind.AREA, 10, lambda row: row["dug_ha"], "监测以来挖损未恢复的，与监测前已裸露的"),
    Column("其中监测前（公顷）", Kind.AREA, 10, lambda row: row["bare_before_ha"]),
    Column("本月新增（公顷）", Kind.AREA, 10, lambda row: row["new_ha"], "首次异常影像在本月的挖损"),
    Column("已恢复（公顷）", Kind.AREA, 10, lambda row: row["restored_ha"], "监测以来挖损、现已与原地表一致的"),
    Column("期满或关闭后开采（公顷）", Kind.AREA, 12, lambda row: row["dug_after_end_ha"], "变化前后两景影像均在期满或关闭之后"),
    Column("期满后开采自", Kind.DATE, 11, lambda row: day(row["dug_after_end_since"])),
    Column("停产期间开采（公顷）", Kind.AREA, 11, lambda row: row["dug_after_stop_ha"], "按图层字段 stopped（停产）、resumed（复工）"),
    Column("停产期间开采自", Kind.DATE, 11, lambda row: day(row["dug_after_stop_since"])),
    Column("提示", Kind.TEXT, 22, lambda row: "、".join(CONCERNS[name] for name in row["concerns"]) or None),
    Column("线索编号", Kind.TEXT, 22, lambda row: "；".join(row["cases"]) or None),
)
