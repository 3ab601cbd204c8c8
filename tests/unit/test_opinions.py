"""What was said of a patch last month holds half way against what this month's looks say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from pipeline.patches.likelihood import REMEMBERED, Likelihood, load
from pipeline.patches.memory import Opinion, recalled
from pipeline.patches.patch import Cause, Patch
from tests.unit.test_patches import BARE, WATER, changed, disc, find

GROUND = disc(50, 50, 3)


def patch_of(own: float) -> tuple[Patch, Likelihood]:
    """A patch, and a model by which its looks alone make it so likely."""
    shipped = load()
    (found,) = find(changed(GROUND, (BARE * 1.6).astype(np.float32)))
    assert found.mining_likelihood is not None
    model = replace(shipped, bias=shipped.bias + odds(own) - odds(found.mining_likelihood))
    opinion = model.judge(found.features)
    return replace(found, mining_likelihood=opinion.mining, cause=opinion.cause), model


def odds(share: float) -> float:
    return math.log(share / (1 - share))


def now(own: float, before: float, ground: BaseGeometry | None = None, patch_m2: float | None = None) -> Patch:
    patch, model = patch_of(own)
    said = Opinion(patch.geometry if ground is None else ground, patch.geometry.area if patch_m2 is None else patch_m2, before)
    return recalled([patch], [said], model)[0]


def test_a_case_falls_half_way_a_month() -> None:
    patch = now(0.4, 0.75)
    assert patch.mining_likelihood == pytest.approx(1 / (1 + math.exp(-(odds(0.4) + odds(0.75)) / 2)), abs=0.002)
    assert (patch.cause, patch.features[REMEMBERED]) == (Cause.MINING, 0.75)
    again = now(0.4, patch.mining_likelihood or 0.0)
    assert again.mining_likelihood is not None and again.mining_likelihood < 0.5, "what is said twice is believed"
    assert again.cause is not Cause.MINING


def test_a_strong_contradiction_is_believed_at_once() -> None:
    gone = now(0.02, 0.8).mining_likelihood
    assert gone is not None and gone < 0.5


def test_what_rises_is_believed_at_once_and_says_nothing_of_last_month() -> None:
    patch = now(0.8, 0.6)
    assert (patch.mining_likelihood, REMEMBERED in patch.features) == (pytest.approx(0.8, abs=0.002), False)


def test_other_ground_is_not_spoken_of() -> None:
    patch, _ = patch_of(0.4)
    west, south, east, north = patch.geometry.bounds
    elsewhere = box(east - 10, south, east + 60, north)
    for ground, area in ((elsewhere, None), (patch.geometry, patch.geometry.area / 3)):
        assert now(0.4, 0.9, ground, area).mining_likelihood == pytest.approx(0.4, abs=0.002)


def test_ground_from_before_monitoring_is_still_not_judged() -> None:
    patch, model = patch_of(0.4)
    old = replace(patch, mining_likelihood=None, before_monitoring=True, features={})
    assert recalled([old], [Opinion(old.geometry, old.geometry.area, 0.9)], model) == [old]


def test_what_is_plainly_water_stays_water() -> None:
    with_water = find(changed(GROUND, WATER))
    said = [Opinion(patch.geometry, patch.geometry.area, 0.9) for patch in with_water]
    (patch,) = recalled(with_water, said, load())
    assert patch.cause is Cause.WATER
