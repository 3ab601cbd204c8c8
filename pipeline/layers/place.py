"""Where features lie: outside the county, or on top of one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.layers.checks import outline_key
from pipeline.layers.model import CLOSED_STATUS, Approval, LegacyPatch, PlanBlock, Problem, Right, Town, Zone

MOST_GUESSED = 200
"""Features outside the county that are told one by one."""
MOST_PAIRS, QUERIED = 5_000, 64
"""Pairs of rights that are compared: a register has a few; and outlines that are asked for at a time."""
SLIVER_M2 = 100.0
"""Neighbours drawn to a few decimetres overlap by as much; more is a contradiction of the register."""


def outside(
    file: str,
    records: Sequence[Right | LegacyPatch | Zone | Approval | Town | PlanBlock],
    area: BaseGeometry,
    guess: Callable[[int | None], str | None],
) -> list[Problem]:
    """Features that do not touch the county; one problem for all where none does.

    guess: what the coordinates of a record (by its position), or of all (None), look like instead. Where all of them lie in the county by another
    reading, the system is plainly wrong, and no right must be taken for missing because of it: that is fatal.
    """
    if not records:
        return []
    shapely.prepare(area)
    away = ~shapely.intersects(area, np.asarray([r.geometry for r in records], object))
    fix = "Is it another county's, are its coordinates swapped (--order), or does the file say the wrong system (--crs)?"
    like = guess(None) if away.all() else None
    if away.all() and (len(records) > 1 or like):
        said = f"{file}: none of its {len(records)} features lies in the county.{_seems(like)}"
        return [Problem(None, "MW-LAYER-OUTSIDE", said, fix, like is not None)]
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


def _pairs(ground: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Indices of outlines that meet, each pair once; whether these are all of them."""
    tree, pairs, count = shapely.STRtree(ground), [], 0
    for start in range(0, len(ground), QUERIED):
        first, second = tree.query(ground[start : start + QUERIED], predicate="intersects")
        once = first + start < second
        pairs.append(np.stack([first[once] + start, second[once]]))
        count += int(once.sum())
        if count > MOST_PAIRS:
            break
    one, other = np.concatenate(pairs, axis=1)[:, :MOST_PAIRS]
    return one, other, count <= MOST_PAIRS


def overlaps(file: str, rights: Sequence[Right]) -> list[Problem]:
    """Pairs of rights that hold the same ground at the same time."""
    if len(rights) < 2:
        return []
    ground = np.asarray([r.geometry for r in rights], object)
    first, second, all_found = _pairs(ground)
    shared = shapely.area(shapely.intersection(ground[first], ground[second]))
    found = []
    if not all_found:
        message = f"{file}: more than {MOST_PAIRS:,} pairs of its rights lie on one another; the rest was not looked at."
        found.append(Problem(None, "MW-LAYER-OVERLAP", message, "Is every right there once, with its own outline?", False))
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
