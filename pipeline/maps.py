"""The county as rasters: what a month's state says of every cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.blocks import BlockMonth, load_alert
from pipeline.detect.evidence import confidence
from pipeline.detect.state import NONE
from pipeline.grid import Block, Grid

NOT_SEEN, OUTSIDE = 5, 65535


def disturbance(
    grid: Grid, area: BaseGeometry, folder: Path, blocks: Sequence[Block], results: Sequence[BlockMonth]
) -> Iterator[tuple[Block, NDArray[np.uint16]]]:
    """Blocks of disturbance.tif: status, first day, confidence, clear looks."""
    for block, result in zip(blocks, results, strict=True):
        alert = load_alert(folder, block)
        out = np.zeros((4, block.height, block.width), np.uint16)
        changed = alert.status != NONE
        out[0] = np.where(changed, alert.status, np.where(alert.month_looks > 0, NONE, NOT_SEEN))
        out[1][changed] = alert.first_day[changed]
        cells = result.cells
        out[2][cells["row"] - block.top, cells["col"] - block.left] = np.round(confidence(cells["score"], cells["anomalous"]) * 10000)
        out[3] = alert.month_looks
        out[:, ~grid.mask(area, grid.window(block))] = OUTSIDE
        yield block, out


def last_seen(grid: Grid, area: BaseGeometry, folder: Path, blocks: Sequence[Block]) -> NDArray[np.uint16]:
    """(rows, cols): 1 + day of the last clear look of ground not seen this month, 1 = never; 0 = seen, or outside the area."""
    out = np.zeros(grid.shape, np.uint16)
    for block in blocks:
        alert = load_alert(folder, block)
        unseen = (alert.month_looks == 0) & grid.mask(area, grid.window(block))
        out[block.top : block.top + block.height, block.left : block.left + block.width] = np.where(unseen, alert.last_clear + 1, 0)
    return out
