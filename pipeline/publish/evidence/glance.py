"""Looks of scenes at the grounds of cases: which of them see a ground clearly, and what it looked like.

Cases that lie near each other are looked at together, so that a scene's file is opened once for all of them and no tile of it is
decoded twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from pipeline.detect.mask import CLOUD, HALO, MISSING, bad_classes, marks
from pipeline.publish.evidence.case import SAMPLE, Subject
from pipeline.publish.evidence.window import Frame
from pipeline.sources.reader import Plane, read_planes, read_scls, scaling
from pipeline.sources.scene import Scene

NEIGHBOURHOOD = 1024
"""Cells a side of a square whose cases are looked at together: a tile of a 20 m band."""
RED, NIR = "B04", "B08"


@dataclass(frozen=True, slots=True)
class Look:
    """What one scene shows of a case."""

    seen: float
    """Share of the ground that the scene covers."""
    clear: float
    """Share of the ground that is seen clearly."""
    around: float
    """Share of the whole picture that is."""
    red: float = np.nan
    """Reflectance, 1e-4: median of the sample's clear cells; NaN where too few are."""
    nir: float = np.nan

    @property
    def valued(self) -> bool:
        return self.red == self.red

    @property
    def ndvi(self) -> float:
        return (self.nir - self.red) / max(self.nir + self.red, 100.0)


def neighbours(subjects: Sequence[Subject]) -> list[list[int]]:
    """Indices of cases that are looked at together."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, each in enumerate(subjects):
        row, col = each.cells[len(each.cells) // 2]
        groups[int(row) // NEIGHBOURHOOD, int(col) // NEIGHBOURHOOD].append(k)
    return [groups[key] for key in sorted(groups)]


def box_around(frames: Sequence[Frame]) -> tuple[int, int, GeoBox]:
    """First row and column of the county's grid, and the box, that all frames lie in."""
    top, left = min(f.top for f in frames), min(f.left for f in frames)
    bottom, right = max(f.top + f.geobox.shape.y for f in frames), max(f.left + f.geobox.shape.x for f in frames)
    first = frames[0]
    corner = first.geobox.affine @ Affine.translation(left - first.left, top - first.top)
    return top, left, GeoBox((bottom - top, right - left), corner, first.geobox.crs)


def look_at(scene: Scene, subjects: Sequence[Subject], *, values: bool) -> list[Look]:
    """One scene's look at cases that lie near each other. values: not only whether it is clear, but also what it looks like.

    Raises MinewardenError or OSError where the scene can't be read.
    """
    top, left, box = box_around([each.frame for each in subjects])
    scl = read_scls(scene, [box.pad(HALO)])[0]
    found = [_marked(scl, each.frame, top, left) for each in subjects]
    red = nir = np.full(len(subjects), np.nan)
    if values:
        samples = [_clear_sample(mark, each) for mark, each in zip(found, subjects, strict=True)]
        red, nir = _medians(scene, samples, [len(each.sample) for each in subjects], top, left, box)
    return [_look(mark, each, float(r), float(n)) for mark, each, r, n in zip(found, subjects, red, nir, strict=True)]


def _medians(scene: Scene, samples: Sequence[NDArray[np.int64]], sizes: Sequence[int], top: int, left: int, box: GeoBox) -> NDArray[np.float64]:
    """(2, cases): median red and near infrared reflectance of cells, 1e-4; NaN where fewer than half of a sample have a value."""
    owner = np.repeat(np.arange(len(samples)), [len(cells) for cells in samples])
    out = np.full((2, len(samples)), np.nan)
    if not len(owner):
        return out
    rows, cols = (np.concatenate(samples) - (top, left)).T
    needed = np.zeros((box.shape.y, box.shape.x), bool)
    needed[rows, cols] = True
    table = np.full((2, len(samples), SAMPLE), np.inf)
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    for k, band in enumerate((RED, NIR)):
        table[k, owner, place] = _values(scene, band, box, needed, rows, cols)
    table[:, ~np.isfinite(table).all(axis=0)] = np.inf
    count = np.isfinite(table[0]).sum(axis=1)
    enough = np.flatnonzero((count > 0) & (2 * count >= np.asarray(sizes)))
    table.sort(axis=2)
    out[:, enough] = (table[:, enough, (count[enough] - 1) // 2] + table[:, enough, count[enough] // 2]) / 2
    return out


def _marked(scl: Plane, frame: Frame, top: int, left: int) -> NDArray[np.uint8]:
    """(h, w): the detector's own marks over a frame. scl: with a HALO around `top`, `left`."""
    mark = np.empty((frame.geobox.shape.y, frame.geobox.shape.x), np.uint8)
    marks(scl.pixels, scl.span, scl.top + frame.top - top, scl.left + frame.left - left, HALO, bad_classes(), mark)
    return mark


def _of(mark: NDArray[np.uint8], frame: Frame, cells: NDArray[np.int64]) -> NDArray[np.uint8]:
    return mark[cells[:, 0] - frame.top, cells[:, 1] - frame.left]


def _clear_sample(mark: NDArray[np.uint8], each: Subject) -> NDArray[np.int64]:
    """Cells of the sample that are seen; none where fewer than half are, or the edge of a cloud would speak for the ground.

    Marks that stand alone among clear ground count as seen: Sen2Cor calls bright bare ground cloud again and again.
    """
    own = _of(mark, each.frame, each.sample)
    cells: NDArray[np.int64] = each.sample[(own != CLOUD) & (own != MISSING)]
    return cells if 2 * len(cells) >= len(each.sample) else cells[:0]


def _look(mark: NDArray[np.uint8], each: Subject, red: float, nir: float) -> Look:
    own = _of(mark, each.frame, each.cells)
    missing, clouded = np.count_nonzero(own == MISSING) / len(own), np.count_nonzero(own == CLOUD) / len(own)
    around = 1 - (np.count_nonzero(mark == MISSING) + np.count_nonzero(mark == CLOUD)) / mark.size
    return Look(1 - missing, 1 - missing - clouded, around, red, nir)


def _values(scene: Scene, band: str, box: GeoBox, needed: NDArray[np.bool_], rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.float64]:
    """Reflectance of cells of a box, 1e-4; infinite without data. needed: (h, w) those cells."""
    plane = read_planes(scene.bands[band].path, [box], classes=False, needed=needed, brief=True)[0]
    gain, offset = scaling(scene, (band,))
    numbers = plane.pixels[(rows + plane.top) // plane.span, (cols + plane.left) // plane.span]
    return np.where(numbers > 0, numbers * float(gain[0]) + float(offset[0]), np.inf)
