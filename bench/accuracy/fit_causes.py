"""Fits what the marks of each cause weigh, from finished months of made counties, and says how often names are right.

    python bench/accuracy/fit_causes.py COUNTY... [--score COUNTY...]

Each COUNTY is a made county (truth.geojson) with its months done in COUNTY/out. Patches that are likelier mining are not named, so
they are left out. A patch on a look-alike should bear its name (`evaluate.CAUSES`); one on a pit that was taken for something else
should be 'unknown'; on other ground both 'unknown' and 'farmland' will do. Softmax regression drawn towards the weights an expert gave
before seeing data, whose signs it may not change. It prints the table for `pipeline/patches/causes.py`; nothing is written.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from evaluate import CAUSES
from measures import MINING_SHARE
from numpy.typing import NDArray
from shapely.geometry import shape

from pipeline.patches.causes import MARKS, SCORES
from pipeline.patches.patch import Cause

EXPERT: dict[Cause, tuple[float, dict[str, float]]] = {
    Cause.BURN: (-3.0, {"dark": 1.0, "char": 2.5, "dry": 1.0, "brief": 1.0, "large": -1.5, "bluish": -0.5}),
    Cause.LANDSLIDE: (-3.0, {"slip": 4.0, "subsoil": 0.5, "rains": 0.7, "alone": 0.5, "broad": -1.5, "built": -1.0}),
    Cause.CONSTRUCTION: (-2.0, {"hamlet": 2.0, "built": 1.0, "roof": 3.0, "grey": 1.0, "concrete": 2.0, "slow": 0.5}),
    Cause.ROAD: (-2.0, {"strip": 4.0, "thread": 1.0, "grey": 0.5, "sudden": -0.5}),
    Cause.SOLAR: (-2.5, {"solar": 3.0, "bluish": 1.0, "dark": 0.5, "large": 1.5, "old_ground": -1.0}),
    Cause.GREENHOUSE: (-2.0, {"greenhouse": 5.0}),
    Cause.WATER: (-2.0, {"water": 5.0, "wet": 2.0}),
    Cause.LOGGING: (-2.0, {"forest": 5.0}),
    Cause.FARMLAND: (
        -0.3, {"steps": 1.0, "old_ground": 0.7, "lush": 1.0, "similar": 0.3, "cropland": 1.0, "film": 2.0, "greener": 3.0, "levelled": 1.0},
    ),
    Cause.UNKNOWN: (0.0, {"novelty": 0.2, "winter": 1.0, "snow": 1.0, "fleeting": 0.5}),
}  # fmt: skip
FIXED = (Cause.UNKNOWN, Cause.FARMLAND)
"""Causes whose constant stays: 'unknown' is where the scale begins, and farmland, the commonest, must not become what nothing stands out for."""
UNSEEN = (Cause.LOGGING,)
"""Causes that are not in the data: their weights stay."""
PULL, PULL_OF_CONSTANT = 2.0, 0.2
"""Strength of the draw towards the expert's weights, in patches."""
LOOKALIKE, RESTED, PIT, OTHER_ITEM, NOTHING = 1.5, 0.5, 0.6, 0.3, 0.1
"""What a patch counts, by what it lies on; the months of one look-alike together count as the square root of their number."""
STEPS, RATE = 1500, 0.03
ORDER = tuple(EXPERT)
Data = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def wanted(what: str | None) -> tuple[tuple[Cause, ...], float]:
    """Names that are right for a patch on such ground, and what it counts."""
    if what in CAUSES:
        return tuple(Cause(name) for name in CAUSES[what]), RESTED if what == "fallow" else LOOKALIKE
    if what == "pit":
        return (Cause.UNKNOWN,), PIT
    return (Cause.UNKNOWN, Cause.FARMLAND), OTHER_ITEM if what else NOTHING


