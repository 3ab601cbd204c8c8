"""Several materials in one piece: a pit beside fields that changed in the same weeks.

A piece is parted by its spectra (two means, again and again while that explains much), and a part is cut off only where it is known for
something else: what would hide a likely pit if both were judged as one, the season's work, done on many fields around, or ground that is
far less new than a plain pit beside it. Whatever else differs within a piece (floor and face of a pit, bank and water of a pond) stays together.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.looks import noise_floor
from pipeline.detect.model import Model
from pipeline.patches.components import label
from pipeline.patches.likelihood import LIKELY, Likelihood
from pipeline.patches.patch import Cause
from pipeline.patches.pieces import Piece, connected
from pipeline.patches.ramps import Features

APART, CLEARLY = 4.0, 3.0
"""Two materials differ by so much (mean square, noise floors) and by so many times the scatter within each."""
PHASE = 15.0
"""Ground of one material changed at two times where these are so many days apart, and `CLEARLY` so."""
DEPTH = 3
"""A piece is halved so often: two fields and a pit are three materials."""
ROUNDS = 12
SMOOTHINGS = 2
SEASONAL = 12.0
"""So many other patches around do the same in the same weeks: field work."""
UNLIKELY, PLAIN = 0.15, 0.9
"""Mining likelihood of a part that may be cut off, and of a plain pit; field work is cut off from what is `LIKELY`."""
LESS_NEW = 0.5
"""Share of a plain pit's novelty below which ground beside it is something else."""
NO_PIT, SEEN = 0.1, 4
"""Likelihood below which a part beside a plain pit is none by itself, if it was seen so often: what has just been dug is known too little."""
LEAST_SHARE, LEAST_CELLS = 0.25, 10
"""Share of the piece or so many cells, whichever is less: rims are mixtures, no materials."""

Integers = NDArray[np.int64]
Measured = list[Features]


def _places(table: NDArray[np.void]) -> tuple[Integers, Integers]:
    return table["row"].astype(np.int64), table["col"].astype(np.int64)


