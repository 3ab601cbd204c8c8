"""The county's layers, its configuration, and the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from ground import CRS, Ground
from items import NEVER, Item, Part, polygons
from lookalikes import fallow_fields
from planner import Planner, Record, inset, iso
from shapes import by_cell, sub_mask

Array = np.ndarray
CONFIG = """\
# A made county: see data/samples/make.py. Nothing in it is real.
county: {name: 会宁县, code: "620422"}
area: layers/aoi.geojson
grid: {crs: EPSG:32648, resolution: 10}
sources:
  - {kind: folder, path: scenes}
layers:
  mining_rights:  {path: layers/mining_rights.geojson}
  legacy_patches: {path: layers/legacy_patches.geojson}
  redline:        {path: layers/redline.geojson}
  farmland:       {path: layers/farmland.geojson}
  great_wall:     {path: layers/great_wall.geojson, kind: zone}
  approvals:      {path: layers/approvals.geojson, kind: approval}
output: out
"""


def wgs84(geometry: BaseGeometry) -> BaseGeometry:
    """UTM to longitude and latitude, 7 decimals, rings as RFC 7946 wants them."""
    to = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

    def turn(points: Array) -> Array:
        return np.round(np.column_stack(to.transform(points[:, 0], points[:, 1])), 7)

    moved = shapely.transform(geometry, turn)
    if not moved.is_valid:
        found = polygons(shapely.make_valid(moved), 1e-12)
        moved = found[0] if len(found) == 1 else MultiPolygon(found)
    if isinstance(moved, Polygon):
        return orient(moved)
    return MultiPolygon([orient(p) for p in polygons(moved, 0)])


def save(path: Path, records: list[Record]) -> None:
    """A GeoJSON file, one feature a line."""
    lines = [json.dumps({"type": "Feature", "properties": r.values, "geometry": mapping(wgs84(r.geometry))}, ensure_ascii=False) for r in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8")


def save_layers(out: Path, p: Planner) -> None:
    """All layers of the county."""
    z, folder = p.zones, out / "layers"
    save(folder / "aoi.geojson", [Record(inset(p.ground, p.rng), {"name": "会宁县（模拟）", "code": "620422"})])
    # the register is not in the order of our makers
    order = p.rng.permutation(len(p.rights))
    save(folder / "mining_rights.geojson", [p.rights[k] for k in order])
    save(folder / "legacy_patches.geojson", p.legacy)
    save(folder / "approvals.geojson", p.approvals)
    save(folder / "redline.geojson", [Record(z.redline, {"id": "HX620422-01", "name": "黄土高原水土流失控制生态保护红线"})])
    wall = {"id": "CC-620422-KZ01", "name": "秦长城会宁段建设控制地带"}
    save(folder / "great_wall.geojson", [Record(z.wall, wall)])
    plots: list[Record] = []
    for geometry, kind, code in ((z.basic, "永久基本农田", "JBNT"), (z.arable, "耕地", "GD")):
        for k, piece in enumerate(polygons(geometry, 0), 1):
            plots.append(Record(piece, {"id": f"{code}620422{k:05d}", "name": f"{kind}图斑{k}", "type": kind}))
    save(folder / "farmland.geojson", plots)


def save_config(out: Path, plan: str = "") -> Path:
    """The configuration, written last: a county without it is not complete. plan: its line for the county's plan."""
    path = out / "config.yaml"
    blocks = "  plan_blocks:    {path: layers/plan_blocks.geojson}\n" if plan else ""
    path.write_text(CONFIG.replace("output: out\n", f"{blocks}output: out\n{plan}"), encoding="utf-8")
    return path


def save_truth(out: Path, p: Planner) -> int:
    """truth.geojson and its two rasters; the number of features."""
    n = p.ground.n
    first, index = np.zeros((n, n), "u2"), np.zeros((n, n), "u2")
    parts: list[Part] = []
    for item in p.items:
        _burn(p.ground, item, len(parts), first, index)
        parts.extend(item.parts)
    for part, cells in fallow_fields(p, index):
        parts.append(part)
        first.reshape(-1)[cells], index.reshape(-1)[cells] = part.start, len(parts)
    save(out / "truth.geojson", [Record(part.geometry, _values(part)) for part in parts])
    for name, array in (("truth_first_day.tif", first), ("truth_id.tif", index)):
        with rasterio.open(
            out / name,
            "w",
            driver="GTiff",
            width=n,
            height=n,
            count=1,
            dtype="uint16",
            crs=CRS,
            transform=p.ground.transform,
            tiled=True,
            blockxsize=256,
            blockysize=256,
            compress="deflate",
            predictor=2,
        ) as target:
            target.write(array, 1)
    return len(parts)


def _burn(ground: Ground, item: Item, offset: int, first: Array, index: Array) -> None:
    """Cells of which an item changed at least half: the day half was reached, and the part with most of the cell."""
    half = item.ordered.shape[2] // 2 - 1
    day = item.ordered[..., half]
    height, width = item.shape
    shares = np.stack([by_cell(sub_mask(part.geometry, ground.transform, item.row, item.col, height, width)).sum(axis=2) for part in item.parts])
    done = day < NEVER
    rows, cols = item.slices()
    first[rows, cols][done] = day[done]
    index[rows, cols][done] = (offset + 1 + shares.argmax(axis=0))[done]


def _values(part: Part) -> dict[str, Any]:
    """The properties of a feature of truth."""
    values: dict[str, Any] = {
        "kind": part.kind,
        "code": part.code,
        "what": part.what,
        "start": iso(part.start),
        "end": iso(part.end),
        "also": list(part.also),
        "name": part.name,
    }
    for key in ("right_id", "legacy_id"):
        if getattr(part, key) is not None:
            values[key] = getattr(part, key)
    return values
