"""GeoJSON as RFC 7946 has it, the same bytes for the same features, one feature a line so that months compare."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shapely.geometry import shape

from pipeline.files import write_atomic
from pipeline.publish.features import Feature
from pipeline.publish.wgs84 import settle


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(features: Sequence[Feature]) -> bytes:
    """A FeatureCollection."""
    lines = [_json({"type": "Feature", "properties": each.properties, "geometry": each.written.mapping}) for each in features]
    text = '{"type":"FeatureCollection","features":[' + ",".join("\n" + line for line in lines) + "\n]}\n"
    # A lone surrogate, as broken attribute tables hold, can't be written as UTF-8.
    return text.encode("utf-8", "replace")


def write(path: Path, features: Sequence[Feature]) -> None:
    write_atomic(path, encode(features))


def read(path: Path) -> list[Feature]:
    """Features of a file that `write` made."""
    collection = json.loads(path.read_text("utf-8"))
    return [Feature(settle(shape(each["geometry"])), each["properties"]) for each in collection["features"]]


def properties(path: Path) -> list[dict[str, Any]]:
    """Of each feature of a file that `write` made; outlines take longer to read than all else."""
    return [each["properties"] for each in json.loads(path.read_text("utf-8"))["features"]]