def patches_of(county: Path) -> Data:
    """Marks (n, n_marks), right names (n, n_causes; 1 = right) and weights (n,) of the patches of a county's months."""
    truth = json.loads((county / "truth.geojson").read_text("utf-8"))["features"]
    items = [(f["properties"]["what"], shape(f["geometry"])) for f in truth]
    marks, right, weight, item = [], [], [], []
    for file in sorted((county / "out").glob("????-??/patches.geojson")):
        for each in json.loads(file.read_text("utf-8"))["features"]:
            p, ground = each["properties"], shape(each["geometry"])
            if not p["features"] or p["mining_likelihood"] >= 0.5:
                continue
            shares = [ground.intersection(outline).area / ground.area if ground.intersects(outline) else 0.0 for _, outline in items]
            k = int(np.argmax(shares))
            on = k if shares[k] > MINING_SHARE else -1
            if on < 0 and sum(shares) > 0.05:
                continue
            names, counts = wanted(items[on][0] if on >= 0 else None)
            marks.append([mark(p["features"]) for mark in MARKS.values()])
            right.append([float(cause in names) for cause in ORDER])
            weight.append(counts)
            item.append(on)
    number = Counter(item)
    shared = [w / (np.sqrt(number[on]) if on >= 0 and w == LOOKALIKE else 1) for w, on in zip(weight, item, strict=True)]
    return np.array(marks).reshape(len(marks), len(MARKS)), np.array(right).reshape(len(right), len(ORDER)), np.array(shared)


def weights_of(table: dict[Cause, tuple[float, dict[str, float]]]) -> NDArray[np.float64]:
    """(n_causes, n_marks + 1): a table of scores as a matrix, constants last."""
    return np.array([[*(table[cause][1].get(name, 0.0) for name in MARKS), table[cause][0]] for cause in ORDER])


def fit(data: Data) -> NDArray[np.float64]:
    """Weights (n_causes, n_marks + 1), by Adam's method from the expert's."""
    marks, right, weight = data
    x = np.column_stack([marks, np.ones(len(marks))])
    expert = weights_of(EXPERT)
    free = np.array([[cause not in UNSEEN and name in EXPERT[cause][1] for name in MARKS] + [cause not in FIXED + UNSEEN] for cause in ORDER])
    pull = np.column_stack([np.full((len(ORDER), len(MARKS)), PULL), np.full(len(ORDER), PULL_OF_CONSTANT)])
    sign = np.sign(expert)
    sign[:, -1] = 0
    w, first, second = expert.copy(), np.zeros_like(expert), np.zeros_like(expert)
    for _ in range(STEPS):
        score = x @ w.T
        says = np.exp(score - score.max(axis=1, keepdims=True))
        says /= says.sum(axis=1, keepdims=True)
        target = says * right / ((says * right).sum(axis=1, keepdims=True) + 1e-12)
        slope = (((says - target) * weight[:, None]).T @ x + pull * (w - expert)) * free
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        w = w - RATE * first / (np.sqrt(second) + 1e-8)
        w[sign * w < 0] = 0
    return w


def share_right(w: NDArray[np.float64], data: Data) -> str:
    """How many patches on look-alikes bear a right name, each month counted."""
    marks, right, weight = data
    asked = (right.sum(axis=1) == 1) & (right[:, ORDER.index(Cause.UNKNOWN)] == 0) & (weight > 0)
    named = (np.column_stack([marks, np.ones(len(marks))]) @ w.T).argmax(axis=1)
    hits = right[np.arange(len(right)), named][asked]
    return f"{int(hits.sum())} of {len(hits)} patch-months on look-alikes ({hits.mean():.0%})"


def joined(parts: list[Data]) -> Data:
    marks, right, weight = (np.concatenate(each) for each in zip(*parts, strict=True))
    return marks, right, weight


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counties", nargs="+", type=Path)
    parser.add_argument("--score", nargs="*", type=Path, default=[], help="counties that are scored, but not fitted on")
    options = parser.parse_args()
    data = [patches_of(county) for county in options.counties]
    simulators = [county.name.rpartition("-")[0] for county in options.counties]
    for name in sorted(set(simulators)) if len(set(simulators)) > 1 else ():
        others, own = ([d for d, s in zip(data, simulators, strict=True) if (s == name) == mine] for mine in (False, True))
        print(f"fitted on the others, scored on {name}: {share_right(fit(joined(others)), joined(own))}")
    w = fit(joined(data))
    print(f"fitted on all, scored on all: {share_right(w, joined(data))}")
    print(f"as the table stands, scored on all: {share_right(weights_of(SCORES), joined(data))}")
    if options.score:
        unseen = joined([patches_of(county) for county in options.score])
        print(f"fitted on all, scored on the unseen: {share_right(w, unseen)}")
    for row, cause in zip(w, ORDER, strict=True):
        names = list(MARKS)
        print(f"{cause.value} {row[-1]:.1f}", {name: round(float(row[names.index(name)]), 1) for name in EXPERT[cause][1]})


if __name__ == "__main__":
    main()
