"""Where a picture lies against the satellite's looks."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.drone.arrays import coarser, smoothed
from pipeline.drone.phase import shift_of
from pipeline.drone.register import Look, Picture, place

SIDE, TIMES = 300, 10


def ground(seed: int = 0) -> NDArray[np.float64]:
    """Fields of different brightness in metre cells."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    seeds, tones = rng.uniform(0, SIDE, (30, 2)), rng.uniform(0.05, 0.25, 30)
    return tones[np.argmin((y[..., None] - seeds[:, 0]) ** 2 + (x[..., None] - seeds[:, 1]) ** 2, axis=-1)]


def looks(of: NDArray[np.float64], count: int = 3, noise: float = 0.004) -> list[Look]:
    rng = np.random.default_rng(1)
    seen = coarser(smoothed(of.astype(np.float32), 4), TIMES).astype(np.float64)
    return [Look(f"S{k}", date(2024, 6, 1), seen * (1 + 0.1 * k) + noise * rng.standard_normal(seen.shape)) for k in range(count)]


def flown(of: NDArray[np.float64], down: int, right: int) -> Picture:
    """Moved by whole metres; ground beyond its edge is not known."""
    moved = np.full_like(of, np.nan)
    edge = 20
    moved[edge:-edge, edge:-edge] = of[edge - down : SIDE - edge - down, edge - right : SIDE - edge - right]
    return Picture(moved, TIMES)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (7, -12), (-15, 15)])
def test_a_shift_is_found_to_a_third_of_a_pixel(down: int, right: int) -> None:
    found = place(flown(ground(), down, right), looks(ground()), 10.0)
    assert found.weak is None
    assert np.hypot(found.east - right, found.north + down) < 3.0
    assert found.residual_m < 3.0
    assert len(found.looks) == 3


def test_other_ground_is_not_guessed() -> None:
    found = place(flown(ground(5), 4, 4), looks(ground()), 10.0)
    assert found.weak is not None
    assert "looks of the satellite" in found.weak


def test_looks_that_contradict_each_other_are_not_averaged() -> None:
    moved = [looks(np.roll(ground(), (k, -k), (0, 1)), 1)[0] for k in (-14, 0, 14)]
    found = place(flown(ground(), 0, 0), [Look(str(k), each.day, each.brightness) for k, each in enumerate(moved)], 10.0)
    assert found.weak is not None


def test_without_looks_it_says_so() -> None:
    assert "no clear look" in str(place(flown(ground(), 0, 0), [], 10.0).weak)


def test_phase_correlation_finds_parts_of_a_pixel_and_is_drawn_to_none_by_its_window() -> None:
    y, x = np.mgrid[:64, :64].astype(float)

    def waves(down: float, right: float) -> NDArray[np.float64]:
        rng, out = np.random.default_rng(2), np.zeros((64, 64))
        for _ in range(60):
            fy, fx = rng.uniform(-0.2, 0.2, 2)
            out += np.cos(2 * np.pi * (fy * (y - down) + fx * (x - right)) + rng.uniform(0, 6.3))
        return out

    found = shift_of(waves(1.3, -0.65), waves(0, 0), np.ones((64, 64), bool), 3)
    assert (found.rows, found.cols) == pytest.approx((1.3, -0.65), abs=0.2)
