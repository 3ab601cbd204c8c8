"""One block of the county: its scenes read, its state updated and written, its changed cells returned.

This is the whole task that a worker does; pixels never leave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline import store
from pipeline.detect.block import Looks, begin_year, watch
from pipeline.detect.builtup import built_up, tiles
from pipeline.detect.evidence import bare_all_year, changed_before, changed_cells
from pipeline.detect.looks import NO_DATA, correct
from pipeline.detect.mask import CLEAR, CLOUD, HALO, MISSING, bad_classes, marks
from pipeline.detect.shift import Model, Shared
from pipeline.detect.state import Alert, Baseline, arrays
from pipeline.grid import Block, Grid
from pipeline.sources.reader import read_dn, read_scl, scaling
from pipeline.sources.scene import Scene, reading
from pipeline.survey import day_number


@dataclass(frozen=True, slots=True)
class Sighting:
    """A scene with what was found to be shared by all of it."""

    scene: Scene
    shared: Shared
    sha256: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What every block task needs to know."""

    grid: Grid
    bands: tuple[str, ...]
    model: Model
    area: BaseGeometry
    """The county, in the grid's CRS: cells outside are not judged."""


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


def _marks(sightings: Sequence[Sighting], ground: Ground, block: Block) -> NDArray[np.uint8]:
    """(n, h, w): marks of every sighting."""
    out = np.empty((len(sightings), block.height, block.width), np.uint8)
    wide, bad = ground.grid.window(block, HALO), bad_classes()
    for sighting, mark in zip(sightings, out, strict=True):
        with reading(sighting.scene):
            scl = read_scl(sighting.scene, wide)
        marks(scl, HALO, bad, mark)
    return out


def read_looks(sightings: Sequence[Sighting], ground: Ground, block: Block, marked: NDArray[np.uint8], rows: slice) -> Looks:
    """Looks at some rows of a block, scenes without any clear cell there left out. marked: (n, h, w), marks of the whole block."""
    part = Block(block.row, block.col, block.top + rows.start, block.left, rows.stop - rows.start, block.width)
    box, bands = ground.grid.window(part), ground.bands
    kept = [k for k in range(len(sightings)) if not ((marked[k, rows] == CLOUD) | (marked[k, rows] == MISSING)).all()]
    stack = np.empty((len(kept), len(bands), part.height, part.width), np.int16)
    for look, k in zip(stack, kept, strict=True):
        scene, shared = sightings[k].scene, sightings[k].shared
        gain, offset = scaling(scene, bands)
        with reading(scene):
            numbers = read_dn(scene, bands, box)
        correct(numbers, gain, offset, shared.shift, ground.model.red, ground.model.nir, look)
    days, marks_here = np.array([day_number(sightings[k].scene) for k in kept], np.int64), np.ascontiguousarray(marked[kept, rows])
    _one_look_a_day(days, stack, marks_here)
    return Looks(
        days,
        stack,
        marks_here,
        np.stack([sightings[k].shared.noise for k in kept]) if kept else np.ones((0, len(bands)), np.float32),
    )


def _one_look_a_day(days: NDArray[np.int64], stack: NDArray[np.int16], marked: NDArray[np.uint8]) -> None:
    """Where tiles of one pass overlap, a cell is seen once: of two clear looks on a day the first is kept, in place."""
    for k in range(1, len(days)):
        for j in np.flatnonzero(days[:k] == days[k]):
            marked[k][(marked[j] == CLEAR) & (stack[j, 0] != NO_DATA)] = MISSING


def _load(file: Path, kind: type[Baseline] | type[Alert]) -> Baseline | Alert:
    kept = store.read(file)
    return kind(**{name: kept[name] for name in kind._fields})  # type: ignore[arg-type]


def load_alert(folder: Path, block: Block) -> Alert:
    """A block's alerts from a month's state folder."""
    state = _load(folder / f"{block.name}.alert", Alert)
    assert isinstance(state, Alert)
    return state


def load_baseline(folder: Path, block: Block) -> Baseline:
    """A block's baseline from a year's state folder."""
    state = _load(folder / f"{block.name}.base", Baseline)
    assert isinstance(state, Baseline)
    return state


def _rows_at_once(ground: Ground, block: Block, scenes: int, memory_mb: int) -> int:
    """Rows whose stack fits into the memory allowed; all where it does."""
    a_row = block.width * scenes * (2 * len(ground.bands) + 1)
    rows = min(max(memory_mb * 2**20 // max(a_row, 1), 16), block.height)
    # Files are tiled: parts that cut through tiles would have more of them read twice.
    return rows if rows == block.height else next((rows // tile * tile for tile in (256, 128) if rows >= tile), rows)


def _cut(state: Baseline | Alert, rows: slice, *, copy: bool) -> list[NDArray[Any]]:
    """Some rows of each array of a state, as copies or as views."""
    views = [array[..., rows, :] for array in state]
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
    bands = len(ground.bands)
    baseline, alert = Baseline.empty(bands, block.height, block.width), Alert.empty(bands, block.height, block.width)
    marked = _marks(sightings, ground, block)
    step = _rows_at_once(ground, block, len(sightings), memory_mb)
    for top in range(0, block.height, step):
        rows = slice(top, min(top + step, block.height))
        old = (Baseline(*_cut(before[0], rows, copy=True)), Alert(*_cut(before[1], rows, copy=True))) if before else None
        looks = read_looks(sightings, ground, block, marked, rows)
        fitted, begun = begin_year(looks, ground.model, january, old, None if cases is None else cases[rows])
        for array, piece in zip((*_cut(baseline, rows, copy=False), *_cut(alert, rows, copy=False)), (*fitted, *begun), strict=True):
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
    baseline = load_baseline(base, block)
    file = out / f"{block.name}.alert"
    if store.key_of(file) == key:
        alert = load_alert(out, block)
    else:
        alert = load_alert(last, block)
        alert.month_looks[:] = 0
        watch(read_looks(sightings, ground, block, _marks(sightings, ground, block), slice(0, block.height)), ground.model, baseline, alert)
        store.write(file, arrays(alert), key)
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
