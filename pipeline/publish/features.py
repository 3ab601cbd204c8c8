"""What a month says of each part of each patch, as rows of the published files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapely.geometry.base import BaseGeometry

from pipeline.findings.finding import EXPLAINED, Finding
from pipeline.findings.names import FINDINGS
from pipeline.ledger import CaseRecord
from pipeline.months import iso
from pipeline.patches.patch import Patch
from pipeline.publish.fields import CASES, COVERAGE, PATCHES
from pipeline.publish.wgs84 import Projector, Written

UNCHANGED = frozenset({"unrestored", "restoration_regressed", "over_extraction"})
"""Violations that do not claim that new ground was mined, and so carry no likelihood."""

M2_PER_MU = 2000 / 3

CASE_FIELDS, PATCH_FIELDS, COVERAGE_FIELDS = (tuple(each.name for each in fields) for fields in (CASES, PATCHES, COVERAGE))
"""Properties of the three files, in their order; the columns of a table that may have no rows."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A row of a published file."""

    written: Written
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A finding with its names: what is published of one part of a patch, or of a site."""

    finding: Finding
    written: Written
    patch_id: str | None = None
    case: CaseRecord | None = None
    """None for what is explained or too unlikely to be a case."""
    patch: Patch | None = None


@dataclass(frozen=True, slots=True)
class Pictured:
    """What a case's evidence picture shows."""

    path: str
    """Relative to the month's folder."""
    before_date: date | None
    after_date: date | None
    scenes_before: tuple[str, ...]
    """Ids; more than one where tiles of one pass meet in the picture."""
    scenes_after: tuple[str, ...]


NOT_PICTURED: Mapping[str, Pictured] = {}


def is_violation(finding: Finding, min_likelihood: float) -> bool:
    """Whether a finding is a case: it breaks a rule, it has not ended, and if it claims mining it is likely."""
    if finding.code in EXPLAINED or finding.status == "ended":
        return False
    return finding.code in UNCHANGED or (finding.mining_likelihood or 0.0) >= min_likelihood


def flagged_features(judged: Iterable[Judged], *, month: str, layers_version: str, pictured: Mapping[str, Pictured] = NOT_PICTURED) -> list[Feature]:
    """Cases that staff should review, by id. Dismissed ones are left out until they grow. pictured: by case id."""
    rows = [
        Feature(each.written, _case_properties(each, each.case, month, layers_version, pictured.get(each.case.case_id)))
        for each in judged
        if each.case is not None and each.case.listed
    ]
    return sorted(rows, key=lambda row: str(row.properties["id"]))


def _case_properties(judged: Judged, case: CaseRecord, month: str, layers_version: str, pictured: Pictured | None) -> dict[str, Any]:
    """Properties of a flagged feature, in the order of contract section 6."""
    finding, written = judged.finding, judged.written
    return {
        "id": case.case_id,
        "patch_id": judged.patch_id,
        "month": month,
        "new_this_month": case.new_this_month,
        "finding": str(finding.code),
        "finding_zh": FINDINGS[finding.code],
        "also": _joined(finding.also),
        "severity": finding.severity_regrown if case.reopened else finding.severity,
        "status": finding.status,
        "first_seen": iso(finding.first_seen),
        "last_seen": iso(finding.last_seen),
        "before_date": iso(pictured.before_date) if pictured else None,
        "after_date": iso(pictured.after_date) if pictured else None,
        "area_m2": _number(written.area_m2, 1),
        "area_mu": _number(written.area_m2 / M2_PER_MU, 2),
        "growth_m2": _number(case.growth_m2, 1),
        "confidence": _number(finding.confidence, 4),
        "mining_likelihood": _number(finding.mining_likelihood, 4),
        "cause": finding.cause,
        "right_id": finding.right_id,
        "right_name": finding.right_name,
        "holder": finding.holder,
        "mineral": finding.mineral,
        "valid_to": iso(finding.valid_to),
        "distance_to_right_m": _number(finding.distance_to_right_m, 1),
        "overshoot_m2": _number(finding.overshoot_m2, 1),
        "overshoot_max_m": _number(finding.overshoot_max_m, 1),
        "position_error_m": _number(finding.position_error_m, 1),
        "overshoot_certain_m2": _number(finding.overshoot_certain_m2, 1),
        "legacy_id": finding.legacy_id,
        "legacy_state": finding.legacy_state,
        "deadline": iso(finding.deadline),
        "restriction": _joined(finding.restriction),
        "restriction_m2": _number(finding.restriction_m2, 1),
        "town": finding.town,
        "lon": written.lon,
        "lat": written.lat,
        "evidence": pictured.path if pictured else None,
        "scenes_before": _joined(pictured.scenes_before) if pictured else None,
        "scenes_after": _joined(pictured.scenes_after) if pictured else None,
        "layers_version": layers_version,
        **verdict_of(case),
    }


def verdict_of(case: CaseRecord) -> dict[str, Any]:
    """What people decided on a case, as properties."""
    return {
        "review": str(case.review),
        "review_reason": case.review_reason,
        "review_note": case.review_note,
        "reviewer": case.reviewer,
        "reviewed_at": case.reviewed_at,
        "version": case.version,
    }


def patches_features(judged: Iterable[Judged]) -> list[Feature]:
    """Every part of every patch of changed ground, flagged or explained, the likeliest mining first."""
    changed = [each for each in judged if each.finding.patch is not None]
    changed.sort(key=lambda each: (-(each.finding.mining_likelihood or 0.0), each.patch_id or "", each.finding.part, each.finding.code))
    return [Feature(each.written, _patch_properties(each)) for each in changed]


def _patch_properties(judged: Judged) -> dict[str, Any]:
    finding = judged.finding
    features = judged.patch.features if judged.patch else {}
    return {
        "patch_id": judged.patch_id,
        "id": judged.case.case_id if judged.case else None,
        "finding": str(finding.code),
        "finding_zh": FINDINGS[finding.code],
        "also": _joined(finding.also),
        "cause": finding.cause,
        "mining_likelihood": _number(finding.mining_likelihood, 4),
        "confidence": _number(finding.confidence, 4),
        "area_m2": _number(judged.written.area_m2, 1),
        "first_seen": iso(finding.first_seen),
        "last_seen": iso(finding.last_seen),
        "status": finding.status,
        "right_id": finding.right_id,
        "features": {name: _number(float(features[name]), 4) for name in sorted(features)},
        "rule_trace": list(finding.trace),
    }


def coverage_features(unseen: Sequence[tuple[BaseGeometry, date | None]], projector: Projector) -> list[Feature]:
    """Ground not seen clearly this month, by the date it was last seen; never-seen ground first."""
    outlines = [(projector.write_strewn(geometry), last_seen) for geometry, last_seen in unseen]
    rows = [Feature(written, {"last_seen": iso(last_seen), "area_ha": _number(written.area_m2 / 10_000, 4)}) for written, last_seen in outlines]
    return sorted(rows, key=lambda row: (row.properties["last_seen"] or "", -row.written.lat, row.written.lon))


def _joined(values: Sequence[str]) -> str | None:
    return ";".join(values) or None


def _number(value: float | None, decimals: int) -> float | None:
    """Rounded; None for what JSON can't hold. `+ 0.0` makes −0.0 a zero."""
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return None
    return round(float(value), decimals) + 0.0
