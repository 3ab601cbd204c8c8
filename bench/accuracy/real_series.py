"""A real series with pits of all sizes implanted, kept like a made county: scenes, config, and truth files.

The pits (`implant.py`): discs of 0.04 to 2 ha, begun between May and August 2020, growing for 20 to 50 days, of three materials, with mixed edges;
nothing where SCL saw cloud. Ground counts as unchanged where the untouched scenes show a closed canopy in each summer: what was felled or
thinned meanwhile is real change, and no false alarm.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyproj
import rasterio
import shapely
from implant import SIDE, Pit, configure, implant, plan
from numpy.typing import NDArray
from rasterio.features import shapes
from shapely.geometry import mapping, shape
from truth import day_of

RADII = (8.0, 6.0, 4.6, 3.2, 2.7, 2.35, 2.15, 1.95, 1.75, 1.5, 1.3, 1.15)
"""Cells: 2.0 to 0.04 ha, three below 0.1 ha, three from there to 0.2 ha, or so as discs fall on cells."""
SPREAD_DAYS = 100
GAP = 5
CANOPY, SUMMERS = 0.7, (2018, 2019, 2020)
"""NDVI of a closed canopy, median of the clear looks from June to August, and the summers in which it has to be there."""
CLEAR = (4, 5, 6, 7)


def make(scenes: Path, out: Path, seed: int) -> None:
    """Write series number `seed` to `out`: scenes with pits, config.yaml, and the truth."""
    rng = np.random.default_rng([seed, 2020])
    pits = plan(rng, RADII, SPREAD_DAYS, GAP)
    out.mkdir(parents=True, exist_ok=True)
    implant(scenes, out, rng, pits)
    transform, crs = configure(scenes, out)
    _save_truth(out, pits, transform, crs)
    _save(out / "truth_stable.tif", canopy(scenes), transform, crs)


def _save_truth(out: Path, pits: Sequence[Pit], transform: rasterio.Affine, crs: str) -> None:
    rows, cols = np.mgrid[:SIDE, :SIDE]
    ids, days = np.zeros((SIDE, SIDE), np.uint16), np.zeros((SIDE, SIDE), np.uint16)
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    features = []
    for number, pit in enumerate(pits, 1):
        away = np.hypot(rows - pit.row, cols - pit.col)
        mine = away <= pit.radius
        waited = pit.growth * np.clip((away / pit.radius - 0.4) / 0.6, 0, 1)
        ids[mine], days[mine] = number, np.ceil(day_of(pit.begin) + waited)[mine]
        outline = shapely.union_all([shape(g) for g, _ in shapes(mine.astype(np.uint8), mask=mine, transform=transform)])
        degrees = shapely.transform(outline, lambda c: np.column_stack(to_degrees.transform(c[:, 0], c[:, 1])))
        properties = {
            "kind": "violation",
            "code": "unlicensed",
            "what": "pit",
            "start": pit.begin.isoformat(),
            "end": date.fromordinal(pit.begin.toordinal() + int(pit.growth)).isoformat(),
        }
        features.append({"type": "Feature", "properties": properties, "geometry": mapping(degrees)})
    (out / "truth.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    _save(out / "truth_id.tif", ids, transform, crs)
    _save(out / "truth_first_day.tif", days, transform, crs)


def _save(file: Path, values: NDArray[np.generic], transform: rasterio.Affine, crs: str) -> None:
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 1, "dtype": "uint16", "crs": crs, "transform": transform}
    with rasterio.open(file, "w", **profile) as target:
        target.write(values.astype(np.uint16), 1)


def canopy(scenes: Path) -> NDArray[np.bool_]:
    """(h, w): ground whose canopy was closed in each of the summers."""
    closed = np.ones((SIDE, SIDE), bool)
    for year in SUMMERS:
        looks = []
        for folder in sorted(scenes.iterdir()):
            day = date.fromisoformat(folder.name[-8:].replace("-", ""))
            if day.year == year and 6 <= day.month <= 8:
                red, nir = (_fine(folder / f"{band}.tif").astype(float) for band in ("B04", "B08"))
                clear = np.isin(_fine(folder / "SCL.tif"), CLEAR) & (red > 0)
                looks.append(np.where(clear, (nir - red) / np.maximum(nir + red, 1), np.nan))
        median = np.nanmedian(np.stack(looks), axis=0)
        closed &= median >= CANOPY
    return closed


def _fine(file: Path) -> NDArray[np.generic]:
    """(h, w): a raster, coarse pixels repeated."""
    with rasterio.open(file) as source:
        values = source.read(1)
    span = SIDE // values.shape[0]
    return values.repeat(span, 0).repeat(span, 1)


def fresh(scenes: Path, out: Path, seed: int) -> None:
    """Make the series unless it is there already."""
    if not (out / "truth_stable.tif").exists():
        shutil.rmtree(out, ignore_errors=True)
        make(scenes, out, seed)
