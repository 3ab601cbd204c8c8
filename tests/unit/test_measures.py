"""The bench's measures on ground small enough to count by hand."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

sys.path.append(str(Path(__file__).parents[2] / "bench" / "accuracy"))  # a folder of scripts, no package
ground: Any = importlib.import_module("truth")
measures: Any = importlib.import_module("measures")

SIDE = 20
PIT, FALLOW, HOUSE, APPROVED = 1, 2, 3, 4
ITEMS = (
    {"kind": "violation", "code": "unlicensed", "what": "pit"},
    {"kind": "lookalike", "code": None, "what": "fallow"},
    {"kind": "lookalike", "code": None, "what": "houses"},
    {"kind": "explained", "code": "approved", "what": "construction"},
)


def cells(rows: slice, cols: slice) -> Any:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[rows, cols] = True
    return np.flatnonzero(mask)


@pytest.fixture
def truth() -> Any:
    """A pit of 4 × 4 cells dug row by row from day 100 on, a fallow field, a house, works that were approved."""
    ids, days = np.zeros((SIDE, SIDE), np.int64), np.zeros((SIDE, SIDE), np.int64)
    for number, rows, cols in ((PIT, slice(2, 6), slice(2, 6)), (FALLOW, slice(12, 18), slice(2, 8)), (HOUSE, slice(2, 5), slice(12, 15))):
        ids[rows, cols], days[rows, cols] = number, 100
    ids[12:16, 12:16] = APPROVED
    days[2:6, 2:6] = np.arange(100, 140, 10)[:, None]
    inside = np.ones((SIDE, SIDE), bool)
    changed = (ids > 0) & (ids != FALLOW)
    return ground.Truth(ITEMS, ids, days, inside & ~ground.widened(changed), inside)


def test_what_touches_is_one_dig_and_what_comes_too_late_is_left_out(truth: Any) -> None:
    (dig,) = ground.digs(truth, begin=90, end=120)
    assert dig.cells.tolist() == cells(slice(2, 5), slice(2, 6)).tolist()
    assert dig.area_ha == pytest.approx(0.12)
    assert dig.half_day == 110
    assert set(cells(slice(5, 6), slice(2, 6))) <= set(dig.later)
    assert not set(dig.cells) & set(dig.later)
    assert ground.digs(truth, begin=90, end=99) == []


def test_groups_join_at_corners_and_need_four_cells() -> None:
    mask = np.zeros((6, 8), bool)
    mask[[0, 1, 2, 3], [0, 1, 2, 3]] = True
    mask[0, 5:8] = True
    assert [g.tolist() for g in ground.groups(mask)] == [[0, 9, 18, 27]]
    assert len(ground.groups(mask, fewest=3)) == 2
    assert ground.groups(np.zeros((3, 3), bool)) == []


def test_recall_counts_by_size_what_is_covered_enough(truth: Any) -> None:
    (dig,) = ground.digs(truth, 90, 140)
    covered = measures.united([cells(slice(2, 3), slice(2, 6)), cells(slice(5, 6), slice(5, 6))], (SIDE, SIDE))
    assert measures.found([dig], covered).tolist() == [True]
    assert measures.found([dig], measures.united([cells(slice(2, 3), slice(2, 6))], (SIDE, SIDE))).tolist() == [False]
    assert [(c.hits, c.of) for c in measures.by_size([dig], np.array([True]))] == [(0, 0), (1, 1), (0, 0)]


def test_a_dig_of_a_tenth_of_a_hectare_is_in_the_second_class(truth: Any) -> None:
    tenth = ground.Dig(np.arange(10), np.zeros(0, np.int64), 0)
    assert [c.of for c in measures.by_size([tenth], np.array([False]))] == [0, 1, 0]


def test_overlap_is_that_of_the_patches_on_a_dig_alone(truth: Any) -> None:
    (dig,) = ground.digs(truth, 90, 140)
    half, elsewhere = cells(slice(2, 4), slice(2, 6)), cells(slice(10, 14), slice(10, 14))
    assert measures.overlap(dig, [half, elsewhere]) == pytest.approx(0.5)
    assert measures.overlap(dig, [elsewhere]) is None


def test_ground_dug_in_the_last_days_counts_neither_way(truth: Any) -> None:
    (dig,) = ground.digs(truth, 90, 120)
    assert measures.overlap(dig, [cells(slice(2, 6), slice(2, 6))]) == pytest.approx(1.0)


def test_a_patch_on_a_fallow_field_is_false_and_one_on_a_house_is_not(truth: Any) -> None:
    assert measures.is_false(cells(slice(12, 18), slice(2, 8)), truth)
    assert not measures.is_false(cells(slice(2, 5), slice(12, 15)), truth)
    assert not measures.is_false(cells(slice(2, 6), slice(2, 6)), truth)


def test_labels_of_patches(truth: Any) -> None:
    assert measures.label(cells(slice(2, 6), slice(2, 8)), truth) is True
    assert measures.label(cells(slice(2, 5), slice(12, 15)), truth) is False
    assert measures.label(cells(slice(12, 16), slice(12, 16)), truth) is None, "approved works are neither"
    assert measures.label(cells(slice(5, 9), slice(2, 6)), truth) is None, "a quarter of it was dug"


def test_average_precision() -> None:
    perfect = measures.Ranking(np.array([0.9, 0.8, 0.2]), np.array([True, True, False]))
    assert perfect.average_precision == pytest.approx(1)
    assert measures.Ranking(np.array([0.9, 0.8, 0.2]), np.array([False, True, True])).average_precision == pytest.approx((1 / 2 + 2 / 3) / 2)
    tied = measures.Ranking(np.full(4, 0.5), np.array([True, False, False, False]))
    assert tied.average_precision == pytest.approx(0.25), "equal likelihoods gain nothing by their order"


def test_calibration_error_weighs_bins_by_their_patches() -> None:
    ranking = measures.Ranking(np.array([0.05, 0.05, 0.05, 0.95]), np.array([False, False, False, False]))
    assert ranking.calibration_error == pytest.approx((3 * 0.05 + 0.95) / 4)
    assert ranking.bins() == [(pytest.approx(0.05), 0.0, 3), (pytest.approx(0.95), 0.0, 1)]
    assert measures.Ranking(np.array([1.0]), np.array([True])).calibration_error == pytest.approx(0)


def test_recall_and_false_alarms_at_a_likelihood() -> None:
    hits, wrong = measures.Ranking(np.array([0.9, 0.4, 0.7]), np.array([True, True, False])).at(0.5)
    assert (hits.hits, hits.of, wrong.hits, wrong.of) == (1, 2, 1, 2)


def test_interval_of_a_share_holds_it_and_stays_within_bounds() -> None:
    low, high = measures.Count(9, 10).interval()
    assert (low, high) == (pytest.approx(0.596, abs=0.001), pytest.approx(0.982, abs=0.001))
    assert measures.Count(0, 5).interval()[0] == 0
    assert measures.Count(0, 0).interval() == (0, 1)


def test_a_raster_of_the_truth_is_read_onto_the_grid_of_the_months(tmp_path: Path) -> None:
    rasterio = importlib.import_module("rasterio")
    values = np.arange(16, dtype=np.uint16).reshape(4, 4)
    profile = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "uint16", "crs": "EPSG:32648"}
    with rasterio.open(tmp_path / "ids.tif", "w", transform=Affine(10, 0, 500_000, 0, -10, 4_000_000), **profile) as file:
        file.write(values, 1)
    frame = ground.Frame(np.ones((3, 4), bool), Affine(10, 0, 500_010, 0, -10, 3_999_980))
    assert frame.read(tmp_path / "ids.tif").tolist() == [[9, 10, 11, 0], [13, 14, 15, 0], [0, 0, 0, 0]]


def test_delay_is_counted_from_the_day_half_of_a_dig_was_dug(truth: Any) -> None:
    delay: Any = importlib.import_module("delay")
    (dig,) = ground.digs(truth, 90, 140)
    dug = ids_of_pit(truth)

    def reached(days: int, looks: int) -> Any:
        return delay.Reached(np.where(dug, days, delay.NEVER), np.where(dug, looks, delay.NEVER))

    after = np.where(dug, 6, 0)
    watched = delay.Replay(reached(20, 3), reached(50, 7), np.where(dug, 30, delay.NEVER), np.zeros_like(after), after, after)
    found = delay.delays(watched, truth, [dig])
    provisional, confirmed = found.pit_days
    # Rows were dug on days 100, 110, 120, 130: half of it was dug on day 115, and half of it had the status 20 days after day 110.
    assert (dig.half_day, found.pit_days[provisional], found.pit_looks[confirmed]) == (115, (15,), (7,))
    assert found.in_time == {provisional: (16, 16), confirmed: (0, 16)}
    assert found.soonest_confirmed == 30
    assert (found + found).in_time[provisional] == (32, 32)


def ids_of_pit(truth: Any) -> Any:
    return truth.ids == PIT


def test_measures_add_up_and_make_tables(truth: Any) -> None:
    evaluate, report, delay = (importlib.import_module(name) for name in ("evaluate", "report", "delay"))
    small, large = (evaluate.Found(area, True, True, hit, 0.9 if hit else None, 12 if hit else None) for area, hit in ((0.05, False), (0.7, True)))
    ranking = measures.Ranking(np.array([0.9, 0.1]), np.array([True, False]))
    one = evaluate.Measured((small, large), 32.0, 8, 4, 2, 1, 0, 5, ranking, {"road": measures.Count(1, 2)})
    both = one + one
    assert [(c.hits, c.of) for c in both.recall("recognised")] == [(0, 2), (0, 0), (2, 2)]
    assert (both.rate(both.false_flagged), both.flagged, both.causes["road"].of) == (6.25, 10, 4)
    none = dict.fromkeys((delay.PROVISIONAL, delay.CONFIRMED), ())
    late = delay.Delays(none, none, 0, dict.fromkeys(none, (0, 0)), 1 << 30)
    text = "\n".join(report.measures_section({"all": one, "strewn": one}, {"all": late, "strewn": late}, "all", "strewn"))
    assert "| all | 0 of 1 (1) | – | 1 of 1 (1) | 0.90 | – |" in text
    assert "| all | 25.0 | 12.5 | 6.2 | 3.1 | 0.0 | 32 |" in text
    assert "Of patches ever flagged, 60% (23%–88%; 3 of 5) were no violation." in text
    assert report.reliability_svg({"all": ranking}).count("<circle") == 2
