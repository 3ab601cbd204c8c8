"""Where features lie: outside the county, or on top of one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.layers.checks import outline_key
from pipeline.layers.model import CLOSED_STATUS, Approval, LegacyPatch, PlanBlock, Problem, Right, Town, Zone

MOST_GUESSED = 200
"""Features outside the county that are told one by one."""
SLIVER_M2 = 100.0
"""Neighbours drawn to a few decimetres overlap by as much; more is a contradiction of the register."""


def outside(
    file: str,
    records: Sequence[Right | LegacyPatch | Zone | Approval | Town | PlanBlock],
    area: BaseGeometry,
    guess: Callable[[int | None], str | None],
) -> list[Problem]:
    """Features that do not touch the county; one problem for all where none does.

    guess: what the coordinates of a record (by its position), or of all (None), look like instead.
    """
    if not records:
        return []
    shapely.prepare(area)
    away = ~shapely.intersects(area, np.asarray([r.geometry for r in records], object))
    fix = "Is it another county's, are its coordinates swapped (--order), or does the file say the wrong system (--crs)?"
    if away.all() and len(records) > 1:
        seems = _seems(guess(None))
        return [Problem(None, "MW-LAYER-OUTSIDE", f"{file}: none of its {len(records)} features lies in the county.{seems}", fix, False)]
    found = []
    for k in np.flatnonzero(away).tolist()[:MOST_GUESSED]:
        message = f"{file}: feature {records[k].id} lies outside the county.{_seems(guess(k))}"
        found.append(Problem(records[k].id, "MW-LAYER-OUTSIDE", message, fix, False))
    return found


def _seems(like: str | None) -> str:
    return f" By their coordinates {like}." if like else ""


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
        if area <= SLIVER_M2 or _apart(one, other):
            continue
        if outline_key(one.geometry) == outline_key(other.geometry):
            message = f"{file}: rights {one.id} and {other.id} have the very same outline at the same time."
            found.append(Problem(one.id, "MW-LAYER-DUPLICATE", message, "Take one of them out, or correct its points or dates.", False))
        message = f"{file}: rights {one.id} and {other.id} overlap by {area:.0f} m²; where one of them is valid, digging counts as permitted."
        found.append(Problem(one.id, "MW-LAYER-OVERLAP", message, "Compare their corner points with the licences.", False))
    return found
