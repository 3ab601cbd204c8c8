"""What changed the ground, where it is likelier something else than mining?

Each cause has a score: a constant and weighted marks, each a number (mostly 0–1) that a person can follow from the patch's features.
The highest score names the cause, if it is above what speaks for 'unknown', which starts at 0 where the others start below. The
likelihood of mining is judged apart and knows nothing of this (`likelihood.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.patches.patch import Cause
from pipeline.patches.ramps import Features, ramp
from pipeline.patches.terms import TERMS


def _dark(f: Features) -> float:
    """Much darker in the visible than the cell's own soil."""
    return ramp(f["red_to_bare"], 0.88, 0.7)


def _no_darker(f: Features) -> float:
    return ramp(f["red_to_bare"], 0.68, 0.8)


def _char(f: Features) -> float:
    """Dark, but the less so the longer the wave, as char and ash are; water and moist plants are darkest there."""
    if "swir_to_red" not in f:
        return 0.0
    return _dark(f) * ramp(f["swir_to_red"] - f["swir_to_red_bare"], 0.05, 0.25) * ramp(f["swir_to_nir"], 1.1, 1.25)


def _dry(f: Features) -> float:
    """Dark, and the longest band gains on the one before it: the water of plants is gone."""
    return _dark(f) * ramp(f["clay"] - f["clay_bare"], -0.02, 0.06) if "clay" in f else 0.0


def _brief(f: Features) -> float:
    """All at once, and not seen for long: it grows over."""
    return ramp(f["days_of_growth"], 20, 8) * ramp(f["age"], 200, 90)


def _sudden(f: Features) -> float:
    """All of it within days."""
    return ramp(f["days_of_growth"], 14, 4)


def _slow(f: Features) -> float:
    """Over months."""
    return ramp(f["days_of_growth"], 40, 120)


def _rains(f: Features) -> float:
    """It began in the months of heavy rain, mid-June to mid-September."""
    return ramp(f["began"], 155, 175) * ramp(f["began"], 275, 255)


def _subsoil(f: Features) -> float:
    """The cell's own soil, but brighter: what lies just below it."""
    return ramp(f["brightness"], 1.0, 1.12) * ramp(f["colour"], 1.3, 0.8)


def _slip(f: Features) -> float:
    """Subsoil laid bare all at once in the rains, on a piece no larger than a slope gives way."""
    return _subsoil(f) * _sudden(f) * _rains(f) * ramp(f["cells"], 110, 60)


def _alone(f: Features) -> float:
    """Nothing around did the same in these weeks."""
    return ramp(f["similar"], 4, 1)


def _grey(f: Features) -> float:
    """Greyer than the soil and no darker: concrete, gravel, roofs."""
    if "blue_to_red" not in f:
        return 0.0
    return ramp(f["blue_to_red"] - f["blue_to_red_bare"], 0.05, 0.2) * ramp(f["red_to_bare"], 0.7, 0.8)


def _concrete(f: Features) -> float:
    """Grey to the long waves, and nothing grows on it."""
    if "swir_to_red" not in f:
        return 0.0
    return _grey(f) * ramp(f["swir_to_red"] - f["swir_to_red_bare"], -0.12, -0.3) * ramp(f["ndvi"], 0.2, 0.15)


def _bluish(f: Features) -> float:
    """Dark and bluer than the soil: panels."""
    return _dark(f) * ramp(f["blue_to_red"] - f["blue_to_red_bare"], 0.06, 0.16) if "blue_to_red" in f else 0.0


def _no_bluer(f: Features) -> float:
    """No bluer than the soil it lies on, as glass over silicon always is."""
    return ramp(f["blue_to_red"] - f["blue_to_red_bare"], 0.04, 0.0) if "blue_to_red" in f else 0.0


def _wet(f: Features) -> float:
    """Dark, and far darker still in the short-wave infrared."""
    return _dark(f) * ramp(f["swir_to_red"] - f["swir_to_red_bare"], -0.2, -0.6) if "swir_to_red" in f else 0.0


def _large(f: Features) -> float:
    """Works of a hectare."""
    return ramp(f["works"], 50, 130)


def _broad(f: Features) -> float:
    """A hectare in one piece."""
    return ramp(f["cells"], 50, 110)


def _built(f: Features) -> float:
    """Built-up ground around, and no darker than soil."""
    return ramp(f["built_around"], 0.02, 0.07) * _no_darker(f)


def _hamlet(f: Features) -> float:
    """A small thing beside a village, no darker than soil."""
    return ramp(f["cells"], 60, 25) * ramp(f["built_around"], 0.02, 0.06) * _no_darker(f)