def _two_means(spectra: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the spectra (n, n_bands) belong to the second of two kinds (Lloyd 1982), begun along their main direction."""
    centred = spectra - spectra.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    second: NDArray[np.bool_] = centred @ directions[:, -1] > 0
    for _ in range(ROUNDS):
        if second.all() or not second.any():
            break
        a, b = spectra[~second].mean(axis=0), spectra[second].mean(axis=0)
        nearer = ((spectra - b) ** 2).sum(axis=1) < ((spectra - a) ** 2).sum(axis=1)
        if (nearer == second).all():
            break
        second = nearer
    return second


def _smoothed(rows: Integers, cols: Integers, second: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Each cell as most of the nine around it; where they are nearly even, as at the corner of a field, as it is."""
    top, left = rows.min() - 1, cols.min() - 1
    plane = np.zeros((rows.max() - top + 2, cols.max() - left + 2), np.int64)
    plane[rows - top, cols - left] = np.where(second, 1, -1)
    height, width = plane.shape
    votes = sum(plane[1 + y : height - 1 + y, 1 + x : width - 1 + x] for y in (-1, 0, 1) for x in (-1, 0, 1))
    here = np.asarray(votes)[rows - top - 1, cols - left - 1]
    return np.where(np.abs(here) <= 1, second, here > 0)


def _parted(rows: Integers, cols: Integers, values: NDArray[np.float64], apart: float, min_cells: int) -> NDArray[np.bool_] | None:
    """Which cells are of the second of two kinds that lie `apart` (mean square of values (n, k)) and clearly so; None where they are of one."""
    second = _two_means(values)
    for _ in range(SMOOTHINGS):
        second = _smoothed(rows, cols, second)
    for side in (False, True):
        members = np.flatnonzero(second == side)
        groups = label(rows[members], cols[members], 1)
        small = np.bincount(groups, minlength=1)[groups] < min_cells
        second[members[small]] = not side
    if min(second.sum(), (~second).sum()) < min_cells:
        return None
    kinds = values[~second], values[second]
    middles = [np.median(kind, axis=0) for kind in kinds]
    between = float(((middles[0] - middles[1]) ** 2).mean())
    within = sum(float(((kind - middle) ** 2).mean(axis=1).sum()) for kind, middle in zip(kinds, middles, strict=True)) / len(values)
    return second if between >= max(apart, CLEARLY * within) else None


def _two_kinds(piece: Piece, model: Model, min_cells: int) -> NDArray[np.bool_] | None:
    """Which cells of a piece are of its second material, or changed at its second time; None where it is of one piece."""
    table, _ = piece
    if len(table) < 2 * min_cells:
        return None
    rows, cols = _places(table)
    by_material = _parted(rows, cols, table["spectrum"].astype(np.float64) / noise_floor(model.bands), APART, min_cells)
    if by_material is not None or np.ptp(table["first_day"]) < PHASE:
        return by_material
    return _parted(rows, cols, table["first_day"].astype(np.float64)[:, None] / PHASE, 1.0, min_cells)


def materials(piece: Piece, model: Model, min_cells: int, depth: int = DEPTH) -> list[Piece]:
    """Connected parts of one material and time each; the piece itself where it is of one."""
    second = _two_kinds(piece, model, min_cells) if depth else None
    if second is None:
        return [piece]
    parts = [part for side in (~second, second) for part in connected(piece, side, min_cells)]
    return [finer for part in parts for finer in materials(part, model, min_cells, depth - 1)]


def _doubtful(parts: Sequence[Piece], mining: Sequence[float]) -> list[int]:
    """Parts that are plainly no pit and no rim of one."""
    size = sum(len(table) for table, _ in parts)
    return [k for k, (table, _) in enumerate(parts) if mining[k] <= UNLIKELY and len(table) >= min(LEAST_SHARE * size, LEAST_CELLS)]


def _something_else(doubtful: Sequence[int], found: Measured, mining: Sequence[float], whole: float) -> list[int]:
    """Which doubtful parts of a piece are surely something else than the likeliest pit among all. whole: likelihood of the piece."""
    best = int(np.argmax(mining))
    plain = mining[best] >= PLAIN
    out: list[int] = []
    for k in doubtful:
        field_work = found[k]["similar"] >= SEASONAL and mining[best] >= LIKELY
        old_ground = found[k]["novelty"] <= LESS_NEW * found[best]["novelty"] and plain
        # Only of what is a case with it: cut off from what is none, it might make one of the rest.
        no_pit = mining[k] <= NO_PIT and found[k]["looks"] >= SEEN and plain and whole >= LIKELY
        if field_work or old_ground or no_pit:
            out.append(k)
    return out


def _without(parts: Sequence[Piece], cut: Sequence[int], min_cells: int) -> list[Piece]:
    """What is left of a piece, joined where it touches."""
    rest = [part for k, part in enumerate(parts) if k not in cut]
    if not rest:
        return []
    table, share = np.concatenate([t for t, _ in rest]), np.concatenate([s for _, s in rest])
    order = np.lexsort((table["col"], table["row"]))
    return connected((table[order], share[order]), np.ones(len(order), bool), min_cells)


def cut_apart(
    pieces: Sequence[Piece], model: Model, min_cells: int, likelihood: Likelihood, measure: Callable[[Sequence[Piece]], Measured]
) -> list[Piece]:
    """Pieces without the parts that are something else, and these parts. measure: features of pieces, seen together."""
    parts = [materials(piece, model, min_cells) for piece in pieces]
    flat = [part for each in parts for part in each]
    if len(flat) == len(pieces):
        return list(pieces)
    found = iter(measure(flat))
    cuts: list[list[int]] = []
    trials: dict[int, list[int]] = {}
    for number, (each, f) in enumerate(zip(parts, measure(pieces), strict=True)):
        measured = list(itertools.islice(found, len(each)))
        mining = [likelihood.mining(part) for part in measured] if len(each) > 1 else []
        doubtful = _doubtful(each, mining) if mining else []
        if not doubtful:
            cuts.append([])
            continue
        whole = likelihood.mining(f)
        cuts.append(_something_else(doubtful, measured, mining, whole))
        if not cuts[-1] and whole < LIKELY:
            # Fields that may hide a pit; water and its bank, a roof and its yard are one thing.
            trials[number] = [k for k in doubtful if likelihood.judge(measured[k]).cause is Cause.FARMLAND]
    # Cut off on trial, for good where the rest is a likely pit.
    lefts = {number: _without(parts[number], trial, min_cells) for number, trial in trials.items() if trial}
    rests = iter(measure([rest for left in lefts.values() for rest in left]))
    for number, left in lefts.items():
        if max([likelihood.mining(next(rests)) for _ in left], default=0.0) >= LIKELY:
            cuts[number] = trials[number]
    out: list[Piece] = []
    for piece, each, cut in zip(pieces, parts, cuts, strict=True):
        out += [each[k] for k in cut] + _without(each, cut, min_cells) if cut else [piece]
    return out
