"""Looks at a few made cells, for the detector's kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.block import Looks
from pipeline.detect.looks import STEP, noise_floor
from pipeline.detect.mask import CLEAR
from pipeline.detect.model import Model
from pipeline.detect.state import SCALES, Alert, Baseline

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
FIELD = np.array([600, 900, 1100, 2800, 2600, 1900], np.float32)
"""The same ground all year, bare of snow and shadow."""
PIT = np.array([1500, 1900, 2300, 2700, 3300, 3000], np.float32)
BARE = np.array([900, 1250, 1600, 2300, 2900, 2500], np.float32)
SPREAD = 150.0
"""Round-the-year spread of a cell, 1e-4."""
EPOCH_2024 = 19723


def model(bands: Sequence[str] = BANDS) -> Model:
    """A county whose residuals are independent."""
    n = len(bands)
    return Model(tuple(bands), Baseline.empty(n, 1, 1), np.full(n, 100, np.float32), np.eye(n, dtype=np.float32), np.full((3, n), 2000, np.float32))


def steady(height: int, width: int, season: NDArray[np.float32] = FIELD) -> Baseline:
    """Cells that look the same all year."""
    base = Baseline.empty(len(season), height, width)
    base.mean[:, 0] = season[:, None, None]
    base.scale[:] = int(np.argmin(np.abs(SCALES - SPREAD)))
    base.barest[:] = np.round(BARE[: len(season)] / STEP).astype(np.uint8)[None, :, None, None]
    base.looks[:] = 60
    return base


def alert(height: int, width: int) -> Alert:
    return Alert.empty(len(BANDS), height, width)


def looks(days: Sequence[int], spectra: Sequence[NDArray[Any]], marks: Sequence[int] | None = None) -> Looks:
    """Looks at one cell."""
    stack = np.ascontiguousarray(np.stack(spectra).astype(np.int16)[:, :, None, None])
    mark = np.array(marks if marks is not None else [CLEAR] * len(days), np.uint8)[:, None, None]
    return Looks.of(np.array(days, np.int64), stack, mark, np.ones((len(days), len(BANDS)), np.float32))


FLOOR = noise_floor(BANDS)
