"""A made square kilometre for the rules: polygons in metres from its south-west corner, patches dug on a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.config import FindingsConfig
from pipeline.findings.finding import Finding
from pipeline.findings.judge import judge
from pipeline.grid import Grid
from pipeline.layers.model import Approval, LayerSet, LegacyPatch, Right, Town, Zone, ZoneKind
from pipeline.patches.patch import Cause, Patch, Status

WEST, SOUTH, SIDE = 400_000.0, 3_900_000.0, 100
GRID = Grid(GeoBox((SIDE, SIDE), Affine(10, 0, WEST, 0, -10, SOUTH + SIDE * 10), "EPSG:32648"))
EPOCH = date(1970, 1, 1)
MAY, JULY, SEPTEMBER = date(2024, 5, 14), date(2024, 7, 10), date(2024, 9, 3)


def box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def right(id: str, ground: BaseGeometry, **said: Any) -> Right:
    return Right(id=id, geometry=ground, **{"exploration": said.get("status") == "探矿"} | said)


def legacy(id: str, ground: BaseGeometry, **said: Any) -> LegacyPatch:
    return LegacyPatch(id=id, geometry=ground, **said)


def redline(id: str, ground: BaseGeometry, **said: Any) -> Zone:
    return Zone(id=id, geometry=ground, kind=ZoneKind.REDLINE, layer="redline", **said)


def farmland(id: str, ground: BaseGeometry, type: str = "耕地", **said: Any) -> Zone:
    return Zone(id=id, geometry=ground, kind=ZoneKind.FARMLAND, layer="farmland", type=type, **said)


def approval(id: str, ground: BaseGeometry, **said: Any) -> Approval:
    return Approval(id=id, geometry=ground, layer="approvals", **said)


def town(id: str, ground: BaseGeometry) -> Town:
    return Town(id=id, geometry=ground, name=id)


def patch(*dug: tuple[BaseGeometry, date], **said: Any) -> Patch:
    """Ground dug on dates (where they overlap the first counts): its cells are those whose centre lies in it."""
    day = np.zeros(GRID.shape, np.int32)
    for ground, when in reversed(dug):
        day[GRID.mask(ground)] = (when - EPOCH).days
    rows, cols = np.nonzero(day)
    x, y = WEST + cols * 10, SOUTH + (SIDE - 1 - rows) * 10
    first = day[rows, cols]
    standard: dict[str, Any] = {
        "cells": np.column_stack([rows, cols]).astype(np.int32),
        "first_day": first,
        "geometry": shapely.union_all(shapely.box(x, y, x + 10, y + 10)),
        "status": Status.CONFIRMED,
        "first_seen": date.fromordinal(EPOCH.toordinal() + int(first.min())),
        "last_seen": date(2024, 9, 28),
        "before_date": date(2024, 4, 1),
        "after_date": date(2024, 9, 28),
        "looks_before": 60,
        "looks_after": 9,
        "confidence": 0.97,
        "mining_likelihood": 0.9,
        "cause": Cause.MINING,
        "clay_like": False,
        "before_monitoring": False,
        "features": {},
    }
    return Patch(**standard | said)


def layers(*records: Any) -> LayerSet:
    """Layers of records of any kind."""

    def of(kind: type) -> tuple[Any, ...]:
        return tuple(r for r in records if isinstance(r, kind))

    def now(kind: type) -> tuple[Any, ...]:
        return tuple(r for r in of(kind) if r.stood_until is None)

    past = [r for r in records if not isinstance(r, Town) and r.stood_until is not None]
    return LayerSet(
        area=box(0, 0, 1000, 1000),
        rights=now(Right),
        former=tuple(r for r in past if isinstance(r, Right)),
        past=tuple(r for r in past if not isinstance(r, Right)),
        legacy=now(LegacyPatch),
        zones=now(Zone),
        approvals=now(Approval),
        towns=of(Town),
    )


def found(
    patches: Patch | Sequence[Patch], *records: Any, dug: BaseGeometry | None = None, off_m: Mapping[date, float] | None = None, **config: Any
) -> list[Finding]:
    """What the rules say of patches. off_m: how far scenes were measured to lie off the record, by day."""
    many = [patches] if isinstance(patches, Patch) else list(patches)
    return judge(many, layers(*records), GRID, dug or MultiPolygon(), FindingsConfig(**config), off_m or {})


def said(findings: Sequence[Finding]) -> dict[str, float]:
    """Code (with `also` after +): area in m², of all findings."""
    out: dict[str, float] = {}
    for f in findings:
        code = "+".join([f.code.value, *f.also])
        out[code] = round(out.get(code, 0) + f.geometry.area, 0)
    return out
