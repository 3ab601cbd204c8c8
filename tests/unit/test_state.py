"""What is remembered of a cell."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detect.state import FINE, RING, SCALES, Alert, Baseline, arrays, bytes_per_cell, scale_of


def test_a_cell_of_six_bands_takes_no_more_than_promised() -> None:
    assert bytes_per_cell(6) <= 128
    assert bytes_per_cell(4) < bytes_per_cell(6)


@pytest.mark.parametrize("kind", [Baseline, Alert])
def test_cells_are_the_last_two_axes(kind: type[Baseline] | type[Alert]) -> None:
    state = kind.empty(4, 3, 5)
    assert all(array.shape[-2:] == (3, 5) and not array.any() for array in state)
    assert list(arrays(state)) == list(kind._fields)
    assert all(arrays(state)[name] is getattr(state, name) for name in kind._fields)


def test_a_ring_holds_all_bands_and_the_season_of_each_look() -> None:
    state = Alert.empty(5, 2, 2)
    assert state.ring.shape[:2] == (RING, 5)
    assert state.season.shape[0] == RING


def test_days_fit_until_the_next_century() -> None:
    assert {Alert.empty(1, 1, 1).first_day.dtype, Baseline.empty(1, 1, 1).changed.dtype} == {np.dtype(np.uint16)}


def test_spread_codes() -> None:
    assert SCALES[0] == 10
    np.testing.assert_allclose(SCALES[32::32] / SCALES[:-32:32], 2, rtol=1e-5)
    np.testing.assert_array_equal(scale_of(np.array([0, 255], np.uint8)), SCALES[[0, 255]])
    assert SCALES[255] > 2000


def test_second_harmonics_reach_far_enough() -> None:
    assert 127 * FINE >= 1500
