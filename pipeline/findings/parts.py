"""Cuts a patch into parts that each meet one state of the law: by rights and their dates, by approvals, zones and legacy patches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.findings import intime
from pipeline.findings.crossing import Neighbours, resolve
from pipeline.findings.ground import Cells, at_least, common, joined, pieces, without
from pipeline.findings.groups import APPROVED_SHARE, IN_RIGHT, LEAST_M2, MOST_SHARE, NOWHERE, Ground, Groups, add, largest, move
from pipeline.findings.lookup import Lookup
from pipeline.grid import Grid
from pipeline.layers.model import LegacyPatch, Right, Standing
from pipeline.patches.patch import Patch


def entry_name(right: Right) -> str:
    """Name of an entry of the register: that of the right, with the day from which a later entry stood."""
    return f"{right.id}@{right.stood_from}" if right.stood_from else right.id


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a patch in one state of the law."""

    ground: Ground
    geometry: BaseGeometry
    cells: Cells
    """Of the whole patch."""
    right: Right | None = None
    legacy: LegacyPatch | None = None
    """The legacy patch for which open ground was cut out."""

    @property
    def name(self) -> str:
        """What tells this part from the patch's others, over the months (Finding.part)."""
        place = f"legacy:{self.legacy.id}" if self.legacy else f"right:{entry_name(self.right)}" if self.right else "open"
        plain = self.ground in (Ground.VALID, Ground.OPEN, Ground.BEFORE, Ground.OTHER)
        return place if plain else f"{place}:{self.ground}"

    @property
    def dated(self) -> NDArray[np.bool_]:
        """The cells that say when this part changed: of ground in a right only those on which it stood so."""
        inside = self.cells.inside(self.geometry)
        standing = next((s for s, ground in IN_RIGHT.items() if ground is self.ground), None)
        if self.right is None or standing is None:
            return inside
        fitting = inside & (self.cells.by_day(self.right.standing, presumed=Standing.VALID) == standing)
        return fitting if fitting.any() else inside


