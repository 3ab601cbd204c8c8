"""What is true of a part: the numbers that the rules test."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.findings.ground import at_least, without
from pipeline.findings.groups import LEAST_M2, MOST_SHARE
from pipeline.findings.lookup import Lookup
from pipeline.findings.parts import Part
from pipeline.layers.model import LegacyPatch, Right
from pipeline.patches.patch import Patch

SENTINEL2_M = 8.0
"""Sentinel-2 geolocation, absolute, 95 % ('Sentinel-2 geolocation 8 m absolute, 5 m between dates (95 %)', FIELD.md)."""
BOUNDARY_M = 5.0
"""What a registered boundary is taken to be off by, 95 %: our assumption, no register states it."""
POSITION_ERROR_M = round(math.hypot(SENTINEL2_M, BOUNDARY_M), 1)
"""Image and boundary together, 95 %: 9.4 m."""


LARGE_M2 = 10_000.0
"""From 1 ha a case is severe wherever it lies."""


@dataclass(frozen=True)
class Overshoot:
    """Digging beyond a boundary."""

    area_m2: float
    max_m: float
    """Distance of the farthest ground from the right."""
    certain_m2: float
    """What lies farther out than the position error."""


@dataclass(frozen=True)
class Place:
    """Ground held against the layers. Everything is worked out once, when it is asked for."""

    geometry: BaseGeometry
    lookup: Lookup = field(repr=False)

    @cached_property
    def area_m2(self) -> float:
        return float(self.geometry.area)

    def holds(self, area_m2: float) -> bool:
        """Whether so much of the ground matters: the smallest mapped area, or half of it."""
        return at_least(area_m2, LEAST_M2) or (area_m2 > 0 and area_m2 >= MOST_SHARE * self.area_m2)

    def share(self, area_m2: float) -> float:
        return area_m2 / self.area_m2

    @cached_property
    def legacy_shares(self) -> list[tuple[LegacyPatch, float]]:
        return self.lookup.legacy.shares(self.geometry)

    @cached_property
    def legacy_m2(self) -> float:
        return float(self.lookup.legacy.covered(self.geometry).area) if self.legacy_shares else 0.0

    @cached_property
    def banned_m2(self) -> float:
        return float(self.lookup.banned.covered(self.geometry).area)

    @cached_property
    def farmland_m2(self) -> float:
        return float(self.lookup.farmland.covered(self.geometry).area)

    @property
    def severe(self) -> bool:
        """In a banned zone, on farmland, or large."""
        return self.holds(self.banned_m2) or self.holds(self.farmland_m2) or self.area_m2 >= LARGE_M2

    def fields(self) -> dict[str, Any]:
        """What every Finding says of its place."""
        restriction = tuple(sorted({zone.id for zone, _ in self.lookup.zones.shares(self.geometry)}))
        near = self.distance_to_right_m
        towns = self.lookup.towns.shares(self.geometry)
        return {
            "geometry": self.geometry,
            "distance_to_right_m": None if near is None else round(near, 1),
            "restriction": restriction,
            "restriction_m2": round(float(self.lookup.zones.covered(self.geometry).area), 1) if restriction else None,
            "town": towns[0][0].name if towns else None,
        }

    @cached_property
    def distance_to_right_m(self) -> float | None:
        """To the nearest right of any kind and standing, 0 inside it; None where the county has none."""
        return self.lookup.rights.distance(self.geometry)


@dataclass(frozen=True)
class Facts(Place):
    """A part of a patch held against the layers: what the rules test."""

    part: Part
    patch: Patch

    @property
    def right(self) -> Right | None:
        return self.part.right

    @property
    def legacy(self) -> LegacyPatch | None:
        """The legacy patch for which the part was cut out, else the one that holds most of it."""
        return self.part.legacy or (self.legacy_shares[0][0] if self.legacy_shares else None)

    @cached_property
    def overshoot(self) -> Overshoot:
        """How far the part lies beyond its right."""
        assert self.right is not None
        corners = shapely.points(shapely.get_coordinates(self.geometry))
        farthest = float(np.max(shapely.distance(corners, self.right.geometry)))
        certain = without(self.geometry, self.right.geometry.buffer(POSITION_ERROR_M)).area
        return Overshoot(self.area_m2, farthest, float(certain))


def right_fields(right: Right | None) -> dict[str, Any]:
    """What a Finding says of its right."""
    if right is None:
        return {}
    return {"right_id": right.id, "right_name": right.name, "holder": right.holder, "mineral": right.mineral, "valid_to": right.valid_to}


def legacy_fields(patch: LegacyPatch | None) -> dict[str, Any]:
    """What a Finding says of its legacy patch."""
    return {"legacy_id": patch.id, "legacy_state": patch.state, "deadline": patch.deadline} if patch else {}
