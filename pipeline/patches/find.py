"""Changed cells to patches: pieces of ground that changed together, with outline, dates and a first opinion of the cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.looks import noise_floor
from pipeline.detect.shift import Model
from pipeline.detect.state import CONFIRMED, ENDED, FIRST, PROVISIONAL
from pipeline.grid import Grid
from pipeline.patches.components import label
from pipeline.patches.features import features
from pipeline.patches.likelihood import count_similar, judge, size_of_works
from pipeline.patches.outline import HALF, changed_share, filled, geometry_of
from pipeline.patches.patch import Cause, Patch, Status

SEED_SCORE = 8.0
"""A patch needs `min_cells` / 2 cells that are this far from their season …"""
SEED_NOVELTY = 1.0
"""… and this unlike their past."""
STARK_SCORE, STARK_NOVELTY, STARK_SHARE, STARK_CONTRAST = 20.0, 8.0, 0.25, 6.0
"""Stark change; where it is a small share of a connected piece and so much more novel than the rest, it is a piece of its own."""
GROW_SCORE = 2.5
REACH = 2
"""Cells with one cell between them are still one patch: floors of pits look like the soil around."""
STILL_GREEN = 0.33
"""NDVI above which changed ground still bears plants."""
RIM = (-1, 0, 1)
PAUSE = 120
"""Neighbouring ground that changed so many days apart changed for different reasons."""
LONGEST_GAP = 60
"""Days between looks beyond which the day of a change is no longer drawn to their middle."""
NEGLIGIBLE = 0.02
"""A patch that looks like a field and is less likely mining than this is left out."""
SETTLING_IN = 60
"""For so many days after monitoring begins, ground beside what changed before it belongs to that."""
EPOCH_ORDINAL = 719163


Piece = tuple[NDArray[np.void], NDArray[np.float64]]
"""Cells of a piece (`evidence.dtype`) and the changed share of each."""


def day_to_date(day: int) -> date:
    return date.fromordinal(EPOCH_ORDINAL + int(day))


def _eligible(cells: NDArray[np.void]) -> NDArray[np.bool_]:
    sure = (cells["status"] == PROVISIONAL) | (cells["status"] == CONFIRMED)
    nearly = (cells["status"] == FIRST) & (cells["anomalous"] >= 2)
    out: NDArray[np.bool_] = (sure | nearly) & (cells["score"] >= GROW_SCORE)
    return out


def _clean_days(rows: NDArray[np.int64], cols: NDArray[np.int64], days: NDArray[np.int64]) -> NDArray[np.int32]:
    """First days with single late cells drawn to their neighbours: an edge cell is noticed late, not dug late."""
    top, left = rows.min() - 1, cols.min() - 1
    plane = np.full((rows.max() - top + 2, cols.max() - left + 2), np.nan)
    plane[rows - top, cols - left] = days
    around = np.stack([plane[1 + dy : plane.shape[0] - 1 + dy, 1 + dx : plane.shape[1] - 1 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)])
    own = around[:, rows - top - 1, cols - left - 1]
    # The lower median of the neighbours, themselves included, never later than the cell's own day.
    ordered = np.sort(own, axis=0)
    known = (~np.isnan(own)).sum(axis=0)
    middle = ordered[(known - 1) // 2, np.arange(rows.size)]
    return np.asarray(np.minimum(days, middle), np.int32)


def _spread(size: int, own: list[int], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Values of a patch's own cells, and their median in the holes that were filled."""
    out = np.full(size, int(np.median(values)), np.int64)
    out[own] = values
    return out


def _status(table: NDArray[np.void]) -> Status:
    if (table["status"] == ENDED).all():
        return Status.ENDED
    alive = table[table["status"] != ENDED]
    return Status.CONFIRMED if 2 * (alive["status"] == CONFIRMED).sum() >= len(alive) else Status.PROVISIONAL


