"""The month in numbers: cases in three groups, and counts by finding, town and mine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.findings.finding import EXPLAINED
from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.publish.features import Feature
from pipeline.publish.report.earlier import is_grown
from pipeline.publish.report.given import ReportInput
from pipeline.publish.say import Say

Row = Mapping[str, Any]
MOST_LINES = 60
"""Of a table of numbers; the rest is one line."""


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of the list that belong together."""

    title: str
    note: str
    cases: tuple[Feature, ...]


GROUPS = (
    ("本月新增", "本月第一次列出的线索"),
    ("面积扩大", "以前已列出、本月继续扩大的线索"),
    ("其余在册线索", "以前已列出、本月没有明显扩大的线索"),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """A line of a table of numbers."""

    name: str
    count: int
    new: int
    grown: int
    area_m2: float
    note: str = ""


def groups(given: ReportInput) -> list[Group]:
    """The cases in three groups, the gravest first in each."""
    kinds: tuple[list[Feature], list[Feature], list[Feature]] = ([], [], [])
    for case in sorted(given.flagged, key=lambda case: (-case.properties["severity"], -case.properties["area_m2"], case.properties["id"])):
        row = case.properties
        kinds[0 if row["new_this_month"] else 1 if is_grown(row, given.cell_area_m2) else 2].append(case)
    return [Group(title, note, tuple(cases)) for (title, note), cases in zip(GROUPS, kinds, strict=True)]


def by_finding(given: ReportInput, say: Say) -> list[Tally]:
    return _tallies(_rows(given), lambda row: say(FINDINGS.get(row["finding"], row["finding"])), given.cell_area_m2, say)


def by_town(given: ReportInput, say: Say) -> list[Tally]:
    """By town; nothing where no case lies in one, as when there is no layer of towns."""
    if not any(row["town"] for row in _rows(given)):
        return []
    return _tallies(_rows(given), lambda row: row["town"] or say("乡镇不明"), given.cell_area_m2, say)


def by_mine(given: ReportInput, say: Say) -> list[Tally]:
    """By right; cases on nobody's right are one line."""

    def name(row: Row) -> str:
        if not row["right_id"]:
            return say("不在矿权内")
        return say("{name}（{id}）", name=row["right_name"], id=row["right_id"]) if row["right_name"] else str(row["right_id"])

    return _tallies(_rows(given), name, given.cell_area_m2, say)


def worked(given: ReportInput) -> tuple[list[Row], int]:
    """Mines where something was dug this month, or that need a look, and how many others there are."""
    found = [mine for mine in given.mines if mine["new_ha"] > 0 or mine["concerns"] or mine["cases"]]
    found.sort(key=lambda mine: (-mine["new_ha"], -len(mine["concerns"]), mine["right_id"]))
    return found[:MOST_LINES], len(given.mines) - len(found[:MOST_LINES])


def explained(given: ReportInput, say: Say) -> list[Tally]:
    """Ground that changed and is not flagged, by what explains it."""

    def name(row: Row) -> str:
        if row["finding"] not in EXPLAINED:
            return say("像采矿的可能性低于 {share}，未列为线索", share=f"{given.min_likelihood:.0%}")
        finding = say(FINDINGS[row["finding"]])
        cause = row["cause"] if row["finding"] == "not_mining" else None
        return say("{finding}：{cause}", finding=finding, cause=say(CAUSES.get(cause, cause))) if cause else finding

    rows = [each.properties for each in given.patches if _is_explained(each.properties, given.min_likelihood)]
    return _tallies([row | {"new_this_month": False, "growth_m2": 0.0} for row in rows], name, given.cell_area_m2, say)


def _rows(given: ReportInput) -> list[dict[str, Any]]:
    return [each.properties for each in given.flagged]


def _is_explained(row: Row, min_likelihood: float) -> bool:
    """Lawful, not mining, older than monitoring, or too unlikely."""
    return row["status"] != "ended" and (row["finding"] in EXPLAINED or (row["mining_likelihood"] or 0) < min_likelihood)


def _tallies(rows: Iterable[Row], name: Callable[[Row], str], cell_area_m2: float, say: Say) -> list[Tally]:
    """Lines, the longest first; what is beyond the page's measure is one line, so that the sums hold."""
    held: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        held[name(row)].append(row)
    found = sorted((_tally(key, values, cell_area_m2) for key, values in held.items()), key=lambda each: (-each.count, each.name))
    if len(found) <= MOST_LINES:
        return found
    rest = found[MOST_LINES - 1 :]
    return [*found[: MOST_LINES - 1], total(say("其余 {count} 项", count=len(rest)), rest)]


def _tally(name: str, rows: Sequence[Row], cell_area_m2: float) -> Tally:
    new = sum(bool(row["new_this_month"]) for row in rows)
    return Tally(name, len(rows), new, sum(is_grown(row, cell_area_m2) for row in rows), sum(row["area_m2"] for row in rows))


def total(name: str, lines: Sequence[Tally]) -> Tally:
    """A line that sums others up."""
    return Tally(name, *(sum(getattr(line, field) for line in lines) for field in ("count", "new", "grown", "area_m2")))
