"""Restoration on real pixels: logging gaps of the Romanian series as sites, and how they grow back.

    python bench/accuracy/restoration_real.py SCENES WORK

A gap is ground whose summer NDVI fell by 0.12 or more from one year to the next, 15 cells or more together. They are put into a
county's legacy layer without state or deadline, the county is run to September 2020, and restoration.json is shown, year by year.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyproj
import rasterio
import shapely
from implant import configure
from numpy.typing import NDArray
from rasterio.features import shapes, sieve
from shapely.geometry import mapping, shape

FALL, LEAST = 0.12, 15
CLEAR = (4, 5)
YEARS = range(2016, 2020)


def summers(scenes: Path) -> dict[int, NDArray[np.float64]]:
    """Median NDVI of June to September by year."""
    looks = defaultdict(list)
    for folder in sorted(scenes.iterdir()):
        day = folder.name[-8:]
        if not "06" <= day[4:6] <= "09":
            continue
        item = json.loads((folder / "item.json").read_text("utf-8"))
        bands = {}
        for name in ("B04", "B08", "SCL"):
            with rasterio.open(folder / f"{name}.tif") as file:
                bands[name] = np.kron(file.read(1), np.ones((2, 2), int)) if file.res[0] > 15 else file.read(1)
        asset = next(value for key, value in item["assets"].items() if key == "B04")
        told = asset.get("raster:bands", asset.get("bands", [{}]))[0]
        scale, offset = told.get("scale", 1e-4), told.get("offset", 0.0)
        red, nir = (bands[name] * scale + offset for name in ("B04", "B08"))
        rows, cols = red.shape
        clear = np.isin(bands["SCL"][:rows, :cols], CLEAR) & (bands["B04"] > 0)
        looks[int(day[:4])].append(np.where(clear, (nir - red) / np.maximum(nir + red, 0.01), np.nan))
    return {year: np.nanmedian(np.stack(each), axis=0) for year, each in looks.items() if len(each) > 1}


def gaps(scenes: Path, transform: rasterio.Affine) -> list[tuple[int, shapely.Polygon]]:
    """Year in which a gap was cut, and its outline."""
    by_year = summers(scenes)
    taken = np.zeros(next(iter(by_year.values())).shape, bool)
    found = []
    for year in YEARS:
        if year not in by_year or year - 1 not in by_year:
            continue
        cut = (by_year[year - 1] - by_year[year] >= FALL) & ~taken
        cut = sieve(cut.astype(np.uint8), LEAST, connectivity=4).astype(bool) & cut
        taken |= cut
        for outline, _ in shapes(cut.astype(np.uint8), mask=cut, connectivity=4, transform=transform):
            if shape(outline).area >= LEAST * 100:
                found.append((year, shape(outline)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("work", type=Path)
    asked = parser.parse_args()
    out = asked.work / "gaps"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "scenes").symlink_to(asked.scenes.resolve())
    transform, crs = configure(asked.scenes, out)
    found = gaps(asked.scenes, transform)
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"gap-{year}-{k:02d}", "state": None, "deadline": None},
            "geometry": mapping(shapely.transform(ground, lambda c: np.column_stack(to_degrees.transform(c[:, 0], c[:, 1])))),
        }
        for k, (year, ground) in enumerate(found, 1)
    ]
    (out / "legacy.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    config = out / "config.yaml"
    config.write_text(config.read_text("utf-8") + "layers: {legacy_patches: {path: legacy.geojson}}\n", "utf-8")
    config.write_text(config.read_text("utf-8").replace("monitor_from: 2020-01", "monitor_from: 2018-01"), "utf-8")
    program = Path(sys.executable).with_name("minewarden")
    subprocess.run([str(program), "run", str(config), "--month", "2020-09", "--quiet"], check=False)
    document = json.loads((out / "out" / "2020-09" / "restoration.json").read_text("utf-8"))
    print(f"{len(document['sites'])} gaps; ends {document['method']}")
    for row in document["sites"]:
        years = "  ".join(f"{y['year']} {y['cover']:.2f}/{y['reference']:.2f}" for y in row["years"])
        print(f"{row['id']} {row['area_ha']:.2f} ha  {row['state']}  {years}")


if __name__ == "__main__":
    main()
