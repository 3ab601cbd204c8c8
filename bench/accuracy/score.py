"""How good is a finished month of a made county? Holds flagged.geojson against truth.geojson.

    python bench/accuracy/score.py COUNTY MONTH [--list]

A violation counts as found when flagged features of its code overlap it; the IoU is of their union with the truth as it was dug
by the month's end. A flagged feature is false when it touches no violation and nothing lawful that was dug; it is wrong when
it touches only lawful ground.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
import shapely
from rasterio.features import rasterize, shapes
from shapely.geometry import shape

LAG_DAYS = 20
"""Ground dug in a month's last days can't have been seen changed three times."""
FEWEST_CELLS = 4


@dataclass
class Score:
    """What a month got right and wrong."""

    found: dict[str, float] = field(default_factory=dict)
    """IoU by name of the violation."""
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Flagged though lawful or restored."""
    lookalikes: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    """Found, but under another code."""

    @property
    def mean_iou(self) -> float:
        return float(np.mean(list(self.found.values()))) if self.found else 0.0


def _ground(county: Path, month: str) -> tuple[list[dict[str, Any]], list[shapely.Geometry], list[shapely.Geometry], rasterio.crs.CRS]:
    """Truth properties, their outlines, and their outlines as dug by the month's end, in the grid's CRS."""
    features = json.loads((county / "truth.geojson").read_text("utf-8"))["features"]
    with rasterio.open(county / "truth_first_day.tif") as days_file:
        days, transform, crs = days_file.read(1), days_file.transform, days_file.crs
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    whole = [shapely.transform(shape(f["geometry"]), lambda c: np.column_stack(to_grid.transform(c[:, 0], c[:, 1]))) for f in features]
    year, number = int(month[:4]), int(month[5:])
    end = (date(year + number // 12, number % 12 + 1, 1) - timedelta(days=LAG_DAYS) - date(1970, 1, 1)).days
    dug = []
    for properties, outline in zip((f["properties"] for f in features), whole, strict=True):
        if properties["code"] == "unrestored":
            dug.append(outline)
            continue
        mask = rasterize([(outline, 1)], out_shape=days.shape, transform=transform, dtype="uint8") * ((days > 0) & (days <= end))
        parts = [shape(g) for g, v in shapes(mask.astype("uint8"), mask=mask > 0, transform=transform)]
        dug.append(shapely.union_all(parts))
    return [f["properties"] for f in features], whole, dug, crs


def score(county: Path, month: str, output: Path | None = None) -> Score:
    """Score the month of a made county run into `county/out` (or `output`)."""
    truth, whole, dug, crs = _ground(county, month)
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    flagged = json.loads(((output or county / "out") / month / "flagged.geojson").read_text("utf-8"))["features"]
    outlines = [shapely.transform(shape(f["geometry"]), lambda c: np.column_stack(to_grid.transform(c[:, 0], c[:, 1]))) for f in flagged]
    result = Score()
    used: set[int] = set()
    for number, (properties, ground) in enumerate(zip(truth, dug, strict=True), 1):
        if properties["kind"] != "violation" or ground.area < FEWEST_CELLS * 100:
            continue
        name = f"{number} {properties['code']} {properties['what']} {ground.area / 1e4:.2f} ha"
        touching = [i for i, o in enumerate(outlines) if o.intersection(ground).area >= 0.2 * min(o.area, ground.area)]
        same = [i for i in touching if flagged[i]["properties"]["finding"] == properties["code"]]
        used.update(touching)
        if same:
            union = shapely.union_all([outlines[i] for i in same])
            result.found[name] = union.intersection(ground).area / union.union(ground).area
        elif touching:
            result.codes.append(f"{name}: flagged as {', '.join(flagged[i]['properties']['finding'] for i in touching)}")
        else:
            result.missed.append(name)
    for i, (feature, outline) in enumerate(zip(flagged, outlines, strict=True)):
        if i in used:
            continue
        p = feature["properties"]
        label = f"{p['finding']} {p['area_m2']:.0f} m2 L{p['mining_likelihood']} since {p['first_seen']} at {p['lon']:.5f} {p['lat']:.5f}"
        shares = [(outline.intersection(w).area / outline.area, t) for w, t in zip(whole, truth, strict=True) if w.intersects(outline)]
        share, best = max(shares, key=lambda s: s[0], default=(0.0, None))
        if best is None or share < 0.2:
            result.false.append(label)
        elif best["kind"] == "lookalike":
            result.lookalikes.append(f"{best['what']}: {label}")
        elif best["kind"] == "explained":
            result.wrong.append(f"{best['code']}: {label}")
        else:
            result.false.append(f"beside {best['code']}: {label}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("county", type=Path)
    parser.add_argument("months", nargs="+")
    parser.add_argument("--list", action="store_true", help="name every one")
    options = parser.parse_args()
    for month in options.months:
        s = score(options.county, month)
        print(
            f"{options.county.name} {month}: found {len(s.found)}, other code {len(s.codes)}, missed {len(s.missed)}, mean IoU {s.mean_iou:.3f}, "
            f"lawful flagged {len(s.wrong)}, look-alikes {len(s.lookalikes)}, false {len(s.false)}"
        )
        if options.list:
            for title, rows in (("code", s.codes), ("missed", s.missed), ("lawful", s.wrong), ("lookalike", s.lookalikes), ("false", s.false)):
                print("\n".join(f"  {title}: {row}" for row in rows), end="\n" if rows else "")
            print("\n".join(f"  found: {name}: IoU {iou:.2f}" for name, iou in s.found.items()))


if __name__ == "__main__":
    main()
