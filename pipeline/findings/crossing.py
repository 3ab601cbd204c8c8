"""Open ground beside rights: an error of mapping, digging that went on beyond a boundary, or neither.

right │ tolerance │
──────┼───────────┼──────────
dug ▒▒│▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒      at least 400 m² over there: the piece, from the boundary on, is BEYOND
dug ▒▒│▒▒▒▒▒▒▒    │             nothing over there: an error of mapping, the piece counts as inside
      │   ▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒      nothing dug in the right beside it: the piece stays OPEN
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from pipeline.findings.ground import CRUMB_M2, Cells, at_least, common, pieces, without
from pipeline.findings.groups import LEAST_M2, NOWHERE, Ground, Groups, Key, add
from pipeline.findings.lookup import Dug, Lookup
from pipeline.layers.model import Right, Standing

SUBCRUMB_M = 0.001
"""Boundaries cut by overlays meet within this."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a patch's open ground is held against."""

    lookup: Lookup
    dug: Dug
    tolerance_m: float
    case_m2: float

    def right(self, k: int) -> Right:
        return self.lookup.rights.records[k]

    def beyond(self, piece: BaseGeometry, rights: Sequence[int]) -> float:
        """Area of a piece farther than the tolerance from all of these rights."""
        left = piece
        for k in rights:
            left = without(left, self.right(k).geometry.buffer(self.tolerance_m))
        return float(left.area)

    def dug_on_from(self, piece: BaseGeometry, cells: Cells) -> list[int]:
        """Rights from whose dug ground a piece was dug on, most contact first.

        A right counts that was valid on the piece's first day: what was begun in its time stays the same case when it ends.
        """
        begun = cells.first(cells.inside(piece)) or cells.first(cells.day == cells.day.min())
        reach = piece.buffer(self.tolerance_m + SUBCRUMB_M)
        contact: list[tuple[float, int]] = []
        for k in self.lookup.rights.near(piece, self.tolerance_m):
            if begun is None or self.right(k).standing(begun) is not Standing.VALID:
                continue
            dug = self.dug.inside(k)
            if not dug.is_empty and dug.distance(piece) <= self.tolerance_m:
                contact.append((-round(dug.intersection(reach).area, 2), k))
        return [k for _, k in sorted(contact)]

    def adjoins(self, piece: BaseGeometry, key: Key, geometry: BaseGeometry) -> bool:
        """Whether a piece belongs to a right's group by an error of mapping: it touches, and no case lies beyond the tolerance.

        Ground inside the right is open because the right did not hold yet: that is no error of mapping.
        """
        if key[1] == NOWHERE or key[0] is Ground.APPROVED or geometry.distance(piece) > self.tolerance_m:
            return False
        within = common(piece, self.right(key[1]).geometry).area
        return not at_least(within, self.case_m2) and not at_least(self.beyond(piece, [key[1]]), self.case_m2)

    def holder(self, piece: BaseGeometry, groups: Groups) -> Key | None:
        """The group that a piece adjoins, the one with most contact."""
        held = [key for key, geometry in groups.items() if self.adjoins(piece, key, geometry)]
        reach = piece.buffer(self.tolerance_m + SUBCRUMB_M)
        return max(held, key=lambda key: round(groups[key].intersection(reach).area, 2), default=None)


def resolve(groups: Groups, cells: Cells, beside: Neighbours) -> Groups:
    """Groups of a patch with its open ground told apart."""
    if (Ground.OPEN, NOWHERE) not in groups:
        return groups
    out = {key: geometry for key, geometry in groups.items() if key[0] is not Ground.OPEN}
    dug_on: dict[int, list[tuple[BaseGeometry, float]]] = {}
    for piece in pieces(groups[Ground.OPEN, NOWHERE]):
        rights = beside.dug_on_from(piece, cells)
        if rights:
            dug_on.setdefault(rights[0], []).append((piece, beside.beyond(piece, rights)))
        else:
            add(out, beside.holder(piece, groups) or (Ground.OPEN, NOWHERE), piece)
    for k, found in dug_on.items():
        over = [piece for piece, beyond in found if beyond > CRUMB_M2]
        crosses = at_least(sum(beyond for _, beyond in found), LEAST_M2) and at_least(sum(p.area for p in over), beside.case_m2)
        for piece, beyond in found:
            add(out, (Ground.BEYOND if crosses and beyond > CRUMB_M2 else Ground.VALID, k), piece)
    return out
