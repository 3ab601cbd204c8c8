"""A case as its picture needs it: its ground, which cells speak for it, and what it looked like when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.detect.looks import EPOCH_ORDINAL
from pipeline.grid import Grid
from pipeline.patches.outline import widened
from pipeline.publish.evidence.window import Frame, frame_of
from pipeline.publish.features import Judged

SAMPLE = 16
"""Cells that speak for a ground in its time series."""
FEWEST_INNER = 4
"""Fewer cells without a neighbour outside the ground, and its edge is asked too."""


Days = Mapping[tuple[int, int], int]
"""Day (since 1970-01-01) of the first anomalous look, by row and column of the county's grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What a picture is taken of."""

    judged: Judged
    case_id: str
    frame: Frame
    cells: NDArray[np.int64]
    """(n, 2): rows and columns of the ground in the county's grid; at least one. Where all of it lies off the grid, of the ground there."""
    sample: NDArray[np.int64]
    """(≤ SAMPLE, 2): of these, those that changed first, off the edge where the ground is large enough; none off the grid."""

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(h, w): the ground's cells in the frame."""
        out = np.zeros((self.frame.geobox.shape.y, self.frame.geobox.shape.x), bool)
        out[self.cells[:, 0] - self.frame.top, self.cells[:, 1] - self.frame.left] = True
        return out

    @property
    def ground(self) -> BaseGeometry:
        return self.judged.finding.geometry

    @property
    def changed(self) -> date | None:
        """First anomalous look; None where the ground did not change, but should have."""
        return self.judged.finding.first_seen if self.judged.patch is not None else None


def subject(judged: Judged, grid: Grid, days: Days | None = None) -> Subject:
    """days: when cells changed, where the patch is no longer at hand."""
    assert judged.case is not None
    frame = frame_of(judged.finding.geometry, grid)
    inside = grid.mask(judged.finding.geometry, frame.geobox)
    if not inside.any():
        # Slivers of a right's edge may hold no cell's centre.
        x, y = judged.finding.geometry.representative_point().coords[0]
        affine = frame.geobox.affine
        inside[int((affine.f - y) / grid.resolution), int((x - affine.c) / grid.resolution)] = True
    on_grid = inside & _on_grid(frame, grid)
    if on_grid.any():
        inside = on_grid
    rows, cols = np.nonzero(inside)
    cells = np.stack([rows + frame.top, cols + frame.left], axis=1).astype(np.int64)
    sample = _sample(cells, _inner(inside)[rows, cols], _days(judged) if days is None else days) if on_grid.any() else cells[:0]
    return Subject(judged, judged.case.case_id, frame, cells, sample)


def _on_grid(frame: Frame, grid: Grid) -> NDArray[np.bool_]:
    """(h, w): cells of a frame that the county's grid has. A site's outline may reach beyond it."""
    (height, width), shape = grid.shape, frame.geobox.shape
    rows, cols = np.arange(shape.y) + frame.top, np.arange(shape.x) + frame.left
    on_rows, on_cols = (rows >= 0) & (rows < height), (cols >= 0) & (cols < width)
    out: NDArray[np.bool_] = on_rows[:, None] & on_cols
    return out


def _inner(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells with all eight neighbours inside."""
    return ~widened(np.pad(~inside, 1, constant_values=True))[1:-1, 1:-1]


def _days(judged: Judged) -> Days:
    if judged.patch is None:
        return {}
    return {(row, col): day for (row, col), day in zip(judged.patch.cells.tolist(), judged.patch.first_day.tolist(), strict=True)}


def _sample(cells: NDArray[np.int64], inner: NDArray[np.bool_], days: Days) -> NDArray[np.int64]:
    chosen = cells[inner] if inner.sum() >= FEWEST_INNER else cells
    if not days:
        spread: NDArray[np.int64] = chosen[np.linspace(0, len(chosen) - 1, min(SAMPLE, len(chosen))).round().astype(int)]
        return spread
    first = np.array([days.get((row, col), np.iinfo(np.int32).max) for row, col in chosen.tolist()])
    sample: NDArray[np.int64] = chosen[np.argsort(first, kind="stable")[:SAMPLE]]
    return sample


def day_number(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL
