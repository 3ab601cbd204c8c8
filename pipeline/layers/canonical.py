"""A layer as the store keeps it: GeoJSON in CGCS2000, our names for the columns that have one, the same bytes for the same layer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from pipeline.layers.ground import DEGREES, move

DECIMALS = 10
"""Of degrees: a hundredth of a millimetre."""


def render(geometry: Iterable[BaseGeometry | None], crs: str, columns: Mapping[str, Sequence[Any]], names: Mapping[str, str]) -> bytes:
    """The file. names: our field name → the column that holds it; the other columns keep theirs, but for those that would take one of ours."""
    ours = {column: name for name, column in names.items()}
    kept = {ours.get(column, column): values for column, values in columns.items() if column in ours or column not in names}
    features = []
    for k, shape in enumerate(geometry):
        values = {name: _plain(values[k]) for name, values in kept.items()}
        features.append({"type": "Feature", "properties": values, "geometry": _written(shape, crs)})
    return _file(features)


def merged(standing: bytes, new: bytes) -> bytes:
    """A layer in which features of `new` take the place of those of the same id, or come after the rest. Both as rendered here."""
    old, added = (json.loads(each)["features"] for each in (standing, new))
    by_id = {feature["properties"]["id"]: feature for feature in added}
    kept = [by_id.pop(feature["properties"]["id"], feature) for feature in old]
    return _file([*kept, *by_id.values()])


def _file(features: Iterable[dict[str, Any]]) -> bytes:
    named = json.dumps({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}})
    body = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "crs": {named}, "features": [\n{body}\n]}}\n'.encode("utf-8", "replace")


def _written(shape: BaseGeometry | None, crs: str) -> dict[str, Any] | None:
    if shape is None:
        return None
    moved = shapely.transform(move(shape, crs, DEGREES), lambda points: np.round(points, DECIMALS))
    return dict(mapping(moved))


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (date, np.datetime64)):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return str(value)
