"""Changed cells become patches: what is one thing, what outline it has, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import GeometryCollection, box
from shapely.geometry.base import BaseGeometry

from pipeline.detect.builtup import merged
from pipeline.detect.evidence import dtype
from pipeline.detect.state import CONFIRMED, FIRST, PROVISIONAL
from pipeline.grid import Grid
from pipeline.patches.causes import MARKS, SCORES, name_of
from pipeline.patches.find import find_patches
from pipeline.patches.likelihood import Likelihood, load
from pipeline.patches.lookalikes import plastic_like
from pipeline.patches.measuring import Place
from pipeline.patches.memory import Opinion
from pipeline.patches.patch import Cause, Patch, Status
from tests.cells import BANDS, BARE, FIELD, model

JANUARY = 19723
JUNE = JANUARY + 160
GRID = Grid(GeoBox((100, 100), Affine(10, 0, 500_000, 0, -10, 4_000_000), "EPSG:32648"))
NOWHERE = GeometryCollection()
WILDS = np.zeros((0, 3), np.int64)
LIMESTONE = np.array([3150, 3550, 3800, 4000, 4150, 3500], np.float32)
WATER = np.array([600, 650, 500, 300, 180, 120], np.float32)
PLASTIC = np.array([2700, 2750, 2800, 4000, 3300, 2600], np.float32)
CHAR = np.array([620, 820, 1000, 1600, 2080, 1890], np.float32)
CONCRETE = np.array([1250, 1420, 1650, 2050, 2350, 2100], np.float32)
SUBSOIL = (BARE * 1.2).astype(np.float32)
VILLAGE = merged(np.array([[row, col, 20] for row in range(3, 9) for col in range(3, 6)], np.int64))

NONE_BEFORE = np.zeros((0, 4), np.int64)
Cell = tuple[int, int]


def square(row: int, col: int, side: int) -> list[Cell]:
    return [(r, c) for r in range(row, row + side) for c in range(col, col + side)]


def disc(row: int, col: int, radius: float) -> list[Cell]:
    reach = range(-int(radius), int(radius) + 1)
    return [(row + y, col + x) for y in reach for x in reach if y * y + x * x <= radius * radius]


def changed(places: Iterable[Cell], spectrum: NDArray[np.float32] = LIMESTONE, **fields: Any) -> NDArray[np.void]:
    """Cells that changed from a field into something else, seen often since June unless told otherwise."""
    places = list(places)
    out = np.zeros(len(places), dtype(len(BANDS)))
    out["row"], out["col"] = np.array(places).T
    floor = np.array([100, 110, 130, 180, 220, 200])
    out["spectrum"], out["expected"], out["barest"] = spectrum, FIELD, BARE
    novelty = (((spectrum - BARE) / floor) ** 2).mean()
    for name, value in {
        "status": CONFIRMED, "anomalous": 10, "looks": 60, "first_day": JUNE, "last_day": JUNE + 80,
        "last_normal": fields.get("first_day", JUNE) - 5, "last_clear": JUNE + 80,
        "score": 30.0, "novelty": novelty, "greenest": 0.45,
    }.items():  # fmt: skip
        out[name] = fields.get(name, value)
    return out


def find(
    *parts: NDArray[np.void],
    registered: BaseGeometry = NOWHERE,
    built: NDArray[np.int64] = WILDS,
    said: Sequence[Opinion] = (),
    weights: Likelihood | None = None,
    before: NDArray[np.int64] = NONE_BEFORE,
) -> list[Patch]:
    cells = np.concatenate(parts)
    cells = cells[np.lexsort((cells["col"], cells["row"]))]
    return find_patches(cells, before, model(), Place(GRID, registered, built), weights or load(), JANUARY, 4, said)


def growing(places: list[Cell], spectrum: NDArray[np.float32] = LIMESTONE, **fields: Any) -> NDArray[np.void]:
    """A dig that spreads from its first cell for forty days, uneven inside."""
    out = changed(places, spectrum, **fields)
    away = np.hypot(out["row"] - out["row"].mean(), out["col"] - out["col"].mean())
    out["first_day"] = JUNE + np.round(away / max(float(away.max()), 1) * 40)
    out["spectrum"] *= (1 + 0.1 * np.where((out["row"] + out["col"]) % 2, 1, -1))[:, None]
    return out


def test_a_growing_dig_is_one_patch_with_its_outline_and_dates() -> None:
    (patch,) = find(growing(disc(50, 50, 5)))
    assert len(patch.cells) == len(disc(50, 50, 5))
    assert patch.geometry.area == pytest.approx(100 * len(patch.cells))
    assert patch.status is Status.CONFIRMED
    assert (patch.first_seen.isoformat(), patch.last_seen.isoformat()) == ("2024-06-09", "2024-08-28")
    assert patch.cause is Cause.MINING
    assert patch.mining_likelihood is not None
    assert patch.mining_likelihood > 0.8


def test_small_holes_are_filled_and_three_cells_are_no_patch() -> None:
    ring = [place for place in square(20, 20, 5) if place not in square(22, 22, 1)]
    (patch,) = find(growing(ring), growing([(60, 60), (60, 61), (61, 60)]))
    assert len(patch.cells) == 25


def test_neighbouring_patches_do_not_share_ground() -> None:
    early, late = square(20, 20, 6), [place for place in square(18, 24, 12) if place not in square(20, 20, 6)]
    parts = find(changed(early), changed(late, first_day=JUNE + 85))
    assert len(parts) == 2
    cells = [tuple(cell) for part in parts for cell in part.cells.tolist()]
    assert len(cells) == len(set(cells))


def test_cells_with_one_between_them_are_one_thing_only_if_they_changed_together() -> None:
    left, right = square(20, 20, 4), square(20, 25, 4)
    assert len(find(changed(left), changed(right))) == 1
    assert len(find(changed(left), changed(right, first_day=JUNE + 40))) == 2


def test_ground_seen_changed_only_twice_waits_until_enough_of_it_is_known() -> None:
    new = changed(square(20, 20, 6), status=FIRST, anomalous=2)
    assert find(new) == []
    known = changed(square(26, 20, 2), status=PROVISIONAL, anomalous=3)
    assert find(new, known) == []
    (patch,) = find(new, changed(square(26, 20, 4), status=PROVISIONAL, anomalous=3))
    assert len(patch.cells) == 52


def test_ground_new_to_its_own_record_needs_no_season() -> None:
    """Where crops differ from year to year, no look is far from the season; but nothing ever looked like this."""
    assert find(changed(disc(50, 50, 3), BARE * 1.1, score=5.0, novelty=2.0)) == []
    assert len(find(changed(disc(50, 50, 3), score=5.0))) == 1


def likelihood(*parts: NDArray[np.void], registered: BaseGeometry = NOWHERE, built: NDArray[np.int64] = WILDS) -> float:
    with patch("pipeline.patches.likelihood.NEGLIGIBLE", 0.0):
        (found,) = find(*parts, registered=registered, built=built)
    assert found.mining_likelihood is not None
    return found.mining_likelihood


def test_the_same_change_is_likelier_mining_where_a_right_or_legacy_patch_is() -> None:
    faint = changed(disc(50, 50, 3), (BARE * 1.2).astype(np.float32), novelty=2.0, score=9.0, anomalous=5)
    here = box(500_400, 3_999_400, 500_600, 3_999_600)
    beside = box(500_560, 3_999_400, 500_700, 3_999_600)
    assert likelihood(faint) < likelihood(faint, registered=beside) < likelihood(faint, registered=here)


def test_a_small_bright_patch_beside_a_village_is_likelier_a_house() -> None:
    small, large = changed(disc(50, 50, 2), anomalous=6), changed(disc(50, 50, 6), anomalous=6)
    assert likelihood(small, built=VILLAGE) < likelihood(small)
    assert likelihood(large, built=VILLAGE) == likelihood(large)


def test_own_soil_laid_bare_is_less_likely_mining_than_another_material() -> None:
    ploughed = changed(disc(50, 50, 5), (BARE * 1.04).astype(np.float32), novelty=2.5)
    brought_up = changed(disc(50, 50, 5), (BARE * 1.35).astype(np.float32), novelty=2.5)
    assert likelihood(ploughed) < 0.5
    assert likelihood(ploughed) < likelihood(brought_up)


@pytest.mark.parametrize(("spectrum", "cause"), [(WATER, Cause.WATER), (PLASTIC, Cause.GREENHOUSE)], ids=["a filled pond", "a greenhouse"])
def test_what_is_plainly_something_else_is_named_and_not_mining(spectrum: NDArray[np.float32], cause: Cause) -> None:
    (patch,) = find(changed(square(40, 40, 9), spectrum))
    assert patch.cause is cause
    assert patch.mining_likelihood is not None
    assert patch.mining_likelihood < 0.2


GRANITE = np.array([2000, 2200, 2350, 3350, 2650, 2420], np.float32)
CLAY = np.array([1000, 1450, 2350, 2950, 3700, 2950], np.float32)
STEEL = np.array([1000, 990, 2350, 2950, 3300, 2900], np.float32)
FOREST = np.array([300, 450, 520, 2400, 2300, 1300], np.float32)


def test_pale_rock_is_told_from_plastic_by_its_longest_band() -> None:
    """What grows beside it lends it near infrared; no plant and no plastic is as bright beyond two micrometres."""
    pit = square(46, 46, 6)
    assert likelihood(growing(pit, GRANITE)) > 0.5
    assert likelihood(growing(pit, GRANITE * np.array([1, 1, 1, 1, 0.98, 0.78], np.float32))) < 0.2


def test_gravel_that_absorbs_as_its_own_soil_does_is_no_plastic_once_summer_has_come() -> None:
    gravel = {"clay": 0.78, "clay_bare": 0.77, "blue_to_red": 0.73, "growing_days": 120.0}
    assert plastic_like(gravel) == 0
    assert plastic_like(gravel | {"clay_bare": 0.85}) == 1
    assert plastic_like(gravel | {"clay_bare": 0.78, "blue_to_red": 0.9}) == 1
    assert plastic_like(gravel | {"growing_days": 30.0}) == 1


def test_painted_steel_is_redder_than_clay() -> None:
    roof = square(46, 46, 3)
    assert likelihood(changed(roof, CLAY)) > 0.9
    assert named(changed(roof, STEEL)) is Cause.CONSTRUCTION


def test_nobody_builds_greenhouses_in_a_forest() -> None:
    field, forest = growing(square(46, 46, 9), PLASTIC), growing(square(46, 46, 9), PLASTIC)
    forest["barest"] = FOREST
    assert likelihood(field) < 0.2 < likelihood(forest)


def named(*parts: NDArray[np.void], built: NDArray[np.int64] = WILDS) -> Cause:
    with patch("pipeline.patches.likelihood.NEGLIGIBLE", 0.0):  # which fields are left out is another question
        (found,) = find(*parts, built=built)
    assert found.mining_likelihood is not None
    assert found.mining_likelihood < 0.5
    return found.cause


def test_a_burn_is_dark_but_less_so_in_the_long_waves_and_does_not_last() -> None:
    assert named(changed(disc(50, 50, 4), CHAR, novelty=4.0, score=12.0, anomalous=4, last_day=JUNE + 30)) is Cause.BURN
    assert named(changed(square(40, 40, 16), CHAR, novelty=4.0, score=12.0, last_day=JUNE + 150)) is not Cause.BURN


def test_subsoil_bared_at_once_in_the_rains_is_a_landslide() -> None:
    def slope(day: int, size: float = 3.0) -> NDArray[np.void]:
        return changed(disc(50, 50, size), SUBSOIL, first_day=day, novelty=1.8, score=8.0, anomalous=4, last_day=day + 40)

    assert named(slope(JUNE + 45)) is Cause.LANDSLIDE
    assert named(slope(JUNE + 45, size=7)) is not Cause.LANDSLIDE
    assert named(slope(JANUARY + 90)) is not Cause.LANDSLIDE


def test_a_grey_yard_beside_a_village_is_building() -> None:
    yard = changed(disc(50, 50, 3), CONCRETE, novelty=3.0, score=9.0, anomalous=6)
    assert named(yard, built=VILLAGE) is Cause.CONSTRUCTION


def test_a_strip_no_wider_than_a_road_is_one() -> None:
    strip = [(r, c) for r in range(30, 32) for c in range(20, 50)]
    assert named(changed(strip, CONCRETE, novelty=4.0, score=9.0)) is Cause.ROAD


def test_own_soil_worked_for_weeks_is_farmland() -> None:
    terraces = changed(disc(50, 50, 6), (BARE * 1.05).astype(np.float32), novelty=1.5, score=9.0)
    terraces["first_day"] += terraces["row"].astype(np.uint16) * 4 - 160
    assert named(terraces) is Cause.FARMLAND


def test_panels_are_new_and_weeds_on_fallow_ground_are_not() -> None:
    weeds = (0.71 * BARE[2] * np.array([0.63, 0.83, 1.0, 1.79, 1.86, 1.45])).astype(np.float32)
    assert named(changed(square(40, 40, 14), weeds, novelty=1.2, score=9.0)) is Cause.FARMLAND
    assert named(changed(square(40, 40, 14), weeds, novelty=5.0, score=9.0)) is Cause.SOLAR


def test_without_short_wave_infrared_something_is_still_said() -> None:
    with patch("pipeline.patches.likelihood.NEGLIGIBLE", 0.0):
        numbers = find(changed(disc(50, 50, 4), CHAR, novelty=4.0))[0].features
    visible = {name: value for name, value in numbers.items() if "swir" not in name and "clay" not in name and "blue" not in name}
    assert name_of(visible) in Cause


def test_every_cause_but_mining_has_a_score_of_marks_that_exist() -> None:
    assert set(SCORES) == set(Cause) - {Cause.MINING}
    assert {name for _, weights in SCORES.values() for name in weights} <= set(MARKS)


def test_new_rock_that_no_cause_explains_is_unknown() -> None:
    assert name_of(find(growing(disc(50, 50, 4)))[0].features) is Cause.UNKNOWN


def test_ground_that_likelier_changed_before_monitoring_is_not_held_against_anybody() -> None:
    dates = {"first_day": JANUARY + 20, "last_normal": JANUARY - 90}
    (old,) = find(changed(disc(50, 50, 4), **dates))
    assert (old.before_monitoring, old.mining_likelihood) == (True, None)
    (new,) = find(changed(disc(50, 50, 4), **dates | {"last_normal": JANUARY - 10}))
    assert not new.before_monitoring
    # After a winter in which nobody saw it, either may be: a new pit must not be passed over.
    dark = {"first_day": JANUARY + 70, "last_normal": JANUARY - 75}
    assert [p.before_monitoring for p in find(changed(disc(50, 50, 4), **dark))] == [False]
    assert [p.before_monitoring for p in find(changed(disc(50, 50, 4), **dark | {"last_normal": JANUARY - 160}))] == [True]


def test_looks_told_of_older_ground_are_its_own() -> None:
    dates = {"first_day": JANUARY - 60, "last_normal": JANUARY - 80}
    parts = (changed(square(50, 10 * k, 4), **dates, looks=10 * k, anomalous=k) for k in (2, 4))
    fitted = np.array([(row, col, JANUARY - 200, JUNE) for row, col in square(50, 60, 4)], np.int64)
    found = sorted(find(*parts, before=fitted), key=lambda patch: int(patch.cells[0, 1]))
    assert [(p.before_monitoring, p.looks_before, p.looks_after) for p in found] == [(True, 20, 2), (True, 40, 4), (True, 0, 0)]


def test_a_rim_that_nobody_saw_undug_since_monitoring_began_belongs_to_the_pit_of_before() -> None:
    """A winter of clouds must not make a new case of an autumn's pit."""
    old = changed(square(50, 50, 5), first_day=JANUARY - 60, last_normal=JANUARY - 80)
    rim = {"first_day": JANUARY + 70, "last_normal": JANUARY - 65}
    hidden = find(old, changed(square(50, 55, 3), **rim))
    assert sum(len(p.cells) for p in hidden if p.before_monitoring) == sum(len(p.cells) for p in hidden) == 34
    seen = find(old, changed(square(50, 55, 3), **rim | {"last_normal": JANUARY + 40}))
    assert sorted((p.before_monitoring, len(p.cells)) for p in seen) == [(False, 9), (True, 25)]


