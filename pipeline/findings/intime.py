"""What zones and legacy patches held at a place on the days when its ground changed: each cell is asked on its own day."""

from __future__ import annotations

from typing import TypeVar

from shapely.geometry.base import BaseGeometry

from pipeline.findings.ground import Cells, common, joined, without
from pipeline.findings.lookup import RIM_M2, Index
from pipeline.layers.model import LegacyPatch, Zone

R = TypeVar("R", Zone, LegacyPatch)


def shares(index: Index[R], geometry: BaseGeometry, cells: Cells | None) -> list[tuple[R, float]]:
    """Records that held some of `geometry` when its cells changed, with the area that they held, the largest first.

    cells: None where it is asked of the layers as they stand now.
    """
    if not _dated(index, geometry):
        return index.shares(geometry)
    found = [(record, float(ground.area)) for record, ground in _held(index, geometry, cells)]
    return sorted(((r, area) for r, area in found if area > RIM_M2), key=lambda pair: (-round(pair[1], 2), pair[0].id))


def covered(index: Index[R], geometry: BaseGeometry, cells: Cells | None) -> BaseGeometry:
    """The part of `geometry` that the records held together."""
    if not _dated(index, geometry):
        return index.covered(geometry)
    return joined(ground for _, ground in _held(index, geometry, cells))


def _dated(index: Index[R], geometry: BaseGeometry) -> bool:
    """Whether the day makes a difference here."""
    return any(record.stood_from or record.stood_until for record in (index.records[k] for k in index.near(geometry)))


def _held(index: Index[R], geometry: BaseGeometry, cells: Cells | None) -> list[tuple[R, BaseGeometry]]:
    near = [index.records[k] for k in index.near(geometry)]
    if cells is None:
        return [(record, common(geometry, record.geometry)) for record in near if record.stood_until is None]
    found = []
    for record in near:
        ground = whole = common(geometry, record.geometry)
        # Between two looks nobody knows the day: what did not stand yet at the first of them accuses nobody.
        there, then, before = cells.meeting(record.geometry), cells.by_day(record.stood).astype(bool), cells.before(record.stood).astype(bool)
        other, new = there & ~(then & before), there & then & ~before
        ground = without(ground, cells.outline(other)) if other.any() else ground
        # But ground that the layer held at both looks it held all along, though it was drawn anew between them.
        for former in near if new.any() else ():
            both = new & cells.before(former.stood).astype(bool)
            if _layer(former) == _layer(record) and both.any():
                ground = joined([ground, common(common(whole, former.geometry), cells.outline(both))])
        found.append((record, ground))
    return found


def _layer(record: Zone | LegacyPatch) -> str | None:
    return record.layer if isinstance(record, Zone) else None
