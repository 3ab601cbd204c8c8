"""Where the county stands on each number of its plan, how that has gone, and where it will be at the end if it goes on so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np

from pipeline.plan.model import Indicator, Plan
from pipeline.plan.register import Mine, is_new, stands

Restoration = Mapping[str, Any] | None
"""restoration.json of a month; None where there is none."""
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """An indicator with its value."""

    indicator: Indicator
    value: float | None
    series: tuple[tuple[float, float], ...]
    """(date as a year with its fraction, value), oldest first; the base year and the last value included."""
    trend: float | None
    """A year (Theil–Sen)."""
    projected: float | None
    """At the end of the plan."""
    basis: str
    """What the value is made from, in words."""

    @property
    def met(self) -> bool | None:
        return _keeps(self.indicator, self.value)

    @property
    def projected_met(self) -> bool | None:
        return _keeps(self.indicator, self.projected)


def _keeps(indicator: Indicator, value: float | None) -> bool | None:
    if value is None or indicator.target is None:
        return None
    return value <= indicator.target if indicator.bound == "at_most" else value >= indicator.target


@dataclass(frozen=True, slots=True)
class Sources:
    """What indicators are measured on."""

    plan: Plan
    mines: Sequence[Mine]
    restoration: Restoration
    day: date


def standings(sources: Sources) -> list[Standing]:
    return [_standing(each, sources) for each in sources.plan.indicators]


def _standing(indicator: Indicator, sources: Sources) -> Standing:
    period, day = sources.plan.period, sources.day
    measured, basis = MEASURES[indicator.measure](indicator, sources)
    years = {float(year) + 1: value for year, value in indicator.reported.items() if period.base < year <= day.year}
    if years:
        measured, basis = years, "县级统计（规划文件 reported）"
    if indicator.base is not None:
        measured = {float(period.base) + 1: indicator.base} | {at: value for at, value in measured.items() if at > period.base + 1}
    series = tuple(sorted((at, round(value, DECIMALS)) for at, value in measured.items()))
    value = series[-1][1] if series and (years or series[-1][0] > period.base + 1) else None
    trend = _trend(series)
    left = period.last + 1 - series[-1][0] if series else 0.0
    projected = None if value is None else value if left <= 0 or trend is None else value + trend * left
    if projected is not None:
        projected = round(
            min(max(projected, min(value or 0.0, 0.0)), 100.0 if indicator.unit == "%" else math.inf), 0 if indicator.measure == "mines" else DECIMALS
        )
    return Standing(indicator, value, series, None if trend is None else round(trend, DECIMALS), projected, basis)


def _trend(series: Sequence[tuple[float, float]]) -> float | None:
    """Theil–Sen slope; None where fewer than two values, or less than a year, are known."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(series, 2) if b[0] - a[0] >= 0.5]
    return float(np.median(slopes)) if slopes else None


Values = dict[float, float]
Measured = tuple[Values, str]


def _days(sources: Sources) -> Mapping[float, date]:
    """The ends of the plan's years, and the day itself."""
    period, day = sources.plan.period, sources.day
    ends = {float(year) + 1: date(year, 12, 31) for year in range(period.first, day.year)}
    fraction = (day - date(day.year, 1, 1)).days + 1
    return ends | {round(day.year + fraction / (366 if day.year % 4 == 0 else 365), 3): day}


def _of(indicator: Indicator, mines: Sequence[Mine], day: date) -> list[Mine]:
    """Mines that stand on a day, of the indicator's minerals."""

    def counts(mine: Mine) -> bool:
        if indicator.group is None and not indicator.minerals:
            return True
        if mine.mineral is None:
            return False
        return (indicator.group is None or mine.mineral.group == indicator.group) and (
            not indicator.minerals or mine.mineral.name in indicator.minerals
        )

    return [mine for mine in mines if stands(mine.right, day) and counts(mine)]


def _by_year(sources: Sources, value: Callable[[date], float | None]) -> Values:
    found = {at: value(day) for at, day in _days(sources).items()}
    return {at: each for at, each in found.items() if each is not None}


def _mines(indicator: Indicator, sources: Sources) -> Measured:
    return _by_year(sources, lambda day: float(len(_of(indicator, sources.mines, day)))), "采矿权登记：当日有效（含延续申请中）的采矿权数"


def _large_medium(indicator: Indicator, sources: Sources) -> Measured:
    def share(day: date) -> float | None:
        found = _of(indicator, sources.mines, day)
        return 100 * sum(mine.size in ("中型", "大型") for mine in found) / len(found) if found else None

    return _by_year(sources, share), "采矿权登记：设计生产规模按规划的大中型标准"


def _capacity(indicator: Indicator, sources: Sources) -> Measured:
    def total(day: date) -> float:
        return sum(mine.tonnes or 0.0 for mine in _of(indicator, sources.mines, day))

    return _by_year(sources, total), "采矿权登记：设计生产规模合计，按密度折算为万吨（不是实际产量）"


def _water(indicator: Indicator, sources: Sources) -> Measured:
    """Cubic metres a day that rights set up in the plan period add."""

    def added(day: date) -> float:
        new = [mine for mine in _of(indicator, sources.mines, day) if is_new(mine, sources.plan)]
        return sum(
            (mine.right.scale or 0.0) / (mine.mineral.density if mine.mineral and mine.mineral.unit == "万吨/年" else 1) * 1e4 / 365 for mine in new
        )

    return _by_year(sources, added), "采矿权登记：规划期内设立的采矿权设计规模，折算为每日"


def _restored(indicator: Indicator, sources: Sources) -> Measured:
    """Hectares restored since the end of the base year (since the archive begins, where it begins later), each site for itself.

    Where a site fell back the hectares it had before are lost to it, not to the others: what was restored elsewhere stands.
    """
    if sources.restoration is None or not sources.restoration["county_years"]:
        return {}, "没有修复监测结果"
    sites = [row["years"] for row in sources.restoration["sites"] if not indicator.kinds or row["kind"] in indicator.kinds]
    years = [each["year"] for each in sources.restoration["county_years"]]
    before = [year for year in years if year <= sources.plan.period.base]
    start = before[-1] if before else years[0]
    late = "" if before else f"（影像自 {start} 年起，此前恢复的不计）"
    values = {float(year) + 1: sum(max(_back(site, year) - _back(site, start), 0.0) for site in sites) for year in years if year >= start}
    return values, f"影像：各地块已恢复面积较 {start} 年的增加之和{late}"


def _back(site: Sequence[Mapping[str, Any]], year: int) -> float:
    """Restored hectares of a site by a year's end: as it was last seen."""
    return next((float(each["restored_ha"]) for each in reversed(site) if each["year"] <= year), 0.0)


def _legacy_rate(indicator: Indicator, sources: Sources) -> Measured:
    if sources.restoration is None:
        return {}, "没有修复监测结果"
    years = [each for each in sources.restoration["county_years"] if each["legacy_disturbed_ha"]]
    return {
        float(each["year"]) + 1: 100 * each["legacy_restored_ha"] / each["legacy_disturbed_ha"] for each in years
    }, "影像：历史遗留图斑已恢复面积占比"


def _reported(indicator: Indicator, sources: Sources) -> Measured:
    return {}, "须由县级统计填报（规划文件 reported）"


MEASURES: Mapping[str, Callable[[Indicator, Sources], Measured]] = {
    "mines": _mines,
    "large_medium_share": _large_medium,
    "capacity": _capacity,
    "new_water": _water,
    "restored_ha": _restored,
    "legacy_rate": _legacy_rate,
    "reported": _reported,
}
