"""How likely is it that a patch is mining, and if it is not, what changed the ground?

A first, simple opinion, and honest about it: a sum of log-odds whose terms a person can read, each with its reason. Terms that
speak for another cause take likelihood away and name that cause; what no term explains stays 'unknown'. `docs/likelihood.md`
holds its scores and limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.evidence import confidence
from pipeline.patches.patch import Cause

Features = dict[str, float]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The machine's opinion of a patch."""

    confidence: float
    """That the ground changed, 0–1."""
    mining: float
    """That the change is mining, 0–1."""
    cause: Cause
    clay_like: bool
    """Spectrum of dug loess or clay: brownish, hydroxyl absorption in B12."""


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _ramp(value: float, zero: float, one: float) -> float:
    """0 at `zero`, 1 at `one`, straight between."""
    return _clip((value - zero) / (one - zero), 0, 1)


def _logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _bareness(f: Features) -> float:
    """Fresh workings carry no plants; fallow ground has weeds."""
    return _clip(14 * (0.235 - f["ndvi"]), -2.5, 2.0)


def _strangeness(f: Features) -> float:
    """Dug ground looks like nothing in the cell's record; ploughed ground does."""
    return 1.2 * _clip(math.log2(max(f["novelty"], 0.05) / 2), -3, 3)


def _greenhouse(f: Features) -> float:
    """Plastic: white in the visible, plants shining through in the near infrared, dark beyond it."""
    if "swir_to_nir" not in f or "blue_to_red" not in f:
        return 0.0
    white = _ramp(f["blue_to_red"], 0.62, 0.75)
    plants = _ramp(f["nir_to_red"], 1.28, 1.42)
    absorbing = _ramp(f["swir_to_nir"], 1.04, 0.92)
    return 6 * white * plants * absorbing


def _film(f: Features) -> float:
    """Plastic film over soil: the field's own soil, whiter and a little brighter."""
    if "swir_to_red" not in f or "blue_to_red" not in f:
        return 0.0
    whiter = _ramp(f["blue_to_red"] - f["blue_to_red_bare"], 0.04, 0.12)
    soil = _ramp(f["swir_to_red"], 1.25, 1.42) * _ramp(f["nir_to_red"], 1.22, 1.32)
    brighter = _ramp(f["red_to_bare"], 0.92, 1.05) * _ramp(f["red_to_bare"], 1.8, 1.5)
    return 4 * whiter * soil * brighter


def _water(f: Features) -> float:
    """Water swallows the short-wave infrared."""
    if "swir" in f:
        return 7 * _ramp(f["swir_to_red"], 1.25, 0.95) * _ramp(f["swir"], 0.16, 0.11)
    return 7 * _ramp(f.get("ndwi", -1.0), -0.1, 0.1)


def _solar(f: Features) -> float:
    """Panels are dark, larger than a pit's first months, and greener in the infrared than dark rock."""
    dark = _ramp(f["red_to_bare"], 0.75, 0.62) * _ramp(f["red_to_bare"], 0.40, 0.48)
    return 4.5 * dark * _ramp(f["cells"], 60, 140) * _ramp(f["nir_to_red"], 1.5, 1.62)


def _road(f: Features) -> float:
    """Long and no wider than a road with its banks."""
    return 6 * _ramp(f["elongation"], 4.5, 7) * _ramp(f["thickness"], 3.6, 2.6)


def _burn(f: Features) -> float:
    """Char: dark, with the longest band as bright as the one before it."""
    if "clay" not in f:
        return 0.0
    return 4 * _ramp(f["red_to_bare"], 0.85, 0.7) * _ramp(f["clay"] - f["clay_bare"], 0.0, 0.06) * _ramp(f["ndvi"], 0.18, 0.24)


def _fields(f: Features) -> float:
    """Where many fields do the same in the same weeks, it is the season's work."""
    alike = math.log2(1 + f["similar"])
    at_once = _ramp(f["days_of_growth"], 12, 4) * _ramp(f["cells"], 15, 40)
    return 0.9 * alike + 0.8 * at_once + 1.0 * _ramp(f["ndvi"], 0.22, 0.32)


def _construction(f: Features) -> float:
    """A few cells of mixed, faintly new ground: a house, a yard."""
    return 1.2 * _ramp(f["cells"], 30, 12) * _ramp(f["novelty"], 6, 2.5)


_AGAINST = (
    (Cause.GREENHOUSE, _greenhouse),
    (Cause.FARMLAND, _film),
    (Cause.WATER, _water),
    (Cause.SOLAR, _solar),
    (Cause.ROAD, _road),
    (Cause.BURN, _burn),
    (Cause.FARMLAND, _fields),
    (Cause.CONSTRUCTION, _construction),
)
ALIKE, WEEKS, SAME_GREEN = 4.0, 45, 0.1
"""Patches are alike when their spectra are within two noise floors, they began within so many days, on ground equally green."""
NAMED = 1.0
"""A cause is named when it takes this much of the log-odds."""


def judge(f: Features) -> Judgement:
    """Judge a patch from its features (`features.features`, with `similar`)."""
    against = [(term(f), cause) for cause, term in _AGAINST]
    odds = -0.3 + _strangeness(f) + _bareness(f) - sum(weight for weight, _ in against)
    mining = _logistic(odds)
    weight, cause = max(against, key=lambda pair: pair[0])
    if mining >= 0.5:
        cause = Cause.MINING
    elif weight < NAMED:
        cause = Cause.FARMLAND if f["novelty"] < 2 else Cause.UNKNOWN
    sure = float(confidence(np.array(f["score"], np.float32), np.array(min(f["looks"], 255), np.uint8)))
    brown = f.get("blue_to_red", 0.5) < 0.66
    clay_like = brown and f["nir_to_red"] < 1.75
    return Judgement(round(sure, 3), round(mining, 3), cause, clay_like)


def count_similar(spectra: NDArray[np.float64], days: NDArray[np.float64], greenest: NDArray[np.float64]) -> list[int]:
    """For each patch, how many others turned from the same kind of ground into the same new ground in the same weeks.

    spectra: (n, n_bands) of the new ground, in units of the noise floor; days: (n,) when each began; greenest: (n,) highest
    NDVI of the old ground's year.
    """
    out = []
    for spectrum, day, green in zip(spectra, days, greenest, strict=True):
        alike = ((spectra - spectrum) ** 2).mean(axis=1) <= ALIKE
        alike &= (np.abs(days - day) <= WEEKS) & (np.abs(greenest - green) <= SAME_GREEN)
        out.append(int(alike.sum()) - 1)
    return out
