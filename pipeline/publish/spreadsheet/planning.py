"""The sheets 规划指标, 规划布局 and 规划核对."""

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


def layout(document: Row) -> Sheet[Row]:
    """Zones, blocks, and what new mines must have."""
    zones = [{**zone, "kind": "集中开采区", "count": zone["rights"] + zone["planned"]} for zone in document["zones"]]
    blocks = [{**each, "kind": each["use"], "rights_now": each["used"]} for each in document["blocks"]]
    rules = [{**each, "kind": "新建准入", "name": each["town"] or "全县", "mineral": "、".join(each["minerals"])} for each in document["new_mines"]]
    return Sheet("规划布局", _LAYOUT, [*zones, *blocks, *rules])


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

_LAYOUT: tuple[Column[Row], ...] = (
    Column("类别", Kind.TEXT, 11, lambda row: row["kind"]),
    Column("名称", Kind.TEXT, 24, lambda row: row.get("name"), "新建准入：适用的范围"),
    Column("矿种", Kind.TEXT, 30, lambda row: row["mineral"]),
    Column("规划面积（km²）", Kind.AREA, 11, lambda row: row.get("area_km2")),
    Column("图层中面积（km²）", Kind.AREA, 11, lambda row: row.get("drawn_km2")),
    Column("规划个数", Kind.COUNT, 9, lambda row: row.get("count"), "集中开采区：已有与拟设的矿权；区块：区块数"),
    Column("图层中个数", Kind.COUNT, 9, lambda row: row.get("drawn")),
    Column("现有个数", Kind.COUNT, 9, lambda row: row.get("rights_now"), "集中开采区：当日有效的矿权；区块：已设矿权的区块"),
    Column("规划总规模", Kind.AREA, 10, lambda row: row.get("total")),
    Column("登记规模", Kind.AREA, 10, lambda row: row.get("scale_now")),
    Column("单个矿山最低", Kind.AREA, 10, lambda row: row.get("least")),
    Column("单位", Kind.TEXT, 12, lambda row: row.get("unit"), "规模的单位"),
    Column("最低类型", Kind.TEXT, 9, lambda row: row.get("size")),
    Column("影像开采中", Kind.COUNT, 9, lambda row: row.get("digging_now"), "本月影像所见"),
    Column("影像挖损（公顷）", Kind.AREA, 10, lambda row: row.get("dug_ha"), "区内矿权现有挖损"),
    Column("矿权", Kind.TEXT, 40, lambda row: "、".join(row.get("right_ids", ())) or None),
)

_CHECKS: tuple[Column[Row], ...] = (
    Column("采矿许可证号", Kind.TEXT, 28, lambda row: row["right_id"]),
    Column("问题", Kind.TEXT, 24, lambda row: CODES[row["code"]]),
    Column("代码", Kind.TEXT, 20, lambda row: row["code"]),
    Column("说明", Kind.TEXT, 70, lambda row: row["message"]),
)
