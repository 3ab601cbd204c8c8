"""A made county with many small pits more: what is found of 0.04 to 0.2 ha can't be told from the few that a county holds.

Discs that grow (`implant.py`) are mixed into the scenes of a finished copy of a made county, on ground that did not change, and added to its
truth. Nothing where SCL saw cloud; no right, no track and no relief comes with them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyproj
import rasterio
import shapely
from implant import Pit
from numpy.typing import NDArray
from real_series import CLEAR
from shapely.geometry import Point, mapping
from truth import Frame, day_of
from truth import read as read_truth

from pipeline.patches.outline import widened

RADII = (1.15, 1.3, 1.5, 1.75, 1.95, 2.15, 2.35, 2.55) * 3
"""Cells: 0.04 to 0.2 ha."""
MATERIALS = {
    "B02": (0.14, 0.24, 0.11), "B03": (0.18, 0.27, 0.15), "B04": (0.23, 0.29, 0.21), "B08": (0.28, 0.34, 0.30),
    "B11": (0.33, 0.33, 0.36), "B12": (0.29, 0.29, 0.33),
}  # fmt: skip
"""Reflectance of loess, pale rock and reddish clay, as in `implant.py`, with a B12 to go with it."""
BEGIN, SPREAD_DAYS = date(2024, 3, 15), 150
REACH = 12
"""Cells around a pit that must be unchanged ground."""
OFFSET, SCALE = 1000, 1e4
MARK = "strewn.json"


def places(stable: NDArray[np.bool_], rng: np.random.Generator) -> list[Pit]:
    """Pits on unchanged ground, apart from each other."""
    free, pits = stable.copy(), list[Pit]()
    for _ in range(REACH // 2):
        free &= ~widened(~free)
    for radius in RADII:
        row, col = divmod(int(rng.choice(np.flatnonzero(free))), free.shape[1])
        free[max(0, row - 2 * REACH) : row + 2 * REACH, max(0, col - 2 * REACH) : col + 2 * REACH] = False
        begin = BEGIN + timedelta(days=int(rng.integers(SPREAD_DAYS)))
        pits.append(Pit(row + rng.uniform(-0.5, 0.5), col + rng.uniform(-0.5, 0.5), radius, float(rng.uniform(20, 50)), int(rng.choice(3)), begin))
    return pits


def fresh(county: Path, out: Path, seed: int) -> None:
    """Copy a made county (not its months) to `out` and strew pits over it, unless that is done already."""
    if (out / MARK).exists():
        return
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(county, out, ignore=shutil.ignore_patterns("out"), copy_function=os.link)
    with rasterio.open(county / "truth_id.tif") as file:
        frame = Frame(np.ones(file.shape, bool), file.transform)
        profile = file.profile
    edge = np.ones(file.shape, bool)
    edge[20:-20, 20:-20] = False
    truth = read_truth(county, frame)
    rng = np.random.default_rng([seed, 2024])
    pits = places(truth.stable & ~edge & (truth.ids == 0), rng)
    texture = 1 + 0.06 * rng.standard_normal(file.shape)
    for folder in sorted((out / "scenes").iterdir()):
        _into_scene(folder, pits, texture)
    _into_truth(out, pits, truth.ids, truth.days, profile)
    (out / MARK).write_text(json.dumps({"pits": len(pits)}), "utf-8")


def _into_scene(folder: Path, pits: Sequence[Pit], texture: NDArray[np.float64]) -> None:
    day = date.fromisoformat(folder.name.split("_")[2][:8])
    if all(day < pit.begin for pit in pits):
        return
    files = {file.stem.split("_")[2]: file for file in folder.glob("*.tif")}
    with rasterio.open(files["SCL"]) as source:
        clear = np.isin(source.read(1).repeat(2, 0).repeat(2, 1), CLEAR)
    rows, cols = np.mgrid[: clear.shape[0], : clear.shape[1]]
    shares = [(0.5 - (np.hypot(rows - p.row, cols - p.col) - p.radius_on(day))).clip(0, 1) * clear * (day >= p.begin) for p in pits]
    for band, materials in MATERIALS.items():
        with rasterio.open(files[band]) as source:
            values, profile = source.read(1).astype(float), source.profile
        span = clear.shape[0] // values.shape[0]
        for share, pit in zip(shares, pits, strict=True):
            new = materials[pit.material] * SCALE * texture + OFFSET
            part, paint = (a.reshape(values.shape[0], span, -1, span).mean(axis=(1, 3)) for a in (share, new))
            values = np.where(values > 0, values * (1 - part) + paint * part, values)
        files[band].unlink()  # a link to the county's own file
        with rasterio.open(files[band], "w", **profile) as target:
            target.write(values.round().clip(1, 65535).astype(profile["dtype"]), 1)


def _into_truth(out: Path, pits: Sequence[Pit], ids: NDArray[np.int64], days: NDArray[np.int64], profile: dict[str, object]) -> None:
    document = json.loads((out / "truth.geojson").read_text("utf-8"))
    rows, cols = np.mgrid[: ids.shape[0], : ids.shape[1]]
    to_degrees = pyproj.Transformer.from_crs(profile["crs"], "EPSG:4326", always_xy=True)
    for pit in pits:
        away = np.hypot(rows - pit.row, cols - pit.col)
        mine = away <= pit.radius
        x, y = profile["transform"] @ (pit.col + 0.5, pit.row + 0.5)  # type: ignore[operator]
        outline = shapely.transform(Point(x, y).buffer(pit.radius * 10), lambda c: np.column_stack(to_degrees.transform(c[:, 0], c[:, 1])))
        dates = {"start": pit.begin.isoformat(), "end": (pit.begin + timedelta(days=round(pit.growth))).isoformat()}
        properties = {"kind": "violation", "code": "unlicensed", "what": "pit", **dates, "also": []}
        document["features"].append({"type": "Feature", "properties": properties, "geometry": mapping(outline)})
        ids[mine] = len(document["features"])
        days[mine] = np.ceil(day_of(pit.begin) + pit.growth * np.clip((away / pit.radius - 0.4) / 0.6, 0, 1))[mine]
    (out / "truth.geojson").unlink()
    (out / "truth.geojson").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    for name, values in (("truth_id", ids), ("truth_first_day", days)):
        (out / f"{name}.tif").unlink()
        with rasterio.open(out / f"{name}.tif", "w", **profile) as target:
            target.write(values.astype(np.uint16), 1)
