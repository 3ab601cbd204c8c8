"""Surveys the county: one fixed sample of cells, looked at in every scene before blocks are worked.

What comes of it (each scene's shift and noise, the year's model) is the same for any block size and any number of workers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline import store
from pipeline.detect import registration
from pipeline.detect.layout import STRIP, strips_across, unfolded
from pipeline.detect.looks import EPOCH_ORDINAL, NO_DATA, UNIT, correct, season_terms
from pipeline.detect.mask import CLEAR, HALO, MISSING, bad_classes, marks
from pipeline.detect.model import Model
from pipeline.detect.shift import Shared, fit_model, shared
from pipeline.detect.state import Baseline, arrays
from pipeline.errors import MinewardenError
from pipeline.grid import Block, Grid
from pipeline.sources import whole
from pipeline.sources.header import check_together
from pipeline.sources.reader import Plane, as_kernel_takes, read_dn, read_planes, read_scl, read_scls, scaling
from pipeline.sources.scene import Refused, Scene, unreadable

SIDE = 64
"""Cells a side that are looked at in a sample window."""
TILE = 512
"""Files are decoded by tiles of about this side: a window that cuts through none costs one of each band, however small it is."""
CELLS_A_WINDOW = 2**20
"""One window for so many cells of the county: reading the sample must stay cheap beside reading the county."""
SMALL_COUNTY, FEWEST, MOST = 9, 4, 36
"""Windows of a county of at most CELLS_A_WINDOW cells, whose every tile is decoded anyway; fewest and most of a larger one."""
STRIDE = 2
"""In a larger county every second row and column of a window twice as wide: more ground for the same tile."""
DARK, DARK_SHARE, DARK_CLEAR = -200, 0.01, 0.5
"""A scene is refused where more than 1 % of its clear cells lie below reflectance −0.02 in a band; judged only where half is clear."""

UNTOLD = 0.99
"""A scene is refused where its classification holds no data on more of the ground that its bands show."""
UNLIKE = 600
"""So far, 1e-4, no haze, sun or rain moves all ground in every band to one side."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One scene's look at the sample, not yet corrected for anything."""

    look: NDArray[np.int16]
    """(n_bands, 1, p)"""
    mark: NDArray[np.uint8]
    """(1, p)"""
    off: tuple[float, float] | None = None
    """(rows, columns), cells, by which the scene lies below and right of the record; None where that was not asked for or can't be told."""


def day_number(scene: Scene) -> int:
    """Days since 1970-01-01 of a scene."""
    return scene.day.toordinal() - EPOCH_ORDINAL


