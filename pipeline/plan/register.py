"""Rights as the plan looks at them: which mines there are on a day, of which mineral and size, where, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import shapely

from pipeline.layers import licence
from pipeline.layers.model import BlockUse, LayerSet, PlanBlock, Right, Standing, Town
from pipeline.plan.model import Mineral, Plan

SLIVER_M2, SLIVER_SHARE = 100.0, 0.02
"""A right that reaches into a block by less does not lie in it: neighbours are drawn to a few decimetres."""


@dataclass(frozen=True, slots=True)
class Mine:
    """A right with what the plan knows of it."""

    right: Right
    mineral: Mineral | None
    town: str | None
    since: date | None
    """When it was set up, as far as any entry of the register or its number says; None: neither does."""
    blocks: tuple[PlanBlock, ...]
    """That it reaches into by more than a sliver, the one that holds most of it first."""
    inside: float | None
    """Share of it that lies in them; None where the layer plan_blocks is not given."""

    @property
    def size(self) -> str | None:
        return self.mineral.size(self.right.scale) if self.mineral and self.right.scale is not None else None

    @property
    def tonnes(self) -> float | None:
        """Design scale in 万吨/年."""
        return self.mineral.tonnes(self.right.scale) if self.mineral and self.right.scale is not None else None


def stands(right: Right, day: date) -> bool:
    """Whether it counts as a mine on a day: valid, or its renewal is being decided."""
    return right.standing(day) is Standing.VALID


def mines(plan: Plan, layers: LayerSet) -> list[Mine]:
    """All entries of the register, past ones too, by id: which of them counts depends on the day."""
    since = _since(layers.entries)
    return [_mine(right, since.get(right.id), plan, layers) for right in sorted(layers.entries, key=lambda right: right.id)]


def _since(entries: Sequence[Right]) -> dict[str, date]:
    """When rights were set up, by id. A renewal gives a term of its own: the earliest counts, and the month in the number, which stays."""
    first: dict[str, date] = {}
    for right in entries:
        for day in (right.valid_from, licence.issued(right.id)):
            if day is not None:
                first[right.id] = min(day, first.get(right.id, day))
    return first


def _mine(right: Right, since: date | None, plan: Plan, layers: LayerSet) -> Mine:
    held: list[tuple[float, PlanBlock]] = []
    for block in layers.blocks:
        shared = float(shapely.intersection(block.geometry, right.geometry).area)
        if shared > max(SLIVER_M2, SLIVER_SHARE * right.geometry.area):
            held.append((shared, block))
    held.sort(key=lambda pair: (-round(pair[0], 1), pair[1].id))
    together = shapely.union_all([block.geometry for _, block in held]) if held else None
    inside = float(shapely.intersection(together, right.geometry).area / right.geometry.area) if together is not None else 0.0
    return Mine(
        right,
        plan.mineral(right.mineral),
        _town(right, layers.towns),
        since,
        tuple(block for _, block in held),
        inside if layers.blocks else None,
    )


def _town(right: Right, towns: Sequence[Town]) -> str | None:
    """The town that holds most of a right."""
    shares = [
        (float(shapely.intersection(town.geometry, right.geometry).area), town.name) for town in towns if town.geometry.intersects(right.geometry)
    ]
    return max(shares, default=(0.0, None))[1]


def is_new(mine: Mine, plan: Plan) -> bool:
    """Whether a mine was set up in the plan period."""
    return mine.since is not None and plan.period.first <= mine.since.year <= plan.period.last


def single(block: PlanBlock) -> bool:
    """Whether a block is meant for one operator."""
    return block.use != BlockUse.CONCENTRATED
