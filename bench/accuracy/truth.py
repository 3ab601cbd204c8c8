"""What truly changed where and when: the truth of a made county, or of a real series with implanted pits.

Both keep the same files: truth.geojson (what each item is), truth_id.tif (which item a cell belongs to, from 1) and
truth_first_day.tif (day since 1970-01-01 when half of the cell had changed). A real series also has truth_stable.tif: its other ground
is known to be unchanged only where it kept its canopy; in a made county all ground is known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes

from pipeline.detect.looks import EPOCH_ORDINAL
from pipeline.patches.outline import widened

Cells = NDArray[np.int64]
"""(n,) flat indices of cells of the grid, ascending."""
CELL_HA = 0.01
FEWEST_CELLS = 4
"""The smallest patch the pipeline reports, and the smallest pit that counts."""
RESTED = ("fallow",)
"""Items of the truth that are no changed ground: a field that is not sown for a season."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The ground as it was dug, built on, ploughed or left."""

    items: tuple[dict[str, Any], ...]
    """Properties of the items; the k-th has number k + 1."""
    ids: NDArray[np.int64]
    """(h, w): number of the item a cell belongs to, 0 = none."""
    days: NDArray[np.int64]
    """(h, w): day since 1970-01-01 when half of the cell had changed, 0 = unknown or never."""
    stable: NDArray[np.bool_]
    """(h, w): ground inside the area that is known not to have changed."""
    inside: NDArray[np.bool_]
    """(h, w): ground that is monitored."""

    def where(self, **wanted: str) -> NDArray[np.bool_]:
        """(h, w): cells of the items with these properties."""
        table = np.array([False, *(all(item.get(k) == v for k, v in wanted.items()) for item in self.items)])
        return table[self.ids]

    @property
    def area_km2(self) -> float:
        return float(self.inside.sum()) * CELL_HA / 100


def day_of(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - EPOCH_ORDINAL


def last_day(month: str) -> int:
    """Day since 1970-01-01 of a month's last day."""
    year, number = int(month[:4]), int(month[5:])
    return day_of(date(year + number // 12, number % 12 + 1, 1)) - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """A grid of cells of 10 m, north up, and which of them are monitored."""

    inside: NDArray[np.bool_]
    """(h, w)"""
    transform: rasterio.Affine

    def read(self, file: Path) -> NDArray[np.int64]:
        """(h, w): values of a raster of the same cells, which may reach further; 0 outside it."""
        with rasterio.open(file) as source:
            values, t = source.read(1).astype(np.int64), source.transform
        top, left = round((t.f - self.transform.f) / 10), round((self.transform.c - t.c) / 10)
        rows, cols = np.arange(self.inside.shape[0]) + top, np.arange(self.inside.shape[1]) + left
        has = ((rows >= 0) & (rows < values.shape[0]))[:, None] & ((cols >= 0) & (cols < values.shape[1]))
        found = values[np.clip(rows, 0, values.shape[0] - 1)][:, np.clip(cols, 0, values.shape[1] - 1)]
        return np.where(has, found, 0)


def read(county: Path, frame: Frame) -> Truth:
    """The truth of a county's folder on the grid of its months."""
    items = tuple(f["properties"] for f in json.loads((county / "truth.geojson").read_text("utf-8"))["features"])
    ids, days = frame.read(county / "truth_id.tif"), frame.read(county / "truth_first_day.tif")
    changed = np.array([False, *(item["what"] not in RESTED for item in items)])[ids]
    stable = frame.inside & ~widened(changed)
    if (county / "truth_stable.tif").exists():
        stable &= frame.read(county / "truth_stable.tif") > 0
    return Truth(items, ids, days, stable, frame.inside)


def groups(mask: NDArray[np.bool_], fewest: int = FEWEST_CELLS) -> list[Cells]:
    """Connected pieces (corners count) of a mask (h, w) with at least `fewest` cells."""
    outlines = [outline for outline, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=8)]
    if not outlines:
        return []
    numbers = rasterize([(outline, k) for k, outline in enumerate(outlines, 1)], out_shape=mask.shape, dtype="int32") * mask
    order = np.argsort(numbers, axis=None, kind="stable")
    pieces = np.split(order, np.searchsorted(numbers.flat[order], np.arange(1, len(outlines) + 1)))[1:]
    return [piece for piece in pieces if len(piece) >= fewest]


@dataclass(frozen=True, slots=True)
class Dig:
    """Ground dug as one piece in the monitored months."""

    cells: Cells
    """Dug by the day asked for."""
    later: Cells
    """Dug after that day, or not even half by it: counts neither way."""
    half_day: int
    """Day since 1970-01-01 when half of `cells` was dug."""

    @property
    def area_ha(self) -> float:
        return len(self.cells) * CELL_HA


def digs(truth: Truth, begin: int, end: int) -> list[Dig]:
    """Pits, each a connected piece of cells dug from day `begin` to day `end`, of `FEWEST_CELLS` or more.

    What touches and is dug in that time is one dig, though law or boundary part it.
    """
    pit = truth.where(what="pit") & truth.inside & (truth.days >= begin)
    later = np.flatnonzero(widened(pit & (truth.days > end)) & ~(pit & (truth.days <= end)))
    return [Dig(cells, later, int(np.median(truth.days.flat[cells]))) for cells in groups(pit & (truth.days <= end))]
