"""Changed cells to patches: pieces of ground that changed together, with outline, dates and a first opinion of the cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.looks import EPOCH_ORDINAL
from pipeline.detect.model import Model
from pipeline.detect.state import CONFIRMED, ENDED
from pipeline.grid import Grid
from pipeline.patches.components import label, members_of
from pipeline.patches.likelihood import Judgement, Likelihood
from pipeline.patches.materials import cut_apart
from pipeline.patches.measuring import Measurer, Place
from pipeline.patches.memory import Memory, Opinion, kept_apart
from pipeline.patches.outline import filled, geometry_of
from pipeline.patches.patch import Cause, Patch, Status
from pipeline.patches.pieces import PAUSE, REACH, SEED_NOVELTY, SEED_SCORE, eligible, pieces_of

LONGEST_GAP = 60
"""Days between looks beyond which the day of a change is no longer drawn to their middle."""
OLDER_SHARE = 2 / 3
"""Ground is held to have changed before monitoring where this much of the time between its last look as it was and its first changed one lies
before: after a dark winter either may be, and a pit that is new must not be passed over."""
SETTLING_IN = 60
"""For so many days after monitoring begins, ground beside what changed before it belongs to that."""


def day_to_date(day: int) -> date:
    return date.fromordinal(EPOCH_ORDINAL + int(day))


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


def _whole(table: NDArray[np.void], claimed: set[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of a piece without its gaps; what other pieces claim stays theirs. Adds to `claimed` what is filled."""
    rows, cols = filled(table["row"].astype(np.int64), table["col"].astype(np.int64))
    own = set(zip(table["row"].tolist(), table["col"].tolist(), strict=True))
    cells = list(zip(rows.tolist(), cols.tolist(), strict=True))
    mine = np.array([cell in own or cell not in claimed for cell in cells])
    claimed.update(cells)
    return rows[mine], cols[mine]


def _patch(
    table: NDArray[np.void], ground: tuple[NDArray[np.int64], NDArray[np.int64]], measured: dict[str, float], opinion: Judgement, grid: Grid
) -> Patch:
    """One patch from the cells that belong to it and what was measured and judged of them. ground: rows and columns, gaps filled (`_whole`)."""
    rows, cols = ground
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


def _before_patch(table: NDArray[np.void], rows: NDArray[np.int64], cols: NDArray[np.int64], days: NDArray[np.int64], seen: int, grid: Grid) -> Patch:
    """Ground that changed before monitoring began: where and when, but no opinion of what it is. table: its cells in alert, if any."""
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
        # Ground that was fitted on what came after has no looks of either kind.
        looks_before=int(np.median(table["looks"])) if len(table) else 0,
        looks_after=int(np.median(table["anomalous"])) if len(table) else 0,
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
    out = []
    for group in members_of(label(rows[order], cols[order], REACH, days[order], PAUSE)):
        m = order[group]
        if m.size >= min_cells and strong[m].sum() >= max(min_cells // 2, 0.3 * m.size):
            table = early[m[m >= len(before)] - len(before)]
            out.append(_before_patch(table, rows[m], cols[m], days[m], int(seen[m].max()), grid))
    return out


def _early(cells: NDArray[np.void], before: NDArray[np.int64], monitor_from: int) -> NDArray[np.bool_]:
    """Cells that changed before monitoring, or beside such ground in the first weeks, or that nobody has seen as they were since it began.

    A pit dug in autumn is seen whole only in spring.
    """
    # A pit dug in autumn may show itself only after the snow.
    first, last_normal = cells["first_day"].astype(np.int64), cells["last_normal"].astype(np.int64)
    known = (first < monitor_from) | ((last_normal > 0) & (monitor_from - last_normal > OLDER_SHARE * (first - last_normal)))
    rows = np.concatenate([cells["row"].astype(np.int64), before[:, 0]])
    cols = np.concatenate([cells["col"].astype(np.int64), before[:, 1]])
    order = np.lexsort((cols, rows))
    groups = np.empty(len(rows), np.int64)
    groups[order] = label(rows[order], cols[order], REACH)
    mine, size = groups[: len(cells)], int(groups.max(initial=-1)) + 1
    soon = ~known & ((first < monitor_from + SETTLING_IN) | (last_normal < monitor_from))
    old = np.bincount(np.concatenate([mine[known], groups[len(cells) :]]), minlength=size)
    new = np.bincount(mine[soon], minlength=size)
    # A few old cells must not swallow a new pit: the old part has to be the larger.
    return np.asarray(known | (soon & (old >= np.maximum(new, 1))[mine]))


def find_patches(
    cells: NDArray[np.void],
    before: NDArray[np.int64],
    model: Model,
    place: Place,
    likelihood: Likelihood,
    monitor_from: int,
    min_cells: int,
    said: Sequence[Opinion] = (),
) -> list[Patch]:
    """Patches of changed ground, ordered by first look, then north to south, west to east.

    cells: `evidence.dtype`, sorted by row, then column. before: (n, 4) row, column, day of change, last clear look of ground that
    changed inside the baseline window. monitor_from: day (since 1970-01-01) when monitoring began. Ground that changed before,
    ground in alert and ground whose alert has ended make patches of their own. said: what last month said of its cases.
    """
    measure, memory = Measurer(model, place, cells), Memory(said, place.grid)
    known = memory.known(cells)
    early = _early(cells, before, monitor_from)
    ended = cells["status"] == ENDED
    alive = eligible(cells)
    out = _find_before(cells[alive & early], before, place.grid, min_cells)
    for members in (alive & ~early, ended & ~early):
        pieces = pieces_of(cells[members], model, min_cells, known)
        pieces = kept_apart(pieces, memory, min_cells, likelihood, measure)
        pieces = cut_apart(pieces, model, min_cells, likelihood, measure)
        claimed = {cell for piece, _ in pieces for cell in zip(piece["row"].tolist(), piece["col"].tolist(), strict=True)}
        for piece, measured in zip(pieces, measure(pieces), strict=True):
            f = memory.recalled(piece, measured)
            ground, opinion = _whole(piece[0], claimed), likelihood.judge(f)
            # Fields are left out only now: what they claim beside a pit is not the pit's.
            if not opinion.field_work:
                out.append(_patch(piece[0], ground, f, opinion, place.grid))
    return sorted(out, key=lambda p: (p.first_seen, int(p.cells[0, 0]), int(p.cells[0, 1])))
