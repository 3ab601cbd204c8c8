"""Implants pits into real scenes, runs the months, and says which are found.

    python bench/accuracy/implant.py SCENES WORK [--seeds 1 2 3 4]

SCENES: the folder of the Romanian forest series (100 × 100 cells, B02 B03 B04 B08 at 10 m, B11 at 10 or 20 m, SCL). Five discs of
radius 25 to 60 m grow for 20 to 50 days from 2020-05-01, of three materials, with mixed edges; where SCL saw cloud nothing is implanted.
The 2020 months are run from a baseline of 2017 to 2019. A pit is found when a patch of likelihood ≥ 0.5 lies on it for 30 % or more.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyproj
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry import box, mapping, shape

BEGIN = date(2020, 5, 1)
RADII = (2.5, 3.2, 4.0, 5.0, 6.0)
MATERIALS = ((0.14, 0.18, 0.23, 0.28, 0.33), (0.24, 0.27, 0.29, 0.34, 0.33), (0.11, 0.15, 0.21, 0.30, 0.36))
BANDS = ("B02", "B03", "B04", "B08", "B11")
LOGGED = (slice(58, 76), slice(72, 95))
"""Ground that was really felled: no pit there."""
SIDE = 100


class Pit(NamedTuple):
    """A disc that grows."""

    row: float
    col: float
    radius: float
    """Cells, when it is done."""
    growth: float
    """Days it grows."""
    material: int
    begin: date = BEGIN

    def radius_on(self, day: date) -> float:
        """Cells; it begins with 0.4 of its radius."""
        return self.radius * min(1, 0.4 + 0.6 * (day - self.begin).days / self.growth) if day >= self.begin else -1.0


def plan(rng: np.random.Generator, radii: Sequence[float] = RADII, spread_days: int = 0, gap: float = 6) -> list[Pit]:
    """Pits of these radii, `gap` cells apart, begun in the `spread_days` from BEGIN on."""
    pits: list[Pit] = []
    while len(pits) < len(radii):
        radius = radii[len(pits)]
        y, x = rng.uniform(10, SIDE - 10, 2)
        felled = LOGGED[0].start < y < LOGGED[0].stop and LOGGED[1].start < x < LOGGED[1].stop
        if not felled and all(np.hypot(y - p.row, x - p.col) > radius + p.radius + gap for p in pits):
            growth, material = float(rng.uniform(20, 50)), int(rng.choice(3))
            begin = BEGIN + timedelta(days=int(rng.integers(spread_days))) if spread_days else BEGIN
            pits.append(Pit(float(y), float(x), radius, growth, material, begin))
    return pits


def _coarse(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.reshape(SIDE // 2, 2, SIDE // 2, 2).mean(axis=(1, 3))


def implant(scenes: Path, out: Path, rng: np.random.Generator, pits: Sequence[Pit] | None = None) -> NDArray[np.uint8]:
    """Copy the scenes with pits in them; returns which pit each cell belongs to at full extent (0 none)."""
    pits = plan(rng) if pits is None else pits
    rows, cols = np.mgrid[:SIDE, :SIDE]
    texture = 1 + 0.06 * rng.standard_normal((SIDE, SIDE))
    for folder in sorted(scenes.iterdir()):
        day = date.fromisoformat(folder.name[-8:])
        copy = out / "scenes" / folder.name
        shutil.copytree(folder, copy, copy_function=shutil.copyfile)
        copy.chmod(0o755)
        if all(day < pit.begin for pit in pits):
            continue
        with rasterio.open(folder / "SCL.tif") as file:
            scl = file.read(1)
        clear = np.isin(scl if scl.shape[0] == SIDE else scl.repeat(2, 0).repeat(2, 1), (2, 4, 5, 6, 7))
        shares = [(0.5 - (np.hypot(rows - p.row, cols - p.col) - p.radius_on(day))).clip(0, 1) * clear * (day >= p.begin) for p in pits]
        for k, band in enumerate(BANDS):
            with rasterio.open(folder / f"{band}.tif") as file:
                values, profile = file.read(1).astype(float), file.profile
            for share, pit in zip(shares, pits, strict=True):
                new = MATERIALS[pit.material][k] * 1e4 * texture * (1 + 0.02 * rng.standard_normal())
                if values.shape[0] != SIDE:
                    share, new = _coarse(share), _coarse(new)
                values = np.where(values > 0, values * (1 - share) + new * share, values)
            (copy / f"{band}.tif").unlink()
            with rasterio.open(copy / f"{band}.tif", "w", **profile) as file:
                file.write(values.round().clip(0, 65535).astype(profile["dtype"]), 1)
    truth = np.zeros((SIDE, SIDE), np.uint8)
    for number, pit in enumerate(pits, 1):
        truth[np.hypot(rows - pit.row, cols - pit.col) <= pit.radius] = number
    return truth


def configure(scenes: Path, out: Path) -> tuple[rasterio.Affine, str]:
    """Write the config; returns the grid's transform and CRS."""
    with rasterio.open(next(scenes.iterdir()) / "B02.tif") as file:
        transform, crs, bounds = file.transform, file.crs.to_string(), file.bounds
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    area = shapely.transform(box(*bounds), lambda c: np.column_stack(to_degrees.transform(c[:, 0], c[:, 1])))
    feature = {"type": "Feature", "properties": {"id": "area"}, "geometry": mapping(area)}
    (out / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    (out / "config.yaml").write_text(
        'county: {name: 试验区, code: "620422"}\narea: area.geojson\n'
        f"grid: {{crs: '{crs}', resolution: 10}}\nsources: [{{kind: folder, path: scenes}}]\noutput: out\nmonitor_from: 2020-01\n", "utf-8"
    )  # fmt: skip
    return transform, crs


def found(month: Path, truth: NDArray[np.uint8], transform: rasterio.Affine, crs: str) -> tuple[dict[int, float], int]:
    """IoU of each pit found, and patches of likelihood ≥ 0.5 on other ground."""
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    hits: dict[int, float] = {}
    false = 0
    for feature in json.loads((month / "patches.geojson").read_text("utf-8"))["features"]:
        p = feature["properties"]
        if p["status"] == "ended" or (p["mining_likelihood"] or 0) < 0.5:
            continue
        outline = shapely.transform(shape(feature["geometry"]), lambda c: np.column_stack(to_grid.transform(c[:, 0], c[:, 1])))
        mask = rasterize([(outline, 1)], out_shape=truth.shape, transform=transform).astype(bool)
        counts = np.bincount(truth[mask], minlength=len(RADII) + 1)
        pit = int(counts[1:].argmax()) + 1
        if counts[pit] < 0.3 * mask.sum():
            false += 1
        else:
            hits[pit] = max(hits.get(pit, 0.0), float((mask & (truth == pit)).sum() / (mask | (truth == pit)).sum()))
    return hits, false


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    options = parser.parse_args()
    for seed in options.seeds:
        out = options.work / f"implant-{seed}"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        truth = implant(options.scenes, out, np.random.default_rng(seed))
        transform, crs = configure(options.scenes, out)
        subprocess.run(
            [str(Path(sys.executable).with_name("minewarden")), "run", str(out / "config.yaml"), "--month", "2020-12", "--quiet"], check=False
        )
        for month in ("2020-06", "2020-08", "2020-10", "2020-12"):
            hits, false = found(out / "out" / month, truth, transform, crs)
            said = ", ".join(f"{(truth == k).sum() / 100:.2f} ha IoU {iou:.2f}" for k, iou in sorted(hits.items()))
            print(f"seed {seed} {month}: {len(hits)} of {len(RADII)} found ({said}), {false} false")


if __name__ == "__main__":
    main()
