"""Changed cells to pieces: which of them are one thing, and which of those are strong enough to be a patch?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.model import Model
from pipeline.detect.state import CONFIRMED, FIRST, PROVISIONAL
from pipeline.patches.components import label, members_of
from pipeline.patches.outline import HALF, changed_share, widened
from pipeline.patches.surroundings import ROW, among, found_in, places_of

SEED_SCORE = 8.0
"""A patch needs `min_cells` / 2 cells that are this far from their season …"""
SEED_NOVELTY = 1.0
"""… and this unlike their past; or …"""
FAR_SCORE = 20.0
"""… so far that they may look as they did at another season: red stone on grass looks as the grass does when it is dry; or …"""
NEW_NOVELTY = 4.0
"""… so new that it does not matter what season it is: where crops differ from year to year, no look is far from the season."""
STARK_SCORE, STARK_NOVELTY, STARK_SHARE, STARK_CONTRAST = 20.0, 8.0, 0.25, 6.0
"""Stark change; where it is a small share of a connected piece and so much more novel than the rest, it is a piece of its own."""
GROW_SCORE = 2.5
REACH = 2
"""Cells with one cell between them are still one patch: floors of pits look like the soil around."""
STILL_GREEN = 0.33
"""NDVI above which changed ground still bears plants."""
RIM = (-1, 0, 1)
KNOWN_SHARE = 0.25
"""Share of a piece's cells that must have been seen changed three times: a pit that grows is new for the most part."""
PAUSE = (0, 75, 30)
"""Ground that changed more days apart changed for different reasons: of neighbouring cells, and of cells with one between them."""

NOWHERE: NDArray[np.int64] = np.zeros(0, np.int64)

Piece = tuple[NDArray[np.void], NDArray[np.float64]]
"""Cells of a piece (`evidence.dtype`) and the changed share of each."""


def eligible(cells: NDArray[np.void]) -> NDArray[np.bool_]:
    sure = (cells["status"] == PROVISIONAL) | (cells["status"] == CONFIRMED)
    nearly = (cells["status"] == FIRST) & (cells["anomalous"] >= 2)
    out: NDArray[np.bool_] = (sure | nearly) & (cells["score"] >= GROW_SCORE)
    return out


def _labels(table: NDArray[np.void], days: bool) -> NDArray[np.int64]:
    """Group of each cell; days: cells that changed at different times are not of one."""
    rows, cols = table["row"].astype(np.int64), table["col"].astype(np.int64)
    return label(rows, cols, REACH, table["first_day"].astype(np.int64), PAUSE, _since(table)) if days else label(rows, cols, REACH)


def _groups(table: NDArray[np.void], days: bool) -> list[NDArray[np.int64]]:
    """Indices of the cells of each connected group."""
    return members_of(_labels(table, days))


def _since(table: NDArray[np.void]) -> NDArray[np.int64]:
    """The last look at the old ground; where none is known, the first at the new."""
    last, first = table["last_normal"].astype(np.int64), table["first_day"].astype(np.int64)
    return np.where(last > 0, np.minimum(last, first), first)


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
        near = rest & _near(rows, cols, core)
        rest &= ~near
        parts.append(piece[near])
    remainder = piece[rest]
    return parts + [remainder[members] for members in _groups(remainder, days=True)]


def _near(rows: NDArray[np.int64], cols: NDArray[np.int64], core: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which cells lie within `REACH` rows and columns of one of some (`core`, indices)."""
    top, left = rows.min() - REACH, cols.min() - REACH
    mask = np.zeros((int(rows.max() - top) + REACH + 1, int(cols.max() - left) + REACH + 1), bool)
    mask[rows[core] - top, cols[core] - left] = True
    for _ in range(REACH):
        mask = widened(mask)
    return np.asarray(mask[rows - top, cols - left])


def _by_cover(table: NDArray[np.void], model: Model) -> list[NDArray[np.void]]:
    """Connected groups of bare ground, each with the greener cells along its rim, and of what is left.

    Dug ground is bare; ground beside it that is still green has changed for another reason (felling, thinning) or is an edge.
    """
    now = table["spectrum"]
    red, nir = now[:, model.red], now[:, model.nir]
    bare = (nir - red) < STILL_GREEN * (nir + red)
    labels, green = _labels(table[bare], days=True), np.flatnonzero(~bare)
    count = int(labels.max(initial=-1)) + 1
    group = np.full(len(table), count, np.int64)
    group[bare] = labels
    # A green cell beside two groups is the first one's.
    group[green] = _lowest_beside(places_of(table), group, green)
    rest = table[group == count]
    return [table[members] for members in members_of(group)[:count]] + [rest[members] for members in _groups(rest, days=True)]


def _lowest_beside(places: NDArray[np.int64], group: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lowest group among the eight cells round each of some cells, and its own. places: of all cells, in order; of: indices."""
    lowest = group[of]
    for step in (y * ROW + x for y in RIM for x in RIM):
        at, there = found_in(places, places[of] + step)
        lowest = np.where(there, np.minimum(lowest, group[at]), lowest)
    return lowest


def connected(piece: Piece, members: NDArray[np.bool_], min_cells: int) -> list[Piece]:
    """Connected groups of some cells of a piece (`members`, a flag for each), those of `min_cells` and more."""
    table, share = piece[0][members], piece[1][members]
    return [(table[group], share[group]) for group in _groups(table, days=False) if len(group) >= min_cells]


def pieces_of(table: NDArray[np.void], model: Model, min_cells: int, known: NDArray[np.int64] = NOWHERE) -> list[Piece]:
    """Connected pieces that hold enough strongly changed cells, cut back to the cells that are at least half changed.

    known: places (`surroundings.places_of`), in order, that need not be strong, as they were cases last month.
    """
    out = []
    for piece in (part for group in _by_cover(table, model) for part in _cores(group, min_cells)):
        if len(piece) < min_cells:
            continue
        far = (piece["score"] >= FAR_SCORE) | (piece["score"] >= SEED_SCORE) & (piece["novelty"] >= SEED_NOVELTY)
        strong = (far | (piece["novelty"] >= NEW_NOVELTY) | among(places_of(piece), known)) & (piece["status"] != FIRST)
        # A look or two is no patch yet: enough of its cells must have been seen changed three times.
        young = (piece["status"] != FIRST).sum() < max(min_cells, KNOWN_SHARE * len(piece))
        if young or strong.sum() < max(min_cells // 2, 0.1 * len(piece)):
            continue
        share = changed_share(piece, model.bands)
        kept = share >= HALF
        if kept.sum() >= min_cells:
            out.append((piece[kept], share[kept]))
    return out
