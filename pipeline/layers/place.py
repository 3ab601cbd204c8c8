"""Where features lie: outside the county, or on top of one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import CLOSED_STATUS, Approval, LegacyPatch, PlanBlock, Problem, Right, Town, Zone

SLIVER_M2 = 100.0
"""Neighbours drawn to a few decimetres overlap by as much; more is a contradiction of the register."""


def outside(
    file: str, records: Sequence[Right | LegacyPatch | Zone | Approval | Town | PlanBlock], area: BaseGeometry, guess: Callable[[], str | None]
) -> list[Problem]:
    """Features that do not touch the county; one problem for all where none does. guess: what their coordinates look like instead."""
    if not records:
        return []
    shapely.prepare(area)
    away = ~shapely.intersects(area, np.asarray([r.geometry for r in records], object))
    like = guess() if away.all() else None
    seems = f" By their coordinates {like}." if like else ""
    fix = "Is it another county's, are its coordinates swapped, or does the file say the wrong CRS?"
    if away.all() and len(records) > 1:
        return [Problem(None, "MW-LAYER-OUTSIDE", f"{file}: none of its {len(records)} features lies in the county.{seems}", fix, False)]
    found = [records[k] for k in np.flatnonzero(away).tolist()]
    return [Problem(r.id, "MW-LAYER-OUTSIDE", f"{file}: feature {r.id} lies outside the county.{seems}", fix, False) for r in found]


def _apart(one: Right, other: Right) -> bool:
    """Whether one had ended before the other began: a right that follows another on the same ground contradicts nothing."""
    if one.status in CLOSED_STATUS or other.status in CLOSED_STATUS:
        return True
    return any(a.valid_to is not None and b.valid_from is not None and a.valid_to < b.valid_from for a, b in ((one, other), (other, one)))


def overlaps(file: str, rights: Sequence[Right]) -> list[Problem]:
    """Pairs of rights that hold the same ground at the same time."""
    if len(rights) < 2:
        return []
    ground = np.asarray([r.geometry for r in rights], object)
    first, second = shapely.STRtree(ground).query(ground, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.area(shapely.intersection(ground[first], ground[second]))
    found = []
    for i, j, area in sorted(zip(first.tolist(), second.tolist(), shared.tolist(), strict=True)):
        one, other = rights[i], rights[j]
        if area > SLIVER_M2 and not _apart(one, other):
            message = f"{file}: rights {one.id} and {other.id} overlap by {area:.0f} m²; where one of them is valid, digging counts as permitted."
            found.append(Problem(one.id, "MW-LAYER-OVERLAP", message, "Compare their corner points with the licences.", False))
    return found