def _off_edges(start: int, side: int, length: int) -> int:
    """The nearest start of a window that cuts through no edge of a tile, as if tiles were counted from the grid's corner."""
    edge = (start // TILE + 1) * TILE
    if start + side > edge:
        start = edge if edge - start <= start + side - edge and edge + side <= length else edge - side
    return max(min(start, length - side), 0)


def sample_windows(grid: Grid) -> tuple[list[Block], int]:
    """Windows spread evenly over the county, the whole county where it is small; and which of their rows and columns are looked at (each n-th)."""
    rows, cols = grid.shape
    if rows * cols <= SMALL_COUNTY * SIDE * SIDE:
        return [Block(0, 0, 0, 0, rows, cols)], 1
    large = rows * cols > CELLS_A_WINDOW
    count = min(max(rows * cols // CELLS_A_WINDOW, FEWEST), MOST) if large else SMALL_COUNTY
    stride = STRIDE if large else 1
    height, width = min(SIDE * stride, rows), min(SIDE * stride, cols)
    across = max(1, round(math.sqrt(count * cols / rows)))
    down = max(1, round(count / across))
    tops = [max(int((i + 0.5) * rows / down - height / 2), 0) for i in range(down)]
    lefts = [max(int((j + 0.5) * cols / across - width / 2), 0) for j in range(across)]
    if large:
        tops, lefts = [_off_edges(t, height, rows) for t in tops], [_off_edges(x, width, cols) for x in lefts]
    return [Block(i, j, t, x, height, width) for i, t in enumerate(tops) for j, x in enumerate(lefts)], stride


def corrected(
    planes: Sequence[Plane], box: GeoBox, gain: NDArray[np.float32], offset: NDArray[np.float32], shift: NDArray[np.float32], red: int, nir: int
) -> NDArray[np.int16]:
    """(n_bands, h, w): a look at a box, as `looks.correct` has it."""
    height, width = box.shape
    out = np.empty((height, strips_across(width), 1, len(planes), STRIP), np.int16)
    correct(*as_kernel_takes(planes), gain, offset, shift, red, nir, width, out, 0)
    look: NDArray[np.int16] = unfolded(out, width)[0]
    return look


def glance(scene: Scene, grid: Grid, bands: tuple[str, ...], record: Model | None = None) -> Glance:
    """Read a scene's sample. record: the year's model, where it is to be told how far the scene lies from it."""
    gain, offset = scaling(scene, bands)
    zero = np.zeros((2, len(bands)), np.float32)
    bad = bad_classes()
    windows, stride = sample_windows(grid)
    boxes = [grid.window(window) for window in windows]
    by_band = [read_planes(scene.bands[band].path, boxes, classes=False, brief=True) for band in bands]
    red, nir = bands.index("B04"), bands.index("B08")
    looks, marked, fine, told = [], [], [], []
    for k, scl in enumerate(read_scls(scene, [grid.window(window, HALO) for window in windows], brief=True)):
        planes = [found[k] for found in by_band]
        mark = np.empty(boxes[k].shape, np.uint8)
        look = corrected(planes, boxes[k], gain, offset, zero, red, nir)
        marks(scl.pixels, scl.span, scl.top, scl.left, HALO, bad, mark)
        looks.append(look[:, ::stride, ::stride].reshape(len(bands), 1, -1))
        marked.append(mark[::stride, ::stride].reshape(1, -1))
        if record:
            fine.append(look[[red, nir]])
            told.append(mark)
    off = registration.shift(np.stack(fine, axis=1), np.stack(told), stride, record, season_terms(day_number(scene))) if record else None
    return Glance(np.concatenate(looks, axis=2), np.concatenate(marked, axis=1), off)


def glances(
    scenes: Sequence[Scene], grid: Grid, bands: tuple[str, ...], workers: int, say: Callable[[int], None], record: Model | None = None
) -> list[Glance | Refused]:
    """Samples of many scenes, in order; of one that can't be read, or of which a part is missing, the reason instead."""

    def one(scene: Scene) -> Glance | Refused:
        try:
            whole.check(scene)
            check_together(scene)
            return glance(scene, grid, bands, record)
        except (MinewardenError, OSError) as error:
            return unreadable(scene, error)

    out: list[Glance | Refused] = []
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        for k, result in enumerate(pool.map(one, scenes)):
            out.append(result)
            say(k + 1)
    return out


def read_through(scenes: Sequence[Scene], grid: Grid, bands: tuple[str, ...], workers: int) -> list[Refused]:
    """Scenes that can't be read everywhere in the county: every pixel is looked at, which takes its time."""

    def one(scene: Scene) -> Refused | None:
        try:
            for block in grid.blocks():
                read_dn(scene, bands, grid.window(block))
                read_scl(scene, grid.window(block))
        except (MinewardenError, OSError) as error:
            return unreadable(scene, error)
        return None

    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        return [refused for refused in pool.map(one, scenes) if refused]


def contradicted(seen: Glance) -> bool:
    """Whether a scene's clear cells are too dark for the scaling it claims (contract section 4)."""
    has = seen.look[0] != NO_DATA
    clear = has & (seen.mark == CLEAR)
    dark = clear & (seen.look < DARK).any(axis=0)
    return bool(clear.sum() >= DARK_CLEAR * max(has.sum(), 1) and dark.sum() > DARK_SHARE * clear.sum())


def unclassified(seen: Glance) -> bool:
    """Whether a scene shows ground, but its classification none: it would count as used, and nobody would have seen anything."""
    has = seen.look[0] != NO_DATA
    return bool(has.any() and (seen.mark[has] == MISSING).mean() > UNTOLD)


def clear_fraction(seen: Glance) -> float:
    """Share of the sample that the scene saw clearly."""
    return float(((seen.look[0] != NO_DATA) & (seen.mark == CLEAR)).mean())


def survey_window(scenes: Sequence[Scene], seen: Iterable[Glance], bands: tuple[str, ...], workers: int = 1) -> tuple[Model, list[Shared]]:
    """The year's model and what each scene of the window shares."""
    parts = list(seen)
    days = np.array([day_number(scene) for scene in scenes], np.int64)
    return fit_model(bands, np.stack([g.look for g in parts]), np.stack([g.mark for g in parts]), days, workers)


def survey_scene(scene: Scene, seen: Glance, model: Model) -> Shared:
    return shared(seen.look, seen.mark, model, season_terms(day_number(scene)))


def survey_scenes(seen: Sequence[tuple[Scene, Glance]], model: Model, workers: int) -> list[Shared]:
    """As `survey_scene`, several scenes at a time."""
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        return list(pool.map(lambda pair: survey_scene(pair[0], pair[1], model), seen))


def unlike(scene: Scene, part: Shared) -> str | None:
    """A warning where all clear ground of a scene lies far to one side of the archive's own record, as a wrong scale or offset leaves it.

    What all of a scene shares is taken off, so such a scene makes no false alarm; but it should be put right.
    """
    shift = part.shift.mean(axis=0)
    if np.abs(shift).min() < UNLIKE or len(np.unique(np.sign(shift))) > 1:
        return None
    much = float(np.median(shift)) * UNIT
    side = "brighter" if much > 0 else "darker"
    return f"{scene.id}: its clear ground is {abs(much):.2f} {side} than the archive's own record, in every band: are its scale and offset right?"


def save(file: Path, model: Model, window: Sequence[str], key: str) -> None:
    """Keep a year's model, and which scenes (ids) were there when it was made."""
    kept = {f"sample_{name}": array for name, array in arrays(model.sample).items()}
    ids = np.frombuffer(json.dumps(list(window)).encode(), np.uint8)
    store.write(file, {**kept, "least": model.least, "white": model.white, "soil": model.soil, "window": ids}, key)


def window_of(file: Path) -> list[str] | None:
    """Ids of the scenes that a year's model was made from; None where the file is gone or damaged."""
    if store.key_of(file) is None:
        return None
    kept = store.read(file)
    return list(json.loads(kept["window"].tobytes())) if "window" in kept else None


def load(file: Path, bands: tuple[str, ...]) -> Model:
    """A year's model as it was kept. Raises MinewardenError (exit 5) where it is damaged."""
    kept = store.read(file)
    sample: dict[str, Any] = {name: kept[f"sample_{name}"] for name in Baseline._fields}
    rest: dict[str, Any] = {name: kept[name] for name in ("least", "white", "soil")}
    return Model(bands, Baseline(**sample), **rest)
