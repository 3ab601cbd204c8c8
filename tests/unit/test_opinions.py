"""What was said of a case last month holds half way against what this month's looks say, and keeps its ground apart."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from pipeline.patches.likelihood import REMEMBERED, Likelihood, load
from pipeline.patches.memory import Opinion
from pipeline.patches.patch import Cause, Patch
from tests.unit.test_patches import BARE, JUNE, PLOUGHED, WATER, changed, disc, find, growing, rows_of_fields, square

GROUND = disc(50, 50, 3)
DUG = changed(GROUND)


def odds(share: float) -> float:
    return math.log(share / (1 - share))


def weighing(own: float) -> Likelihood:
    """The shipped model with a bias by which this month's looks alone make the patch so likely."""
    shipped = load()
    (found,) = find(DUG)
    assert found.mining_likelihood is not None
    return replace(shipped, bias=shipped.bias + odds(own) - odds(found.mining_likelihood))


def now(own: float, before: float, ground: BaseGeometry | None = None, patch_m2: float | None = None) -> Patch:
    """The patch of a month after one that said `before` of it."""
    (bare,) = find(DUG)
    said = Opinion(bare.geometry if ground is None else ground, bare.geometry.area if patch_m2 is None else patch_m2, before)
    (patch,) = find(DUG, said=[said], weights=weighing(own))
    return patch


def test_a_case_falls_half_way_a_month() -> None:
    patch = now(0.4, 0.75)
    assert patch.mining_likelihood == pytest.approx(1 / (1 + math.exp(-(odds(0.4) + odds(0.75)) / 2)), abs=0.005)
    assert (patch.cause, patch.features[REMEMBERED]) == (Cause.MINING, 0.75)
    again = now(0.4, patch.mining_likelihood or 0.0)
    assert (again.mining_likelihood or 1.0) < 0.5, "what is said twice is believed"
    assert again.cause is not Cause.MINING


def test_a_strong_contradiction_is_believed_at_once() -> None:
    assert (now(0.08, 0.8).mining_likelihood or 1.0) < 0.5


def test_what_rises_is_believed_at_once() -> None:
    assert now(0.8, 0.6).mining_likelihood == pytest.approx(0.8, abs=0.005)


def test_other_ground_is_not_spoken_of() -> None:
    (patch,) = find(DUG)
    _, south, east, north = patch.geometry.bounds
    for ground, area in ((box(east - 10, south, east + 60, north), None), (patch.geometry, patch.geometry.area / 3)):
        assert now(0.4, 0.9, ground, area).mining_likelihood == pytest.approx(0.4, abs=0.005)


def test_what_is_plainly_water_stays_water() -> None:
    (before,) = find(DUG)
    (patch,) = find(changed(GROUND, WATER), said=[Opinion(before.geometry, before.geometry.area, 0.9)])
    assert patch.cause is Cause.WATER


def test_ploughing_beside_a_case_does_not_hide_it() -> None:
    """Fields are ploughed round a pit of last month, and all would be one piece: the pit's own ground stays a case."""
    pit = growing(square(50, 50, 4), (PLOUGHED * 1.1).astype(np.float32))
    beside = [cell for cell in square(44, 44, 16) if cell not in square(50, 50, 4)]
    fields = changed(beside, PLOUGHED, novelty=1.2, score=9.0, first_day=JUNE + 40)
    (alone,) = find(pit)
    said = Opinion(alone.geometry, alone.geometry.area, 0.8)
    assert (alone.mining_likelihood or 0.0) >= 0.5

    def cases(*told: Opinion) -> list[Patch]:
        return [p for p in find(pit, fields, *rows_of_fields(JUNE + 40), said=told) if (p.mining_likelihood or 0.0) >= 0.5]

    assert cases() == []
    (kept,) = cases(said)
    assert {(int(r), int(c)) for r, c in kept.cells} == set(square(50, 50, 4))


def test_a_case_needs_not_be_proven_anew() -> None:
    """In another season a pit of loess may be too like its past to begin a patch: it has begun already."""
    (before,) = find(DUG)
    faint = growing(GROUND, (BARE * 1.1).astype(np.float32), novelty=0.8, score=6.0)
    assert find(faint) == []
    assert len(find(faint, said=[Opinion(before.geometry, before.geometry.area, 0.95)])) == 1


def test_what_was_dug_beside_a_case_is_part_of_it() -> None:
    first = changed(square(50, 50, 4))
    (alone,) = find(first)
    said = Opinion(alone.geometry, alone.geometry.area, 0.9)
    (grown,) = find(first, changed(square(50, 54, 4), first_day=JUNE + 30, anomalous=4), said=[said])
    assert len(grown.cells) == 32
    assert np.isclose(grown.geometry.area, 2 * alone.geometry.area, rtol=0.1)
