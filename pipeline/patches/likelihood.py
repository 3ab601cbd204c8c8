"""How likely is it that a patch is mining, and if it is not, what changed the ground?

A logistic model of the readable terms in `terms.py`, its weights a text file beside its card (`models/likelihood.md`: data,
scores, limits); a county may have one of its own, fitted to what its people decided (`minewarden train`). Where mining is the less
likely, `causes.py` says what else it may be.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.evidence import confidence
from pipeline.patches.causes import name_of
from pipeline.patches.patch import Cause
from pipeline.patches.ramps import Features
from pipeline.patches.terms import ADDED, TERMS, measure

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "likelihood.json"
VERSION = 1
REGION_CELLS = 400
"""Fields of the same valley share their season: similar patches are counted within so many rows and columns."""
SAME_WORKS, CLOSE_CELLS = 4.0, 25
NEGLIGIBLE = 0.06
"""A patch that looks like a field and is less likely mining than this is left out."""
FIELD = 0.6
"""A patch looks like a field when the terms of farmland take this much of the log-odds, and more than those of any other cause."""
ALIKE, WEEKS, SAME_GREEN = 1.5, 45, 0.1
"""Patches are alike when their spectra are within so much (mean square, noise floors), they began within so many days, on ground equally green."""
LIKELY = 0.5
"""From here on a patch is likelier mining than not."""
REMEMBERED = "last_month"
"""Name of the feature that holds the likelihood that was published of the same ground last month (`memory.py`)."""
BROWN, PLANTED = 0.66, 1.75
"""Loess and clay are redder than this (blue to red), and bare (near infrared to red)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The machine's opinion of a patch."""

    confidence: float
    """That the ground changed, 0–1."""
    mining: float
    """That the change is mining, 0–1."""
    cause: Cause
    field_work: bool
    """A field between crops: that is no changed ground, and a county has tens of thousands of them."""
    clay_like: bool
    """Spectrum of dug loess or clay."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Weights of the terms."""

    bias: float
    weights: Mapping[str, float]
    """By name of the term, in their order; a model fitted before there was a term gives it no weight."""

    @property
    def text(self) -> str:
        """The model's file."""
        return json.dumps({"version": VERSION, "bias": self.bias, "weights": dict(self.weights)}, indent=1) + "\n"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def mining(self, f: Features) -> float:
        """That a patch is mining, 0–1, from its features (`features.features`, with `similar`), and what was said last month where they hold it."""
        return self._mining(f, self._pulls(f))

    def judge(self, f: Features) -> Judgement:
        """All that is to be said of a patch; f as in `mining`."""
        pulls = self._pulls(f)
        mining = self._mining(f, pulls)
        sure = float(confidence(np.array(f["score"], np.float32), np.array(min(f["looks"], 255), np.uint8)))
        clay_like = f.get("blue_to_red", 0.5) < BROWN and f["nir_to_red"] < PLANTED
        cause = Cause.MINING if mining >= LIKELY else name_of(f)
        return Judgement(round(sure, 3), mining, cause, mining < NEGLIGIBLE and _like_a_field(pulls), clay_like)

    def _pulls(self, f: Features) -> dict[str, float]:
        return {name: self.weights.get(name, 0.0) * value for name, value in measure(f).items()}

    def _mining(self, f: Features, pulls: Mapping[str, float]) -> float:
        odds = min(max(self.bias + sum(pulls.values()), -30), 30)
        if REMEMBERED in f:
            odds = max(odds, (odds + _log_odds(f[REMEMBERED])) / 2)
        return round(1 / (1 + math.exp(-odds)), 3)


def load(file: Path = SHIPPED) -> Likelihood:
    """A model's file. Raises ValueError where it is none, or one for other terms than ours; OSError where it can't be read."""
    try:
        model = json.loads(file.read_text("utf-8"))
        bias, weights = float(model["bias"]), {str(name): float(weight) for name, weight in model["weights"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("it is no model of ours") from error
    if model.get("version") != VERSION or not set(TERMS) - ADDED <= set(weights) <= set(TERMS):
        raise ValueError("it was made by another version")
    if not all(math.isfinite(number) for number in (bias, *weights.values())):
        raise ValueError("it holds numbers that are none")
    return Likelihood(bias, {name: weights[name] for name in TERMS if name in weights})


def _log_odds(share: float) -> float:
    """Of a published likelihood, which has three decimals."""
    within = min(max(share, 0.001), 0.999)
    return math.log(within / (1 - within))


def _like_a_field(pulls: dict[str, float]) -> bool:
    """Whether no cause but farmland explains more of why a patch is unlikely to be mining."""
    by_cause = {cause: 0.0 for cause, _ in TERMS.values() if cause is not None}
    for name, (cause, _) in TERMS.items():
        if cause is not None:
            by_cause[cause] -= pulls[name]
    return max(by_cause, key=lambda cause: by_cause[cause]) is Cause.FARMLAND and by_cause[Cause.FARMLAND] >= FIELD


def neighbours(places: NDArray[np.float64], reach: float) -> Iterator[NDArray[np.int64]]:
    """For each patch the indices of those within `reach` rows and columns, itself included. places: (n, 2) row and column.

    Patches are sorted into squares of that side, so that a county with many costs no more for each than one with few.
    """
    squares: dict[tuple[int, int], list[int]] = {}
    for k, (row, col) in enumerate(places):
        squares.setdefault((int(row // reach), int(col // reach)), []).append(k)
    for place in places:
        row, col = int(place[0] // reach), int(place[1] // reach)
        near = np.array([k for r in (row - 1, row, row + 1) for c in (col - 1, col, col + 1) for k in squares.get((r, c), ())], np.int64)
        yield near[(np.abs(places[near] - place) <= reach).all(axis=1)]


def count_similar(spectra: NDArray[np.float64], places: NDArray[np.float64], days: NDArray[np.float64], greenest: NDArray[np.float64]) -> list[int]:
    """For each patch, how many others around turned from the same kind of ground into the same new ground in the same weeks.

    spectra: (n, n_bands) of the new ground, in units of the noise floor; places: (n, 2) row and column; days: (n,) when each
    began; greenest: (n,) highest NDVI of the old ground's year.
    """
    out = []
    for k, near in enumerate(neighbours(places, REGION_CELLS)):
        alike = ((spectra[near] - spectra[k]) ** 2).mean(axis=1) <= ALIKE
        alike &= (np.abs(days[near] - days[k]) <= WEEKS) & (np.abs(greenest[near] - greenest[k]) <= SAME_GREEN)
        out.append(int(alike.sum()) - 1)
    return out


def size_of_works(spectra: NDArray[np.float64], places: NDArray[np.float64], sizes: NDArray[np.int64]) -> list[int]:
    """For each patch, cells of all patches close by that show the same ground: works built in sections are one thing.

    spectra: (n, n_bands) in units of the noise floor; places: (n, 2) row and column; sizes: (n,) cells.
    """
    out = []
    for k, near in enumerate(neighbours(places, CLOSE_CELLS)):
        out.append(int(sizes[near][((spectra[near] - spectra[k]) ** 2).mean(axis=1) <= SAME_WORKS].sum()))
    return out
