"""Built-up ground is told from soil, and counted by tiles that lie alike whatever blocks the county is cut into."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detect.builtup import TILE, built_up, merged, share_around, tiles
from pipeline.detect.looks import STEP
from pipeline.detect.model import Model
from tests.cells import BANDS, BARE, model, steady

CONCRETE = np.array([1900, 2150, 2350, 2650, 2900, 2700], np.float32)
LOESS = Model(BANDS, model().sample, model().least, model().white, np.stack([BARE] * 3))


def test_roofs_are_built_up_and_soil_and_fields_are_not() -> None:
    base = steady(1, 4, BARE)
    base.barest[:, :, 0, 0] = np.round(CONCRETE / STEP)[None]
    base.mean[:, 0, 0, 0] = CONCRETE
    base.barest[:, :, 0, 1] = base.barest[:, :, 0, 0]
    base.mean[:, 0, 0, 1] = CONCRETE
    base.mean[3, 1, 0, 1] = 1500  # as green as a field for half the year
    base.barest[:, :, 0, 3] = base.barest[:, :, 0, 0]
    base.looks[0, 3] = 0
    assert built_up(base, LOESS).tolist() == [[True, False, False, False]]


def test_without_short_wave_infrared_nothing_counts_as_built_up() -> None:
    bands = ("B02", "B03", "B04", "B08")
    assert not built_up(steady(2, 2, BARE[:4]), model(bands)).any()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 39), st.integers(1, 39))
def test_counts_do_not_depend_on_where_blocks_end(seed: int, row: int, col: int) -> None:
    mask = np.random.default_rng(seed).random((40, 40)) < 0.1
    parts = [tiles(mask[a:b, c:d], a, c) for a, b in ((0, row), (row, 40)) for c, d in ((0, col), (col, 40))]
    np.testing.assert_array_equal(merged(np.concatenate(parts)), tiles(mask, 0, 0))


def test_the_share_round_a_window_is_that_of_the_tiles_it_touches() -> None:
    mask = np.zeros((64, 64), bool)
    mask[8:16, 8:16] = True
    table = tiles(mask, 0, 0)
    assert table.tolist() == [[1, 1, TILE * TILE]]
    assert share_around(table, 8, 8, 15, 15) == 1.0
    assert share_around(table, 0, 0, 15, 15) == 0.25
    assert share_around(table, 16, 16, 31, 31) == 0.0
    assert share_around(tiles(np.zeros((8, 8), bool), 0, 0), -5, -5, 5, 5) == 0.0