def test_time_in_which_nobody_saw_the_ground_parts_no_pit() -> None:
    inner = square(52, 52, 3)
    first, rest = changed(inner), [cell for cell in square(50, 50, 7) if cell not in inner]
    later = {"first_day": JUNE + 90, "last_day": JUNE + 150, "last_clear": JUNE + 150}
    assert [len(p.cells) for p in find(first, changed(rest, **later, last_normal=JUNE - 5))] == [49]
    assert sorted(len(p.cells) for p in find(first, changed(rest, **later, last_normal=JUNE + 85))) == [9, 40]


def test_a_few_winter_looks_weigh_less_than_summer_ones() -> None:
    summer = changed(disc(50, 50, 3), anomalous=5, novelty=3.0, score=8.0)
    winter = changed(disc(50, 50, 3), anomalous=5, novelty=3.0, score=8.0, first_day=JANUARY + 20, last_day=JANUARY + 60, last_normal=JANUARY + 15)
    assert likelihood(winter) < likelihood(summer)
    quarry = changed(
        disc(50, 50, 3), anomalous=5, score=150.0, novelty=120.0, first_day=JANUARY + 20, last_day=JANUARY + 60, last_normal=JANUARY + 15
    )
    assert likelihood(quarry) > 0.5, "no frost looks like white rock"
    march = changed(disc(50, 50, 3), anomalous=5, novelty=3.0, score=8.0, first_day=JANUARY + 65, last_day=JANUARY + 115, last_normal=JANUARY + 60)
    assert likelihood(march) > likelihood(winter), "nor is seven weeks of spring frost"