@dataclass(frozen=True, slots=True)
class Cutter:
    """What cutting needs to know of the county."""

    lookup: Lookup
    beside: Neighbours
    grid: Grid
    min_likelihood: float
    case_m2: float
    """Smallest case."""

    def cut(self, patch: Patch) -> list[Part]:
        """Parts of a patch: they do not overlap, and cover it but for slivers smaller than a case."""
        cells = Cells.of(patch, self.grid)
        if patch.before_monitoring:
            return [Part(Ground.BEFORE, patch.geometry, cells)]
        if (patch.mining_likelihood or 0.0) < self.min_likelihood:
            groups = self._approve({(Ground.OTHER, NOWHERE): patch.geometry}, cells)
        else:
            groups = self._small_to_same_right(self._by_rights(patch.geometry, cells))
            groups = self._small_to_neighbour(resolve(self._approve(groups, cells), cells, self.beside))
        rights = self.lookup.rights.records
        parts = [Part(ground, geometry, cells, rights[k] if k != NOWHERE else None) for (ground, k), geometry in groups.items()]
        return [piece for part in parts for piece in self._by_zones(part)]

    def _by_rights(self, whole: BaseGeometry, cells: Cells) -> Groups:
        """The patch divided by rights, each cell judged on its own date; what no right claims is open."""
        claims = {k: self._by_standing(self.lookup.rights.records[k], whole, cells) for k in self.lookup.rights.near(whole)}
        groups: Groups = {}
        left = whole
        for standing, ground in IN_RIGHT.items():
            for k, claim in claims.items():
                taken = common(left, claim[standing]) if standing in claim else joined([])
                if not taken.is_empty:
                    groups[ground, k] = taken
                    left = without(left, claim[standing])
        left = joined([left])
        if not left.is_empty:
            groups[Ground.OPEN, NOWHERE] = left
        return groups

    def _by_standing(self, right: Right, whole: BaseGeometry, cells: Cells) -> dict[Standing, BaseGeometry]:
        """The patch's ground in one right, by what the right was worth when the ground changed.

        A right that held at the last look before the change is presumed to have held. Single dates are noisy: of several standings
        one is the rule (valid, where that holds anywhere), and another counts only where its cells form 2×2 squares (with what clings
        to them) and make up a case; the rest of the ground goes by the rule.
        """
        within = common(whole, right.geometry)
        if within.is_empty:
            return {}
        inside = cells.meeting(within)
        inside = inside if inside.any() else np.ones_like(inside)
        worth = cells.by_day(right.standing, presumed=Standing.VALID)
        count = Counter(worth[inside].tolist())
        if len(count) == 1:
            return dict.fromkeys(count, within)
        blocks = {s: self._blocks(cells, inside & (worth == s)) for s in sorted(count)}
        valid = Standing.VALID in blocks and not blocks[Standing.VALID].is_empty
        rule = Standing.VALID if valid else max(sorted(count), key=lambda s: count[s])
        split = {s: common(within, block) for s, block in blocks.items() if s is not rule}
        split[rule] = without(within, joined(split.values()))
        return {s: ground for s, ground in split.items() if not ground.is_empty}

    def _blocks(self, cells: Cells, which: NDArray[np.bool_]) -> BaseGeometry:
        """Outline of cells that are no speckle and make up a case."""
        return joined(p for p in pieces(cells.outline(cells.solid(which))) if at_least(p.area, self.case_m2))

    def _small_to_same_right(self, groups: Groups) -> Groups:
        """Ground too small for a case joins the largest other group of its right."""
        out = dict(groups)
        for key in sorted(groups, key=lambda key: groups[key].area):
            others = [other for other in out if other[1] == key[1] != NOWHERE and other != key]
            if others and not at_least(out[key].area, self.case_m2):
                move(out, key, largest(out, others))
        return out

    def _small_to_neighbour(self, groups: Groups) -> Groups:
        """Ground too small for a case joins the largest group that touches it, else the largest.

        Approved ground stays, for it is no case; lawful ground beside a crossed boundary falls away, for the violation ends there.
        """
        out = dict(groups)
        for key in sorted(groups, key=lambda key: groups[key].area):
            others = [other for other in out if other != key]
            if at_least(out[key].area, self.case_m2) or not others or key[0] is Ground.APPROVED:
                continue
            if key[0] is Ground.VALID and any(other[0] is Ground.BEYOND for other in others):
                del out[key]
                continue
            touching = [other for other in others if out[other].distance(out[key]) < 0.01]
            move(out, key, largest(out, touching or others))
        return out

    def _approve(self, groups: Groups, cells: Cells) -> Groups:
        """Take out ground that an approval in force explains; a valid right explains itself."""
        out: Groups = {}
        for key, geometry in groups.items():
            covered = joined([]) if key[0] is Ground.VALID else self._approved(geometry, cells)
            rest = without(geometry, covered)
            if covered.area >= APPROVED_SHARE * geometry.area:
                add(out, (Ground.APPROVED, key[1]), geometry)
            elif at_least(covered.area, self.case_m2):
                small = not at_least(rest.area, self.case_m2)
                add(out, (Ground.APPROVED, key[1]), geometry if small else covered)
                if not small:
                    out[key] = rest
            else:
                out[key] = geometry
        return out

    def _approved(self, geometry: BaseGeometry, cells: Cells) -> BaseGeometry:
        """The part of `geometry` that changed while an approval for it was in force."""
        covered = []
        for k in self.lookup.approvals.near(geometry):
            approval = self.lookup.approvals.records[k]
            held = common(geometry, approval.geometry)
            other = cells.meeting(approval.geometry) & ~cells.by_day(approval.in_force).astype(bool)
            covered.append(without(held, cells.outline(other)) if other.any() else held)
        return joined(covered)

    def _by_zones(self, part: Part) -> list[Part]:
        """Cut banned zones out of lawful digging, and legacy patches out of open ground; most of it on legacy patches is all of it."""
        if part.ground is Ground.VALID:
            inner = replace(part, ground=Ground.BANNED, geometry=intime.covered(self.lookup.banned, part.geometry, part.cells))
        elif part.ground is Ground.OPEN:
            held = intime.covered(self.lookup.legacy, part.geometry, part.cells)
            shares = intime.shares(self.lookup.legacy, held, part.cells)
            whole = held.area >= MOST_SHARE * part.geometry.area
            inner = replace(part, geometry=part.geometry if whole else held, legacy=shares[0][0] if shares else None)
        else:
            return [part]
        if inner.geometry is not part.geometry and not at_least(inner.geometry.area, max(LEAST_M2, self.case_m2)):
            return [part]
        rest = without(part.geometry, inner.geometry)
        return [inner, replace(part, geometry=rest)] if at_least(rest.area, self.case_m2) else [inner]
