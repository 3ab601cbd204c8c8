"""The ministry's issued patches against our cases: which both have, which only one has, and by how many days we led."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from shapely import unary_union
from shapely.geometry.base import BaseGeometry

from pipeline import months
from pipeline.config import Project
from pipeline.findings.names import CAUSES, FINDINGS
from pipeline.layers.issued import Issued
from pipeline.ledger import KnownCase, Ledger
from pipeline.ledger.identity import choices
from pipeline.projection import between
from pipeline.publish import geojson
from pipeline.publish.features import UNCHANGED as UNCHANGED_CODES
from pipeline.publish.features import Feature

BEGINNING = "0000-00"
"""Before any month."""
NOT_SEEN, OUTSIDE, UNCHANGED = "本月未看清", "县界以外", "未见地表变化"


class Side(StrEnum):
    """Who has it."""

    BOTH = "both"
    OURS = "only_ours"
    THEIRS = "only_theirs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Changed ground that we saw and did not list."""

    geometry: BaseGeometry
    finding: str
    cause: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """An issued patch, a case of ours, or both."""

    side: Side
    issued: Issued | None
    ours: KnownCase | None
    shared_m2: float = 0.0
    why: str | None = None
    """Of one that only they have: what we say of that ground."""

    @property
    def listed(self) -> date | None:
        """When our list first had it: the end of the month."""
        return months.last_day(self.ours.first_month) if self.ours else None

    @property
    def lead_days(self) -> int | None:
        """Days between our list and theirs; negative where theirs came first."""
        return (self.issued.issued - self.listed).days if self.issued and self.listed else None

    def row(self) -> dict[str, Any]:
        issued, ours = self.issued, self.ours
        return {
            "side": self.side.value,
            "issued_id": issued.id if issued else None,
            "issued": issued.issued.isoformat() if issued else None,
            "issued_before": months.iso(issued.before) if issued else None,
            "issued_after": months.iso(issued.after) if issued else None,
            "issued_m2": round(issued.geometry.area, 1) if issued else None,
            "case_id": ours.case_id if ours else None,
            "finding": ours.code if ours else None,
            "finding_zh": FINDINGS.get(ours.code, ours.code) if ours else None,
            "first_seen": ours.first_seen if ours else None,
            "listed": months.iso(self.listed),
            "area_m2": ours.area_m2 if ours else None,
            "shared_m2": round(self.shared_m2, 1),
            "lead_days": self.lead_days,
            "why": self.why,
        }


def of_months(project: Project, ledger: Ledger, issued: Sequence[Issued], area: BaseGeometry, first: str, last: str) -> list[Match]:
    """Issued patches against what the ledger knew by `last`; of those that only we have, the cases first listed from `first` on.

    Sites past their deadline are no change of ground, which is what the ministry looks for.
    """
    crs = project.config.grid.crs
    cases = ledger.cases_between(BEGINNING, last)
    known = [case for case in cases if case.code not in UNCHANGED_CODES]
    folder = project.output / last
    patches = [(on_grid(each, crs), each.properties) for each in geojson.read(folder / "patches.geojson")]
    explained = [Explained(geometry=ground, finding=said["finding"], cause=said["cause"]) for ground, said in patches if said["id"] is None]
    explained += [Explained(geometry=case.geometry, finding=case.code, cause=None) for case in cases if case.code in UNCHANGED_CODES]
    unseen = unary_union([on_grid(each, crs) for each in geojson.read(folder / "coverage.geojson")])
    matches = reconcile(issued, known, explained, unseen, area)
    return [match for match in matches if match.side is not Side.OURS or (match.ours and match.ours.first_month >= first)]


def on_grid(feature: Feature, crs: str) -> BaseGeometry:
    """A published outline in the grid's CRS."""
    transformer = between("EPSG:4326", crs)
    return shapely.transform(feature.written.geometry, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))


def reconcile(
    issued: Sequence[Issued], ours: Sequence[KnownCase], explained: Sequence[Explained], unseen: BaseGeometry, area: BaseGeometry
) -> list[Match]:
    """Every issued patch and every case once and more: both, by lead, then theirs, then ours.

    Two outlines are the same ground when they share a fifth of the smaller, as cases are told from month to month. A patch that holds several
    cases of ours (or lies on one with others) is told with each.
    """
    options = choices([patch.geometry for patch in issued], [case.geometry for case in ours])
    both = [Match(Side.BOTH, issued[i], ours[k], shared) for i, found in enumerate(options) for k, shared in found]
    had = {k for found in options for k, _ in found}
    alone = [patch for patch, found in zip(issued, options, strict=True) if not found]
    seen = choices([patch.geometry for patch in alone], [each.geometry for each in explained])
    theirs = [
        Match(Side.THEIRS, patch, None, why=_why(patch, [explained[k] for k, _ in found], unseen, area))
        for patch, found in zip(alone, seen, strict=True)
    ]
    return [
        *sorted(both, key=lambda match: (-(match.lead_days or 0), match.issued.id if match.issued else "", match.ours.case_id if match.ours else "")),
        *theirs,
        *(Match(Side.OURS, None, case) for k, case in enumerate(ours) if k not in had),
    ]


def _why(patch: Issued, found: Sequence[Explained], unseen: BaseGeometry, area: BaseGeometry) -> str:
    if found:
        first = found[0]
        name = FINDINGS.get(first.finding, first.finding)
        return f"{name}：{CAUSES.get(first.cause, first.cause)}" if first.cause and first.finding == "not_mining" else name
    if not patch.geometry.intersects(area):
        return OUTSIDE
    return NOT_SEEN if patch.geometry.intersection(unseen).area >= 0.5 * patch.geometry.area else UNCHANGED


def summary(matches: Sequence[Match]) -> Mapping[str, Any]:
    """Counts, and the median of the days by which we led: of each issued patch the earliest of its cases counts."""
    best: dict[str, int] = {}
    for match in matches:
        if match.issued and match.lead_days is not None:
            best[match.issued.id] = max(best.get(match.issued.id, match.lead_days), match.lead_days)
    leads = sorted(best.values())
    return {
        "issued": len({match.issued.id for match in matches if match.issued}),
        "cases": len({match.ours.case_id for match in matches if match.ours}),
        "both": len(best),
        "only_theirs": sum(match.side is Side.THEIRS for match in matches),
        "only_ours": sum(match.side is Side.OURS for match in matches),
        "led": sum(lead > 0 for lead in leads),
        "median_lead_days": _median(leads),
    }


def _median(values: Sequence[int]) -> float | None:
    if not values:
        return None
    middle = len(values) // 2
    return float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