PLOUGHED = (BARE * np.array([0.9, 0.92, 0.95, 1.05, 1.1, 1.12])).astype(np.float32)


def rows_of_fields(days: int = JUNE) -> list[NDArray[np.void]]:
    """Twenty fields of 6 × 6 cells ploughed in the same weeks."""
    return [changed(square(8 * r, 8 * c, 6), PLOUGHED, first_day=days, novelty=1.2, score=9.0) for r in range(4) for c in range(5)]


def test_a_pit_is_told_from_the_field_ploughed_beside_it() -> None:
    dug = square(50, 50, 5)
    beside = [cell for cell in square(46, 44, 12) if cell not in dug]
    season = [changed(beside, PLOUGHED, novelty=1.2, score=9.0), *rows_of_fields()]
    (pit,) = [p for p in find(changed(dug), *season) if (p.mining_likelihood or 0.0) >= 0.5]
    assert {(int(r), int(c)) for r, c in pit.cells} == set(dug)


def test_a_lone_field_does_not_hide_the_pit_beside_it() -> None:
    """Nobody else ploughs in these weeks, and the pit is of no plainly new rock."""
    dug = square(50, 50, 5)
    beside = changed([cell for cell in square(40, 38, 24) if cell not in dug], PLOUGHED, novelty=1.2, score=9.0)
    rock = growing(dug, (BARE * np.array([1.5, 1.4, 1.3, 1.15, 1.0, 1.0])).astype(np.float32), novelty=2.2, score=14.0)
    assert likelihood(rock) > 0.5
    (pit,) = [p for p in find(rock, beside) if (p.mining_likelihood or 0.0) >= 0.5]
    assert {(int(r), int(c)) for r, c in pit.cells} == set(dug)


