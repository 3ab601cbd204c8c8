"""Which ground has to be given back: legacy patches, closed mines, and what working mines have dug."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.layers.model import LayerSet, LegacyPatch, Right, Standing

LEAST_M2 = 100.0
"""Slivers between records are nobody's."""


class Kind(StrEnum):
    LEGACY = "legacy"
    CLOSED = "closed"
    WORKING = "working"


KIND_OF = {Standing.VALID: Kind.WORKING, Standing.EXPIRED: Kind.CLOSED, Standing.CLOSED: Kind.CLOSED}
"""Of a mining right on a day. Nothing is dug under one to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A record of the register with the ground that is counted for it."""

    kind: Kind
    geometry: BaseGeometry
    """In the grid's CRS, without what is counted for a record before it: no hectare is owed twice."""
    legacy: LegacyPatch | None = None
    right: Right | None = None

    @property
    def id(self) -> str:
        return self.legacy.id if self.legacy else self.right.id if self.right else ""

    @property
    def name(self) -> str | None:
        return self.right.name if self.right else None

    @property
    def deadline(self) -> date | None:
        if self.legacy:
            return self.legacy.deadline
        return self.right.restore_by if self.right and self.kind is Kind.CLOSED else None

    @property
    def claimed(self) -> str | None:
        """State in the register."""
        return self.legacy.state if self.legacy else None


def grounds(layers: LayerSet, day: date, area: BaseGeometry) -> list[Ground]:
    """All ground within `area` that has to be given back, as the registers stand on a day: legacy patches, closed mines, working ones.

    Where a valid right lies on the ground of a closed mine it is the valid one's, who digs there now.
    """
    given: list[BaseGeometry] = []
    out = []
    for kind, legacy, right in _records(layers, day):
        whole = legacy.geometry if legacy else right.geometry if right else None
        if whole is None or not whole.intersects(area):
            continue
        left = without(whole, given)
        if left.area >= LEAST_M2:
            given.append(left)
            out.append(Ground(kind=kind, geometry=left, legacy=legacy, right=right))
    kinds = list(Kind)
    return sorted(out, key=lambda ground: kinds.index(ground.kind))


def without(whole: BaseGeometry, others: Iterable[BaseGeometry]) -> BaseGeometry:
    """Ground off that of others; as it is where none of them meets it."""
    near = [each for each in others if each.intersects(whole)]
    return _polygons(shapely.difference(whole, shapely.union_all(near))) if near else whole


def _records(layers: LayerSet, day: date) -> Iterator[tuple[Kind, LegacyPatch | None, Right | None]]:
    """Records in the order in which ground is counted for them. Rights for exploration permit no mining: what lies bare in them is not dug."""
    for patch in sorted(layers.legacy, key=lambda patch: patch.id):
        yield Kind.LEGACY, patch, None
    rights: Sequence[Right] = sorted((right for right in layers.entries if not right.exploration), key=lambda right: right.id)
    for wanted in (Kind.WORKING, Kind.CLOSED):
        for right in rights:
            if KIND_OF.get(right.standing(day)) is wanted:
                yield wanted, None, right


def _polygons(geometry: BaseGeometry) -> BaseGeometry:
    """Without the lines and points that a difference may leave."""
    return shapely.union_all([part for part in shapely.get_parts(geometry).tolist() if part.geom_type == "Polygon"])
