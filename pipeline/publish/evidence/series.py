"""A ground against its own season: each look at it, and what its baseline expects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pipeline import months
from pipeline.blocks import load_baseline
from pipeline.detect.looks import season_terms
from pipeline.detect.state import FINE, SCALES
from pipeline.grid import Block
from pipeline.publish.evidence.case import Subject, day_number
from pipeline.publish.evidence.glance import NIR, RED, Look
from pipeline.publish.evidence.looks import Archive
from pipeline.year import Setting, series_start

STEP_DAYS = 5
SPREADS = 2
"""The usual range: so many spreads of a clear look to either side of the season."""
LEAST_SEEN = 0.5
"""Share of the ground that a scene must cover for its clouds to be told."""


@dataclass(frozen=True, slots=True)
class Season:
    """What a ground's baseline expects, day by day. Of each: median, and half the width of the usual range."""

    days: NDArray[np.int64]
    ndvi: NDArray[np.float64]
    """(2, n)"""
    red: NDArray[np.float64]
    """(2, n): reflectance, 0–1."""


@dataclass(frozen=True, slots=True)
class Series:
    """Looks at a ground, oldest first, and its season; None where there is no baseline."""

    first: date
    last: date
    looks: tuple[tuple[date, Look], ...]
    season: Season | None
    cells: int
    """That speak for the ground; 0 where it lies off the county's grid: then there are no looks either."""


def series_of(archive: Archive, month: str, setting: Setting) -> list[Series]:
    """The time series of every case of an archive that has been surveyed."""
    first, last = series_start(month), months.last_day(month)
    days = [day for day in archive.days if first <= day <= last]
    seasons = _seasons(archive.subjects, month, first, last, setting)
    out = []
    for case, (each, season) in enumerate(zip(archive.subjects, seasons, strict=True)):
        asked = days if len(each.sample) else []
        found = [(day, seen.look) for day in asked if (seen := archive.at(case, day)) is not None and seen.look.seen >= LEAST_SEEN]
        out.append(Series(first, last, tuple(found), season, len(each.sample)))
    return out


def _seasons(subjects: Sequence[Subject], month: str, first: date, last: date, setting: Setting) -> list[Season | None]:
    """What the year's baseline says of each sample; a block's file is read once."""
    side = setting.grid.block
    by_block: dict[tuple[int, int], list[tuple[int, NDArray[np.int64]]]] = defaultdict(list)
    for case, each in enumerate(subjects):
        blocks = each.sample // side
        for row, col in sorted(set(map(tuple, blocks.tolist()))):
            by_block[row, col].append((case, each.sample[(blocks == (row, col)).all(axis=1)]))
    named = {(block.row, block.col): block for block in setting.grid.blocks()}
    red, nir = setting.bands.index(RED), setting.bands.index(NIR)

    def read(place: tuple[int, int]) -> list[tuple[int, NDArray[np.float64]]]:
        block: Block | None = named.get(place)
        if block is None:
            return []
        base = load_baseline(setting.state / month[:4], block)
        out = []
        for case, cells in by_block[place]:
            rows, cols = cells[:, 0] - block.top, cells[:, 1] - block.left
            known = base.looks[rows, cols] > 0
            rows, cols = rows[known], cols[known]
            terms = [np.concatenate([base.mean[b][:, rows, cols], FINE * base.fine[b][:, rows, cols].astype(float)]) for b in (red, nir)]
            spreads = [SCALES[base.scale[b, rows, cols]][None] for b in (red, nir)]
            out.append((case, np.concatenate([*terms, *spreads])))
        return out

    parts: dict[int, list[NDArray[np.float64]]] = defaultdict(list)
    with ThreadPoolExecutor(max_workers=max(setting.workers, 1)) as pool:
        for found in pool.map(read, sorted(by_block)):
            for case, numbers in found:
                parts[case].append(numbers)
    days = np.arange(day_number(first), day_number(last) + 1, STEP_DAYS)
    terms = np.stack([season_terms(int(day)) for day in days]).astype(float)
    return [_season(np.concatenate(parts[case], axis=1), days, terms) if parts[case] else None for case in range(len(subjects))]


def _season(numbers: NDArray[np.float64], days: NDArray[np.int64], terms: NDArray[np.float64]) -> Season | None:
    """numbers: (12, cells): five terms of red, five of near infrared, the spread of each (1e-4)."""
    if not numbers.shape[1]:
        return None
    red, nir = terms @ numbers[:5], terms @ numbers[5:10]
    spread_red, spread_nir = numbers[10], numbers[11]
    total = np.maximum(nir + red, 100.0)
    # Of a ratio of two bands whose errors are taken as independent.
    spread = 2 * np.hypot(nir * spread_red, red * spread_nir) / total**2
    ndvi = np.stack([np.median((nir - red) / total, axis=1), SPREADS * np.median(spread, axis=1)])
    reflectance = np.stack([np.median(red, axis=1), np.full(len(days), SPREADS * np.median(spread_red))]) / 1e4
    return Season(days, ndvi, reflectance)
