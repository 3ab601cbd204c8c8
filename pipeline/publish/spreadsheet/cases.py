"""The sheet 线索: one row for each flagged case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.layers.model import LayerSet, Zone, ZoneKind
from pipeline.publish.features import Feature
from pipeline.publish.report.followed import Followed
from pipeline.publish.spreadsheet.cells import Kind, day, moment
from pipeline.publish.spreadsheet.followed import audited, stage
from pipeline.publish.spreadsheet.table import A3, Column, Sheet
from pipeline.publish.words import REVIEWS, STATUSES, TITLES

Row = Mapping[str, Any]
"""Properties of a flagged feature."""


def sheet(flagged: Sequence[Feature], layers: LayerSet, judged: Sequence[Followed]) -> Sheet[Row]:
    zones: dict[str, list[Zone]] = {}
    for zone in layers.zones:
        zones.setdefault(zone.id, []).append(zone)
    columns = (*_WHAT, *_WHERE, *_WHOSE, *_restrictions(zones), *_OWED, *_VERDICT, *_beyond({each.case.case_id: each for each in judged}), *_KEYS)
    return Sheet("线索", columns, [each.properties for each in flagged], paper=A3, pages=3)


def _of(name: str, kind: Kind, width: float, meaning: str = "") -> Column[Row]:
    """A property as it stands."""
    value: Callable[[Row], Any] = (lambda row: day(row[name])) if kind is Kind.DATE else (lambda row: row[name])
    return Column(TITLES[name], kind, width, value, meaning)


def _also(row: Row) -> str | None:
    return "、".join(FINDINGS.get(code, code) for code in row["also"].split(";")) if row["also"] else None


_GRAVE = (
    "按配置 findings.severity；默认 3 严重：在禁采区内、占用耕地、排除后又扩大，或不小于 1 公顷；1 待定：仅初步、在位置误差以内，或矿种不符；其余为 2"
)

_WHAT: tuple[Column[Row], ...] = (
    _of("id", Kind.TEXT, 21, "县代码-首次列出年份-顺序号，终身不变"),
    _of("severity", Kind.SEVERITY, 9, _GRAVE),
    _of("finding_zh", Kind.TEXT, 18, "首要的一类"),
    Column(TITLES["also"], Kind.TEXT, 18, _also),
    Column(TITLES["new_this_month"], Kind.TEXT, 7, lambda row: "是" if row["new_this_month"] else "否"),
    Column(TITLES["status"], Kind.TEXT, 8, lambda row: STATUSES.get(row["status"], row["status"]), "初步：至少 3 次清晰影像；已证实：至少 6 次"),
    _of("first_seen", Kind.DATE, 11, "第一次异常的影像日期；逾期未修复为判断所用的第一景"),
    _of("last_seen", Kind.DATE, 11),
    _of("before_date", Kind.DATE, 11, "变化前影像日期"),
    _of("after_date", Kind.DATE, 11, "变化后影像日期"),
    _of("area_mu", Kind.AREA, 10, "椭球面积；1 亩 = 666.67 m²"),
    _of("area_m2", Kind.METRES, 12),
    _of("growth_m2", Kind.METRES, 12, "新增线索即其全部面积"),
    _of("confidence", Kind.SHARE, 8, "地表确实变化的把握"),
    _of("mining_likelihood", Kind.SHARE, 8, "变化是采矿的可能性；地表未变时为空"),
    Column(TITLES["cause"], Kind.TEXT, 10, lambda row: CAUSES.get(row["cause"], row["cause"])),
    _of("evidence", Kind.PICTURE, 8, "前后时相图片，须与本表放在同一文件夹"),
)

_WHERE: tuple[Column[Row], ...] = (
    _of("town", Kind.TEXT, 12, "所在乡镇"),
    _of("lon", Kind.DEGREES, 13, "图斑内一点，CGCS2000"),
    _of("lat", Kind.DEGREES, 12),
)

_WHOSE: tuple[Column[Row], ...] = (
    _of("right_id", Kind.TEXT, 26),
    _of("right_name", Kind.TEXT, 22),
    _of("holder", Kind.TEXT, 22),
    _of("mineral", Kind.TEXT, 12),
    _of("valid_to", Kind.DATE, 11),
    _of("distance_to_right_m", Kind.METRES, 10),
    _of("overshoot_m2", Kind.METRES, 12),
    _of("overshoot_max_m", Kind.METRES, 9),
    _of("position_error_m", Kind.METRES, 9, "影像与边界合计，95 %"),
    _of("overshoot_certain_m2", Kind.METRES, 12),
)

_OWED: tuple[Column[Row], ...] = (
    _of("legacy_id", Kind.TEXT, 18),
    _of("legacy_state", Kind.TEXT, 9),
    _of("deadline", Kind.DATE, 11),
)

_VERDICT: tuple[Column[Row], ...] = (
    Column(TITLES["review"], Kind.TEXT, 12, lambda row: REVIEWS.get(row["review"], row["review"]), choices=tuple(REVIEWS.values())),
    _of("review_reason", Kind.TEXT, 16),
    _of("review_note", Kind.TEXT, 28),
    _of("reviewer", Kind.TEXT, 10),
    Column(TITLES["reviewed_at"], Kind.MOMENT, 16, lambda row: moment(row["reviewed_at"]), "世界时（UTC）"),
)

_KEYS: tuple[Column[Row], ...] = (
    _of("patch_id", Kind.TEXT, 20, "patches.geojson 中的 patch_id；一处变化可对应多条线索"),
    _of("version", Kind.COUNT, 6, "每次核实加一"),
)


def _beyond(judged: Mapping[str, Followed]) -> tuple[Column[Row], ...]:
    """What was said beside the verdict, and done since."""

    def column(title: str, kind: Kind, width: float, of: Callable[[Followed], Any], meaning: str = "") -> Column[Row]:
        return Column(title, kind, width, lambda row: of(judged[row["id"]]) if row["id"] in judged else None, meaning)

    return (
        column("判定", Kind.TEXT, 8, lambda each: each.judgement, "合法、违法、伪变化；在核实页面上所作"),
        column("复核", Kind.TEXT, 14, audited, "他人对核实结果的意见"),
        column("有分歧", Kind.TEXT, 7, lambda each: "是" if each.disputed else None, "复核不同意，或同时核实的意见不同，尚待再次核实"),
        column("处置进展", Kind.TEXT, 12, stage, "见“处置”"),
        column("超期（天）", Kind.COUNT, 7, lambda each: each.overdue_days or None, "下一步处置超过期限的天数"),
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
        _of("restriction_m2", Kind.METRES, 13),
    )


def _name(zone: Zone) -> str:
    return " ".join(filter(None, (zone.type, zone.id, zone.name if zone.name != zone.id else None)))
