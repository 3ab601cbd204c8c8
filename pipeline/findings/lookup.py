"""What the layers hold at a place: one spatial index for each kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Generic, Protocol, TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.findings.ground import Strewn, joined, large
from pipeline.layers.model import Approval, LayerSet, LegacyPatch, Zone


class Placed(Protocol):
    """A record of a layer."""

    @property
    def id(self) -> str: ...
    @property
    def geometry(self) -> BaseGeometry: ...


T = TypeVar("T", bound=Placed)
RIM_M2 = 1.0
"""So much of the ground in a record is none of it, but the rim of a boundary."""


class Index(Generic[T]):
    """Records of one kind, found by place."""

    def __init__(self, records: Sequence[T]) -> None:
        self.records = records
        self._tree = shapely.STRtree([r.geometry for r in records])

    def near(self, geometry: BaseGeometry, distance_m: float = 0.0) -> list[int]:
        """Positions of the records that meet `geometry` or lie within a distance of it, in order of their ids."""
        if not self.records:
            return []
        if distance_m:
            found = self._tree.query(geometry, predicate="dwithin", distance=distance_m)
        else:
            found = self._tree.query(geometry, predicate="intersects")
        return sorted(found.tolist(), key=lambda k: (self.records[k].id, k))

    def shares(self, geometry: BaseGeometry) -> list[tuple[T, float]]:
        """Records that hold some of `geometry`, with the area that they share; the largest share first."""
        found = [self.records[k] for k in self.near(geometry)]
        if not found:
            return []
        areas = shapely.area(shapely.intersection(np.asarray([r.geometry for r in found], object), geometry))
        held = [(r, float(a)) for r, a in zip(found, areas, strict=True) if a > RIM_M2]
        return sorted(held, key=lambda pair: (-round(pair[1], 2), pair[0].id))

    def covered(self, geometry: BaseGeometry) -> BaseGeometry:
        """The part of `geometry` that the records hold together."""
        found = [self.records[k].geometry for k in self.near(geometry)]
        return joined(shapely.intersection(np.asarray(found, object), geometry)) if found else joined([])

    def distance(self, geometry: BaseGeometry) -> float | None:
        """Metres to the nearest record; None where there are none."""
        if not self.records:
            return None
        return float(geometry.distance(self.records[int(self._tree.nearest(geometry))].geometry))


class Lookup:
    """The layers of a county, indexed."""

    def __init__(self, layers: LayerSet) -> None:
        self.rights = Index(layers.entries)
        """Every entry of the registers, past ones too: `Right.standing` says which of them counts on a day."""
        self.registered = Index(layers.rights) if layers.former else self.rights
        self.legacy = Index([*layers.legacy, *(entry for entry in layers.past if isinstance(entry, LegacyPatch))])
        """Of these and all below past entries too: `stood` says which of them counts on a day."""
        zones = [*layers.zones, *(entry for entry in layers.past if isinstance(entry, Zone))]
        self.zones = Index(zones)
        self.banned = Index([z for z in zones if z.bans_mining])
        self.farmland = Index([z for z in zones if z.kind == "farmland"])
        self.approvals = Index([*layers.approvals, *(entry for entry in layers.past if isinstance(entry, Approval))])
        self.towns = Index(layers.towns)
        self.versions = tuple(layers.versions)

    def distance_on(self, day: date, geometry: BaseGeometry) -> float | None:
        """Metres to the nearest right that was registered on a day; None where there was none."""
        if self.registered is self.rights:
            return self.rights.distance(geometry)
        return Index([r for r in self.rights.records if r.stood(day)]).distance(geometry)


class Dug:
    """Ground inside rights that is or was dug, right by right, worked out when it is asked for."""

    def __init__(self, lookup: Lookup, ground: Sequence[BaseGeometry], least_m2: float) -> None:
        self._lookup = lookup
        self._ground = Strewn(ground)
        self._least_m2 = least_m2
        self._known: dict[int, BaseGeometry] = {}

    def inside(self, right: int) -> BaseGeometry:
        """Dug ground of a right (by its position)."""
        if right not in self._known:
            self._known[right] = large(self._ground.within(self._lookup.rights.records[right].geometry), self._least_m2)
        return self._known[right]
