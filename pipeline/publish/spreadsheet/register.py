"""The sheets 矿山 and 历史遗留图斑: what the register holds, and what the month found there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pipeline import months
from pipeline.findings.finding import Code
from pipeline.layers.model import LegacyPatch, Right
from pipeline.publish.report import ReportInput
from pipeline.publish.spreadsheet.cells import Kind, day
from pipeline.publish.spreadsheet.table import Column, Sheet
from pipeline.publish.words import STANDINGS

Record = TypeVar("Record", Right, LegacyPatch)

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mine:
    """A right with what lies on it."""

    right: Right
    standing: str
    """At the month's end."""
    area_m2: float
    cases: Sequence[Properties]
    permitted: Sequence[Properties]
    """Parts of patches that the right permits."""


@dataclass(frozen=True, slots=True)
class Legacy:
    patch: LegacyPatch
    overdue: bool
    area_m2: float
    cases: Sequence[Properties]


def mines(given: ReportInput) -> Sheet[Mine]:
    """A row for each right, in order of their ids, as it stood at the month's end."""
    end = months.last_day(given.run.month)
    cases = _by("right_id", [each.properties for each in given.flagged])
    open_parts = [each.properties for each in given.patches if each.properties["finding"] == Code.PERMITTED and each.properties["status"] != "ended"]
    permitted = _by("right_id", open_parts)
    rows = [
        Mine(right, STANDINGS[right.standing(end)], area_m2, cases[right.id], permitted[right.id])
        for right, area_m2 in _measured(given.layers.rights_on(end), given)
    ]
    return Sheet("矿山", _MINES, rows)


def _measured(records: Sequence[Record], given: ReportInput) -> list[tuple[Record, float]]:
    """Records with their areas, m²."""
    outlines = given.projector.write_all([record.geometry for record in records])
    return [(record, written.area_m2) for record, written in zip(records, outlines, strict=True)]


def legacy(given: ReportInput) -> Sheet[Legacy]:
    """A row for each patch of the inventory, in order of their ids."""
    end = months.last_day(given.run.month)
    cases = _by("legacy_id", [each.properties for each in given.flagged])
    seen = {site["id"]: site["overdue"] for site in (given.restoration or {"sites": ()})["sites"] if site["kind"] == "legacy" and site["state"]}
    rows = [
        Legacy(patch, seen.get(patch.id, _overdue(patch, end, cases[patch.id])), area_m2, cases[patch.id])
        for patch, area_m2 in _measured(sorted(given.layers.legacy, key=lambda patch: patch.id), given)
    ]
    return Sheet("历史遗留图斑", _LEGACY, rows)


def _by(name: str, rows: Sequence[Properties]) -> defaultdict[str, list[Properties]]:
    found: defaultdict[str, list[Properties]] = defaultdict(list)
    for row in rows:
        if row[name] is not None:
            found[row[name]].append(row)
    return found


def _overdue(patch: LegacyPatch, end: date, cases: Sequence[Properties]) -> bool:
    """Past its deadline and not restored: by the inventory, or by what is seen."""
    past = patch.deadline is not None and patch.deadline < end
    return past and (patch.state != "已治理" or any(case["finding"] == Code.UNRESTORED for case in cases))


def _total(rows: Sequence[Properties], name: str) -> float:
    """Hectares."""
    return sum(row[name] or 0.0 for row in rows) / 10_000


def _ids(rows: Sequence[Properties], *codes: str) -> str | None:
    return "；".join(row["id"] for row in rows if row["finding"] in codes) or None


_KNOWN = (Code.LEGACY_REMINED, Code.UNRESTORED)

_MINES: tuple[Column[Mine], ...] = (
    Column("采矿许可证号", Kind.TEXT, 26, lambda row: row.right.id),
    Column("矿山名称", Kind.TEXT, 24, lambda row: row.right.name),
    Column("采矿权人", Kind.TEXT, 24, lambda row: row.right.holder),
    Column("开采主矿种", Kind.TEXT, 12, lambda row: row.right.mineral),
    Column("开采方式", Kind.TEXT, 9, lambda row: row.right.method),
    Column("有效期起", Kind.DATE, 11, lambda row: day(row.right.valid_from)),
    Column("有效期止", Kind.DATE, 11, lambda row: day(row.right.valid_to)),
    Column("登记状态", Kind.TEXT, 9, lambda row: row.right.status, "采矿权图层中的 status"),
    Column("月末效力", Kind.TEXT, 9, lambda row: row.standing, "按登记状态、有效期和续期申请判断；线索按变化当日的效力判断"),
    Column("延续申请", Kind.DATE, 11, lambda row: day(row.right.renewal_applied)),
    Column("设计生产规模", Kind.AREA, 11, lambda row: row.right.scale, "万立方米/年或万吨/年，按图层"),
    Column("矿区面积（km²）", Kind.AREA, 10, lambda row: row.area_m2 / 1e6),
    Column("在册线索（个）", Kind.COUNT, 8, lambda row: len(row.cases), "月末未结、涉及本矿权的线索"),
    Column("线索面积（公顷）", Kind.AREA, 10, lambda row: _total(row.cases, "area_m2")),
    Column("本月线索新增挖损（公顷）", Kind.AREA, 12, lambda row: _total(row.cases, "growth_m2"), "新增线索的面积与原有线索的扩大"),
    Column("许可范围内变化（公顷）", Kind.AREA, 12, lambda row: _total(row.permitted, "area_m2"), "监测以来许可范围内的开采变化，不是线索"),
    Column("线索编号", Kind.TEXT, 24, lambda row: "；".join(case["id"] for case in row.cases) or None),
)

_LEGACY: tuple[Column[Legacy], ...] = (
    Column("历史遗留图斑编号", Kind.TEXT, 24, lambda row: row.patch.id),
    Column("治理状态", Kind.TEXT, 10, lambda row: row.patch.state),
    Column("治理期限", Kind.DATE, 12, lambda row: day(row.patch.deadline)),
    Column(
        "是否逾期",
        Kind.TEXT,
        9,
        lambda row: "是" if row.overdue else "否",
        "月末已过治理期限而影像上没有恢复（见“修复治理”）；没有看清的，台账未记为已治理",
    ),
    Column("图斑面积（公顷）", Kind.AREA, 11, lambda row: row.area_m2 / 10_000),
    Column("再开采线索", Kind.TEXT, 24, lambda row: _ids(row.cases, Code.LEGACY_REMINED)),
    Column("逾期未修复线索", Kind.TEXT, 24, lambda row: _ids(row.cases, Code.UNRESTORED)),
    Column("其他线索", Kind.TEXT, 24, lambda row: "；".join(case["id"] for case in row.cases if case["finding"] not in _KNOWN) or None),
    Column("线索面积（公顷）", Kind.AREA, 11, lambda row: _total(row.cases, "area_m2")),
)
