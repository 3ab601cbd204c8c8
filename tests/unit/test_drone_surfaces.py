"""Two surfaces brought to fit and subtracted; a pit below its rim."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.drone import rim
from pipeline.drone.align import Fit, align, corrected
from pipeline.drone.arrays import coarser, components, filled, sampled, smoothed
from pipeline.drone.spread import error_of_mean, variogram
from pipeline.drone.volume import change_between
from tests.flights import CELL, surfaces


def misplaced(surface: np.ndarray, east: float, north: float, up: float) -> np.ndarray:
    rows, cols = np.indices(surface.shape).astype(float)
    return sampled(surface, rows + north / CELL, cols - east / CELL) + np.float32(up)


def test_a_misplaced_surface_is_put_back_and_the_volume_is_right() -> None:
    new, before, dug = surfaces()
    fit = align(misplaced(new, 2.0, -1.0, 0.3), before, CELL)
    assert fit.weak is None
    assert (fit.east, fit.north, fit.up) == pytest.approx((2.0, -1.0, 0.3), abs=0.05)
    change = change_between(corrected(misplaced(new, 2.0, -1.0, 0.3), fit, CELL), before, CELL, tilted=fit.tilt_east != 0)
    assert change.cut_total.m3 == pytest.approx(dug, rel=0.02)
    assert change.cut_total.low <= dug <= change.cut_total.high
    assert change.fill_total.m3 == 0
    (pit,) = change.regions
    assert pit.is_cut
    assert pit.deepest_m == pytest.approx(3.0, abs=0.15)
    assert pit.area_m2 == pytest.approx(400, rel=0.1)


def test_a_turned_and_tilted_surface_is_put_back() -> None:
    _, before, _ = surfaces()
    away = corrected(before, Fit(turn=np.radians(-0.4), tilt_east=-0.004), CELL)
    fit = align(away, before, CELL)
    assert np.degrees(fit.turn) == pytest.approx(0.4, abs=0.05)
    assert fit.tilt_east == pytest.approx(0.004, abs=0.0005)


def test_ground_that_did_not_change_gives_no_volume() -> None:
    _, before, _ = surfaces()
    again = before + 0.02 * np.random.default_rng(2).standard_normal(before.shape).astype(np.float32)
    change = change_between(again, before, CELL, tilted=False)
    assert change.regions == ()
    assert change.too_coarse == "no change beyond the level of detection"


def test_a_hole_of_a_few_cells_is_too_coarse_to_tell() -> None:
    new, before, _ = surfaces()
    change = change_between(coarser(new, 8), coarser(before, 8), 8 * CELL, tilted=False)
    assert change.too_coarse is not None
    assert "cells of 4 m" in change.too_coarse


def test_surfaces_without_common_ground_do_not_fit() -> None:
    new, before, _ = surfaces()
    new[:, :230] = np.nan
    assert align(new, before, CELL).weak == "the two surfaces share too little ground"


def test_correlated_noise_is_told_from_noise_of_cells_and_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    white = rng.standard_normal((200, 200)).astype(np.float32)
    slow = smoothed(white, 12)
    slow = slow / slow.std()
    stable, inside = np.ones(white.shape, bool), np.zeros(white.shape, bool)
    inside[80:120, 80:120] = True
    stable[70:130, 70:130] = False
    alone, together = (variogram(0.05 * each, stable, 1.0) for each in (white, slow))
    assert alone.spread_m == pytest.approx(0.05, rel=0.15)
    flat = np.zeros(white.shape, np.float32)
    errors = [error_of_mean(inside, stable, flat, 1.0, each, tilted=False) for each in (alone, together)]
    assert errors[0] < 0.005
    assert errors[1] > 4 * errors[0]


def test_a_pit_is_measured_below_its_rim() -> None:
    y, x = np.mgrid[:220, :220].astype(float)
    depth = 6 * np.clip((18 - np.hypot(x - 60, y - 60)) / 8, 0, 1)
    ground = (1800 + 0.1 * x + 0.05 * y + 0.02 * np.random.default_rng(1).standard_normal(x.shape) - depth).astype(np.float32)
    found = rim.pit_near(ground, depth > 1, 1.0)
    assert found is not None
    amount = rim.amount_of(ground, found, 1.0)
    assert amount is not None
    assert amount.m3 == pytest.approx(depth.sum(), rel=0.03)
    assert amount.says
    assert rim.pit_near((ground + depth).astype(np.float32), depth > 1, 1.0) is None


def test_groups_and_holes() -> None:
    mask = np.zeros((6, 9), bool)
    mask[1:5, 1:5] = True
    mask[2, 2] = False
    mask[4, 8] = True
    _, count = components(mask)
    assert count == 2
    assert filled(mask)[2, 2]
    assert not filled(mask)[0, 0]