def _patch(table: NDArray[np.void], measured: dict[str, float], grid: Grid) -> Patch:
    """One patch from the cells that belong to it and the features measured on them."""
    opinion = judge(measured)
    rows, cols = filled(table["row"].astype(np.int64), table["col"].astype(np.int64))
    place = {(r, c): i for i, (r, c) in enumerate(zip(rows.tolist(), cols.tolist(), strict=True))}
    own = [place[r, c] for r, c in zip(table["row"].tolist(), table["col"].tolist(), strict=True)]
    first = table["first_day"].astype(np.int64)
    since = np.where(table["last_normal"] > 0, np.clip(first - table["last_normal"], 0, LONGEST_GAP), 0)
    days, changed = (_clean_days(rows, cols, _spread(rows.size, own, values)) for values in (first, first - since // 2))
    normal = int(np.median(table["last_normal"]))
    return Patch(
        cells=np.stack([rows, cols], axis=1).astype(np.int32),
        first_day=days,
        changed_day=changed,
        geometry=geometry_of(rows, cols, grid),
        status=_status(table),
        first_seen=day_to_date(days.min()),
        last_seen=day_to_date(table["last_day"].max()),
        before_date=day_to_date(normal) if normal else None,
        after_date=day_to_date(table["last_clear"].max()),
        looks_before=int(np.median(table["looks"])),
        looks_after=int(np.median(table["anomalous"])),
        confidence=opinion.confidence,
        mining_likelihood=opinion.mining,
        cause=opinion.cause,
        clay_like=opinion.clay_like,
        before_monitoring=False,
        features={name: round(value, 4) for name, value in measured.items()},
    )


def _groups(table: NDArray[np.void], days: bool) -> list[NDArray[np.int64]]:
    """Indices of the cells of each connected group."""
    rows, cols = table["row"].astype(np.int64), table["col"].astype(np.int64)
    groups = label(rows, cols, REACH, table["first_day"].astype(np.int64), PAUSE) if days else label(rows, cols, REACH)
    order = np.argsort(groups, kind="stable")
    return list(np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)) if len(order) else []


def _cores(piece: NDArray[np.void], min_cells: int) -> list[NDArray[np.void]]:
    """A piece, or its parts: starkly changed ground amid much that is faintly changed is a thing of its own.

    A pit on a slope that has slipped or been cleared would else be weighed together with all of it.
    """
    stark = (piece["score"] >= STARK_SCORE) & (piece["novelty"] >= STARK_NOVELTY)
    if stark.sum() < min_cells or stark.sum() >= STARK_SHARE * len(piece):
        return [piece]
    if np.median(piece["novelty"][stark]) < STARK_CONTRAST * np.median(piece["novelty"][~stark]):
        return [piece]
    rows, cols = piece["row"].astype(np.int64), piece["col"].astype(np.int64)
    rest = np.ones(len(piece), bool)
    parts = []
    for members in _groups(piece[stark], days=False):
        core = np.flatnonzero(stark)[members]
        if len(core) < min_cells:
            continue
        near = np.zeros(len(piece), bool)
        for i in core:
            near |= (np.abs(rows - rows[i]) <= REACH) & (np.abs(cols - cols[i]) <= REACH)
        near &= rest
        rest &= ~near
        parts.append(piece[near])
    remainder = piece[rest]
    return parts + [remainder[members] for members in _groups(remainder, days=True)]


def _by_cover(table: NDArray[np.void], model: Model) -> list[NDArray[np.void]]:
    """Connected groups of bare ground, each with the greener cells along its rim, and of what is left.

    Dug ground is bare; ground beside it that is still green has changed for another reason (felling, thinning) or is an edge.
    """
    now = table["spectrum"]
    red, nir = now[:, model.red], now[:, model.nir]
    bare = (nir - red) < STILL_GREEN * (nir + red)
    left = {(r, c): k for k, (r, c) in enumerate(zip(table["row"].tolist(), table["col"].tolist(), strict=True)) if not bare[k]}
    out = []
    for members in _groups(table[bare], days=True):
        cells = np.flatnonzero(bare)[members].tolist()
        around = {(r + y, c + x) for r, c in ((int(table["row"][k]), int(table["col"][k])) for k in cells) for y in RIM for x in RIM}
        rim = [left.pop(place) for place in sorted(around) if place in left]
        out.append(table[np.sort(np.array(cells + rim, np.int64))])
    green = table[np.sort(np.array(list(left.values()), np.int64))]
    return out + [green[members] for members in _groups(green, days=True)]


def _pieces(table: NDArray[np.void], model: Model, min_cells: int) -> list[Piece]:
    """Connected pieces that hold enough strongly changed cells, cut back to the cells that are at least half changed."""
    out = []
    for piece in (part for group in _by_cover(table, model) for part in _cores(group, min_cells)):
        strong = (piece["score"] >= SEED_SCORE) & (piece["novelty"] >= SEED_NOVELTY) & (piece["status"] != FIRST)
        # A look or two is no patch yet: most of its cells must have been seen changed three times.
        young = 2 * (piece["status"] == FIRST).sum() >= len(piece)
        if young or len(piece) < min_cells or strong.sum() < max(min_cells // 2, 0.1 * len(piece)):
            continue
        share = changed_share(piece, model.bands)
        kept = share >= HALF
        if kept.sum() >= min_cells:
            out.append((piece[kept], share[kept]))
    return out


def _measure(pieces: Sequence[Piece], model: Model) -> list[dict[str, float]]:
    """Features of every piece, and how many others are like it."""
    found = [features(piece, share, model) for piece, share in pieces]
    floor = noise_floor(model.bands)
    spectra = np.array([np.median(piece["spectrum"], axis=0) / floor for piece, _ in pieces]).reshape(len(pieces), len(floor))
    days = np.array([np.quantile(piece["first_day"], 0.1) for piece, _ in pieces])
    greenest = np.array([measured["greenest"] for measured in found])
    places = np.array([[piece["row"].mean(), piece["col"].mean()] for piece, _ in pieces]).reshape(len(pieces), 2)
    sizes = np.array([len(piece) for piece, _ in pieces])
    for measured, similar, works in zip(found, count_similar(spectra, places, days, greenest), size_of_works(spectra, places, sizes), strict=True):
        measured["similar"], measured["works"] = float(similar), float(works)
    return found


def _before_patch(rows: NDArray[np.int64], cols: NDArray[np.int64], days: NDArray[np.int64], seen: int, looks: int, grid: Grid) -> Patch:
    """Ground that changed before monitoring began: where and when, but no opinion of what it is."""
    full_rows, full_cols = filled(rows, cols)
    place = dict(zip(zip(rows.tolist(), cols.tolist(), strict=True), days.tolist(), strict=True))
    middle = int(np.median(days))
    first = np.array([place.get(cell, middle) for cell in zip(full_rows.tolist(), full_cols.tolist(), strict=True)])
    return Patch(
        cells=np.stack([full_rows, full_cols], axis=1).astype(np.int32),
        first_day=first.astype(np.int32),
        geometry=geometry_of(full_rows, full_cols, grid),
        status=Status.CONFIRMED,
        first_seen=day_to_date(int(days.min())),
        last_seen=day_to_date(int(days.max())),
        before_date=None,
        after_date=day_to_date(seen),
        looks_before=looks,
        looks_after=looks,
        confidence=1.0,
        mining_likelihood=None,
        cause=Cause.UNKNOWN,
        clay_like=False,
        before_monitoring=True,
        features={},
    )


def _find_before(early: NDArray[np.void], before: NDArray[np.int64], grid: Grid, min_cells: int) -> list[Patch]:
    """Patches of ground that changed before monitoring, whether its alert is open or its baseline was fitted on what came after.

    early: cells in alert since before (`evidence.dtype`). before: (n, 4) row, column, day, last clear look.
    """
    sure = (early["score"] >= SEED_SCORE) & (early["novelty"] >= SEED_NOVELTY)
    rows, cols = (np.concatenate([before[:, k], early[name].astype(np.int64)]) for k, name in enumerate(("row", "col")))
    days = np.concatenate([before[:, 2], early["first_day"].astype(np.int64)])
    seen = np.concatenate([before[:, 3], early["last_clear"].astype(np.int64)])
    strong = np.concatenate([np.ones(len(before), bool), sure])
    order = np.lexsort((cols, rows))
    rows, cols, days, seen, strong = (array[order] for array in (rows, cols, days, seen, strong))
    groups = label(rows, cols, REACH, days, PAUSE)
    out = []
    for group in range(int(groups.max()) + 1 if len(groups) else 0):
        m = groups == group
        if m.sum() >= min_cells and strong[m].sum() >= max(min_cells // 2, 0.3 * m.sum()):
            looks = int(np.median(early["looks"])) if len(early) else 0
            out.append(_before_patch(rows[m], cols[m], days[m], int(seen[m].max()), looks, grid))
    return out


def _early(cells: NDArray[np.void], before: NDArray[np.int64], monitor_from: int) -> NDArray[np.bool_]:
    """Cells that changed before monitoring, or beside such ground in the first weeks: a pit dug in autumn is seen whole only in spring."""
    known = cells["first_day"] < monitor_from
    rows = np.concatenate([cells["row"].astype(np.int64), before[:, 0]])
    cols = np.concatenate([cells["col"].astype(np.int64), before[:, 1]])
    order = np.lexsort((cols, rows))
    groups = np.empty(len(rows), np.int64)
    groups[order] = label(rows[order], cols[order], REACH)
    mine, size = groups[: len(cells)], int(groups.max(initial=-1)) + 1
    soon = ~known & (cells["first_day"] < monitor_from + SETTLING_IN)
    old = np.bincount(np.concatenate([mine[known], groups[len(cells) :]]), minlength=size)
    new = np.bincount(mine[soon], minlength=size)
    # A few old cells must not swallow a new pit: the old part has to be the larger.
    return np.asarray(known | (soon & (old >= np.maximum(new, 1))[mine]))


def _field_work(patch: Patch) -> bool:
    """A field between crops: that is no changed ground, and a county has tens of thousands of them."""
    return patch.cause is Cause.FARMLAND and (patch.mining_likelihood or 0.0) < NEGLIGIBLE


def find_patches(cells: NDArray[np.void], before: NDArray[np.int64], model: Model, grid: Grid, monitor_from: int, min_cells: int) -> list[Patch]:
    """Patches of changed ground, ordered by first look, then north to south, west to east.

    cells: `evidence.dtype`, sorted by row, then column. before: (n, 4) row, column, day of change, last clear look of ground that
    changed inside the baseline window. monitor_from: day (since 1970-01-01) when monitoring began. Ground that changed before,
    ground in alert and ground whose alert has ended make patches of their own.
    """
    early = _early(cells, before, monitor_from)
    ended = cells["status"] == ENDED
    alive = _eligible(cells)
    out = _find_before(cells[alive & early], before, grid, min_cells)
    for members in (alive & ~early, ended & ~early):
        pieces = _pieces(cells[members], model, min_cells)
        measured = _measure(pieces, model)
        found = [_patch(piece, numbers, grid) for (piece, _), numbers in zip(pieces, measured, strict=True)]
        out += [p for p in found if not _field_work(p)]
    return sorted(out, key=lambda p: (p.first_seen, int(p.cells[0, 0]), int(p.cells[0, 1])))
