"""Fits the weights of the mining likelihood from finished months of made counties.

    python bench/accuracy/fit_likelihood.py COUNTY... [--write models/likelihood.json]

Each COUNTY is a made county (truth.geojson) with its months done in COUNTY/out; what stands before the last hyphen of its folder's
name tells its simulator. The features are those published in patches.geojson; a patch is mining when at least 30 % of it lies on a pit
of the truth; patches that hold some of one, and works that an approval covers, are left out. Logistic regression drawn towards the
weights an expert gave before seeing data (`terms.EXPERT`), whose signs it may not change. For each simulator it says what a fit on all
others scores on it. In counties with pits strewn over them (`strewn.py`), of which there are far more than in any county, these
count a tenth, and where they lie says nothing of villages: they lie anywhere.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely
import strewn as strewing
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry import shape

from pipeline.patches.fitting import average_precision, calibration_error, fit, judged
from pipeline.patches.likelihood import Likelihood
from pipeline.patches.terms import EXPERT, TERMS, measure

START = Likelihood(-1.0, EXPERT)
PULL = 4.0
STREWN_COUNT, STREWN_M2 = 0.1, 2100.0
"""What a strewn pit counts, and its largest."""
CAUTION = 0.2
"""Taken off the bias after the fit: made counties hold far more pits for their size than real ones."""
Data = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Terms (n, n_terms), labels (n,) and counts (n,) of patches."""


def patches_of(county: Path) -> Data:
    """All patches of a county's months."""
    truth = json.loads((county / "truth.geojson").read_text("utf-8"))["features"]
    pits = shapely.union_all([shape(f["geometry"]) for f in truth if f["properties"]["what"] == "pit"])
    lawful = shapely.union_all([shape(f["geometry"]) for f in truth if f["properties"]["code"] == "approved"])
    strewn = shapely.GeometryCollection()
    if (county / strewing.MARK).exists():
        area = Geod(ellps="GRS80").geometry_area_perimeter
        unlicensed = [shape(f["geometry"]) for f in truth if (f["properties"]["what"], f["properties"]["code"]) == ("pit", "unlicensed")]
        strewn = shapely.union_all([pit for pit in unlicensed if abs(area(pit)[0]) < STREWN_M2])
    rows, labels, counts = [], [], []
    for file in sorted((county / "out").glob("????-??/patches.geojson")):
        whole: dict[str, list[shapely.Geometry]] = {}
        features: dict[str, dict[str, float]] = {}
        for each in json.loads(file.read_text("utf-8"))["features"]:
            p = each["properties"]
            if p["features"] and p["status"] != "ended":
                whole.setdefault(p["patch_id"], []).append(shape(each["geometry"]))
                features[p["patch_id"]] = p["features"]
        for name, parts in whole.items():
            ground = shapely.union_all(parts)
            if ground.intersection(lawful).area > 0.3 * ground.area:
                continue  # building works approved in the layers: neither mining nor a false alarm
            share = ground.intersection(pits).area / ground.area
            if not 0.05 < share <= 0.3:
                placed = share <= 0.3 or not ground.intersects(strewn)
                rows.append(list(measure(features[name] if placed else features[name] | {"built_around": 0.0}).values()))
                labels.append(float(share > 0.3))
                counts.append(1.0 if placed else STREWN_COUNT)
    return np.array(rows).reshape(len(rows), len(TERMS)), np.array(labels), np.array(counts)


def says(name: str, model: Likelihood, data: Data) -> str:
    """Average precision, recall, false alarms and expected calibration error of a model on some patches."""
    x, y, _ = data
    p = judged(x, model)
    hits = (p >= 0.5) & (y == 1)
    return (
        f"{name}: average precision {average_precision(p, y):.3f}, recall {hits.sum() / y.sum():.3f} of {int(y.sum())} patch-months, "
        f"{int(((p >= 0.5) & (y == 0)).sum())} false of {int((y == 0).sum())}, calibration error {calibration_error(p, y):.3f}"
    )


def joined(parts: list[Data]) -> Data:
    x, y, counts = (np.concatenate([part[k] for part in parts]) for k in range(3))
    return x, y, counts


def fitted(data: Data) -> Likelihood:
    x, y, counts = data
    found = fit(x, y, START, counts, PULL)
    return replace(found, bias=round(found.bias - CAUTION, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counties", nargs="+", type=Path)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    groups: dict[str, list[Data]] = {}
    for county in options.counties:
        groups.setdefault(county.name.rpartition("-")[0], []).append(patches_of(county))
    simulators = {name: joined(parts) for name, parts in groups.items()}
    for name, data in simulators.items() if len(simulators) > 1 else ():
        others = joined([part for other, part in simulators.items() if other != name])
        print(says(f"fitted on the others, scored on {name}", fitted(others), data))
    everything = joined(list(simulators.values()))
    model = fitted(everything)
    print(says("fitted on all, scored on all", model, everything))
    if options.write:
        options.write.write_text(model.text, "utf-8")
    print(model.text)


if __name__ == "__main__":
    main()
