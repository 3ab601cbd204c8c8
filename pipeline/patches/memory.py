"""What was said last month: a case that stood does not go because of one month's low sun, weeds, or ploughing beside it.

Judged from the last looks alone, a pit in November may look like the fields around it, and be joined to them where they are ploughed.
So the ground of a case stays a piece without being strongly changed anew, and is judged apart from what changed beside it since, where
both together would pass for something else and the case's own ground would not. And where its likelihood falls below what was said last
month, the published one falls half way in log-odds (`Likelihood.judge`): a case goes when it is contradicted strongly, or twice. What
rises is believed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.grid import Grid
from pipeline.patches.likelihood import LIKELY, REMEMBERED, Likelihood
from pipeline.patches.pieces import NOWHERE, Piece, connected
from pipeline.patches.ramps import Features
from pipeline.patches.surroundings import places_of

SAME_SHARE, GROWN = 0.5, 2.0
"""A piece is what was judged last month where it holds this share of the case's ground and has at most so many times the area it had then."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What last month said of the ground of a case."""

    geometry: BaseGeometry
    """The case's ground, in the grid's CRS."""
    patch_m2: float
    """Area of the whole patch that the case was a part of."""
    mining: float
    """Likelihood that was published, 0–1."""


class Memory:
    """Last month's opinions, found by place."""

    def __init__(self, said: Sequence[Opinion], grid: Grid) -> None:
        self._said = said
        self._grid = grid
        self._tree = shapely.STRtree([each.geometry for each in said])

    def known(self, cells: NDArray[np.void]) -> NDArray[np.int64]:
        """Places of the cells (`evidence.dtype`, sorted by row) that lie on ground of cases."""
        affine, found = self._grid.geobox.affine, [NOWHERE]
        for each in self._said:
            _, south, _, north = each.geometry.bounds
            first, last = np.searchsorted(cells["row"], [(north - affine.f) / affine.e - 1, (south - affine.f) / affine.e])
            beside = cells[first:last]
            found.append(places_of(beside[shapely.contains_xy(each.geometry, *self._grid.centres(beside["row"], beside["col"]))]))
        return np.unique(np.concatenate(found))

    def _on(self, piece: Piece) -> list[tuple[Opinion, NDArray[np.bool_]]]:
        """Opinions of which a piece holds `SAME_SHARE` of the ground, and which of its cells lie there."""
        x, y = self._grid.centres(piece[0]["row"], piece[0]["col"])
        near = sorted(self._tree.query(shapely.box(x.min(), y.min(), x.max(), y.max())).tolist())
        found = [(self._said[k], shapely.contains_xy(self._said[k].geometry, x, y)) for k in near]
        cell = self._grid.cell_area_m2
        return [(each, inside) for each, inside in found if inside.sum() * cell >= SAME_SHARE * each.geometry.area]

    def recalled(self, piece: Piece, measured: Features) -> Features:
        """Features of a piece with the likelihood that was published of it last month, the highest where it holds several cases."""
        area = len(piece[0]) * self._grid.cell_area_m2
        said = [each.mining for each, _ in self._on(piece) if area <= GROWN * each.patch_m2]
        return {**measured, REMEMBERED: max(said)} if said else measured

    def grounds(self, piece: Piece, min_cells: int) -> NDArray[np.bool_] | None:
        """Which cells of a piece are ground of cases, where enough of it is and enough is not."""
        inside = np.zeros(len(piece[0]), bool)
        for _, cells in self._on(piece):
            inside |= cells
        return inside if min(inside.sum(), (~inside).sum()) >= min_cells else None


def kept_apart(
    pieces: Sequence[Piece], memory: Memory, min_cells: int, likelihood: Likelihood, measure: Callable[[Sequence[Piece]], list[Features]]
) -> list[Piece]:
    """Pieces, those parted along the ground of last month's cases that would hide them. measure: features of pieces, seen together."""
    grounds = [memory.grounds(piece, min_cells) for piece in pieces]
    if all(inside is None for inside in grounds):
        return list(pieces)
    whole = [likelihood.mining(f) for f in measure(pieces)]
    hidden = [None if mining >= LIKELY else inside for inside, mining in zip(grounds, whole, strict=True)]
    if all(inside is None for inside in hidden):
        return list(pieces)
    own = [[] if inside is None else connected(piece, inside, min_cells) for piece, inside in zip(pieces, hidden, strict=True)]
    rest = [[piece] if inside is None else connected(piece, ~inside, min_cells) for piece, inside in zip(pieces, hidden, strict=True)]
    # Seen together: how many fields around did the same is asked of all of them.
    flat = [part for parts in (*own, *rest) for part in parts]
    mining_of = {id(part[0]): likelihood.mining(memory.recalled(part, f)) for part, f in zip(flat, measure(flat), strict=True)}
    out: list[Piece] = []
    for piece, mine, others in zip(pieces, own, rest, strict=True):
        out += [*mine, *others] if max((mining_of[id(part[0])] for part in mine), default=0.0) >= LIKELY else [piece]
    return out