def _strip(f: Features) -> float:
    """Long, no wider than a road with its banks, and longer than most seams between fields."""
    return ramp(f["elongation"], 2.5, 6) * ramp(f["thickness"], 5.5, 4) * ramp(f["length"], 6, 13)


def _thread(f: Features) -> float:
    """Thin for its size: a road cut into pieces."""
    return ramp(f["thickness"] / min(math.sqrt(f["cells"]), 4.0), 0.75, 0.5) * ramp(f["thickness"], 3.2, 2.4)


def _forest(f: Features) -> float:
    """Green still, on ground that was as green as forest."""
    return ramp(f["ndvi"], 0.32, 0.45) * ramp(f["greenest"], 0.68, 0.8)


def _lush(f: Features) -> float:
    """Plants on it, full of water; what sprouts from ash is not."""
    return ramp(f["ndvi"], 0.22, 0.3) * ramp(f.get("swir_to_nir", 1.0), 1.22, 1.12)


def _steps(f: Features) -> float:
    """The cell's own soil, worked over weeks or over a hectare: slopes levelled into terraces, grass broken."""
    own_soil = ramp(f["colour"], 1.4, 0.7) * ramp(f["red_to_bare"], 0.75, 0.9)
    return own_soil * max(ramp(f["days_of_growth"], 10, 30), ramp(f["cells"], 70, 120))


def _old_ground(f: Features) -> float:
    """It has looked like this before."""
    return ramp(f["novelty"], 3, 1)


MARKS: dict[str, Callable[[Features], float]] = {
    **{name: term for name, (_, term) in TERMS.items()},
    "alone": _alone, "bluish": _bluish, "brief": _brief, "broad": _broad, "built": _built, "char": _char, "concrete": _concrete, "dark": _dark,
    "dry": _dry, "forest": _forest, "grey": _grey, "hamlet": _hamlet, "large": _large, "lush": _lush, "no_bluer": _no_bluer,
    "old_ground": _old_ground, "rains": _rains, "slip": _slip, "slow": _slow, "steps": _steps, "strip": _strip, "subsoil": _subsoil,
    "sudden": _sudden, "thread": _thread, "wet": _wet,
}  # fmt: skip
"""By name: those above, and the terms of the likelihood."""
SCORES: dict[Cause, tuple[float, dict[str, float]]] = {
    Cause.BURN: (-4.3, {"dark": 1.7, "char": 3.6, "dry": 2.2, "brief": 1.8, "large": -1.3, "bluish": -0.9}),
    Cause.LANDSLIDE: (-2.7, {"slip": 4.0, "subsoil": 0.8, "rains": 1.3, "alone": 0.8, "broad": -1.8, "built": -1.3}),
    Cause.CONSTRUCTION: (
        -1.2,
        {"hamlet": 2.2, "built": 1.4, "roof": 3.3, "grey": 0.9, "concrete": 1.0, "slow": 1.5, "patchwork": 2.5, "greenhouse": -2.0, "water": -1.5},
    ),
    Cause.ROAD: (-1.5, {"strip": 4.6, "thread": 0.7, "grey": 1.1, "sudden": -0.6}),
    Cause.SOLAR: (
        -1.6,
        {"solar": 3.7, "bluish": 1.7, "dark": 0.6, "large": 1.5, "old_ground": -1.0, "no_bluer": -2.5, "strip": -3.0, "patchwork": -2.0},
    ),
    Cause.GREENHOUSE: (-1.6, {"greenhouse": 6.7}),
    Cause.WATER: (-2.4, {"water": 6.1, "wet": 2.4}),
    Cause.LOGGING: (-2.0, {"forest": 5.0}),
    Cause.FARMLAND: (
        -0.3,
        {"steps": 1.0, "old_ground": 0.9, "lush": 2.2, "similar": 0.4, "cropland": 1.2, "film": 1.4, "greener": 3.0, "levelled": 1.0, "grey": -0.8},
    ),
    Cause.UNKNOWN: (0.0, {"novelty": 0.5, "winter": 0.4, "snow": 1.1, "fleeting": 0.6}),
}  # fmt: skip
"""The constant of each cause and what its marks weigh. An expert gave the signs and first weights, made counties moved them
(models/likelihood.md); that of logging is the expert's, for nothing was felled in the data."""
WEIGHED = sorted({name for _, weights in SCORES.values() for name in weights})


def name_of(f: Features) -> Cause:
    """The likeliest cause but mining, from a patch's features (`features.features`, with what `find` adds)."""
    marks = {name: MARKS[name](f) for name in WEIGHED}
    scores = {cause: constant + sum(weight * marks[name] for name, weight in weights.items()) for cause, (constant, weights) in SCORES.items()}
    return max(scores, key=lambda cause: scores[cause])
