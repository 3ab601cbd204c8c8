"""The sheet 线索: one row for each flagged case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.layers.model import LayerSet, Zone, ZoneKind
from pipeline.publish.features import Feature
from pipeline.publish.spreadsheet.cells import Kind, day, moment
from pipeline.publish.spreadsheet.table import A3, Column, Sheet
from pipeline.publish.words import REVIEWS, STATUSES

Row = Mapping[str, Any]
"""Properties of a flagged feature."""


def sheet(flagged: Sequence[Feature], layers: LayerSet) -> Sheet[Row]:
    zones: dict[str, list[Zone]] = {}
    for zone in layers.zones:
        zones.setdefault(zone.id, []).append(zone)
    columns = (*_WHAT, *_WHERE, *_WHOSE, *_restrictions(zones), *_OWED, *_VERDICT)
    return Sheet("线索", columns, [each.properties for each in flagged], paper=A3)


def _get(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


def _day(name: str) -> Callable[[Row], Any]:
    return lambda row: day(row[name])


def _also(row: Row) -> str | None:
    return "、".join(FINDINGS.get(code, code) for code in row["also"].split(";")) if row["also"] else None


_GRAVE = "3 严重：在禁采区内、占用耕地、排除后又扩大，或不小于 1 公顷；1 待定：仅初步、或在位置误差以内；其余为 2"

_WHAT: tuple[Column[Row], ...] = (
    Column("图斑编号", Kind.TEXT, 21, _get("id"), "县代码-首次列出年份-顺序号，终身不变"),
    Column("严重程度", Kind.SEVERITY, 9, _get("severity"), _GRAVE),
    Column("线索类型", Kind.TEXT, 18, _get("finding_zh"), "首要的一类"),
    Column("同时涉及", Kind.TEXT, 18, _also),
    Column("本月新增", Kind.TEXT, 7, lambda row: "是" if row["new_this_month"] else "否"),
    Column("监测状态", Kind.TEXT, 8, lambda row: STATUSES.get(row["status"], row["status"]), "初步：至少 3 次清晰影像；已证实：至少 6 次"),
    Column("首次发现", Kind.DATE, 11, _day("first_seen"), "第一次异常的影像日期；逾期未修复为判断所用的第一景"),
    Column("最近发现", Kind.DATE, 11, _day("last_seen")),
    Column("前时相", Kind.DATE, 11, _day("before_date"), "变化前影像日期"),
    Column("后时相", Kind.DATE, 11, _day("after_date"), "变化后影像日期"),
    Column("监测面积（亩）", Kind.AREA, 10, _get("area_mu"), "椭球面积；1 亩 = 666.67 m²"),
    Column("监测面积（m²）", Kind.METRES, 12, _get("area_m2")),
    Column("本月扩大（m²）", Kind.METRES, 12, _get("growth_m2"), "新增线索即其全部面积"),
    Column("变化置信度", Kind.SHARE, 8, _get("confidence"), "地表确实变化的把握"),
    Column("采矿可能性", Kind.SHARE, 8, _get("mining_likelihood"), "变化是采矿的可能性；地表未变时为空"),
    Column("变化原因", Kind.TEXT, 10, lambda row: CAUSES.get(row["cause"], row["cause"])),
    Column("证据图", Kind.PICTURE, 8, _get("evidence"), "前后时相图片，须与本表放在同一文件夹"),
)

_WHERE: tuple[Column[Row], ...] = (
    Column("坐落", Kind.TEXT, 12, _get("town"), "所在乡镇"),
    Column("经度", Kind.DEGREES, 13, _get("lon"), "图斑内一点，CGCS2000"),
    Column("纬度", Kind.DEGREES, 12, _get("lat")),
)

_WHOSE: tuple[Column[Row], ...] = (
    Column("采矿许可证号", Kind.TEXT, 26, _get("right_id")),
    Column("矿山名称", Kind.TEXT, 22, _get("right_name")),
    Column("采矿权人", Kind.TEXT, 22, _get("holder")),
    Column("开采主矿种", Kind.TEXT, 12, _get("mineral")),
    Column("有效期止", Kind.DATE, 11, _day("valid_to")),
    Column("距最近矿权（m）", Kind.METRES, 10, _get("distance_to_right_m")),
    Column("越界面积（m²）", Kind.METRES, 12, _get("overshoot_m2")),
    Column("最远越界（m）", Kind.METRES, 9, _get("overshoot_max_m")),
    Column("位置误差（m）", Kind.METRES, 9, _get("position_error_m"), "影像与边界合计，95 %"),
    Column("扣除误差后越界（m²）", Kind.METRES, 12, _get("overshoot_certain_m2")),
)

_OWED: tuple[Column[Row], ...] = (
    Column("历史遗留图斑编号", Kind.TEXT, 18, _get("legacy_id")),
    Column("治理状态", Kind.TEXT, 9, _get("legacy_state")),
    Column("治理期限", Kind.DATE, 11, _day("deadline")),
)

_VERDICT: tuple[Column[Row], ...] = (
    Column("核实举证结果", Kind.TEXT, 12, lambda row: REVIEWS.get(row["review"], row["review"]), choices=tuple(REVIEWS.values())),
    Column("核实理由", Kind.TEXT, 16, _get("review_reason")),
    Column("核实说明", Kind.TEXT, 28, _get("review_note")),
    Column("核实人", Kind.TEXT, 10, _get("reviewer")),
    Column("核实时间", Kind.MOMENT, 16, lambda row: moment(row["reviewed_at"]), "世界时（UTC）"),
    Column("变化图斑编号", Kind.TEXT, 20, _get("patch_id"), "patches.geojson 中的 patch_id；一处变化可对应多条线索"),
    Column("版本", Kind.COUNT, 6, _get("version"), "每次核实加一"),
)


def _restrictions(zones: Mapping[str, Sequence[Zone]]) -> tuple[Column[Row], ...]:
    """What of farmland, and what of other ground where mining is banned, a case touches."""

    def named(row: Row, farmland: bool) -> str | None:
        ids = row["restriction"].split(";") if row["restriction"] else []
        found = [_name(zone) for id in ids for zone in zones.get(id, ()) if (zone.kind is ZoneKind.FARMLAND) is farmland]
        return "；".join(dict.fromkeys(found)) or None

    def other(row: Row) -> str | None:
        ids = row["restriction"].split(";") if row["restriction"] else []
        unknown = [id for id in ids if id not in zones]
        return "；".join([*filter(None, [named(row, False)]), *unknown]) or None

    return (
        Column("占用耕地/永久基本农田", Kind.TEXT, 22, lambda row: named(row, True)),
        Column("涉及生态红线、其他禁采区", Kind.TEXT, 22, other),
        Column("占用耕地与禁采区面积（m²）", Kind.METRES, 13, _get("restriction_m2")),
    )


def _name(zone: Zone) -> str:
    return " ".join(filter(None, (zone.type, zone.id, zone.name if zone.name != zone.id else None)))
