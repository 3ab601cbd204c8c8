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

from pipeline.layers import aliases
from pipeline.layers.columns import said
from pipeline.layers.ground import DEGREES, move

DECIMALS = 10
"""Of degrees: a hundredth of a millimetre."""


def render(geometry: Iterable[BaseGeometry | None], crs: str, columns: Mapping[str, Sequence[Any]], names: Mapping[str, str]) -> bytes:
    """The file. names: our field name → the column that holds it, which may hold several; the other columns keep their names, but for those
    that would take one of ours."""
    ours: dict[str, list[str]] = {}
    for name, column in names.items():
        ours.setdefault(column, []).append(name)
    kept = {name: values for column, values in columns.items() if column in ours or column not in names for name in ours.get(column, [column])}
    features = []
    for k, shape in enumerate(geometry):
        # An id as text: among others that are text, the number 1001.0 would be read back as '1001.0'.
        values = {name: said(values[k]) if name == "id" else _plain(values[k]) for name, values in kept.items()}
        features.append({"type": "Feature", "properties": values, "geometry": _written(shape, crs)})
    return _file(features)


def merged(standing: bytes, new: bytes) -> bytes:
    """A layer in which features of `new` take the place of those of the same id, or come after the rest. Both as rendered here.

    What `new` does not say of a feature stays as it stands, but for an area that was stated of the former outline: a boundary alone must not
    make a licence that has ended one without an end.
    """
    old, added = (json.loads(each)["features"] for each in (standing, new))
    for feature in (*old, *added):
        feature["properties"]["id"] = said(feature["properties"].get("id"))
    by_id = {feature["properties"]["id"]: feature for feature in added}
    kept = [_updated(feature, by_id.pop(feature["properties"]["id"], None)) for feature in old]
    return _file([*kept, *by_id.values()])


def _updated(old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
    if new is None:
        return old
    stays = {name: value for name, value in old["properties"].items() if aliases.heading(name) not in aliases.AREA}
    told = {name: value for name, value in new["properties"].items() if name not in stays or said(value) is not None}
    return new | {"properties": stays | told}


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