def test_the_floor_of_a_pit_stays_with_its_face() -> None:
    """Two materials, neither of them field work."""
    floor = changed(square(50, 50, 4), (LIMESTONE * 0.6).astype(np.float32))
    (patch,) = find(changed([cell for cell in square(48, 48, 8) if cell not in square(50, 50, 4)]), floor)
    assert len(patch.cells) == 64


RIGHT = box(500_500, 3_999_400, 500_540, 3_999_500)
"""Rows 50 to 59, columns 50 to 53."""


def test_a_strip_of_a_field_is_cut_off_a_plain_pit_though_it_is_small_and_as_new() -> None:
    dug = [(row, col) for row in range(50, 60) for col in range(50, 62)]
    strip = [(row, col) for row in range(50, 60) for col in range(62, 66)]
    rock, as_new = growing(dug, novelty=30.0), {"novelty": 20.0, "score": 9.0, "greenest": 0.7}

    def largest(field: NDArray[np.void]) -> set[Cell]:
        pit = max(find(rock, field, registered=RIGHT), key=lambda p: len(p.cells))
        return {(int(r), int(c)) for r, c in pit.cells}

    assert largest(changed(strip, PLOUGHED, **as_new)) == set(dug)
    assert largest(changed(strip, PLOUGHED, anomalous=3, **as_new)) == {*dug, *strip}, "of three looks nobody knows what it will be"


def test_a_field_of_the_pits_own_soil_is_parted_from_it_by_when_it_changed() -> None:
    soil = (BARE * np.array([1.5, 1.4, 1.3, 1.15, 1.0, 1.0])).astype(np.float32)
    dug, field = square(50, 50, 8), square(50, 58, 8)
    pit = changed(dug, soil, novelty=2.2, score=24.0)
    pit["first_day"] += (np.arange(len(pit)) // 8).astype(np.uint16)
    late = changed(field, soil, novelty=1.2, score=9.0, first_day=JUNE + 60, last_day=JUNE + 80, anomalous=5, greenest=0.7)
    (case,) = [p for p in find(pit, late, registered=RIGHT) if (p.mining_likelihood or 0.0) >= 0.5]
    assert {(int(r), int(c)) for r, c in case.cells} == set(dug)
