"""What is true of a part: the numbers that the rules test."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.findings import intime
from pipeline.findings.ground import Cells, at_least, without
from pipeline.findings.groups import LEAST_M2, MOST_SHARE
from pipeline.findings.lookup import Lookup
from pipeline.findings.minerals import contradiction
from pipeline.findings.parts import Part
from pipeline.findings.position import Accuracy
from pipeline.layers.model import LegacyPatch, Right
from pipeline.patches.patch import Patch


@dataclass(frozen=True)
class Overshoot:
    """Digging beyond a boundary."""

    area_m2: float
    max_m: float
    """Distance of the farthest ground from the right."""
    error_m: float
    """Position error of image and boundary together, 95 %."""
    certain_m2: float
    """What lies farther out than that."""


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

    @property
    def cells(self) -> Cells | None:
        """What dates the ground; None where it is asked of the layers as they stand now."""
        return None

    @cached_property
    def legacy_shares(self) -> list[tuple[LegacyPatch, float]]:
        return intime.shares(self.lookup.legacy, self.geometry, self.cells)

    @cached_property
    def legacy_m2(self) -> float:
        return float(intime.covered(self.lookup.legacy, self.geometry, self.cells).area) if self.legacy_shares else 0.0

    @cached_property
    def banned_m2(self) -> float:
        return float(intime.covered(self.lookup.banned, self.geometry, self.cells).area)

    @cached_property
    def farmland_m2(self) -> float:
        return float(intime.covered(self.lookup.farmland, self.geometry, self.cells).area)

    @property
    def banned(self) -> bool:
        return self.holds(self.banned_m2)

    @property
    def farmland(self) -> bool:
        return self.holds(self.farmland_m2)

    def fields(self) -> dict[str, Any]:
        """What every Finding says of its place."""
        restriction = tuple(sorted({zone.id for zone, _ in intime.shares(self.lookup.zones, self.geometry, self.cells)}))
        near = self.distance_to_right_m
        towns = self.lookup.towns.shares(self.geometry)
        return {
            "geometry": self.geometry,
            "distance_to_right_m": None if near is None else round(near, 1),
            "restriction": restriction,
            "restriction_m2": round(float(intime.covered(self.lookup.zones, self.geometry, self.cells).area), 1) if restriction else None,
            "town": towns[0][0].name if towns else None,
        }

    @cached_property
    def distance_to_right_m(self) -> float | None:
        """To the nearest right of any kind that is registered, 0 inside it; None where the county has none."""
        return self.lookup.registered.distance(self.geometry)


@dataclass(frozen=True)
class Facts(Place):
    """A part of a patch held against the layers: what the rules test."""

    part: Part
    patch: Patch
    accuracy: Accuracy
    min_likelihood: float

    @property
    def cells(self) -> Cells:
        return self.part.cells

    @cached_property
    def first_day(self) -> date:
        """First anomalous look of the ground that makes the part what it is."""
        return self.part.cells.first(self.part.dated) or self.patch.first_seen

    @cached_property
    def distance_to_right_m(self) -> float | None:
        """To the nearest right of any kind that was registered when the ground changed; None where there was none."""
        return self.lookup.distance_on(self.first_day, self.geometry)

    @cached_property
    def other_mineral(self) -> str | None:
        """What of the ground's spectrum contradicts the licensed mineral. A patch's spectrum speaks for the parts that make up most of it."""
        if self.right is None or self.area_m2 < MOST_SHARE * self.patch.geometry.area:
            return None
        days = (self.patch.last_seen - self.first_day).days
        return contradiction(self.right.mineral, self.patch.clay_like, days, self.patch.features)

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
        error = self.accuracy.error(self.right, self.patch.first_seen, self.patch.after_date)
        certain = without(self.geometry, self.right.geometry.buffer(error)).area
        return Overshoot(self.area_m2, farthest, error, float(certain))


def right_fields(right: Right | None) -> dict[str, Any]:
    """What a Finding says of its right."""
    if right is None:
        return {}
    return {"right_id": right.id, "right_name": right.name, "holder": right.holder, "mineral": right.mineral, "valid_to": right.valid_to}


def legacy_fields(patch: LegacyPatch | None) -> dict[str, Any]:
    """What a Finding says of its legacy patch."""
    return {"legacy_id": patch.id, "legacy_state": patch.state, "deadline": patch.deadline} if patch else {}
