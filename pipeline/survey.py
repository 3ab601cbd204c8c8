"""Surveys the county: one fixed sample of cells, looked at in every scene before blocks are worked.

What comes of it (each scene's shift and noise, the year's model) is the same for any block size and any number of workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import store
from pipeline.detect.looks import NO_DATA, UNIT, correct, season_terms
from pipeline.detect.mask import CLEAR, HALO, bad_classes, marks
from pipeline.detect.shift import Model, Shared, fit_model, shared
from pipeline.detect.state import Baseline, arrays
from pipeline.errors import MinewardenError
from pipeline.grid import Block, Grid
from pipeline.sources import whole
from pipeline.sources.reader import read_dn, read_scl, read_scls, read_windows, scaling
from pipeline.sources.scene import Refused, Scene, unreadable

SIDE = 64
"""Side of a sample window, cells."""
FEWEST, MOST = 9, 36
CELLS_A_WINDOW = 2**21
"""One window for so many cells of the county: reading the sample must stay cheap beside reading the county."""
EPOCH_ORDINAL = 719163
"""date(1970, 1, 1).toordinal()"""
DARK, DARK_SHARE, DARK_CLEAR = -200, 0.01, 0.5
"""A scene is refused where more than 1 % of its clear cells lie below reflectance −0.02 in a band; judged only where half is clear."""

UNLIKE = 600
"""So far, 1e-4, no haze, sun or rain moves all ground in every band to one side."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One scene's look at the sample, not yet corrected for anything."""

    look: NDArray[np.int16]
    """(n_bands, 1, p)"""
    mark: NDArray[np.uint8]
    """(1, p)"""


def day_number(scene: Scene) -> int:
    """Days since 1970-01-01 of a scene."""
    return scene.day.toordinal() - EPOCH_ORDINAL


def sample_windows(grid: Grid) -> list[Block]:
    """Windows spread evenly over the county; the whole county where it is small."""
    rows, cols = grid.shape
    if rows * cols <= FEWEST * SIDE * SIDE:
        return [Block(0, 0, 0, 0, rows, cols)]
    count = min(max(rows * cols // CELLS_A_WINDOW, FEWEST), MOST)
    across = max(1, round(math.sqrt(count * cols / rows)))
    down = max(1, round(count / across))
    tops = [int((i + 0.5) * rows / down - SIDE / 2) for i in range(down)]
    lefts = [int((j + 0.5) * cols / across - SIDE / 2) for j in range(across)]
    return [Block(i, j, max(t, 0), max(x, 0), min(SIDE, rows), min(SIDE, cols)) for i, t in enumerate(tops) for j, x in enumerate(lefts)]


def glance(scene: Scene, grid: Grid, bands: tuple[str, ...]) -> Glance:
    """Read a scene's sample."""
    gain, offset = scaling(scene, bands)
    zero = np.zeros((2, len(bands)), np.float32)
    bad = bad_classes()
    windows = sample_windows(grid)
    boxes = [grid.window(window) for window in windows]
    numbers = [read_windows(scene.bands[band].path, boxes, classes=False) for band in bands]
    looks, marked = [], []
    for k, scl in enumerate(read_scls(scene, [grid.window(window, HALO) for window in windows])):
        dn = np.stack([planes[k] for planes in numbers]).astype(np.uint16, copy=False)
        look = np.empty(dn.shape, np.int16)
        correct(dn, gain, offset, zero, bands.index("B04"), bands.index("B08"), look)
        mark = np.empty(dn.shape[1:], np.uint8)
        marks(scl, HALO, bad, mark)
        looks.append(look.reshape(len(bands), 1, -1))
        marked.append(mark.reshape(1, -1))
    return Glance(np.concatenate(looks, axis=2), np.concatenate(marked, axis=1))


def glances(scenes: Sequence[Scene], grid: Grid, bands: tuple[str, ...], workers: int, say: Callable[[int], None]) -> list[Glance | Refused]:
    """Samples of many scenes, in order; of one that can't be read, or of which a part is missing, the reason instead."""

    def one(scene: Scene) -> Glance | Refused:
        try:
            whole.check(scene)
            return glance(scene, grid, bands)
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


def clear_fraction(seen: Glance) -> float:
    """Share of the sample that the scene saw clearly."""
    return float(((seen.look[0] != NO_DATA) & (seen.mark == CLEAR)).mean())


def survey_window(scenes: Sequence[Scene], seen: Iterable[Glance], bands: tuple[str, ...]) -> tuple[Model, list[Shared]]:
    """The year's model and what each scene of the window shares."""
    parts = list(seen)
    days = np.array([day_number(scene) for scene in scenes], np.int64)
    return fit_model(bands, np.stack([g.look for g in parts]), np.stack([g.mark for g in parts]), days)


def survey_scene(scene: Scene, seen: Glance, model: Model) -> Shared:
    return shared(seen.look, seen.mark, model, season_terms(day_number(scene)))


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


def save(file: Path, model: Model, key: str) -> None:
    """Keep a year's model."""
    kept = {f"sample_{name}": array for name, array in arrays(model.sample).items()}
    store.write(file, {**kept, "least": model.least, "white": model.white, "soil": model.soil}, key)


def load(file: Path, bands: tuple[str, ...]) -> Model:
    """A year's model as it was kept. Raises MinewardenError (exit 5) where it is damaged."""
    kept = store.read(file)
    sample: dict[str, Any] = {name: kept[f"sample_{name}"] for name in Baseline._fields}
    rest: dict[str, Any] = {name: kept[name] for name in ("least", "white", "soil")}
    return Model(bands, Baseline(**sample), **rest)
