"""How far a scene lies off the county's record, and what that makes of an overshoot's position error."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.detect import registration
from pipeline.detect.looks import season_terms
from pipeline.detect.mask import CLEAR, CLOUD
from pipeline.detect.model import Model
from pipeline.detect.state import Baseline
from pipeline.findings.finding import Code
from tests import cells
from tests.county import box, found, patch, right

TERMS = season_terms(cells.EPOCH_2024)
WIDE = 10
"""Cells of ground drawn around a window."""


def blurred(ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """As a sensor sees it: nothing finer than two cells."""
    for axis in (-1, -2) * 3:
        ground = (np.roll(ground, 1, axis) + 2 * ground + np.roll(ground, -1, axis)) / 4
    return ground


def moved(ground: NDArray[np.float64], down: float, right: float) -> NDArray[np.float64]:
    """Ground moved by the shift theorem: an independent way of doing it."""
    rows, cols = np.fft.fftfreq(ground.shape[-2])[:, None], np.fft.fftfreq(ground.shape[-1])[None, :]
    return np.fft.ifft2(np.fft.fft2(ground) * np.exp(-2j * np.pi * (rows * down + cols * right))).real


class County:
    """Windows of textured ground; red and near infrared share a third of it."""

    def __init__(self, windows: int = 4, side: int = 64, stride: int = 1) -> None:
        self.rng, self.side, self.stride, self.windows = np.random.default_rng(8), side, stride, windows
        drawn = [blurred(self.rng.normal(0, 1, (windows, side + 2 * WIDE, side + 2 * WIDE))) for _ in range(3)]
        self.red, self.nir = (2000 + 300 * (own + drawn[2]) / own.std() for own in drawn[:2])
        sample = Baseline.empty(len(cells.BANDS), 1, windows * (-(-side // stride)) ** 2)
        sample.looks[:] = 40
        for band, ground in ((2, self.red), (3, self.nir)):
            sample.mean[band, 0, 0] = np.round(self.cut(ground)[:, ::stride, ::stride].reshape(-1))
        self.model: Model = replace(cells.model(), sample=sample)
        self.mark = np.full((windows, side, side), CLEAR, np.uint8)

    def cut(self, ground: NDArray[np.float64]) -> NDArray[np.float64]:
        return ground[:, WIDE : WIDE + self.side, WIDE : WIDE + self.side]

    def look(self, down: float, right: float, red_off: float = 0.0, noise: float = 40) -> NDArray[np.int16]:
        """red, near infrared of a scene that lies below and right of the record; red_off: red lies farther down by so much."""
        both = np.stack([self.cut(moved(self.red, down + red_off, right)), self.cut(moved(self.nir, down, right))])
        return np.round(1.2 * both + 150 + self.rng.normal(0, noise, both.shape)).astype(np.int16)

    def told(self, look: NDArray[np.int16]) -> tuple[float, float] | None:
        return registration.shift(look, self.mark, self.stride, self.model, TERMS)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("off", [(0.0, 0.0), (0.3, -0.45), (-1.0, 0.0), (1.7, -2.2)])
def test_a_scene_that_lies_off_is_told_to_half_a_metre(off: tuple[float, float], stride: int) -> None:
    county = County(side=64 * stride, stride=stride)
    np.testing.assert_allclose(county.told(county.look(*off)) or (9, 9), off, atol=0.05)


def test_clouds_and_changed_ground_do_not_move_it() -> None:
    county = County()
    look = county.look(0.4, 0.6)
    look[:, :, 20:40, 10:50] = 9000
    county.mark[:, 20:40, 10:50] = CLOUD
    look[:, 1, 44:56, 44:56] = 5000
    np.testing.assert_allclose(county.told(look) or (9, 9), (0.4, 0.6), atol=0.05)


def test_what_can_not_be_told_is_not() -> None:
    county = County()
    assert county.told(county.look(0.2, 0.1)) is not None
    assert county.told(county.look(0.2, 0.1, red_off=0.8)) is None, "the sun moved red ground, or nothing did"
    assert county.told(county.look(0.2, 0.1, noise=1500)) is None, "unlike the record"
    assert county.told(county.look(4.5, 0)) is None, "farther than is looked for"
    county.mark[:] = CLOUD
    county.mark[:, 6:26, 6:24] = CLEAR
    assert county.told(county.look(0.2, 0.1)) is None, "1440 clear cells"
    small = County(windows=1, side=24)
    assert small.told(small.look(0, 0)) is None


def test_the_clearest_windows_are_measured() -> None:
    """Of many windows nine speak; those under cloud are not among them, wherever they lie."""
    county = County(windows=14)
    look = county.look(-0.6, 0.2)
    look[:, ::3] = 9000
    county.mark[::3, ::2] = CLOUD
    np.testing.assert_allclose(county.told(look) or (9, 9), (-0.6, 0.2), atol=0.05)


DUG, PIT = date(2024, 5, 14), box(400, 400, 500, 500)


@pytest.mark.parametrize(
    ("off_m", "error", "says"),
    [
        ({}, 10.7, "between dates 5 (not measured)"),
        ({DUG: 2.0}, 10.7, "between dates 5 (measured 2.0 on 1 days)"),
        ({DUG: 12.34}, 15.5, "between dates 12.3 (measured 12.3 on 1 days)"),
        ({DUG: 12.0}, 15.3, "between dates 12 (measured 12.0 on 1 days)"),
        ({date(2024, 5, 13): 40.0, DUG: 3.0, date(2024, 5, 20): 9.0, date(2024, 5, 30): 12.0}, 13.1, "between dates 9 (measured 9.0 on 3 days)"),
    ],
)
def test_the_position_error_grows_where_scenes_were_measured_to_lie_off(off_m: dict[date, float], error: float, says: str) -> None:
    """Of the patch's own days the median counts; it never makes the error smaller than the mission's."""
    dug = replace(patch((PIT, DUG)), after_date=date(2024, 6, 10))
    west = found(dug, right("A", box(200, 300, 450, 600), status="有效"), off_m=off_m)
    over = next(each for each in west if each.code is Code.CROSS_BOUNDARY)
    assert over.position_error_m == error
    assert over.overshoot_certain_m2 == pytest.approx(5000 - 100 * error, abs=1)
    assert says in next(line for line in over.trace if line.startswith("cross_boundary: yes"))


def test_a_great_error_is_written_out() -> None:
    judged = found(patch((PIT, DUG)), right("A", box(200, 300, 450, 600), status="有效"), coregistration_m=100)
    assert any("between dates 100 (not measured)" in line for each in judged for line in each.trace)
