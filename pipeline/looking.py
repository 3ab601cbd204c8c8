"""Looks at a block of ground: its scenes' pixels read, sorted by what their classification says, and corrected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.detect.block import Looks
from pipeline.detect.layout import STRIP, strips_across
from pipeline.detect.looks import NO_DATA, correct
from pipeline.detect.mask import CLEAR, HALO, MISSING, any_seen, bad_classes, fold, marks, seen
from pipeline.detect.model import Model
from pipeline.detect.shift import Shared
from pipeline.grid import Block, Grid
from pipeline.sources.reader import Plane, as_kernel_takes, read_planes, read_scls, scaling, span_of
from pipeline.sources.scene import Scene, reading
from pipeline.survey import day_number
from pipeline.workspace import ALIGN, Room, Take, lent

TILES = (512, 256, 128, 64, 32, 16)
"""Sides of parts of a block. Files are tiled by such: parts that cut through tiles would have more of them decoded twice."""


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
class Part:
    """Some rows and columns of a block."""

    rows: slice
    cols: slice

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.stop - self.rows.start, self.cols.stop - self.cols.start

    def of(self, block: Block) -> Block:
        return Block(block.row, block.col, block.top + self.rows.start, block.left + self.cols.start, *self.shape)


def _half(side: int) -> int:
    """About half of a side, in whole tiles."""
    half = (side + 1) // 2
    tile = next((t for t in TILES if t <= half), half)
    return -(-half // tile) * tile


def parts_of(block: Block, scenes: int, bands: int, memory_mb: int) -> list[Part]:
    """The block in parts whose stacks fit into the memory allowed; one where it fits as a whole."""
    height, width = block.height, block.width
    while height * width * scenes * 2 * bands > memory_mb * 2**20 and max(height, width) > TILES[-1]:
        height, width = (_half(height), width) if height >= width else (height, _half(width))
    return [
        Part(slice(top, min(top + height, block.height)), slice(left, min(left + width, block.width)))
        for top in range(0, block.height, height)
        for left in range(0, block.width, width)
    ]


class BlockLooks:
    """Looks at a block, read part by part."""

    def __init__(self, sightings: Sequence[Sighting], ground: Ground, block: Block, room: Room, memory_mb: int | None = None) -> None:
        """Read what is needed of the whole block, into `room`. memory_mb: what a part's stack may take; no limit where it is None."""
        self.sightings, self.ground, self.block = sightings, ground, block
        whole = [Part(slice(0, block.height), slice(0, block.width))]
        self.parts = whole if memory_mb is None else parts_of(block, len(sightings), len(ground.bands), memory_mb)
        self.marks: NDArray[np.uint8] = room.take((len(sightings), block.height, block.width), np.uint8)
        """(n, h, w): marks of every sighting."""
        wide, bad = ground.grid.window(block, HALO), bad_classes()
        for sighting, mark in zip(sightings, self.marks, strict=True):
            with reading(sighting.scene), lent(wide.shape.y * wide.shape.x) as pixels:
                scl = read_scls(sighting.scene, [wide], take=pixels.take)[0]
                marks(scl.pixels, scl.span, scl.top, scl.left, HALO, bad, mark)
        # Tiles of coarse bands cover more ground than a part: read once for all parts.
        self._coarse = [self._coarse_planes(k, room) if len(self.parts) > 1 else {} for k in range(len(sightings))]

    def _seen(self, k: int, part: Part, take: Take) -> NDArray[np.bool_]:
        """(h, w): cells of a part that are neither under cloud nor without data."""
        out: NDArray[np.bool_] = take(part.shape, np.bool_)
        seen(self.marks[k], part.rows, part.cols, out)
        return out

    def _coarse_planes(self, k: int, room: Room) -> dict[str, Plane]:
        """Planes over the whole block of those bands of a scene whose pixels are coarser than the grid."""
        box, files = self.ground.grid.window(self.block), self.sightings[k].scene.bands
        whole = Part(slice(0, self.block.height), slice(0, self.block.width))
        if not any_seen(self.marks[k], whole.rows, whole.cols):
            return {}
        with reading(self.sightings[k].scene), lent(math.prod(whole.shape)) as spare:
            wanted = self._seen(k, whole, spare.take)
            coarse = [band for band in self.ground.bands if span_of(files[band].path, box) > 1]
            return {band: read_planes(files[band].path, [box], classes=False, take=room.take, needed=wanted)[0] for band in coarse}

    def _read(self, k: int, part: Part, stack: NDArray[np.int16], number: int) -> None:
        """One scene's look at a part, as the `number`-th of the stack (`Looks`)."""
        scene, ground = self.sightings[k].scene, self.ground
        box, planes = ground.grid.window(part.of(self.block)), []
        with reading(scene), lent((2 * len(ground.bands) + 1) * math.prod(part.shape) + ALIGN) as room:
            wanted = self._seen(k, part, room.take)
            for band in ground.bands:
                known = self._coarse[k].get(band)
                if known is None:
                    planes += read_planes(scene.bands[band].path, [box], classes=False, take=room.take, needed=wanted)
                else:
                    planes.append(Plane(known.pixels, known.span, known.top + part.rows.start, known.left + part.cols.start))
            gain, offset = scaling(scene, ground.bands)
            shift, red, nir = self.sightings[k].shared.shift, ground.model.red, ground.model.nir
            correct(*as_kernel_takes(planes), gain, offset, shift, red, nir, part.shape[1], stack, number)

    @contextmanager
    def looks(self, part: Part) -> Iterator[Looks]:
        """Looks at a part, scenes without any clear cell there left out; to be used inside the `with` only."""
        kept = [k for k, mark in enumerate(self.marks) if any_seen(mark, part.rows, part.cols)]
        bands, (height, width) = len(self.ground.bands), part.shape
        across = strips_across(width)
        with lent((2 * bands + 1) * max(len(kept), 1) * height * across * STRIP + 2 * ALIGN) as room:
            stack = room.take((height, across, len(kept), bands, STRIP), np.int16)
            marked = room.take((height, across, len(kept), STRIP), np.uint8)
            for number, k in enumerate(kept):
                self._read(k, part, stack, number)
                fold(self.marks[k], part.rows, part.cols, marked, number)
            days = np.array([day_number(self.sightings[k].scene) for k in kept], np.int64)
            _one_look_a_day(days, stack, marked)
            noise = np.stack([self.sightings[k].shared.noise for k in kept]) if kept else np.ones((0, bands), np.float32)
            yield Looks(days, stack, marked, noise, width)


def _one_look_a_day(days: NDArray[np.int64], stack: NDArray[np.int16], marked: NDArray[np.uint8]) -> None:
    """Where tiles of one pass overlap, a cell is seen once: of two clear looks on a day the first is kept, in place."""
    for k in range(1, len(days)):
        for j in np.flatnonzero(days[:k] == days[k]):
            marked[:, :, k][(marked[:, :, j] == CLEAR) & (stack[:, :, j, 0] != NO_DATA)] = MISSING


def room_for(block: Block, scenes: int, bands: int) -> int:
    """Bytes that marks of a block and bands of twice the grid's resolution take."""
    return scenes * (block.height * block.width + bands * (block.height // 2 + 2) * (block.width + 4))
