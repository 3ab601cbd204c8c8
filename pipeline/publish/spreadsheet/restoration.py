"""The sheets 修复治理, 边开采边治理 and 挖损对照: figures of restoration.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.publish.restoration.words import CLAIMS, KINDS, UNSEEN
from pipeline.publish.spreadsheet.cells import Kind, day
from pipeline.publish.spreadsheet.table import Column, Sheet

Row = Mapping[str, Any]


def sites(document: Row) -> Sheet[Row]:
    """A row for each site."""
    return Sheet("修复治理", _SITES, document["sites"])


def mines(document: Row) -> Sheet[Row]:
    """A row for each mine and year."""
    rows = [{**year, "id": mine["id"], "name": mine["name"], "kind": mine["kind"]} for mine in document["mines"] for year in mine["years"]]
    return Sheet("边开采边治理", _MINES, rows)


_SITES: tuple[Column[Row], ...] = (
    Column("编号", Kind.TEXT, 26, lambda row: row["id"]),
    Column("名称", Kind.TEXT, 24, lambda row: row["name"]),
    Column("类别", Kind.TEXT, 14, lambda row: KINDS[row["kind"]]),
    Column("状态", Kind.TEXT, 9, lambda row: row["state"] or UNSEEN, "按各生长季盖度与参照样方的比较判断，规则见 docs/restoration.md"),
    Column("自", Kind.DATE, 11, lambda row: day(row["since"]), "最早判为此状态的生长季的第一次观测"),
    Column("置信度", Kind.SHARE, 8, lambda row: row["confidence"]),
    Column(
        "所据生长季",
        Kind.TEXT,
        9,
        lambda row: str(row["years"][-1]["year"]) if row["years"] else None,
        "最近一个看清的生长季；早于本年的，本年看清的不足",
    ),
    Column("面积（公顷）", Kind.AREA, 10, lambda row: row["area_ha"], "历史遗留图斑为其范围；矿山为其中挖损的地面（按像元计）"),
    Column("裸露（公顷）", Kind.AREA, 10, lambda row: row["bare_ha"], "最近一个看清的生长季"),
    Column("已恢复（公顷）", Kind.AREA, 10, lambda row: row["restored_ha"], "盖度达到参照的四分之三"),
    Column("未看清（公顷）", Kind.AREA, 10, lambda row: row["unseen_ha"]),
    Column("植被盖度", Kind.SHARE, 9, lambda row: row["cover"], "6–9 月的中位数，各次清晰观测按其代表的天数计"),
    Column("参照盖度", Kind.SHARE, 9, lambda row: row["reference_cover"], "周边未扰动样方的中位数"),
    Column("参照下限", Kind.SHARE, 9, lambda row: row["reference_low"]),
    Column("参照上限", Kind.SHARE, 9, lambda row: row["reference_high"], "样方的中间八成"),
    Column("治理期限", Kind.DATE, 11, lambda row: day(row["deadline"])),
    Column("距期限（天）", Kind.COUNT, 9, lambda row: row["days_left"], "负数：已过期限"),
    Column("逾期未恢复", Kind.TEXT, 9, lambda row: "是" if row["overdue"] else None),
    Column("登记状态", Kind.TEXT, 9, lambda row: row["claimed"]),
    Column("登记核对", Kind.TEXT, 9, lambda row: CLAIMS[row["claim"]] if row["claim"] else None, "登记为已治理的，影像是否相符"),
    Column("经度", Kind.DEGREES, 12, lambda row: row["lon"], "范围内一点，CGCS2000"),
    Column("纬度", Kind.DEGREES, 12, lambda row: row["lat"]),
)


def compared(document: Row) -> Sheet[Row]:
    """A row for each mine: how the month's account makes this one."""
    rows = [{**mine, **mine["compared"], "disturbed_ha": mine["years"][-1]["disturbed_ha"]} for mine in document["mines"] if mine.get("compared")]
    return Sheet("挖损对照", _COMPARED, rows)


_MINES: tuple[Column[Row], ...] = (
    Column("采矿许可证号", Kind.TEXT, 26, lambda row: row["id"]),
    Column("矿山名称", Kind.TEXT, 24, lambda row: row["name"]),
    Column("类别", Kind.TEXT, 14, lambda row: KINDS[row["kind"]]),
    Column("年度", Kind.COUNT, 8, lambda row: row["year"]),
    Column("累计扰动（公顷）", Kind.AREA, 11, lambda row: row["disturbed_ha"], "月报所列挖损，加监测以前挖损、现已恢复的地面；按像元计"),
    Column("已恢复（公顷）", Kind.AREA, 11, lambda row: row["restored_ha"]),
    Column("尚欠（公顷）", Kind.AREA, 11, lambda row: row["owed_ha"]),
    Column("治理恢复率", Kind.SHARE, 10, lambda row: row["rate"]),
    Column("当年扰动（公顷）", Kind.AREA, 11, lambda row: row["dug_ha"]),
    Column("当年恢复（公顷）", Kind.AREA, 11, lambda row: row["given_back_ha"], "负数：恢复后又裸露"),
    Column("差额（公顷）", Kind.AREA, 11, lambda row: row["balance_ha"], "当年恢复减当年扰动"),
)

_COMPARED: tuple[Column[Row], ...] = (
    Column("采矿许可证号", Kind.TEXT, 26, lambda row: row["id"]),
    Column("矿山名称", Kind.TEXT, 24, lambda row: row["name"]),
    Column("月报现有挖损（公顷）", Kind.AREA, 12, lambda row: row["month_dug_ha"], "矿山月报：等于其后三列之和"),
    Column("计入本账（公顷）", Kind.AREA, 11, lambda row: row["open_ha"]),
    Column("年度之后新挖（公顷）", Kind.AREA, 12, lambda row: row["since_ha"], "最近一个看清的生长季所在年度之后挖损，下一生长季计入"),
    Column("计入其他地块（公顷）", Kind.AREA, 12, lambda row: row["elsewhere_ha"], "历史遗留图斑或重叠的矿权；另含边界上像元取整之差"),
    Column("累计扰动（公顷）", Kind.AREA, 11, lambda row: row["disturbed_ha"], "边开采边治理：等于计入本账与已还原之和"),
    Column("已还原（公顷）", Kind.AREA, 11, lambda row: row["closed_ha"], "曾经挖损、现已不再裸露的；关闭矿山未见挖损的整体计入"),
)
