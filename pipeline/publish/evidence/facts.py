"""What a sheet says of its case in words; every number is one of the published row, or is explained beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.publish.basis import basis
from pipeline.publish.coordinates import Position, sexagesimal
from pipeline.publish.evidence.case import Subject
from pipeline.publish.words import REVIEWS, STATUSES


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str
    lines: int = 1
    """Lines that it may take; what does not fit is clipped."""


def facts(row: Mapping[str, Any], subject: Subject, middle: Position, county: str) -> Iterator[Fact]:
    """Lines of the right-hand column, the most important first."""
    yield Fact("坐落", f"{county} {row['town'] or ''}", 2)
    yield Fact("经纬度", f"东经 {sexagesimal(middle.lon)}　北纬 {sexagesimal(middle.lat)}")
    yield Fact("平面坐标", f"X {middle.x:,.1f}（北）　Y {middle.y:,.1f}（东，含带号）")
    yield Fact("", f"CGCS2000，3°带第 {middle.zone} 带，中央经线 {middle.meridian}°E")
    yield Fact("面积", f"{row['area_m2']:,.0f} m²（{row['area_mu']:,.2f} 亩）" + _growth(row))
    yield Fact("观测", f"{row['first_seen']} 首次，{row['last_seen']} 最近" if subject.changed else f"{row['first_seen']} 至 {row['last_seen']} 判定")
    yield from _strength(row, subject)
    yield from _right(row)
    for k, line in enumerate(basis(row)):
        yield Fact("" if k else "依据", line, 2)
    yield Fact("核查", REVIEWS.get(row["review"], row["review"]))


def _growth(row: Mapping[str, Any]) -> str:
    if row["new_this_month"]:
        return "，本月新增"
    return f"，本月扩大 {row['growth_m2']:,.0f} m²" if (row["growth_m2"] or 0) >= 0.5 else ""


def _strength(row: Mapping[str, Any], subject: Subject) -> Iterator[Fact]:
    patch, finding = subject.judged.patch, subject.judged.finding
    if patch is not None:
        shares = (f"{name} {row[key]:.0%}" for name, key in (("变化", "confidence"), ("采矿", "mining_likelihood")) if row[key] is not None)
        yield Fact("可能性", f"{'，'.join(shares)}（{STATUSES.get(row['status'], row['status'])}）")
        yield Fact("清晰观测", f"变化前 {patch.looks_before} 次，变化后 {patch.looks_after} 次，最近 {patch.after_date}")
    elif finding.cover is not None and finding.reference_cover is not None:
        yield Fact("植被覆盖", f"本处 {finding.cover:.0%}，周边 {finding.reference_cover:.0%}（6–9 月中值）")


def _right(row: Mapping[str, Any]) -> Iterator[Fact]:
    if not row["right_id"]:
        return
    yield Fact("矿权", row["right_name"] or row["right_id"], 2)
    if row["right_name"]:
        yield Fact("证号", row["right_id"])
    if row["holder"]:
        yield Fact("采矿权人", row["holder"], 2)
    if row["mineral"]:
        yield Fact("矿种", row["mineral"])
