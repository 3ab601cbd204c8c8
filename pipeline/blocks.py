"""One block of the county: its scenes read, its state updated and written, its changed cells returned.

This is the whole task that a worker does; pixels never leave it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline import store
from pipeline.detect.block import begin_year, watch
from pipeline.detect.builtup import built_up, tiles
from pipeline.detect.evidence import bare_all_year, changed_before, changed_cells
from pipeline.detect.state import Alert, Baseline, arrays, bytes_per_cell
from pipeline.grid import Block
from pipeline.looking import BlockLooks, Ground, Part, Sighting, room_for
from pipeline.workspace import Take, lent

SPARE = 4096
"""Bytes beside a state's arrays, which begin at multiples of some."""


@dataclass(frozen=True, slots=True)
class BlockMonth:
    """What a block has to say of a month."""

    cells: NDArray[np.void]
    """Changed cells (`evidence.dtype`)."""
    before: NDArray[np.int64]
    """(n, 4): row, column, day of change, last clear look of ground that changed for good before monitoring began."""
    seen: int
    """Cells of the area with a clear look in the month."""
    inside: int
    """Cells of the area."""


def load_alert(folder: Path, block: Block, take: Take = np.empty) -> Alert:
    """A block's alerts from a month's state folder. take: makes the arrays."""
    kept: dict[str, Any] = store.read(folder / f"{block.name}.alert", take)
    return Alert(**{name: kept[name] for name in Alert._fields})


def load_baseline(folder: Path, block: Block, take: Take = np.empty) -> Baseline:
    """A block's baseline from a year's state folder. take: makes the arrays."""
    kept: dict[str, Any] = store.read(folder / f"{block.name}.base", take)
    return Baseline(**{name: kept[name] for name in Baseline._fields})


def _cut(state: Baseline | Alert, part: Part, *, copy: bool) -> list[NDArray[Any]]:
    """A part of each array of a state, as copies or as views."""
    views = [array[..., part.rows, part.cols] for array in state]
    return [np.ascontiguousarray(view) for view in views] if copy else views


def fit_block(
    block: Block,
    sightings: Sequence[Sighting],
    ground: Ground,
    january: int,
    last: tuple[Path, Path, BaseGeometry] | None,
    out: tuple[Path, Path],
    key: str,
    memory_mb: int,
) -> None:
    """Fit a block's baseline for a year, from `sightings` of the window, and write baseline and first alerts.

    last: folders of last year's baseline and of December's alerts, and the ground of open cases; None in the first year. out: folders
    of this year's.
    A block already written under `key` is left as it is.
    """
    base_file, alert_file = out[0] / f"{block.name}.base", out[1] / f"{block.name}.alert"
    if store.key_of(base_file) == key and store.key_of(alert_file) == key:
        return
    before = (load_baseline(last[0], block), load_alert(last[1], block)) if last else None
    cases = ground.grid.mask(last[2], ground.grid.window(block)) if last else None
    bands, cells = len(ground.bands), block.height * block.width
    with lent(room_for(block, len(sightings), bands)) as room, lent(cells * bytes_per_cell(bands) + SPARE) as state_room:
        shape = bands, block.height, block.width
        baseline, alert = Baseline.empty(*shape, state_room.take), Alert.empty(*shape, state_room.take)
        read = BlockLooks(sightings, ground, block, room, memory_mb)
        for part in read.parts:
            old = (Baseline(*_cut(before[0], part, copy=True)), Alert(*_cut(before[1], part, copy=True))) if before else None
            case = None if cases is None else cases[part.rows, part.cols]
            with read.looks(part) as looks, lent(math.prod(part.shape) * bytes_per_cell(bands) + SPARE) as part_room:
                fitted, begun = begin_year(looks, ground.model, january, old, case, part_room.take)
                for array, piece in zip((*_cut(baseline, part, copy=False), *_cut(alert, part, copy=False)), (*fitted, *begun), strict=True):
                    array[:] = piece
        store.write(base_file, arrays(baseline), key)
        store.write(alert_file, arrays(alert), key)


def watch_block(
    block: Block, sightings: Sequence[Sighting], ground: Ground, base: Path, last: Path, out: Path, key: str, monitor_from: int
) -> BlockMonth:
    """Show a month's scenes to a block, write its alerts, and return what changed.

    base: folder of the year's baseline; last: of the alerts at the end of the month before; out: of this month's.
    monitor_from: day (since 1970-01-01) when monitoring began.
    """
    file, bands = out / f"{block.name}.alert", len(ground.bands)
    with lent(block.height * block.width * bytes_per_cell(bands) + SPARE) as state_room:
        baseline = load_baseline(base, block, state_room.take)
        if store.key_of(file) == key:
            alert = load_alert(out, block, state_room.take)
        else:
            alert = load_alert(last, block, state_room.take)
            alert.month_looks[:] = 0
            with lent(room_for(block, len(sightings), bands)) as room:
                read = BlockLooks(sightings, ground, block, room)
                with read.looks(*read.parts) as looks:
                    watch(looks, ground.model, baseline, alert)
            store.write(file, arrays(alert), key)
        return _said(block, ground, baseline, alert, monitor_from)


def _said(block: Block, ground: Ground, baseline: Baseline, alert: Alert, monitor_from: int) -> BlockMonth:
    """What a block's state says at the end of a month."""
    inside = ground.grid.mask(ground.area, ground.grid.window(block))
    cells = changed_cells(baseline, alert, ground.model, block.top, block.left)
    cells = cells[inside[cells["row"] - block.top, cells["col"] - block.left]]
    before = changed_before(baseline, alert, monitor_from, block.top, block.left)
    before = before[inside[before[:, 0] - block.top, before[:, 1] - block.left]]
    return BlockMonth(cells, before, int((inside & (alert.month_looks > 0)).sum()), int(inside.sum()))


def built_tiles(block: Block, ground: Ground, base: Path) -> NDArray[np.int64]:
    """(n, 3): tiles of a block that hold built-up ground (`builtup.tiles`). base: folder of the year's baseline."""
    return tiles(built_up(load_baseline(base, block), ground.model), block.top, block.left)


def bare_cells(block: Block, ground: Ground, base: Path, where: BaseGeometry) -> NDArray[np.int32]:
    """(n, 2): rows and columns of ground within `where` that was bare round the year in the baseline."""
    inside = ground.grid.mask(where, ground.grid.window(block))
    if not inside.any():
        return np.zeros((0, 2), np.int32)
    rows, cols = np.nonzero(inside & bare_all_year(load_baseline(base, block), ground.model))
    return np.stack([rows + block.top, cols + block.left], axis=1).astype(np.int32)
