"""What differs between two versions of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.layers.checks import outline_key
from pipeline.layers.ground import ellipsoidal_m2
from pipeline.layers.records import Record

SAME_M = 0.001
"""Boundaries that lie no farther apart are the same."""
_NOT_SAID = ("geometry", "stood_from", "stood_until", "accuracy_m", "layer", "kind")
"""What a record has from elsewhere than the file, and its ground, which is compared as such."""
_DENSIFY_UP_TO = 5000
"""Corners; between those of longer outlines no distance is measured."""


@dataclass(frozen=True, slots=True)
class Change:
    """One feature that differs."""

    id: str
    kind: str
    """added, removed or changed."""
    name: str | None
    before_m2: float | None
    """Ellipsoidal; None where it was not there."""
    after_m2: float | None
    moved_m: float | None
    """Farthest that any point of the boundary lies from the other boundary; None where it stayed, or was not there."""
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Field: value before and after."""
    same_ground: str | None = None
    """Of one that was added: the removed one that had the very same outline, as where a right gets a new number."""


def compare(old: Sequence[Record], new: Sequence[Record], crs: str) -> list[Change]:
    """Features added, removed and changed, by id. crs: of their geometries, in metres."""
    before, after = ({record.id: record for record in side} for side in (old, new))
    gone = {outline_key(record.geometry): identity for identity, record in before.items() if identity not in after}
    out = []
    for identity in sorted(before.keys() | after.keys()):
        change = _change(before.get(identity), after.get(identity), crs)
        if change is not None and change.kind == "added":
            change = replace(change, same_ground=gone.get(outline_key(after[identity].geometry)))
        if change is not None:
            out.append(change)
    return out


def _change(old: Record | None, new: Record | None, crs: str) -> Change | None:
    one = new or old
    assert one is not None
    areas = [None if record is None else round(ellipsoidal_m2(record.geometry, crs), 1) for record in (old, new)]
    name = getattr(one, "name", None)
    if old is None or new is None:
        return Change(one.id, "added" if old is None else "removed", name, areas[0], areas[1], None)
    moved = moved_m(old.geometry, new.geometry)
    said = {each.name: (getattr(old, each.name), getattr(new, each.name)) for each in fields(new) if each.name not in _NOT_SAID}
    differ = {field: values for field, values in said.items() if values[0] != values[1]}
    if moved <= SAME_M and not differ:
        return None
    return Change(one.id, "changed", name, areas[0], areas[1], round(moved, 3) if moved > SAME_M else None, differ)


def moved_m(old: BaseGeometry, new: BaseGeometry) -> float:
    """How far two boundaries lie apart at most (Hausdorff distance)."""
    if shapely.equals_exact(shapely.normalize(old), shapely.normalize(new), SAME_M):
        return 0.0
    few = shapely.get_num_coordinates(old) + shapely.get_num_coordinates(new) <= _DENSIFY_UP_TO
    return float(shapely.hausdorff_distance(old.boundary, new.boundary, densify=0.1 if few else None))
